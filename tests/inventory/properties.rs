//! What holds for any text: no reader panics, reading twice gives the same, folded names expand to what they were. Each
//! ends: what a text can make them do is bounded by budgets (`ranges::Budget`, steps of regular expressions, the fuel of
//! templates, values that aliases stand for), which the tests of [`super::hostile`] reach.
//!
//! | reader | property |
//! |---|---|
//! | INI, host lists, shell words, Python's literals, addresses | [`no_reader_panics_on_any_bytes`], [`no_reader_panics_on_anything_like_an_inventory`] |
//! | ranges, patterns, globs, regular expressions, subscripts | [`no_reader_panics_on_anything_like_an_inventory`] |
//! | text encodings | [`no_reader_panics_on_any_bytes`] |
//! | YAML, JSON, TOML, what scripts print, settings of inventory plugins | [`no_reader_of_documents_panics_on_any_bytes`], [`no_reader_of_documents_panics_on_anything_like_one`] |
//! | `constructed` | [`no_reader_of_documents_panics_on_anything_like_one`] |
//! | ansible.cfg, clockaudit.toml | [`no_reader_of_settings_panics`] |
//! | `-e` | [`no_reader_of_variables_panics`] |
//! | connection variables, words of `ssh` arguments | [`settings_of_connections_are_read_of_any_values`] |
//! | limits of `--limit @FILE` | [`any_file_of_patterns_is_read`] |
//! | Jinja2, `%` of texts | `templates::any_template_ends_and_none_panics` |
//! | Ansible Vault | `vault::any_text_ends_in_an_error_or_a_plain_text` |
//! | `ssh_config` | `tests/ssh_config` |
//! | known hosts | `openssh::known_hosts` in `src` |

use std::sync::Arc;

use clockaudit::files::inventory::limit;
use clockaudit::inventory::ansible_cfg::AnsibleCfg;
use clockaudit::inventory::configuration::{Configuration, SettingsFile, names};
use clockaudit::inventory::connection::{ConnectionFlags, targets};
use clockaudit::inventory::constructed::{self, Plan};
use clockaudit::inventory::documents::{self, Printer};
use clockaudit::inventory::model::{Draft, Inventory, Source};
use clockaudit::inventory::patterns::{Pattern, Selection, glob, split};
use clockaudit::inventory::ranges::{self, Budget};
use clockaudit::inventory::template::Renderer;
use clockaudit::inventory::yaml::{self, DuplicateKeys};
use clockaudit::inventory::{
    Value, addresses, encoding, extra_variables, host_list, ini, listing, literals, shell_words,
};
use proptest::prelude::*;

use crate::loading::settings;

/// Text that looks like an inventory, so that random tests reach deep.
fn inventory_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[web]",
        "[web:children]",
        "[web:vars]",
        "[",
        "]",
        "h1",
        "h[1:3]",
        "h[01:10:3]",
        ":22",
        " a=1",
        "b='x y'",
        "\"",
        "#",
        "\n",
        "\n",
        "\n",
        "{{ 1 }}",
        "{1: [2]}",
        "(1,)",
        "\\",
        "all",
        "ungrouped",
        "db",
        "=",
        "é",
        "\u{2028}",
        "\t",
        "0x_f",
        "1e999",
        "b'\\xff'",
        "'''",
        "[a:f]",
        "::1",
        "~",
        "!",
        "&",
        "*",
        "?",
        "$",
        "---",
        "\u{feff}",
        "-",
        "9999999999",
    ]);
    prop::collection::vec(prop_oneof![4 => piece.prop_map(str::to_owned), 1 => any::<String>()], 0..40)
        .prop_map(|pieces| pieces.concat())
}

fn read(text: &str) -> Option<Inventory> {
    let mut draft = Draft::new();
    let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
    let source = draft.add_source(record);
    ini::read(&mut draft, source, text, &mut Budget::new(2000));
    host_list::read(&mut draft, source, text);
    draft.reconcile().ok().map(|(inventory, _)| inventory)
}

fn shown(inventory: &Inventory) -> String {
    listing::list(inventory, &inventory.hosts().map(|(id, _)| id).collect())
}

/// Text that looks like YAML, JSON or TOML.
fn document_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "all",
        "hosts",
        "children",
        "vars",
        "_meta",
        "hostvars",
        "plugin",
        "web",
        "h[1:3]:22",
        ": ",
        ":\n",
        ":",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "&a ",
        "*a",
        "<<: ",
        "!vault ",
        "!unsafe ",
        "!!int ",
        "|\n",
        ">-\n",
        "#",
        "---\n",
        "...\n",
        "? ",
        "%YAML 1.1\n",
        "\t",
        "1e3",
        "0x_",
        "12:30",
        "2024-02-30",
        "=",
        " = ",
        "null",
        "true",
        "NaN",
        "\\u12",
        "é",
        "\u{85}",
        "\u{feff}",
        "\r",
        "[[a.b]]",
        "__ansible_vault",
        "compose",
        "groups",
        "keyed_groups",
        "key: ",
        "strict: true\n",
        "inventory_hostname",
        "[defaults]\n",
        "inventory",
        "timeout",
        " ; ",
    ]);
    prop::collection::vec(prop_oneof![6 => piece.prop_map(str::to_owned), 1 => any::<String>()], 0..40)
        .prop_map(|pieces| pieces.concat())
}

/// Reads bytes by every reader of documents, and counts what there is to say.
fn read_documents(bytes: &[u8]) -> usize {
    let mut draft = Draft::new();
    let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
    let source = draft.add_source(record);
    let budget = &mut Budget::new(2000);
    let mut said = 0;
    for document in
        [yaml::read(bytes, DuplicateKeys::Warn), yaml::read(bytes, DuplicateKeys::Error), yaml::read_json(bytes)]
    {
        let Ok(document) = document else { continue };
        said += documents::read_groups(&mut draft, source, &document, budget).len();
        for printer in [Printer::Script, Printer::AnsibleInventory] {
            said += documents::read_printed(&mut draft, source, &document, printer, budget).diagnostics.len();
        }
        let _ = (documents::plugin_of(&document), documents::host_variables(&document));
        let Ok(settings) = yaml::settings(&document) else { continue };
        let settings = settings.into_iter().map(|setting| (setting.name, setting.value)).collect();
        if let Ok(plan) = Plan::new(&settings) {
            let _ = constructed::apply(&mut draft, source, &plan, |_| {}, Renderer::alone);
        }
    }
    let (text, _) = encoding::decode(bytes, &"x".into());
    if let Ok(document) = documents::toml_document(&text) {
        said += documents::read_groups(&mut draft, source, &document, budget).len();
    }
    let _ = draft.reconcile().map(|(inventory, _)| shown(&inventory));
    said
}

proptest! {
    #[test]
    fn no_reader_of_documents_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_documents(&bytes);
    }

    #[test]
    fn no_reader_of_documents_panics_on_anything_like_one(text in document_like()) {
        prop_assert_eq!(read_documents(text.as_bytes()), read_documents(text.as_bytes()));
    }

    #[test]
    fn no_reader_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (text, _) = encoding::decode(&bytes, &"x".into());
        read(&text);
        let _ = (shell_words::split(&text), literals::value(&text), addresses::parse(&text), split::patterns(&text));
    }

    #[test]
    fn no_reader_panics_on_anything_like_an_inventory(text in inventory_like(), pattern in inventory_like()) {
        let inventory = read(&text);
        let _ = (shell_words::split(&text), literals::value(&text), addresses::parse(&text), glob::matches(&pattern, &text));
        let _ = ranges::expand(&text, &mut Budget::new(2000));
        if let Some(inventory) = inventory {
            let limit = split::as_ansible(&pattern).into_iter().map(Pattern::from).collect();
            let _ = inventory.select(&Selection { pattern: pattern.clone(), limit: Vec::new() });
            let _ = inventory.select(&Selection { pattern: "all".to_owned(), limit });
        }
    }

    #[test]
    fn no_reader_of_settings_panics(text in document_like(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [text.as_bytes(), &bytes] {
            let files = SettingsFile::read(bytes, &"clockaudit.toml".into(), "/work").ok();
            let cfg = AnsibleCfg::read(bytes, &"ansible.cfg".into(), "/work").ok();
            let configuration = Configuration { files: files.into_iter().collect(), cfg, ..Configuration::default() };
            let _ = configuration.number(&names::TIMEOUT);
            let _ = (configuration.paths(&names::INVENTORY), configuration.switch(&names::BECOME));
            let _ = (configuration.list(&names::ENABLE_PLUGINS), configuration.path(&names::PRIVATE_KEY_FILE));
        }
    }

    #[test]
    fn no_reader_of_variables_panics(text in inventory_like(), document in document_like(), any in any::<String>()) {
        for text in [&text, &document, &any, &format!("{{{document}"), &format!("a={text}")] {
            let _ = extra_variables::read(text, DuplicateKeys::Warn).is_ok();
        }
    }

    #[test]
    fn settings_of_connections_are_read_of_any_values(text in inventory_like(), any in any::<String>()) {
        let names = [
            "ansible_host", "ansible_port", "ansible_user", "ansible_password", "ansible_ssh_args", "ansible_ssh_timeout",
            "ansible_connection", "ansible_become", "ansible_become_method", "ansible_private_key_file", "ansible_shell_type",
        ];
        for value in [Value::Text(text), Value::Text(any), Value::Float(f64::NAN), Value::List(vec![Value::Null])] {
            let mut draft = Draft::new();
            let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
            let source = draft.add_source(record);
            let group = draft.ensure_group("a");
            let (host, _) = draft.add_host("h1", group, source).expect("room");
            for name in names {
                draft.set_host_variable(host, name, value.clone(), None);
            }
            let (inventory, _) = draft.reconcile().expect("consistent");
            let renderer = Renderer::alone(Arc::new(inventory));
            let prepared = targets(&renderer, &[host], &ConnectionFlags::default(), &Configuration::default());
            prop_assert_eq!(prepared.targets.len() + prepared.skipped.len(), 1);
        }
    }

    #[test]
    fn any_file_of_patterns_is_read(bytes in prop::collection::vec(any::<u8>(), 0..200), text in inventory_like()) {
        let folder = tempfile::tempdir().expect("a folder");
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            std::fs::write(folder.path().join("names"), bytes).expect("a file");
            prop_assert!(limit(&["@names".to_owned()], &settings(folder.path())).is_ok());
        }
    }

    #[test]
    fn reading_twice_gives_the_same_in_the_same_order(text in inventory_like()) {
        let (first, second) = (read(&text), read(&text));
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(first.as_ref().map(shown), second.as_ref().map(shown));
        let order = |inventory: &Inventory| {
            inventory.groups().flat_map(|(id, _)| inventory.hosts_of(id)).collect::<Vec<_>>()
        };
        prop_assert_eq!(first.as_ref().map(order), second.as_ref().map(order));
    }

    #[test]
    fn folded_names_expand_to_what_they_were(
        prefix in "[a-z]{1,3}", start in 0_u64..200, length in 1_u64..60, width in 0_usize..5, suffix in "(\\.[a-z]{1,3})?",
        others in prop::collection::vec("[a-z]{1,2}[0-9]{0,3}", 0..20),
    ) {
        let mut names: Vec<String> =
            (start..start + length).map(|number| format!("{prefix}{number:0width$}{suffix}")).collect();
        names.extend(others);
        let folded = ranges::fold(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut expanded: Vec<String> = folded
            .split(',')
            .flat_map(|part| {
                let part = match part.split_once('[') {
                    Some((before, rest)) => format!("{before}[{}", rest.replacen('-', ":", 1)),
                    None => part.to_owned(),
                };
                ranges::expand(&part, &mut Budget::new(10_000)).expect("a range")
            })
            .collect();
        expanded.sort();
        names.sort();
        names.dedup();
        prop_assert_eq!(expanded, names, "{}", folded);
    }

    #[test]
    fn an_expanded_range_folds_to_one_part(start in 0_u64..500, length in 2_u64..500) {
        let range = format!("web[{start:04}:{:04}].x", start + length);
        let names = ranges::expand(&range, &mut Budget::new(10_000)).expect("a range");
        let folded = ranges::fold(&names.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(folded, range.replace(':', "-"));
    }
}

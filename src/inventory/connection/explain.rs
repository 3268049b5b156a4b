//! `inventory --explain`: every setting of a host's connection, its value and where it was set. Secrets are not shown.

use std::fmt::Write as _;

use indexmap::IndexMap;

pub use super::hidden::HIDDEN;
use super::settings::ConnectionSettings;
use crate::inventory::configuration::{Given, Provenance};
use crate::inventory::json;
use crate::inventory::shell_words::quoted;
use crate::inventory::value::Value;

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is called.
    pub setting: &'static str,
    /// Its value; null = nobody set it.
    pub value: Value,
    /// Where it was set; `None` = nowhere.
    pub provenance: Option<Provenance>,
    /// What has the next word where nobody set it.
    pub otherwise: &'static str,
    /// Why it cannot be used, where it was set and cannot: then there is no value, but where the value is empty.
    pub wrong: Option<String>,
}

/// The settings in the order of the table of connection settings.
pub fn rows(settings: &ConnectionSettings) -> Vec<Row> {
    let becoming = &settings.becoming;
    let text = |text: &String| Value::Text(text.clone());
    let words = |words: &Vec<String>| Value::List(words.iter().map(|word| Value::Text(word.clone())).collect());
    let hidden = |_: &_| Value::from(HIDDEN);
    let integer = |number: u64| Value::Integer(number.to_string());
    let set = |setting, value, provenance: &Provenance| Row {
        setting,
        value,
        provenance: Some(provenance.clone()),
        otherwise: "",
        wrong: None,
    };
    let key_file = settings.key_file.as_ref().map(|file| file.value.to_string_lossy().into_owned());
    let timeout = settings.timeout.value;
    let seconds = match timeout.subsec_nanos() {
        0 => integer(timeout.as_secs()),
        _ => Value::Float(timeout.as_secs_f64()),
    };
    let rows = vec![
        set("connection", text(&settings.connection.value), &settings.connection.provenance),
        set("address", text(&settings.address.value), &settings.address.provenance),
        maybe("port", settings.port.as_ref(), |port| integer(u64::from(*port)), "ssh_config, else 22"),
        maybe("user", settings.user.as_ref(), text, "ssh_config, else the local user"),
        maybe("password", settings.password.as_ref(), hidden, "none"),
        Row {
            setting: "key_file",
            value: key_file.map_or(Value::Null, Value::Text),
            provenance: settings.key_file.as_ref().map(|file| file.provenance.clone()),
            otherwise: "ssh_config, the agent and the default keys",
            wrong: None,
        },
        maybe("key_text", settings.key_text.as_ref(), hidden, "none"),
        maybe("key_passphrase", settings.key_passphrase.as_ref(), hidden, "none"),
        set("host_key_checking", Value::Bool(settings.host_key_checking.value), &settings.host_key_checking.provenance),
        set("timeout", seconds, &settings.timeout.provenance),
        set("retries", integer(u64::from(settings.retries.value)), &settings.retries.provenance),
        set("ssh_args", words(&settings.ssh_args.value), &settings.ssh_args.provenance),
        set("ssh_common_args", words(&settings.ssh_common_args.value), &settings.ssh_common_args.provenance),
        set("ssh_extra_args", words(&settings.ssh_extra_args.value), &settings.ssh_extra_args.provenance),
        set("become", Value::Bool(becoming.is_wanted.value), &becoming.is_wanted.provenance),
        set("become_method", text(&becoming.method.value), &becoming.method.provenance),
        set("become_user", text(&becoming.user.value), &becoming.user.provenance),
        set("become_exe", text(&becoming.program.value), &becoming.program.provenance),
        set("become_flags", text(&becoming.flags.value), &becoming.flags.provenance),
        maybe("become_password", becoming.password.as_ref(), hidden, "none"),
    ];
    let shown = |row: Row| match settings.wrong.iter().find(|wrong| wrong.setting == row.setting) {
        Some(wrong) => Row {
            value: Some(row.value).filter(|value| *value == Value::from("")).unwrap_or(Value::Null),
            provenance: Some(wrong.provenance.clone()),
            wrong: Some(wrong.what.clone()),
            ..row
        },
        None => Row { value: without_secrets(row.value, settings), ..row },
    };
    rows.into_iter().map(shown).collect()
}

/// A value with what was encrypted replaced.
fn without_secrets(value: Value, settings: &ConnectionSettings) -> Value {
    match value {
        Value::Text(text) => Value::Text(settings.without_secrets(&text)),
        Value::Integer(digits) if settings.without_secrets(&digits) != digits => Value::from(HIDDEN),
        Value::List(words) => {
            let shown = |word: Value| match word {
                Value::Text(word) => Value::Text(settings.word_without_secrets(&word)),
                other => without_secrets(other, settings),
            };
            Value::List(words.into_iter().map(shown).collect())
        }
        other => other,
    }
}

fn maybe<T>(
    setting: &'static str,
    given: Option<&Given<T>>,
    value: impl FnOnce(&T) -> Value,
    otherwise: &'static str,
) -> Row {
    let provenance = given.map(|given| given.provenance.clone());
    let value = given.map_or(Value::Null, |given| value(&given.value));
    Row { setting, value, provenance, otherwise, wrong: None }
}

/// The settings as a table, one a line, what is wrong with them, and why the host is not audited where it is not.
pub fn table(host: &str, rows: &[Row], defects: &[String], not_audited: Option<&str>) -> String {
    let shown: Vec<String> = rows.iter().map(shown).collect();
    let name_width = rows.iter().map(|row| row.setting.len()).max().unwrap_or_default();
    let value_width = shown.iter().map(|value| value.chars().count()).filter(|width| *width <= 40).max();
    let value_width = value_width.unwrap_or_default();
    let mut out = format!("{host}\n");
    for (row, value) in rows.iter().zip(&shown) {
        let place = match &row.provenance {
            Some(provenance) => provenance.to_string(),
            None => format!("not set; {}", row.otherwise),
        };
        let name = row.setting;
        // Writing to a text cannot fail.
        let _ = writeln!(out, "  {name:name_width$}  {value:value_width$}  {place}");
    }
    if let Some(reason) = not_audited {
        let _ = writeln!(out, "  not audited: {reason}");
    }
    for defect in defects {
        let _ = writeln!(out, "  wrong: {defect}");
    }
    for unneeded in rows.iter().filter_map(|row| row.wrong.as_ref()).filter(|wrong| !defects.contains(wrong)) {
        let _ = writeln!(out, "  wrong, and not needed here: {unneeded}");
    }
    out.chars().map(|next| if next.is_control() && next != '\n' { '\u{fffd}' } else { next }).collect()
}

/// The value of a setting as a person reads it.
pub(super) fn shown(row: &Row) -> String {
    match &row.value {
        _ if row.wrong.is_some() => "(wrong)".to_owned(),
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::List(words) => {
            let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string())).collect();
            if words.is_empty() { "-".to_owned() } else { words.join(" ") }
        }
        value if row.setting == "timeout" => format!("{value} s"),
        value => value.to_string(),
    }
}

/// The settings as JSON, what is wrong with them, and why the host is not audited; null where it is.
pub fn document(host: &str, rows: &[Row], defects: &[String], not_audited: Option<&str>) -> String {
    let settings = rows.iter().map(|row| (row.setting.to_owned(), Value::Mapping(entry(row))));
    let defects = defects.iter().map(|defect| Value::Text(defect.clone())).collect();
    let document = IndexMap::from([
        ("host".to_owned(), Value::from(host)),
        ("settings".to_owned(), Value::Mapping(settings.collect())),
        ("defects".to_owned(), Value::List(defects)),
        ("not_audited".to_owned(), not_audited.map_or(Value::Null, Value::from)),
    ]);
    json::pretty(&Value::Mapping(document))
}

fn entry(row: &Row) -> IndexMap<String, Value> {
    let (kind, name, place) = match &row.provenance {
        Some(Provenance::ExtraVariable { name, place, .. }) => {
            ("extra variable", Some((*name).to_owned()), place.as_ref())
        }
        Some(Provenance::Variable { name, place }) => ("variable", Some((*name).to_owned()), place.as_ref()),
        Some(Provenance::Flag(name)) => ("flag", Some((*name).to_owned()), None),
        Some(Provenance::Environment(name)) => ("environment", Some((*name).to_owned()), None),
        Some(Provenance::File { section, key, place }) => {
            let name = if section.is_empty() { (*key).to_owned() } else { format!("[{section}] {key}") };
            ("file", Some(name), Some(place))
        }
        Some(Provenance::Default) => ("default", None, None),
        None => ("not set", None, None),
    };
    let mut entry = IndexMap::from([("value".to_owned(), row.value.clone()), ("from".to_owned(), Value::from(kind))]);
    if let Some(wrong) = &row.wrong {
        entry.insert("wrong".to_owned(), Value::Text(wrong.clone()));
    }
    if let Some(name) = name {
        entry.insert("name".to_owned(), Value::Text(name));
    }
    if let Some(place) = place {
        entry.insert("file".to_owned(), Value::from(&*place.file));
        entry.insert("line".to_owned(), Value::Integer(place.line.to_string()));
    }
    entry
}

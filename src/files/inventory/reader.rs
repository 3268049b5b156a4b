//! One source that is a file or standard input: which readers take it, in Ansible's order, and what each makes of it.

use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::{Loading, script, sha256, variables};
use crate::bounded::Unread;
use crate::files::named;
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::constructed::{self, ConstructedError, Plan};
use crate::inventory::diagnostics::{CLOSED, Diagnostic, Severity};
use crate::inventory::documents::{self, Plugin, Printer};
use crate::inventory::model::{Inventory, Source as SourceRecord, SourceId};
use crate::inventory::template::Renderer;
use crate::inventory::vault::{self, VaultError};
use crate::inventory::yaml::{self, Document, DuplicateKeys, Form};
use crate::inventory::{encoding, ini};

/// The name of standard input as a source.
pub(super) const STANDARD_INPUT: &str = "-";

/// A reader of inventories, by the name Ansible has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    HostList,
    /// A host list whose ranges are expanded.
    AdvancedHostList,
    Script,
    /// Settings of inventory plugins.
    Auto,
    Yaml,
    Ini,
    Toml,
    /// The plugin `constructed`, under the name it is listed by: it takes the files that call it so.
    Constructed(&'static str),
}

/// The order in which Ansible asks its readers.
const DEFAULT: [Reader; 6] = [Reader::HostList, Reader::Script, Reader::Auto, Reader::Yaml, Reader::Ini, Reader::Toml];

/// The names by which Ansible lets `constructed` be listed.
const CONSTRUCTED: [&str; 2] = ["constructed", "ansible.builtin.constructed"];

/// The readers that the configuration enables; names of other plugins are Ansible's alone.
pub(super) fn enabled(configuration: &Configuration) -> Vec<Reader> {
    let Some(listed) = configuration.list(&names::ENABLE_PLUGINS) else { return DEFAULT.to_vec() };
    let readers = listed.value.iter().filter_map(|name| {
        let short = ["ansible.builtin.", "ansible.legacy."].into_iter().find_map(|prefix| name.strip_prefix(prefix));
        Some(match short.unwrap_or(name) {
            "host_list" => Reader::HostList,
            "advanced_host_list" => Reader::AdvancedHostList,
            "script" => Reader::Script,
            "auto" => Reader::Auto,
            "yaml" => Reader::Yaml,
            "ini" => Reader::Ini,
            "toml" => Reader::Toml,
            "constructed" => Reader::Constructed(CONSTRUCTED.into_iter().find(|known| known == name)?),
            _ => return None,
        })
    });
    readers.collect()
}

/// A file's content and what its readers are told by.
struct Content<'b> {
    name: Arc<str>,
    bytes: &'b [u8],
    extension: Option<String>,
    id: SourceId,
}

/// What a reader made of a file.
enum Outcome {
    /// Read; what there is to say is said.
    Read,
    /// Not its kind: the next one is asked.
    Passed(Vec<Diagnostic>),
    /// Its kind, and wrong: nobody else is asked.
    Failed(Vec<Diagnostic>),
}

pub(super) fn lost(reason: impl Into<String>) -> Diagnostic {
    Diagnostic::error(reason).with_missing("its hosts and variables are missing")
}

impl Loading<'_> {
    /// Reads a file into the draft; tells whether all of it was understood.
    pub(super) fn file(&mut self, name: &Arc<str>, path: &Path) -> bool {
        let is_read = self.one_file(name, path);
        let folder = path.parent().filter(|folder| is_read && !self.folders_read.iter().any(|known| known == folder));
        self.folders_read.extend(folder.map(Path::to_owned));
        is_read
    }

    fn one_file(&mut self, name: &Arc<str>, path: &Path) -> bool {
        let (bytes, metadata) = match self.bytes(path) {
            Ok(found) => found,
            Err(why) => {
                let diagnostic = lost(why.to_string()).in_file(name);
                let is_lone_name = !name.contains(['/', ',', '.']);
                let hint = format!("A list of hosts needs a comma: `{name},`");
                self.diagnostics.push(if is_lone_name { diagnostic.with_hint(hint) } else { diagnostic });
                return false;
            }
        };
        let is_executable = metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
        if is_executable && script::is_program(&bytes) && self.readers.contains(&Reader::Script) {
            return self.script(name, path);
        }
        let record = SourceRecord {
            name: Arc::clone(name),
            file: Some(path.to_string_lossy().into_owned()),
            folder: path.parent().map(|folder| folder.to_string_lossy().into_owned()),
            sha256: sha256(&bytes),
        };
        // The last dot part of the name, as Python has it: `.hosts` has none.
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        self.content(record, &bytes, extension)
    }

    /// Reads standard input, as a file whose name has no extension.
    pub(super) fn standard_input(&mut self) -> bool {
        let name: Arc<str> = Arc::from("standard input");
        let read =
            named::standard_input(self.settings.limits.file_bytes, &self.settings.time).map_err(|why| why.to_string());
        let read = read.and_then(|bytes| if bytes.is_empty() { Err("is empty".to_owned()) } else { Ok(bytes) });
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(reason) => {
                self.diagnostics.push(lost(reason).in_file(&name));
                return false;
            }
        };
        let record = SourceRecord { name, file: None, folder: None, sha256: sha256(&bytes) };
        self.content(record, &bytes, None)
    }

    fn content(&mut self, record: SourceRecord, bytes: &[u8], extension: Option<String>) -> bool {
        if vault::is_vaulted(bytes) {
            return self.encrypted(record, bytes, extension);
        }
        let name = Arc::clone(&record.name);
        let id = self.draft.add_source(record);
        let content = Content { name, bytes, extension, id };
        self.ask_readers(&content)
    }

    /// A file that ansible-vault encrypted as a whole: of what it holds no line is shown.
    fn encrypted(&mut self, record: SourceRecord, bytes: &[u8], extension: Option<String>) -> bool {
        let name = Arc::clone(&record.name);
        let text = std::str::from_utf8(bytes).map_err(|_| VaultError::Header);
        let opened = match text.and_then(|text| self.settings.keyring.open(text)) {
            Ok(opened) => opened,
            Err(error) => {
                self.diagnostics.push(lost(error.to_string()).coded(CLOSED).in_file(&name).with_hint(error.remedy()));
                return false;
            }
        };
        let id = self.draft.add_source(record);
        let told_before = self.diagnostics.len();
        let content = Content { name: Arc::clone(&name), bytes: opened.expose(), extension, id };
        let is_read = self.ask_readers(&content);
        let told = self.diagnostics.split_off(told_before);
        let hidden = told.into_iter().filter(|diagnostic| diagnostic.missing.is_some()).map(|diagnostic| {
            let message = match diagnostic.span {
                Some(span) => format!("what is encrypted in it is wrong in line {}", span.line),
                None => "what is encrypted in it is no inventory".to_owned(),
            };
            Diagnostic { message, span: None, hint: None, ..diagnostic }
        });
        self.diagnostics.extend(hidden);
        is_read
    }

    /// Asks the readers one after the other; the first that succeeds wins.
    fn ask_readers(&mut self, content: &Content<'_>) -> bool {
        let extension = content.extension.as_deref();
        let is_yaml = matches!(extension, None | Some("yml" | "yaml" | "json"));
        let has_constructed = self.readers.iter().any(|reader| matches!(reader, Reader::Constructed(_)));
        let is_read = is_yaml || (has_constructed && extension == Some("config"));
        let mut values = 0;
        let document = is_read.then(|| yaml::read_counting(content.bytes, self.duplicates, &mut values));
        self.draft.count(values);
        let mut failures: Vec<Vec<Diagnostic>> = Vec::new();
        for reader in self.readers.clone() {
            let outcome = match (reader, &document) {
                (Reader::Auto, Some(Ok(document))) if matches!(extension, Some("yml" | "yaml")) => {
                    self.plugin(content, document)
                }
                (Reader::Constructed(name), Some(Ok(document))) if documents::plugin_name(document) == Some(name) => {
                    self.constructed(content, document)
                }
                (Reader::Yaml, Some(Ok(document))) if is_yaml => self.document(content, document),
                (Reader::Yaml, Some(Err(error))) if is_yaml => {
                    let missing = "its hosts and variables are missing";
                    let error = (**error).clone().in_file(&content.name).with_missing(missing);
                    Outcome::Passed(vec![error])
                }
                (Reader::Ini, _) if extension != Some("toml") => self.ini(content, !failures.is_empty()),
                (Reader::Toml, _) if extension == Some("toml") => self.toml(content),
                _ => continue,
            };
            match outcome {
                Outcome::Read => return true,
                Outcome::Passed(said) if said.is_empty() => {}
                Outcome::Passed(said) => failures.push(said),
                Outcome::Failed(said) => {
                    self.diagnostics.extend(said);
                    return false;
                }
            }
        }
        if let Some(Ok(document)) = &document
            && (has_constructed || matches!(extension, Some("yml" | "yaml")))
            && let Some(plugin) = documents::plugin_of(document)
        {
            // What the other readers say of it does not help.
            let said = match plugin {
                Plugin::Constructed => Plugin::not_listed(document),
                Plugin::Foreign(name) => Plugin::only_ansible(&name, &content.name, document),
            };
            self.diagnostics.push(said.in_file(&content.name));
            return false;
        }
        // What the file looks like, and then its name, decides whose words help: those of the reader that it is meant for come first.
        let looks_like_yaml = looks_like_yaml(&String::from_utf8_lossy(content.bytes));
        let told = match extension {
            Some("json") => failures.into_iter().next(),
            _ if looks_like_yaml => failures.into_iter().next(),
            // INI text may stand in it as well.
            Some("yml" | "yaml") if !failures.is_empty() => Some(failures.concat()),
            _ => failures.pop(),
        };
        let nobody = || {
            let hint = "enable_plugins in [inventory] of ansible.cfg lists the readers that may read it";
            vec![lost("no reader of inventories takes it").in_file(&content.name).with_hint(hint)]
        };
        self.diagnostics.extend(told.unwrap_or_else(nobody));
        false
    }

    /// A file for an inventory plugin, if it is one.
    fn plugin(&mut self, content: &Content<'_>, document: &Document<'_>) -> Outcome {
        match documents::plugin_of(document) {
            None => Outcome::Passed(Vec::new()),
            Some(Plugin::Constructed) => self.constructed(content, document),
            Some(Plugin::Foreign(name)) => {
                let said = Plugin::only_ansible(&name, &content.name, document);
                Outcome::Failed(vec![said.in_file(&content.name)])
            }
        }
    }

    /// Variables and groups from expressions.
    fn constructed(&mut self, content: &Content<'_>, document: &Document<'_>) -> Outcome {
        let (keyring, machine) = (Arc::clone(&self.settings.keyring), self.machine());
        let folder = self.settings.working_directory.to_string_lossy().into_owned();
        let renderer = |inventory| Renderer::new(inventory, keyring, &machine, folder);
        let settings = yaml::settings(document);
        let done = settings.and_then(|settings| {
            let settings = settings.into_iter().map(|setting| (setting.name, setting.value)).collect();
            let plan = Plan::new(&settings).map_err(ConstructedError::Settings);
            let done = plan.and_then(|plan| {
                // What is wrong with these files is told when they are laid over the whole.
                let lay = |inventory: &mut Inventory| {
                    variables::lay_beside(inventory, &self.folders_read, self.settings, self.configuration);
                };
                constructed::apply(&mut self.draft, content.id, &plan, lay, renderer)
            });
            done.map_err(|error| Box::new(Diagnostic::error(error.to_string())))
        });
        match done {
            Ok(()) => Outcome::Read,
            Err(error) => {
                let missing = "variables and groups of hosts after this one are missing";
                Outcome::Failed(vec![error.in_file(&content.name).with_missing(missing)])
            }
        }
    }

    /// A YAML or JSON inventory, or what `ansible-inventory --list` printed.
    fn document(&mut self, content: &Content<'_>, document: &Document<'_>) -> Outcome {
        let diagnostics = if documents::is_listing(document) {
            let printer = Printer::AnsibleInventory;
            documents::read_printed(&mut self.draft, content.id, document, printer, &mut self.budget).diagnostics
        } else {
            documents::read_groups(&mut self.draft, content.id, document, &mut self.budget)
        };
        if !is_broken(&diagnostics) {
            self.diagnostics.extend(diagnostics);
            return Outcome::Read;
        }
        // A mapping is no INI text: what is said of it as YAML is what helps. One for a plugin may have its reader yet.
        let is_mapping = matches!(document.root.form(), Form::Mapping(_));
        if is_mapping && documents::plugin_of(document).is_none() {
            Outcome::Failed(diagnostics)
        } else {
            Outcome::Passed(diagnostics)
        }
    }

    fn toml(&mut self, content: &Content<'_>) -> Outcome {
        let (text, mut said) = encoding::decode(content.bytes, &content.name);
        let diagnostics = match documents::toml_document(&text) {
            Ok(document) => documents::read_groups(&mut self.draft, content.id, &document, &mut self.budget),
            Err(error) => vec![error.in_file(&content.name).with_missing("its hosts and variables are missing")],
        };
        said.extend(diagnostics);
        if is_broken(&said) {
            return Outcome::Failed(said);
        }
        self.diagnostics.extend(said);
        Outcome::Read
    }

    /// An INI text; `is_second` = another reader has failed before, and what this one makes of it may be nonsense.
    fn ini(&mut self, content: &Content<'_>, is_second: bool) -> Outcome {
        let (text, mut said) = encoding::decode(content.bytes, &content.name);
        let before = (is_second && looks_like_yaml(&text)).then(|| self.draft.clone());
        said.extend(ini::read(&mut self.draft, content.id, &text, &mut self.budget));
        if !is_broken(&said) {
            self.diagnostics.extend(said);
            return Outcome::Read;
        }
        if let Some(before) = before {
            let steps = self.draft.steps() - before.steps();
            self.draft = before;
            self.draft.count(steps);
        }
        Outcome::Passed(said)
    }

    /// The bytes of a file, or why there are none.
    fn bytes(&self, path: &Path) -> Result<(Vec<u8>, Metadata), Unread> {
        let metadata = fs::metadata(path)?;
        Ok((named::file(path, self.settings.limits.file_bytes, &self.settings.time)?, metadata))
    }
}

/// What a key that stands twice is by the configuration.
pub(super) fn duplicate_keys(configuration: &Configuration) -> DuplicateKeys {
    match configuration.choice(&names::DUPLICATE_DICT_KEY, &["warn", "error", "ignore"]).map(|given| given.value) {
        Some("error") => DuplicateKeys::Error,
        Some("ignore") => DuplicateKeys::Ignore,
        _ => DuplicateKeys::Warn,
    }
}

fn is_broken(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Whether the first line that says anything opens a YAML document, mapping, list or JSON object.
fn looks_like_yaml(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let key_ends = line.split_once(" #").map_or(line, |(key, _)| key).trim_end().ends_with(':');
        key_ends || line.starts_with(['{', '-', '%']) || line.contains(": ")
    })
}

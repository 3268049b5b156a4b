//! YAML as Ansible reads it: strict JSON first, else YAML 1.1 with the scalars of `PyYAML`, exactly one document; every
//! value and key with its place. Inventories, vars files and `-e @FILE` are read through here.

mod anchors;
mod compose;
mod excerpt;
mod mappings;
mod node;
mod repeated;
mod scalars;
mod strict_json;
mod tags;
mod timestamps;
mod variables;

use super::diagnostics::{Diagnostic, Span, TWICE};

use repeated::Repeated;

pub use node::{Form, Key, Node, Place};
pub use variables::{Setting, settings};

/// Values nested deeper than this are refused; aliases count as what they stand for.
pub const MAX_DEPTH: usize = 200;

/// How many values the aliases of one document may stand for, all together: a few lines of aliases to aliases could
/// otherwise fill any memory.
pub const MAX_ALIASED_VALUES: usize = 1_000_000;

/// Of warnings about one document so many are told singly.
const MAX_WARNINGS: usize = 20;

/// Of a name so many characters are told.
const LONGEST_NAME: usize = 80;

/// What a key that is twice in a mapping is (`duplicate_dict_key`): the later value wins unless it is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DuplicateKeys {
    /// A warning.
    #[default]
    Warn,
    /// An error of the file.
    Error,
    /// Nothing to speak of.
    Ignore,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'t> {
    /// The text it was read from, without byte order mark.
    pub text: &'t str,
    /// The top of the tree; null for a text without a document.
    pub root: Node,
    /// What is odd: keys that are twice in a mapping.
    pub warnings: Vec<Diagnostic>,
    /// For each of the warnings the hosts that an inventory loses by it, as it writes them, ranges included.
    pub lost: Vec<Vec<String>>,
    /// Whether the text was read as JSON, where `1e3` is a number and nothing is a comment.
    pub is_json: bool,
    /// Whether the text was read as TOML.
    pub is_toml: bool,
}

/// What ends the reading of a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    place: Place,
    message: String,
    hint: Option<String>,
}

impl Fault {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn diagnostic(self, text: &str) -> Diagnostic {
        let is_value = excerpt::is_value_at(text, self.place);
        let message = if is_value { without_quoted(&self.message) } else { self.message };
        let diagnostic = Diagnostic::error(message).at(excerpt::span(text, self.place, false));
        match self.hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        }
    }
}

/// A sentence without what it repeats of a file, which stands in quotation marks.
fn without_quoted(words: &str) -> String {
    match words.split_once('`').zip(words.rsplit_once('`')) {
        Some(((before, rest), (_, after))) if rest.contains('`') => format!("{before}`***`{after}"),
        _ => words.to_owned(),
    }
}

impl Document<'_> {
    /// A place as a span with its line, values hidden.
    pub fn span(&self, place: Place) -> Span {
        excerpt::span(self.text, place, self.is_toml)
    }

    /// An error at a place of the document.
    pub fn error(&self, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.span(place))
    }

    /// A warning at a place of the document.
    pub fn warning(&self, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(message).at(self.span(place))
    }
}

/// Reads the bytes of a file: one document of JSON or YAML. The error and the warnings name no file yet.
pub fn read(bytes: &[u8], duplicates: DuplicateKeys) -> Result<Document<'_>, Box<Diagnostic>> {
    read_counting(bytes, duplicates, &mut 0)
}

/// The same; adds to `values` how many values of YAML were put together, those that aliases stand for too.
pub fn read_counting<'t>(
    bytes: &'t [u8],
    duplicates: DuplicateKeys,
    values: &mut usize,
) -> Result<Document<'t>, Box<Diagnostic>> {
    let text = excerpt::decoded(bytes)?;
    if let Ok(json) = strict_json::read(text).map_err(|fault| Box::new(fault.diagnostic(text)))? {
        // JSON with such keys is no error to Ansible, whatever `duplicate_dict_key` says.
        let is_told = duplicates != DuplicateKeys::Ignore;
        let (warnings, lost) = if is_told { twice(text, json.repeated) } else { Default::default() };
        return Ok(Document { text, root: json.root, warnings, lost, is_json: true, is_toml: false });
    }
    let composed = compose::document(text, duplicates, values).map_err(|fault| Box::new(fault.diagnostic(text)))?;
    let (warnings, lost) = twice(text, composed.repeated);
    Ok(Document { text, root: composed.root, warnings, lost, is_json: false, is_toml: false })
}

/// What is said of keys that stand twice in their mappings, and which hosts are lost by each.
fn twice(text: &str, mut repeated: Vec<Repeated>) -> (Vec<Diagnostic>, Vec<Vec<String>>) {
    let untold = repeated.split_off(MAX_WARNINGS.min(repeated.len()));
    let told = |Repeated { key, first_line, .. }: &Repeated| {
        let name: String = key.text().chars().take(LONGEST_NAME).collect();
        let message = format!("`{name}` stands in line {first_line} already; the later value wins");
        let hint = match name.as_str() {
            "hosts" | "children" => "Make one of them: what the first one holds is lost, as with Ansible",
            _ => "Remove one of them",
        };
        Diagnostic::warning(message).coded(TWICE).at(excerpt::span(text, key.place, false)).with_hint(hint)
    };
    let mut warnings: Vec<Diagnostic> = repeated.iter().map(told).collect();
    let mut lost: Vec<Vec<String>> = repeated.into_iter().map(|one| one.lost).collect();
    if !untold.is_empty() {
        let message = format!("{} more keys stand twice in their mappings", untold.len());
        warnings.push(Diagnostic::warning(message).coded(TWICE));
        lost.push(untold.into_iter().flat_map(|one| one.lost).collect());
    }
    (warnings, lost)
}

/// Reads the bytes of what prints JSON and nothing else. The error names no file yet.
pub fn read_json(bytes: &[u8]) -> Result<Document<'_>, Box<Diagnostic>> {
    let text = excerpt::decoded(bytes)?;
    let json = match strict_json::read(text) {
        Ok(Ok(json)) => json,
        Ok(Err(place)) => return Err(Box::new(Fault::new(place, "this is no JSON").diagnostic(text))),
        Err(fault) => return Err(Box::new(fault.diagnostic(text))),
    };
    let (warnings, lost) = twice(text, json.repeated);
    Ok(Document { text, root: json.root, warnings, lost, is_json: true, is_toml: false })
}

#[cfg(test)]
mod tests;

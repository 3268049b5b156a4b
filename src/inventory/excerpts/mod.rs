//! What is shown of a line of an inventory that is told of: names and structure, and no values. A misspelt `ansible_pasword` has a
//! password behind it as well, so of what stands behind a name all is hidden that could be one, character by character: columns stay
//! where they are. A few names have values that are none, and are shown where they look as such.

mod document;
mod harmless;
mod paint;

pub use document::{Syntax, of_document};

use self::harmless::{is_harmless, is_known};
use self::paint::{Paint, is_address, name_length};
use super::diagnostics::is_secret;

/// What the lines of a section hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// A host with its variables, in words.
    #[default]
    Hosts,
    /// One name; what stands behind it up to the end of the line is its value.
    Settings,
}

/// A line of an INI inventory without its values.
pub fn of_ini(line: &str, section: Section) -> String {
    let mut paint = Paint::new(line);
    paint.blanks();
    if is_header(paint.rest()) {
        header(&mut paint);
    } else {
        match section {
            Section::Hosts => hosts(&mut paint),
            Section::Settings => setting(&mut paint),
        }
    }
    paint.finish()
}

/// A word for a message: what is an address or a name as it stands, of everything else the name that it begins with.
pub fn brief(text: &str) -> String {
    if is_address(text) {
        return text.to_owned();
    }
    let shown = of_ini(text, Section::Settings);
    if shown == text {
        return shown;
    }
    let both = text.chars().zip(shown.chars()).take_while(|(one, other)| one == other);
    let name: String = both.map(|(same, _)| same).collect();
    let name = name.trim_end_matches([' ', '\t', '=', ':', '"', '\'']);
    if name.is_empty() { "...".to_owned() } else { format!("{name} ...") }
}

/// A word that is no assignment, for a message: behind the value of a variable it may be the rest of that.
pub fn unexpected(word: &str, before: Option<&str>) -> String {
    match before {
        Some(name) if is_variable(name) => format!("a word that may belong to the value of {name}"),
        Some(_) => "a word that may belong to a value".to_owned(),
        None => format!("{:?}", brief(word)),
    }
}

/// Whether a word is the name of a variable as people write them: the beginning of `aHVudGVyMg==` is none.
fn is_variable(word: &str) -> bool {
    let is_plain = |next: char| next.is_lowercase() || next.is_ascii_digit() || next == '_';
    !word.is_empty() && word.chars().all(is_plain) && !word.starts_with(|first: char| first.is_ascii_digit())
}

/// `[web]`, `[web:vars] # comment`, and what was meant so.
fn is_header(line: &str) -> bool {
    let behind = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(_, behind)| behind.trim());
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('#'))
        || line.ends_with(']') && line.starts_with('[')
}

fn header(paint: &mut Paint<'_>) {
    let line = paint.rest();
    let plain = |next: char| next.is_alphanumeric() || "_-.:/@[] \t".contains(next);
    let words = line.split([' ', '\t', ':', '[', ']']);
    let length = line.find(|next| !plain(next)).unwrap_or(line.len());
    if length == line.len() && !words.into_iter().any(is_secret) {
        paint.show(length);
        return;
    }
    paint.show('['.len_utf8());
    let name = name_length(paint.rest());
    paint.show(name);
    if let Some(kind) = paint.rest().strip_prefix(':') {
        paint.show(':'.len_utf8() + name_length(kind));
    }
    if paint.rest().starts_with(']') {
        paint.show(']'.len_utf8());
        paint.comment();
    }
    paint.hide_rest();
}

/// `name = value`, or what was meant so.
fn setting(paint: &mut Paint<'_>) {
    let name = paint.name();
    paint.blanks();
    if name.is_empty() || !paint.rest().starts_with(['=', ':']) {
        paint.hide_rest();
        return;
    }
    paint.show(1);
    paint.blanks();
    paint.value(name, paint.rest().len());
    paint.hide_rest();
}

/// A host and its variables.
fn hosts(paint: &mut Paint<'_>) {
    let (host, behind) = paint.word();
    if host.strip_suffix(':').is_some_and(is_address) {
        paint.show(host.len());
        return;
    }
    if host.contains('=') || behind.trim_start().starts_with(['=', ':']) {
        setting(paint);
        return;
    }
    paint.address(host.len());
    // What follows a value, or a word that is none, may be the rest of it.
    let mut before = if is_address(unquoted_name(host)) { Before::Host } else { Before::Word };
    loop {
        paint.blanks();
        paint.comment();
        let (word, _) = paint.word();
        if word.is_empty() {
            return;
        }
        let name = unquoted_name(word.split(['=', ':']).next().unwrap_or_default());
        let assignment = word.split_once('=').filter(|_| match before {
            Before::Host | Before::Value => name.is_empty() || is_variable(name),
            Before::Word => name.is_empty() || is_known(name),
        });
        match assignment {
            Some((written, value)) => {
                paint.show(written.len() + '='.len_utf8());
                paint.value(name, value.len());
                before = Before::Value;
            }
            None if is_known(unquoted_name(word)) => {
                paint.show(word.len());
                before = Before::Word;
            }
            None => {
                if before == Before::Host {
                    paint.address(word.len());
                } else {
                    paint.hide(word.len());
                }
                before = Before::Word;
            }
        }
        if is_secret(name) {
            paint.hide_values();
            return;
        }
    }
}

/// What stands before a word of a line of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Host,
    /// An assignment.
    Value,
    /// A word that is none.
    Word,
}

fn unquoted_name(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests;

//! Errors of the template engine in words of ours.

use std::error::Error as _;
use std::ops::Range;
use std::sync::Arc;

use minijinja::{Error, ErrorKind};

use super::Given;
use super::error::{Missing, TemplateError};
use super::scope::Scope;
use crate::inventory::connection::HIDDEN;
use crate::inventory::nearest;

/// Functions that Ansible and Jinja2 have and that are not here.
const OF_ANSIBLE: [&str; 6] = ["now", "undef", "cycler", "joiner", "lipsum", "namespace"];

/// What an error of the engine means in a template of a host.
pub(super) fn explained(error: &Error, scope: &Arc<Scope>, template: &str) -> TemplateError {
    let is_open = |text: &str| template.contains(text) || scope.run.is_open(text);
    if let Some(Given(given)) = source(error) {
        return shown(given, is_open);
    }
    if let Some(found) = found(error) {
        return found;
    }
    let place = error.range().and_then(|range| expression(template, range)).filter(|text| !text.is_empty());
    match error.kind() {
        ErrorKind::UndefinedError => undefined(place, scope),
        ErrorKind::UnknownFunction => match place.map(called).filter(|name| OF_ANSIBLE.contains(name)) {
            Some(name) => TemplateError::OnlyAnsible { missing: Missing::Function, name: name.to_owned() },
            None => undefined(place.map(called), scope),
        },
        ErrorKind::SyntaxError | ErrorKind::BadEscape | ErrorKind::InvalidDelimiter => {
            TemplateError::Syntax(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
        }
        // `map(name)` and the like take names as values.
        ErrorKind::UnknownFilter => shown(&only_ansible(Missing::Filter, error), is_open),
        ErrorKind::UnknownTest => shown(&only_ansible(Missing::Test, error), is_open),
        ErrorKind::UnknownMethod => only_ansible(Missing::Method, error),
        ErrorKind::OutOfFuel => TemplateError::TooMuch("its template runs too long"),
        _ => failed(error, scope.run.is_secret()),
    }
}

/// The text of a range, with what it is an attribute of.
fn expression(template: &str, range: Range<usize>) -> Option<&str> {
    let text = template.get(range.clone())?;
    if !text.starts_with(['[', '.']) {
        return Some(text.trim());
    }
    let (before, _) = template.split_at_checked(range.start)?;
    let begins =
        before.rfind(|next: char| !(next.is_alphanumeric() || "_.[]'\"".contains(next))).map_or(0, |at| at + 1);
    template.get(begins..range.end)
}

/// The error of ours that the engine carried.
pub(super) fn found(error: &Error) -> Option<TemplateError> {
    source(error).cloned()
}

/// An error of that type among those that one comes of.
fn source<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(found) = inner.downcast_ref::<E>() {
            return Some(found);
        }
        source = inner.source();
    }
    None
}

/// An error with what it names, where that is open.
fn shown(error: &TemplateError, is_open: impl Fn(&str) -> bool) -> TemplateError {
    let word = |text: &String| if is_open(text) { text.clone() } else { HIDDEN.to_owned() };
    match error {
        TemplateError::Undefined { name, near } => TemplateError::Undefined { name: word(name), near: near.clone() },
        TemplateError::OnlyAnsible { missing, name } => {
            TemplateError::OnlyAnsible { missing: *missing, name: word(name) }
        }
        TemplateError::File { path, why } => {
            TemplateError::File { path: word(path), why: why.replace(path.as_str(), &word(path)) }
        }
        other => other.clone(),
    }
}

/// A failed operation. Its detail may repeat a value, so it is left out where that may be a secret.
pub(super) fn failed(error: &Error, is_secret: bool) -> TemplateError {
    let detail = error.detail().filter(|_| !is_secret);
    TemplateError::Failed(detail.map_or_else(|| error.kind().to_string(), str::to_owned))
}

/// The name of what is called: the text up to the parenthesis.
fn called(text: &str) -> &str {
    text.split('(').next().unwrap_or(text).trim()
}

/// The engine says `filter ipaddr is unknown`.
fn only_ansible(missing: Missing, error: &Error) -> TemplateError {
    let detail = error.detail().unwrap_or_default();
    let name = match missing {
        // `string has no method named encode`
        Missing::Method => detail.split_whitespace().next_back(),
        _ => detail.split_whitespace().nth(1),
    };
    TemplateError::OnlyAnsible { missing, name: name.unwrap_or("?").trim_matches('`').to_owned() }
}

fn undefined(place: Option<&str>, scope: &Arc<Scope>) -> TemplateError {
    let name = place.unwrap_or("a value");
    let root = name.split(['.', '[', ' ', '|', '(']).next().unwrap_or_default();
    // `x` is there, but its own template needs what is not.
    if let Some(blamed) = scope.run.blamed(name).or_else(|| scope.run.blamed(root)) {
        return blamed;
    }
    let names = scope.names();
    // `nowhere.deep`: it is `nowhere` that is missing.
    let name = if names.iter().any(|name| name == root) { name } else { root };
    let near = nearest::name(root, names.iter().map(String::as_str)).filter(|near| *near != root);
    TemplateError::Undefined { name: name.to_owned(), near: near.map(str::to_owned) }
}

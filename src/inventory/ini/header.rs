//! Section headers of an INI inventory: `[group]`, `[group:children]`, `[group:vars]`.

use super::Fault;
use crate::inventory::addresses::is_word;
use crate::inventory::lines::{self, Line};

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Hosts, one a line.
    Hosts,
    /// Names of groups below this one.
    Children,
    /// Variables of the group.
    Vars,
}

/// A section header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) group: &'a str,
    pub(super) kind: Kind,
}

/// Reads a header; `Ok(None)` = the line is none.
pub(super) fn parse<'a>(line: &Line<'a>) -> Result<Option<Header<'a>>, Fault> {
    let Some((inside, after)) = line.text.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Ok(None);
    };
    let (group, word) = match inside.split_once(':') {
        Some((group, word)) => (group, Some(word)),
        None => (inside, None),
    };
    let is_name = !group.is_empty() && !group.contains(lines::is_space);
    let is_kind = word.is_none_or(|word| !word.is_empty() && word.chars().all(is_word));
    let after = after.trim_start_matches(lines::is_space);
    if !is_name || !is_kind || !(after.is_empty() || after.starts_with('#')) {
        return Ok(None);
    }
    let kind = match word {
        None | Some("hosts") => Kind::Hosts,
        Some("children") => Kind::Children,
        Some("vars") => Kind::Vars,
        Some(other) => {
            let start = group.chars().count() + 2;
            let span = line.span(start, other.chars().count());
            return Err(Fault::new(span, format!("`{other}` is no kind of section"))
                .with_hint("There are [group], [group:children] and [group:vars]"));
        }
    };
    Ok(Some(Header { group, kind }))
}

/// The name on a line of a `:children` section; `None` if there is anything else but a comment.
pub(super) fn group_name(text: &str) -> Option<&str> {
    let end = text.find(|next: char| next == ':' || next == ']' || lines::is_space(next)).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let after = after.trim_start_matches(lines::is_space);
    if !name.is_empty() && (after.is_empty() || after.starts_with('#')) {
        return Some(name);
    }
    // A comment needs no blank before it.
    let (name, _) = name.rsplit_once('#')?;
    (!name.is_empty()).then_some(name)
}

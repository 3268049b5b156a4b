//! Lines of documents: YAML, JSON, TOML. What a line is, the lines above it tell by their indentation.

use super::harmless::is_known;
use super::paint::{Paint, is_address, name_length, unquoted};
use super::{header, is_header};
use crate::inventory::diagnostics::is_secret;

/// How a document writes its names and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `name: value`
    Yaml,
    /// YAML that is all in braces, or JSON.
    Json,
    /// `name = value`
    Toml,
}

/// Names whose members are hosts and groups, or stand for variables.
const PARTS: [&str; 3] = ["hosts", "children", "vars"];

/// What a line stands below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing<'t> {
    /// A value that begins further up, or a secret.
    Value,
    /// Names: what begins the line is one.
    Names,
    /// This name, which has its members here.
    Below(&'t str),
    /// Nothing that tells.
    Unknown,
}

/// A line without its values; `above` is the text before it, `line` may be the beginning of it alone.
pub fn of_document<'l>(above: &'l str, line: &'l str, syntax: Syntax) -> String {
    let standing = standing(above, line, syntax);
    let mut paint = Paint::new(line);
    paint.blanks();
    if standing == Standing::Value && !is_known(first_word(paint.rest())) {
        return paint.finish();
    }
    while let Some(length) = marker(paint.rest()).filter(|_| syntax != Syntax::Toml) {
        paint.show(length);
    }
    let is_table = syntax == Syntax::Toml && is_header(paint.rest());
    let first = first_word(paint.rest());
    let first_length = token_length(paint.rest());
    let is_named = standing == Standing::Names || matches!(standing, Standing::Below(name) if PARTS.contains(&name));
    if is_table {
        header(&mut paint);
    } else if paint.rest().starts_with('#') {
        paint.comment();
    } else if syntax == Syntax::Json || paint.rest().starts_with(['{', '[', '}', ']']) {
        let around = if let Standing::Below(name) = standing { name } else { "" };
        flow(&mut paint, syntax, around, is_named);
    } else if let Some(length) = key_length(paint.rest(), syntax) {
        let name = key(&mut paint, length);
        block_value(&mut paint, name, syntax);
    } else if (is_named && is_address(first.trim_end_matches(':'))) || is_known(first) {
        paint.show(first_length);
        paint.hide_values();
    } else if is_named || is_known(paint.rest().get(..name_length(paint.rest())).unwrap_or_default()) {
        // `ansible_password:hunter2`
        paint.name();
        paint.hide_values();
    }
    paint.finish()
}

/// The length of `- `, `? ` and what else stands before an entry.
fn marker(text: &str) -> Option<usize> {
    let behind = text.strip_prefix(['-', '?'])?;
    (behind.is_empty() || behind.starts_with([' ', '\t'])).then(|| text.len() - behind.trim_start().len())
}

/// The first word without marks of quotation.
fn first_word(text: &str) -> &str {
    text.get(..token_length(text)).map(unquoted).unwrap_or_default()
}

/// The length of the first word, or of a quotation with its marks.
fn token_length(text: &str) -> usize {
    match quotation_length(text) {
        Some(length) => length,
        None => text.find(char::is_whitespace).unwrap_or(text.len()),
    }
}

/// The length of a quotation that a text begins with, marks included; `None` = there is none, or no end of it.
fn quotation_length(text: &str) -> Option<usize> {
    let mark = text.chars().next().filter(|next| matches!(next, '"' | '\''))?;
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, next)| {
        let was_escaped = is_escaped;
        is_escaped = *next == '\\' && !was_escaped && mark == '"';
        *next == mark && !was_escaped
    });
    end.map(|(at, _)| at + mark.len_utf8())
}

/// Whether a name is over where this follows.
fn ends_key(behind: &str, syntax: Syntax, is_quoted: bool) -> bool {
    match syntax {
        Syntax::Toml => behind.starts_with('='),
        Syntax::Json if is_quoted => behind.starts_with(':'),
        Syntax::Yaml | Syntax::Json => {
            let behind = behind.strip_prefix(':');
            behind.is_some_and(|value| value.is_empty() || value.starts_with([' ', '\t', ',', '[', ']', '{', '}']))
        }
    }
}

/// The length of the key that an entry begins with, without what stands behind it.
fn key_length(text: &str, syntax: Syntax) -> Option<usize> {
    if let Some(length) = quotation_length(text) {
        let behind = text.get(length..)?.trim_start();
        return ends_key(behind, syntax, true).then_some(length);
    }
    let separator = if syntax == Syntax::Toml { '=' } else { ':' };
    let mut ends = text.match_indices(separator).map(|(at, _)| at);
    let end = ends.find(|at| text.get(*at..).is_some_and(|behind| ends_key(behind, syntax, false)))?;
    Some(text.get(..end)?.trim_end().len())
}

/// Shows a key, or what of it is a name, and what stands between it and its value.
fn key<'l>(paint: &mut Paint<'l>, length: usize) -> &'l str {
    let written = paint.rest().get(..length).unwrap_or_default();
    paint.address(length);
    paint.blanks();
    paint.show(1);
    paint.blanks();
    unquoted(written)
}

/// The value of a key up to the end of the line.
fn block_value<'l>(paint: &mut Paint<'l>, name: &'l str, syntax: Syntax) {
    if is_secret(name) {
        paint.hide_rest();
        return;
    }
    while let Some(length) = tag_length(paint.rest()) {
        paint.show(length);
        paint.blanks();
    }
    let value = paint.rest();
    if value.starts_with(['{', '[']) {
        flow(paint, syntax, name, false);
        return;
    }
    if value.starts_with(['|', '>']) && value.len() <= 3 {
        paint.show(value.len());
        return;
    }
    let comment = value.find(" #").unwrap_or(value.len());
    paint.value(name, comment);
    paint.comment();
}

/// The length of a tag that is no value: `!vault`, `!unsafe`, those of YAML.
fn tag_length(text: &str) -> Option<usize> {
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let word = text.get(..length)?;
    (["!vault", "!unsafe"].contains(&word)
        || word.strip_prefix("!!").is_some_and(|name| name_length(name) == name.len()))
    .then_some(length)
}

/// What stands before a piece in braces and brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A brace or bracket that opens, the beginning of the line.
    Opening,
    Comma,
    Key,
    /// A value, or its end.
    Value,
}

/// What is in braces and brackets, up to the end of the line. `around` is the name that has its members here.
fn flow<'l>(paint: &mut Paint<'l>, syntax: Syntax, around: &'l str, is_named: bool) {
    // Of each list the name that it belongs to.
    let mut lists: Vec<Option<&str>> = vec![Some(around).filter(|name| !name.is_empty())];
    let mut name = around;
    let mut is_first = is_named;
    let mut before = Before::Opening;
    loop {
        let is_apart = paint.rest().starts_with(char::is_whitespace);
        paint.blanks();
        let rest = paint.rest();
        let Some(next) = rest.chars().next() else { return };
        match next {
            '{' | '[' if before == Before::Value => {
                paint.hide(1);
                continue;
            }
            '{' => lists.push(None),
            '[' => lists.push(Some(name)),
            '}' | ']' => {
                lists.pop();
            }
            ',' => {}
            '#' => {
                paint.comment();
                return;
            }
            _ => {
                let quotation = quotation_length(rest);
                if quotation.is_none() && matches!(next, '"' | '\'') {
                    paint.show(next.len_utf8());
                    paint.hide_rest();
                    return;
                }
                let length = quotation.unwrap_or_else(|| plain_length(rest, syntax));
                let behind = rest.get(length..).unwrap_or_default().trim_start();
                // Where a comma is missing, the next key is told by its marks of quotation.
                let may_be_key = match before {
                    Before::Opening => true,
                    Before::Comma => quotation.is_some() || is_apart,
                    Before::Key => false,
                    Before::Value => quotation.is_some() && is_apart,
                };
                if may_be_key && ends_key(behind, syntax, quotation.is_some()) {
                    name = key(paint, length);
                    before = Before::Key;
                    if is_secret(name) {
                        paint.hide_rest();
                        return;
                    }
                } else if std::mem::take(&mut is_first) && is_address(unquoted(rest.get(..length).unwrap_or_default()))
                {
                    paint.show(length);
                    before = Before::Value;
                } else {
                    paint.value(name, length);
                    name = "";
                    before = Before::Value;
                }
                is_first = false;
                continue;
            }
        }
        before = match next {
            ',' => Before::Comma,
            '{' | '[' => Before::Opening,
            _ => Before::Value,
        };
        paint.show(next.len_utf8());
        name = lists.last().copied().flatten().unwrap_or_default();
    }
}

/// The length of a plain scalar in braces or brackets.
fn plain_length(text: &str, syntax: Syntax) -> usize {
    let is_end = |(at, next): &(usize, char)| {
        matches!(next, ',' | '[' | ']' | '{' | '}')
            || text.get(*at..).is_some_and(|behind| ends_key(behind, syntax, false))
            || *next == '#' && text.get(..*at).is_some_and(|before| before.ends_with(' '))
    };
    let end = text.char_indices().skip(1).find(is_end).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default().trim_end().len()
}

/// What a line stands below, and after.
fn standing<'t>(above: &'t str, line: &str, syntax: Syntax) -> Standing<'t> {
    if syntax == Syntax::Toml {
        let is_open = ["\"\"\"", "'''"].into_iter().any(|mark| above.matches(mark).count() % 2 == 1);
        let is_bare = !line.trim_start().starts_with(['"', '\'']);
        if is_open || is_bare {
            return if is_open { Standing::Value } else { Standing::Names };
        }
    }
    let is_item = marker(line.trim_start_matches(' ')).is_some();
    let mut indent = indentation(line);
    let mut nearest: Option<Standing<'t>> = None;
    let mut is_open = false;
    for line in above.rsplit(['\n', '\r']) {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') || text == "---" {
            continue;
        }
        let own = indentation(line);
        let entry = Entry::of(line, syntax);
        is_open |= entry.is_open;
        // `- name: value`: what stands deeper than the dash, and not deeper than the name, stands beside the name.
        if own < indent && entry.indent < indent {
            if entry.is_value() {
                return Standing::Value;
            }
            nearest = nearest.or(Some(entry.name.map_or(Standing::Unknown, Standing::Below)));
        } else if own == indent || entry.indent == indent {
            let is_beside = entry.name.is_some() && entry.indent == indent && !is_item && !is_open;
            nearest = nearest.or(Some(if is_beside { Standing::Names } else { Standing::Unknown }));
        }
        indent = indent.min(own);
        if own == 0 {
            break;
        }
    }
    nearest.unwrap_or(Standing::Unknown)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A line above, as what stands below it is told by it.
struct Entry<'t> {
    /// The indentation of what stands behind its dashes.
    indent: usize,
    name: Option<&'t str>,
    has_value: bool,
    /// Whether a quotation begins in it and does not end.
    is_open: bool,
}

impl<'t> Entry<'t> {
    fn of(line: &'t str, syntax: Syntax) -> Self {
        let mut text = line.trim_start_matches(' ');
        while let Some(length) = marker(text) {
            text = text.get(length..).unwrap_or_default();
        }
        let indent = line.len() - text.len();
        let text = text.split(" #").next().unwrap_or_default().trim();
        // In braces a key may stand behind an opening one.
        let text = text.trim_start_matches(['{', '[', ' ']);
        let length = key_length(text, syntax);
        let name = length.and_then(|length| text.get(..length)).map(unquoted);
        let mut value = match length {
            Some(length) => {
                text.get(length..).unwrap_or_default().trim_start().get(1..).unwrap_or_default().trim_start()
            }
            None => text.trim_matches(['{', '}', '[', ']', ',', ' ']),
        };
        while value.starts_with(['!', '&']) {
            value = value.split_once(char::is_whitespace).map_or("", |(_, value)| value.trim_start());
        }
        let is_closed = syntax != Syntax::Yaml && value.ends_with(',');
        let is_going_on = value.starts_with(['{', '[']) && value.ends_with(['{', '[', ',', ':']);
        let mark = value.chars().next().filter(|next| matches!(next, '"' | '\''));
        let is_open = mark.is_some_and(|mark| value.matches(mark).count() == 1);
        let is_end = matches!(value, "---" | "...");
        Self { indent, name, has_value: !(value.is_empty() || is_closed || is_going_on || is_end), is_open }
    }

    /// Whether what stands deeper belongs to a value, or to a secret.
    fn is_value(&self) -> bool {
        self.has_value || self.name.is_some_and(is_secret)
    }
}

//! Words of a command and of commands within it: where they end, quoted in whatever way.

/// What stands between words.
pub(super) fn is_gap(next: char) -> bool {
    next.is_whitespace() || matches!(next, ';' | '|' | '&' | '<' | '>' | ')')
}

pub(super) fn word_end(text: &str, start: usize) -> usize {
    text.get(start..).and_then(|rest| rest.find(is_gap)).map_or(text.len(), |offset| start + offset)
}

/// Marks of quotation: `\"` is that of a command within another one, and so is the single one in pieces.
pub(super) const MARKS: [&str; 4] = ["\\\"", "'\"'\"'", "\"", "'"];

/// Where a value ends that begins there: at the next gap outside of quotations, or at the mark of a quotation around it.
pub(super) fn value_end(text: &str, start: usize) -> usize {
    let mut at = start;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let counts = |mark: &&str| mark.len() == 1 || is_within(text, start, mark.trim_start_matches('\\'));
        let opened = MARKS.into_iter().filter(counts).find_map(|mark| Some((mark, rest.strip_prefix(mark)?)));
        if let Some((mark, inside)) = opened.filter(|(mark, _)| at == start || !is_within(text, start, mark)) {
            at += mark.len() + quoted_length(inside, mark);
            continue;
        }
        if let Some(length) = substitution_length(rest).or_else(|| by_backticks(text, start, at)) {
            at += length;
            continue;
        }
        let mut characters = rest.chars();
        match characters.next() {
            Some('"' | '\'' | '`') => return at,
            Some('\\') if opened.is_some() => return at,
            // What it stands before is a part of the value, whatever it is.
            Some('\\') => at += '\\'.len_utf8() + characters.next().map_or(0, char::len_utf8),
            Some(next) if is_gap(next) => return at,
            next => at += next.map_or(1, char::len_utf8),
        }
    }
    text.len()
}

/// Whether a quotation by a mark is open where a value begins: the next mark of it ends the value then, instead of beginning a
/// further piece. Of a mark in pieces that is asked of its first character.
fn is_within(text: &str, start: usize, mark: &str) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let mark = mark.get(..1).filter(|_| mark.len() > 2).unwrap_or(mark);
    let is_whole = |at: usize| mark != "\"" || !before.get(..at).is_some_and(|before| before.ends_with('\\'));
    before.match_indices(mark).filter(|(at, _)| is_whole(*at)).count() % 2 == 1
}

/// The length of a `$(command)` or `${variable}` that a text begins with: to its end, or all of it where it has none.
fn substitution_length(text: &str) -> Option<usize> {
    let (open, close) = match text.strip_prefix('$')?.chars().next()? {
        '(' => ('(', ')'),
        '{' => ('{', '}'),
        _ => return None,
    };
    let mut depth = 0_usize;
    for (at, next) in text.char_indices() {
        if next == open {
            depth += 1;
        } else if next == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + close.len_utf8());
            }
        }
    }
    Some(text.len())
}

/// The length of a `command` in backticks that a value begins with. Where they stand around the whole of the text, that is none.
fn by_backticks(text: &str, start: usize, at: usize) -> Option<usize> {
    let inside = text.get(at..).filter(|_| at == start && !is_within(text, start, "`"))?.strip_prefix('`')?;
    Some(inside.find('`').map_or(inside.len(), |end| end + 1) + 1)
}

/// The length of what stands before a mark, the mark included; all of it where there is none.
fn quoted_length(text: &str, mark: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(mark)).map(|offset| from + offset) {
        // Marks in a command belong to it.
        let command = text.get(from..at).and_then(|before| before.find("$(")).map(|offset| from + offset);
        if let Some(command) = command.filter(|_| mark.ends_with('"')) {
            from = command + text.get(command..).and_then(substitution_length).unwrap_or(1);
            continue;
        }
        let is_escaped = mark == "\"" && text.get(..at).is_some_and(|before| before.ends_with('\\'));
        if !is_escaped {
            return at + mark.len();
        }
        from = at + mark.len();
    }
    text.len()
}

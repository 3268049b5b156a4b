//! Passwords that stand in a command as they are: `sshpass -p hunter2 ssh -W %h:%p gate` of a proxy. Whoever shows a command
//! shows it without them.

mod table;
mod words;

use std::ops::Range;

use self::table::{
    Form, HEADER_OPTIONS, LOGIN_OPTIONS, PRINTERS, PROGRAMS, Program, READERS, SCHEMES, SECRET_HEADERS, SECRET_OPTIONS,
    is_secret,
};
use self::words::{MARKS, is_gap, value_end, word_end};
use super::connection::HIDDEN;

/// Words that a program prints, of which so many are looked at.
const MOST_PRINTED: usize = 32;

/// A text with the passwords of the commands in it replaced. It need not be a command alone: an error that repeats one will do, and
/// so will one that was cut.
pub fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for secret in found(text) {
        shown.push_str(text.get(end..secret.start).unwrap_or_default());
        shown.push_str(HIDDEN);
        end = secret.end;
    }
    shown + text.get(end..).unwrap_or_default()
}

/// The passwords in a text, without the marks of quotation around them; those of one or two characters are in too many words to be
/// looked for.
pub fn secrets(text: &str) -> Vec<&str> {
    let bare = |secret: Range<usize>| text.get(secret).map(|secret| secret.trim_matches(['"', '\'', '\\']));
    found(text).into_iter().filter_map(bare).filter(|secret| secret.chars().count() > 2).collect()
}

/// Where the passwords of a text stand, in bytes, in order.
pub(super) fn found(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut reader = Reader { program: None, awaits: None };
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(|next| !is_gap(next))).map(|offset| at + offset) {
        let gap = text.get(at..start).unwrap_or_default();
        if gap.contains([';', '|', '&', ')']) {
            reader = Reader { program: None, awaits: None };
        }
        if gap.trim_end().ends_with("<<<") {
            reader.awaits = Some(Form::Secret);
        }
        let awaited = reader.awaits.take();
        let secret = awaited.and_then(|form| reader.value(form, text, start));
        let (secret, end) = if let Some(secret) = secret {
            (Some(secret.clone()), secret.end)
        } else {
            let end = word_end(text, start);
            let word = text.get(start..end).unwrap_or_default();
            let secret = begun(text, start, word).or_else(|| printed(text, start, word));
            // A value is no option.
            let option = || if awaited.is_none() { reader.option(text, start, word) } else { None };
            (secret.or_else(option), end)
        };
        // Behind the word, unless a quotation in it goes on beyond: a password may hold blanks.
        at = secret.as_ref().map_or(end, |secret| secret.end.max(end)).max(start + 1);
        found.extend(secret.filter(|secret| secret.end > secret.start));
    }
    found
}

impl Form {
    /// The password of a value that begins there.
    fn within(self, text: &str, start: usize) -> Option<Range<usize>> {
        let end = value_end(text, start);
        let value = text.get(start..end)?;
        let mark = MARKS.into_iter().find(|mark| value.starts_with(mark));
        let is_closed = |mark: &&str| value.len() > mark.len() && value.ends_with(*mark);
        let end = end - mark.filter(is_closed).map_or(0, str::len);
        let behind = |at: usize| start + at + ':'.len_utf8();
        match self {
            Self::Secret => Some(start..start + value.len()),
            Self::Login => value.find(':').map(|at| behind(at)..end),
            Self::Header => {
                let at = value.find(':')?;
                let name = value.get(mark.map_or(0, str::len)..at)?.to_ascii_lowercase();
                let is_header = SECRET_HEADERS.contains(&name.as_str()) || is_secret(&name);
                let from = if is_header { behind(at) } else { return None };
                let words = text.get(from..end)?;
                let blanks = words.len() - words.trim_start().len();
                let (scheme, _) = words.trim_start().split_once(' ').unwrap_or_default();
                let is_scheme = SCHEMES.contains(&scheme.to_ascii_lowercase().as_str());
                Some(from + blanks + if is_scheme { scheme.len() + 1 } else { 0 }..end)
            }
            Self::Other => None,
        }
    }
}

/// What was read so far of a command.
struct Reader {
    /// The program whose options these are.
    program: Option<&'static Program>,
    /// What the next word is.
    awaits: Option<Form>,
}

impl Reader {
    /// The password in a value that was awaited.
    fn value(&mut self, form: Form, text: &str, start: usize) -> Option<Range<usize>> {
        let secret = form.within(text, start);
        // What follows is the command that it runs.
        if form == Form::Secret && self.program.is_some_and(|program| program.is_strict) {
            self.program = None;
        }
        secret
    }

    /// The password in the word of an option, if there is one.
    fn option(&mut self, text: &str, start: usize, word: &str) -> Option<Range<usize>> {
        let bare = bare(word);
        if let Some(program) = PROGRAMS.iter().find(|program| program.names.contains(&bare)) {
            self.program = Some(program);
            return None;
        }
        let option = word.trim_start_matches(['"', '\'', '\\']);
        let begin = start + word.len() - option.len();
        for (form, options) in [(Form::Login, &LOGIN_OPTIONS[..]), (Form::Header, &HEADER_OPTIONS)] {
            for name in options {
                match option.strip_prefix(name) {
                    Some("" | "\"" | "'") => {
                        self.awaits = Some(form);
                        return None;
                    }
                    Some(value) if value.starts_with('=') => {
                        return form.within(text, begin + name.len() + '='.len_utf8());
                    }
                    Some(_) if !name.starts_with("--") => return form.within(text, begin + name.len()),
                    _ => {}
                }
            }
        }
        let is_letters = option.starts_with('-') && !option.starts_with("--");
        // It has no long options.
        if let Some(program) = self.program.filter(|program| program.is_strict && is_letters) {
            return self.letters(program, text, begin, option);
        }
        if SECRET_OPTIONS.contains(&option) || option.starts_with('-') && is_secret(option.trim_start_matches('-')) {
            self.awaits = Some(Form::Secret);
            return None;
        }
        match self.program {
            Some(program) if is_letters => self.letters(program, text, begin, option),
            Some(program) if program.is_strict => {
                self.program = None;
                None
            }
            _ => None,
        }
    }

    /// A password in a word of options of one letter (`-p`, `-vp`, `-vphunter2`), and what its next word may be.
    fn letters(&mut self, program: &Program, text: &str, start: usize, word: &str) -> Option<Range<usize>> {
        let form = |letter| program.letters.iter().find(|(known, _)| *known == letter).map(|(_, form)| *form);
        let mut letters = word.char_indices().skip(1);
        let (at, form) = letters.find_map(|(at, letter)| Some((at + letter.len_utf8(), form(letter)?)))?;
        let is_in_next = word.get(at..)?.trim_matches(['"', '\'', '\\']).is_empty();
        if is_in_next {
            self.awaits = Some(form).filter(|_| !program.is_joined || form != Form::Secret);
            return None;
        }
        self.value(form, text, start + at)
    }
}

/// The password that begins in a word, whatever the word is.
fn begun(text: &str, start: usize, word: &str) -> Option<Range<usize>> {
    if let Some(begin) = after_name(word) {
        return Some(start + begin..value_end(text, start + begin));
    }
    in_address(word).map(|secret| start + secret.start..start + secret.end)
}

/// The name of a program: `ProxyCommand="sshpass`, `/usr/bin/sshpass`.
fn bare(word: &str) -> &str {
    word.rsplit(['=', '"', '\'', '`', '(', '/']).next().unwrap_or_default()
}

/// What a program prints for another one that reads a password: `echo hunter2 | sshpass`, `sshpass -f <(echo hunter2)`.
fn printed(text: &str, start: usize, word: &str) -> Option<Range<usize>> {
    if !PRINTERS.contains(&bare(word)) {
        return None;
    }
    let is_input = word.starts_with('(') && text.get(..start)?.ends_with('<');
    if !is_input && !text.get(start..)?.contains('|') {
        return None;
    }
    let mut words = start + word.len()..start + word.len();
    let mut is_option = true;
    for _ in 0..MOST_PRINTED {
        let rest = text.get(words.end..)?;
        let from = words.end + rest.len() - rest.trim_start().len();
        let next = text.get(from..)?;
        let end = value_end(text, from);
        if next.is_empty() || next.starts_with(is_gap) || end == from {
            let reader = next.strip_prefix('|').and_then(|next| next.split_whitespace().next());
            let is_read = is_input || reader.is_some_and(|reader| READERS.contains(&bare(reader)));
            return is_read.then_some(words);
        }
        is_option = is_option && next.starts_with('-');
        words = if is_option || words.is_empty() { from..end } else { words.start..end };
        if is_option {
            words.start = words.end;
        }
    }
    None
}

/// Behind the `=` of `SSHPASS=x`, `--password=x`, `PROXY:host:80,proxyauth=x`.
fn after_name(word: &str) -> Option<usize> {
    word.match_indices('=').map(|(at, _)| at).find_map(|at| {
        let before = word.get(..at)?;
        let name = before.rsplit(|next: char| !(next.is_alphanumeric() || next == '_' || next == '-')).next()?;
        is_secret(name.trim_start_matches('-')).then_some(at + 1)
    })
}

/// The password of `scheme://user:password@host`, and of `user:password@host`.
fn in_address(word: &str) -> Option<Range<usize>> {
    let before = word.find("://").map_or(0, |at| at + "://".len());
    let (user, _) = word.get(before..)?.split('/').next()?.rsplit_once('@')?;
    let (name, _) = user.split_once(':')?;
    (before > 0 || !name.is_empty() && !name.contains('@')).then(|| before + name.len() + 1..before + user.len())
}

#[cfg(test)]
mod tests;

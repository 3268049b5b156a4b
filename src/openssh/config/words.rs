//! The words of a line: the keyword, then arguments with quotes and escapes, exactly as OpenSSH 9.2 cuts them.

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Cuts the first word off a line: it ends at a blank, at one `=`, or it stands in double quotes. `None` where a quote is not
/// closed; the rest is `None` at the end of the line.
pub(super) fn cut_word(line: &str) -> Option<(String, Option<&str>)> {
    let Some(end) = line.find(|next| BLANKS.contains(&next) || next == '"' || next == '=') else {
        return Some((line.to_owned(), None));
    };
    let (before, delimiter) = line.split_at(end);
    let mut letters = delimiter.chars();
    let first = letters.next();
    let behind = letters.as_str();
    if first == Some('"') {
        let (quoted, rest) = behind.split_once('"')?;
        return Some((format!("{before}{quoted}"), Some(rest.trim_start_matches(BLANKS))));
    }
    let rest = behind.trim_start_matches(BLANKS);
    let rest = match rest.strip_prefix('=') {
        Some(rest) if first != Some('=') => rest.trim_start_matches(BLANKS),
        _ => rest,
    };
    Some((before.to_owned(), Some(rest)))
}

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'text> {
    /// In small letters.
    pub(super) keyword: String,
    /// What follows, as it stands; not empty.
    pub(super) rest: &'text str,
}

/// The keyword of a line and what follows it; `Ok(None)` for a comment or a blank line.
pub(super) fn line(text: &str) -> Result<Option<Line<'_>>, String> {
    let text = text.trim_end_matches(|next| BLANKS.contains(&next) || next == '\x0c');
    let unclosed = || "a quote is not closed".to_owned();
    let (mut keyword, mut rest) = cut_word(text).ok_or_else(unclosed)?;
    if keyword.is_empty() {
        let Some(behind) = rest else { return Ok(None) };
        (keyword, rest) = cut_word(behind).ok_or_else(unclosed)?;
    }
    if keyword.is_empty() || keyword.starts_with('#') {
        return Ok(None);
    }
    match rest.map(|rest| rest.trim_start_matches(BLANKS)).filter(|rest| !rest.is_empty()) {
        Some(rest) => Ok(Some(Line { keyword: keyword.to_ascii_lowercase(), rest })),
        None => Err(format!("{keyword} has no value")),
    }
}

/// The arguments of a keyword, up to a comment: blanks separate them, single and double quotes hold them together, a backslash
/// takes a quote, a backslash or (outside quotes) a blank for what it is.
pub(super) fn arguments(rest: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut letters = rest.chars().peekable();
    while let Some(first) = letters.peek() {
        if *first == ' ' || *first == '\t' {
            letters.next();
            continue;
        }
        if *first == '#' {
            break;
        }
        words.push(argument(&mut letters)?);
    }
    Ok(words)
}

fn argument(letters: &mut core::iter::Peekable<core::str::Chars<'_>>) -> Result<String, String> {
    let mut word = String::new();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', _) => {
                let is_escape = |next: &char| ['\'', '"', '\\'].contains(next) || (quote.is_none() && *next == ' ');
                word.push(letters.next_if(is_escape).unwrap_or('\\'));
            }
            (' ' | '\t', None) => return Ok(word),
            ('"' | '\'', None) => quote = Some(letter),
            (_, Some(open)) if open == letter => quote = None,
            _ => word.push(letter),
        }
    }
    if quote.is_some() { Err("a quote is not closed".to_owned()) } else { Ok(word) }
}

/// A word for people: escaped, and cut where it is longer than anybody writes one.
pub(super) fn shown(word: &str) -> String {
    word.chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_ends_at_a_blank_or_one_equals_sign() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let line = line(text).expect("a line");
            assert_eq!(line.as_ref().map(|line| (line.keyword.as_str(), line.rest)), expected, "{text:?}");
        };
        check("Port 22", Some(("port", "22")));
        check("  port=22\r", Some(("port", "22")));
        check("\tPort =\t22  ", Some(("port", "22")));
        check("Port == 22", Some(("port", "= 22")));
        check("\"Port\" 22", Some(("port", "22")));
        check("ProxyCommand ssh -W %h:%p jump # no comment", Some(("proxycommand", "ssh -W %h:%p jump # no comment")));
        check("", None);
        check("   ", None);
        check("# x", None);
        check("#Port 22", None);
        assert!(line("Port").is_err());
        assert!(line("Port \x0c").is_err());
        assert!(line("\"Port 22").is_err());
    }

    #[test]
    fn arguments_are_held_together_by_quotes() {
        let check = |rest: &str, expected: &[&str]| assert_eq!(arguments(rest).expect("words"), expected, "{rest}");
        check("a b\tc", &["a", "b", "c"]);
        check("\"a b\" 'c d'", &["a b", "c d"]);
        check("a # b", &["a"]);
        check("a#b", &["a#b"]);
        check(r#"a\ b \"c "d\ e""#, &["a b", "\"c", "d\\ e"]);
        check(r"a\b \\", &["a\\b", "\\"]);
        check("''", &[""]);
        assert!(arguments("'a").is_err());
    }
}

//! Shell words as Python's `shlex.split(text, comments=True)` sees them: the grammar of an INI host line.

use thiserror::Error;

/// One word, quotes removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text without quotes and escapes.
    pub text: String,
    /// Where it begins in the line, in characters from 0.
    pub start: usize,
    /// Length in the line, quotes included, in characters.
    pub length: usize,
}

/// The words of a line, and the comment that ended it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// The words in order.
    pub words: Vec<Word>,
    /// Where a `#` **inside** a word began a comment, in characters from 0: a trap worth a warning.
    pub cut: Option<usize>,
}

/// Why a line has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShellWordsError {
    /// A quote is opened and never closed.
    #[error("no closing quotation mark")]
    OpenQuote,
    /// The line ends in a backslash.
    #[error("nothing follows the backslash")]
    OpenEscape,
}

/// What the reader is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Bare,
    Single,
    Double,
}

/// Splits a line into words. Quotes may start and end anywhere in a word; `#` outside quotes ends the line wherever it
/// stands; inside `"` a backslash is removed only before `"` and `\`.
pub fn split(line: &str) -> Result<Words, ShellWordsError> {
    split_at_comments(line, true)
}

/// The words of arguments for a program, as Python's `shlex.split(text)` sees them: `#` is like any other character.
pub fn arguments(text: &str) -> Result<Vec<String>, ShellWordsError> {
    Ok(split_at_comments(text, false)?.words.into_iter().map(|word| word.text).collect())
}

/// A word as any shell takes it for one, as Python's `shlex.quote` writes it.
pub fn quoted(word: &str) -> String {
    let is_plain = |next: char| next.is_ascii_alphanumeric() || "@%+=:,./-_".contains(next);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { in_quotes(word) }
}

/// A text in single quotes. csh and fish have their own ideas of a backslash before a quote, so a quote travels inside the other
/// kind.
pub(super) fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn split_at_comments(line: &str, has_comments: bool) -> Result<Words, ShellWordsError> {
    let mut found = Words::default();
    let mut word = Word { text: String::new(), start: 0, length: 0 };
    let mut state = State::Between;
    let mut characters = line.chars().enumerate();
    let mut end = 0;
    while let Some((at, character)) = characters.next() {
        end = at + 1;
        if state == State::Between && !is_blank(character) && !(has_comments && character == '#') {
            word = Word { text: String::new(), start: at, length: 0 };
            state = State::Bare;
        }
        match (state, character) {
            (State::Bare, '\'') => state = State::Single,
            (State::Bare, '"') => state = State::Double,
            (State::Single, '\'') | (State::Double, '"') => state = State::Bare,
            (State::Bare, '\\') => {
                let (next_at, next) = characters.next().ok_or(ShellWordsError::OpenEscape)?;
                end = next_at + 1;
                word.text.push(next);
            }
            (State::Double, '\\') => {
                let (next_at, next) = characters.next().ok_or(ShellWordsError::OpenEscape)?;
                end = next_at + 1;
                if next != '"' && next != '\\' {
                    word.text.push('\\');
                }
                word.text.push(next);
            }
            (State::Between, '#') if has_comments => break,
            (State::Bare, '#') if has_comments => {
                found.cut = Some(at);
                end = at;
                break;
            }
            (State::Between, _) => {}
            (State::Bare, blank) if is_blank(blank) => {
                word.length = at - word.start;
                found.words.push(std::mem::replace(&mut word, Word { text: String::new(), start: 0, length: 0 }));
                state = State::Between;
            }
            (_, other) => word.text.push(other),
        }
    }
    match state {
        State::Between => {}
        State::Bare => {
            word.length = end - word.start;
            found.words.push(word);
        }
        State::Single | State::Double => return Err(ShellWordsError::OpenQuote),
    }
    Ok(found)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_python() {
        let check = |line: &str, expected: &[&str]| {
            let found: Vec<_> = split(line).expect("words").words.into_iter().map(|word| word.text).collect();
            assert_eq!(found, expected, "{line:?}");
        };
        check("h1 a=1\tb='2 3'", &["h1", "a=1", "b=2 3"]);
        check(r#"a"b c"d"#, &["ab cd"]);
        check(r#""\$x \" \\""#, &[r#"\$x " \"#]);
        check(r"a\ b", &["a b"]);
        check("a #b", &["a"]);
        check("pw=s3cr#t port=1", &["pw=s3cr"]);
        check("'#' \"\"", &["#", ""]);
        check("# all", &[]);
        assert_eq!(arguments("-o 'A b' #x y#z"), Ok(["-o", "A b", "#x", "y#z"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_comment_inside_a_word_is_told_apart() {
        assert_eq!(split("a #b").expect("words").cut, None);
        assert_eq!(split("a=b#c").expect("words").cut, Some(3));
        assert_eq!(split("'a").expect_err("open"), ShellWordsError::OpenQuote);
        assert_eq!(split("a\\").expect_err("open"), ShellWordsError::OpenEscape);
    }
}

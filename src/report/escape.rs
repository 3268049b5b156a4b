//! Remote text made harmless for a terminal: every byte that came from a host, or from a stored report, is hostile.

/// How many characters of one remote text are shown: no detail of a failure is longer, and no command is cut that somebody copies.
const LONGEST: usize = 400;

/// Writes control characters and those that turn the direction of text as `\x1b` or `\u{202e}`, and cuts what is longer
/// than 400 characters.
pub fn escaped(text: &str) -> String {
    escaped_within(text, LONGEST)
}

/// The same, and cuts what is longer than so many characters.
pub fn escaped_within(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => visible(text.get(..end).unwrap_or_default()) + "…",
        None => visible(text),
    }
}

/// Writes control characters and those that turn the direction of text as `\x1b` or `\u{202e}`, however long the text is.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if u32::from(character) < 0x100 && character.is_control() => {
                shown = format!("{shown}\\x{:02x}", u32::from(character));
            }
            _ if acts(character) => shown = format!("{shown}\\u{{{:x}}}", u32::from(character)),
            _ => shown.push(character),
        }
    }
    shown
}

/// Whether a character acts on a terminal, or on how its neighbours are shown, instead of being shown itself.
pub fn acts(character: char) -> bool {
    character.is_control() || is_invisible(character)
}

/// Writes a word so that a shell takes it as it is, and a terminal is not steered by it: for commands that people copy.
pub fn shell_word(text: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+=:,@%".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    if !text.chars().any(acts) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = "$'".to_owned();
    for character in text.chars() {
        match character {
            '\'' | '\\' => word.extend(['\\', character]),
            _ if acts(character) => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    word = format!("{word}\\{byte:03o}");
                }
            }
            _ => word.push(character),
        }
    }
    word + "'"
}

/// Whether a character shows nothing and changes how its neighbours are shown: marks of direction, joiners, separators
/// of lines, tags, and what is no character at all.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        u32::from(character),
        0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb
            | 0xe0000..=0xe007f
    ) || is_no_character(character)
}

/// Whether it is one of the 66 noncharacters of Unicode (section 23.7), two of which no XML 1.0 may hold.
fn is_no_character(character: char) -> bool {
    let code = u32::from(character);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left() {
        let check = |text: &str, expected: &str| assert_eq!(escaped(text), expected, "{text:?}");
        check("web01.example", "web01.example");
        check("Zürich 時計", "Zürich 時計");
        check("\u{1b}[2J\u{7}", "\\x1b[2J\\x07");
        check("a\r\nb\tc", "a\\r\\nb\\tc");
        check("\u{9b}31m\u{7f}", "\\x9b31m\\x7f");
        check("evil\u{202e}txt", "evil\\u{202e}txt");
        check("\u{2066}x\u{2069}\u{feff}", "\\u{2066}x\\u{2069}\\u{feff}");
        check("\u{fffe}x\u{ffff}\u{1fffe}\u{fdd0}\u{fffd}", "\\u{fffe}x\\u{ffff}\\u{1fffe}\\u{fdd0}\u{fffd}");
    }

    #[test]
    fn a_shell_takes_a_word_as_it_is() {
        let check = |text: &str, expected: &str| {
            assert_eq!(shell_word(text), expected, "{text:?}");
            let script = format!("printf %s {expected}");
            let taken = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash").stdout;
            assert_eq!(String::from_utf8(taken).expect("text"), text);
        };
        check("/tmp/.tmpAb1/known_hosts", "/tmp/.tmpAb1/known_hosts");
        check("", "''");
        check("/tmp/my files/it's", "'/tmp/my files/it'\\''s'");
        check("$HOME;*", "'$HOME;*'");
        check("~", "'~'");
        check("a\u{1b}[2J\n'\\\u{202e}1", "$'a\\033[2J\\012\\'\\\\\\342\\200\\2561'");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(escaped(&"é".repeat(5_000)).chars().count(), LONGEST + 1);
    }
}

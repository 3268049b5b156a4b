//! Texts of a bounded length.

/// The text, cut so that it has no more than so many units of UTF-16, by which the strictest systems count; what is cut ends
/// with `…`.
pub fn clipped(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut units = 1;
    for character in text.chars() {
        units += character.len_utf16();
        if units > most {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// How long a text is in units of UTF-16.
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_is_no_longer_than_allowed_and_no_character_is_halved() {
        let check = |text: &str, most: usize, expected: &str| {
            let cut = clipped(text, most);
            assert_eq!(cut, expected);
            assert!(length(&cut) <= most, "{cut}");
        };
        check("clock", 5, "clock");
        check("clocks", 5, "cloc…");
        check("時計時計", 3, "時計…");
        check("🕐🕑🕒", 6, "🕐🕑🕒");
        check("🕐🕑🕒", 5, "🕐🕑…");
        check("🕐🕑🕒", 4, "🕐…");
    }
}

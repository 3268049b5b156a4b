//! Words of settings as Ansible takes them.

/// Whether a text means true or false; `None` = neither.
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
        "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
        _ => None,
    }
}

/// How a switch of our own is spelled.
pub const SPELLINGS: &str = "yes (true, on, y, t, 1) or no (false, off, n, f, 0)";

/// Whether a switch of our own is on, in the environment as in a file: nothing at all switches nothing on; `None` = neither yes
/// nor no, which is refused.
pub fn yes_or_no(text: &str) -> Option<bool> {
    if text.trim().is_empty() { Some(false) } else { truth(text) }
}

/// A whole number in decimal, with or without a fraction of zero: `22`, `22.0`.
pub fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = match text.split_once('.') {
        Some((digits, fraction)) if fraction.bytes().all(|digit| digit == b'0') => digits,
        Some(_) => return None,
        None => text,
    };
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_ansible() {
        assert_eq!(["Yes", "ON", "1", "t"].map(truth), [Some(true); 4]);
        assert_eq!(["no", "Off", "0", "F"].map(truth), [Some(false); 4]);
        assert_eq!(["maybe", "", "2"].map(truth), [None; 3]);
        assert_eq!(["On", "f", " ", "maybe"].map(yes_or_no), [Some(true), Some(false), Some(false), None]);
        assert_eq!(["22", " 22 ", "22.0", "-1"].map(whole), [Some(22), Some(22), Some(22), Some(-1)]);
        assert_eq!(["22.5", "abc", "", "0x10"].map(whole), [None; 4]);
    }
}

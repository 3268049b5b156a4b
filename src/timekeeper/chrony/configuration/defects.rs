//! What in a file of configuration keeps chronyd from starting though it looks right.

use super::lines::Lines;

/// chronyd reads at most so many bytes of a line, its end included; what is beyond is taken for another line. A buffer of
/// 2048 in its conf.c, of which one is the end of the string.
const LONGEST: usize = 2_047;
/// What some editors put at the beginning of a file.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// A space that is none for chronyd.
const NO_BREAK_SPACE: [u8; 2] = [0xc2, 0xa0];

/// What is wrong with a file; lines are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Defect {
    /// The first directive is not what it looks like.
    #[error("begins with a byte order mark, which chronyd takes for a part of the first directive: save it without")]
    ByteOrderMark,
    /// A word is not what it looks like.
    #[error("line {0} has a no-break space, which chronyd takes for a letter: make it a space")]
    NoBreakSpace(usize),
    /// The line is torn.
    #[error("line {0} is longer than the {LONGEST} bytes that chronyd reads of a line: divide it")]
    TooLong(usize),
    /// The rest of the line is not read.
    #[error("line {0} has a zero byte, at which chronyd stops reading it: remove it")]
    ZeroByte(usize),
}

/// Finds what is wrong, in the order of the lines.
pub fn defects(file: &Lines) -> Vec<Defect> {
    let mut found = Vec::new();
    for (index, line) in file.iter().enumerate() {
        let number = index + 1;
        let bytes = line.bytes();
        if index == 0 && bytes.starts_with(&BYTE_ORDER_MARK) {
            found.push(Defect::ByteOrderMark);
        }
        let is_read = !line.is_comment();
        if is_read && bytes.windows(NO_BREAK_SPACE.len()).any(|pair| pair == NO_BREAK_SPACE) {
            found.push(Defect::NoBreakSpace(number));
        }
        if bytes.len() > LONGEST {
            found.push(Defect::TooLong(number));
        }
        if is_read && bytes.contains(&0) {
            found.push(Defect::ZeroByte(number));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_right_and_is_not_is_found() {
        let check = |bytes: &[u8], expected: &[Defect]| {
            assert_eq!(defects(&Lines::parse(bytes)), expected, "{}", String::from_utf8_lossy(bytes));
        };
        check(b"server a\n# b\xc2\xa0c\n", &[]);
        check(b"\xef\xbb\xbf# a\nserver a", &[Defect::ByteOrderMark]);
        check("rtcsync\nserver\u{a0}a\n".as_bytes(), &[Defect::NoBreakSpace(2)]);
        check(b"server a\0 iburst\n", &[Defect::ZeroByte(1)]);
        let longest = format!("#{}\n", "x".repeat(LONGEST - 2));
        check(longest.as_bytes(), &[]);
        check(format!("rtcsync\n{}", longest.replace('x', "xx")).as_bytes(), &[Defect::TooLong(2)]);
    }
}

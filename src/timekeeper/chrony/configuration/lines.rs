//! A file of chrony's configuration as lines that write back byte for byte, read as chronyd reads them: `CPS_NormalizeLine`
//! of its cmdparse.c.

/// What begins a comment where it is the first character of a line that is no space. There are no other comments: one behind
/// a directive is a word of it.
const COMMENT: [u8; 4] = *b"!;#%";

/// One line with its end, as it stands in the file: any bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(Vec<u8>);

/// What a directive is to the edit; what is none of these is left alone whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Directive {
    /// `server`, `pool`, `peer`: a source.
    Source,
    /// `refclock`: a clock that hangs on the host.
    ReferenceClock,
    /// `leapsectz`, `leapseclist`: leap seconds by a table of the host.
    LeapTable,
    /// `makestep`: when the clock is stepped.
    MakeStep,
    /// `initstepslew`: servers that the clock is set by at the start.
    InitialStep,
    /// `rtcsync`: the kernel keeps the hardware clock.
    RtcSync,
    /// `rtcfile`: chronyd keeps it; cannot stand beside `rtcsync`.
    RtcFile,
    /// `local`: the host's own clock is served.
    Local,
    /// `allow`: who is served.
    Allow,
    /// `port`: where is served; 0 = nowhere.
    Port,
    /// `include`: a pattern of files.
    Include,
    /// `confdir`: folders of `*.conf`.
    ConfDir,
    /// `sourcedir`: folders of `*.sources`.
    SourceDir,
}

impl Directive {
    /// The directive of that name, whatever its case.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "server" | "pool" | "peer" => Self::Source,
            "refclock" => Self::ReferenceClock,
            "leapsectz" | "leapseclist" => Self::LeapTable,
            "makestep" => Self::MakeStep,
            "initstepslew" => Self::InitialStep,
            "rtcsync" => Self::RtcSync,
            "rtcfile" => Self::RtcFile,
            "local" => Self::Local,
            "allow" => Self::Allow,
            "port" => Self::Port,
            "include" => Self::Include,
            "confdir" => Self::ConfDir,
            "sourcedir" => Self::SourceDir,
            _ => return None,
        })
    }
}

impl Line {
    /// A line of this text and this end; neither the text nor the end is looked at.
    pub fn new(text: impl AsRef<[u8]>, end: &[u8]) -> Self {
        Self([text.as_ref(), end].concat())
    }

    /// All of it, its end included.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its end: `\r\n`, `\n`, or nothing where it is the last one and has none.
    pub fn end(&self) -> &'static [u8] {
        if self.0.ends_with(b"\r\n") {
            b"\r\n"
        } else if self.0.ends_with(b"\n") {
            b"\n"
        } else {
            b""
        }
    }

    /// The line without its end.
    pub fn text(&self) -> &[u8] {
        self.0.get(..self.0.len() - self.end().len()).unwrap_or_default()
    }

    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        self.read().iter().find(|byte| !is_space(**byte)).is_some_and(|byte| COMMENT.contains(byte))
    }

    /// Its words, the directive first; none for a comment and for an empty line. What is no UTF-8 is replaced.
    pub fn words(&self) -> Vec<String> {
        if self.is_comment() {
            return Vec::new();
        }
        let words = self.read().split(|byte| is_space(*byte)).filter(|word| !word.is_empty());
        words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    /// Which directive it is, where it is one that the edit knows.
    pub fn directive(&self) -> Option<Directive> {
        Directive::of(self.words().first()?)
    }

    /// Whether chronyd takes both for the same: the same words, the directive in any case.
    pub fn says_the_same_as(&self, other: &str) -> bool {
        let other = Self::new(other, b"");
        let (mine, others) = (self.words(), other.words());
        match (mine.split_first(), others.split_first()) {
            (Some((mine, rest)), Some((other, others))) => mine.eq_ignore_ascii_case(other) && rest == others,
            _ => false,
        }
    }

    /// What of it chronyd reads: its strings end at a NUL.
    fn read(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// The space of C: that of ASCII and the vertical tab.
pub(super) fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// A file as its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(Vec<Line>);

impl Lines {
    /// Takes the bytes of a file apart; any bytes are lines.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(bytes.split_inclusive(|byte| *byte == b'\n').map(|line| Line(line.to_vec())).collect())
    }

    /// The file of these lines.
    pub fn of(lines: Vec<Line>) -> Self {
        Self(lines)
    }

    /// The bytes of the file: those that it was read from.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|line| line.0.iter().copied()).collect()
    }

    /// Its lines, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Line> {
        self.0.iter()
    }

    /// How its lines end: as the first one that has an end; `\n` where none has.
    pub fn line_end(&self) -> &'static [u8] {
        self.0.iter().map(Line::end).find(|end| !end.is_empty()).unwrap_or(b"\n")
    }
}

impl<'lines> IntoIterator for &'lines Lines {
    type Item = &'lines Line;
    type IntoIter = std::slice::Iter<'lines, Line>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_chronyd_reads_them() {
        let check = |line: &[u8], expected: Option<Directive>, words: usize| {
            let line = Line(line.to_vec());
            assert_eq!((line.directive(), line.words().len()), (expected, words), "{line:?}");
        };
        check(b"server a.example iburst\n", Some(Directive::Source), 3);
        check(b" \t\x0bPool\x0cb.example\r\n", Some(Directive::Source), 2);
        check(b"SERVER a # no comment", Some(Directive::Source), 5);
        for mark in ["!", ";", "#", "%"] {
            check(format!("  {mark}server a").as_bytes(), None, 0);
        }
        check(b"\n", None, 0);
        check(b"servers a\n", None, 2);
        check(b"server a\0b\n", Some(Directive::Source), 2);
        check(b"\xef\xbb\xbfserver a\n", None, 2);
        check(b"leapSecTZ right/UTC\n", Some(Directive::LeapTable), 2);
    }

    #[test]
    fn the_same_is_told_from_what_differs() {
        let line = Line::new("  Server  169.254.169.123\tprefer iburst", b"\r\n");
        assert!(line.says_the_same_as("server 169.254.169.123 prefer iburst"));
        assert!(!line.says_the_same_as("server 169.254.169.123 iburst prefer"));
        assert!(!line.says_the_same_as("server 169.254.169.123 prefer"));
        assert!(!Line::new("# server a", b"").says_the_same_as("# server a"));
    }

    #[test]
    fn ends_are_those_of_the_file() {
        let check = |bytes: &[u8], end: &[u8], count: usize| {
            let lines = Lines::parse(bytes);
            assert_eq!((lines.line_end(), lines.iter().count()), (end, count), "{bytes:?}");
            assert_eq!(lines.to_bytes(), bytes);
        };
        check(b"", b"\n", 0);
        check(b"a", b"\n", 1);
        check(b"a\r", b"\n", 1);
        check(b"a\r\nb\n", b"\r\n", 2);
        check(b"\n\r\n", b"\n", 2);
    }
}

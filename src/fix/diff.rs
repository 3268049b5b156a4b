//! What changes in files: unified diffs, and which hosts have the same ones.

use indexmap::IndexMap;
use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

/// How many unchanged lines are shown around those that change.
const CONTEXT: usize = 3;

/// What changes in one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileDiff {
    /// The file on the host; remote text, not escaped.
    pub path: String,
    /// The places where it changes, in their order.
    pub hunks: Vec<Hunk>,
}

/// One place where a file changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hunk {
    /// Its first line before, from 1, and how many lines it has; as unified diffs count, an empty one is after its line.
    pub before: (usize, usize),
    /// The same afterwards.
    pub after: (usize, usize),
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DiffLine {
    /// What becomes of it.
    pub fate: Fate,
    /// The line without its `\n`; what is no UTF-8 is replaced. Remote text, not escaped.
    pub text: String,
    /// Whether it ends with one.
    pub is_ended: bool,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It stays.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

impl Fate {
    /// The character that begins its line.
    pub fn sign(self) -> char {
        match self {
            Self::Kept => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// What changes from one text to another; `None` where nothing does.
pub fn diff(path: &str, before: &[u8], after: &[u8]) -> Option<FileDiff> {
    let lines = |bytes| <[u8]>::split_inclusive(bytes, |byte| *byte == b'\n').collect::<Vec<_>>();
    let (before, after) = (lines(before), lines(after));
    let changes = capture_diff_slices(Algorithm::Myers, &before, &after);
    let mut hunks = Vec::new();
    for group in group_diff_ops(changes, CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (old, new) = (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let mut shown = Vec::new();
        for change in &group {
            let (tag, old, new) = change.as_tag_tuple();
            if tag == DiffTag::Equal {
                shown.extend(before.get(old).into_iter().flatten().map(|line| shown_line(Fate::Kept, line)));
            } else {
                shown.extend(before.get(old).into_iter().flatten().map(|line| shown_line(Fate::Removed, line)));
                shown.extend(after.get(new).into_iter().flatten().map(|line| shown_line(Fate::Added, line)));
            }
        }
        let counted = |range: &std::ops::Range<usize>| (range.start + usize::from(!range.is_empty()), range.len());
        hunks.push(Hunk { before: counted(&old), after: counted(&new), lines: shown });
    }
    (!hunks.is_empty()).then(|| FileDiff { path: path.to_owned(), hunks })
}

fn shown_line(fate: Fate, line: &[u8]) -> DiffLine {
    let text = line.strip_suffix(b"\n");
    DiffLine { fate, text: String::from_utf8_lossy(text.unwrap_or(line)).into_owned(), is_ended: text.is_some() }
}

/// Hosts whose files change in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// Their names, in the order in which they were given.
    pub hosts: Vec<String>,
    /// What changes there.
    pub diffs: Vec<FileDiff>,
}

/// Puts hosts with equal diffs together, in the order of the first of each; hosts without a diff are left out.
pub fn fold<'host>(hosts: impl IntoIterator<Item = (&'host str, Vec<FileDiff>)>) -> Vec<Folded> {
    let mut folded: IndexMap<Vec<FileDiff>, Vec<String>> = IndexMap::new();
    for (host, diffs) in hosts {
        if !diffs.is_empty() {
            folded.entry(diffs).or_default().push(host.to_owned());
        }
    }
    folded.into_iter().map(|(diffs, hosts)| Folded { hosts, diffs }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(diff: &FileDiff) -> String {
        let line = |line: &DiffLine| {
            [line.fate.sign().to_string().as_str(), line.text.as_str(), if line.is_ended { "\n" } else { "<\n" }]
                .concat()
        };
        let hunk = |hunk: &Hunk| {
            let head = format!("@@ -{},{} +{},{} @@\n", hunk.before.0, hunk.before.1, hunk.after.0, hunk.after.1);
            head + &hunk.lines.iter().map(line).collect::<Vec<_>>().concat()
        };
        diff.hunks.iter().map(hunk).collect::<Vec<_>>().concat()
    }

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        let check = |before: &str, after: &str, expected: &str| {
            let found = diff("/a", before.as_bytes(), after.as_bytes());
            assert_eq!(found.as_ref().map(text).unwrap_or_default(), expected, "{before:?} {after:?}");
        };
        check("a\nb\n", "a\nb\n", "");
        check("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
        check("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
        check("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n", "@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+five\n 6\n");
        check("a\nb", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n-b<\n+b\n+c\n");
        check("a\r\n", "b\r\n", "@@ -1,1 +1,1 @@\n-a\r\n+b\r\n");
    }

    #[test]
    fn equal_diffs_are_shown_once() {
        let change = |after: &str| diff("/a", b"x\n", after.as_bytes()).into_iter().collect::<Vec<_>>();
        let hosts = [("a", change("1\n")), ("b", change("2\n")), ("c", Vec::new()), ("d", change("1\n"))];
        let folded = fold(hosts);
        let names: Vec<_> = folded.iter().map(|one| one.hosts.join(" ")).collect();
        assert_eq!(names, ["a d", "b"]);
        assert_eq!(folded[0].diffs, change("1\n"));
    }
}

//! What changes in files, as text for people: unified diffs, hosts with equal ones together.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::escape::{escaped, visible};
use super::fix::names::{Names, counted};
use super::paragraph::paragraph;
use crate::fix::diff::{FileDiff, Folded};

/// Writes diffs as `diff -u` does, each under the names of its hosts, which are set so wide. Lines of files are never cut: what is
/// written to a host was shown. What hosts sent is made harmless. The text carries colour.
pub(super) fn diffs(folded: &[Folded], names: Names, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for Folded { hosts, diffs } in folded {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        lines.extend(paragraph("", &counted(&hosts, names), 0, width));
        lines.extend(diffs.iter().flat_map(|diff| shown(&unified(diff))));
    }
    lines
}

/// The text of `diff -u`; lines of files stand in it as hosts sent them.
pub(super) fn unified(diff: &FileDiff) -> String {
    let path = escaped(&diff.path);
    let mut text = format!("--- {path}\n+++ {path}\n");
    for hunk in &diff.hunks {
        let range = |(start, length): (usize, usize)| {
            if length == 1 { start.to_string() } else { format!("{start},{length}") }
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "@@ -{} +{} @@", range(hunk.before), range(hunk.after));
        for line in &hunk.lines {
            let _ = writeln!(text, "{}{}", line.fate.sign(), line.text);
            if !line.is_ended {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// The lines of a unified diff, coloured and made harmless.
pub(super) fn shown(unified: &str) -> Vec<String> {
    let shown = |(index, line): (usize, &str)| {
        let style = match line.chars().next() {
            // The first two name the file.
            Some('+') if index > 1 => AnsiColor::Green.on_default(),
            Some('-') if index > 1 => AnsiColor::Red.on_default(),
            Some('@') => AnsiColor::Cyan.on_default(),
            _ => Style::new(),
        };
        format!("{style}{}{style:#}", visible(line))
    };
    let text = unified.strip_suffix('\n').unwrap_or(unified);
    text.split('\n').enumerate().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::diff::{diff, fold as fold_diffs};

    #[test]
    fn equal_diffs_are_shown_once_and_act_on_no_terminal() {
        let change =
            |before: &str| diff("/etc/chrony.conf", before.as_bytes(), b"server b\nrtcsync\n").into_iter().collect();
        let hosts = [
            ("web1", change("pool a\nrtcsync")),
            ("db", change("\u{1b}[2J\r\nrtcsync\n")),
            ("web2", change("pool a\nrtcsync")),
        ];
        let expected = "2 hosts: web[1-2]\n--- /etc/chrony.conf\n+++ /etc/chrony.conf\n@@ -1,2 +1,2 @@\n-pool a\n-rtcsync\n\
                        \\ No newline at end of file\n+server b\n+rtcsync\n\
                        \ndb\n--- /etc/chrony.conf\n+++ /etc/chrony.conf\n@@ -1,2 +1,2 @@\n-\\x1b[2J\\r\n+server b\n rtcsync\n";
        let text = diffs(&fold_diffs(hosts), Names::Some, 100).join("\n") + "\n";
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
        assert!(text.contains("\n\u{1b}[31m-pool a\u{1b}[0m\n"), "{text:?}");
        assert!(text.contains("\n\u{1b}[32m+server b\u{1b}[0m\n rtcsync\n"), "{text:?}");
    }
}

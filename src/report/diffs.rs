//! What changes in files, as text for people: unified diffs, hosts with equal ones together.

use std::fmt::Write as _;

use super::escape::{escaped, visible};
use crate::fix::diff::{FileDiff, Folded};
use crate::inventory::folding::fold;

/// Writes diffs as `diff -u` does, each under the names of its hosts. What hosts sent is made harmless.
pub fn diffs(folded: &[Folded]) -> String {
    let mut text = String::new();
    for Folded { hosts, diffs } in folded {
        let names: Vec<String> = hosts.iter().map(|host| escaped(host)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let count = if hosts.len() == 1 { String::new() } else { format!("{} hosts: ", hosts.len()) };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{count}{}", fold(&names));
        for diff in diffs {
            push(&mut text, diff);
        }
    }
    text
}

fn push(text: &mut String, diff: &FileDiff) {
    let path = escaped(&diff.path);
    let _ = writeln!(text, "--- {path}\n+++ {path}");
    for hunk in &diff.hunks {
        let range = |(start, length): (usize, usize)| {
            if length == 1 { start.to_string() } else { format!("{start},{length}") }
        };
        let _ = writeln!(text, "@@ -{} +{} @@", range(hunk.before), range(hunk.after));
        for line in &hunk.lines {
            let _ = writeln!(text, "{}{}", line.fate.sign(), visible(&line.text));
            if !line.is_ended {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
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
                        db\n--- /etc/chrony.conf\n+++ /etc/chrony.conf\n@@ -1,2 +1,2 @@\n-\\x1b[2J\\r\n+server b\n rtcsync\n";
        assert_eq!(diffs(&fold_diffs(hosts)), expected);
    }
}

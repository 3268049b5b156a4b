//! What is said of a fix that is ended at once, with hosts between old and new: nothing is left of it but its journal.

use super::names::{Names, counted};
use crate::report::escape::{escaped, shell_word};

/// What is said of a run that was ended at once while these hosts were being changed: what is the case, and what to do.
pub fn last_words(run: &str, between: &[&str]) -> (String, String) {
    let undo = format!("`clockaudit rollback {}`", shell_word(run));
    let run = escaped(run);
    if between.is_empty() {
        return (format!("run {run} was ended at once; no host is between old and new"), format!("{undo} undoes it"));
    }
    let hosts = counted(between, Names::Some);
    let (are, their) = if between.len() == 1 { ("is", "its guard puts") } else { ("are", "their guards put") };
    let what = format!(
        "run {run} was ended at once, and between old and new {are} {hosts}: {their} the old files back within two minutes, as nothing \
         more is heard from here"
    );
    (what, format!("after that, {undo} undoes what else the run has done, and tells of each host how it is"))
}

/// What is said of a rollback of the run `of` that was ended at once while hosts were being put back: what is the case, and what to
/// do. To what their guards go depends on the host: back to what this rollback found, or on with a run that had ended in between.
pub fn last_words_of_rollback(of: &str, hosts: &[&str]) -> (String, String) {
    let hosts = counted(hosts, Names::Some);
    let what = format!(
        "the rollback of {} was ended at once while it worked on {hosts}: where files are between two states their guards end that \
         by themselves",
        escaped(of)
    );
    (what, format!("after that, `clockaudit rollback {}` goes on, and tells of each host how it is", shell_word(of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_ended_at_once_tells_which_hosts_are_between() {
        let check = |between: &[&str], expected: [&str; 2]| {
            let (what, hint) = last_words("20261124T160000Z-0001", between);
            assert!(what.starts_with("run 20261124T160000Z-0001 was ended at once"), "{what}");
            assert!(what.contains(expected[0]) && hint.contains(expected[1]), "{what} {hint}");
            assert!(hint.contains("`clockaudit rollback 20261124T160000Z-0001`"), "{hint}");
        };
        check(&[], ["no host is between old and new", "undoes it"]);
        check(&["a"], ["old and new is a: its guard puts the old files back within two minutes", "after that"]);
        check(&["a", "b"], ["old and new are 2 hosts: a, b: their guards put", "after that"]);
    }

    #[test]
    fn a_rollback_that_is_ended_at_once_tells_how_to_go_on() {
        let (what, hint) = last_words_of_rollback("20261124T160000Z-0001", &["a", "b"]);
        assert!(
            what.contains("rollback of 20261124T160000Z-0001 was ended at once while it worked on 2 hosts: a, b: "),
            "{what}"
        );
        assert!(hint.contains("`clockaudit rollback 20261124T160000Z-0001` goes on"), "{hint}");
    }
}

//! The script's text, and the command that starts the shell which reads it.
//!
//! It travels on standard input, so that nothing of it stands in anybody's list of processes; the shell that is to read it
//! says first that it is there ([`SHELL_GREETING`]), because until then it may be sudo that reads. The script says that it
//! is whole ([`SCRIPT_GREETING`]) before requests may follow: some shells read their script in blocks.
//!
//! Its functions are held in a variable, too: the guard that puts old files back runs them from a file of its own, which
//! outlives the session.

/// What starts the shell: a program and its words, each of which any login shell passes unchanged.
pub const START: &str = "/bin/sh -c 'echo;echo CKF1 shell;exec /bin/sh -s'";

/// The line by which the shell says that it reads the script; whatever comes before is noise.
pub const SHELL_GREETING: &str = "CKF1 shell";

/// How the line begins by which the script says that it reads requests; the user's number follows.
pub const SCRIPT_GREETING: &str = "script ";

/// The parts, of which each uses those before it.
const LIBRARY: [&str; 7] = [
    include_str!("base.sh"),
    include_str!("survey.sh"),
    include_str!("check.sh"),
    include_str!("lock.sh"),
    include_str!("install.sh"),
    include_str!("guard.sh"),
    include_str!("apply.sh"),
];

/// The loop that reads requests: it is in no file that stays on a host.
const LOOP: &str = include_str!("main.sh");

/// The script, to be written to the shell once it has greeted.
pub fn script() -> String {
    let library = LIBRARY.map(without_comments).concat();
    let quoted = library.replace('\'', r"'\''");
    format!("exec 2>/dev/null\nlibrary='{quoted}'\neval \"$library\"\n{}", without_comments(LOOP))
}

/// What a shell needs of a part: hosts far away need not wait for what is written for people.
fn without_comments(part: &str) -> String {
    let lines = part.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_text_of_bounded_size_in_short_lines() {
        let script = script();
        assert!(script.len() < 42 * 1024, "{} bytes", script.len());
        assert!(script.bytes().all(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~')));
        assert!(script.lines().all(|line| line.len() <= 200));
        let (_, last) = script.rsplit_once("\n{\n").expect("a last part");
        assert!(
            last.trim_start().starts_with("begin none\n  say \"script ") && last.ends_with("  done\n}\n"),
            "what says that requests may follow is of one piece with what reads them, and nothing follows it: some shells would \
             read the first request with it: {last}"
        );
    }

    #[test]
    fn no_part_uses_what_some_shells_write_to_files() {
        for (number, part) in LIBRARY.iter().chain([&LOOP]).enumerate() {
            assert!(!part.contains("<<"), "part {number} has a here-document");
        }
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod shell;

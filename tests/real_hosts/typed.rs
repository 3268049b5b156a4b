//! The program at a terminal: what it asks is answered once it has asked.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// What came of it.
pub(crate) struct Typed {
    /// The exit status.
    pub(crate) status: Option<i32>,
    /// Whatever the terminal showed.
    pub(crate) shown: String,
}

/// Runs `clockaudit` with these arguments at a terminal of its own, and types an answer to each question in turn.
pub(crate) fn at_a_terminal(arguments: &[&str], answers: &[(&str, &str)]) -> Typed {
    let words: Vec<String> = std::iter::once(env!("CARGO_BIN_EXE_clockaudit"))
        .chain(arguments.iter().copied())
        .map(|word| format!("'{word}'"))
        .collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--flush", "--echo", "never", "--command", &words.join(" "), "/dev/null"]);
    script.env_remove("SSH_AUTH_SOCK").env_remove("ANSIBLE_INVENTORY");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script of bsdutils");
    let mut keyboard = child.stdin.take().expect("a keyboard");
    let mut screen = child.stdout.take().expect("a screen");
    let (mut shown, mut from) = (Vec::new(), 0);
    let mut answers = answers.iter();
    let mut next = answers.next();
    let mut chunk = [0_u8; 4096];
    while let Ok(length @ 1..) = screen.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..length]);
        let new = String::from_utf8_lossy(&shown[from..]).into_owned();
        // A question ends where the cursor waits.
        if let Some((question, answer)) = next
            && new.contains(question)
            && new.ends_with(": ")
        {
            keyboard.write_all(format!("{answer}\n").as_bytes()).expect("a keyboard that is read");
            from = shown.len();
            next = answers.next();
        }
    }
    let status = child.wait().expect("the end of script").code();
    Typed { status, shown: String::from_utf8_lossy(&shown).into_owned() }
}

//! A question at a real terminal: whatever ends the program meanwhile, its user sees again what they type.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

/// What a terminal does with what is typed: shows it, takes it line by line, makes signals of it.
const USUAL: LocalFlags = LocalFlags::ECHO.union(LocalFlags::ICANON).union(LocalFlags::ISIG);

/// Has the program ask for a password at a terminal of its own, does something to it, and gives its end and the terminal's modes.
fn asked(act: impl FnOnce(&Child, &mut File)) -> (ExitStatus, LocalFlags) {
    let pty = openpty(None, None).unwrap();
    let (mut keyboard, terminal) = (File::from(pty.master), File::from(pty.slave));
    let modes = || tcgetattr(&terminal).unwrap().local_flags;
    assert!(modes().contains(USUAL), "{:?}", modes());
    let home = tempfile::tempdir().unwrap();
    let mut program = Command::new("setsid");
    program.args(["--ctty", env!("CARGO_BIN_EXE_clockaudit"), "scan", "127.0.0.1,", "-k", "--no-state", "-F", "none"]);
    program.env("HOME", home.path()).current_dir(home.path());
    program.stdin(terminal.try_clone().unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = program.spawn().unwrap();
    let (mut shown, mut chunk) = (Vec::new(), [0; 64]);
    while !String::from_utf8_lossy(&shown).contains("SSH password: ") {
        let length = keyboard.read(&mut chunk).unwrap();
        shown.extend_from_slice(&chunk[..length]);
    }
    // The question is shown before what is typed is hidden.
    while modes().contains(LocalFlags::ECHO) {
        std::thread::yield_now();
    }
    act(&child, &mut keyboard);
    (child.wait().unwrap(), modes())
}

#[test]
fn the_terminal_is_given_back_whatever_ends_a_question() {
    let signal = |signal: Signal| {
        move |child: &Child, _: &mut File| kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap()
    };
    for (ended, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let (status, modes) = asked(signal(ended));
        assert_eq!(status.code(), Some(code), "{ended}");
        assert!(modes.contains(USUAL), "{ended}: {modes:?}");
    }
    let (status, modes) = asked(|_, keyboard| keyboard.write_all(b"secr\x03").unwrap());
    assert_eq!(status.code(), Some(130));
    assert!(modes.contains(USUAL), "{modes:?}");
}

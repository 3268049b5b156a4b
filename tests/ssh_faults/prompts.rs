//! A question at a real terminal: whatever ends the program meanwhile, its user sees again what they type.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::{Pid, tcgetpgrp};

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

/// Has a program that prints the password of a vault ask for a PIN at the terminal, which it hides; types, and gives the end, what it
/// read, and the terminal's modes.
fn pin(typed: &[u8]) -> (ExitStatus, Option<String>, LocalFlags) {
    let asks = "#!/bin/sh\nstty -echo </dev/tty\nprintf 'PIN: ' >/dev/tty\nread pin </dev/tty || exit 1\nprintf %s \"$pin\" >read\necho secret\n";
    asked_by(asks, |_, keyboard| keyboard.write_all(typed).unwrap())
}

/// The same with a program that writes `PIN: ` to the terminal, and something that is done then.
fn asked_by(text: &str, act: impl FnOnce(&Child, &mut File)) -> (ExitStatus, Option<String>, LocalFlags) {
    let pty = openpty(None, None).unwrap();
    let (mut keyboard, terminal) = (File::from(pty.master), File::from(pty.slave));
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("password");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let mut clockaudit = Command::new("setsid");
    clockaudit.args(["--ctty", env!("CARGO_BIN_EXE_clockaudit"), "inventory", "h1,", "--list"]);
    clockaudit.args(["--vault-password-file", "password"]).env("HOME", folder.path()).current_dir(folder.path());
    clockaudit.stdin(terminal.try_clone().unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = clockaudit.spawn().unwrap();
    let (mut shown, mut chunk) = (Vec::new(), [0; 64]);
    while !String::from_utf8_lossy(&shown).contains("PIN: ") {
        let length = keyboard.read(&mut chunk).unwrap();
        shown.extend_from_slice(&chunk[..length]);
    }
    act(&child, &mut keyboard);
    let status = child.wait().unwrap();
    let modes = tcgetattr(&terminal).unwrap().local_flags;
    (status, fs::read_to_string(folder.path().join("read")).ok(), modes)
}

#[test]
fn a_password_program_may_ask_at_the_terminal() {
    let (status, read, modes) = pin(b"1234\n");
    assert_eq!((status.code(), read.as_deref()), (Some(0), Some("1234")));
    assert!(modes.contains(USUAL), "{modes:?}");
    let (status, read, modes) = pin(b"12\x03");
    assert_eq!((status.code(), read), (Some(130), None));
    assert!(modes.contains(USUAL), "what it hid stays hidden: {modes:?}");
}

#[test]
fn a_password_program_that_is_stopped_goes_on() {
    let (status, read, modes) = pin(b"12\x1a34\n");
    assert_eq!((status.code(), read.as_deref()), (Some(0), Some("34")));
    assert!(modes.contains(USUAL), "{modes:?}");
}

#[test]
fn what_a_password_program_leaves_behind_keeps_no_terminal() {
    let leaves = "#!/bin/sh\nsleep 1000 &\nprintf 'PIN: ' >/dev/tty\necho secret\n";
    let (status, _, modes) = asked_by(leaves, |child, keyboard| {
        let own = Pid::from_raw(child.id().try_into().unwrap());
        while tcgetpgrp(&*keyboard).unwrap() != own {
            std::thread::yield_now();
        }
        keyboard.write_all(b"\x03").unwrap();
    });
    assert_eq!(status.code(), Some(130));
    assert!(modes.contains(USUAL), "{modes:?}");
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

#[test]
fn a_script_that_asks_at_the_terminal_fails_instead_of_being_stopped() {
    let pty = openpty(None, None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("inv");
    fs::write(&script, "#!/bin/sh\nread answer </dev/tty || exit 3\necho '{}'\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let mut clockaudit = Command::new("setsid");
    clockaudit.args(["--ctty", env!("CARGO_BIN_EXE_clockaudit"), "inventory", "./inv", "--list"]);
    clockaudit.env("HOME", folder.path()).current_dir(folder.path());
    let output = clockaudit.stdin(pty.slave).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(said.contains("ended with exit code 3") && said.contains("/dev/tty"), "{said}");
}

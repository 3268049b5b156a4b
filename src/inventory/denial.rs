//! Why a method made no other user of a login: which of the lines that were heard say so, and what they mean.

use super::elevation::{Elevation, ElevationMethod, names_a_password};

/// Why nobody else was become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denied {
    /// A password is wanted, and none was given.
    NoPassword,
    /// The password that was given was not taken.
    WrongPassword,
    /// It is not allowed, whatever the password.
    Forbidden,
    /// The program that does it is not there, or may not be run.
    Missing,
    /// Another cause, which the method names: a user that does not exist, an option that it does not know.
    Failed,
}

/// What sudo says without asking where it may not ask (`-n`), and where a password was not taken, in the words of its sources
/// (`plugins/sudoers`); in other languages the word for a password tells as much.
const SUDO_WANTS_ONE: &str = "a password is required";
const SUDO_TOOK_NONE: [&str; 2] = ["incorrect password attempt", "no password was provided"];
/// What it says whatever the password.
const SUDO_FORBIDS: [&str; 4] = ["not in the sudoers", "is not allowed to", "may not run sudo", "must have a tty"];
/// What the several programs of the name su say where it is not the password, and not a right that is missing.
const SU_CANNOT: [&str; 7] = [
    "does not exist",
    "o passwd entry",
    "unknown user",
    "nrecognized option",
    "nvalid option",
    "option requires",
    "failed to execute",
];
/// What they say whatever the password. A shell that only says so and ends (`nologin`) is one way to forbid it.
const SU_FORBIDS: [&str; 2] = ["Permission denied", "currently not available"];
/// What they say of a password, and where there is none that could be asked for.
const SU_TOOK_NONE: &str = "uthentication failure";

/// Exit statuses by which shells say that a program is not there, or not to be run; and their words, where the status is not heard
/// or, as csh has it, is another one.
const NO_PROGRAM: [u32; 2] = [126, 127];
const NO_PROGRAM_WORDS: [&str; 5] = ["not found", "o such file", "nknown command", "ermission denied", "annot execute"];

/// The lines that are told of one ending.
const MOST_LINES: usize = 3;

/// The lines that say why the method ended, of all that was said: its own, which begin with its name, and what it said last; where it
/// said nothing itself, what a shell says of it. No warning, lecture or list of options that surrounds them.
pub(super) fn reason(elevation: &Elevation, said: &str) -> Option<String> {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    // What follows is how it is called.
    let lines: Vec<&str> = lines.take_while(|line| !line.to_lowercase().starts_with("usage:")).collect();
    let own: Vec<&str> = lines.iter().copied().filter(|line| is_own(elevation, line)).collect();
    if own.is_empty() {
        let program = elevation.program();
        let of_program = lines.iter().find(|line| line.contains(&program));
        return of_program.or_else(|| lines.last()).map(|line| (*line).to_owned());
    }
    let last = lines.last().filter(|line| !is_own(elevation, line) && !line.starts_with("Try "));
    let told: Vec<&str> = own.iter().rev().take(MOST_LINES).rev().chain(last).copied().collect();
    Some(told.join("; "))
}

/// Whether a line is said by the method's program itself.
fn is_own(elevation: &Elevation, line: &str) -> bool {
    let program = elevation.program();
    let name = program.rsplit('/').next().unwrap_or(&program);
    [name, elevation.method.name()]
        .iter()
        .any(|name| line.strip_prefix(*name).is_some_and(|rest| rest.starts_with(": ")))
        && !is_of_csh(&program, line)
}

/// Whether a line is what csh says of a program that is not there, which looks as if the program said it.
fn is_of_csh(program: &str, line: &str) -> bool {
    line.strip_prefix(program) == Some(": Command not found.")
}

impl Denied {
    /// Why a method ended without having made another user of the login, by its reason and the status that it ended with, where
    /// that was heard; `is_answered` = the password was asked for and given.
    pub fn by_reason(elevation: &Elevation, reason: &str, status: Option<u32>, is_answered: bool) -> Self {
        let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        if lacks_program(elevation, reason, status) {
            return Self::Missing;
        }
        match elevation.method {
            ElevationMethod::Sudo if says(&SUDO_FORBIDS) => Self::Forbidden,
            ElevationMethod::Sudo if says(&SUDO_TOOK_NONE) => Self::WrongPassword,
            ElevationMethod::Sudo if says(&[SUDO_WANTS_ONE]) => Self::NoPassword,
            ElevationMethod::Sudo if names_a_password(reason) && is_answered => Self::WrongPassword,
            ElevationMethod::Sudo if names_a_password(reason) => Self::NoPassword,
            ElevationMethod::Su if says(&SU_CANNOT) => Self::Failed,
            ElevationMethod::Su if says(&SU_FORBIDS) => Self::Forbidden,
            // In other languages too it says no more than that it failed.
            ElevationMethod::Su if is_answered => Self::WrongPassword,
            ElevationMethod::Su if says(&[SU_TOOK_NONE]) => Self::Forbidden,
            ElevationMethod::Sudo | ElevationMethod::Su => Self::Failed,
        }
    }
}

/// Whether the shell of the login says that it cannot run the program, which says nothing itself then.
fn lacks_program(elevation: &Elevation, reason: &str, status: Option<u32>) -> bool {
    if is_own(elevation, reason) {
        return false;
    }
    let names_it = reason.contains(&elevation.program());
    status.is_some_and(|status| NO_PROGRAM.contains(&status))
        || (names_it && NO_PROGRAM_WORDS.iter().any(|words| reason.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::elevation::Denied::{Failed, Forbidden, Missing, NoPassword, WrongPassword};
    use crate::inventory::elevation::ElevationMethod::{Su, Sudo};

    fn elevation(method: ElevationMethod, program: Option<&str>) -> Elevation {
        Elevation { method, user: "root".to_owned(), program: program.map(str::to_owned), flags: None, password: None }
    }

    #[test]
    fn what_is_said_last_tells_why_nobody_else_was_become() {
        let check = |method, line: &str, is_answered: bool, expected: Denied| {
            assert_eq!(Denied::by_reason(&elevation(method, None), line, Some(1), is_answered), expected, "{line}");
        };
        check(Sudo, "sudo: a password is required", false, NoPassword);
        check(Sudo, "sudo: Ein Passwort ist notwendig", false, NoPassword);
        check(Sudo, "sudo: 1 incorrect password attempt", true, WrongPassword);
        check(Sudo, "sudo: 1 falsche Passworteingabe", true, WrongPassword);
        check(Sudo, "audit is not in the sudoers file.", true, Forbidden);
        check(Sudo, "Sorry, user audit is not allowed to execute '/bin/sh' as root on h1.", false, Forbidden);
        check(Sudo, "sudo: sorry, you must have a tty to run sudo", false, Forbidden);
        check(Sudo, "sudo: unknown user nosuch; sudo: error initializing audit plugin sudoers_audit", false, Failed);
        check(Sudo, "sudo: unknown user nosuch; sudo: error initializing audit plugin sudoers_audit", true, Failed);
        check(Sudo, "sudo: invalid option -- 'Z'", false, Failed);
        check(Sudo, "sudo: /etc/sudo.conf is owned by uid 1000, should be 0", false, Failed);
        check(Sudo, "it said nothing", false, Failed);
        check(Su, "su: Authentication failure", true, WrongPassword);
        check(Su, "su: Fehler bei Authentifizierung", true, WrongPassword);
        check(Su, "su: Authentication failure", false, Forbidden);
        check(Su, "su: Permission denied", false, Forbidden);
        check(Su, "This account is currently not available.", false, Forbidden);
        let line = "su: user nosuch does not exist or the user entry does not contain all the required fields";
        check(Su, line, false, Failed);
        check(Su, "su: invalid option -- 'Q'", false, Failed);
        check(Su, "su: failed to execute /bin/none: No such file or directory", true, Failed);
    }

    #[test]
    fn a_program_that_is_missing_is_told_by_every_shell_in_its_own_way() {
        let check = |program: Option<&str>, line: &str, status: Option<u32>, is_missing: bool| {
            let found = Denied::by_reason(&elevation(Sudo, program), line, status, false);
            assert_eq!(found == Missing, is_missing, "{line}");
        };
        let own = Some("/opt/sudo -E");
        check(own, "bash: line 1: /opt/sudo: No such file or directory", Some(127), true);
        check(own, "sh: 1: exec: /opt/sudo: not found", None, true);
        check(own, "fish: Unknown command: /opt/sudo", Some(127), true);
        check(own, "/opt/sudo: Command not found.", Some(1), true);
        check(own, "sh: 1: exec: /opt/sudo: Permission denied", Some(126), true);
        check(None, "sudo: Command not found.", Some(1), true);
        check(None, "-sh: exec: line 0: sudo: nicht gefunden", Some(127), true);
        check(None, "sudo: /bin/sh: command not found", Some(1), false);
        check(None, "sudo: unable to execute /bin/sh: Permission denied", Some(126), false);
    }

    #[test]
    fn the_reason_is_found_among_all_that_is_said() {
        let check = |method, program: Option<&str>, said: &str, expected: Option<&str>| {
            assert_eq!(reason(&elevation(method, program), said).as_deref(), expected, "{said}");
        };
        check(
            Sudo,
            None,
            "sudo: unrecognized option '--bogus'\nusage: sudo -h | -K\n            [command [arg ...]]\n",
            Some("sudo: unrecognized option '--bogus'"),
        );
        check(
            Sudo,
            None,
            "Welcome.\nsudo: unable to resolve host h1: Name or service not known\naudit is not in the sudoers file.\n",
            Some("sudo: unable to resolve host h1: Name or service not known; audit is not in the sudoers file."),
        );
        check(
            Su,
            None,
            "su: invalid option -- 'Q'\nTry 'su --help' for more information.\n",
            Some("su: invalid option -- 'Q'"),
        );
        let fish = "fish: Unknown command: /opt/sudo\nfish: \nexec /opt/sudo -u root\n     ^~~~~~~~~^\n";
        check(Sudo, Some("/opt/sudo"), fish, Some("fish: Unknown command: /opt/sudo"));
        check(Sudo, None, "We trust you.\n\nSorry.\n", Some("Sorry."));
        check(Sudo, None, " \n", None);
        check(Sudo, None, &"sudo: a\n".repeat(9), Some("sudo: a; sudo: a; sudo: a"));
    }
}

//! Which hosts were not measured for one and the same reason, so that one line tells of them all.

use super::model::Error;
use crate::probe::{FailureCode, Stage};

/// The codes of becoming another user.
const BECOMING: [FailureCode; 2] = [FailureCode::BecomeMissing, FailureCode::BecomeFailed];
/// How many words of a program tell one complaint of it from another: names of hosts and users come later.
const MOST_WORDS: usize = 3;

/// What makes two failures of one code the same to act on: what kind of failure it is; of one that says no more than that there is one
/// (settings that make no sense), all that is said; of a login that was rejected, what was tried, what the server takes and what
/// stood in the way, but for names, paths and numbers that each host may have of its own; of becoming another user, how what was said
/// of it begins.
pub(in crate::report) fn likeness(error: &Error) -> String {
    if error.stage == Stage::Prepare.label() {
        return error.message.clone();
    }
    let is_own =
        |word: &&str| word.contains(['/', '"', '\'', '\\']) || word.contains(|letter: char| letter.is_ascii_digit());
    if BECOMING.iter().any(|code| code.label() == error.code) {
        let said = error.message.split_once(": ").map_or("", |(_, said)| said);
        let begins = said.split_whitespace().filter(|word| !is_own(word)).take(MOST_WORDS);
        return begins.chain([error.title.as_str()]).collect::<Vec<_>>().join(" ");
    }
    if !is_rejected_login(error) {
        return error.title.clone();
    }
    let words = without_user(&error.message).split_whitespace().filter(|word| !is_own(word));
    let singular = |word: &str| if word == "keys" { "key".to_owned() } else { word.to_owned() };
    words.map(singular).chain([error.title.clone()]).collect::<Vec<_>>().join(" ")
}

/// Why a host was not measured, in a few words that tell its cause from others of its code.
pub(in crate::report) fn in_words(error: &Error) -> String {
    match error.title.as_str() {
        "" => error.message.clone(),
        title if is_rejected_login(error) => {
            let parts: Vec<&str> = without_user(&error.message).split("; ").take(2).collect();
            format!("{title} ({})", parts.join("; "))
        }
        title => format!("{title} ({})", error.stage),
    }
}

fn is_rejected_login(error: &Error) -> bool {
    error.code == FailureCode::AuthenticationRejected.label() && !error.title.is_empty()
}

/// What is said of a login, but for whose it was.
fn without_user(message: &str) -> &str {
    let rest = message.strip_prefix("as ").and_then(|rest| rest.split_once(": "));
    rest.map_or(message, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, title: &str, stage: &str, message: &str) -> Error {
        let [code, stage, title, message] = [code, stage, title, message].map(str::to_owned);
        Error { code, stage, title, message }
    }

    #[test]
    fn logins_that_are_rejected_for_one_reason_are_alike() {
        let check = |one: &str, other: &str, is_alike: bool| {
            let [one, other] = [one, other].map(|message| error("SSH905", "login rejected", "login", message));
            assert_eq!(likeness(&one) == likeness(&other), is_alike, "{one:?} {other:?}");
        };
        let key = "as ops: 1 key refused; server accepts publickey";
        check(key, "as root: 3 keys refused; server accepts publickey", true);
        check(key, "as ops: 1 key refused; server accepts publickey, password", false);
        check(key, "as ops: no key to offer; server accepts publickey", false);
        let missing = |path: &str| format!("{key}; key file {path} does not exist");
        check(&missing("/keys/web1"), &missing("/keys/web2"), true);
        check(&missing("/keys/web1"), key, false);
    }

    #[test]
    fn other_failures_are_alike_by_what_kind_they_are() {
        let become_failed =
            |said: &str| error("SSH910", "become failed", "probe", &format!("sudo did not let the probe run: {said}"));
        let unknown = likeness(&become_failed("sudo: unknown user a"));
        assert_eq!(unknown, likeness(&become_failed("sudo: unknown user b")));
        for other in ["sudo: unrecognized option '--bogus'", "su: user b does not exist", "it said nothing"] {
            assert_ne!(unknown, likeness(&become_failed(other)), "{other}");
        }
        let become_failed = become_failed("sudo: unknown user a");
        let wrong = Error { title: "sudo password wrong".to_owned(), ..become_failed.clone() };
        assert_ne!(likeness(&become_failed), likeness(&wrong));
        let port = error("SSH912", "not attempted", "prepare", "ansible_port is no number");
        assert_ne!(likeness(&port), likeness(&Error { message: "a circle".to_owned(), ..port.clone() }));
    }

    #[test]
    fn a_rejected_login_is_told_with_what_was_tried() {
        let message = "as ops: 1 key refused; server accepts publickey; key file /k does not exist";
        let words = in_words(&error("SSH905", "login rejected", "login", message));
        assert_eq!(words, "login rejected (1 key refused; server accepts publickey)");
        assert_eq!(in_words(&error("SSH902", "refused", "connect", "x")), "refused (connect)");
        assert_eq!(in_words(&error("SSH902", "", "connect", "x")), "x");
    }
}

//! What it means that a session could not be opened: the cause, with what the host or the server said.

use std::time::Duration;

use super::algorithms;
use super::cell::HostCell;
use super::dial::seconds;
use super::handler::SessionEnd;
use super::settings::Proxy;
use super::transport::Complaint;
use super::wire::{Cut, WireShared};
use crate::inventory::command_secrets;
use crate::inventory::connection::HIDDEN;
use crate::inventory::elevation::{Denied, Elevation, ElevationMethod};
use crate::inventory::target::Target;
use crate::probe::{Failure, FailureCode, Stage};

/// A connection that a command makes and that ends before the server has identified itself is that command's failure, told with
/// what it said last.
pub(super) async fn behind(proxy: &Proxy, failure: Failure, complaint: Option<Complaint>) -> Failure {
    let Proxy::Command(command) = proxy else { return failure };
    if failure.stage != Stage::Banner {
        return failure;
    }
    let secrets = command_secrets::secrets(command);
    let line = match complaint {
        Some(complaint) => complaint.line().await,
        None => None,
    };
    // It may repeat its own password.
    let line = line.map(|line| secrets.iter().fold(line, |line, secret| line.replace(secret, HIDDEN)));
    let said = line.map(|line| format!("; it said: {line}")).unwrap_or_default();
    let detail = format!("ProxyCommand `{}`: {}{said}", command_secrets::masked(command), failure.detail);
    Failure { code: FailureCode::JumpHost, detail, ..failure }
}

/// Names the address that was looked up, where neither the host's own name, which is said anyway, nor the failure is it.
pub(super) fn with_address(failure: Failure, target: &Target) -> Failure {
    if target.address == target.name || names(&failure.detail, &target.address) {
        return failure;
    }
    Failure { detail: format!("{}: {}", target.address, failure.detail), ..failure }
}

/// Whether a text has the address in it, and not as a part of a longer one.
fn names(text: &str, address: &str) -> bool {
    let is_inside = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    text.match_indices(address).any(|(at, _)| {
        let (before, behind) = (text.get(..at), text.get(at + address.len()..));
        // A port, or the end of a sentence, may follow.
        let goes_on = behind.is_some_and(|behind| behind.starts_with(is_inside));
        !goes_on && !before.is_some_and(|before| before.ends_with(is_inside))
    })
}

pub(super) fn late(stage: Stage, limit: Duration, what: &str) -> Failure {
    Failure { code: FailureCode::Timeout, stage, detail: format!("{what} in {}", seconds(limit)) }
}

pub(super) fn no_shell(cell: &HostCell) -> Failure {
    let said = cell.first_noise().map(|line| format!("; it said: {line}")).unwrap_or_default();
    let detail = format!("neither the probe nor date ran: a forced command, or no shell{said}");
    Failure { code: FailureCode::NoShell, stage: Stage::Probe, detail }
}

/// The probe did not run because nobody else was become: another command, as who logged in, would be another answer than asked for.
pub(super) fn not_elevated(cell: &HostCell, elevation: &Elevation) -> Failure {
    if let Some(detail) = cell.lost_before_greeting() {
        return Failure { code: FailureCode::Dropped, stage: Stage::Probe, detail };
    }
    let said = cell.first_noise().unwrap_or_else(|| "it said nothing".to_owned());
    let why = Denied::by_reason(elevation, &said, cell.status(), cell.has_given_password());
    let Failure { code, stage, detail } = denied(elevation.method, why, Some(&said));
    let detail =
        if why == Denied::Missing { format!("`{}` cannot be run there: {said}", elevation.program()) } else { detail };
    Failure { code, stage, detail }
}

/// Nobody else was become, for that reason; `said` = what was said, where the method ended by itself.
pub(super) fn denied(method: ElevationMethod, why: Denied, said: Option<&str>) -> Failure {
    let code = match (method, why) {
        (ElevationMethod::Sudo, Denied::NoPassword) => FailureCode::SudoPassword,
        (ElevationMethod::Sudo, Denied::WrongPassword) => FailureCode::SudoPasswordWrong,
        (ElevationMethod::Sudo, Denied::Forbidden) => FailureCode::SudoForbidden,
        (ElevationMethod::Su, Denied::NoPassword) => FailureCode::SuPassword,
        (ElevationMethod::Su, Denied::WrongPassword) => FailureCode::SuPasswordWrong,
        (ElevationMethod::Su, Denied::Forbidden) => FailureCode::SuForbidden,
        (_, Denied::Missing) => FailureCode::BecomeMissing,
        (_, Denied::Failed) => FailureCode::BecomeFailed,
    };
    let method = method.name();
    let detail = match (why, said) {
        (_, Some(said)) => format!("{method} did not let the probe run: {said}"),
        (Denied::NoPassword, None) => format!("{method} asks for a password, and none was given"),
        (Denied::WrongPassword, None) => format!("{method} refused the password"),
        (Denied::Forbidden, None) => format!("{method} does not allow it"),
        (Denied::Missing, None) => format!("{method} cannot be run there"),
        (Denied::Failed, None) => format!("{method} failed"),
    };
    Failure { code, stage: Stage::Probe, detail }
}

/// What a server says that has refused as often as it cares to (`MaxAuthTries` of OpenSSH).
const TOO_MANY_TRIES: &str = "oo many authentication failures";

/// The connection ended while the server judged a login. One that takes its leave in words has refused it, and so has one that had
/// refused something before.
pub(super) fn login_ended(cell: &HostCell, wire: &WireShared, tried: &str, has_answered: bool) -> Failure {
    let (code, detail) = match cell.farewell() {
        Some(words) => {
            let is_one_too_many = words.contains(TOO_MANY_TRIES);
            let code = if is_one_too_many { FailureCode::LoginTries } else { FailureCode::AuthenticationRejected };
            (code, format!("{tried}; the server ended the login: {words}"))
        }
        None if has_answered => (FailureCode::AuthenticationRejected, format!("{tried}; {}", ended(wire))),
        None => (FailureCode::Dropped, ended(wire)),
    };
    Failure { code, stage: Stage::Authenticate, detail }
}

/// Why a connection ended, as far as this side knows.
pub(super) fn ended(wire: &WireShared) -> String {
    match wire.why_cut() {
        Some(Cut::TooMuchData) => "the host sent far more than was asked for".to_owned(),
        _ => "the server ended the connection".to_owned(),
    }
}

/// How far a handshake has come.
pub(super) fn handshake_stage(cell: &HostCell, wire: &WireShared) -> Stage {
    match (wire.identified(), cell.stage()) {
        (false, _) => Stage::Banner,
        (true, Stage::HostKey) => Stage::HostKey,
        (true, _) => Stage::KeyExchange,
    }
}

pub(super) fn greeting_of(wire: &WireShared) -> String {
    let greeting = wire.greeting();
    if wire.identified() || greeting.is_empty() { String::new() } else { format!(" (it said: {greeting})") }
}

pub(super) fn handshake_failure(end: &SessionEnd, cell: &HostCell, wire: &WireShared) -> Failure {
    let stage = handshake_stage(cell, wire);
    if wire.why_cut() == Some(Cut::TooMuchData) {
        return Failure { code: FailureCode::Dropped, stage, detail: ended(wire) };
    }
    let is_end = matches!(end, SessionEnd::Library(russh::Error::IO(_) | russh::Error::Disconnect | russh::Error::HUP));
    match (stage, end) {
        (Stage::Banner, _) if is_end => Failure {
            code: FailureCode::Throttled,
            stage,
            detail: format!("closed before its identification{}", greeting_of(wire)),
        },
        (_, SessionEnd::Library(russh::Error::NoCommonAlgo { kind, theirs, .. })) => Failure {
            code: FailureCode::Dropped,
            stage,
            detail: format!(
                "no common {kind:?} algorithm; the server has {}{}",
                theirs.join(","),
                algorithms::asked_for_by(kind)
            ),
        },
        _ => Failure { code: FailureCode::Dropped, stage, detail: format!("{end}{}", greeting_of(wire)) },
    }
}

pub(super) fn channel_failure(error: &russh::Error, wire: &WireShared) -> Failure {
    let stage = Stage::Channel;
    match error {
        russh::Error::ChannelOpenFailure(reason) => Failure {
            code: FailureCode::NoShell,
            stage,
            detail: format!("the server refuses a session channel ({reason:?})"),
        },
        _ => Failure { code: FailureCode::Dropped, stage, detail: ended(wire) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_once() {
        let check = |address: &str, detail: &str, is_added: bool| {
            let target = Target { name: "web".to_owned(), address: address.to_owned(), port: 22, ..Target::default() };
            let failure = Failure { code: FailureCode::Refused, stage: Stage::Connect, detail: detail.to_owned() };
            let expected = if is_added { format!("{address}: {detail}") } else { detail.to_owned() };
            assert_eq!(with_address(failure, &target).detail, expected);
        };
        check("web", "the look-up failed: no such name", false);
        check("web.example", "the look-up failed: no such name", true);
        check("web.example", "192.0.2.1:22: Connection refused", true);
        check("192.0.2.1", "192.0.2.1:22: Connection refused", false);
        check("2001:db8::1", "[2001:db8::1]:22: Connection refused", false);
        check("192.0.2.1", "no answer in 10.0 s (192.0.2.1:22)", false);
        check("192.0.2.1", "192.0.2.11:22: Connection refused", true);
        check("b.example", "gate cannot connect to db.example port 22 (ConnectFailed)", true);
        check("db.example", "gate cannot connect to db.example port 22 (ConnectFailed)", false);
        check("gate", "gate.example: no answer", true);
    }
}

//! What each finding means and what to do about it: the fixed half of its message.

use super::finding::Code;
use crate::probe::{FailureCode, Stage};

/// The meaning and the remedy of a code.
pub(super) fn of(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::BeyondCrit => (
            "tokens, leases and log lines of this host are wrong by that much",
            "run a timekeeper on it that may step (chrony: `makestep`), then scan again",
        ),
        Code::BeyondWarn => (
            "the clock leaves no room for the limit to hold",
            "see whether its timekeeper follows a good source, then scan again",
        ),
        Code::PairBeyondCrit => (
            "what one of the two signs or orders now, the other holds for future or stale, whoever is right",
            "fix the clock that is off; where both are within the limits, tighten `--warn`",
        ),
        Code::OffByHours => (
            "the clock was set in local time: a wrong time zone at set-up, or an RTC that is not in UTC",
            "set the system clock to UTC and `timedatectl set-local-rtc 0`",
        ),
        Code::Moved => (
            "the offset holds only after the change; what happened before it carries other time stamps",
            "look into the timekeeper's log for a step, and for two programs that set the clock; then scan again",
        ),
        Code::ClaimContradicted => (
            "the timekeeper follows a wrong source, or this reference is wrong; synchronised proves nothing",
            "compare its sources with another host's (`chronyc -n sources`), and this reference with a time server",
        ),
        Code::AncientYear => (
            "the clock started from nothing: an empty RTC battery and no time source at boot",
            "set the clock, then find out why no timekeeper did (network at boot, `makestep`)",
        ),
        Code::Slewing => (
            "the timekeeper is moving the clock by rate; until it is done the offset stays",
            "wait, or step it at once with `chronyc makestep` where a jump does no harm",
        ),
        Code::Undecided => (
            "the path is too long for this limit, so that neither good nor bad is proved",
            "scan from a machine that is nearer, with more `--samples`, or loosen the limit",
        ),
        Code::ControllerBusy => (
            "stamps were taken late, so that bounds are wider than the network makes them; they still hold",
            "scan from a machine with less load, or in smaller parts with `--limit`",
        ),
        Code::FewSamples => (
            "bounds are wider than they need be, and a step in the middle is harder to see",
            "see whether the host is slow or its session ended early; scan it again",
        ),
        Code::ControllerMoved => (
            "offsets from this machine's clock are only as good as that clock; pairs of hosts do not rest on it",
            "scan again when this machine's timekeeper is quiet, or take `--reference host:NAME`",
        ),
        Code::Unreached(failure) => of_failure(failure),
    }
}

fn of_failure(failure: FailureCode) -> (&'static str, &'static str) {
    match failure {
        FailureCode::Timeout => (
            "the host is off, a firewall drops the packets, or it is too slow",
            "try `ssh HOST`; a slow host may need `--timeout`",
        ),
        FailureCode::Refused => (
            "nothing listens on that port, or there is no way to the host",
            "see whether sshd runs and listens on that port, `--port` and `ansible_port`",
        ),
        FailureCode::HostKeyChanged => (
            "the host was reinstalled, the address belongs to another one, or somebody is in between; nothing secret was sent",
            "ask its administrator; only if the change is right: `ssh-keygen -R HOST`, then connect once",
        ),
        FailureCode::HostKeyUnknown => (
            "nobody can tell whether this is the right host; nothing secret was sent",
            "add its key to known_hosts, or accept new keys with `--accept-new`, for which all files of known keys must be readable",
        ),
        FailureCode::AuthenticationRejected => (
            "the server took none of the keys that were offered",
            "see `--user`, `--private-key` and `ssh-add -l`, and the host's authorized_keys",
        ),
        FailureCode::JumpHost => ("the way to the host goes through another one that fails", "try `ssh JUMPHOST`"),
        FailureCode::Throttled => (
            "the server had too many logins in progress (`MaxStartups`), or refuses this address",
            "scan again; raise MaxStartups, or lower `--forks`",
        ),
        FailureCode::Dropped => {
            ("the connection ended in the middle of the work", "scan again; see the host's sshd log")
        }
        FailureCode::NoShell => (
            "the login runs no command there, so that the clock cannot be read",
            "log in as a user with a shell, or allow `date` for this key",
        ),
        FailureCode::SudoPassword => ("sudo wants a password", "give it, or scan without becoming root"),
        FailureCode::NameNotFound => {
            ("neither DNS nor /etc/hosts knows the name", "correct the name, or set `ansible_host` to its address")
        }
        FailureCode::NotAttempted => {
            ("the run ended before this host's turn, or its settings make no sense", "scan it again with `--limit`")
        }
        FailureCode::HostKeyRevoked => (
            "somebody who has a copy of that key may pose as the host; nothing secret was sent",
            "leave the `@revoked` line; make new host keys there (`ssh-keygen -A` once the old ones are gone) and list those",
        ),
    }
}

/// What to do about a timeout: only some stages have a knob of their own.
pub(super) fn of_timeout(stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare | Stage::Resolve => "see whether the name server answers, or set `ansible_host` to an address",
        Stage::Connect | Stage::Banner | Stage::KeyExchange | Stage::HostKey => {
            "try `ssh HOST`; a slow host may need `--timeout`"
        }
        Stage::Authenticate => {
            "try `ssh HOST`: login has 20 s of its own, which `--timeout` does not change; see PAM and `UseDNS` there"
        }
        Stage::Channel | Stage::Probe => {
            "try `ssh HOST date`: the first answer has 15 s, which `--timeout` does not change; see slow shell start files"
        }
        Stage::Sample | Stage::Facts => {
            "see whether the host is overloaded or its network loses packets, then scan again"
        }
    }
}

/// A failure in three words, for a line of a table.
pub fn failure_title(failure: FailureCode) -> &'static str {
    match failure {
        FailureCode::Timeout => "no answer",
        FailureCode::Refused => "refused",
        FailureCode::HostKeyChanged => "host key changed",
        FailureCode::HostKeyUnknown => "host key unknown",
        FailureCode::AuthenticationRejected => "login rejected",
        FailureCode::JumpHost => "jump host failed",
        FailureCode::Throttled => "throttled",
        FailureCode::Dropped => "connection lost",
        FailureCode::NoShell => "no shell",
        FailureCode::SudoPassword => "sudo wants a password",
        FailureCode::NameNotFound => "name not found",
        FailureCode::NotAttempted => "not attempted",
        FailureCode::HostKeyRevoked => "host key revoked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_remove_a_revocation() {
        let (_, remedy) = of(Code::Unreached(FailureCode::HostKeyRevoked));
        assert!(remedy.contains("leave the `@revoked` line") && !remedy.contains("-R"), "{remedy}");
    }

    #[test]
    fn only_the_stages_of_the_timeout_flag_advise_it() {
        for stage in Stage::ALL {
            let covered = (Stage::Connect..=Stage::HostKey).contains(&stage);
            assert_eq!(of_timeout(stage).contains("need `--timeout`"), covered, "{stage:?}");
        }
    }
}

//! What each finding means and what to do about it, where nothing is known but its code: `remedy.rs` says it better where it
//! knows who keeps the host's clock. None of these may do harm on a host with another timekeeper, or with none.

use super::finding::Code;
use crate::probe::{FailureCode, Stage};

/// The meaning and the remedy of a code.
#[expect(clippy::too_many_lines, reason = "one entry a code, in the order of the codes")]
pub(super) fn of(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::BeyondCrit => (
            "tokens, leases and log lines of this host are wrong by that much",
            "see what keeps its clock, and what that follows, then scan again",
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
            "put the clock right, then write it to the RTC as UTC: `sudo timedatectl set-local-rtc 0`",
        ),
        Code::Moved => (
            "the offset holds only after the change; what happened before it carries other time stamps",
            "look into the timekeeper's log for a step, and for two programs that set the clock; then scan again",
        ),
        Code::FreeRunning => (
            "the clock drifts as its quartz does, a second in a day or two, and nothing notices",
            "give it a source that answers (`chronyc -n sources` shows those it has); in a network without a way out one host \
             may be meant to be so",
        ),
        Code::ClaimContradicted => (
            "the timekeeper follows a wrong source, or this reference is wrong; synchronised proves nothing",
            "compare its sources with another host's, and this reference with a time server",
        ),
        Code::AncientYear => (
            "the clock started from nothing: an empty RTC battery and no time source at boot",
            "set the clock, then find out why no timekeeper did (network at boot, `makestep`)",
        ),
        Code::Slewing => (
            "the timekeeper is moving the clock by rate; until it is done the offset stays",
            "wait until it is done, then scan again",
        ),
        Code::NoTimekeeper => (
            "the clock drifts as its quartz does, a second in a day or two",
            "install chrony and give it a source: `sudo apt install chrony` or `sudo dnf install chrony`",
        ),
        Code::Stopped => (
            "the clock drifts from when the service ended, or from the next boot on",
            "start the service named here, and at each boot; its log tells why it ended",
        ),
        Code::TwoTimekeepers => (
            "each takes the other's corrections for errors: the clock is pulled to and fro",
            "keep the one that follows good sources, and disable the other's service",
        ),
        Code::NotSynchronised => (
            "the clock runs free, whatever offset is printed: the timekeeper prints 0 where it knows nothing",
            "see its sources, and whether UDP port 123 gets out",
        ),
        Code::Stale => (
            "the source is gone, and the claim rests on what was once known; `Normal` is still printed",
            "see whether the source that it follows answers",
        ),
        Code::HypervisorSync => (
            "two set the clock, and the hypervisor's own clock is often the worse one",
            "turn it off in the guest where a timekeeper runs, or make it a source of chronyd and nothing else",
        ),
        Code::CannotBeAsked => (
            "what the timekeeper believes is unknown; what was measured stands",
            "where it hangs, restart it; where it answers root only, scan with `-b`",
        ),
        Code::SntpOnly => (
            "it measures every half minute to half hour and keeps no account of its error",
            "nothing, where a few tens of milliseconds do; else install chrony",
        ),
        Code::Restarts => ("each start measures anew and may step the clock", "see in its log why it ends"),
        Code::SingleSource => (
            "one server decides alone: where it lies or is gone, nobody notices",
            "give it four or more, or one that the hypervisor has on the spot",
        ),
        Code::SmearMixed => (
            "around a leap second the two kinds are up to half a second apart: a clock between them is pulled to and fro, and hosts that follow one kind each differ by as much",
            "use one kind everywhere: all smeared, or none",
        ),
        Code::LeapTableWithSmear => (
            "at the next leap second the clock goes one second wrong: once smeared by the source, once stepped by the table",
            "remove the line `leapsectz` (or `leapseclist`) from chrony's configuration, and restart chronyd, long before that day",
        ),
        Code::SourcesUnreachable => (
            "fewer sources are left to agree; with none the clock runs free",
            "see whether their names resolve and UDP port 123 gets out: `chronyd -Q -t 6 'server NAME iburst maxsamples 1'`",
        ),
        Code::DifferentUpstreams => (
            "what the upstreams disagree about, the members of the group disagree about",
            "give the group one set of sources",
        ),
        Code::StepsSpent => (
            "chronyd steps at its first updates only (`makestep`); from then on it slews, at most 83 ms in a second",
            "`sudo chronyc makestep` where a jump does no harm",
        ),
        Code::Falseticker => (
            "its time and that of the others cannot both be right; with too few sources nobody knows who is wrong",
            "compare it with a third party; then remove it, or those that disagree with it; never `prefer trust` it",
        ),
        Code::CloudSourceUnused => (
            "the cloud has a clock within microseconds of its hosts, without a network to cross",
            "add the line named here to chrony's configuration, and mind what it says of leap seconds (CLK302)",
        ),
        Code::Clocksource => (
            "each reading of the clock is slow or coarse, and the kernel may have left the better one for a reason",
            "see why it was left: `sudo dmesg | grep -i clocksource`; a clocksource that is called unstable there stays left",
        ),
        Code::Resumed => (
            "after a resume the clock stands where it stood, and a timekeeper that has spent its steps slews for minutes or hours",
            "step at each resume, once the sources were asked again: the hook that `clockaudit explain CLK402` prints does it",
        ),
        Code::RtcLocal => (
            "at boot, and when daylight saving begins or ends, the clock is hours off until a timekeeper steps it",
            "with the clock right, write it to the RTC as UTC: `sudo timedatectl set-local-rtc 0`",
        ),
        Code::Container => (
            "it has no clock of its own: every container of that machine has this error, and none can mend it",
            "fix the node; run no timekeeper in the container",
        ),
        Code::Undecided => (
            "the path is too long for this limit, so that neither good nor bad is proved",
            "scan from a machine that is nearer, with more `--samples`, or loosen the limit",
        ),
        Code::AsymmetricPath => (
            "the middle of the bounds is off by half of what the ways differ; the bounds hold all the same",
            "nothing to repair in the clock; scan from elsewhere where the difference matters",
        ),
        Code::ControllerBusy => (
            "stamps were taken late, so that bounds are wider than the network makes them; they still hold",
            "scan from a machine with less load, or in smaller parts with `--limit`",
        ),
        Code::ControllerOutlier => (
            "the hosts are judged without it; where the reference is right, whatever else this machine stamps is off by that much",
            "see what keeps this machine's time (`clockaudit doctor`), and have it follow a good source",
        ),
        Code::FewSamples => (
            "bounds are wider than they need be, and a step in the middle is harder to see",
            "see whether the host is slow or its session ended early; scan it again",
        ),
        Code::ControllerMoved => (
            "offsets from this machine's clock are only as good as that clock; pairs of hosts do not rest on it",
            "scan again when this machine's timekeeper is quiet, or take `--reference host:NAME`",
        ),
        Code::ReferenceDoubtful => (
            "some of the sources are wrong, and a bare majority does not tell which: nothing is taken for UTC",
            "compare what the sides follow with a server that you trust, and name that: `--reference ntp:SERVER`",
        ),
        Code::Unreached(failure) => of_failure(failure),
    }
}

#[expect(clippy::too_many_lines, reason = "a table with an entry for each kind of failure")]
fn of_failure(failure: FailureCode) -> (&'static str, &'static str) {
    match failure {
        FailureCode::Timeout => (
            "the host is off, a firewall drops the packets, or it is too slow",
            "try it by hand as `clockaudit inventory --explain HOST` shows it (`ssh -p PORT USER@ADDRESS`); a slow host may \
             need `--timeout`",
        ),
        FailureCode::Refused => (
            "nothing listens on that port, or there is no way to the host",
            "see whether sshd runs and listens on that port, `--port` and `ansible_port`",
        ),
        FailureCode::HostKeyChanged => (
            "the host was reinstalled, the address belongs to another one, or somebody is in between; nothing secret was sent",
            "ask its administrator; only if the change is right: `ssh-keygen -f FILE -R HOST` as it is named here, then connect \
             once",
        ),
        FailureCode::HostKeyUnknown => (
            "nobody can tell whether this is the right host; nothing secret was sent",
            "compare its fingerprint and add its key to known_hosts (`ssh-keyscan -p PORT ADDRESS` prints it), or accept new keys \
             with `--accept-new`, for which all files of known keys must be readable",
        ),
        FailureCode::HostCertificateRefused => (
            "the authority that vouches for the host is trusted, and its certificate is for others, or its time is over; nothing \
             secret was sent",
            "see the certificate (`ssh-keygen -Lf`) on the host's console, and this machine's own clock; have a new one signed",
        ),
        FailureCode::AuthenticationRejected => (
            "the server took none of the keys, certificates or passwords that were offered",
            "see `--user`, `--private-key`, `ssh-add -l` and `--ask-pass`, and the host's authorized_keys; `-vv` names the keys that \
             were offered",
        ),
        FailureCode::LoginTries => (
            "the server lets so many keys be refused and no more (`MaxAuthTries`): the right key, or the password, had no turn",
            "name the right key (`--private-key`, IdentityFile) and offer no other (`--ssh-option IdentitiesOnly=yes`); where a \
             password is right, `--ssh-option PubkeyAuthentication=no`; `-vv` names the keys that were offered",
        ),
        FailureCode::JumpHost => (
            "the way to the host goes through another one that fails",
            "try the jump host, or the ProxyCommand, that is named here by hand; all hosts behind it wait for it",
        ),
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
        FailureCode::SudoPassword => (
            "sudo wants the password of the login before it lets anybody become another user",
            "give it (`--ask-become-pass`, `ansible_become_password`), allow it without (NOPASSWD in sudoers), or scan without \
             `--become`: the clock itself is read without",
        ),
        FailureCode::SudoPasswordWrong => (
            "sudo takes the password of the login, not that of root; it was given once, so that no account is locked",
            "correct `ansible_become_password`, or what `--ask-become-pass` is answered with",
        ),
        FailureCode::SudoForbidden => (
            "sudo does not let this login become that user, whatever the password",
            "allow it in sudoers there, see `sudo -l` as that login; or scan without `--become`: the clock itself is read without",
        ),
        FailureCode::SuPassword => (
            "su wants the password of the user who is to be become",
            "give that (`--ask-become-pass`, `ansible_become_password`), or use `--become-method sudo`, or scan without \
             `--become`: the clock itself is read without",
        ),
        FailureCode::SuPasswordWrong => (
            "su takes the password of the user who is to be become, not that of the login, and where it is left to a group \
             (wheel) it says the same to others",
            "correct `ansible_become_password`; see whether that user has a password (`sudo passwd -S root`); else use \
             `--become-method sudo`",
        ),
        FailureCode::SuForbidden => (
            "su does not let this login become that user: it may be left to a group (wheel), or that user has no shell",
            "see /etc/pam.d/su there, or use `--become-method sudo`, or scan without `--become`: the clock itself is read without",
        ),
        FailureCode::BecomeMissing => (
            "the login works, and the program that is to become another user is not there, or this login may not run it",
            "install it there, or name the right one (`ansible_become_exe`, `--become-method`); or scan without `--become`: the \
             clock itself is read without",
        ),
        FailureCode::BecomeFailed => (
            "the login works; neither the password nor a right is the matter, but what is said here",
            "correct what it names: the user (`--become-user`, `ansible_become_user`), the program (`ansible_become_exe`), its \
             options (`ansible_become_flags`), or its own configuration there; or scan without `--become`: the clock itself is \
             read without",
        ),
        FailureCode::NameNotFound => {
            ("neither DNS nor /etc/hosts knows the name", "correct the name, or set `ansible_host` to its address")
        }
        FailureCode::NameUnanswered => (
            "no name server has answered this machine, so that nobody knows whether the host has an address",
            "see this machine's name servers (/etc/resolv.conf, `getent hosts NAME`), then scan again, or set `ansible_host` to an \
             address",
        ),
        FailureCode::NotAttempted => {
            ("the run ended before this host's turn, or its settings make no sense", "scan it again with `--limit`")
        }
        FailureCode::HostKeyRevoked => (
            "somebody who has a copy of that key may pose as the host; nothing secret was sent",
            "leave the `@revoked` line; make new host keys there (`sudo ssh-keygen -A` once the old ones are gone) and list those",
        ),
    }
}

/// What to do about a host that was not attempted: where that was before its name was looked up, a setting of its own may be
/// what kept it.
pub(super) fn of_not_attempted(stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare => "correct the setting where the text names one; else scan the host again with `--limit`",
        _ => "scan it again with `--limit`",
    }
}

/// What to do about a timeout: only some stages have a knob of their own.
pub(super) fn of_timeout(stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare | Stage::Resolve => "see whether the name server answers, or set `ansible_host` to an address",
        Stage::Connect | Stage::Banner | Stage::KeyExchange | Stage::HostKey => {
            "try it by hand as `clockaudit inventory --explain HOST` shows it (`ssh -p PORT USER@ADDRESS`); a slow host may \
             need `--timeout`"
        }
        Stage::Authenticate => {
            "login has 20 s of its own, which `--timeout` does not change; see PAM and `UseDNS` there"
        }
        Stage::Channel => {
            "opening a session has 5 s of its own, which `--timeout` does not change; see what PAM waits for there \
             (`systemctl list-jobs`: a `user@` service that is still stopping)"
        }
        Stage::Probe => {
            "the first answer has 15 s of its own, which `--timeout` does not change; see slow shell start files there"
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
        FailureCode::HostCertificateRefused => "host certificate refused",
        FailureCode::AuthenticationRejected => "login rejected",
        FailureCode::LoginTries => "too many login attempts",
        FailureCode::JumpHost => "jump host failed",
        FailureCode::Throttled => "throttled",
        FailureCode::Dropped => "connection lost",
        FailureCode::NoShell => "no shell",
        FailureCode::SudoPassword => "sudo wants a password",
        FailureCode::SudoPasswordWrong => "sudo password wrong",
        FailureCode::SudoForbidden => "sudo not allowed",
        FailureCode::SuPassword => "su wants a password",
        FailureCode::SuPasswordWrong => "su password wrong",
        FailureCode::SuForbidden => "su not allowed",
        FailureCode::BecomeMissing => "become program missing",
        FailureCode::BecomeFailed => "become failed",
        FailureCode::NameNotFound => "name not found",
        FailureCode::NameUnanswered => "name server silent",
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

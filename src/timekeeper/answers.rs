//! What each timekeeper of a host answered, and which answer stands for the host.
//!
//! The facts: `chrony.csv` or `chrony.text` with the reports, `chrony.error` with what came instead, `chrony.rc` with the
//! exit status of `chronyc`, `chrony.version`; `timesyncd` with the properties of its bus name or `timesyncd.text` with what
//! `timedatectl` printed; `ntpq`, `ntpctl`, `ntp-ctl` with what these programs printed; each with its `.rc`.

use super::chrony::{Activity, Refusal, Tracking};
use super::claim::{Claim, ClaimOutcome, NoAnswer};
use super::daemon::Timekeeper;
use super::said::Said;
use super::source::Source;
use super::{ntpd, ntpd_rs, openntpd, timesyncd};

/// The answer of one timekeeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// What became of asking.
    pub(super) outcome: ClaimOutcome,
    /// The sources that it knows; `None` where it did not tell.
    pub(super) sources: Option<Vec<Source>>,
    /// How many names of sources have no address.
    pub(super) unresolved: u32,
}

impl Answer {
    fn of(outcome: ClaimOutcome) -> Self {
        Self { outcome, sources: None, unresolved: 0 }
    }

    fn none(timekeeper: Timekeeper, cause: NoAnswer) -> Self {
        Self::of(ClaimOutcome::NoAnswer { timekeeper, cause })
    }
}

/// The answer that stands for the host, where these timekeepers run: the one that claims most, the first of equals.
pub(super) fn read(said: Said<'_>, running: &[Timekeeper]) -> Answer {
    let others = running.iter().filter(|timekeeper| **timekeeper != Timekeeper::Chronyd);
    // Where processes are hidden, chronyd may answer though it was not seen.
    let may_be_chronyd = running.is_empty() || running.contains(&Timekeeper::Chronyd);
    let answers = may_be_chronyd.then(|| chronyd(said, !running.is_empty())).flatten().into_iter();
    let best =
        answers.chain(others.map(|timekeeper| other(said, *timekeeper))).min_by_key(|answer| rank(&answer.outcome));
    match best {
        Some(answer) => answer,
        // What tells of timekeepers is printed before the kernel's name: that means that all was heard.
        None if said.first("kernel").is_some() => Answer::of(ClaimOutcome::NoTimekeeper),
        None => Answer::of(ClaimOutcome::Unknown),
    }
}

fn rank(outcome: &ClaimOutcome) -> u8 {
    match outcome {
        ClaimOutcome::Claimed(_) => 0,
        ClaimOutcome::Local(_) => 1,
        ClaimOutcome::NotSynchronised(_) => 2,
        ClaimOutcome::NoAnswer { .. } => 3,
        ClaimOutcome::NotAsked(_) => 4,
        ClaimOutcome::NoTimekeeper | ClaimOutcome::Unknown => 5,
    }
}

fn chronyd(said: Said<'_>, is_running: bool) -> Option<Answer> {
    let version = said.first("chrony.version").and_then(version_of);
    let text = said.text("chrony.text");
    let tracking = said.all("chrony.csv").map(Tracking::parse).find_map(Result::ok);
    if let Some(tracking) = tracking.or_else(|| Tracking::parse_text(&text).ok()) {
        let csv = || said.all("chrony.csv");
        let activity = csv().find_map(Activity::parse_csv).or_else(|| Activity::parse_text(&text));
        let sources: Vec<Source> =
            csv().filter_map(Source::parse_csv).chain(text.lines().filter_map(Source::parse_text)).collect();
        // Without sources, only the report that counts them tells that there are none.
        let told = !sources.is_empty() || activity.is_some();
        return Some(Answer {
            outcome: Claim::of_chronyd(tracking, version).outcome(),
            sources: told.then_some(sources),
            unresolved: activity.map_or(0, |activity| activity.unresolved),
        });
    }
    let refusal = said.all("chrony.error").chain(said.all("chrony.text")).find_map(Refusal::parse);
    let cause = match (refusal, said.first("chrony.rc")) {
        (Some(Refusal::NotAuthorised), _) => return Some(Answer::none(Timekeeper::Chronyd, NoAnswer::NotAuthorised)),
        _ if !is_running => return None,
        (Some(Refusal::CannotTalk), _) => NoAnswer::CannotTalk,
        (None, Some(status)) if was_cut_off(status) => NoAnswer::TimedOut,
        (None, Some(_)) => NoAnswer::Unreadable,
        (None, None) => NoAnswer::NoClient,
    };
    Some(Answer::none(Timekeeper::Chronyd, cause))
}

fn other(said: Said<'_>, timekeeper: Timekeeper) -> Answer {
    let (read, printed, status) = match timekeeper {
        Timekeeper::Timesyncd => {
            let (lines, text) = (said.all("timesyncd").collect::<Vec<_>>(), said.text("timesyncd.text"));
            let answer = timesyncd::of_bus(&lines).or_else(|| timesyncd::of_text(&text));
            let read = answer.map(|answer| match answer {
                timesyncd::Answer::Followed(claim) => Answer::of(claim.outcome()),
                timesyncd::Answer::Nothing { server } => Answer::of(timesyncd::nothing(server).outcome()),
            });
            (read, format!("{}\n{text}", lines.join("\n")), said.first("timesyncd.rc"))
        }
        Timekeeper::Ntpd => {
            let text = said.text("ntpq");
            let peers = ntpd::peers(&text);
            let read = ntpd::system(&text)
                .map(|claim| Answer { sources: (!peers.is_empty()).then_some(peers), ..Answer::of(claim.outcome()) });
            (read, text, said.first("ntpq.rc"))
        }
        Timekeeper::Openntpd => {
            let text = said.text("ntpctl");
            let read = openntpd::status(&text)
                .map(|status| Answer { sources: status.peers, ..Answer::of(status.claim.outcome()) });
            (read, text, said.first("ntpctl.rc"))
        }
        Timekeeper::NtpdRs => {
            let text = said.text("ntp-ctl");
            let read = ntpd_rs::status(&text)
                .map(|(claim, sources)| Answer { sources: Some(sources), ..Answer::of(claim.outcome()) });
            (read, text, said.first("ntp-ctl.rc"))
        }
        Timekeeper::Chronyd | Timekeeper::BusyboxNtpd | Timekeeper::Phc2sys => {
            return Answer::of(ClaimOutcome::NotAsked(timekeeper));
        }
    };
    read.unwrap_or_else(|| {
        let printed = printed.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| printed.contains(word));
        Answer::none(
            timekeeper,
            match status {
                Some(status) if was_cut_off(status) => NoAnswer::TimedOut,
                _ if says(&["permission denied", "not authori", "access denied"]) => NoAnswer::NotAuthorised,
                _ if says(&[
                    "refused",
                    "timed out",
                    "not running",
                    "failed to connect",
                    "could not connect",
                    "no such file",
                ]) =>
                {
                    NoAnswer::CannotTalk
                }
                Some(_) => NoAnswer::Unreadable,
                None => NoAnswer::NoClient,
            },
        )
    })
}

/// The exit statuses of a program that `timeout` ended, or a signal.
fn was_cut_off(status: &str) -> bool {
    matches!(status, "124" | "137" | "143")
}

/// `chronyc (chrony) version 4.3 (+READLINE ...)`: 4.3.
fn version_of(line: &str) -> Option<String> {
    let (_, version) = line.split_once("version ")?;
    version.split_ascii_whitespace().next().map(str::to_owned)
}

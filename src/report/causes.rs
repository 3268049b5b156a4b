//! Causes: hosts whose trouble is most likely one and the same, so that 412 of them are one line to act on.
//!
//! Hosts with the same codes are told apart by what they follow, what they run on, where they belong and how far they are
//! off, as far as that tells apart: a property with more than a few values among them is no cause but their variety.

use std::collections::{BTreeMap, BTreeSet};

use super::alike;
use super::bands;
use super::model::{Cause, Host, OffsetBand, Severity, Verdict};
use crate::timekeeper::Timekeeper;

/// A property with more values than this among hosts of the same codes does not tell them apart.
const MOST_VALUES: usize = 3;
/// Groups that every inventory has, and that say nothing of their members.
pub(super) const EVERYBODY: [&str; 2] = ["all", "ungrouped"];

/// What a cluster's hosts have in common beside their codes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Circumstances {
    keeper: Option<String>,
    upstream: Option<String>,
    virtualisation: Option<String>,
    group: Option<String>,
    band: Option<OffsetBand>,
}

/// The codes of a host, and what tells the reason of one that was not measured from others of its code.
type Reason = (Vec<String>, String);

/// The causes of what is wrong with these hosts: the worst verdict first, then the one with the most hosts.
pub fn causes(hosts: &[Host]) -> Vec<Cause> {
    let sizes = group_sizes(hosts);
    let mut alike: BTreeMap<Reason, Vec<(&Host, Circumstances)>> = BTreeMap::new();
    for host in hosts {
        let codes = codes(host);
        if !codes.is_empty() {
            // One code may have several reasons, each with another remedy.
            let error = host.error.as_ref().filter(|_| host.verdict == Verdict::Down);
            let reason = error.map(alike::likeness).unwrap_or_default();
            alike.entry((codes, reason)).or_default().push((host, circumstances(host, &sizes)));
        }
    }
    let mut found: Vec<Cause> = alike.into_iter().flat_map(|((codes, _), members)| clusters(&codes, members)).collect();
    found.sort_by(|one, other| {
        let rank = |cause: &Cause| (rank(cause.verdict), std::cmp::Reverse(cause.hosts.len()));
        rank(one).cmp(&rank(other)).then_with(|| one.hosts.cmp(&other.hosts))
    });
    found
}

/// The hosts of the same codes, parted by what tells them apart.
fn clusters(codes: &[String], mut members: Vec<(&Host, Circumstances)>) -> Vec<Cause> {
    keep_if_telling(&mut members, |of| &mut of.keeper);
    keep_if_telling(&mut members, |of| &mut of.upstream);
    keep_if_telling(&mut members, |of| &mut of.virtualisation);
    keep_if_telling(&mut members, |of| &mut of.group);
    keep_if_telling(&mut members, |of| &mut of.band);
    let mut clusters: BTreeMap<Circumstances, Vec<&Host>> = BTreeMap::new();
    for (host, circumstances) in members {
        clusters.entry(circumstances).or_default().push(host);
    }
    clusters
        .into_iter()
        .map(|(circumstances, hosts)| Cause {
            what: what(codes, circumstances.keeper.as_deref(), &hosts),
            verdict: hosts.iter().map(|host| host.verdict).min_by_key(|verdict| rank(*verdict)).unwrap_or(Verdict::Ok),
            codes: codes.to_vec(),
            upstream: circumstances.upstream,
            virtualisation: circumstances.virtualisation,
            group: circumstances.group,
            offset_band: circumstances.band,
            hosts: hosts.iter().map(|host| host.name.clone()).collect(),
        })
        .collect()
}

/// Forgets a property that has too many values to be a cause.
fn keep_if_telling<T: Ord + Clone>(
    members: &mut [(&Host, Circumstances)],
    property: impl Fn(&mut Circumstances) -> &mut Option<T>,
) {
    let values: BTreeSet<Option<T>> = members.iter_mut().map(|(_, of)| property(of).clone()).collect();
    if values.len() > MOST_VALUES {
        for (_, of) in members.iter_mut() {
            *property(of) = None;
        }
    }
}

/// The codes that make a host what it is: those that weigh, or why it was not measured or not decided.
fn codes(host: &Host) -> Vec<String> {
    match (host.verdict, &host.error) {
        (Verdict::Down, Some(error)) => return vec![error.code.clone()],
        (Verdict::Ok, _) => return Vec::new(),
        _ => {}
    }
    let weighs = |severity: Severity, code: &str| {
        severity != Severity::Note || (host.verdict == Verdict::Undecided && code == "CLK501")
    };
    let weighing = host.findings.iter().filter(|finding| weighs(finding.severity, &finding.code));
    let codes: BTreeSet<String> = weighing.map(|finding| finding.code.clone()).collect();
    codes.into_iter().collect()
}

fn circumstances(host: &Host, sizes: &BTreeMap<&str, usize>) -> Circumstances {
    let timekeeping = host.timekeeping.as_ref();
    let sources = timekeeping.and_then(|of| of.sources.as_ref());
    let selected = sources.and_then(|sources| sources.iter().find(|source| source.selection == "selected"));
    let only = sources.and_then(|sources| sources.first().filter(|_| sources.len() == 1));
    let claimed = host.claim.as_ref().and_then(|claim| claim.source.clone());
    let platform = host.platform.as_ref();
    let in_container = platform.is_some_and(|platform| platform.container.is_some());
    let own_groups = host.groups.iter().filter(|group| !EVERYBODY.contains(&group.as_str()));
    Circumstances {
        keeper: timekeeping.and_then(|of| of.running.first().cloned()),
        upstream: claimed.or_else(|| selected.or(only).map(|source| source.name.clone())),
        virtualisation: if in_container {
            Some("container".to_owned())
        } else {
            platform.and_then(|platform| platform.virtual_machine.clone())
        },
        group: own_groups.min_by_key(|group| (sizes.get(group.as_str()), group.as_str())).cloned(),
        // A distance whose bounds are too wide to judge is no property of the clock.
        band: bands::band(host).filter(|_| host.verdict != Verdict::Undecided),
    }
}

fn group_sizes(hosts: &[Host]) -> BTreeMap<&str, usize> {
    let mut sizes = BTreeMap::new();
    for group in hosts.iter().flat_map(|host| &host.groups) {
        *sizes.entry(group.as_str()).or_default() += 1;
    }
    sizes
}

/// The order in which verdicts are told, the worst first.
pub(super) fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Crit => 0,
        Verdict::Warn => 1,
        Verdict::Undecided => 2,
        Verdict::Down => 3,
        Verdict::Ok => 4,
    }
}

/// Codes and what they say of the hosts, the one that explains the others first: sources that do not answer are why a
/// timekeeper is unsynchronised, and that is why the clock is off. `{}` stands for the timekeeper.
const WORDS: [(&str, &str); 19] = [
    ("CLK108", "the clock says a year up to 2000"),
    ("CLK104", "off by whole hours: time zone or hardware clock"),
    ("CLK201", "no timekeeper"),
    ("CLK202", "the timekeeper is stopped, or will not start at boot"),
    ("CLK203", "two timekeepers at once"),
    ("CLK304", "{} cannot reach its sources"),
    ("CLK106", "the clock runs free"),
    ("CLK307", "{} follows some sources and calls others false"),
    ("CLK302", "smeared and plain sources mixed"),
    ("CLK303", "a leap second table beside a source that smears"),
    ("CLK306", "{} may not step, and the offset is large"),
    ("CLK204", "{} is not synchronised"),
    ("CLK205", "{} has not updated for long"),
    ("CLK107", "{} claims what the measurement excludes"),
    ("CLK105", "the clock moved while it was measured"),
    ("CLK109", "{} is still correcting"),
    ("CLK101", "the clock is off"),
    ("CLK102", "the clock is somewhat off"),
    ("CLK501", "undecided: the bounds are too wide"),
];

fn what(codes: &[String], keeper: Option<&str>, hosts: &[&Host]) -> String {
    let known = WORDS.iter().find(|(code, _)| codes.iter().any(|has| has == code));
    if let Some((code, words)) = known {
        // It asks one server and says no more of it than that no answer counted.
        let has_one_server = *code == "CLK204" && keeper == Some(Timekeeper::Timesyncd.label());
        let words = if has_one_server { "{} cannot reach its server, or may not believe it" } else { words };
        return words.replace("{}", keeper.unwrap_or("the timekeeper"));
    }
    let error = hosts.first().and_then(|host| host.error.as_ref()).filter(|error| codes.contains(&error.code));
    match error {
        Some(error) => format!("not measured: {}", alike::in_words(error)),
        None => codes.join(" "),
    }
}

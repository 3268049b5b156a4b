//! What tickets are about: the whole run, each cause, or each host that is not good.

use std::collections::{BTreeMap, BTreeSet};

use super::mended::{self, Mended};
use super::unseen::Unseen;
use crate::audit::{Ending, ExitStatus, FailOn, figure};
use crate::report::escape::escaped;
use crate::report::model::{Cause, Counts, FixedHost, Host, PairCounts, Report, Verdict};
use crate::report::{document, ending, fix, sentences};
use crate::tickets::{Key, clipped};

/// A limit is told no longer in a title.
const LONGEST_LIMIT: usize = 40;

/// What gets a ticket of its own. Its word stands in what is noted of tickets, and is the same in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// The run.
    Run,
    /// Each cause.
    Cause,
    /// Each host that is not good.
    Host,
}

impl Grain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Run, Self::Cause, Self::Host];

    /// The word that is typed, and noted.
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Cause => "cause",
            Self::Host => "host",
        }
    }

    /// A scope and the grain of its tickets, as a key.
    pub fn of_scope(self, scope: &str) -> Key {
        Key::of(scope, self.word())
    }

    /// The scope that tickets tell that they are of. The key of a host follows from its name; of a cause that a report finds no more,
    /// nothing in the report leads to its key.
    pub fn told_scope(self, scope: &str) -> Option<Key> {
        (self == Self::Cause).then(|| self.of_scope(scope))
    }
}

/// What one ticket is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// What identifies it.
    pub key: Key,
    /// The scope that its ticket tells that it is of; none where its key is enough to know when it is over.
    pub scope: Option<Key>,
    /// The report, or the part of it that it is about.
    pub report: Report,
    /// Its title.
    pub title: String,
}

/// What identifies the tickets of a report: the scope that was named, or else the sources of its inventory as they were typed; none
/// where it has no source. Its limit is a part of that, so that a scan of a part does not speak for the whole. Only where a scope
/// was named and tickets are of single hosts or causes it is none: whether those are over is known of each host by itself.
pub fn scope_of(report: &Report, named: Option<&str>, grain: Grain) -> Option<String> {
    let sources = &report.run.inventory.sources;
    let limit: Vec<String> = report.run.inventory.limit.iter().map(|limit| format!("\0limit\0{limit}")).collect();
    let limit = limit.concat();
    match named {
        Some(named) if grain == Grain::Run => Some(named.to_owned() + &limit),
        Some(named) => Some(named.to_owned()),
        None => (!sources.is_empty()).then(|| sources.join("\0") + &limit),
    }
}

/// Whether a report looked at a part of what its tickets are of: a cause may have hosts that it does not know of.
pub fn is_part_of_scope(report: &Report, named: Option<&str>, grain: Grain) -> bool {
    let is_cut = report.run.partial || report.run.inventory.incomplete;
    grain == Grain::Cause && (is_cut || (named.is_some() && !report.run.inventory.limit.is_empty()))
}

/// What there are tickets about, sorted by what identifies them. A run has one whether something is wrong or not.
pub fn subjects(report: &Report, grain: Grain, scope: &str) -> Vec<Subject> {
    let empty = emptied(report);
    let mended = Mended::of(report);
    let told = grain.told_scope(scope);
    match grain {
        Grain::Run => {
            let title = title(report);
            vec![Subject { key: Key::of(scope, ""), scope: told, report: report.clone(), title }]
        }
        Grain::Cause => {
            let mut by_key: BTreeMap<Key, Vec<&Cause>> = BTreeMap::new();
            for cause in &report.causes {
                by_key.entry(Key::of(scope, &identity(cause))).or_default().push(cause);
            }
            let subject = |(key, causes): (Key, Vec<&Cause>)| {
                let hosts: BTreeSet<&str> =
                    causes.iter().flat_map(|cause| cause.hosts.iter().map(String::as_str)).collect();
                let what = causes.first().map(|cause| cause.what.clone()).unwrap_or_default();
                of_hosts(report, &empty, told.as_ref(), mended.as_ref(), (key, &causes, hosts), &escaped(&what))
            };
            let mut subjects: Vec<Subject> = by_key.into_iter().map(subject).collect();
            // Whom a fix left is of the cause that its clock has, where it has one.
            let caused: BTreeSet<&str> =
                report.causes.iter().flat_map(|cause| cause.hosts.iter().map(String::as_str)).collect();
            let mut left: BTreeMap<Key, Vec<&FixedHost>> = BTreeMap::new();
            for host in mended.iter().flat_map(Mended::bad).filter(|host| !caused.contains(host.name.as_str())) {
                left.entry(Key::of(scope, &mended::identity(host))).or_default().push(host);
            }
            subjects.extend(left.into_iter().map(|(key, left)| {
                let hosts = left.iter().map(|host| host.name.as_str()).collect();
                let what = left.first().map(|host| mended::told(host)).unwrap_or_default();
                of_hosts(report, &empty, told.as_ref(), mended.as_ref(), (key, &[], hosts), &what)
            }));
            subjects.sort_by(|one, other| one.key.cmp(&other.key));
            subjects
        }
        Grain::Host => {
            let mut causes_of: BTreeMap<&str, Vec<&Cause>> = BTreeMap::new();
            for cause in &report.causes {
                for host in &cause.hosts {
                    causes_of.entry(host).or_default().push(cause);
                }
            }
            let by_name: BTreeMap<&str, &Host> = report.hosts.iter().map(|host| (host.name.as_str(), host)).collect();
            let subject = |(name, what): (&str, String)| {
                let hosts = BTreeSet::from([name]);
                let causes = causes_of.get(name).map(Vec::as_slice).unwrap_or_default();
                let kept = by_name.get(name).map(|host| (*host).clone()).into_iter().collect();
                let narrowed = narrowed(&empty, kept, causes, &hosts, mended.as_ref());
                let title = format!("Clock of {}: {what}", escaped(name));
                Subject { key: host_key(scope, name), scope: told.clone(), report: narrowed, title }
            };
            let mut whats: BTreeMap<&str, String> =
                mended.iter().flat_map(Mended::bad).map(|host| (host.name.as_str(), mended::told(host))).collect();
            for host in sentences::bad_hosts(report) {
                let cause = causes_of.get(host.name.as_str()).and_then(|causes| causes.first());
                let cause = cause.map(|cause| format!(", {}", escaped(&cause.what))).unwrap_or_default();
                whats.insert(&host.name, format!("{}{cause}", sentences::word(host.verdict)));
            }
            let mut subjects: Vec<Subject> = whats.into_iter().map(subject).collect();
            subjects.sort_by(|one, other| one.key.cmp(&other.key));
            subjects
        }
    }
}

/// What is bad of the fleet and of no host, which has no ticket of this grain.
pub fn untold(report: &Report, grain: Grain) -> Vec<String> {
    if grain == Grain::Run { Vec::new() } else { sentences::of_fleet(report) }
}

/// The ticket of what several hosts have in common.
fn of_hosts(
    report: &Report,
    empty: &Report,
    told: Option<&Key>,
    mended: Option<&Mended<'_>>,
    (key, causes, hosts): (Key, &[&Cause], BTreeSet<&str>),
    what: &str,
) -> Subject {
    let kept = report.hosts.iter().filter(|host| hosts.contains(host.name.as_str())).cloned().collect();
    let narrowed = narrowed(empty, kept, causes, &hosts, mended);
    let names: Vec<&str> = hosts.into_iter().collect();
    let title = format!("Clocks: {}, {what}", sentences::folded_names(&names));
    Subject { key, scope: told.cloned(), report: narrowed, title }
}

/// The title of the ticket of a run: what it is a part of, and what it lacks, stands in it.
fn title(report: &Report) -> String {
    let limit = report.run.inventory.limit.join(":");
    let parts = [
        report.run.partial.then(|| "partial run".to_owned()),
        report.run.inventory.incomplete.then(|| "inventory incomplete".to_owned()),
        (!report.not_audited.is_empty())
            .then(|| format!("{} not audited", figure::count(report.not_audited.len(), "host"))),
        (!limit.is_empty()).then(|| format!("limit {}", escaped(&clipped(&limit, LONGEST_LIMIT)))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let title = document::title(report);
    if parts.is_empty() { title } else { format!("{title} ({})", parts.join(", ")) }
}

/// Why a report is not told to its ticket, where that is so; `last` is what was reported to it last, `unseen` what was bad and is
/// not looked at by this report either.
pub fn left_alone(subject: &Subject, last: Option<&Report>, unseen: &Unseen) -> Option<String> {
    let report = &subject.report;
    if let Some(last) = last.filter(|last| last.run.started > report.run.started) {
        let (this, that) = (sentences::moment(report.run.started), sentences::moment(last.run.started));
        return Some(format!(
            "the report is of {this}, and one of {that} was reported already: an older one overrules no newer one"
        ));
    }
    is_of_a_part(report, unseen).then(|| {
        "the report finds nothing to act on, but it is of a part: that makes no ticket, opens none again and clears none"
            .to_owned()
    })
}

/// Whether a report finds nothing to act on, and may have missed something: a run that was ended early, an inventory that was not
/// understood, or a host that was bad when it was looked at last and was left out of this audit. It says neither that something is
/// wrong nor that all is well.
fn is_of_a_part(report: &Report, unseen: &Unseen) -> bool {
    let is_missed = || report.not_audited.iter().any(|host| unseen.has(&host.name));
    let ending = Ending { interrupted: None, partial: false, inventory_incomplete: false, ..ending::of(report) };
    let status = fix::exit_status_as_if_whole(report).unwrap_or_else(|| ExitStatus::of(ending, FailOn::Down));
    status == ExitStatus::Good && (report.run.partial || report.run.inventory.incomplete || is_missed())
}

/// What identifies the ticket of a host.
pub(super) fn host_key(scope: &str, name: &str) -> Key {
    Key::of(scope, &format!("host\0{name}"))
}

/// What stays of a cause from run to run: neither its hosts nor how far off they are.
fn identity(cause: &Cause) -> String {
    let codes = cause.codes.join("+");
    let parts = [Some(codes), cause.upstream.clone(), cause.virtualisation.clone()];
    format!("cause\0{}", parts.map(Option::unwrap_or_default).join("\0"))
}

/// The report without hosts, causes and what a fix did; what is said of the fleet and of pairs is not of them.
fn emptied(report: &Report) -> Report {
    Report {
        hosts: Vec::new(),
        findings: Vec::new(),
        not_audited: Vec::new(),
        pairs_worst: Vec::new(),
        impact: Vec::new(),
        jwt: Vec::new(),
        causes: Vec::new(),
        changes: None,
        fix: None,
        ..report.clone()
    }
}

/// An emptied report with these hosts alone.
fn narrowed(
    empty: &Report,
    kept: Vec<Host>,
    causes: &[&Cause],
    hosts: &BTreeSet<&str>,
    mended: Option<&Mended<'_>>,
) -> Report {
    let count = |verdict: Verdict| kept.iter().filter(|host| host.verdict == verdict).count();
    let counts = Counts {
        ok: count(Verdict::Ok),
        warn: count(Verdict::Warn),
        crit: count(Verdict::Crit),
        undecided: count(Verdict::Undecided),
        down: count(Verdict::Down),
    };
    let order = [Verdict::Crit, Verdict::Warn, Verdict::Undecided, Verdict::Down];
    let worst = order.into_iter().find(|verdict| count(*verdict) > 0).unwrap_or(Verdict::Ok);
    let mut narrowed = empty.clone();
    narrowed.summary.verdict = worst;
    narrowed.summary.counts = counts;
    narrowed.summary.pairs = PairCounts { total: 0, beyond: 0, undecided: 0, within: 0 };
    narrowed.summary.widest = None;
    narrowed.hosts = kept;
    // A cause of ten thousand hosts is one of each of them.
    let of = |cause: &Cause| match (hosts.len(), hosts.first()) {
        (1, Some(host)) => vec![(*host).to_owned()],
        _ => cause.hosts.iter().filter(|host| hosts.contains(host.as_str())).cloned().collect(),
    };
    let part = |cause: &&Cause| Cause {
        hosts: of(cause),
        what: cause.what.clone(),
        verdict: cause.verdict,
        codes: cause.codes.clone(),
        upstream: cause.upstream.clone(),
        virtualisation: cause.virtualisation.clone(),
        group: cause.group.clone(),
        offset_band: cause.offset_band,
    };
    narrowed.causes = causes.iter().map(part).collect();
    narrowed.fix = mended.and_then(|mended| mended.part(hosts));
    narrowed
}

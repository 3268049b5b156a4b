//! Checks of the reference itself: whether claims agree about it, and where the controller stands against it.

use super::figure;
use super::finding::{Code, Finding};
use super::policy::Policy;
use super::reference::{Basis, Contradiction, Doubt, DoubtedServer, Reference, Witness};
use super::remedy;
use super::verdict::Verdict;
use crate::clock::pairs::Standing;
use crate::clock::{Estimate, Interval};
use crate::probe::FactsReading;

/// How many reference IDs of a side, or hosts, are named.
const MOST_NAMED: usize = 3;

/// The controller's clock at the epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Controller<'seen> {
    /// Against the axis; `None` where it was not read.
    pub(super) clock: Option<Interval>,
    /// Against the reference.
    pub(super) offset: Option<Standing>,
    /// What its own timekeeper said of it.
    pub(super) said: Option<&'seen FactsReading>,
}

/// The findings about the reference that come after those about pairs.
pub(super) fn reference_findings(
    reference: &Reference,
    controller: Controller<'_>,
    policy: &Policy,
) -> impl Iterator<Item = Finding> {
    let doubted = servers_doubted(reference).into_iter();
    claims_split(reference).into_iter().chain(doubted).chain(controller_is_outlier(reference, controller, policy))
}

fn claims_split(reference: &Reference) -> Option<Finding> {
    let split = reference.split.as_ref()?;
    let side = |(hosts, followed): &(usize, Vec<String>)| {
        let more = if followed.len() > MOST_NAMED { ", ..." } else { "" };
        let named: Vec<&str> = followed.iter().take(MOST_NAMED).map(String::as_str).collect();
        format!("{hosts} follow {}{more}", named.join(", "))
    };
    let sides: Vec<String> = split.sides.iter().take(MOST_NAMED).map(side).collect();
    let more = if split.sides.len() > MOST_NAMED { "; and others" } else { "" };
    let claims: usize = split.sides.iter().map(|(hosts, _)| hosts).sum();
    let what = format!("{claims} hosts claim to follow UTC and do not agree: {}{more}", sides.join("; "));
    Some(Code::ReferenceDoubtful.finding(what, "two thirds of the claims in one place"))
}

/// The named time servers that are not believed, and why each.
fn servers_doubted(reference: &Reference) -> Option<Finding> {
    let told = |server: &DoubtedServer| {
        let why = match &server.doubt {
            Doubt::Unusable(why) => why.label().to_owned(),
            Doubt::Failed(why) => why.clone(),
            Doubt::Contradicted(off) => {
                format!("the others contradict it, it is {} off", figure::with_bound(off.midpoint(), *off))
            }
            Doubt::NoMajority => "no majority agrees with it".to_owned(),
        };
        format!("{}: {why}", server.name)
    };
    let is_silent = |server: &DoubtedServer| server.doubt.is_silent();
    let all_silent = reference.doubted.iter().all(is_silent);
    let doubted: Vec<String> = if all_silent {
        reference.doubted.iter().map(|server| server.name.clone()).collect()
    } else {
        reference.doubted.iter().map(told).collect()
    };
    let what = match (all_silent, doubted.as_slice()) {
        (true, [one]) => format!("the time server {one} did not answer"),
        (true, several) => format!("time servers that did not answer: {}", several.join(", ")),
        (false, several) => format!("time servers that are not believed: {}", several.join("; ")),
    };
    let is_found = matches!(reference.basis, Basis::Ntp { .. } | Basis::Https { .. });
    let (meaning, remedy) = match (is_found, all_silent) {
        (true, false) => (
            "the servers that agree are believed, and offsets hold; who follows another one is as wrong as it is",
            "leave it out of `--reference`; where it answers wrongly, take it out of the hosts' configuration too",
        ),
        (true, true) => (
            "the others answered and are believed; a server that is silent says nothing, neither for a clock nor against it",
            "see whether it runs and answers this machine; else leave it out of `--reference`",
        ),
        (false, true) => (
            "UTC is not known, so that offsets are not judged; it says nothing against any clock, and pairs hold all the same",
            "see whether the name is right and UDP port 123 gets out from this machine, or name other servers",
        ),
        (false, false) => (
            "no strict majority of the servers that were named agrees: nothing is taken for UTC",
            "name three or more with `--reference`, and see whether UDP port 123 gets out from this machine",
        ),
    };
    let doubt =
        || Code::ReferenceDoubtful.finding(what, "time servers that agree").with_meaning(meaning).with_remedy(remedy);
    (!doubted.is_empty()).then(doubt)
}

/// Who contradicts the reference that was named (CLK507): told before all else, for what else is said rests on it.
pub(super) fn contradicted(reference: &Reference) -> Option<Finding> {
    let others = reference.contradiction.as_ref()?;
    let off = figure::with_bound(others.off.midpoint(), others.off);
    let (count, of) = (others.hosts.len(), others.of);
    let more = if count > MOST_NAMED { format!(" and {} more", count - MOST_NAMED) } else { String::new() };
    let names = others.hosts.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let against = match others.by {
        Witness::Claims => format!("where {count} of {of} claims agree that UTC is"),
        Witness::Clocks(within) => {
            format!("the clocks of {count} of {of} hosts, which are within {} of each other", figure::limit(within))
        }
    };
    let what = format!("{} is {off} from {against} ({names}{more})", named(&reference.basis));
    let (meaning, remedy) = if others.is_outweighed {
        (
            "the servers are more witnesses than the upstreams that these hosts follow, and are believed; all these hosts are \
             wrong together, or the servers are",
            "compare what these hosts follow (`chronyc -n sources`) with the servers that were named",
        )
    } else {
        (
            "either the reference is wrong, or all these hosts are; offsets are from it all the same, and accuse a clock only if \
             it is right",
            "scan without `--reference`, or name others (`--reference ntp:SERVER`, three or more); set no clock by this one \
             before that is settled",
        )
    };
    let finding = Code::ReferenceDoubtful.finding(what, "a reference that the hosts do not contradict");
    Some(finding.with_meaning(meaning).with_remedy(remedy))
}

/// What was named, in words.
fn named(basis: &Basis) -> String {
    match basis {
        Basis::Host { name, .. } => format!("{name}, which was named as the reference,"),
        Basis::Agreement { host, group: Some(group), .. } => format!("{host}, the clock in the middle of {group},"),
        Basis::Agreement { host, .. } => format!("{host}, the clock in the middle of those that agree,"),
        Basis::Ntp { agreeing, .. } | Basis::Https { agreeing, .. } => match agreeing.as_slice() {
            [one] => format!("the time server {one}"),
            several => format!("UTC by {} servers that were named ({})", several.len(), several.join(", ")),
        },
        Basis::Controller { claims: true } => "UTC by this machine's own claim".to_owned(),
        Basis::Controller { claims: false } => "this machine's clock, which was named as the reference,".to_owned(),
        Basis::Consensus { .. } | Basis::Missing { .. } => "the reference".to_owned(),
    }
}

/// What a host's distance from a contradicted reference amounts to, where the host is not surely off from those that contradict
/// it: nothing against its clock.
pub(super) fn beside_a_contradiction(
    finding: Finding,
    reference: &Reference,
    estimate: &Estimate,
    policy: &Policy,
) -> Finding {
    let others = reference.contradiction.as_ref().filter(|one| !one.is_outweighed);
    let is_of_offset = matches!(finding.code, Code::BeyondCrit | Code::BeyondWarn | Code::OffByHours);
    let is_with_them = |others: &Contradiction| !is_off(others.offset(estimate), policy);
    if !is_of_offset || !others.is_some_and(is_with_them) {
        return finding;
    }
    finding
        .with_meaning(
            "this clock agrees with those that contradict the reference (CLK507): it may be the reference that is off",
        )
        .with_remedy("settle CLK507 first, and leave this clock alone until then")
}

fn is_off(bounds: Interval, policy: &Policy) -> bool {
    matches!(Verdict::against(bounds, policy.warn, policy.crit), Verdict::Warn | Verdict::Crit)
}

fn controller_is_outlier(reference: &Reference, controller: Controller<'_>, policy: &Policy) -> Option<Finding> {
    if matches!(reference.basis, Basis::Controller { .. } | Basis::Missing { .. }) {
        return None;
    }
    let Controller { clock, offset, said } = controller;
    let offset = offset?;
    if !is_off(offset.bounds, policy) {
        return None;
    }
    let what =
        format!("this machine's clock is {} from the reference", figure::with_bound(offset.estimate, offset.bounds));
    let finding = Code::ControllerOutlier.finding(what, format!("at most {}", figure::limit(policy.warn)));
    let Some((others, clock)) = reference.contradiction.as_ref().zip(clock) else {
        return Some(finding.with_remedy(remedy::of_controller(said, offset)));
    };
    is_off(clock.minus(others.says), policy).then(|| {
        finding
            .with_meaning("the reference is itself contradicted (CLK507), and this machine agrees with neither side")
            .with_remedy("settle CLK507 first; then see what keeps this machine's time (`clockaudit doctor`)")
    })
}

//! Checks of the reference itself: whether claims agree about it, and where the controller stands against it.

use super::figure;
use super::finding::{Code, Finding};
use super::policy::Policy;
use super::reference::{Basis, Doubt, DoubtedServer, Reference};
use super::verdict::Verdict;
use crate::clock::pairs::Standing;

/// How many reference IDs of a side are named.
const MOST_NAMED: usize = 3;

/// The findings about the reference; `controller` is the controller's clock minus the reference.
pub(super) fn reference_findings(
    reference: &Reference,
    controller: Option<Standing>,
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
    let doubted: Vec<String> = reference.doubted.iter().map(told).collect();
    let what = format!("time servers that are not believed: {}", doubted.join("; "));
    let (meaning, remedy) = match reference.basis {
        Basis::Ntp { .. } => (
            "the servers that agree are believed, and offsets hold; who follows another one is as wrong as it is",
            "leave it out of `--reference`; where it answers wrongly, take it out of the hosts' configuration too",
        ),
        _ => (
            "no strict majority of the servers that were named agrees: nothing is taken for UTC",
            "name three or more with `--reference`, and see whether UDP port 123 gets out from this machine",
        ),
    };
    let doubt =
        || Code::ReferenceDoubtful.finding(what, "time servers that agree").with_meaning(meaning).with_remedy(remedy);
    (!doubted.is_empty()).then(doubt)
}

fn controller_is_outlier(reference: &Reference, controller: Option<Standing>, policy: &Policy) -> Option<Finding> {
    if matches!(reference.basis, Basis::Controller { .. } | Basis::Missing { .. }) {
        return None;
    }
    let offset = controller?;
    if !matches!(Verdict::against(offset.bounds, policy.warn, policy.crit), Verdict::Warn | Verdict::Crit) {
        return None;
    }
    let what =
        format!("this machine's clock is {} from the reference", figure::with_bound(offset.estimate, offset.bounds));
    Some(Code::ControllerOutlier.finding(what, format!("at most {}", figure::limit(policy.warn))))
}

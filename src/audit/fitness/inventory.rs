//! What of an inventory is not understood, wrong, or counts for nothing.

use super::{Check, Controller, Fitness, fit, not_fit};
use crate::audit::figure;

/// So many wrong settings, and as many oddities, are told one by one.
pub(super) const MOST_WRONG: usize = 8;

/// A setting that is wrong, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSettings {
    /// The hosts that have it, folded.
    pub hosts: String,
    /// How many there are.
    pub count: usize,
    /// What is wrong, with the file and the line.
    pub what: String,
    /// Whether these hosts are measured all the same.
    pub is_measured: bool,
    /// What to do.
    pub remedy: String,
}

/// Something that counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// What, with the file and the line.
    pub what: String,
    /// What was probably meant.
    pub remedy: String,
}

pub(super) fn checks(controller: &Controller) -> Vec<Check> {
    const SUBJECT: &str = "inventory";
    let Some(problems) = &controller.inventory else { return Vec::new() };
    let mut checks: Vec<Check> = problems
        .iter()
        .map(|problem| {
            not_fit(
                SUBJECT,
                Fitness::Unfit,
                problem.clone(),
                "hosts may be missing; `clockaudit inventory --list` shows what is there",
            )
        })
        .collect();
    let hosts = controller.hosts.unwrap_or(0);
    let others = &controller.not_audited;
    if hosts == 0 && !others.is_empty() {
        checks.push(not_fit(
            SUBJECT,
            Fitness::Unfit,
            format!("none of its hosts can be audited: {others}"),
            "clockaudit needs SSH; `clockaudit inventory INVENTORY --explain HOST` tells why a host is left out",
        ));
    } else if hosts == 0 {
        checks.push(not_fit(
            SUBJECT,
            Fitness::Unfit,
            "it selects no host".to_owned(),
            "see `clockaudit inventory --list`",
        ));
    } else if problems.is_empty() {
        let hosts = figure::count(hosts, "host");
        let is_understood = controller.wrong.is_empty() && controller.odd.is_empty();
        let understood = if is_understood { ", everything understood" } else { "" };
        checks.push(fit(SUBJECT, format!("{hosts}{understood}")));
    }
    if hosts > 0 && !others.is_empty() {
        checks.push(fit(SUBJECT, format!("not audited: {others}")));
    }
    checks
}

/// Each wrong setting once, with the hosts that have it; of very many the first.
pub(super) fn wrong_settings(wrong: &[WrongSettings]) -> Vec<Check> {
    const SUBJECT: &str = "settings";
    let gravity = |wrong: &WrongSettings| if wrong.is_measured { Fitness::Poor } else { Fitness::Unfit };
    let check = |wrong: &WrongSettings| {
        not_fit(SUBJECT, gravity(wrong), format!("{}: {}", wrong.hosts, wrong.what), wrong.remedy.clone())
    };
    let mut checks: Vec<Check> = wrong.iter().take(MOST_WRONG).map(check).collect();
    let rest = wrong.get(MOST_WRONG..).unwrap_or_default();
    if let Some(worst) = rest.iter().map(gravity).max() {
        let hosts: usize = rest.iter().map(|wrong| wrong.count).sum();
        let what =
            format!("and {} of {}", figure::count(rest.len(), "more wrong setting"), figure::count(hosts, "host"));
        checks.push(not_fit(SUBJECT, worst, what, "correct those above, and ask again"));
    }
    checks
}

/// Each oddity once; of very many the first.
pub(super) fn oddities(odd: &[Oddity]) -> Vec<Check> {
    const SUBJECT: &str = "variables";
    let check = |odd: &Oddity| not_fit(SUBJECT, Fitness::Odd, odd.what.clone(), odd.remedy.clone());
    let mut checks: Vec<Check> = odd.iter().take(MOST_WRONG).map(check).collect();
    if let Some(more) = odd.len().checked_sub(MOST_WRONG).filter(|more| *more > 0) {
        let what = format!("and {more} more that count for nothing");
        checks.push(not_fit(SUBJECT, Fitness::Odd, what, "correct those above, and ask again"));
    }
    checks
}

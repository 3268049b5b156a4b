//! Judging the hosts of a merged report anew: by where they stand now, by what is asked of each, and by what its own report
//! found besides.

use crate::audit::{self, HostPolicy, Limits, Policy, Situation, Standard, Verdict};
use crate::clock::Interval;
use crate::clock::pairs::Standing;
use crate::report::compose;
use crate::report::consequences;
use crate::report::model;

/// What merging says anew, so that what the single reports said of it is dropped.
const SAID_ANEW: [&str; 4] = ["CLK101", "CLK102", "CLK103", "CLK501"];

/// Whether merging says this anew.
pub(super) fn is_said_anew(finding: &model::Finding) -> bool {
    SAID_ANEW.contains(&finding.code.as_str())
}

/// Judges a host by its offset and by what its own report found besides. What it is asked about UTC stays open where the
/// reference is not.
pub(super) fn judge(host: &mut model::Host, offset: Standing, asked: &HostPolicy, standard: Standard) {
    host.findings.retain(|finding| !is_said_anew(finding));
    let Limits { warn, crit } = asked.applied(standard.is_utc);
    let lacks_utc = asked.needs_utc() && !standard.is_utc;
    let judged = Some(offset).filter(|_| standard.is_found && (asked.relative.is_some() || !lacks_utc));
    let found = audit::limit_finding(judged, warn, crit);
    let found = found.map(|finding| situation(host, &finding).advised(finding));
    host.findings.extend(found.as_ref().map(compose::finding));
    host.findings.sort_by_key(|finding| (severity_rank(finding.severity), finding.code.clone()));
    let by_findings = host.findings.iter().map(|finding| match finding.severity {
        model::Severity::Crit => Verdict::Crit,
        model::Severity::Warn => Verdict::Warn,
        model::Severity::Note => Verdict::Ok,
    });
    let by_offset = judged.map_or(Verdict::Undecided, |offset| Verdict::against(offset.bounds, warn, crit));
    let by_offset = if lacks_utc { by_offset.max(Verdict::Undecided) } else { by_offset };
    host.verdict = compose::verdict(by_findings.max().unwrap_or(Verdict::Ok).max(by_offset));
}

/// What is known of a host where it is told what to do about this finding.
fn situation(host: &model::Host, finding: &audit::Finding) -> Situation {
    let timekeeping = host.timekeeping.as_ref();
    let own = finding.code.label();
    let codes = host.findings.iter().map(|found| found.code.as_str()).chain([own.as_str()]);
    let running = timekeeping.map(|of| of.running.as_slice()).unwrap_or_default();
    Situation::stored(timekeeping.map(|of| of.state.as_str()), running, codes)
}

/// Which of the hosts break which system, of those that are asked about it.
pub(super) fn impact(hosts: &[model::Host], policy: &Policy, standard: Standard) -> Vec<model::Impact> {
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let offset = |host: &model::Host| {
        let clock = host.clock.as_ref()?;
        let bounds = Interval::new(clock.lo_s?.0, clock.hi_s?.0);
        Some(Standing { bounds, estimate: clock.offset_s?.0 })
    };
    let offsets: Vec<Option<Standing>> = hosts.iter().map(offset).collect();
    let name = |host: usize| names.get(host).map_or_else(String::new, |name| (*name).to_owned());
    consequences::impact(&audit::impact(policy, standard, &names, &offsets), &name)
}

fn severity_rank(severity: model::Severity) -> u8 {
    match severity {
        model::Severity::Crit => 0,
        model::Severity::Warn => 1,
        model::Severity::Note => 2,
    }
}

/// The verdict as it is judged with.
pub(super) fn weighed(verdict: model::Verdict) -> Verdict {
    match verdict {
        model::Verdict::Ok => Verdict::Ok,
        model::Verdict::Warn => Verdict::Warn,
        model::Verdict::Crit => Verdict::Crit,
        model::Verdict::Undecided => Verdict::Undecided,
        model::Verdict::Down => Verdict::Down,
    }
}

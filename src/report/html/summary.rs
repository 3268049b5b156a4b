//! What stands first: the verdict in words and numbers, the run, the reference, the pairs, what changed.

use minijinja::{Value, context};

use super::class;
use crate::report::document;
use crate::report::escape::escaped;
use crate::report::model::{Counts, Kind, Report, Severity, Verdict};
use crate::report::sentences;

/// The title, the numbers, the warnings and the facts.
pub(super) fn summary(report: &Report) -> Value {
    let Counts { ok, warn, crit, undecided, down } = report.summary.counts;
    let tile = |verdict: Verdict, count: usize, means: &str| {
        context! { class => class(verdict), word => sentences::word(verdict), count, means }
    };
    let warnings = sentences::warnings(report).into_iter().map(|(word, what)| context! { word, what });
    let fleet = sentences::weighing_of_fleet(report).map(|finding| {
        let verdict = if finding.severity == Severity::Crit { Verdict::Crit } else { Verdict::Warn };
        context! {
            class => class(verdict),
            word => sentences::severity(finding),
            code => escaped(&finding.code),
            what => escaped(&finding.what),
        }
    });
    let facts = facts(report).into_iter().map(|(label, text)| context! { label, text });
    context! {
        title => document::title(report),
        class => class(report.summary.verdict),
        word => sentences::word(report.summary.verdict),
        headline => document::headline(report),
        is_fix => report.fix.is_some(),
        tiles => vec![
            tile(Verdict::Crit, crit, "beyond the critical limit, or a finding as bad"),
            tile(Verdict::Warn, warn, "beyond the limit to warn at, or a finding that warns"),
            tile(Verdict::Undecided, undecided, "bounds too wide to tell"),
            tile(Verdict::Down, down, "not measured"),
            tile(Verdict::Ok, ok, "within the limits for certain"),
        ],
        fleet => fleet.collect::<Vec<Value>>(),
        warnings => warnings.collect::<Vec<Value>>(),
        facts => facts.collect::<Vec<Value>>(),
        hosts => report.hosts.len(),
        run => escaped(&report.run.id),
        started => sentences::moment(report.run.started),
        finished => sentences::moment(report.run.finished),
        tool => format!("{} {}", escaped(&report.tool.name), escaped(&report.tool.version)),
    }
}

/// What is told of the run, each with a word in front.
fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let sources: Vec<String> = report.run.inventory.sources.iter().map(|source| escaped(source)).collect();
    let what = match report.kind {
        Kind::Scan => "a scan",
        Kind::Replay => "a recorded scan, judged again",
        Kind::Merge => "joined reports",
        Kind::Demo => "simulated hosts",
        Kind::Fix => "a fix",
    };
    let of = if sources.is_empty() { String::new() } else { format!(" of {}", sources.join(" ")) };
    facts.push(("Run", format!("{what}{of}, {}", sentences::moment(report.run.started))));
    let limits = sentences::limits_of_all(&report.policy);
    facts.extend((!limits.is_empty()).then_some(("Limits", limits)));
    facts.extend(sentences::limits_of_hosts(report).into_iter().map(|line| ("Other limits", line)));
    facts.push(("Reference", sentences::reference(report)));
    facts.extend(sentences::controller(report).map(|line| ("Controller", line)));
    facts.extend(sentences::runs(&report.run.merged).into_iter().map(|line| ("Joined", line)));
    if let Some((counts, widest)) = sentences::pairs(report) {
        let widest = if widest.is_empty() { widest } else { format!(";  {widest}") };
        facts.push(("Pairs", counts + &widest));
    }
    facts.push(("Sampled", sentences::sampling(report).join(", ")));
    if let Some(changes) = &report.changes {
        let told = [vec![sentences::since(changes)], sentences::changed(changes)].concat();
        facts.push(("Changes", told.join("; ")));
    }
    facts
}

//! What is wrong, hosts of one cause together; why others were not measured; and every finding once, with what to do.

use indexmap::IndexMap;
use minijinja::{Value, context};

use super::class;
use super::host_table;
use crate::report::escape::escaped;
use crate::report::fix::names::{Names, named};
use crate::report::model::{Cause, Host, Report, Verdict};
use crate::report::sentences::{self, Shared};

/// More causes, and more findings, than these are counted.
const MOST: usize = 300;

/// The causes of what was measured, or why the rest was not.
pub(super) fn causes(report: &Report, is_of_down: bool) -> Value {
    let causes: Vec<&Cause> =
        report.causes.iter().filter(|cause| (cause.verdict == Verdict::Down) == is_of_down).collect();
    let rows: Vec<Value> = causes.iter().take(MOST).map(|cause| row(report, cause)).collect();
    context! { rows, more => causes.len().saturating_sub(MOST) }
}

fn row(report: &Report, cause: &Cause) -> Value {
    let hosts: Vec<&str> = cause.hosts.iter().map(String::as_str).collect();
    let codes: Vec<String> = cause.codes.iter().map(|code| escaped(code)).collect();
    let example = example(report, cause);
    let mut remedies: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for finding in example.map_or(&[][..], |host| &host.findings) {
        if cause.codes.contains(&finding.code) && !finding.remedy.is_empty() {
            remedies.entry(&finding.remedy).or_default().push(&finding.code);
        }
    }
    let remedy = |(remedy, codes): (&str, Vec<&str>)| {
        context! { codes => escaped(&codes.join(" ")), remedy => escaped(remedy) }
    };
    let seen = example.filter(|host| host.verdict == Verdict::Down).map(sentences::failure_in_full);
    context! {
        class => class(cause.verdict),
        word => sentences::word(cause.verdict),
        what => escaped(&cause.what),
        shared => sentences::shared(cause).join(", "),
        count => hosts.len(),
        hosts => named(&hosts, Names::Some),
        codes => codes.join(" "),
        remedies => remedies.into_iter().map(remedy).collect::<Vec<Value>>(),
        seen => seen.map(|seen| context! { name => example.map(|host| escaped(&host.name)), text => seen }),
    }
}

/// The worst host of a cause.
fn example<'report>(report: &'report Report, cause: &Cause) -> Option<&'report Host> {
    // Hosts are sorted by name, and so are those of a cause.
    let find = |name: &String| {
        let at = report.hosts.binary_search_by(|host| host.name.as_str().cmp(name)).ok()?;
        report.hosts.get(at)
    };
    cause.hosts.iter().filter_map(find).max_by_key(|host| sentences::badness(host))
}

/// Every finding once, the gravest first, with the hosts that have it and what it is for the worst of them.
pub(super) fn findings(report: &Report) -> Value {
    let all = sentences::findings(report);
    let rows: Vec<Value> = all.iter().take(MOST).map(shared).collect();
    context! { rows, more => all.len().saturating_sub(MOST) }
}

fn shared(Shared { finding, hosts }: &Shared<'_>) -> Value {
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    context! {
        finding => host_table::finding(finding, true),
        worst => hosts.first().filter(|_| hosts.len() > 1).map(|host| escaped(&host.name)),
        count => hosts.len(),
        hosts => (!names.is_empty()).then(|| named(&names, Names::Some)),
    }
}

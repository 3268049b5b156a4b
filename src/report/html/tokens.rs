//! What breaks: tokens between issuers and verifiers, and the systems whose profiles were asked for.

use minijinja::{Value, context};

use crate::audit::figure;
use crate::clock::Interval;
use crate::report::escape::escaped;
use crate::report::fix::names::{Names, named};
use crate::report::model::{EarlyEnd, Impact, RefusingPair, Report, Tokens};
use crate::report::token_lines;

/// The questions about tokens, each with its worst pairs.
pub(super) fn tokens(report: &Report) -> Vec<Value> {
    report.jwt.iter().map(question).collect()
}

fn question(tokens: &Tokens) -> Value {
    let mut lines = token_lines::of(tokens).into_iter();
    let needed = tokens.needed_lo_s.zip(tokens.needed_hi_s).map(|(lo, hi)| {
        let (lo, hi) = (figure::about(lo.0), figure::about(hi.0));
        if lo == hi { lo } else { format!("{lo} to {hi}") }
    });
    context! {
        head => lines.next(),
        lines => lines.collect::<Vec<String>>().into_iter().map(Value::from).collect::<Vec<Value>>(),
        issuers => tokens.issuers,
        verifiers => tokens.verifiers,
        unmeasured => tokens.unmeasured,
        needed,
        advised => tokens.recommended_leeway_s,
        refusing => token_lines::refusing(tokens).into_iter().map(refusing).collect::<Vec<Value>>(),
        early => tokens.early_ends.iter().map(early).collect::<Vec<Value>>(),
    }
}

fn refusing(pair: &RefusingPair) -> Value {
    context! {
        issuer => escaped(&pair.issuer),
        verifier => escaped(&pair.verifier),
        skew => figure::with_bound(pair.skew_s.0, Interval::new(pair.lo_s.0, pair.hi_s.0)),
        what => token_lines::refused(pair),
        help => token_lines::help(pair.hiding_leeway_s, pair.skew_s.0),
    }
}

fn early(end: &EarlyEnd) -> Value {
    context! {
        issuer => escaped(&end.issuer),
        verifier => escaped(&end.verifier),
        what => token_lines::ended_early(end),
    }
}

/// The systems, those that break first.
pub(super) fn systems(report: &Report) -> Vec<Value> {
    let (broken, others): (Vec<&Impact>, Vec<&Impact>) =
        report.impact.iter().partition(|impact| !impact.hosts.is_empty());
    broken.into_iter().chain(others).map(system).collect()
}

fn system(impact: &Impact) -> Value {
    let hosts: Vec<&str> = impact.hosts.iter().map(String::as_str).collect();
    context! {
        system => escaped(&impact.system),
        profile => escaped(&impact.profile),
        is_pair => impact.kind == "pair",
        warn => figure::limit(impact.warn_s.0),
        crit => figure::limit(impact.crit_s.0),
        count => hosts.len(),
        hosts => (!hosts.is_empty()).then(|| named(&hosts, Names::Some)),
        undecided => impact.undecided,
    }
}

//! What the hosts of a report make of one token at an instant.

mod text;

pub use text::{page, table};

use super::compose::this_program;
use super::json::harmless;
use super::model::{
    Error, Host, Report, Severity, TOKEN_SCHEMA, TokenAnswer, TokenClaims, TokenClocks, TokenCounts, TokenHost,
    TokenLibrary, TokenReport,
};
use super::quantity::{ClaimedSeconds, Instant, Seconds};
use crate::clock::estimate::Config;
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::tokens::Library;
use crate::tokens::encoded::{Claims, NumericDate};
use crate::tokens::judged::{Answer, Claim, judge, leeway_of};

/// By what a token is judged.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the token says.
    pub claims: Claims,
    /// The instant, by the controller's clock.
    pub at: UnixNanos,
    /// Whether the clocks were measured for this question.
    pub is_fresh: bool,
    /// The libraries, in the order of the answer.
    pub libraries: Vec<Library>,
    /// The leeway; each library's own where there is none.
    pub leeway: Option<Nanos>,
}

/// Judges a token at every host of a report.
pub fn judged(report: &Report, question: &Question) -> TokenReport {
    let hosts: Vec<TokenHost> = report.hosts.iter().map(|host| of_host(host, report, question)).collect();
    let library = |library: &Library| TokenLibrary {
        id: library.id().to_owned(),
        name: library.rules().name.to_owned(),
        leeway_s: Seconds(leeway_of(*library, question.leeway)),
    };
    TokenReport {
        schema: TOKEN_SCHEMA.to_owned(),
        tool: this_program(),
        judged_at: Instant(question.at),
        signature_checked: false,
        claims: claims(&question.claims),
        clocks: TokenClocks {
            run: report.run.id.clone(),
            finished: report.run.finished,
            is_fresh: question.is_fresh,
            partial: report.run.partial,
            interrupted: report.run.interrupted,
            inventory_incomplete: report.run.inventory.incomplete,
        },
        leeway_s: question.leeway.map(Seconds),
        libraries: question.libraries.iter().map(library).collect(),
        counts: counts(&hosts),
        hosts,
    }
}

/// Writes the answer as JSON, with a line end.
pub fn json(report: &TokenReport) -> Result<String, serde_json::Error> {
    Ok(harmless(&serde_json::to_string_pretty(report)?) + "\n")
}

fn claims(claims: &Claims) -> TokenClaims {
    let seconds = |name: &str, date: Option<NumericDate>| {
        let far = claims.far.iter().find(|(far, _)| *far == name).map(|(_, number)| number.clone());
        date.map(|date| far.map_or(ClaimedSeconds::Near(Seconds(date.exact)), ClaimedSeconds::Far))
    };
    TokenClaims {
        algorithm: claims.algorithm.clone(),
        issuer: claims.issuer.clone(),
        issued_at_s: seconds("iat", claims.issued_at),
        not_before_s: seconds("nbf", claims.not_before),
        expiry_s: seconds("exp", claims.expiry),
    }
}

fn counts(hosts: &[TokenHost]) -> TokenCounts {
    let count = |answer: TokenAnswer| hosts.iter().filter(|host| host.answer == answer).count();
    TokenCounts {
        accepted: count(TokenAnswer::Accepted),
        refused: count(TokenAnswer::Refused),
        cannot_tell: count(TokenAnswer::CannotTell),
        not_measured: count(TokenAnswer::NotMeasured),
    }
}

fn of_host(host: &Host, report: &Report, question: &Question) -> TokenHost {
    let ahead = ahead(host, report, question.at);
    let mut found = TokenHost {
        name: host.name.clone(),
        answer: TokenAnswer::NotMeasured,
        claim: None,
        error: if ahead.is_none() { why(host) } else { None },
        past_claim_s: None,
        ahead_lo_s: ahead.map(|ahead| Seconds(ahead.lo)),
        ahead_hi_s: ahead.map(|ahead| Seconds(ahead.hi)),
        refused_by: Vec::new(),
        cannot_tell_by: Vec::new(),
        accepted_by: Vec::new(),
        stricter_with: Vec::new(),
    };
    let Some(ahead) = ahead else { return found };
    let clock = Interval { lo: Nanos(question.at.0) + ahead.lo, hi: Nanos(question.at.0) + ahead.hi };
    let (mut worst, mut decides): (Answer, Option<Claim>) = (Answer::Accepted, None);
    for library in &question.libraries {
        let answered = judge(&question.claims, clock, *library, question.leeway);
        let id = library.id();
        let list = match answered.answer {
            Answer::Refused => &mut found.refused_by,
            Answer::CannotTell => &mut found.cannot_tell_by,
            Answer::Accepted => &mut found.accepted_by,
        };
        list.push(id.to_owned());
        found.stricter_with.extend(answered.asked_for.iter().map(|(option, _)| format!("{id}: {option}")));
        if answered.answer > worst {
            (worst, decides) = (answered.answer, answered.by);
        }
    }
    found.answer = match worst {
        Answer::Accepted => TokenAnswer::Accepted,
        Answer::CannotTell => TokenAnswer::CannotTell,
        Answer::Refused => TokenAnswer::Refused,
    };
    found.claim = decides.map(|claim| claim.name().to_owned());
    let date = decides.and_then(|claim| question.claims.date(claim));
    found.past_claim_s = date.map(|date| Seconds(clock.midpoint() - date.exact));
    found
}

/// Why the clock of a host is not known: what stopped it, or else what is noted of one that was never tried.
fn why(host: &Host) -> Option<Error> {
    let noted = || host.findings.iter().find(|finding| finding.severity == Severity::Note);
    let of_note = || {
        noted().filter(|_| host.clock.is_none()).map(|finding| Error {
            code: finding.code.clone(),
            stage: String::new(),
            title: finding.what.clone(),
            message: finding.what.clone(),
        })
    };
    // Why a session ended says nothing of a clock that was measured before.
    host.error.clone().filter(|_| host.clock.is_none()).or_else(of_note)
}

/// A host's clock minus the controller's at an instant. Both stand against the same reference, which so drops out; since they
/// were measured each has run on, a steady clock within 500 ppm of true rate.
fn ahead(host: &Host, report: &Report, at: UnixNanos) -> Option<Interval> {
    let clock = host.clock.as_ref()?;
    let host = Interval::new(clock.lo_s?.0, clock.hi_s?.0);
    let controller = &report.run.controller;
    let controller = Interval::new(controller.lo_s?.0, controller.hi_s?.0);
    let since = at.since(clock.at.0).abs();
    Some(host.minus(controller).widened(since.wander(Config::STANDARD.rho)))
}

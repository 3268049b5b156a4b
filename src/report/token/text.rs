//! What hosts make of a token, for people: lines for a terminal, a page for a ticket.

use indexmap::IndexMap;

use crate::audit::figure;
use crate::clock::{Interval, Nanos, UnixNanos, decimal};
use crate::report::document::{Block, Column, Document, Span, Table};
use crate::report::escape::escaped_within;
use crate::report::model::{TokenAnswer, TokenHost, TokenReport};
use crate::report::paragraph::paragraph;
use crate::report::quantity::{ClaimedSeconds, Instant};
use crate::report::sentences::{self, folded_names, moment};
use crate::report::table::Page;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 14;
/// So many hosts of one answer are shown each on a line; more are folded.
const MOST_HOSTS: usize = 5;
/// So many hosts that do not accept it are named; of more the first one, and how many they are.
const MOST_NAMES: usize = 60;
/// More rows than these are counted: who needs all of them reads the JSON.
const MOST_ROWS: usize = 200;
/// An issuer is a text of the token: so much of it is shown.
const LONGEST: usize = 200;
/// Beyond it a token's time says more of its unit, or of a clock in 1970, than of clocks that drift.
const FARTHEST: Nanos = Nanos::from_seconds(100 * 31_557_600);
/// A number that is in milliseconds no further than this from now is taken for one of milliseconds.
const MEANT: Nanos = Nanos::from_seconds(20 * 31_557_600);
/// So many digits of a number are shown.
const LONGEST_NUMBER: usize = 40;
/// What a reader must not take it for.
const UNSIGNED: &str = "the signature is not checked";
/// What a token without one is worth.
const NOBODYS: &str = "anybody can have written it, and who verifies signatures refuses it whatever the clocks say";

/// The hosts that answer alike, for the same reason.
#[derive(PartialEq, Eq, Hash)]
struct Kind<'report> {
    answer: TokenAnswer,
    claim: Option<&'report str>,
    refused_by: &'report [String],
    cannot_tell_by: &'report [String],
    /// Code, words and stage of why it was not measured.
    why: Option<[&'report str; 3]>,
}

/// The lines of an answer, for a page.
pub fn table(report: &TokenReport, page: Page) -> String {
    let labelled = |word: &str, text: &str| paragraph(word, text, INDENT, page.text());
    let mut lines: Vec<String> = facts(report).iter().flat_map(|(label, text)| labelled(label, text)).collect();
    lines.push(String::new());
    let mut last = None;
    let kinds = alike(report);
    let alone = kinds.values().filter(|hosts| stands_alone(hosts)).flatten();
    let width = alone.map(|host| short(&host.name).chars().count()).max().unwrap_or_default();
    for (kind, hosts) in &kinds {
        let label = if last == Some(kind.answer) { "" } else { word(kind.answer) };
        last = Some(kind.answer);
        lines.extend(told(hosts, width).iter().enumerate().flat_map(|(index, text)| {
            let label = if index == 0 { label } else { "" };
            labelled(label, text)
        }));
        lines.extend(split(kind, report).iter().flat_map(|text| labelled("", text)));
    }
    lines.extend(stricter(report).iter().flat_map(|text| labelled("Stricter", text)));
    lines.join("\n") + "\n"
}

/// The page of an answer.
pub fn page(report: &TokenReport) -> Document {
    let counts = report.counts;
    let told = [
        (counts.refused, "refuse it"),
        (counts.cannot_tell, "cannot be told"),
        (counts.not_measured, "not measured"),
        (counts.accepted, "accept it"),
    ];
    let told: Vec<String> =
        told.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let heading = format!("A token at {}: {}", figure::count(report.hosts.len(), "host"), told.join(", "));
    let fact =
        |(label, what): &(&str, String)| vec![Span::Strong((*label).to_owned()), Span::Text(format!(": {what}"))];
    let left = |title| Column { title, is_right: false };
    let mut worst_first: Vec<&TokenHost> = report.hosts.iter().collect();
    worst_first.sort_by_key(|host| rank(host.answer));
    let row = |host: &&TokenHost| {
        let libraries = if report.libraries.len() > 1 { by(host, report) } else { String::new() };
        vec![
            Span::Text(word(host.answer).to_lowercase()),
            Span::Name(escaped_within(&host.name, LONGEST)),
            Span::Text(why(host).unwrap_or_else(|| standing(host))),
            Span::Text(libraries),
        ]
    };
    Document(vec![
        Block::Heading(1, heading),
        Block::List(facts(report).iter().map(fact).collect()),
        Block::Table(Table {
            columns: vec![left("Answer"), left("Host"), left("Its clock"), left("Libraries")],
            rows: worst_first.iter().take(MOST_ROWS).map(row).collect(),
            left_out: report.hosts.len().saturating_sub(MOST_ROWS),
        }),
    ])
}

/// What is said of a token that ends when it begins, or before.
fn without_life(report: &TokenReport) -> Option<String> {
    let near = |date: &Option<ClaimedSeconds>| match date {
        Some(ClaimedSeconds::Near(seconds)) => Some(seconds.0),
        _ => None,
    };
    let claims = &report.claims;
    let begins = [("nbf", near(&claims.not_before_s)), ("iat", near(&claims.issued_at_s))];
    let ends = near(&claims.expiry_s)?;
    let (name, _) = begins.into_iter().find(|(_, begin)| begin.is_some_and(|begin| ends <= begin))?;
    Some(format!(
        "none: exp is not after {name}; only where there is leeway can any clock accept it. Have the issuer correct it"
    ))
}

/// What the token says, and by what it is judged.
fn facts(report: &TokenReport) -> Vec<(&'static str, String)> {
    let claims = &report.claims;
    let is_unsigned = claims.algorithm.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("none"));
    let algorithm = claims.algorithm.as_deref().map_or_else(|| "no `alg`".to_owned(), short);
    let issuer = claims.issuer.as_deref().map_or_else(String::new, |issuer| format!(", issuer {}", short(issuer)));
    let token = if is_unsigned {
        format!("unsigned (`alg: {algorithm}`){issuer}; {NOBODYS}")
    } else {
        format!("{algorithm}{issuer}; {UNSIGNED}")
    };
    let mut facts = vec![("Token", token)];
    let dates = [("iat", &claims.issued_at_s), ("nbf", &claims.not_before_s), ("exp", &claims.expiry_s)];
    facts.extend(dates.iter().filter_map(|(name, date)| Some((*name, dated(date.as_ref()?, report.judged_at)))));
    if dates.iter().all(|(_, date)| date.is_none()) {
        facts.push(("Times", "none: without iat, nbf and exp no clock refuses it".to_owned()));
    }
    facts.extend(without_life(report).map(|text| ("Lifetime", text)));
    let clocks = if report.clocks.is_fresh {
        "measured now, against this machine's clock".to_owned()
    } else {
        let since = Nanos(report.judged_at.0.0) - Nanos(report.clocks.finished.0.0);
        let (finished, length) = (moment(report.clocks.finished), apart(since));
        if since < Nanos::ZERO {
            format!(
                "of the scan of {finished}, {length} after this machine's clock: one of the clocks, that of the machine that scanned or this \
                 one's, is wrong or was set since; what follows holds only where this one's is right"
            )
        } else {
            format!(
                "of the scan of {finished} ({length} before, by this machine's clock), if no clock was set since: within 500 ppm of \
                 what they showed then"
            )
        }
    };
    if report.clocks.partial {
        let why = sentences::ended_early(report.clocks.interrupted);
        facts.push(("PARTIAL", format!("{why}; hosts may be missing, or not measured for that alone")));
    }
    if report.clocks.inventory_incomplete {
        facts.push(("INCOMPLETE", "a part of the inventory was not understood; hosts may be missing".to_owned()));
    }
    facts.push(("Clocks", clocks));
    let leeway = report.leeway_s.map_or_else(
        || "the leeway that is there where nothing is set".to_owned(),
        |leeway| format!("leeway {}", figure::limit(leeway.0)),
    );
    let libraries = match report.libraries.as_slice() {
        [one] => format!("{}, leeway {}", one.name, figure::limit(one.leeway_s.0)),
        several => format!("{}, {leeway}; `--verifier-lib NAME` for yours alone", several.len()),
    };
    facts.push(("Libraries", libraries));
    facts
}

fn short(text: &str) -> String {
    escaped_within(text, LONGEST)
}

/// `2026-11-30 04:00:00 UTC, 12 s ago`.
fn dated(date: &ClaimedSeconds, now: Instant) -> String {
    let date = match date {
        ClaimedSeconds::Near(date) => *date,
        ClaimedSeconds::Far(number) => return far(number, now),
    };
    let text = Instant(UnixNanos(date.0.0)).to_text();
    let second = text.get(..19).unwrap_or(&text).replace('T', " ");
    let away = date.0 - Nanos(now.0.0);
    let away = if away > Nanos::ZERO { format!("in {}", apart(away)) } else { format!("{} ago", apart(away)) };
    format!("{second} UTC, {away}")
}

/// `beyond the year 2262, 9999999999 s`. One that is an instant of these years in milliseconds was meant as that.
fn far(number: &str, now: Instant) -> String {
    let side = if number.starts_with('-') { "before the year 1677" } else { "beyond the year 2262" };
    let told = format!("{side}, {} s", escaped_within(number, LONGEST_NUMBER));
    let in_millis = number.parse::<f64>().ok().and_then(|number| decimal::seconds(&format!("{:.3}", number / 1_000.0)));
    match in_millis.filter(|instant| (*instant - Nanos(now.0.0)).abs() < MEANT) {
        Some(instant) => {
            let text = Instant(UnixNanos(instant.0)).to_text();
            let second = text.get(..19).unwrap_or(&text).replace('T', " ");
            format!("{told} (tokens have seconds: in milliseconds it would be {second} UTC)")
        }
        None => told,
    }
}

/// A length as people say it: `12 s`, `59 min 48 s`, `3 h 12 min`, `1 d 1 h`, `12 d`.
fn apart(length: Nanos) -> String {
    let seconds = length.abs().0 / Nanos::from_seconds(1).0;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        86_400..864_000 => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
        _ => figure::length(length.abs()),
    }
}

/// The hosts that answer alike, the worst first.
fn alike(report: &TokenReport) -> IndexMap<Kind<'_>, Vec<&TokenHost>> {
    let mut kinds: IndexMap<Kind<'_>, Vec<&TokenHost>> = IndexMap::new();
    for host in &report.hosts {
        let kind = Kind {
            answer: host.answer,
            claim: host.claim.as_deref(),
            refused_by: &host.refused_by,
            cannot_tell_by: &host.cannot_tell_by,
            why: host.error.as_ref().map(|error| [error.code.as_str(), error.title.as_str(), error.stage.as_str()]),
        };
        kinds.entry(kind).or_default().push(host);
    }
    kinds.sort_by_cached_key(|kind, _| {
        let why = kind.why.map(|why| why.map(str::to_owned));
        (rank(kind.answer), std::cmp::Reverse(kind.refused_by.len()), kind.claim.map(str::to_owned), why)
    });
    kinds
}

fn rank(answer: TokenAnswer) -> u8 {
    match answer {
        TokenAnswer::Refused => 0,
        TokenAnswer::CannotTell => 1,
        TokenAnswer::NotMeasured => 2,
        TokenAnswer::Accepted => 3,
    }
}

fn word(answer: TokenAnswer) -> &'static str {
    match answer {
        TokenAnswer::Refused => "REFUSED",
        TokenAnswer::CannotTell => "CANNOT TELL",
        TokenAnswer::NotMeasured => "NOT MEASURED",
        TokenAnswer::Accepted => "accepted",
    }
}

/// Whether each of these hosts has a line of its own.
fn stands_alone(hosts: &[&TokenHost]) -> bool {
    hosts.len() <= MOST_HOSTS && hosts.iter().any(|host| host.past_claim_s.is_some())
}

/// The hosts of one kind: a few with where their clocks stand, their names set in so many columns; many folded, with the least
/// and the most.
fn told(hosts: &[&TokenHost], width: usize) -> Vec<String> {
    if stands_alone(hosts) {
        return hosts.iter().map(|host| format!("{:width$}  {}", short(&host.name), standing(host))).collect();
    }
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    // Which hosts refuse is what was asked: of those that accept a few names are enough.
    let are_told = hosts.iter().any(|host| host.answer != TokenAnswer::Accepted) && names.len() <= MOST_NAMES;
    let folded = if are_told {
        names.iter().map(|name| short(name)).collect::<Vec<_>>().join(", ")
    } else {
        folded_names(&names)
    };
    let mut text = if names.len() == 1 { folded } else { format!("{}: {folded}", figure::count(names.len(), "host")) };
    let standing_of = |found: Option<&&TokenHost>| found.map(|host| standing(host));
    let measured = || hosts.iter().filter(|host| host.past_claim_s.is_some());
    let least = standing_of(measured().min_by_key(|host| host.past_claim_s));
    let most = standing_of(measured().max_by_key(|host| host.past_claim_s));
    if let Some((least, most)) = least.zip(most) {
        text = format!("{text}; {}", from_to(&least, &most));
    }
    if let Some(why) = hosts.first().and_then(|host| why(host)) {
        text = format!("{text}: {why}");
    }
    vec![text]
}

/// The least and the most; once where they are told in the same words.
fn from_to(least: &str, most: &str) -> String {
    if least == most { least.to_owned() } else { format!("from {least} to {most}") }
}

/// Why a host was not measured.
fn why(host: &TokenHost) -> Option<String> {
    const NO_BOUNDS: &str = "no bounds of its clock against this controller's are known";
    let told = || host.error.as_ref().map_or_else(|| NO_BOUNDS.to_owned(), sentences::failed);
    (host.answer == TokenAnswer::NotMeasured).then(told)
}

/// Where a host's clock stands against the claim that decides: `before nbf by 3587.6021 s ± 0.62 ms`.
fn standing(host: &TokenHost) -> String {
    let (Some(claim), Some(past)) = (&host.claim, host.past_claim_s) else { return String::new() };
    let radius = match (host.ahead_lo_s, host.ahead_hi_s) {
        (Some(lo), Some(hi)) => Interval::new(lo.0, hi.0).half_width(),
        _ => Nanos::ZERO,
    };
    if past.0.abs() <= radius {
        return format!("within {} of {claim}", figure::length(radius));
    }
    let (side, length) = if past.0 < Nanos::ZERO { ("before", -past.0) } else { ("past", past.0) };
    let length = if length > FARTHEST {
        "more than 100 y".to_owned()
    } else if length > Nanos::from_seconds(86_400) {
        figure::length(length)
    } else {
        figure::with_bound(length, Interval::around(length, radius)).trim_start_matches('+').to_owned()
    };
    format!("{side} {claim} by {length}")
}

/// Which libraries answer what, where they differ.
fn split(kind: &Kind<'_>, report: &TokenReport) -> Option<String> {
    let asked = report.libraries.len();
    let is_split = (1..asked).contains(&kind.refused_by.len()) || (1..asked).contains(&kind.cannot_tell_by.len());
    is_split.then(|| parts(kind.refused_by, kind.cannot_tell_by, report))
}

fn by(host: &TokenHost, report: &TokenReport) -> String {
    if host.accepted_by.len() == report.libraries.len() || host.answer == TokenAnswer::NotMeasured {
        return String::new();
    }
    if host.refused_by.len() == report.libraries.len() {
        return "all".to_owned();
    }
    parts(&host.refused_by, &host.cannot_tell_by, report)
}

/// `refused by PyJWT, Authlib; accepted by Nimbus (60 s)`.
fn parts(refused: &[String], cannot_tell: &[String], report: &TokenReport) -> String {
    let is_in = |ids: &[String], id: &String| ids.contains(id);
    let named = |label: &str, belongs: &dyn Fn(&String) -> bool| {
        let names: Vec<String> = report
            .libraries
            .iter()
            .filter(|library| belongs(&library.id))
            .map(|library| match library.leeway_s.0 {
                Nanos::ZERO => library.id.clone(),
                leeway => format!("{} (leeway {})", library.id, figure::limit(leeway)),
            })
            .collect();
        (!names.is_empty()).then(|| format!("{label} {}", names.join(", ")))
    };
    let parts = [
        named("refused by", &|id| is_in(refused, id)),
        named("cannot tell by", &|id| is_in(cannot_tell, id)),
        named("accepted by", &|id| !is_in(refused, id) && !is_in(cannot_tell, id)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What libraries would refuse with options that are not set where nothing is said.
fn stricter(report: &TokenReport) -> Option<String> {
    let mut options: Vec<&str> = report.hosts.iter().flat_map(|host| &host.stricter_with).map(String::as_str).collect();
    options.sort_unstable();
    options.dedup();
    let first = options.join("; ");
    (!options.is_empty()).then(|| format!("with options that are not set by default more is refused: {first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_in_the_same_words_is_told_once() {
        assert_eq!(from_to("past exp by 1.1 s", "past exp by 1.2 s"), "from past exp by 1.1 s to past exp by 1.2 s");
        let far = "before iat by more than 100 y";
        assert_eq!(from_to(far, far), far);
    }
}

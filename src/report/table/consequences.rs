//! What breaks: the systems and the tokens that the clocks do not suffice for, in a few lines.

use super::page::{Page, paragraph};
use crate::audit::figure;
use crate::clock::Nanos;
use crate::inventory::folding;
use crate::report::escape::escaped;
use crate::report::model::{Impact, RefusingPair, Report, Tokens};

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// So many pairs of a question about tokens are shown.
const MOST_PAIRS: usize = 3;
/// So many questions and systems.
const MOST_LINES: usize = 8;
/// Folded names longer than this give way to their number.
const LONGEST_NAMES: usize = 60;

/// The lines that stand below the reference and the pairs; the first is headed.
pub(super) fn lines(report: &Report, page: Page) -> Vec<String> {
    let systems = report.impact.iter().filter_map(system);
    let mut found: Vec<String> = report.jwt.iter().flat_map(tokens).chain(systems).collect();
    if found.len() > MOST_LINES {
        let more = found.len() - (MOST_LINES - 1);
        found.truncate(MOST_LINES - 1);
        found.push(format!("and {more} more (show them: -o json)"));
    }
    let heading = |index: usize| if index == 0 { "Breaks" } else { "" };
    let set = |(index, line): (usize, String)| paragraph(heading(index), &line, INDENT, page.text());
    found.into_iter().enumerate().flat_map(set).collect()
}

/// `Ceph 50 ms: db01,mon[01-03]`; nothing where nothing breaks it.
fn system(impact: &Impact) -> Option<String> {
    if impact.hosts.is_empty() {
        return None;
    }
    let limit = figure::limit(impact.crit_s.0);
    let folded = folding::fold(&impact.hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let who = if folded.chars().count() > LONGEST_NAMES { format!("{} hosts", impact.hosts.len()) } else { folded };
    Some(format!("{} {limit}: {}", escaped(&impact.system), escaped(&who)))
}

/// What refuses tokens: the worst pairs, and how many there are; one line where nothing does.
fn tokens(tokens: &Tokens) -> Vec<String> {
    let leeway = figure::limit(tokens.leeway_s.0);
    let (from, to) = (escaped(&tokens.issuer_group), escaped(&tokens.verifier_group));
    let head = format!("JWT {from} -> {to}, leeway {leeway}");
    // Where only the lag of a reading by `time()` can refuse, no clock is at fault.
    let covered = tokens.leeway_s.0 + tokens.latency_s.0;
    let refusing: Vec<&RefusingPair> = tokens.worst.iter().filter(|pair| pair.hi_s.0 > covered).collect();
    if tokens.pairs == 0 {
        return vec![format!("{head}: no issuer and verifier were measured")];
    }
    if refusing.is_empty() {
        return vec![format!("{head}: no first use is refused")];
    }
    let mut lines = vec![format!(
        "{head}: {} of {} pairs refuse first uses, {} may; mean {}",
        tokens.refusing,
        tokens.pairs,
        tokens.refusing_possibly.saturating_sub(tokens.refusing),
        percent(tokens.mean_refused_share)
    )];
    lines.extend(folded(&refusing).iter().take(MOST_PAIRS).map(Folded::line));
    lines
}

/// Pairs of which the same is said, in one line.
struct Folded<'pairs> {
    issuers: Vec<&'pairs str>,
    verifiers: Vec<&'pairs str>,
    /// `every first use refused`.
    share: String,
    /// The leeway that would hide all of them.
    leeway_s: Option<i64>,
    /// The greatest skew of them.
    off: Nanos,
}

/// Folds the issuers that one verifier refuses alike, then the verifiers that refuse the same issuers alike.
fn folded<'pairs>(refusing: &[&'pairs RefusingPair]) -> Vec<Folded<'pairs>> {
    let mut by_verifier: Vec<Folded<'pairs>> = Vec::new();
    for pair in refusing {
        let share = share(pair);
        let alike = by_verifier.iter_mut().find(|one| {
            one.verifiers == [pair.verifier.as_str()] && one.share == share && one.leeway_s == pair.hiding_leeway_s
        });
        match alike {
            Some(one) => {
                one.issuers.push(&pair.issuer);
                one.off = one.off.max(pair.skew_s.0);
            }
            None => by_verifier.push(Folded {
                issuers: vec![&pair.issuer],
                verifiers: vec![&pair.verifier],
                share,
                leeway_s: pair.hiding_leeway_s,
                off: pair.skew_s.0,
            }),
        }
    }
    let mut found: Vec<Folded<'pairs>> = Vec::new();
    for mut one in by_verifier {
        one.issuers.sort_unstable();
        let alike = |other: &&mut Folded<'pairs>| {
            other.issuers == one.issuers && other.share == one.share && other.leeway_s == one.leeway_s
        };
        match found.iter_mut().find(alike) {
            Some(other) => {
                other.verifiers.extend(one.verifiers);
                other.off = other.off.max(one.off);
            }
            None => found.push(one),
        }
    }
    found
}

impl Folded<'_> {
    /// `auth01,auth02 -> api07: every first use refused; 3603 s off: fix the clock, leeway cannot help`.
    fn line(&self) -> String {
        let help = match self.leeway_s {
            Some(seconds) => format!("leeway {seconds} s would hide it"),
            None => format!("{} off: fix the clock, leeway cannot help", off(self.off)),
        };
        let who = |names: &[&str]| escaped(&folding::fold(names));
        format!("{} -> {}: {}; {help}", who(&self.issuers), who(&self.verifiers), self.share)
    }
}

/// `every first use refused`, `1.5 % to 2.5 % of first uses refused`.
fn share(pair: &RefusingPair) -> String {
    match (pair.refused_share_lo, pair.refused_share_hi) {
        (lo, _) if lo >= 1.0 => "every first use refused".to_owned(),
        (lo, hi) if percent(lo) == percent(hi) => format!("{} of first uses refused", percent(hi)),
        (lo, hi) => format!("{} to {} of first uses refused", percent(lo), percent(hi)),
    }
}

/// Whole seconds: a pair that no leeway helps is off by many.
fn off(skew: Nanos) -> String {
    format!("{} s", skew.abs().0 / Nanos::from_seconds(1).0)
}

/// A share of one in percent, with one digit below ten.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 && percent > 0.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_digits_that_matter() {
        let check = |share: f64, expected: &str| assert_eq!(percent(share), expected);
        check(0.0, "0 %");
        check(0.015, "1.5 %");
        check(0.095, "9.5 %");
        check(0.354, "35 %");
        check(1.0, "100 %");
    }
}

//! What verifiers do with issuers' tokens, in a few lines: what they refuse at first, and what they take for expired too early.

use super::escape::escaped;
use super::model::{EarlyEnd, RefusingPair, Report, Tokens};
use crate::audit::figure;
use crate::clock::Nanos;
use crate::inventory::folding;

/// So many pairs of a question about tokens are shown of each kind.
const MOST_PAIRS: usize = 3;

/// What refuses tokens, and what ends them early: the worst pairs of each, and how many there are; one line where nothing does.
pub(super) fn of(tokens: &Tokens) -> Vec<String> {
    let leeway = figure::limit(tokens.leeway_s.0);
    let (from, to) = (escaped(&tokens.issuer_group), escaped(&tokens.verifier_group));
    let head = format!("JWT {from} -> {to}, leeway {leeway}");
    if tokens.pairs == 0 {
        return vec![format!("{head}: no issuer and verifier were measured")];
    }
    let (refusing, early) = (refusing(tokens), early(tokens));
    let first_uses = match (refusing.is_empty(), &early) {
        (true, None) => "no first use is refused".to_owned(),
        (true, Some(_)) => "no first use is refused as not yet valid".to_owned(),
        (false, _) => format!(
            "{} of {} pairs refuse first uses, {} may; mean {}",
            tokens.refusing,
            tokens.pairs,
            tokens.refusing_possibly.saturating_sub(tokens.refusing),
            percent(tokens.mean_refused_share)
        ),
    };
    let said: Vec<String> = [Some(first_uses), early].into_iter().flatten().collect();
    let mut lines = vec![format!("{head}: {}", said.join("; "))];
    let refused = refusing.into_iter().map(|pair| Said {
        issuer: &pair.issuer,
        verifier: &pair.verifier,
        what: refused(pair),
        leeway_s: pair.hiding_leeway_s,
        off: pair.skew_s.0,
    });
    let with_help = |one: &Folded<'_>| format!("{}; {}", one.what, help(one.leeway_s, one.off));
    lines.extend(folded(refused).iter().take(MOST_PAIRS).map(|one| one.line(&with_help(one))));
    let ended = tokens.early_ends.iter().map(|end| Said {
        issuer: &end.issuer,
        verifier: &end.verifier,
        what: ended_early(end),
        leeway_s: end.hiding_leeway_s,
        off: end.early_s.0,
    });
    lines.extend(folded(ended).iter().take(MOST_PAIRS).map(|one| one.line(&one.what)));
    lines
}

/// What the clocks mean for the tokens that one host issues and verifies: of the pairs that the report names, those of its.
pub(super) fn of_host(host: &str, report: &Report) -> Vec<String> {
    let is_its = |issuer: &str, verifier: &str| issuer == host || verifier == host;
    let of_question = |tokens: &Tokens| {
        let refused = refusing(tokens).into_iter().filter(|pair| is_its(&pair.issuer, &pair.verifier)).map(|pair| {
            let said = format!("{}; {}", refused(pair), help(pair.hiding_leeway_s, pair.skew_s.0));
            format!("{} -> {}: {said}", escaped(&pair.issuer), escaped(&pair.verifier))
        });
        let ended = tokens.early_ends.iter().filter(|end| is_its(&end.issuer, &end.verifier));
        let ended =
            ended.map(|end| format!("{} -> {}: {}", escaped(&end.issuer), escaped(&end.verifier), ended_early(end)));
        refused.chain(ended).collect::<Vec<String>>()
    };
    report.jwt.iter().flat_map(of_question).collect()
}

/// What is said of one pair.
struct Said<'pairs> {
    issuer: &'pairs str,
    verifier: &'pairs str,
    /// `every first use refused`.
    what: String,
    /// The leeway that would hide it.
    leeway_s: Option<i64>,
    off: Nanos,
}

/// Pairs of which the same is said, in one line.
struct Folded<'pairs> {
    issuers: Vec<&'pairs str>,
    verifiers: Vec<&'pairs str>,
    /// `every first use refused`.
    what: String,
    /// The leeway that would hide all of them.
    leeway_s: Option<i64>,
    /// How far the one that is off most is off.
    off: Nanos,
}

/// Folds the issuers of one verifier of which the same is said, then the verifiers with the same issuers.
fn folded<'pairs>(pairs: impl Iterator<Item = Said<'pairs>>) -> Vec<Folded<'pairs>> {
    let mut by_verifier: Vec<Folded<'pairs>> = Vec::new();
    for pair in pairs {
        let alike = by_verifier
            .iter_mut()
            .find(|one| one.verifiers == [pair.verifier] && one.what == pair.what && one.leeway_s == pair.leeway_s);
        match alike {
            Some(one) => {
                one.issuers.push(pair.issuer);
                one.off = one.off.max(pair.off);
            }
            None => by_verifier.push(Folded {
                issuers: vec![pair.issuer],
                verifiers: vec![pair.verifier],
                what: pair.what,
                leeway_s: pair.leeway_s,
                off: pair.off,
            }),
        }
    }
    let mut found: Vec<Folded<'pairs>> = Vec::new();
    for mut one in by_verifier {
        one.issuers.sort_unstable();
        let alike = |other: &&mut Folded<'pairs>| {
            other.issuers == one.issuers && other.what == one.what && other.leeway_s == one.leeway_s
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
    fn line(&self, said: &str) -> String {
        let who = |names: &[&str]| escaped(&folding::fold(names));
        format!("{} -> {}: {said}", who(&self.issuers), who(&self.verifiers))
    }
}

/// The pairs that refuse first uses, or may, for what the clocks are: where only the lag of a reading by `time()` can refuse,
/// none is at fault.
pub(super) fn refusing(tokens: &Tokens) -> Vec<&RefusingPair> {
    let covered = tokens.leeway_s.0 + tokens.latency_s.0;
    tokens.worst.iter().filter(|pair| pair.hi_s.0 > covered).collect()
}

/// `every first use refused`, `1.5 % to 2.5 % of first uses refused`.
pub(super) fn refused(pair: &RefusingPair) -> String {
    match (pair.refused_share_lo, pair.refused_share_hi) {
        (lo, _) if lo >= 1.0 => "every first use refused".to_owned(),
        (lo, hi) if percent(lo) == percent(hi) => format!("{} of first uses refused", percent(hi)),
        (lo, hi) => format!("{} to {} of first uses refused", percent(lo), percent(hi)),
    }
}

/// What hides a refusal, of a pair that is `off` by so much.
pub(super) fn help(leeway_s: Option<i64>, off: Nanos) -> String {
    match leeway_s {
        Some(seconds) => format!("leeway {seconds} s would hide it"),
        None => format!("{} s off: fix the clock, leeway cannot help", off.abs().0 / Nanos::from_seconds(1).0),
    }
}

/// `tokens end 3600 s early; lifetimes up to 1 h are refused at once; fix the clock`.
pub(super) fn ended_early(end: &EarlyEnd) -> String {
    let (least, most) = (figure::about(end.lo_s.0), figure::about(end.hi_s.0));
    let ended = match end.lo_s.0 {
        Nanos::ZERO => format!("tokens may end up to {most} early"),
        _ if least == most => format!("tokens end {most} early"),
        _ => format!("tokens end {least} to {most} early"),
    };
    // No token lives less than a second.
    let refused = (end.lo_s.0 >= Nanos::from_seconds(1))
        .then(|| format!("lifetimes up to {} are refused at once", figure::span(end.lo_s.0)));
    let help = match end.hiding_leeway_s {
        Some(seconds) => format!("leeway {seconds} s would hide it"),
        None => "fix the clock".to_owned(),
    };
    [Some(ended), refused, Some(help)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `in 1 of 4 pairs tokens end early, in 0 they may`; nothing where all live as long as they should.
pub(super) fn early(tokens: &Tokens) -> Option<String> {
    if let Some(first) = tokens.early_ends.first() {
        let may = tokens.ending_early_possibly.saturating_sub(tokens.ending_early);
        let most = figure::about(first.hi_s.0);
        let (certain, pairs) = (tokens.ending_early, tokens.pairs);
        return Some(format!("in {certain} of {pairs} pairs tokens end early, in {may} they may, by up to {most}"));
    }
    // Reports of before these pairs were named say how far a verifier is ahead at most.
    let ahead = tokens.expiry_skew_s?.0 - tokens.leeway_s.0;
    (ahead > Nanos::from_millis(100)).then(|| format!("tokens end up to {} early", figure::about(ahead)))
}

/// A share of one in percent, with one digit below ten.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 && percent > 0.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::quantity::Seconds;

    #[test]
    fn shares_have_the_digits_that_matter() {
        let check = |share: f64, expected: &str| assert_eq!(percent(share), expected);
        check(0.0, "0 %");
        check(0.015, "1.5 %");
        check(0.095, "9.5 %");
        check(0.354, "35 %");
        check(1.0, "100 %");
    }

    #[test]
    fn an_early_end_is_told_with_what_it_means_for_short_lives() {
        let check = |lo_ms: i64, hi_ms: i64, hiding_leeway_s: Option<i64>, expected: &str| {
            let seconds = |ms: i64| Seconds(Nanos::from_millis(ms));
            let end = EarlyEnd {
                issuer: "a".to_owned(),
                verifier: "b".to_owned(),
                early_s: seconds(i64::midpoint(lo_ms, hi_ms)),
                lo_s: seconds(lo_ms),
                hi_s: seconds(hi_ms),
                hiding_leeway_s,
            };
            assert_eq!(ended_early(&end), expected);
        };
        check(
            3_599_998,
            3_600_001,
            None,
            "tokens end 3600 s early; lifetimes up to 1 h are refused at once; fix the clock",
        );
        check(
            25_000,
            35_000,
            None,
            "tokens end 25 s to 35 s early; lifetimes up to 25 s are refused at once; fix the clock",
        );
        check(120, 121, Some(1), "tokens end 120 ms to 121 ms early; leeway 1 s would hide it");
        check(0, 2_400, Some(3), "tokens may end up to 2.4 s early; leeway 3 s would hide it");
    }
}

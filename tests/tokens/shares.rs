//! The share of first uses that a scan's report predicts, against the real `PyJWT` on both sides.

use super::libraries::Verifier;
use clockaudit::audit::{TokenPolicy, token_use};
use clockaudit::clock::pairs::Standing;
use clockaudit::clock::{Interval, Nanos};

/// An instant far from any edge: 2024-06-01 12:00:00 UTC.
pub(crate) const NOON: i64 = 1_717_243_200;
/// So many tokens a skew, evenly over the second.
const TOKENS: u32 = 4_000;
/// Prediction and library may differ by so much.
const TOLERANCE: f64 = 0.02;

#[test]
fn the_predicted_share_is_the_one_that_pyjwt_refuses() {
    let mut pyjwt = Verifier::python();
    let mut check = |skew_ms: i64, leeway_s: i64| {
        let (skew, transit) = (Nanos::from_millis(skew_ms), Nanos::from_millis(5));
        let (lo, hi, mean) = predicted(skew, transit, Nanos::from_seconds(leeway_s));
        let refused = f64::from(pyjwt.refused_first_uses(TOKENS, skew, transit, leeway_s)) / f64::from(TOKENS);
        for predicted in [lo, hi, mean] {
            let is_close = (predicted - refused).abs() <= TOLERANCE;
            assert!(
                is_close,
                "{skew_ms} ms, leeway {leeway_s} s: predicted {lo} to {hi}, mean {mean}; PyJWT {refused}"
            );
        }
    };
    check(20, 0);
    check(100, 0);
    check(300, 0);
    check(700, 0);
    check(1_200, 0);
    check(-200, 0);
    check(1_200, 1);
    check(1_200, 2);
}

/// What a report says of an issuer that is this far ahead of a verifier, both known exactly: the share's bounds and mean.
fn predicted(skew: Nanos, latency: Nanos, leeway: Nanos) -> (f64, f64, f64) {
    let asked = TokenPolicy { issuers: "auth".to_owned(), verifiers: "api".to_owned(), leeway, latency };
    let at = |offset: Nanos| Some(Standing { bounds: Interval::new(offset, offset), estimate: offset });
    let groups = [vec!["auth".to_owned()], vec!["api".to_owned()]];
    let answers = token_use(&[asked], &[at(skew), at(Nanos::ZERO)], &groups);
    let found = answers.first().and_then(|answer| answer.found.clone()).expect("an issuer meets a verifier");
    let pair = found.worst.first().expect("the pair");
    (pair.share_lo, pair.share_hi, found.mean_share)
}

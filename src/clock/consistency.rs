//! Whether one clock within a rate limit can explain a set of exchanges, in one sweep over time (`docs/measurement.md`, 1.1).

use super::constraint::{BILLION, Constraint};
use super::units::Ppm;

/// The two bounds of a set that contradict each other most; pairs suffice, because a function that keeps to the rate at
/// every pair of points can be drawn through all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contradiction {
    /// Index of the exchange whose lower bound is too high.
    pub(super) lower: usize,
    /// Index of the exchange whose upper bound is too low.
    pub(super) upper: usize,
    /// By how much, in billionths of a nanosecond; not positive where the two agree.
    pub(super) excess: i128,
}

/// Whether one clock that changes its offset by at most `rate` explains every constraint.
pub(super) fn is_consistent(constraints: &[Constraint], rate: Ppm) -> bool {
    worst(constraints, rate).is_none_or(|contradiction| contradiction.excess <= 0)
}

/// The pair of bounds with the greatest excess at `rate`; `None` without constraints.
pub(super) fn worst(constraints: &[Constraint], rate: Ppm) -> Option<Contradiction> {
    let rho = i128::from(rate.ppb());
    let mut by_received: Vec<(usize, &Constraint)> = constraints.iter().enumerate().collect();
    by_received.sort_by_key(|(_, one)| one.received);
    let mut by_sent: Vec<(usize, &Constraint)> = constraints.iter().enumerate().collect();
    by_sent.sort_by_key(|(_, one)| one.sent);

    let mut found: Option<Contradiction> = None;
    // Replies before a request: the bound falls with the distance, so `lower + rho * received` decides.
    let mut earlier = by_received.iter().peekable();
    let mut highest: Option<(i128, usize)> = None;
    for (upper, one) in &by_sent {
        while let Some((lower, past)) = earlier.next_if(|(_, past)| past.received <= one.sent) {
            raise(&mut highest, past.lower * BILLION + rho * past.received, *lower);
        }
        keep(&mut found, highest, *upper, rho * one.sent + one.upper * BILLION);
    }
    // Replies after it, from the end: `lower - rho * received` decides.
    let mut later = by_received.iter().rev().peekable();
    let mut highest: Option<(i128, usize)> = None;
    for (upper, one) in by_sent.iter().rev() {
        while let Some((lower, next)) = later.next_if(|(_, next)| next.received >= one.sent) {
            raise(&mut highest, next.lower * BILLION - rho * next.received, *lower);
        }
        keep(&mut found, highest, *upper, one.upper * BILLION - rho * one.sent);
    }
    found
}

fn raise(highest: &mut Option<(i128, usize)>, value: i128, index: usize) {
    if highest.is_none_or(|(before, _)| value > before) {
        *highest = Some((value, index));
    }
}

fn keep(found: &mut Option<Contradiction>, highest: Option<(i128, usize)>, upper: usize, limit: i128) {
    if let Some((value, lower)) = highest {
        let excess = value - limit;
        if found.is_none_or(|before| excess > before.excess) {
            *found = Some(Contradiction { lower, upper, excess });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn constraint(sent: i64, delay: i64, lower: i64, width: i64) -> Constraint {
        let (sent, lower) = (i128::from(sent), i128::from(lower));
        let upper = lower + i128::from(width);
        let received = sent + i128::from(delay);
        Constraint { sent, received, lower, upper, corrected: upper, round_trip: received - sent, width: upper - lower }
    }

    fn pairwise_maximum(constraints: &[Constraint], rate: Ppm) -> Option<i128> {
        let excess = |low: &Constraint, high: &Constraint| {
            (low.lower - high.upper) * BILLION - i128::from(rate.ppb()) * (low.received - high.sent).abs()
        };
        constraints.iter().flat_map(|low| constraints.iter().map(move |high| excess(low, high))).max()
    }

    proptest! {
        #[test]
        fn the_sweep_equals_the_pairwise_maximum(
            raw in proptest::collection::vec((0_i64..5_000, 0_i64..900, -50_i64..50, -3_i64..60), 0..24),
            ppb in prop_oneof![Just(0_i64), Just(500_000), Just(100_500_000), 0_i64..2_000_000_000],
        ) {
            let constraints: Vec<Constraint> =
                raw.into_iter().map(|(sent, delay, lower, width)| constraint(sent, delay, lower, width)).collect();
            let swept = worst(&constraints, Ppm::from_ppb(ppb));
            prop_assert_eq!(swept.map(|found| found.excess), pairwise_maximum(&constraints, Ppm::from_ppb(ppb)));
            if let Some(found) = swept {
                let (low, high) = (&constraints[found.lower], &constraints[found.upper]);
                let again = (low.lower - high.upper) * BILLION - i128::from(ppb) * (low.received - high.sent).abs();
                prop_assert_eq!(again, found.excess);
            }
        }
    }
}

//! Runs: the fewest stretches of time in each of which one steady clock explains the exchanges, and the steps between them.

use std::ops::Range;

use super::constraint::{BILLION, Constraint, bounds_at, instant, interval};
use super::estimate::Step;
use super::units::Ppm;

/// What a new exchange of the current run is held against, kept so that each costs next to nothing.
struct Envelope {
    rho: i128,
    /// The greatest `lower + rho * received` of the replies before now.
    highest_lower: Option<i128>,
    /// The least `upper - rho * sent`; every request of the run was before now.
    lowest_upper: Option<i128>,
    /// Received instant and lower bound of replies that were still under way at the latest request.
    under_way: Vec<(i128, i128)>,
}

impl Envelope {
    fn new(rate: Ppm) -> Self {
        Self { rho: i128::from(rate.ppb()), highest_lower: None, lowest_upper: None, under_way: Vec::new() }
    }

    /// Whether `next` (sent no earlier than any before) contradicts what was added.
    fn contradicts(&mut self, next: &Constraint) -> bool {
        let rho = self.rho;
        let highest = &mut self.highest_lower;
        self.under_way.retain(|(received, lower)| {
            let arrived = *received <= next.sent;
            if arrived {
                let value = lower * BILLION + rho * received;
                *highest = Some(highest.map_or(value, |before| before.max(value)));
            }
            !arrived
        });
        let upper = next.upper * BILLION;
        let under = self.lowest_upper.is_some_and(|limit| next.lower * BILLION - rho * next.received > limit);
        let over = self.highest_lower.is_some_and(|value| value > upper + rho * next.sent)
            || self.under_way.iter().any(|(received, lower)| lower * BILLION - upper > rho * (received - next.sent));
        under || over
    }

    fn add(&mut self, next: &Constraint) {
        let limit = next.upper * BILLION - self.rho * next.sent;
        self.lowest_upper = Some(self.lowest_upper.map_or(limit, |before| before.min(limit)));
        self.under_way.push((next.received, next.lower));
    }
}

/// Index ranges of the runs of `constraints` (oldest first) at `rate`, greedily from the front.
///
/// A new run starts at the first exchange that contradicts the current one: it is proved to be after the change, so
/// that nothing before it constrains the clock as it is now.
pub(super) fn runs(constraints: &[Constraint], rate: Ppm) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut envelope = Envelope::new(rate);
    let mut start = 0;
    for (index, next) in constraints.iter().enumerate() {
        if envelope.contradicts(next) {
            found.push(start..index);
            envelope = Envelope::new(rate);
            start = index;
        }
        envelope.add(next);
    }
    if start < constraints.len() {
        found.push(start..constraints.len());
    }
    found
}

/// The change between each run and the next: both carried at `rate` to the request of the new run's first exchange.
pub(super) fn steps(constraints: &[Constraint], runs: &[Range<usize>], rate: Ppm) -> Vec<Step> {
    let neighbours = runs.iter().zip(runs.iter().skip(1));
    neighbours
        .filter_map(|(old, new)| {
            let (old, new) = (constraints.get(old.clone())?, constraints.get(new.clone())?);
            let (last, first) = (old.last()?, new.first()?);
            let (old_lo, old_hi) = bounds_at(old, first.sent, rate)?;
            let (new_lo, new_hi) = bounds_at(new, first.sent, rate)?;
            Some(Step {
                after: instant(last.sent),
                before: instant(first.received),
                size: interval((new_lo - old_hi, new_hi - old_lo)),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::consistency::is_consistent;
    use super::*;

    proptest! {
        #[test]
        fn each_run_is_consistent_and_the_next_exchange_breaks_it(
            raw in proptest::collection::vec((0_i64..900, 0_i64..900, -50_i64..50, 0_i64..60), 0..24),
            ppb in prop_oneof![Just(0_i64), Just(500_000), 0_i64..200_000_000],
        ) {
            let mut constraints: Vec<Constraint> = raw
                .into_iter()
                .map(|(sent, delay, lower, width)| {
                    let (sent, lower) = (i128::from(sent), i128::from(lower));
                    let (received, upper) = (sent + i128::from(delay), lower + i128::from(width));
                    let (round_trip, corrected) = (received - sent, upper);
                    Constraint { sent, received, lower, upper, corrected, round_trip, width: upper - lower }
                })
                .collect();
            constraints.sort_by_key(|one| (one.sent, one.received));
            let found = runs(&constraints, Ppm::from_ppb(ppb));
            let mut expected_start = 0;
            for run in &found {
                prop_assert_eq!(run.start, expected_start);
                prop_assert!(is_consistent(&constraints[run.clone()], Ppm::from_ppb(ppb)));
                if run.end < constraints.len() {
                    prop_assert!(!is_consistent(&constraints[run.start..=run.end], Ppm::from_ppb(ppb)));
                }
                expected_start = run.end;
            }
            prop_assert_eq!(expected_start, constraints.len());
        }
    }
}

//! How offsets are laid along an axis: in proportion where all are of one magnitude, else by decades on both sides of zero.

use crate::audit::figure;
use crate::clock::{Interval, Nanos};

/// What is further out than so many times what is near is drawn by decades: in proportion, nothing of what is near would be seen.
const ONE_MAGNITUDE: f64 = 30.0;
/// So much of the axis stays free at each end.
const MARGIN: f64 = 0.03;
/// Below this nothing is told apart: no clock is measured better over a network.
const FINEST: f64 = 1_000.0;
/// Ticks of decades on one side of zero: i64 nanoseconds have no more.
const MOST_DECADES: i32 = 19;

/// An axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// Up to here the axis is in proportion, in nanoseconds; beyond it one decade is as long as another. None where all is.
    linear: Option<f64>,
    /// What stands at its two ends.
    ends: [f64; 2],
    /// Where these are drawn.
    drawn: [f64; 2],
}

impl Scale {
    /// The axis from `drawn[0]` to `drawn[1]` on which these bounds find room, and zero. `near` is how far off a clock is that is
    /// among the better ones.
    pub(super) fn of(all: Interval, near: Nanos, drawn: [f64; 2]) -> Self {
        let near = real(near).abs().max(FINEST);
        let furthest = real(all.lo).abs().max(real(all.hi).abs());
        let linear = (furthest > near * ONE_MAGNITUDE).then(|| 10_f64.powf(near.log10().floor()));
        let unplaced = Self { linear, ends: [0.0, 1.0], drawn };
        let (lo, hi) = (unplaced.bent(real(all.lo).min(0.0)), unplaced.bent(real(all.hi).max(0.0)));
        let margin = ((hi - lo) * MARGIN).max(f64::MIN_POSITIVE);
        Self { ends: [lo - margin, hi + margin], ..unplaced }
    }

    /// Where a value is drawn.
    pub(super) fn at(&self, value: Nanos) -> f64 {
        let ([lo, hi], [from, to]) = (self.ends, self.drawn);
        from + (self.bent(real(value)) - lo) / (hi - lo) * (to - from)
    }

    /// Whether one decade is as long as another.
    pub(super) fn is_by_decades(&self) -> bool {
        self.linear.is_some()
    }

    /// The values that are written along the axis, at least `gap` apart from each other.
    pub(super) fn ticks(&self, gap: f64) -> Vec<Nanos> {
        let [from, to] = self.drawn;
        let is_inside = |value: &f64| (self.ends[0]..=self.ends[1]).contains(&self.bent(*value));
        let values: Vec<f64> = if let Some(linear) = self.linear {
            let decades = (0..MOST_DECADES).map(|power| linear * 10_f64.powi(power));
            let far = |side: f64| decades.clone().map(move |value| side * value);
            far(-1.0).collect::<Vec<f64>>().into_iter().rev().chain([0.0]).chain(far(1.0)).filter(is_inside).collect()
        } else {
            let wanted = (self.ends[1] - self.ends[0]) / ((to - from).abs() / gap).max(1.0);
            let decade = 10_f64.powf(wanted.log10().floor());
            let step = [1.0, 2.0, 5.0].into_iter().map(|part| part * decade).find(|step| *step >= wanted);
            let step = step.unwrap_or(10.0 * decade);
            let first = (self.ends[0] / step).ceil();
            (0..100).map(|index| (first + f64::from(index)) * step).filter(is_inside).collect()
        };
        let values: Vec<Nanos> = values.into_iter().map(whole).collect();
        // Zero is always written, the others from it outwards.
        let (below, above): (Vec<Nanos>, Vec<Nanos>) = values.into_iter().partition(|value| *value < Nanos::ZERO);
        let below = self.spread(below.into_iter().rev().collect(), gap, Some(Nanos::ZERO));
        let mut ticks: Vec<Nanos> = below.into_iter().rev().collect();
        ticks.extend(self.spread(above, gap, None));
        ticks
    }

    /// Those of these values, from the nearest on, that are far enough from the one before.
    fn spread(&self, values: Vec<Nanos>, gap: f64, mut last: Option<Nanos>) -> Vec<Nanos> {
        let mut kept = Vec::new();
        for value in values {
            if last.is_none_or(|last| (self.at(value) - self.at(last)).abs() >= gap) {
                kept.push(value);
                last = Some(value);
            }
        }
        kept
    }

    /// A value as it stands along the axis.
    fn bent(&self, value: f64) -> f64 {
        match self.linear {
            Some(linear) => value.signum() * (1.0 + value.abs() / linear).log10(),
            None => value,
        }
    }
}

/// `-10 ms`, `0`, `+1 s`.
pub(super) fn tick_label(value: Nanos) -> String {
    const TEN_DAYS: Nanos = Nanos::from_seconds(864_000);
    let sign = match value.0 {
        0 => return "0".to_owned(),
        ..0 => '-',
        _ => '+',
    };
    let size = value.abs();
    format!("{sign}{}", if size < TEN_DAYS { figure::limit(size) } else { figure::length(size) })
}

/// A coordinate, no finer than a tenth of a pixel.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "pixels are coarser")]
fn real(value: Nanos) -> f64 {
    value.0 as f64
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
fn whole(value: f64) -> Nanos {
    Nanos(value.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn labels(lo: i64, hi: i64, near: i64) -> Vec<String> {
        let scale = Scale::of(Interval::new(Nanos(lo), Nanos(hi)), Nanos(near), [0.0, 700.0]);
        scale.ticks(60.0).into_iter().map(tick_label).collect()
    }

    #[test]
    fn values_of_one_magnitude_are_drawn_in_proportion() {
        let check = |lo: i64, hi: i64, near: i64, expected: &[&str]| assert_eq!(labels(lo, hi, near), expected);
        check(
            -100 * MS,
            100 * MS,
            20 * MS,
            &[
                "-100 ms", "-80 ms", "-60 ms", "-40 ms", "-20 ms", "0", "+20 ms", "+40 ms", "+60 ms", "+80 ms",
                "+100 ms",
            ],
        );
        check(0, 4 * MS, MS, &["0", "+500 us", "+1 ms", "+1500 us", "+2 ms", "+2500 us", "+3 ms", "+3500 us", "+4 ms"]);
    }

    #[test]
    fn values_of_many_magnitudes_are_drawn_by_decades() {
        let check = |lo: i64, hi: i64, near: i64, expected: &[&str]| assert_eq!(labels(lo, hi, near), expected);
        check(-100 * MS, 100 * MS, 200_000, &["-100 ms", "-10 ms", "-1 ms", "0", "+1 ms", "+10 ms", "+100 ms"]);
        // Decades that are nearer than the gap leave out every other one.
        check(-3_600_000 * MS, 2_104 * MS, 200_000, &["-100 s", "-1 s", "-10 ms", "0", "+10 ms", "+1 s"]);
        let ancient = labels(-1_795_536_000_000 * MS, 0, 200_000);
        assert!(ancient.len() < 14 && ancient.iter().any(|label| label.ends_with('y')), "{ancient:?}");
    }

    #[test]
    fn every_value_is_between_the_ends_and_in_its_order() {
        for (lo, hi, near) in
            [(0, 0, 0), (-1, 1, 1), (i64::MIN, i64::MAX, 1), (-5 * MS, 7_000 * MS, 40), (MS, 2 * MS, 3 * MS)]
        {
            let scale = Scale::of(Interval::new(Nanos(lo), Nanos(hi)), Nanos(near), [10.0, 110.0]);
            let places = [lo, lo / 2, 0, hi / 2, hi].map(|value| scale.at(Nanos(value)));
            let mut sorted = [lo, lo / 2, 0, hi / 2, hi];
            sorted.sort_unstable();
            assert!(sorted.map(|value| scale.at(Nanos(value))).is_sorted(), "{lo} {hi} {near}: {places:?}");
            assert!(places.iter().all(|place| (10.0..=110.0).contains(place)), "{lo} {hi} {near}: {places:?}");
            assert!(scale.ticks(20.0).contains(&Nanos::ZERO), "{lo} {hi} {near}");
        }
    }
}

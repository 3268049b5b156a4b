//! A closed interval of nanoseconds: what is known of an offset, a difference or a claim.

use super::units::Nanos;

/// The values from `lo` to `hi`, both included; as bounds of an offset, positive = host ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The least value.
    pub lo: Nanos,
    /// The greatest value.
    pub hi: Nanos,
}

impl Interval {
    /// Makes the interval from `lo` to `hi`, which must not be less than `lo`; ends given in the wrong order are exchanged.
    pub fn new(lo: Nanos, hi: Nanos) -> Self {
        if lo <= hi { Self { lo, hi } } else { Self { lo: hi, hi: lo } }
    }

    /// Makes the interval that holds one value.
    pub const fn point(value: Nanos) -> Self {
        Self { lo: value, hi: value }
    }

    /// Makes the interval from `centre - radius` to `centre + radius`; the radius's sign is ignored.
    pub fn around(centre: Nanos, radius: Nanos) -> Self {
        Self { lo: centre - radius.abs(), hi: centre + radius.abs() }
    }

    /// The length of the interval, never negative.
    pub fn width(self) -> Nanos {
        self.hi - self.lo
    }

    /// The middle, rounded down.
    pub fn midpoint(self) -> Nanos {
        Nanos::saturating_from((i128::from(self.lo.0) + i128::from(self.hi.0)).div_euclid(2))
    }

    /// Half the width, rounded up: the bound that is shown beside a value.
    pub fn half_width(self) -> Nanos {
        let width = i128::from(self.hi.0) - i128::from(self.lo.0);
        Nanos::saturating_from((width + 1).div_euclid(2))
    }

    /// Whether `value` lies inside.
    pub fn contains(self, value: Nanos) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// Whether the two intervals share no value.
    pub fn is_disjoint(self, other: Self) -> bool {
        self.hi < other.lo || other.hi < self.lo
    }

    /// The values that lie in both, or `None` where there are none.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        (lo <= hi).then_some(Self { lo, hi })
    }

    /// The interval grown by `margin` at both ends; the margin's sign is ignored.
    #[must_use]
    pub fn widened(self, margin: Nanos) -> Self {
        Self { lo: self.lo - margin.abs(), hi: self.hi + margin.abs() }
    }

    /// All differences `self - other`: the pair difference of two offsets.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { lo: self.lo - other.hi, hi: self.hi - other.lo }
    }

    /// The interval of the magnitudes: what a limit is compared with.
    #[must_use]
    pub fn magnitude(self) -> Self {
        let (low, high) = (self.lo.abs(), self.hi.abs());
        let least = if self.contains(Nanos::ZERO) { Nanos::ZERO } else { low.min(high) };
        Self { lo: least, hi: low.max(high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(lo: i64, hi: i64) -> Interval {
        Interval::new(Nanos(lo), Nanos(hi))
    }

    #[test]
    fn magnitude_is_zero_where_the_sign_is_unknown() {
        assert_eq!(interval(-3, 5).magnitude(), interval(0, 5));
        assert_eq!(interval(-5, -3).magnitude(), interval(3, 5));
        assert_eq!(interval(3, 5).magnitude(), interval(3, 5));
    }

    #[test]
    fn differences_hold_every_pair() {
        assert_eq!(interval(1, 2).minus(interval(10, 20)), interval(-19, -8));
    }

    #[test]
    fn halves_round_outward() {
        assert_eq!(interval(-1, 2).half_width(), Nanos(2));
        assert_eq!(interval(-3, 0).midpoint(), Nanos(-2));
        assert_eq!(interval(i64::MIN, i64::MAX).midpoint(), Nanos(-1));
    }
}

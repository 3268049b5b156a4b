//! What a clock will do once chronyd follows its new source: stay, be slewed or be stepped, which way, and for how long.

use super::refusal::Refusal;
use crate::audit::figure;
use crate::clock::{Interval, Nanos, Ppm};
use crate::timekeeper::chrony::configuration::MakeStep;

/// From which offset on `makestep 1.0 3` steps; less is slewed.
const STEPPED_FROM: Nanos = Nanos::from_seconds(1);
/// An offset this near to that is taken for one that could be stepped: chronyd measures it again, a little later.
const MARGIN: Nanos = Nanos::from_millis(100);
/// A clock further ahead than this is not slewed back unasked: it would take more than two minutes.
const SLEWED_BACK_TO: Nanos = Nanos::from_seconds(10);
/// How long a step takes besides the selection of a source; 6 s were measured from the restart on, all in all.
const STEP_TAKES: Nanos = Nanos::from_seconds(2);
/// How fast chronyd slews where its `maxslewrate` is not set: 12 s for each second.
pub const DEFAULT_SLEW_RATE: Ppm = Ppm::from_ppb(83_333_333);
/// Until chronyd selects a source that is asked with `iburst`; 4.3 to 4.7 s were measured.
pub const SELECTION: Nanos = Nanos::from_seconds(5);
/// The same without `iburst`; 129 to 130 s were measured.
pub const SELECTION_WITHOUT_BURST: Nanos = Nanos::from_seconds(130);

/// Which clocks may be stepped: the value of `--step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StepPolicy {
    /// Those that are behind; those that are ahead are slewed back, up to 10 s.
    #[default]
    Forward,
    /// All that are more than a second off.
    Any,
    /// None.
    Never,
}

impl StepPolicy {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Any => "any",
            Self::Never => "never",
        }
    }

    /// The policy of that word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Forward, Self::Any, Self::Never].into_iter().find(|policy| policy.name() == name)
    }
}

/// What is known of a clock that is to be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outset {
    /// Its offset from the yardstick; positive = ahead.
    pub offset: Interval,
    /// How fast its chronyd slews.
    pub slew_rate: Ppm,
    /// Within which time its chronyd selects a source.
    pub selection: Nanos,
}

/// How a clock is brought right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Movement {
    /// It is right as far as can be told.
    Stays,
    /// By rate.
    Slews,
    /// At once.
    Steps,
    /// The bounds lie on both sides of a second: by rate or at once.
    SlewsOrSteps,
}

impl Movement {
    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::Slews => "slews",
            Self::Steps => "steps",
            Self::SlewsOrSteps => "slews_or_steps",
        }
    }
}

/// Which way a clock is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It is behind.
    Forward,
    /// It is ahead: applications see time run slower, or see an instant twice.
    Backward,
    /// The bounds lie on both sides of zero.
    Unclear,
}

impl Direction {
    fn of(offset: Interval) -> Self {
        if offset.hi < Nanos::ZERO {
            Self::Forward
        } else if offset.lo > Nanos::ZERO {
            Self::Backward
        } else {
            Self::Unclear
        }
    }
}

/// What a clock will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// What it starts from.
    pub outset: Outset,
    /// How it is moved.
    pub movement: Movement,
    /// Which way.
    pub direction: Direction,
    /// After how long it is right, at most, from the restart of chronyd on.
    pub takes: Nanos,
    /// Whether steps are left out of the configuration until the clock is right.
    pub without_steps: bool,
}

/// What the policy says of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It may be moved so.
    Allowed(Forecast),
    /// It could be brought right only by a step back, which somebody must have asked for: this is what it would do then.
    NeedsConsent(Forecast),
}

/// Says what a clock will do under a policy.
pub fn forecast(outset: Outset, policy: StepPolicy) -> Ruling {
    let Interval { lo, hi } = outset.offset;
    let could_step_back = hi > STEPPED_FROM - MARGIN;
    let could_step = could_step_back || lo < MARGIN - STEPPED_FROM;
    match policy {
        StepPolicy::Forward if lo > SLEWED_BACK_TO => Ruling::NeedsConsent(moved(outset, false)),
        StepPolicy::Forward => Ruling::Allowed(moved(outset, could_step_back)),
        StepPolicy::Any => Ruling::Allowed(moved(outset, false)),
        StepPolicy::Never => Ruling::Allowed(moved(outset, could_step)),
    }
}

/// Says what a clock will do that is stepped at once by what its chronyd has still to correct, whatever that is.
pub fn step_now(outset: Outset, policy: StepPolicy) -> Ruling {
    let stepped = Forecast {
        outset,
        movement: Movement::Steps,
        direction: Direction::of(outset.offset),
        takes: STEP_TAKES,
        without_steps: false,
    };
    let may_step_back = outset.offset.hi > MARGIN;
    if may_step_back && policy != StepPolicy::Any { Ruling::NeedsConsent(stepped) } else { Ruling::Allowed(stepped) }
}

/// The forecast of a ruling, where it is allowed; `consents` says that somebody allowed a step back.
///
/// # Errors
///
/// The refusal that names the step back.
pub fn allowed(ruling: Ruling, consents: bool) -> Result<Forecast, Refusal> {
    match ruling {
        Ruling::NeedsConsent(Forecast { outset, .. }) if !consents => {
            Err(Refusal::StepBack { offset: figure::with_bound(outset.offset.midpoint(), outset.offset) })
        }
        Ruling::Allowed(forecast) | Ruling::NeedsConsent(forecast) => Ok(forecast),
    }
}

fn moved(outset: Outset, without_steps: bool) -> Forecast {
    let size = outset.offset.magnitude();
    let movement = if outset.offset.contains(Nanos::ZERO) && (without_steps || size.hi <= STEPPED_FROM) {
        Movement::Stays
    } else if without_steps || size.hi <= STEPPED_FROM {
        Movement::Slews
    } else if size.lo > STEPPED_FROM {
        Movement::Steps
    } else {
        Movement::SlewsOrSteps
    };
    let by_rate = slewing_takes(size.hi.min(if without_steps { Nanos::MAX } else { STEPPED_FROM }), outset.slew_rate);
    let takes = outset.selection
        + match movement {
            Movement::Stays | Movement::Slews => by_rate,
            Movement::Steps => STEP_TAKES,
            Movement::SlewsOrSteps => by_rate.max(STEP_TAKES),
        };
    Forecast { outset, movement, direction: Direction::of(outset.offset), takes, without_steps }
}

/// How long slewing an offset takes, rounded up.
fn slewing_takes(offset: Nanos, rate: Ppm) -> Nanos {
    let rate = i128::from(rate.ppb().max(1));
    let nanos = i128::from(offset.0.unsigned_abs()) * 1_000_000_000;
    Nanos::saturating_from((nanos + rate - 1) / rate)
}

impl Forecast {
    /// Whether steps are left out of the configuration for now, and come back once the clock is right.
    pub fn makestep(&self, wanted: MakeStep) -> MakeStep {
        if self.without_steps { MakeStep::LeftOut } else { wanted }
    }

    /// How far off the clock may still be, so long after the restart, if all goes as forecast; four fifths of the rate count,
    /// because chronyd does not hold it all the time.
    pub fn still_off(&self, elapsed: Nanos) -> Nanos {
        let size = self.outset.offset.magnitude().hi;
        // A second of grace on top of the selection, which is not the same every time.
        let moving = elapsed - self.outset.selection - Nanos::from_seconds(1);
        if moving <= Nanos::ZERO {
            return size;
        }
        let stepped = self.movement == Movement::Steps && moving > STEP_TAKES;
        let from = if stepped { size.min(STEPPED_FROM) } else { size };
        let rate = i128::from(self.outset.slew_rate.ppb()) * 4 / 5;
        let moved = Nanos::saturating_from(i128::from(moving.0) * rate / 1_000_000_000);
        (from - moved).max(Nanos::ZERO)
    }

    /// Whether an offset that was measured so long after the restart is one of a clock that moves as forecast: no further off
    /// than it may be, and on the side that it comes from.
    pub fn is_kept(&self, offset: Interval, elapsed: Nanos) -> bool {
        let is_on_its_side = match self.direction {
            Direction::Forward => offset.lo < Nanos::ZERO,
            Direction::Backward => offset.hi > Nanos::ZERO,
            Direction::Unclear => true,
        };
        is_on_its_side && offset.magnitude().lo <= self.still_off(elapsed)
    }

    /// After how long an offset that is left will be gone, at most.
    pub fn rest_takes(&self, offset: Interval) -> Nanos {
        slewing_takes(offset.magnitude().hi, self.outset.slew_rate)
    }

    /// The forecast in words: `behind by 8.2 s ± 10 ms: stepped forward, right after about 7 s`.
    pub fn describe(&self) -> String {
        let offset = self.outset.offset;
        format!("{} off: {}", figure::with_bound(offset.midpoint(), offset), self.course())
    }

    /// The same without the offset: `stepped forward, right after about 7 s`.
    pub fn course(&self) -> String {
        let after = format!("right after about {}", duration(self.takes));
        let back = match self.direction {
            Direction::Forward => "forward",
            Direction::Backward => "back",
            Direction::Unclear => "into place",
        };
        let steps_later = if self.without_steps { "; steps stay out of the configuration until then" } else { "" };
        match self.movement {
            Movement::Stays => format!("it stays as it is, as far as can be told{steps_later}"),
            Movement::Slews => format!("slewed {back}, {after}{steps_later}"),
            Movement::Steps => format!("stepped {back}, {after}"),
            Movement::SlewsOrSteps => format!("slewed or stepped {back}, {after}"),
        }
    }
}

/// A length of time in whole units for people, rounded up: `7 s`, `24 min`, `2.3 h`.
pub fn duration(length: Nanos) -> String {
    let second = 1_000_000_000_i64;
    let up = |unit: i64| length.0.max(0) / unit + i64::from(length.0.max(0) % unit != 0);
    match length.0 / second {
        ..120 => format!("{} s", up(second)),
        120..7_200 => format!("{} min", up(60 * second)),
        _ => {
            let tenths = up(360 * second);
            format!("{}.{} h", tenths / 10, tenths % 10)
        }
    }
}

/// What a step back breaks, for those who are asked to allow one.
pub const STEP_BACK_BREAKS: &str = "a step back lets the same instants come twice: databases may order transactions wrongly, \
leases and locks that are held by wall time may overlap, jobs of cron and timers may run twice, logs lose their order, caches \
live longer, and tokens that were just issued are not valid yet";

#[cfg(test)]
mod tests {
    use super::*;

    fn outset(millis: i64) -> Outset {
        let offset = Interval::around(Nanos::from_millis(millis), Nanos::from_millis(10));
        Outset { offset, slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION }
    }

    #[test]
    fn the_policy_decides_how_a_clock_moves() {
        use Movement::{Slews, SlewsOrSteps, Stays, Steps};
        let check = |millis: i64, policy: StepPolicy, movement: Movement, takes_s: i64, without_steps: bool| {
            let Ruling::Allowed(found) = forecast(outset(millis), policy) else { panic!("{millis} is not allowed") };
            let seconds = (found.takes.0 + 999_999_999) / 1_000_000_000;
            assert_eq!((found.movement, seconds, found.without_steps), (movement, takes_s, without_steps), "{millis}");
        };
        check(0, StepPolicy::Forward, Stays, 6, false);
        check(-150, StepPolicy::Forward, Slews, 7, false);
        check(300, StepPolicy::Forward, Slews, 9, false);
        check(-8_200, StepPolicy::Forward, Steps, 7, false);
        check(8_200, StepPolicy::Forward, Slews, 104, true);
        check(9_995, StepPolicy::Forward, Slews, 126, true);
        check(950, StepPolicy::Forward, Slews, 17, true);
        check(-1_000, StepPolicy::Forward, SlewsOrSteps, 18, false);
        check(-995, StepPolicy::Never, Slews, 18, true);
        check(120_000, StepPolicy::Any, Steps, 7, false);
        check(-120_000, StepPolicy::Never, Slews, 1_446, true);
        check(8_200, StepPolicy::Any, Steps, 7, false);
        let asked = forecast(outset(120_000), StepPolicy::Forward);
        assert!(matches!(asked, Ruling::NeedsConsent(Forecast { movement: Steps, .. })), "{asked:?}");
    }

    #[test]
    fn a_clock_is_stepped_at_once_only_forward_unasked() {
        let check = |millis: i64, policy: StepPolicy, is_allowed: bool| {
            let ruling = step_now(outset(millis), policy);
            assert_eq!(matches!(ruling, Ruling::Allowed(_)), is_allowed, "{millis}");
            let (Ruling::Allowed(found) | Ruling::NeedsConsent(found)) = ruling;
            assert_eq!((found.movement, found.takes), (Movement::Steps, STEP_TAKES));
        };
        check(-300, StepPolicy::Forward, true);
        check(-3_000_000, StepPolicy::Forward, true);
        check(300, StepPolicy::Forward, false);
        check(300, StepPolicy::Any, true);
    }

    #[test]
    fn a_slower_rate_and_a_slower_selection_take_longer() {
        let slow = Outset { slew_rate: Ppm::from_ppm(1_000), selection: SELECTION_WITHOUT_BURST, ..outset(8_200) };
        let Ruling::Allowed(found) = forecast(slow, StepPolicy::Never) else { panic!("not allowed") };
        assert_eq!(found.takes, Nanos::from_seconds(130 + 8_210));
        assert_eq!(duration(found.takes), "2.4 h");
    }

    #[test]
    fn a_clock_that_moves_as_forecast_is_told_from_one_that_does_not() {
        let around = |millis: i64| Interval::around(Nanos::from_millis(millis), Nanos::from_millis(1));
        let check = |from: i64, policy: StepPolicy, after_s: i64, found: i64, expected: bool| {
            let Ruling::Allowed(forecast) = forecast(outset(from), policy) else { panic!("not allowed") };
            let is_kept = forecast.is_kept(around(found), Nanos::from_seconds(after_s));
            assert_eq!(is_kept, expected, "{from} after {after_s} s: {found}");
        };
        check(8_200, StepPolicy::Forward, 4, 8_200, true);
        check(8_200, StepPolicy::Forward, 56, 4_100, true);
        check(8_200, StepPolicy::Forward, 56, 8_200, false);
        check(8_200, StepPolicy::Forward, 56, -4_100, false);
        check(8_200, StepPolicy::Forward, 140, 200, false);
        check(-8_200, StepPolicy::Forward, 5, -8_200, true);
        check(-8_200, StepPolicy::Forward, 12, -8_200, false);
        check(-8_200, StepPolicy::Forward, 12, -300, true);
    }

    #[test]
    fn a_forecast_is_told_in_words() {
        let check = |millis: i64, policy: StepPolicy, expected: &str| {
            let (Ruling::Allowed(found) | Ruling::NeedsConsent(found)) = forecast(outset(millis), policy);
            assert_eq!(found.describe(), expected);
        };
        check(-8_200, StepPolicy::Forward, "-8.20 s ± 10 ms off: stepped forward, right after about 7 s");
        check(
            8_200,
            StepPolicy::Forward,
            "+8.20 s ± 10 ms off: slewed back, right after about 104 s; steps stay out of the configuration until then",
        );
        check(0, StepPolicy::Forward, "+0 ms ± 10 ms off: it stays as it is, as far as can be told");
        check(120_000, StepPolicy::Forward, "+120.00 s ± 10 ms off: stepped back, right after about 7 s");
        check(
            -120_000,
            StepPolicy::Never,
            "-120.00 s ± 10 ms off: slewed forward, right after about 25 min; steps stay out of the \
             configuration until then",
        );
    }
}

//! Tokens: what the clocks of those that issue and those that verify mean for JSON Web Tokens. Pure; knows `clock`.
//!
//! A token carries whole seconds of its issuer's clock: not before (`nbf`, `iat`) and not after (`exp`). Its first use is
//! refused where the verifier's clock is behind by more than the way there takes and the verifier tolerates (its leeway).

mod advice;
mod early_end;
pub mod encoded;
pub mod judged;
pub mod libraries;
mod refusal;
mod skew;

pub use advice::{Advice, FIX_CLOCKS_BEYOND};
pub use early_end::{EarlyEnd, early_end_counts, early_ends};
pub use libraries::Library;
pub use refusal::{PairRefusal, RefusalCounts, mean_refusal, pair_refusal, refusal_counts, worst_pairs};
pub use skew::{Skew, expiry_skew, first_use_skew, needed_leeway};

use crate::clock::Nanos;
use crate::clock::pairs::Standing;

/// How old a reading of the clock is at most that C's and PHP's `time()` give, and caches of it such as nginx has.
pub const GREATEST_LAG: Nanos = Nanos::from_millis(10);
/// A skew within this is what good clocks have.
const GOOD: Nanos = Nanos::from_millis(100);

/// A host that issues or verifies tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// Its index, the same where it is both: no host refuses its own tokens.
    pub host: usize,
    /// Where its clock stands on the common ruler, positive = ahead.
    pub standing: Standing,
}

#[cfg(test)]
fn party(host: usize, centre: i64, radius: i64) -> Party {
    use crate::clock::{Interval, Nanos};
    let bounds = Interval::around(Nanos(centre), Nanos(radius));
    Party { host, standing: Standing { bounds, estimate: Nanos(centre) } }
}

/// How tokens are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// How much the verifier tolerates.
    pub leeway: Nanos,
    /// How long a token is on its way before it is checked for the first time.
    pub transit: Nanos,
    /// How old the verifier's reading of its own clock may be: 10 ms for `time()` of C and PHP, 0 for most others.
    pub lag: Nanos,
}

/// The last whole second, as a reading of whole seconds has it.
fn whole_second(instant: Nanos) -> Nanos {
    Nanos(instant.0.saturating_sub(instant.0.rem_euclid(Nanos::from_seconds(1).0)))
}

/// A length in whole seconds, rounded up.
fn whole_seconds_up(length: Nanos) -> i64 {
    let second = Nanos::from_seconds(1).0;
    length.0 / second + i64::from(length.0 % second > 0)
}

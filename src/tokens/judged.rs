//! Judging one token at one clock: what a library answers there, as far as the clock's bounds tell.
//!
//! A library refuses by `nbf` and `iat` while its clock is too early, and by `exp` once it is too late. So it is enough to ask
//! at both ends of what the clock may show: where the answers differ, the clock is not known well enough to tell.

use super::encoded::{Claims, NumericDate};
use super::libraries::{Expiry, IssuedAt, Leeway, Library, NotBefore, Rules};
use crate::clock::{Interval, Nanos};

/// What becomes of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is accepted, for certain, as far as its times go.
    Accepted,
    /// The clock's bounds lie on both sides of the boundary.
    CannotTell,
    /// It is refused, for certain.
    Refused,
}

/// A claim about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// `nbf`.
    NotBefore,
    /// `iat`, of which some think as of `nbf`.
    IssuedAt,
    /// `exp`.
    Expiry,
}

/// What a library answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryAnswer {
    /// Its answer, by what it checks where nobody asks it for more.
    pub answer: Answer,
    /// The claim that decides it; none where it is accepted.
    pub by: Option<Claim>,
    /// The options that would make the answer worse, each with the answer then.
    pub asked_for: Vec<(&'static str, Answer)>,
}

impl Claim {
    /// Its name in a token.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotBefore => "nbf",
            Self::IssuedAt => "iat",
            Self::Expiry => "exp",
        }
    }
}

impl Claims {
    /// One of the claims about time.
    pub fn date(&self, claim: Claim) -> Option<NumericDate> {
        match claim {
            Claim::NotBefore => self.not_before,
            Claim::IssuedAt => self.issued_at,
            Claim::Expiry => self.expiry,
        }
    }
}

/// The leeway in force: what was asked for, else the library's own.
pub fn leeway_of(library: Library, asked: Option<Nanos>) -> Nanos {
    match (library.rules().default, asked) {
        (Leeway::NotSettable, _) => Nanos::ZERO,
        (Leeway::Seconds(_), Some(asked)) => asked,
        (default @ Leeway::Seconds(_), None) => default.length(),
    }
}

/// What a library answers to a token where the clock shows something within these bounds (since 1970).
pub fn judge(claims: &Claims, clock: Interval, library: Library, leeway: Option<Nanos>) -> LibraryAnswer {
    let rules = library.rules();
    let leeway = leeway_of(library, leeway);
    // A clock that is read late shows less than it should.
    let clock = Interval { lo: clock.lo - rules.lag, hi: clock.hi };
    let mut found = LibraryAnswer { answer: Answer::Accepted, by: None, asked_for: Vec::new() };
    for (claim, option, answer) in answers(claims, clock, rules, leeway) {
        match option {
            None if answer > found.answer => {
                found.answer = answer;
                found.by = Some(claim);
            }
            None => {}
            Some(option) => found.asked_for.push((option, answer)),
        }
    }
    found.asked_for.retain(|(_, answer)| *answer > found.answer);
    found
}

/// What each claim that is there leads to, with the option that it needs.
fn answers(
    claims: &Claims,
    clock: Interval,
    rules: &Rules,
    leeway: Nanos,
) -> impl Iterator<Item = (Claim, Option<&'static str>, Answer)> {
    let not_before = claims.not_before.map(|date| {
        let option = match rules.not_before {
            NotBefore::After | NotBefore::AtOrAfter => None,
            NotBefore::AfterWhere(option) => Some(option),
        };
        (Claim::NotBefore, option, early(date, clock, |at, now| rules.refuses_not_before(at, now, leeway)))
    });
    let issued_at = claims.issued_at.and_then(|date| {
        let answer = early(date, clock, |at, now| rules.refuses_issued_at_where_asked(at, now, leeway));
        match rules.issued_at {
            IssuedAt::Checked => Some((Claim::IssuedAt, None, answer)),
            IssuedAt::WithoutNotBefore if claims.not_before.is_none() => Some((Claim::IssuedAt, None, answer)),
            IssuedAt::Where(option) | IssuedAt::WithoutLeewayWhere(option) => {
                Some((Claim::IssuedAt, Some(option), answer))
            }
            IssuedAt::WithoutNotBefore | IssuedAt::Ignored | IssuedAt::AgeWhere(_) => None,
        }
    });
    let expiry = claims.expiry.map(|date| {
        let option = match rules.expiry {
            Expiry::AtOrBefore | Expiry::Before => None,
            Expiry::AtOrBeforeWhere(option) => Some(option),
        };
        (Claim::Expiry, option, late(date, clock, |at, now| rules.refuses_expiry(at, now, leeway)))
    });
    [not_before, issued_at, expiry].into_iter().flatten()
}

/// What is refused while the clock is too early. A fraction of a second in a claim is dropped, kept or rounded by the library.
fn early(date: NumericDate, clock: Interval, refuses: impl Fn(Nanos, Nanos) -> bool) -> Answer {
    answer(refuses(date.least, clock.hi), refuses(date.greatest, clock.lo))
}

/// What is refused once the clock is too late.
fn late(date: NumericDate, clock: Interval, refuses: impl Fn(Nanos, Nanos) -> bool) -> Answer {
    answer(refuses(date.greatest, clock.lo), refuses(date.least, clock.hi))
}

/// The answer of whether it is refused in the best case, and in the worst.
fn answer(at_best: bool, at_worst: bool) -> Answer {
    match (at_best, at_worst) {
        (true, _) => Answer::Refused,
        (false, true) => Answer::CannotTell,
        (false, false) => Answer::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: i64 = 1_717_243_200;

    fn clock(millis: i64, radius_millis: i64) -> Interval {
        Interval::around(Nanos::from_seconds(NOON) + Nanos::from_millis(millis), Nanos::from_millis(radius_millis))
    }

    fn token(not_before: i64, expiry: i64) -> Claims {
        Claims {
            issued_at: Some(NumericDate::whole(NOON + not_before)),
            not_before: Some(NumericDate::whole(NOON + not_before)),
            expiry: Some(NumericDate::whole(NOON + expiry)),
            ..Claims::default()
        }
    }

    #[test]
    fn the_bounds_decide_or_nobody_can_tell() {
        let check = |library: Library, at: Interval, expected: Answer, by: Option<Claim>| {
            let found = judge(&token(0, 60), at, library, None);
            assert_eq!((found.answer, found.by), (expected, by), "{library:?} {at:?}");
        };
        check(Library::Pyjwt, clock(10, 5), Answer::Accepted, None);
        check(Library::Pyjwt, clock(-10, 5), Answer::Refused, Some(Claim::NotBefore));
        check(Library::Pyjwt, clock(2, 5), Answer::CannotTell, Some(Claim::NotBefore));
        check(Library::Pyjwt, clock(60_010, 5), Answer::Refused, Some(Claim::Expiry));
        check(Library::Pyjwt, clock(59_990, 5), Answer::Accepted, None);
        check(Library::Pyjwt, clock(59_998, 5), Answer::CannotTell, Some(Claim::Expiry));
        // python-jose takes the second that `exp` names for good.
        check(Library::PythonJose, clock(60_500, 5), Answer::Accepted, None);
        // A minute of leeway by default.
        check(Library::Nimbus, clock(-50_000, 5), Answer::Accepted, None);
        // `time()` of PHP is read up to 10 ms late.
        check(Library::PhpJwt, clock(8, 0), Answer::CannotTell, Some(Claim::NotBefore));
        check(Library::PhpJwt, clock(11, 0), Answer::Accepted, None);
        // Kong has nothing to set, and checks nothing unless told to.
        let kong = judge(&token(0, 60), clock(-500, 0), Library::Kong, Some(Nanos::from_seconds(5)));
        assert_eq!(kong.answer, Answer::Accepted);
        assert_eq!(kong.asked_for, [("claims_to_verify: [nbf]", Answer::Refused)]);
    }

    #[test]
    fn what_must_be_asked_for_is_told_beside_the_answer() {
        let rust = judge(&token(100, 500), clock(0, 1), Library::RustJsonwebtoken, None);
        assert_eq!(rust.answer, Answer::Accepted);
        assert_eq!(rust.asked_for, [("validation.validate_nbf = true", Answer::Refused)]);
        let golang = judge(&token(1, 500), clock(0, 1), Library::GolangJwt, None);
        // Refused by `nbf` as it is: the option makes it no worse.
        assert_eq!((golang.answer, golang.asked_for), (Answer::Refused, vec![]));
        // Only a token without `nbf` has its `iat` looked at.
        let issued_only = Claims { issued_at: token(5, 9).issued_at, ..Claims::default() };
        assert_eq!(judge(&issued_only, clock(0, 1), Library::PhpJwt, None).by, Some(Claim::IssuedAt));
        assert_eq!(judge(&issued_only, clock(0, 1), Library::RubyJwt, None).asked_for.len(), 1);
        assert_eq!(judge(&Claims::default(), clock(0, 1), Library::Pyjwt, None).answer, Answer::Accepted);
    }

    proptest! {
        #[test]
        fn a_decided_answer_holds_at_every_reading_within_the_bounds(
            not_before in -3_i64..3,
            life in 0_i64..4,
            fraction in 0_i64..1_000,
            centre in -4_000_i64..4_000,
            radius in 0_i64..1_500,
            inside in 0.0_f64..=1.0,
            leeway in proptest::option::of(0_i64..3),
            library in proptest::sample::select(Library::ALL.to_vec()),
        ) {
            let mut claims = token(not_before, not_before + life);
            claims.not_before = Some(NumericDate {
                exact: claims.not_before.unwrap().least + Nanos::from_millis(fraction),
                greatest: claims.not_before.unwrap().least + Nanos::from_seconds(i64::from(fraction > 0)),
                ..claims.not_before.unwrap()
            });
            let bounds = clock(centre, radius);
            let leeway = leeway.map(Nanos::from_seconds);
            let found = judge(&claims, bounds, library, leeway).answer;
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any place within")]
            let at = bounds.lo + Nanos((bounds.width().0 as f64 * inside) as i64);
            let exactly = judge(&claims, Interval::new(at, at), library, leeway).answer;
            if found != Answer::CannotTell {
                prop_assert!(exactly == found, "{library:?} at {at}: {exactly:?}, within {bounds:?}: {found:?}");
            }
        }
    }
}

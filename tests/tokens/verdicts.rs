//! What `token` says of a token at a clock, against what the libraries do with it: at both ends of the clock's bounds and in
//! their middle, around every boundary.

use super::libraries::Verifier;
use super::shares::NOON;
use clockaudit::clock::{Interval, Nanos};
use clockaudit::tokens::Library;
use clockaudit::tokens::encoded::{Claims, NumericDate};
use clockaudit::tokens::judged::{Answer, judge, leeway_of};
use serde_json::{Value, json};

/// How far a clock is from a boundary, in milliseconds.
const AWAY_MS: [i64; 11] = [-2_000, -1_000, -999, -500, -1, 0, 1, 500, 999, 1_000, 2_000];
/// How well it is known.
const RADIUS_MS: [i64; 3] = [0, 2, 400];

/// What was found out.
#[derive(Default)]
struct Tally {
    cases: usize,
    cannot_tell: usize,
    wrong: Vec<String>,
}

/// A token: `nbf` now, `iat` a second later, `exp` ten seconds later; and each of them alone, also with a fraction.
fn tokens() -> Vec<Value> {
    vec![
        json!({ "nbf": NOON, "iat": NOON + 1, "exp": NOON + 10 }),
        json!({ "nbf": NOON }),
        json!({ "iat": NOON }),
        json!({ "exp": NOON }),
        json!({ "nbf": 1_717_243_200.25 }),
        json!({ "exp": 1_717_243_200.75 }),
    ]
}

fn claims(token: &Value) -> Claims {
    let date = |name: &str| {
        let seconds = token.get(name)?.as_f64().expect("a number");
        // Quarters of a second are exact in binary.
        #[expect(clippy::cast_possible_truncation, reason = "exact, see above")]
        let exact = Nanos::from_millis((seconds * 1_000.0) as i64);
        Some(NumericDate::at(exact))
    };
    Claims { issued_at: date("iat"), not_before: date("nbf"), expiry: date("exp"), ..Claims::default() }
}

/// Holds the answer for a clock against what the library does at readings within its bounds.
fn hold(tally: &mut Tally, what: &str, answer: Answer, refused: &[bool]) {
    tally.cases += 1;
    tally.cannot_tell += usize::from(answer == Answer::CannotTell);
    let agrees = match answer {
        Answer::Accepted => refused.iter().all(|refused| !refused),
        Answer::Refused => refused.iter().all(|refused| *refused),
        Answer::CannotTell => true,
    };
    if !agrees {
        tally.wrong.push(format!("{what}: {answer:?}, the library refuses: {refused:?}"));
    }
    // With bounds of no width and a claim of whole seconds somebody can tell.
    if answer == Answer::CannotTell && refused.len() == 1 {
        tally.wrong.push(format!("{what}: nobody can tell, of a clock that is known exactly"));
    }
}

/// Readings on both sides of every whole second of a clock, and its ends.
fn around(clock: Interval) -> Vec<Nanos> {
    let whole = |clock: Nanos| clock.0.div_euclid(Nanos::from_seconds(1).0);
    let seconds = (whole(clock.lo) + 1..=whole(clock.hi)).map(Nanos::from_seconds);
    let turns = seconds.flat_map(|second| [second - Nanos(1), second]).filter(|reading| clock.contains(*reading));
    [clock.lo, clock.hi].into_iter().chain(turns).collect()
}

impl Tally {
    /// Holds it against an answer that nobody can tell where the library does the same at all readings.
    fn hold_back(&mut self, what: &str, refused: &[bool]) {
        if refused.iter().all(|one| *one) || !refused.iter().any(|one| *one) {
            self.wrong.push(format!("{what}: somebody can tell, the library refuses: {refused:?}"));
        }
    }
}

fn around_every_boundary(library: Library, verifier: &mut Verifier, tally: &mut Tally) {
    let rules = library.rules();
    for token in tokens() {
        let is_whole = token.as_object().is_some_and(|claims| claims.values().all(Value::is_i64));
        for leeway in [None, Some(0), Some(5)] {
            let length = leeway_of(library, leeway.map(Nanos::from_seconds));
            let boundaries = [-length.0, length.0, Nanos::from_seconds(10).0 + length.0];
            for (boundary, away) in boundaries.iter().flat_map(|boundary| AWAY_MS.map(|away| (boundary, away))) {
                let centre = Nanos::from_seconds(NOON) + Nanos(*boundary) + Nanos::from_millis(away);
                for radius in RADIUS_MS {
                    let clock = Interval::around(centre, Nanos::from_millis(radius));
                    let answer = judge(&claims(&token), clock, library, leeway.map(Nanos::from_seconds)).answer;
                    let readings = if radius == 0 { vec![centre] } else { vec![clock.lo, centre, clock.hi] };
                    let mut refused: Vec<bool> =
                        readings.iter().map(|now| verifier.refuses_all(rules.name, &token, *now, leeway)).collect();
                    if !is_whole && radius == 0 {
                        // What a library makes of a fraction is its own affair: nobody need tell.
                        refused.push(refused.iter().all(|refused| *refused));
                    }
                    let what = format!("{} {token} at {clock:?}, leeway {leeway:?}", rules.name);
                    hold(tally, &what, answer, &refused);
                    if answer == Answer::CannotTell && is_whole && radius > 0 {
                        let asked = around(clock).into_iter();
                        let refused: Vec<bool> =
                            asked.map(|now| verifier.refuses_all(rules.name, &token, now, leeway)).collect();
                        tally.hold_back(&what, &refused);
                    }
                }
            }
        }
    }
}

fn check(tally: &Tally) {
    assert_eq!(tally.wrong, Vec::<String>::new(), "{} of {} cases", tally.wrong.len(), tally.cases);
    assert!(tally.cases >= 200 && tally.cannot_tell >= 20, "{} cases, {} untold", tally.cases, tally.cannot_tell);
}

#[test]
fn pyjwt_and_python_jose_do_what_the_verdict_says() {
    let (mut python, mut tally) = (Verifier::python(), Tally::default());
    around_every_boundary(Library::Pyjwt, &mut python, &mut tally);
    around_every_boundary(Library::PythonJose, &mut python, &mut tally);
    check(&tally);
}

#[test]
fn jsonwebtoken_and_jose_of_node_do_what_the_verdict_says() {
    let (mut node, mut tally) = (Verifier::node(), Tally::default());
    around_every_boundary(Library::NodeJsonwebtoken, &mut node, &mut tally);
    around_every_boundary(Library::Jose, &mut node, &mut tally);
    check(&tally);
}

/// Its clock cannot be held, so tokens move instead: a round counts when it began and ended in one second. The clock is known
/// to be somewhere in it.
#[test]
fn jsonwebtoken_of_rust_does_what_the_verdict_says() {
    let library = Library::RustJsonwebtoken;
    let round = || {
        let mut tally = Tally::default();
        let began = jsonwebtoken::get_current_timestamp();
        let second = i64::try_from(began).expect("this century");
        let clock = Interval::new(Nanos::from_seconds(second), Nanos(Nanos::from_seconds(second + 1).0 - 1));
        for leeway in [None, Some(0), Some(5)] {
            let length = leeway_of(library, leeway.map(Nanos::from_seconds)).0 / Nanos::from_seconds(1).0;
            let around = [-length, length].into_iter().flat_map(|edge| edge - 3..=edge + 3);
            for (name, at) in around.flat_map(|away| ["nbf", "exp", "iat"].map(|name| (name, second + away))) {
                let token = json!({ name: at });
                for checks_not_before in [false, true] {
                    let refused = super::boundaries::rust(&token, leeway, checks_not_before);
                    let found = judge(&claims(&token), clock, library, leeway.map(Nanos::from_seconds));
                    let asked = found.asked_for.iter().map(|(_, answer)| *answer).max().filter(|_| checks_not_before);
                    let answer = asked.unwrap_or(found.answer);
                    hold(&mut tally, &format!("{token} at {second}, leeway {leeway:?}"), answer, &[refused]);
                }
            }
        }
        (jsonwebtoken::get_current_timestamp() == began).then_some(tally)
    };
    let tally = (0..100).find_map(|_| round()).expect("a round that fits into a second");
    assert_eq!(tally.wrong, Vec::<String>::new());
    assert!(tally.cases >= 200, "{}", tally.cases);
}

//! When a request is tried again, how long is waited before, and how long a run waits in vain, all in all.

use super::moment;
use super::request::{Answer, Request};
use crate::clock::Nanos;

/// A request that is refused for now is sent no more often.
const MOST_TRIES: u32 = 5;
/// One that is not answered at all is sent no more often.
const MOST_UNANSWERED: u32 = 3;
/// Before the second time; twice as long before each later one.
const FIRST_WAIT: Nanos = Nanos::from_millis(250);
/// Who asks to be left alone for longer is left alone by this run.
const LONGEST_WAIT: Nanos = Nanos::from_seconds(60);
/// All tries of a run that came to nothing, and what was waited after them, are together no longer, whatever number of tickets
/// it has: then what fails is not tried again.
const IN_VAIN: Nanos = Nanos::from_seconds(180);
/// What an answer may take, beside what a body needs.
const ANSWER: Nanos = Nanos::from_seconds(30);
/// Octets of a body that a slow line takes in a second.
const SLOWEST: usize = 128 << 10;

/// How long a request with a body of so many octets may take: an answer has 30 s, a body a second for each 128 KiB.
pub fn longest(octets: usize) -> Nanos {
    Nanos(ANSWER.0.saturating_add(Nanos::from_seconds(i64::try_from(octets / SLOWEST).unwrap_or(i64::MAX)).0))
}

/// What is left of the time that a run waits in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    left: Nanos,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: IN_VAIN }
    }
}

impl Patience {
    /// How long to wait before the request is sent again, of which so many tries were made, the last of them in vain for so long;
    /// none where it is not sent again.
    pub fn wait(&mut self, request: &Request, tries: u32, failure: Failure<'_>, lasted: Nanos) -> Option<Nanos> {
        self.left = Nanos(self.left.0.saturating_sub(lasted.0));
        let wait = wait(request, tries, failure).filter(|wait| wait.0 <= self.left.0)?;
        self.left = Nanos(self.left.0.saturating_sub(wait.0));
        Some(wait)
    }

    /// How long to wait before what may have been made is looked for, which was tried so often.
    pub fn before_a_look(&mut self, tries: u32) -> Nanos {
        let wait = Nanos(doubled(tries).0.saturating_mul(2).min(self.left.0.max(0)));
        self.left = Nanos(self.left.0.saturating_sub(wait.0));
        wait
    }

    /// Whether nothing is tried again any more.
    pub fn is_spent(&self) -> bool {
        self.left.0 <= 0
    }
}

/// How long after so many tries: twice as long each time.
fn doubled(tries: u32) -> Nanos {
    Nanos(FIRST_WAIT.0.saturating_mul(1 << tries.saturating_sub(1).min(16)))
}

/// What became of a request.
#[derive(Debug, Clone, Copy)]
pub enum Failure<'answer> {
    /// An answer came.
    Answered(&'answer Answer),
    /// No connection came about: nothing was sent.
    Unconnected,
    /// The connection broke, or took too long: nobody knows what was done.
    Broken,
}

/// How long to wait before the request is sent again, of which so many tries were made; none where it is not sent again.
fn wait(request: &Request, tries: u32, failure: Failure<'_>) -> Option<Nanos> {
    if tries >= MOST_TRIES {
        return None;
    }
    let doubled = doubled(tries);
    match failure {
        Failure::Unconnected | Failure::Broken if tries >= MOST_UNANSWERED => None,
        Failure::Unconnected => Some(doubled),
        Failure::Broken => request.is_repeatable.then_some(doubled),
        Failure::Answered(answer) => {
            let asked = retry_after(answer);
            let is_refused = match answer.status {
                // Too many requests, or not now: nothing was done.
                429 | 503 => true,
                // GitHub's limits; without the header it means something else.
                403 => asked.is_some(),
                // Whether something was done is not known.
                408 | 500 | 502 | 504 => request.is_repeatable,
                _ => false,
            };
            is_refused.then_some(asked.unwrap_or(doubled)).filter(|wait| *wait <= LONGEST_WAIT)
        }
    }
}

/// What `Retry-After` asks for: seconds, or a date by the clock of the answer.
fn retry_after(answer: &Answer) -> Option<Nanos> {
    let asked = answer.header("retry-after")?.trim();
    if !asked.is_empty() && asked.chars().all(|digit| digit.is_ascii_digit()) {
        // More than a number holds is long enough.
        return Some(Nanos::from_seconds(asked.parse().unwrap_or(i64::MAX)));
    }
    let (then, now) = (moment::of_header(asked)?, moment::of_header(answer.header("date")?)?);
    Some(Nanos(then.since(now).0.max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::request::Method;

    #[test]
    fn what_may_have_been_done_is_not_done_twice() {
        let get = Request::get("https://x/".to_owned());
        let post = Request::json(Method::Post, "https://x/".to_owned(), &serde_json::Value::Null);
        let check = |request: &Request, status: u16, headers: &[(&str, &str)], expected: Option<i64>| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let answer = Answer { status, headers, body: Vec::new() };
            let waited = wait(request, 1, Failure::Answered(&answer));
            assert_eq!(waited, expected.map(Nanos::from_millis), "{status}");
        };
        check(&get, 200, &[], None);
        check(&get, 404, &[], None);
        check(&get, 500, &[], Some(250));
        check(&post, 500, &[], None);
        check(&post, 503, &[], Some(250));
        check(&post, 429, &[("retry-after", "7")], Some(7_000));
        check(&post, 403, &[], None);
        check(&post, 403, &[("retry-after", "1")], Some(1_000));
        check(&get, 429, &[("retry-after", "3600")], None);
        check(&get, 429, &[("retry-after", "4294967296")], None);
        check(&get, 429, &[("retry-after", "99999999999999999999")], None);
        let at = |second: u8| format!("Mon, 30 Nov 2026 12:00:{second:02} GMT");
        check(&post, 429, &[("retry-after", &at(9)), ("date", &at(4))], Some(5_000));
        check(&post, 429, &[("retry-after", &at(2)), ("date", &at(4))], Some(0));
        assert_eq!(wait(&post, 1, Failure::Broken), None);
        assert_eq!(wait(&get, 2, Failure::Broken), Some(Nanos::from_millis(500)));
        assert_eq!(wait(&get, 3, Failure::Broken), None);
        assert_eq!(wait(&post, 2, Failure::Unconnected), Some(Nanos::from_millis(500)));
        assert_eq!(wait(&post, 3, Failure::Unconnected), None);
    }

    #[test]
    fn a_run_waits_in_vain_for_three_minutes_whatever_it_asks() {
        let get = Request::get("https://x/".to_owned());
        let mut patience = Patience::default();
        let mut waited = Nanos(0);
        // Ticket after ticket, each asked for by a server that takes all the time there is.
        for _ in 0..1_000 {
            for tries in 1.. {
                waited = Nanos(waited.0 + longest(0).0);
                let Some(wait) = patience.wait(&get, tries, Failure::Broken, longest(0)) else { break };
                waited = Nanos(waited.0 + wait.0);
            }
            if patience.left.0 <= 0 {
                break;
            }
        }
        assert!(waited <= Nanos(IN_VAIN.0 + longest(0).0), "{waited:?}");
        let busy = Answer { status: 429, headers: vec![("retry-after".to_owned(), "60".to_owned())], body: Vec::new() };
        let mut patience = Patience::default();
        let waits = (1..5).filter_map(|tries| patience.wait(&get, tries, Failure::Answered(&busy), Nanos(0))).count();
        assert_eq!(waits, 3);
    }

    #[test]
    fn what_may_have_been_made_is_looked_for_after_a_while_and_within_patience() {
        let mut patience = Patience::default();
        let waits: Vec<i64> = (1..=3).map(|tries| patience.before_a_look(tries).0 / 1_000_000).collect();
        assert_eq!(waits, [500, 1_000, 2_000]);
        let all: i64 = (0..100).map(|_| patience.before_a_look(9).0).sum();
        assert!(patience.is_spent() && all <= IN_VAIN.0, "{all}");
        assert_eq!(patience.before_a_look(1), Nanos(0));
    }

    #[test]
    fn a_body_has_the_time_that_a_slow_line_takes_for_it() {
        assert_eq!(longest(0), Nanos::from_seconds(30));
        assert_eq!(longest(4 << 20), Nanos::from_seconds(62));
    }
}

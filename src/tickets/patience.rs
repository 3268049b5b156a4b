//! When a request is tried again, and how long is waited before.

use super::moment;
use super::request::{Answer, Request};
use crate::clock::Nanos;

/// A request is sent no more often.
const MOST_TRIES: u32 = 5;
/// Before the second time; twice as long before each later one.
const FIRST_WAIT: Nanos = Nanos::from_millis(250);
/// Who asks to be left alone for longer is left alone by this run.
const LONGEST_WAIT: Nanos = Nanos::from_seconds(60);

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
pub fn wait(request: &Request, tries: u32, failure: Failure<'_>) -> Option<Nanos> {
    if tries >= MOST_TRIES {
        return None;
    }
    let doubled = Nanos(FIRST_WAIT.0.saturating_mul(1 << tries.saturating_sub(1).min(16)));
    match failure {
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
    if let Ok(seconds) = asked.parse::<u32>() {
        return Some(Nanos::from_seconds(i64::from(seconds)));
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
        let at = |second: u8| format!("Mon, 30 Nov 2026 12:00:{second:02} GMT");
        check(&post, 429, &[("retry-after", &at(9)), ("date", &at(4))], Some(5_000));
        check(&post, 429, &[("retry-after", &at(2)), ("date", &at(4))], Some(0));
        assert_eq!(wait(&post, 1, Failure::Broken), None);
        assert_eq!(wait(&get, 3, Failure::Broken), Some(Nanos::from_seconds(1)));
        assert_eq!(wait(&post, 4, Failure::Unconnected), Some(Nanos::from_seconds(2)));
        assert_eq!(wait(&post, 5, Failure::Unconnected), None);
    }
}

//! The head of a web server's answer: the `Date` in it, and whether more can be asked over the same connection.

use thiserror::Error;

use crate::clock::UnixNanos;
use crate::clock::calendar::CivilTime;

/// More header lines than any server sends.
const MOST_HEADERS: usize = 100;
/// The second version of HTTP/1, which keeps a connection unless it says otherwise.
const HTTP_1_1: u8 = 1;

/// What the head of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpHead {
    /// The server's clock when it wrote the answer, in whole seconds.
    pub date: UnixNanos,
    /// Whether the connection stays open for the next request.
    pub is_kept: bool,
}

/// What there is of an answer so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpAnswer {
    /// Its head is not complete.
    Incomplete,
    /// An interim answer (status 1xx) of so many octets; the answer itself follows.
    Interim(usize),
    /// The answer, a redirect or an error as well as any other: each carries the server's clock.
    Head(HttpHead),
}

/// Why the head of an answer tells no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnusableHead {
    /// It is not HTTP.
    #[error("what it answers is not HTTP")]
    NotHttp,
    /// It has no end.
    #[error("its answer has more than {MOST_HEADERS} header lines")]
    TooManyHeaders,
    /// There is no `Date` in it.
    #[error("its answer has no `Date`")]
    NoDate,
    /// Its `Date` is no date.
    #[error("the `Date` in its answer is not a date of HTTP")]
    MalformedDate,
    /// There are several, and they differ.
    #[error("its answer has several `Date`s, and they differ")]
    SeveralDates,
    /// A cache on the way answered from its store, with the `Date` of long ago.
    #[error("a cache answers for it (`Age`): its `Date` is of an earlier answer")]
    Cached,
}

/// Reads what came so far of the answer to a `HEAD` request.
pub fn http_head(octets: &[u8]) -> Result<HttpAnswer, UnusableHead> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(octets) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(HttpAnswer::Incomplete),
        Err(httparse::Error::TooManyHeaders) => return Err(UnusableHead::TooManyHeaders),
        Err(_) => return Err(UnusableHead::NotHttp),
    };
    // 101 would be the last answer in HTTP, and was not asked for.
    if response.code.is_some_and(|code| (100..200).contains(&code) && code != 101) {
        return Ok(HttpAnswer::Interim(length));
    }
    let of = |name: &'static str| {
        let named = response.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value)
    };
    if of("age").next().is_some() {
        return Err(UnusableHead::Cached);
    }
    let mut dates = of("date");
    let date = dates.next().ok_or(UnusableHead::NoDate)?;
    if dates.any(|other| other != date) {
        return Err(UnusableHead::SeveralDates);
    }
    let date = std::str::from_utf8(date).ok().and_then(date_of).ok_or(UnusableHead::MalformedDate)?;
    let says = |word: &str| {
        let words = of("connection").filter_map(|value| std::str::from_utf8(value).ok());
        words.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    let is_kept =
        if response.version == Some(HTTP_1_1) { !says("close") } else { says("keep-alive") && !says("close") };
    Ok(HttpAnswer::Head(HttpHead { date, is_kept }))
}

/// Reads `Tue, 24 Nov 2026 22:10:30 GMT`, and the two older forms that a reader must know (RFC 9110, 5.6.7). What the day of the
/// week is called decides nothing.
fn date_of(text: &str) -> Option<UnixNanos> {
    let mut words = text.split_ascii_whitespace();
    let day_name = words.next()?;
    let rest: Vec<&str> = words.collect();
    let civil = match (day_name.ends_with(','), rest.as_slice()) {
        (true, [day, month, year, time, "GMT"]) => {
            let year = digits(year, 4)?;
            CivilTime { year, month: CivilTime::month_of(month)?, day: digits(day, 2)?, ..time_of_day(time)? }
        }
        (true, [date, time, "GMT"]) => {
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            // Two digits of the year, of which nobody says which century: the one in which this program runs.
            let year = 2_000 + digits(year, 2)?;
            CivilTime { year, month: CivilTime::month_of(month)?, day: digits(day, 2)?, ..time_of_day(time)? }
        }
        (false, [month, day, time, year]) => {
            let day = digits(day, day.len().clamp(1, 2))?;
            CivilTime { year: digits(year, 4)?, month: CivilTime::month_of(month)?, day, ..time_of_day(time)? }
        }
        _ => return None,
    };
    civil.instant()
}

/// The time of day in `22:10:30`.
fn time_of_day(text: &str) -> Option<CivilTime> {
    let mut parts = text.split(':').map(|part| digits(part, 2));
    let time =
        CivilTime { year: 1, month: 1, day: 1, hour: parts.next()??, minute: parts.next()??, second: parts.next()?? };
    parts.next().is_none().then_some(time)
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 22:10:30 UTC.
    const THEN: UnixNanos = UnixNanos(1_795_558_230_000_000_000);

    #[test]
    fn a_date_of_http_is_read_in_its_three_forms() {
        let check = |text: &str, expected: Option<UnixNanos>| assert_eq!(date_of(text), expected, "{text:?}");
        check("Tue, 24 Nov 2026 22:10:30 GMT", Some(THEN));
        check("Tuesday, 24-Nov-26 22:10:30 GMT", Some(THEN));
        check("Tue Nov 24 22:10:30 2026", Some(THEN));
        check("Thu, 01 Jan 1970 00:00:00 GMT", Some(UnixNanos(0)));
        // Without a zone, in another, or no date at all.
        for bad in [
            "",
            "now",
            "Tue, 24 Nov 2026 22:10:30",
            "Tue, 24 Nov 2026 22:10:30 +0100",
            "Tue, 24 Nov 2026 22:10 GMT",
            "Tue, 24 Nov 2026 22:10:61 GMT",
            "Tue, 31 Nov 2026 22:10:30 GMT",
            "Tue, 24 Now 2026 22:10:30 GMT",
            "Tue, 24 Nov 26 22:10:30 GMT",
            "Tue, 24 Nov 2026 -2:10:30 GMT",
            "Tue, 24 Nov 9999 22:10:30 GMT",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn an_answer_of_any_status_tells_the_time_and_whether_it_is_the_last() {
        let check = |head: &str, is_kept: bool| {
            let found = http_head(format!("{head}\r\nDate: Tue, 24 Nov 2026 22:10:30 GMT\r\n\r\n").as_bytes());
            assert_eq!(found, Ok(HttpAnswer::Head(HttpHead { date: THEN, is_kept })), "{head}");
        };
        check("HTTP/1.1 200 OK", true);
        check("HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/", true);
        check("HTTP/1.1 503 Busy\r\nConnection: x, Close", false);
        check("HTTP/1.0 200 OK", false);
        check("HTTP/1.0 200 OK\r\nConnection: keep-alive", true);
    }

    #[test]
    fn an_answer_is_awaited_and_interim_ones_are_passed_over() {
        let check = |octets: &str, expected: HttpAnswer| assert_eq!(http_head(octets.as_bytes()), Ok(expected));
        check("", HttpAnswer::Incomplete);
        check("HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 22:10:30 GMT\r\n", HttpAnswer::Incomplete);
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        check(&format!("{interim}HTTP/1.1 200 OK"), HttpAnswer::Interim(interim.len()));
    }

    #[test]
    fn an_answer_without_a_time_of_its_own_is_refused() {
        let check = |octets: &str, expected: UnusableHead| {
            assert_eq!(http_head(octets.as_bytes()), Err(expected), "{octets:?}");
        };
        check("SSH-2.0-OpenSSH_9.9\r\n", UnusableHead::NotHttp);
        check("HTTP/1.1 200 OK\r\n\r\n", UnusableHead::NoDate);
        check("HTTP/1.1 200 OK\r\nDate: soon\r\n\r\n", UnusableHead::MalformedDate);
        check("HTTP/1.1 200 OK\r\nDate: \u{7f}\r\n\r\n", UnusableHead::NotHttp);
        let date = "Date: Tue, 24 Nov 2026 22:10:30 GMT\r\n";
        check(&format!("HTTP/1.1 200 OK\r\n{date}Age: 7\r\n\r\n"), UnusableHead::Cached);
        check(&format!("HTTP/1.1 200 OK\r\n{date}Date: x\r\n\r\n"), UnusableHead::SeveralDates);
        let many = "A: b\r\n".repeat(MOST_HEADERS + 1);
        check(&format!("HTTP/1.1 200 OK\r\n{many}{date}\r\n"), UnusableHead::TooManyHeaders);
    }

    proptest::proptest! {
        #[test]
        fn no_octets_are_a_panic(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = http_head(&octets);
            let _ = http_head(&[b"HTTP/1.1 200 OK\r\nDate: ".as_slice(), &octets, b"\r\n\r\n"].concat());
        }
    }
}

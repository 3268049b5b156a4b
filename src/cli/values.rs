//! Values as they are typed on the command line: durations, counts, the name of a reference.

use clap::ValueEnum;

use crate::audit::{FailOn, Profile, ReferenceChoice, ServerName, TimeProtocol, TokenPolicy};
use crate::clock::Nanos;
use crate::fix::StepPolicy;
use crate::fix::canary::Share;
use crate::inventory::nearest;
use crate::timekeeper::chrony::configuration::Preset;
use crate::tokens::Library;

/// The form of explained settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Units of a typed duration; longer suffixes stand before those that end them.
const DURATION_UNITS: [(&str, i64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// The longest length that `Nanos` holds, in words.
const LONGEST: &str = "longer than the longest duration there is, 2562047h (292 years)";

/// Reads `250us`, `100ms`, `1.5s`.
pub fn parse_duration(text: &str) -> Result<Nanos, String> {
    if let Some(digits) = text.strip_prefix('-') {
        let is_length = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        return Err(if is_length {
            "a duration cannot be negative; limits hold in both directions".to_owned()
        } else {
            "a duration was expected here: `250us`, `100ms`, `5s`".to_owned()
        });
    }
    let found = DURATION_UNITS.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
    let (number, unit) = found.ok_or("a duration needs a unit: `250us`, `100ms`, `5s`")?;
    scaled(number, unit)
}

/// Reads `10`, as OpenSSH's `ConnectTimeout`, or a duration with its unit.
pub fn parse_seconds(text: &str) -> Result<Nanos, String> {
    const EXPECTED: &str = "expected seconds, or a duration with its unit: `10`, `0.5`, `250ms`, `2m`";
    if text.starts_with('-') {
        return parse_duration(text);
    }
    let is_plain = text.ends_with(|last: char| last.is_ascii_digit());
    let length = if is_plain { scaled(text, 1_000_000_000) } else { parse_duration(text) };
    // What is too long is told as that.
    let length = length.map_err(|why| if why == LONGEST { why } else { EXPECTED.to_owned() })?;
    if length.0 > 0 { Ok(length) } else { Err("must be longer than 0 s".to_owned()) }
}

/// A decimal number times a unit of so many nanoseconds; what is finer than a nanosecond is dropped.
fn scaled(number: &str, unit: i64) -> Result<Nanos, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_number || (whole.is_empty() && fraction.is_empty()) {
        return Err("not a duration, expected one like `250us`, `100ms`, `5s`".to_owned());
    }
    let unit = i128::from(unit);
    let mut nanos: i128 = 0;
    for digit in whole.bytes() {
        nanos = nanos.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
    }
    nanos = nanos.saturating_mul(unit);
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        nanos = nanos.saturating_add(i128::from(digit - b'0') * place);
    }
    i64::try_from(nanos).map(Nanos).map_err(|_| LONGEST.to_owned())
}

/// Reads `consensus`, `agreement`, `controller`, `host:NAME`, `group:NAME`, `ntp:SERVER` or `https:SERVER`.
pub(super) fn parse_reference(text: &str) -> Result<ReferenceChoice, String> {
    match text.split_once(':') {
        None if text == "consensus" => Ok(ReferenceChoice::Consensus),
        None if text == "agreement" => Ok(ReferenceChoice::Agreement),
        None if text == "controller" => Ok(ReferenceChoice::Controller),
        Some(("group", name)) if !name.is_empty() => Ok(ReferenceChoice::Group(name.to_owned())),
        Some(("host", name)) if !name.is_empty() => Ok(ReferenceChoice::Host(name.to_owned())),
        Some(("ntp", server)) => ServerName::parse(TimeProtocol::Ntp, server)
            .map(|server| ReferenceChoice::Ntp(vec![server]))
            .ok_or_else(|| "a time server is `ntp:HOST` or `ntp:HOST:PORT`, an IPv6 address in brackets".to_owned()),
        Some(("https", server)) => ServerName::parse(TimeProtocol::Https, server)
            .map(|server| ReferenceChoice::Https(vec![server]))
            .ok_or_else(|| {
                "a web server is `https:HOST` or `https:HOST:PORT`, without slashes, an IPv6 address in brackets"
                    .to_owned()
            }),
        parted => {
            let kind = parted.map_or(text, |(kind, _)| kind);
            let near = near(kind, &["consensus", "agreement", "controller", "host", "group", "ntp", "https"]);
            Err(format!(
                "expected `consensus`, `agreement`, `controller`, `host:NAME`, `group:NAME`, `ntp:SERVER` or \
                 `https:SERVER`{near}"
            ))
        }
    }
}

/// A question for whoever mistyped one of these words; empty where none of them is near, or none was mistyped.
fn near(typed: &str, words: &[&str]) -> String {
    let near = nearest::name(typed, words.iter().copied()).filter(|near| *near != typed);
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Reads `issuer=GROUP,verifier=GROUP[,leeway=D][,latency=D]`, in any order, each once.
pub(super) fn parse_tokens(text: &str) -> Result<TokenPolicy, String> {
    let (mut issuers, mut verifiers, mut leeway, mut latency) = (None, None, None, None);
    for part in text.split(',') {
        let (key, value) = part.split_once('=').ok_or_else(|| format!("expected `KEY=VALUE`, found `{part}`"))?;
        if value.is_empty() {
            return Err(format!("`{key}` has no value"));
        }
        let before = match key {
            "issuer" => issuers.replace(value.to_owned()).is_some(),
            "verifier" => verifiers.replace(value.to_owned()).is_some(),
            "leeway" => leeway.replace(parse_duration(value)?).is_some(),
            "latency" => latency.replace(parse_duration(value)?).is_some(),
            _ => {
                let near = near(key, &["issuer", "verifier", "leeway", "latency"]);
                return Err(format!("unknown key `{key}`, expected `issuer`, `verifier`, `leeway` or `latency`{near}"));
            }
        };
        if before {
            return Err(format!("`{key}` is given twice"));
        }
    }
    Ok(TokenPolicy {
        issuers: issuers.ok_or("`issuer=GROUP` is missing")?,
        verifiers: verifiers.ok_or("`verifier=GROUP` is missing")?,
        leeway: leeway.unwrap_or_default(),
        latency: latency.unwrap_or_default(),
    })
}

impl ValueEnum for Profile {
    fn value_variants<'variants>() -> &'variants [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.label()))
    }
}

impl ValueEnum for FailOn {
    fn value_variants<'variants>() -> &'variants [Self] {
        &[Self::Crit, Self::Warn, Self::Undecided, Self::Down, Self::Never]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let name = match self {
            Self::Never => "never",
            Self::Crit => "crit",
            Self::Warn => "warn",
            Self::Undecided => "undecided",
            Self::Down => "down",
        };
        Some(clap::builder::PossibleValue::new(name))
    }
}

impl ValueEnum for Library {
    fn value_variants<'variants>() -> &'variants [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.id()))
    }
}

impl ValueEnum for Preset {
    fn value_variants<'variants>() -> &'variants [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

impl ValueEnum for StepPolicy {
    fn value_variants<'variants>() -> &'variants [Self] {
        &[Self::Forward, Self::Any, Self::Never]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

/// Reads `3` or `25%`.
pub(super) fn parse_share(text: &str) -> Result<Share, String> {
    Share::parse(text).map_err(|error| error.to_string())
}

/// The same of what must be one host at least.
pub(super) fn parse_some(text: &str) -> Result<Share, String> {
    match parse_share(text)? {
        Share::Count(0) | Share::Percent(0) => Err("must be at least 1, or 1%".to_owned()),
        share => Ok(share),
    }
}

/// Reads a count that makes sense only from 1 on.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) if text.starts_with('-') => Err("must be at least 1".to_owned()),
        Err(error) => Err(format!("{error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(parse_duration(text).ok(), expected.map(Nanos), "{text:?}");
        };
        check("250us", Some(250_000));
        check("100ms", Some(100_000_000));
        check("1.5s", Some(1_500_000_000));
        check(".5s", Some(500_000_000));
        check("2m", Some(120_000_000_000));
        check("0.25h", Some(900_000_000_000));
        check("7ns", Some(7));
        check("1.9ns", Some(1));
        check("0s", Some(0));
        // More nanoseconds than there are in nine digits of seconds.
        check("10000000000ns", Some(10_000_000_000));
        check("9223372036854775807ns", Some(i64::MAX));
        check("2562047h", Some(2_562_047 * 3_600_000_000_000));
        for bad in ["", "100", "ms", ".s", "-1s", "1e3s", "5 s", "5d", "1.2.3s", "+1s", "2562048h", "٣s"] {
            check(bad, None);
        }
    }

    #[test]
    fn what_is_wrong_with_a_duration_is_told() {
        let check = |text: &str, expected: &str| {
            let told = parse_duration(text).map_err(|told| told.contains(expected));
            assert_eq!(told, Err(true), "{text:?}");
        };
        check("-5ms", "cannot be negative");
        check("--crit", "a duration was expected");
        check("50", "needs a unit");
        check("99999999999h", "2562047h (292 years)");
        check(&format!("{}s", "9".repeat(400)), "2562047h (292 years)");
    }

    #[test]
    fn a_timeout_may_be_plain_seconds() {
        assert_eq!(parse_seconds("10"), Ok(Nanos::from_seconds(10)));
        assert_eq!(parse_seconds("0.5"), Ok(Nanos::from_millis(500)));
        assert_eq!(parse_seconds("250ms"), Ok(Nanos::from_millis(250)));
        for bad in ["0", "-3", "0ms", "99999999999", "ten"] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
        for bad in ["abc", "10x", "", "1e3"] {
            let told = parse_seconds(bad).expect_err("a mistake");
            assert!(told.starts_with("expected seconds, or a duration with its unit: `10`"), "{bad}: {told}");
        }
        assert!(parse_seconds("99999999999").is_err_and(|told| told.contains("292 years")));
    }

    #[test]
    fn a_count_is_at_least_one() {
        assert_eq!(at_least_one("8"), Ok(8));
        for bad in ["0", "-2", "x", ""] {
            assert!(at_least_one(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_is_named_in_full() {
        assert_eq!(parse_reference("host:db1"), Ok(ReferenceChoice::Host("db1".to_owned())));
        assert_eq!(parse_reference("group:db"), Ok(ReferenceChoice::Group("db".to_owned())));
        assert_eq!(parse_reference("consensus"), Ok(ReferenceChoice::Consensus));
        assert_eq!(parse_reference("agreement"), Ok(ReferenceChoice::Agreement));
        let server = ServerName { protocol: TimeProtocol::Ntp, host: "192.0.2.1".to_owned(), port: 123 };
        assert_eq!(parse_reference("ntp:192.0.2.1"), Ok(ReferenceChoice::Ntp(vec![server])));
        assert!(parse_reference("ntp:").is_err());
        let server = ServerName { protocol: TimeProtocol::Https, host: "time.example.com".to_owned(), port: 443 };
        assert_eq!(parse_reference("https:time.example.com"), Ok(ReferenceChoice::Https(vec![server])));
        assert!(parse_reference("https:").is_err());
        assert!(parse_reference("https://example.com/").is_err());
        assert!(parse_reference("host:").is_err());
        assert!(parse_reference("group:").is_err());
        assert!(parse_reference("db1").is_err());
        let told = |text: &str| parse_reference(text).expect_err("a mistake");
        assert!(told("hoost:db1").ends_with("; did you mean `host`?"), "{}", told("hoost:db1"));
        assert!(told("concensus").ends_with("; did you mean `consensus`?"), "{}", told("concensus"));
        assert!(told("host:").ends_with("`https:SERVER`"), "{}", told("host:"));
    }

    #[test]
    fn tokens_are_asked_for_by_their_groups() {
        let check = |text: &str, expected: Result<(&str, &str, i64, i64), &str>| {
            let found = parse_tokens(text);
            let found = found
                .as_ref()
                .map(|asked| (asked.issuers.as_str(), asked.verifiers.as_str(), asked.leeway.0, asked.latency.0));
            assert_eq!(found.map_err(String::as_str), expected, "{text}");
        };
        check("issuer=auth,verifier=api", Ok(("auth", "api", 0, 0)));
        check("verifier=api,latency=5ms,leeway=1s,issuer=auth", Ok(("auth", "api", 1_000_000_000, 5_000_000)));
        check("issuer=auth", Err("`verifier=GROUP` is missing"));
        check("verifier=api", Err("`issuer=GROUP` is missing"));
        check("issuer=auth,issuer=b,verifier=api", Err("`issuer` is given twice"));
        check("issuer=,verifier=api", Err("`issuer` has no value"));
        check(
            "issuer=auth,verifier=api,lag=1s",
            Err("unknown key `lag`, expected `issuer`, `verifier`, `leeway` or `latency`"),
        );
        check(
            "isuer=auth,verifier=api",
            Err("unknown key `isuer`, expected `issuer`, `verifier`, `leeway` or `latency`; did you mean `issuer`?"),
        );
        check("auth,api", Err("expected `KEY=VALUE`, found `auth`"));
        assert!(parse_tokens("issuer=auth,verifier=api,leeway=5").is_err());
    }
}

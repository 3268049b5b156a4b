//! systemd-timesyncd: what it says over D-Bus, and what `timedatectl` makes of it. An SNTP client: it measures, and bounds
//! nothing.
//!
//! Its offset is the server's clock minus the host's, as measured at the last poll, before it was corrected; turned here.

use super::chrony::{LeapStatus, ReferenceId};
use super::claim::{Claim, OffsetIs};
use super::daemon::Timekeeper;
use super::source::length_with_unit;
use crate::clock::{Nanos, Ppm, UnixNanos};

/// The longest poll interval, which stands for one that was not told.
const LONGEST_POLL: Nanos = Nanos::from_seconds(2_048);

/// How fast a clock may run off between two polls: the last one is no older than the interval.
const WORST_RATE: Ppm = Ppm::from_ppm(500);

/// What timesyncd said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A server has answered, and the clock was set by it.
    Followed(Claim),
    /// No server has answered, or none was good enough.
    Nothing {
        /// The server that it asks.
        server: Option<String>,
    },
}

/// Reads what `busctl get-property ... NTPMessage ServerName PollIntervalUSec` printed: a line a property.
pub(super) fn of_bus(lines: &[&str]) -> Option<Answer> {
    let line = |signature: &str| lines.iter().find_map(|line| line.trim().strip_prefix(signature)?.strip_prefix(' '));
    let server = line("s").map(|name| name.trim_matches('"').to_owned()).filter(|name| !name.is_empty());
    let poll = line("t").and_then(|micros| micros.parse().ok()).map_or(LONGEST_POLL, Nanos::from_micros);
    let Some(message) = line("(uuuuittayttttbtt)") else {
        return server.is_some().then_some(Answer::Nothing { server });
    };
    let words: Vec<&str> = message.split_ascii_whitespace().collect();
    let [leap, _version, _mode, stratum, _precision, root_delay, root_dispersion, count, rest @ ..] = words.as_slice()
    else {
        return None;
    };
    let (_reference, rest) = rest.split_at_checked(count.parse().ok()?)?;
    let [origin, receive, transmit, destination, _ignored, packets, jitter] = rest else { return None };
    let micros = |word: &str| word.parse::<i64>().ok().and_then(|micros| micros.checked_mul(1_000)).map(Nanos);
    let (origin, receive) = (micros(origin)?, micros(receive)?);
    let (transmit, destination) = (micros(transmit)?, micros(destination)?);
    if *packets == "0" || destination == Nanos::ZERO {
        return Some(Answer::Nothing { server });
    }
    let there = i128::from(receive.0) - i128::from(origin.0);
    let back = i128::from(transmit.0) - i128::from(destination.0);
    Some(Answer::Followed(Claim {
        timekeeper: Timekeeper::Timesyncd,
        version: None,
        // The server's clock minus the host's.
        offset: -Nanos::saturating_from(i128::midpoint(there, back)),
        offset_is: OffsetIs::LastMeasured,
        root_delay: micros(root_delay)? + Nanos::saturating_from(there - back).abs(),
        root_dispersion: micros(root_dispersion)? + micros(jitter)?,
        aged_by: poll.wander(WORST_RATE),
        stratum: own_stratum(stratum.parse().ok()?),
        leap_status: leap_of(leap),
        // The message's own reference is what its server follows.
        reference_id: server.as_deref().and_then(ReferenceId::parse).unwrap_or(ReferenceId::NONE),
        source: server,
        reference_time: Some(UnixNanos(destination.0)),
        frequency: Ppm::from_ppb(0),
        update_interval: poll,
    }))
}

/// Reads what `timedatectl timesync-status` or `show-timesync` printed.
///
/// The latter has stamps of whole seconds, which tell nothing of the offset: what was measured is then unknown, and the
/// claim says a second.
pub(super) fn of_text(text: &str) -> Option<Answer> {
    let of = |key: &str| {
        let lines = text.lines().map(str::trim);
        lines.filter_map(|line| line.strip_prefix(key)).map(str::trim).find(|value| !value.is_empty())
    };
    let server = of("Server:").or_else(|| of("ServerName="));
    let server = server.and_then(|name| name.split_ascii_whitespace().next()).map(str::to_owned);
    let poll = of("Poll interval:").or_else(|| of("PollIntervalUSec="))?;
    let poll = span(poll.split_once(" (").map_or(poll, |(poll, _)| poll)).unwrap_or(LONGEST_POLL);
    let claim = |offset: Nanos, delay: Nanos, distance: Nanos, stratum: u8, leap: &str| Claim {
        timekeeper: Timekeeper::Timesyncd,
        version: None,
        offset: -offset,
        offset_is: OffsetIs::LastMeasured,
        root_delay: delay,
        root_dispersion: distance,
        aged_by: poll.wander(WORST_RATE),
        stratum: own_stratum(stratum),
        leap_status: leap_of(leap),
        reference_id: ReferenceId::NONE,
        source: server.clone(),
        reference_time: None,
        frequency: Ppm::from_ppb(0),
        update_interval: poll,
    };
    if let Some(offset) = of("Offset:") {
        let distance = of("Root distance:")?.split_once(" (")?.0;
        let distance = if distance == "0" { Nanos::ZERO } else { length_with_unit(distance)? };
        let (delay, stratum) = (length_with_unit(of("Delay:")?)?, of("Stratum:")?.parse().ok()?);
        return Some(Answer::Followed(claim(length_with_unit(offset)?, delay, distance, stratum, of("Leap:")?)));
    }
    let Some(message) = of("NTPMessage={") else { return Some(Answer::Nothing { server }) };
    let field = |key: &str| message.split(", ").find_map(|field| field.trim().strip_prefix(key));
    let stratum = field("Stratum=")?.parse().ok()?;
    let answer = claim(Nanos::ZERO, Nanos::ZERO, Nanos::from_seconds(1), stratum, field("Leap=")?);
    Some(Answer::Followed(answer))
}

/// The claim of a timesyncd that no server has answered: none.
pub(super) fn nothing(server: Option<String>) -> Claim {
    Claim {
        timekeeper: Timekeeper::Timesyncd,
        version: None,
        offset: Nanos::ZERO,
        offset_is: OffsetIs::LastMeasured,
        root_delay: Nanos::ZERO,
        root_dispersion: Nanos::ZERO,
        aged_by: Nanos::ZERO,
        stratum: 0,
        leap_status: LeapStatus::NotSynchronised,
        reference_id: ReferenceId::NONE,
        source: server,
        reference_time: None,
        frequency: Ppm::from_ppb(0),
        update_interval: LONGEST_POLL,
    }
}

/// A client's stratum is one more than its server's.
fn own_stratum(server: u8) -> u8 {
    server.saturating_add(1).min(16)
}

fn leap_of(text: &str) -> LeapStatus {
    match text {
        "0" | "normal" => LeapStatus::Normal,
        "1" => LeapStatus::InsertSecond,
        "2" => LeapStatus::DeleteSecond,
        "3" | "not synchronized" => LeapStatus::NotSynchronised,
        other if other.contains("61") => LeapStatus::InsertSecond,
        other if other.contains("59") => LeapStatus::DeleteSecond,
        _ => LeapStatus::Invalid,
    }
}

/// `32s`, `1min 4s`, `34min 8s`.
fn span(text: &str) -> Option<Nanos> {
    let part = |word: &str| match word.strip_suffix("min") {
        Some(minutes) => minutes.parse::<i64>().ok()?.checked_mul(60),
        None => word.strip_suffix('s')?.parse().ok(),
    };
    let seconds: Option<Vec<i64>> = text.split_ascii_whitespace().map(part).collect();
    seconds.map(|parts| Nanos::from_seconds(parts.iter().copied().fold(0, i64::saturating_add).clamp(0, 1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_sign_is_turned() {
        let line = "(uuuuittayttttbtt) 0 4 4 2 -20 9994 4989 4 70 65 75 69 1795290654769075 1795290654969283 \
                    1795290654969331 1795290654769362 false 1 0";
        let Some(Answer::Followed(claim)) = of_bus(&[line, "x 0", "t 32000000", "s \"10.105.0.33\""]) else {
            panic!("a claim");
        };
        // The server is 200 ms ahead: the host is behind.
        assert_eq!(claim.offset, Nanos(-200_088_500));
        assert_eq!((claim.root_delay, claim.root_dispersion), (Nanos(9_994_000 + 239_000), Nanos(4_989_000)));
        assert_eq!((claim.stratum, claim.source.as_deref()), (3, Some("10.105.0.33")));
        assert_eq!(claim.update_interval, Nanos::from_seconds(32));
        // Within half a millisecond a second since the last poll, whatever was corrected since.
        assert_eq!(claim.aged_by, Nanos::from_millis(16));
        assert_eq!(claim.interval().hi, Nanos(10_233_000 / 2 + 4_989_000 + 16_000_000));
    }

    #[test]
    fn a_server_that_never_answered_is_no_claim() {
        let nothing = Answer::Nothing { server: Some("10.105.0.99".to_owned()) };
        assert_eq!(of_bus(&["s \"10.105.0.99\"", "t 32000000"]), Some(nothing.clone()));
        let status =
            "       Server: 10.105.0.99 (10.105.0.99)\nPoll interval: 32s (min: 32s; max 34min 8s)\n Packet count: 0";
        assert_eq!(of_text(status), Some(nothing));
        assert_eq!((of_bus(&[]), of_text("Failed to connect to bus")), (None, None));
        assert_eq!(of_bus(&["(uuuuittayttttbtt) 0 4 4 2 -20 1 1 9 70"]), None);
    }

    #[test]
    fn spans_are_read() {
        assert_eq!(span("34min 8s"), Some(LONGEST_POLL));
        assert_eq!(span("32s"), Some(Nanos::from_seconds(32)));
        assert_eq!(span("soon"), None);
    }
}

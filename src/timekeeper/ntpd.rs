//! ntpd and ntpsec: what `ntpq` prints of the system (`rv`) and of its peers (`lpeers`).
//!
//! Lengths are in milliseconds; ntpsec adds units to those of the peers where it is asked to. Offsets are the peer's clock
//! minus the host's; turned here.

use std::collections::BTreeMap;

use super::chrony::{LeapStatus, ReferenceId};
use super::claim::{Claim, OffsetIs};
use super::daemon::Timekeeper;
use super::source::{Selection, Source, SourceKind, length_with_unit, scaled};
use crate::clock::{Nanos, Ppm, UnixNanos};

/// One millisecond in nanoseconds.
const MILLISECOND: i64 = 1_000_000;
/// From the beginning of NTP's era, 1900, to that of Unix's, in seconds.
const UNIX_EPOCH: i64 = 2_208_988_800;

/// Reads the variables of the system; the claim may say that the clock is not synchronised.
pub(super) fn system(text: &str) -> Option<Claim> {
    let variables = variables(text);
    let of = |name: &str| variables.get(name).map(String::as_str);
    let length = |name: &str| of(name).and_then(|value| scaled(value, MILLISECOND));
    let leap_status = match of("leap")? {
        "00" => LeapStatus::Normal,
        "01" => LeapStatus::InsertSecond,
        "10" => LeapStatus::DeleteSecond,
        "11" => LeapStatus::NotSynchronised,
        _ => LeapStatus::Invalid,
    };
    let reference = of("refid")?;
    let poll_exponent: u32 = of("tc").and_then(|exponent| exponent.parse().ok()).unwrap_or(6);
    Some(Claim {
        timekeeper: Timekeeper::Ntpd,
        version: of("version").and_then(version_of),
        // The peers' clock minus the host's.
        offset: -length("offset")?,
        offset_is: OffsetIs::LastMeasured,
        root_delay: length("rootdelay")?,
        root_dispersion: length("rootdisp")?.abs(),
        aged_by: Nanos::ZERO,
        // RFC 5905 sends 16 for what is not synchronised; chronyd shows that as 0, and so do we.
        stratum: of("stratum")?.parse().ok().map(|stratum: u8| if stratum >= 16 { 0 } else { stratum })?,
        leap_status,
        reference_id: reference_id(reference),
        source: reference.contains(['.', ':']).then(|| reference.to_owned()),
        reference_time: of("reftime").and_then(instant),
        frequency: of("frequency")
            .and_then(Nanos::from_seconds_text)
            .map_or(Ppm::from_ppb(0), |rate| Ppm::from_ppb(rate.0 / 1_000_000)),
        update_interval: Nanos::from_seconds(1_i64.checked_shl(poll_exponent.min(17)).unwrap_or(64)),
    })
}

/// Reads the table of peers; lines that are none are left out.
pub(super) fn peers(text: &str) -> Vec<Source> {
    text.lines().filter_map(peer).collect()
}

/// `*10.105.0.11     ....             1 u   11   64    1   0.0201   0.0000   0.0129`.
fn peer(line: &str) -> Option<Source> {
    let (tally, rest) = line.split_at_checked(1)?;
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let [name, reference, stratum, kind, heard, poll, reach, delay, offset, jitter] = words.as_slice() else {
        return None;
    };
    let length = |text: &str| length_with_unit(text).or_else(|| scaled(text, MILLISECOND));
    let reach = u8::from_str_radix(reach, 8).ok()?;
    let last_heard = heard.parse().ok().map(Nanos::from_seconds).filter(|_| reach > 0);
    let (delay, offset, jitter) = (length(delay)?, length(offset)?, length(jitter)?);
    Some(Source {
        name: (*name).to_owned(),
        kind: match *kind {
            "l" => SourceKind::ReferenceClock,
            "s" | "S" | "p" => SourceKind::Peer,
            _ => SourceKind::Server,
        },
        selection: match tally {
            "*" | "o" => Selection::Selected,
            "+" => Selection::Combined,
            "-" | "." | "#" => Selection::Spare,
            "x" => Selection::Falseticker,
            " " => Selection::Unusable,
            _ => return None,
        },
        stratum: stratum.parse().ok()?,
        poll: poll.parse().ok().map(Nanos::from_seconds),
        // The line of a pool is a name to get servers from, and is never polled itself.
        reach: (*reference != ".POOL.").then_some(reach),
        last_heard,
        offset: last_heard.map(|_| -offset),
        error: last_heard.map(|_| Nanos(delay.abs().0 / 2) + jitter.abs()),
    })
}

/// `name=value`, separated by commas; values in quotation marks may hold commas.
fn variables(text: &str) -> BTreeMap<String, String> {
    let mut quoted = false;
    let is_between = |symbol: char| {
        quoted ^= symbol == '"';
        !quoted && (symbol == ',' || symbol == '\n')
    };
    let pairs = text.split(is_between).filter_map(|pair| pair.trim().split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches('"').to_owned())).collect()
}

/// `ntpd ntpsec-1.2.2` or `ntpd 4.2.8p15@1.3728-o ...`: the second word.
fn version_of(text: &str) -> Option<String> {
    text.split_ascii_whitespace().nth(1).map(str::to_owned)
}

/// An address, or up to four letters.
fn reference_id(text: &str) -> ReferenceId {
    // The driver of the host's own clock, whatever its unit.
    if text.starts_with("127.127.1.") || text.starts_with("LOCAL") || text == "LOCL" {
        return ReferenceId::LOCAL;
    }
    if let Some(id) = ReferenceId::parse(text) {
        return id;
    }
    if text == "INIT" {
        return ReferenceId::NONE;
    }
    let letters = text.bytes().take(4).chain(std::iter::repeat(0)).take(4);
    ReferenceId(letters.fold(0, |id, letter| (id << 8) | u32::from(letter)))
}

/// `eeac780c.c82775a7 2026-11-21T20:05:32.781Z`: seconds since 1900 of the era that 1968 to 2104 lies in.
fn instant(text: &str) -> Option<UnixNanos> {
    let (seconds, fraction) = text.split_ascii_whitespace().next()?.split_once('.')?;
    let seconds = i64::from(u32::from_str_radix(seconds, 16).ok()?);
    let fraction = i64::from(u32::from_str_radix(fraction, 16).ok()?);
    if seconds == 0 {
        return None;
    }
    let era = if seconds < 0x8000_0000 { 1_i64 << 32 } else { 0 };
    let nanos = (seconds + era - UNIX_EPOCH).checked_mul(1_000_000_000)?;
    Some(UnixNanos(nanos.checked_add((fraction * 1_000_000_000) >> 32)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "associd=0 status=0014 leap_none, sync_unspec, 1 event, freq_mode,\n\
        leap=00, stratum=3, precision=-24, rootdelay=10.113, rootdisp=292.605,\n\
        refid=10.105.0.33, reftime=eeac783a.52297edc 2026-11-21T20:06:18.320Z, tc=6,\n\
        peer=17767, offset=100.051345, frequency=0.0, sys_jitter=0.0,\n\
        processor=\"x86_64\", version=\"ntpd ntpsec-1.2.2\", clk_wander=0.0, mintc=0";

    #[test]
    fn milliseconds_are_read_and_the_peers_sign_is_turned() {
        let claim = system(SYSTEM).unwrap();
        assert_eq!(claim.offset, Nanos(-100_051_345));
        assert_eq!((claim.root_delay, claim.root_dispersion), (Nanos(10_113_000), Nanos(292_605_000)));
        assert_eq!(claim.bound(), Nanos(100_051_345 + 292_605_000 + 5_056_500));
        assert_eq!((claim.stratum, claim.source.as_deref()), (3, Some("10.105.0.33")));
        assert_eq!(claim.version.as_deref(), Some("ntpsec-1.2.2"));
        assert_eq!(claim.reference_time, Some(UnixNanos(1_795_291_578_320_945_671)));
        assert_eq!(claim.update_interval, Nanos::from_seconds(64));
    }

    #[test]
    fn peers_are_read_with_and_without_units() {
        let plain = peer("*10.105.0.33     70.65.75.69      2 u    3   64    1   0.1185 100.0425   0.0457").unwrap();
        assert_eq!((plain.selection, plain.offset), (Selection::Selected, Some(Nanos(-100_042_500))));
        let units = peer("+10.105.0.12     127.127.1.1      2 u   10   64    1 49.931us 12.561us  8.667us").unwrap();
        assert_eq!((units.selection, units.offset), (Selection::Combined, Some(Nanos(-12_561))));
        let silent = peer(" 10.105.0.99     .INIT.          16 u    -   64    0   0.0000   0.0000   0.0001").unwrap();
        assert!(silent.is_unreachable() && silent.offset.is_none());
        assert_eq!(peer("     remote           refid      st t when poll reach   delay   offset   jitter"), None);
        assert_eq!(peer("==="), None);
    }

    #[test]
    fn what_says_nothing_is_no_claim() {
        assert_eq!(system("***Socket error; probably ntpd is not running"), None);
        assert_eq!(system(""), None);
        assert_eq!(instant("00000000.00000000 2036-02-07T06:28:16.000Z"), None);
    }
}

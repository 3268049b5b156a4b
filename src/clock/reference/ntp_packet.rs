//! NTP packets of version 4 (RFC 5905, 7.3), as far as a client needs them: the request, and what an answer to it says.

use super::NtpExchange;
use crate::clock::{Nanos, UnixNanos};

/// Octets of a packet without extensions.
const PACKET: usize = 48;
/// Version 4, mode 3 (client).
const CLIENT: u8 = 0x23;
/// Mode 4 (server), in the low three bits.
const SERVER: u8 = 4;
const MODE: u8 = 0x07;
/// Seconds from 1900, where era 0 begins, to 1970.
const EPOCH_1970: i64 = 2_208_988_800;
/// Seconds of an era.
const ERA: i64 = 1 << 32;
const SECOND: i128 = 1_000_000_000;

/// A request that carries `nonce` as its transmit stamp: the answer gives it back, and nobody who has not seen the request
/// knows it. The clock that asks is told to nobody.
pub fn request(nonce: u64) -> [u8; PACKET] {
    let mut packet = [0; PACKET];
    let (head, stamp) = packet.split_at_mut(PACKET - 8);
    if let Some(first) = head.first_mut() {
        *first = CLIENT;
    }
    stamp.copy_from_slice(&nonce.to_be_bytes());
    packet
}

/// The exchange that `packet` completes, when it answers the request of that nonce; sent and received are instants on the axis.
///
/// `None` for what is no answer to that request. The era of the server's stamps is the one that puts them nearest to `received`.
pub fn answer(packet: &[u8], nonce: u64, sent: UnixNanos, received: UnixNanos) -> Option<NtpExchange> {
    let head = *packet.first().filter(|_| packet.len() >= PACKET)?;
    if head & MODE != SERVER || long(packet, 24)? != nonce {
        return None;
    }
    let short = |at: usize| long(packet, at).map(|word| short_format(word >> 32));
    let precision = i8::from_be_bytes([*packet.get(3)?]);
    Some(NtpExchange {
        sent,
        server_received: stamp(long(packet, 32)?, received),
        server_sent: stamp(long(packet, 40)?, received),
        received,
        root_delay: short(4)?,
        root_dispersion: short(8)?,
        precision: power_of_two(precision),
        stratum: *packet.get(1)?,
        leap: head >> 6,
    })
}

fn long(packet: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(packet.get(at..at + 8)?.try_into().ok()?))
}

/// 16 bits of seconds and 16 of their fraction, rounded up.
fn short_format(word: u64) -> Nanos {
    Nanos::saturating_from((i128::from(word) * SECOND + 0xffff) >> 16)
}

/// 32 bits of seconds and 32 of their fraction, rounded to the nearest nanosecond.
fn stamp(word: u64, near: UnixNanos) -> UnixNanos {
    let seconds = i64::try_from(word >> 32).unwrap_or(0) - EPOCH_1970;
    let eras = (near.0.div_euclid(1_000_000_000) - seconds + ERA / 2).div_euclid(ERA);
    let fraction = (i128::from(word & 0xffff_ffff) * SECOND + (1 << 31)) >> 32;
    UnixNanos(0) + Nanos::saturating_from(i128::from(seconds + eras * ERA) * SECOND + fraction)
}

/// 2^exponent seconds, rounded up to a nanosecond.
fn power_of_two(exponent: i8) -> Nanos {
    let bits = u32::from(exponent.unsigned_abs()).min(62);
    Nanos::saturating_from(if exponent < 0 { (SECOND >> bits) + 1 } else { SECOND << bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: u64 = 0x0123_4567_89ab_cdef;
    /// 2026-11-24 in both reckonings.
    const NOW: i64 = 1_795_520_000;

    /// An answer of a server of stratum 2 whose clock shows `seconds` of era 0 or later, and a quarter.
    fn packet(seconds: i64) -> Vec<u8> {
        let mut packet = vec![0x24, 2, 6, 0xe8];
        packet.extend([0, 0, 0x80, 0, 0, 1, 0, 0, 10, 0, 0, 1]);
        packet.extend([0; 8]);
        packet.extend(NONCE.to_be_bytes());
        let stamp = u64::try_from((seconds + EPOCH_1970).rem_euclid(ERA)).unwrap() << 32 | 0x4000_0000;
        packet.extend(stamp.to_be_bytes());
        packet.extend((stamp + (1 << 22)).to_be_bytes());
        packet
    }

    fn at(seconds: i64) -> UnixNanos {
        UnixNanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_request_is_version_4_and_says_nothing_but_its_nonce() {
        let packet = request(NONCE);
        assert_eq!(packet[0], 0x23);
        assert!(packet[1..40].iter().all(|octet| *octet == 0));
        assert_eq!(packet[40..], NONCE.to_be_bytes());
    }

    #[test]
    fn an_answer_is_read_field_by_field() {
        let found = answer(&packet(NOW), NONCE, at(NOW), at(NOW + 1)).unwrap();
        assert_eq!((found.leap, found.stratum), (0, 2));
        assert_eq!((found.root_delay, found.root_dispersion), (Nanos::from_millis(500), Nanos::from_seconds(1)));
        assert_eq!(found.precision, Nanos(60), "2^-24 s");
        assert_eq!(found.server_received, UnixNanos(NOW * 1_000_000_000 + 250_000_000));
        assert_eq!(found.server_sent.since(found.server_received), Nanos(976_563));
        assert_eq!((found.sent, found.received), (at(NOW), at(NOW + 1)));
    }

    #[test]
    fn the_era_is_the_one_that_is_near() {
        let check = |shown: i64, near: i64| {
            let found = answer(&packet(shown), NONCE, at(near), at(near)).unwrap();
            assert_eq!(found.server_received, UnixNanos(shown * 1_000_000_000 + 250_000_000), "{shown} near {near}");
        };
        check(NOW, NOW);
        // 2036-02-07: the last second of era 0 and the first of era 1.
        check(2_085_978_495, 2_085_978_496);
        check(2_085_978_496, 2_085_978_495);
        check(2_085_978_497, NOW);
        // A controller at 1970 has the right era still.
        check(NOW, 0);
    }

    #[test]
    fn what_does_not_answer_the_request_is_none() {
        let check = |spoil: fn(&mut Vec<u8>)| {
            let mut packet = packet(NOW);
            spoil(&mut packet);
            assert_eq!(answer(&packet, NONCE, at(NOW), at(NOW)), None, "{packet:?}");
        };
        check(Vec::clear);
        check(|packet| packet.truncate(47));
        check(|packet| packet[0] = 0x23);
        check(|packet| packet[24] ^= 1);
        assert!(answer(&packet(NOW), NONCE, at(NOW), at(NOW)).is_some());
    }
}

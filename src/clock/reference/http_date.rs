//! Rule D: what the `Date` of web servers says of UTC, for networks that only HTTPS leaves. Coarse.

use super::LEAST_MEMBERS;
use super::ntp::{NtpServers, Unusable, ntp_servers};
use crate::clock::estimate::{Config, Status, estimate};
use crate::clock::{Exchange, Interval, Nanos, UnixNanos};

/// Servers give the same `Date` for so long: they write it from a cached clock.
const LEAST_LAG: Nanos = Nanos::from_millis(50);
/// A `Date` is in whole seconds.
const RESOLUTION: Nanos = Nanos::from_seconds(1);

/// The exchange in which a request that was sent and answered then was answered with this `Date`.
pub fn date_exchange(sent: UnixNanos, received: UnixNanos, date: UnixNanos) -> Exchange {
    Exchange { sent, received, first: date, last: date, resolution: RESOLUTION, lag: LEAST_LAG, spawned: false }
}

/// Where UTC minus the axis lies at `epoch` by the hunted exchanges with one web server, in which the host's reading is the
/// `Date`. One name with several clocks behind it contradicts itself.
pub fn http_date(exchanges: &[Exchange], epoch: UnixNanos, config: &Config) -> Result<Interval, Unusable> {
    let coarse: Vec<Exchange> = exchanges
        .iter()
        .map(|one| Exchange { lag: one.lag.max(LEAST_LAG), resolution: one.resolution.max(RESOLUTION), ..*one })
        .collect();
    let found = estimate(&coarse, Nanos::ZERO, epoch, config).ok_or(Unusable::Silent)?;
    match found.status {
        Status::Steady | Status::Suspect => Ok(found.bounds),
        Status::NoData => Err(Unusable::Silent),
        Status::Glitch | Status::Stepped | Status::Slewing | Status::Moved => Err(Unusable::Contradictory),
    }
}

/// Finds what a strict majority of the usable web servers agrees on (each given as where UTC minus the axis lies by it).
/// Nobody vouches for the clock of a web server, so fewer than three give no verdict.
pub fn http_dates(servers: &[Interval]) -> NtpServers {
    if servers.len() < LEAST_MEMBERS {
        return NtpServers { utc: None, contradicting: Vec::new() };
    }
    ntp_servers(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose `Date` changes at `edge_ms` after the second's begin on the axis, asked just before and just after.
    fn server(edge_ms: i64) -> Vec<Exchange> {
        let at = |sent_ms: i64, seconds: i64| {
            let sent = UnixNanos(sent_ms * 1_000_000);
            let date = UnixNanos(seconds * 1_000_000_000);
            date_exchange(sent, sent + Nanos::from_millis(4), date)
        };
        vec![at(edge_ms - 5, 6), at(edge_ms + 1, 7)]
    }

    fn usable(servers: &[Vec<Exchange>]) -> Vec<Interval> {
        let epoch = UnixNanos(7_000_000_000);
        servers.iter().filter_map(|one| http_date(one, epoch, &Config::STANDARD).ok()).collect()
    }

    #[test]
    fn three_servers_give_utc_within_their_cached_dates_and_name_the_liar() {
        let servers = usable(&[server(6_990), server(6_995), vec![], server(1_000), server(7_000)]);
        let found = http_dates(&servers);
        let utc = found.utc.unwrap();
        assert!(utc.contains(Nanos::from_millis(5)) && utc.width() < Nanos::from_millis(70), "{utc:?}");
        assert_eq!(found.contradicting, vec![2]);
    }

    #[test]
    fn two_servers_are_too_few() {
        let found = http_dates(&usable(&[server(6_990), server(6_995), vec![]]));
        assert_eq!(found, NtpServers { utc: None, contradicting: vec![] });
    }

    #[test]
    fn one_name_with_two_clocks_says_nothing_and_neither_does_silence() {
        let check = |exchanges: &[Exchange], expected: Unusable| {
            assert_eq!(http_date(exchanges, UnixNanos(7_000_000_000), &Config::STANDARD), Err(expected));
        };
        check(&[], Unusable::Silent);
        let two: Vec<Exchange> = [server(6_990), server(2_500)].concat();
        check(&two, Unusable::Contradictory);
    }
}

//! Rule D: what the `Date` of web servers says of UTC, for networks that only HTTPS leaves. Coarse.

use super::LEAST_MEMBERS;
use super::ntp::{NtpServers, ntp_servers};
use crate::clock::estimate::{Config, estimate};
use crate::clock::{Exchange, Interval, Nanos, UnixNanos};

/// Servers give the same `Date` for so long: they write it from a cached clock.
const LEAST_LAG: Nanos = Nanos::from_millis(50);
/// A `Date` is in whole seconds.
const RESOLUTION: Nanos = Nanos::from_seconds(1);

/// Finds what a strict majority of the servers agrees on, from the hunted exchanges with each, in which the host's reading
/// is the `Date`. Fewer than three usable servers give no verdict.
pub fn http_date(servers: &[Vec<Exchange>], epoch: UnixNanos, config: &Config) -> NtpServers {
    let utc = |exchanges: &Vec<Exchange>| -> Option<Interval> {
        let coarse: Vec<Exchange> = exchanges
            .iter()
            .map(|one| Exchange { lag: one.lag.max(LEAST_LAG), resolution: one.resolution.max(RESOLUTION), ..*one })
            .collect();
        estimate(&coarse, Nanos::ZERO, epoch, config).map(|found| found.bounds)
    };
    let (places, usable): (Vec<usize>, Vec<Interval>) =
        servers.iter().enumerate().filter_map(|(place, exchanges)| Some((place, utc(exchanges)?))).unzip();
    if usable.len() < LEAST_MEMBERS {
        return NtpServers { utc: None, contradicting: Vec::new() };
    }
    let found = ntp_servers(&usable);
    let named = found.contradicting.iter().filter_map(|place| places.get(*place).copied());
    NtpServers { utc: found.utc, contradicting: named.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose `Date` changes at `edge_ms` after the second's begin on the axis, asked just before and just after.
    fn server(edge_ms: i64) -> Vec<Exchange> {
        let at = |sent_ms: i64, seconds: i64| Exchange {
            sent: UnixNanos(sent_ms * 1_000_000),
            received: UnixNanos((sent_ms + 4) * 1_000_000),
            first: UnixNanos(seconds * 1_000_000_000),
            last: UnixNanos(seconds * 1_000_000_000),
            resolution: Nanos(1_000_000_000),
            lag: Nanos::ZERO,
            spawned: false,
        };
        vec![at(edge_ms - 5, 6), at(edge_ms + 1, 7)]
    }

    #[test]
    fn three_servers_give_utc_within_their_cached_dates_and_name_the_liar() {
        let servers = [server(6_990), server(6_995), vec![], server(1_000), server(7_000)];
        let found = http_date(&servers, UnixNanos(7_000_000_000), &Config::STANDARD);
        let utc = found.utc.unwrap();
        assert!(utc.contains(Nanos::from_millis(5)) && utc.width() < Nanos::from_millis(70), "{utc:?}");
        assert_eq!(found.contradicting, vec![3]);
    }

    #[test]
    fn two_servers_are_too_few() {
        let servers = [server(6_990), server(6_995), vec![]];
        let found = http_date(&servers, UnixNanos(7_000_000_000), &Config::STANDARD);
        assert_eq!(found, NtpServers { utc: None, contradicting: vec![] });
    }
}

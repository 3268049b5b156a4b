//! Rule N: what exchanges with NTP servers say of UTC, and which of several servers are believed.

use crate::clock::overlap::most_covered;
use crate::clock::{Interval, Nanos, Ppm, UnixNanos};

/// A server further than this from UTC by its own account says nothing (`MAXDISP` of RFC 5905 is 16 s; chronyd refuses at 3 s).
const MOST_ROOT_DISTANCE: Nanos = Nanos::from_millis(1_500);
/// The greatest stratum of a server that is synchronised.
const MOST_STRATUM: u8 = 15;
/// The leap indicator of a server that is not synchronised.
const LEAP_ALARM: u8 = 3;

/// One exchange with an NTP server: the four time stamps and what the server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NtpExchange {
    /// The request was sent, on the axis (T1).
    pub sent: UnixNanos,
    /// The server received it, by its own clock (T2).
    pub server_received: UnixNanos,
    /// The server answered, by its own clock (T3).
    pub server_sent: UnixNanos,
    /// The answer was received, on the axis (T4).
    pub received: UnixNanos,
    /// Delay of the server's whole way to its primary source.
    pub root_delay: Nanos,
    /// Dispersion of that way.
    pub root_dispersion: Nanos,
    /// How finely the server's clock is read.
    pub precision: Nanos,
    /// Hops to its primary source; 0 = a kiss code, 16 = not synchronised.
    pub stratum: u8,
    /// Leap indicator; 3 = not synchronised.
    pub leap: u8,
}

/// Why an exchange says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unusable {
    /// The server says that it is not synchronised.
    NotSynchronised,
    /// The stratum is 0 (the server asks to be left alone) or beyond 15.
    Stratum,
    /// Stamps run backwards.
    Backwards,
    /// The server is too far from UTC by its own account.
    TooFar,
    /// The server was busy with the request for longer than the whole exchange took, or its answers exclude each other.
    Contradictory,
    /// There was no exchange with it.
    Silent,
}

impl Unusable {
    /// What is said of it.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotSynchronised => "not synchronised",
            Self::Stratum => "stratum out of range",
            Self::Backwards => "time stamps run backwards",
            Self::TooFar => "too far from UTC by its own account",
            Self::Contradictory => "contradicts itself",
            Self::Silent => "no answer",
        }
    }
}

impl NtpExchange {
    /// How far the server is from UTC at most, by its own account.
    fn root_distance(&self) -> Nanos {
        Nanos(self.root_delay.0 / 2) + self.root_dispersion
    }

    /// Where UTC minus the axis lies at `epoch` by this exchange, if the axis keeps within `rho` of true rate.
    pub fn utc_at(&self, epoch: UnixNanos, rho: Ppm) -> Result<Interval, Unusable> {
        if self.leap == LEAP_ALARM {
            return Err(Unusable::NotSynchronised);
        }
        if self.stratum == 0 || self.stratum > MOST_STRATUM {
            return Err(Unusable::Stratum);
        }
        if self.server_sent < self.server_received || self.received < self.sent {
            return Err(Unusable::Backwards);
        }
        let distance = self.root_distance();
        if distance >= MOST_ROOT_DISTANCE || self.root_delay < Nanos::ZERO || self.root_dispersion < Nanos::ZERO {
            return Err(Unusable::TooFar);
        }
        let error = distance + self.precision.abs();
        let least = self.server_sent.since(self.received) - error;
        let greatest = self.server_received.since(self.sent) + error;
        if least > greatest {
            return Err(Unusable::Contradictory);
        }
        let wander = |from: UnixNanos| epoch.since(from).wander(rho);
        Ok(Interval { lo: least - wander(self.received), hi: greatest + wander(self.sent) })
    }
}

/// Where UTC minus the axis lies at `epoch` by all usable exchanges with one server; why not, where none is usable.
pub fn ntp_server(exchanges: &[NtpExchange], epoch: UnixNanos, rho: Ppm) -> Result<Interval, Unusable> {
    let mut known: Option<Interval> = None;
    let mut refused = Unusable::Silent;
    for exchange in exchanges {
        match exchange.utc_at(epoch, rho) {
            Ok(utc) => {
                let narrowed = known.map_or(Some(utc), |before| before.intersection(utc));
                known = Some(narrowed.ok_or(Unusable::Contradictory)?);
            }
            Err(why) => refused = why,
        }
    }
    known.ok_or(refused)
}

/// What several servers say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NtpServers {
    /// Where UTC minus the axis lies; `None` where no strict majority agrees.
    pub utc: Option<Interval>,
    /// Indices of the servers that contradict the majority.
    pub contradicting: Vec<usize>,
}

/// Finds what a strict majority of the usable servers agrees on (each given as where UTC minus the axis lies by it).
pub fn ntp_servers(servers: &[Interval]) -> NtpServers {
    let overlap = most_covered(servers.iter().map(|server| (server.lo, server.hi)));
    match overlap.filter(|overlap| overlap.count.saturating_mul(2) > servers.len()) {
        Some(overlap) => {
            let utc = Interval::new(overlap.from, overlap.to);
            let against = servers.iter().enumerate().filter(|(_, server)| server.is_disjoint(utc));
            NtpServers { utc: Some(utc), contradicting: against.map(|(server, _)| server).collect() }
        }
        None => NtpServers { utc: None, contradicting: (0..servers.len()).collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server 1000 ns ahead of the axis, 200 ns each way, 50 ns in the server.
    fn exchange() -> NtpExchange {
        NtpExchange {
            sent: UnixNanos(0),
            server_received: UnixNanos(1_200),
            server_sent: UnixNanos(1_250),
            received: UnixNanos(450),
            root_delay: Nanos(60),
            root_dispersion: Nanos(20),
            precision: Nanos(1),
            stratum: 2,
            leap: 0,
        }
    }

    #[test]
    fn an_exchange_holds_the_truth_and_its_errors() {
        let found = exchange().utc_at(UnixNanos(450), Ppm::from_ppb(0));
        assert_eq!(found, Ok(Interval::new(Nanos(800 - 51), Nanos(1_200 + 51))));
        let carried = exchange().utc_at(UnixNanos(2_000_450), Ppm::from_ppm(500));
        assert_eq!(carried, Ok(Interval::new(Nanos(800 - 51 - 1_000), Nanos(1_200 + 51 + 1_001))));
    }

    #[test]
    fn what_cannot_be_true_is_not_used() {
        let check = |change: fn(&mut NtpExchange), expected: Unusable| {
            let mut exchange = exchange();
            change(&mut exchange);
            assert_eq!(exchange.utc_at(UnixNanos(0), Ppm::from_ppb(0)), Err(expected), "{exchange:?}");
        };
        check(|one| one.leap = 3, Unusable::NotSynchronised);
        check(|one| one.stratum = 0, Unusable::Stratum);
        check(|one| one.stratum = 16, Unusable::Stratum);
        check(|one| one.server_sent = UnixNanos(1_199), Unusable::Backwards);
        check(|one| one.received = UnixNanos(-1), Unusable::Backwards);
        check(|one| one.root_dispersion = Nanos::from_millis(1_500), Unusable::TooFar);
        check(|one| one.root_dispersion = Nanos(-1), Unusable::TooFar);
        check(|one| one.server_sent = UnixNanos(9_000), Unusable::Contradictory);
    }

    #[test]
    fn answers_of_one_server_are_intersected() {
        let mut late = exchange();
        late.server_received = UnixNanos(1_300);
        late.server_sent = UnixNanos(1_300);
        let unsynchronised = NtpExchange { leap: 3, ..exchange() };
        let found = ntp_server(&[exchange(), unsynchronised, late], UnixNanos(0), Ppm::from_ppb(0));
        assert_eq!(found, Ok(Interval::new(Nanos(1_300 - 450 - 51), Nanos(1_251))));
        assert_eq!(ntp_server(&[unsynchronised], UnixNanos(0), Ppm::from_ppb(0)), Err(Unusable::NotSynchronised));
        assert_eq!(ntp_server(&[], UnixNanos(0), Ppm::from_ppb(0)), Err(Unusable::Silent));
    }

    #[test]
    fn one_liar_of_three_is_named_and_two_servers_that_differ_give_nothing() {
        let check = |servers: &[(i64, i64)], expected: Option<(i64, i64)>, liars: &[usize]| {
            let servers: Vec<Interval> = servers.iter().map(|(lo, hi)| Interval::new(Nanos(*lo), Nanos(*hi))).collect();
            let found = ntp_servers(&servers);
            assert_eq!(found.utc, expected.map(|(lo, hi)| Interval::new(Nanos(lo), Nanos(hi))), "{servers:?}");
            assert_eq!(found.contradicting, liars, "{servers:?}");
        };
        check(&[], None, &[]);
        check(&[(3, 9)], Some((3, 9)), &[]);
        check(&[(3, 9), (900, 910), (5, 20)], Some((5, 9)), &[1]);
        check(&[(3, 9), (900, 910)], None, &[0, 1]);
        check(&[(3, 9), (900, 910), (5, 8), (901, 903)], None, &[0, 1, 2, 3]);
    }
}

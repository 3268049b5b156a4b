//! The yardstick of a fix: the new server itself. Where it stands is what hosts say that were measured from outside and asked
//! it with `chronyd -Q`: server minus axis = offset of the host + the correction that it printed.
//!
//! Neither the fleet's consensus nor the controller would do: in a fleet that has drifted, the first clock that is mended looks
//! wrong against both.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use crate::audit::figure;
use crate::clock::estimate::Config;
use crate::clock::reference::consensus;
use crate::clock::{Interval, Nanos};

/// `chronyd -Q` prints no bound of its error: its value counts as good to this.
const CORRECTION_IS_GOOD_TO: Nanos = Nanos::from_millis(10);
/// How long a server that was asked for the yardstick is not asked again from the same host.
const ASKED_AGAIN: Nanos = Nanos::from_seconds(20);

/// What one server answered to one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The server, as it was named.
    pub server: String,
    /// How far the host's clock would have to go forward, by that server.
    pub correction: Nanos,
}

/// A host that was measured and asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name.
    pub host: String,
    /// Its clock minus the axis; positive = ahead. Of when it was asked, as well as its rate allows.
    pub offset: Interval,
    /// What the servers answered there.
    pub asked: Vec<Asked>,
}

impl Witness {
    /// Where a server stands against the axis by this witness, for each that answered it.
    fn votes(&self) -> impl Iterator<Item = (&str, Interval)> {
        let of = |asked: &Asked| {
            let Interval { lo, hi } = self.offset;
            Interval { lo: lo + asked.correction, hi: hi + asked.correction }.widened(CORRECTION_IS_GOOD_TO)
        };
        self.asked.iter().map(move |asked| (asked.server.as_str(), of(asked)))
    }
}

/// What offsets are taken from while clocks are mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Yardstick {
    /// The new servers.
    Servers {
        /// Servers minus axis.
        standing: Interval,
        /// How many hosts say so.
        witnesses: usize,
    },
    /// The host that is to serve an isolated network.
    Internal {
        /// Its name.
        host: String,
        /// Its clock minus the axis.
        standing: Interval,
    },
    /// None: no host can ask the servers beforehand, so each is judged by what its own chronyd says in the end.
    Claims,
}

impl Yardstick {
    /// The yardstick minus the axis; `None` where there is no yardstick.
    fn standing(&self) -> Option<Interval> {
        match self {
            Self::Servers { standing, .. } | Self::Internal { standing, .. } => Some(*standing),
            Self::Claims => None,
        }
    }

    /// The offset of a clock from the yardstick, positive = ahead; `None` where there is no yardstick.
    pub fn offset(&self, clock: Interval) -> Option<Interval> {
        self.standing().map(|standing| clock.minus(standing))
    }

    /// Whether it is known so badly, fresh or aged, that it alone takes more than half of what a host is allowed.
    pub fn is_blunt(&self, warn: Nanos) -> bool {
        self.standing().is_some_and(|standing| standing.half_width() > Nanos(warn.0 / 2))
    }

    /// Whether it is the yardstick itself that leaves open whether a clock of this offset is right, and it was not measured anew just
    /// now: `asked` is how long ago it was from the same host, if ever.
    pub fn leaves_open(&self, offset: Option<Interval>, warn: Nanos, asked: Option<Nanos>) -> bool {
        let is_open = offset.map(Interval::magnitude).is_some_and(|size| size.lo <= warn && size.hi > warn);
        is_open && self.is_blunt(warn) && asked.is_none_or(|asked| asked > ASKED_AGAIN)
    }

    /// Whether it tells more than another one of the same time.
    pub fn is_sharper_than(&self, other: &Self) -> bool {
        let width = |yardstick: &Self| yardstick.standing().map_or(Nanos::MAX, Interval::width);
        width(self) < width(other)
    }

    /// The same yardstick so much later: the axis and a server may part by 500 ppm (`docs/measurement.md`, assumption A2).
    #[must_use]
    pub fn aged(&self, by: Nanos) -> Self {
        let later = |standing: Interval| standing.widened(by.wander(Config::STANDARD.rho));
        match self {
            Self::Servers { standing, witnesses } => {
                Self::Servers { standing: later(*standing), witnesses: *witnesses }
            }
            Self::Internal { host, standing } => Self::Internal { host: host.clone(), standing: later(*standing) },
            Self::Claims => Self::Claims,
        }
    }

    /// This one, narrowed by another measurement of the same thing; `None` where the two cannot both be true.
    pub fn narrowed(&self, anew: &Self) -> Option<Self> {
        match (self, anew) {
            (Self::Servers { standing, .. }, Self::Servers { standing: other, witnesses }) => {
                Some(Self::Servers { standing: standing.intersection(*other)?, witnesses: *witnesses })
            }
            (Self::Internal { host, standing }, Self::Internal { standing: other, .. }) => {
                Some(Self::Internal { host: host.clone(), standing: standing.intersection(*other)? })
            }
            (Self::Claims, Self::Claims) => Some(Self::Claims),
            _ => None,
        }
    }
}

/// The yardstick, and which hosts it cannot be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The yardstick.
    pub yardstick: Yardstick,
    /// Hosts that are not changed: what the servers answer there contradicts what they answer elsewhere.
    pub refused: BTreeMap<String, Refusal>,
}

/// Why there is no yardstick: nothing is changed anywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoYardstick {
    /// The named servers tell different times.
    #[error(
        "the new servers contradict each other: {first} and {second} are {apart} apart as these hosts hear them, so at least one \
         of them lies; nothing was changed. Leave out the one that is wrong"
    )]
    ServersDisagree {
        /// One server.
        first: String,
        /// Another one.
        second: String,
        /// How far apart they are at least.
        apart: String,
    },
    /// A server tells different hosts different times.
    #[error(
        "{server} tells these hosts different times: only {agreeing} of {of} agree on it, where two thirds are needed, or all of \
         fewer than three; nothing was changed. Ask it from one of them: chronyd -Q -t 6 'server {server} iburst maxsamples 1'"
    )]
    HostsDisagree {
        /// The server.
        server: String,
        /// The most that agree.
        agreeing: usize,
        /// How many were asked.
        of: usize,
    },
    /// The server is too far from what the scan took for UTC.
    #[error(
        "the new server is {off} from UTC as the hosts claim to have it, beyond {limit}: it lies, or they do; nothing was changed. \
         Compare with `clockaudit scan --reference ntp:SERVER`; `--force` follows the new server all the same"
    )]
    BeyondReference {
        /// How far, with the bound.
        off: String,
        /// The limit.
        limit: String,
    },
}

/// What the scan took for UTC, where it found that by two thirds of the hosts' claims, or by all of fewer than three and of the
/// controller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absolute {
    /// UTC minus the axis.
    pub standing: Interval,
    /// How far a server may be from it.
    pub crit: Nanos,
}

/// Finds the yardstick from what hosts were answered. `is_forced` lets a server stand that is far from UTC as the hosts claim to have it;
/// servers that contradict each other are no yardstick, forced or not.
pub fn find(witnesses: &[Witness], absolute: Option<Absolute>, is_forced: bool) -> Result<Found, NoYardstick> {
    let mut by_server: BTreeMap<&str, Vec<(&str, Interval)>> = BTreeMap::new();
    for witness in witnesses {
        for (server, vote) in witness.votes() {
            by_server.entry(server).or_default().push((&witness.host, vote));
        }
    }
    if by_server.is_empty() {
        return Ok(Found { yardstick: Yardstick::Claims, refused: BTreeMap::new() });
    }
    let mut refused = BTreeMap::new();
    let mut standings: Vec<(&str, Interval)> = Vec::new();
    for (server, votes) in &by_server {
        let (standing, outvoted) = agreed(server, votes)?;
        standings.push((server, standing));
        for (host, vote) in outvoted {
            let apart = figure::length(gap(vote, standing));
            refused.entry(host.to_owned()).or_insert(Refusal::HearsOtherwise { server: (*server).to_owned(), apart });
        }
    }
    let mut common: Option<Interval> = None;
    for (server, standing) in &standings {
        let narrowed = common.map_or(Some(*standing), |common| common.intersection(*standing));
        let Some(narrowed) = narrowed else { return Err(contradiction(&standings, server, *standing)) };
        common = Some(narrowed);
    }
    // There is a server, so there is a standing.
    let standing = common.unwrap_or(Interval::point(Nanos::ZERO));
    if let Some(Absolute { standing: utc, crit }) = absolute.filter(|_| !is_forced) {
        let off = standing.minus(utc);
        if off.magnitude().lo > crit {
            let off = figure::with_bound(off.midpoint(), off);
            return Err(NoYardstick::BeyondReference { off, limit: figure::limit(crit) });
        }
    }
    let heard = |witness: &&Witness| !witness.asked.is_empty() && !refused.contains_key(&witness.host);
    let witnesses = witnesses.iter().filter(heard).count();
    Ok(Found { yardstick: Yardstick::Servers { standing, witnesses }, refused })
}

/// A host, and where a server stands against the axis by what it was answered.
type Vote<'host> = (&'host str, Interval);

/// Where a server stands, and the hosts that hear it elsewhere.
fn agreed<'host>(server: &str, votes: &[Vote<'host>]) -> Result<(Interval, Vec<Vote<'host>>), NoYardstick> {
    let intervals: Vec<Interval> = votes.iter().map(|(_, vote)| *vote).collect();
    let disagree = |agreeing| NoYardstick::HostsDisagree { server: server.to_owned(), agreeing, of: votes.len() };
    let Some(found) = consensus(&intervals) else {
        let all = intervals.iter().copied().map(Some).reduce(|one, other| one?.intersection(other?)).flatten();
        return all.map(|standing| (standing, Vec::new())).ok_or_else(|| disagree(1));
    };
    if !found.is_strong() {
        return Err(disagree(found.agreeing.len()));
    }
    let outvoted = found.contradicting.iter().filter_map(|index| votes.get(*index).copied()).collect();
    Ok((found.region, outvoted))
}

/// The error that names a server and the one that is furthest from it.
fn contradiction(standings: &[(&str, Interval)], server: &str, standing: Interval) -> NoYardstick {
    let furthest = standings.iter().max_by_key(|(_, other)| gap(*other, standing));
    let (other, apart) = furthest.map_or((server, Nanos::ZERO), |(name, other)| (*name, gap(*other, standing)));
    NoYardstick::ServersDisagree { first: other.to_owned(), second: server.to_owned(), apart: figure::length(apart) }
}

/// How far apart two intervals are at least; zero where they meet.
fn gap(one: Interval, other: Interval) -> Nanos {
    one.minus(other).magnitude().lo
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host so many milliseconds ahead of the axis, known to a millisecond, and what each server makes of it when that server
    /// is so many milliseconds ahead of the axis.
    fn witness(host: &str, ahead: i64, servers: &[(&str, i64)]) -> Witness {
        let asked = servers.iter().map(|(server, standing)| Asked {
            server: (*server).to_owned(),
            correction: Nanos::from_millis(standing - ahead),
        });
        Witness {
            host: host.to_owned(),
            offset: Interval::around(Nanos::from_millis(ahead), Nanos::from_millis(1)),
            asked: asked.collect(),
        }
    }

    fn standing(found: Result<Found, NoYardstick>) -> (Interval, usize, Vec<String>) {
        let Ok(Found { yardstick: Yardstick::Servers { standing, witnesses }, refused }) = found else {
            panic!("no yardstick: {found:?}")
        };
        (standing, witnesses, refused.into_keys().collect())
    }

    #[test]
    fn hosts_that_are_all_wrong_by_different_amounts_agree_on_the_server() {
        let hosts = [("a", 120_000), ("b", -8_000), ("c", 300)];
        let witnesses: Vec<_> = hosts.iter().map(|(host, ahead)| witness(host, *ahead, &[("s", 40)])).collect();
        let (found, count, refused) = standing(find(&witnesses, None, false));
        assert_eq!(found, Interval::around(Nanos::from_millis(40), Nanos::from_millis(11)));
        assert_eq!((count, refused), (3, Vec::new()));
        // A clock that was mended is right by it.
        let yardstick = Yardstick::Servers { standing: found, witnesses: 3 };
        let mended = Interval::around(Nanos::from_millis(40), Nanos::from_millis(1));
        assert_eq!(yardstick.offset(mended), Some(Interval::around(Nanos::ZERO, Nanos::from_millis(12))));
        assert_eq!(Yardstick::Claims.offset(mended), None);
    }

    #[test]
    fn a_yardstick_ages_and_is_measured_anew() {
        let at = |millis: i64, bound: i64| Yardstick::Servers {
            standing: Interval::around(Nanos::from_millis(millis), Nanos::from_millis(bound)),
            witnesses: 3,
        };
        assert_eq!(at(40, 11).aged(Nanos::from_seconds(60)), at(40, 41));
        assert_eq!(Yardstick::Claims.aged(Nanos::MAX), Yardstick::Claims);
        let both = Interval { lo: Nanos::from_millis(-1), hi: Nanos::from_millis(10) };
        assert_eq!(at(40, 41).narrowed(&at(0, 10)), Some(Yardstick::Servers { standing: both, witnesses: 3 }));
        assert_eq!(at(40, 11).narrowed(&at(0, 10)), None);
        assert_eq!(at(0, 1).narrowed(&Yardstick::Claims), None);
    }

    /// A yardstick that is known to so many milliseconds.
    fn within(bound: i64) -> Yardstick {
        Yardstick::Servers {
            standing: Interval::around(Nanos::from_millis(40), Nanos::from_millis(bound)),
            witnesses: 3,
        }
    }

    #[test]
    fn a_yardstick_is_blunt_where_it_takes_more_than_half_of_the_limit() {
        let check = |yardstick: &Yardstick, expected: bool| {
            assert_eq!(yardstick.is_blunt(Nanos::from_millis(50)), expected, "{yardstick:?}");
        };
        check(&within(25), false);
        check(&within(26), true);
        let internal = |bound: i64| Yardstick::Internal {
            host: "a".to_owned(),
            standing: Interval::around(Nanos::ZERO, Nanos::from_millis(bound)),
        };
        check(&internal(25), false);
        check(&internal(26), true);
        check(&Yardstick::Claims, false);
    }

    #[test]
    fn a_blunt_yardstick_is_measured_anew_where_it_alone_leaves_open_whether_a_clock_is_right() {
        let check = |yardstick: &Yardstick, offset: Option<(i64, i64)>, asked: Option<i64>, expected: bool| {
            let around = |(at, bound)| Interval::around(Nanos::from_millis(at), Nanos::from_millis(bound));
            let found =
                yardstick.leaves_open(offset.map(around), Nanos::from_millis(50), asked.map(Nanos::from_seconds));
            assert_eq!(found, expected, "{yardstick:?} {offset:?} {asked:?}");
        };
        check(&within(40), Some((0, 51)), None, true);
        check(&within(40), Some((-60, 41)), None, true);
        // It is right, or wrong, for certain.
        check(&within(40), Some((0, 50)), None, false);
        check(&within(40), Some((100, 41)), None, false);
        check(&within(40), Some((-8_000, 41)), None, false);
        check(&within(40), None, None, false);
        // The path to the host leaves it open, not the yardstick.
        check(&within(11), Some((0, 160)), None, false);
        check(&Yardstick::Claims, Some((0, 160)), None, false);
        // It was measured anew just now.
        check(&within(40), Some((0, 51)), Some(20), false);
        check(&within(40), Some((0, 51)), Some(21), true);
    }

    #[test]
    fn the_sharper_of_two_yardsticks_is_the_one_that_is_known_better() {
        let check = |one: &Yardstick, other: &Yardstick, expected: bool| {
            assert_eq!(one.is_sharper_than(other), expected, "{one:?} {other:?}");
        };
        check(&within(10), &within(11), true);
        check(&within(11), &within(10), false);
        check(&within(10), &within(10), false);
        check(&within(10), &Yardstick::Claims, true);
        check(&Yardstick::Claims, &within(10), false);
        // As old as they are by now.
        check(&within(10).aged(Nanos::from_seconds(60)), &within(20), false);
    }

    #[test]
    fn a_host_that_hears_the_server_elsewhere_is_not_changed() {
        let mut witnesses: Vec<_> = ["a", "b", "c"].iter().map(|host| witness(host, 5, &[("s", 0)])).collect();
        witnesses.push(witness("d", 5, &[("s", 900)]));
        let (_, count, refused) = standing(find(&witnesses, None, false));
        assert_eq!((count, refused), (3, vec!["d".to_owned()]));
        // Two of three are two thirds; of two, both are needed.
        witnesses.remove(0);
        assert_eq!(standing(find(&witnesses, None, false)).2, ["d"]);
        witnesses.remove(0);
        let expected = NoYardstick::HostsDisagree { server: "s".to_owned(), agreeing: 1, of: 2 };
        assert_eq!(find(&witnesses, None, false), Err(expected.clone()));
        assert_eq!(find(&witnesses, None, true), Err(expected));
    }

    #[test]
    fn one_of_two_servers_that_lies_changes_nothing() {
        let servers = [("good", 0), ("liar", 5_000)];
        let witnesses: Vec<_> = ["a", "b", "c", "d"].iter().map(|host| witness(host, 70, &servers)).collect();
        for is_forced in [false, true] {
            let found = find(&witnesses, None, is_forced).expect_err("no yardstick").to_string();
            assert!(found.contains("good and liar are 5.0 s apart"), "{found}");
        }
    }

    #[test]
    fn a_server_far_from_utc_needs_force() {
        let witnesses = [witness("a", 0, &[("s", 5_000)])];
        let utc = |millis: i64| {
            let standing = Interval::around(Nanos::from_millis(millis), Nanos::from_millis(2));
            Some(Absolute { standing, crit: Nanos::from_millis(100) })
        };
        let found = find(&witnesses, utc(0), false).expect_err("no yardstick").to_string();
        assert!(found.contains("+5.00 s ± 13 ms from UTC") && found.contains("beyond 100 ms"), "{found}");
        assert!(find(&witnesses, utc(0), true).is_ok());
        // Only what is beyond the limit for certain.
        assert!(find(&witnesses, utc(4_895), false).is_ok());
        assert!(find(&witnesses, utc(4_880), false).is_err());
    }

    #[test]
    fn where_no_host_can_ask_each_is_judged_by_its_own_word() {
        let found = find(&[witness("a", 0, &[])], None, false);
        assert_eq!(found, Ok(Found { yardstick: Yardstick::Claims, refused: BTreeMap::new() }));
    }
}

//! A believable fleet from a number and a seed: most clocks good, a few wrong in every way that real ones are.

use std::collections::BTreeMap;

use super::plan::{ClockPlan, HostPlan, Motion, PathPlan, Setting, TimekeeperPlan, Trouble};
use crate::clock::{Nanos, Ppm, UnixNanos};
use crate::probe::Reader;

/// The groups and how many of each thousand hosts are in them.
const GROUPS: [(&str, usize); 5] = [("web", 420), ("api", 210), ("auth", 90), ("db", 120), ("edge", 160)];
/// Where edge hosts stand.
const CITIES: [&str; 6] = ["syd", "fra", "nyc", "gru", "sin", "lhr"];
/// One host in that many plays each of the parts, once the fleet is large.
const HOSTS_FOR_EACH_PART: usize = 200;

/// A part that is not "a good host on the local network".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Seconds off, and its chronyd says `Normal`.
    Liar,
    /// One whole hour behind: a time zone in the hardware clock.
    HourBehind,
    /// Tens of milliseconds behind, and being slewed.
    Slewing,
    /// Nothing listens.
    Refused,
    /// Beyond the first limit: its chronyd lost its servers.
    Adrift,
    /// On the other side of the world, the way there longer than the way back.
    Far,
    /// Steps while it is measured.
    Stepping,
    /// Good, but its `date` knows whole seconds only.
    WholeSecond,
    /// Started without a battery.
    Year1970,
    /// Its host key is not the one that is known.
    KeyChanged,
    /// Answers nothing at all.
    BlackHole,
    /// Its chronyd hangs.
    HungTimekeeper,
}

impl Part {
    /// Every part and the group it is cast from, the most telling first: a small fleet has only the first ones.
    const CAST: [(Self, &'static str); 12] = [
        (Self::Liar, "auth"),
        (Self::HourBehind, "api"),
        (Self::Slewing, "db"),
        (Self::Refused, "web"),
        (Self::Adrift, "web"),
        (Self::Far, "edge"),
        (Self::Stepping, "web"),
        (Self::WholeSecond, "edge"),
        (Self::Year1970, "db"),
        (Self::KeyChanged, "api"),
        (Self::BlackHole, "web"),
        (Self::HungTimekeeper, "edge"),
    ];

    /// Turns a good host into one that plays this part.
    fn dress(self, host: &mut HostPlan, random: &mut fastrand::Rng) {
        let offset = |offset: Nanos| ClockPlan { setting: Setting::Offset(offset), ..host.clock };
        match self {
            Self::Liar => {
                host.clock = offset(Nanos::from_micros(random.i64(1_500_000..4_000_000)));
                host.timekeeper = TimekeeperPlan::complacent();
            }
            Self::HourBehind => {
                host.clock = offset(Nanos::from_seconds(-3_600) + Nanos::from_micros(random.i64(-2_000..2_000)));
                host.timekeeper = TimekeeperPlan::None;
            }
            Self::Slewing => {
                let motion = Motion::Slews { rate: Ppm::from_ppm(400), period: Nanos::from_seconds(60) };
                let behind = Nanos::from_micros(random.i64(-78_000..-70_000));
                host.clock = ClockPlan { motion, ..offset(behind) };
                host.timekeeper = TimekeeperPlan::honest(behind);
            }
            Self::Adrift => {
                // Nobody corrects it: it keeps the rate error of its crystal.
                let frequency = Ppm::from_ppb(random.i64(4_000..20_000));
                host.clock = ClockPlan { frequency, ..offset(Nanos::from_micros(random.i64(60_000..80_000))) };
                host.timekeeper = TimekeeperPlan::Unsynchronised;
            }
            Self::Far => host.path = PathPlan { there: Nanos::from_millis(65), back: Nanos::from_millis(56) },
            Self::Stepping => {
                host.clock.motion = Motion::Steps { after_readings: 4, by: Nanos::from_millis(-320) };
            }
            Self::WholeSecond => host.reader = Reader::WholeSecond,
            Self::Year1970 => {
                host.clock.setting = Setting::Reading(UnixNanos(0) + Nanos::from_seconds(random.i64(60..90_000)));
                host.timekeeper = TimekeeperPlan::Unsynchronised;
            }
            Self::HungTimekeeper => host.timekeeper = TimekeeperPlan::Hung,
            Self::Refused => host.trouble = Some(Trouble::Refused),
            Self::KeyChanged => host.trouble = Some(Trouble::KeyChanged),
            Self::BlackHole => host.trouble = Some(Trouble::BlackHole),
        }
    }
}

/// Plans a fleet of `count` hosts; the same seed gives the same fleet.
pub fn plan(count: usize, seed: u64) -> Vec<HostPlan> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut hosts: Vec<HostPlan> = Vec::with_capacity(count);
    for (group, share) in group_sizes(count) {
        hosts.extend((1..=share).map(|number| good_host(group, number, share, &mut random)));
    }
    let mut free = free_hosts(&hosts, &mut random);
    for (part, group) in parts(count) {
        let drawn = free.get_mut(group).and_then(Vec::pop).or_else(|| free.values_mut().find_map(Vec::pop));
        if let Some(host) = drawn.and_then(|index| hosts.get_mut(index)) {
            part.dress(host, &mut random);
        }
    }
    hosts
}

/// How many hosts each group gets: its share, and at least one while there are enough.
fn group_sizes(count: usize) -> Vec<(&'static str, usize)> {
    let mut left = count;
    let mut sizes = Vec::with_capacity(GROUPS.len());
    for (group, permille) in GROUPS.into_iter().rev() {
        let share = (count * permille / 1_000).max(1).min(left);
        left -= share;
        sizes.push((group, share));
    }
    sizes.reverse();
    if let Some((_, share)) = sizes.first_mut() {
        *share += left;
    }
    sizes
}

/// The parts that a fleet of this size has: each once while that leaves half of the hosts good, then in proportion.
fn parts(count: usize) -> impl Iterator<Item = (Part, &'static str)> {
    let wanted = (count / 2).min(Part::CAST.len() * (count / HOSTS_FOR_EACH_PART).max(1));
    Part::CAST.into_iter().cycle().take(wanted)
}

/// The hosts of each group in a random order.
fn free_hosts(hosts: &[HostPlan], random: &mut fastrand::Rng) -> BTreeMap<String, Vec<usize>> {
    let mut free: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        free.entry(host.group.clone()).or_default().push(index);
    }
    for indices in free.values_mut() {
        random.shuffle(indices);
    }
    free
}

/// A host whose clock is within two milliseconds and whose chronyd says so.
fn good_host(group: &str, number: usize, share: usize, random: &mut fastrand::Rng) -> HostPlan {
    let name = match group {
        "edge" => edge_name(number),
        "web" => format!("web{number:0width$}", width = digits(share).max(3)),
        _ => format!("{group}{number:0width$}", width = digits(share).max(2)),
    };
    let offset = Nanos::from_micros(random.i64(-900..900) + random.i64(-900..900));
    let claimed = offset + Nanos::from_micros(random.i64(-40..40));
    HostPlan {
        clock: ClockPlan { frequency: Ppm::from_ppb(random.i64(-200..200)), ..ClockPlan::at(offset) },
        reader: *random.choice(&COMMON_READERS).unwrap_or(&Reader::Shell),
        timekeeper: TimekeeperPlan::honest(claimed),
        ..HostPlan::good(&name, group)
    }
}

/// What probes find on ordinary hosts, in proportion.
const COMMON_READERS: [Reader; 8] = [
    Reader::Bash,
    Reader::Bash,
    Reader::Bash,
    Reader::Bash,
    Reader::Shell,
    Reader::DateStream,
    Reader::Perl,
    Reader::DatePair,
];

/// `edge-syd1`, `edge-fra1`, ..., `edge-syd2`, ...
fn edge_name(number: usize) -> String {
    let city = CITIES.get((number - 1) % CITIES.len()).unwrap_or(&"syd");
    format!("edge-{city}{}", (number - 1) / CITIES.len() + 1)
}

/// How many decimal digits a count has.
fn digits(count: usize) -> usize {
    count.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_has_as_many_hosts_as_asked_for_all_named_differently() {
        for count in [0, 1, 2, 5, 6, 24, 500, 10_000] {
            let hosts = plan(count, 7);
            assert_eq!(hosts.len(), count);
            let names: std::collections::BTreeSet<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
            assert_eq!(names.len(), count, "{count} hosts");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_fleet() {
        assert_eq!(plan(300, 1), plan(300, 1));
        assert_ne!(plan(300, 1), plan(300, 2));
    }

    #[test]
    fn the_default_fleet_has_every_part_and_mostly_good_hosts() {
        let hosts = plan(24, 1);
        let is_good = |host: &&HostPlan| {
            matches!(host.clock.setting, Setting::Offset(offset) if offset.abs() <= Nanos::from_millis(2))
                && host.clock.motion == Motion::Free
                && host.trouble.is_none()
        };
        assert!(hosts.iter().filter(is_good).count() >= 12);
        let has = |what: &str, test: &dyn Fn(&HostPlan) -> bool| assert!(hosts.iter().any(test), "no host is {what}");
        has("in 1970", &|host| matches!(host.clock.setting, Setting::Reading(_)));
        has("slewing", &|host| matches!(host.clock.motion, Motion::Slews { .. }));
        has("stepping", &|host| matches!(host.clock.motion, Motion::Steps { .. }));
        has("far", &|host| host.path != PathPlan::DIRECT);
        has("counting whole seconds", &|host| host.reader == Reader::WholeSecond);
        has("refusing", &|host| host.trouble == Some(Trouble::Refused));
        has("a black hole", &|host| host.trouble == Some(Trouble::BlackHole));
        has("another", &|host| host.trouble == Some(Trouble::KeyChanged));
    }

    #[test]
    fn good_hosts_know_utc_to_a_fraction_of_a_millisecond_and_tell_the_truth() {
        for host in plan(24, 1).into_iter().filter(|host| host.clock.motion == Motion::Free) {
            let (Setting::Offset(offset), TimekeeperPlan::Synchronised(claim)) = (host.clock.setting, host.timekeeper)
            else {
                continue;
            };
            let bound = Nanos(claim.root_delay.0 / 2) + claim.root_dispersion;
            let is_true = (claim.offset - offset).abs() <= bound;
            assert!(!is_true || bound <= Nanos::from_micros(300), "{host:?}");
            assert!(is_true || host.timekeeper == TimekeeperPlan::complacent(), "{host:?}");
        }
    }

    #[test]
    fn a_small_fleet_has_the_telling_parts() {
        let hosts = plan(5, 1);
        assert!(hosts.iter().any(|host| host.timekeeper == TimekeeperPlan::complacent()));
        assert!(hosts.iter().any(|host| host.timekeeper == TimekeeperPlan::None));
        assert!(hosts.iter().all(|host| host.trouble.is_none()));
    }
}

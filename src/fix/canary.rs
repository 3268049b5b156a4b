//! Which hosts are tried first, and in which waves the others follow.

use std::collections::HashSet;

use crate::inventory::model::{GroupId, HostId, Inventory};

/// A part of the hosts: the value of `--canary`, `--wave` and `--max-fail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    /// So many.
    Count(usize),
    /// So many of a hundred.
    Percent(u8),
}

/// A share that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part of the hosts: expected a number as in `3`, or a percentage as in `25%`, at most `100%`")]
pub struct BadShare(String);

impl Share {
    /// Reads `3` or `25%`.
    pub fn parse(text: &str) -> Result<Self, BadShare> {
        let bad = || BadShare(text.to_owned());
        let (digits, is_percent) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        if is_percent {
            let percent = digits.parse().ok().filter(|percent| *percent <= 100);
            percent.map(Self::Percent).ok_or_else(bad)
        } else {
            digits.parse().map(Self::Count).map_err(|_| bad())
        }
    }

    /// How many that is, rounded up.
    pub fn up(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count.min(all),
            Self::Percent(percent) => all.saturating_mul(usize::from(percent)).div_ceil(100),
        }
    }

    /// How many that is, rounded down.
    pub fn down(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => all.saturating_mul(usize::from(percent)) / 100,
        }
    }
}

/// A host that is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its deepest groups.
    pub groups: Vec<String>,
    /// Whether other hosts may depend on its time: it serves (`allow`), or another one names it as a source.
    pub is_time_server: bool,
    /// Whether it is the server of `--internal`, which goes first.
    pub is_internal_server: bool,
}

/// The deepest groups of a host: those that it is in and that have no group below them that it is in too. A host of `all` alone,
/// or of none, has none.
pub fn deepest_groups(inventory: &Inventory, host: HostId) -> Vec<String> {
    let groups: HashSet<GroupId> = inventory.groups_of(host).into_iter().filter(|id| *id != GroupId::ALL).collect();
    let is_deepest = |id: &&GroupId| {
        inventory.group(**id).is_some_and(|group| group.children().all(|child| !groups.contains(&child)))
    };
    let mut names: Vec<String> = groups
        .iter()
        .filter(is_deepest)
        .filter_map(|id| inventory.group(*id).map(|group| group.name.clone()))
        .filter(|name| name != "ungrouped")
        .collect();
    names.sort_unstable();
    names
}

/// The waves in which hosts are changed, as indices: the server of an isolated network alone, then the canary, then the others.
///
/// The canary has one host of each deepest group, a host counting for all its groups, and as many as `canary` says where that is
/// more or less. No wave has all time servers where there are several.
pub fn waves(candidates: &[Candidate], canary: Option<Share>, wave: Share) -> Waves {
    let internal = candidates.iter().position(|candidate| candidate.is_internal_server);
    let mut left: Vec<usize> = (0..candidates.len()).filter(|index| Some(*index) != internal).collect();
    let mut tried = covering(candidates, &left);
    if let Some(share) = canary {
        let count = share.up(left.len()).max(1);
        let others: Vec<usize> = left.iter().copied().filter(|index| !tried.contains(index)).collect();
        tried.extend(others);
        tried.truncate(count);
    }
    let servers = left.iter().filter(|index| is_time_server(candidates, **index)).count();
    // The canary is the first wave, and the first part of the rest.
    tried = without_all_servers(candidates, tried, servers).0;
    left.retain(|index| !tried.contains(index));
    let size = wave.up(left.len()).max(1);
    let mut others = Vec::new();
    while !left.is_empty() {
        let rest = left.split_off(size.min(left.len()));
        let (wave, held_back) = without_all_servers(candidates, left, servers);
        others.push(wave);
        left = held_back.into_iter().chain(rest).collect();
    }
    Waves { internal, canary: tried, others }
}

/// In which order hosts are changed, as indices of the candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waves {
    /// The server of an isolated network.
    pub internal: Option<usize>,
    /// Those that are tried first.
    pub canary: Vec<usize>,
    /// The waves of the others.
    pub others: Vec<Vec<usize>>,
}

fn is_time_server(candidates: &[Candidate], index: usize) -> bool {
    candidates.get(index).is_some_and(|candidate| candidate.is_time_server)
}

/// Divides a wave where it has all of several time servers: the last of them is held back.
fn without_all_servers(candidates: &[Candidate], wave: Vec<usize>, servers: usize) -> (Vec<usize>, Vec<usize>) {
    let of_wave: Vec<usize> = wave.iter().copied().filter(|index| is_time_server(candidates, *index)).collect();
    match of_wave.last() {
        Some(last) if servers > 1 && of_wave.len() == servers => wave.into_iter().partition(|index| index != last),
        _ => (wave, Vec::new()),
    }
}

/// Few hosts that are in all deepest groups between them: the one of most groups that have none yet, again and again; of equals
/// one that serves nobody, and the first.
fn covering(candidates: &[Candidate], among: &[usize]) -> Vec<usize> {
    let mut open: HashSet<&str> = HashSet::new();
    for index in among {
        open.extend(candidates.get(*index).into_iter().flat_map(|candidate| &candidate.groups).map(String::as_str));
    }
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let covers = |index: &usize| {
            candidates
                .get(*index)
                .map_or(0, |one| one.groups.iter().filter(|group| open.contains(group.as_str())).count())
        };
        let best = among
            .iter()
            .copied()
            .max_by_key(|index| (covers(index), !is_time_server(candidates, *index), std::cmp::Reverse(*index)));
        let Some(best) = best.filter(|index| covers(index) > 0) else { break };
        for group in candidates.get(best).into_iter().flat_map(|candidate| &candidate.groups) {
            open.remove(group.as_str());
        }
        chosen.push(best);
    }
    // Hosts without a group are one of their own.
    if chosen.is_empty() {
        let first = among.iter().copied().find(|index| !is_time_server(candidates, *index));
        chosen.extend(first.or(among.first().copied()));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(text: &str) -> Vec<Candidate> {
        let candidate = |word: &str| {
            let (name, groups) = word.split_once(':').unwrap_or((word, ""));
            Candidate {
                name: name.trim_end_matches(['*', '!']).to_owned(),
                groups: groups.split(',').filter(|group| !group.is_empty()).map(str::to_owned).collect(),
                is_time_server: name.ends_with('*'),
                is_internal_server: name.ends_with('!'),
            }
        };
        text.split_whitespace().map(candidate).collect()
    }

    fn shown(text: &str, canary: Option<Share>, wave: Share) -> String {
        let hosts = candidates(text);
        let waves = waves(&hosts, canary, wave);
        let names = |wave: &[usize]| wave.iter().map(|index| hosts[*index].name.clone()).collect::<Vec<_>>().join("+");
        let mut all: Vec<usize> = waves.others.concat();
        all.extend(waves.internal.iter().chain(&waves.canary));
        all.sort_unstable();
        assert_eq!(all, (0..hosts.len()).collect::<Vec<_>>(), "each host is in one wave");
        let first: Vec<String> = waves.internal.iter().map(|index| names(&[*index])).collect();
        let rest = std::iter::once(&waves.canary).chain(&waves.others).map(|wave| names(wave));
        first.into_iter().chain(rest).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_deepest_group_has_a_canary_and_a_host_counts_for_all_its_groups() {
        let quarter = Share::Percent(25);
        let check = |hosts: &str, expected: &str| assert_eq!(shown(hosts, None, quarter), expected, "{hosts}");
        check("a:web b:web c:db d:db", "a+c b d");
        check("a:web b:web,db c:db d:db e:db f:db", "b a+c d+e f");
        check("a b c d e", "a b c d e");
        check("a:web", "a");
        check("s!:ntp a:web b:web", "s a b");
    }

    #[test]
    fn the_number_of_canaries_can_be_asked_for() {
        let check = |share: Share, expected: &str| {
            assert_eq!(shown("a:web b:web c:db d:db", Some(share), Share::Percent(100)), expected, "{share:?}");
        };
        check(Share::Count(1), "a b+c+d");
        check(Share::Count(2), "a+c b+d");
        check(Share::Count(3), "a+c+b d");
        check(Share::Percent(25), "a b+c+d");
        check(Share::Count(0), "a b+c+d");
        check(Share::Count(9), "a+c+b+d");
    }

    #[test]
    fn no_wave_has_all_time_servers() {
        let all = Share::Percent(100);
        assert_eq!(shown("n1*:ntp n2*:ntp a:web b:web", None, all), "a+n1 n2+b");
        assert_eq!(shown("a n1* n2* b", None, all), "a n1+b n2");
        assert_eq!(shown("n1* n2*", Some(Share::Count(2)), all), "n1 n2");
        // One that is alone cannot be spared.
        assert_eq!(shown("a n1* b", None, all), "a n1+b");
    }

    #[test]
    fn shares_are_read_and_rounded() {
        let check = |text: &str, expected: Option<Share>| assert_eq!(Share::parse(text).ok(), expected, "{text}");
        check("3", Some(Share::Count(3)));
        check("25%", Some(Share::Percent(25)));
        check("101%", None);
        check("-1", None);
        check("%", None);
        check("+3", None);
        assert_eq!((Share::Percent(2).down(99), Share::Percent(2).up(99), Share::Percent(2).down(100)), (1, 2, 2));
        assert_eq!((Share::Percent(2).down(49), Share::Count(5).down(3), Share::Count(5).up(3)), (0, 5, 3));
    }
}

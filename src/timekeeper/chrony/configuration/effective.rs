//! chronyd's configuration where it is readable: only what a finding rests on, the rest is left out.

use crate::clock::Nanos;

/// How many sources a pool has where its line does not say, and how many it may have.
const POOL_SOURCES: usize = 4;
const MOST_POOL_SOURCES: usize = 16;

/// What chronyd is configured to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Names and addresses of `server`, `pool` and `peer`, in their order.
    pub servers: Vec<String>,
    /// How many sources each `pool` of them is to have (`maxsources`).
    pub pools: Vec<usize>,
    /// Driver and parameter of each `refclock`: (`PHC`, `/dev/ptp0`).
    pub reference_clocks: Vec<(String, String)>,
    /// Whether leap seconds are taken from a table on the host: `leapsectz` or `leapseclist`.
    pub has_leap_table: bool,
    /// From which offset on the clock is stepped, and at how many of the first updates (negative = always).
    pub makestep: Option<(Nanos, i64)>,
    /// Whether the host's own clock is served where nothing better is there: `local`.
    pub serves_own_clock: bool,
}

impl Configuration {
    /// Reads lines of configuration; `None` where there are none.
    pub fn parse<'line>(lines: impl IntoIterator<Item = &'line str>) -> Option<Self> {
        let mut read = Self::default();
        let mut is_empty = true;
        for line in lines {
            is_empty = false;
            read.take(line);
        }
        (!is_empty).then_some(read)
    }

    fn take(&mut self, line: &str) {
        // chrony's comments, which begin a line.
        if line.trim_start().starts_with(['#', '%', '!', ';']) {
            return;
        }
        let mut words = line.split_ascii_whitespace();
        let Some(directive) = words.next().map(str::to_ascii_lowercase) else { return };
        if directive == "pool" && words.clone().next().is_some() {
            self.pools.push(pool_sources(words.clone()));
        }
        match (directive.as_str(), words.next(), words.next()) {
            ("server" | "pool" | "peer", Some(name), _) => self.servers.push(name.to_owned()),
            ("refclock", Some(driver), Some(parameter)) => {
                self.reference_clocks.push((driver.to_ascii_uppercase(), parameter.to_owned()));
            }
            ("leapsectz" | "leapseclist", Some(_), _) => self.has_leap_table = true,
            ("makestep", Some(threshold), Some(limit)) => {
                self.makestep = Nanos::from_seconds_text(threshold).zip(limit.parse().ok());
            }
            ("local", _, _) => self.serves_own_clock = true,
            _ => {}
        }
    }
}

/// How many sources a pool of these options is to have.
fn pool_sources<'word>(options: impl Iterator<Item = &'word str>) -> usize {
    let most = options.skip_while(|option| !option.eq_ignore_ascii_case("maxsources")).nth(1);
    most.and_then(|most| most.parse().ok()).map_or(POOL_SOURCES, |most: usize| most.clamp(1, MOST_POOL_SOURCES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_matter_are_read() {
        let text = "# server old.example\n  Server  a.example iburst\npool b.example iburst MaxSources 2\npool d.example\npeer c.example\n\
                    refclock phc /dev/ptp_ena poll 0\nleapsectz right/UTC\nmakestep 1.0 3\nlocal stratum 10\nrtcsync\n\
                    ! leapsectz\nserver\n";
        let expected = Configuration {
            servers: ["a.example", "b.example", "d.example", "c.example"].map(str::to_owned).to_vec(),
            pools: vec![2, POOL_SOURCES],
            reference_clocks: vec![("PHC".to_owned(), "/dev/ptp_ena".to_owned())],
            has_leap_table: true,
            makestep: Some((Nanos::from_seconds(1), 3)),
            serves_own_clock: true,
        };
        assert_eq!(Configuration::parse(text.lines()), Some(expected));
        assert_eq!(Configuration::parse([]), None);
    }
}

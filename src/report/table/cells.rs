//! The cells of a host: each column in one unit, digits no finer than the bound, decimal points one under the other.

use crate::audit::figure::{self, Unit};
use crate::clock::{Interval, Nanos};
use crate::report::model::{Host, Reference};
use crate::report::sentences::{MIDDLE, NOTHING, REFERENCE, called, nothing, offset};

/// One unit for each column of times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    offset: Unit,
    bound: Unit,
    rtt: Unit,
}

impl Units {
    /// The units in which the greatest values of these hosts have at least one digit before the point.
    pub(super) fn of(hosts: &[&Host]) -> Self {
        let greatest = |value: fn(&Host) -> Option<Nanos>| {
            Unit::of(hosts.iter().filter_map(|host| value(host)).map(Nanos::abs).max().unwrap_or_default())
        };
        // Whole microseconds are for clocks that are better than any measured over a network.
        let at_least_millis = |unit: Unit| if unit == Unit::Seconds { unit } else { Unit::Millis };
        Self {
            offset: at_least_millis(greatest(|host| offset(host).map(|(value, _)| value))),
            bound: at_least_millis(greatest(|host| offset(host).map(|(_, bounds)| bounds.half_width()))),
            rtt: at_least_millis(greatest(|host| host.clock.as_ref().map(|clock| clock.rtt_min_s.0))),
        }
    }
}

/// The cells OFFSET, BOUND and RTT of each of these hosts, with their units, the decimal points one under the other.
pub(in crate::report) fn times_of(hosts: &[&Host], reference: &Reference) -> Vec<[String; 3]> {
    let units = Units::of(hosts);
    let mut times: Vec<[String; 3]> = hosts.iter().map(|host| times(host, reference, units)).collect();
    align_times(&mut times, units);
    times
}

/// The cells OFFSET, BOUND and RTT of a host.
pub(super) fn times(host: &Host, reference: &Reference, units: Units) -> [String; 3] {
    let rtt = host.clock.as_ref().map_or_else(nothing, |clock| figure::length_in(clock.rtt_min_s.0, units.rtt));
    match (called(host, reference), offset(host)) {
        (Some(word), Some(_)) => [word.to_owned(), nothing(), rtt],
        (None, Some((value, bounds))) => {
            let shown = figure::estimate(value, bounds, units.offset);
            [shown.value, figure::length_in(shown.bound, units.bound), rtt]
        }
        (_, None) => [nothing(), nothing(), rtt],
    }
}

/// The offsets and bounds of hosts, from the least to the greatest offset; the one that offsets are from has none.
fn offsets(hosts: &[&Host], reference: &Reference) -> Vec<(Nanos, Interval)> {
    let others = hosts.iter().filter(|host| called(host, reference).is_none());
    let mut offsets: Vec<(Nanos, Interval)> = others.filter_map(|host| offset(host)).collect();
    offsets.sort_by_key(|(value, _)| *value);
    offsets
}

/// The cells OFFSET, BOUND and RTT of hosts that share a line: the least and the greatest of each.
pub(super) fn ranges(hosts: &[&Host], reference: &Reference, units: Units) -> [String; 3] {
    let offsets = offsets(hosts, reference);
    let values = offsets.iter().map(|(value, bounds)| figure::estimate(*value, *bounds, units.offset));
    let shown: Vec<(String, Nanos)> = values.map(|figure| (figure.value, figure.bound)).collect();
    let bounds = || shown.iter().map(|(_, bound)| *bound);
    let rtts = || hosts.iter().filter_map(|host| host.clock.as_ref()).map(|clock| clock.rtt_min_s.0);
    let ends = |ends: Option<(Nanos, Nanos)>, unit: Unit| {
        ends.map_or_else(nothing, |(least, most)| {
            range(&figure::length_in(least, unit), &figure::length_in(most, unit))
        })
    };
    [
        match (shown.first(), shown.last()) {
            (Some((least, _)), Some((most, _))) => range(least, most),
            _ => nothing(),
        },
        ends(bounds().min().zip(bounds().max()), units.bound),
        ends(rtts().min().zip(rtts().max()), units.rtt),
    ]
}

/// `-0.063 to +2.104`, `1.4`.
fn range(least: &str, most: &str) -> String {
    if least == most { most.to_owned() } else { format!("{least} to {most}") }
}

/// The same in words, for a line without columns: `+60 ms to +2.104 s, ± 1.3 ms to 62 ms`; nothing where no offset is known.
pub(super) fn spread(hosts: &[&Host], reference: &Reference) -> Option<String> {
    let offsets = offsets(hosts, reference);
    let shown = |(value, bounds): &(Nanos, Interval)| {
        let unit = Unit::of(value.abs().max(bounds.half_width()));
        format!("{} {}", figure::estimate(*value, *bounds, unit).value, unit.symbol())
    };
    let bounds = || offsets.iter().map(|(_, bounds)| bounds.half_width());
    let value = range(&shown(offsets.first()?), &shown(offsets.last()?));
    Some(format!("{value}, ± {}", range(&figure::length(bounds().min()?), &figure::length(bounds().max()?))))
}

/// Puts the unit behind every value of the three columns, and the decimal points one under the other.
pub(super) fn align_times(rows: &mut [[String; 3]], units: Units) {
    for (column, unit) in [units.offset, units.bound, units.rtt].into_iter().enumerate() {
        // Of a range, its last number.
        let behind_point = |cell: &str| {
            let last = cell.rsplit(' ').next().unwrap_or_default();
            last.split_once('.').map_or(0, |(_, fraction)| fraction.len() + 1)
        };
        let cells = || rows.iter().filter_map(|row| row.get(column));
        let most = cells().map(|cell| behind_point(cell)).max().unwrap_or(0);
        let blank = most + 1 + unit.symbol().len();
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            *cell = match cell.as_str() {
                NOTHING => format!("{NOTHING}{:blank$}", ""),
                REFERENCE | MIDDLE => continue,
                value => format!("{value}{:width$} {}", "", unit.symbol(), width = most - behind_point(value)),
            };
        }
    }
}

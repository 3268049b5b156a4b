//! The cells of a host: each column in one unit, digits no finer than the bound, decimal points one under the other.

use crate::audit::figure::{self, Unit};
use crate::clock::{Interval, Nanos};
use crate::report::escape::escaped;
use crate::report::model::{Finding, Host, Severity};

/// What stands where nothing is known.
const NOTHING: &str = "-";

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

/// The offset and the bounds of a host, where both are known.
pub(super) fn offset(host: &Host) -> Option<(Nanos, Interval)> {
    let clock = host.clock.as_ref()?;
    let (value, lo, hi) = (clock.offset_s?.0, clock.lo_s?.0, clock.hi_s?.0);
    Some((value, Interval::new(lo, hi)))
}

/// The cells OFFSET, BOUND and RTT of a host.
pub(super) fn times(host: &Host, units: Units) -> [String; 3] {
    let rtt = host.clock.as_ref().map_or_else(nothing, |clock| figure::length_in(clock.rtt_min_s.0, units.rtt));
    match offset(host) {
        Some((value, bounds)) => {
            let shown = figure::estimate(value, bounds, units.offset);
            [shown.value, figure::length_in(shown.bound, units.bound), rtt]
        }
        None => [nothing(), nothing(), rtt],
    }
}

/// Puts the unit behind every value of the three columns, and the decimal points one under the other.
pub(super) fn align_times(rows: &mut [[String; 3]], units: Units) {
    for (column, unit) in [units.offset, units.bound, units.rtt].into_iter().enumerate() {
        let behind_point = |cell: &str| cell.split_once('.').map_or(0, |(_, fraction)| fraction.len() + 1);
        let cells = || rows.iter().filter_map(|row| row.get(column));
        let most = cells().map(|cell| behind_point(cell)).max().unwrap_or(0);
        let blank = most + 1 + unit.symbol().len();
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            *cell = match cell.as_str() {
                NOTHING => format!("{NOTHING}{:blank$}", ""),
                value => format!("{value}{:width$} {}", "", unit.symbol(), width = most - behind_point(value)),
            };
        }
    }
}

/// The cell TIME SERVICE.
pub(super) fn time_service(host: &Host) -> String {
    host.time_service.as_deref().map_or_else(nothing, escaped)
}

/// The cell FINDINGS: the codes that weigh, then the notes. What CLK104 and CLK108 explain is not said twice.
pub(super) fn codes(findings: &[Finding]) -> String {
    let is_explained = findings.iter().any(|finding| matches!(finding.code.as_str(), "CLK104" | "CLK108"));
    let codes = findings.iter().map(|finding| finding.code.as_str());
    let shown: Vec<String> = codes.filter(|code| !is_explained || *code != "CLK101").map(escaped).collect();
    shown.join(" ")
}

/// Why a host was not measured, in a few words: `SSH903  host key changed`.
pub(super) fn failure(host: &Host) -> String {
    match &host.error {
        Some(error) => {
            let words = if error.title.is_empty() { &error.message } else { &error.title };
            format!("{}  {} ({})", escaped(&error.code), escaped(words), escaped(&error.stage))
        }
        None => unexplained(host),
    }
}

/// Why a host was not measured, with what was seen: `SSH901  no answer in 10.0 s (connect)`.
pub(super) fn failure_in_full(host: &Host) -> String {
    match &host.error {
        Some(error) => {
            format!("{}  {} ({})", escaped(&error.code), escaped(&error.message), escaped(&error.stage))
        }
        None => unexplained(host),
    }
}

/// What a host that was never tried has instead of an error.
fn unexplained(host: &Host) -> String {
    let finding = host.findings.iter().find(|finding| finding.severity == Severity::Note);
    finding.map_or_else(nothing, |finding| format!("{}  {}", escaped(&finding.code), escaped(&finding.what)))
}

fn nothing() -> String {
    NOTHING.to_owned()
}

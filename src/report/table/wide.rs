//! Every host on a line of its own, with every column.

use super::cells;
use super::layout::{Body, Column, Line, lay_out};
use super::page::Page;
use crate::audit::figure;
use crate::report::escape::escaped;
use crate::report::model::{Host, Report, Verdict};
use crate::report::sentences;

/// The order of the verdicts, worst first.
const ORDER: [Verdict; 5] = [Verdict::Crit, Verdict::Warn, Verdict::Undecided, Verdict::Ok, Verdict::Down];

/// The columns between STATUS and FINDINGS.
const COLUMNS: [Column; 9] = [
    Column { title: "HOST", is_right: false, leaves: None },
    Column { title: "ADDRESS", is_right: false, leaves: None },
    Column { title: "OFFSET", is_right: true, leaves: None },
    Column { title: "± BOUND", is_right: true, leaves: None },
    Column { title: "RTT", is_right: true, leaves: None },
    Column { title: "RATE", is_right: true, leaves: None },
    Column { title: "CLOCK", is_right: false, leaves: None },
    Column { title: "READER", is_right: false, leaves: None },
    Column { title: "TIME SERVICE", is_right: false, leaves: None },
];

/// The table of hosts: every column whatever the page, for `wide` is asked for by those who want them.
pub(super) fn host_lines(report: &Report) -> Vec<String> {
    let hosts: Vec<&Host> =
        ORDER.iter().flat_map(|verdict| report.hosts.iter().filter(move |host| host.verdict == *verdict)).collect();
    let times = cells::times_of(&hosts, &report.reference);
    let lines: Vec<Line> = hosts.iter().zip(times).map(|(host, times)| line(host, times)).collect();
    lay_out(&COLUMNS, "FINDINGS", &lines, Page::ENDLESS)
}

fn line(host: &Host, [offset, bound, rtt]: [String; 3]) -> Line {
    let dash = || "-".to_owned();
    let address = match (&host.address, host.port) {
        (Some(address), Some(port)) => format!("{}:{port}", escaped(address)),
        (Some(address), None) => escaped(address),
        (None, _) => dash(),
    };
    let clock = host.clock.as_ref();
    // A rate says nothing without its bound: that of two exchanges may be anything.
    let rate =
        clock.and_then(|clock| Some((clock.frequency_ppm?.0, clock.frequency_lo_ppm?.0, clock.frequency_hi_ppm?.0)));
    let reader = clock.and_then(|clock| clock.reader.as_deref());
    let cells = vec![
        address,
        offset,
        bound,
        rtt,
        rate.map_or_else(dash, |(rate, lo, hi)| figure::rate(rate, lo, hi)),
        clock.map_or_else(dash, |clock| format!("{}, {} exch.", escaped(&clock.status), clock.exchanges)),
        reader.map_or_else(dash, escaped),
        sentences::time_service(host),
    ];
    let tail =
        if host.verdict == Verdict::Down { sentences::failure_in_full(host) } else { sentences::codes(&host.findings) };
    Line { status: host.verdict.into(), name: escaped(&host.name), body: Body::Cells(cells, tail) }
}

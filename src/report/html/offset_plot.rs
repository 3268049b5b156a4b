//! The offsets with their bounds as a picture: a row for each host where they are few, else one band in the order of the offsets.

use minijinja::{Value, context};

use super::scale::{Scale, px, tick_label};
use super::{class, limits_of};
use crate::audit::{Limits, figure};
use crate::clock::{Interval, Nanos};
use crate::report::escape::escaped_within;
use crate::report::model::{Host, ReferenceKind, Report, Verdict};
use crate::report::sentences;

/// More hosts than these have no row of their own.
const MOST_ROWS: usize = 100;
/// How wide the picture is.
const WIDTH: f64 = 960.0;
/// How high a row is.
const ROW: f64 = 18.0;
/// Where the axis of the rows begins: behind the verdict and the name.
const AXIS: f64 = 250.0;
/// The room above the rows, for the axis and the limits' names.
const TOP: f64 = 40.0;
/// How many characters of a name are written.
const NAME: usize = 26;
/// How many characters tell why a host was not measured.
const WHY: usize = 90;
/// How high the band is.
const BAND: f64 = 380.0;
/// Where the band begins: behind the axis.
const LEFT: f64 = 84.0;
/// The columns of the band: each is the hosts of one rank, or of a few.
const COLUMNS: usize = 860;

/// A measured host.
struct Measured<'report> {
    host: &'report Host,
    value: Nanos,
    bounds: Interval,
}

/// The picture; nothing where no host has an offset.
pub(super) fn plot(report: &Report) -> Option<Value> {
    let mut measured: Vec<Measured<'_>> = report
        .hosts
        .iter()
        .filter_map(|host| sentences::offset(host).map(|(value, bounds)| Measured { host, value, bounds }))
        .collect();
    // Who is furthest ahead comes first.
    measured.sort_by_key(|one| (std::cmp::Reverse(one.value), &one.host.name));
    let down: Vec<&Host> = report.hosts.iter().filter(|host| sentences::offset(host).is_none()).collect();
    let (ahead, behind) = (measured.first()?, measured.last()?);
    let limits = is_judged(report).then(|| limits_of(report).of_all());
    let text = context! {
        ahead => context! { name => &ahead.host.name, offset => figure::with_bound(ahead.value, ahead.bounds) },
        behind => context! { name => &behind.host.name, offset => figure::with_bound(behind.value, behind.bounds) },
        half => half(&measured).map(figure::length),
        measured => measured.len(),
        undecided => report.summary.counts.undecided,
        down => down.len(),
        is_judged => limits.is_some(),
    };
    let picture =
        if report.hosts.len() <= MOST_ROWS { rows(report, &measured, &down, limits) } else { band(&measured, limits) };
    Some(context! { text, ..picture })
}

/// Whether offsets are held against limits: without a reference they are only shown.
fn is_judged(report: &Report) -> bool {
    report.reference.kind != ReferenceKind::None
}

/// How far off the better half is at most.
fn half(measured: &[Measured<'_>]) -> Option<Nanos> {
    quantile(measured, 2)
}

/// The distance from zero that one in `part` hosts does not exceed.
fn quantile(measured: &[Measured<'_>], part: usize) -> Option<Nanos> {
    let mut distances: Vec<Nanos> = measured.iter().map(|one| one.value.abs()).collect();
    distances.sort_unstable();
    distances.get(distances.len().div_ceil(part).saturating_sub(1)).copied()
}

/// The axis that all of them and the limits find room on.
fn scale(measured: &[Measured<'_>], limits: Option<Limits>, drawn: [f64; 2]) -> Scale {
    let crit = limits.map_or(Nanos::ZERO, |limits| limits.crit);
    let all = Interval {
        lo: measured.iter().map(|one| one.bounds.lo).min().unwrap_or_default().min(-crit),
        hi: measured.iter().map(|one| one.bounds.hi).max().unwrap_or_default().max(crit),
    };
    let mut sizes: Vec<Nanos> = measured.iter().map(|one| one.value.abs().max(one.bounds.half_width())).collect();
    sizes.sort_unstable();
    Scale::of(all, sizes.get(sizes.len() / 4).copied().unwrap_or_default(), drawn)
}

/// The limits on both sides, each with its name and where it is drawn.
fn limit_lines(scale: &Scale, limits: Option<Limits>) -> Vec<Value> {
    let Some(Limits { warn, crit }) = limits else { return Vec::new() };
    // The names of the two on one side stand away from each other.
    let line = |value: Nanos, word: &str, class: &str, anchor: &str| {
        context! { at => px(scale.at(value)), label => word, value => tick_label(value), class, anchor }
    };
    vec![
        line(-crit, "crit", "c", "end"),
        line(-warn, "warn", "w", "start"),
        line(warn, "warn", "w", "end"),
        line(crit, "crit", "c", "start"),
    ]
}

fn ticks(scale: &Scale, gap: f64) -> Vec<Value> {
    scale.ticks(gap).into_iter().map(|tick| context! { at => px(scale.at(tick)), label => tick_label(tick) }).collect()
}

fn rows(report: &Report, measured: &[Measured<'_>], down: &[&Host], limits: Option<Limits>) -> Value {
    let scale = scale(measured, limits, [AXIS, WIDTH - 12.0]);
    let of_hosts = limits_of(report);
    let count = u16::try_from(measured.len() + down.len()).unwrap_or(u16::MAX);
    let height = TOP + ROW * f64::from(count) + 10.0;
    let mut y = TOP - ROW / 2.0;
    let mut next = || {
        y += ROW;
        px(y)
    };
    let mut drawn: Vec<Value> = Vec::new();
    for Measured { host, value, bounds } in measured {
        let own = limits.and(host.policy.as_ref()).map(|_| of_hosts.of(host));
        // A bar that is narrower than the eye is drawn as a thin one.
        let (from, to) = (scale.at(bounds.lo), scale.at(bounds.hi));
        let thin = (2.0 - (to - from)).max(0.0) / 2.0;
        drawn.push(context! {
            y => next(),
            class => class(host.verdict),
            word => sentences::word(host.verdict),
            name => escaped_within(&host.name, NAME),
            full => &host.name,
            offset => sentences::in_one_piece(host, &report.reference),
            from => px(from - thin),
            to => px(to + thin),
            at => px(scale.at(*value)),
            is_open => host.verdict == Verdict::Undecided,
            own => limit_lines(&scale, own),
        });
    }
    for host in down {
        drawn.push(context! {
            y => next(),
            class => class(host.verdict),
            word => sentences::word(host.verdict),
            name => escaped_within(&host.name, NAME),
            full => &host.name,
            why => escaped_within(&sentences::failure_in_full(host), WHY),
        });
    }
    context! {
        rows => drawn,
        width => px(WIDTH),
        height => px(height),
        top => px(TOP - 6.0),
        bottom => px(height - 6.0),
        axis => px(AXIS),
        right => px(WIDTH - 12.0),
        ticks => ticks(&scale, 62.0),
        limits => limit_lines(&scale, limits),
        is_by_decades => scale.is_by_decades(),
    }
}

fn band(measured: &[Measured<'_>], limits: Option<Limits>) -> Value {
    // Ahead is up.
    let scale = scale(measured, limits, [BAND - 14.0, 14.0]);
    let columns = measured.len().min(COLUMNS);
    let whole = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let step = (WIDTH - LEFT - 10.0) / whole(columns);
    let mut paths: Vec<(Verdict, String)> =
        [Verdict::Ok, Verdict::Undecided, Verdict::Warn, Verdict::Crit].map(|verdict| (verdict, String::new())).into();
    let mut middle = String::new();
    for column in 0..columns {
        let range = column * measured.len() / columns..(column + 1) * measured.len() / columns;
        let hosts = measured.get(range).unwrap_or_default();
        let Some(first) = hosts.first() else { continue };
        let all = hosts
            .iter()
            .fold(first.bounds, |all, one| Interval { lo: all.lo.min(one.bounds.lo), hi: all.hi.max(one.bounds.hi) });
        let least = hosts.iter().map(|one| one.value).min().unwrap_or(first.value);
        let worst = paths.iter().rposition(|(verdict, _)| hosts.iter().any(|one| one.host.verdict == *verdict));
        let x = px(LEFT + (whole(column) + 0.5) * step);
        let line = |lo: Nanos, hi: Nanos, thinnest: f64| {
            let (bottom, top) = (scale.at(lo), scale.at(hi));
            let thin = (thinnest - (bottom - top)).max(0.0) / 2.0;
            format!("M{x} {}V{}", px(top - thin), px(bottom + thin))
        };
        if let Some((_, path)) = paths.get_mut(worst.unwrap_or(0)) {
            path.push_str(&line(all.lo, all.hi, 6.0));
        }
        middle.push_str(&line(least, first.value, 1.5));
    }
    let paths = paths.into_iter().filter(|(_, path)| !path.is_empty());
    context! {
        paths => paths.map(|(verdict, d)| context! { class => class(verdict), d }).collect::<Vec<Value>>(),
        middle,
        stroke => px(step.max(0.8)),
        width => px(WIDTH),
        height => px(BAND + 26.0),
        bottom => px(BAND),
        left => px(LEFT),
        right => px(WIDTH - 10.0),
        label => px(BAND + 18.0),
        ticks => ticks(&scale, 20.0),
        limits => limit_lines(&scale, limits),
        is_by_decades => scale.is_by_decades(),
        each => measured.len().div_ceil(columns.max(1)),
    }
}

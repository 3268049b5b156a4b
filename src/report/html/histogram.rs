//! How many clocks are how far off: a row for each decade, those behind and those ahead beside each other.

use minijinja::{Value, context};

use super::scale::px;
use crate::clock::Nanos;
use crate::report::bands;
use crate::report::model::{OffsetBand, Report};
use crate::report::sentences;

/// How long the longest bar is.
const BAR: f64 = 240.0;

/// How many clocks one decade has.
struct Decade {
    band: OffsetBand,
    behind: usize,
    ahead: usize,
}

/// The rows from the nearest decade that has clocks to the furthest; nothing where no clock has an offset.
pub(super) fn histogram(report: &Report) -> Option<Value> {
    let mut decades: Vec<Decade> = bands::all().map(|band| Decade { band, behind: 0, ahead: 0 }).collect();
    for host in &report.hosts {
        let (Some(band), Some((value, _))) = (bands::band(host), sentences::offset(host)) else { continue };
        let Some(decade) = decades.iter_mut().find(|decade| decade.band == band) else { continue };
        if value < Nanos::ZERO { decade.behind += 1 } else { decade.ahead += 1 }
    }
    let has_clocks = |decade: &Decade| decade.behind + decade.ahead > 0;
    let (first, last) = (decades.iter().position(has_clocks)?, decades.iter().rposition(has_clocks)?);
    let shown = decades.get(first..=last)?;
    let most = shown.iter().map(|decade| decade.behind.max(decade.ahead)).max().unwrap_or(1).max(1);
    // A single clock is seen too.
    let length = |count: usize| if count == 0 { 0.0 } else { (real(count) / real(most) * BAR).max(2.0) };
    let row = |decade: &Decade| {
        let (behind, ahead) = (length(decade.behind), length(decade.ahead));
        context! {
            band => sentences::band_text(decade.band),
            behind => decade.behind,
            ahead => decade.ahead,
            behind_from => px(BAR - behind),
            behind_long => px(behind),
            ahead_long => px(ahead),
        }
    };
    Some(context! {
        rows => shown.iter().map(row).collect::<Vec<Value>>(),
        middle => px(BAR),
        width => px(2.0 * BAR),
    })
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

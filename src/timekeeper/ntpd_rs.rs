//! ntpd-rs: what `ntp-ctl status` prints. Offsets of sources are the source's clock minus the host's; turned here.

use super::chrony::{LeapStatus, ReferenceId};
use super::claim::{Claim, OffsetIs};
use super::daemon::Timekeeper;
use super::source::{Selection, Source, SourceKind, length_with_unit};
use crate::clock::{Nanos, Ppm};

/// Reads the claim and the sources; `None` where what was printed is no status.
pub(super) fn status(text: &str) -> Option<(Claim, Vec<Source>)> {
    let line = |start: &str| text.lines().map(str::trim).find_map(|line| line.strip_prefix(start)).map(str::trim);
    let (dispersion, delay) = line("Dispersion:")?.split_once(", Delay:")?;
    let (dispersion, delay) = (length_with_unit(dispersion)?.abs(), length_with_unit(delay)?.abs());
    let stratum: u8 = line("Stratum:")?.parse().ok()?;
    let poll = line("Desired poll interval:").and_then(length_with_unit).unwrap_or(Nanos::from_seconds(16));
    let sources: Vec<Source> = text.lines().filter_map(source).collect();
    let best = sources.iter().filter(|source| source.offset.is_some()).min_by_key(|source| source.error);
    // It starts at stratum 16, and stays there while no source agrees with another.
    let is_synchronised = (1..16).contains(&stratum) && best.is_some();
    let claim = Claim {
        timekeeper: Timekeeper::NtpdRs,
        version: None,
        offset: best.and_then(|source| source.offset).unwrap_or(Nanos::ZERO),
        offset_is: OffsetIs::LastMeasured,
        root_delay: delay,
        root_dispersion: dispersion,
        aged_by: Nanos::ZERO,
        stratum: if is_synchronised { stratum } else { 0 },
        leap_status: if is_synchronised { LeapStatus::Normal } else { LeapStatus::NotSynchronised },
        reference_id: ReferenceId::NONE,
        source: best.map(|source| source.name.clone()),
        reference_time: None,
        frequency: Ppm::from_ppb(0),
        update_interval: poll,
    };
    Some((claim, sources))
}

/// `ntp.example:123 (1): +0.000051±0.000096(±0.006731)s`.
fn source(line: &str) -> Option<Source> {
    let (head, figures) = line.trim().split_once("): ")?;
    let name = head.split_once(" (")?.0;
    let (offset, rest) = figures.split_once('±')?;
    let error = rest.split_once('(')?.0;
    let seconds = |text: &str| Nanos::from_seconds_text(text.trim().trim_start_matches('+'));
    Some(Source {
        name: name.to_owned(),
        kind: SourceKind::Server,
        selection: Selection::Combined,
        stratum: 0,
        poll: None,
        reach: None,
        last_heard: None,
        offset: Some(-seconds(offset)?),
        error: Some(seconds(error)?.abs()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_its_manual_is_read() {
        let text = "Synchronization status:\nDispersion: 0.000055s, Delay: 0.005241s\nDesired poll interval: 16s\n\
                    Stratum: 2\n\nSources:\nntpd-rs.pool.ntp.org:123 (1): +0.000051±0.000096(±0.006731)s\n    \
                    pollinterval: 16s, missing polls: 0\nntpd-rs.pool.ntp.org:123 (3): -0.000233±0.000082(±0.007134)s\n";
        let (claim, sources) = status(text).unwrap();
        assert_eq!((claim.stratum, claim.offset), (2, Nanos(233_000)));
        assert_eq!((claim.root_delay, claim.root_dispersion), (Nanos(5_241_000), Nanos(55_000)));
        assert_eq!(sources.len(), 2);
        assert_eq!(status("Error: Could not connect"), None);
    }
}

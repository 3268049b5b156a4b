//! openntpd: what `ntpctl -s all` prints, which only root is told. Offsets are the peer's clock minus the host's; turned
//! here.

use super::chrony::{LeapStatus, ReferenceId};
use super::claim::{Claim, OffsetIs};
use super::daemon::Timekeeper;
use super::source::{Selection, Source, SourceKind, length_with_unit};
use crate::clock::{Nanos, Ppm};

/// How fast a clock may run off between two measurements.
const WORST_RATE: Ppm = Ppm::from_ppm(500);

/// What `ntpctl` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    /// The claim, which may say that the clock is not synchronised.
    pub(super) claim: Claim,
    /// The peers; `None` where only their number was told.
    pub(super) peers: Option<Vec<Source>>,
}

/// Reads what was printed; `None` where it is no status.
pub(super) fn status(text: &str) -> Option<Status> {
    let heading = text.lines().find(|line| line.contains(" peers valid"))?;
    let is_synchronised = heading.contains("clock synced");
    let stratum = heading.split_once("stratum ").and_then(|(_, rest)| rest.trim().parse().ok()).unwrap_or(0);
    let peers = peers(text);
    // openntpd follows the median of its peers and gives no account of its error: the worst of what it measures stands in.
    let worst = peers.iter().filter_map(|peer| peer.offset).max_by_key(|offset| offset.abs());
    let error = peers.iter().filter_map(|peer| peer.error).max();
    Some(Status {
        claim: Claim {
            timekeeper: Timekeeper::Openntpd,
            version: None,
            offset: worst.unwrap_or(Nanos::ZERO),
            offset_is: OffsetIs::LastMeasured,
            root_delay: Nanos::ZERO,
            root_dispersion: error.unwrap_or(Nanos::ZERO),
            aged_by: peers.iter().filter_map(|peer| peer.poll).max().unwrap_or(Nanos::ZERO).wander(WORST_RATE),
            stratum,
            leap_status: if is_synchronised { LeapStatus::Normal } else { LeapStatus::NotSynchronised },
            reference_id: ReferenceId::NONE,
            source: peers.iter().find(|peer| peer.selection == Selection::Selected).map(|peer| peer.name.clone()),
            reference_time: None,
            frequency: Ppm::from_ppb(0),
            update_interval: Nanos::ZERO,
        },
        peers: (!peers.is_empty()).then_some(peers),
    })
}

/// A peer takes two lines: its name, `10.105.0.12 from pool NAME`; then its figures, which are indented.
fn peers(text: &str) -> Vec<Source> {
    let mut peers = Vec::new();
    let mut name: Option<&str> = None;
    let lines = text.lines().skip_while(|line| line.trim() != "peer");
    for line in lines.skip(1) {
        // `sensor` and what follows are no servers.
        if line.trim() == "sensor" {
            break;
        }
        if line.starts_with([' ', '\t']) {
            let figures = name.take().and_then(|name| peer(name, line));
            peers.extend(figures);
        } else {
            name = line.split_ascii_whitespace().next();
        }
    }
    peers
}

/// `    1  9  1   30s   31s         0.007ms     0.041ms     0.018ms`, with a `*` before for the one that is followed.
fn peer(name: &str, line: &str) -> Option<Source> {
    let selected = line.trim_start().starts_with('*');
    let words: Vec<&str> = line.trim_start_matches([' ', '\t', '*']).split_ascii_whitespace().collect();
    let [_weight, _trust, stratum, _next, poll, figures @ ..] = words.as_slice() else { return None };
    let source = |selection, offset, error| Source {
        name: name.to_owned(),
        kind: SourceKind::Server,
        selection,
        stratum: stratum.parse().unwrap_or(0),
        poll: length_with_unit(poll),
        reach: None,
        last_heard: None,
        offset,
        error,
    };
    match figures {
        [offset, delay, jitter] => {
            let error = Nanos(length_with_unit(delay)?.abs().0 / 2) + length_with_unit(jitter)?.abs();
            let selection = if selected { Selection::Selected } else { Selection::Combined };
            Some(source(selection, Some(-length_with_unit(offset)?), Some(error)))
        }
        // `---- peer not valid ----`
        _ => Some(source(Selection::Unusable, None, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_and_their_sign_are_read() {
        let text = "3/3 peers valid, clock unsynced\n\npeer\n   wt tl st  next  poll          offset       delay      jitter\n\
                    10.105.0.11 \n    1  9  1   30s   31s         0.007ms     0.041ms     0.018ms\n\
                    10.105.0.33 \n *  1  9  2   30s   32s       100.031ms     0.101ms     0.015ms\n\
                    10.105.0.12 from pool \n    1  3  2    5s    7s             ---- peer not valid ----\n";
        let status = status(text).unwrap();
        let told: Vec<_> =
            status.peers.iter().flatten().map(|peer| (peer.name.as_str(), peer.selection, peer.offset)).collect();
        let expected = [
            ("10.105.0.11", Selection::Combined, Some(Nanos(-7_000))),
            ("10.105.0.33", Selection::Selected, Some(Nanos(-100_031_000))),
            ("10.105.0.12", Selection::Unusable, None),
        ];
        assert_eq!(told, expected);
        assert_eq!(status.claim.leap_status, LeapStatus::NotSynchronised);
        assert_eq!(status.claim.offset, Nanos(-100_031_000));
        assert_eq!(super::status("ntpctl: connect: /run/ntpd.sock: Permission denied"), None);
    }
}

//! `scan --record FILE`: what a scan saw, written so that it can be judged again.

use std::path::Path;

use super::error::CommandError;
use super::policy::{OwnAsk, OwnAsks, asked_by_flags};
use crate::cli::PolicyArgs;
use crate::clock::Nanos;
use crate::files;
use crate::probe::trace::{self, Asked, ChronyClaim, NotAudited, Recording, TraceHost};
use crate::probe::{Observation, Seen};
use crate::report::{Place, Provenance, model};
use crate::timekeeper::{self, Timekeeper};

/// Writes the trace of a scan; `flags` ask of all hosts, `asks` is what the inventory asks of single ones.
pub fn record(
    path: &Path,
    seen: &Seen,
    provenance: &Provenance,
    flags: &PolicyArgs,
    asks: &OwnAsks,
) -> Result<(), CommandError> {
    let asked = |observation: &Observation| asks.get(&observation.host).map(OwnAsk::recorded).unwrap_or_default();
    let placed = seen.observations.iter().zip(&provenance.places);
    let hosts: Vec<TraceHost> = placed.map(|(observation, place)| host(place, asked(observation))).collect();
    let claims: Vec<ChronyClaim> = seen.observations.iter().filter_map(claim).collect();
    let inventory_incomplete = provenance.incomplete;
    let asked = asked_by_flags(flags);
    let left_out: Vec<NotAudited> = provenance.not_audited.iter().map(not_audited).collect();
    let recording = Recording {
        seen,
        hosts: &hosts,
        claims: &claims,
        inventory_incomplete,
        asked: Some(&asked),
        not_audited: &left_out,
    };
    let text = trace::write(&recording).map_err(|error| CommandError::internal(error.to_string()))?;
    files::trace::write(path, &text).map_err(|error| CommandError::output(error.to_string()))
}

fn not_audited(host: &model::NotAudited) -> NotAudited {
    let model::NotAudited { name, groups, by, reason } = host.clone();
    NotAudited { name, groups, by, reason }
}

fn host(place: &Place, asked: Asked) -> TraceHost {
    TraceHost {
        address: place.address.clone(),
        port: place.port,
        groups: place.groups.clone(),
        spawn: Nanos::ZERO,
        reference_only: false,
        asked,
    }
}

/// chronyd's claim beside the facts that it is made from, for readers of the trace that know no facts.
fn claim(observation: &Observation) -> Option<ChronyClaim> {
    let facts = observation.facts.as_ref()?;
    let outcome = timekeeper::claim(&facts.facts.0);
    let claim = outcome.claim().filter(|claim| claim.timekeeper == Timekeeper::Chronyd)?;
    Some(ChronyClaim {
        host: observation.host.clone(),
        at: facts.bracket.map(|bracket| bracket.sent.midpoint(bracket.received)),
        system_time: claim.offset,
        root_delay: claim.root_delay,
        root_dispersion: claim.root_dispersion,
        leap_status: claim.leap_status.label().to_owned(),
        stratum: u32::from(claim.stratum),
        reference_id: claim.reference_id.to_string(),
    })
}

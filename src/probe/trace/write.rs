//! Writing a trace: all that `replay` needs to judge a scan again, whole.

use serde::Serialize;

use super::TraceHost;
use super::claim::ChronyClaim;
use super::line::{Controller, FactsLine, Host, Run, Sample, Stamps, Window};
use crate::probe::{Observation, Seen};

/// Writes what a scan saw; `hosts` in the order of the observations, `claims` as the caller understood them.
///
/// Reading the text gives the same `Seen` again.
pub fn write(seen: &Seen, hosts: &[TraceHost], claims: &[ChronyClaim]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    let mut line = |value: &dyn ErasedLine| -> Result<(), serde_json::Error> {
        text.push_str(&value.text()?);
        text.push('\n');
        Ok(())
    };
    line(&Run {
        kind: "run",
        started_ns: seen.started.0,
        finished_ns: seen.finished.0,
        controller_stepped: seen.controller_stepped,
        timer_lateness_ns: seen.timer_lateness_p95.map(|lateness| lateness.0),
        claims_window_ns: seen.claims_window.map(|window| window.0),
        interrupted: seen.interrupted.map(|interruption| interruption.label().to_owned()),
    })?;
    for window in &seen.windows {
        line(&Window {
            kind: "window",
            opened_ns: window.opened.0,
            closed_ns: window.closed.0,
            first_spread_ns: window.first_spread.0,
        })?;
    }
    for reading in &seen.controller {
        line(&Controller {
            kind: "controller",
            at_ns: reading.at.0,
            x_lo_ns: reading.x.lo.0,
            x_hi_ns: reading.x.hi.0,
        })?;
    }
    for (place, observation) in seen.observations.iter().enumerate() {
        line(&host_line(observation, hosts.get(place)))?;
        for exchange in &observation.exchanges {
            line(&Sample::of(&observation.host, exchange))?;
        }
        if let Some(facts) = &observation.facts {
            line(&FactsLine {
                kind: "facts",
                host: observation.host.clone(),
                complete: facts.complete,
                bracket: facts.bracket.as_ref().map(Stamps::of),
                facts: facts.facts.0.clone(),
            })?;
        }
    }
    for claim in claims {
        line(&claim.line())?;
    }
    Ok(text)
}

/// A line of any type.
trait ErasedLine {
    fn text(&self) -> Result<String, serde_json::Error>;
}

impl<Line: Serialize> ErasedLine for Line {
    fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

fn host_line(observation: &Observation, host: Option<&TraceHost>) -> Host {
    let failure = observation.failure.as_ref();
    let host = host.cloned().unwrap_or_default();
    Host {
        kind: "host",
        host: observation.host.clone(),
        groups: host.groups,
        spawn_ns: host.spawn.0,
        reference_only: host.reference_only,
        address: host.address,
        port: host.port,
        reader: observation.reader.map(|reader| reader.label().to_owned()),
        ready_after_ns: observation.ready_after.map(|length| length.0),
        window: observation.window,
        failure: failure.map(|failure| failure.code.label()),
        stage: failure.map(|failure| failure.stage.label().to_owned()),
        detail: failure.map(|failure| failure.detail.clone()).filter(|detail| !detail.is_empty()),
    }
}

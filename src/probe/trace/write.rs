//! Writing a trace: all that `replay` needs to judge a scan again, whole.

use serde::Serialize;

use super::line::{AskedLine, Controller, ControllerFacts, FactsLine, Host, Https, Ntp, Run, Sample, Stamps, Window};
use super::{Recording, TraceHost};
use crate::probe::Observation;

/// Writes what a scan saw. Reading the text gives the same `Seen` again.
///
/// The first line counts the hosts and all lines, so that a reader knows whether the rest is there.
pub fn write(recording: &Recording<'_>) -> Result<String, serde_json::Error> {
    let Recording { seen, hosts, claims, inventory_incomplete, asked, not_audited } = *recording;
    let mut body = Lines::default();
    for window in &seen.windows {
        body.add(&Window {
            kind: "window",
            opened_ns: window.opened.0,
            closed_ns: window.closed.0,
            first_spread_ns: window.first_spread.0,
        })?;
    }
    for reading in &seen.controller {
        body.add(&Controller {
            kind: "controller",
            at_ns: reading.at.0,
            x_lo_ns: reading.x.lo.0,
            x_hi_ns: reading.x.hi.0,
        })?;
    }
    if let Some(own) = &seen.controller_facts {
        body.add(&ControllerFacts {
            kind: "controller_facts",
            bracket: own.bracket.as_ref().map(Stamps::of),
            facts: own.facts.0.clone(),
        })?;
    }
    for server in &seen.time_servers {
        for exchange in &server.exchanges {
            body.add(&Ntp::of(&server.name, exchange))?;
        }
    }
    for server in &seen.web_servers {
        let line = |exchange, failure| Https { kind: "https", name: server.name.clone(), exchange, failure };
        for exchange in &server.exchanges {
            body.add(&line(Some(Stamps::of(exchange)), None))?;
        }
        if let Some(failure) = &server.failure {
            body.add(&line(None, Some(failure.clone())))?;
        }
    }
    for (place, observation) in seen.observations.iter().enumerate() {
        body.add(&host_line(observation, hosts.get(place)))?;
        for exchange in &observation.exchanges {
            body.add(&Sample::of(&observation.host, exchange))?;
        }
        if let Some(facts) = &observation.facts {
            body.add(&FactsLine {
                kind: "facts",
                host: observation.host.clone(),
                complete: facts.complete,
                bracket: facts.bracket.as_ref().map(Stamps::of),
                facts: facts.facts.0.clone(),
            })?;
        }
    }
    for claim in claims {
        body.add(&claim.line())?;
    }
    let mut whole = Lines::default();
    whole.add(&Run {
        kind: "run",
        started_ns: seen.started.0,
        finished_ns: seen.finished.0,
        controller_stepped: seen.controller_stepped,
        timer_lateness_ns: seen.timer_lateness_p95.map(|lateness| lateness.0),
        claims_window_ns: seen.claims_window.map(|window| window.0),
        claims_late_window_ns: seen.claims_late_window.map(|window| window.0),
        interrupted: seen.interrupted.map(|interruption| interruption.label().to_owned()),
        inventory_incomplete,
        asked: asked.map(|asked| AskedLine {
            profiles: asked.asked.profiles.clone(),
            warn_ns: asked.asked.warn.map(|limit| limit.0),
            crit_ns: asked.asked.crit.map(|limit| limit.0),
            from_files: asked.from_files.clone(),
        }),
        not_audited: not_audited.to_vec(),
        hosts: Some(seen.observations.len()),
        lines: Some(1 + body.count),
    })?;
    Ok(whole.text + &body.text)
}

/// Lines of JSON, counted.
#[derive(Default)]
struct Lines {
    text: String,
    count: usize,
}

impl Lines {
    fn add(&mut self, line: &impl Serialize) -> Result<(), serde_json::Error> {
        self.text.push_str(&serde_json::to_string(line)?);
        self.text.push('\n');
        self.count += 1;
        Ok(())
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
        profiles: host.asked.profiles,
        warn_ns: host.asked.warn.map(|limit| limit.0),
        crit_ns: host.asked.crit.map(|limit| limit.0),
        address: host.address,
        port: host.port,
        reader: observation.reader.map(|reader| reader.label().to_owned()),
        ready_after_ns: observation.ready_after.map(|length| length.0),
        window: observation.window,
        failure: failure.map(|failure| failure.code.word().to_owned()),
        stage: failure.map(|failure| failure.stage.label().to_owned()),
        detail: failure.map(|failure| failure.detail.clone()).filter(|detail| !detail.is_empty()),
    }
}

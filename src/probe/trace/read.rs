//! Reading a trace: line by line, every line understood or refused with its number.

use std::collections::HashMap;

use serde::Deserialize;
use thiserror::Error;

use super::claim::ChronyClaim;
use super::line::{
    AskedLine, Chrony, Controller, ControllerFacts, FactsLine, Host, Https, Kind, Meta, Ntp, Of, Run, Stamps, Window,
};
use super::{Asked, FleetAsked, Settings, TokenQuestion, Trace, TraceHost};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::probe::{
    ControllerReading, Facts, FactsReading, Failure, FailureCode, Interruption, Observation, Reader, SamplingWindow,
    Seen, Stage, TimeServer, WebServer,
};

/// No trace may name more hosts.
const MOST_HOSTS: usize = 200_000;
/// No host may have more exchanges: more than an hour of four a second.
const MOST_EXCHANGES: usize = 20_000;
/// Nobody names more time servers.
const MOST_SERVERS: usize = 100;

/// Why a trace was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct TraceError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: TraceProblem,
}

/// What is wrong with a line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TraceProblem {
    /// It is no JSON object, or a key is missing or of the wrong type.
    #[error("{0}")]
    Malformed(String),
    /// Its type is not known.
    #[error("unknown type `{0}`")]
    UnknownType(String),
    /// A value is not one of those that its key can have.
    #[error("`{0}` has a value that it cannot have")]
    OutOfRange(&'static str),
    /// There is too much of something.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// There is less than its `run` line says: the rest was cut off.
    #[error("the trace was cut: it holds {hosts} of {all_hosts} hosts and {lines} of {all_lines} lines")]
    Cut {
        /// The hosts that are there.
        hosts: usize,
        /// The hosts that were recorded.
        all_hosts: usize,
        /// The lines that are there.
        lines: usize,
        /// The lines that were written.
        all_lines: usize,
    },
    /// Two traces were joined: clocks of two times cannot be held against each other.
    #[error("a second scan begins here: a trace holds one")]
    SecondRun,
    /// Nothing in it is about a host.
    #[error("the trace is empty: no host is in it")]
    NoHost,
}

/// Reads a trace; what is missing in it is taken as `docs/traces.md` says.
pub fn read(text: &str) -> Result<Trace, TraceError> {
    let mut reading = Reading::default();
    let mut refused = None;
    let mut end = 1;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        end = index + 1;
        if let Err(problem) = reading.take(line) {
            refused = Some(TraceError { line: end, problem });
            break;
        }
        reading.lines += 1;
    }
    // A cut in the middle of the last line is a cut, and says more than that the line is no JSON.
    let is_torn = !text.ends_with('\n') && text.lines().nth(end).is_none();
    let refused = match refused {
        Some(refused) if !is_torn => return Err(refused),
        other => other,
    };
    let at_the_end = |problem| TraceError { line: end, problem };
    reading.check_whole().map_err(at_the_end)?;
    match refused {
        Some(refused) => Err(refused),
        None if reading.observations.is_empty() => Err(at_the_end(TraceProblem::NoHost)),
        None => Ok(reading.finish()),
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    /// How many lines were understood.
    lines: usize,
    settings: Settings,
    places: HashMap<String, usize>,
    observations: Vec<Observation>,
    hosts: Vec<TraceHost>,
    claims: Vec<ChronyClaim>,
    controller: Vec<ControllerReading>,
    controller_facts: Option<FactsReading>,
    windows: Vec<SamplingWindow>,
    run: Option<Run>,
    asked: Option<FleetAsked>,
    interrupted: Option<Interruption>,
    servers: Vec<TimeServer>,
    web_servers: Vec<WebServer>,
    tokens: Option<TokenQuestion>,
}

fn parsed<'line, Line: Deserialize<'line>>(line: &'line str) -> Result<Line, TraceProblem> {
    // The column in serde's message stays: a line may be long.
    serde_json::from_str(line).map_err(|error| TraceProblem::Malformed(error.to_string()))
}

impl Reading {
    fn take(&mut self, line: &str) -> Result<(), TraceProblem> {
        let kind = parsed::<Kind>(line)?.kind;
        match kind.as_deref().unwrap_or("sample") {
            "sample" => self.take_sample(&parsed::<Of>(line)?.host, &parsed(line)?),
            "host" => self.take_host(parsed(line)?),
            "facts" => self.take_facts(parsed(line)?),
            "chrony" => {
                let claim = ChronyClaim::from_line(parsed::<Chrony>(line)?);
                self.place_of(&claim.host)?;
                self.claims.push(claim);
                Ok(())
            }
            "controller" => {
                let reading: Controller = parsed(line)?;
                let x = Interval::new(Nanos(reading.x_lo_ns), Nanos(reading.x_hi_ns));
                self.controller.push(ControllerReading { at: UnixNanos(reading.at_ns), x });
                Ok(())
            }
            "controller_facts" => {
                let own: ControllerFacts = parsed(line)?;
                let bracket = own.bracket.map(|stamps| stamps.exchange());
                self.controller_facts = Some(FactsReading { bracket, facts: Facts(own.facts), complete: true });
                Ok(())
            }
            "window" => {
                let window: Window = parsed(line)?;
                self.windows.push(SamplingWindow {
                    opened: UnixNanos(window.opened_ns),
                    closed: UnixNanos(window.closed_ns),
                    first_spread: Nanos(window.first_spread_ns),
                });
                Ok(())
            }
            "run" if self.run.is_some() => Err(TraceProblem::SecondRun),
            "run" => {
                let run: Run = parsed(line)?;
                if run.not_audited.len() > MOST_HOSTS {
                    return Err(TraceProblem::TooMany { what: "hosts that are not audited", limit: MOST_HOSTS });
                }
                self.asked = run.asked.as_ref().map(asked_of_all).transpose()?;
                self.interrupted = run.interrupted.as_deref().map(interruption).transpose()?;
                self.run = Some(run);
                Ok(())
            }
            "meta" => {
                let meta: Meta = parsed(line)?;
                if let Some(jwt) = &meta.jwt {
                    self.tokens = Some(TokenQuestion::from_line(jwt).map_err(TraceProblem::OutOfRange)?);
                }
                self.settings.set(&meta).map_err(TraceProblem::OutOfRange)
            }
            "ntp" => self.take_ntp(parsed(line)?),
            "https" => self.take_https(parsed(line)?),
            other => Err(TraceProblem::UnknownType(other.chars().take(40).collect())),
        }
    }

    fn take_sample(&mut self, host: &str, stamps: &Stamps) -> Result<(), TraceProblem> {
        let observation = self.observation_of(host)?;
        if observation.exchanges.len() >= MOST_EXCHANGES {
            return Err(TraceProblem::TooMany { what: "exchanges with one host", limit: MOST_EXCHANGES });
        }
        observation.exchanges.push(stamps.exchange());
        Ok(())
    }

    fn take_ntp(&mut self, line: Ntp) -> Result<(), TraceProblem> {
        let exchange = line.exchange();
        if let Some(server) = self.servers.iter_mut().find(|server| server.name == line.name) {
            if server.exchanges.len() >= MOST_EXCHANGES {
                return Err(TraceProblem::TooMany { what: "exchanges with one server", limit: MOST_EXCHANGES });
            }
            server.exchanges.push(exchange);
            return Ok(());
        }
        if self.servers.len() >= MOST_SERVERS {
            return Err(TraceProblem::TooMany { what: "time servers", limit: MOST_SERVERS });
        }
        self.servers.push(TimeServer { name: line.name, exchanges: vec![exchange] });
        Ok(())
    }

    fn take_https(&mut self, line: Https) -> Result<(), TraceProblem> {
        let place = self.web_servers.iter().position(|server| server.name == line.name);
        if place.is_none() && self.web_servers.len() >= MOST_SERVERS {
            return Err(TraceProblem::TooMany { what: "web servers", limit: MOST_SERVERS });
        }
        if place.is_none() {
            self.web_servers.push(WebServer { name: line.name, exchanges: Vec::new(), failure: None });
        }
        let place = place.unwrap_or(self.web_servers.len().saturating_sub(1));
        let Some(server) = self.web_servers.get_mut(place) else { return Ok(()) };
        if server.exchanges.len() >= MOST_EXCHANGES {
            return Err(TraceProblem::TooMany { what: "exchanges with one server", limit: MOST_EXCHANGES });
        }
        server.exchanges.extend(line.exchange.map(|stamps| stamps.exchange()));
        server.failure = line.failure.or(server.failure.take());
        Ok(())
    }

    fn take_host(&mut self, line: Host) -> Result<(), TraceProblem> {
        let place = self.place_of(&line.host)?;
        let reader = match line.reader {
            Some(label) => Some(Reader::from_label(&label).ok_or(TraceProblem::OutOfRange("reader"))?),
            None => None,
        };
        let failure = match line.failure {
            Some(label) => Some(Failure {
                code: FailureCode::from_word(&label).ok_or(TraceProblem::OutOfRange("failure"))?,
                stage: match line.stage {
                    Some(label) => Stage::from_label(&label).ok_or(TraceProblem::OutOfRange("stage"))?,
                    None => Stage::Prepare,
                },
                detail: line.detail.unwrap_or_default(),
            }),
            None => None,
        };
        let asked = asked(line.profiles, line.warn_ns, line.crit_ns)?;
        if let Some(observation) = self.observations.get_mut(place) {
            observation.reader = reader;
            observation.failure = failure;
            observation.ready_after = line.ready_after_ns.map(Nanos);
            observation.window = line.window;
        }
        if let Some(host) = self.hosts.get_mut(place) {
            *host = TraceHost {
                address: line.address,
                port: line.port,
                groups: line.groups,
                spawn: Nanos(line.spawn_ns),
                reference_only: line.reference_only,
                asked,
            };
        }
        Ok(())
    }

    fn take_facts(&mut self, line: FactsLine) -> Result<(), TraceProblem> {
        let observation = self.observation_of(&line.host)?;
        let bracket = line.bracket.map(|stamps| stamps.exchange());
        observation.facts = Some(FactsReading { bracket, facts: Facts(line.facts), complete: line.complete });
        Ok(())
    }

    /// The place of the host of that name, made where it is named for the first time.
    fn place_of(&mut self, name: &str) -> Result<usize, TraceProblem> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let place = self.observations.len();
        if place >= MOST_HOSTS {
            return Err(TraceProblem::TooMany { what: "hosts", limit: MOST_HOSTS });
        }
        self.places.insert(name.to_owned(), place);
        self.hosts.push(TraceHost::default());
        self.observations.push(Observation {
            host: name.to_owned(),
            reader: None,
            exchanges: Vec::new(),
            facts: None,
            failure: None,
            ready_after: None,
            window: 0,
        });
        Ok(place)
    }

    fn observation_of(&mut self, name: &str) -> Result<&mut Observation, TraceProblem> {
        let place = self.place_of(name)?;
        self.observations.get_mut(place).ok_or(TraceProblem::TooMany { what: "hosts", limit: MOST_HOSTS })
    }

    /// Whether all is there that was written. Traces by others do not count their hosts and lines; those of a scan do.
    fn check_whole(&self) -> Result<(), TraceProblem> {
        let (hosts, lines) = (self.observations.len(), self.lines);
        let said = self.run.as_ref();
        let all_hosts = said.and_then(|run| run.hosts).unwrap_or(hosts);
        let all_lines = said.and_then(|run| run.lines).unwrap_or(lines);
        if hosts < all_hosts || lines < all_lines {
            return Err(TraceProblem::Cut { hosts, all_hosts, lines, all_lines });
        }
        Ok(())
    }

    fn finish(mut self) -> Trace {
        if self.windows.is_empty() {
            self.windows.extend(window_of(&self.observations));
        }
        self.add_claimed_facts();
        let window = self.windows.first();
        let run = self.run.as_ref();
        let started = run.map(|run| run.started_ns).or(window.map(|window| window.opened.0)).unwrap_or_default();
        let finished = run.map(|run| run.finished_ns).or(window.map(|window| window.closed.0)).unwrap_or_default();
        let inventory_incomplete = run.is_some_and(|run| run.inventory_incomplete);
        let seen = Seen {
            started: UnixNanos(started),
            finished: UnixNanos(finished),
            controller_stepped: run.is_some_and(|run| run.controller_stepped),
            timer_lateness_p95: run.and_then(|run| run.timer_lateness_ns).map(Nanos),
            claims_window: run.and_then(|run| run.claims_window_ns).map(Nanos),
            claims_late_window: run.and_then(|run| run.claims_late_window_ns).map(Nanos),
            interrupted: self.interrupted,
            observations: self.observations,
            controller: self.controller,
            controller_facts: self.controller_facts,
            windows: self.windows,
            time_servers: self.servers,
            web_servers: self.web_servers,
        };
        Trace {
            settings: self.settings,
            seen,
            hosts: self.hosts,
            claims: self.claims,
            inventory_incomplete,
            not_audited: self.run.map(|run| run.not_audited).unwrap_or_default(),
            asked: self.asked,
            tokens: self.tokens,
        }
    }

    /// Gives hosts of which only the claim was recorded the facts that it stands for, so that it is judged like any other.
    fn add_claimed_facts(&mut self) {
        for claim in &self.claims {
            let place = self.places.get(&claim.host);
            let Some(observation) = place.and_then(|place| self.observations.get_mut(*place)) else {
                continue;
            };
            if observation.facts.is_none() {
                let until = claim.at.unwrap_or(UnixNanos(i64::MAX));
                let before = observation.exchanges.iter().filter(|exchange| exchange.sent <= until);
                let bracket = before.max_by_key(|exchange| exchange.sent).copied();
                let facts = Facts(vec![("chrony.csv".to_owned(), claim.tracking_csv())]);
                observation.facts = Some(FactsReading { bracket, facts, complete: true });
            }
        }
    }
}

fn asked(profiles: Vec<String>, warn_ns: Option<i64>, crit_ns: Option<i64>) -> Result<Asked, TraceProblem> {
    if [warn_ns, crit_ns].iter().flatten().any(|limit| *limit < 0) {
        return Err(TraceProblem::OutOfRange("warn_ns"));
    }
    Ok(Asked { profiles, warn: warn_ns.map(Nanos), crit: crit_ns.map(Nanos) })
}

fn asked_of_all(line: &AskedLine) -> Result<FleetAsked, TraceProblem> {
    let asked = asked(line.profiles.clone(), line.warn_ns, line.crit_ns)?;
    Ok(FleetAsked { asked, from_files: line.from_files.clone() })
}

fn interruption(label: &str) -> Result<Interruption, TraceProblem> {
    Interruption::from_label(label).ok_or(TraceProblem::OutOfRange("interrupted"))
}

/// The window that the exchanges of a trace span, where none was recorded.
fn window_of(observations: &[Observation]) -> Option<SamplingWindow> {
    let exchanges = || observations.iter().flat_map(|observation| &observation.exchanges);
    let opened = exchanges().map(|exchange| exchange.sent).min()?;
    let closed = exchanges().map(|exchange| exchange.received).max()?;
    let firsts = observations.iter().filter_map(|one| one.exchanges.iter().map(|exchange| exchange.sent).min());
    let first_spread = firsts.max().map_or(Nanos::ZERO, |latest| latest.since(opened));
    Some(SamplingWindow { opened, closed, first_spread })
}

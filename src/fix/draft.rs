//! The draft of a run: what surveys, answers and measurements of all hosts amount to, before anybody has agreed to it.
//!
//! It is made in two steps, because what chronyd is asked on a host depends on what its files become: `question` by the survey
//! alone, `draft` by everything.

mod prepared;
mod unsettled;

use std::collections::{BTreeMap, BTreeSet};

use prepared::{Prepared, follows};

use super::change::Mending;
use super::diff::FileDiff;
use super::forecast::{self, Forecast, Outset, Ruling, StepPolicy};
use super::guards::{self, Allowed};
use super::installation::Installation;
use super::pace::{Pace, pace};
use super::plan::{Check, Plan, PlannedHost, RefusedHost};
use super::refusal::Refusal;
use super::remote::{self, CheckRefusal, Checked, Init, Survey};
use super::yardstick::{self, Absolute, Found, NoYardstick, Witness, Yardstick};
use crate::audit::figure;
use crate::clock::{Interval, Nanos};
use crate::timekeeper::chrony::configuration::Layout;
use crate::timekeeper::chrony::configuration::lines::Directive;

pub use unsettled::Unsettled;

/// What is asked of all hosts alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Which clocks may be stepped.
    pub step: StepPolicy,
    /// What is allowed beside editing files.
    pub allowed: Allowed,
    /// Whether new servers may be far from what the scan took for UTC, and sources of both kinds may stand side by side.
    pub is_forced: bool,
    /// What the scan took for UTC.
    pub absolute: Option<Absolute>,
    /// The host that is to serve an isolated network.
    pub internal: Option<String>,
}

/// What is to be done on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// What was asked for.
    Mend(Mending),
    /// What a plan says that was made before, and nothing else.
    Apply(Box<PlannedHost>),
}

impl Intent {
    /// Whether only the clock is stepped, and no file changes.
    pub fn steps_now(&self) -> bool {
        *self == Self::Mend(Mending::StepNow)
    }
}

/// A host, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name in the inventory.
    pub name: String,
    /// Where it is reached: others may have it as a source by that name.
    pub address: String,
    /// What is to be done on it.
    pub intent: Result<Intent, Refusal>,
    /// Its own limit: within it its clock is right.
    pub warn: Nanos,
    /// Its offset by the scan; it counts only where there is no yardstick. `None` where the scan has none.
    pub scanned: Option<Interval>,
    /// What was seen on it.
    pub seen: Result<Seen, Refusal>,
}

/// What was seen on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is, and how chronyd is configured there.
    pub survey: Survey,
    /// What chronyd answered; `None` where it was asked nothing.
    pub checked: Option<Result<Checked, CheckRefusal>>,
    /// Its clock minus the axis when chronyd was asked; `None` where it was not measured.
    pub clock: Option<Interval>,
}

/// A host that is to be changed, or is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftedHost {
    /// Its place among the subjects.
    pub subject: usize,
    /// What is done to it.
    pub planned: PlannedHost,
    /// What changes in its files, from what is there to what is in the end.
    pub diffs: Vec<FileDiff>,
    /// What its clock starts from.
    pub outset: Outset,
    /// What its clock will do; `None` where nothing is done.
    pub forecast: Option<Forecast>,
    /// Whether it can only be brought right by a step back that nobody has allowed yet.
    pub needs_consent: bool,
    /// Whether `makestep` is asked for and no file changes.
    pub steps_now: bool,
    /// Whether others may depend on its time.
    pub is_time_server: bool,
    /// What is wrong all the same, where nothing is done.
    pub unsettled: Option<Unsettled>,
    /// What chronyd there can be asked for the yardstick.
    pub servers: remote::Check,
}

/// The draft of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Which clocks may be stepped.
    pub step: StepPolicy,
    /// The hosts that are changed, and those that are as they should be, in the order of the subjects.
    pub hosts: Vec<DraftedHost>,
    /// The others.
    pub refused: Vec<RefusedHost>,
    /// What offsets are taken from.
    pub yardstick: Yardstick,
}

/// What chronyd is to be asked on a host; `None` = nothing.
///
/// # Errors
///
/// Why this host is not changed, as far as its survey tells.
pub fn question(survey: &Survey, intent: &Intent, terms: &Terms) -> Result<Option<remote::Check>, Refusal> {
    let prepared = Prepared::of(survey, intent, terms)?;
    let mut asked = guards::questions(&prepared.files.configuration);
    if prepared.files.files.is_empty() {
        // What is there already runs: only where the time servers stand is to be told.
        asked.directives.clear();
    }
    if terms.internal.is_some() {
        // The new server does not serve yet.
        asked.servers.clear();
    }
    asked.installs = prepared.installation.and_then(|installation| installation.manager);
    if asked.installs.is_some() {
        // There is no chronyd that could try them.
        asked.directives.clear();
    }
    let asks = !asked.servers.is_empty() || !asked.directives.is_empty() || asked.installs.is_some();
    Ok(asks.then_some(asked))
}

/// Works out the draft.
///
/// # Errors
///
/// Why nothing is changed anywhere.
pub fn draft(subjects: &[Subject], terms: &Terms) -> Result<Draft, NoYardstick> {
    let found = find(subjects, terms)?;
    let sources = named_as_sources(subjects);
    let (mut hosts, mut refused) = (Vec::new(), Vec::new());
    for (index, subject) in subjects.iter().enumerate() {
        match drafted(index, subject, &found, terms) {
            Ok(mut host) => {
                host.is_time_server |= sources.contains(&subject.name) || sources.contains(&subject.address);
                hosts.push(host);
            }
            Err(refusal) => refused.push(RefusedHost::new(subject.name.clone(), &refusal)),
        }
    }
    Ok(Draft { step: terms.step, hosts, refused, yardstick: found.yardstick })
}

impl Draft {
    /// The plan that it amounts to; `change` is what was asked for, in words.
    pub fn plan(&self, change: String) -> Plan {
        let hosts = self.hosts.iter().map(|host| host.planned.clone()).collect();
        Plan { change, step: self.step, hosts, refused: self.refused.clone() }
    }

    /// The hosts on which something is done.
    pub fn changing(&self) -> impl Iterator<Item = &DraftedHost> {
        self.hosts.iter().filter(|host| host.is_changing())
    }

    /// The hosts that are as they should be.
    pub fn unchanged(&self) -> impl Iterator<Item = &DraftedHost> {
        self.hosts.iter().filter(|host| !host.is_changing())
    }

    /// The hosts that need a step back which somebody must allow.
    pub fn needing_consent(&self) -> impl Iterator<Item = &DraftedHost> {
        self.hosts.iter().filter(|host| host.needs_consent)
    }

    /// Refuses the hosts that need a step back: nobody can be asked for it, or nobody allows it.
    pub fn refuse_steps_back(&mut self) {
        for host in self.hosts.extract_if(.., |host| host.needs_consent) {
            let offset = figure::with_bound(host.outset.offset.midpoint(), host.outset.offset);
            self.refused.push(RefusedHost::new(host.planned.name, &Refusal::StepBack { offset }));
        }
    }
}

impl DraftedHost {
    /// Whether anything is done to it.
    pub fn is_changing(&self) -> bool {
        self.steps_now || !self.planned.files.is_empty() || self.planned.installs.is_some()
    }
}

/// Finds the yardstick by all hosts that were measured and asked.
fn find(subjects: &[Subject], terms: &Terms) -> Result<Found, NoYardstick> {
    let clock = |subject: &Subject| subject.seen.as_ref().ok()?.clock;
    if let Some(server) = &terms.internal {
        let standing = subjects.iter().find(|subject| subject.name == *server).and_then(clock);
        let internal = |standing| Yardstick::Internal { host: server.clone(), standing };
        let yardstick = standing.map_or(Yardstick::Claims, internal);
        return Ok(Found { yardstick, refused: BTreeMap::new() });
    }
    let witness = |subject: &Subject| {
        let seen = subject.seen.as_ref().ok()?;
        let Some(Ok(checked)) = &seen.checked else { return None };
        Some(Witness { host: subject.name.clone(), offset: seen.clock?, asked: guards::corrections(checked) })
    };
    let witnesses: Vec<Witness> = subjects.iter().filter_map(witness).collect();
    yardstick::find(&witnesses, terms.absolute, terms.is_forced)
}

/// The names and addresses that hosts have as sources, or are to have.
fn named_as_sources(subjects: &[Subject]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for subject in subjects {
        let Ok(seen) = &subject.seen else { continue };
        if let Ok(layout) = guards::layout(&seen.survey) {
            let lines = layout.files().flat_map(|file| file.lines.iter());
            let sources = lines.filter(|line| line.directive() == Some(Directive::Source));
            names.extend(sources.filter_map(|line| line.words().into_iter().nth(1)));
        }
        if let Ok(Intent::Mend(Mending::Edit(wanted))) = &subject.intent {
            names.extend(wanted.names());
        }
    }
    names
}

/// Whether a configuration lets others ask: `allow`, and no `port 0`.
fn serves(configuration: &Layout) -> bool {
    let mut allows = false;
    for line in configuration.files().flat_map(|file| file.lines.iter()) {
        match line.directive() {
            Some(Directive::Allow) => allows = true,
            Some(Directive::Port) if line.words().get(1).is_some_and(|port| port == "0") => return false,
            _ => {}
        }
    }
    allows
}

fn drafted(index: usize, subject: &Subject, found: &Found, terms: &Terms) -> Result<DraftedHost, Refusal> {
    let seen = subject.seen.as_ref().map_err(Clone::clone)?;
    let intent = subject.intent.as_ref().map_err(Clone::clone)?;
    let prepared = Prepared::of(&seen.survey, intent, terms)?;
    let mut checks = prepared.checks.clone();
    if let Some(refusal) = found.refused.get(&subject.name) {
        return Err(refusal.clone());
    }
    match &seen.checked {
        Some(Ok(checked)) => checks.extend(guards::answered(&as_far_as_it_counts(checked, terms))?),
        Some(Err(CheckRefusal::NoChronyd)) => return Err(Refusal::NoChronyd),
        None => {}
    }
    let checked = seen.checked.as_ref().and_then(|checked| checked.as_ref().ok());
    let installs = prepared.installation(intent, checked)?;
    let not_measured = |why: &str| Refusal::NotMeasured(why.to_owned());
    let clock = seen.clock.ok_or_else(|| not_measured("its clock could not be read beside the survey"))?;
    let offset = found.yardstick.offset(clock).or(subject.scanned);
    let servers = remote::Check { directives: Vec::new(), ..guards::questions(&prepared.files.configuration) };
    let offset = offset.ok_or_else(|| {
        not_measured(if servers.servers.is_empty() {
            "the new configuration names no server that could be asked, and the scan has no offset of it"
        } else {
            "no host could ask the new source, and the scan has no offset of it"
        })
    })?;
    let Pace { slew_rate, selection } = pace(&prepared.files.configuration);
    let outset = Outset { offset, slew_rate, selection };
    let steps_now = intent.steps_now();
    let ruling =
        if steps_now { forecast::step_now(outset, terms.step) } else { forecast::forecast(outset, terms.step) };
    let is_right = steps_now && offset.magnitude().hi <= subject.warn;
    let (forecast, needs_consent) = match ruling {
        _ if is_right => (None, false),
        _ if prepared.files.files.is_empty() && installs.is_none() && !steps_now => (None, false),
        Ruling::Allowed(forecast) => {
            checks.push(Check::Movement);
            (Some(forecast), false)
        }
        Ruling::NeedsConsent(forecast) => (Some(forecast), true),
    };
    let steps_now = steps_now && !is_right;
    let without_steps = forecast.is_some_and(|forecast| forecast.without_steps);
    let is_time_server = serves(&prepared.layout) || serves(&prepared.files.configuration);
    let configuration = prepared.layout.main().path.clone();
    let files = prepared.files_for(intent, forecast.as_ref(), terms)?;
    let mut warnings = files.warnings;
    let starts = started_by_it(&seen.survey, installs.as_ref()).filter(|_| !files.files.is_empty());
    let about_host = old_chronyd(seen).into_iter().chain(not_at_boot(&seen.survey, installs.as_ref())).chain(starts);
    for warning in about_host {
        // A plan that was made before has it too.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    let mut planned = PlannedHost {
        name: subject.name.clone(),
        configuration,
        service: service(&seen.survey, installs.as_ref()),
        version: seen.survey.version.clone(),
        installs,
        files: files.files,
        follows: follows(intent),
        without_steps,
        checks,
        warnings,
    };
    let unsettled = forecast.is_none().then(|| Unsettled::of(seen, intent, &planned, offset, subject.warn)).flatten();
    planned.warnings.extend(unsettled.as_ref().map(Unsettled::describe));
    let diffs = files.diffs;
    Ok(DraftedHost {
        subject: index,
        planned,
        diffs,
        outset,
        forecast,
        needs_consent,
        steps_now,
        is_time_server,
        unsettled,
        servers,
    })
}

/// The service that is restarted.
fn service(survey: &Survey, installs: Option<&Installation>) -> String {
    let there = survey.service.as_ref().map(|service| service.name.clone());
    there.or(installs.map(|installs| installs.service().to_owned())).unwrap_or_default()
}

/// What chronyd said, without what it cannot know yet: the server of an isolated network does not serve before it is changed.
fn as_far_as_it_counts(checked: &Checked, terms: &Terms) -> Checked {
    match terms.internal {
        Some(_) => Checked { servers: Vec::new(), dry_run: None, ..checked.clone() },
        None => checked.clone(),
    }
}

/// What an old chronyd cannot do.
fn old_chronyd(seen: &Seen) -> Option<String> {
    let version = seen.survey.version.as_deref().unwrap_or_default();
    let major: u32 = version.split('.').next()?.parse().ok()?;
    (major < 4).then(|| {
        format!("its chronyd {version} cannot check a configuration (`-p`): a dry run alone tells whether it would do")
    })
}

/// That somebody has stopped a chronyd that a change starts, unless it is installed now.
fn started_by_it(survey: &Survey, installs: Option<&Installation>) -> Option<String> {
    let service = survey.service.as_ref().filter(|service| !service.is_active)?;
    installs.is_none().then(|| format!("its {} does not run: this starts it", service.name))
}

/// That nothing starts chronyd when the host starts, unless it is installed now.
fn not_at_boot(survey: &Survey, installs: Option<&Installation>) -> Option<String> {
    let service = survey.service.as_ref().filter(|service| service.is_enabled == Some(false))?;
    let remedy = match service.init {
        Init::OpenRc => format!("rc-update add {} default", service.name),
        Init::Systemd | Init::SysV | Init::Rc => format!("systemctl enable {}", service.name),
    };
    installs.is_none().then(|| {
        format!(
            "its {} is not started at boot: after the next one nothing keeps its clock; `{remedy}` there has it started",
            service.name
        )
    })
}

#[cfg(test)]
mod tests;

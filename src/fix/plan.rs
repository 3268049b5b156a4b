//! The plan: what is done to each host and why others are left alone, as it is shown, stored and applied again.

mod stored;

pub use stored::{PlanError, SCHEMA, read, schema, write};

use core::net::IpAddr;

use super::files::PlannedFile;
use super::forecast::{Forecast, Outset, Ruling, StepPolicy, forecast};
pub use super::installation::Installation;
use super::refusal::Refusal;
use super::remote::{self, Digest, RunId};
use crate::audit::figure;
use crate::clock::Nanos;
use crate::timekeeper::chrony::{LeapStatus, ReferenceId, Tracking};

/// How long a source is waited for at least.
const LEAST_WAIT: Nanos = Nanos::from_seconds(30);
/// After how many seconds of silence the guard on a host puts the old files back.
pub const GUARD_S: u32 = 120;

/// What was looked into before a host got into the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The script runs as root there.
    Root,
    /// chronyd can set the clock there.
    SetsClock,
    /// Each new server answers there.
    ServersAnswer,
    /// chronyd takes the new configuration (`-p`).
    Syntax,
    /// A dry run with it found the time (`-Q`).
    DryRun,
    /// The way that the clock must move is allowed.
    Movement,
}

impl Check {
    /// Every check, in the order in which they are made.
    pub const ALL: [Self; 6] =
        [Self::Root, Self::SetsClock, Self::ServersAnswer, Self::Syntax, Self::DryRun, Self::Movement];

    /// The name that it is stored by.
    pub fn label(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::SetsClock => "sets_clock",
            Self::ServersAnswer => "servers_answer",
            Self::Syntax => "syntax",
            Self::DryRun => "dry_run",
            Self::Movement => "movement",
        }
    }
}

/// What chronyd is to follow once the change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    /// One of these names or addresses.
    Sources(Vec<String>),
    /// Some source: a clock on the host itself, or what a whole file names.
    Anything,
    /// Its own clock, at this stratum: the server of an isolated network.
    OwnClock(u8),
}

/// What is done to one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedHost {
    /// Its name in the inventory.
    pub name: String,
    /// The file that its chronyd is started with.
    pub configuration: String,
    /// The service that is restarted.
    pub service: String,
    /// The version of its chronyd; `None` where chrony is yet to be installed.
    pub version: Option<String>,
    /// What is installed and stopped there first.
    pub installs: Option<Installation>,
    /// The files that change; none = all is as it should be.
    pub files: Vec<PlannedFile>,
    /// What it is to follow.
    pub follows: Follows,
    /// Whether steps are left out until the clock is right.
    pub without_steps: bool,
    /// What was looked into, and is in order.
    pub checks: Vec<Check>,
    /// What there is to know.
    pub warnings: Vec<String>,
}

/// A host that is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedHost {
    /// Its name in the inventory.
    pub name: String,
    /// The name of the reason.
    pub reason: String,
    /// The reason in words; remote text in it is not escaped.
    pub message: String,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What was asked for, in words: `--ntp-server 169.254.169.123`.
    pub change: String,
    /// Which clocks may be stepped.
    pub step: StepPolicy,
    /// The hosts that are changed, and those where all is as it should be.
    pub hosts: Vec<PlannedHost>,
    /// The others.
    pub refused: Vec<RefusedHost>,
}

impl Plan {
    /// Whether anything would change anywhere: what `--detailed-exitcode` asks.
    pub fn has_changes(&self) -> bool {
        self.hosts.iter().any(|host| !host.files.is_empty() || host.installs.is_some())
    }

    /// The host that is to serve an isolated network, where that is what the plan was made for.
    pub fn internal(&self) -> Option<&str> {
        let serves = |host: &&PlannedHost| matches!(host.follows, Follows::OwnClock(_));
        self.hosts.iter().find(serves).map(|host| host.name.as_str())
    }
}

impl PlannedHost {
    /// The files that are still to be changed: each is what the plan was made for, and those that are what the plan makes of them
    /// already are left out. `now` gives what a file is; `None` where it is gone.
    ///
    /// # Errors
    ///
    /// The refusal that names a file which is neither.
    pub fn files_to_come(&self, now: impl Fn(&str) -> Option<Digest>) -> Result<Vec<PlannedFile>, Refusal> {
        let to_come = |file: &PlannedFile| match now(&file.path) {
            found if found == file.was => Some(Ok(file.clone())),
            Some(found) if found == Digest::of(&file.becomes) => None,
            _ => Some(Err(Refusal::Changed(file.path.clone()))),
        };
        let mut files = self.files.iter().filter_map(to_come).collect::<Result<Vec<_>, _>>()?;
        // What changes only for the time of a slew is as it is wanted once nothing else is to come.
        if files.iter().all(|file| file.was == Some(Digest::of(&file.becomes))) {
            files.clear();
        }
        // A file that has its steps back already would step a clock that was to be slewed.
        let steps = |file: &&PlannedFile| file.meanwhile.is_some() && files.iter().all(|other| other.path != file.path);
        match self.files.iter().find(steps) {
            Some(file) if !files.is_empty() => Err(Refusal::Changed(file.path.clone())),
            _ => Ok(files),
        }
    }

    /// Whether the plan still brings its clock right in an allowed way, by what was measured anew.
    ///
    /// # Errors
    ///
    /// The refusal that says what is not allowed.
    pub fn fits_clock(&self, ruling: &Ruling) -> Result<(), Refusal> {
        match ruling {
            Ruling::Allowed(forecast) if forecast.without_steps && !self.without_steps && !self.files.is_empty() => {
                Err(Refusal::Moved)
            }
            Ruling::Allowed(_) => Ok(()),
            Ruling::NeedsConsent(forecast) => {
                let offset = forecast.outset.offset;
                Err(Refusal::StepBack { offset: figure::with_bound(offset.midpoint(), offset) })
            }
        }
    }

    /// What its clock will do once the plan is applied, by what was measured anew. `consents` says that somebody allowed a step
    /// back.
    ///
    /// # Errors
    ///
    /// The refusal that says what is not allowed, or what the plan does not fit any more.
    pub fn forecast(&self, outset: Outset, step: StepPolicy, consents: bool) -> Result<Forecast, Refusal> {
        let ruling = forecast(outset, if consents { StepPolicy::Any } else { step });
        self.fits_clock(&ruling)?;
        // Files without steps slew whatever the clock is like by now.
        let ruling = if self.without_steps { forecast(outset, StepPolicy::Never) } else { ruling };
        let (Ruling::Allowed(found) | Ruling::NeedsConsent(found)) = ruling;
        Ok(Forecast { without_steps: self.without_steps, ..found })
    }

    /// What the host is asked to do first; `selection` is within which time its chronyd is expected to select a source.
    pub fn request(&self, run: RunId, selection: Nanos) -> remote::Apply {
        let changes = self.files.iter().filter(|file| file.changes_at_once()).map(|file| remote::Change {
            path: file.path.clone(),
            was: file.was,
            becomes: remote::Becomes::Bytes(file.first().to_vec()),
        });
        let expected = match &self.follows {
            Follows::OwnClock(_) => remote::Expected::Local,
            Follows::Anything => remote::Expected::Selected,
            Follows::Sources(names) => addresses(names).map_or(remote::Expected::Selected, remote::Expected::OneOf),
        };
        let patience = LEAST_WAIT.max(selection + selection);
        remote::Apply {
            run,
            configuration: self.configuration.clone(),
            changes: changes.collect(),
            installs: self.installs.as_ref().map(Installation::request),
            expected,
            wait_s: u32::try_from(patience.0 / 1_000_000_000).unwrap_or(u32::MAX),
            guard_s: GUARD_S,
            restarts: true,
            // A dry run needs a source to ask.
            validates: !matches!(self.follows, Follows::OwnClock(_)),
            slews: self.without_steps,
        }
    }

    /// What the host is asked to do once its clock is right, where steps were left out until then: put them into its files, without
    /// a restart.
    pub fn steps_request(&self, run: RunId) -> Option<remote::Apply> {
        let changes: Vec<remote::Change> = self
            .files
            .iter()
            .filter_map(|file| {
                let was = Some(Digest::of(file.meanwhile.as_deref()?));
                Some(remote::Change {
                    path: file.path.clone(),
                    was,
                    becomes: remote::Becomes::Bytes(file.becomes.clone()),
                })
            })
            .collect();
        let asked = self.request(run, Nanos::ZERO);
        (!changes.is_empty()).then_some(remote::Apply {
            changes,
            installs: None,
            expected: remote::Expected::Running,
            restarts: false,
            validates: false,
            ..asked
        })
    }

    /// Whether the files are again what they were, and the clock is kept by what kept it.
    pub fn is_as_before(&self, survey: &remote::Survey) -> bool {
        let digest = |path: &str| survey.files.iter().find(|file| file.path == path).and_then(|file| file.digest);
        let is_back = self.installs.as_ref().is_none_or(|installs| installs.is_undone(survey));
        is_back && self.files.iter().all(|file| digest(&file.path) == file.was)
    }

    /// Whether its chronyd follows what it is to follow, with a leap status that says so.
    pub fn is_followed(&self, tracking: &Tracking) -> bool {
        let is_normal =
            matches!(tracking.leap_status, LeapStatus::Normal | LeapStatus::InsertSecond | LeapStatus::DeleteSecond);
        let is_another = !matches!(tracking.reference_id, ReferenceId::NONE | ReferenceId::LOCAL);
        match &self.follows {
            Follows::OwnClock(stratum) => tracking.reference_id == ReferenceId::LOCAL && tracking.stratum == *stratum,
            Follows::Anything => is_normal && is_another,
            Follows::Sources(names) => {
                let source = || tracking.source.as_deref().and_then(|source| source.parse().ok());
                let is_one = addresses(names).is_none_or(|all| source().is_some_and(|source| all.contains(&source)));
                is_normal && is_another && is_one
            }
        }
    }

    /// Whether its chronyd is restarted: where its files only get steps back, or nothing changes, it is not.
    pub fn restarts(&self) -> bool {
        self.installs.is_some() || self.files.iter().any(PlannedFile::changes_at_once)
    }
}

/// The addresses that sources are named by; `None` where one has a name, which is not what chronyd tells of the source behind it.
fn addresses(names: &[String]) -> Option<Vec<IpAddr>> {
    let addresses: Option<Vec<IpAddr>> = names.iter().map(|name| name.parse().ok()).collect();
    addresses.filter(|all| !all.is_empty())
}

impl RefusedHost {
    /// A host that is left alone for this.
    pub fn new(name: impl Into<String>, refusal: &Refusal) -> Self {
        Self { name: name.into(), reason: refusal.label().to_owned(), message: refusal.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Interval, Nanos};
    use crate::fix::forecast::{DEFAULT_SLEW_RATE, Movement, SELECTION};

    pub(super) fn plan() -> Plan {
        let file = |path: &str, meanwhile: Option<&[u8]>| PlannedFile {
            path: path.to_owned(),
            was: Some(Digest::of(b"pool a\n")),
            becomes: b"server b\n".to_vec(),
            meanwhile: meanwhile.map(<[u8]>::to_vec),
        };
        let host = |name: &str, files: Vec<PlannedFile>| PlannedHost {
            name: name.to_owned(),
            configuration: "/etc/chrony.conf".to_owned(),
            service: "chronyd".to_owned(),
            version: Some("4.3".to_owned()),
            installs: None,
            files,
            follows: Follows::Sources(vec!["b".to_owned()]),
            without_steps: false,
            checks: Check::ALL.to_vec(),
            warnings: Vec::new(),
        };
        Plan {
            change: "--ntp-server b".to_owned(),
            step: StepPolicy::Forward,
            hosts: vec![
                host("one", vec![file("/etc/chrony.conf", None)]),
                host("two", vec![file("/etc/chrony.conf", Some(b"server \xff\n"))]),
                host("three", Vec::new()),
            ],
            refused: vec![RefusedHost::new("four", &Refusal::NoChronyd)],
        }
    }

    #[test]
    fn a_plan_is_applied_only_to_what_it_was_made_for() {
        let plan = plan();
        let host = &plan.hosts[0];
        assert_eq!(host.files_to_come(|_| Some(Digest::of(b"pool a\n"))), Ok(host.files.clone()));
        let changed = Err(Refusal::Changed("/etc/chrony.conf".to_owned()));
        assert_eq!(host.files_to_come(|_| Some(Digest::of(b"pool c\n"))), changed);
        assert_eq!(host.files_to_come(|_| None), changed);
        // One of two has its steps back, the other is what it was: both are slewed together, or not at all.
        let (main, include) = (host.files[0].clone(), host.files[0].clone());
        let main = PlannedFile { meanwhile: Some(b"server b\n#".to_vec()), ..main };
        let two =
            PlannedHost { files: vec![main, PlannedFile { path: "/etc/b".to_owned(), ..include }], ..host.clone() };
        let half = |path: &str| Some(Digest::of(if path == "/etc/b" { b"pool a\n".as_slice() } else { b"server b\n" }));
        assert_eq!(two.files_to_come(half), changed);
        assert_eq!(two.files_to_come(|_| Some(Digest::of(b"server b\n"))), Ok(Vec::new()));
        // A file that changes only for the time of the slew.
        let only =
            PlannedFile { becomes: b"pool a\n".to_vec(), meanwhile: Some(b"#".to_vec()), ..two.files[1].clone() };
        let three = PlannedHost { files: vec![two.files[0].clone(), only], ..two.clone() };
        assert_eq!(three.files_to_come(half), Ok(Vec::new()));
        let ruling = |millis: i64| {
            let offset = Interval::around(Nanos::from_millis(millis), Nanos::from_millis(10));
            forecast(Outset { offset, slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION }, plan.step)
        };
        assert_eq!(host.fits_clock(&ruling(-8_000)), Ok(()));
        assert_eq!(host.fits_clock(&ruling(8_000)), Err(Refusal::Moved));
        assert!(matches!(host.fits_clock(&ruling(80_000)), Err(Refusal::StepBack { .. })));
        assert_eq!(plan.hosts[2].fits_clock(&ruling(8_000)), Ok(()));
        let outset = |millis: i64| {
            let offset = Interval::around(Nanos::from_millis(millis), Nanos::from_millis(10));
            Outset { offset, slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION }
        };
        assert!(matches!(host.forecast(outset(80_000), plan.step, false), Err(Refusal::StepBack { .. })));
        let stepped = host.forecast(outset(80_000), plan.step, true).expect("allowed");
        assert_eq!((stepped.movement, stepped.without_steps), (Movement::Steps, false));
        // What was planned without steps is slewed, though it could be stepped forward by now.
        let slewed = PlannedHost { without_steps: true, ..host.clone() };
        let slewed = slewed.forecast(outset(-8_000), plan.step, false).expect("allowed");
        assert_eq!((slewed.movement, slewed.without_steps), (Movement::Slews, true));
        assert_eq!(plan.hosts.iter().map(PlannedHost::restarts).collect::<Vec<_>>(), [true, true, false]);
        assert!(plan.has_changes());
        assert_eq!(plan.internal(), None);
        let mut isolated = plan.clone();
        isolated.hosts[1].follows = Follows::OwnClock(10);
        assert_eq!(isolated.internal(), Some("two"));
    }
}

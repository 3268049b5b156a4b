//! The report as it is stored: the one serialised model, `clockaudit.report/1`. Refactors elsewhere cannot break it.
//!
//! Adding a field is a minor change and needs `#[serde(default)]`, so that stored reports load for ever; changing one
//! needs a new major. Durations (`_s`) live in plain structs only, see `quantity`.

mod causes;
mod changes;
mod comparison;
mod consequences;
mod fix;
mod not_audited;
mod policy;
mod reference;
mod timekeeping;
mod token;

pub use causes::{Cause, OffsetBand};
pub use changes::{Change, Changes};
pub use comparison::{COMPARISON_SCHEMA, ChangeKind, ChangedFinding, ComparedOffset, ComparedRun, Comparison};
pub use consequences::{EarlyEnd, Impact, RefusingPair, Tokens};
pub use fix::{
    Fix, FixCounts, FixDiff, FixForecast, FixOffset, FixOutcome, FixYardstick, FixYardstickKind, FixedFile, FixedHost,
    FixedInstallation,
};
pub use not_audited::NotAudited;
pub use policy::{HostPolicy, Limits, Policy};
pub use reference::{MergedRun, Reference, ReferenceKind};
pub use timekeeping::{Service, TimeSource, Timekeeping};
pub use token::{
    TOKEN_SCHEMA, TokenAnswer, TokenClaims, TokenClocks, TokenCounts, TokenHost, TokenLibrary, TokenReport,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Instant, PartsPerMillion, Seconds};

/// The name and major version of the format.
pub const SCHEMA: &str = "clockaudit.report/1";

/// One audit of a fleet's clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `clockaudit.report/1`.
    pub schema: String,
    /// What made the report.
    pub kind: Kind,
    /// The program that wrote it.
    pub tool: Tool,
    /// The run.
    pub run: Run,
    /// The limits that verdicts rest on.
    pub policy: Policy,
    /// What offsets are relative to.
    pub reference: Reference,
    /// The fleet in a few numbers.
    pub summary: Summary,
    /// Findings about the fleet, its pairs and the controller.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Every selected host that is audited, sorted by name.
    pub hosts: Vec<Host>,
    /// The selected hosts that are not, sorted by name.
    #[serde(default)]
    pub not_audited: Vec<NotAudited>,
    /// The pairs that are surely furthest apart, worst first.
    #[serde(default)]
    pub pairs_worst: Vec<Pair>,
    /// What is wrong, hosts of one cause together, the worst first.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// What the clocks mean for the systems whose profiles were asked for.
    #[serde(default)]
    pub impact: Vec<Impact>,
    /// What they mean for tokens, one entry a question.
    #[serde(default)]
    pub jwt: Vec<Tokens>,
    /// What changed since the last scan of the same inventory; null where there is none to compare with.
    #[serde(default)]
    pub changes: Option<Changes>,
    /// What a fix planned and did, for every selected host; null where there was none. `hosts` are those of its last scan then.
    #[serde(default)]
    pub fix: Option<Fix>,
}

/// How the names of runs begin that are replays.
pub const REPLAYED: &str = "replay-";

/// What made a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A scan of real hosts.
    Scan,
    /// Recorded exchanges, judged again.
    Replay,
    /// The reports of several controllers, joined.
    Merge,
    /// A scan of simulated hosts.
    Demo,
    /// Clocks that were mended, or were to be.
    Fix,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// A name for the run, unique enough to tell runs apart.
    pub id: String,
    /// When it began, by the controller's clock.
    pub started: Instant,
    /// When it ended, by the controller's clock of the beginning.
    pub finished: Instant,
    /// Whether it ended before its work was done.
    pub partial: bool,
    /// Why it ended early; null where it did not.
    #[serde(default)]
    pub interrupted: Option<Interrupted>,
    /// The machine it ran on.
    pub controller: Controller,
    /// Where the hosts came from.
    pub inventory: Inventory,
    /// The runs whose reports were joined, in the order in which they were given; none for a run of its own.
    #[serde(default)]
    pub merged: Vec<MergedRun>,
}

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interrupted {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// `--deadline` passed.
    Deadline,
}

/// The machine that the run was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Controller {
    /// The controller's clock minus the reference at the instant the offsets hold for; null where there is no reference.
    pub offset_s: Option<Seconds>,
    /// Least value of that offset.
    pub lo_s: Option<Seconds>,
    /// Greatest value of that offset.
    pub hi_s: Option<Seconds>,
    /// The 95th percentile of how late the controller's timer was while it sampled.
    pub timer_lateness_s: Option<Seconds>,
    /// Whether its clock was set while it was watched.
    pub stepped: bool,
}

/// Where the hosts came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inventory {
    /// The sources as they were named.
    pub sources: Vec<String>,
    /// SHA-256 of all of them, hexadecimal; null where there is no text to hash.
    pub sha256: Option<String>,
    /// What was typed as `--limit`, each word of it; empty = every host of the inventory.
    #[serde(default)]
    pub limit: Vec<String>,
    /// How many hosts were selected, those that are not audited included.
    pub selected: usize,
    /// Whether a part of the inventory could not be understood, so that hosts may be missing.
    #[serde(default)]
    pub incomplete: bool,
}

/// What is said of a host or of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limits, for certain.
    Ok,
    /// Beyond the limit to warn at, for certain, or a finding that warns.
    Warn,
    /// Beyond the critical limit, for certain, or a critical finding.
    Crit,
    /// The bounds lie on both sides of a limit.
    Undecided,
    /// Not measured.
    Down,
}

/// The fleet in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The worst of hosts and pairs.
    pub verdict: Verdict,
    /// How many hosts have each verdict.
    pub counts: Counts,
    /// How many pairs there are of each kind.
    pub pairs: PairCounts,
    /// The two clocks that are surely furthest apart; null for fewer than two hosts.
    pub widest: Option<Pair>,
    /// Within how long every host of the first window was asked for the first time.
    pub window_first_s: Option<Seconds>,
    /// How long the first sampling window lasted.
    pub window_s: Option<Seconds>,
    /// From the first claim's request to the last claim's answer, of the hosts that were asked as soon as the sweeps were over.
    pub claims_window_s: Option<Seconds>,
    /// The same of the hosts that were measured longer (hunts, spare sweeps) and asked after that; null where there were none.
    #[serde(default)]
    pub claims_late_window_s: Option<Seconds>,
}

/// How many hosts have each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Hosts within the limits.
    pub ok: usize,
    /// Hosts beyond the limit to warn at.
    pub warn: usize,
    /// Hosts beyond the critical limit.
    pub crit: usize,
    /// Hosts whose bounds are too wide to tell.
    pub undecided: usize,
    /// Hosts that were not measured.
    pub down: usize,
}

/// How many pairs of measured hosts there are, by their difference against the critical limit; where two hosts have different
/// limits, against the laxer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PairCounts {
    /// All pairs.
    pub total: u64,
    /// Surely beyond the limit.
    pub beyond: u64,
    /// Neither.
    pub undecided: u64,
    /// Surely within the limit.
    pub within: u64,
}

/// Two clocks and their difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The host that is ahead.
    pub ahead: String,
    /// The host that is behind.
    pub behind: String,
    /// Point estimate of ahead minus behind.
    pub difference_s: Seconds,
    /// Least value of ahead minus behind.
    pub lo_s: Seconds,
    /// Greatest value of ahead minus behind.
    pub hi_s: Seconds,
}

/// One selected host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// The name or address that was connected to; null where that is not known.
    pub address: Option<String>,
    /// The TCP port; null where that is not known.
    pub port: Option<u16>,
    /// The groups it is in, sorted.
    pub groups: Vec<String>,
    /// What is asked of it; null where that is what is asked of all.
    #[serde(default)]
    pub policy: Option<HostPolicy>,
    /// The worst of its offset and its findings.
    pub verdict: Verdict,
    /// What there is to act on, worst first.
    pub findings: Vec<Finding>,
    /// Its clock; null where it was not measured.
    pub clock: Option<Clock>,
    /// What its timekeeper says of the clock; null where nothing was said.
    pub claim: Option<Claim>,
    /// Its timekeeper and the state of that in a few words: `chronyd, claims 16 us`; null where it was not asked.
    #[serde(default)]
    pub time_service: Option<String>,
    /// Who keeps its clock, and on what; null where it told no facts.
    #[serde(default)]
    pub timekeeping: Option<Timekeeping>,
    /// What it says of itself.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// Why it was not measured, or what ended its session early; null where nothing did.
    pub error: Option<Error>,
    /// From the first packet to the probe's first line.
    #[serde(default)]
    pub ready_after_s: Option<Seconds>,
    /// In which sampling window it was measured, 0 = the first.
    #[serde(default)]
    pub window: u32,
}

/// What was measured of a clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// Point estimate of the clock minus the reference, positive = ahead; null without a reference.
    pub offset_s: Option<Seconds>,
    /// Least value of the offset.
    pub lo_s: Option<Seconds>,
    /// Greatest value of the offset.
    pub hi_s: Option<Seconds>,
    /// The instant the offset holds for, the same for every host.
    pub at: Instant,
    /// How the clock behaved while it was sampled: `steady`, `suspect`, `glitch`, `stepped`, `slewing`, `moved`.
    pub status: String,
    /// What the bounds rest on. A1: each reading was taken between its two stamps. A2 (N ppm): between the exchanges and
    /// `at` the clock kept within N ppm of true rate and was not stepped. `single` needs that of the reference only.
    pub assumptions: Vec<String>,
    /// How the clock was read.
    pub reader: Option<String>,
    /// Least round-trip delay.
    pub rtt_min_s: Seconds,
    /// How many valid exchanges there were.
    pub exchanges: usize,
    /// How many of them the bounds rest on.
    pub used: usize,
    /// Rate error against the reference, positive = fast; null where no constant rate fits.
    pub frequency_ppm: Option<PartsPerMillion>,
    /// Least value of the rate error.
    pub frequency_lo_ppm: Option<PartsPerMillion>,
    /// Greatest value of the rate error.
    pub frequency_hi_ppm: Option<PartsPerMillion>,
    /// The narrowest single exchange: it needs no assumption about the clock's rate.
    pub single: Option<Single>,
    /// The changes that were caught, oldest first.
    pub steps: Vec<Step>,
}

/// What one exchange alone proves of a clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Single {
    /// When its request was sent.
    pub from: Instant,
    /// When its reply had come.
    pub to: Instant,
    /// Least value of the offset at some instant between the two.
    pub lo_s: Seconds,
    /// Greatest value of that offset.
    pub hi_s: Seconds,
}

/// A change of a clock that was caught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// It happened after this instant.
    pub after: Instant,
    /// It happened before this instant.
    pub before: Instant,
    /// Least size, positive = moved forward.
    pub lo_s: Seconds,
    /// Greatest size.
    pub hi_s: Seconds,
}

/// What a timekeeper says of the clock it disciplines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The timekeeper.
    pub timekeeper: String,
    /// Its version; null where it was not told.
    pub version: Option<String>,
    /// Whether it says that it is synchronised.
    pub synchronised: bool,
    /// The system clock minus UTC, as claimed; positive = ahead.
    pub offset_s: Option<Seconds>,
    /// Root delay.
    pub root_delay_s: Option<Seconds>,
    /// Root dispersion.
    pub root_dispersion_s: Option<Seconds>,
    /// How wrong the clock is at most by its own account, |offset| included; null where it is not synchronised.
    pub bound_s: Option<Seconds>,
    /// Least value of system clock minus UTC by its own account; null where it is not synchronised, and in reports of before it
    /// was stored.
    #[serde(default)]
    pub lo_s: Option<Seconds>,
    /// Greatest value of it.
    #[serde(default)]
    pub hi_s: Option<Seconds>,
    /// Stratum.
    pub stratum: Option<u32>,
    /// Leap status, in the timekeeper's own words.
    pub leap_status: Option<String>,
    /// Reference ID: what is followed.
    pub reference_id: Option<String>,
    /// The source that it follows.
    pub source: Option<String>,
    /// Rate correction that it applies, positive = the clock is fast without it.
    pub frequency_ppm: Option<PartsPerMillion>,
}

/// What a host says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Platform {
    /// The kernel's name, version and machine.
    #[serde(default)]
    pub kernel: Option<String>,
    /// The operating system and its version, by its own names.
    #[serde(default)]
    pub os: Option<String>,
    /// What the kernel counts time with.
    #[serde(default)]
    pub clocksource: Option<String>,
    /// What says that it is a container; null where nothing does.
    #[serde(default)]
    pub container: Option<String>,
    /// The machine that the container runs on; null where that is not told.
    #[serde(default)]
    pub node: Option<String>,
    /// The kind of virtual machine; null on bare metal, or where nobody told.
    #[serde(default)]
    pub virtual_machine: Option<String>,
    /// The cloud that it is rented from; null where it is none that is known.
    #[serde(default)]
    pub cloud: Option<String>,
}

/// Something to act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The stable code, `CLK101`.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What that means.
    pub meaning: String,
    /// What to do.
    pub remedy: String,
    /// When it was seen first at this host, of the scans that were kept in an unbroken row; null where none was kept.
    #[serde(default)]
    pub first_seen: Option<Instant>,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Makes a host critical.
    Crit,
    /// Makes a host warn.
    Warn,
    /// Changes no verdict.
    Note,
}

/// Why a host was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// The stable code, `SSH901`.
    pub code: String,
    /// The part of the way in which it failed.
    pub stage: String,
    /// The kind of failure in a few words.
    #[serde(default)]
    pub title: String,
    /// What was seen.
    pub message: String,
}

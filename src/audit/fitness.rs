//! Whether this controller is fit to scan: what was found on it, against what a scan needs.

mod inventory;

use super::figure;
use crate::clock::{Interval, Nanos};

pub use inventory::{Oddity, WrongSettings};

/// Files that are open besides the sessions: standard streams, the event queue, the agent, exports.
pub const OPEN_BESIDE: u16 = 64;
/// A limit of open files below this is too low for a fleet, whatever the inventory of today holds.
const FEW_FILES: u64 = 4_096;
/// Timers later than this, at the 95th percentile, make bounds wider than the network does (`docs/measurement.md`, 8).
pub const LATE: Nanos = Nanos::from_millis(1);

/// How good something on the controller is; the greater is the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fitness {
    /// Nothing in the way.
    Fit,
    /// Perhaps not as it was meant; a scan works.
    Odd,
    /// A scan works, worse than it could.
    Poor,
    /// A scan fails, in whole or in part.
    Unfit,
}

/// What a scan would use of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// The hard limit of open files.
    pub open_files: u64,
    /// How many hosts the inventory selects; none where no inventory was named.
    pub hosts: Option<usize>,
    /// What the hosts are logged in to with.
    pub login: Login,
    /// The selected hosts that there is nothing to log in to with, folded: no key, no agent that holds one, no password. Empty where
    /// there is something for each; none where no host is selected.
    pub stranded: Option<String>,
    /// The agent.
    pub agent: Agent,
    /// The key files of the user that exist, and those that the inventory names.
    pub key_files: Vec<KeyFile>,
    /// The files of known host keys.
    pub known_hosts: KnownHosts,
    /// What of the inventory was not understood, one line each; none where no inventory was named.
    pub inventory: Option<Vec<String>>,
    /// The selected hosts that are not audited, such as `win01 (winrm)`; empty where there are none.
    pub not_audited: String,
    /// What is wrong with settings of hosts, the gravest first.
    pub wrong: Vec<WrongSettings>,
    /// What of the inventory counts for nothing, and was perhaps meant to.
    pub odd: Vec<Oddity>,
    /// How late this machine's timers are: the 95th percentile.
    pub timer_lateness: Option<Nanos>,
    /// What its own timekeeper says of its clock.
    pub clock: OwnClock,
}

/// What hosts are logged in to with, as far as this machine has to bring it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Login {
    /// Some host needs a key, or nobody has named any host.
    Keys,
    /// A password is given for every host that is reached over SSH.
    Passwords,
    /// No host is reached over SSH.
    Nothing,
}

/// The agent that holds keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// `SSH_AUTH_SOCK` is not set.
    None,
    /// It is set, and nothing answers there.
    Silent(String),
    /// It holds so many keys.
    Holds(usize),
}

/// A file with a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Where.
    pub path: String,
    /// What it is good for.
    pub state: KeyState,
}

/// What a key file is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// A key that can be used.
    Usable,
    /// Encrypted: an agent that holds it can use it, and whoever knows its passphrase.
    Encrypted,
    /// The agent holds its key, whatever the file is good for.
    Held,
    /// Only its public half is there, and no agent holds the private one.
    PublicOnly,
    /// There is none.
    Missing,
    /// Others have rights to it, these: it is not used.
    Exposed(u32),
    /// It cannot be read or understood, and why.
    Unreadable(String),
}

/// The known host keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownHosts {
    /// How many keys there are.
    pub keys: usize,
    /// Files that are there and cannot be read, with the reason.
    pub unreadable: Vec<String>,
}

/// What is known of the controller's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnClock {
    /// Nobody keeps it, or whoever does cannot be asked.
    Unknown(String),
    /// Its timekeeper says that it follows nobody.
    Unsynchronised(String),
    /// Its timekeeper says that it is within these bounds of UTC.
    Claimed {
        /// Which timekeeper.
        timekeeper: String,
        /// The clock minus UTC.
        offset: Interval,
    },
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in two words.
    pub subject: &'static str,
    /// How good it is.
    pub fitness: Fitness,
    /// What is.
    pub what: String,
    /// What to do; none where nothing is in the way.
    pub remedy: Option<String>,
}

/// Everything that was looked at, in the order in which a scan needs it.
pub fn checks(controller: &Controller) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(inventory::checks(controller));
    checks.extend(inventory::wrong_settings(&controller.wrong));
    checks.extend(inventory::oddities(&controller.odd));
    checks.push(open_files(controller));
    if controller.login != Login::Nothing {
        checks.push(agent(controller));
        checks.extend(controller.key_files.iter().map(key_file));
        checks.extend(stranded(controller));
        checks.push(known_hosts(&controller.known_hosts));
    }
    checks.push(timers(controller.timer_lateness));
    checks.push(clock(&controller.clock));
    checks
}

fn fit(subject: &'static str, what: String) -> Check {
    Check { subject, fitness: Fitness::Fit, what, remedy: None }
}

fn not_fit(subject: &'static str, fitness: Fitness, what: String, remedy: impl Into<String>) -> Check {
    Check { subject, fitness, what, remedy: Some(remedy.into()) }
}

fn counted(keys: usize) -> String {
    if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") }
}

fn open_files(controller: &Controller) -> Check {
    const SUBJECT: &str = "open files";
    let Controller { open_files: limit, hosts, .. } = controller;
    let room = limit.saturating_sub(OPEN_BESIDE.into());
    let wanted = hosts.map_or(0, |hosts| u64::try_from(hosts).unwrap_or(u64::MAX));
    let remedy = "raise the hard limit: `ulimit -Hn`, LimitNOFILE= of the unit, or /etc/security/limits.conf";
    if wanted > room {
        let what =
            format!("the hard limit {limit} has room for {room} of {wanted} hosts at once; the rest comes in waves");
        not_fit(SUBJECT, Fitness::Poor, what, remedy)
    } else if *limit < FEW_FILES {
        not_fit(SUBJECT, Fitness::Poor, format!("the hard limit {limit} has room for {room} hosts at once"), remedy)
    } else {
        fit(SUBJECT, format!("the hard limit {limit} has room for {room} hosts at once"))
    }
}

fn agent(controller: &Controller) -> Check {
    const SUBJECT: &str = "agent";
    let has_file = controller.key_files.iter().any(|key| key.state == KeyState::Usable);
    let has_password = controller.login == Login::Passwords;
    // Its passphrase is asked for, where somebody is there to be asked.
    let has_locked = controller.key_files.iter().any(|key| key.state == KeyState::Encrypted);
    let has_way = controller.stranded.as_deref() == Some("");
    let alone = if has_file || has_locked || has_password || has_way { Fitness::Poor } else { Fitness::Unfit };
    let start = "start one and add your key: `eval $(ssh-agent); ssh-add`";
    match &controller.agent {
        Agent::Holds(0) => not_fit(SUBJECT, alone, "it holds no key".to_owned(), "`ssh-add` adds yours"),
        Agent::Holds(keys) => fit(SUBJECT, format!("it holds {}", counted(*keys))),
        Agent::Silent(why) => {
            not_fit(SUBJECT, alone, format!("SSH_AUTH_SOCK is set, and no agent answers: {why}"), start)
        }
        // A key file that can be used needs no agent.
        Agent::None if has_password => fit(SUBJECT, "none runs; passwords are given without it".to_owned()),
        Agent::None if has_file => fit(SUBJECT, "none runs; a key file is there without it".to_owned()),
        Agent::None if has_locked => {
            let what = "none runs; the passphrase of a key file is asked for at a terminal, and nowhere else";
            not_fit(SUBJECT, alone, what.to_owned(), start)
        }
        // As where `IdentityAgent` names another one.
        Agent::None if has_way => fit(SUBJECT, "none runs; every host is logged in to without it".to_owned()),
        Agent::None => not_fit(SUBJECT, alone, "none runs, and no key file can be used without one".to_owned(), start),
    }
}

fn key_file(key: &KeyFile) -> Check {
    const SUBJECT: &str = "key file";
    let KeyFile { path, state } = key;
    // None of it is worse than poor: as with `ssh`, what else there is to log in with is tried all the same.
    match state {
        KeyState::Usable => fit(SUBJECT, format!("{path} can be used")),
        KeyState::Held => fit(SUBJECT, format!("{path}: the agent holds its key")),
        KeyState::PublicOnly => not_fit(
            SUBJECT,
            Fitness::Poor,
            format!("{path} is only a public key, and no agent holds the private one"),
            "`ssh-add` the private one, or name its file",
        ),
        KeyState::Encrypted => not_fit(
            SUBJECT,
            Fitness::Poor,
            format!("{path} is encrypted; its passphrase is asked for once, at a terminal, unless an agent holds it"),
            format!("`ssh-add {path}` where nobody is there to be asked"),
        ),
        KeyState::Missing => not_fit(
            SUBJECT,
            Fitness::Poor,
            format!("{path} does not exist"),
            "correct `ansible_ssh_private_key_file`, `--private-key` or IdentityFile of ssh_config",
        ),
        KeyState::Exposed(mode) => not_fit(
            SUBJECT,
            Fitness::Poor,
            format!("{path} is not used: others have rights to it (mode {mode:04o}), and `ssh` does not use it either"),
            format!("`chmod 600 {path}`; others may have a copy of it"),
        ),
        KeyState::Unreadable(why) => not_fit(
            SUBJECT,
            Fitness::Poor,
            format!("{path} cannot be used: {why}"),
            format!("it must be a private key that you may read: `chmod 600 {path}`, `ssh-keygen -y -f {path}`"),
        ),
    }
}

/// Hosts that nobody can be logged in to.
fn stranded(controller: &Controller) -> Option<Check> {
    let hosts = controller.stranded.as_deref().filter(|hosts| !hosts.is_empty())?;
    let what =
        format!("{hosts}: nothing to log in with: no key that can be used, no agent that holds one, no password");
    let remedy = "mend its key file, `ssh-add` a key, name one with `--private-key`, or give a password (`-k`)";
    Some(not_fit("login", Fitness::Unfit, what, remedy))
}

fn known_hosts(known: &KnownHosts) -> Check {
    const SUBJECT: &str = "known hosts";
    if let Some(problem) = known.unreadable.first() {
        let what = format!("{problem}; keys that only stand there are unknown");
        return not_fit(SUBJECT, Fitness::Unfit, what, "give this user the right to read that file: see `ls -l` of it");
    }
    if known.keys == 0 {
        let remedy = "put your fleet's keys there, or scan once with `--accept-new`";
        return not_fit(SUBJECT, Fitness::Poor, "no host key is known: every host will be refused".to_owned(), remedy);
    }
    fit(SUBJECT, counted(known.keys))
}

fn timers(lateness: Option<Nanos>) -> Check {
    const SUBJECT: &str = "load";
    match lateness {
        Some(late) if late > LATE => not_fit(
            SUBJECT,
            Fitness::Poor,
            format!(
                "timers are late by {} (95th percentile): bounds will be wider than the network makes them",
                figure::length(late)
            ),
            "scan from a machine with less load, or later",
        ),
        Some(late) => fit(SUBJECT, format!("timers are late by at most {} (95th percentile)", figure::length(late))),
        None => not_fit(SUBJECT, Fitness::Poor, "timers could not be watched".to_owned(), "see the error above"),
    }
}

fn clock(clock: &OwnClock) -> Check {
    const SUBJECT: &str = "clock";
    let remedy =
        "differences between hosts do not rest on it; for offsets from UTC run chrony here, or name a `--reference`";
    match clock {
        OwnClock::Claimed { timekeeper, offset } => {
            fit(SUBJECT, format!("{timekeeper} claims {} from UTC", figure::with_bound(offset.midpoint(), *offset)))
        }
        OwnClock::Unsynchronised(timekeeper) => {
            not_fit(SUBJECT, Fitness::Poor, format!("{timekeeper} is not synchronised"), remedy)
        }
        OwnClock::Unknown(why) => not_fit(SUBJECT, Fitness::Poor, why.clone(), remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::inventory::MOST_WRONG;
    use super::*;

    fn healthy() -> Controller {
        Controller {
            open_files: 1_048_576,
            hosts: Some(12),
            login: Login::Keys,
            stranded: None,
            agent: Agent::Holds(1),
            key_files: Vec::new(),
            known_hosts: KnownHosts { keys: 12, unreadable: Vec::new() },
            inventory: Some(Vec::new()),
            not_audited: String::new(),
            wrong: Vec::new(),
            odd: Vec::new(),
            timer_lateness: Some(Nanos::from_micros(80)),
            clock: OwnClock::Claimed {
                timekeeper: "chronyd".to_owned(),
                offset: Interval::around(Nanos::ZERO, Nanos::from_millis(1)),
            },
        }
    }

    fn worst(controller: &Controller) -> (&'static str, Fitness) {
        let found = checks(controller);
        let worst = found.iter().max_by_key(|check| check.fitness).unwrap();
        (worst.subject, worst.fitness)
    }

    #[test]
    fn a_healthy_machine_is_fit() {
        let found = checks(&healthy());
        assert!(found.iter().all(|check| check.fitness == Fitness::Fit && check.remedy.is_none()), "{found:?}");
    }

    #[test]
    fn each_fault_is_found_alone() {
        let check = |spoil: fn(&mut Controller), expected: (&'static str, Fitness)| {
            let mut controller = healthy();
            spoil(&mut controller);
            assert_eq!(worst(&controller), expected, "{controller:?}");
            let faults = checks(&controller).into_iter().filter(|check| check.fitness > Fitness::Fit);
            assert_eq!(faults.filter(|check| check.remedy.is_some()).count(), 1, "{controller:?}");
        };
        check(|c| c.open_files = 1_024, ("open files", Fitness::Poor));
        check(|c| (c.open_files, c.hosts) = (8_192, Some(10_000)), ("open files", Fitness::Poor));
        check(|c| c.agent = Agent::None, ("agent", Fitness::Unfit));
        check(|c| c.agent = Agent::Silent("connection refused".to_owned()), ("agent", Fitness::Unfit));
        check(|c| c.agent = Agent::Holds(0), ("agent", Fitness::Unfit));
        check(|c| c.stranded = Some("web1".to_owned()), ("login", Fitness::Unfit));
        check(|c| c.known_hosts.keys = 0, ("known hosts", Fitness::Poor));
        check(|c| c.known_hosts.unreadable.push("x: denied".to_owned()), ("known hosts", Fitness::Unfit));
        check(|c| c.inventory = Some(vec!["unknown plugin".to_owned()]), ("inventory", Fitness::Unfit));
        check(|c| c.hosts = Some(0), ("inventory", Fitness::Unfit));
        check(|c| (c.hosts, c.not_audited) = (Some(0), "win01 (winrm)".to_owned()), ("inventory", Fitness::Unfit));
        check(|c| c.wrong.push(wrong("ansible_port is no port", false)), ("settings", Fitness::Unfit));
        check(|c| c.wrong.push(wrong("doas is not supported", true)), ("settings", Fitness::Poor));
        check(|c| c.timer_lateness = Some(Nanos::from_millis(5)), ("load", Fitness::Poor));
        check(|c| c.clock = OwnClock::Unsynchronised("chronyd".to_owned()), ("clock", Fitness::Poor));
    }

    fn wrong(what: &str, is_measured: bool) -> WrongSettings {
        let remedy = "correct it".to_owned();
        WrongSettings { hosts: "web[1-3]".to_owned(), count: 3, what: what.to_owned(), is_measured, remedy }
    }

    #[test]
    fn hosts_that_are_left_out_and_settings_that_are_wrong_are_told() {
        let told = |controller: &Controller| {
            let found =
                checks(controller).into_iter().filter(|check| matches!(check.subject, "inventory" | "settings"));
            found.map(|check| check.what).collect::<Vec<_>>()
        };
        let left_out = Controller { not_audited: "win01 (winrm)".to_owned(), ..healthy() };
        assert_eq!(told(&left_out), ["12 hosts, everything understood", "not audited: win01 (winrm)"]);
        let many: Vec<WrongSettings> = (0..1_000).map(|line| wrong(&format!("line {line}"), false)).collect();
        let told = told(&Controller { wrong: many, ..healthy() });
        assert_eq!(told.len(), MOST_WRONG + 2);
        assert_eq!(told[..2], ["12 hosts".to_owned(), "web[1-3]: line 0".to_owned()]);
        assert_eq!(told.last().map(String::as_str), Some("and 992 more wrong settings of 2976 hosts"));
    }

    #[test]
    fn what_counts_for_nothing_is_told_and_is_no_fault() {
        let odd = |line: usize| Oddity { what: format!("line {line}"), remedy: "did you mean it?".to_owned() };
        let controller = Controller { odd: (0..100).map(odd).collect(), ..healthy() };
        let told: Vec<Check> = checks(&controller).into_iter().filter(|check| check.subject == "variables").collect();
        assert_eq!(told.len(), MOST_WRONG + 1);
        assert_eq!(told.last().map(|check| check.what.as_str()), Some("and 92 more that count for nothing"));
        assert_eq!(worst(&controller), ("variables", Fitness::Odd));
        assert_eq!(checks(&controller).first().map(|check| check.what.as_str()), Some("12 hosts"));
    }

    #[test]
    fn a_key_file_that_is_of_no_use_is_no_reason_not_to_scan() {
        let check = |state: KeyState, expected: Fitness| {
            let controller =
                Controller { key_files: vec![KeyFile { path: "/k".to_owned(), state: state.clone() }], ..healthy() };
            assert_eq!(worst(&controller).1, expected, "{state:?}");
        };
        check(KeyState::Usable, Fitness::Fit);
        check(KeyState::Held, Fitness::Fit);
        check(KeyState::PublicOnly, Fitness::Poor);
        check(KeyState::Encrypted, Fitness::Poor);
        check(KeyState::Exposed(0o644), Fitness::Poor);
        check(KeyState::Missing, Fitness::Poor);
        check(KeyState::Unreadable("permission denied".to_owned()), Fitness::Poor);
    }

    #[test]
    fn no_agent_is_no_fault_where_every_host_has_another_way() {
        let check = |agent: Agent, stranded: &str, expected: Fitness| {
            let controller = Controller { agent, stranded: Some(stranded.to_owned()), ..healthy() };
            let found = checks(&controller).into_iter().find(|check| check.subject == "agent");
            assert_eq!(found.map(|check| check.fitness), Some(expected), "{controller:?}");
        };
        check(Agent::None, "", Fitness::Fit);
        check(Agent::None, "web1", Fitness::Unfit);
        check(Agent::Silent("refused".to_owned()), "", Fitness::Poor);
        check(Agent::Holds(0), "", Fitness::Poor);
    }

    #[test]
    fn what_no_host_needs_is_no_fault() {
        let bare = Controller { agent: Agent::None, known_hosts: KnownHosts::default(), ..healthy() };
        let of = |login: Login| worst(&Controller { login, ..bare.clone() });
        assert_eq!(of(Login::Keys), ("agent", Fitness::Unfit));
        assert_eq!(of(Login::Passwords), ("known hosts", Fitness::Poor));
        assert_eq!(of(Login::Nothing).1, Fitness::Fit);
    }

    #[test]
    fn a_key_whose_passphrase_can_be_asked_for_is_no_reason_not_to_scan() {
        let key = KeyFile { path: "/k".to_owned(), state: KeyState::Encrypted };
        for agent in [Agent::None, Agent::Holds(0), Agent::Silent("refused".to_owned())] {
            let controller = Controller { agent, key_files: vec![key.clone()], ..healthy() };
            assert_eq!(worst(&controller).1, Fitness::Poor, "{controller:?}");
        }
    }

    #[test]
    fn without_an_agent_a_usable_file_is_enough() {
        let key = KeyFile { path: "/k".to_owned(), state: KeyState::Usable };
        let controller = Controller { agent: Agent::None, key_files: vec![key], ..healthy() };
        assert_eq!(worst(&controller).1, Fitness::Fit);
    }
}

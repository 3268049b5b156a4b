//! What the engine is told to do: how to connect, how to sample, and every time limit with its default.

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::login::{Asker, UnlockedKeys};
use super::scan_clock::ScanClock;
use super::settings::{Algorithms, HostSettings};
use crate::clock::Nanos;

/// How hosts are connected to.
#[derive(Debug, Clone)]
pub struct ConnectionPlan {
    /// The axis that every stamp is on; frozen when the plan is made.
    pub clock: ScanClock,
    /// The time limit of every stage.
    pub limits: TimeLimits,
    /// How many handshakes run at once; sessions that are open do not count.
    pub handshakes: usize,
    /// How many names are looked up at once.
    pub lookups: usize,
    /// How many hosts are open at once at most (`--forks`); `None` = as many as the open-file limit allows.
    pub forks: Option<usize>,
    /// What happens to a host whose key is not known. A changed or revoked key is always refused.
    pub unknown_keys: UnknownKeys,
    /// Files of known host keys of the user; the first one is where accepted keys go.
    pub user_known_hosts: Vec<PathBuf>,
    /// Files of known host keys of the system.
    pub global_known_hosts: Vec<PathBuf>,
    /// Whether names of accepted keys are stored hashed (`HashKnownHosts`).
    pub hash_known_hosts: bool,
    /// The name under which host keys are looked up instead of the address (`HostKeyAlias`).
    pub host_key_alias: Option<String>,
    /// The login name of targets that name none.
    pub user: String,
    /// The agent's socket.
    pub agent: Option<PathBuf>,
    /// The key files of targets that name none.
    pub default_keys: Vec<PathBuf>,
    /// The keys of encrypted files whose passphrases were asked for beforehand.
    pub unlocked: UnlockedKeys,
    /// Who is asked for the passwords of jump hosts; `None` = nobody.
    pub asker: Option<Asker>,
    /// Whether the agent may only sign for keys that are named (`IdentitiesOnly`).
    pub identities_only: bool,
    /// Algorithm lists that replace the built-in ones.
    pub algorithms: Algorithms,
    /// The settings of single hosts by the target's name, in place of everything above that is about one host.
    pub hosts: HashMap<String, Arc<HostSettings>>,
    /// How long the first sampling window waits for hosts that are still connecting.
    pub gather: Duration,
    /// When the run ends at the latest, and how much of that the samples need.
    pub deadline: Option<Deadline>,
}

/// The end of a run that was set beforehand (`--deadline`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// When the run is told to stop, counted from its start.
    pub after: Duration,
    /// What of that is kept for sampling the hosts that are ready by then, instead of waiting for slow ones.
    pub reserve: Duration,
}

impl Deadline {
    /// The deadline of a run over so many hosts; never more than half of it is kept for the samples.
    pub fn new(after: Duration, hosts: usize, sampling: &SamplingPlan, limits: TimeLimits) -> Self {
        Self { after, reserve: (sampling.length(hosts) + limits.wind_down).min(after / 2) }
    }

    /// How much longer slow hosts may be waited for, `passed` after the start; once the reserve has begun, half of what is left.
    pub(super) fn patience(self, passed: Duration) -> Duration {
        let left = self.after.saturating_sub(passed);
        left.saturating_sub(self.reserve).max(left / 2)
    }
}

/// What happens to a host whose key is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnknownKeys {
    /// The host is refused (SSH904).
    Refuse,
    /// The key is accepted, said once, and stored.
    AcceptNew,
}

/// The time limit of every stage.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// Looking up a name.
    pub resolve: Duration,
    /// TCP, identification, key exchange and host key together (`-T`).
    pub connect: Duration,
    /// All authentication methods together; slow PAM modules and reverse look-ups take 10 s.
    pub authenticate: Duration,
    /// Opening a channel; what PAM does for a session comes before it.
    pub channel: Duration,
    /// From the start of the probe to its first line; slow rc files are in it.
    pub hello: Duration,
    /// The least time that one exchange is given.
    pub sample: Duration,
    /// The whole facts round of one host.
    pub facts: Duration,
    /// Closing a session politely.
    pub close: Duration,
    /// The whole way to the probe's first line.
    pub host: Duration,
    /// How long running exchanges may still take once the run was told to stop.
    pub wind_down: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            resolve: seconds(5),
            connect: seconds(10),
            authenticate: seconds(20),
            channel: seconds(5),
            hello: seconds(15),
            sample: seconds(1),
            facts: seconds(8),
            close: seconds(1),
            host: seconds(60),
            wind_down: seconds(2),
        }
    }
}

impl ConnectionPlan {
    /// The default plan for the user who runs this: their agent, key files and known hosts.
    pub fn for_this_user() -> Self {
        let me = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
        let home = env::var_os("HOME").map(PathBuf::from).or_else(|| me.as_ref().map(|user| user.dir.clone()));
        let ssh_folder = home.unwrap_or_default().join(".ssh");
        let name = me.map(|user| user.name).or_else(|| env::var("USER").ok());
        Self {
            clock: ScanClock::freeze(),
            limits: TimeLimits::default(),
            handshakes: 256,
            lookups: 64,
            forks: None,
            unknown_keys: UnknownKeys::Refuse,
            user_known_hosts: vec![ssh_folder.join("known_hosts"), ssh_folder.join("known_hosts2")],
            global_known_hosts: vec!["/etc/ssh/ssh_known_hosts".into(), "/etc/ssh/ssh_known_hosts2".into()],
            hash_known_hosts: false,
            host_key_alias: None,
            user: name.unwrap_or_else(|| "root".to_owned()),
            agent: env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
            default_keys: ["id_ed25519", "id_ecdsa", "id_rsa"].map(|file| ssh_folder.join(file)).to_vec(),
            unlocked: UnlockedKeys::default(),
            asker: None,
            identities_only: false,
            algorithms: Algorithms::default(),
            hosts: HashMap::new(),
            gather: Duration::from_secs(5),
            deadline: None,
        }
    }
}

/// How the fleet is sampled once it is connected.
#[derive(Debug, Clone)]
pub struct SamplingPlan {
    /// Exchanges that every host gets (`--samples`).
    pub samples: usize,
    /// Exchanges that no host gets more of.
    pub most: usize,
    /// The least time between two sweeps over the fleet.
    pub sweep: Duration,
    /// Requests a second that are never exceeded.
    pub rate: u32,
    /// The lower limit that offsets are judged against (`--warn`); tells which hosts deserve more samples.
    pub warn: Nanos,
    /// The upper limit that offsets are judged against (`--crit`).
    pub crit: Nanos,
    /// Both limits of hosts that are held against others than these, by their places among the targets.
    pub own_limits: BTreeMap<usize, [Nanos; 2]>,
    /// Whether the hosts' facts are read after sampling.
    pub facts: bool,
}

impl SamplingPlan {
    /// Both limits that the offset of the target of this place is held against.
    pub(super) fn limits(&self, target: usize) -> [Nanos; 2] {
        self.own_limits.get(&target).copied().unwrap_or([self.warn, self.crit])
    }

    /// How long the promised sweeps over so many hosts take.
    fn length(&self, hosts: usize) -> Duration {
        let hosts = u32::try_from(hosts).unwrap_or(u32::MAX);
        let sweep = self.sweep.max(Duration::from_secs(hosts.into()) / self.rate.max(1));
        sweep.saturating_mul(u32::try_from(self.samples).unwrap_or(u32::MAX))
    }
}

impl Default for SamplingPlan {
    fn default() -> Self {
        Self {
            samples: 8,
            most: 32,
            sweep: Duration::from_millis(250),
            rate: 10_000,
            warn: Nanos::from_millis(50),
            crit: Nanos::from_millis(100),
            own_limits: BTreeMap::new(),
            facts: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_keeps_time_for_the_samples() {
        let check = |deadline: u64, hosts: usize, passed: u64, expected: u64| {
            let millis = Duration::from_millis;
            let deadline = Deadline::new(millis(deadline), hosts, &SamplingPlan::default(), TimeLimits::default());
            assert_eq!(deadline.patience(millis(passed)), millis(expected), "{deadline:?} after {passed} ms");
        };
        // eight sweeps of 250 ms, and 2 s for the last answers
        check(60_000, 10, 0, 56_000);
        check(60_000, 10, 20_000, 36_000);
        // eight sweeps of 1 s
        check(60_000, 10_000, 0, 50_000);
        check(3_000, 10, 0, 1_500);
        check(3_000, 10, 1_000, 1_000);
        check(3_000, 10, 2_000, 500);
        check(3_000, 10, 4_000, 0);
    }
}

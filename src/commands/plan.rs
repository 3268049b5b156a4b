//! What a scan needs, worked out once from what was typed; everything past this border takes plans.

use std::path::PathBuf;
use std::time::Duration;

use super::error::CommandError;
use super::output::OutputPlan;
use super::policy::policy;
use super::ssh_settings::SshSettings;
use crate::audit::{Policy, ReferenceChoice, ServerName};
use crate::cli::{ConnectionArgs, ScanArgs};
use crate::clock::Nanos;
use crate::files::TimeLeft;
use crate::files::report::check_writable;
use crate::inventory::connection::{ConnectionFlags, DEFAULT_TIMEOUT};
use crate::inventory::target::Target;
use crate::ssh::{ConnectionPlan, SamplingPlan};
use crate::terminal::Terminal;

/// How long a sampling window waits for slow logins after the last connection may have come about.
const LOGIN_GRACE: Duration = Duration::from_secs(5);

/// What a scan needs.
#[derive(Debug)]
pub struct ScanPlan {
    /// Whether the hosts are only to be listed.
    pub list_hosts: bool,
    /// What the command line says about connections, for the inventory to overrule.
    pub flags: ConnectionFlags,
    /// What is left for the run.
    pub time: TimeLeft,
    /// What `ssh` would be told.
    pub ssh: SshSettings,
    /// How hosts are measured.
    pub measurement: Measurement,
    /// The limits and the reference.
    pub policy: Policy,
    /// Where the exchanges are recorded.
    pub record: Option<PathBuf>,
    /// Where results go.
    pub output: OutputPlan,
}

/// How hosts are measured.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// How hosts are connected to.
    pub connection: ConnectionPlan,
    /// How their clocks are sampled.
    pub sampling: SamplingPlan,
    /// The time servers that were named.
    pub servers: Vec<ServerName>,
    /// How long measuring may take: what is left of the run.
    pub deadline: Option<Duration>,
}

impl ScanPlan {
    /// Works out the plan; settings without effect are said.
    pub fn new(args: &ScanArgs, terminal: &Terminal) -> Result<Self, CommandError> {
        let policy = policy(&args.policy, args.samples)?;
        let output = OutputPlan::new(&args.output, args.policy.fail_on)?;
        if let Some(record) = &args.record {
            if output.exports.iter().any(|export| export.path == *record) {
                return Err(CommandError::usage(format!(
                    "`--record` and `--export` both write `{}`",
                    record.display()
                ))
                .hint("a trace is not a report: give each its own file"));
            }
            check_writable(record)?;
        }
        let time = time_left(&args.connection);
        Ok(Self {
            list_hosts: args.list_hosts,
            flags: flags(&args.connection),
            ssh: SshSettings::new(&args.connection, &time, terminal)?,
            time,
            measurement: Measurement::new(&args.connection, &policy),
            policy,
            record: args.record.clone(),
            output,
        })
    }
}

impl Measurement {
    /// How hosts are measured that are reached so, for a policy.
    pub(super) fn new(args: &ConnectionArgs, policy: &Policy) -> Self {
        Self {
            connection: connection(args),
            sampling: Self::sampling(policy, &[]),
            servers: servers(policy),
            deadline: args.deadline.map(duration),
        }
    }

    /// Gives the slowest of the hosts the time that it may take.
    pub fn wait_for(&mut self, targets: &[Target]) {
        self.connection.gather = self.connection.patience_with(targets) + LOGIN_GRACE;
    }

    /// How the clocks of these targets are sampled for a policy.
    pub fn sampling(policy: &Policy, targets: &[Target]) -> SamplingPlan {
        let standard = SamplingPlan::default();
        let own = |(place, target): (usize, &Target)| {
            let own = policy.hosts.get(&target.name)?;
            Some((place, [own.warn, own.crit]))
        };
        SamplingPlan {
            samples: policy.samples,
            most: standard.most.max(policy.samples),
            warn: policy.warn,
            crit: policy.crit,
            own_limits: targets.iter().enumerate().filter_map(own).collect(),
            ..standard
        }
    }
}

/// What the command line says about connections, for the inventory to overrule.
pub(super) fn flags(args: &ConnectionArgs) -> ConnectionFlags {
    ConnectionFlags {
        user: args.user.clone(),
        port: args.port,
        private_key: args.private_key.clone(),
        timeout: args.timeout.map(duration),
        timeout_of_files: args.timeout_of_files.map(duration),
        ssh_common_args: args.ssh_common_args.clone(),
        ssh_extra_args: args.ssh_extra_args.clone(),
        password: None,
        become_user: (args.r#become || args.from_environment.contains("become")).then_some(args.r#become),
        needs_root: false,
        become_method: args.become_method.clone(),
        become_as: args.become_user.clone(),
        become_password: None,
        from_environment: args.from_environment.clone(),
        from_files: args.from_files.clone(),
        home: std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
        working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
    }
}

/// The time that a run has which begins in this instant.
pub(super) fn time_left(args: &ConnectionArgs) -> TimeLeft {
    TimeLeft::of(args.deadline.map(duration))
}

/// How hosts are connected to where neither they nor `ssh_config` say more.
pub(super) fn connection(args: &ConnectionArgs) -> ConnectionPlan {
    let mut plan = ConnectionPlan::for_this_user();
    plan.limits.connect = args.timeout.map_or(DEFAULT_TIMEOUT, duration);
    plan.gather = plan.limits.connect + LOGIN_GRACE;
    plan.forks = args.forks;
    plan
}

/// The time servers that a policy names.
fn servers(policy: &Policy) -> Vec<ServerName> {
    match &policy.reference {
        ReferenceChoice::Ntp(servers) | ReferenceChoice::Https(servers) => servers.clone(),
        _ => Vec::new(),
    }
}

/// A name for a run: when it was started, so that names sort as runs do, and what tells it from one of the same instant.
pub fn run_id() -> String {
    let now = chrono::Utc::now();
    // Of a leap second, which this clock may tell, as of its last instant.
    let part = (u64::from(now.timestamp_subsec_nanos()) * 0x1_0000 / 1_000_000_000).min(0xffff);
    format!("{}-{part:04x}{:02x}", now.format("%Y%m%dT%H%M%SZ"), fastrand::u8(..))
}

pub(super) fn duration(length: Nanos) -> Duration {
    Duration::from_nanos(length.0.max(0).unsigned_abs())
}

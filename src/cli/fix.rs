//! The command lines of `fix` and `rollback`.

use std::path::PathBuf;

use clap::Args;

use super::values::{parse_duration, parse_share, parse_some};
use super::{ConnectionArgs, OutputArgs, SelectionArgs};
use crate::clock::Nanos;
use crate::fix::StepPolicy;
use crate::fix::canary::Share;
use crate::timekeeper::chrony::configuration::Preset;

/// Shown under the help of `fix` and `rollback`.
pub(super) const EXIT_CODES: &str = "Exit codes:
  0    all hosts converged, or `--check` ran
  1    converged, and warnings remain: a clock is right by its chronyd's word alone, or is still being slewed
  2    a host failed or was rolled back
  3    some hosts were not attempted
  4    with `--check` and `--detailed-exitcode`: something would change
  64   the command line makes no sense, or there is no terminal to confirm on and no `--yes`
  65   an inventory, plan, template or journal cannot be understood, or the inventory is incomplete
  69   no host matched
  70   a defect of clockaudit
  74   output or the journal could not be written
  77   a password or passphrase is needed, and there is no terminal to ask for it
  130  Ctrl-C; no host is left between old and new
  143  SIGTERM or SIGHUP; no host is left between old and new";

/// Arguments of `fix`.
#[derive(Debug, Clone, Args)]
pub struct FixArgs {
    /// Which hosts.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Print the selected hosts and do nothing
    #[arg(long, help_heading = "Hosts")]
    pub list_hosts: bool,
    /// How they are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What they are to follow.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// How they are changed.
    #[command(flatten)]
    pub rollout: RolloutArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What hosts are to follow: one of these, else what the inventory says of each.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "change", multiple = false)]
pub struct ChangeArgs {
    /// Follow these time servers, the first one preferred (can be repeated) [default: `clockaudit_ntp_servers` or
    /// `clockaudit_preset` of the inventory]
    #[arg(long, value_name = "SERVER", value_delimiter = ',', help_heading = "Change")]
    pub ntp_server: Vec<String>,
    /// Follow the servers behind this name
    #[arg(long, value_name = "NAME", help_heading = "Change")]
    pub pool: Option<String>,
    /// Follow a vendor's time servers: `aws`, `gcp`, `azure`, `oracle`, `alibaba`, `google`, `cloudflare`, `pool`
    #[arg(long, value_name = "PRESET", hide_possible_values = true, ignore_case = true, help_heading = "Change")]
    pub preset: Option<Preset>,
    /// Make chrony.conf what this template gives for each host: Jinja2 over the host's variables
    #[arg(long, value_name = "FILE", help_heading = "Change")]
    pub conf: Option<PathBuf>,
    /// Follow this host of the inventory, whose own clock serves a network without any other time server
    #[arg(long, value_name = "HOST", help_heading = "Change")]
    pub internal: Option<String>,
    /// Step clocks at once by what their chronyd still has to correct; no file changes
    #[arg(long, help_heading = "Change")]
    pub makestep: bool,
}

/// How hosts are changed.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed or not")]
pub struct RolloutArgs {
    /// Say what would be done, and do nothing: writes nothing on any host
    #[arg(short = 'C', long, help_heading = "Change")]
    pub check: bool,
    /// Show what changes in files under `--check` too; a run that changes them always shows it
    #[arg(short = 'D', long, help_heading = "Change")]
    pub diff: bool,
    /// Under `--check`: exit with 4 where something would change
    #[arg(long, help_heading = "Change")]
    pub detailed_exitcode: bool,
    /// Write the plan to this file, and do nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "makestep"], help_heading = "Change")]
    pub plan_out: Option<PathBuf>,
    /// Do what this plan says, of `--plan-out`, on hosts whose files are still what it was made for
    #[arg(long, value_name = "FILE", conflicts_with = "change", help_heading = "Change")]
    pub plan: Option<PathBuf>,
    /// Which clocks may be stepped: `forward`, those that are behind, others being slewed back by up to 10 s; `any`; or `never` [default:
    /// forward]
    #[arg(long, value_name = "WHICH", hide_possible_values = true, help_heading = "Change")]
    pub step: Option<StepPolicy>,
    /// For how long a clock must be right before its host counts as mended
    #[arg(long, value_name = "DURATION", default_value = "30s", allow_hyphen_values = true, value_parser = parse_duration, help_heading = "Change")]
    pub hold: Nanos,
    /// Try so many hosts first, `3` or `10%` [default: one of each deepest group]
    #[arg(long, value_name = "N|P%", value_parser = parse_some, help_heading = "Change")]
    pub canary: Option<Share>,
    /// Change so many of the others side by side
    #[arg(long, value_name = "N|P%", default_value = "25%", value_parser = parse_some, help_heading = "Change")]
    pub wave: Share,
    /// Go on until more than so many hosts have failed, all in all; in the canary none may
    #[arg(long, value_name = "N|P%", default_value = "2%", value_parser = parse_share, help_heading = "Change")]
    pub max_fail: Share,
    /// Change hosts without asking; those that need a step back are left alone unless `--step any` allows it
    #[arg(long, help_heading = "Change")]
    pub yes: bool,
    /// Install chrony on hosts without any timekeeper, by their apt-get, dnf, yum, zypper or apk
    #[arg(long, conflicts_with_all = ["makestep", "plan"], help_heading = "Change")]
    pub install: bool,
    /// Have chronyd keep the clock in the place of systemd-timesyncd, ntpd, ntpsec, openntpd, ntpd-rs or busybox's ntpd: the other one
    /// is stopped for good, and chrony installed where it is missing
    #[arg(long, conflicts_with_all = ["makestep", "plan"], help_heading = "Change")]
    pub replace_timekeeper: bool,
    /// Follow new servers though they are far from UTC as the hosts' claims have it, or smear leap seconds beside others that do not
    #[arg(long, help_heading = "Change")]
    pub force: bool,
}

/// Arguments of `rollback`.
#[derive(Debug, Clone, Args)]
pub struct RollbackArgs {
    /// The run, by the name that `fix` told
    #[arg(value_name = "RUN-ID")]
    pub run: String,
    /// Which hosts; where no inventory is named, those that the run was made with.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How they are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Restore files without asking
    #[arg(long, help_heading = "Change")]
    pub yes: bool,
}

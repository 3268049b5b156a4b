//! The command line: what can be typed, word for word. No logic; `commands/` turns these into plans.

pub mod compare;
mod connection;
pub mod fix;
mod output;
mod policy;
mod selection;
pub mod settings;
pub mod ticket;
pub mod token;
pub mod values;

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::audit::FailOn;
pub use compare::CompareArgs;
pub use connection::ConnectionArgs;
pub use fix::{FixArgs, RollbackArgs};
pub use output::{Format, OutputArgs, PageArgs, PageFormat};
pub use policy::PolicyArgs;
pub use selection::{SelectionArgs, VaultArgs};
pub use ticket::TicketArgs;
pub use token::TokenArgs;
pub use values::ExplainFormat;
use values::at_least_one;

/// Shown under every help text of a command that audits.
const EXIT_CODES: &str = "Exit codes:
  0    every selected host was measured and is ok
  1    the worst is a warning
  2    at least one host or pair is critical
  3    nothing is critical, but some hosts are down or undecided, or the run is partial
  64   the command line makes no sense
  65   an inventory, trace or report cannot be understood, or the inventory is incomplete
  69   no host matched
  70   a defect of clockaudit
  74   output could not be written
  77   a password or passphrase is needed, and there is no terminal to ask for it
  130  Ctrl-C; what was known by then is reported
  143  SIGTERM or SIGHUP; what was known by then is reported";

/// Shown under the help of `doctor`.
const DOCTOR_CODES: &str = "Exit codes:
  0    nothing is in the way of a scan
  1    a scan works worse than it could: what is marked warn
  2    a scan fails in whole or in part: what is marked FAIL
  64   the command line makes no sense
  65   an inventory cannot be understood at all";

/// Shown under the help of the program.
const FIRST_STEPS: &str = "Try it:
  clockaudit demo                                a simulated fleet, no root, ends by itself
  clockaudit scan inventory.ini -l 'web*'        measure, write nothing on any host
  clockaudit scan a.example,b.example,           two hosts, no inventory file

`clockaudit COMMAND --help` lists the exit codes. Every flag is a setting too: `CLOCKAUDIT_WARN=20ms` in the environment,
`warn = \"20ms\"` in ./clockaudit.toml or ~/.config/clockaudit/config.toml.";

/// Find out which clocks of a fleet are wrong, by how much, and how sure that is, over the SSH you already have
#[derive(Debug, Parser)]
#[command(name = "clockaudit", version, after_help = FIRST_STEPS, max_term_width = 100)]
pub struct Cli {
    /// What the program says beside its results.
    #[command(flatten)]
    pub talk: TalkArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the clocks of a fleet; writes nothing on any host
    #[command(after_help = EXIT_CODES)]
    Scan(Box<ScanArgs>),
    /// Give hosts other time servers, verified by measurement, rolled back where that does not help
    #[command(after_help = fix::EXIT_CODES)]
    Fix(Box<FixArgs>),
    /// Undo a run of `fix`
    #[command(after_help = fix::EXIT_CODES)]
    Rollback(Box<RollbackArgs>),
    /// Show a saved report again
    #[command(after_help = EXIT_CODES)]
    Report(ReportArgs),
    /// Join the reports of several controllers that measured some hosts in common
    #[command(after_help = EXIT_CODES)]
    Merge(MergeArgs),
    /// Tell what is new, resolved, worse and better between two reports
    #[command(after_help = compare::EXIT_CODES)]
    Compare(CompareArgs),
    /// Make one ticket of a report, or bring it up to date
    #[command(after_help = ticket::EXIT_CODES)]
    Ticket(TicketArgs),
    /// Tell which hosts would refuse a token now, by which library, and why
    #[command(after_help = token::EXIT_CODES)]
    Token(Box<TokenArgs>),
    /// Say what a code means, or what the last scan knows of a host
    Explain(ExplainArgs),
    /// Tell whether this machine is fit to scan, and whether the inventory is understood
    #[command(after_help = DOCTOR_CODES)]
    Doctor(DoctorArgs),
    /// Show what the inventory holds
    Inventory(InventoryArgs),
    /// Judge the exchanges of a recorded scan again
    #[command(after_help = EXIT_CODES)]
    Replay(ReplayArgs),
    /// Scan a simulated fleet on this machine
    #[command(after_help = EXIT_CODES)]
    Demo(DemoArgs),
    /// Print what belongs to the program
    #[command(subcommand)]
    Generate(GenerateCommand),
}

/// What the program says beside its results.
#[derive(Debug, Clone, Args)]
pub struct TalkArgs {
    /// Say more (can be repeated)
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = "Messages")]
    pub verbose: u8,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,
    /// Show progress [default: on a terminal]
    #[arg(long, global = true, overrides_with = "no_progress", help_heading = "Messages")]
    pub progress: bool,
    /// Show no progress
    #[arg(long, global = true, help_heading = "Messages")]
    pub no_progress: bool,
    /// Colour the output: `auto`, `always` or `never`
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        help_heading = "Messages"
    )]
    pub color: ColorChoice,
}

/// When to colour the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, as `NO_COLOR`, `CLICOLOR_FORCE`, `ANSIBLE_NOCOLOR` and `ANSIBLE_FORCE_COLOR` allow.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Arguments of `scan`.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// Which hosts.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Print the selected hosts and measure nothing
    #[arg(long, help_heading = "Hosts")]
    pub list_hosts: bool,
    /// How they are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Exchanges with each host; more where its bounds need them
    #[arg(long, value_name = "N", default_value = "8", allow_negative_numbers = true, value_parser = at_least_one, help_heading = "Sampling")]
    pub samples: usize,
    /// Record every exchange to a file that `replay` reads
    #[arg(long, value_name = "FILE", help_heading = "Sampling")]
    pub record: Option<PathBuf>,
    /// Do not keep the report for `explain` and for the next scan to compare with
    #[arg(long, help_heading = "Output")]
    pub no_state: bool,
    /// The limits.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// A report that `--export FILE.json` wrote; `-` reads standard input
    pub file: PathBuf,
    /// Exit with 0 unless hosts are this bad: `never`, `crit`, `warn`, `undecided` or `down`, each with those before it
    #[arg(long, value_name = "VERDICT", default_value = "down", hide_possible_values = true)]
    pub fail_on: FailOn,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `merge`.
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// Reports that `--export FILE.json` wrote, or traces that `scan --record FILE` wrote
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Go on without files that cannot be read and reports that no common host joins to the first; the report is partial
    #[arg(long)]
    pub allow_missing: bool,
    /// Print where every host of the traces stands on the first one's axis, as JSON in whole nanoseconds
    #[arg(long, conflicts_with = "allow_missing")]
    pub analysis: bool,
    /// Exit with 0 unless hosts are this bad: `never`, `crit`, `warn`, `undecided` or `down`, each with those before it
    #[arg(long, value_name = "VERDICT", default_value = "down", hide_possible_values = true)]
    pub fail_on: FailOn,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// A code, `CLK101` or `SSH901`; `jwt`, what clocks mean for tokens; or a host of the report
    #[arg(value_name = "CODE|jwt|HOST")]
    pub subject: String,
    /// The report to look into [default: that of the last scan]
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Which hosts would be scanned.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How they would be reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `inventory`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("view").required(true))]
pub struct InventoryArgs {
    /// Which hosts.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Print groups, hosts and variables as `ansible-inventory --list` does
    #[arg(long, group = "view")]
    pub list: bool,
    /// Print the variables of one host as `ansible-inventory --host` does
    #[arg(long, group = "view", value_name = "HOST")]
    pub host: Option<String>,
    /// Print the names of the hosts that match this pattern, one a line
    #[arg(long, group = "view", value_name = "PATTERN", allow_hyphen_values = true)]
    pub hosts: Option<String>,
    /// Print the groups as a tree, as `ansible-inventory --graph` does
    #[arg(long, group = "view")]
    pub graph: bool,
    /// Print how one host would be reached, each setting with the file and line it comes from
    #[arg(long, group = "view", value_name = "HOST")]
    pub explain: Option<String>,
    /// Print the settings of `--explain` as a `table` or as `json`
    #[arg(short, long, value_name = "FORMAT", default_value = "table", hide_possible_values = true)]
    pub output: ExplainFormat,
    /// How the host of `--explain` would be reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// A trace that `scan --record FILE` wrote; `-` reads standard input
    pub trace: PathBuf,
    /// Print everything the estimator knows, as JSON in whole nanoseconds
    #[arg(long, conflicts_with = "hunt")]
    pub analysis: bool,
    /// Print when to ask whole-second clocks next, as JSON
    #[arg(long)]
    pub hunt: bool,
    /// The limits.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// How many simulated hosts
    #[arg(long, value_name = "N", default_value = "24", allow_negative_numbers = true, value_parser = at_least_one)]
    pub hosts: usize,
    /// Leave the fleet running, with an inventory, key and `known_hosts` written for it
    #[arg(long)]
    pub keep: bool,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What `generate` prints.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum GenerateCommand {
    /// Print the JSON Schema of the report
    Schema,
    /// Print the least that sudo must allow a user for `fix --become`
    Sudoers {
        /// The user that hosts are logged in to as
        user: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }
}

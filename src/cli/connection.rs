//! The flags that say how hosts are reached.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;

use super::values::{at_least_one, parse_seconds};
use crate::clock::Nanos;
use crate::inventory::configuration::Place;

/// How hosts are reached; what the inventory says of a host wins.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed or not")]
pub struct ConnectionArgs {
    /// Log in as this user [default: that of `ssh_config`, then the name of the user who runs clockaudit]
    #[arg(short, long, help_heading = "Connection")]
    pub user: Option<String>,
    /// Connect to this port [default: that of `ssh_config`, then 22]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Connection")]
    pub port: Option<u16>,
    /// Log in with this private key
    #[arg(long, alias = "key-file", value_name = "FILE", help_heading = "Connection")]
    pub private_key: Option<PathBuf>,
    /// Go through these hosts, as `ssh -J`: `[USER@]HOST[:PORT]`, comma after comma
    #[arg(short = 'J', long, value_name = "HOSTS", help_heading = "Connection")]
    pub jump: Option<String>,
    /// Read this instead of `~/.ssh/config` and `/etc/ssh/ssh_config`, as `ssh -F`; `none` reads nothing
    #[arg(short = 'F', long, value_name = "FILE", help_heading = "Connection")]
    pub ssh_config: Option<String>,
    /// Set an option as `ssh -o` does (can be repeated)
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Connection")]
    pub ssh_option: Vec<String>,
    /// Arguments for `ssh` that come after the inventory's own settings
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Connection")]
    pub ssh_common_args: Option<String>,
    /// Arguments for `ssh` that come last
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Connection")]
    pub ssh_extra_args: Option<String>,
    /// Ask for the password to log in with; a host gets it once at most
    #[arg(short = 'k', long, conflicts_with = "connection_password_file", help_heading = "Connection")]
    pub ask_pass: bool,
    /// Read the password to log in with from this file, or from what it prints where it is a program; `-` reads standard
    /// input
    #[arg(long, alias = "conn-pass-file", value_name = "FILE", help_heading = "Connection")]
    pub connection_password_file: Option<PathBuf>,
    /// Become another user on the hosts; a scan needs it only where chronyd answers nobody else
    #[arg(short, long, help_heading = "Connection")]
    pub r#become: bool,
    /// Become another user by `sudo` or `su` [default: sudo]
    #[arg(long, value_name = "METHOD", help_heading = "Connection")]
    pub become_method: Option<String>,
    /// Become this user [default: root]
    #[arg(long, value_name = "USER", help_heading = "Connection")]
    pub become_user: Option<String>,
    /// Ask for the password that `sudo` or `su` may want; it is given only where it is asked for
    #[arg(short = 'K', long, conflicts_with = "become_password_file", help_heading = "Connection")]
    pub ask_become_pass: bool,
    /// Read the password for `sudo` or `su` from this file, or from what it prints where it is a program
    #[arg(long, alias = "become-pass-file", value_name = "FILE", help_heading = "Connection")]
    pub become_password_file: Option<PathBuf>,
    /// Accept and store the keys of hosts not known yet; a changed key is never accepted
    #[arg(long, help_heading = "Connection")]
    pub accept_new: bool,
    /// Keep at most this many sessions open at once [default: no bound]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, value_parser = at_least_one, help_heading = "Connection")]
    pub forks: Option<usize>,
    /// Give up on a host whose connection and key exchange take longer [default: that of
    /// `ssh_config`, then 10]
    #[arg(short = 'T', long, value_name = "SECONDS", allow_hyphen_values = true, value_parser = parse_seconds, help_heading = "Connection")]
    pub timeout: Option<Nanos>,
    /// End the whole run after this time, with a partial report
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, value_parser = parse_seconds, help_heading = "Connection")]
    pub deadline: Option<Nanos>,
    /// The same as a file of settings has it, where neither the flag nor `CLOCKAUDIT_TIMEOUT` is set: Ansible's environment
    /// wins over it.
    #[arg(skip)]
    pub timeout_of_files: Option<Nanos>,
    /// The long names of the flags above that the environment set.
    #[arg(skip)]
    pub from_environment: BTreeSet<String>,
    /// The long names of the flags above that a file set, each with its line.
    #[arg(skip)]
    pub from_files: BTreeMap<String, Place>,
}

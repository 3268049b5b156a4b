//! The arguments of `token`.

use std::path::PathBuf;

use clap::Args;

use super::values::parse_duration;
use super::{ConnectionArgs, PageArgs, SelectionArgs};
use crate::clock::Nanos;
use crate::tokens::Library;

/// Shown under the help of `token`.
pub(super) const EXIT_CODES: &str = "Exit codes:
  0    every host accepts the token, by every library that was asked about
  2    at least one host refuses it
  3    none surely refuses it, but of some nobody can tell, or they were not measured
  64   the command line makes no sense
  65   there is no token, or an inventory or report cannot be understood
  69   no host matched
  70   a defect of clockaudit
  74   output could not be written
  77   a password or passphrase is needed, and there is no terminal to ask for it
  130  Ctrl-C
  143  SIGTERM or SIGHUP";

/// Arguments of `token`.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// A file that holds the token; `-` reads standard input. Anybody on this machine can see one that is typed here itself
    #[arg(value_name = "FILE")]
    pub token: PathBuf,
    /// Which hosts, measured now.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Judge by the clocks of this report instead of measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = ["inventories", "inventory", "limit"], help_heading = "Hosts")]
    pub report: Option<PathBuf>,
    /// How they are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Judge as this library or gateway verifies (can be repeated): `jsonwebtoken`, `jose`, `fast-jwt`, `pyjwt`,
    /// `flask-jwt-extended`, `simplejwt`, `python-jose`, `authlib`, `joserfc`, `golang-jwt`, `go-jose`, `jwx`, `java-jwt`,
    /// `jjwt`, `nimbus`, `spring-security`, `dotnet`, `ruby-jwt`, `php-jwt`, `lcobucci`, `rust-jsonwebtoken`, `envoy`, `kong`
    /// [default: as each of them]
    #[arg(long, value_name = "NAME", hide_possible_values = true, help_heading = "Verification")]
    pub verifier_lib: Vec<Library>,
    /// The leeway that the verifiers are set to [default: each library's own]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_duration, help_heading = "Verification")]
    pub leeway: Option<Nanos>,
    /// Where the verdicts go.
    #[command(flatten)]
    pub output: PageArgs,
}

//! The arguments of `ticket`.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::values::parse_duration;
use crate::clock::Nanos;
use crate::report::ticket::Grain;
use crate::tickets::System;

/// Shown under the help of `ticket`.
pub const EXIT_CODES: &str =
    "Secrets come from the environment, or from the file that the same name with _FILE behind it names:
  github       GITHUB_TOKEN, or GH_TOKEN
  gitlab       GITLAB_TOKEN
  jira         JIRA_TOKEN, or JIRA_USER and JIRA_TOKEN
  jira-cloud   JIRA_USER (an e-mail address) and JIRA_TOKEN
  servicenow   SN_USERNAME and SN_PASSWORD, or SN_TOKEN
  rt           RT_TOKEN, or RT_USER and RT_PASSWORD
  redmine      REDMINE_API_KEY
  roundup      ROUNDUP_USER and ROUNDUP_PASSWORD
  webhook      WEBHOOK_SECRET, where the template says {{ secret }}

Exit codes:
  0    the ticket says what the report says
  64   the command line makes no sense
  65   the report or the template cannot be understood
  69   the report has no hosts
  74   output could not be written
  75   the ticket system cannot be reached, or refuses
  77   a secret is missing";

/// Arguments of `ticket`.
#[derive(Debug, Clone, Args)]
pub struct TicketArgs {
    /// The ticket system: `github`, `gitlab`, `jira` (Server and Data Center), `jira-cloud`, `servicenow`, `rt`, `redmine`,
    /// `roundup` or `webhook`
    #[arg(value_name = "SYSTEM", hide_possible_values = true)]
    pub system: System,
    /// A report that `--export FILE.json` wrote; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub report: PathBuf,
    /// The address of the server [default: that of the service, for `github` and `gitlab`]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Where tickets belong: `OWNER/REPOSITORY` (github), `GROUP/PROJECT` (gitlab), `KEY` or `KEY/ISSUE TYPE` (jira), a queue (rt), a
    /// project's identifier (redmine)
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// What the tickets are of, the environment with it: `prod`; reports of one scope share a ticket [default: the names of the
    /// inventory's sources]
    #[arg(long, value_name = "NAME")]
    pub scope: Option<String>,
    /// One ticket for the `run`, for each `cause`, or for each `host` that is not good
    #[arg(long, value_name = "WHAT", default_value = "run", hide_possible_values = true)]
    pub grain: Grain,
    /// Close the ticket where there is nothing left to act on
    #[arg(long)]
    pub resolve: bool,
    /// Open a ticket again that was closed no longer ago than this, instead of making another
    #[arg(long, value_name = "DURATION", default_value = "3d", allow_hyphen_values = true, value_parser = parse_age)]
    pub reopen_within: Nanos,
    /// Make no ticket at all where more than so many would be new
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub most_new: usize,
    /// What `webhook` sends, as a template (docs/tickets.md)
    #[arg(long, value_name = "FILE", required_if_eq("system", "webhook"))]
    pub template: Option<PathBuf>,
    /// Send nothing; print the requests as lines for curl, secrets by the names of their variables
    #[arg(long)]
    pub dry_run: bool,
}

impl ValueEnum for System {
    fn value_variants<'variants>() -> &'variants [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Grain {
    fn value_variants<'variants>() -> &'variants [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}

/// Reads a duration, `3d` too.
fn parse_age(text: &str) -> Result<Nanos, String> {
    match text.strip_suffix('d') {
        Some(days) => parse_duration(&format!("{days}h")).map(|hours| Nanos(hours.0.saturating_mul(24))),
        None => parse_duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_may_be_in_days() {
        let check = |text: &str, expected: Option<i64>| {
            let hours = expected.map(|hours| Nanos(hours * 3_600_000_000_000));
            assert_eq!(parse_age(text).ok(), hours, "{text}");
        };
        check("3d", Some(72));
        check("0.5d", Some(12));
        check("36h", Some(36));
        check("0s", Some(0));
        check("-1d", None);
        check("3", None);
    }
}

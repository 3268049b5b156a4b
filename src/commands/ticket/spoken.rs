//! The conversation with a ticket system: the pure part says what is asked, the network asks it.

use super::plan::{TicketPlan, without_secret};
use super::{Done, Errand};
use crate::commands::error::CommandError;
use crate::network::tracker::{Tracker, TrackerError};
use crate::report::escape::escaped;
use crate::tickets::{Answer, Conversation, Credentials, Next, Refusal, Request, System};

/// What asks, with its secrets.
pub(super) struct Asker {
    tracker: Tracker,
    secrets: Credentials,
    system: System,
}

impl Asker {
    pub(super) fn new(plan: &TicketPlan) -> Result<Self, CommandError> {
        let tracker = Tracker::new().map_err(|error| CommandError::remote(error.to_string()))?;
        Ok(Self { tracker, secrets: plan.secrets.clone().unwrap_or_default(), system: plan.site.system })
    }

    /// Speaks of one ticket until it says what it should.
    pub(super) fn speak(&self, plan: &TicketPlan, errand: Errand<'_>) -> Result<Done, CommandError> {
        let Errand { draft, noted, .. } = errand;
        let known = noted.and_then(|noted| noted.id);
        let mut spoken = Conversation::start(plan.site.clone(), draft, plan.resolve, plan.reopen_within, known);
        loop {
            match spoken.proceed().map_err(|refusal| self.refused(&refusal))? {
                Next::Done { deed, id } => return Ok(Done { deed, id }),
                Next::Ask(request) => match self.tracker.ask(&request, &self.secrets) {
                    // Whether something was made is looked for.
                    Ok(answer) if answer.status >= 500 => {
                        spoken.lose(Refusal::of(&answer)).map_err(|refusal| self.refused(&refusal))?;
                    }
                    Ok(answer) => spoken.hear(answer),
                    Err(TrackerError::Broken(words)) => {
                        spoken.lose(Refusal::unanswered(words)).map_err(|refusal| self.refused(&refusal))?;
                    }
                    Err(error) => return Err(self.unasked(&error)),
                },
            }
        }
    }

    /// Sends one request.
    pub(super) fn send(&self, request: &Request) -> Result<Answer, CommandError> {
        if request.fill(&self.secrets).is_none() {
            return Err(without_secret(self.system));
        }
        self.tracker.ask(request, &self.secrets).map_err(|error| self.unasked(&error))
    }

    fn unasked(&self, error: &TrackerError) -> CommandError {
        let words = self.secrets.hidden(&error.to_string());
        CommandError::remote(format!("{}: {}", self.system.name(), escaped(&words)))
    }

    /// A name that the ticket system gave, without secrets.
    pub(super) fn harmless(&self, name: &str) -> String {
        self.secrets.hidden(name)
    }

    /// What the ticket system said, in its own words.
    pub(super) fn refused(&self, refusal: &Refusal) -> CommandError {
        let name = self.system.name();
        let words = escaped(&refusal.words(&self.secrets));
        let Some(status) = refusal.status else { return CommandError::remote(format!("{name}: {words}")) };
        let colon = if words.is_empty() { "" } else { ": " };
        let error = CommandError::remote(format!("{name} answered {status}{colon}{words}"));
        match status {
            401 => error.hint("it does not accept the secret: is it the right one, and still valid?"),
            403 => error.hint("the secret does not allow this: it must read, make and change tickets of the project"),
            404 => error.hint(
                "is `--project` right, and does the secret allow to see it? is `--url` the address of the server?",
            ),
            300..=399 => error.hint("requests are not sent on to other addresses: name the new one with `--url`"),
            _ => error,
        }
    }
}

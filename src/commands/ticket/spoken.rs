//! The conversation with a ticket system: the pure part says what is asked, the network asks it.

use super::plan::{TicketPlan, without_secret};
use super::{Done, Errand, Failed};
use crate::commands::error::CommandError;
use crate::network::tracker::{Tracker, TrackerError};
use crate::report::escape::escaped;
use crate::tickets::{
    Answer, Conversation, Credentials, Known, Listed, Listing, ListingNext, Next, Refusal, Request, System,
};

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

    /// Looks through what the ticket system has open.
    pub(super) fn list(&self, plan: &TicketPlan) -> Result<Listed, CommandError> {
        let mut listing = Listing::start(plan.site.clone());
        loop {
            match listing.proceed().map_err(|refusal| self.refused(&refusal))? {
                ListingNext::Done(listed) => return Ok(listed),
                ListingNext::Ask(request) => {
                    listing
                        .hear(self.tracker.ask(&request, &self.secrets).map_err(|error| self.unasked(&error).error)?);
                }
            }
        }
    }

    /// Speaks of one ticket until it says what it should.
    pub(super) fn speak(&self, plan: &TicketPlan, errand: Errand<'_>) -> Result<Done, Failed> {
        let Errand { draft, noted, resolve, standing, .. } = errand;
        let known = Known { id: noted.and_then(|noted| noted.id), standing };
        let mut spoken = Conversation::start(plan.site.clone(), draft, resolve, plan.reopen_within, known);
        // Whether something was made is looked for, after a while: it may not be found at once.
        let look = |spoken: &mut Conversation, why: Refusal| {
            let tries = spoken.lose(why).map_err(|refusal| self.failed(&refusal))?;
            self.tracker.pause(tries);
            Ok::<_, Failed>(())
        };
        loop {
            match spoken.proceed().map_err(|refusal| self.failed(&refusal))? {
                Next::Done { deed, id, met, unattached } => {
                    let told = |(name, why): &(String, Refusal)| {
                        format!("{name} is not attached: {}", self.refused(why).message)
                    };
                    return Ok(Done { deed, id, met, unattached: unattached.iter().map(told).collect() });
                }
                Next::Ask(request) => match self.tracker.ask(&request, &self.secrets) {
                    Ok(answer) if answer.status >= 500 => look(&mut spoken, Refusal::of(&answer))?,
                    Ok(answer) => spoken.hear(answer),
                    Err(TrackerError::Broken(words)) => look(&mut spoken, Refusal::unanswered(words))?,
                    Err(error) => return Err(self.unasked(&error)),
                },
            }
        }
    }

    /// Sends one request.
    pub(super) fn send(&self, request: &Request) -> Result<Answer, Failed> {
        if request.fill(&self.secrets).is_none() {
            return Err(without_secret(self.system).into());
        }
        self.tracker.ask(request, &self.secrets).map_err(|error| self.unasked(&error))
    }

    fn unasked(&self, error: &TrackerError) -> Failed {
        let words = self.secrets.hidden(&error.to_string());
        let is_of_all = !matches!(error, TrackerError::Broken(_)) || !self.tracker.is_patient();
        Failed { error: CommandError::remote(format!("{}: {}", self.system.name(), escaped(&words))), is_of_all }
    }

    /// What a refusal stops: the ticket that it is of, or all where nobody is let in, or all are to wait.
    pub(super) fn failed(&self, refusal: &Refusal) -> Failed {
        let is_of_all = matches!(refusal.status, Some(401 | 429)) || !self.tracker.is_patient();
        Failed { error: self.refused(refusal), is_of_all }
    }

    /// A name that the ticket system gave, without secrets.
    pub(super) fn harmless(&self, name: &str) -> String {
        self.secrets.hidden(name)
    }

    /// What the ticket system said, in its own words.
    fn refused(&self, refusal: &Refusal) -> CommandError {
        let name = self.system.name();
        let words = escaped(&refusal.words(&self.secrets));
        let Some(status) = refusal.status else { return CommandError::remote(format!("{name}: {words}")) };
        let colon = if words.is_empty() { "" } else { ": " };
        let error = CommandError::remote(format!("{name} answered {status}{colon}{words}"));
        match status {
            403 | 429 if words.to_lowercase().contains("rate limit") => {
                error.hint("the secret has used up what it may ask for: begin the run again later")
            }
            401 => error.hint("it does not accept the secret: is it the right one, and still valid?"),
            403 => error.hint("the secret does not allow this: it must read, make and change tickets of the project"),
            404 if self.system == System::Webhook => {
                error.hint("is `--url` the address, and the template's first line the path?")
            }
            404 => error.hint(
                "is `--project` right, and does the secret allow to see it? is `--url` the address of the server?",
            ),
            300..=399 => error.hint("requests are not sent on to other addresses: name the new one with `--url`"),
            _ => error,
        }
    }
}

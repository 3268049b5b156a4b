//! What is said to a tracker for one ticket, from the first search to the end: answers in, requests out.

use super::draft::Draft;
use super::machine::{Becomes, Call, Change, Deed, Machine, Move, Reply, Unheeded, Wish};
use super::moment;
use super::protocol::{Step, Turn, is_file_refused, is_too_large};
use super::request::{Answer, Body, Request};
use super::site::{Credentials, Site};
use super::standing::Standing;
use super::systems;
use super::text::clipped;
use crate::clock::Nanos;

/// Characters of a tracker's own words that are told.
const LONGEST_WORDS: usize = 400;

/// Why a tracker did not do what it was asked. What it said itself is remote text: escape it before it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of its answer; none where it was no answer.
    pub status: Option<u16>,
    /// What is wrong, or what the tracker said: it may say a secret back.
    pub(super) words: String,
}

impl Refusal {
    /// What an answer that is no success says.
    pub fn of(answer: &Answer) -> Self {
        let mut words = Vec::new();
        gather(&answer.json(), "", &mut words);
        if words.is_empty() {
            let text = String::from_utf8_lossy(&answer.body);
            // A page for people is of no use in a line.
            words.extend((!text.trim_start().starts_with('<')).then(|| text.trim().to_owned()));
        }
        if let Some(location) = answer.header("location").filter(|_| (300..400).contains(&answer.status)) {
            words = vec![format!("it moved to {location}")];
        }
        let after = answer.header("retry-after").filter(|_| matches!(answer.status, 403 | 429 | 503));
        // What is neither seconds nor a date asks for nothing.
        words.extend(after.map(str::trim).and_then(|after| match after.parse::<u64>() {
            Ok(seconds) => Some(format!("it asks to be left alone for {seconds} s")),
            Err(_) => moment::of_header(after).map(|_| format!("it asks to be left alone until {after}")),
        }));
        Self { status: Some(answer.status), words: words.join("; ") }
    }

    /// That there is no answer, in these words.
    pub fn unanswered(words: String) -> Self {
        Self { status: None, words }
    }

    /// What is wrong, or what the tracker said, without the secrets that it was sent; no longer than a line for people.
    pub fn words(&self, secrets: &Credentials) -> String {
        clipped(&secrets.hidden(&self.words), LONGEST_WORDS)
    }

    pub(super) fn misunderstood(expected: &str) -> Self {
        Self { status: None, words: format!("its answer is not {expected}") }
    }
}

/// The texts in what a tracker says of a failure.
fn gather(value: &serde_json::Value, name: &str, words: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::String(text) if ["message", "msg", "detail", "error", "errors", "errorMessages", ""].contains(&name) => {
            words.push(text.clone());
        }
        Value::String(text) if !["documentation_url", "status", "resource", "code"].contains(&name) => {
            words.push(format!("{name}: {text}"));
        }
        Value::Array(members) => members.iter().for_each(|member| gather(member, name, words)),
        Value::Object(members) => members.iter().for_each(|(name, member)| gather(member, name, words)),
        _ => {}
    }
}

/// What is known of the ticket beforehand.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The id that was noted on this machine.
    pub id: Option<String>,
    /// What may be changed.
    pub standing: Standing,
}

/// What is next.
#[derive(Debug)]
pub enum Next {
    /// Send this, and tell what comes of it.
    Ask(Request),
    /// It is done; the id is noted for the next run, where there is a ticket.
    Done {
        /// What was done.
        deed: Deed,
        /// By what the tracker is asked for the ticket.
        id: Option<String>,
        /// What an open ticket said before, in short; none where there was none.
        met: Option<String>,
        /// The names of files that it did not take, and why.
        unattached: Vec<(String, Refusal)>,
    },
}

/// What is said to a tracker for one ticket.
#[derive(Debug)]
pub struct Conversation {
    site: Site,
    draft: Draft,
    machine: Machine,
    call: Call,
    answers: Vec<Answer>,
    ended: Option<Deed>,
    id: Option<String>,
    /// The names of the files that were sent last, until they are answered.
    files: Vec<String>,
    /// Whether they were parts of something else.
    are_inline: bool,
    unattached: Vec<(String, Refusal)>,
}

impl Conversation {
    /// Begins.
    pub fn start(site: Site, draft: Draft, resolve: bool, reopen_within: Nanos, known: Known) -> Self {
        let wish = Wish {
            is_clear: draft.is_clear,
            state: draft.state.as_str().to_owned(),
            resolve,
            reopen_within,
            known: known.id.clone(),
            standing: known.standing,
            is_made_whole: systems::makes_whole(site.system, &draft),
            makes_again: systems::finds_at_once(site.system),
        };
        let (machine, _) = Machine::start(wish);
        let (call, answers, unattached) = (Call::Find, Vec::new(), Vec::new());
        Self {
            site,
            draft,
            machine,
            call,
            answers,
            ended: None,
            id: known.id,
            files: Vec::new(),
            are_inline: false,
            unattached,
        }
    }

    /// What is next.
    ///
    /// # Errors
    ///
    /// Where the tracker refused, or answered what cannot be understood.
    pub fn proceed(&mut self) -> Result<Next, Refusal> {
        loop {
            if let Some(deed) = self.ended.clone() {
                let id = if deed == Deed::Nothing { None } else { self.id.clone() };
                let met = self.machine.met().map(str::to_owned);
                return Ok(Next::Done { deed, id, met, unattached: std::mem::take(&mut self.unattached) });
            }
            let Self { site, draft, call, answers, .. } = &*self;
            match systems::step(&Turn { site, draft, call, answers }) {
                Ok(Step::Ask(request)) => {
                    (self.files, self.are_inline) = match &request.body {
                        Body::File(file) | Body::Form { file, .. } => (vec![file.name.clone()], false),
                        body @ (Body::None | Body::Text(..)) => {
                            (body.inline_files().map(str::to_owned).collect(), true)
                        }
                    };
                    return Ok(Next::Ask(self.site.authorised(request)));
                }
                Ok(Step::Done(reply)) => self.conclude(reply)?,
                Err(refusal) => return Err(self.with_what_is_left(refusal)),
            }
        }
    }

    /// Takes the answer to the last request.
    pub fn hear(&mut self, answer: Answer) {
        let is_refused = if self.are_inline { is_too_large(&answer) } else { is_file_refused(&answer) };
        let files = std::mem::take(&mut self.files).into_iter().filter(|_| is_refused);
        for name in files {
            // One that was sent again is told once.
            if self.unattached.iter().all(|(known, _)| *known != name) {
                self.unattached.push((name, Refusal::of(&answer)));
            }
        }
        self.answers.push(answer);
    }

    /// Takes it that the last request came to nothing that is known; whether that is the end. Where it is not, what it was to make
    /// is looked for: how often it was tried so far, for it may take a while until it is found.
    ///
    /// # Errors
    ///
    /// Gives the reason back where it is.
    pub fn lose(&mut self, why: Refusal) -> Result<u32, Refusal> {
        if self.call != Call::Create {
            return Err(self.with_what_is_left(why));
        }
        self.conclude(Reply::Unknown).map_err(|_| why)?;
        Ok(self.machine.tries())
    }

    fn conclude(&mut self, reply: Reply) -> Result<(), Refusal> {
        match &reply {
            Reply::Made(ticket) => self.id = Some(ticket.id.clone()),
            Reply::Found(tickets, _) => {
                let mut open: Vec<_> = tickets.iter().filter(|ticket| ticket.is_open).collect();
                open.sort_by_key(|ticket| ticket.ordinal);
                self.id = open.first().map(|ticket| ticket.id.clone()).or(self.id.take());
            }
            Reply::Unmarked(_) | Reply::Changed | Reply::Unknown => {}
        }
        self.answers.clear();
        match self.machine.hear(reply) {
            Move::Ask(call) => {
                if let Call::Change(Change { id, becomes: Some(Becomes::Open), .. }) = &call {
                    self.id = Some(id.clone());
                }
                if let Call::Change(Change { found, comment: true, .. }) = &call {
                    self.draft.meet(found.as_deref());
                }
                self.call = call;
                Ok(())
            }
            Move::End(deed) => {
                self.ended = Some(deed);
                Ok(())
            }
            Move::GiveUp => Err(Refusal::unanswered("it does not tell whether a ticket was made".to_owned())),
            Move::Refuse(unheeded) => Err(Refusal::unanswered(self.told(&unheeded))),
        }
    }

    /// A refusal, and what it leaves behind.
    fn with_what_is_left(&self, refusal: Refusal) -> Refusal {
        match self.machine.left_behind() {
            Some(left) => Refusal { words: format!("{}. {}", refusal.words, self.told(&left)), ..refusal },
            None => refusal,
        }
    }

    fn told(&self, unheeded: &Unheeded) -> String {
        match unheeded {
            Unheeded::Unmarked { called, is_closed } => {
                let mark = systems::mark(self.site.system);
                let left = if *is_closed { "closed again" } else { "not closed: close it by hand" };
                format!(
                    "it made {called} without the {mark} by which a ticket is found again, so it was {left}. The secret must be \
                     allowed to set one"
                )
            }
            Unheeded::Foreign { called, made } => {
                let (mark, key) = (systems::mark(self.site.system), &self.draft.key);
                let made = made
                    .as_ref()
                    .map(|made| format!(" {made} was made before and is left as it is."))
                    .unwrap_or_default();
                format!(
                    "it was asked for tickets with the {mark} {key} alone and listed {called}, which does not have it, so nobody knows \
                     which are of this report, and none is changed.{made} Is `--url` the address of the ticket system itself? \
                     Something may leave out what it is searched for"
                )
            }
            Unheeded::Status { called, is_open } => {
                let (told, is) = if *is_open { ("close", "open") } else { ("open", "closed") };
                format!(
                    "it was told to {told} {called}, said nothing against it, and {called} is {is} still: the secret may not change \
                     the status, or a rule of the server keeps it"
                )
            }
        }
    }
}

/// Requests that would be sent, with what they are for.
pub struct Rehearsal {
    /// What they are for.
    pub purpose: &'static str,
    /// The requests.
    pub requests: Vec<Request>,
}

/// The requests for a ticket, as they would be sent where there is none yet and where there is one; what the tracker would say is
/// made up, `ID` stands for a ticket.
pub fn rehearse(site: &Site, draft: &Draft, resolve: bool) -> Vec<Rehearsal> {
    let change = |files, becomes| {
        let id = systems::REHEARSED_ID.to_owned();
        Call::Change(Change { id, found: None, files, comment: true, content: true, becomes })
    };
    let mut calls = vec![("look for the ticket", Call::Find)];
    if draft.is_clear {
        let becomes = resolve.then_some(Becomes::Closed);
        calls.push(("where one is open: say that all is clear", change(true, becomes)));
        if resolve {
            calls.push(("and see whether it is closed", Call::Verify(systems::REHEARSED_ID.to_owned())));
        }
    } else {
        calls.push(("where there is none: make it", Call::Create));
        if !systems::makes_whole(site.system, draft) {
            let id = systems::REHEARSED_ID.to_owned();
            let files = Change { id, found: None, files: true, comment: false, content: true, becomes: None };
            calls.push(("and complete it", Call::Change(files)));
        }
        calls.push(("where one is open and says something else: bring it up to date", change(true, None)));
    }
    let of = |(purpose, call): (&'static str, Call)| {
        let mut answers = Vec::new();
        let mut requests = Vec::new();
        while let Ok(Step::Ask(request)) = systems::step(&Turn { site, draft, call: &call, answers: &answers }) {
            let answer = systems::rehearsed(&Turn { site, draft, call: &call, answers: &answers });
            answers.push(answer);
            requests.push(site.authorised(request));
        }
        Rehearsal { purpose, requests }
    };
    calls.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_told_where_it_is_a_time() {
        let check = |after: &str, expected: &str| {
            let headers = vec![("retry-after".to_owned(), after.to_owned())];
            let refusal = Refusal::of(&Answer { status: 429, headers, body: b"busy".to_vec() });
            assert_eq!(refusal.words, expected, "{after}");
        };
        check("7200", "busy; it asks to be left alone for 7200 s");
        let date = "Mon, 30 Nov 2026 12:00:00 GMT";
        check(date, &format!("busy; it asks to be left alone until {date}"));
        for no_time in ["-5", "", "soon", "99999999999999999999999"] {
            check(no_time, "busy");
        }
    }
}

//! Talks with every system that are cut at every step: what was refused for now is asked again, and what broke is mended by the next
//! run, so that there is one ticket in the end. No network: the contracts answer at once.

use std::sync::Arc;

use clockaudit::clock::Nanos;
use clockaudit::inventory::secret::Secret;
use clockaudit::report::Report;
use clockaudit::report::ticket::{Enclosure, Grain, Setting, draft, subjects};
use clockaudit::tickets::{
    Answer, Attachment, Conversation, Credentials, Deed, Failure, FilledBody, Known, Next, Patience, Refusal, Site,
    System,
};
use serde_json::json;

use crate::life::{Contract, SYSTEMS};
use crate::reports::{bad, changed, clear, stored};
use crate::server::{Asked, Told};
use crate::store::{Store, date};

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// It is refused for now.
    Busy(u16),
    /// The server fails after it did what it was asked, or before.
    Failed { status: u16, is_done: bool },
    /// It is refused for good.
    Refused(u16),
}

const CUTS: [Cut; 9] = [
    Cut::Busy(429),
    Cut::Busy(503),
    // A connection that breaks.
    Cut::Failed { status: 0, is_done: true },
    Cut::Failed { status: 0, is_done: false },
    Cut::Failed { status: 500, is_done: true },
    Cut::Failed { status: 500, is_done: false },
    Cut::Failed { status: 504, is_done: true },
    Cut::Refused(403),
    Cut::Refused(422),
];

/// A system in memory, and what cuts its talks.
struct Talk<'talk> {
    contract: &'talk Contract,
    store: Store,
    /// The number of the request that is cut, once.
    cut: Option<(usize, Cut)>,
    /// The number of the request before which another run does all of the same.
    rival: Option<usize>,
    /// Whether no ticket may be changed.
    refuses_changes: bool,
    /// Whether a file, or a look at those that are there, was refused.
    has_refused_file: bool,
    asked: usize,
}

impl<'talk> Talk<'talk> {
    fn new(contract: &'talk Contract) -> Self {
        Self {
            contract,
            store: Store { day: 1, ..Store::default() },
            cut: None,
            rival: None,
            refuses_changes: false,
            has_refused_file: false,
            asked: 0,
        }
    }

    /// A run between whose requests, before this one, another does all of the same.
    fn run_beside(&mut self, report: &Report, at: usize) -> Result<Deed, Refusal> {
        self.rival = Some(at);
        self.run(report, None)
    }

    fn answer(&mut self, asked: &Asked) -> Told {
        let number = self.asked;
        self.asked += 1;
        let answer = self.contract.answer;
        if self.refuses_changes && ["PUT", "PATCH"].contains(&asked.method.as_str()) {
            return Told::json(422, &json!({ "message": "the body is not accepted" }));
        }
        match self.cut.filter(|(at, _)| *at == number).map(|(_, cut)| cut) {
            None => answer(&mut self.store, asked),
            Some(Cut::Busy(status)) => Told::json(status, &json!({})).header("Retry-After", "0"),
            Some(Cut::Failed { status, is_done }) => {
                if is_done {
                    answer(&mut self.store, asked);
                }
                Told::empty(status)
            }
            Some(Cut::Refused(status)) => {
                let is_look = asked.query.get("fields").is_some_and(|fields| fields == "attachment");
                self.has_refused_file =
                    is_look || ["attachment", "uploads"].iter().any(|part| asked.path.contains(part));
                Told::json(status, &json!({ "message": "not you" }))
            }
        }
    }

    /// A run of the command, as it asks and asks again, but for the waiting.
    fn run(&mut self, report: &Report, cut: Option<(usize, Cut)>) -> Result<Deed, Refusal> {
        (self.cut, self.asked) = (cut, 0);
        let contract = self.contract;
        let system = System::ALL.into_iter().find(|system| system.name() == contract.name).expect("a system");
        let read = |variable: clockaudit::tickets::Variable| {
            let value = contract.secrets.iter().find(|(name, _)| *name == variable.name());
            Ok::<_, ()>(value.map(|(_, value)| Secret::new((*value).to_owned())))
        };
        let secrets = Credentials::find(system, read).expect("secrets").expect("a way to log in");
        let site = Site::new(system, Some("http://tracker.invalid"), contract.project, Some(&secrets)).expect("a site");
        let subject = subjects(report, Grain::Run, "prod").remove(0);
        let json = Attachment { name: "a.json".to_owned(), media: "application/json", bytes: b"{}".to_vec() };
        let html = Attachment { name: "a.html".to_owned(), media: "text/html", bytes: b"<p>".to_vec() };
        let enclosure = match system {
            System::Github => Enclosure::without_files(system, &stored(report), std::path::Path::new("a.json")),
            _ => Enclosure::of_files(vec![Arc::new(json), Arc::new(html)]),
        };
        let setting = Setting { markup: system.markup(), longest: system.longest_body() };
        let draft = draft(&subject, None, setting, &enclosure);
        let mut spoken = Conversation::start(site, draft, true, Nanos::from_seconds(3 * 86_400), Known::default());
        loop {
            let request = match spoken.proceed()? {
                Next::Done { deed, .. } => return Ok(deed),
                Next::Ask(request) => request,
            };
            if self.rival == Some(self.asked) {
                self.rival = None;
                let asked = self.asked;
                self.run(report, None).expect("a whole run");
                self.asked = asked;
            }
            let filled = request.fill(&secrets).expect("a filled request");
            let (mut tries, mut patience) = (0, Patience::default());
            let answer = loop {
                tries += 1;
                let body = match &filled.body {
                    FilledBody::None => Vec::new(),
                    FilledBody::Bytes(bytes) => bytes.clone(),
                };
                let headers =
                    filled.headers.iter().cloned().chain([("User-Agent".to_owned(), "clockaudit/0".to_owned())]);
                let target = filled.url.strip_prefix("http://tracker.invalid").expect("an address");
                let told =
                    self.answer(&Asked::new(request.method.word(), target, headers, body)).header("Date", &date(1));
                let headers = told.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
                let answer = Answer { status: told.status, headers, body: told.body };
                let failure = if answer.status == 0 { Failure::Broken } else { Failure::Answered(&answer) };
                if patience.wait(&request, tries, failure, Nanos(0)).is_none() {
                    break answer;
                }
            };
            match answer.status {
                0 => {
                    spoken.lose(Refusal::unanswered("the connection broke".to_owned()))?;
                }
                500.. => {
                    spoken.lose(Refusal::of(&answer))?;
                }
                _ => spoken.hear(answer),
            }
        }
    }

    /// Tickets that are open, and tickets of all that were not closed as made twice.
    fn counts(&self) -> (usize, usize) {
        let own = |title: &str| !title.starts_with("Duplicate of ");
        (self.store.open().len(), self.store.tickets.iter().filter(|ticket| own(&ticket.title)).count())
    }
}

/// Cuts a run at each of its requests in every way; `before` are the runs that come first.
fn cut_everywhere(before: &[Report], report: &Report, open: usize) {
    for contract in &SYSTEMS {
        let prepared = || {
            let mut talk = Talk::new(contract);
            for report in before {
                talk.run(report, None).expect("a whole run");
            }
            talk
        };
        let mut whole = prepared();
        let deed = whole.run(report, None).expect("a whole run");
        assert_eq!(whole.counts(), (open, 1), "{}", contract.name);
        for at in 0..whole.asked {
            for cut in CUTS {
                let place = format!("{} request {at}: {cut:?}", contract.name);
                let mut talk = prepared();
                let ended = talk.run(report, Some((at, cut)));
                match (cut, ended) {
                    // Nothing was done, so that it is as if nothing had been.
                    (Cut::Busy(_), ended) => {
                        assert_eq!(ended.as_ref(), Ok(&deed), "{place}");
                        let told = |talk: &Talk<'_>| {
                            let ticket = &talk.store.tickets[0];
                            (ticket.title.clone(), ticket.comments.clone(), ticket.files.clone(), ticket.is_closed)
                        };
                        assert!(told(&talk) == told(&whole), "{place}");
                    }
                    // A file is no reason to say nothing.
                    (Cut::Refused(_), ended) if talk.has_refused_file => {
                        assert_eq!(ended.as_ref(), Ok(&deed), "{place}");
                    }
                    (Cut::Refused(status), ended) => {
                        let refusal = ended.expect_err(&place);
                        assert_eq!(refusal.status, Some(status), "{place}");
                    }
                    (Cut::Failed { .. }, _) => {}
                }
                // The next run, which nobody cuts, leaves all as it should be.
                talk.run(report, None).unwrap_or_else(|refusal| panic!("{place}: {refusal:?}"));
                assert_eq!(talk.counts(), (open, 1), "{place}");
                let last = talk.run(report, None).unwrap_or_else(|refusal| panic!("{place}: {refusal:?}"));
                assert!(matches!(last, Deed::Unchanged(_) | Deed::Nothing), "{place}: {last:?}");
                let ticket = talk.store.tickets.iter().find(|ticket| !ticket.title.starts_with("Duplicate"));
                let files = ticket.expect("a ticket").files.len();
                let expected = 2 - usize::from(talk.has_refused_file);
                assert!(!contract.takes_files || files >= expected, "{place}: the files are there");
                // What changed is said once, however often it was tried.
                let said =
                    |talk: &Talk<'_>| talk.store.tickets.iter().map(|ticket| ticket.comments.len()).sum::<usize>();
                assert!(before.is_empty() || said(&talk) == said(&whole), "{place}: {}", said(&talk));
            }
        }
    }
}

#[test]
fn a_new_ticket_may_be_cut_at_every_step() {
    cut_everywhere(&[], &bad(), 1);
}

#[test]
fn a_resolution_may_be_cut_at_every_step() {
    cut_everywhere(&[bad()], &clear(), 0);
}

#[test]
fn a_reopening_may_be_cut_at_every_step() {
    cut_everywhere(&[bad(), clear()], &bad(), 1);
}

#[test]
fn a_change_may_be_cut_at_every_step() {
    cut_everywhere(&[bad()], &changed(), 1);
}

/// The tracker takes everything but what the ticket is to say: no run adds a comment to it.
#[test]
fn a_body_that_is_refused_gets_no_comment_however_often_it_is_tried() {
    for contract in &SYSTEMS {
        let mut talk = Talk::new(contract);
        talk.run(&bad(), None).expect("a whole run");
        let before = talk.store.tickets[0].clone();
        for _ in 0..3 {
            talk.refuses_changes = true;
            let refusal = talk.run(&changed(), None).expect_err(contract.name);
            assert_eq!(refusal.status, Some(422), "{}", contract.name);
            let ticket = &talk.store.tickets[0];
            assert_eq!((&ticket.comments, &ticket.files), (&before.comments, &before.files), "{}", contract.name);
        }
        talk.refuses_changes = false;
        talk.run(&changed(), None).expect("a whole run");
        assert_eq!(talk.store.tickets[0].comments.len(), before.comments.len() + 1, "{}", contract.name);
    }
}

/// Two runs at once say what changed once, unless the other one comes between the look and the comment.
#[test]
fn runs_at_once_say_once_what_changed() {
    for contract in &SYSTEMS {
        let prepared = || {
            let mut talk = Talk::new(contract);
            talk.run(&bad(), None).expect("a whole run");
            talk
        };
        let mut whole = prepared();
        whole.run(&changed(), None).expect("a whole run");
        let mut twice = 0;
        for at in 0..whole.asked {
            let mut talk = prepared();
            talk.run_beside(&changed(), at).expect("a whole run");
            let (once, said) = (whole.store.tickets[0].comments.len(), talk.store.tickets[0].comments.len());
            assert!((once..=once + 1).contains(&said), "{} request {at}: {said}", contract.name);
            twice += said - once;
            assert!(matches!(talk.run(&changed(), None), Ok(Deed::Unchanged(_))), "{} request {at}", contract.name);
            assert_eq!(talk.counts(), (1, 1), "{} request {at}", contract.name);
        }
        assert_eq!(twice, 1, "{}", contract.name);
    }
}

/// A run that meets the new ticket of another one, which is not complete yet, sends no file that is there, and says nothing: nothing
/// changed.
#[test]
fn runs_at_once_send_the_files_of_a_new_ticket_once() {
    for contract in SYSTEMS.iter().filter(|contract| contract.name.starts_with("jira") || contract.name == "servicenow")
    {
        let mut whole = Talk::new(contract);
        whole.run(&bad(), None).expect("a whole run");
        let mut twice = 0;
        for at in 0..whole.asked {
            let mut talk = Talk::new(contract);
            talk.run_beside(&bad(), at).expect("a whole run");
            assert_eq!(talk.counts(), (1, 1), "{} request {at}", contract.name);
            let ticket = talk.store.tickets.iter().find(|ticket| !ticket.is_closed).expect("an open one");
            assert!(ticket.comments.is_empty(), "{} request {at}: {:?}", contract.name, ticket.comments);
            twice += usize::from(ticket.files.len() > 2);
        }
        // Unless the other one comes between the look and a file.
        assert!(twice <= 2, "{}: {twice}", contract.name);
    }
}

/// Somebody quotes an earlier comment, or answers it by mail with its subject: that is no comment of ours.
#[test]
fn a_quotation_does_not_pass_for_what_was_said() {
    for contract in &SYSTEMS {
        let mut talk = Talk::new(contract);
        for report in [bad(), changed(), bad()] {
            talk.run(&report, None).expect("a whole run");
        }
        let ticket = &mut talk.store.tickets[0];
        let said = ticket.comments[ticket.comments.len() - 2].clone();
        let quoted = match contract.name {
            "jira-cloud" => {
                let document: serde_json::Value = serde_json::from_str(&said).expect("a document");
                let quoted = json!({ "type": "blockquote", "content": document["content"] });
                json!({ "version": 1, "type": "doc", "content": [quoted] }).to_string()
            }
            "jira" => format!("{{quote}}\n{said}\n{{quote}}"),
            _ => said.lines().flat_map(|line| ["> ", line, "\n"]).collect(),
        };
        ticket.comments.push(quoted);
        if let Some((_, subject)) = ticket.subjects.iter().rev().nth(1).cloned() {
            ticket.subjects.push(("Correspond", subject.clone()));
            ticket.subjects.push(("Comment", format!("Re: {subject}")));
        }
        let before = ticket.comments.len();
        talk.run(&changed(), None).expect("a whole run");
        assert_eq!(talk.store.tickets[0].comments.len(), before + 1, "{}", contract.name);
    }
}

/// A state that comes back is said again.
#[test]
fn a_state_that_comes_back_is_said_again() {
    for contract in &SYSTEMS {
        let mut talk = Talk::new(contract);
        talk.run(&bad(), None).expect("a whole run");
        let first = talk.store.tickets[0].comments.len();
        for (number, report) in [changed(), bad(), changed(), bad()].iter().enumerate() {
            talk.run(report, None).expect("a whole run");
            assert_eq!(talk.store.tickets[0].comments.len(), first + number + 1, "{}", contract.name);
        }
    }
}

//! How a system is spoken to: a call becomes requests, one after the other, each a function of the answers so far.

use std::sync::Arc;

use serde_json::Value;

use super::conversation::Refusal;
use super::draft::{Attachment, Draft};
use super::key::{Key, state_in};
use super::machine::{Call, Change, Reply, Ticket};
use super::moment;
use super::request::{Answer, Request};
use super::site::Site;
use crate::clock::UnixNanos;

/// How the last line of a comment of ours begins.
pub const SAID_BY: &str = "clockaudit, run ";

/// What a call comes to.
pub(super) enum Step {
    Ask(Request),
    Done(Reply),
}

/// A call in progress.
pub(super) struct Turn<'call> {
    pub(super) site: &'call Site,
    pub(super) draft: &'call Draft,
    pub(super) call: &'call Call,
    /// The answers so far.
    pub(super) answers: &'call [Answer],
}

/// Whether a change was commented before.
pub(super) enum Looked<'call> {
    /// What is asked before that is known.
    Ask(Request),
    /// The change is said already or not; with the answers that came after the look.
    Seen { is_said: bool, later: &'call [Answer] },
}

/// What became of files.
pub(super) enum Sent<'call> {
    /// The next one.
    Ask(Request),
    /// By what each is known, none where it was refused; with the answers that came after them.
    Done { made: Vec<Option<String>>, later: &'call [Answer] },
}

/// A comment: those that are made later have a higher number; its text.
pub(super) type Comment = (u64, String);

impl<'call> Turn<'call> {
    /// The first requests of a change that is commented, and then a look whether a run said the same already: one that was ended
    /// before it was done, or one on another machine at the same time. The newest comment of ours is what counts, for the same
    /// state may come back after another one.
    ///
    /// What a ticket says is written before, marked as incomplete, so that a tracker that refuses it gets no comment, and so that
    /// the next run goes on where this one is ended.
    pub(super) fn looked(
        &self,
        answers: &'call [Answer],
        first: Vec<Request>,
        look: impl FnOnce(&[Answer]) -> Request,
        read: impl FnOnce(&Value) -> Result<Vec<Comment>, Refusal>,
    ) -> Result<Looked<'call>, Refusal> {
        let count = first.len();
        // What is behind the look is for whoever asked for it.
        if let Some(last) = answers.get(..answers.len().min(count + 1)).unwrap_or_default().last() {
            good(last)?;
        }
        if let Some(request) = first.into_iter().nth(answers.len()) {
            return Ok(Looked::Ask(request));
        }
        let (first, rest) = answers.split_at_checked(count).unwrap_or_default();
        let [seen, later @ ..] = rest else { return Ok(Looked::Ask(look(first))) };
        let is_said = is_newest(&read(&seen.json())?, self.draft);
        Ok(Looked::Seen { is_said, later })
    }

    /// The requests of a call, where none needs an answer to another: they are asked one after the other.
    pub(super) fn in_turn(&self, requests: Vec<Request>) -> Result<Step, Refusal> {
        in_turn(self.answers, requests)
    }

    /// The step of a change, of a tracker that answers a change of a ticket with the ticket: something before it that says yes to all
    /// that it is sent has changed nothing. The first request of what is commented, and the last one of all, change the ticket itself.
    pub(super) fn shown(&self, step: Step, change: &Change, id_at: &str) -> Result<Step, Refusal> {
        let is_done = matches!(step, Step::Done(_)) && (change.content || change.becomes.is_some());
        let first = self.answers.first().filter(|_| change.comment);
        let last = self.answers.last().filter(|_| is_done);
        let is_it = |answer: &Answer| text(&answer.json(), id_at) == change.id;
        if first.into_iter().chain(last).all(is_it) {
            Ok(step)
        } else {
            Err(Refusal::misunderstood("the ticket that it was told to change, so nobody knows whether it did"))
        }
    }

    /// The files of a change that are not there yet, of a tracker that keeps files by their names, which hold the run: a run that
    /// was ended before it was done, or one at the same time, may have sent them. A look that is refused shows none.
    pub(super) fn filed(
        &self,
        answers: &'call [Answer],
        look: impl FnOnce() -> Request,
        names: impl FnOnce(&Value) -> Vec<String>,
        upload: impl Fn(&Arc<Attachment>) -> Request,
        made_at: &[&str],
    ) -> Result<Sent<'call>, Refusal> {
        if self.draft.files.is_empty() {
            return Ok(Sent::Done { made: Vec::new(), later: answers });
        }
        let [seen, answers @ ..] = answers else { return Ok(Sent::Ask(look())) };
        let there = if is_file_refused(seen) {
            Vec::new()
        } else {
            good(seen)?;
            names(&seen.json())
        };
        let missing = self.draft.files.iter().filter(|file| !there.contains(&file.name));
        sent(answers, missing.map(upload).collect(), made_at)
    }

    /// One ticket, by its id; none where the answer is one of those that say it is gone. One that was noted may be one that nobody
    /// shows us any more.
    pub(super) fn fetched(
        &self,
        request: impl FnOnce() -> Request,
        gone: &[u16],
        read: impl FnOnce(&Value) -> Result<Ticket, Refusal>,
    ) -> Result<Step, Refusal> {
        match self.answers.first() {
            None => Ok(Step::Ask(request())),
            Some(heard) if gone.contains(&heard.status) || self.is_hidden(heard) => {
                Ok(Step::Done(Reply::Found(Vec::new(), None)))
            }
            Some(heard) => {
                good(heard)?;
                Ok(Step::Done(Reply::Found(vec![read(&heard.json())?], now(heard))))
            }
        }
    }

    /// Whether a label, or another field, is the key.
    pub(super) fn is_key(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.draft.key.as_str())
    }

    fn is_hidden(&self, heard: &Answer) -> bool {
        matches!(self.call, Call::Fetch(_)) && heard.status == 403
    }

    /// The answer to the request of that number, once it is known to be good.
    pub(super) fn heard(&self, number: usize) -> Result<Option<&'call Answer>, Refusal> {
        self.answers.get(number).map(|answer| good(answer).map(|()| answer)).transpose()
    }
}

/// Files that are sent one after the other. A file that is refused is no reason to say nothing: the ticket says that it is not there.
pub(super) fn sent<'call>(
    answers: &'call [Answer],
    uploads: Vec<Request>,
    made_at: &[&str],
) -> Result<Sent<'call>, Refusal> {
    let (done, later) = answers.split_at_checked(uploads.len()).unwrap_or((answers, &[]));
    let made_of = |answer: &Answer| {
        if is_file_refused(answer) {
            return Ok(None);
        }
        good(answer)?;
        let answer = answer.json();
        let made = made_at.iter().map(|at| text(&answer, at)).find(|made| !made.is_empty());
        made.map(Some).ok_or_else(|| Refusal::misunderstood("that of a file that was sent"))
    };
    let made = done.iter().map(made_of).collect::<Result<Vec<_>, _>>()?;
    Ok(uploads.into_iter().nth(done.len()).map_or(Sent::Done { made, later }, Sent::Ask))
}

/// Whether an answer refuses a file and nothing else: it is too large, of a kind that is not taken, or none are taken. Who is not
/// known, or is to wait, is refused whatever he sends.
pub(super) fn is_file_refused(answer: &Answer) -> bool {
    (400..500).contains(&answer.status) && ![401, 408, 429].contains(&answer.status)
}

/// Whether an answer refuses a request for what it holds: without its files it may be taken.
pub(super) fn is_too_large(answer: &Answer) -> bool {
    answer.status == 413
}

/// Whether the newest comment of ours says what the ticket is to say.
pub(super) fn is_newest(comments: &[Comment], draft: &Draft) -> bool {
    let ours = comments.iter().filter_map(|(number, text)| Some((number, said_in(text, &draft.key)?)));
    ours.max_by_key(|(number, _)| *number).is_some_and(|(_, state)| state == draft.state.as_str())
}

/// The state that a comment of ours is about. Its last line says so: who answers a comment, or quotes one, has the line somewhere
/// else, or something before it.
fn said_in(comment: &str, key: &Key) -> Option<String> {
    // What Redmine shows as it is ends so.
    let comment = comment.trim_end();
    let line = comment.strip_suffix("</pre>").unwrap_or(comment).trim_end().lines().last()?;
    line.starts_with(SAID_BY).then(|| state_in(line, key))?
}

/// Whether a text is a comment of ours.
pub(super) fn is_said_in(comment: &str, key: &Key) -> bool {
    said_in(comment, key).is_some()
}

/// Requests that are asked one after the other, of which some were answered.
pub(super) fn in_turn(answers: &[Answer], requests: Vec<Request>) -> Result<Step, Refusal> {
    if let Some(last) = answers.last() {
        good(last)?;
    }
    Ok(requests.into_iter().nth(answers.len()).map_or(Step::Done(Reply::Changed), Step::Ask))
}

/// Comments of a list, each with a text and with an id as its number.
pub(super) fn comments(found: &Value, list_at: &str, text_at: &str) -> Result<Vec<Comment>, Refusal> {
    let Some(Value::Array(members)) = found.pointer(list_at) else {
        return Err(Refusal::misunderstood("a list of comments"));
    };
    let of = |member: &Value| {
        let said = match member.pointer(text_at) {
            Some(Value::String(said)) => said.clone(),
            Some(document) => last_paragraph(document),
            None => String::new(),
        };
        (ordinal(&text(member, "/id")), said)
    };
    Ok(members.iter().map(of).collect())
}

/// The last paragraph of a document in the Atlassian Document Format; nothing where it ends with something else, as a quotation.
fn last_paragraph(document: &Value) -> String {
    let last = document.pointer("/content").and_then(Value::as_array).and_then(|content| content.last());
    let Some(paragraph) = last.filter(|node| text(node, "/type") == "paragraph") else { return String::new() };
    let spans = paragraph.pointer("/content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    spans.iter().map(|span| text(span, "/text")).collect()
}

/// Refuses what is no answer of success.
pub(super) fn accepted(answer: &Answer) -> Result<(), Refusal> {
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(Refusal::of(answer)) }
}

/// Refuses what is no answer of success of a ticket system: what it says is JSON. A page for people that comes with the status of
/// success is of something before the system, which has done nothing.
pub(super) fn good(answer: &Answer) -> Result<(), Refusal> {
    accepted(answer)?;
    let is_empty = answer.body.iter().all(u8::is_ascii_whitespace);
    if is_empty || serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_ok() {
        Ok(())
    } else {
        Err(Refusal::misunderstood("JSON, so it is not of the ticket system: is `--url` the address of its interface?"))
    }
}

/// The time by the tracker's clock.
pub(super) fn now(answer: &Answer) -> Option<UnixNanos> {
    answer.header("date").and_then(moment::of_header)
}

/// The members of a list.
pub(super) fn list<'value>(value: &'value Value, pointer: &str) -> Result<&'value [Value], Refusal> {
    match value.pointer(pointer) {
        Some(Value::Array(members)) => Ok(members),
        _ => Err(Refusal::misunderstood("a list of tickets")),
    }
}

/// A text or a whole number, as text; nothing where it is neither.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// An id that a tracker gave, which goes into addresses: letters, digits, `-`, `_` and nothing else.
pub(super) fn id(value: &Value, pointer: &str) -> Result<String, Refusal> {
    let id = text(value, pointer);
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if !id.is_empty() && id.len() <= 64 && id.chars().all(is_plain) {
        Ok(id)
    } else {
        Err(Refusal::misunderstood("the id of a ticket"))
    }
}

/// The digits of an id as a number: tickets are numbered in the order in which they are made.
pub(super) fn ordinal(id: &str) -> u64 {
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u64::MAX)
}

/// An answer as it might come, for requests that are only shown.
pub(super) fn rehearsed(status: u16, value: &Value) -> Answer {
    Answer { status, headers: Vec::new(), body: value.to_string().into_bytes() }
}

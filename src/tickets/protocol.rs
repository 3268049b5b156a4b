//! How a system is spoken to: a call becomes requests, one after the other, each a function of the answers so far.

use serde_json::Value;

use super::conversation::Refusal;
use super::draft::Draft;
use super::key::state_in;
use super::machine::{Call, Reply, Ticket};
use super::moment;
use super::request::{Answer, Request};
use super::site::Site;
use crate::clock::UnixNanos;

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
    /// The change is said already or not; with the answers to the first requests, and those that came after the look.
    Seen { is_said: bool, first: &'call [Answer], later: &'call [Answer] },
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
        first: Vec<Request>,
        look: impl FnOnce(&[Answer]) -> Request,
        read: impl FnOnce(&Value) -> Result<Vec<Comment>, Refusal>,
    ) -> Result<Looked<'call>, Refusal> {
        if let Some(last) = self.answers.last() {
            good(last)?;
        }
        let count = first.len();
        if let Some(request) = first.into_iter().nth(self.answers.len()) {
            return Ok(Looked::Ask(request));
        }
        let (first, rest) = self.answers.split_at_checked(count).unwrap_or_default();
        let [seen, later @ ..] = rest else { return Ok(Looked::Ask(look(first))) };
        let is_said = is_newest(&read(&seen.json())?, self.draft);
        Ok(Looked::Seen { is_said, first, later })
    }

    /// The requests of a call, where none needs an answer to another: they are asked one after the other.
    pub(super) fn in_turn(&self, requests: Vec<Request>) -> Result<Step, Refusal> {
        in_turn(self.answers, requests)
    }

    /// One ticket, by its id; none where the answer is one of those that say it is gone.
    pub(super) fn fetched(
        &self,
        request: impl FnOnce() -> Request,
        gone: &[u16],
        read: impl FnOnce(&Value) -> Result<Ticket, Refusal>,
    ) -> Result<Step, Refusal> {
        match self.answers.first() {
            None => Ok(Step::Ask(request())),
            Some(heard) if gone.contains(&heard.status) => Ok(Step::Done(Reply::Found(Vec::new(), None))),
            Some(heard) => {
                good(heard)?;
                Ok(Step::Done(Reply::Found(vec![read(&heard.json())?], now(heard))))
            }
        }
    }

    /// The answer to the request of that number, once it is known to be good.
    pub(super) fn heard(&self, number: usize) -> Result<Option<&'call Answer>, Refusal> {
        self.answers.get(number).map(|answer| good(answer).map(|()| answer)).transpose()
    }
}

/// Whether the newest comment of ours says what the ticket is to say.
pub(super) fn is_newest(comments: &[Comment], draft: &Draft) -> bool {
    let ours = comments.iter().filter_map(|(number, text)| Some((number, state_in(text, &draft.key)?)));
    ours.max_by_key(|(number, _)| *number).is_some_and(|(_, state)| state == draft.state.as_str())
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
            // A document in a format of its own is looked through as text.
            Some(document) => document.to_string(),
            None => String::new(),
        };
        (ordinal(&text(member, "/id")), said)
    };
    Ok(members.iter().map(of).collect())
}

/// Refuses what is no answer of success.
pub(super) fn good(answer: &Answer) -> Result<(), Refusal> {
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(Refusal::of(answer)) }
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

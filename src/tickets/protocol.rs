//! How a system is spoken to: a call becomes requests, one after the other, each a function of the answers so far.

use serde_json::Value;

use super::conversation::Refusal;
use super::draft::Draft;
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

impl<'call> Turn<'call> {
    /// The requests of a call, where none needs an answer to another: they are asked one after the other.
    pub(super) fn in_turn(&self, requests: Vec<Request>) -> Result<Step, Refusal> {
        if let Some(last) = self.answers.last() {
            good(last)?;
        }
        Ok(requests.into_iter().nth(self.answers.len()).map_or(Step::Done(Reply::Changed), Step::Ask))
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

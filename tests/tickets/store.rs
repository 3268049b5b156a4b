//! What every contract server keeps: tickets with comments and files, and the limits that are the same everywhere.

use serde_json::Value;

use crate::server::{Asked, Told};

/// The instant that the servers' clocks show, on this day of the month.
pub(crate) fn date(day: u32) -> String {
    format!("Tue, {day:02} Dec 2026 12:00:00 GMT")
        .replace("Tue, 01", "Tue, 01")
        .replace("Tue, 02", "Wed, 02")
        .replace("Tue, 05", "Sat, 05")
        .replace("Tue, 06", "Sun, 06")
}

/// A ticket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub(crate) id: usize,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) labels: Vec<String>,
    pub(crate) is_closed: bool,
    pub(crate) made_on: u32,
    pub(crate) closed_on: Option<u32>,
    /// When it was changed last, where that is told.
    pub(crate) changed_at: Option<&'static str>,
    pub(crate) comments: Vec<String>,
    /// The kinds and the subjects of what was said, where they have some.
    pub(crate) subjects: Vec<(&'static str, String)>,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// What goes wrong with the next requests that match.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    /// How the path ends.
    pub(crate) path: &'static str,
    pub(crate) times: usize,
    pub(crate) answer: Told,
    /// Whether the request is done before it fails.
    pub(crate) is_done: bool,
}

/// Tickets, the day, and what is to go wrong.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub(crate) struct Store {
    pub(crate) tickets: Vec<Kept>,
    pub(crate) uploads: Vec<(String, Vec<u8>)>,
    pub(crate) day: u32,
    pub(crate) faults: Vec<Fault>,
    /// Whether what a ticket is found by is dropped where it is made, as it is of those who may not set it.
    pub(crate) drops_marks: bool,
    /// Whether a ticket's status stays as it is, whatever is answered.
    pub(crate) keeps_status: bool,
    /// Whether searches show all tickets, whatever they are for.
    pub(crate) ignores_search: bool,
    /// Whether searches show nothing yet of what there is.
    pub(crate) lags: bool,
    /// Whether nobody may see the first ticket.
    pub(crate) hides_first: bool,
    /// Files of this ending that are refused with a status, so often.
    pub(crate) refused_files: Option<(&'static str, u16, usize)>,
    /// Whether another run makes the same ticket just before the next one is made.
    pub(crate) has_rival: bool,
}

impl Store {
    pub(crate) fn make(&mut self, title: &str, body: &str, labels: Vec<String>) -> &mut Kept {
        let id = self.tickets.len() + 1;
        let labels = if self.drops_marks { Vec::new() } else { labels };
        let (title, body, made_on) = (title.to_owned(), body.to_owned(), self.day);
        self.tickets.push(Kept { id, title, body, labels, made_on, ..Kept::default() });
        self.tickets.last_mut().expect("a ticket")
    }

    pub(crate) fn at(&mut self, id: &str) -> &mut Kept {
        let number: usize = id.parse().expect("the number of a ticket");
        &mut self.tickets[number - 1]
    }

    pub(crate) fn close(&mut self, id: &str, is_closed: bool) {
        if self.keeps_status {
            return;
        }
        let day = self.day;
        let ticket = self.at(id);
        ticket.is_closed = is_closed;
        ticket.closed_on = is_closed.then_some(day);
    }

    /// The newest first.
    pub(crate) fn with(&self, label: &str) -> Vec<Kept> {
        self.searched(|ticket| ticket.labels.iter().any(|own| own == label))
    }

    /// Those that a search shows, the newest first.
    pub(crate) fn searched(&self, is_sought: impl Fn(&Kept) -> bool) -> Vec<Kept> {
        let is_shown = |ticket: &&Kept| !self.lags && (self.ignores_search || is_sought(ticket));
        self.tickets.iter().rev().filter(is_shown).cloned().collect()
    }

    /// The open ones of those, without the first so many, and no more than a page.
    pub(crate) fn open_page(&self, is_sought: impl Fn(&Kept) -> bool, behind: usize) -> Vec<Kept> {
        let found = self.searched(is_sought).into_iter().filter(|ticket| !ticket.is_closed);
        found.skip(behind).take(100).collect()
    }

    /// What is answered where the system refuses a file, or to show a ticket.
    pub(crate) fn refusal(&mut self, asked: &Asked) -> Option<Told> {
        let is_of_first = ["/1", "/1.json", "/00ff1"].iter().any(|end| asked.path.ends_with(end));
        if self.hides_first && asked.method == "GET" && is_of_first {
            return Some(Told::json(403, &Value::from("not for you")));
        }
        let (ending, status, times) = self.refused_files.as_mut()?;
        if asked.method != "POST" || *times == 0 {
            return None;
        }
        let named = ["file_name", "filename"].iter().find_map(|name| asked.query.get(*name)).cloned();
        let is_form = asked.header("content-type").starts_with("multipart/");
        let name = named.or_else(|| is_form.then(|| asked.form_file().1))?;
        if !name.ends_with(*ending) {
            return None;
        }
        *times -= 1;
        Some(Told::json(*status, &Value::from("files like that are not taken")))
    }

    pub(crate) fn open(&self) -> Vec<&Kept> {
        self.tickets.iter().filter(|ticket| !ticket.is_closed).collect()
    }

    /// The next fault that is meant for a request.
    pub(crate) fn fault(&mut self, asked: &Asked) -> Option<Fault> {
        let is_meant =
            |fault: &&mut Fault| fault.times > 0 && fault.method == asked.method && asked.path.ends_with(fault.path);
        let fault = self.faults.iter_mut().find(is_meant)?;
        fault.times -= 1;
        Some(fault.clone())
    }
}

/// When a ticket was made, as most systems write it.
pub(crate) fn created_at(ticket: &Kept) -> Value {
    format!("2026-12-{:02}T11:00:00Z", ticket.made_on).into()
}

/// When a ticket was closed, as most systems write it.
pub(crate) fn closed_at(ticket: &Kept) -> Value {
    ticket.closed_on.map_or(Value::Null, |day| format!("2026-12-{day:02}T12:00:00Z").into())
}

/// A text of an object that is there.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value.pointer(&format!("/{}", name.replace('.', "/"))).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// How many tickets are on the pages before the one that is asked for.
pub(crate) fn before_page(asked: &Asked, name: &str) -> usize {
    let page: usize = asked.query[name].parse().expect("the number of a page");
    assert!(page >= 1, "pages are counted from 1 on");
    (page - 1) * 100
}

/// How many characters a limit counts: units of UTF-16, by which the strictest count.
pub(crate) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

//! The open tickets of clockaudit at a place, page after page: what is over is known by what the tracker has, not by what a machine
//! remembers of it. Answers in, requests out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::conversation::Refusal;
use super::key::{Key, keys_in, scope_in};
use super::protocol::{good, list, text};
use super::request::{Answer, Request};
use super::site::{Site, System};
use super::systems;
use crate::clock::UnixNanos;

/// What every ticket of ours has beside its key, where a system has labels.
pub(super) const LABEL: &str = "clockaudit";
/// How every key begins, by which tickets are looked for elsewhere.
pub(super) const ANY_KEY: &str = "clk-";
/// Tickets of a page: no system gives more of them.
pub(super) const PAGE: usize = 100;
/// No more pages are asked for.
const MOST_PAGES: usize = 20;
/// No ticket has more keys.
const MOST_KEYS: usize = 16;
/// What Jira Cloud names the next page by is no longer.
const LONGEST_TOKEN: usize = 4_096;

/// Which page it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the page; the first is 1.
    pub(super) number: usize,
    /// How many tickets the pages before it had.
    pub(super) behind: usize,
    /// What the answer before named it by.
    pub(super) token: Option<String>,
}

/// A ticket of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) is_open: bool,
    /// Its keys, each with the scope that the ticket tells.
    pub(super) keys: Vec<(Key, Option<Key>)>,
}

/// What is known of a key that has an open ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Open {
    /// The scope that the ticket tells.
    scope: Option<Key>,
    /// When it was changed last, by the tracker's clock; none where that does not tell.
    changed: Option<UnixNanos>,
}

/// What a tracker has open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    keys: BTreeMap<Key, Open>,
    /// Whether there may be more.
    pub is_cut: bool,
}

/// What is next.
#[derive(Debug)]
pub enum ListingNext {
    /// Send this, and tell what comes of it.
    Ask(Request),
    /// That is all.
    Done(Listed),
}

/// The pages, as far as they were looked through.
#[derive(Debug)]
pub struct Listing {
    site: Site,
    place: Place,
    heard: Option<Answer>,
    seen: BTreeSet<String>,
    listed: Listed,
}

impl Listed {
    /// Whether a ticket of the key is open.
    pub fn has(&self, key: &Key) -> bool {
        self.keys.contains_key(key)
    }

    /// The keys of open tickets that tell that they are of this scope.
    pub fn of_scope(&self, scope: &Key) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |(_, open)| open.scope.as_ref() == Some(scope)).map(|(key, _)| key)
    }

    /// Whether a ticket of the key was changed since an instant, as far as the tracker tells: by a newer report, or by somebody.
    pub fn is_changed_since(&self, key: &Key, instant: UnixNanos) -> bool {
        self.keys.get(key).and_then(|open| open.changed).is_some_and(|changed| changed > instant)
    }
}

impl Listing {
    /// Begins with the first page.
    pub fn start(site: Site) -> Self {
        let place = Place { number: 1, behind: 0, token: None };
        Self { site, place, heard: None, seen: BTreeSet::new(), listed: Listed::default() }
    }

    /// What is next.
    ///
    /// # Errors
    ///
    /// Where the tracker refused, or answered what cannot be understood.
    pub fn proceed(&mut self) -> Result<ListingNext, Refusal> {
        if let Some(heard) = self.heard.take()
            && self.is_last(&heard)?
        {
            return Ok(ListingNext::Done(std::mem::take(&mut self.listed)));
        }
        Ok(ListingNext::Ask(self.site.authorised(systems::page(&self.site, &self.place)?)))
    }

    /// Takes the answer to the last request.
    pub fn hear(&mut self, answer: Answer) {
        self.heard = Some(answer);
    }

    /// Looks a page through, and tells whether it was the last. A tracker, or something before it, that does not know of pages shows
    /// the first one again.
    fn is_last(&mut self, heard: &Answer) -> Result<bool, Refusal> {
        good(heard)?;
        let page = heard.json();
        let records = list(&page, systems::list_at(self.site.system))?;
        self.listed.is_cut |= records.len() > PAGE;
        let before = self.seen.len();
        for record in records.iter().take(PAGE) {
            let Shown { id, is_open, keys } = systems::shown(self.site.system, record)?;
            if self.seen.insert(id) && is_open {
                let changed = systems::changed(self.site.system, record);
                for (key, scope) in keys {
                    let open = self.listed.keys.entry(key).or_default();
                    open.scope = scope.or(open.scope.take());
                    open.changed = open.changed.max(changed);
                }
            }
        }
        if self.seen.len() == before {
            return Ok(true);
        }
        let token = text(&page, "/nextPageToken");
        if token.len() > LONGEST_TOKEN {
            return Err(Refusal::misunderstood("a page of tickets"));
        }
        if self.site.system == System::JiraCloud && token.is_empty() {
            return Ok(true);
        }
        if self.place.number >= MOST_PAGES {
            self.listed.is_cut = true;
            return Ok(true);
        }
        self.place = Place {
            number: self.place.number + 1,
            behind: self.place.behind + records.len().min(PAGE),
            token: Some(token).filter(|token| !token.is_empty()),
        };
        Ok(false)
    }
}

/// The keys in some texts of a ticket, each with the scope that another one tells.
pub(super) fn keys(of: impl IntoIterator<Item = String>, said: &str) -> Vec<(Key, Option<Key>)> {
    let keys: BTreeSet<Key> = of.into_iter().flat_map(|text| keys_in(&text)).take(MOST_KEYS).collect();
    let with_scope = |key: Key| {
        let scope = scope_in(said, &key);
        (key, scope)
    };
    keys.into_iter().map(with_scope).collect()
}

/// The labels of a ticket, which a server may show by their names alone.
pub(super) fn labels(of: &Value, at: &str) -> Vec<String> {
    let labels = of.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    labels.iter().flat_map(|label| [text(label, "/name"), text(label, "")]).collect()
}

#[cfg(test)]
mod tests;

//! A ticket as it should be: texts that are rendered and clamped already, and the files that go with them.

use std::sync::Arc;

use super::key::{Key, NEW, PENDING, StateHash, mark, said};
use super::machine::Twin;
use super::text::clipped;

/// What a system takes text as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Markdown of GitHub and GitLab.
    Markdown,
    /// The wiki markup of Jira Server and Data Center.
    JiraWiki,
    /// The Atlassian Document Format of Jira Cloud, as JSON.
    Adf,
    /// HTML without scripts and styles.
    Html,
    /// Plain text.
    Text,
}

/// A file that goes with a ticket.
#[derive(Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, without a folder.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A ticket as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it is about.
    pub key: Key,
    /// The scope that it is of, which it tells where a report of the scope alone can tell that it is over.
    pub scope: Option<Key>,
    /// What it says, in short.
    pub state: StateHash,
    /// Whether there is nothing to act on.
    pub is_clear: bool,
    /// One line, as long as it is; each system clips it.
    pub title: String,
    /// What stands in the ticket, in the system's markup; it ends with key and state.
    pub body: String,
    /// What is said of a change, in the same markup.
    pub comment: String,
    /// What is said instead where the ticket still says what was reported to it last.
    pub compared: Option<Compared>,
    /// What stands in a ticket that another run made at the same time for the same key, in the same markup.
    pub duplicate: String,
    /// What stands in a ticket that was closed again since it would not be found, in the same markup.
    pub withdrawn: String,
    /// What stands before a text of which a file was not taken, in the same markup.
    pub unattached: String,
    /// Why the ticket stays open though there is nothing to act on.
    pub stays: Option<String>,
    /// What is attached.
    pub files: Vec<Arc<Attachment>>,
    /// The report as a comment, for a system that takes no files.
    pub inline: Option<String>,
}

/// What is said of a change since another report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the ticket said then, in short.
    pub since: String,
    /// What changed since.
    pub comment: String,
}

impl Draft {
    /// The body of a ticket whose change is not complete yet.
    pub fn pending_body(&self) -> String {
        self.body.replace(self.state.as_str(), PENDING)
    }

    /// The body of a new ticket that is not complete yet.
    pub fn new_body(&self) -> String {
        self.body.replace(self.state.as_str(), NEW)
    }

    /// Takes it that the ticket says this: a change is compared only with what it does say, for others may have written since.
    pub fn meet(&mut self, found: Option<&str>) {
        if let Some(compared) = self.compared.take_if(|compared| found == Some(compared.since.as_str())) {
            self.comment = compared.comment;
        }
    }

    /// The mark of a ticket that says this, in short.
    pub(super) fn mark(&self, state: &str) -> String {
        mark(&self.key, state, self.scope.as_ref())
    }

    /// The same without the key, for a ticket that has that elsewhere.
    pub(super) fn said(&self, state: &str) -> String {
        said(state, self.scope.as_ref())
    }

    /// What stands in a ticket of which another one stays: which that is, and below it what stood there before. Nothing of it is
    /// longer than so many units of UTF-16.
    pub(super) fn of_twin(&self, twin: &Twin, longest: usize) -> String {
        let said = twin.said.as_deref().unwrap_or(&self.body);
        clipped(&format!("{}\n\n{}\n\n{said}", twin.stays, self.duplicate.trim_end()), longest)
    }

    /// A text, which says first where a file of it was not taken.
    pub(super) fn told(&self, text: &str, lacks_files: bool) -> String {
        if lacks_files { format!("{}\n\n{text}", self.unattached.trim_end()) } else { text.to_owned() }
    }
}

//! Ticket systems: what each is asked over HTTP and what its answers mean, and the rules by which one key has one open ticket.
//!
//! Nothing is sent from here: a [`Conversation`] takes answers and gives requests, and `--dry-run` prints the same requests as
//! lines for curl. Secrets are no part of a request: it names the variables that hold them.

mod conversation;
mod curl;
mod draft;
mod key;
mod listing;
mod machine;
mod moment;
mod patience;
mod protocol;
mod redaction;
mod request;
mod site;
mod standing;
mod systems;
mod text;
pub mod webhook;

pub use conversation::{Conversation, Known, Next, Refusal, Rehearsal, rehearse};
pub use curl::lines as curl_lines;
pub use draft::{Attachment, Compared, Draft, Markup};
pub use key::{Key, NEW, PENDING, StateHash, mark, state_in};
pub use listing::{Listed, Listing, ListingNext};
pub use machine::Deed;
pub use patience::{Failure, Patience, longest};
pub use protocol::SAID_BY;
pub use request::{Answer, Body, Filled, FilledBody, Method, Request};
pub use site::{Credentials, Site, SiteError, System, Variable, login_variables};
pub use standing::{Left, RunAt, Standing};
pub use text::{clipped, length as utf16_length};

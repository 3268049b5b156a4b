//! What a fix is about to do, as text for people, and what it did, as a report.

mod compose;
mod ending;
mod last_words;
pub(super) mod names;
pub(super) mod plan;

pub use compose::{EndedHost, FixRun, compose, counts};
pub use ending::{exit_status, exit_status_as_if_whole, is_bad};
pub use last_words::{last_words, last_words_of_rollback};
pub use plan::{PlanView, plan, step_back};

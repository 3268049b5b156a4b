//! What a fix is about to do, as text for people, and what it did, as a report.

mod compose;
mod ending;
pub(super) mod names;
pub(super) mod plan;

pub use compose::{EndedHost, FixRun, compose};
pub use ending::{exit_status, exit_status_as_if_whole};
pub use plan::{PlanView, plan, step_back};

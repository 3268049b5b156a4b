//! Tickets of a report: which there are, what identifies each, and what stands in it in the markup that its system takes.

mod clamp;
mod draft;
mod enclosure;
mod markup;
mod over;
mod subjects;
pub mod webhook;

pub use draft::{Before, Setting, all_clear, draft};
pub use enclosure::Enclosure;
pub use over::{is_over, over, tells_of_ends};
pub use subjects::{Grain, Subject, left_alone, scope_of, subjects};

//! Tickets of a report: which there are, what identifies each, and what stands in it in the markup that its system takes.

mod clamp;
mod draft;
mod enclosure;
mod markup;
mod subjects;
pub mod webhook;

pub use draft::{Before, Setting, all_clear, draft};
pub use enclosure::Enclosure;
pub use subjects::{Grain, Subject, is_over, left_alone, scope_of, subjects};

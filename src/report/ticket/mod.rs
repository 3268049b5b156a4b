//! Tickets of a report: which there are, what identifies each, and what stands in it in the markup that its system takes.

mod clamp;
mod draft;
mod enclosure;
mod markup;
mod mended;
mod over;
mod subjects;
mod unseen;
pub mod webhook;

pub use draft::{Before, Setting, all_clear, draft};
pub use enclosure::Enclosure;
pub use over::{has_measured_all, is_over, over, tells_of_ends};
pub use subjects::{Grain, Subject, is_part_of_scope, left_alone, scope_of, subjects, untold};
pub use unseen::Unseen;

//! The report: composed from what was seen and judged, stored in one format, shown by renderers. Pure.

pub mod analysis;
pub mod bands;
pub mod causes;
pub mod changes;
pub mod compose;
mod consequences;
pub mod csv;
mod diffs;
pub mod escape;
pub mod events;
pub mod explain;
pub mod fitness;
pub mod fix;
pub mod json;
mod limits;
pub mod merge;
pub mod model;
mod paragraph;
pub mod quantity;
pub mod table;
mod token_lines;

pub use compose::{Place, Provenance, compose};
pub use model::Report;

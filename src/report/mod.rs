//! The report: composed from what was seen and judged, stored in one format, shown by renderers. Pure.

pub mod analysis;
pub mod bands;
pub mod causes;
pub mod changes;
pub mod compare;
pub mod compose;
mod consequences;
pub mod csv;
mod diffs;
pub mod document;
pub mod ending;
pub mod escape;
pub mod events;
pub mod explain;
pub mod fitness;
pub mod fix;
pub mod form;
pub mod html;
pub mod json;
pub mod junit;
mod limits;
pub mod markdown;
pub mod merge;
pub mod model;
pub mod nagios;
mod paragraph;
pub mod prometheus;
pub mod quantity;
mod sentences;
pub mod table;
pub mod ticket;
pub mod token;
mod token_lines;

pub use compose::{Place, Provenance, compose};
pub use model::Report;
pub use sentences::listed;

//! Clock arithmetic: units, intervals, exchanges and what they prove about a clock. Pure; knows no other room.

pub mod axes;
pub mod calendar;
mod consistency;
mod constraint;
pub mod controller;
pub mod decimal;
pub mod estimate;
pub mod exchange;
mod fenwick;
pub mod hunt;
pub mod interval;
pub mod merged_pairs;
mod overlap;
pub mod own_limits;
pub mod pairs;
mod path_stable;
pub mod rate;
pub mod reference;
pub mod repair;
mod runs;
pub mod schedule;
mod status;
pub mod units;

pub use calendar::CivilTime;
pub use estimate::Estimate;
pub use exchange::Exchange;
pub use interval::Interval;
pub use units::{Nanos, Ppm, UnixNanos};

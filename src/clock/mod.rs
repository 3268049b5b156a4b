//! Clock arithmetic: units, intervals, exchanges and what they prove about a clock. Pure; knows no other room.

pub mod estimate;
pub mod exchange;
pub mod interval;
pub mod units;

pub use estimate::Estimate;
pub use exchange::Exchange;
pub use interval::Interval;
pub use units::{Nanos, Ppm, UnixNanos};

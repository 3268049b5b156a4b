//! Timekeepers: the daemons that discipline a clock, and what they claim of it. Pure; knows `clock`.

pub mod chrony;
pub mod claim;
pub mod daemon;

pub use claim::{Claim, ClaimOutcome, NoAnswer, claim};
pub use daemon::Timekeeper;

//! Timekeepers: the daemons that discipline a clock, what they claim of it, and what they and it stand on. Pure; knows
//! `clock`.

mod answers;
pub mod chrony;
pub mod claim;
pub mod cloud;
pub mod daemon;
pub mod environment;
pub mod kernel;
mod ntpd;
mod ntpd_rs;
mod openntpd;
mod said;
pub mod service;
pub mod smear;
pub mod source;
mod timesyncd;
pub mod unit;

pub use claim::{Claim, ClaimOutcome, NoAnswer, OffsetIs, claim};
pub use cloud::Cloud;
pub use daemon::Timekeeper;
pub use environment::{Environment, HypervisorSync};
pub use kernel::KernelClock;
pub use service::{State, TimeService};
pub use smear::Smear;
pub use source::{Selection, Source, SourceKind};
pub use unit::{Init, Unit};

//! The simulated fleet: real SSH servers on loopback, in this process, each with its own clock, delays and failures.
//!
//! `demo` shows it, tests and examples measure it. Plans ([`plan`], [`cast`]) are plain data; [`SimulatedFleet`] runs
//! them and knows the truth that a scan has to find.

pub mod cast;
mod clock;
mod credentials;
mod fleet;
mod gates;
mod hostile;
pub mod plan;
mod session;
mod shell;
mod troubles;

pub use cast::plan as plan_fleet;
pub use credentials::remove_folders;
pub use fleet::{SimulatedFleet, StartError};
pub use plan::{ClaimPlan, ClockPlan, HostPlan, Motion, PathPlan, Setting, TimekeeperPlan, Trouble};

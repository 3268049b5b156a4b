//! Mending clocks: what is done to a host, how it is told to, and what it answers. Pure; knows `clock`, `audit`, `timekeeper`,
//! `probe` and `inventory`.

pub mod attempt;
pub mod canary;
pub mod change;
pub mod diff;
pub mod draft;
pub mod ending;
pub mod event;
pub mod files;
pub mod forecast;
pub mod guards;
pub mod installation;
pub mod journal;
pub mod outcome;
pub mod pace;
pub mod plan;
pub mod refusal;
pub mod remote;
pub mod restore;
pub mod rollout;
pub mod sudoers;
pub mod verification;
pub mod yardstick;

pub use change::{Change, Mending};
pub use event::FixEvent;
pub use forecast::{Forecast, StepPolicy};
pub use plan::{Plan, PlannedHost, RefusedHost};
pub use refusal::Refusal;
pub use rollout::Rollout;
pub use yardstick::Yardstick;

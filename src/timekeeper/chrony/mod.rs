//! chrony: what `chronyc` prints, from 1.31 on, and what chronyd is configured to do.

pub mod configuration;
pub mod refusal;
pub mod sources;
pub mod tracking;

pub use configuration::Configuration;
pub use refusal::Refusal;
pub use sources::Activity;
pub use tracking::{LeapStatus, ReferenceId, Tracking, TrackingError};

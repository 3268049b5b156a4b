//! chrony: what `chronyc` prints, from 1.31 on.

pub mod refusal;
pub mod tracking;

pub use refusal::Refusal;
pub use tracking::{LeapStatus, ReferenceId, Tracking, TrackingError};

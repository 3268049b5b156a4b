//! Logging in: what proves who we are is offered one after the other, and what the server says to it is kept for the report.

mod agent;
mod asking;
mod identities;
mod key_file;
mod ladder;
mod locked;
mod offer;
mod password;
mod pause;

pub use asking::{Ask, Asker};
pub use key_file::{UnlockError, UnlockedKeys};
pub use locked::{LockedKeys, locked_keys};

pub(super) use asking::AskedPassword;
pub(super) use identities::Identities;
pub(super) use ladder::{LoginError, Means, log_in};
pub(super) use pause::{Pause, within};

//! Files on disk: what is read into the pure rooms, and what is written, whole or not at all.

pub mod attachment;
pub mod credential;
pub mod inventory;
pub mod journal;
mod lent_terminal;
mod named;
pub mod password_file;
pub mod plan;
pub mod report;
mod running;
pub mod ssh_config;
pub mod state;
pub mod tickets;
mod time_left;
pub mod token;
pub mod trace;

pub use running::end_programs;
pub use time_left::TimeLeft;

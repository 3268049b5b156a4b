//! Files on disk: what is read into the pure rooms, and what is written, whole or not at all.

mod bounded;
pub mod inventory;
pub mod journal;
pub mod password_file;
pub mod plan;
pub mod report;
mod running;
pub mod ssh_config;
pub mod state;
pub mod trace;

pub use running::end_programs;

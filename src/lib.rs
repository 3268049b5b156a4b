//! clockaudit: which clocks of a fleet are wrong, by how much, and how sure that is.
//!
//! The way of the data: inventory text -> `Inventory` -> `Target`s -> open sessions -> `Exchange`s and facts ->
//! `Observation`s -> estimates -> findings -> `Report` -> table and files. `docs/architecture.md` names the rooms.

pub mod audit;
mod bounded;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod demo;
pub mod files;
pub mod fix;
pub mod inventory;
pub mod network;
pub mod openssh;
pub mod probe;
pub mod report;
pub mod ssh;
pub mod terminal;
pub mod tickets;
pub mod timekeeper;
pub mod tokens;

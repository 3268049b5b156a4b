//! Formats of OpenSSH's own files. Pure; knows no other room.

pub mod algorithms;
pub mod certificates;
pub mod config;
pub mod glob;
pub mod known_hosts;
mod pattern;
mod revocation_list;
pub mod revoked_keys;

pub use known_hosts::KnownHosts;

/// The port of SSH, which names of `known_hosts` leave out.
pub const DEFAULT_PORT: u16 = 22;

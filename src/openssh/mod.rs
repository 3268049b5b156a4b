//! Formats of OpenSSH's own files. Pure; knows no other room.

pub mod algorithms;
pub mod certificates;
pub mod config;
pub mod known_hosts;
mod pattern;

pub use known_hosts::KnownHosts;

//! Formats of OpenSSH's own files. Pure; knows no other room.

pub mod known_hosts;

pub use known_hosts::KnownHosts;

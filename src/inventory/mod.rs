//! Ansible-style inventories: text in, hosts, groups, variables and diagnostics out. Pure; knows no other room.

pub mod target;

pub use target::{Target, Transport};

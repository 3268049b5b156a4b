//! Ansible-style inventories: text in, hosts, groups, variables and diagnostics out. Pure; knows no other room.

pub mod addresses;
pub mod ansible_cfg;
pub mod configuration;
pub mod connection;
pub mod constructed;
pub mod diagnostics;
pub mod documents;
pub mod elevation;
pub mod encoding;
pub mod extra_variables;
pub mod float_text;
pub mod folding;
pub mod graph;
pub mod group_names;
pub mod host_list;
pub mod host_names;
pub mod ini;
pub mod json;
pub mod lines;
pub mod listing;
pub mod literals;
pub mod model;
pub mod paths;
pub mod patterns;
pub mod ranges;
pub mod secret;
pub mod shell_words;
pub mod target;
pub mod template;
pub mod value;
pub mod vault;
pub mod yaml;

pub use diagnostics::{Diagnostic, Severity};
pub use model::{HostId, Inventory};
pub use target::{Target, Transport};
pub use value::Value;

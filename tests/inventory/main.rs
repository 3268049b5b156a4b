//! Inventories as the real Ansible reads them: a corpus of cases and vectors, and properties of the readers.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod cases;
mod command;
mod connections;
mod differences;
mod hostile;
mod json;
mod loading;
mod messages;
mod not_audited;
mod own_settings;
mod pipes;
mod precedence;
mod properties;
mod real_ansible;
mod secrets;
mod sources;
mod staging;
mod templates;
mod vault;
mod vaulted_settings;
mod vectors;
mod work;

//! `ssh_config` as OpenSSH reads it: what our reader makes of a configuration is compared with what `ssh -G` says of it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod canonical;
mod generated;
mod hand;
mod oracle;
mod ours;
mod refused;

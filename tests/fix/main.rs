//! The decisions of `fix`: what is edited, forecast, refused, planned and rolled out, without any host; and the lock that a host has.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends where its preparations fail")]

mod configuration;
mod lock;
mod rollout;

//! Tokens against the real libraries: how often a first use is refused, what is tolerated by default, and what each does
//! with the second that a claim names. `./tests/run --set-up` installs the libraries; no clock is waited for.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod boundaries;
mod libraries;
mod shares;
mod verdicts;

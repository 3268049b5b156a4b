//! Judgement: limits against intervals, verdicts in three states, findings from evidence. Pure; knows `clock`, `probe`
//! and `timekeeper`.

pub mod exit;
pub mod policy;
pub mod verdict;

pub use exit::{ExitStatus, FailOn};
pub use policy::{Policy, ReferenceChoice};
pub use verdict::{Counts, Verdict};

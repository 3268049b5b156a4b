//! Judgement: limits against intervals, verdicts in three states, findings from evidence. Pure; knows `clock`, `probe`
//! and `timekeeper`.

mod advice;
mod checks;
pub mod epoch;
pub mod exit;
pub mod figure;
pub mod finding;
pub mod judge;
pub mod policy;
pub mod reference;
pub mod verdict;

pub use advice::failure_title;
pub use epoch::{epoch, estimates};
pub use exit::{Ending, ExitStatus, FailOn};
pub use finding::{Code, Finding, Severity};
pub use judge::{HostJudgement, Judgement, judge};
pub use policy::{Policy, ReferenceChoice};
pub use reference::{Basis, Reference};
pub use verdict::{Counts, Verdict};

//! Judgement: limits against intervals, verdicts in three states, findings from evidence. Pure; knows `clock`, `probe`
//! and `timekeeper`.

mod advice;
mod checks;
mod circumstances;
mod environment;
pub mod epoch;
pub mod exit;
pub mod explain;
pub mod figure;
pub mod finding;
pub mod fitness;
mod impact;
pub mod judge;
pub mod policy;
pub mod profile;
pub mod reference;
mod reference_checks;
mod remedy;
mod server_name;
mod service;
mod sources;
mod token_use;
pub mod upstreams;
pub mod verdict;

pub use advice::failure_title;
pub use circumstances::findings as circumstantial_findings;
pub use epoch::{epoch, estimates};
pub use exit::{Ending, ExitStatus, FailOn};
pub use finding::{Code, Finding, Severity};
pub use impact::{Impact, Standard, impact};
pub use judge::{HostJudgement, Judgement, Places, judge, pair_finding};
pub use policy::{HostPolicy, Policy, ReferenceChoice, TokenPolicy};
pub use profile::{Limits, Profile, ProfileKind};
pub use reference::{Basis, Reference};
pub use remedy::Situation;
pub use server_name::{ServerName, TimeProtocol};
pub use token_use::{TokenFound, TokenUse, token_use};
pub use verdict::{Counts, Verdict, limit_finding};

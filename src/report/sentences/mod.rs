//! What the report says in words, once for all that show it: the terminal's table, the page of a ticket, the page of a browser.
//!
//! All that a host or a stored report brought is escaped here as for a terminal.

mod breaks;
mod causes;
mod changes;
mod findings;
pub(in crate::report) mod fix;
mod hosts;
mod limits;
mod names;
mod not_audited;
mod run;

pub(in crate::report) use breaks::{breaks, breaks_in_short};
pub(in crate::report) use causes::{band_text, shared};
pub(in crate::report) use changes::{changed, since};
pub(in crate::report) use findings::{Shared, doubted, findings, of_fleet, severity, weighing_of_fleet, worse_fleet};
pub(in crate::report) use hosts::{
    MIDDLE, NOTHING, REFERENCE, bad_hosts, badness, called, codes, failed, failure, failure_in_full, good_hosts_within,
    in_one_piece, nothing, of_verdict, offset, time_service, word,
};
pub(in crate::report) use limits::{limits_of_all, limits_of_hosts};
pub(in crate::report) use names::{HOW_TO_LIST, first_and_more, folded_names, names};
pub use not_audited::listed;
pub(in crate::report) use not_audited::{alike, not_audited};
pub(in crate::report) use run::{controller, ended_early, moment, pairs, reference, runs, sampling, warnings};

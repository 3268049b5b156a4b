//! The rules by which a reference is found, each as a pure function of what was measured or exchanged
//! (`docs/measurement.md`, "The reference"). Each gives x = reference minus axis at the epoch, as an interval.

mod agreement;
mod consensus;
mod http_date;
mod http_head;
mod ntp;
mod ntp_packet;

pub use agreement::{Agreement, agreement};
pub use consensus::{Consensus, consensus};
pub use http_date::{date_exchange, http_date, http_dates};
pub use http_head::{HttpAnswer, HttpHead, UnusableHead, http_head};
pub use ntp::{NtpExchange, NtpServers, Unusable, ntp_server, ntp_servers};
pub use ntp_packet::{answer as ntp_answer, request as ntp_request};

/// A rule about a majority is about nothing with fewer.
const LEAST_MEMBERS: usize = 3;

/// The least whole number that is two thirds of `whole`: so many claims must agree, of three or more, to be believed.
pub fn two_thirds_of(whole: usize) -> usize {
    whole.saturating_mul(2).div_ceil(3)
}

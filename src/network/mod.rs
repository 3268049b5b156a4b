//! The network edge: time servers that were named are asked for the time. Nobody else is asked for anything.

mod sntp;

pub use sntp::ask;

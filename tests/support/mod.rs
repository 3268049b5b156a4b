//! The real parts of the tests: hosts with clocks of their own, the delay of a network, and the command line.

pub(crate) mod confinement;
pub(crate) mod delay;
pub(crate) mod far_away;
pub(crate) mod fleet;
pub(crate) mod host;
pub(crate) mod host_clock;
pub(crate) mod ladder;
pub(crate) mod measured;
pub(crate) mod session;

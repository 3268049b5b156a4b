//! What is asked of the clocks: the limits, and what offsets are relative to.

use crate::clock::Nanos;

/// What offsets are relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceChoice {
    /// The wall clock of the machine that clockaudit runs on.
    Controller,
    /// The clock of the host of this inventory name.
    Host(String),
}

/// What is asked of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// An offset or a pair difference beyond this is `warn`.
    pub warn: Nanos,
    /// An offset or a pair difference beyond this is `crit`.
    pub crit: Nanos,
    /// What offsets are relative to.
    pub reference: ReferenceChoice,
    /// How many exchanges a host should have; fewer is CLK505.
    pub samples: usize,
}

impl Policy {
    /// The limits of the `jwt` profile (product page, section 4): 50 ms and 100 ms.
    pub const DEFAULT_WARN: Nanos = Nanos::from_millis(50);
    /// See [`Self::DEFAULT_WARN`].
    pub const DEFAULT_CRIT: Nanos = Nanos::from_millis(100);
    /// Exchanges a host, where nothing else is asked.
    pub const DEFAULT_SAMPLES: usize = 8;

    /// The policy where nothing else is asked.
    pub fn standard() -> Self {
        Self {
            warn: Self::DEFAULT_WARN,
            crit: Self::DEFAULT_CRIT,
            reference: ReferenceChoice::Controller,
            samples: Self::DEFAULT_SAMPLES,
        }
    }
}

//! What is asked of the clocks: the limits, and what offsets are relative to.

use crate::clock::Nanos;

/// What offsets are relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceChoice {
    /// None named: what the hosts' claims agree on, else what the fleet agrees on; never blindly the controller.
    Automatic,
    /// UTC, as the hosts' claims agree.
    Consensus,
    /// The clock in the middle of the hosts that agree.
    Agreement,
    /// The clock in the middle of the hosts of this group that agree.
    Group(String),
    /// The wall clock of the machine that clockaudit runs on.
    Controller,
    /// The clock of the host of this inventory name.
    Host(String),
}

impl ReferenceChoice {
    /// How it is asked for on the command line; `automatic` where it is not.
    pub fn label(&self) -> String {
        match self {
            Self::Automatic => "automatic".to_owned(),
            Self::Consensus => "consensus".to_owned(),
            Self::Agreement => "agreement".to_owned(),
            Self::Controller => "controller".to_owned(),
            Self::Group(name) => format!("group:{name}"),
            Self::Host(name) => format!("host:{name}"),
        }
    }
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
            reference: ReferenceChoice::Automatic,
            samples: Self::DEFAULT_SAMPLES,
        }
    }
}

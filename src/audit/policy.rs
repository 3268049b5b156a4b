//! What is asked of the clocks: the limits, and what offsets are relative to.

use std::collections::BTreeMap;

use super::profile::{Limits, Profile, ProfileKind};
use super::server_name::ServerName;
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
    /// UTC, as most of these NTP servers have it.
    Ntp(Vec<ServerName>),
    /// UTC, coarsely, as most of these web servers have it.
    Https(Vec<ServerName>),
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
            Self::Ntp(servers) => {
                let named: Vec<String> = servers.iter().map(|server| format!("ntp:{server}")).collect();
                named.join(", ")
            }
            Self::Https(servers) => {
                let named: Vec<String> = servers.iter().map(|server| format!("https:{server}")).collect();
                named.join(", ")
            }
        }
    }
}

/// Whose tokens are verified where, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The group of the hosts that issue.
    pub issuers: String,
    /// The group of the hosts that verify.
    pub verifiers: String,
    /// How much the verifiers tolerate.
    pub leeway: Nanos,
    /// How long a token is on its way before it is used for the first time.
    pub latency: Nanos,
}

/// What is asked of one host's offset, where that is not what is asked of all: its inventory variables say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPolicy {
    /// An offset beyond this is `warn`.
    pub warn: Nanos,
    /// An offset beyond this is `crit`.
    pub crit: Nanos,
    /// The systems that the limits are for.
    pub profiles: Vec<Profile>,
    /// The limits that need no UTC.
    pub relative: Option<Limits>,
}

impl HostPolicy {
    /// Whether some profile compares clocks with UTC.
    pub fn needs_utc(&self) -> bool {
        self.profiles.iter().any(|profile| profile.kind() == ProfileKind::Absolute)
    }

    /// The limits that can be applied: without UTC those that do not need it, where there are some.
    pub fn applied(&self, is_utc: bool) -> Limits {
        let asked = Limits { warn: self.warn, crit: self.crit };
        self.relative.filter(|_| !is_utc && self.needs_utc()).unwrap_or(asked)
    }
}

/// What is asked of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// An offset or a pair difference beyond this is `warn`.
    pub warn: Nanos,
    /// An offset or a pair difference beyond this is `crit`.
    pub crit: Nanos,
    /// The systems that the limits are for; the strictest limit of all is `warn` and `crit`, where those were not given.
    pub profiles: Vec<Profile>,
    /// The limits that need no UTC: those of the profiles that compare hosts with each other, or the ones that were given.
    /// `None` where every profile needs it.
    pub relative: Option<Limits>,
    /// What is asked of single hosts instead, by their names. A pair is held against the laxer of its hosts' limits.
    pub hosts: BTreeMap<String, HostPolicy>,
    /// Whose tokens are verified where.
    pub tokens: Vec<TokenPolicy>,
    /// What offsets are relative to.
    pub reference: ReferenceChoice,
    /// How many exchanges a host should have; fewer is CLK505.
    pub samples: usize,
}

impl Policy {
    /// Exchanges a host, where nothing else is asked.
    pub const DEFAULT_SAMPLES: usize = 8;

    /// The policy where nothing else is asked.
    pub fn standard() -> Self {
        Self::of_profiles(vec![Profile::Jwt])
    }

    /// The policy of these profiles, and nothing else asked; of none: that of `jwt`.
    pub fn of_profiles(profiles: Vec<Profile>) -> Self {
        let mut profiles = if profiles.is_empty() { vec![Profile::Jwt] } else { profiles };
        profiles.sort_unstable();
        profiles.dedup();
        let Limits { warn, crit } = Profile::strictest(profiles.iter().copied()).unwrap_or(Profile::Jwt.limits());
        let relative = profiles.iter().copied().filter(|profile| profile.kind() == ProfileKind::Pair);
        Self {
            warn,
            crit,
            relative: Profile::strictest(relative),
            profiles,
            hosts: BTreeMap::new(),
            tokens: Vec::new(),
            reference: ReferenceChoice::Automatic,
            samples: Self::DEFAULT_SAMPLES,
        }
    }

    /// What is asked of every host that nothing else is asked of.
    fn of_all(&self) -> HostPolicy {
        HostPolicy { warn: self.warn, crit: self.crit, profiles: self.profiles.clone(), relative: self.relative }
    }

    /// What is asked of this host.
    pub fn of_host(&self, name: &str) -> HostPolicy {
        self.hosts.get(name).cloned().unwrap_or_else(|| self.of_all())
    }

    /// What this host alone is judged by, with the limits that can be applied.
    #[must_use]
    pub fn for_host(&self, name: &str, is_utc: bool) -> Self {
        self.judging(self.of_host(name), is_utc)
    }

    /// Every system that is asked about for some host.
    pub fn all_profiles(&self) -> Vec<Profile> {
        let of_hosts = self.hosts.values().flat_map(|own| own.profiles.iter());
        let mut all: Vec<Profile> = self.profiles.iter().chain(of_hosts).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether some profile compares clocks with UTC.
    pub fn needs_utc(&self) -> bool {
        self.profiles.iter().any(|profile| profile.kind() == ProfileKind::Absolute)
    }

    /// What hosts of which nothing else is asked are judged by, with the limits that can be applied: without UTC those that do
    /// not need it, where there are some.
    #[must_use]
    pub fn applied(&self, is_utc: bool) -> Self {
        self.judging(self.of_all(), is_utc)
    }

    /// The policy of one thing that is asked; what is asked of other hosts stays behind, so that thousands of these are cheap.
    fn judging(&self, asked: HostPolicy, is_utc: bool) -> Self {
        let Limits { warn, crit } = asked.applied(is_utc);
        Self {
            warn,
            crit,
            profiles: asked.profiles,
            relative: asked.relative,
            hosts: BTreeMap::new(),
            tokens: Vec::new(),
            reference: self.reference.clone(),
            samples: self.samples,
        }
    }
}

//! Profiles: which systems break at which skew, with the limits that leave time to act before they do.

use crate::clock::Nanos;

/// What a system compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileKind {
    /// Its members' clocks with each other: any reference that they share will do.
    Pair,
    /// A clock with UTC: without a reference that is UTC nothing can be said.
    Absolute,
}

impl ProfileKind {
    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Absolute => "absolute",
        }
    }
}

/// A system that needs good clocks, or a rule about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// JSON Web Tokens: most libraries tolerate nothing.
    Jwt,
    /// Ceph monitors: `mon_clock_drift_allowed` is 0.05 s.
    Ceph,
    /// `CockroachDB`: a node stops itself at 80 % of its max-offset of 500 ms.
    Cockroachdb,
    /// `YugabyteDB`: `max_clock_skew` is 500 ms.
    Yugabytedb,
    /// `TiDB`: the cluster's own check.
    Tidb,
    /// etcd: its prober warns above 1 s.
    Etcd,
    /// Cassandra: the last write wins.
    Cassandra,
    /// Kerberos: `KRB_AP_ERR_SKEW`.
    Kerberos,
    /// AWS signatures: `RequestTimeTooSkewed`.
    Sigv4,
    /// One-time passwords: steps of 30 s.
    Totp,
    /// Slurm: munge credentials live 300 s.
    Slurm,
    /// Aerospike: stops writes.
    Aerospike,
    /// `HBase`: `ClockOutOfSync`.
    Hbase,
    /// Logs and traces: the order of lines and spans.
    Logs,
    /// FINRA: clock synchronisation for the consolidated audit trail.
    Finra,
    /// `MiFID` II: RTS 25.
    Mifid,
    /// For those who want to know.
    Strict,
}

/// The limits of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Beyond this is `warn`.
    pub warn: Nanos,
    /// Beyond this is `crit`: the system breaks, or soon will.
    pub crit: Nanos,
}

impl Limits {
    const fn micros(warn: i64, crit: i64) -> Self {
        Self { warn: Nanos::from_micros(warn), crit: Nanos::from_micros(crit) }
    }

    const fn millis(warn: i64, crit: i64) -> Self {
        Self { warn: Nanos::from_millis(warn), crit: Nanos::from_millis(crit) }
    }

    const fn seconds(warn: i64, crit: i64) -> Self {
        Self { warn: Nanos::from_seconds(warn), crit: Nanos::from_seconds(crit) }
    }

    /// The stricter of the two, limit by limit.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self { warn: self.warn.min(other.warn), crit: self.crit.min(other.crit) }
    }
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 17] = [
        Self::Jwt,
        Self::Ceph,
        Self::Cockroachdb,
        Self::Yugabytedb,
        Self::Tidb,
        Self::Etcd,
        Self::Cassandra,
        Self::Kerberos,
        Self::Sigv4,
        Self::Totp,
        Self::Slurm,
        Self::Aerospike,
        Self::Hbase,
        Self::Logs,
        Self::Finra,
        Self::Mifid,
        Self::Strict,
    ];

    /// The profile of this name.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.label() == label)
    }

    /// The name on the command line and in reports.
    pub fn label(self) -> &'static str {
        self.words().0
    }

    /// The system's own name, as people write it.
    pub fn system(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Jwt => ("jwt", "JWT"),
            Self::Ceph => ("ceph", "Ceph"),
            Self::Cockroachdb => ("cockroachdb", "CockroachDB"),
            Self::Yugabytedb => ("yugabytedb", "YugabyteDB"),
            Self::Tidb => ("tidb", "TiDB"),
            Self::Etcd => ("etcd", "etcd"),
            Self::Cassandra => ("cassandra", "Cassandra"),
            Self::Kerberos => ("kerberos", "Kerberos"),
            Self::Sigv4 => ("sigv4", "AWS SigV4"),
            Self::Totp => ("totp", "TOTP"),
            Self::Slurm => ("slurm", "Slurm"),
            Self::Aerospike => ("aerospike", "Aerospike"),
            Self::Hbase => ("hbase", "HBase"),
            Self::Logs => ("logs", "log order"),
            Self::Finra => ("finra", "FINRA CAT"),
            Self::Mifid => ("mifid", "MiFID II"),
            Self::Strict => ("strict", "strict"),
        }
    }

    /// What it compares.
    pub fn kind(self) -> ProfileKind {
        match self {
            Self::Sigv4 | Self::Totp | Self::Finra | Self::Mifid | Self::Strict => ProfileKind::Absolute,
            _ => ProfileKind::Pair,
        }
    }

    /// Its limits.
    pub fn limits(self) -> Limits {
        match self {
            Self::Jwt => Limits::millis(50, 100),
            Self::Ceph | Self::Finra => Limits::millis(25, 50),
            Self::Cockroachdb | Self::Yugabytedb => Limits::millis(200, 400),
            Self::Tidb => Limits::millis(250, 500),
            Self::Etcd => Limits::millis(500, 1_000),
            Self::Cassandra => Limits::millis(10, 50),
            Self::Kerberos | Self::Sigv4 | Self::Slurm => Limits::seconds(60, 300),
            Self::Totp | Self::Hbase => Limits::seconds(10, 30),
            Self::Aerospike => Limits::seconds(5, 20),
            Self::Logs => Limits::millis(5, 10),
            Self::Mifid => Limits::micros(500, 1_000),
            Self::Strict => Limits::millis(1, 10),
        }
    }

    /// The strictest limits of several profiles; `None` of none.
    pub fn strictest(profiles: impl IntoIterator<Item = Self>) -> Option<Limits> {
        profiles.into_iter().map(Self::limits).reduce(Limits::strictest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_has_a_name_of_its_own_and_warns_before_it_breaks() {
        let mut names: Vec<&str> = Profile::ALL.iter().map(|profile| profile.label()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Profile::ALL.len());
        for profile in Profile::ALL {
            let limits = profile.limits();
            assert!(Nanos::ZERO < limits.warn && limits.warn < limits.crit, "{profile:?}");
        }
    }

    #[test]
    fn the_strictest_of_several_wins_limit_by_limit() {
        let check = |profiles: &[Profile], expected: Option<Limits>| {
            assert_eq!(Profile::strictest(profiles.iter().copied()), expected, "{profiles:?}");
        };
        check(&[], None);
        check(&[Profile::Jwt, Profile::Ceph], Some(Limits::millis(25, 50)));
        check(&[Profile::Ceph, Profile::Cassandra], Some(Limits::millis(10, 50)));
        check(&[Profile::Kerberos, Profile::Mifid], Some(Limits::micros(500, 1_000)));
    }
}

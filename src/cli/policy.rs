//! The flags that say what is too far off, and from what.

use std::collections::BTreeSet;

use clap::Args;

use super::values::{parse_duration, parse_reference, parse_tokens};
use crate::audit::{FailOn, Profile, ReferenceChoice, TokenPolicy};
use crate::clock::Nanos;

/// The limits, and what offsets are relative to.
#[derive(Debug, Clone, Default, Args)]
pub struct PolicyArgs {
    /// Judge by what this system breaks at (can be repeated; the strictest limit wins): `jwt`, `ceph`, `cockroachdb`,
    /// `yugabytedb`, `tidb`, `etcd`, `cassandra`, `kerberos`, `sigv4`, `totp`, `slurm`, `aerospike`, `hbase`, `logs`,
    /// `finra`, `mifid`, `strict` [default: jwt]
    #[arg(long, value_name = "PROFILE", hide_possible_values = true, help_heading = "Limits")]
    pub profile: Vec<Profile>,
    /// Warn beyond this [default: the profile's limit; jwt: 50ms]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_duration, help_heading = "Limits")]
    pub warn: Option<Nanos>,
    /// Critical beyond this [default: the profile's limit; jwt: 100ms]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_duration, help_heading = "Limits")]
    pub crit: Option<Nanos>,
    /// Take offsets relative to `consensus` (of the hosts' claims), `agreement` (of the hosts' clocks), `controller`,
    /// `host:NAME`, `group:NAME`, `ntp:SERVER[:PORT]` (can be repeated; most of three decide) or `https:SERVER[:PORT]` (three at
    /// least; coarse, for where only HTTPS leaves) [default: consensus, else agreement]
    #[arg(long, value_name = "CLOCK", value_parser = parse_reference, help_heading = "Limits")]
    pub reference: Vec<ReferenceChoice>,
    /// Tell what the clocks mean for tokens that one group issues and another verifies (can be repeated):
    /// `issuer=GROUP,verifier=GROUP[,leeway=DURATION][,latency=DURATION]`
    #[arg(long, value_name = "GROUPS", value_parser = parse_tokens, help_heading = "Limits")]
    pub jwt: Vec<TokenPolicy>,
    /// Exit with 0 unless hosts are this bad: `never`, `crit`, `warn`, `undecided` or `down`, each with those before it
    #[arg(long, value_name = "VERDICT", default_value = "down", hide_possible_values = true, help_heading = "Limits")]
    pub fail_on: FailOn,
    /// The long names of the flags above that a file set: the inventory's variables win over those.
    #[arg(skip)]
    pub from_files: BTreeSet<String>,
}

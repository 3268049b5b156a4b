//! Which claims have no ground: those of hosts that follow a host of the fleet which follows nothing but its own clock.
//!
//! Such a host is content, and so are its clients: `Normal`, a small root distance. All of them agree with each other, and
//! nobody of them knows UTC.

use std::collections::{BTreeMap, BTreeSet};

use super::Evidence;
use crate::timekeeper::Claim;
use crate::timekeeper::chrony::ReferenceId;

impl Evidence<'_> {
    /// The hosts whose claims hang on a host of the fleet that follows its own clock, directly or through others, as far as
    /// addresses tell. Who is not known to hang on one is not among them.
    pub(super) fn ungrounded(&self) -> BTreeSet<usize> {
        let at = self.hosts_by_address();
        let mut free: BTreeSet<usize> = self.own_clocks.iter().copied().collect();
        let mut found = BTreeSet::new();
        // Each round finds those that are one stratum further down.
        loop {
            let hangs = |host: &usize| {
                let claim = self.claims.get(*host).copied().flatten();
                // Of an address that several hosts have, all must be free.
                let followed = claim.and_then(|claim| at.get(followed(claim).as_str()));
                followed.is_some_and(|hosts| hosts.iter().all(|one| one != host && free.contains(one)))
            };
            let more: Vec<usize> = (0..self.claims.len()).filter(|host| !free.contains(host)).filter(hangs).collect();
            if more.is_empty() {
                return found;
            }
            free.extend(&more);
            found.extend(more);
        }
    }

    /// The hosts at each address that is known of them: where they were reached, where they say they were, and their names.
    fn hosts_by_address(&self) -> BTreeMap<&str, BTreeSet<usize>> {
        let mut at: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (host, observation) in self.seen.observations.iter().enumerate() {
            let reached = self.addresses.get(host).and_then(Option::as_deref);
            let said = observation.facts.as_ref().and_then(|facts| facts.facts.get("address"));
            let known = [reached, said, Some(observation.host.as_str())].into_iter().flatten();
            for address in known.filter(|address| is_of_one_host(address)) {
                at.entry(address).or_default().insert(host);
            }
        }
        at
    }
}

/// What a claim says is followed: the source as it is named, else the reference ID, which is the address of an IPv4 source.
fn followed(claim: &Claim) -> String {
    let ReferenceId(id) = claim.reference_id;
    let [first, second, third, fourth] = id.to_be_bytes();
    claim.source.clone().unwrap_or_else(|| format!("{first}.{second}.{third}.{fourth}"))
}

/// Whether an address can tell one host from another: every host is its own `127.0.0.1`.
fn is_of_one_host(address: &str) -> bool {
    !address.starts_with("127.") && !["localhost", "::1", "::", "0.0.0.0"].contains(&address)
}

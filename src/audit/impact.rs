//! Impact: which systems which hosts would break, by the profiles that were asked for.

use super::policy::Policy;
use super::profile::{Profile, ProfileKind};
use crate::clock::pairs::{Decision, Standing};

/// What the clocks mean for one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// The system.
    pub profile: Profile,
    /// Indices of the hosts that break it for certain.
    pub breaking: Vec<usize>,
    /// How many hosts may break it.
    pub undecided: usize,
}

/// What is known of the clock that offsets are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standard {
    /// Whether there is one that limits can be applied to.
    pub is_found: bool,
    /// Whether it is UTC.
    pub is_utc: bool,
}

/// The impact on every system that was asked for, by the hosts that it was asked for of; `offsets` are the hosts' from the
/// reference, in the order of their names.
pub fn impact(policy: &Policy, standard: Standard, names: &[&str], offsets: &[Option<Standing>]) -> Vec<Impact> {
    let asked: Vec<_> = names.iter().map(|name| policy.of_host(name)).collect();
    let is_asked = |host: usize, profile: &Profile| asked.get(host).is_some_and(|own| own.profiles.contains(profile));
    let of_profile = |profile: &Profile| {
        let is_known = match profile.kind() {
            ProfileKind::Pair => standard.is_found,
            ProfileKind::Absolute => standard.is_utc,
        };
        let crit = profile.limits().crit;
        let (mut breaking, mut undecided) = (Vec::new(), 0);
        let measured = offsets.iter().enumerate().filter_map(|(host, offset)| Some((host, (*offset)?)));
        for (host, offset) in measured.filter(|(host, _)| is_asked(*host, profile)) {
            match Decision::of(offset.bounds, crit) {
                Decision::Beyond if is_known => breaking.push(host),
                Decision::Within if is_known => {}
                _ => undecided += 1,
            }
        }
        Impact { profile: *profile, breaking, undecided }
    };
    policy.all_profiles().iter().map(of_profile).collect()
}

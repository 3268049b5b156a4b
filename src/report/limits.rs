//! The limits between the policy that judges and the report that stores it, both ways, and in words.

use super::escape::escaped;
use super::model::{self, ReferenceKind, Report};
use super::quantity::Seconds;
use crate::audit::{HostPolicy, Limits, Policy, Profile, ProfileKind, ReferenceChoice, Standard, figure};
use crate::clock::Nanos;

/// The policy as it is stored; what is asked of single hosts stands with the hosts.
pub(super) fn stored(policy: &Policy) -> model::Policy {
    model::Policy {
        warn_s: Seconds(policy.warn),
        crit_s: Seconds(policy.crit),
        reference: policy.reference.label(),
        samples: policy.samples,
        profiles: labels(&policy.profiles),
        relative: policy.relative.map(stored_limits),
    }
}

/// What is asked of one host, as it is stored.
pub(super) fn stored_of_host(asked: &HostPolicy) -> model::HostPolicy {
    model::HostPolicy {
        warn_s: Seconds(asked.warn),
        crit_s: Seconds(asked.crit),
        profiles: labels(&asked.profiles),
        relative: asked.relative.map(stored_limits),
    }
}

fn stored_limits(limits: Limits) -> model::Limits {
    model::Limits { warn_s: Seconds(limits.warn), crit_s: Seconds(limits.crit) }
}

fn labels(profiles: &[Profile]) -> Vec<String> {
    profiles.iter().map(|profile| profile.label().to_owned()).collect()
}

/// The policy that a report was judged by, to judge its hosts again; what was asked for as the reference is not read back.
pub(super) fn read(report: &Report) -> Policy {
    let model::Policy { warn_s, crit_s, samples, profiles, relative, .. } = &report.policy;
    let asked = host_policy(Limits { warn: warn_s.0, crit: crit_s.0 }, profiles, *relative);
    let own = |host: &model::Host| {
        let model::HostPolicy { warn_s, crit_s, profiles, relative } = host.policy.as_ref()?;
        let own = host_policy(Limits { warn: warn_s.0, crit: crit_s.0 }, profiles, *relative);
        Some((host.name.clone(), own))
    };
    Policy {
        warn: asked.warn,
        crit: asked.crit,
        profiles: asked.profiles,
        relative: asked.relative,
        hosts: report.hosts.iter().filter_map(own).collect(),
        tokens: Vec::new(),
        reference: ReferenceChoice::Automatic,
        samples: *samples,
    }
}

fn host_policy(limits: Limits, profiles: &[String], relative: Option<model::Limits>) -> HostPolicy {
    // A profile of a later version is none that is known here; its limits stand.
    let profiles: Vec<Profile> = profiles.iter().filter_map(|label| Profile::from_label(label)).collect();
    let relative = relative.map(|stored| Limits { warn: stored.warn_s.0, crit: stored.crit_s.0 });
    let Limits { warn, crit } = limits;
    HostPolicy { warn, crit, relative: relative.or_else(|| relative_of(limits, &profiles)), profiles }
}

/// The limits that need no UTC where they were not stored yet: those of the profiles that need none.
fn relative_of(limits: Limits, profiles: &[Profile]) -> Option<Limits> {
    let is_pair = |profile: &Profile| profile.kind() == ProfileKind::Pair;
    if profiles.iter().all(is_pair) {
        return Some(limits);
    }
    Profile::strictest(profiles.iter().copied().filter(is_pair))
}

/// What is known of the reference of a report; where it was not stored whether that is UTC, its kind and its words tell.
pub(super) fn standard(reference: &model::Reference) -> Standard {
    let by_kind = match reference.kind {
        ReferenceKind::Consensus | ReferenceKind::Ntp | ReferenceKind::Https | ReferenceKind::ControllerClaim => true,
        ReferenceKind::Host => reference.label.ends_with("which claims UTC"),
        ReferenceKind::Agreement | ReferenceKind::Controller | ReferenceKind::None => false,
    };
    Standard { is_found: reference.kind != ReferenceKind::None, is_utc: reference.is_utc.unwrap_or(by_kind) }
}

/// The critical limit of each measured host, by which its pairs are judged.
pub(super) fn pair_limits(report: &Report) -> Vec<Nanos> {
    let (policy, is_utc) = (read(report), standard(&report.reference).is_utc);
    let measured = report.hosts.iter().filter(|host| host.clock.is_some());
    measured.map(|host| policy.of_host(&host.name).applied(is_utc).crit).collect()
}

/// `profile jwt: warn 50 ms, crit 100 ms`.
pub(super) fn words(warn: Seconds, crit: Seconds, profiles: &[String]) -> String {
    let systems: Vec<String> = profiles.iter().map(|profile| escaped(profile)).collect();
    let systems = if systems.is_empty() { String::new() } else { format!("profile {}: ", systems.join("+")) };
    format!("{systems}warn {}, crit {}", figure::limit(warn.0), figure::limit(crit.0))
}

//! CLK302 between hosts and CLK305: what the hosts of a fleet follow, side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Code, Finding};
use super::sources::smears;
use crate::timekeeper::{Smear, TimeService};

/// Groups that every inventory has, and that say nothing of their members.
const EVERYBODY: [&str; 2] = ["all", "ungrouped"];

/// A host by its name, with who keeps its clock.
pub type Member<'fleet> = (&'fleet str, &'fleet TimeService);

/// Hosts that follow smeared sources beside hosts that follow plain ones: two clusters around a leap second.
pub fn smear_between_hosts(hosts: &[Member<'_>]) -> Option<Finding> {
    let of_kind = |wanted: Smear, other: Smear| {
        let follows = move |service: &TimeService| {
            let smears = smears(service);
            let has = |kind: Smear| smears.iter().any(|(_, smear)| *smear == kind);
            has(wanted) && !has(other)
        };
        hosts.iter().filter(|(_, service)| follows(service)).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let smeared = of_kind(Smear::Smeared, Smear::Plain);
    let plain = of_kind(Smear::Plain, Smear::Smeared);
    let (first, other) = (smeared.first()?, plain.first()?);
    let what = format!(
        "the sources of {} ({first}) smear leap seconds, those of {} ({other}) do not",
        hosts_of(smeared.len()),
        hosts_of(plain.len())
    );
    Some(Code::SmearMixed.finding(what, "one kind in the whole fleet"))
}

fn hosts_of(count: usize) -> String {
    if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") }
}

/// Groups whose members follow different upstreams; `groups` are those of each host, in the hosts' order.
///
/// Members that use the same names do the same, whatever addresses these have now; where the configuration of one of them
/// could not be read, it is compared by what it follows.
pub fn different_upstreams(hosts: &[Member<'_>], groups: &[&[String]]) -> Vec<Finding> {
    let mut members: BTreeMap<&str, Vec<&TimeService>> = BTreeMap::new();
    for ((_, service), groups) in hosts.iter().zip(groups) {
        for group in groups.iter().filter(|group| !EVERYBODY.contains(&group.as_str())) {
            members.entry(group).or_default().push(service);
        }
    }
    members.into_iter().filter_map(|(group, services)| different_in(group, &services)).collect()
}

fn different_in(group: &str, services: &[&TimeService]) -> Option<Finding> {
    let configured: Option<BTreeSet<String>> = services.iter().map(|service| configured(service)).collect();
    let upstreams = match configured {
        Some(configured) => configured,
        None => services.iter().filter_map(|service| followed(service)).collect(),
    };
    (upstreams.len() > 1).then(|| {
        let shown: Vec<&str> = upstreams.iter().take(3).map(String::as_str).collect();
        let more = if upstreams.len() > shown.len() { ", ..." } else { "" };
        let what =
            format!("the hosts of {group} have {} different upstreams: {}{more}", upstreams.len(), shown.join("; "));
        Code::DifferentUpstreams.finding(what, "the same upstreams in one group")
    })
}

fn configured(service: &TimeService) -> Option<String> {
    let configuration = service.configuration.as_ref()?;
    let clocks = configuration.reference_clocks.iter().map(|(_, parameter)| parameter);
    let names: BTreeSet<&String> = configuration.servers.iter().chain(clocks).collect();
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn followed(service: &TimeService) -> Option<String> {
    let claim = service.claim.said().filter(|claim| claim.is_synchronised())?;
    Some(claim.source.clone().unwrap_or_else(|| claim.reference_id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn following(server: &str) -> TimeService {
        let facts = [
            ("chrony.csv", format!("0A000001,{server},2,1.5,0.0,0.0,0.0,0.0,0.0,0.0,0.1,0.1,2.0,Normal")),
            ("chrony.csv", format!("^,*,{server},1,6,377,2,0.0,0.0,0.001")),
            ("proc", "chronyd".to_owned()),
        ];
        let facts: Vec<(String, String)> = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        TimeService::read(&facts, None)
    }

    #[test]
    fn a_fleet_of_both_kinds_is_two_clusters() {
        let [amazon, cloudflare, own] = ["169.254.169.123", "162.159.200.1", "10.0.0.1"].map(following);
        let one_kind = [("a", &amazon), ("b", &amazon), ("c", &own)];
        assert_eq!(smear_between_hosts(&one_kind), None);
        let found = smear_between_hosts(&[("a", &amazon), ("b", &amazon), ("c", &cloudflare)]).unwrap();
        assert_eq!(found.code, Code::SmearMixed);
        let expected = "the sources of 2 hosts (a) smear leap seconds, those of 1 host (c) do not";
        assert_eq!(found.what, expected);
    }

    #[test]
    fn a_group_is_told_apart_by_its_upstreams() {
        let [one, other] = ["10.0.0.1", "10.0.0.2"].map(following);
        let (web, all) = (vec!["all".to_owned(), "web".to_owned()], vec!["all".to_owned()]);
        let hosts = [("a", &one), ("b", &other), ("c", &other)];
        let found = different_upstreams(&hosts, &[&web, &web, &all]);
        let what: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(what, ["the hosts of web have 2 different upstreams: 10.0.0.1; 10.0.0.2"]);
        assert_eq!(different_upstreams(&hosts, &[&all, &web, &web]), []);
    }
}

//! The selected hosts that are not audited, by what they are reached by.

use indexmap::IndexMap;

use super::{first_and_more, folded_names};
use crate::report::escape::escaped;
use crate::report::model::{NotAudited, Report};

/// So many ways in which hosts are reached are named; the hosts of the others are counted.
const MOST_WAYS: usize = 4;
/// The name of a way or of a host is cut where it is longer.
const LONGEST: usize = 30;

/// `2 not audited: win[01-02] (winrm)`; nothing where every selected host is audited.
pub(in crate::report) fn not_audited(report: &Report) -> Option<String> {
    let hosts = &report.not_audited;
    (!hosts.is_empty()).then(|| format!("{} not audited: {}", hosts.len(), listed(hosts)))
}

/// `win[01-02] (winrm), sw1 (network_cli)`: hosts by what they are reached by, the most first; what is long is counted.
pub fn listed(hosts: &[NotAudited]) -> String {
    // Of the long name of a plugin its last part tells enough.
    let way = |host: &NotAudited| host.by.rsplit('.').next().unwrap_or_default().to_owned();
    let mut ways: Vec<(String, Vec<&NotAudited>)> = alike(hosts, way).into_iter().collect();
    ways.sort_by_key(|(_, hosts)| std::cmp::Reverse(hosts.len()));
    let part = |(way, hosts): &(String, Vec<&NotAudited>)| format!("{} ({})", names(hosts), cut(way));
    let mut parts: Vec<String> = ways.iter().take(MOST_WAYS).map(part).collect();
    let rest: usize = ways.iter().skip(MOST_WAYS).map(|(_, hosts)| hosts.len()).sum();
    parts.extend((rest > 0).then(|| format!("and {rest} more")));
    parts.join(", ")
}

/// Names folded into ranges; where that is long, the first of them and how many more there are.
fn names(hosts: &[&NotAudited]) -> String {
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let folded = folded_names(&names);
    match names.as_slice() {
        [first, rest @ ..] if first.chars().count() > LONGEST => match rest.len() {
            0 => cut(first),
            more => first_and_more(&cut(first), more),
        },
        _ => folded,
    }
}

/// A name, cut where it is long.
fn cut(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => escaped(name.get(..end).unwrap_or_default()) + "…",
        None => escaped(name),
    }
}

/// Hosts of one kind together, in the order in which kinds come.
pub(in crate::report) fn alike<'host, By: std::hash::Hash + Eq>(
    hosts: &'host [NotAudited],
    by: impl Fn(&'host NotAudited) -> By,
) -> IndexMap<By, Vec<&'host NotAudited>> {
    let mut alike: IndexMap<By, Vec<&NotAudited>> = IndexMap::new();
    for host in hosts {
        alike.entry(by(host)).or_default().push(host);
    }
    alike
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(named: &[(&str, &str)]) -> Vec<NotAudited> {
        let host = |(name, by): &(&str, &str)| NotAudited {
            name: (*name).to_owned(),
            groups: Vec::new(),
            by: (*by).to_owned(),
            reason: format!("connection '{by}' is not supported"),
        };
        named.iter().map(host).collect()
    }

    #[test]
    fn hosts_are_told_by_what_they_are_reached_by() {
        let check = |named: &[(&str, &str)], expected: &str| assert_eq!(listed(&hosts(named)), expected);
        check(&[("win01", "winrm")], "win01 (winrm)");
        check(
            &[("c1", "community.docker.docker"), ("sw1", "network_cli"), ("sw2", "ansible.netcommon.network_cli")],
            "sw[1-2] (network_cli), c1 (docker)",
        );
        check(
            &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"), ("f", "6")],
            "a (1), b (2), c (3), d (4), and 2 more",
        );
        check(&[("x\u{1b}c", "win\u{9b}rm")], "x\\x1bc (win\\x9brm)");
    }
}

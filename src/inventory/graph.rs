//! The groups as a tree, as `ansible-inventory --graph` draws it.

use indexmap::IndexSet;

use super::model::{GroupId, HostId, Inventory};

/// Lines after which a group that was drawn before is only named: a group is drawn below each of its parents, and the ways
/// to it may be more than anybody can read.
const ENOUGH: usize = 100_000;

/// Something to draw.
#[derive(Debug, Clone, Copy)]
enum Node {
    Group(GroupId),
    Host(HostId),
}

/// The tree below `all`, line ends included; hosts of `all` itself are not drawn.
pub fn graph(inventory: &Inventory) -> String {
    let mut out = String::new();
    let mut drawn = IndexSet::new();
    let mut lines = 0_usize;
    let mut waiting = vec![(Node::Group(GroupId::ALL), 0_usize)];
    while let Some((node, depth)) = waiting.pop() {
        lines += 1;
        let indent = "  |".repeat(depth) + if depth > 0 { "--" } else { "" };
        match node {
            Node::Host(id) => {
                let name = inventory.host(id).map(|host| host.name.as_str()).unwrap_or_default();
                out.extend([indent.as_str(), name, "\n"]);
            }
            Node::Group(id) => {
                let Some(group) = inventory.group(id) else { continue };
                let is_elided = !drawn.insert(id) && lines > ENOUGH;
                out.extend([indent.as_str(), "@", &group.name, if is_elided { ": ...\n" } else { ":\n" }]);
                if is_elided {
                    continue;
                }
                let hosts = group.own_hosts().filter(|_| id != GroupId::ALL).map(Node::Host);
                let below: Vec<Node> = group.children().map(Node::Group).chain(hosts).collect();
                waiting.extend(below.into_iter().rev().map(|node| (node, depth + 1)));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::{Draft, Source};
    use crate::inventory::{ini, ranges};

    fn drawn(text: &str) -> String {
        let mut draft = Draft::new();
        let source = Source { name: "hosts.ini".into(), file: None, folder: None, sha256: String::new() };
        let id = draft.add_source(source);
        assert_eq!(ini::read(&mut draft, id, text, &mut ranges::Budget::new(1000)), []);
        graph(&draft.reconcile().expect("consistent").0)
    }

    #[test]
    fn the_tree_is_drawn_as_ansible_draws_it() {
        let text = "gate\n[web]\nw1\nw2\n[eu:children]\nweb\n";
        let expected =
            "@all:\n  |--@ungrouped:\n  |  |--gate\n  |--@eu:\n  |  |--@web:\n  |  |  |--w1\n  |  |  |--w2\n";
        assert_eq!(drawn(text), expected);
    }

    #[test]
    fn many_ways_to_one_group_are_not_all_drawn() {
        let level = |n: usize| {
            format!("[a{n}:children]\nb{n}\nc{n}\n[b{n}:children]\na{m}\n[c{n}:children]\na{m}\n", m = n + 1)
        };
        let text: String = (0..40).map(level).collect::<String>() + "[a40]\nh\n";
        assert!(drawn(&text).lines().count() < 2 * ENOUGH);
    }
}

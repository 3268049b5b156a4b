//! The groups as a tree, as `ansible-inventory --graph` draws it.

use std::collections::HashSet;

use super::model::{GroupId, HostId, Inventory};

/// Lines, and bytes, after which a group that was drawn before is only named: a group is drawn below each of its parents, and
/// the ways to it may be more than anybody can read.
const ENOUGH_LINES: usize = 100_000;
const ENOUGH_BYTES: usize = 16 << 20;

/// Bytes after which a part of the text ends.
const PART_BYTES: usize = 64 << 10;

/// Something to draw.
#[derive(Debug, Clone, Copy)]
enum Node {
    Group(GroupId),
    Host(HostId),
}

/// The tree below `all`, line ends included; hosts of `all` itself are not drawn.
pub fn graph(inventory: &Inventory) -> String {
    parts(inventory).collect()
}

/// The same in parts of a few lines: a line is as long as its group is deep, and all of them may be more than memory holds.
pub fn parts(inventory: &Inventory) -> impl Iterator<Item = String> {
    let waiting = vec![(Node::Group(GroupId::ALL), 0)];
    let mut drawing = Drawing { inventory, drawn: HashSet::new(), lines: 0, bytes: 0, waiting };
    std::iter::from_fn(move || drawing.part())
}

struct Drawing<'a> {
    inventory: &'a Inventory,
    /// The groups that were drawn with what is below them.
    drawn: HashSet<GroupId>,
    lines: usize,
    bytes: usize,
    /// What is left to draw, the next one last, each with its depth.
    waiting: Vec<(Node, usize)>,
}

impl Drawing<'_> {
    /// The next lines; `None` = there are no more.
    fn part(&mut self) -> Option<String> {
        let mut out = String::new();
        while out.len() < PART_BYTES
            && let Some((node, depth)) = self.waiting.pop()
        {
            let before = out.len();
            self.line(node, depth, &mut out);
            self.lines += 1;
            self.bytes += out.len() - before;
        }
        (!out.is_empty()).then_some(out)
    }

    fn line(&mut self, node: Node, depth: usize, out: &mut String) {
        let indent = (0..depth).map(|_| "  |").chain((depth > 0).then_some("--"));
        match node {
            Node::Host(id) => {
                let name = self.inventory.host(id).map(|host| host.name.as_str()).unwrap_or_default();
                out.extend(indent.chain([name, "\n"]));
            }
            Node::Group(id) => {
                let Some(group) = self.inventory.group(id) else { return };
                let is_enough = self.lines >= ENOUGH_LINES || self.bytes >= ENOUGH_BYTES;
                let is_elided = !self.drawn.insert(id) && is_enough;
                out.extend(indent.chain(["@", &group.name, if is_elided { ": ...\n" } else { ":\n" }]));
                if is_elided {
                    return;
                }
                let hosts = group.own_hosts().filter(|_| id != GroupId::ALL).map(Node::Host);
                let below: Vec<Node> = group.children().map(Node::Group).chain(hosts).collect();
                self.waiting.extend(below.into_iter().rev().map(|node| (node, depth + 1)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::{Draft, Source};
    use crate::inventory::{ini, ranges};

    fn read(text: &str) -> Inventory {
        let mut draft = Draft::new();
        let source = Source { name: "hosts.ini".into(), file: None, folder: None, sha256: String::new() };
        let id = draft.add_source(source);
        assert_eq!(ini::read(&mut draft, id, text, &mut ranges::Budget::new(1000)), []);
        draft.reconcile().expect("consistent").0
    }

    fn drawn(text: &str) -> String {
        graph(&read(text))
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
        assert!(drawn(&text).lines().count() < 2 * ENOUGH_LINES);
    }

    #[test]
    fn deep_groups_are_drawn_in_parts_and_not_again_and_again() {
        // 1000 hosts at the end of a chain of 998 groups, to which two ways lead at each of its last eight.
        let link = |n: usize| format!("[g{n}:children]\ng{}\n", n + 1);
        let fork = |n: usize| {
            format!("[g{n}:children]\na{n}\nb{n}\n[a{n}:children]\ng{m}\n[b{n}:children]\ng{m}\n", m = n + 1)
        };
        let chain: String = (0..980).map(link).chain((980..988).map(fork)).collect();
        let inventory = read(&(chain + "[g988]\nh[1:1000]\n"));
        // A line has three bytes a level, and the ways to the hosts are 256.
        let parts: Vec<String> = parts(&inventory).collect();
        assert!(parts.len() > 100 && parts.iter().all(|part| part.len() < PART_BYTES + 3 * 1000 + 20));
        let bytes: usize = parts.iter().map(String::len).sum();
        assert!((ENOUGH_BYTES..ENOUGH_BYTES + 4_000_000).contains(&bytes), "{bytes}");
    }
}

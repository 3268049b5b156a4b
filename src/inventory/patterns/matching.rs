//! Patterns against an inventory: unions, then intersections, then exclusions.

use fancy_regex::{Regex, RegexBuilder};
use indexmap::IndexSet;

use super::PatternError;
use super::glob::{self, Glob};
use super::subscript::{self, Taken};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::model::{HostId, Inventory, LOCALHOST_NAMES};
use crate::inventory::nearest;

/// Steps a regular expression may take back on one name: Python has no such limit, but inventories are input.
const MAX_BACKTRACKS: usize = 100_000;

/// Patterns that match nothing of which each is told, with the name that was probably meant: finding it takes a look at every name.
pub(super) const MOST_TOLD: usize = 5;

/// The evaluation of patterns, and what there is to say about them.
pub(super) struct Evaluation<'a> {
    inventory: &'a Inventory,
    diagnostics: Vec<Diagnostic>,
    /// Patterns that match nothing, in order.
    unmatched: IndexSet<String>,
}

/// A regular expression of a `~` pattern: anchored at the start only.
pub(super) fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let source = pattern.strip_prefix('~').unwrap_or(pattern);
    RegexBuilder::new(&format!("^(?:{source})"))
        .backtrack_limit(MAX_BACKTRACKS)
        .build()
        .map_err(|error| PatternError::Regex { pattern: pattern.to_owned(), reason: error.to_string() })
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, diagnostics: Vec::new(), unmatched: IndexSet::new() }
    }

    /// What there is to say of patterns that match nothing: of the first ones each, with the nearest name, of the others at once.
    pub(super) fn unmatched(&self) -> Vec<Diagnostic> {
        if self.unmatched.is_empty() {
            return Vec::new();
        }
        let mut names: Vec<&str> = self.inventory.names().into_iter().collect();
        names.sort_unstable();
        let mut said: Vec<Diagnostic> =
            self.unmatched.iter().take(MOST_TOLD).map(|pattern| unmatched(pattern, &names)).collect();
        let others: Vec<&str> = self.unmatched.iter().skip(MOST_TOLD).map(String::as_str).collect();
        if !others.is_empty() {
            let count = others.len();
            let patterns = if count == 1 { "pattern matches" } else { "patterns match" };
            said.push(Diagnostic::warning(format!("{count} more {patterns} nothing: {}", listed(&others))));
        }
        said
    }

    /// What is odd, and what matches nothing.
    pub(super) fn into_said(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let unmatched = self.unmatched();
        (self.diagnostics, unmatched)
    }

    /// The hosts of a list of patterns: those without prefix in order, then all `&`, then all `!`, wherever they stood.
    pub(super) fn run(&mut self, patterns: &[String]) -> Result<IndexSet<HostId>, PatternError> {
        let all = "all".to_owned();
        let of_kind = |prefix: Option<char>| {
            patterns.iter().filter(move |pattern| match prefix {
                Some(prefix) => pattern.starts_with(prefix),
                None => !pattern.starts_with(['&', '!']),
            })
        };
        let mut plain: Vec<&String> = of_kind(None).collect();
        if plain.is_empty() {
            plain.push(&all);
        }
        let mut hosts = IndexSet::new();
        for pattern in plain.into_iter().chain(of_kind(Some('&'))).chain(of_kind(Some('!'))) {
            // The name of a host is that host, whatever else it may look like.
            if let Some(host) = self.inventory.host_named(pattern) {
                hosts.insert(host);
                continue;
            }
            let matched = self.hosts_of(pattern.strip_prefix(['&', '!']).unwrap_or(pattern))?;
            match pattern.chars().next() {
                Some('&') => hosts.retain(|host| matched.contains(host)),
                Some('!') => hosts.retain(|host| !matched.contains(host)),
                _ => hosts.extend(matched),
            }
        }
        Ok(hosts)
    }

    /// The hosts of one pattern without prefix.
    fn hosts_of(&mut self, pattern: &str) -> Result<IndexSet<HostId>, PatternError> {
        if pattern.starts_with('~') {
            let regex = compile(pattern)?;
            let is_match = |name: &str| regex.is_match(name).map_err(|_| PatternError::RegexLimit(pattern.to_owned()));
            return self.matched(pattern, true, &is_match);
        }
        let Taken { pattern: bare, subscript, old_style } = subscript::take(pattern);
        if old_style {
            let hint = "Write [x:y]";
            self.diagnostics.push(Diagnostic::warning(format!("[x-y] in '{pattern}' is the old form")).with_hint(hint));
        }
        let looks_at_hosts = bare.contains(['.', '?', '*', '[']);
        let matched = if glob::is_plain(bare) {
            self.named(bare, looks_at_hosts)
        } else {
            let glob = Glob::new(bare);
            self.matched(bare, looks_at_hosts, &|name| Ok(glob.matches(name)))?
        };
        let Some(subscript) = subscript.filter(|_| !matched.is_empty()) else { return Ok(matched) };
        let hosts: Vec<HostId> = matched.into_iter().collect();
        let taken = subscript::apply(subscript, &hosts);
        let error = || PatternError::Subscript { pattern: pattern.to_owned(), matched: hosts.len() };
        Ok(taken.ok_or_else(error)?.into_iter().collect())
    }

    /// The hosts of the group of exactly this name; the host of it, if there is no such group or the name asks for hosts by its form.
    fn named(&mut self, name: &str, looks_at_hosts: bool) -> IndexSet<HostId> {
        let group = self.inventory.group_named(name);
        let mut hosts: IndexSet<HostId> = group.map(|id| self.inventory.hosts_of(id)).into_iter().flatten().collect();
        if looks_at_hosts || group.is_none() {
            hosts.extend(self.inventory.host_named(name));
        }
        self.or_localhost(name, hosts, group.is_some())
    }

    /// The hosts of all groups whose name matches; the hosts whose name matches, if no group's does or the pattern asks
    /// for hosts by its form.
    fn matched(
        &mut self,
        pattern: &str,
        looks_at_hosts: bool,
        is_match: &dyn Fn(&str) -> Result<bool, PatternError>,
    ) -> Result<IndexSet<HostId>, PatternError> {
        let inventory = self.inventory;
        let mut hosts = IndexSet::new();
        let mut any_group = false;
        for (id, group) in inventory.groups() {
            if is_match(&group.name)? {
                any_group = true;
                hosts.extend(inventory.hosts_of(id));
            }
        }
        if looks_at_hosts || !any_group {
            for (id, host) in inventory.hosts() {
                if is_match(&host.name)? {
                    hosts.insert(id);
                }
            }
        }
        Ok(self.or_localhost(pattern, hosts, any_group))
    }

    /// The hosts of a pattern; where it names nothing this machine, if it is one of its names.
    fn or_localhost(&mut self, pattern: &str, mut hosts: IndexSet<HostId>, any_group: bool) -> IndexSet<HostId> {
        if hosts.is_empty() && !any_group {
            match self.inventory.localhost(pattern).filter(|_| LOCALHOST_NAMES.contains(&pattern)) {
                Some(localhost) => hosts.extend([localhost]),
                None => {
                    self.unmatched.insert(pattern.to_owned());
                }
            }
        }
        hosts
    }
}

fn unmatched(pattern: &str, names: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::warning(format!("pattern '{pattern}' matches nothing"));
    let by_port = addresses_port(pattern, names);
    match by_port.or_else(|| nearest::name(pattern, names.iter().copied())) {
        Some(name) => diagnostic.with_hint(format!("Did you mean '{name}'?")),
        None => diagnostic,
    }
}

/// The first of some patterns, with commas between them.
pub(super) fn listed(patterns: &[&str]) -> String {
    let first = patterns.iter().take(MOST_TOLD).copied().collect::<Vec<_>>().join(", ");
    if patterns.len() > MOST_TOLD { format!("{first}, ...") } else { first }
}

/// `gw:22` names no host, but `gw` may.
fn addresses_port<'n>(pattern: &str, names: &[&'n str]) -> Option<&'n str> {
    let address = crate::inventory::addresses::parse(pattern).filter(|address| address.port.is_some())?;
    names.iter().find(|name| **name == address.host).copied()
}

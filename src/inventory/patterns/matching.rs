//! Patterns against an inventory: unions, then intersections, then exclusions.

use fancy_regex::{Regex, RegexBuilder};
use indexmap::IndexSet;

use super::subscript::{self, Taken};
use super::{PatternError, glob};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::model::{HostId, Inventory, LOCALHOST_NAMES};
use crate::inventory::nearest;

/// Steps a regular expression may take back on one name: Python has no such limit, but inventories are input.
const MAX_BACKTRACKS: usize = 100_000;

/// The evaluation of patterns, and what there is to say about them.
pub(super) struct Evaluation<'a> {
    inventory: &'a Inventory,
    diagnostics: Vec<Diagnostic>,
    unmatched: Vec<Diagnostic>,
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
        Self { inventory, diagnostics: Vec::new(), unmatched: Vec::new() }
    }

    /// What there is to say of patterns that match nothing.
    pub(super) fn unmatched(&self) -> &[Diagnostic] {
        &self.unmatched
    }

    /// What is odd, and what matches nothing.
    pub(super) fn into_said(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        (self.diagnostics, self.unmatched)
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
        let matched = self.matched(bare, looks_at_hosts, &|name| Ok(glob::matches(bare, name)))?;
        let Some(subscript) = subscript.filter(|_| !matched.is_empty()) else { return Ok(matched) };
        let hosts: Vec<HostId> = matched.into_iter().collect();
        let taken = subscript::apply(subscript, &hosts);
        let error = || PatternError::Subscript { pattern: pattern.to_owned(), matched: hosts.len() };
        Ok(taken.ok_or_else(error)?.into_iter().collect())
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
        if hosts.is_empty() && !any_group {
            match inventory.localhost(pattern).filter(|_| LOCALHOST_NAMES.contains(&pattern)) {
                Some(localhost) => hosts.extend([localhost]),
                None => self.tell_unmatched(pattern),
            }
        }
        Ok(hosts)
    }

    fn tell_unmatched(&mut self, pattern: &str) {
        let mut diagnostic = Diagnostic::warning(format!("pattern '{pattern}' matches nothing"));
        let mut names: Vec<&str> = self.inventory.names().into_iter().collect();
        names.sort_unstable();
        let by_port = addresses_port(pattern, &names);
        if let Some(name) = by_port.or_else(|| nearest::name(pattern, names.iter().copied())) {
            diagnostic = diagnostic.with_hint(format!("Did you mean '{name}'?"));
        }
        self.unmatched.push(diagnostic);
    }
}

/// `gw:22` names no host, but `gw` may.
fn addresses_port<'n>(pattern: &str, names: &[&'n str]) -> Option<&'n str> {
    let address = crate::inventory::addresses::parse(pattern).filter(|address| address.port.is_some())?;
    names.iter().find(|name| **name == address.host).copied()
}

//! Patterns against an inventory: unions, then intersections, then exclusions.

use fancy_regex::{Regex, RegexBuilder};
use indexmap::{IndexMap, IndexSet};

use super::glob::{self, Glob};
use super::subscript::{self, Taken};
use super::{Pattern, PatternError};
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
    unmatched: IndexMap<String, Pattern>,
}

/// A regular expression of a `~` pattern: anchored at the start only.
pub(super) fn compile(pattern: &str) -> Result<Regex, fancy_regex::Error> {
    let source = pattern.strip_prefix('~').unwrap_or(pattern);
    RegexBuilder::new(&format!("^(?:{source})")).backtrack_limit(MAX_BACKTRACKS).build()
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, diagnostics: Vec::new(), unmatched: IndexMap::new() }
    }

    /// What there is to say of patterns that match nothing: of the first ones each, with the nearest name, of the others at once.
    pub(super) fn unmatched(&self) -> Vec<Diagnostic> {
        if self.unmatched.is_empty() {
            return Vec::new();
        }
        let mut names: Vec<&str> = self.inventory.names().into_iter().collect();
        names.sort_unstable();
        let mut said: Vec<Diagnostic> =
            self.unmatched.values().take(MOST_TOLD).map(|pattern| unmatched(pattern, &names)).collect();
        let others: Vec<&Pattern> = self.unmatched.values().skip(MOST_TOLD).collect();
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
    pub(super) fn run(&mut self, patterns: &[Pattern]) -> Result<IndexSet<HostId>, PatternError> {
        let all = Pattern::from("all".to_owned());
        let of_kind = |prefix: Option<char>| {
            patterns.iter().filter(move |pattern| match prefix {
                Some(prefix) => pattern.text().starts_with(prefix),
                None => !pattern.text().starts_with(['&', '!']),
            })
        };
        let mut plain: Vec<&Pattern> = of_kind(None).collect();
        if plain.is_empty() {
            plain.push(&all);
        }
        let mut hosts = IndexSet::new();
        for pattern in plain.into_iter().chain(of_kind(Some('&'))).chain(of_kind(Some('!'))) {
            // The name of a host is that host, whatever else it may look like.
            if let Some(host) = self.inventory.host_named(pattern.text()) {
                hosts.insert(host);
                continue;
            }
            let matched = self.hosts_of(pattern)?;
            match pattern.text().chars().next() {
                Some('&') => hosts.retain(|host| matched.contains(host)),
                Some('!') => hosts.retain(|host| !matched.contains(host)),
                _ => hosts.extend(matched),
            }
        }
        Ok(hosts)
    }

    /// The hosts of one pattern, whatever its prefix.
    fn hosts_of(&mut self, whole: &Pattern) -> Result<IndexSet<HostId>, PatternError> {
        let pattern = whole.text().strip_prefix(['&', '!']).unwrap_or(whole.text());
        if pattern.is_empty() {
            // A blank ends a pattern, too: in `all:! web` this one would leave nobody out, and `web` would be added. Ansible fails.
            let wrong = "names no hosts: write it and a name without a blank between them, as `!web`";
            return Err(PatternError::Misleading(format!("{} {wrong}", whole.subject())));
        }
        if pattern.starts_with('~') {
            let regex = compile(pattern).map_err(|error| PatternError::Regex {
                pattern: whole.bare().subject(),
                reason: whole.reason(&error.to_string()),
            })?;
            let slow = || PatternError::RegexLimit(whole.bare().subject());
            return self.matched(whole, pattern, true, &|name| regex.is_match(name).map_err(|_| slow()));
        }
        let Taken { pattern: bare, subscript, old_style } = subscript::take(pattern);
        if old_style {
            let hint = "Write [x:y]";
            let told = whole.bare().within();
            self.diagnostics.push(Diagnostic::warning(format!("[x-y] in {told} is the old form")).with_hint(hint));
        }
        let looks_at_hosts = bare.contains(['.', '?', '*', '[']);
        let matched = if glob::is_plain(bare) {
            self.named(whole, bare, looks_at_hosts)
        } else {
            let glob = Glob::new(bare);
            self.matched(whole, bare, looks_at_hosts, &|name| Ok(glob.matches(name)))?
        };
        let Some(subscript) = subscript.filter(|_| !matched.is_empty()) else { return Ok(matched) };
        let hosts: Vec<HostId> = matched.into_iter().collect();
        let taken = subscript::apply(subscript, &hosts);
        let error = || PatternError::Subscript { pattern: whole.bare().subject(), matched: hosts.len() };
        Ok(taken.ok_or_else(error)?.into_iter().collect())
    }

    /// The hosts of the group of exactly this name; the host of it, if there is no such group or the name asks for hosts by its form.
    fn named(&mut self, whole: &Pattern, name: &str, looks_at_hosts: bool) -> IndexSet<HostId> {
        let group = self.inventory.group_named(name);
        let mut hosts: IndexSet<HostId> = group.map(|id| self.inventory.hosts_of(id)).into_iter().flatten().collect();
        if looks_at_hosts || group.is_none() {
            hosts.extend(self.inventory.host_named(name));
        }
        self.or_localhost(whole, name, hosts, group.is_some())
    }

    /// The hosts of all groups whose name matches; the hosts whose name matches, if no group's does or the pattern asks
    /// for hosts by its form.
    fn matched(
        &mut self,
        whole: &Pattern,
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
        Ok(self.or_localhost(whole, pattern, hosts, any_group))
    }

    /// The hosts of a pattern; where it names nothing this machine, if it is one of its names.
    fn or_localhost(
        &mut self,
        whole: &Pattern,
        pattern: &str,
        mut hosts: IndexSet<HostId>,
        any_group: bool,
    ) -> IndexSet<HostId> {
        if hosts.is_empty() && !any_group {
            match self.inventory.localhost(pattern).filter(|_| LOCALHOST_NAMES.contains(&pattern)) {
                Some(localhost) => hosts.extend([localhost]),
                None => {
                    self.unmatched.entry(pattern.to_owned()).or_insert_with(|| whole.with_text(pattern));
                }
            }
        }
        hosts
    }
}

fn unmatched(pattern: &Pattern, names: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::warning(format!("pattern {} matches nothing", pattern.named()));
    let by_port = addresses_port(pattern.text(), names);
    match by_port.or_else(|| nearest::name(pattern.text(), names.iter().copied())) {
        Some(name) => diagnostic.with_hint(format!("Did you mean '{name}'?")),
        None => diagnostic,
    }
}

/// The first of some patterns, with commas between them.
fn listed(patterns: &[&Pattern]) -> String {
    let first = patterns.iter().take(MOST_TOLD).map(|pattern| pattern.word()).collect::<Vec<_>>().join(", ");
    if patterns.len() > MOST_TOLD { format!("{first}, ...") } else { first }
}

/// `gw:22` names no host, but `gw` may.
fn addresses_port<'n>(pattern: &str, names: &[&'n str]) -> Option<&'n str> {
    let address = crate::inventory::addresses::parse(pattern).filter(|address| address.port.is_some())?;
    names.iter().find(|name| **name == address.host).copied()
}

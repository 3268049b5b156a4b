//! Host patterns: `web:&prod:!db1`, globs, `~` regular expressions, subscripts, and `--limit`.

pub mod glob;
mod matching;
mod pattern;
pub mod split;
mod subscript;

use indexmap::IndexSet;
use thiserror::Error;

use super::diagnostics::Diagnostic;
use super::model::{HostId, Inventory};
use matching::MOST_TOLD;

pub use pattern::{Pattern, line_of_host};

/// Which hosts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The pattern, as on the command line; empty = all.
    pub pattern: String,
    /// The patterns of `--limit`, split and with `@FILE` replaced by the file's lines; empty = no limit.
    pub limit: Vec<Pattern>,
}

impl Selection {
    /// Every host.
    pub fn all() -> Self {
        Self { pattern: "all".to_owned(), limit: Vec::new() }
    }
}

/// The hosts that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selected {
    /// The hosts, in the order of the pattern, each once.
    pub hosts: Vec<HostId>,
    /// What is odd about the patterns.
    pub diagnostics: Vec<Diagnostic>,
    /// Patterns that match nothing: one diagnostic for each of the first ones, one for all others.
    pub unmatched: Vec<Diagnostic>,
}

/// What becomes of a pattern that matches nothing beside others that do (`host_pattern_mismatch` of ansible.cfg).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mismatch {
    /// It is told.
    #[default]
    Told,
    /// It ends the run.
    Refused,
    /// Nothing.
    Ignored,
}

impl Mismatch {
    /// What Ansible calls it.
    pub fn from_word(word: &str) -> Self {
        match word {
            "error" => Self::Refused,
            "ignore" => Self::Ignored,
            _ => Self::Told,
        }
    }
}

impl Selected {
    /// The hosts and what is to be told, where a pattern that matches nothing counts as said.
    pub fn with(self, mismatch: Mismatch) -> Result<(Vec<HostId>, Vec<Diagnostic>), PatternError> {
        let Self { hosts, mut diagnostics, unmatched } = self;
        match mismatch {
            Mismatch::Told => diagnostics.extend(unmatched),
            Mismatch::Refused => {
                if let Some(first) = unmatched.into_iter().next() {
                    return Err(PatternError::Unmatched(first.to_string()));
                }
            }
            Mismatch::Ignored => {}
        }
        Ok((hosts, diagnostics))
    }
}

/// Why a pattern selects nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// The pattern would be misread by Ansible's rules.
    #[error("{0}")]
    Misleading(String),
    /// A regular expression that is none.
    #[error("{pattern} is no regular expression{reason}")]
    Regex {
        /// The pattern, as it is told.
        pattern: String,
        /// What is wrong with it, with a colon before it; empty where that may not be told.
        reason: String,
    },
    /// A regular expression that took too long on a name.
    #[error("the regular expression of {0} takes too many steps on a host name")]
    RegexLimit(String),
    /// A subscript outside of the matched hosts.
    #[error("{pattern} asks for a host outside of the {matched} that match")]
    Subscript {
        /// The pattern, as it is told.
        pattern: String,
        /// How many hosts match it without the subscript.
        matched: usize,
    },
    /// A pattern that matches nothing, where that is an error.
    #[error("{0}")]
    Unmatched(String),
    /// Nothing is left.
    #[error("no host matches {0}")]
    NoHost(String),
}

impl Inventory {
    /// The hosts a selection names. An empty result is an error, as is a pattern that would be misread; names that match
    /// nothing beside others that do are diagnostics.
    pub fn select(&self, selection: &Selection) -> Result<Selected, PatternError> {
        let patterns: Vec<Pattern> = split::patterns(&selection.pattern)?.into_iter().map(Pattern::from).collect();
        let mut evaluation = matching::Evaluation::new(self);
        let mut hosts = evaluation.run(&patterns)?;
        if !selection.limit.is_empty() {
            let limit = evaluation.run(&selection.limit)?;
            hosts.retain(|host| limit.contains(host));
        }
        if hosts.is_empty() {
            return Err(PatternError::NoHost(self.describe(selection, &patterns, &evaluation)));
        }
        let (diagnostics, unmatched) = evaluation.into_said();
        Ok(Selected { hosts: hosts.into_iter().collect(), diagnostics, unmatched })
    }

    /// `'web:&prod' (web: 12 hosts, prod: 40 hosts)`: what each part alone selects.
    fn describe(&self, selection: &Selection, patterns: &[Pattern], evaluation: &matching::Evaluation<'_>) -> String {
        let pattern = if selection.pattern.is_empty() { "all" } else { &selection.pattern };
        // A file stands for all of its lines.
        let typed: IndexSet<String> = selection.limit.iter().map(Pattern::typed).collect();
        let limit = match typed.len() {
            0 => String::new(),
            1..=MOST_TOLD => format!(" within --limit '{}'", Vec::from_iter(typed).join(",")),
            _ => format!(" within --limit of {} patterns", selection.limit.len()),
        };
        let parts = patterns.iter().chain(&selection.limit);
        let mut counts: Vec<String> = parts.clone().take(2 * MOST_TOLD).map(|pattern| self.count(pattern)).collect();
        counts.extend(parts.clone().nth(2 * MOST_TOLD).map(|_| "...".to_owned()));
        let counts = if self.host_count() == 0 { "the inventory has no hosts".to_owned() } else { counts.join(", ") };
        let nearest = evaluation.unmatched().into_iter().find_map(|diagnostic| diagnostic.hint);
        let nearest = nearest.map(|hint| format!(". {hint}")).unwrap_or_default();
        format!("'{pattern}'{limit} ({counts}){nearest}")
    }

    /// `web: 12 hosts`: what a pattern selects by itself.
    fn count(&self, pattern: &Pattern) -> String {
        let bare = pattern.bare();
        let count = matching::Evaluation::new(self).run(std::slice::from_ref(&bare)).map_or(0, |hosts| hosts.len());
        format!("{}: {count} {}", bare.word(), if count == 1 { "host" } else { "hosts" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::{Draft, Source};
    use crate::inventory::{ini, ranges};

    #[test]
    fn an_empty_selection_says_what_each_part_selects() {
        let mut draft = Draft::new();
        let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        let text = "[web]\nw[1:12]\n[prod]\np1\n[Ghosts]\ng1\n";
        ini::read(&mut draft, source, text, &mut ranges::Budget::new(100));
        let (inventory, _) = draft.reconcile().expect("consistent");
        let check = |pattern: &str, limit: &[&str], expected: &str| {
            let limit = limit.iter().map(|pattern| (*pattern).to_owned().into()).collect();
            let error = inventory.select(&Selection { pattern: pattern.to_owned(), limit }).expect_err("no host");
            assert_eq!(error.to_string(), expected);
        };
        check("web:&prod", &[], "no host matches 'web:&prod' (web: 12 hosts, prod: 1 host)");
        check("web", &["prod"], "no host matches 'web' within --limit 'prod' (web: 12 hosts, prod: 1 host)");
        check("ghost", &[], "no host matches 'ghost' (ghost: 0 hosts). Did you mean 'Ghosts'?");
        let unknown: Vec<String> = (0..12).map(|number| format!("gone{number}")).collect();
        let unknown: Vec<&str> = unknown.iter().map(String::as_str).collect();
        check(
            "web",
            &unknown,
            "no host matches 'web' within --limit of 12 patterns (web: 12 hosts, gone0: 0 hosts, gone1: 0 hosts, gone2: 0 hosts, \
             gone3: 0 hosts, gone4: 0 hosts, gone5: 0 hosts, gone6: 0 hosts, gone7: 0 hosts, gone8: 0 hosts, ...)",
        );
        let typed = "web:&prod".into();
        let limit = ["web", "&prod"].map(|pattern| Pattern::from(pattern.to_owned()).part_of(&typed)).to_vec();
        let error = inventory.select(&Selection { pattern: "all".to_owned(), limit }).expect_err("no host");
        let expected = "no host matches 'all' within --limit 'web:&prod' (all: 14 hosts, web: 12 hosts, prod: 1 host)";
        assert_eq!(error.to_string(), expected);
        check("web[99]", &[], "`web[99]` asks for a host outside of the 12 that match");
    }

    #[test]
    fn of_many_patterns_that_match_nothing_the_first_are_told_each() {
        let mut draft = Draft::new();
        let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        ini::read(&mut draft, source, "[web]\nw[1:12]\n", &mut ranges::Budget::new(100));
        let (inventory, _) = draft.reconcile().expect("consistent");
        let said = |unknown: usize| {
            let limit = (0..unknown).map(|number| format!("x{number}")).chain(["web".to_owned(), "x0".to_owned()]);
            let limit = limit.map(Pattern::from).collect();
            let selected = inventory.select(&Selection { pattern: "all".to_owned(), limit }).expect("hosts");
            assert_eq!(selected.hosts.len(), 12);
            selected.unmatched.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let each: Vec<String> = (0..5)
            .map(|number| match number {
                0 => "pattern 'x0' matches nothing".to_owned(),
                near => format!("pattern 'x{near}' matches nothing. Did you mean 'w{near}'?"),
            })
            .collect();
        assert_eq!(said(5), each);
        let [first @ .., last] = &*said(6) else { panic!("nothing is said") };
        assert_eq!((first, last.as_str()), (&each[..], "1 more pattern matches nothing: x5"));
        let [.., last] = &*said(2000) else { panic!("nothing is said") };
        assert_eq!(last, "1995 more patterns match nothing: x5, x6, x7, x8, x9, ...");
    }
}

//! Host patterns: `web:&prod:!db1`, globs, `~` regular expressions, subscripts, and `--limit`.

pub mod glob;
mod matching;
mod nearest;
pub mod split;
mod subscript;

use thiserror::Error;

use super::diagnostics::Diagnostic;
use super::model::{HostId, Inventory};

/// Which hosts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The pattern, as on the command line; empty = all.
    pub pattern: String,
    /// The patterns of `--limit`, split and with `@FILE` replaced by the file's lines; empty = no limit.
    pub limit: Vec<String>,
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
    /// Names that match nothing, and the like.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a pattern selects nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// The pattern would be misread by Ansible's rules.
    #[error("{0}")]
    Misleading(String),
    /// A regular expression that is none.
    #[error("`{pattern}` is no regular expression: {reason}")]
    Regex {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A regular expression that took too long on a name.
    #[error("the regular expression `{0}` takes too many steps on a host name")]
    RegexLimit(String),
    /// A subscript outside of the matched hosts.
    #[error("`{pattern}` asks for a host outside of the {matched} that match")]
    Subscript {
        /// The pattern.
        pattern: String,
        /// How many hosts match it without the subscript.
        matched: usize,
    },
    /// Nothing is left.
    #[error("no host matches {0}")]
    NoHost(String),
}

impl Inventory {
    /// The hosts a selection names. An empty result is an error, as is a pattern that would be misread; names that match
    /// nothing beside others that do are diagnostics.
    pub fn select(&self, selection: &Selection) -> Result<Selected, PatternError> {
        let patterns = split::patterns(&selection.pattern)?;
        let mut evaluation = matching::Evaluation::new(self);
        let mut hosts = evaluation.run(&patterns)?;
        if !selection.limit.is_empty() {
            let limit = evaluation.run(&selection.limit)?;
            hosts.retain(|host| limit.contains(host));
        }
        if hosts.is_empty() {
            return Err(PatternError::NoHost(self.describe(selection, &patterns, &evaluation)));
        }
        Ok(Selected { hosts: hosts.into_iter().collect(), diagnostics: evaluation.into_diagnostics() })
    }

    /// `'web:&prod' (web: 12 hosts, prod: 40 hosts)`: what each part alone selects.
    fn describe(&self, selection: &Selection, patterns: &[String], evaluation: &matching::Evaluation<'_>) -> String {
        let mut text = format!("'{}'", if selection.pattern.is_empty() { "all" } else { &selection.pattern });
        if !selection.limit.is_empty() {
            text.push_str(&format!(" within --limit '{}'", selection.limit.join(",")));
        }
        let parts: Vec<String> = patterns
            .iter()
            .chain(&selection.limit)
            .map(|pattern| {
                let bare = pattern.trim_start_matches(['&', '!']);
                let count = matching::Evaluation::new(self).run(&[bare.to_owned()]).map_or(0, |hosts| hosts.len());
                format!("{bare}: {count} {}", if count == 1 { "host" } else { "hosts" })
            })
            .collect();
        if self.host_count() == 0 {
            text.push_str(" (the inventory has no hosts)");
        } else if !parts.is_empty() {
            text.push_str(&format!(" ({})", parts.join(", ")));
        }
        if let Some(hint) = evaluation.diagnostics().iter().find_map(|diagnostic| diagnostic.hint.as_deref()) {
            text.push_str(&format!("; {}", hint.trim_end_matches('?').to_lowercase()));
            text.push('?');
        }
        text
    }
}

//! What files of `ssh_config` say, line by line, before any host is asked for.

use std::fmt;
use std::sync::Arc;

use super::criteria::Criterion;
use super::keyword::Keyword;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Nobody set it: OpenSSH's own.
    Default,
    /// A line of a file.
    Line {
        /// The file.
        file: Arc<str>,
        /// The line, counted from 1.
        line: usize,
    },
    /// Said elsewhere: a flag, a variable of the inventory.
    Said(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Line { file, line } => write!(formatter, "{file} line {line}"),
            Self::Said(what) => formatter.write_str(what),
        }
    }
}

/// A setting that was given: by a line or by an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Which setting.
    pub(super) keyword: Keyword,
    /// Its value, checked.
    pub(super) words: Vec<String>,
    /// Where it stands.
    pub(super) origin: Origin,
    /// Whether it replaces what was given before, as some of ssh's options do.
    pub(super) replaces: bool,
}

/// One line.
#[derive(Debug, Clone)]
pub(super) enum Directive {
    /// The lines below are for hosts that fit.
    Host(Vec<String>),
    /// The lines below are for hosts that meet every criterion.
    Match(Vec<Criterion>, Origin),
    /// The lines of other files, one after the other.
    Include(Vec<Vec<Directive>>),
    /// A setting.
    Set(Given),
    /// OpenSSH would refuse it; a host that the line is for fails.
    Broken(String, Origin),
}

/// The files of `ssh_config`, in the order in which they are gone through.
#[derive(Debug, Clone, Default)]
pub struct SshConfig {
    pub(super) files: Vec<ConfigFile>,
    /// Whether some line asks for going through the files twice (`Match final`).
    pub(super) wants_final_pass: bool,
}

/// One of the files that are read without being included.
#[derive(Debug, Clone)]
pub(super) struct ConfigFile {
    pub(super) directives: Vec<Directive>,
    /// Whether it is the user's, not the system's.
    pub(super) is_users: bool,
}

//! Where the value of a setting comes from, in words.

use std::fmt;
use std::sync::Arc;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as it is shown.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// A variable given with `-e`.
    ExtraVariable {
        /// Its name.
        name: &'static str,
        /// The line of the file it was read from, if it was.
        place: Option<Place>,
        /// What stands for `-e`, where that was not typed.
        from: Option<Arc<str>>,
    },
    /// A variable of the host, in an inventory or a file of variables.
    Variable {
        /// Its name.
        name: &'static str,
        /// Where it was set; `None` = nowhere, as for the implicit localhost.
        place: Option<Place>,
    },
    /// A flag of the command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A file of settings.
    File {
        /// The section it stands in; empty where files have none.
        section: &'static str,
        /// Its key.
        key: &'static str,
        /// Where it stands.
        place: Place,
    },
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file, self.line)
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExtraVariable { name, place, from } => {
                write!(f, "{name} ({}", from.as_deref().unwrap_or("-e"))?;
                place.as_ref().map_or(Ok(()), |place| write!(f, " @{place}"))?;
                f.write_str(")")
            }
            Self::Variable { name, place: Some(place) } => write!(f, "{name} ({place})"),
            Self::Variable { name, place: None } | Self::Flag(name) | Self::Environment(name) => f.write_str(name),
            Self::File { section: "", key, place } => write!(f, "{key} ({place})"),
            Self::File { section, key, place } => write!(f, "[{section}] {key} ({place})"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl<T> Given<T> {
    /// What holds where nobody said anything.
    pub fn default_of(value: T) -> Self {
        Self { value, provenance: Provenance::Default }
    }

    /// The value turned into another; it comes from the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Given<U> {
        Given { value: change(self.value), provenance: self.provenance }
    }
}

//! The way back from an installation: what a host had before, as it told it, and as it is told again.

use std::fmt;

use super::request::RunId;
use super::survey::PackageManager;

/// One thing that is put back where an installation is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// chronyd as it was.
    Own(Ran),
    /// chrony came by a package manager, and goes by it again.
    Package {
        /// Which.
        manager: PackageManager,
        /// Whether its configuration goes with it: it had none before.
        purges: bool,
    },
    /// A package that went for it.
    Back(Package),
    /// Another timekeeper's service.
    Service {
        /// Its name.
        name: String,
        /// As it was.
        ran: Ran,
    },
}

/// Whether a service ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// Whether it ran.
    pub is_active: bool,
    /// Whether it was started at boot.
    pub is_enabled: bool,
}

/// A package of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Package {
    /// Reads a name and a version that may stand in a command line.
    pub(super) fn new(name: &str, version: &str) -> Option<Self> {
        RunId::new(name)?;
        let is_of_versions = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte);
        let is_version = !version.is_empty() && version.len() <= 128 && version.bytes().all(is_of_versions);
        is_version.then(|| Self { name: name.to_owned(), version: version.to_owned() })
    }
}

impl Taken {
    /// Reads what its `Display` writes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        Some(match *words.as_slice() {
            ["own", active, enabled] => Self::Own(Ran::parse(active, enabled)?),
            ["package", manager, how] => {
                let purges = match how {
                    "purge" => true,
                    "remove" => false,
                    _ => return None,
                };
                let manager = PackageManager::parse(manager).filter(|manager| manager.is_used())?;
                Self::Package { manager, purges }
            }
            ["back", package] => {
                let (name, version) = package.split_once('=')?;
                Self::Back(Package::new(name, version)?)
            }
            ["service", active, enabled, name] => {
                let ran = Ran::parse(active, enabled)?;
                Self::Service { name: RunId::new(name)?.as_str().to_owned(), ran }
            }
            _ => return None,
        })
    }
}

impl Ran {
    fn parse(active: &str, enabled: &str) -> Option<Self> {
        let is_active = match active {
            "active" => true,
            "inactive" => false,
            _ => return None,
        };
        let is_enabled = match enabled {
            "enabled" => true,
            "disabled" => false,
            _ => return None,
        };
        Some(Self { is_active, is_enabled })
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let active = if self.is_active { "active" } else { "inactive" };
        write!(formatter, "{active} {}", if self.is_enabled { "enabled" } else { "disabled" })
    }
}

/// One line of `taken` in a run's folder, which journals keep too.
impl fmt::Display for Taken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(ran) => write!(formatter, "own {ran}"),
            Self::Package { manager, purges } => {
                write!(formatter, "package {} {}", manager.label(), if *purges { "purge" } else { "remove" })
            }
            Self::Back(package) => write!(formatter, "back {}={}", package.name, package.version),
            Self::Service { name, ran } => write!(formatter, "service {ran} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_way_back_is_read_as_it_was_written() {
        for line in [
            "own inactive disabled",
            "own active enabled",
            "package apt-get purge",
            "package zypper remove",
            "back systemd-timesyncd=252.39-1~deb12u2",
            "service active enabled systemd-timesyncd",
            "service inactive disabled ntpd-rs",
        ] {
            assert_eq!(Taken::parse(line).expect(line).to_string(), line);
        }
        for line in [
            "",
            "own",
            "own active maybe",
            "package pacman remove",
            "package /tmp/x remove",
            "package apt-get all",
            "back -o=1",
            "back a=1 b",
            "back a=$(id)",
            "service active enabled ../x",
            "service active enabled",
        ] {
            assert_eq!(Taken::parse(line), None, "{line}");
        }
    }
}

//! What a host is and how chronyd is configured there, as the script tells it.

use super::digest::Digest;
use super::request::RunId;
use crate::timekeeper::chrony::Tracking;

/// The answer to a survey. Remote text in it is bounded but not escaped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// The number of the user that the script runs as: 0 is root.
    pub user: u32,
    /// What `uname -srm` prints.
    pub kernel: String,
    /// The service of chronyd that is really loaded; `None` where there is none.
    pub service: Option<Service>,
    /// Evidence that chronyd cannot set the clock here, beside `-x` in its arguments: a condition of its service that was not
    /// met, or what its log says.
    pub unable: Vec<String>,
    /// chronyd's version as it prints it: `4.3`; `None` where it is not installed.
    pub version: Option<String>,
    /// The arguments of the chronyd that runs.
    pub arguments: Option<String>,
    /// What that chronyd says of itself; `None` where it does not run or gives no report.
    pub tracking: Option<Tracking>,
    /// Other timekeepers that run.
    pub others: Vec<OtherTimekeeper>,
    /// Files that are there in containers only.
    pub container: Vec<String>,
    /// What installs packages.
    pub packages: Option<PackageManager>,
    /// What would hold the guard.
    pub guard: Option<Guard>,
    /// Programs that the host lacks and that a fix needs.
    pub lacks: Vec<String>,
    /// What chronyd reads, in the order in which it reads it; the first is the one that it is started with.
    pub files: Vec<SurveyedFile>,
    /// The directories of those files.
    pub directories: Vec<Directory>,
    /// What the configuration names, in its order.
    pub includes: Vec<Include>,
    /// Whether there are more files than are read.
    pub is_crowded: bool,
    /// Files that were left out because no line can name them.
    pub unnameable: Vec<String>,
    /// The run that has the lock.
    pub locked: Option<RunId>,
    /// Runs that nobody has confirmed or taken back.
    pub pending: Vec<Pending>,
    /// What the last guard did that fired: the run, and what it could not put back.
    pub last: Option<String>,
}

/// A timekeeper beside chronyd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTimekeeper {
    /// The name of its process, of which the kernel keeps 15 letters.
    pub process: String,
    /// Its service; `None` where it belongs to none.
    pub service: Option<String>,
}

/// The service of chronyd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What starts it.
    pub init: Init,
    /// Its name, without `.service`.
    pub name: String,
    /// Whether it runs or is starting.
    pub is_active: bool,
    /// Whether it is started at boot; `None` where that is not told.
    pub is_enabled: Option<bool>,
}

/// What starts services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// systemd.
    Systemd,
    /// `OpenRC`, as Alpine has it.
    OpenRc,
    /// Scripts in `/etc/init.d`.
    SysV,
    /// BSD's rc.d.
    Rc,
}

/// What installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageManager {
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, RHEL 8 and later.
    Dnf,
    /// RHEL 7.
    Yum,
    /// SUSE.
    Zypper,
    /// Alpine.
    Apk,
    /// Arch.
    Pacman,
    /// FreeBSD.
    Pkg,
}

/// What holds the guard that puts old files back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// A unit of its own, which systemd starts again where it is killed.
    SystemdRun,
    /// A shell in a session of its own.
    Shell,
}

/// One file of chronyd's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedFile {
    /// How chronyd comes by it.
    pub kind: FileKind,
    /// Its path, with all links resolved.
    pub path: String,
    /// The path that the configuration names, where that is another.
    pub named: Option<String>,
    /// Its permissions.
    pub mode: u32,
    /// The number of its owner.
    pub owner: u32,
    /// The number of its group.
    pub group: u32,
    /// Its inode.
    pub inode: u64,
    /// When it was last modified, in seconds since 1970 by the host's clock.
    pub modified_s: i64,
    /// Its digest; `None` where the host has nothing that tells it.
    pub digest: Option<Digest>,
    /// Whether not even root may change it (`chattr +i`, `+a`).
    pub is_immutable: bool,
    /// Its bytes, as its digest confirms; `None` where it is larger than what is sent.
    pub bytes: Option<Vec<u8>>,
}

/// How chronyd comes by a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// It is started with it.
    Main,
    /// `include`.
    Include,
    /// `confdir`.
    Conf,
    /// `sourcedir`.
    Sources,
}

/// A directory that holds files of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its path.
    pub path: String,
    /// Whether files can be made in it.
    pub is_writable: bool,
    /// How much room is left, in KiB, at most 999,999.
    pub free_kib: u32,
}

/// Something that a configuration names beside files that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Include {
    /// A directory of `confdir`.
    ConfDir(String),
    /// A directory of `sourcedir`.
    SourceDir(String),
    /// What is named and is no readable file: of `include` it keeps chronyd from starting.
    Missing(FileKind, String),
}

/// A run that nobody has confirmed or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its name.
    pub run: RunId,
    /// Whether its guard lives, and will put the old files back.
    pub is_guarded: bool,
}

impl Init {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "systemd" => Self::Systemd,
            "openrc" => Self::OpenRc,
            "sysv" => Self::SysV,
            "rc" => Self::Rc,
            _ => return None,
        })
    }
}

impl PackageManager {
    /// The program that is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Yum => "yum",
            Self::Zypper => "zypper",
            Self::Apk => "apk",
            Self::Pacman => "pacman",
            Self::Pkg => "pkg",
        }
    }

    /// Whether chrony is installed by it.
    pub fn is_used(self) -> bool {
        !matches!(self, Self::Pacman | Self::Pkg)
    }

    /// Reads what `label` gives; `None` for anything else.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "apt-get" => Self::Apt,
            "dnf" => Self::Dnf,
            "yum" => Self::Yum,
            "zypper" => Self::Zypper,
            "apk" => Self::Apk,
            "pacman" => Self::Pacman,
            "pkg" => Self::Pkg,
            _ => return None,
        })
    }
}

impl Guard {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "systemd-run" => Self::SystemdRun,
            "shell" => Self::Shell,
            _ => return None,
        })
    }
}

impl FileKind {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "main" => Self::Main,
            "include" => Self::Include,
            "conf" => Self::Conf,
            "sources" => Self::Sources,
            _ => return None,
        })
    }
}

//! Which programs keep time, and how they are recognised by the name of their process.

/// A program that disciplines a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timekeeper {
    /// chrony's daemon.
    Chronyd,
    /// The reference implementation, ntpsec, or busybox's.
    Ntpd,
    /// OpenBSD's, as Debian names its process.
    Openntpd,
    /// ntpd-rs.
    NtpdRs,
    /// systemd's SNTP client.
    Timesyncd,
    /// A PTP hardware clock's time brought to the system clock.
    Phc2sys,
}

impl Timekeeper {
    /// Every one, in the order in which they are asked.
    pub const ALL: [Self; 6] =
        [Self::Chronyd, Self::Ntpd, Self::Openntpd, Self::NtpdRs, Self::Timesyncd, Self::Phc2sys];

    /// The name in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Chronyd => "chronyd",
            Self::Ntpd => "ntpd",
            Self::Openntpd => "openntpd",
            Self::NtpdRs => "ntpd-rs",
            Self::Timesyncd => "timesyncd",
            Self::Phc2sys => "phc2sys",
        }
    }

    /// The name of its process, as the kernel cuts it to 15 bytes.
    pub fn process(self) -> &'static str {
        match self {
            Self::Chronyd => "chronyd",
            Self::Ntpd => "ntpd",
            Self::Openntpd => "openntpd",
            Self::NtpdRs => "ntp-daemon",
            Self::Timesyncd => "systemd-timesyn",
            Self::Phc2sys => "phc2sys",
        }
    }

    /// The timekeeper whose process has that name.
    pub fn of_process(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|timekeeper| timekeeper.process() == name)
    }
}

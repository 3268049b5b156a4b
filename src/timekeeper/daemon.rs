//! Which programs keep time, and how they are recognised: by process, command line and service.

use super::said::Said;
use super::unit::Unit;

/// A program that disciplines a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timekeeper {
    /// chrony's daemon.
    Chronyd,
    /// The reference implementation, or ntpsec.
    Ntpd,
    /// OpenBSD's.
    Openntpd,
    /// busybox's SNTP client.
    BusyboxNtpd,
    /// ntpd-rs.
    NtpdRs,
    /// systemd's SNTP client.
    Timesyncd,
    /// A PTP hardware clock's time brought to the system clock.
    Phc2sys,
}

impl Timekeeper {
    /// Every one, in the order in which they are asked.
    pub const ALL: [Self; 7] =
        [Self::Chronyd, Self::Ntpd, Self::Openntpd, Self::BusyboxNtpd, Self::NtpdRs, Self::Timesyncd, Self::Phc2sys];

    /// The name in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Chronyd => "chronyd",
            Self::Ntpd => "ntpd",
            Self::Openntpd => "openntpd",
            Self::BusyboxNtpd => "busybox ntpd",
            Self::NtpdRs => "ntpd-rs",
            Self::Timesyncd => "timesyncd",
            Self::Phc2sys => "phc2sys",
        }
    }

    /// Whether it is an SNTP client: it measures now and then, and says nothing of its error.
    pub fn is_sntp(self) -> bool {
        matches!(self, Self::Timesyncd | Self::BusyboxNtpd)
    }
}

/// The timekeepers that run on a host, in the order of [`Timekeeper::ALL`]: those whose process was seen, outside of
/// containers, and those whose service is active.
///
/// Four programs call their process `ntpd`. busybox shows in the program's path, openntpd in what it writes into its
/// command line or where its configuration lies; the rest is ntpd.
pub(super) fn running(said: Said<'_>, units: &[Unit]) -> Vec<Timekeeper> {
    let seen = said.all("proc").filter_map(|process| match process {
        "chronyd" => Some(Timekeeper::Chronyd),
        "ntpd" => Some(ntpd_of(said)),
        "openntpd" => Some(Timekeeper::Openntpd),
        "ntp-daemon" => Some(Timekeeper::NtpdRs),
        "systemd-timesyn" => Some(Timekeeper::Timesyncd),
        // timemaster runs phc2sys for a timekeeper, which then sets the clock.
        "phc2sys" if said.all("proc").all(|process| process != "timemaster") => Some(Timekeeper::Phc2sys),
        _ => None,
    });
    let seen: Vec<Timekeeper> = seen.collect();
    let serves = |timekeeper: Timekeeper| units.iter().any(|unit| unit.is_active && unit.serves(timekeeper));
    // A service of a name that several programs share says nothing about which of them it is.
    let by_unit = |timekeeper: Timekeeper| match timekeeper {
        Timekeeper::Chronyd | Timekeeper::Timesyncd | Timekeeper::NtpdRs => serves(timekeeper),
        _ => false,
    };
    Timekeeper::ALL.into_iter().filter(|timekeeper| seen.contains(timekeeper) || by_unit(*timekeeper)).collect()
}

fn ntpd_of(said: Said<'_>) -> Timekeeper {
    let commands = || said.all("ntpd.args").chain(said.all("ntpd.program"));
    if commands().any(|command| command.contains("busybox")) {
        Timekeeper::BusyboxNtpd
    } else if commands()
        .any(|command| ["ntp engine", "dns engine", "openntpd"].iter().any(|mark| command.contains(mark)))
    {
        Timekeeper::Openntpd
    } else {
        Timekeeper::Ntpd
    }
}

/// Whether each chronyd that runs was told with `-x` to leave the clock alone, as a mere time server or in a container.
pub(super) fn leaves_the_clock_alone(said: Said<'_>) -> bool {
    let mut commands = said.all("chronyd.args").peekable();
    commands.peek().is_some() && commands.all(leaves_alone)
}

/// Whether a command line tells chronyd to leave the clock alone: `-x`, alone or among other flags that take no value (`-dx`).
pub fn leaves_alone(command: &str) -> bool {
    command
        .split_ascii_whitespace()
        .filter_map(|word| word.strip_prefix('-'))
        .any(|flags| flags.contains('x') && flags.chars().all(|flag| "46dnqQRsxmU".contains(flag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chronyd_that_leaves_the_clock_alone_is_told_by_its_flags() {
        let check = |command: &str, expected: bool| assert_eq!(leaves_alone(command), expected, "{command}");
        check("/usr/sbin/chronyd -F 1 -x", true);
        check("/usr/sbin/chronyd -dx", true);
        check("/usr/sbin/chronyd -F 1", false);
        check("/usr/sbin/chronyd -f /etc/x.conf -u root", false);
        check("/usr/sbin/chronyd -xf", false);
    }

    #[test]
    fn four_programs_are_called_ntpd() {
        let check = |facts: &[(&str, &str)], expected: Timekeeper| {
            let facts: Vec<(String, String)> =
                facts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            assert_eq!(running(Said::of(&facts), &[]), [expected], "{facts:?}");
        };
        let process = ("proc", "ntpd");
        check(&[process], Timekeeper::Ntpd);
        check(
            &[process, ("ntpd.args", "/usr/sbin/ntpd -p /run/ntpd.pid -c /etc/ntpsec/ntp.conf -g")],
            Timekeeper::Ntpd,
        );
        check(&[process, ("ntpd.args", "/usr/sbin/ntpd -f /etc/openntpd/ntpd.conf")], Timekeeper::Openntpd);
        check(&[process, ("ntpd.args", "ntpd: ntp engine")], Timekeeper::Openntpd);
        check(&[process, ("ntpd.args", "ntpd -n -p pool"), ("ntpd.program", "/bin/busybox")], Timekeeper::BusyboxNtpd);
    }
}

//! A fleet with hosts for every rung of the ladder of readers, under every login shell, off by what they are known to be.

use clockaudit::clock::{Nanos, Ppm};
use clockaudit::probe::reader::Reader;

use super::host::Server::{Dropbear, OpenSsh};
use super::host::{HostPlan, Server};

/// How far the clocks are off, in milliseconds: from -137 s to a year.
const OFFSETS_MS: [i64; 14] =
    [0, 1_000, -137_000, 31_536_000_000, 3, -60_500, 75, -1_250, 3_600_000, -20, 137_250, 999, 86_400_000, -500];
/// What their clocks gain, in ppm.
const RATES_PPM: [i64; 5] = [0, 0, 30, 0, -40];

/// The login shell of busybox, a link that every host has.
const ASH: &str = "/run/host/ash";
/// `date` as busybox has it: whole seconds only.
const BUSYBOX_DATE: (&str, &str) = ("date", "busybox");

/// The hosts: server, best reader, login shell; 24 of OpenSSH and 4 of dropbear, two or more of OpenSSH for every reader.
const HOSTS: [(Server, Reader, &str); 28] = [
    (OpenSsh, Reader::Shell, "/bin/mksh"),
    (OpenSsh, Reader::Shell, ASH),
    (OpenSsh, Reader::Shell, "/bin/bash"),
    (OpenSsh, Reader::Bash, "/bin/bash"),
    (OpenSsh, Reader::Bash, "/bin/fish"),
    (OpenSsh, Reader::Bash, "/bin/tcsh"),
    (OpenSsh, Reader::Bash, "/bin/zsh"),
    (OpenSsh, Reader::DateStream, "/bin/dash"),
    (OpenSsh, Reader::DateStream, "/bin/zsh"),
    (OpenSsh, Reader::Perl, "/bin/ksh93"),
    (OpenSsh, Reader::Perl, "/bin/tcsh"),
    (OpenSsh, Reader::Python, "/bin/dash"),
    (OpenSsh, Reader::Python, "/bin/fish"),
    (OpenSsh, Reader::Zsh, "/bin/zsh"),
    (OpenSsh, Reader::Zsh, "/bin/dash"),
    (OpenSsh, Reader::DatePair, "/bin/dash"),
    (OpenSsh, Reader::DatePair, "/bin/mksh"),
    (OpenSsh, Reader::DatePair, "/bin/tcsh"),
    (OpenSsh, Reader::Adjtimex, ASH),
    (OpenSsh, Reader::Adjtimex, "/bin/dash"),
    (OpenSsh, Reader::WholeSecond, "/bin/dash"),
    (OpenSsh, Reader::WholeSecond, "/bin/ksh93"),
    (OpenSsh, Reader::ExecDate, "/bin/dash"),
    (OpenSsh, Reader::ExecDate, "/bin/bash"),
    (Dropbear, Reader::Shell, ASH),
    (Dropbear, Reader::Bash, "/bin/bash"),
    (Dropbear, Reader::DatePair, "/bin/dash"),
    (Dropbear, Reader::WholeSecond, "/bin/dash"),
];

/// What a host lacks so that its best reader is this one, the readers before it being hidden.
fn hidden(reader: Reader) -> Vec<&'static str> {
    let programs: &[(Reader, &str)] = &[
        (Reader::Bash, "bash"),
        (Reader::DateStream, "stdbuf"),
        (Reader::Perl, "perl"),
        (Reader::Python, "python3"),
        (Reader::Zsh, "zsh"),
        (Reader::Adjtimex, "busybox"),
    ];
    programs.iter().filter(|(better, _)| *better < reader).map(|(_, program)| *program).collect()
}

/// Makes the hosts of the fleet, each with the reader that a scan must find on it.
pub(crate) fn plans() -> Vec<(HostPlan, Reader)> {
    let offsets = OFFSETS_MS.into_iter().cycle();
    let rates = RATES_PPM.into_iter().cycle();
    let hosts = HOSTS.into_iter().zip(offsets.zip(rates)).enumerate();
    let plans = hosts.map(|(index, ((server, reader, login_shell), (offset, rate)))| {
        let host = HostPlan::new(format!("{}-{index:02}", reader.label()), Nanos::from_millis(offset));
        let rate = Ppm::from_ppm(rate);
        let host = HostPlan { server, rate, login_shell: login_shell.to_owned(), ..host };
        (with_reader(host, reader, login_shell), reader)
    });
    plans.collect()
}

/// Takes from a host what it must lack, so that this reader is its best.
fn with_reader(plan: HostPlan, reader: Reader, login_shell: &'static str) -> HostPlan {
    match reader {
        // The probe runs under `sh`: here it is a shell that has the clock.
        Reader::Shell => {
            let program = login_shell.rsplit('/').next().filter(|name| *name != "ash").unwrap_or("busybox");
            HostPlan { replaced: vec![("sh", program)], ..plan }
        }
        Reader::Adjtimex | Reader::WholeSecond => {
            HostPlan { replaced: vec![BUSYBOX_DATE], hidden: hidden(reader), ..plan }
        }
        Reader::ExecDate => HostPlan { sshd_options: vec!["ForceCommand date -u"], ..plan },
        _ => HostPlan { hidden: hidden(reader), ..plan },
    }
}

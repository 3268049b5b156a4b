//! A fleet with hosts for every rung of the ladder of readers, under every login shell, off by what they are known to be.

use clockaudit::clock::{Nanos, Ppm};
use clockaudit::probe::reader::Reader;

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
    let logins = [
        (Reader::Shell, "/bin/mksh"),
        (Reader::Shell, ASH),
        (Reader::Shell, "/bin/bash"),
        (Reader::Bash, "/bin/bash"),
        (Reader::Bash, "/bin/fish"),
        (Reader::Bash, "/bin/tcsh"),
        (Reader::DateStream, "/bin/dash"),
        (Reader::DateStream, "/bin/zsh"),
        (Reader::Perl, "/bin/ksh93"),
        (Reader::Perl, "/bin/tcsh"),
        (Reader::Python, "/bin/dash"),
        (Reader::Python, "/bin/fish"),
        (Reader::Zsh, "/bin/zsh"),
        (Reader::Zsh, "/bin/dash"),
        (Reader::DatePair, "/bin/dash"),
        (Reader::DatePair, "/bin/mksh"),
        (Reader::Adjtimex, ASH),
        (Reader::Adjtimex, "/bin/dash"),
        (Reader::WholeSecond, "/bin/dash"),
        (Reader::WholeSecond, "/bin/ksh93"),
        (Reader::ExecDate, "/bin/dash"),
        (Reader::ExecDate, "/bin/bash"),
    ];
    let of_openssh = logins.map(|(reader, shell)| (Server::OpenSsh, reader, shell));
    let of_dropbear = [
        (Server::Dropbear, Reader::Shell, ASH),
        (Server::Dropbear, Reader::Bash, "/bin/bash"),
        (Server::Dropbear, Reader::DatePair, "/bin/dash"),
        (Server::Dropbear, Reader::WholeSecond, "/bin/dash"),
    ];
    // Two more of OpenSSH, so that there are 24 of it.
    let more = [(Server::OpenSsh, Reader::Bash, "/bin/zsh"), (Server::OpenSsh, Reader::DatePair, "/bin/tcsh")];
    let offsets = OFFSETS_MS.into_iter().cycle();
    let rates = RATES_PPM.into_iter().cycle();
    let hosts = of_openssh.into_iter().chain(more).chain(of_dropbear).zip(offsets.zip(rates)).enumerate();
    hosts
        .map(|(index, ((server, reader, shell), (offset, rate)))| {
            let name = format!("{}-{index:02}", reader.label());
            let plan = HostPlan {
                server,
                rate: Ppm::from_ppm(rate),
                login_shell: shell.to_owned(),
                ..with_reader(HostPlan::new(name, Nanos::from_millis(offset)), reader, shell)
            };
            (plan, reader)
        })
        .collect()
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

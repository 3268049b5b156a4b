//! Pages of the 2xx findings: the program that should keep the clock.

use super::Page;

pub(super) const NO_TIMEKEEPER: Page = Page {
    title: "no timekeeper",
    evidence: "No process of a known timekeeper (chronyd, ntpd, systemd-timesyncd, openntpd, ntpd-rs, busybox ntpd, \
               phc2sys) and no loaded unit of one; or the only one is a chronyd that was told to leave the clock alone (`-x`).",
    meaning: "The clock runs by its oscillator alone: commonly 10 to 50 ppm wrong, which is one to four seconds a day. It may \
              be right today.",
    remedy: &[
        "Debian, Ubuntu: `sudo apt install chrony`. RHEL, Fedora: `sudo dnf install chrony && sudo systemctl enable --now chronyd`. \
         Alpine: `sudo apk add chrony && sudo rc-update add chronyd && sudo rc-service chronyd start`.",
        "With `-x`: take it out of chronyd's options (/etc/default/chrony, /etc/sysconfig/chronyd or its unit) and restart it.",
        "In a container the clock is the node's: fix the node (CLK404).",
    ],
};

pub(super) const STOPPED: Page = Page {
    title: "the timekeeper is stopped, or will not start at boot",
    evidence: "The unit of the timekeeper that runs, or of the first one installed where none runs, is not active, disabled \
               or masked.",
    meaning: "Stopped: nothing corrects the clock now. Disabled: the next boot leaves it to itself, and nobody will notice for \
              some days.",
    remedy: &[
        "`sudo systemctl enable --now chrony` (Debian, Ubuntu) or `chronyd` (RHEL, SUSE); `unmask` it first where it is masked. With \
         OpenRC: `sudo rc-update add chronyd default && sudo rc-service chronyd start`.",
        "See why it stopped: `systemctl status chrony` or `chronyd`, `journalctl -u chrony -u chronyd`; with OpenRC \
         /var/log/messages.",
    ],
};

pub(super) const TWO: Page = Page {
    title: "two timekeepers",
    evidence: "Two processes of known timekeepers run outside containers.",
    meaning: "Each corrects what the other did: the clock swings, and each thinks its sources are bad. Which of them wins \
              changes at each boot.",
    remedy: &[
        "Keep the one that follows good sources: `sudo systemctl disable --now systemd-timesyncd` (or `ntp`, `ntpsec`) where \
         that is chrony. With OpenRC: `sudo rc-service ntpd stop && sudo rc-update del ntpd`.",
    ],
};

pub(super) const UNSYNCHRONISED: Page = Page {
    title: "not synchronised",
    evidence: "Leap status \"Not synchronised\", stratum 0 or 16, no reference ID, or the kernel's maxerror at its ceiling.",
    meaning: "The timekeeper runs and follows nobody. chrony prints `System time : 0.000000000 seconds` in this state, which \
              is no measurement: it looks like the best host of the fleet.",
    remedy: &[
        "`chronyc -n sources`: all `?` with reach 0 are unreachable (CLK304), all `x` disagree with each other (CLK307).",
        "`chronyc -n activity`: sources \"with unknown address\" mean that name resolution fails.",
        "ntpd: `ntpq -pn`, whose reach 0 means the same. timesyncd: `timedatectl timesync-status`; `Packet count: 0` means no \
         answer, or one that it does not believe.",
    ],
};

pub(super) const STALE: Page = Page {
    title: "the last update is too old",
    evidence: "The reference time of the timekeeper is older than eight update intervals (at least 512 s), or its selected \
               source has not answered any of the last eight polls.",
    meaning: "It goes on saying `Normal` for days; its error grows unseen. After ten days without sources real hosts were 0.4 \
              to 0.6 s wrong and said 0.000000013 s.",
    remedy: &[
        "See whether UDP port 123 still leaves: `chronyd -Q -t 6 'server ADDRESS iburst maxsamples 1'` asks without changing anything.",
        "A firewall rule or a moved server is the usual cause.",
    ],
};

pub(super) const HYPERVISOR: Page = Page {
    title: "the hypervisor sets the clock too",
    evidence: "Time synchronisation of the guest tools is on (`vmware-toolbox-cmd timesync status`, VBoxService, prl_tools) \
               beside a timekeeper.",
    meaning: "Two programs set one clock. The guest tools step it to the host's time, which may be wrong.",
    remedy: &[
        "Not before a timekeeper runs (CLK201, CLK202): until then it is all that keeps this clock.",
        "VMware: `sudo vmware-toolbox-cmd timesync disable`. VirtualBox: start `VBoxService --disable-timesync`. Parallels: \
         `prlctl set VM --time-sync off` on the Mac. Hyper-V: make its device chronyd's source, as of CLK308.",
    ],
};

pub(super) const CANNOT_BE_ASKED: Page = Page {
    title: "the timekeeper cannot be asked",
    evidence: "`506 Cannot talk to daemon`, a time limit, or no permission.",
    meaning: "The measurement stands; only the timekeeper's own view is missing. A daemon that answers nobody may be hung, \
              stopped, in a container of its own, or set to `cmdport 0`.",
    remedy: &[
        "With `cmdport 0` only root may ask: scan with `-b`, or `sudo chronyc -n tracking` there.",
        "A hung daemon: `sudo systemctl restart chrony` (Debian, Ubuntu) or `chronyd`; with OpenRC `sudo rc-service chronyd \
         restart`.",
    ],
};

pub(super) const SNTP_ONLY: Page = Page {
    title: "SNTP only: it makes no bound",
    evidence: "The timekeeper is systemd-timesyncd or busybox ntpd.",
    meaning: "It follows one server, believes what it says, and knows no bound of its own error. Good enough for log files; \
              nothing to prove an offset with.",
    remedy: &[
        "Install chrony where tokens, databases or auditors depend on the time (CLK201 has the commands); it takes \
               the place of timesyncd.",
    ],
};

pub(super) const RESTARTS: Page = Page {
    title: "the timekeeper restarts repeatedly",
    evidence: "systemd counts three automatic restarts or more of its unit.",
    meaning: "Each start begins with a wrong idea of the clock's rate; with `makestep` each may step.",
    remedy: &[
        "`journalctl -u chrony -u chronyd`, or of the service named: a bad line of the configuration, or no permission to set \
         the clock.",
    ],
};

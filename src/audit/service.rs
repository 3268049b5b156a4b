//! CLK106 and CLK201 to CLK209: what is wrong with the timekeeper itself.

use super::circumstances::{Circumstances, Rule};
use super::figure;
use super::finding::{Code, Finding};
use crate::timekeeper::service::Unsynchronised;
use crate::timekeeper::{
    ClaimOutcome, HypervisorSync, Init, NoAnswer, SourceKind, State, TimeService, Timekeeper, Unit,
};

/// Every rule of this family.
pub(super) const RULES: [Rule; 10] = [
    free_running,
    no_timekeeper,
    stopped,
    two_timekeepers,
    not_synchronised,
    stale,
    hypervisor_sync,
    cannot_be_asked,
    sntp_only,
    restarts,
];

/// From this many restarts on, a service does not run well.
const MANY_RESTARTS: u32 = 3;

/// A note where the clock is the node's matter, and so is who keeps it: nothing inside of the container helps.
fn of_a_node(service: &TimeService, finding: Finding) -> Finding {
    if service.environment.container.is_none() {
        return finding;
    }
    finding
        .as_note()
        .with_meaning("the clock is the node's: what keeps it there counts, not what runs in the container")
        .with_remedy("nothing here; see what keeps the node's time")
}

fn state(circumstances: &Circumstances<'_>) -> State {
    circumstances.service.state(circumstances.policy.warn)
}

/// LOCAL on a host that has sources, or has once measured its frequency against some, was synchronised and is no more; a host
/// that never had one is a time server of its own right, and is only told so.
fn free_running(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let has_nobody =
        service.running.is_empty() || service.leaves_the_clock_alone && service.setting_the_clock().count() == 0;
    match (&service.claim, service.kernel) {
        (ClaimOutcome::Local(claim), _) => {
            let has_lost = !service.known_sources().is_empty() || service.unresolved > 0 || claim.frequency.ppb() != 0;
            let what = "chronyd follows the host's own clock and calls that `Normal`";
            let finding = Code::FreeRunning.finding(what, "a source outside of the host");
            Some(if has_lost { of_a_node(service, finding) } else { finding.as_note() })
        }
        (ClaimOutcome::Unknown, _) => None,
        (_, Some(kernel)) if has_nobody && !kernel.is_synchronised() => {
            let what = "nobody sets the clock, and the kernel calls it unsynchronised";
            Some(of_a_node(service, Code::FreeRunning.finding(what, "a clock that a timekeeper disciplines")))
        }
        _ => None,
    }
}

fn no_timekeeper(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let what = match state(circumstances) {
        State::None => "no timekeeper runs, and none is installed as a service",
        State::LeavesTheClockAlone => "chronyd runs with `-x`: it leaves the clock alone",
        _ => return None,
    };
    Some(of_a_node(service, Code::NoTimekeeper.finding(what, "one timekeeper")))
}

/// The service of the timekeeper that runs; where none runs, the first that is installed.
fn unit_of(service: &TimeService) -> Option<&Unit> {
    if service.running.is_empty() {
        return service.units.first();
    }
    service.units.iter().find(|unit| service.running.iter().any(|timekeeper| unit.serves(*timekeeper)))
}

fn stopped(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let unit = unit_of(service)?;
    let name = &unit.name;
    let commands = Commands::of(unit);
    let start = commands.start();
    let (what, remedy) = match (unit.is_active, unit.is_enabled) {
        (true, Some(false)) => (format!("{name} runs and is not started at boot"), commands.start_at_boot()),
        (true, _) => return None,
        (false, _) if !service.running.is_empty() => (
            format!("the timekeeper runs, but not as the service {name}"),
            format!("end the one that was started by other means, then {start}"),
        ),
        (false, Some(false)) => {
            (format!("{name} is stopped, and is not started at boot"), format!("{start}{}", commands.unmasked_first()))
        }
        (false, _) if unit.has_failed => {
            (format!("{name} failed"), format!("see why: {}; then {start}", commands.log()))
        }
        (false, _) if unit.was_skipped => (
            format!("{name} is stopped: a condition of its start was not met"),
            format!("see which: `systemctl status {}`; where it is met by now {start}", commands.name),
        ),
        (false, _) => (format!("{name} is stopped"), format!("{start}; {} tells why it ended", commands.log())),
    };
    let finding = Code::Stopped.finding(what, "a service that runs and is enabled").with_remedy(remedy);
    Some(of_a_node(service, finding))
}

/// What to type for a service, by who starts it.
struct Commands<'unit> {
    /// The host's own word for it only where it is one that is known, for that goes into a command.
    name: &'unit str,
    init: Init,
}

impl<'unit> Commands<'unit> {
    fn of(unit: &'unit Unit) -> Self {
        let is_known = Timekeeper::ALL.into_iter().any(|timekeeper| unit.serves(timekeeper));
        Self { name: if is_known { &unit.name } else { "UNIT" }, init: unit.init }
    }

    /// Starts it, and at each boot.
    fn start(&self) -> String {
        let name = self.name;
        match self.init {
            Init::Systemd => format!("`sudo systemctl enable --now {name}`"),
            Init::OpenRc => format!("`sudo rc-update add {name} default && sudo rc-service {name} start`"),
        }
    }

    fn start_at_boot(&self) -> String {
        let name = self.name;
        match self.init {
            Init::Systemd => format!("`sudo systemctl enable {name}`{}", self.unmasked_first()),
            Init::OpenRc => format!("`sudo rc-update add {name} default`"),
        }
    }

    /// Ends it, for now and for each boot.
    fn disable(&self) -> String {
        let name = self.name;
        match self.init {
            Init::Systemd => format!("`sudo systemctl disable --now {name}`"),
            Init::OpenRc => format!("`sudo rc-service {name} stop && sudo rc-update del {name}`"),
        }
    }

    fn restart(&self) -> String {
        let name = self.name;
        match self.init {
            Init::Systemd => format!("`sudo systemctl restart {name}`"),
            Init::OpenRc => format!("`sudo rc-service {name} restart`"),
        }
    }

    fn log(&self) -> String {
        match self.init {
            Init::Systemd => format!("`journalctl -u {}`", self.name),
            Init::OpenRc => "/var/log/messages".to_owned(),
        }
    }

    /// What comes before a start where that was forbidden, behind the command that starts it.
    fn unmasked_first(&self) -> String {
        match self.init {
            Init::Systemd => format!(", after `sudo systemctl unmask {}` where it is masked", self.name),
            Init::OpenRc => String::new(),
        }
    }
}

fn two_timekeepers(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let names: Vec<&str> = service.setting_the_clock().map(Timekeeper::label).collect();
    (names.len() > 1).then(|| {
        let finding = Code::TwoTimekeepers.finding(format!("{} set one clock", names.join(" and ")), "one timekeeper");
        let finding = match one_alone(service) {
            Some(remedy) => finding.with_remedy(remedy),
            None => finding,
        };
        // What is seen in a container may be its neighbours'.
        of_a_node(service, finding)
    })
}

/// The command that leaves one of two timekeepers: the one that claims most, for the other's clock may be the worse one. `None`
/// where the other's service is not known.
fn one_alone(service: &TimeService) -> Option<String> {
    let claims = |one: &Timekeeper| service.claim.timekeeper() == Some(*one);
    let kept = service.setting_the_clock().find(claims).or_else(|| service.setting_the_clock().next())?;
    let [other] = *service.setting_the_clock().filter(|one| *one != kept).collect::<Vec<_>>() else { return None };
    let unit = service.units.iter().find(|unit| unit.is_active && unit.serves(other))?;
    Some(format!("keep one: {} leaves {}", Commands::of(unit).disable(), kept.label()))
}

fn not_synchronised(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let name = service.claim.timekeeper().map(Timekeeper::label)?;
    let what = match &service.claim {
        ClaimOutcome::NotSynchronised(claim) => match (service.why_unsynchronised(), &claim.source) {
            (Unsynchronised::Untold, Some(source)) => {
                format!("{name} follows nothing: {source} does not answer, or is not good enough")
            }
            (why, _) => format!("{name} follows nothing: {}", why.label()),
        },
        // Who does not say is judged by what it has written to the kernel.
        ClaimOutcome::NoAnswer { .. } | ClaimOutcome::NotAsked(_)
            if service.kernel.is_some_and(|kernel| !kernel.is_synchronised()) =>
        {
            format!("{name} runs, and the kernel calls the clock unsynchronised")
        }
        _ => return None,
    };
    Some(of_a_node(service, Code::NotSynchronised.finding(what, "a source that it follows")))
}

fn stale(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let name = service.claim.timekeeper().map(Timekeeper::label).filter(|_| service.is_stale())?;
    let what = match service.age() {
        Some(age) => format!("{name} has not updated the clock for {}", figure::seconds(age)),
        None => format!("{name} says it follows a source that has not answered its last eight polls"),
    };
    Some(of_a_node(service, Code::Stale.finding(what, "an update every few minutes")))
}

fn hypervisor_sync(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    // A hardware clock that a timekeeper reads is a source, and no rival.
    let is_used = service.running.contains(&Timekeeper::Phc2sys)
        || service.known_sources().iter().any(|source| source.kind == SourceKind::ReferenceClock);
    let names: Vec<&str> = rivals(service, is_used).map(HypervisorSync::label).collect();
    (!names.is_empty()).then(|| {
        if service.setting_the_clock().next().is_none() {
            // Whoever turned it off would take the clock its last keeper.
            return Code::HypervisorSync
                .finding(format!("{} alone can set the clock", names.join(" and ")), "a timekeeper that sets it")
                .with_meaning("the hypervisor's own clock is all that this one follows, and is often a bad one")
                .with_remedy("run a timekeeper first (CLK201, CLK202); until then leave it as it is");
        }
        let what = format!("{} can set the clock beside the timekeeper", names.join(" and "));
        let how: Vec<&str> = rivals(service, is_used).map(turned_off).collect();
        Code::HypervisorSync
            .finding(what, "one who sets the clock")
            .with_remedy(format!("turn it off: {}", how.join("; ")))
    })
}

/// What the hypervisor runs to set the clock, but for a device that a timekeeper reads.
fn rivals(service: &TimeService, is_used: bool) -> impl Iterator<Item = HypervisorSync> + '_ {
    let rivals = service.environment.hypervisor_sync.iter().copied();
    rivals.filter(move |kind| *kind != HypervisorSync::HyperV || !is_used)
}

/// How a hypervisor is kept from setting the clock.
fn turned_off(rival: HypervisorSync) -> &'static str {
    match rival {
        HypervisorSync::Vmware => "`sudo vmware-toolbox-cmd timesync disable`",
        HypervisorSync::VirtualBox => "start it as `VBoxService --disable-timesync`",
        HypervisorSync::Parallels => "`prlctl set VM --time-sync off` on the Mac",
        HypervisorSync::HyperV => {
            "make its device a source of chronyd and nothing else (`refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum \
             2`), or take the integration service Time Synchronization from this virtual machine"
        }
    }
}

fn cannot_be_asked(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let ClaimOutcome::NoAnswer { timekeeper, cause } = &circumstances.service.claim else { return None };
    let name = timekeeper.label();
    let what = match cause {
        NoAnswer::CannotTalk => format!("{name} runs and does not answer: it hangs, or its command port is closed"),
        NoAnswer::NotAuthorised => format!("{name} answers root only"),
        NoAnswer::TimedOut => format!("{name} did not answer within the time limit"),
        NoAnswer::Unreadable => format!("{name} answered in no known form"),
        NoAnswer::NoClient => format!("the program that asks {name} is not there"),
    };
    let unit = circumstances.service.units.iter().find(|unit| unit.serves(*timekeeper));
    let restart = unit.map_or_else(|| "restart it".to_owned(), |unit| Commands::of(unit).restart());
    let remedy = match cause {
        NoAnswer::CannotTalk => {
            format!("where it answers root only (`cmdport 0`), scan with `-b`; where it hangs, {restart}")
        }
        NoAnswer::NotAuthorised => "scan with `-b`: it answers root".to_owned(),
        NoAnswer::TimedOut => format!("see its log for why it hangs; {restart}"),
        NoAnswer::Unreadable => {
            "see its version: clockaudit does not know this form, and the measurement stands".to_owned()
        }
        NoAnswer::NoClient => format!("install the program that comes with it: {}", client(*timekeeper)),
    };
    Some(Code::CannotBeAsked.finding(what, "a timekeeper that says what it believes").with_remedy(remedy))
}

/// The program that asks a timekeeper.
fn client(timekeeper: Timekeeper) -> &'static str {
    match timekeeper {
        Timekeeper::Chronyd => "`chronyc`",
        Timekeeper::Ntpd => "`ntpq`",
        Timekeeper::Openntpd => "`ntpctl`",
        Timekeeper::NtpdRs => "`ntp-ctl`",
        Timekeeper::Timesyncd => "`busctl` or `timedatectl`",
        Timekeeper::BusyboxNtpd | Timekeeper::Phc2sys => "there is none, and the measurement stands",
    }
}

fn sntp_only(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let sntp = circumstances.service.setting_the_clock().find(|timekeeper| timekeeper.is_sntp())?;
    Some(Code::SntpOnly.finding(format!("{} keeps the clock", sntp.label()), "a timekeeper that knows its error"))
}

fn restarts(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let unit = circumstances.service.units.iter().find(|unit| unit.restarts >= MANY_RESTARTS)?;
    let what = format!("{} was restarted {} times by systemd", unit.name, unit.restarts);
    let remedy = format!("see why it ends: {}", Commands::of(unit).log());
    Some(Code::Restarts.finding(what, "a service that stays up").with_remedy(remedy))
}

//! Remedies: what to do about a finding by who keeps the host's clock, and by what else was found of that host. Where nothing
//! more is known than its code, that of `advice.rs` stands.

use super::finding::{Code, Finding};
use crate::clock::pairs::Standing;
use crate::probe::FactsReading;
use crate::timekeeper::{ClaimOutcome, Init, State, TimeService, Timekeeper};

/// What is known of a host where it is told what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Situation {
    /// What was found of it.
    codes: Vec<Code>,
    /// The timekeeper that sets its clock; the one that claims most of several.
    keeper: Option<Timekeeper>,
    /// Whether chronyd runs, and was told to leave the clock alone (`-x`).
    leaves_the_clock_alone: bool,
    /// The name of the keeper's service, one that is known.
    unit: Option<String>,
    /// Who starts its services.
    init: Option<Init>,
    /// Its operating system, by its own short name.
    os: Option<String>,
}

/// Why a clock is off, as far as what else was found tells: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is the node's clock.
    OfTheNode,
    /// chronyd runs and leaves it alone.
    LeftAlone,
    /// No timekeeper is there.
    Unkept,
    /// One is there and does not run.
    Stopped,
    /// Several pull at it.
    Pulled,
    /// Its timekeeper follows what is wrong, by the measurement.
    Misled,
    /// Its timekeeper follows nothing, as this finding says.
    Sourceless(Code),
    /// Its timekeeper does not answer.
    Silent,
    /// Its timekeeper knows, and is correcting it.
    Correcting(Timekeeper),
    /// Its timekeeper runs; nothing more is known against it.
    Kept(Timekeeper),
    /// Nothing is known of who keeps it.
    Unknown,
}

/// The findings with the remedies that fit their host.
pub(super) fn advised(findings: Vec<Finding>, service: Option<&TimeService>) -> Vec<Finding> {
    let situation = Situation::of(service, findings.iter().map(|finding| finding.code));
    findings.into_iter().map(|finding| situation.advised(finding)).collect()
}

impl Situation {
    fn of(service: Option<&TimeService>, codes: impl Iterator<Item = Code>) -> Self {
        let codes = codes.collect();
        let Some(service) = service else { return Self { codes, ..Self::default() } };
        let sets = |keeper: &Timekeeper| service.setting_the_clock().any(|one| one == *keeper);
        let keeper = service.claim.timekeeper().filter(sets).or_else(|| service.setting_the_clock().next());
        let unit = service.units.iter().find(|unit| keeper.is_some_and(|keeper| unit.serves(keeper)));
        Self {
            codes,
            keeper,
            leaves_the_clock_alone: keeper.is_none() && service.leaves_the_clock_alone,
            unit: unit.map(|unit| unit.name.clone()),
            init: service.units.first().map(|unit| unit.init),
            os: service.environment.os.clone(),
        }
    }

    /// The situation of a host of a stored report: the state of its time service, the timekeepers that run there, and the codes
    /// of its findings, as they are stored.
    pub fn stored<'report>(state: Option<&str>, running: &[String], codes: impl Iterator<Item = &'report str>) -> Self {
        let leaves_the_clock_alone = state == Some(State::LeavesTheClockAlone.label());
        let is_first = |keeper: &Timekeeper| running.first().is_some_and(|name| name == keeper.label());
        Self {
            codes: codes.flat_map(Code::of_label).collect(),
            keeper: Timekeeper::ALL.into_iter().find(is_first).filter(|_| !leaves_the_clock_alone),
            leaves_the_clock_alone,
            ..Self::default()
        }
    }

    /// The finding with the remedy that fits here.
    pub fn advised(&self, finding: Finding) -> Finding {
        match self.remedy(finding.code) {
            Some(remedy) => finding.with_remedy(remedy),
            None => finding,
        }
    }

    fn has(&self, code: Code) -> bool {
        self.codes.contains(&code)
    }

    fn why(&self) -> Why {
        let follows_nothing = [Code::FreeRunning, Code::NotSynchronised, Code::Stale];
        let follows_nothing = follows_nothing.into_iter().find(|code| self.has(*code));
        let is_correcting = self.has(Code::Slewing) || self.has(Code::StepsSpent);
        match self.keeper {
            _ if self.has(Code::Container) => Why::OfTheNode,
            _ if self.leaves_the_clock_alone => Why::LeftAlone,
            None if self.has(Code::NoTimekeeper) => Why::Unkept,
            None if self.has(Code::Stopped) => Why::Stopped,
            None => Why::Unknown,
            Some(_) if self.has(Code::TwoTimekeepers) => Why::Pulled,
            Some(_) if self.has(Code::ClaimContradicted) => Why::Misled,
            Some(keeper) => match follows_nothing {
                Some(code) => Why::Sourceless(code),
                None if self.has(Code::CannotBeAsked) => Why::Silent,
                None if is_correcting => Why::Correcting(keeper),
                None => Why::Kept(keeper),
            },
        }
    }

    /// What is to be done here about a finding of this code; `None` where what it says itself fits.
    fn remedy(&self, code: Code) -> Option<String> {
        let why = self.why();
        if why == Why::OfTheNode {
            return of_the_node(code).map(str::to_owned);
        }
        match code {
            Code::BeyondCrit | Code::BeyondWarn => Some(self.put_right(why)),
            Code::OffByHours => {
                Some(format!("{}; once the clock is right, {}", self.put_right(why), self.write_to_rtc()))
            }
            Code::AncientYear => Some(format!(
                "{}; then see why nobody did at boot: no network yet, or no right to step (`makestep`)",
                self.put_right(why)
            )),
            Code::FreeRunning => self.free_running(why),
            Code::ClaimContradicted => self.contradicted(why),
            Code::Slewing => Some(slewing(why)),
            Code::NoTimekeeper => Some(self.run_a_timekeeper(why)),
            Code::NotSynchronised => {
                let see = self.keeper.map_or("see its log".to_owned(), see_sources);
                Some(format!("{see}, and whether UDP port 123 gets out"))
            }
            Code::Stale => self.keeper.map(|keeper| format!("{}: does the one it follows answer?", see_sources(keeper))),
            Code::SntpOnly => {
                Some(format!("nothing, where a few tens of milliseconds do; else install chrony: {}", self.install()))
            }
            Code::SourcesUnreachable if self.keeper.is_some_and(|keeper| keeper != Timekeeper::Chronyd) => {
                Some("see whether their names resolve and UDP port 123 gets out".to_owned())
            }
            Code::StepsSpent if why == Why::Misled => {
                Some("change its source first (CLK107): a step would take the clock to where that one is".to_owned())
            }
            Code::CloudSourceUnused if self.keeper.is_some_and(|keeper| !is_chronyd_or_sntp(keeper)) => Some(
                "give it this source in the words of its own configuration, and mind what it says of leap seconds (CLK302)"
                    .to_owned(),
            ),
            Code::Resumed => self.resumed(why),
            Code::RtcLocal => Some(self.rtc_local()),
            _ => None,
        }
    }

    /// How the clock gets right.
    fn put_right(&self, why: Why) -> String {
        match why {
            Why::OfTheNode => NODE.to_owned(),
            Why::LeftAlone => "let its chronyd set the clock (CLK201)".to_owned(),
            Why::Unkept => "run a timekeeper that may step (CLK201)".to_owned(),
            Why::Stopped => "start its timekeeper, which may step the clock then (CLK202)".to_owned(),
            Why::Pulled => "keep one timekeeper (CLK203)".to_owned(),
            Why::Misled => {
                "change its source, which is wrong (CLK107): after any step the clock goes back there".to_owned()
            }
            Why::Sourceless(code) => {
                format!("give its timekeeper a source that answers ({}); without one it corrects nothing", code.label())
            }
            Why::Silent => "see why its timekeeper does not answer (CLK207)".to_owned(),
            Why::Correcting(Timekeeper::Chronyd) => STEP_AT_ONCE.to_owned(),
            Why::Correcting(keeper) | Why::Kept(keeper) => self.as_kept_by(keeper),
            Why::Unknown => "see what keeps its clock, and what that follows".to_owned(),
        }
    }

    /// What to do where this timekeeper keeps the clock, and nothing else is known against it.
    fn as_kept_by(&self, keeper: Timekeeper) -> String {
        match keeper {
            Timekeeper::Chronyd => "compare what it follows with another host's: `chronyc -n sources`".to_owned(),
            Timekeeper::Timesyncd => format!("have it ask its server again: {}", self.restart("systemd-timesyncd")),
            Timekeeper::Ntpd => {
                "wait some minutes: it slews up to 128 ms and steps what is more; `ntpq -pn` shows what it follows"
                    .to_owned()
            }
            Timekeeper::Openntpd => "wait: it slews, and `sudo ntpctl -s all` shows what it follows".to_owned(),
            Timekeeper::NtpdRs => "wait some minutes; `ntp-ctl status` shows what it follows".to_owned(),
            Timekeeper::BusyboxNtpd => "see which server it was given (`ps`), and restart it".to_owned(),
            Timekeeper::Phc2sys => {
                "see what the hardware clock follows (ptp4l), and whether phc2sys knows how far TAI is from UTC"
                    .to_owned()
            }
        }
    }

    fn free_running(&self, why: Why) -> Option<String> {
        match why {
            Why::Unkept | Why::Stopped | Why::LeftAlone => Some(self.put_right(why)),
            _ => None,
        }
    }

    fn contradicted(&self, why: Why) -> Option<String> {
        if why == Why::LeftAlone {
            return Some(self.put_right(why));
        }
        let see = see_sources(self.keeper?);
        Some(format!(
            "{see}, compare them with another host's and take out the one that is wrong; compare this reference with a time \
             server, too"
        ))
    }

    fn run_a_timekeeper(&self, why: Why) -> String {
        if why == Why::LeftAlone {
            return "take `-x` out of chronyd's options (/etc/default/chrony, /etc/sysconfig/chronyd or its unit) and restart \
                    it, or have another timekeeper set the clock"
                .to_owned();
        }
        format!("install chrony and give it a source: {}", self.install())
    }

    fn resumed(&self, why: Why) -> Option<String> {
        match why {
            Why::Unkept | Why::Stopped | Why::LeftAlone => Some(self.put_right(why)),
            _ => match self.keeper {
                None | Some(Timekeeper::Chronyd) => None,
                Some(_) => {
                    let unit = self.unit.as_deref().unwrap_or("UNIT");
                    Some(format!("have it ask its servers at each resume, by a hook that does {}", self.restart(unit)))
                }
            },
        }
    }

    fn rtc_local(&self) -> String {
        let wrong = [Code::OffByHours, Code::AncientYear, Code::BeyondCrit, Code::BeyondWarn];
        let first = match wrong.into_iter().find(|code| self.has(*code)) {
            Some(code) => format!("put the clock right first ({}), then", code.label()),
            None => "with the clock right,".to_owned(),
        };
        format!("{first} {}", self.write_to_rtc())
    }

    /// `write it to the RTC: ...`, as UTC, by what the host has for it.
    fn write_to_rtc(&self) -> String {
        let (with, without) = ("`sudo timedatectl set-local-rtc 0`", "`sudo hwclock --systohc --utc`");
        let how = match self.init {
            Some(Init::Systemd) => with.to_owned(),
            Some(Init::OpenRc) => without.to_owned(),
            None => format!("{with} or {without}"),
        };
        format!("write it to the RTC: {how}")
    }

    fn restart(&self, unit: &str) -> String {
        match self.init {
            Some(Init::OpenRc) => format!("`sudo rc-service {unit} restart`"),
            Some(Init::Systemd) | None => format!("`sudo systemctl restart {unit}`"),
        }
    }

    /// How chrony gets there.
    fn install(&self) -> &'static str {
        match self.os.as_deref().unwrap_or_default() {
            "debian" | "ubuntu" | "raspbian" | "linuxmint" => "`sudo apt install chrony`",
            "fedora" | "rhel" | "centos" | "rocky" | "almalinux" | "ol" => {
                "`sudo dnf install chrony && sudo systemctl enable --now chronyd`"
            }
            "amzn" => "`sudo yum install chrony && sudo systemctl enable --now chronyd`",
            "sles" | "opensuse-leap" | "opensuse-tumbleweed" => {
                "`sudo zypper install chrony && sudo systemctl enable --now chronyd`"
            }
            "arch" => "`sudo pacman -S chrony && sudo systemctl enable --now chronyd`",
            "alpine" => "`sudo apk add chrony && sudo rc-update add chronyd && sudo rc-service chronyd start`",
            _ => "`sudo apt install chrony`, `sudo dnf install chrony`, or as its system has it",
        }
    }
}

/// Where chronyd knows how far the clock is off.
const STEP_AT_ONCE: &str = "wait, or step it at once with `sudo chronyc makestep` where a jump does no harm";
/// What is to be done about the clock of a container.
const NODE: &str = "put the node's clock right: nothing inside of a container can (CLK404)";

/// What is to be done in a container, whose clock, timekeeper and RTC are the node's; `None` for what is no matter of a clock.
fn of_the_node(code: Code) -> Option<&'static str> {
    match code {
        Code::BeyondCrit | Code::BeyondWarn | Code::OffByHours | Code::AncientYear => Some(NODE),
        Code::PairBeyondCrit
        | Code::Container
        | Code::Undecided
        | Code::AsymmetricPath
        | Code::ControllerBusy
        | Code::ControllerOutlier
        | Code::FewSamples
        | Code::ControllerMoved
        | Code::ReferenceDoubtful
        | Code::Unreached(_) => None,
        _ => Some("nothing here; see what keeps the node's time"),
    }
}

/// What to do about a clock that is being moved by rate.
fn slewing(why: Why) -> String {
    match why {
        Why::Misled => "change its source first (CLK107): it is on its way to where that one is".to_owned(),
        Why::Pulled => "keep one timekeeper (CLK203), then scan again".to_owned(),
        Why::Correcting(Timekeeper::Chronyd) | Why::Kept(Timekeeper::Chronyd) => STEP_AT_ONCE.to_owned(),
        Why::Unkept | Why::Stopped | Why::LeftAlone | Why::Unknown => {
            "see who moves it: no timekeeper is known to do so".to_owned()
        }
        _ => "wait until it is done, then scan again".to_owned(),
    }
}

/// How a host shows what its timekeeper follows.
fn see_sources(keeper: Timekeeper) -> String {
    let how = match keeper {
        Timekeeper::Chronyd => "`chronyc -n sources`",
        Timekeeper::Ntpd => "`ntpq -pn`",
        Timekeeper::Timesyncd => "`timedatectl timesync-status`",
        Timekeeper::Openntpd => "`sudo ntpctl -s all`",
        Timekeeper::NtpdRs => "`ntp-ctl status`",
        Timekeeper::BusyboxNtpd => return "see which servers it was given (`ps`)".to_owned(),
        Timekeeper::Phc2sys => return "see what the hardware clock follows (ptp4l's log)".to_owned(),
    };
    format!("see its sources ({how})")
}

fn is_chronyd_or_sntp(keeper: Timekeeper) -> bool {
    keeper == Timekeeper::Chronyd || keeper.is_sntp()
}

/// What to do about the clock of this machine, which is `offset` from the reference, by what its own timekeeper said.
pub(super) fn of_controller(said: Option<&FactsReading>, offset: Standing) -> String {
    let Some(said) = said else {
        return "no chronyd answers on this machine: see what keeps its time (`clockaudit doctor`, `timedatectl`), and have it \
                follow a source"
            .to_owned();
    };
    match TimeService::read(&said.facts.0, None).claim {
        ClaimOutcome::Claimed(claim) if !claim.interval().is_disjoint(offset.bounds) => {
            format!("this machine's chronyd knows: {STEP_AT_ONCE}")
        }
        ClaimOutcome::Claimed(_) => "this machine's chronyd follows a source that is wrong, or this reference is: compare its \
                                     sources (`chronyc -n sources`) with a time server (`--reference ntp:SERVER`)"
            .to_owned(),
        ClaimOutcome::Local(_) => {
            "this machine's chronyd follows its own clock: give it a source (`chronyc -n sources` shows those it has)"
                .to_owned()
        }
        _ => "this machine's chronyd follows nothing: see its sources (`chronyc -n sources`), and whether UDP port 123 gets out"
            .to_owned(),
    }
}

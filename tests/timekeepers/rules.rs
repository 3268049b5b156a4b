//! The rules that need no measurement, each on both sides of its limit.

use clockaudit::audit::{Finding, Policy, circumstantial_findings};
use clockaudit::clock::estimate::Status;
use clockaudit::clock::{Nanos, UnixNanos};
use clockaudit::timekeeper::{State, TimeService};

/// The host's clock when its timekeeper was asked, a hundred seconds after its last update.
const ASKED: UnixNanos = UnixNanos(1_795_536_600_000_000_000);
const GOOD: &str = "0A000001,10.0.0.1,3,1795536500.0,0.000001,0.0,0.0,-3.1,0.0,0.0,0.00002,0.000006,64.2,Normal";
const KERNEL: (&str, &str) = ("kernel", "Linux 6.1.0 x86_64");
const CHRONYD: (&str, &str) = ("proc", "chronyd");

fn service(facts: &[(&str, &str)]) -> TimeService {
    let facts: Vec<(String, String)> =
        facts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    TimeService::read(&facts, Some(ASKED))
}

fn found(facts: &[(&str, &str)], status: Option<Status>) -> Vec<Finding> {
    circumstantial_findings(&service(facts), &Policy::standard(), status)
}

/// The codes of a host of these facts, beside the kernel's name.
fn check(facts: &[(&str, &str)], expected: &[&str]) {
    let facts: Vec<(&str, &str)> = facts.iter().copied().chain([KERNEL]).collect();
    let codes: Vec<String> = found(&facts, None).iter().map(|finding| finding.code.label()).collect();
    assert_eq!(codes, expected, "{facts:?}");
}

/// The codes of a host whose chronyd is well, with these sources: state and name.
fn check_sources(sources: &[(&str, &str)], more: &[(&str, &str)], expected: &[&str]) {
    let lines: Vec<String> = sources
        .iter()
        .map(|(state, name)| {
            let kind = if name.starts_with("PHC") { "#" } else { "^" };
            let (reach, heard) = if *state == "?" { ("0", "4294967295") } else { ("377", "20") };
            format!("{kind},{state},{name},2,6,{reach},{heard},0.000001,0.000001,0.0001")
        })
        .collect();
    let tracking = GOOD.replace("10.0.0.1", sources[0].1);
    let mut facts = vec![("chrony.csv", tracking.as_str()), CHRONYD];
    facts.extend(lines.iter().map(|line| ("chrony.csv", line.as_str())));
    facts.extend(more);
    check(&facts, expected);
}

const FOUR: [(&str, &str); 4] = [("*", "10.0.0.1"), ("+", "10.0.0.2"), ("+", "10.0.0.3"), ("-", "10.0.0.4")];

#[test]
fn a_good_host_has_no_finding() {
    check_sources(
        &FOUR,
        &[("unit", "Id=chrony.service LoadState=loaded ActiveState=active UnitFileState=enabled")],
        &[],
    );
    assert_eq!(service(&[("chrony.csv", GOOD), CHRONYD]).state(Nanos::from_millis(50)), State::Synchronised);
}

#[test]
fn nothing_is_said_of_facts_that_are_missing() {
    assert_eq!(found(&[], None), []);
    assert_eq!(service(&[]).state(Nanos::ZERO), State::Unknown);
}

#[test]
fn a_free_running_clock_is_told() {
    let local = "7F7F0101,,10,1795536500.0,0.0,0.0,0.0,0.000,0.0,0.0,0.0,0.0,0.0,Normal";
    let was_synchronised = local.replace("0.000,", "-3.100,");
    check(&[("chrony.csv", local), CHRONYD], &["CLK106"]);
    let severity = |line: &str| found(&[("chrony.csv", line), CHRONYD], None)[0].severity;
    assert!(severity(local) < severity(&was_synchronised), "a time server of its own right is only told so");
    let silent = "^,?,10.0.0.1,2,6,0,900,0.0,0.0,0.001";
    check(&[("chrony.csv", local), ("chrony.csv", silent), CHRONYD], &["CLK106", "CLK301", "CLK304"]);
    check(&[("kernel.maxerror", "15999999")], &["CLK201"]);
    check(&[("kernel.maxerror", "16000000")], &["CLK106", "CLK201"]);
}

#[test]
fn a_service_that_does_not_run_is_told() {
    let unit = |state: &'static str| [("unit", state)];
    check(&unit("Id=chrony.service LoadState=loaded ActiveState=inactive UnitFileState=enabled"), &["CLK202"]);
    check(&unit("Id=chrony.service LoadState=loaded ActiveState=failed UnitFileState=enabled"), &["CLK202"]);
    check(&unit("Id=chrony.service LoadState=masked ActiveState=inactive UnitFileState=masked"), &["CLK202"]);
    check(&unit("Id=ntp.service LoadState=not-found ActiveState=inactive"), &["CLK201"]);
    let runs = |state: &'static str| [("chrony.csv", GOOD), CHRONYD, ("unit", state)];
    check(&runs("Id=chrony.service LoadState=loaded ActiveState=active UnitFileState=disabled"), &["CLK202"]);
    check(&runs("Id=chrony.service LoadState=loaded ActiveState=active UnitFileState=static"), &[]);
    check(&runs("Id=chrony.service LoadState=loaded ActiveState=inactive UnitFileState=enabled"), &["CLK202"]);
    // The service of another one that is installed and stopped is no fault.
    check(&runs("Id=systemd-timesyncd.service LoadState=loaded ActiveState=inactive UnitFileState=disabled"), &[]);
    let remedy = |unit: &'static str| found(&[("unit", unit), KERNEL], None)[0].remedy.clone();
    let masked = remedy("Id=chronyd.service LoadState=masked ActiveState=inactive UnitFileState=masked");
    assert!(masked.contains("`sudo systemctl enable --now chronyd`") && masked.contains("unmask chronyd"), "{masked}");
    let failed = remedy("Id=chrony.service LoadState=loaded ActiveState=failed UnitFileState=enabled");
    assert!(failed.contains("`journalctl -u chrony`"), "{failed}");
    // A host's word goes into no command that somebody will type.
    let hostile = remedy("Id=chrony;reboot.service LoadState=loaded ActiveState=inactive UnitFileState=enabled");
    assert!(hostile.contains("enable --now UNIT`") && !hostile.contains("reboot"), "{hostile}");
    let contained = [("unit", "Id=chrony.service ActiveState=inactive"), ("container", "/.dockerenv"), KERNEL];
    let of_node = found(&contained, None);
    assert!(of_node[0].code.label() == "CLK202" && !of_node[0].remedy.contains("systemctl"), "{of_node:?}");
    check(&runs("Id=chrony.service ActiveState=active UnitFileState=enabled NRestarts=2"), &[]);
    check(&runs("Id=chrony.service ActiveState=active UnitFileState=enabled NRestarts=3"), &["CLK209"]);
}

#[test]
fn two_timekeepers_are_told_outside_of_containers() {
    let both = [("chrony.csv", GOOD), CHRONYD, ("proc", "ntpd"), ("ntpq.rc", "0")];
    check(&both, &["CLK203"]);
    // A mere time server beside the timekeeper, timemaster's servants, and a neighbour's ntpd are no rivals; the
    // server's word does not stand for the ntpd that keeps the clock and says nothing.
    let server = ("chronyd.args", "/usr/sbin/chronyd -x -f /etc/server.conf");
    check(&[both[0], both[1], both[2], both[3], server], &["CLK207"]);
    check(&[("chrony.csv", GOOD), CHRONYD, ("proc", "timemaster"), ("proc", "phc2sys"), ("proc", "ptp4l")], &[]);
    check(&[("chrony.csv", GOOD), CHRONYD, ("proc", "phc2sys")], &["CLK203"]);
    check(&[("chrony.csv", GOOD), CHRONYD, ("proc.container", "ntpd")], &[]);
    let contained: Vec<_> = both.into_iter().chain([("container", "/.dockerenv"), KERNEL]).collect();
    let lessened = found(&contained, None);
    assert!(lessened.iter().all(|finding| finding.severity == clockaudit::audit::Severity::Note), "{lessened:?}");
}

#[test]
fn a_chronyd_that_leaves_the_clock_alone_keeps_no_clock() {
    let facts = [("chrony.csv", GOOD), CHRONYD, ("chronyd.args", "/usr/sbin/chronyd -F 1 -x")];
    check(&facts, &["CLK201"]);
    assert_eq!(service(&facts).state(Nanos::ZERO), State::LeavesTheClockAlone);
}

#[test]
fn an_old_update_is_stale() {
    let of = |updated: &str| GOOD.replace("1795536500.0", updated);
    // Eight intervals of 64.2 s before it was asked.
    check(&[("chrony.csv", &of("1795536086.5")), CHRONYD], &[]);
    check(&[("chrony.csv", &of("1795536086.3")), CHRONYD], &["CLK205"]);
    // One that polls every 1024 s has longer ones.
    let slow = "^,*,10.0.0.1,2,10,377,900,0.0,0.0,0.001";
    check(&[("chrony.csv", &of("1795530000.0")), ("chrony.csv", slow), CHRONYD], &["CLK301"]);
    let gone = "^,*,10.0.0.1,2,6,0,20,0.0,0.0,0.001";
    check(&[("chrony.csv", &of("1795536500.0")), ("chrony.csv", gone), CHRONYD], &["CLK205", "CLK301", "CLK304"]);
}

#[test]
fn a_hypervisor_that_sets_the_clock_too_is_told() {
    check_sources(&FOUR, &[("proc", "vmtoolsd"), ("vmware.timesync", "Enabled")], &["CLK206"]);
    check_sources(&FOUR, &[("proc", "vmtoolsd"), ("vmware.timesync", "Disabled")], &[]);
    check_sources(&FOUR, &[("proc", "VBoxService")], &["CLK206"]);
    check_sources(&FOUR, &[("ptp", "hyperv")], &["CLK206"]);
    check_sources(&[("*", "PHC0"), ("-", "10.0.0.1")], &[("ptp", "hyperv")], &[]);
}

#[test]
fn a_single_source_is_enough_where_the_hypervisor_has_it() {
    check_sources(&[("*", "10.0.0.1")], &[], &["CLK301"]);
    check_sources(&[("*", "10.0.0.1"), ("+", "10.0.0.2")], &[], &[]);
    check_sources(&[("*", "169.254.169.123")], &[], &[]);
    check_sources(&[("*", "fd00:ec2::123")], &[], &[]);
    check_sources(&[("*", "PHC0")], &[], &[]);
    // Google's metadata server shows by its address; its name stands in the configuration.
    check_sources(&[("*", "169.254.169.254")], &[("chrony.conf", "server metadata.google.internal iburst")], &[]);
}

#[test]
fn smeared_and_plain_sources_are_not_mixed() {
    check_sources(&[("*", "169.254.169.123"), ("+", "162.159.200.1")], &[], &["CLK302"]);
    check_sources(&[("*", "169.254.169.123"), ("+", "216.239.35.0")], &[], &[]);
    check_sources(&[("*", "10.0.0.1"), ("+", "162.159.200.1")], &[], &[]);
    // By the names of the configuration, whatever addresses they have.
    let names =
        [("chrony.conf", "server time.google.com iburst"), ("chrony.conf", "pool 2.debian.pool.ntp.org iburst")];
    check_sources(&FOUR, &names, &["CLK302"]);
    check_sources(&FOUR, &names[..1], &[]);
    // Amazon's hardware clock is not smeared, its server is.
    let hardware = [("chrony.conf", "refclock PHC /dev/ptp_ena poll 0")];
    check_sources(&[("*", "PHC0"), ("-", "169.254.169.123")], &hardware, &["CLK302"]);
}

#[test]
fn a_leap_table_and_a_smearing_source_are_one_too_many() {
    let table = ("chrony.conf", "leapsectz right/UTC");
    let smeared = [("*", "169.254.169.123"), ("-", "216.239.35.0")];
    check_sources(&smeared, &[table], &["CLK303"]);
    check_sources(&smeared, &[("chrony.conf", "#leapsectz right/UTC")], &[]);
    check_sources(&FOUR, &[table], &[]);
}

#[test]
fn sources_that_do_not_answer_or_lie_are_named() {
    check_sources(&[("*", "10.0.0.1"), ("?", "10.0.0.2")], &[], &["CLK304"]);
    check_sources(&[("*", "10.0.0.1"), ("+", "10.0.0.2"), ("x", "10.0.0.3")], &[], &["CLK307"]);
    let liar = "^,x,10.0.0.3,2,6,377,20,-2.0,-2.0,0.0001";
    let good = "^,*,10.0.0.1,2,6,377,20,0.0,0.0,0.0001";
    let finding = found(&[("chrony.csv", GOOD), ("chrony.csv", good), ("chrony.csv", liar), CHRONYD], None);
    assert_eq!(finding[0].what, "10.0.0.3 contradict 10.0.0.1, by up to 2.0 s");
}

#[test]
fn names_without_an_address_are_told_from_the_places_that_a_pool_keeps_open() {
    let (pool, server) = (("chrony.conf", "pool a.example iburst"), ("chrony.conf", "server typed.worng iburst"));
    let other = ("chrony.conf", "server b.example iburst");
    // As chronyd counts: online, offline, in a burst, offline in a burst, without an address.
    let open = |places: &'static str| ("chrony.csv", places);
    // What a pool is full of, and beside it a server's name or two.
    check_sources(&FOUR, &[pool, open("4,0,0,0,0")], &[]);
    check_sources(&FOUR, &[pool, server, open("4,0,0,0,1")], &["CLK304"]);
    let two = ("chrony.conf", "pool a.example maxsources 2 iburst");
    check_sources(&FOUR[..2], &[two, server, open("2,0,0,0,1")], &["CLK304"]);
    // A pool of four addresses that is to have six sources keeps places open for twelve: which of them are the server's?
    let six = ("chrony.conf", "pool a.example iburst maxsources 6");
    check_sources(&FOUR, &[six, open("4,0,0,0,8")], &[]);
    check_sources(&FOUR, &[six, server, open("4,0,0,0,9")], &[]);
    check_sources(&FOUR[..2], &[pool, other, open("2,0,0,0,7")], &[]);
    // More names than addresses: each but one may have its own.
    let what = |sources: &[(&str, &str)], more: &[(&str, &str)]| {
        let lines: Vec<String> = sources
            .iter()
            .map(|(state, name)| format!("^,{state},{name},2,6,377,20,0.000001,0.000001,0.0001"))
            .collect();
        let lines = lines.iter().map(|line| ("chrony.csv", line.as_str()));
        let facts: Vec<_> =
            [("chrony.csv", GOOD), CHRONYD].into_iter().chain(lines).chain(more.iter().copied()).collect();
        let findings = found(&facts, None);
        findings.into_iter().find(|finding| finding.code.label() == "CLK304").map(|finding| finding.what)
    };
    assert_eq!(
        what(&FOUR[..2], &[pool, server, other, open("2,0,0,0,8")]).as_deref(),
        Some("1 of 3 sources have a name that does not resolve")
    );
    assert_eq!(
        what(&FOUR, &[pool, server, other, open("4,0,0,0,2")]).as_deref(),
        Some("2 of 6 sources have a name that does not resolve")
    );
    // Where nobody may read the configuration, only one that has no source at all is sure to lack an address.
    assert_eq!(what(&FOUR, &[open("4,0,0,0,1")]), None);
    assert_eq!(what(&[], &[open("0,0,0,0,1")]).as_deref(), Some("1 of 1 sources have a name that does not resolve"));
}

#[test]
fn what_is_not_stepped_takes_long() {
    let slow_by = |seconds: &str| GOOD.replace("0.000001,", &format!("{seconds},"));
    check(&[("chrony.csv", &slow_by("-0.999")), CHRONYD], &[]);
    check(&[("chrony.csv", &slow_by("300.0")), CHRONYD], &["CLK306"]);
    let patient = ("chrony.conf", "makestep 1000 3");
    check(&[("chrony.csv", &slow_by("300.0")), CHRONYD, patient], &["CLK306"]);
    // What is below the threshold is slewed, however often it may be stepped.
    let patient = ("chrony.conf", "makestep 1000 -1");
    check(&[("chrony.csv", &slow_by("300.0")), CHRONYD, patient], &["CLK306"]);
    check(&[("chrony.csv", &slow_by("0.999")), CHRONYD, patient], &[]);
    check(&[("chrony.csv", &slow_by("300.0")), CHRONYD, ("chrony.conf", "makestep 1 3")], &["CLK306"]);
    check(&[("chrony.csv", &slow_by("300.0")), CHRONYD, ("chrony.conf", "makestep 1 -1")], &[]);
    let finding = found(&[("chrony.csv", &slow_by("300.0")), CHRONYD], None);
    assert!(finding[0].what.contains("at least 3600 s"), "{finding:?}");
}

#[test]
fn a_clouds_own_source_is_missed() {
    let amazon = ("dmi.sys_vendor", "Amazon EC2");
    check_sources(&FOUR, &[amazon], &["CLK308"]);
    check_sources(&[("*", "169.254.169.123")], &[amazon], &[]);
    check_sources(&[("*", "PHC0")], &[amazon], &[]);
    check_sources(&FOUR, &[("dmi.sys_vendor", "QEMU")], &[]);
    let azure =
        [("dmi.sys_vendor", "Microsoft Corporation"), ("dmi.chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77")];
    check_sources(&FOUR, &azure, &["CLK308"]);
    let timesyncd =
        |server: &'static str| [("timesyncd", server), ("timesyncd.rc", "0"), ("proc", "systemd-timesyn"), amazon];
    check(&timesyncd("s \"ntp.ubuntu.com\""), &["CLK204", "CLK208", "CLK308"]);
    check(&timesyncd("s \"169.254.169.123\""), &["CLK204", "CLK208"]);
    // Where the sources are not known, nothing is missed.
    check(&[("chrony.csv", GOOD), CHRONYD, amazon], &[]);
}

#[test]
fn the_machine_is_looked_at_too() {
    let all = ("clocksources", "tsc hpet acpi_pm ");
    check_sources(&FOUR, &[("clocksource", "hpet"), all], &["CLK401"]);
    check_sources(&FOUR, &[("clocksource", "tsc"), all], &[]);
    check_sources(&FOUR, &[("clocksource", "hpet"), ("clocksources", "hpet acpi_pm ")], &[]);
    check_sources(&FOUR, &[("suspended", "0"), ("asleep", "0.001")], &[]);
    check_sources(&FOUR, &[("suspended", "2")], &["CLK402"]);
    check_sources(&FOUR, &[("asleep", "3605.120")], &["CLK402"]);
    check_sources(&FOUR, &[("adjtime", "LOCAL")], &["CLK403"]);
    check_sources(&FOUR, &[("container", "/run/.containerenv")], &["CLK404"]);
    let node = found(&[("virt.container", "podman"), ("node", "worker-7"), KERNEL, CHRONYD], None);
    let what = "this is a container (podman), on node worker-7";
    assert!(node.iter().any(|finding| finding.what == what), "{node:?}");
}

#[test]
fn a_virtual_machine_whose_clock_was_stepped_was_perhaps_resumed() {
    let codes = |facts: &[(&str, &str)], status| {
        let facts: Vec<(&str, &str)> = facts.iter().copied().chain([("chrony.csv", GOOD), CHRONYD]).collect();
        found(&facts, Some(status)).iter().map(|finding| finding.code.label()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&[("virt.vm", "kvm")], Status::Stepped), ["CLK402"]);
    assert_eq!(codes(&[("virt.vm", "kvm")], Status::Steady), [""; 0]);
    assert_eq!(codes(&[("virt.vm", "none")], Status::Stepped), [""; 0]);
}

#[test]
fn who_cannot_be_asked_is_told_with_the_reason() {
    let hung = [("chrony.error", "506 Cannot talk to daemon"), ("chrony.rc", "1"), CHRONYD];
    check(&hung, &["CLK207"]);
    check(&[("ntpctl", "ntpctl: connect: Permission denied"), ("ntpctl.rc", "1"), ("proc", "openntpd")], &["CLK207"]);
    let sntp = [("timesyncd", "s \"10.0.0.1\""), ("timesyncd.rc", "0"), ("proc", "systemd-timesyn")];
    check(&sntp, &["CLK204", "CLK208"]);
    check(&[("proc", "ntpd"), ("ntpd.program", "/bin/busybox")], &["CLK208"]);
    check(
        &[("proc", "ntpd"), ("ntpd.program", "/bin/busybox"), ("kernel.maxerror", "16000000")],
        &["CLK204", "CLK208"],
    );
}

/// What a host of these facts is told to do about this code.
fn remedy(facts: &[(&str, &str)], code: &str) -> String {
    let facts: Vec<(&str, &str)> = facts.iter().copied().chain([KERNEL]).collect();
    let findings = found(&facts, None);
    findings.iter().find(|finding| finding.code.label() == code).expect(code).remedy.clone()
}

#[test]
fn a_service_of_openrc_is_started_with_its_own_commands() {
    let stopped = ("unit", "Id=chronyd LoadState=loaded ActiveState=inactive UnitFileState=disabled");
    let start = "`sudo rc-update add chronyd default && sudo rc-service chronyd start`";
    assert_eq!(remedy(&[stopped], "CLK202"), start);
    let at_boot = ("unit", "Id=chronyd LoadState=loaded ActiveState=active UnitFileState=disabled");
    let runs = [("chrony.csv", GOOD), CHRONYD, at_boot];
    assert_eq!(remedy(&runs, "CLK202"), "`sudo rc-update add chronyd default`");
    let enabled = ("unit", "Id=chronyd LoadState=loaded ActiveState=inactive UnitFileState=enabled");
    assert_eq!(remedy(&[enabled], "CLK202"), format!("{start}; /var/log/messages tells why it ended"));
}

#[test]
fn chrony_is_installed_as_the_system_has_it() {
    let check = |os: &str, expected: &str| assert_eq!(remedy(&[("os.ID", os)], "CLK201"), expected, "{os}");
    let give = "install chrony and give it a source";
    check("debian", &format!("{give}: `sudo apt install chrony`"));
    check("rocky", &format!("{give}: `sudo dnf install chrony && sudo systemctl enable --now chronyd`"));
    check(
        "alpine",
        &format!("{give}: `sudo apk add chrony && sudo rc-update add chronyd && sudo rc-service chronyd start`"),
    );
    check(
        "x;reboot",
        &format!("{give}: `sudo apt install chrony`, `sudo dnf install chrony`, or as its system has it"),
    );
    // It is there, and was told to leave the clock alone.
    let alone = remedy(&[("chronyd.args", "/usr/sbin/chronyd -x"), CHRONYD, ("chrony.csv", GOOD)], "CLK201");
    assert!(alone.starts_with("take `-x` out of chronyd's options"), "{alone}");
}

#[test]
fn of_two_timekeepers_the_one_that_follows_something_is_kept() {
    let chrony = ("unit", "Id=chrony.service LoadState=loaded ActiveState=active UnitFileState=enabled");
    let timesyncd = ("unit", "Id=systemd-timesyncd.service LoadState=loaded ActiveState=active UnitFileState=enabled");
    let both = [CHRONYD, ("proc", "systemd-timesyn"), chrony, timesyncd];
    let facts = |said: &[(&'static str, &'static str)]| both.iter().chain(said).copied().collect::<Vec<_>>();
    assert_eq!(
        remedy(&facts(&[("chrony.csv", GOOD)]), "CLK203"),
        "keep one: `sudo systemctl disable --now systemd-timesyncd` leaves chronyd"
    );
    let claims = [
        ("chrony.csv", "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised"),
        ("timesyncd", "s \"ntp.ubuntu.com\""),
        ("timesyncd", "t 64000000"),
        (
            "timesyncd",
            "(uuuuittayttttbtt) 0 4 4 2 -20 1200 900 4 17 253 34 123 1795536590000000 1795536590000200 1795536590000220 \
             1795536590000400 false 9 0",
        ),
        ("timesyncd.rc", "0"),
    ];
    assert_eq!(
        remedy(&facts(&claims), "CLK203"),
        "keep one: `sudo systemctl disable --now chrony` leaves timesyncd",
        "chronyd follows nothing"
    );
}

#[test]
fn a_hypervisor_is_not_turned_off_where_nothing_else_keeps_the_clock() {
    let tools = [("proc", "vmtoolsd"), ("vmware.timesync", "Enabled")];
    let alone = remedy(&tools, "CLK206");
    assert_eq!(alone, "run a timekeeper first (CLK201, CLK202); until then leave it as it is");
    let beside = remedy(&[tools[0], tools[1], ("chrony.csv", GOOD), CHRONYD], "CLK206");
    assert_eq!(beside, "turn it off: `sudo vmware-toolbox-cmd timesync disable`");
    let other = remedy(&[("proc", "VBoxService"), ("chrony.csv", GOOD), CHRONYD], "CLK206");
    assert!(!other.contains("vmware"), "{other}");
}

#[test]
fn sources_are_looked_at_with_the_program_that_is_there() {
    let ntpd = [
        ("ntpq", "associd=0 status=c016 leap_alarm, sync_unspec, 1 event, restart,"),
        ("ntpq", "leap=11, stratum=16, precision=-24, rootdelay=0.0, rootdisp=0.015,"),
        ("ntpq", "refid=INIT, offset=0.0, frequency=0.0"),
        ("ntpq.rc", "0"),
        ("proc", "ntpd"),
    ];
    assert_eq!(remedy(&ntpd, "CLK204"), "see its sources (`ntpq -pn`), and whether UDP port 123 gets out");
    let sntp = [("timesyncd", "s \"10.0.0.1\""), ("timesyncd.rc", "0"), ("proc", "systemd-timesyn")];
    let of_timesyncd = remedy(&sntp, "CLK204");
    assert_eq!(of_timesyncd, "see its sources (`timedatectl timesync-status`), and whether UDP port 123 gets out");
}

#[test]
fn who_does_not_answer_is_told_apart_by_the_reason() {
    let unit = ("unit", "Id=chrony.service LoadState=loaded ActiveState=active UnitFileState=enabled");
    let closed = [("chrony.error", "506 Cannot talk to daemon"), ("chrony.rc", "1"), CHRONYD, unit];
    assert_eq!(
        remedy(&closed, "CLK207"),
        "where it answers root only (`cmdport 0`), scan with `-b`; where it hangs, `sudo systemctl restart chrony`"
    );
    let root_only = [("ntpctl", "ntpctl: connect: Permission denied"), ("ntpctl.rc", "1"), ("proc", "openntpd")];
    assert_eq!(remedy(&root_only, "CLK207"), "scan with `-b`: it answers root");
    assert_eq!(remedy(&[CHRONYD], "CLK207"), "install the program that comes with it: `chronyc`");
}

#[test]
fn in_a_container_nothing_is_to_be_done() {
    let container = ("container", "/.dockerenv");
    let lost = [("chrony.csv", GOOD), ("chrony.csv", "^,?,10.0.0.9,2,6,0,900,0.0,0.0,0.001"), CHRONYD, container];
    for finding in found(&lost, None).iter().filter(|finding| finding.code.label() != "CLK404") {
        assert!(finding.remedy.starts_with("nothing here"), "{finding:?}");
    }
}

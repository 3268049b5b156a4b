//! Real timekeepers in their states: what each says, and what it is judged to be. No test host may set a clock but its own,
//! so each is a container, and what its timekeeper lacks is a note.

use clockaudit::clock::Nanos;
use clockaudit::report::model::{Host, Report, Verdict};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::measured::told;
use crate::support::session::scan;

/// What a host whose timekeeper hangs may cost.
const MOST_FOR_A_HUNG_ONE: Nanos = Nanos::from_seconds(3);

fn state(host: &Host) -> &str {
    &host.timekeeping.as_ref().expect("facts of the timekeeper").state
}

fn has(host: &Host, code: &str) -> bool {
    host.findings.iter().any(|finding| finding.code == code)
}

/// Checks a host's state, and that it has these findings and not those.
fn check(report: &Report, name: &str, expected: &str, present: &[&str], absent: &[&str]) {
    let host = told(name, report);
    let text = format!("{name}: {:?}\n{:?}\n{:?}", host.timekeeping, host.claim, host.findings);
    assert_eq!(state(host), expected, "{text}");
    for code in present {
        assert!(has(host, code), "no {code} at {text}");
    }
    for code in absent {
        assert!(!has(host, code), "{code} at {text}");
    }
}

fn host(name: &str, start: &'static str) -> HostPlan {
    let clocks = vec![("true", Nanos::ZERO), ("lying", Nanos::from_seconds(2))];
    HostPlan { clocks, start, ..HostPlan::new(name, Nanos::ZERO) }
}

const SYNCHRONISED: &str = "
    serve 127.0.0.2 true; serve 127.0.0.3 true
    follow 'server 127.0.0.2 iburst minpoll -6 maxpoll 0' 'server 127.0.0.3 iburst minpoll -6 maxpoll 0'
    within 300 chronyc waitsync 1 0.01 0 0.1";
const SERVER_GONE: &str = "follow 'server 127.0.0.9 iburst minpoll -6 maxpoll 0'";
const LOCAL: &str = "follow 'local stratum 10'; within 100 sh -c 'chronyc -n tracking | grep 7F7F0101'";
/// Three servers, one of which lies: it is left alone, or trusted against the others.
const FALSETICKER: &str = "
    serve 127.0.0.2 true; serve 127.0.0.3 true; serve 127.0.0.4 lying
    follow 'server 127.0.0.2 iburst minpoll -6 maxpoll 0' 'server 127.0.0.3 iburst minpoll -6 maxpoll 0' \
        'server 127.0.0.4 iburst minpoll -6 maxpoll 0'
    within 300 chronyc waitsync 1 0.01 0 0.1
    within 300 sh -c 'chronyc -n -c sources | grep ^.,x'";
const TRUSTED_LIAR: &str = "
    serve 127.0.0.2 true; serve 127.0.0.3 true; serve 127.0.0.4 lying
    follow 'server 127.0.0.2 iburst minpoll -6 maxpoll 0' 'server 127.0.0.3 iburst minpoll -6 maxpoll 0' \
        'server 127.0.0.4 iburst minpoll -6 maxpoll 0 prefer trust' 'makestep 0.1 -1'
    within 300 sh -c 'chronyc -n -c tracking | grep ^7F000004'
    within 300 chronyc waitsync 1 0.01 0 0.1";
const HUNG: &str = "
    serve 127.0.0.2 true; follow 'server 127.0.0.2 iburst minpoll -6 maxpoll 0'
    within 300 chronyc waitsync 1 0.01 0 0.1
    kill -STOP $(cat /run/chrony/chronyd.pid)";

#[test]
fn chronyd_is_known_in_each_of_its_states() {
    confined("timekeepers::chronyd_is_known_in_each_of_its_states", || {
        let fleet = Fleet::start([
            host("synchronised", SYNCHRONISED),
            host("gone", SERVER_GONE),
            host("local", LOCAL),
            host("falseticker", FALSETICKER),
            host("trusting", TRUSTED_LIAR),
            host("nobody", ""),
        ]);
        let session = scan(&fleet, &fleet.inventory(), &[]);
        let report = session.report();
        check(&report, "synchronised", "synchronised", &["CLK404"], &["CLK107", "CLK204", "CLK304", "CLK307"]);
        check(&report, "gone", "unsynchronised", &["CLK204", "CLK304"], &["CLK107", "CLK205"]);
        check(&report, "local", "local", &["CLK106"], &["CLK204"]);
        check(&report, "falseticker", "synchronised", &["CLK307"], &["CLK101", "CLK107"]);
        check(&report, "trusting", "synchronised", &["CLK101", "CLK107", "CLK307"], &["CLK204"]);
        check(&report, "nobody", "none", &["CLK106", "CLK201"], &["CLK204"]);
        assert_eq!(told("synchronised", &report).verdict, Verdict::Ok, "{session}");
        let trusting = told("trusting", &report).claim.as_ref().expect("a claim");
        assert_eq!(trusting.leap_status.as_deref(), Some("Normal"));
    });
}

#[test]
fn a_timekeeper_that_hangs_costs_its_host_little() {
    confined("timekeepers::a_timekeeper_that_hangs_costs_its_host_little", || {
        let fleet = Fleet::start([host("hung", HUNG)]);
        let session = scan(&fleet, &fleet.inventory(), &[]);
        let report = session.report();
        check(&report, "hung", "silent", &["CLK207"], &["CLK201"]);
        let asking = report.summary.claims_window_s.expect("a claim was asked for").0;
        assert!(asking <= MOST_FOR_A_HUNG_ONE, "{asking} for {session}");
        assert!(told("hung", &report).platform.as_ref().is_some_and(|platform| platform.os.is_some()), "{session}");
    });
}

fn packaged(name: &str, package: &'static str, start: &'static str) -> HostPlan {
    HostPlan { package: Some(package), offset: Nanos::from_millis(-2), ..host(name, start) }
}

const NTPSEC: &str = "
    serve_apart true
    printf '%s\\n' 'server 10.99.0.2 iburst minpoll 3 maxpoll 3' 'restrict 127.0.0.1' 'restrict ::1' \
        'driftfile /run/drift' >/run/ntp.conf
    TEST_HOST_STAMPS=1 ntpd -g -n -c /run/ntp.conf >>/run/host/log 2>&1 &
    within 300 sh -c 'ntpq -n -c rv | grep refid=10.99.0.2'";
const OPENNTPD: &str = "
    serve_apart true
    echo 'server 10.99.0.2' >/run/ntpd.conf
    TEST_HOST_STAMPS=1 ntpd -s -d -f /run/ntpd.conf >>/run/host/log 2>&1 &
    within 300 grep -q 'set local clock' /run/host/log";
const TIMESYNCD: &str = "
    serve_apart true
    mkdir -p /run/dbus /run/systemd/timesync /run/systemd/netif /run/systemd/timesyncd.conf.d
    printf '%s\\n' '[Time]' 'NTP=10.99.0.2' >/run/systemd/timesyncd.conf.d/test.conf
    printf '%s\\n' '<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>' \
        '<auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>' \
        '<allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy></busconfig>' >/run/bus.conf
    dbus-daemon --config-file=/run/bus.conf --fork --nopidfile
    TEST_HOST_STAMPS=1 LD_PRELOAD=/run/host/root.so /usr/lib/systemd/systemd-timesyncd >>/run/host/log 2>&1 &
    within 300 test -e /run/systemd/timesync/synchronized";
/// chronyd is installed on every host, and openntpd on this one: somebody has started both.
const BOTH: &str = "
    serve_apart true
    follow 'server 10.99.0.2 iburst minpoll -6 maxpoll 0' 'port 0'
    within 300 chronyc waitsync 1 0.5 0 0.1
    echo 'server 10.99.0.2' >/run/ntpd.conf
    TEST_HOST_STAMPS=1 ntpd -d -f /run/ntpd.conf >>/run/host/log 2>&1 &
    within 100 sh -c 'grep -l ntpd /proc/[0-9]*/comm'";

/// The report of a fleet of one.
fn scanned(plan: HostPlan) -> Report {
    let fleet = Fleet::start([plan]);
    scan(&fleet, &fleet.inventory(), &[]).report()
}

#[test]
fn ntpsec_says_what_it_follows() {
    confined("timekeepers::ntpsec_says_what_it_follows", || {
        let report = scanned(packaged("ntpsec", "ntpsec", NTPSEC));
        check(&report, "ntpsec", "synchronised", &["CLK301"], &["CLK107", "CLK203", "CLK204", "CLK207"]);
        let claim = told("ntpsec", &report).claim.as_ref().expect("a claim");
        assert_eq!((claim.timekeeper.as_str(), claim.source.as_deref()), ("ntpd", Some("10.99.0.2")));
    });
}

#[test]
fn openntpd_answers_root_only() {
    confined("timekeepers::openntpd_answers_root_only", || {
        let report = scanned(packaged("openntpd", "openntpd", OPENNTPD));
        check(&report, "openntpd", "silent", &["CLK207"], &["CLK107", "CLK203"]);
        let host = told("openntpd", &report);
        assert_eq!(host.time_service.as_deref(), Some("openntpd, answers root only"));
    });
}

#[test]
fn timesyncd_is_asked_over_its_bus() {
    confined("timekeepers::timesyncd_is_asked_over_its_bus", || {
        let report = scanned(packaged("timesyncd", "systemd-timesyncd", TIMESYNCD));
        check(&report, "timesyncd", "synchronised", &["CLK208"], &["CLK107", "CLK204", "CLK207"]);
        let claim = told("timesyncd", &report).claim.as_ref().expect("a claim");
        assert_eq!((claim.timekeeper.as_str(), claim.source.as_deref()), ("timesyncd", Some("10.99.0.2")));
    });
}

#[test]
fn two_timekeepers_are_seen() {
    confined("timekeepers::two_timekeepers_are_seen", || {
        let report = scanned(packaged("both", "openntpd", BOTH));
        check(&report, "both", "several", &["CLK203"], &["CLK204"]);
    });
}

//! `clockaudit fix` on fleets of three hosts and more: the case that it was made for, canary and budget, networks of their own,
//! presets and regions.

use std::fs;

use clockaudit::clock::Nanos;
use nix::sys::signal::Signal;

use crate::moments::{everything, untouched};
use crate::requests::CONFIGURATION;
use crate::running::said;
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::{SECOND, with_site};

const SERVER: [&str; 2] = ["--ntp-server", CLOUD_SERVER];
/// A time server of another region; or one that lies.
const OTHER_SERVER: &str = "10.88.0.2";

/// What a host is configured with.
fn configured(site: &Site, host: &str) -> String {
    fs::read_to_string(site.path(host, CONFIGURATION)).expect("text")
}

fn has_line(site: &Site, host: &str, line: &str) -> bool {
    configured(site, host).lines().any(|known| known == line)
}

/// Host by host: its clock is so far ahead, to a twentieth of a second.
fn is_near(site: &Site, hosts: &[&str], ahead: i64) {
    for host in hosts {
        let offset = site.clock(host).offset();
        assert!((offset.0 - ahead * SECOND).abs() < SECOND / 20, "{host} is off by {offset:?}");
    }
}

/// Undoes the last run.
fn undo(site: &Site, run: &str) {
    let undone = site.clockaudit(&["rollback", run, "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
}

#[test]
fn three_stock_hosts_with_wrong_clocks_are_right_and_a_server_far_from_them_is_refused() {
    let plan = |name, offset| Plan { name, offset: Nanos(offset), furnish: "" };
    let plans = [plan("ahead", 120 * SECOND), plan("behind", -8 * SECOND), plan("near", 3 * SECOND / 10)];
    let servers = [(CLOUD_SERVER, Nanos(0)), (OTHER_SERVER, Nanos(5 * SECOND))];
    let test = "fix_fleet::three_stock_hosts_with_wrong_clocks_are_right_and_a_server_far_from_them_is_refused";
    with_site(test, &plans, &servers, |site| {
        let hosts = ["ahead", "behind", "near"];
        let inventory = site.inventory();
        let fix = |more: &[&str]| site.clockaudit(&[&["fix", &inventory, "--hold", "4s"], more].concat());
        let before = hosts.map(|host| everything(site, host));
        let checked = fix(&[&SERVER[..], &["--step", "any", "--check", "--diff", "--detailed-exitcode"]].concat());
        assert_eq!(checked.status, Some(4), "{checked}");
        for line in ["+server 169.254.169.123 prefer iburst", "-leapsectz right/UTC", "stepped back", "stepped forward"]
        {
            assert!(checked.stdout.contains(line), "{line}: {checked}");
        }
        assert_eq!(before, hosts.map(|host| everything(site, host)), "a check changed something");

        let fixed = fix(&[&SERVER[..], &["--step", "any", "--yes"]].concat());
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("\n3 converged "), "{fixed}");
        for host in hosts {
            assert!(has_line(site, host, "server 169.254.169.123 prefer iburst"), "{}", configured(site, host));
            assert!(has_line(site, host, "#clockaudit-off# leapsectz right/UTC"), "{}", configured(site, host));
            site.run(
                host,
                "chronyc -n tracking | grep -q '(169.254.169.123)' && chronyc tracking | grep -q 'Leap.*Normal'",
            );
        }
        is_near(site, &hosts, 0);
        let before = hosts.map(|host| untouched(site, host));
        let again = fix(&[&SERVER[..], &["--yes"]].concat());
        assert_eq!(again.status, Some(0), "{again}");
        // The three agree with each other on UTC, once they are sure of themselves, and the new server does not.
        for host in hosts {
            site.run(
                host,
                "chronyc burst 8/8 && until chronyc -n -c tracking | cut -d, -f12 | grep -q '^0[.]0[01]'; do sleep 0.5; done",
            );
        }
        let liar = ["--ntp-server", OTHER_SERVER, "--yes"];
        let refused = fix(&liar);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(said(&refused).contains("from UTC as the hosts claim to have it, beyond 100 ms"), "{refused}");
        assert_eq!(before, hosts.map(|host| untouched(site, host)), "something was changed");
        let forced = fix(&[&liar[..], &["--force"]].concat());
        assert_eq!(forced.status, Some(0), "{forced}");
        is_near(site, &hosts, 5);
    });
}

/// Has chronyd of a host start without a network: the check finds the server, and chronyd does not.
fn isolate(site: &Site, host: &str) {
    site.run(
        host,
        "mkdir -p /run/systemd/system/chrony.service.d && \
         printf '[Service]\\nPrivateNetwork=yes\\n' >/run/systemd/system/chrony.service.d/alone.conf && systemctl daemon-reload",
    );
}

fn heal(site: &Site, host: &str) {
    site.run(host, "rm -r /run/systemd/system/chrony.service.d && systemctl daemon-reload");
}

/// The hosts for `--limit @FILE` that a run left.
fn left_by(site: &Site, run: &str) -> (String, Vec<String>) {
    let path = site.state().join(format!("clockaudit/runs/{run}.retry"));
    let names = fs::read_to_string(&path).expect("a file of hosts").lines().map(str::to_owned).collect();
    (format!("@{}", path.display()), names)
}

#[test]
fn a_canary_that_fails_stops_the_run_and_failures_count_over_all_of_it() {
    let hosts = ["one", "two", "three", "four", "five"];
    let plans = hosts.map(|name| Plan { name, offset: Nanos(-3 * SECOND), furnish: "" });
    let test = "fix_fleet::a_canary_that_fails_stops_the_run_and_failures_count_over_all_of_it";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let inventory = site.inventory();
        let fix = |more: &[&str]| {
            let arguments = [&["fix", &inventory, "--hold", "2s", "--yes"], &SERVER[..], more].concat();
            (site.clockaudit(&arguments), site.last_run())
        };
        let stock = hosts.map(|host| configured(site, host));
        isolate(site, "two");
        let before = hosts.map(|host| untouched(site, host));
        let (stopped, first) = fix(&["--canary", "2"]);
        assert_eq!(stopped.status, Some(2), "{stopped}");
        let expected =
            ["five not_attempted", "four not_attempted", "one converged", "three not_attempted", "two rolled_back"];
        assert_eq!(site.ends(), expected, "{stopped}");
        assert_eq!(before[2..], hosts.map(|host| untouched(site, host))[2..], "a host was changed that was not to be");
        assert_eq!(configured(site, "two"), stock[1]);
        site.run("two", "systemctl is-active chrony && chronyc -n tracking");
        let (rest, names) = left_by(site, &first);
        assert_eq!(names, ["three", "four", "five"]);
        assert!(said(&stopped).contains(&rest), "{rest}: {stopped}");
        let (gone_on, second) = fix(&["-l", &rest, "--wave", "100%"]);
        assert_eq!(gone_on.status, Some(0), "{gone_on}");
        assert!(gone_on.stdout.contains("\n3 converged "), "{gone_on}");
        heal(site, "two");
        let (healed, third) = fix(&["-l", "two"]);
        assert_eq!(healed.status, Some(0), "{healed}");
        is_near(site, &hosts, 0);
        for run in [first, second, third] {
            undo(site, &run);
        }
        assert_eq!(stock, hosts.map(|host| configured(site, host)));

        // 39 % of five are one: the second that fails ends the run.
        isolate(site, "two");
        isolate(site, "four");
        let (stopped, run) = fix(&["--canary", "1", "--wave", "1", "--max-fail", "39%"]);
        assert_eq!(stopped.status, Some(2), "{stopped}");
        let expected =
            ["five not_attempted", "four rolled_back", "one converged", "three converged", "two rolled_back"];
        assert_eq!(site.ends(), expected, "{stopped}");
        let (rest, names) = left_by(site, &run);
        assert_eq!(names, ["five"]);
        let (gone_on, _) = fix(&["-l", &rest]);
        assert_eq!(gone_on.status, Some(0), "{gone_on}");
    });
}

#[test]
fn three_hosts_of_an_isolated_network_follow_one_of_them() {
    let plan = |name, offset| Plan { name, offset: Nanos(offset * SECOND), furnish: "" };
    let plans = [plan("server", 0), plan("ahead", 5), plan("behind", -3)];
    let test = "fix_fleet::three_hosts_of_an_isolated_network_follow_one_of_them";
    with_site(test, &plans, &[], |site| {
        let inventory = site.inventory();
        let fixed = site.clockaudit(&["fix", &inventory, "--internal", "server", "--yes", "--hold", "4s"]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("clock of server (LOCAL: its own, not UTC)"), "{fixed}");
        let begun = site.journal(&site.last_run()).into_iter().find_map(|record| match record {
            clockaudit::fix::journal::Record::Begun(begun) => Some(begun.host),
            _ => None,
        });
        assert_eq!(begun.as_deref(), Some("server"), "the server is changed first");
        let tracking = site.run("server", "chronyc -n tracking");
        assert!(tracking.contains("7F7F0101") && tracking.contains("Stratum         : 10"), "{tracking}");
        let server = site.clock("server").offset();
        assert!(server.0.abs() < SECOND / 100, "the server's own clock was moved: {server:?}");
        for host in ["ahead", "behind"] {
            site.run(host, "chronyc -n tracking | grep -q '(10.88.0.11)'");
            let apart = site.clock(host).offset().0 - site.clock("server").offset().0;
            assert!(apart.abs() < SECOND / 100, "{host} is {apart} ns from the server");
        }
    });
}

#[test]
fn every_preset_is_followed_and_regions_have_servers_of_their_own() {
    // Those that smear leap seconds are where Amazon's is, which does so too.
    let furnish = "for name in metadata.google.internal time.google.com; do echo \"169.254.169.123 $name\" >>etc/hosts; done
        for name in ntp.cloud.aliyuncs.com time.cloudflare.com pool.ntp.org; do echo \"10.88.0.2 $name\" >>etc/hosts; done";
    let plan = |name, offset| Plan { name, offset: Nanos(offset * SECOND), furnish };
    let plans = [plan("one", -8), plan("two", -3)];
    let servers = [(CLOUD_SERVER, Nanos(0)), ("169.254.169.254", Nanos(0)), (OTHER_SERVER, Nanos(0))];
    let test = "fix_fleet::every_preset_is_followed_and_regions_have_servers_of_their_own";
    with_site(test, &plans, &servers, |site| {
        let inventory = site.inventory();
        for (preset, line, smears) in [
            ("aws", "server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4", true),
            ("gcp", "server metadata.google.internal prefer iburst", true),
            ("oracle", "server 169.254.169.254 iburst", false),
            ("alibaba", "server ntp.cloud.aliyuncs.com minpoll 4 maxpoll 10 iburst", false),
            ("google", "pool time.google.com iburst", true),
            ("cloudflare", "pool time.cloudflare.com iburst", false),
            ("pool", "pool pool.ntp.org iburst maxsources 4", false),
        ] {
            let fixed = site.clockaudit(&["fix", &inventory, "-l", "one", "--preset", preset, "--yes", "--hold", "4s"]);
            assert_eq!(fixed.status, Some(0), "{preset}: {fixed}");
            let written = configured(site, "one");
            let sources: Vec<&str> =
                written.lines().filter(|line| ["server ", "pool "].iter().any(|word| line.starts_with(word))).collect();
            assert_eq!(sources, [line], "{preset}: {written}");
            let keeps_leaps = has_line(site, "one", "leapsectz right/UTC");
            assert_eq!(keeps_leaps, !smears, "{preset}: {written}");
            is_near(site, &["one"], 0);
        }
        let azure = site.clockaudit(&["fix", &inventory, "-l", "one", "--preset", "azure", "--yes"]);
        assert_eq!(azure.status, Some(3), "{azure}");
        // It is no host of Azure, whose reference clock tells what its own claim is held against.
        assert!(said(&azure).contains("the new configuration names no server that could be asked"), "{azure}");

        let hosts = fs::read_to_string(&inventory).expect("an inventory");
        let regions = format!(
            "{hosts}[eu]\none\n[eu:vars]\nclockaudit_ntp_servers=169.254.169.123\n\
             [us]\ntwo\n[us:vars]\nclockaudit_ntp_servers=10.88.0.2\n"
        );
        let regions = site.write("regions.ini", &regions);
        let fixed = site.clockaudit(&["fix", &regions, "--yes", "--hold", "2s"]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        for (host, server) in [("one", CLOUD_SERVER), ("two", OTHER_SERVER)] {
            assert!(has_line(site, host, &format!("server {server} prefer iburst")), "{}", configured(site, host));
            site.run(host, &format!("chronyc -n tracking | grep -qF '({server})'"));
        }
        is_near(site, &["one", "two"], 0);
    });
}

/// Clocks that are slewed for longer than the guard waits, and one whose run is told to end on the way.
#[test]
fn clocks_are_slewed_and_get_their_steps_back_when_they_are_right() {
    let plan = |name, offset| Plan { name, offset: Nanos(offset), furnish: "" };
    let plans = [plan("ahead", 99 * SECOND / 10), plan("never", -98 * SECOND / 10), plan("ended", 8 * SECOND)];
    let test = "fix_fleet::clocks_are_slewed_and_get_their_steps_back_when_they_are_right";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0)), (OTHER_SERVER, Nanos(0))], |site| {
        let inventory = site.inventory();
        let start = |host: &str, step: &str| {
            let fix = ["fix", &inventory, "--hold", "4s", "--yes", "-v", "-l", host, "--step", step];
            let mut fixing = site.start_clockaudit(&[&fix, &SERVER[..]].concat());
            fixing.until("follows its new source");
            fixing
        };
        let ahead = start("ahead", "forward");
        let never = start("never", "never");
        let ended = start("ended", "forward");
        let has_steps = |host| configured(site, host).lines().any(|line| line.starts_with("makestep"));
        let pids = ["ahead", "never"].map(|host| untouched(site, host).3);
        let left = ["ahead", "never", "ended"].map(|host| site.clock(host).offset());
        assert!(left.iter().all(|left| left.0.abs() > 3 * SECOND), "a clock was stepped: {left:?}");
        for host in ["ahead", "never", "ended"] {
            assert!(!has_steps(host), "{host} could step: {}", configured(site, host));
        }
        ended.signal(Signal::SIGINT);
        let ended = ended.finish();
        assert_eq!(ended.status, Some(130), "{ended}");
        assert!(ended.stdout.contains("EARLY"), "{ended}");
        assert!(site.ends().contains(&"ended on_its_way".to_owned()), "{:?}", site.ends());
        // A clock that is being slewed while it is asked about tells where another server stands all the same.
        let other = ["--ntp-server", OTHER_SERVER, "--hold", "4s", "--yes", "--step", "any"];
        let again = site.clockaudit(&[&["fix", &inventory, "-l", "ended"], &other[..]].concat());
        assert_eq!(again.status, Some(0), "{again}");
        assert!(again.stdout.contains("\n1 converged "), "{again}");
        for (host, fixing, course) in
            [("ahead", ahead, "slewed back, right after about"), ("never", never, "slewed forward")]
        {
            let fixed = fixing.finish();
            assert_eq!(fixed.status, Some(0), "{host}: {fixed}");
            assert!(said(&fixed).contains(course), "{host}: {fixed}");
            assert!(has_steps(host), "{host}: {}", configured(site, host));
            is_near(site, &[host], 0);
        }
        assert_eq!(pids, ["ahead", "never"].map(|host| untouched(site, host).3), "chronyd was restarted again");
        is_near(site, &["ended"], 0);
        site.run("ended", "! [ -e /run/clockaudit ] && chronyc -n tracking | grep -q '(10.88.0.2)'");
    });
}

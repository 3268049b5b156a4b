//! Other ways to say what hosts become: a plan that was stored, a whole file by a template, a network that keeps its own time.

use std::fs;

use clockaudit::clock::Nanos;

use crate::moments::{is_held, untouched};
use crate::requests::CONFIGURATION;
use crate::running::said;
use crate::site::{CLOUD_SERVER, Plan};
use crate::{SECOND, with_site};

/// An address with a time server that is 5 s ahead.
const FAR_SERVER: &str = "10.88.0.2";

#[test]
fn a_stored_plan_is_applied_only_to_what_it_was_made_for() {
    let plans = [Plan { name: "host", offset: Nanos(-8 * SECOND), furnish: "" }];
    let name = "other_ways::a_stored_plan_is_applied_only_to_what_it_was_made_for";
    with_site(name, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let inventory = site.inventory();
        let file = inventory.replace("hosts.ini", "plan.json");
        let before = untouched(site, "host");
        let planned = site.clockaudit(&["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--plan-out", &file]);
        assert_eq!(planned.status, Some(0), "{planned}");
        assert_eq!(untouched(site, "host"), before, "a plan changed something");

        let path = site.path("host", CONFIGURATION);
        let stock = fs::read(&path).expect("the configuration");
        fs::write(&path, [&stock[..], b"# edited\n"].concat()).expect("an edit");
        let apply = || site.clockaudit(&["fix", &inventory, "--plan", &file, "--yes", "--hold", "4s"]);
        let refused = apply();
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(refused.stdout.contains("was changed since the plan was made"), "{refused}");

        fs::write(&path, &stock).expect("the edit is taken back");
        let applied = apply();
        assert_eq!(applied.status, Some(0), "{applied}");
        let configured = fs::read_to_string(&path).expect("text");
        assert!(configured.contains("\nserver 169.254.169.123 prefer iburst\n"), "{configured}");
        let left = site.clock("host").offset();
        assert!(left.0.abs() < SECOND / 20, "off by {left:?}");

        let before = untouched(site, "host");
        let again = apply();
        assert_eq!(again.status, Some(0), "{again}");
        assert!(again.stdout.contains("1 as wanted already"), "{again}");
        assert_eq!(untouched(site, "host"), before, "a second run changed something");
    });
}

#[test]
fn a_whole_file_is_what_its_template_gives() {
    let plans = [Plan { name: "host", offset: Nanos(-8 * SECOND), furnish: "" }];
    let name = "other_ways::a_whole_file_is_what_its_template_gives";
    with_site(name, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let inventory = site.inventory();
        let template = inventory.replace("hosts.ini", "chrony.conf");
        let rest = "makestep 1.0 3\nrtcsync\ndriftfile /var/lib/chrony/chrony.drift\n";
        fs::write(&template, format!("# {{{{ inventory_hostname }}}}\nserver {{{{ source }}}} iburst\n{rest}"))
            .expect("a template");
        let source = format!("source={CLOUD_SERVER}");
        let fixed = site.clockaudit(&["fix", &inventory, "--conf", &template, "-e", &source, "--yes", "--hold", "4s"]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        let configured = fs::read_to_string(site.path("host", CONFIGURATION)).expect("text");
        assert_eq!(configured, format!("# host\nserver {CLOUD_SERVER} iburst\n{rest}"));
        let left = site.clock("host").offset();
        assert!(left.0.abs() < SECOND / 20, "off by {left:?}");
    });
}

#[test]
fn hosts_of_an_isolated_network_follow_one_of_them() {
    let plans = [
        Plan { name: "server", offset: Nanos(5 * SECOND), furnish: "" },
        Plan { name: "client", offset: Nanos(-3 * SECOND), furnish: "" },
    ];
    let name = "other_ways::hosts_of_an_isolated_network_follow_one_of_them";
    with_site(name, &plans, &[], |site| {
        let inventory = site.inventory();
        let fixed = site.clockaudit(&["fix", &inventory, "--internal", "server", "--yes", "--hold", "4s"]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        let [server, client] = ["server", "client"].map(|host| site.run(host, "chronyc -n tracking"));
        assert!(server.contains("7F7F0101") && server.contains("Stratum         : 10"), "{server}");
        assert!(client.contains("(10.88.0.11)") && client.contains("Leap status     : Normal"), "{client}");
        let apart = site.clock("client").offset().0 - site.clock("server").offset().0;
        assert!(apart.abs() < SECOND / 100, "{apart} ns apart");
        let kept = site.clock("server").offset();
        assert!((kept.0 - 5 * SECOND).abs() < SECOND / 100, "the server's own clock was moved: {kept:?}");
    });
}

/// A chronyc that waits before it has the clock stepped.
const STEPS_LATE: &str = r#"mkdir -p /run/hold && : >/run/hold/step && printf '%s\n' '#!/bin/sh' \
    'case " $* " in *" makestep "*) : >/run/hold/step.reached; while [ -e /run/hold/step ]; do sleep 0.1; done ;; esac' \
    'exec /usr/bin/chronyc "$@"' >/usr/local/bin/chronyc && chmod 0755 /usr/local/bin/chronyc"#;

#[test]
fn a_clock_that_stood_still_is_stepped_at_once_and_no_file_changes() {
    // It has used up its steps at the start, and is asked every second or two from then on.
    let furnish = "printf '%s\\n' 'server 169.254.169.123 iburst minpoll 0 maxpoll 1' 'makestep 1.0 3' 'rtcsync' >etc/chrony/chrony.conf";
    let plans = [Plan { name: "host", offset: Nanos(0), furnish }];
    let name = "other_ways::a_clock_that_stood_still_is_stepped_at_once_and_no_file_changes";
    with_site(name, &plans, &[(CLOUD_SERVER, Nanos(0)), (FAR_SERVER, Nanos(5 * SECOND))], |site| {
        site.run("host", "until chronyc -n -c sourcestats | cut -d, -f2 | grep -qx '[5-9]'; do sleep 0.2; done");
        let before = untouched(site, "host");
        site.clock("host").step(Nanos(-300 * SECOND));
        site.run("host", "until chronyc -n tracking | grep -q 'System time *: 2[0-9][0-9]'; do sleep 0.2; done");
        let inventory = site.inventory();
        let makestep = ["fix", &inventory, "--makestep", "--yes", "--hold", "4s"];
        // The connection ends once chronyd is told to, and before it answers.
        site.run("host", STEPS_LATE);
        let stepping = site.start_clockaudit(&makestep);
        is_held(site, "host", "step");
        site.run("host", "pkill -KILL -u audit sshd");
        let lost = stepping.finish();
        site.run("host", "rm -r /usr/local/bin/chronyc /run/hold");
        assert!(lost.status == Some(2) && site.ends() == ["host failed"], "{lost}");
        let told = said(&lost);
        assert!(told.contains("whether the clock was stepped is not known; no file was changed there"), "{lost}");
        assert!(!told.contains("guard") && !told.contains("old files"), "{lost}");

        let stepped = site.clockaudit(&makestep);
        assert_eq!(stepped.status, Some(0), "{stepped}");
        let left = site.clock("host").offset();
        assert!(left.0.abs() < SECOND / 20, "off by {left:?}");
        assert_eq!(untouched(site, "host"), before, "a file was changed, or chronyd was restarted");
        // One host that says that it is right is enough to doubt a server that is far from it.
        site.run("host", "until chronyc -n tracking | grep -q 'Leap status *: Normal'; do sleep 0.2; done");
        let far = |words: &[&str]| {
            site.clockaudit(&[&["fix", &inventory, "--ntp-server", FAR_SERVER, "--check"], words].concat())
        };
        let refused = far(&[]);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(refused.stderr.contains("s from UTC as the hosts claim to have it, beyond 100 ms"), "{refused}");
        let forced = far(&["--force", "--step", "any"]);
        assert_eq!(forced.status, Some(0), "{forced}");
    });
}

/// A path of 150 ms each way bounds a clock to 150 ms, which is more than it may be off.
#[test]
fn a_host_that_is_far_away_is_right_by_its_own_word() {
    let furnish = "echo '169.254.169.123 time.fleet.example' >>etc/hosts";
    let plans = [Plan { name: "host", offset: Nanos(-8 * SECOND), furnish }];
    let name = "other_ways::a_host_that_is_far_away_is_right_by_its_own_word";
    with_site(name, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let inventory = site.inventory();
        let delay = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fix_hosts/delay.py");
        let far = format!("-o ProxyCommand='python3 {delay} %h %p 150'");
        let pool = ["--pool", "time.fleet.example", "--hold", "4s", "--yes", "--ssh-common-args", &far];
        let fixed = site.clockaudit(&[&["fix", &inventory], &pool[..]].concat());
        assert_eq!(fixed.status, Some(1), "{fixed}");
        assert!(fixed.stdout.contains("\n1 converged by claim "), "{fixed}");
        assert_eq!(site.ends(), ["host converged_by_claim"]);
        let configured = fs::read_to_string(site.path("host", CONFIGURATION)).expect("text");
        assert!(configured.contains("\npool time.fleet.example iburst\n"), "{configured}");
        let left = site.clock("host").offset();
        assert!(left.0.abs() < SECOND / 20, "off by {left:?}");
        // The same where nothing but a step is asked for: no guard has to be told anything, and chronyd's word counts.
        let stepped =
            ["fix", &inventory, "--makestep", "--step", "any", "--hold", "4s", "--yes", "--ssh-common-args", &far];
        let stepped = site.clockaudit(&stepped);
        assert_eq!(stepped.status, Some(1), "{stepped}");
        assert_eq!(site.ends(), ["host converged_by_claim"]);
    });
}

//! `clockaudit fix` as a user runs it, on real hosts: from stock configurations and wrong clocks to hosts that are right.

use std::fs;

use clockaudit::clock::Nanos;

use crate::moments::{everything, untouched};
use crate::requests::CONFIGURATION;
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::support::session::Session;
use crate::{SECOND, with_site};

/// What the hosts follow in the end.
const SERVER: [&str; 2] = ["--ntp-server", CLOUD_SERVER];

/// Runs `fix` for all hosts of a site, each watched for a short time once it is right.
fn fix(site: &Site, more: &[&str]) -> Session {
    let inventory = site.inventory();
    site.clockaudit(&[&["fix", &inventory, "--hold", "4s"], &SERVER[..], more].concat())
}

#[test]
fn stock_hosts_with_wrong_clocks_follow_the_server_and_are_right() {
    // A pattern that backups beside the file must not fit.
    let furnish = "echo 'include /etc/chrony/local*' >>etc/chrony/chrony.conf
        echo 'server 10.88.0.99 iburst' >etc/chrony/local.servers
        chown \"$first_user:$first_user\" etc/chrony/local.servers";
    let plans = [
        Plan { name: "ahead", offset: Nanos(120 * SECOND), furnish },
        Plan { name: "behind", offset: Nanos(-8 * SECOND), furnish: "" },
    ];
    let test = "command::stock_hosts_with_wrong_clocks_follow_the_server_and_are_right";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let hosts = ["ahead", "behind"];
        let stock = hosts.map(|host| fs::read(site.path(host, CONFIGURATION)).expect("the configuration"));
        let before = hosts.map(|host| everything(site, host));
        let checked = fix(site, &["--step", "any", "--check", "--diff", "--detailed-exitcode"]);
        assert_eq!(checked.status, Some(4), "{checked}");
        for line in ["+server 169.254.169.123 prefer iburst", "-leapsectz right/UTC", "stepped back", "stepped forward"]
        {
            assert!(checked.stdout.contains(line), "{line}: {checked}");
        }
        assert_eq!(before, hosts.map(|host| everything(site, host)), "a check changed something");

        let fixed = fix(site, &["--step", "any", "--yes"]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("#clockaudit-off# pool "), "{fixed}");
        for host in hosts {
            let configured = fs::read_to_string(site.path(host, CONFIGURATION)).expect("text");
            let has = |line: &str| configured.lines().any(|known| known == line);
            assert!(
                has("server 169.254.169.123 prefer iburst") && has("#clockaudit-off# leapsectz right/UTC"),
                "{configured}"
            );
            assert!(!configured.lines().any(|line| line.starts_with("pool")), "{configured}");
            let tracking = site.run(host, "chronyc -n tracking");
            assert!(
                tracking.contains("(169.254.169.123)") && tracking.contains("Leap status     : Normal"),
                "{tracking}"
            );
            let sources = site.run(host, "chronyc -n -c sources");
            assert!(sources.lines().count() == 1, "{host}: {sources}");
            let left = site.clock(host).offset();
            assert!(left.0.abs() < SECOND / 20, "{host} is off by {left:?}");
        }

        let before = hosts.map(|host| untouched(site, host));
        let again = fix(site, &["--step", "any", "--yes"]);
        assert_eq!(again.status, Some(0), "{again}");
        assert!(again.stdout.contains("2 as wanted already"), "{again}");
        let checked = fix(site, &["--check", "--detailed-exitcode"]);
        assert_eq!(checked.status, Some(0), "nothing is to be changed: {checked}");
        assert_eq!(before, hosts.map(|host| untouched(site, host)), "a second run changed something");

        // What stands in the file is not what chronyd was started with.
        let wanted = fs::read(site.path("behind", CONFIGURATION)).expect("the configuration");
        fs::write(site.path("behind", CONFIGURATION), &stock[1]).expect("an edit");
        site.run("behind", "systemctl restart chrony");
        fs::write(site.path("behind", CONFIGURATION), wanted).expect("an edit");
        let again = fix(site, &["--step", "any", "--yes"]);
        assert_eq!(again.status, Some(1), "{again}");
        for told in ["its chronyd follows no source", "as wanted, but not followed"] {
            assert!(again.stdout.contains(told), "{told}: {again}");
        }

        let run = site.last_run();
        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        assert!(undone.stdout.contains("2 hosts: 2 restored"), "{undone}");
        for (host, stock) in hosts.iter().zip(&stock) {
            assert_eq!(fs::read(site.path(host, CONFIGURATION)).expect("the configuration"), *stock, "{host}");
            site.run(host, "systemctl is-active chrony && chronyc -n tracking");
        }
        let own = fs::read_to_string(site.path("ahead", "/etc/chrony/local.servers")).expect("a file");
        assert_eq!(own, "server 10.88.0.99 iburst\n");
        // What somebody changed since is not undone.
        fs::write(site.path("ahead", CONFIGURATION), "pool elsewhere iburst\n").expect("an edit");
        let again = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(again.status, Some(3), "{again}");
        assert!(
            again.stdout.contains("left alone: ahead: /etc/chrony/chrony.conf is not what the run wrote"),
            "{again}"
        );
    });
}

#[test]
fn a_step_back_is_asked_for_where_somebody_is_there() {
    let plans = [
        Plan { name: "ahead", offset: Nanos(120 * SECOND), furnish: "" },
        Plan { name: "behind", offset: Nanos(-8 * SECOND), furnish: "" },
    ];
    let test = "command::a_step_back_is_asked_for_where_somebody_is_there";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let before = untouched(site, "ahead");
        let refused = fix(site, &["--yes"]);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(refused.stdout.contains("`--step any`"), "{refused}");
        // A step forward needs nobody's leave.
        assert_eq!(site.ends(), ["behind converged"], "{refused}");
        let stepped =
            |host| site.run(host, "journalctl -q -o cat -u chrony | grep -c 'System clock was stepped' || true");
        assert_ne!(stepped("behind").trim(), "0", "it was to be stepped");
        assert_eq!(stepped("ahead").trim(), "0", "nobody agreed to a step");
        let left = site.clock("behind").offset();
        assert!(left.0.abs() < SECOND / 20, "behind is off by {left:?}");
        let inventory = site.inventory();
        let arguments = [&["fix", &inventory, "--hold", "4s"], &SERVER[..]].concat();
        // Somebody who does not want that, and somebody who takes back what was asked for.
        let (status, output) = site.at_terminal(&arguments, "no\n");
        assert_eq!(status, Some(3), "{output}");
        assert!(output.contains("A step back lets the same instants come twice"), "{output}");
        let (status, output) = site.at_terminal(&arguments, "yes\n2\n");
        assert_eq!(status, Some(3), "{output}");
        assert!(output.contains("nothing was changed: expected `1`, got `2`"), "{output}");
        assert_eq!(untouched(site, "ahead"), before, "something was changed that nobody agreed to");

        let (status, output) = site.at_terminal(&arguments, "yes\n1\n");
        assert_eq!(status, Some(0), "{output}");
        the_line_of_progress_fits(&output);
        let left = site.clock("ahead").offset();
        assert!(left.0.abs() < SECOND / 20, "off by {left:?}");
    });
}

/// What turns on a terminal of 80 columns, and is drawn over by what comes next, takes no second line.
fn the_line_of_progress_fits(output: &str) {
    let is_turning = |line: &&str| line.starts_with(|first| ('\u{2800}'..='\u{28ff}').contains(&first));
    // Before each is what tells the terminal to clear the line: `ESC [ 2K`, and `ESC [ 1A` where there are more.
    let drawn: Vec<&str> = output
        .split(['\r', '\n', '\u{1b}'])
        .map(|part| part.trim_start_matches(|letter: char| "[0123456789KA".contains(letter)))
        .collect();
    let turning: Vec<&str> = drawn.into_iter().filter(is_turning).collect();
    for part in ["2 of 2 connected, 0 looked into", "0 of 1 done, 1 being changed   ahead: ", "…"] {
        assert!(turning.iter().any(|line| line.contains(part)), "{part}: {turning:#?}");
    }
    for line in turning {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
}

//! What is kept between two scans: what changed is told, `explain` needs no flag, and `--no-state` leaves nothing.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends where its preparations fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clockaudit::clock::Nanos;
use clockaudit::demo::{ClockPlan, HostPlan, SimulatedFleet, TimekeeperPlan};
use clockaudit::report::json;
use clockaudit::report::model::{Change, Report};

/// A user with one inventory file, whose hosts are replaced between scans.
struct User {
    home: tempfile::TempDir,
}

/// How a command ended, and what it said.
struct Session {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder") }
    }

    fn inventory(&self) -> PathBuf {
        self.home.path().join("fleet.ini")
    }

    fn state(&self) -> PathBuf {
        self.home.path().join(".local/state/clockaudit")
    }

    fn run(&self, arguments: &[&str]) -> Session {
        let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .args(arguments)
            .env("HOME", self.home.path())
            .env_remove("XDG_STATE_HOME")
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .output()
            .expect("a command that ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Session { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Scans hosts with these offsets in milliseconds through the one inventory.
    fn scan(&self, hosts: &[(&str, i64)], more: &[&str]) -> Session {
        let plan = |(name, millis): &(&str, i64)| {
            let offset = Nanos::from_millis(*millis);
            HostPlan {
                clock: ClockPlan::at(offset),
                timekeeper: TimekeeperPlan::honest(offset),
                ..HostPlan::good(name, "all_of_them")
            }
        };
        let fleet = SimulatedFleet::start(hosts.iter().map(plan).collect(), 1).expect("a simulated fleet");
        fs::copy(fleet.inventory(), self.inventory()).expect("an inventory");
        let known_hosts = format!("UserKnownHostsFile={}", fleet.known_hosts().display());
        let inventory = self.inventory();
        let inventory = inventory.to_str().expect("a path of text");
        let mut arguments = vec!["scan", inventory, "--reference", "controller", "--ssh-option", &known_hosts];
        arguments.extend(more);
        self.run(&arguments)
    }
}

fn report(session: &Session) -> Report {
    json::read(&session.stdout).unwrap_or_else(|error| panic!("{error}\n{}{}", session.stdout, session.stderr))
}

fn hosts<'changes>(changes: &'changes [Change], code: &str) -> Vec<&'changes str> {
    let of_code = changes.iter().filter(|change| change.code == code);
    of_code.flat_map(|change| change.hosts.iter().map(String::as_str)).collect()
}

#[test]
fn the_second_scan_says_what_changed() {
    let user = User::new();
    let before = [("appeared", 0), ("stays", 200), ("mended", 300), ("grows", 200)];
    let first = user.scan(&before, &["-o", "json"]);
    assert_eq!(first.status, Some(2), "{}", first.stderr);
    assert_eq!(report(&first).changes, None, "there is nothing to compare with");

    let after = [("appeared", 300), ("stays", 200), ("mended", 0), ("grows", 900)];
    let changes = report(&user.scan(&after, &["-o", "json"])).changes.expect("changes");
    assert_eq!(hosts(&changes.new, "CLK101"), ["appeared"]);
    assert_eq!(hosts(&changes.resolved, "CLK101"), ["mended"]);
    assert_eq!(hosts(&changes.worse, "CLK101"), ["grows"]);
    assert!(changes.better.is_empty(), "{changes:?}");
    assert_eq!(changes.run, report(&first).run.id);

    // The two are found again for `compare`, by the inventory's name or as the last ones of all.
    let inventory = user.inventory();
    for named in [vec![inventory.to_str().expect("text")], Vec::new()] {
        let compared = user.run(&[&["compare", "--last"], named.as_slice()].concat());
        assert_eq!(compared.status, Some(4), "{}{}", compared.stdout, compared.stderr);
        let told = compared.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in ["New CLK101 appeared +", "Worse CLK101 grows +", "Resolved CLK101 mended +"] {
            assert!(told.contains(words), "{words}: {}", compared.stdout);
        }
        let since = report(&first).run.started.to_text()[..16].replace('T', " ");
        assert!(told.contains(&format!(", first seen {since} UTC")), "{}", compared.stdout);
    }
    let other = user.run(&["compare", "--last", "-l", "stays", inventory.to_str().expect("text")]);
    assert_eq!(other.status, Some(65), "{}", other.stdout);
    assert!(other.stderr.contains("no two scans of it were kept"), "{}", other.stderr);

    let table = user.scan(&before, &[]).stdout;
    let told = table.lines().skip_while(|line| !line.starts_with("Changes")).take(4).collect::<Vec<_>>().join("\n");
    for words in ["new: CLK101 mended", "gone: CLK101 appeared", "better: CLK101 grows"] {
        assert!(told.contains(words), "{words}: {table}");
    }
    let same = user.scan(&before, &[]).stdout;
    assert!(same.contains("Changes     none since the scan of "), "{same}");
    let compared = user.run(&["compare", "--last"]);
    assert_eq!(
        (compared.status, compared.stdout.contains("\nChanges     none\n")),
        (Some(0), true),
        "{}",
        compared.stdout
    );
}

#[test]
fn a_host_that_is_explained_needs_no_report_named() {
    let user = User::new();
    let none = user.run(&["explain", "web1"]);
    assert_eq!(none.status, Some(64));
    assert!(none.stderr.contains("scan first"), "{}", none.stderr);

    user.scan(&[("web1", 300), ("web2", 0)], &[]);
    let explained = user.run(&["explain", "web1"]);
    assert_eq!(explained.status, Some(0), "{}", explained.stderr);
    for words in ["web1  CRIT", "Offset      +300.", "CLK101", "do: ", "clockaudit explain CLK101"] {
        assert!(explained.stdout.contains(words), "{words}: {}", explained.stdout);
    }
    let code = user.run(&["explain", "clk101"]);
    assert!(code.stdout.starts_with("CLK101  the offset is beyond the critical limit"), "{}", code.stdout);
    assert!(code.stdout.contains("web1"), "{}", code.stdout);
    let unknown = user.run(&["explain", "web3"]);
    assert_eq!(unknown.status, Some(64));
    assert!(unknown.stderr.contains("that scan has web1, web2"), "{}", unknown.stderr);
}

#[test]
fn what_is_to_be_typed_next_finds_this_report() {
    let user = User::new();
    let next = |session: &Session| {
        let command = session.stdout.lines().find_map(|line| line.strip_prefix("Next        clockaudit "));
        command.unwrap_or_else(|| panic!("{}{}", session.stdout, session.stderr)).to_owned()
    };
    let explains = |command: &str| {
        let session = user.run(&command.split(' ').collect::<Vec<_>>());
        assert!(session.stdout.starts_with("web1  CRIT"), "{command}: {}{}", session.stdout, session.stderr);
    };
    let hosts = [("web1", 300)];
    assert_eq!(next(&user.scan(&hosts, &["--no-state"])), "explain CLK109", "no report is kept to find the host in");
    let file = user.home.path().join("report.json");
    let file = file.to_str().expect("a path of text");
    let exported = next(&user.scan(&hosts, &["--no-state", "--export", file]));
    assert_eq!(exported, format!("explain web1 --report {file}"));
    explains(&exported);
    // The last scan is another one by now.
    user.scan(&[("web1", 0)], &[]);
    let shown = next(&user.run(&["report", file]));
    assert_eq!(shown, exported);
    let kept = next(&user.scan(&hosts, &[]));
    assert_eq!(kept, "explain web1");
    explains(&kept);
}

#[test]
fn what_is_kept_is_the_users_own_and_only_where_it_is_wanted() {
    let user = User::new();
    user.scan(&[("web1", 0)], &["--no-state"]);
    assert!(!user.state().exists() && !user.home.path().join(".local").exists());
    fs::create_dir_all(user.state()).expect("a folder");
    fs::set_permissions(user.state(), fs::Permissions::from_mode(0o755)).expect("permissions");
    user.scan(&[("web1", 0)], &[]);
    let mode = |path: &Path| fs::metadata(path).expect("kept").permissions().mode() & 0o777;
    assert_eq!(mode(&user.state()), 0o700);
    let files: Vec<PathBuf> =
        fs::read_dir(user.state()).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    for file in &files {
        assert_eq!(mode(file), 0o600);
    }
}

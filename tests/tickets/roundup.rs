//! The real Roundup, from `PyPI`, on loopback, as a user without rights.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clockaudit::clock::UnixNanos;
use clockaudit::report::Report;
use clockaudit::report::model::Verdict;
use clockaudit::report::quantity::Instant;
use clockaudit::tickets::{Key, mark};
use serde_json::Value;

use crate::command::User;
use crate::reports::{self, bad, changed, clear, many, stored, with_causes};

/// Where `tests/run` installs it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/roundup");
/// A user without rights: the server refuses to run as root.
const NOBODY: u32 = 65_534;

/// A tracker with its server.
struct Roundup {
    home: tempfile::TempDir,
    server: Child,
    url: String,
}

impl Roundup {
    fn start() -> Self {
        Self::start_with("def init(db): pass\n")
    }

    /// The same with a rule of its own.
    fn start_with(rule: &str) -> Self {
        let program = |name: &str| format!("{INSTALLED}/python/bin/{name}");
        assert!(
            Path::new(&program("roundup-server")).exists(),
            "Roundup is missing: `./tests/run --set-up` installs it"
        );
        let home = tempfile::Builder::new().prefix("roundup").tempdir_in(std::env::temp_dir()).expect("a folder");
        let tracker = home.path().join("tracker");
        let admin = |arguments: &[&str], answer: &str| {
            let mut command = Command::new(program("roundup-admin"));
            command
                .arg("-i")
                .arg(&tracker)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut running = command.spawn().expect("roundup-admin");
            std::io::Write::write_all(&mut running.stdin.take().expect("a pipe"), answer.as_bytes())
                .expect("an answer");
            assert!(running.wait().expect("an end").success(), "{arguments:?}");
        };
        admin(&["install", "classic", "anydbm"], "");
        // The port is chosen before the server is there, which shares addresses.
        let (held, port) = super::server::held_port();
        let url = format!("http://127.0.0.1:{port}/tracker");
        let settings = fs::read_to_string(tracker.join("config.ini")).expect("settings");
        let settings = settings
            .replace("\n#web = NO DEFAULT\n", &format!("\nweb = {url}/\n"))
            .replace("\n#domain = NO DEFAULT\n", "\ndomain = localhost\n")
            .replace("\n#host = NO DEFAULT\n", "\nhost = localhost\n");
        fs::write(tracker.join("config.ini"), settings).expect("settings");
        admin(&["initialise", "adm1n-secret"], "Y\n");
        fs::write(tracker.join("detectors/rule.py"), rule).expect("a rule");
        // Whoever has no rights may not be able to look into this folder.
        let packages = home.path().join("lib");
        fs::create_dir(&packages).expect("a folder");
        let mut copied = Command::new("sh");
        copied.args(["-c", "cp -r \"$1\"/python/lib/python3*/site-packages/roundup \"$2\"", "sh", INSTALLED]);
        assert!(copied.arg(&packages).status().expect("cp").success());
        let owned = Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(home.path()).status();
        assert!(owned.expect("chown").success());
        let mut command = Command::new("/usr/bin/python3");
        command
            .env("PYTHONPATH", &packages)
            .args(["-m", "roundup.scripts.roundup_server", "-n", "127.0.0.1", "-p", &port.to_string()])
            .arg(format!("tracker={}", tracker.display()));
        command.uid(NOBODY).gid(NOBODY).env("HOME", home.path()).current_dir("/").env("PYTHONUNBUFFERED", "1");
        let mut server =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a server");
        // It says so once it listens.
        let mut said = BufReader::new(server.stdout.take().expect("a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        assert!(line.contains("Roundup server started"), "{line}");
        drop(held);
        // Whoever reads no more must not end it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { home, server, url }
    }

    fn user(&self, secret: &str) -> User {
        User::new(&["roundup", "--url", &self.url], &[("ROUNDUP_USER", "admin"), ("ROUNDUP_PASSWORD", secret)])
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut curl = Command::new("curl");
        curl.args(["-sSf", "-u", "admin:adm1n-secret", "-H", "X-Requested-With: rest"])
            .arg(format!("{}/rest/data/{path}", self.url));
        let output = curl.output().expect("curl");
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Makes issues with these titles, all at once: one request after the other takes long.
    fn make(&self, titles: &[String]) {
        let script = "import sys, roundup.instance\n\
                      db = roundup.instance.open(sys.argv[1]).open('admin')\n\
                      for title in sys.stdin: db.issue.create(title=title.strip())\n\
                      db.commit()\n\
                      db.close()";
        let mut python = Command::new("/usr/bin/python3");
        python.args(["-c", script]).arg(self.home.path().join("tracker"));
        python.env("PYTHONPATH", self.home.path().join("lib")).env("HOME", self.home.path()).current_dir("/");
        let mut running = python.uid(NOBODY).gid(NOBODY).stdin(Stdio::piped()).spawn().expect("python");
        let mut lines = running.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut lines, titles.join("\n").as_bytes()).expect("titles");
        drop(lines);
        assert!(running.wait().expect("an end").success());
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path)).expect("JSON")
    }

    /// The numbers of issues that are not resolved.
    fn open(&self) -> Vec<String> {
        let found = self.json("issue?@verbose=2&@fields=status");
        let issues = found["data"]["collection"].as_array().expect("issues").iter();
        let open = issues.filter(|issue| issue["status"]["name"] != "resolved");
        open.map(|issue| issue["id"].as_str().expect("a number").to_owned()).collect()
    }
}

impl Drop for Roundup {
    fn drop(&mut self) {
        // What is gone already needs no end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn the_real_roundup_keeps_one_ticket_through_its_life() {
    let roundup = Roundup::start();
    let user = roundup.user("adm1n-secret");
    let count =
        |what: &str| roundup.json("issue/1?@verbose=2")["data"]["attributes"][what].as_array().expect("a list").len();
    assert!(user.ticket(&bad(), &[]).good().starts_with("created issue1  clk-"));
    assert_eq!((count("messages"), count("files")), (1, 2));
    let title = roundup.json("issue/1")["data"]["attributes"]["title"].as_str().expect("a title").to_owned();
    assert!(title.starts_with("Clocks: CRIT, 2 of 12 hosts crit") && title.contains(" [clk-"), "{title}");
    // Byte for byte.
    assert!(roundup.get("file/1/binary_content") == stored(&bad()).into_bytes());
    let said = String::from_utf8(roundup.get("msg/1/binary_content")).expect("text");
    assert!(said.contains("auth02") && said.contains("WHAT TO DO"), "{said}");

    assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged issue1"));
    assert_eq!((count("messages"), count("files")), (1, 2), "nothing changed, so nothing is said");
    assert!(user.ticket(&changed(), &[]).good().starts_with("updated issue1"));
    assert_eq!((count("messages"), count("files")), (2, 4));
    let said = String::from_utf8(roundup.get("msg/2/binary_content")).expect("text");
    assert!(said.contains("+2 −2"), "{said}");
    // Another machine finds it by its key.
    assert!(roundup.user("adm1n-secret").ticket(&changed(), &[]).good().starts_with("unchanged issue1"));

    assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("resolved issue1"));
    assert!(roundup.open().is_empty());
    assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("no ticket is needed"));
    assert!(user.ticket(&bad(), &[]).good().starts_with("reopened issue1"));
    assert_eq!(roundup.open(), ["1"]);
    assert!(user.ticket(&many(), &[]).good().starts_with("updated issue1"));
    let ran = roundup.user("wr0ng-secret").ticket(&bad(), &[]);
    assert_eq!(ran.status, Some(75), "{}", ran.stderr);
    assert!(ran.stderr.contains("roundup answered 401") && !ran.stderr.contains("wr0ng"), "{}", ran.stderr);
}

#[test]
fn a_file_that_the_real_roundup_refuses_stops_nothing_and_is_told() {
    let roundup = Roundup::start_with(
        "from roundup.exceptions import Reject\n\
         def check(db, cl, nodeid, values):\n \
         if values.get('name', '').endswith('.html'): raise Reject('no pages here')\n\
         def init(db): db.file.audit('create', check)\n",
    );
    let user = roundup.user("adm1n-secret");
    for (report, word, number) in [(bad(), "created issue1 ", 1), (changed(), "updated issue1 ", 2)] {
        let ran = user.ticket(&report, &[]);
        assert!(ran.stderr.contains(".html is not attached: roundup answered 405: no pages here"), "{ran:?}");
        assert!(ran.good().starts_with(word));
        let said = String::from_utf8(roundup.get(&format!("msg/{number}/binary_content"))).expect("text");
        assert!(said.starts_with("Not every file of this report is attached"), "{said}");
        let files = roundup.json("issue/1?@verbose=2")["data"]["attributes"]["files"].as_array().map(Vec::len);
        assert_eq!(files, Some(number), "the other file is there");
        assert!(user.ticket(&report, &[]).good().starts_with("unchanged issue1 "));
    }
}

/// Each run is of somebody who was never here before, and other tickets fill the first page.
#[test]
fn the_real_roundup_tells_which_tickets_of_hosts_and_causes_are_over() {
    let roundup = Roundup::start();
    let ticket = |report: &Report, grain: &str, more: &[&str]| {
        let arguments = [&["--grain", grain, "--scope", "prod"], more].concat();
        roundup.user("adm1n-secret").ticket(report, &arguments).good()
    };
    let lines = |told: &str, word: &str| {
        assert!(told.lines().all(|line| line.starts_with(word)), "{word}: {told}");
        told.lines().count()
    };
    // Newer than all that is done meanwhile.
    let mut clear = clear();
    clear.run.finished = Instant(UnixNanos(4_000_000_000_000_000_000));
    let mut bad = with_causes();
    bad.hosts.retain(|host| host.verdict == Verdict::Ok || ["auth02", "db01"].contains(&host.name.as_str()));
    for grain in ["host", "cause"] {
        assert_eq!(lines(&ticket(&bad, grain, &[]), "created "), 2, "{grain}");
    }
    let title = |number: usize| {
        let (key, scope) = (Key::of("test", &number.to_string()), Key::of("test", "cause"));
        format!("Clocks: something else [{}]", mark(&key, "0123456789abcdef", Some(&scope)))
    };
    roundup.make(&(0..100).map(title).collect::<Vec<_>>());
    for (grain, left) in [("host", 102), ("cause", 100)] {
        assert_eq!(ticket(&reports::clear(), grain, &["--resolve"]), "", "{grain}: an older report");
        assert_eq!(lines(&ticket(&clear, grain, &[]), "cleared "), 2, "{grain}");
        assert_eq!(lines(&ticket(&clear, grain, &["--resolve"]), "resolved "), 2, "{grain}");
        assert_eq!(roundup.open().len(), left, "{grain}");
        assert_eq!(ticket(&clear, grain, &["--resolve"]), "", "{grain}");
    }
}

#[test]
fn runs_at_once_leave_one_open_ticket_in_the_real_roundup() {
    let roundup = Roundup::start();
    // Each has a home of its own, so that no lock keeps them apart.
    let users = [(); 2].map(|()| roundup.user("adm1n-secret"));
    let started: Vec<_> = users.iter().map(|user| user.command(&bad(), &[]).spawn().expect("a run")).collect();
    for mut run in started {
        assert!(run.wait().expect("an end").success());
    }
    let open = roundup.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(
        roundup.user("adm1n-secret").ticket(&bad(), &[]).good().starts_with(&format!("unchanged issue{}", open[0]))
    );
}

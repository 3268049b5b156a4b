//! A site: containers with Debian's own chrony, sshd and sudo, each with a clock of its own, and time servers beside them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use clockaudit::clock::{Nanos, Ppm};
use clockaudit::files::journal::Journals;
use clockaudit::fix::journal::{self, Record};
use clockaudit::fix::remote::{Answer, Digest, Heard, Request, RunId, Step, Transcript, script};

use crate::running::Running;
use crate::support;
use crate::support::confinement::unable_to_set_clock;
use crate::support::host_clock::{self, HostClock};

/// The address that clouds have their time server at.
pub(crate) const CLOUD_SERVER: &str = "169.254.169.123";

/// What a host of a site is to be.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    /// How far its clock is ahead of this machine's at the start.
    pub(crate) offset: Nanos,
    /// What is done to its files before it boots, by bash in its root folder.
    pub(crate) furnish: &'static str,
}

/// How the hosts of a site start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boot {
    /// As Debian does, by systemd.
    Whole,
    /// With sshd alone, and chronyd by its script for a sysv init.
    Light,
    /// With sshd, and what `OpenRC` starts.
    OpenRc,
}

/// A running site; it ends when dropped, and nothing of it stays.
pub(crate) struct Site {
    first_process: Child,
    life: Option<ChildStdin>,
    folder: tempfile::TempDir,
    hosts: Vec<(&'static str, HostClock)>,
}

impl Site {
    /// Boots the hosts, with a time server at each of the addresses that is as far ahead of this machine as is said.
    pub(crate) fn start(plans: &[Plan], servers: &[(&str, Nanos)]) -> Self {
        Self::start_by(Boot::Whole, plans, servers)
    }

    /// The same, its hosts started in that way.
    pub(crate) fn start_by(boot: Boot, plans: &[Plan], servers: &[(&str, Nanos)]) -> Self {
        let system = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fix-hosts");
        assert!(system.join("made").is_file(), "the system of the fix hosts is not there; tests/run --set-up makes it");
        // Not below /tmp: an overlay's files cannot lie on every file system that may be there.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let path = folder.path();
        fs::copy(host_clock::library(), path.join("clock.so")).expect("the preloaded clock");
        let key = path.join("key");
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
        assert!(made.expect("ssh-keygen").success());
        let hosts: Vec<_> = plans
            .iter()
            .map(|plan| {
                let own = path.join(plan.name);
                fs::create_dir(&own).expect("a folder of the host");
                fs::write(own.join("furnish"), plan.furnish).expect("what is done to its files");
                (plan.name, HostClock::create(&own.join("clock"), plan.offset, Ppm::from_ppb(0)))
            })
            .collect();
        for (address, ahead) in servers {
            HostClock::create(&path.join(format!("{address}.clock")), *ahead, Ppm::from_ppb(0));
        }
        let served: Vec<String> = servers.iter().map(|(address, _)| format!("{address}={address}.clock")).collect();
        let names: Vec<&str> = plans.iter().map(|plan| plan.name).collect();
        let mut command = unable_to_set_clock();
        command.args(["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "bash"]);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fix_hosts/site.sh"));
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("SITE_FOLDER", path).env("SYSTEM", system).env("HOSTS", names.join(" "));
        let boot = match boot {
            Boot::Whole => "whole",
            Boot::Light => "light",
            Boot::OpenRc => "openrc",
        };
        command.env("SERVERS", served.join(" ")).env("BOOT", boot);
        let log = fs::File::create(path.join("said")).expect("a log");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut first_process = command.spawn().expect("the first process of a site");
        let life = first_process.stdin.take();
        let mut greeting = String::new();
        let output = first_process.stdout.take().expect("the output of the first process");
        let outcome = BufReader::new(output).read_line(&mut greeting);
        let log = ["said", "log"].map(|name| fs::read_to_string(path.join(name)).unwrap_or_default());
        assert!(outcome.is_ok() && greeting == "ready\n", "the site did not start:\n{log:?}");
        Self { first_process, life, folder, hosts }
    }

    /// The clock of a host.
    pub(crate) fn clock(&self, host: &str) -> &HostClock {
        &self.hosts.iter().find(|(name, _)| *name == host).expect("a host of the site").1
    }

    /// The address of a host.
    fn address(&self, host: &str) -> String {
        let number = self.hosts.iter().position(|(name, _)| *name == host).expect("a host of the site");
        format!("10.88.0.{}", 11 + number)
    }

    /// Where a file of a host lies, for whoever is root of this machine.
    pub(crate) fn path(&self, host: &str, path: &str) -> PathBuf {
        let first = self.first_process.id();
        let root = self.folder.path().join(host).join("root");
        Path::new(&format!("/proc/{first}/root")).join(root.strip_prefix("/").expect("absolute")).join(&path[1..])
    }

    /// Runs a line of sh inside a host, as its root; returns what it printed, and fails where it fails.
    pub(crate) fn run(&self, host: &str, line: &str) -> String {
        let first = self.first_process.id();
        let leader = fs::read_to_string(self.folder.path().join(host).join("leader")).expect("its first process");
        let mut command = unable_to_set_clock();
        command.args(["nsenter", &format!("--mount=/proc/{first}/ns/mnt"), &format!("--net=/proc/{first}/ns/net")]);
        command.arg(format!("--pid=/proc/{first}/ns/pid_for_children"));
        command.args(["nsenter", "--all", "--target", leader.trim(), "/bin/sh", "-c", line]);
        let output = command.stdin(Stdio::null()).output().expect("nsenter");
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{host}: {line}: {complained}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// An inventory of the hosts, each logged in to as a user who may become root.
    pub(crate) fn inventory(&self) -> String {
        let folder = self.folder.path();
        let hosts = self.hosts.iter().map(|(name, _)| format!("{name} ansible_host={}\n", self.address(name)));
        let common = format!(
            "[all:vars]\nansible_user=audit\nansible_become=true\nansible_ssh_private_key_file={}\n",
            folder.join("key").display()
        );
        let path = folder.join("hosts.ini");
        fs::write(&path, hosts.chain([common]).collect::<String>()).expect("an inventory");
        path.to_str().expect("a path of text").to_owned()
    }

    /// Writes a file of the controller; returns where it is.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a path of text").to_owned()
    }

    /// Runs a line of sh in the site's network, beside the hosts.
    pub(crate) fn in_network(&self, line: &str) {
        let session = support::session::run(&mut self.command(&["/bin/sh", "-c", line]));
        assert_eq!(session.status, Some(0), "{line}: {session}");
    }

    /// The journal of a run.
    pub(crate) fn journal(&self, run: &str) -> Vec<Record> {
        let journals = Journals::at(&self.folder.path().join("state/clockaudit/runs"));
        let text = journals.read(&RunId::new(run).expect("a name of a run")).expect("a journal");
        journal::read(&text).expect("a journal that can be read")
    }

    /// How each host ended, as the journal of the last run has it: `HOST OUTCOME`.
    pub(crate) fn ends(&self) -> Vec<String> {
        let ended = |record| match record {
            Record::Ended(ended) => Some(format!("{} {}", ended.host, ended.outcome)),
            _ => None,
        };
        let mut ends: Vec<String> = self.journal(&self.last_run()).into_iter().filter_map(ended).collect();
        ends.sort();
        ends
    }

    /// The folder that the controller's user keeps things in.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Runs clockaudit in the site's network, with nothing of whoever runs the tests; what it keeps is kept in the site's folder.
    pub(crate) fn clockaudit(&self, arguments: &[&str]) -> support::session::Session {
        support::session::run(self.command(&[]).arg(env!("CARGO_BIN_EXE_clockaudit")).args(self.words(arguments)))
    }

    /// The same, running while the test looks on.
    pub(crate) fn start_clockaudit(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(&[]).arg(env!("CARGO_BIN_EXE_clockaudit")).args(self.words(arguments)))
    }

    /// Runs clockaudit as `clockaudit` does, and records every program that it starts, itself first: arguments and environment.
    pub(crate) fn recorded(&self, record: &Path, arguments: &[&str]) -> support::session::Session {
        let mut command = self.command(&["strace", "--seccomp-bpf"]);
        command.args(RECORDING).arg("-o").arg(record).arg(env!("CARGO_BIN_EXE_clockaudit"));
        support::session::run(command.args(self.words(arguments)))
    }

    /// Records every program that is started on a host from here on, by its init and by its sshd: arguments and environments.
    pub(crate) fn record(&self, host: &str, record: &Path) -> Recording {
        let first = self.first_process.id();
        let leader = fs::read_to_string(self.folder.path().join(host).join("leader")).expect("its first process");
        let mut command = unable_to_set_clock();
        command.args(["nsenter", &format!("--mount=/proc/{first}/ns/mnt")]);
        command.arg(format!("--pid=/proc/{first}/ns/pid_for_children"));
        // All its sshd are those of this host: it is the only one.
        assert_eq!(self.hosts.len(), 1, "whose sshd?");
        let line = "pids=\"$1 $(pgrep -x sshd)\"; shift; strace \"$@\" -p \"$pids\" & \
                    for pid in $pids; do until grep -q 'TracerPid.*[1-9]' /proc/$pid/status; do sleep 0.1; done; done; \
                    echo recording; read -r _; kill $!; wait $!";
        command.args(["sh", "-c", line, "sh", leader.trim()]).args(RECORDING).arg("-o").arg(record);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("strace");
        let mut said = String::new();
        let started = BufReader::new(child.stdout.take().expect("its output")).read_line(&mut said);
        assert!(started.is_ok() && said == "recording\n", "nothing is recorded");
        Recording(child)
    }

    /// The same on a terminal of 80 columns on which this is typed: all that was printed, and the exit status.
    pub(crate) fn at_terminal(&self, arguments: &[&str], typed: &str) -> (Option<i32>, String) {
        let words = self.words(arguments);
        let line = [env!("CARGO_BIN_EXE_clockaudit").to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        let line = format!("stty cols 80 rows 24; {line}");
        let mut command = self.command(&["script", "--quiet", "--return", "--command", &line, "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a terminal");
        // It stays open: the end of what is typed would end the terminal.
        let mut keyboard = child.stdin.take().expect("a keyboard");
        keyboard.write_all(typed.as_bytes()).expect("it is typed");
        let output = child.wait_with_output().expect("the end");
        drop(keyboard);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What is typed behind the program's name.
    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let known_hosts = format!("UserKnownHostsFile={}", self.folder.path().join("known_hosts").display());
        let common = ["-F", "none", "--accept-new", "--ssh-option", &known_hosts];
        arguments.iter().chain(&common).map(|word| (*word).to_owned()).collect()
    }

    /// A program in the site's network.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.first_process.id())).args(words);
        command.env("XDG_STATE_HOME", self.folder.path().join("state")).env("HOME", self.folder.path());
        command.env_remove("SSH_AUTH_SOCK").env_remove("ANSIBLE_INVENTORY");
        command
    }

    /// The name of the last run that has a journal.
    pub(crate) fn last_run(&self) -> String {
        self.runs().into_iter().next().expect("a run")
    }

    /// The names of all runs that have a journal, the last one first.
    pub(crate) fn runs(&self) -> Vec<String> {
        Journals::at(&self.folder.path().join("state/clockaudit/runs")).runs()
    }

    /// Opens a session to a host over SSH, as root by sudo, up to the script's greeting.
    pub(crate) fn open(&self, host: &str) -> Session {
        Session::start(self.ssh(host, &format!("exec sudo -n {}", script::START)))
    }

    /// Runs a command line on a host over SSH, as its user.
    pub(crate) fn ssh(&self, host: &str, line: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.first_process.id()));
        command.args([
            "ssh",
            "-F",
            "none",
            "-q",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-i",
        ]);
        command.arg(self.folder.path().join("key")).arg(format!("audit@{}", self.address(host)));
        command.arg(line);
        command
    }
}

/// What strace records: each program whole, with its arguments and its environment.
const RECORDING: [&str; 7] = ["-f", "-v", "-qq", "-s", "1000000", "-e", "trace=execve,execveat"];

/// A recording that goes on.
pub(crate) struct Recording(Child);

impl Recording {
    /// Ends it, all of it written.
    pub(crate) fn end(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("its end");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.life.take());
        let _ = self.first_process.wait();
    }
}

/// A session with the script.
pub(crate) struct Session {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    transcript: Transcript,
    heard: Vec<Heard>,
}

impl Session {
    /// Runs a command that starts the shell, and has it read the script.
    pub(crate) fn start(command: Command) -> Self {
        Self::start_by(command, None)
    }

    /// The same by a program that asks for a password first, in these words; it gets the password once.
    pub(crate) fn start_by(mut command: Command, question: Option<(&str, &str)>) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if question.is_some() {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn().expect("a program that reaches the host");
        let mut stdin = child.stdin.take().expect("its input");
        if let Some((words, password)) = question {
            let mut asks = child.stderr.take().expect("its complaints");
            // A lecture may come before it.
            let mut heard = Vec::new();
            while !heard.ends_with(words.as_bytes()) {
                let mut byte = [0];
                let asked = asks.read_exact(&mut byte);
                assert!(asked.is_ok(), "no question: {}", String::from_utf8_lossy(&heard));
                heard.extend(byte);
            }
            stdin.write_all(format!("{password}\n").as_bytes()).expect("the password is taken");
        }
        let stdout = child.stdout.take().expect("its output");
        let mut session = Self { child, stdin, stdout, transcript: Transcript::new(), heard: Vec::new() };
        assert_eq!(session.next(), Heard::Shell);
        session.stdin.write_all(script::script().as_bytes()).expect("the script is taken");
        assert_eq!(session.next(), Heard::Script { is_root: true });
        session
    }

    /// The next thing that the host says.
    pub(crate) fn next(&mut self) -> Heard {
        while self.heard.is_empty() {
            let mut bytes = [0; 4096];
            let size = self.stdout.read(&mut bytes).expect("output");
            assert!(size > 0, "the session has ended");
            self.heard = self.transcript.hear(&bytes[..size]).expect("a line of the script");
        }
        self.heard.remove(0)
    }

    pub(crate) fn send(&mut self, request: &Request) {
        self.stdin.write_all(request.lines().expect("a request").as_bytes()).expect("the request is taken");
    }

    /// Asks, and waits for the answer; with it what was done on the way.
    pub(crate) fn ask(&mut self, request: &Request) -> (Vec<Step>, Answer) {
        self.send(request);
        let mut steps = Vec::new();
        loop {
            match self.next() {
                Heard::Step(step) => steps.push(step),
                Heard::Answer(answer) => return (steps, answer),
                other => panic!("{other:?} in the middle"),
            }
        }
    }

    /// Waits for a step.
    pub(crate) fn until(&mut self, is_it: impl Fn(&Step) -> bool) {
        loop {
            match self.next() {
                Heard::Step(step) if is_it(&step) => return,
                Heard::Step(_) => {}
                other => panic!("{other:?} before the step"),
            }
        }
    }

    /// Ends the connection as a broken wire does.
    pub(crate) fn cut(mut self) {
        self.child.kill().expect("the connection ends");
        self.child.wait().expect("it has ended");
    }
}

/// The digest of a host's file.
pub(crate) fn digest(site: &Site, host: &str, path: &str) -> Option<Digest> {
    fs::read(site.path(host, path)).ok().map(|bytes| Digest::of(&bytes))
}

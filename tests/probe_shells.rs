//! The probe under real shells: every login shell passes the exec string on, every rung of the ladder is found when the
//! better ones do not work, its readings are true, the facts follow in the same stream, and nothing is left behind.
//!
//! Programs are hidden as they are in life: something of that name is there, and does not work. A missing shell is a failure,
//! `tests/run` installs them all.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a broken case must end the test"
)]

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use clockaudit::clock::{Exchange, Nanos, UnixNanos};
use clockaudit::probe::transcript::{Heard, Transcript};
use clockaudit::probe::{Facts, Reader, script};
use clockaudit::timekeeper::{ClaimOutcome, claim};
use tempfile::TempDir;

/// Shells that people log in with, as they are started by sshd: `SHELL -c COMMAND`.
const LOGIN_SHELLS: [&[&str]; 8] =
    [&["dash"], &["bash"], &["busybox", "sh"], &["ksh93"], &["mksh"], &["zsh"], &["fish"], &["tcsh"]];

/// Shells that `/bin/sh` may be, and whether they know `$EPOCHREALTIME` themselves.
const BIN_SHELLS: [(&str, bool); 6] =
    [("dash", false), ("bash", true), ("busybox", true), ("ksh93", false), ("mksh", true), ("zsh", false)];

/// A host on which some programs do not work, or are others than here.
#[derive(Debug, Clone, Copy)]
struct Host {
    /// The programs that do not work.
    hidden: &'static [&'static str],
    /// The programs that are busybox's: its `date` knows neither `-f` nor `%N`.
    busybox: &'static [&'static str],
    /// The programs that are scripts of `/bin/sh`.
    scripts: &'static [(&'static str, &'static str)],
    /// The reader that is left, if `/bin/sh` does not read the clock itself.
    reader: Reader,
}

const fn host(hidden: &'static [&'static str], busybox: &'static [&'static str], reader: Reader) -> Host {
    Host { hidden, busybox, scripts: &[], reader }
}

const HOSTS: [Host; 9] = [
    host(&[], &[], Reader::Bash),
    host(&["bash"], &[], Reader::DateStream),
    host(&["bash", "stdbuf"], &[], Reader::Perl),
    host(&["bash", "stdbuf", "perl"], &[], Reader::Python),
    host(&["bash", "stdbuf", "perl", "python3"], &[], Reader::Zsh),
    host(&["bash", "stdbuf", "perl", "python3", "zsh"], &[], Reader::DatePair),
    host(&["bash", "stdbuf", "perl", "python3", "zsh"], &["date"], Reader::Adjtimex),
    host(&["bash", "stdbuf", "perl", "python3", "zsh", "busybox"], &["date"], Reader::WholeSecond),
    host(EVERYTHING, &[], Reader::DatePair),
];

/// All that the probe and the facts script ever name, but `date`.
const EVERYTHING: &[&str] = &[
    "adjtimex",
    "bash",
    "busctl",
    "busybox",
    "cat",
    "chronyc",
    "grep",
    "head",
    "id",
    "ntp-ctl",
    "ntpctl",
    "ntpq",
    "ntptime",
    "perl",
    "ps",
    "python3",
    "readlink",
    "sleep",
    "stdbuf",
    "systemctl",
    "systemd-detect-virt",
    "timedatectl",
    "timeout",
    "tr",
    "uname",
    "vmware-toolbox-cmd",
    "zsh",
];

/// How sshd connects a command: by pipes or by a socket, for which some shells read differently.
#[derive(Debug, Clone, Copy)]
enum Stdin {
    Pipe,
    Socket,
}

fn path_of(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{program} is not installed; tests/run installs it"))
}

fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    UnixNanos(i64::try_from(since.as_nanos()).expect("before 2262"))
}

/// One running probe.
struct Session {
    child: Child,
    stdin: Option<Box<dyn Write>>,
    stdout: ChildStdout,
    transcript: Transcript,
    /// The home, working and temporary folder of the session; must stay empty.
    home: TempDir,
    _shadows: TempDir,
    mark: String,
}

/// How long a process that has closed its output may take to be gone, on a machine that is busy with other tests.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl Session {
    fn start(login: &[&str], bin_shell: &str, host: Host, stdin: Stdin) -> Self {
        let (home, shadows) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for program in host.hidden {
            symlink("/bin/false", shadows.path().join(program)).expect("a link");
        }
        for program in host.busybox {
            symlink(path_of("busybox"), shadows.path().join(program)).expect("a link");
        }
        for (program, text) in host.scripts {
            let script = shadows.path().join(program);
            fs::write(&script, format!("#!/bin/sh\n{text}\n")).expect("a file");
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
        }
        let shell = shadows.path().join("sh");
        symlink(path_of(bin_shell), &shell).expect("a link");
        let exec = script::exec_command().replace("/bin/sh", shell.to_str().expect("UTF-8"));

        let (program, words) = login.split_first().expect("a shell");
        let mut command = Command::new(path_of(program));
        let mark = format!("CLOCKAUDIT_TEST={}", shadows.path().display());
        // fish makes folders for itself: they are its own, not the probe's.
        command.args(words).arg("-c").arg(exec).current_dir(home.path()).env_clear();
        command.envs([("HOME", home.path()), ("TMPDIR", home.path())]);
        command.envs(
            ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]
                .map(|name| (name, shadows.path())),
        );
        command
            .env("PATH", format!("{}:/usr/bin:/bin", shadows.path().display()))
            .env("CLOCKAUDIT_TEST", shadows.path());
        // A variable of that name is no clock.
        command.env("EPOCHREALTIME", "1700000000.123456");
        let (input, remote): (Option<Box<dyn Write>>, Stdio) = match stdin {
            Stdin::Pipe => (None, Stdio::piped()),
            Stdin::Socket => {
                let (ours, theirs) = UnixStream::pair().expect("a socket pair");
                (Some(Box::new(ours)), OwnedFd::from(theirs).into())
            }
        };
        let mut child =
            command.stdin(remote).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the shell starts");
        let stdin = input.or_else(|| child.stdin.take().map(|pipe| Box::new(pipe) as Box<dyn Write>));
        let stdout = child.stdout.take().expect("a pipe");
        Self { child, stdin, stdout, transcript: Transcript::new(), home, _shadows: shadows, mark }
    }

    fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("an open input");
        stdin.write_all(text.as_bytes()).expect("the shell reads");
        stdin.flush().expect("the shell reads");
    }

    /// Reads until something is heard; nothing at the end of the output.
    fn hear(&mut self) -> Vec<Heard> {
        let mut buffer = [0; 4096];
        loop {
            let read = self.stdout.read(&mut buffer).expect("a readable pipe");
            if read == 0 {
                return Vec::new();
            }
            let heard = self.transcript.feed(&buffer[..read]).expect("an understood answer");
            if !heard.is_empty() {
                return heard;
            }
        }
    }

    fn hello(&mut self) -> (Reader, String) {
        match self.hear().as_slice() {
            [Heard::Hello { reader, system }] => (*reader, system.clone()),
            other => panic!("no greeting but {other:?} after {:?}", self.transcript.first_noise()),
        }
    }

    fn exchange(&mut self, reader: Reader) -> Exchange {
        let sent = now();
        self.write(script::REQUEST);
        let heard = self.hear();
        let received = now();
        match heard.as_slice() {
            [Heard::Reading(reading)] => reading.exchange(reader, sent, received),
            other => panic!("no reading but {other:?}"),
        }
    }

    /// Asks for the facts; returns the bracket's exchange and the facts.
    fn facts(&mut self, reader: Reader) -> (Exchange, Facts) {
        let sent = now();
        self.write(&script::facts_request());
        let (mut bracket, mut facts) = (None, None);
        while facts.is_none() {
            let heard = self.hear();
            assert!(!heard.is_empty(), "the output ended after {:?}", self.transcript.facts());
            for heard in heard {
                match heard {
                    Heard::Bracket(read) => bracket = Some(read.exchange(reader, sent, now())),
                    Heard::FactsEnd(read) => facts = Some(read),
                    other => panic!("{other:?} among the facts"),
                }
            }
        }
        (bracket.expect("a bracket"), facts.expect("facts"))
    }

    /// The session ends by itself, well, and leaves no process and no file.
    fn leaves_nothing(mut self) {
        assert_eq!(self.hear(), []);
        self.stdin = None;
        assert!(self.child.wait().expect("an end").success());
        // The output has ended, so each process has let go of it; the kernel may still be taking the last one down.
        let given_up = std::time::Instant::now() + PATIENCE;
        while !processes_with(&self.mark).is_empty() && std::time::Instant::now() < given_up {
            std::thread::yield_now();
        }
        assert_eq!(processes_with(&self.mark), Vec::<PathBuf>::new());
        let files: Vec<PathBuf> =
            fs::read_dir(self.home.path()).expect("a folder").map(|file| file.expect("a file").path()).collect();
        assert_eq!(files, Vec::<PathBuf>::new());
    }
}

fn processes_with(mark: &str) -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok).map(|entry| entry.path());
    let is_marked = |process: &PathBuf| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    processes.filter(is_marked).collect()
}

/// The reading lies between the stamps: the host's clock is ours.
fn assert_true(exchange: &Exchange) {
    assert!(exchange.is_valid(), "{exchange:?}");
    assert!(exchange.first + exchange.resolution + exchange.lag > exchange.sent, "{exchange:?}");
    assert!(exchange.last <= exchange.received, "{exchange:?}");
}

fn check(login: &[&str], bin_shell: &str, host: Host, expected: Reader, stdin: Stdin) {
    println!("{login:?} -> {bin_shell}, {stdin:?}: {expected:?}");
    let mut session = Session::start(login, bin_shell, host, stdin);
    let (reader, system) = session.hello();
    assert_eq!(reader, expected);
    assert_eq!(system.is_empty(), host.hidden.contains(&"uname"), "{system}");
    for _ in 0..3 {
        assert_true(&session.exchange(reader));
    }
    let (bracket, facts) = session.facts(reader);
    assert_true(&bracket);
    assert!(facts.get("kernel").is_some(), "{facts:?}");
    session.leaves_nothing();
}

#[test]
fn every_login_shell_finds_every_rung() {
    std::thread::scope(|scope| {
        for login in LOGIN_SHELLS {
            scope.spawn(move || HOSTS.map(|host| check(login, "dash", host, host.reader, Stdin::Pipe)));
        }
    });
}

#[test]
fn every_shell_may_be_bin_sh() {
    std::thread::scope(|scope| {
        for (bin_shell, reads_the_clock) in BIN_SHELLS {
            for stdin in [Stdin::Pipe, Stdin::Socket] {
                let expected = move |host: Host| if reads_the_clock { Reader::Shell } else { host.reader };
                scope.spawn(move || HOSTS.map(|host| check(&["dash"], bin_shell, host, expected(host), stdin)));
            }
        }
    });
}

#[test]
fn a_probe_that_is_hung_up_on_ends() {
    for host in HOSTS {
        let mut session = Session::start(&["dash"], "dash", host, Stdin::Pipe);
        let (reader, _) = session.hello();
        assert_true(&session.exchange(reader));
        session.stdin = None;
        session.leaves_nothing();
    }
}

#[test]
fn a_host_without_any_clock_says_so() {
    let hidden = &["adjtimex", "bash", "busybox", "date", "perl", "python3", "stdbuf", "zsh"];
    let mut session = Session::start(&["dash"], "dash", host(hidden, &[], Reader::ExecDate), Stdin::Pipe);
    let mut output = String::new();
    session.stdout.read_to_string(&mut output).expect("text");
    assert!(output.starts_with("\nCKA1 none Linux "), "{output:?}");
    let error = session.transcript.feed(output.as_bytes()).expect_err("no reader");
    assert!(error.to_string().starts_with("no program there reads the clock (Linux "), "{error}");
    session.leaves_nothing();
}

#[test]
fn facts_are_bounded_and_need_no_root() {
    let mut session = Session::start(&["dash"], "dash", HOSTS[0], Stdin::Pipe);
    let (reader, _) = session.hello();
    let (_, facts) = session.facts(reader);
    let Facts(lines) = &facts;
    assert!(lines.len() <= 140 && lines.iter().all(|(key, value)| key.len() + value.len() < 400), "{facts:?}");
    assert!(
        facts.get("uid").is_some() && facts.get("os.ID").is_some() && facts.get("kernel.maxerror").is_some(),
        "{facts:?}"
    );
    session.leaves_nothing();
}

/// `stdbuf` that does nothing: `date -f -` would answer at the end of its input only.
const IDLE_STDBUF: Host =
    Host { hidden: &["bash"], scripts: &[("stdbuf", r#"shift; exec "$@""#)], ..host(&[], &[], Reader::Perl) };

#[test]
fn a_reader_that_would_not_answer_is_passed_over() {
    check(&["dash"], "dash", IDLE_STDBUF, Reader::Perl, Stdin::Pipe);
}

#[test]
fn the_kernel_clock_is_read_in_its_own_unit() {
    const KERNEL: &[&str] = &["bash", "stdbuf", "perl", "python3", "zsh"];
    const MICROSECONDS: Host = Host {
        scripts: &[("busybox", "echo ' status: 64 (UNSYNC)\n time.tv_sec: 1795291639\n time.tv_usec: 42\n'")],
        ..host(KERNEL, &["date"], Reader::Adjtimex)
    };
    const NANOSECONDS: Host = Host {
        scripts: &[("busybox", "echo ' status: 8256 (UNSYNC)\n time.tv_sec: 1795291639\n time.tv_usec: 42\n'")],
        ..MICROSECONDS
    };
    for (bin_shell, _) in BIN_SHELLS.into_iter().filter(|(_, reads_the_clock)| !reads_the_clock) {
        for (host, fraction, resolution) in [(MICROSECONDS, 42_000, 1_000), (NANOSECONDS, 42, 1)] {
            let mut session = Session::start(&["dash"], bin_shell, host, Stdin::Pipe);
            let (reader, _) = session.hello();
            assert_eq!(reader, Reader::Adjtimex);
            let exchange = session.exchange(reader);
            assert_eq!(exchange.first, UnixNanos(1_795_291_639_000_000_000 + fraction), "{bin_shell}");
            assert_eq!(exchange.resolution, Nanos(resolution), "{bin_shell}");
        }
    }
}

/// A chronyc of today, of 1.x, and one that hangs.
const CHRONYC: &str = r#"case "$*" in
*-v*) echo "chronyc (chrony) version 4.3 (+IPV6)" ;;
"-n -c -m timeout 300 retries 0 tracking sources activity")
  echo 0A690023,10.105.0.35,3,1795290334.512692766,-0.122988477,0.000002336,0.000002336,4.643,0.000,71.305,0.020077044,0.010227950,2.0,Normal
  echo "^,*,10.105.0.35,2,6,7,2,0.000000221,0.000000090,0.000012771"
  echo 1,0,0,0,0 ;;
*) exit 1 ;;
esac"#;
const OLD_CHRONYC: &str = r#"case "$*" in
*-c*) echo "Unrecognized command line option [-c]" >&2; exit 1 ;;
*-v*) echo "chronyc (chrony) version 1.31" ;;
*) cat <<END
Reference ID    : 10.105.0.35 (10.105.0.35)
Stratum         : 3
Ref time (UTC)  : Sat Nov 21 19:45:34 2026
System time     : 0.122988477 seconds fast of NTP time
Last offset     : +0.000002336 seconds
RMS offset      : 0.000002336 seconds
Frequency       : 4.643 ppm fast
Residual freq   : +0.000 ppm
Skew            : 71.305 ppm
Root delay      : 0.020077 seconds
Root dispersion : 0.010227 seconds
Update interval : 2.0 seconds
Leap status     : Normal
END
esac"#;
const HUNG_CHRONYC: &str =
    r#"case "$*" in *-v*) echo "chronyc (chrony) version 4.3 (+IPV6)" ;; *) exec sleep 30 ;; esac"#;

#[test]
fn the_claim_is_read_in_every_shell() {
    const NEW: Host = Host { scripts: &[("chronyc", CHRONYC)], ..HOSTS[0] };
    const OLD: Host = Host { scripts: &[("chronyc", OLD_CHRONYC)], ..HOSTS[0] };
    for (bin_shell, _) in BIN_SHELLS {
        for (host, version, bound) in [(NEW, "4.3", 143_254_949), (OLD, "1.31", 143_253_977)] {
            let mut session = Session::start(&["dash"], bin_shell, host, Stdin::Pipe);
            let (reader, _) = session.hello();
            let (bracket, facts) = session.facts(reader);
            assert_true(&bracket);
            let ClaimOutcome::Claimed(claim) = claim(&facts) else { panic!("{bin_shell}: {facts:?}") };
            assert_eq!(claim.version.as_deref(), Some(version), "{bin_shell}");
            assert_eq!((claim.offset, claim.bound()), (Nanos(122_988_477), Nanos(bound)), "{bin_shell}");
            session.leaves_nothing();
        }
    }
}

#[test]
fn a_chronyc_that_hangs_is_ended() {
    const HUNG: Host = Host { scripts: &[("chronyc", HUNG_CHRONYC)], ..HOSTS[0] };
    let check = |bin_shell: &str, host: Host| {
        let mut session = Session::start(&["dash"], bin_shell, host, Stdin::Pipe);
        let (reader, _) = session.hello();
        let (bracket, facts) = session.facts(reader);
        assert_true(&bracket);
        assert_eq!(facts.get("chrony.rc"), Some("124"), "{bin_shell}, {host:?}");
        session.leaves_nothing();
    };
    let hosts = [HUNG, Host { busybox: &["timeout"], ..HUNG }, Host { hidden: &["timeout"], ..HUNG }];
    std::thread::scope(|scope| {
        for (bin_shell, _) in BIN_SHELLS {
            for host in hosts {
                scope.spawn(move || check(bin_shell, host));
            }
        }
    });
}

/// What `grep` finds among the processes, and what the programs of these timekeepers print.
const OTHER_TIMEKEEPERS: &[(&str, &str)] = &[
    (
        "grep",
        "printf '%s\\n' /proc/1/comm:systemd-timesyn /proc/1/comm:ntpd /proc/1/comm:ntp-daemon /proc/1/comm:vmtoolsd",
    ),
    (
        "busctl",
        r#"echo 's "10.0.0.1"'; echo 't 64000000'
echo '(uuuuittayttttbtt) 0 4 4 1 -25 0 0 4 127 127 1 1 1795291810932720 1795291810932749 1795291810932793 1795291810932806 false 1 0'"#,
    ),
    ("ntpq", "echo 'leap=00, stratum=2, rootdelay=0.02, rootdisp=187.718, refid=10.0.0.1,'\necho 'offset=-0.003'"),
    ("ntpctl", "echo 'ntpctl: connect: Permission denied' >&2; exit 1"),
    ("ntp-ctl", "echo 'Error: no'; exit 1"),
    ("systemd-detect-virt", "case $1 in -c) echo podman ;; *) echo kvm ;; esac"),
    ("vmware-toolbox-cmd", "echo Enabled"),
];

/// What changes from one reading to the next, and what the stand-ins do not cover.
const CHANGING: [&str; 4] = ["asleep", "kernel.maxerror", "kernel.esterror", "ntpd.args"];

#[test]
fn every_shell_reads_the_same_facts() {
    const BOTH: Host = Host { scripts: OTHER_TIMEKEEPERS, ..HOSTS[0] };
    let read = |bin_shell: &str| {
        let mut session = Session::start(&["dash"], bin_shell, BOTH, Stdin::Pipe);
        let (reader, _) = session.hello();
        let (_, Facts(mut facts)) = session.facts(reader);
        session.leaves_nothing();
        facts.retain(|(key, _)| !CHANGING.contains(&key.as_str()));
        facts
    };
    let expected = read("dash");
    let count = |key: &str| expected.iter().filter(|(name, _)| name == key).count();
    for (key, lines) in
        [("timesyncd", 3), ("ntpq", 2), ("ntpctl", 1), ("ntp-ctl", 1), ("proc", 4), ("vmware.timesync", 1)]
    {
        assert_eq!(count(key), lines, "{key}: {expected:?}");
    }
    let value = |key: &str| Facts(expected.clone()).get(key).map(str::to_owned);
    assert_eq!(value("ntpctl.rc").as_deref(), Some("1"), "{expected:?}");
    assert_eq!(value("virt.container").as_deref(), Some("podman"), "{expected:?}");
    for (bin_shell, _) in BIN_SHELLS {
        assert_eq!(read(bin_shell), expected, "{bin_shell}");
    }
}

#[test]
fn whatever_hangs_is_ended_and_the_rest_is_told() {
    const SLEEP: &str = "exec sleep 30";
    const HUNG: Host = Host {
        scripts: &[
            ("grep", "printf '%s\\n' /proc/1/comm:systemd-timesyn /proc/1/comm:ntpd"),
            ("busctl", SLEEP),
            ("ntpq", SLEEP),
            ("ntpctl", "yes"),
        ],
        ..HOSTS[0]
    };
    let check = |bin_shell: &str, host: Host| {
        let mut session = Session::start(&["dash"], bin_shell, host, Stdin::Pipe);
        let (reader, _) = session.hello();
        let (_, facts) = session.facts(reader);
        for key in ["timesyncd.rc", "ntpq.rc"] {
            assert_eq!(facts.get(key), Some("124"), "{bin_shell}, {facts:?}");
        }
        assert!(facts.all("ntpctl").count() <= 30 && facts.get("os.ID").is_some(), "{bin_shell}, {facts:?}");
        session.leaves_nothing();
    };
    let hosts = [HUNG, Host { hidden: &["timeout"], ..HUNG }];
    std::thread::scope(|scope| {
        for (bin_shell, _) in BIN_SHELLS {
            for host in hosts {
                scope.spawn(move || check(bin_shell, host));
            }
        }
    });
}

#[test]
fn the_exec_string_is_small() {
    assert!(script::exec_command().len() < 4_096);
    assert!(Path::new("/bin/sh").exists());
}

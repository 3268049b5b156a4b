//! A real host: an SSH server, a login shell and programs of its own choice, its own clock and its own chronyd.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::{self, JoinHandle};

use clockaudit::clock::{Nanos, Ppm};

use super::confinement::{can_set_clock, unable_to_set_clock};
use super::host_clock::{self, HostClock};

/// The user that the tests log in as, on every host; the numbers stand in `host.sh` too.
pub(crate) const USER: &str = "audit";
const USER_ID: u32 = 4242;
const GROUP_ID: u32 = 65534;

/// The SSH server of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// `sshd -i`.
    OpenSsh,
    /// `dropbear -i`.
    Dropbear,
}

/// What a host is to be.
#[derive(Debug, Clone)]
pub(crate) struct HostPlan {
    /// Its name in the inventory.
    pub(crate) name: String,
    /// How far its clock is ahead of this machine's at the start.
    pub(crate) offset: Nanos,
    /// How much its clock gains on this machine's.
    pub(crate) rate: Ppm,
    /// Its SSH server.
    pub(crate) server: Server,
    /// The path of the user's login shell.
    pub(crate) login_shell: String,
    /// Programs in the place of others: (`sh`, `mksh`) makes `sh` be mksh.
    pub(crate) replaced: Vec<(&'static str, &'static str)>,
    /// Programs that the host lacks: they are there and fail.
    pub(crate) hidden: Vec<&'static str>,
    /// More lines of sshd's configuration.
    pub(crate) sshd_options: Vec<&'static str>,
    /// How far the time server that the host's chronyd follows is ahead of this machine; no chronyd without.
    pub(crate) time_server: Option<Nanos>,
    /// A package that is laid over the host's programs: `tests/run` unpacks what cannot be installed beside chrony.
    pub(crate) package: Option<&'static str>,
    /// More clocks, by name, and how far each is ahead of this machine's; for time servers.
    pub(crate) clocks: Vec<(&'static str, Nanos)>,
    /// What the host runs before it is ready, in the words of `host.sh`.
    pub(crate) start: &'static str,
}

impl HostPlan {
    /// A host like any Debian: bash to log in with, everything installed, no timekeeper.
    pub(crate) fn new(name: impl Into<String>, offset: Nanos) -> Self {
        Self {
            name: name.into(),
            offset,
            rate: Ppm::from_ppb(0),
            server: Server::OpenSsh,
            login_shell: "/bin/bash".to_owned(),
            replaced: Vec::new(),
            hidden: Vec::new(),
            sshd_options: Vec::new(),
            time_server: None,
            package: None,
            clocks: Vec::new(),
            start: "",
        }
    }
}

/// A running host; it ends when dropped, and nothing of it stays.
#[derive(Debug)]
pub(crate) struct Host {
    /// What it was made to be.
    pub(crate) plan: HostPlan,
    /// Where its SSH server answers.
    pub(crate) address: SocketAddrV4,
    /// Its public host key, as `known_hosts` has it: type and base64.
    pub(crate) key: String,
    /// Its clock.
    pub(crate) clock: HostClock,
    folder: PathBuf,
    first_process: Child,
    /// The first process lives until this closes.
    life: Option<ChildStdin>,
    door: Arc<AtomicBool>,
    porter: Option<JoinHandle<()>>,
}

impl Host {
    /// Makes the host in `folder`, which is to be, for a user with that public key; returns when it is ready.
    pub(crate) fn start(plan: HostPlan, folder: PathBuf, user_key: &str) -> Self {
        furnish(&plan, &folder, user_key);
        let clock = HostClock::create(&folder.join("clock"), plan.offset, plan.rate);
        let key = make_host_key(plan.server, &folder);
        let mut first_process = first_process(&plan, &folder).spawn().expect("the first process of a host");
        let life = first_process.stdin.take();
        await_ready(&mut first_process, &folder);
        let listener = TcpListener::bind((next_address(), 0)).expect("an address of the host's own");
        let SocketAddr::V4(address) = listener.local_addr().expect("a bound address") else { unreachable!() };
        let door = Arc::new(AtomicBool::new(true));
        let porter = {
            let (door, server, namespaces) = (Arc::clone(&door), plan.server, first_process.id());
            let log = folder.join("log");
            thread::spawn(move || admit(&listener, &door, server, namespaces, &log))
        };
        Self { plan, address, key, clock, folder, first_process, life, door, porter: Some(porter) }
    }

    /// The process that holds the host's namespaces, outside of them.
    pub(crate) fn process(&self) -> u32 {
        self.first_process.id()
    }

    /// What sshd and chronyd wrote; dropbear tells the system log only.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("the host's log")
    }

    /// Runs a program inside the host, as its root; returns what it printed.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output =
            inside(self.first_process.id()).arg(program).args(arguments).output().expect("a program of the host");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What a guest left behind in `/tmp` and at home.
    pub(crate) fn left_behind(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        for room in ["tmp", "home"] {
            for entry in fs::read_dir(self.folder.join(room)).expect("a room of the host") {
                left.push(entry.expect("an entry of a room").path());
            }
        }
        // The key that the guest logs in with, and what fish makes at its first start, whoever starts it.
        let expected = ["home/.ssh", "home/.config", "home/.local"];
        left.retain(|path| !expected.iter().any(|expected| path.ends_with(expected)));
        left
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.life = None;
        self.door.store(false, Ordering::SeqCst);
        // Ends the wait for the next guest; where nobody listens any more there is no wait to end.
        let _woken = TcpStream::connect(self.address);
        let ended = self.first_process.wait();
        let porter = self.porter.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("the host's end");
            porter.expect("a porter").expect("a porter that did not fail");
        }
    }
}

/// Fills the host's folder with all that its first process expects there.
fn furnish(plan: &HostPlan, folder: &Path, user_key: &str) {
    fs::create_dir(folder).expect("the host's folder");
    fs::create_dir(folder.join("tmp")).expect("the host's /tmp");
    fs::create_dir_all(folder.join("home/.ssh")).expect("the user's home");
    fs::write(folder.join("home/.ssh/authorized_keys"), user_key).expect("the user's key");
    for path in ["home", "home/.ssh", "home/.ssh/authorized_keys"] {
        chown(folder.join(path), Some(USER_ID), Some(GROUP_ID)).expect("the user's own home");
    }
    fs::copy(host_clock::library(), folder.join("clock.so")).expect("the preloaded library");
    fs::copy(host_clock::root_library(), folder.join("root.so")).expect("the library of daemons");
    for (name, ahead) in &plan.clocks {
        HostClock::create(&folder.join(name), *ahead, Ppm::from_ppb(0));
    }
    // Whatever the umask of whoever runs the tests: the user of the host must get at these.
    for (path, mode) in [("", 0o755), ("tmp", 0o1777), ("home", 0o755), ("home/.ssh", 0o700), ("clock.so", 0o755)] {
        fs::set_permissions(folder.join(path), fs::Permissions::from_mode(mode)).expect("the rights of the user");
    }
    symlink("/usr/bin/busybox", folder.join("ash")).expect("a login shell of busybox");
    fs::write(folder.join("log"), "").expect("the host's log");
    fs::write(folder.join("sshd_config"), sshd_config(plan)).expect("sshd's configuration");
    if let Some(ahead) = plan.time_server {
        // Kept in its file only: nobody asks for this clock again.
        HostClock::create(&folder.join("server-clock"), ahead, Ppm::from_ppb(0));
        let server = "bindaddress 127.0.0.2\nallow 127.0.0.0/8\nlocal stratum 1\ncmdport 0\nbindcmdaddress /\n\
                      pidfile /run/chrony/server.pid\n";
        let client = "server 127.0.0.2 iburst minpoll -6 maxpoll 0\nmakestep 0.05 3\nrtcsync\n\
                      pidfile /run/chrony/chronyd.pid\n";
        fs::write(folder.join("server.conf"), server).expect("the time server's configuration");
        fs::write(folder.join("chrony.conf"), client).expect("chronyd's configuration");
    }
}

fn sshd_config(plan: &HostPlan) -> String {
    // sshd takes the first value that it reads.
    let ours = ["HostKey /run/host/host_key", "UsePAM no", "PasswordAuthentication no", "UseDNS no", "PidFile none"];
    let lines = plan.sshd_options.iter().copied().chain(ours);
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Makes the host's key in the form that its server reads; returns the public half.
fn make_host_key(server: Server, folder: &Path) -> String {
    let file = folder.join("host_key");
    let printed = match server {
        Server::OpenSsh => {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&file);
            assert!(keygen.status().expect("ssh-keygen").success(), "a host key was made");
            fs::read_to_string(file.with_extension("pub")).expect("the public host key")
        }
        Server::Dropbear => {
            let mut keygen = Command::new("dropbearkey");
            let output = keygen.args(["-t", "ed25519", "-f"]).arg(&file).output().expect("dropbearkey");
            String::from_utf8(output.stdout).expect("text of dropbearkey")
        }
    };
    let public = printed.lines().find(|line| line.starts_with("ssh-ed25519 ")).expect("a public key");
    public.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// The command of the host's first process; its namespaces are the host.
fn first_process(plan: &HostPlan, folder: &Path) -> Command {
    let mut command = unable_to_set_clock();
    command.args(["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "bash"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/host.sh"));
    let replaced: Vec<String> = plan.replaced.iter().map(|(name, program)| format!("{name}={program}")).collect();
    command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("HOST_FOLDER", folder).env("HOST_LOGIN_SHELL", &plan.login_shell);
    if let Some(package) = plan.package {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/timekeepers").join(package);
        assert!(folder.is_dir(), "{package} is not unpacked; tests/run does it");
        command.env("HOST_PACKAGE", folder);
    }
    command.env("HOST_START", plan.start);
    command.env("HOST_REPLACED", replaced.join(" ")).env("HOST_HIDDEN", plan.hidden.join(" "));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(open_log(&folder.join("log")));
    command
}

fn open_log(path: &Path) -> File {
    File::options().append(true).open(path).expect("the host's log")
}

fn await_ready(first_process: &mut Child, folder: &Path) {
    let mut line = String::new();
    let output = first_process.stdout.take().expect("the output of the first process");
    let heard = BufReader::new(output).read_line(&mut line);
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    assert!(heard.is_ok() && line == "ready\n", "the host did not start:\n{log}");
    let status = fs::read_to_string(format!("/proc/{}/status", first_process.id())).expect("the status of the host");
    assert!(!can_set_clock(&status), "a host could set this machine's clock");
}

/// A command that runs what is appended to it inside the namespaces of that first process.
fn inside(first_process: u32) -> Command {
    let mut command = unable_to_set_clock();
    command.arg("nsenter");
    for (option, namespace) in [("--mount", "mnt"), ("--net", "net"), ("--pid", "pid_for_children")] {
        command.arg(format!("{option}=/proc/{first_process}/ns/{namespace}"));
    }
    command
}

/// A loopback address that no other host of this process has.
fn next_address() -> Ipv4Addr {
    static GIVEN: AtomicU16 = AtomicU16::new(0x4d01);
    let [high, low] = GIVEN.fetch_add(1, Ordering::SeqCst).to_be_bytes();
    Ipv4Addr::new(127, 99, high, low)
}

/// Gives every guest a server of its own, until the door is closed; then waits for the last to go.
fn admit(listener: &TcpListener, open: &AtomicBool, server: Server, first_process: u32, log: &Path) {
    let mut guests: Vec<Child> = Vec::new();
    while let Ok((guest, _)) = listener.accept() {
        if !open.load(Ordering::SeqCst) {
            break;
        }
        guests.retain_mut(|guest| matches!(guest.try_wait(), Ok(None)));
        guests.push(serve(guest, server, first_process, log).expect("a server for a guest"));
    }
    for mut guest in guests {
        guest.wait().expect("the end of a server");
    }
}

fn serve(guest: TcpStream, server: Server, first_process: u32, log: &Path) -> io::Result<Child> {
    let guest = OwnedFd::from(guest);
    let mut command = inside(first_process);
    match server {
        Server::OpenSsh => command.args(["/usr/sbin/sshd", "-i", "-f", "/run/host/sshd_config", "-E", "/run/host/log"]),
        Server::Dropbear => command.args(["/usr/sbin/dropbear", "-i", "-s", "-r", "/run/host/host_key"]),
    };
    command.stdin(guest.try_clone()?).stdout(guest).stderr(open_log(log)).spawn()
}

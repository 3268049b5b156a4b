//! A real OpenSSH server on loopback, with keys of its own in a folder of its own.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clockaudit::demo::SimulatedFleet;
use clockaudit::inventory::target::Target;
use clockaudit::ssh::ConnectionPlan;
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// A running server.
pub(crate) struct Sshd {
    folder: TempDir,
    port: u16,
    child: Child,
    /// Keeps the port from everybody who does not share addresses, as sshd does.
    _held: TcpSocket,
}

impl Sshd {
    /// Starts a server with the given additional lines of configuration.
    pub(crate) fn start(lines: &str) -> Self {
        Self::prepared(lines, |_| {})
    }

    /// The same, once its folder, which has its keys already, is prepared; `FOLDER` in the lines is that folder.
    pub(crate) fn prepared(lines: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let lines = lines.replace("FOLDER", &at.display().to_string());
        for (name, kind) in
            [("host_key", "ed25519"), ("user_key", "ed25519"), ("other_key", "ecdsa"), ("rsa_key", "rsa")]
        {
            keygen(&at.join(name), kind);
        }
        encrypt(&at.join("encrypted_key"));
        let authorized: String =
            ["user_key", "rsa_key"].map(|name| fs::read_to_string(at.join(format!("{name}.pub"))).unwrap()).concat();
        fs::write(at.join("authorized_keys"), authorized).unwrap();
        fs::set_permissions(at.join("authorized_keys"), fs::Permissions::from_mode(0o600)).unwrap();
        prepare(at);
        let (held, port) = held_port();
        // Login shells find no files of whoever runs the tests: those may take seconds. Of most settings the first one counts, of
        // MaxStartups the last one.
        let config = format!(
            "MaxStartups 500\n{lines}\nListenAddress 127.0.0.1\nPort {port}\nHostKey {0}/host_key\nAuthorizedKeysFile {0}/authorized_keys\n\
             PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nLogLevel QUIET\nSetEnv HOME={0}\n",
            at.display()
        );
        fs::write(at.join("sshd_config"), config).unwrap();
        // Privilege separation wants this folder, which a machine without a running server may lack.
        let _ = fs::create_dir_all("/run/sshd");
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-E"])
            .arg(at.join("log"))
            .arg("-f")
            .arg(at.join("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut sshd = Self { folder, port, child, _held: held };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = sshd.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", fs::read_to_string(sshd.path("log")).unwrap_or_default());
            std::thread::yield_now();
        }
        sshd
    }

    /// A file of the server's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many lines of the log have these words, of a server with `LogLevel VERBOSE`; as the part of it that logs is not the one
    /// that answers, so many lines are waited for.
    pub(crate) async fn logged(&self, words: &str, expected: usize) -> usize {
        let count = || {
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            log.lines().filter(|line| line.contains(words)).count()
        };
        let all_there = async {
            while count() < expected {
                tokio::task::yield_now().await;
            }
        };
        // Where it runs out, the number says so.
        let _ = tokio::time::timeout(Duration::from_secs(10), all_there).await;
        count()
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The server as a target that logs in with the named key.
    pub(crate) fn target(&self, key: &str) -> Target {
        Target { key_files: vec![self.path(key)], ..super::target("127.0.0.1", self.port) }
    }

    /// Writes `known_hosts` with the server's own key, and a plan that uses it and nothing of this machine's user.
    pub(crate) fn plan(&self) -> ConnectionPlan {
        let key = fs::read_to_string(self.path("host_key.pub")).unwrap();
        fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
        super::plan(&self.path("known_hosts"))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn keygen(path: &Path, kind: &str) {
    let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

/// Makes a key with a passphrase.
fn encrypt(path: &Path) {
    let made =
        Command::new("ssh-keygen").args(["-q", "-N", "secret", "-t", "ed25519", "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

fn held_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// A target that nothing special is known of.
pub(crate) fn plain_target(address: &str, port: u16) -> Target {
    Target { name: format!("{address}:{port}"), address: address.to_owned(), port, ..Target::default() }
}

/// Every host of a simulated fleet as a target, read from the inventory that the fleet has written.
pub(crate) fn targets_of(fleet: &SimulatedFleet) -> Vec<Target> {
    let inventory = fs::read_to_string(fleet.inventory()).unwrap();
    let of = |name: &str| {
        let line = inventory.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        let value = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key)).unwrap().to_owned();
        let mut target = plain_target(&value("ansible_host="), value("ansible_port=").parse().unwrap());
        name.clone_into(&mut target.name);
        target
    };
    fleet.hosts().map(|host| of(&host.name)).collect()
}

//! A virtual machine with a kernel of its own, whose clock chronyd sets for real: no preloaded clock, no container.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::site::CLOUD_SERVER;
use crate::support::confinement::{confined, unable_to_set_clock};
use crate::support::session::{Session, run};
use crate::{SECOND, fleet};

/// How far the machine's clock is ahead when it is switched on.
const AHEAD_S: i64 = 120;

/// A running machine beside a time server, in a network of their own that has nothing but loopback; all of it ends when dropped.
struct Machine {
    first_process: Child,
    life: Option<ChildStdin>,
    folder: tempfile::TempDir,
}

/// What is started in the network: a time server by this machine's own clock, which it cannot set, and qemu.
///
/// The packets of the virtual machine leave qemu as those of a program on loopback.
const START: &str = r#"
set -euo pipefail
exec 3<&0
ip link set lo up
ip addr add "$SERVER/32" dev lo
printf '%s\n' "bindaddress $SERVER" allow 'local stratum 1' 'cmdport 0' 'bindcmdaddress /' "pidfile $FOLDER/server.pid" >"$FOLDER/server.conf"
chronyd -x -u root -f "$FOLDER/server.conf"
"$MACHINE/qemu" -machine q35 -accel tcg,tb-size=128 -m 512 -smp 1 -nodefaults -no-user-config -display none -serial stdio -no-reboot \
    -kernel "$MACHINE/kernel" -initrd "$MACHINE/initrd" \
    -append "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 key=$KEY" \
    -drive "file=$MACHINE/disk,if=virtio,format=raw,snapshot=on" -rtc "base=$BASE,clock=host" \
    -netdev user,id=net,hostfwd=tcp:127.0.0.1:2222-:22 -device virtio-net-pci,netdev=net </dev/null &
qemu=$!
(read -r _ <&3 || kill $qemu) &
wait $qemu
"#;

impl Machine {
    /// Switches it on, and waits until its services run.
    fn start() -> Self {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/long/machine");
        assert!(made.join("made").is_file(), "{} is not there; tests/long/run makes it", made.display());
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let key = folder.path().join("key");
        let keygen = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
        assert!(keygen.expect("ssh-keygen").success());
        let public = fs::read_to_string(folder.path().join("key.pub")).expect("a key");
        let base =
            run(Command::new("date").args(["-u", &format!("-d+{AHEAD_S} seconds"), "+%Y-%m-%dT%H:%M:%S"])).stdout;
        let mut command = unable_to_set_clock();
        command.args([
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "bash",
            "-c",
            START,
        ]);
        command.env("FOLDER", folder.path()).env("MACHINE", &made).env("SERVER", CLOUD_SERVER).env("BASE", base.trim());
        command.env("KEY", public.split(' ').nth(1).expect("a key"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut first_process = command.spawn().expect("a machine");
        let life = first_process.stdin.take();
        let mut console = BufReader::new(first_process.stdout.take().expect("its console"));
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains("the machine is ready") {
            let size = console.read_until(b'\n', &mut said).expect("its console");
            assert!(size > 0, "it did not start: {}", String::from_utf8_lossy(&said));
        }
        // Somebody has to read what it says.
        std::thread::spawn(move || std::io::copy(&mut console, &mut std::io::sink()));
        Self { first_process, life, folder }
    }

    /// A program beside it.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.first_process.id())).args(words);
        command.env("XDG_STATE_HOME", self.folder.path()).env("HOME", self.folder.path());
        command.env_remove("SSH_AUTH_SOCK").env_remove("ANSIBLE_INVENTORY");
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What runs a line of sh on it, as root.
    fn ssh(&self, line: &str) -> Command {
        let mut command = self.command(&["ssh", "-F", "none", "-q", "-o", "StrictHostKeyChecking=no", "-p", "2222"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-i"]).arg(self.path("key"));
        command.args(["audit@127.0.0.1", "sudo", "sh", "-c"]).arg(format!("'{line}'"));
        command
    }

    /// Runs a line of sh on it, as root; returns what it printed, and fails where it fails.
    fn run(&self, line: &str) -> String {
        let session = run(&mut self.ssh(line));
        assert_eq!(session.status, Some(0), "{line}: {session}");
        session.stdout
    }

    /// Between which bounds its clock is ahead of this machine's: each reading of it lies between two readings of ours.
    fn ahead(&self) -> (i64, i64) {
        let now = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
            i64::try_from(since.as_nanos()).expect("a time before 2262")
        };
        let mut asked = self.ssh("while read -r _; do date +%s%N; done");
        let mut asked = asked.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("ssh");
        let mut questions = asked.stdin.take().expect("its input");
        let mut answers = BufReader::new(asked.stdout.take().expect("its output"));
        let mut bounds = (i64::MIN, i64::MAX);
        for _ in 0..10 {
            let (before, mut answer) = (now(), String::new());
            questions.write_all(b"now\n").expect("the question is taken");
            answers.read_line(&mut answer).expect("an answer");
            let read: i64 = answer.trim().parse().expect("a number");
            bounds = (bounds.0.max(read - now()), bounds.1.min(read - before));
        }
        drop(questions);
        asked.wait().expect("its end");
        bounds
    }

    fn clockaudit(&self, arguments: &[&str]) -> Session {
        let known_hosts = format!("UserKnownHostsFile={}", self.path("known_hosts").display());
        let common = ["-F", "none", "--accept-new", "--ssh-option", &known_hosts];
        run(self.command(&[env!("CARGO_BIN_EXE_clockaudit")]).args(arguments).args(common))
    }

    /// What tells whether anything was touched.
    fn untouched(&self) -> String {
        self.run("stat -c \"%i %Y %y\" /etc/chrony/chrony.conf; systemctl show -P MainPID chrony")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.life.take());
        let _ = self.first_process.wait();
    }
}

#[test]
fn the_clock_of_a_real_kernel_is_set_right() {
    let _alone = fleet::alone();
    confined("machine::the_clock_of_a_real_kernel_is_set_right", || {
        let machine = Machine::start();
        let (lo, hi) = machine.ahead();
        assert!(lo < AHEAD_S * SECOND + SECOND && hi > AHEAD_S * SECOND - 2 * SECOND, "{lo} to {hi} ns ahead");
        let key = machine.path("key");
        let line = format!(
            "machine ansible_host=127.0.0.1 ansible_port=2222 ansible_user=audit ansible_become=true ansible_ssh_private_key_file={}\n",
            key.display()
        );
        let inventory = machine.path("hosts.ini");
        fs::write(&inventory, line).expect("an inventory");
        let inventory = inventory.to_str().expect("text");
        let fix = || {
            let words = ["fix", inventory, "--ntp-server", CLOUD_SERVER, "--step", "any", "--yes", "--hold", "4s"];
            machine.clockaudit(&words)
        };
        let fixed = fix();
        println!("{fixed}");
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("\n1 converged "), "{fixed}");
        let tracking = machine.run("chronyc -n tracking");
        assert!(tracking.contains("(169.254.169.123)") && tracking.contains("Leap status     : Normal"), "{tracking}");
        let (lo, hi) = machine.ahead();
        println!("after the fix the machine is {lo} to {hi} ns ahead");
        assert!(lo < SECOND / 20 && hi > -SECOND / 20, "{lo} to {hi} ns ahead");
        let before = machine.untouched();
        let again = fix();
        assert_eq!(again.status, Some(0), "{again}");
        assert!(again.stdout.contains("1 as wanted already"), "{again}");
        assert_eq!(machine.untouched(), before, "a second run changed something");
    });
}

//! What `ssh_config` asks of this machine: the environment, home folders, and the commands of `Match exec`.

use std::collections::HashMap;
use std::env;
use std::net::ToSocketAddrs as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User as Account, gethostname, getuid};

use crate::openssh::config::{Outside, User};

/// How long a command of `Match exec` may run.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// This machine, for the user who runs this. Every command is run once, however many hosts ask for it.
#[derive(Debug)]
pub struct ThisMachine {
    ran: HashMap<String, Result<bool, String>>,
    looked_up: HashMap<String, Result<bool, String>>,
    /// A look-up that did not end: the next ones would not either, and there may be thousands.
    no_answer: Option<String>,
    limit: Duration,
}

impl Default for ThisMachine {
    fn default() -> Self {
        Self { ran: HashMap::new(), looked_up: HashMap::new(), no_answer: None, limit: COMMAND_LIMIT }
    }
}

impl ThisMachine {
    /// Who runs this, and where; `home` is their home folder.
    pub fn user(home: &Path) -> User {
        let account = Account::from_uid(getuid()).ok().flatten();
        let name = account.map(|account| account.name).or_else(|| env::var("USER").ok());
        User {
            name: name.unwrap_or_else(|| "root".to_owned()),
            id: getuid().as_raw(),
            home: home.display().to_string(),
            machine: gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    /// How many commands were run.
    pub fn commands(&self) -> usize {
        self.ran.len()
    }
}

impl Outside for ThisMachine {
    fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok()
    }

    fn home_of(&self, user: &str) -> Option<String> {
        let account = Account::from_name(user).ok().flatten()?;
        Some(account.dir.display().to_string())
    }

    fn resolves(&mut self, name: &str) -> Result<bool, String> {
        if let Some(why) = &self.no_answer {
            return Err(why.clone());
        }
        let limit = self.limit;
        let found = self.looked_up.entry(name.to_owned()).or_insert_with(|| has_address(name, limit)).clone();
        self.no_answer = found.clone().err();
        found
    }

    fn run(&mut self, command: &str) -> Result<bool, String> {
        let limit = self.limit;
        self.ran.entry(command.to_owned()).or_insert_with(|| succeeds(command, limit)).clone()
    }
}

/// Whether a name has an address, as this machine looks names up.
fn has_address(name: &str, limit: Duration) -> Result<bool, String> {
    let (done, found) = mpsc::channel();
    let asked = name.to_owned();
    thread::spawn(move || {
        let found = (asked.as_str(), 22).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some());
        // Nobody listens any more only when the limit has passed, and then it does not matter.
        let _ = done.send(found);
    });
    found.recv_timeout(limit).map_err(|_| format!("CanonicalizeHostname: no answer to the look-up of {name}"))
}

/// Whether a command of the user's shell ends well in time. It sees no terminal; what it leaves running in its group is ended.
fn succeeds(command: &str, limit: Duration) -> Result<bool, String> {
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).map_or_else(|| "/bin/sh".into(), PathBuf::from);
    let mut asked = Command::new(&shell);
    asked.arg("-c").arg(command).process_group(0);
    asked.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = asked.spawn().map_err(|error| format!("{}: {error}", shell.display()))?;
    let group = i32::try_from(child.id()).map(Pid::from_raw).map_err(|error| error.to_string())?;
    let (done, ended) = mpsc::channel();
    let waiter = thread::spawn(move || {
        // Nobody listens any more only when the limit has passed, and then it does not matter.
        let _ = done.send(child.wait());
    });
    let status = ended.recv_timeout(limit);
    if status.is_err() {
        // An error means that it has ended by itself in this instant.
        let _ = killpg(group, Signal::SIGKILL);
    }
    // The child is gone by now, so that this does not wait.
    let _ = waiter.join();
    match status {
        Ok(Ok(status)) => status.code().map(|code| code == 0).ok_or_else(|| format!("ended by {status}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("still running after {} s", limit.as_secs_f64())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_run_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut machine = ThisMachine::default();
        let command = format!("echo ran >> '{}'", log.display());
        for _ in 0..3 {
            assert_eq!(machine.run(&command), Ok(true));
        }
        assert_eq!((std::fs::read_to_string(&log).unwrap().as_str(), machine.commands()), ("ran\n", 1));
        assert_eq!(machine.run("exit 3"), Ok(false));
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let mut machine = ThisMachine { limit: Duration::from_millis(100), ..ThisMachine::default() };
        let why = machine.run("sleep 1000 & sleep 1000").unwrap_err();
        assert_eq!(why, "still running after 0.1 s");
        let killed = machine.run("kill -9 $$").unwrap_err();
        assert!(killed.contains("signal: 9"), "{killed}");
    }
}

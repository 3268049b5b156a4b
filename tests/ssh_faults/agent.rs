//! A real `ssh-agent` with some keys in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The running agent.
pub(crate) struct Agent {
    pub(crate) socket: PathBuf,
    child: Child,
}

impl Agent {
    pub(crate) fn start(socket: &Path, keys: &[&Path]) -> Self {
        let child = Command::new("ssh-agent").args(["-D", "-a"]).arg(socket).stdout(Stdio::null()).spawn().unwrap();
        let agent = Self { socket: socket.to_owned(), child };
        while !agent.socket.exists() {
            std::thread::yield_now();
        }
        for key in keys {
            let add = || Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", socket).status().unwrap();
            assert!(add().success());
        }
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A real `ssh-agent` with some keys in it.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The running agent.
pub(crate) struct Agent {
    pub(crate) socket: PathBuf,
    child: Child,
}

impl Agent {
    pub(crate) fn start(socket: &Path, keys: &[&Path]) -> Self {
        Self::run(socket, keys, &[], &[])
    }

    /// An agent that holds a security key, for which `provider` is the middleware.
    pub(crate) fn with_security_key(socket: &Path, key: &Path, provider: &Path) -> Self {
        Self::run(socket, &[key], &["-S", provider.to_str().unwrap()], &[])
    }

    /// An agent that asks a person before each signature: `program` stands for the window, and for what the person says.
    pub(crate) fn that_asks(socket: &Path, key: &Path, program: &Path) -> Self {
        let program = program.to_str().unwrap();
        Self::run(
            socket,
            &[key],
            &["-c"],
            &[("SSH_ASKPASS", program), ("SSH_ASKPASS_REQUIRE", "force"), ("DISPLAY", "none")],
        )
    }

    fn run(socket: &Path, keys: &[&Path], more: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut agent = Command::new("ssh-agent");
        agent.envs(environment.iter().copied());
        let child = agent.args(["-D", "-P", "/*", "-a"]).arg(socket).stdout(Stdio::null()).spawn().unwrap();
        let agent = Self { socket: socket.to_owned(), child };
        // The socket is there before anybody listens.
        while UnixStream::connect(&agent.socket).is_err() {
            std::thread::yield_now();
        }
        for key in keys {
            let add =
                || Command::new("ssh-add").arg("-q").args(more).arg(key).env("SSH_AUTH_SOCK", socket).status().unwrap();
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

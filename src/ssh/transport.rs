//! What carries a session: a socket, a channel of another session, or the standard input and output of a command.

use std::env;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::probe::{Failure, FailureCode, Stage};

/// What carries a session.
pub(super) enum Transport {
    /// A socket: the kernel stamps what arrives.
    Tcp(TcpStream),
    /// Anything else; its bytes are stamped where they are read.
    Stream(Box<dyn Stream>),
}

/// A connection in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Transport {
    /// The socket, where it is one.
    pub(super) fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(socket) => Some(socket),
            Self::Stream(_) => None,
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Stream(_) => "Stream",
        })
    }
}

/// Starts a command of the user's shell that is the connection.
pub(super) fn command(text: &str) -> Result<Transport, Failure> {
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).map_or_else(|| "/bin/sh".into(), PathBuf::from);
    let mut command = Command::new(&shell);
    // The shell makes room for the command, as with OpenSSH.
    command.arg("-c").arg(format!("exec {text}")).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let failed = |why: String| Failure {
        code: FailureCode::JumpHost,
        stage: Stage::Connect,
        detail: format!("ProxyCommand `{text}`: {why}"),
    };
    let mut child = command.spawn().map_err(|error| failed(format!("{}: {error}", shell.display())))?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (input, output) = pipes.ok_or_else(|| failed("it has no input".to_owned()))?;
    Ok(Transport::Stream(Box::new(Piped { input, output, child })))
}

/// A command's standard input and output. Its whole group ends with it.
struct Piped {
    input: ChildStdin,
    output: ChildStdout,
    child: Child,
}

impl Drop for Piped {
    fn drop(&mut self) {
        // Nobody has waited for it, so that its number is still its own.
        if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // An error means that all of it has ended.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

impl AsyncRead for Piped {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().output).poll_read(context, buffer)
    }
}

impl AsyncWrite for Piped {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().input).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().input).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().input).poll_shutdown(context)
    }
}

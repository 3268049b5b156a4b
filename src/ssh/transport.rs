//! What carries a session: a socket, a channel of another session, or the standard input and output of a command.

use std::env;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessSession};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use super::group::Group;
use crate::inventory::command_secrets::masked;
use crate::probe::{Failure, FailureCode, Stage};
use crate::tickets::login_variables;

/// How long the last words of a command that has failed are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Bytes of a line that are kept.
const LONGEST_LINE: usize = 200;

/// What carries a session.
pub(super) enum Transport {
    /// A socket: the kernel stamps what arrives.
    Tcp(TcpStream),
    /// Anything else; its bytes are stamped where they are read.
    Stream(Box<dyn Stream>),
}

/// A connection in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// What whoever makes the connection says for people.
    fn complaint(&self) -> Option<Complaint> {
        None
    }
}

/// The last line that a command has said for people, on its standard error.
#[derive(Debug, Clone)]
pub(super) struct Complaint(watch::Receiver<String>);

impl Complaint {
    /// That line, once the command has said all it has to say, or is not heard to end.
    pub(super) async fn line(mut self) -> Option<String> {
        let all_said = async { while self.0.changed().await.is_ok() {} };
        // What was said by then is what there is.
        let _ = timeout(LAST_WORDS, all_said).await;
        let line = self.0.borrow().clone();
        (!line.is_empty()).then_some(line)
    }
}

impl Transport {
    /// The socket, where it is one.
    pub(super) fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(socket) => Some(socket),
            Self::Stream(_) => None,
        }
    }

    /// What whoever makes the connection says for people.
    pub(super) fn complaint(&self) -> Option<Complaint> {
        match self {
            Self::Tcp(_) => None,
            Self::Stream(stream) => stream.complaint(),
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

/// Starts a command of the user's shell that is the connection. It has no terminal: where several ask a person at once, and
/// beside this program, nobody knows who is answered; and one that asks in the background is stopped instead of failing.
pub(super) fn command(text: &str) -> Result<Piped, Failure> {
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).map_or_else(|| "/bin/sh".into(), PathBuf::from);
    let mut command = Command::new(&shell);
    // The shell makes room for the command, as with OpenSSH.
    command.arg("-c").arg(format!("exec {text}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in login_variables() {
        command.env_remove(name);
    }
    let failed = |why: String| Failure {
        code: FailureCode::JumpHost,
        stage: Stage::Connect,
        detail: format!("ProxyCommand `{}`: {why}", masked(text)),
    };
    let mut command = CommandWrap::from(command);
    let command = command.wrap(KillOnDrop).wrap(ProcessSession);
    let started = Group::led_by(|| command.spawn(), |child| child.id());
    let (group, mut child) = started.map_err(|error| failed(format!("{}: {error}", shell.display())))?;
    let pipes = child.stdin().take().zip(child.stdout().take());
    let (input, output) = pipes.ok_or_else(|| failed("it has no input".to_owned()))?;
    let (said, heard) = watch::channel(String::new());
    if let Some(errors) = child.stderr().take() {
        tokio::spawn(listen(errors, said));
    }
    Ok(Piped { input, output, first: Vec::new(), _group: group, _child: child, complaint: Complaint(heard) })
}

/// Keeps the last line of what a command says that has something in it.
async fn listen(mut errors: ChildStderr, said: watch::Sender<String>) {
    let (mut chunk, mut line) = ([0; 1_024], Vec::new());
    let tell = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line).trim().to_owned();
        if !text.is_empty() {
            said.send_replace(text);
        }
        line.clear();
    };
    // An error is an end as well.
    while let Ok(length @ 1..) = errors.read(&mut chunk).await {
        for byte in chunk.iter().take(length) {
            match byte {
                b'\n' => tell(&mut line),
                _ if line.len() < LONGEST_LINE => line.push(*byte),
                _ => {}
            }
        }
    }
    tell(&mut line);
}

/// A command's standard input and output. Its whole group ends with it.
pub(super) struct Piped {
    input: ChildStdin,
    output: ChildStdout,
    /// What was read of its output, and not by whoever it is the connection of.
    first: Vec<u8>,
    /// Before the command itself, which is waited for once it is dropped.
    _group: Group,
    _child: Box<dyn ChildWrapper>,
    complaint: Complaint,
}

impl Piped {
    /// Waits until the server behind has said something: whatever is between them has let it pass then. `false` where the command has
    /// ended.
    pub(super) async fn connected(&mut self) -> bool {
        let mut byte = [0];
        // Of an end, or of an error, whoever reads next is told as well.
        let has_said = matches!(self.output.read(&mut byte).await, Ok(1));
        if has_said {
            self.first.extend(byte);
        }
        has_said
    }
}

impl Stream for Piped {
    fn complaint(&self) -> Option<Complaint> {
        Some(self.complaint.clone())
    }
}

impl AsyncRead for Piped {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piped = self.get_mut();
        if !piped.first.is_empty() && buffer.remaining() >= piped.first.len() {
            buffer.put_slice(&std::mem::take(&mut piped.first));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut piped.output).poll_read(context, buffer)
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

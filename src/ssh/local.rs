//! The probe on this machine itself (`ansible_connection=local`): the same protocol, over pipes instead of SSH.

use std::process::Stdio;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use super::cell::HostCell;
use super::hearing::{Hearing, Stamps};
use super::wire::Arrival;
use crate::clock::UnixNanos;
use crate::probe::script::exec_command;
use crate::probe::{Failure, FailureCode, Stage};

/// A running probe; dropping it ends it.
#[derive(Debug)]
pub(super) struct LocalProbe {
    cell: Arc<HostCell>,
    input: Mutex<Option<pipe::Sender>>,
    sent: Arc<AtomicI64>,
    _child: Child,
}

impl LocalProbe {
    /// Starts the probe.
    pub(super) fn start(cell: &Arc<HostCell>) -> Result<Self, Failure> {
        let fail = |error: std::io::Error| Failure {
            code: FailureCode::NoShell,
            stage: Stage::Channel,
            detail: format!("/bin/sh: {error}"),
        };
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(exec_command())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(fail)?;
        let missing = || fail(std::io::ErrorKind::BrokenPipe.into());
        let (input, output) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
        let input = input.into_owned_fd().and_then(pipe::Sender::from_owned_fd).map_err(fail)?;
        let sent = Arc::new(AtomicI64::new(0));
        tokio::spawn(listen(Arc::clone(cell), output, Arc::clone(&sent)));
        Ok(Self { cell: Arc::clone(cell), input: Mutex::new(Some(input)), sent, _child: child })
    }

    /// Writes all of `bytes` at once, stamped; `false` where the pipe cannot take them.
    pub(super) fn put(&self, bytes: &[u8]) -> bool {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        self.sent.store(self.cell.board.clock.now().0, Ordering::SeqCst);
        // A pipe that has room for some of it has room for all: its buffer is many times as large.
        input.as_ref().is_some_and(|input| input.try_write(bytes).is_ok_and(|written| written == bytes.len()))
    }

    /// Closes the probe's input, which ends it.
    pub(super) fn hang_up(&self) {
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn listen(cell: Arc<HostCell>, mut output: tokio::process::ChildStdout, sent: Arc<AtomicI64>) {
    let mut hearing = Hearing::new(Arc::clone(&cell));
    let mut chunk = [0_u8; 4_096];
    while let Ok(length) = output.read(&mut chunk).await {
        let read = cell.board.clock.mark();
        let bytes = chunk.get(..length).unwrap_or_default();
        let stamps =
            Stamps { sent: Some(UnixNanos(sent.load(Ordering::SeqCst))), arrival: Arrival { read, kernel: None } };
        if bytes.is_empty() {
            break;
        }
        if let Err(misheard) = hearing.hear(bytes, stamps) {
            cell.fail(misheard.code(), cell.stage(), misheard.to_string());
            break;
        }
    }
    cell.closed("the probe ended");
}

//! The probe on this machine itself (`ansible_connection=local`): the same protocol, over pipes instead of SSH.

use std::io::ErrorKind;
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::cell::HostCell;
use super::group::Group;
use super::hearing::{Ear, Stamps};
use super::unopened::denied;
use super::wire::Arrival;
use crate::clock::UnixNanos;
use crate::inventory::elevation::{Dialogue, Reply};
use crate::probe::{Failure, FailureCode, Stage};
use crate::tickets::login_variables;

/// Bytes that the probe may print before it is asked for anything.
const FIRST_BUDGET: u64 = 256 * 1_024;
/// Bytes of standard error that are looked at for a reason.
const ERRORS_KEPT: usize = 4_096;
/// How long a pipe that is full is left alone.
const FULL_PIPE: Duration = Duration::from_millis(2);
/// How long the last words of whoever let nobody become another user are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A running probe; dropping it ends it, with everything that it started.
#[derive(Debug)]
pub(super) struct LocalProbe {
    input: Arc<Mutex<Option<pipe::Sender>>>,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

/// What the probe and its listener both look at.
#[derive(Debug)]
struct Shared {
    cell: Arc<HostCell>,
    sent: AtomicI64,
    total: AtomicU64,
    budget: AtomicU64,
}

/// The probe's shell and all that it started; dropping it kills them.
#[derive(Debug)]
struct Family {
    /// Before the shell itself, which is waited for once it is dropped.
    _group: Group,
    _shell: Child,
}

impl LocalProbe {
    /// Starts the probe by its command; whoever asks for a password before it is there is answered by `dialogue`.
    pub(super) fn start(
        cell: &Arc<HostCell>,
        ear: Ear,
        command: &str,
        dialogue: Option<Dialogue>,
    ) -> Result<Self, Failure> {
        Self::run(cell, ear, command, dialogue, FIRST_BUDGET)
    }

    fn run(
        cell: &Arc<HostCell>,
        ear: Ear,
        command: &str,
        dialogue: Option<Dialogue>,
        budget: u64,
    ) -> Result<Self, Failure> {
        let fail = |error: std::io::Error| Failure {
            code: FailureCode::NoShell,
            stage: Stage::Channel,
            detail: format!("/bin/sh: {error}"),
        };
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(command).stdin(Stdio::piped()).stdout(Stdio::piped());
        shell.stderr(if dialogue.is_some() { Stdio::piped() } else { Stdio::null() });
        for name in login_variables() {
            shell.env_remove(name);
        }
        // A group of its own: it can be killed whole, and Ctrl-C is left to this program.
        shell.process_group(0).kill_on_drop(true);
        let (group, mut child) = Group::led_by(|| shell.spawn(), Child::id).map_err(fail)?;
        let missing = || fail(std::io::ErrorKind::BrokenPipe.into());
        let (input, output) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
        let errors = child.stderr.take();
        let family = Family { _group: group, _shell: child };
        let input = input.into_owned_fd().and_then(pipe::Sender::from_owned_fd).map_err(fail)?;
        let input = Arc::new(Mutex::new(Some(input)));
        let talk = errors
            .zip(dialogue)
            .map(|(errors, dialogue)| tokio::spawn(converse(Arc::clone(cell), errors, dialogue, Arc::clone(&input))));
        let shared = Arc::new(Shared {
            cell: Arc::clone(cell),
            sent: AtomicI64::new(0),
            total: AtomicU64::new(0),
            budget: AtomicU64::new(budget),
        });
        let listener = tokio::spawn(listen(Arc::clone(&shared), ear, output, family, talk));
        Ok(Self { input, shared, listener })
    }

    /// Lets the probe print `more` bytes from now on, instead of what was left.
    pub(super) fn allow(&self, more: u64) {
        let total = self.shared.total.load(Ordering::SeqCst);
        self.shared.budget.store(total.saturating_add(more), Ordering::SeqCst);
    }

    /// Writes all of `bytes` at once, stamped; `false` where the pipe cannot take them.
    pub(super) fn put(&self, bytes: &[u8]) -> bool {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.sent.store(self.shared.cell.board.clock.now().0, Ordering::SeqCst);
        // A pipe that has room for some of it has room for all: its buffer is many times as large.
        input.as_ref().is_some_and(|input| input.try_write(bytes).is_ok_and(|written| written == bytes.len()))
    }

    /// Writes all of `bytes`, however long whoever reads them takes; `false` where nobody reads any more.
    pub(super) async fn put_all(&self, mut bytes: &[u8]) -> bool {
        loop {
            let written = {
                let input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
                input.as_ref().map(|input| input.try_write(bytes))
            };
            match written {
                Some(Ok(count)) => bytes = bytes.get(count..).unwrap_or_default(),
                Some(Err(error)) if error.kind() == ErrorKind::WouldBlock => sleep(FULL_PIPE).await,
                _ => return false,
            }
            if bytes.is_empty() {
                return true;
            }
        }
    }

    /// Closes the probe's input, which ends it.
    pub(super) fn hang_up(&self) {
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for LocalProbe {
    fn drop(&mut self) {
        // The listener holds the family: it takes it along.
        self.listener.abort();
    }
}

/// Hears the probe out. Whatever ends this, a flood, a silence that took too long or the probe itself, nothing of it is left.
async fn listen(
    shared: Arc<Shared>,
    mut ear: Ear,
    mut output: ChildStdout,
    family: Family,
    talk: Option<JoinHandle<()>>,
) {
    let cell = &shared.cell;
    let mut chunk = [0_u8; 4_096];
    while let Ok(length) = output.read(&mut chunk).await {
        let read = cell.board.clock.mark();
        let bytes = chunk.get(..length).unwrap_or_default();
        let sent = Some(UnixNanos(shared.sent.load(Ordering::SeqCst)));
        if bytes.is_empty() {
            break;
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let total = shared.total.fetch_add(length, Ordering::SeqCst).saturating_add(length);
        if total > shared.budget.load(Ordering::SeqCst) {
            cell.fail(FailureCode::Dropped, cell.stage(), "the probe printed far more than was asked for");
            break;
        }
        if let Err(misheard) = ear.hear(bytes, Stamps { sent, arrival: Arrival { read, kernel: None } }) {
            cell.fail(misheard.code(), cell.stage(), misheard.to_string());
            break;
        }
    }
    drop(family);
    if let Some(talk) = talk {
        // What was said at the end is the reason; whoever goes on holding the line has none.
        let _ = timeout(LAST_WORDS, talk).await;
        cell.probe_over(ear.whom());
    }
    cell.closed(&format!("{} ended", ear.whom()));
}

/// Hears what is said on standard error before the probe is there, and answers whoever asks for a password.
async fn converse(
    cell: Arc<HostCell>,
    mut errors: ChildStderr,
    mut dialogue: Dialogue,
    input: Arc<Mutex<Option<pipe::Sender>>>,
) {
    let mut said = Vec::new();
    let mut chunk = [0_u8; 512];
    while let Ok(length @ 1..) = errors.read(&mut chunk).await {
        let bytes = chunk.get(..length).unwrap_or_default();
        if cell.is_there() {
            continue;
        }
        let method = dialogue.method();
        match dialogue.hear(bytes) {
            Reply::Wait => {
                said.extend(bytes.iter().take(ERRORS_KEPT.saturating_sub(said.len())));
                cell.replace_noise(dialogue.reason(&said));
            }
            Reply::Answer(password) => {
                said.clear();
                cell.gave_password();
                let input = input.lock().unwrap_or_else(PoisonError::into_inner);
                // A pipe that takes no line any more belongs to a program that has ended, which is told elsewhere.
                let _ = input.as_ref().map(|input| input.try_write(format!("{}\n", password.reveal()).as_bytes()));
            }
            Reply::GiveUp(why) => {
                let Failure { code, stage, detail } = denied(method, why, None);
                cell.fail(code, stage, detail);
                *input.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::path::PathBuf;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tempfile::TempDir;
    use tokio::task::spawn_blocking;

    use super::super::ScanClock;
    use super::super::board::Board;
    use super::*;
    use crate::inventory::elevation::{Elevation, ElevationMethod};
    use crate::inventory::secret::Secret;

    /// A pipe that every process of a probe holds open: its end is the end of them all.
    struct Lifeline {
        _folder: TempDir,
        path: PathBuf,
    }

    impl Lifeline {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("lifeline");
            mkfifo(&path, Mode::S_IRWXU).unwrap();
            Self { _folder: folder, path }
        }

        /// A script that holds the line while it does something.
        fn held_by(&self, script: &str) -> String {
            format!("exec 3>'{}'; {script}", self.path.display())
        }

        /// Opens the line, which waits until the script holds it.
        async fn open(&self) -> File {
            let path = self.path.clone();
            spawn_blocking(move || File::open(path).unwrap()).await.unwrap()
        }
    }

    /// Whether whoever holds the line is gone soon.
    async fn ends(mut line: File) -> bool {
        let end = spawn_blocking(move || line.read(&mut [0]).unwrap());
        timeout(Duration::from_secs(10), end).await.is_ok()
    }

    fn cell() -> Arc<HostCell> {
        Arc::new(HostCell::new(0, Arc::new(Board::new(ScanClock::freeze(), |_| {}))))
    }

    /// A flood that goes on when nobody reads it any more.
    const FLOOD: &str = "trap '' PIPE; while :; do echo spam; done 2>/dev/null";

    #[tokio::test]
    async fn a_probe_that_floods_is_killed() {
        let line = Lifeline::new();
        let cell = cell();
        let probe = LocalProbe::run(&cell, Ear::probe(&cell), &line.held_by(FLOOD), None, FIRST_BUDGET).unwrap();
        assert!(ends(line.open().await).await);
        assert_eq!(cell.failure().unwrap().code, FailureCode::NoShell);
        drop(probe);
    }

    #[tokio::test]
    async fn whoever_asks_for_the_password_gets_it_once_and_the_reason_is_kept() {
        let elevation = |password: &str| Elevation {
            method: ElevationMethod::Sudo,
            user: "root".to_owned(),
            program: None,
            flags: None,
            password: Some(Secret::new(password.to_owned())),
        };
        let script = "ask() { printf '[k] password:' >&2; read -r p; }; ask; [ \"$p\" = right ] || ask; \
                      echo sorry >&2; exit 1";
        for (password, code, detail) in
            [("right", None, "sorry"), ("wrong", Some(FailureCode::SudoPasswordWrong), "sudo refused the password")]
        {
            let cell = cell();
            let dialogue = elevation(password).dialogue("[k] password:");
            let _probe = LocalProbe::run(&cell, Ear::probe(&cell), script, Some(dialogue), FIRST_BUDGET).unwrap();
            assert!(!cell.greeting().await);
            let told = cell.failure().filter(|_| code.is_some());
            assert_eq!(told.as_ref().map(|failure| failure.code), code);
            assert_eq!(told.map_or_else(|| cell.first_noise().unwrap(), |failure| failure.detail), detail);
        }
    }

    #[tokio::test]
    async fn bytes_are_counted() {
        let cell = cell();
        let _probe = LocalProbe::run(&cell, Ear::probe(&cell), "echo spam; exec sleep 1000", None, 4).unwrap();
        cell.end().await;
        let failure = cell.failure().unwrap();
        assert_eq!((failure.code, failure.stage), (FailureCode::Dropped, Stage::Prepare));
        assert!(failure.detail.contains("far more than was asked for"), "{failure:?}");
    }

    #[tokio::test]
    async fn a_probe_that_hangs_ends_with_its_session_and_so_does_what_it_started() {
        let line = Lifeline::new();
        let script = line.held_by("trap '' HUP TERM; sleep 1000; sleep 1000");
        let cell = cell();
        let probe = LocalProbe::run(&cell, Ear::probe(&cell), &script, None, FIRST_BUDGET).unwrap();
        let open = line.open().await;
        probe.hang_up();
        drop(probe);
        assert!(ends(open).await);
    }
}

//! What `ssh_config` asks of this machine: the environment, home folders, the commands of `Match exec`, and which names have addresses.

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{User as Account, gethostname, getuid};

use crate::files::TimeLeft;
use crate::files::running::{self, Bounds, Unended};
use crate::openssh::config::{Outside, User};

/// How long a command of `Match exec` may run.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// How long all of them may run together: each host may have one of its own.
const COMMANDS_LIMIT: Duration = Duration::from_secs(60);
/// How many run, or are looked up, at once: they wait for something, mostly.
const MOST_AT_ONCE: usize = 32;
/// What is said of a question that is to be answered with others, later.
const POSTPONED: &str = "not run yet";

/// What takes its time to answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Question {
    /// Whether a name has an address.
    Resolves(String),
    /// Whether a command of the user's shell ends well.
    Succeeds(String),
}

/// This machine, for the user who runs this. Every question is answered once, however many hosts ask it.
#[derive(Debug)]
pub struct ThisMachine {
    answered: HashMap<Question, Result<bool, String>>,
    /// Questions that were asked and are to be answered together; `None` = each is answered when it is asked.
    postponed: Option<BTreeSet<Question>>,
    /// Whether one was postponed since somebody asked.
    is_waiting: bool,
    /// A look-up that did not end: the next ones would not either, and there may be thousands.
    no_answer: Option<String>,
    limit: Duration,
    /// What is left of the time for all commands, and how long that was.
    left: Duration,
    all: Duration,
    /// What is left for the run.
    time: TimeLeft,
}

impl Default for ThisMachine {
    fn default() -> Self {
        Self {
            answered: HashMap::new(),
            postponed: None,
            is_waiting: false,
            no_answer: None,
            limit: COMMAND_LIMIT,
            left: COMMANDS_LIMIT,
            all: COMMANDS_LIMIT,
            time: TimeLeft::default(),
        }
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

    /// Has all commands and look-ups end within what is left for the run, too.
    pub fn within(time: TimeLeft) -> Self {
        Self { time, ..Self::default() }
    }

    /// What is left for the run.
    pub fn time(&self) -> &TimeLeft {
        &self.time
    }

    /// From now on questions are noted, not answered, and an error stands for the answer: [`Self::is_waiting`] tells whether it
    /// does, [`Self::answer_postponed`] answers them.
    pub fn postpone(&mut self) {
        self.postponed.get_or_insert_default();
    }

    /// Whether an answer since the last call stood for one that is still to come.
    pub fn is_waiting(&mut self) -> bool {
        std::mem::take(&mut self.is_waiting)
    }

    /// Answers what was noted, some at once. From now on questions are answered when they are asked.
    pub fn answer_postponed(&mut self) {
        let questions = self.postponed.take().unwrap_or_default();
        self.answer_all(questions.into_iter().collect());
    }

    fn answer(&mut self, question: Question) -> Result<bool, String> {
        if let Some(answer) = self.answered.get(&question) {
            return answer.clone();
        }
        if let Some(postponed) = &mut self.postponed {
            postponed.insert(question);
            self.is_waiting = true;
            return Err(POSTPONED.to_owned());
        }
        self.answer_all(vec![question.clone()]);
        self.answered.get(&question).cloned().unwrap_or_else(|| Err("nobody waited for its end".to_owned()))
    }

    fn answer_all(&mut self, questions: Vec<Question>) {
        let begun = Instant::now();
        let (limit, left, all, time) = (self.limit, self.left, self.all, &self.time);
        let no_answer = Mutex::new(&mut self.no_answer);
        let look_up = |name: &str| {
            if let Some(why) = no_answer.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                return Err(why.clone());
            }
            let found = has_address(name, limit, time);
            if let Err(why) = &found {
                no_answer.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.clone());
            }
            found
        };
        let run = |command: &str| match left.saturating_sub(begun.elapsed()) {
            Duration::ZERO => Err(format!("not run, as the commands of Match exec have taken {} s", all.as_secs_f64())),
            left => succeeds(command, limit.min(left), time),
        };
        let has_commands = questions.iter().any(|question| matches!(question, Question::Succeeds(_)));
        let workers = questions.len().min(MOST_AT_ONCE);
        let (questions, answered) = (Mutex::new(questions), Mutex::new(&mut self.answered));
        // Every change is a single one, so that they are whole even where somebody panicked.
        let next = || questions.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let work = || {
            while let Some(question) = next() {
                let answer = match &question {
                    Question::Resolves(name) => look_up(name),
                    Question::Succeeds(command) => run(command),
                };
                answered.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer);
            }
        };
        thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
        if has_commands {
            self.left = left.saturating_sub(begun.elapsed());
        }
    }

    /// How many commands were run.
    pub fn commands(&self) -> usize {
        self.answered.keys().filter(|question| matches!(question, Question::Succeeds(_))).count()
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
        self.answer(Question::Resolves(name.to_owned()))
    }

    fn run(&mut self, command: &str) -> Result<bool, String> {
        self.answer(Question::Succeeds(command.to_owned()))
    }
}

/// Whether a name has an address, as this machine looks names up.
fn has_address(name: &str, limit: Duration, time: &TimeLeft) -> Result<bool, String> {
    let limit = time.left().unwrap_or(limit).min(limit);
    if limit.is_zero() {
        let whole = time.whole().unwrap_or_default().as_secs_f64();
        return Err(format!(
            "CanonicalizeHostname: names were not looked up, as the {whole} s of `--deadline` are over"
        ));
    }
    let (done, found) = mpsc::channel();
    let asked = name.to_owned();
    thread::spawn(move || {
        let found = (asked.as_str(), 22).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some());
        // Nobody listens any more only when the limit has passed, and then it does not matter.
        let _ = done.send(found);
    });
    found.recv_timeout(limit).map_err(|_| format!("CanonicalizeHostname: no answer to the look-up of {name}"))
}

/// Whether a command of the user's shell ends well in time. It sees no terminal; what it leaves running is ended where it is late.
fn succeeds(command: &str, limit: Duration, time: &TimeLeft) -> Result<bool, String> {
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).map_or_else(|| "/bin/sh".into(), PathBuf::from);
    let mut asked = Command::new(&shell);
    asked.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let ended = running::run(asked, &Bounds { limit, time, most: 0, may_ask: false });
    let status = ended.map_err(|error| match error {
        Unended::Unstarted(error) => format!("{}: {error}", shell.display()),
        Unended::Late(limit) => format!("still running after {:.1} s", limit.as_secs_f64()),
        error => error.to_string(),
    })?;
    let status = status.status;
    status.code().map(|code| code == 0).ok_or_else(|| format!("ended by {status}"))
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
        let mut machine = ThisMachine::default();
        let killed = machine.run("kill -9 $$").unwrap_err();
        assert!(killed.contains("signal: 9"), "{killed}");
    }

    #[test]
    fn commands_that_are_postponed_run_together() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // Each of the two ends only when the other one has begun.
        let commands = [format!("echo > {}", pipe.display()), format!("test -z $(cat {})", pipe.display())];
        let mut machine = ThisMachine::default();
        machine.postpone();
        for command in &commands {
            assert_eq!((machine.run(command), machine.is_waiting()), (Err(POSTPONED.to_owned()), true));
        }
        assert!(!machine.is_waiting());
        machine.answer_postponed();
        for command in &commands {
            assert_eq!((machine.run(command), machine.is_waiting()), (Ok(true), false));
        }
        assert_eq!(machine.run("exit 3"), Ok(false));
    }

    #[test]
    fn names_are_looked_up_together_and_within_the_run() {
        let mut machine = ThisMachine::default();
        machine.postpone();
        for name in ["127.0.0.1", "::1"] {
            assert_eq!((machine.resolves(name), machine.is_waiting()), (Err(POSTPONED.to_owned()), true));
        }
        machine.answer_postponed();
        assert_eq!((machine.resolves("127.0.0.1"), machine.resolves("::1")), (Ok(true), Ok(true)));
        assert_eq!((machine.is_waiting(), machine.commands()), (false, 0));
        let mut late = ThisMachine::within(TimeLeft::of(Some(Duration::ZERO)));
        let why = "CanonicalizeHostname: names were not looked up, as the 0 s of `--deadline` are over";
        assert_eq!(late.resolves("127.0.0.1"), Err(why.to_owned()));
    }

    #[test]
    fn all_commands_together_have_a_limit() {
        let all = Duration::from_millis(200);
        let mut machine = ThisMachine { left: all, all, ..ThisMachine::default() };
        let late = machine.run("sleep 1000").unwrap_err();
        assert_eq!(late, "still running after 0.2 s");
        machine.postpone();
        for index in 0..100 {
            assert!(machine.run(&format!("sleep 1000; : {index}")).is_err());
        }
        machine.answer_postponed();
        let why = machine.run("sleep 1000; : 7").unwrap_err();
        assert_eq!(why, "not run, as the commands of Match exec have taken 0.2 s");
    }

    #[test]
    fn no_command_outlasts_the_run() {
        let mut machine = ThisMachine::within(TimeLeft::of(Some(Duration::from_millis(200))));
        let late = machine.run("sleep 1000").unwrap_err();
        assert_eq!(late, "has not ended within the 0.2 s of `--deadline` and was stopped");
        let late = machine.run("sleep 1001").unwrap_err();
        assert_eq!(late, "was not run, as the 0.2 s of `--deadline` are over");
    }
}

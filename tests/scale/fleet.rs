//! A simulated fleet in a process of its own: this test binary, started once more to run one test that serves.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _, stdin};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clockaudit::demo::{HostPlan, SimulatedFleet, Trouble};

/// How the second process learns that it is to serve, and what: `good 2000`.
const ORDER: &str = "CLOCKAUDIT_TEST_FLEET";
/// How its answers begin, among what the test harness prints.
const ANSWER: &str = "fleet:";

/// Held by the test that runs: fleets that share the processors would measure each other.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other test of this binary runs.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    // A test that failed has left nothing behind that this one would see.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the hosts of a fleet are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All work, every clock right.
    Good,
    /// All work but for one in twenty, which never answers.
    BlackHoles,
    /// All work but for one in five, which accepts a connection and then says nothing.
    Silent,
    /// All work, and one of each kind that attacks is added.
    Hostile,
}

impl Kind {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Good, "good"), (Self::BlackHoles, "holes"), (Self::Silent, "silent"), (Self::Hostile, "hostile")];

    fn label(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).expect("every kind is listed").1
    }

    fn plan(self, count: usize) -> Vec<HostPlan> {
        let good = (1..=count).map(|number| HostPlan::good(&format!("web{number:05}"), "web"));
        match self {
            Self::Good => good.collect(),
            Self::BlackHoles => good
                .enumerate()
                .map(|(index, host)| HostPlan { trouble: (index % 20 == 0).then_some(Trouble::BlackHole), ..host })
                .collect(),
            Self::Silent => good
                .enumerate()
                .map(|(index, host)| HostPlan { trouble: (index % 5 == 0).then_some(Trouble::Silent), ..host })
                .collect(),
            Self::Hostile => good.chain(ATTACKERS.map(|(name, trouble)| attacker(name, trouble))).collect(),
        }
    }
}

/// One of each kind that attacks whoever reads it.
const ATTACKERS: [(&str, Trouble); 7] = [
    ("escapes", Trouble::EscapeSequences),
    ("endless", Trouble::EndlessOutput),
    ("lines", Trouble::ManyLines),
    ("channels", Trouble::ChannelFlood),
    ("banner", Trouble::EndlessBanner),
    ("half", Trouble::HalfBanner),
    ("silent", Trouble::Silent),
];

fn attacker(name: &str, trouble: Trouble) -> HostPlan {
    HostPlan { trouble: Some(trouble), ..HostPlan::good(name, "hostile") }
}

/// A running fleet; it ends with this value.
pub(crate) struct Fleet {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Fleet {
    /// Starts a fleet and waits until it can be scanned.
    pub(crate) fn start(kind: Kind, count: usize) -> Self {
        let mut process = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "fleet::serves_when_it_is_told_to", "--nocapture"])
            .env(ORDER, format!("{} {count}", kind.label()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("its output"));
        let mut fleet = Self { process, orders, answers, folder: PathBuf::new() };
        fleet.folder = fleet.answer().into();
        fleet
    }

    /// The folder with inventory, key and `known_hosts`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until the hosts have given so many readings.
    pub(crate) fn wait_for_readings(&mut self, readings: u64) {
        writeln!(self.orders.as_mut().expect("its input"), "{readings}").expect("it listens");
        self.answer();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        while self.answers.read_line(&mut line).expect("text") > 0 {
            // The harness may print the test's name, which has the same word in it, without a line break first.
            if let Some((_, answer)) = line.rsplit_once(ANSWER) {
                return answer.trim().to_owned();
            }
            line.clear();
        }
        panic!("the fleet ended early");
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        drop(self.orders.take());
        // It ends by itself when its input does; how is of no interest to the test.
        let _ = self.process.wait();
    }
}

/// The other process: serves a fleet until its input ends. Without an order there is nothing to do.
#[test]
fn serves_when_it_is_told_to() {
    let Ok(order) = env::var(ORDER) else { return };
    let (label, count) = order.split_once(' ').expect("a kind and a number");
    let kind = Kind::ALL.iter().find(|(_, name)| *name == label).expect("a kind").0;
    let fleet = SimulatedFleet::start(kind.plan(count.parse().expect("a number")), 1).expect("a fleet");
    println!("{ANSWER} {}", fleet.folder().display());
    for line in stdin().lines() {
        let wanted: u64 = line.expect("text").parse().expect("a number of readings");
        while fleet.readings() < wanted {
            thread::sleep(Duration::from_millis(2));
        }
        println!("{ANSWER} reached");
    }
}

//! What is known of one host while a scan runs: its cell is written by the host's own session and read by the pacer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::board::{Board, locked};
use super::scan_clock::Mark;
use crate::clock::{Exchange, Nanos, UnixNanos, schedule};
use crate::probe::{Facts, FactsReading, Failure, FailureCode, HostEvent, Observation, Reader, Stage};

/// Letters of a failure's text that are kept: a list of names may be as long as a packet, and a fleet has many hosts.
const LONGEST_DETAIL: usize = 400;

static OWN_DEFECTS: AtomicUsize = AtomicUsize::new(0);

/// How many tasks of this process were ended by a panic: any is a defect of the program (exit 70), whatever the hosts did.
pub fn own_defects() -> usize {
    OWN_DEFECTS.load(Ordering::SeqCst)
}

/// Counts a task that a panic has ended.
pub(super) fn own_defect() {
    OWN_DEFECTS.fetch_add(1, Ordering::SeqCst);
}

/// One host of a running scan.
#[derive(Debug)]
pub(super) struct HostCell {
    pub(super) index: usize,
    pub(super) board: Arc<Board>,
    known: Mutex<Known>,
    changed: Notify,
    gave_password: AtomicBool,
}

#[derive(Debug)]
struct Known {
    stage: Stage,
    begun: Option<UnixNanos>,
    ready: Option<UnixNanos>,
    /// Whether what was started on the host has said that it is there.
    is_there: bool,
    reader: Option<Reader>,
    exchanges: Vec<Exchange>,
    least_round_trip: Option<Nanos>,
    asked: Option<Mark>,
    facts_asked: Option<Mark>,
    facts: Option<FactsReading>,
    failure: Option<Failure>,
    window: u32,
    closed: Option<String>,
    first_noise: Option<String>,
    status: Option<u32>,
    farewell: Option<String>,
    probe_over: bool,
    finished: bool,
}

/// Whether a host owes an answer, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It can be asked.
    Free,
    /// It was asked at this instant and has not answered yet.
    Asked(UnixNanos),
    /// It cannot be asked any more.
    Over,
}

impl HostCell {
    pub(super) fn new(index: usize, board: Arc<Board>) -> Self {
        let known = Known {
            stage: Stage::Prepare,
            begun: None,
            ready: None,
            is_there: false,
            reader: None,
            exchanges: Vec::new(),
            least_round_trip: None,
            asked: None,
            facts_asked: None,
            facts: None,
            failure: None,
            window: 0,
            closed: None,
            first_noise: None,
            status: None,
            farewell: None,
            probe_over: false,
            finished: false,
        };
        Self { index, board, known: Mutex::new(known), changed: Notify::new(), gave_password: AtomicBool::new(false) }
    }

    /// The host enters a stage; one that has greeted does not go back, whichever task comes first to say where it is.
    pub(super) fn enter(&self, stage: Stage) {
        let mut known = self.lock();
        if stage >= Stage::Connect {
            known.begun.get_or_insert(self.board.clock.now());
        }
        if !known.is_there || stage >= Stage::Sample {
            known.stage = stage;
        }
    }

    /// A step on the way to the host was done, or was not.
    pub(super) fn step(&self, text: impl Into<String>) {
        self.board.tell(HostEvent::Step { host: self.index, text: brief(text.into()) });
    }

    pub(super) fn stage(&self) -> Stage {
        self.lock().stage
    }

    /// The host fails; the first failure stands, a detail that is too long is cut. A finished host cannot fail.
    pub(super) fn fail(&self, code: FailureCode, stage: Stage, detail: impl Into<String>) {
        let failure = Failure { code, stage, detail: brief(detail.into()) };
        {
            let mut known = self.lock();
            if known.failure.is_some() || known.finished {
                return;
            }
            known.failure = Some(failure.clone());
        }
        self.board.tell(HostEvent::Failed { host: self.index, failure });
        self.board.answered(self.index);
        self.changed.notify_waiters();
    }

    /// The run ended, for the given reason, before this host was sampled: one that was talking to us is late at its stage, one
    /// that waited for its turn or for the others was not attempted.
    pub(super) fn cut_short(&self, why: &str) {
        let (stage, is_asked) = {
            let known = self.lock();
            (known.stage, known.asked.is_some())
        };
        let is_late = (Stage::Banner..Stage::Sample).contains(&stage) || is_asked;
        if is_late {
            self.fail(FailureCode::Timeout, stage, format!("cut short: {why} while the host was waited for"));
        } else {
            self.fail(FailureCode::NotAttempted, stage, format!("{why} before the host was sampled"));
        }
    }

    /// A panic ended this host's task: a defect of the program, which is counted, and not the host's fault.
    pub(super) fn failed_by_us(&self) {
        own_defect();
        self.fail(FailureCode::NotAttempted, self.stage(), "clockaudit itself failed at this host; please report it");
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.lock().failure.clone()
    }

    /// The probe has greeted.
    pub(super) fn greeted(&self, reader: Reader) {
        {
            let mut known = self.lock();
            known.is_there = true;
            known.reader = Some(reader);
            known.ready = Some(self.board.clock.now());
            known.stage = Stage::Sample;
        }
        self.step(format!("the probe runs ({})", reader.label()));
        self.board.tell(HostEvent::Ready { host: self.index });
        self.changed.notify_waiters();
    }

    /// The shell that reads the script of a fix has greeted.
    pub(super) fn script_greeted(&self) {
        self.lock().is_there = true;
        self.changed.notify_waiters();
    }

    /// Whether what was started on the host has greeted: whoever reads from now on is no sudo that asks for a password.
    pub(super) fn is_there(&self) -> bool {
        self.lock().is_there
    }

    pub(super) fn reader(&self) -> Option<Reader> {
        self.lock().reader
    }

    /// A request is about to be sent.
    pub(super) fn ask(&self, mark: Mark) {
        self.lock().asked = Some(mark);
    }

    /// The request that is open, if any, is open no more.
    pub(super) fn take_asked(&self) -> Option<Mark> {
        self.lock().asked.take()
    }

    /// An exchange is complete.
    pub(super) fn sampled(&self, exchange: Exchange) {
        {
            let mut known = self.lock();
            let round_trip = exchange.received.since(exchange.sent);
            known.least_round_trip = Some(known.least_round_trip.map_or(round_trip, |least| least.min(round_trip)));
            known.exchanges.push(exchange);
        }
        self.board.tell(HostEvent::Sampled { host: self.index });
        self.board.answered(self.index);
        self.changed.notify_waiters();
    }

    /// Whether the host can be asked.
    pub(super) fn standing(&self) -> Standing {
        let known = self.lock();
        match known.asked {
            _ if known.failure.is_some() || known.closed.is_some() || known.finished => Standing::Over,
            Some(mark) => Standing::Asked(mark.at),
            None => Standing::Free,
        }
    }

    /// How long an answer may take before it counts as missed.
    pub(super) fn patience(&self, least: Duration) -> Nanos {
        schedule::patience(nanos(least), self.least_round_trip())
    }

    /// The best round trip so far.
    pub(super) fn least_round_trip(&self) -> Option<Nanos> {
        self.lock().least_round_trip
    }

    /// Looks at the exchanges so far.
    pub(super) fn with_exchanges<T>(&self, look: impl FnOnce(&[Exchange]) -> T) -> T {
        look(&self.lock().exchanges)
    }

    /// Takes the exchanges so far: what comes is a look of its own, at a clock that may have been set since.
    pub(super) fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.lock().exchanges)
    }

    /// Waits until there are more exchanges than that, or none can come any more; `false` then.
    pub(super) async fn sampled_beyond(&self, count: usize) -> bool {
        self.wait(|known| {
            let is_over = known.failure.is_some() || known.closed.is_some() || known.finished;
            (is_over || known.exchanges.len() > count).then_some(!is_over)
        })
        .await
    }

    pub(super) fn in_window(&self, window: u32) {
        self.lock().window = window;
    }

    /// The facts script is about to be sent.
    pub(super) fn ask_facts(&self, mark: Mark) {
        let mut known = self.lock();
        known.stage = Stage::Facts;
        known.facts_asked = Some(mark);
        known.facts = Some(FactsReading { bracket: None, facts: Facts::default(), complete: false });
    }

    pub(super) fn facts_asked(&self) -> Option<Mark> {
        self.lock().facts_asked
    }

    /// The reading after the timekeeper's answer has come.
    pub(super) fn bracketed(&self, bracket: Exchange) {
        if let Some(facts) = self.lock().facts.as_mut() {
            facts.bracket = Some(bracket);
        }
    }

    /// Facts have come, all or some.
    pub(super) fn facts_so_far(&self, facts: Facts, complete: bool) {
        {
            let mut known = self.lock();
            let Some(reading) = known.facts.as_mut() else { return };
            reading.facts = facts;
            reading.complete = complete;
        }
        if complete {
            self.changed.notify_waiters();
        }
    }

    /// The session is over, for the given reason.
    pub(super) fn closed(&self, why: &str) {
        let (stage, expected) = {
            let mut known = self.lock();
            let facts_are_in = known.facts.as_ref().is_some_and(|facts| facts.complete);
            known.closed.get_or_insert_with(|| brief(why.to_owned()));
            // Before the greeting, whoever opens the session knows better what an end means.
            (known.stage, known.finished || !known.is_there || facts_are_in)
        };
        if !expected {
            self.fail(FailureCode::Dropped, stage, why);
        }
        self.board.answered(self.index);
        self.changed.notify_waiters();
    }

    /// The probe's channel, or that of the fallback command, ended. Before the greeting another command may follow; after it
    /// nothing can be measured any more, or done. `what` it was is told.
    pub(super) fn probe_over(&self, what: &str) {
        let was_ready = {
            let mut known = self.lock();
            known.probe_over = true;
            known.is_there
        };
        self.changed.notify_waiters();
        if was_ready {
            self.closed(&format!("{what} ended"));
        }
    }

    /// The server said in words that it ends the session.
    pub(super) fn heard_farewell(&self, message: String) {
        self.lock().farewell = Some(message);
    }

    pub(super) fn farewell(&self) -> Option<String> {
        self.lock().farewell.clone()
    }

    /// Why the session ended, where it ended while the probe was still to come.
    pub(super) fn lost_before_greeting(&self) -> Option<String> {
        let known = self.lock();
        known.closed.clone().filter(|_| !known.probe_over)
    }

    /// Another command is about to be tried instead of the probe.
    pub(super) fn probe_again(&self) {
        self.lock().probe_over = false;
    }

    /// Keeps the first line that a host printed instead of a greeting.
    pub(super) fn heard_noise(&self, line: Option<String>) {
        let mut known = self.lock();
        if known.first_noise.is_none() {
            known.first_noise = line;
        }
    }

    /// Keeps a line that says more than what was kept.
    pub(super) fn replace_noise(&self, line: Option<String>) {
        if line.is_some() {
            self.lock().first_noise = line;
        }
    }

    /// Whoever asked for the password of another user was given it.
    pub(super) fn gave_password(&self) {
        self.gave_password.store(true, Ordering::Relaxed);
        self.step("the password was given to whoever makes it another user, and asked for it");
    }

    pub(super) fn has_given_password(&self) -> bool {
        self.gave_password.load(Ordering::Relaxed)
    }

    pub(super) fn first_noise(&self) -> Option<String> {
        self.lock().first_noise.clone()
    }

    /// The command of the probe ended with that exit status.
    pub(super) fn heard_status(&self, status: u32) {
        self.lock().status = Some(status);
    }

    pub(super) fn status(&self) -> Option<u32> {
        self.lock().status
    }

    /// Waits until the probe has greeted, or the session or the host has ended; `true` where it greeted.
    pub(super) async fn greeting(&self) -> bool {
        self.wait(|known| {
            let over = known.probe_over || known.closed.is_some() || known.failure.is_some();
            (known.is_there || over).then_some(known.is_there)
        })
        .await
    }

    /// Waits until the facts are complete or cannot come any more.
    pub(super) async fn all_facts(&self) {
        self.wait(|known| {
            let complete = known.facts.as_ref().is_none_or(|facts| facts.complete);
            (complete || known.closed.is_some()).then_some(())
        })
        .await;
    }

    /// Waits until the session is over.
    pub(super) async fn end(&self) {
        self.wait(|known| known.closed.is_some().then_some(())).await;
    }

    async fn wait<T>(&self, look: impl Fn(&Known) -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listening before looking: a change between the two is not missed.
            changed.as_mut().enable();
            if let Some(seen) = look(&self.lock()) {
                return seen;
            }
            changed.await;
        }
    }

    /// The host needs nothing more: what happens to its session from now on is no failure.
    pub(super) fn finish(&self) {
        let exchanges = {
            let mut known = self.lock();
            known.finished = true;
            known.exchanges.clone()
        };
        self.board.tell(HostEvent::Finished { host: self.index, exchanges });
    }

    /// The bracket of this host's claim, once it is there.
    pub(super) fn bracket(&self) -> Option<Exchange> {
        self.lock().facts.as_ref().and_then(|facts| facts.bracket)
    }

    /// What was seen of the host.
    pub(super) fn observation(&self, host: &str) -> Observation {
        let known = self.lock();
        Observation {
            host: host.to_owned(),
            reader: known.reader,
            exchanges: known.exchanges.clone(),
            facts: known.facts.clone(),
            failure: known.failure.clone(),
            ready_after: known.ready.zip(known.begun).map(|(ready, begun)| ready.since(begun)),
            window: known.window,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        locked(&self.known)
    }
}

/// The text, cut with a mark where it is too long.
fn brief(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_DETAIL) {
        text.truncate(end);
        text.shrink_to_fit();
        text.push('…');
    }
    text
}

/// A duration in nanoseconds.
pub(super) fn nanos(duration: Duration) -> Nanos {
    Nanos(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::ScanClock;

    #[test]
    fn a_host_that_has_greeted_is_not_taken_back_to_the_probe() {
        let cell = HostCell::new(0, Arc::new(Board::new(ScanClock::freeze(), |_| {})));
        cell.enter(Stage::Channel);
        // The greeting may be heard before the task that opened the channel has said so.
        cell.greeted(Reader::Bash);
        cell.enter(Stage::Probe);
        assert_eq!(cell.stage(), Stage::Sample);
        cell.closed("gone");
        assert_eq!(cell.failure().map(|failure| failure.stage), Some(Stage::Sample));
    }

    #[test]
    fn a_host_cannot_fill_the_report_with_its_words() {
        let check = |said: String, expected: usize| {
            let cell = HostCell::new(0, Arc::new(Board::new(ScanClock::freeze(), |_| {})));
            cell.fail(FailureCode::Dropped, Stage::KeyExchange, said.clone());
            let detail = cell.failure().unwrap().detail;
            assert_eq!(detail.chars().count(), expected);
            assert!(said.starts_with(detail.trim_end_matches('…')));
            let ended = HostCell::new(0, Arc::new(Board::new(ScanClock::freeze(), |_| {})));
            ended.closed(&said);
            assert_eq!(ended.lost_before_greeting().unwrap().chars().count(), expected);
        };
        check("gone".to_owned(), 4);
        check("é".repeat(LONGEST_DETAIL), LONGEST_DETAIL);
        check("kex-of-the-host,".repeat(16_384), LONGEST_DETAIL + 1);
        check("é".repeat(100_000), LONGEST_DETAIL + 1);
    }
}

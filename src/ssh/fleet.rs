//! The fleet: every target connected at once, sampled together in windows, and closed again.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::board::Board;
use super::cell::{HostCell, Standing};
use super::facts_round::{ClaimsWindows, EARLY_WAIT, FactsRound, MOST_EARLY};
use super::limits::{Capacity, raise_open_files};
use super::metronome::Metronome;
use super::opener::Opener;
use super::own_claim;
use super::pacer::Pacer;
use super::plan::{ConnectionPlan, SamplingPlan, TimeLimits};
use super::scan_clock::StepWatch;
use super::session::Session;
use super::stop::StopSignal;
use crate::clock::{Exchange, UnixNanos, schedule};
use crate::inventory::target::Target;
use crate::probe::{ControllerReading, FactsReading, Failure, HostEvent, Interruption, SamplingWindow, Seen};

/// The hosts of one scan, with the sessions that are open to them.
///
/// Dropping a fleet cuts every session.
#[derive(Debug)]
pub struct Fleet {
    targets: Arc<Vec<Target>>,
    plan: ConnectionPlan,
    stop: StopSignal,
    board: Arc<Board>,
    hosts: Vec<Arc<HostCell>>,
    opener: Arc<Opener>,
    started: UnixNanos,
    begun: Instant,
    step_watch: StepWatch,
    /// Hosts whose turn has not come yet.
    waiting: VecDeque<usize>,
    /// How many hosts may be open at once.
    at_once: usize,
    connecting: JoinSet<()>,
    outcomes: mpsc::UnboundedReceiver<(usize, Option<Session>)>,
    report_outcome: mpsc::UnboundedSender<(usize, Option<Session>)>,
    /// How many hosts are still on their way.
    under_way: usize,
    /// Sessions that are ready and not sampled yet.
    ready: Vec<(usize, Session)>,
    /// What this machine's own timekeeper said, once it was asked.
    own_claim: Option<FactsReading>,
    /// Within how long the hosts' claims were read.
    claims: ClaimsWindows,
}

impl Fleet {
    /// Opens a session to every target, and returns when each is ready or has failed, `plan.gather` after the last one had its
    /// turn at the latest (then the slow ones go on connecting), early enough to sample the ready ones before a deadline, or when
    /// `stop` is given. What happens on the way is told to `events`.
    pub async fn connect(
        targets: Vec<Target>,
        plan: &ConnectionPlan,
        events: impl Fn(HostEvent) + Send + Sync + 'static,
        stop: StopSignal,
    ) -> Self {
        let (started, begun) = (plan.clock.now(), Instant::now());
        let board = Arc::new(Board::new(plan.clock, events));
        let Capacity { files, sessions } = raise_open_files();
        let at_once = plan.forks.map_or(sessions, |forks| forks.clamp(1, sessions));
        if targets.len() > at_once {
            let waves = targets.len().div_ceil(at_once);
            let why =
                if at_once < sessions { "as --forks asks".to_owned() } else { format!("open-file limit {files}") };
            let text = format!("{} hosts in {waves} waves of {at_once} ({why})", targets.len());
            board.tell(HostEvent::Notice { text });
        }
        let opener = Arc::new(Opener::prepare(plan, &targets));
        for text in opener.known_keys.complaints() {
            board.tell(HostEvent::Notice { text });
        }
        let hosts = (0..targets.len()).map(|index| Arc::new(HostCell::new(index, Arc::clone(&board)))).collect();
        let mut waiting: Vec<usize> = (0..targets.len()).collect();
        // The order of an inventory puts the hosts of one rack, jump or name server side by side.
        fastrand::shuffle(&mut waiting);
        let (report_outcome, outcomes) = mpsc::unbounded_channel();
        let mut fleet = Self {
            targets: Arc::new(targets),
            plan: plan.clone(),
            stop,
            board,
            hosts,
            opener,
            started,
            begun,
            step_watch: StepWatch::start(),
            waiting: waiting.into(),
            at_once,
            connecting: JoinSet::new(),
            outcomes,
            report_outcome,
            under_way: 0,
            ready: Vec::new(),
            own_claim: None,
            claims: ClaimsWindows::default(),
        };
        fleet.start_wave();
        fleet.gather().await;
        fleet
    }

    /// Samples every host, reads their facts, closes all sessions, and tells what was seen.
    pub async fn observe(mut self, plan: &SamplingPlan) -> Seen {
        let mut metronome = Metronome::new(self.plan.clock);
        let mut windows: Vec<SamplingWindow> = Vec::new();
        let mut controller: Vec<ControllerReading> = vec![self.plan.clock.controller()];
        loop {
            if !self.ready.is_empty() && self.stop.reason().is_none() {
                let number = u32::try_from(windows.len()).unwrap_or(u32::MAX);
                let (stop, limits) = (self.stop.clone(), self.plan.limits);
                let (window, readings) = self.sample_window(plan, number, &mut metronome, &stop, limits).await;
                windows.push(window);
                controller.extend(readings);
            }
            if self.stop.reason().is_some() || (self.waiting.is_empty() && self.under_way == 0) {
                break;
            }
            self.start_wave();
            self.gather().await;
        }
        if let Some(reason) = self.stop.reason() {
            self.stop_connecting(reason).await;
            if !self.ready.is_empty() {
                let number = u32::try_from(windows.len()).unwrap_or(u32::MAX);
                let (window, readings) = self.sample_briefly(plan, number, &mut metronome, reason).await;
                windows.push(window);
                controller.extend(readings);
            }
        }
        self.opener.jumps.close(self.plan.limits.close).await;
        controller.push(self.plan.clock.controller());
        Seen {
            started: self.started,
            finished: self.plan.clock.now(),
            observations: self.hosts.iter().zip(&*self.targets).map(|(cell, at)| cell.observation(&at.name)).collect(),
            controller,
            controller_facts: self.own_claim,
            controller_stepped: self.step_watch.saw_step(),
            timer_lateness_p95: schedule::lateness_p95(metronome.lateness()),
            windows,
            claims_window: self.claims.early,
            claims_late_window: self.claims.late,
            time_servers: Vec::new(),
            web_servers: Vec::new(),
            interrupted: self.stop.reason(),
        }
    }

    async fn sample_window(
        &mut self,
        plan: &SamplingPlan,
        number: u32,
        metronome: &mut Metronome,
        stop: &StopSignal,
        limits: TimeLimits,
    ) -> (SamplingWindow, Vec<ControllerReading>) {
        let sessions = std::mem::take(&mut self.ready);
        let hosts: Vec<(&Arc<HostCell>, &Session)> = sessions
            .iter()
            .filter_map(|(index, session)| self.hosts.get(*index).map(|cell| (cell, session)))
            .inspect(|(cell, _)| cell.in_window(number))
            .collect();
        let clock = self.plan.clock;
        self.opener.turnstile.set_open(false);
        let mut pacer = Pacer::new(plan, limits, clock, stop, metronome, hosts.iter().copied());
        let window = pacer.sweep_window().await;
        let mut facts = FactsRound::new(plan, limits, clock, stop);
        let (mut early, mut late) = (Vec::new(), hosts.clone());
        if plan.facts && stop.reason().is_none() {
            let content = pacer.content(window);
            (early, late) = hosts.iter().partition(|(cell, _)| content.binary_search(&cell.index).is_ok());
            late.extend(early.split_off(early.len().min(MOST_EARLY)));
            let read = async {
                facts.ask(pacer.metronome(), &early).await;
                facts.wait(EARLY_WAIT).await;
            };
            if self.own_claim.is_none() {
                let (own, ()) = tokio::join!(own_claim::read(clock), read);
                self.own_claim = own;
            } else {
                read.await;
            }
        }
        let done: BTreeSet<usize> = early.iter().map(|(cell, _)| cell.index).collect();
        let readings = pacer.refine(window, &done).await;
        if plan.facts && stop.reason().is_none() {
            facts.ask(metronome, &late).await;
            facts.wait(limits.facts).await;
        }
        self.claims.add(&early, &late);
        self.opener.turnstile.set_open(true);
        if let Some(reason) = stop.reason() {
            // Before the sessions are closed: a host that is finished cannot fail any more.
            let asked: HashSet<usize> = hosts.iter().map(|(cell, _)| cell.index).collect();
            self.give_up_unsampled(reason, |index| asked.contains(&index));
        }
        drop(hosts);
        join_all(sessions.into_iter().map(|(_, session)| session.close(limits.close))).await;
        (window, readings)
    }

    /// Asks every host that is ready once, though the run was told to stop: they would have waited in vain for those that are
    /// not. All of it, the last answers included, is over within the time that running exchanges have anyway.
    async fn sample_briefly(
        &mut self,
        plan: &SamplingPlan,
        number: u32,
        metronome: &mut Metronome,
        reason: Interruption,
    ) -> (SamplingWindow, Vec<ControllerReading>) {
        let last_answers = self.plan.limits.wind_down / 4;
        let asking = self.plan.limits.wind_down.saturating_sub(last_answers);
        let limits = TimeLimits { wind_down: last_answers, ..self.plan.limits };
        let once = SamplingPlan { samples: 1, most: 1, facts: false, ..plan.clone() };
        let stop = StopSignal::new();
        let in_time = async {
            tokio::time::sleep(asking).await;
            stop.give(reason);
            pending::<Infallible>().await
        };
        tokio::select! {
            sampled = self.sample_window(&once, number, metronome, &stop, limits) => sampled,
            never = in_time => match never {},
        }
    }

    /// Starts as many of the waiting hosts as may be open beside those on their way.
    fn start_wave(&mut self) {
        if self.stop.reason().is_some() {
            return;
        }
        let room = self.at_once.saturating_sub(self.under_way);
        for index in self.waiting.drain(..room.min(self.waiting.len())) {
            let Some(cell) = self.hosts.get(index).cloned() else { continue };
            let (targets, opener, outcome) =
                (Arc::clone(&self.targets), Arc::clone(&self.opener), self.report_outcome.clone());
            self.under_way += 1;
            self.connecting.spawn(async move {
                let report = ReportOnDrop { index, session: None, outcome };
                open(&targets, &opener, &cell, report).await;
            });
        }
    }

    /// Takes in hosts as they get ready: until all have arrived or failed, or the time for it is up, whoever is ready then. The
    /// time counts from when the last host had its turn: those that wait for this machine are not late.
    async fn gather(&mut self) {
        let begun = Instant::now();
        let before_the_deadline =
            self.plan.deadline.map(|deadline| begun + deadline.patience(begun.duration_since(self.begun)));
        let latest =
            before_the_deadline.map_or(begun + self.plan.limits.host, |at| at.min(begun + self.plan.limits.host));
        let mut until = latest.min(begun + self.plan.gather);
        while self.under_way > 0 {
            if self.opener.turnstile.has_queue() {
                until = latest.min(Instant::now() + self.plan.gather);
            }
            let next = tokio::select! {
                next = timeout_at(until, self.outcomes.recv()) => next,
                _ = self.stop.given() => break,
            };
            match next {
                Ok(Some((index, session))) => self.arrived(index, session),
                Ok(None) | Err(_) => break,
            }
        }
        if let Err(text) = self.opener.known_keys.store().await {
            self.board.tell(HostEvent::Notice { text });
        }
    }

    /// Ends what is still on its way, and marks it as not measured; whoever is ready stays so.
    async fn stop_connecting(&mut self, reason: Interruption) {
        self.take_arrived();
        let until = Instant::now() + self.plan.limits.close;
        while self.is_one_arriving() {
            let Ok(Some((index, session))) = timeout_at(until, self.outcomes.recv()).await else { break };
            self.arrived(index, session);
        }
        // First the reason, then the cut: what a session makes of its own end would put the blame on its host.
        let ready: HashSet<usize> = self.ready.iter().map(|(index, _)| *index).collect();
        self.give_up_unsampled(reason, |index| !ready.contains(&index));
        self.connecting.shutdown().await;
        self.take_arrived();
        if let Err(text) = self.opener.known_keys.store().await {
            self.board.tell(HostEvent::Notice { text });
        }
    }

    fn take_arrived(&mut self) {
        while let Ok((index, session)) = self.outcomes.try_recv() {
            self.arrived(index, session);
        }
    }

    fn arrived(&mut self, index: usize, session: Option<Session>) {
        self.under_way = self.under_way.saturating_sub(1);
        self.ready.extend(session.map(|session| (index, session)));
    }

    /// Whether a host's probe has greeted and its session is about to be handed over.
    fn is_one_arriving(&self) -> bool {
        let arrived: HashSet<usize> = self.ready.iter().map(|(index, _)| *index).collect();
        let is_arriving = |cell: &Arc<HostCell>| {
            cell.reader().is_some() && cell.standing() == Standing::Free && !arrived.contains(&cell.index)
        };
        self.hosts.iter().any(is_arriving)
    }

    /// Marks hosts without an exchange as not measured.
    fn give_up_unsampled(&self, reason: Interruption, is_given_up: impl Fn(usize) -> bool) {
        let why = match reason {
            Interruption::Interrupt => "interrupted",
            Interruption::Terminate => "terminated",
            Interruption::Deadline => "the deadline passed",
        };
        for cell in self.hosts.iter().filter(|cell| is_given_up(cell.index)) {
            if cell.with_exchanges(<[Exchange]>::is_empty) {
                cell.cut_short(why);
            }
        }
    }
}

/// Tells the fleet how an opening ended, whatever ended it: a panic in one host's task is that host's failure alone.
struct ReportOnDrop {
    index: usize,
    session: Option<Session>,
    outcome: mpsc::UnboundedSender<(usize, Option<Session>)>,
}

impl Drop for ReportOnDrop {
    fn drop(&mut self) {
        // Without a fleet to tell, the session is dropped here, which cuts it.
        let _ = self.outcome.send((self.index, self.session.take()));
    }
}

/// Tells of a panic that ended an opening: the defect is ours, not the host's.
struct FailOnPanic<'cell>(&'cell HostCell);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed_by_us();
        }
    }
}

async fn open(targets: &[Target], opener: &Opener, cell: &Arc<HostCell>, mut report: ReportOnDrop) {
    let Some(target) = targets.get(report.index) else { return };
    let _guard = FailOnPanic(cell);
    cell.board.tell(HostEvent::Connecting { host: cell.index });
    match opener.open(target, cell).await {
        Ok(session) => report.session = Some(session),
        Err(Failure { code, stage, detail }) => cell.fail(code, stage, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::target::Transport;
    use crate::probe::{FailureCode, Stage};
    use crate::ssh::own_defects;

    fn local() -> Target {
        Target {
            name: "web".to_owned(),
            address: "localhost".to_owned(),
            port: 22,
            transport: Transport::Local,
            ..Target::default()
        }
    }

    #[tokio::test]
    async fn a_panic_of_ours_is_not_blamed_on_the_host() {
        let target = local();
        let defective = |event: HostEvent| assert!(!matches!(event, HostEvent::Connecting { .. }), "a defect");
        let before = own_defects();
        let plan = ConnectionPlan::for_this_user();
        let fleet = Fleet::connect(vec![target], &plan, defective, StopSignal::new()).await;
        let seen = fleet.observe(&SamplingPlan::default()).await;
        let failure = seen.observations.first().and_then(|host| host.failure.clone()).unwrap();
        assert_eq!(failure.code, FailureCode::NotAttempted);
        assert!(failure.detail.contains("clockaudit itself failed"), "{failure:?}");
        assert_eq!(own_defects(), before + 1);
    }

    #[tokio::test]
    async fn gathering_ends_in_time_where_nobody_gets_ready() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let target = Target { address: "127.0.0.1".to_owned(), port, transport: Transport::Ssh, ..local() };
        let mut plan = ConnectionPlan::for_this_user();
        plan.gather = std::time::Duration::from_millis(50);
        let fleet = Fleet::connect(vec![target], &plan, |_| {}, StopSignal::new()).await;
        assert_eq!((fleet.under_way, fleet.ready.len()), (1, 0), "the host's own time limit is not waited for");
    }

    #[test]
    fn a_host_that_was_cut_short_is_told_by_its_stage() {
        let check = |stage: Stage, expected: FailureCode| {
            let board = Arc::new(Board::new(super::super::ScanClock::freeze(), |_| {}));
            let cell = HostCell::new(0, board);
            cell.enter(stage);
            cell.cut_short("the deadline passed");
            let failure = cell.failure().unwrap();
            assert_eq!((failure.code, failure.stage), (expected, stage));
        };
        check(Stage::Prepare, FailureCode::NotAttempted);
        check(Stage::Connect, FailureCode::NotAttempted);
        check(Stage::Banner, FailureCode::Timeout);
        check(Stage::Authenticate, FailureCode::Timeout);
        check(Stage::Probe, FailureCode::Timeout);
        // ready, and waiting for the others
        check(Stage::Sample, FailureCode::NotAttempted);
    }

    #[test]
    fn a_stage_is_known_before_anything_happened() {
        let board = Arc::new(Board::new(super::super::ScanClock::freeze(), |_| {}));
        assert_eq!(HostCell::new(0, board).stage(), Stage::Prepare);
    }
}

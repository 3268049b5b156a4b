//! Progress while hosts are scanned, or looked into for a fix: how many are connected and how many are through, and which one is
//! the slowest; on a terminal only.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Terminal;
use crate::probe::HostEvent;
use crate::report::escape::escaped;

/// How often the line is drawn at most.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// A line is no longer than this, whatever room there is: nobody reads further, and what measures wrongly draws it over several.
const MOST: usize = 200;
/// The columns before the text, and one behind it: what turns, and how long it has been.
const BEFORE: usize = "* 59m  ".len() + 1;

/// A line that turns and says how far things are; hidden but on a terminal.
pub(super) fn bar(terminal: &Terminal) -> ProgressBar {
    let bar = if terminal.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
        bar.set_style(style);
    }
    if !bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        bar.enable_steady_tick(DRAW_EVERY);
    }
    bar
}

/// Shows a text in the line; what has no room ends in an ellipsis.
pub(super) fn show(bar: &ProgressBar, text: &str) {
    if !bar.is_hidden() {
        let columns = super::stderr_columns().map_or(MOST, |columns| columns.min(MOST));
        bar.set_message(cut(text, columns.saturating_sub(BEFORE)));
    }
}

/// The text in so many columns.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

/// How much more must be asked for (`-vv`) to be told each step on the way to a host.
const STEPS: u8 = 2;

/// A listener of the run's events.
#[derive(Debug, Clone)]
pub struct Progress {
    terminal: Terminal,
    bar: ProgressBar,
    tally: Arc<Mutex<Tally>>,
}

impl Progress {
    /// Starts to watch hosts of these names, of which each is asked `samples` times; none where they are looked into instead.
    pub(super) fn start(terminal: &Terminal, names: Vec<String>, samples: usize) -> Self {
        Self { terminal: terminal.clone(), bar: bar(terminal), tally: Arc::new(Mutex::new(Tally::new(names, samples))) }
    }

    /// Takes in one event; what the user must know at once is said.
    pub fn hear(&self, event: &HostEvent) {
        if let HostEvent::Step { host, text } = event {
            if !self.passes_over(event) {
                let name = self.tally.lock().unwrap_or_else(PoisonError::into_inner).name(*host);
                self.bar.suspend(|| self.terminal.detail(STEPS, &format!("{name}: {}", escaped(text))));
            }
            return;
        }
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.take(event);
        show(&self.bar, &tally.line());
        match event {
            HostEvent::Failed { host, failure } => {
                let (name, detail) = (tally.name(*host), escaped(&failure.detail));
                let text = format!("{name}: {} {detail} ({})", failure.code.label(), failure.stage.label());
                self.bar.suspend(|| self.terminal.detail(1, &text));
            }
            HostEvent::KeyAccepted { host, fingerprint } => {
                let text = format!("{}: accepted the new host key {}", tally.name(*host), escaped(fingerprint));
                self.bar.suspend(|| self.terminal.note(&text));
            }
            HostEvent::Notice { text } => self.bar.suspend(|| self.terminal.note(&escaped(text))),
            HostEvent::Connecting { .. }
            | HostEvent::Ready { .. }
            | HostEvent::Sampled { .. }
            | HostEvent::FactsRead { .. }
            | HostEvent::Finished { .. }
            | HostEvent::Step { .. } => {}
        }
    }

    /// Whether an event is one of those that nobody asked for, of which there are many: it need not be made ready to be shown.
    pub fn passes_over(&self, event: &HostEvent) -> bool {
        matches!(event, HostEvent::Step { .. }) && !self.terminal.tells(STEPS)
    }

    /// Does something for which the line must be out of the way.
    pub fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How far a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Ready { exchanges: usize },
    Finished,
    Failed,
}

/// The count of everything that has happened.
#[derive(Debug)]
struct Tally {
    names: Vec<String>,
    stages: Vec<Stage>,
    samples: usize,
    /// In the order in which they began to connect; hosts that are connected, or through, are dropped from the front.
    connecting: VecDeque<usize>,
    /// In the order in which they got ready; hosts that are through are dropped from the front.
    connected: VecDeque<usize>,
    ready: usize,
    /// How many are sampled; of those that are looked into, how many are through.
    through: usize,
    failed: usize,
}

impl Tally {
    fn new(names: Vec<String>, samples: usize) -> Self {
        let stages = vec![Stage::Waiting; names.len()];
        Self {
            names,
            stages,
            samples,
            connecting: VecDeque::new(),
            connected: VecDeque::new(),
            ready: 0,
            through: 0,
            failed: 0,
        }
    }

    fn name(&self, host: usize) -> String {
        self.names.get(host).map_or_else(|| "?".to_owned(), |name| escaped(name))
    }

    fn take(&mut self, event: &HostEvent) {
        match event {
            HostEvent::Connecting { host } => self.connecting.push_back(*host),
            HostEvent::Ready { host } => {
                self.connected.push_back(*host);
                self.set(*host, Stage::Ready { exchanges: 0 });
            }
            HostEvent::Sampled { host } => {
                if let Some(Stage::Ready { exchanges }) = self.stages.get(*host) {
                    self.set(*host, Stage::Ready { exchanges: exchanges + 1 });
                }
            }
            HostEvent::Finished { host, .. } => self.set(*host, Stage::Finished),
            HostEvent::Failed { host, .. } => self.set(*host, Stage::Failed),
            HostEvent::FactsRead { .. }
            | HostEvent::KeyAccepted { .. }
            | HostEvent::Notice { .. }
            | HostEvent::Step { .. } => {}
        }
    }

    fn set(&mut self, host: usize, stage: Stage) {
        let samples = self.samples;
        let Some(slot) = self.stages.get_mut(host) else { return };
        let before = std::mem::replace(slot, stage);
        match (before, stage) {
            // One that is looked into may be connected to twice.
            (Stage::Waiting, Stage::Ready { .. }) => self.ready += 1,
            (_, Stage::Ready { exchanges }) if exchanges == samples && samples > 0 => self.through += 1,
            (Stage::Ready { .. }, Stage::Finished) if samples == 0 => self.through += 1,
            (Stage::Waiting | Stage::Ready { .. } | Stage::Finished, Stage::Failed) => self.failed += 1,
            _ => {}
        }
    }

    fn line(&mut self) -> String {
        let total = self.names.len();
        let done = if self.samples == 0 { "looked into" } else { "sampled" };
        let mut line = format!("{} of {total} connected, {} {done}", self.ready, self.through);
        if self.failed > 0 {
            line = format!("{line}, {} failed", self.failed);
        }
        if let Some(slowest) = self.slowest() {
            line = format!("{line}   slowest: {}", self.name(slowest));
        }
        line
    }

    /// The host that everyone waits for: of those that are not connected the one that has been under way for the longest, and
    /// once all are connected, the first that is not sampled.
    fn slowest(&mut self) -> Option<usize> {
        let (stages, samples) = (&self.stages, self.samples);
        let is_connecting = |host: usize| stages.get(host) == Some(&Stage::Waiting);
        let is_unsampled = |host: usize| matches!(stages.get(host), Some(Stage::Ready { exchanges }) if samples == 0 || *exchanges < samples);
        first(&mut self.connecting, is_connecting).or_else(|| first(&mut self.connected, is_unsampled))
    }
}

/// The first that is still waited for; what is through never comes back, so it is dropped.
fn first(hosts: &mut VecDeque<usize>, is_waited_for: impl Fn(usize) -> bool) -> Option<usize> {
    while let Some(host) = hosts.front().copied() {
        if is_waited_for(host) {
            return Some(host);
        }
        hosts.pop_front();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Failure, FailureCode, Stage as FailedStage};

    #[test]
    fn hosts_that_are_looked_into_are_through_when_they_have_answered() {
        let mut tally = Tally::new(["web1", "web2"].map(str::to_owned).to_vec(), 0);
        let mut check = |event: HostEvent, expected: &str| {
            tally.take(&event);
            assert_eq!(tally.line(), expected);
        };
        check(HostEvent::Connecting { host: 0 }, "0 of 2 connected, 0 looked into   slowest: web1");
        check(HostEvent::Connecting { host: 1 }, "0 of 2 connected, 0 looked into   slowest: web1");
        check(HostEvent::Ready { host: 0 }, "1 of 2 connected, 0 looked into   slowest: web2");
        // Its clock is measured meanwhile, over a connection of its own.
        check(HostEvent::Connecting { host: 0 }, "1 of 2 connected, 0 looked into   slowest: web2");
        check(HostEvent::Ready { host: 0 }, "1 of 2 connected, 0 looked into   slowest: web2");
        check(HostEvent::Ready { host: 1 }, "2 of 2 connected, 0 looked into   slowest: web1");
        let finished = |host| HostEvent::Finished { host, exchanges: Vec::new() };
        check(finished(0), "2 of 2 connected, 1 looked into   slowest: web2");
        check(finished(1), "2 of 2 connected, 2 looked into");
        check(finished(1), "2 of 2 connected, 2 looked into");
    }

    #[test]
    fn what_has_no_room_ends_in_an_ellipsis() {
        assert_eq!(cut("12345", 5), "12345");
        assert_eq!(cut("123456", 5), "1234…");
        assert_eq!(cut("ää", 1), "…");
    }

    #[test]
    fn the_line_counts_hosts_and_names_the_slowest() {
        let mut tally = Tally::new(["web1", "web2", "\u{1b}[2Jdb"].map(str::to_owned).to_vec(), 2);
        let failure = Failure { code: FailureCode::Timeout, stage: FailedStage::Connect, detail: String::new() };
        let mut check = |events: &[HostEvent], expected: &str| {
            for event in events {
                tally.take(event);
            }
            assert_eq!(tally.line(), expected);
        };
        check(&[], "0 of 3 connected, 0 sampled");
        let connecting = [0, 1, 2].map(|host| HostEvent::Connecting { host });
        check(&connecting, "0 of 3 connected, 0 sampled   slowest: web1");
        check(&[HostEvent::Ready { host: 1 }], "1 of 3 connected, 0 sampled   slowest: web1");
        // A host that is ready waits too, and nobody waits for it.
        let waited_for = "1 of 3 connected, 0 sampled, 1 failed   slowest: \\x1b[2Jdb";
        check(&[HostEvent::Failed { host: 0, failure }], waited_for);
        let sampled = [HostEvent::Sampled { host: 1 }, HostEvent::Sampled { host: 1 }];
        check(&sampled, "1 of 3 connected, 1 sampled, 1 failed   slowest: \\x1b[2Jdb");
        check(&[HostEvent::Ready { host: 2 }], "2 of 3 connected, 1 sampled, 1 failed   slowest: \\x1b[2Jdb");
        check(
            &[2, 1].map(|host| HostEvent::Finished { host, exchanges: Vec::new() }),
            "2 of 3 connected, 1 sampled, 1 failed",
        );
    }
}

//! Progress while hosts are changed: how many are done and what goes on; a line that stays on a terminal, lines one after another
//! elsewhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

use super::Terminal;
use super::progress::{bar, show};

/// What is shown of hosts that are changed; they are named by their places.
#[derive(Debug, Clone)]
pub struct Changing {
    terminal: Terminal,
    bar: ProgressBar,
    tally: Arc<Mutex<Tally>>,
}

impl Changing {
    /// Begins to show so many hosts.
    pub(super) fn start(terminal: &Terminal, total: usize) -> Self {
        let bar = bar(terminal);
        let tally = Tally { total, ..Tally::default() };
        let changing = Self { terminal: terminal.clone(), bar, tally: Arc::new(Mutex::new(tally)) };
        changing.take(|_| {});
        changing
    }

    /// What goes on at a host that is being changed; it was begun where nothing was said of it yet. The text is harmless already.
    pub fn goes_on(&self, host: usize, text: String) {
        self.take(|tally| tally.goes_on(host, text));
    }

    /// A host is done.
    pub fn ended(&self, host: usize, has_failed: bool) {
        self.take(|tally| tally.ended(host, has_failed));
    }

    /// Says something that stays, to all but those who asked for quiet.
    pub fn tell(&self, text: &str) {
        self.bar.suspend(|| self.terminal.detail(0, text));
    }

    /// Says something that stays, to those who asked for so much.
    pub fn detail(&self, level: u8, text: &str) {
        self.bar.suspend(|| self.terminal.detail(level, text));
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn take(&self, act: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut tally);
        show(&self.bar, &tally.line());
    }
}

/// The count of everything that has happened.
#[derive(Debug, Default)]
struct Tally {
    total: usize,
    ended: usize,
    failed: usize,
    /// Hosts that are being changed, with what was heard of each last.
    running: BTreeMap<usize, String>,
    /// The one that was heard of last.
    last: Option<usize>,
}

impl Tally {
    fn goes_on(&mut self, host: usize, text: String) {
        self.running.insert(host, text);
        self.last = Some(host);
    }

    fn ended(&mut self, host: usize, has_failed: bool) {
        self.running.remove(&host);
        self.ended += 1;
        self.failed += usize::from(has_failed);
    }

    fn line(&self) -> String {
        let mut line = format!("{} of {} done", self.ended, self.total);
        if self.failed > 0 {
            line = format!("{line}, {} not mended", self.failed);
        }
        if !self.running.is_empty() {
            line = format!("{line}, {} being changed", self.running.len());
        }
        let last = self.last.and_then(|host| self.running.get(&host)).or_else(|| self.running.values().next());
        last.map_or_else(|| line.clone(), |text| format!("{line}   {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_hosts_and_tells_what_was_heard_last() {
        let mut tally = Tally { total: 3, ..Tally::default() };
        assert_eq!(tally.line(), "0 of 3 done");
        tally.goes_on(0, "web1: begun".to_owned());
        tally.goes_on(2, "db: +8.2 s off, right in 100 s".to_owned());
        assert_eq!(tally.line(), "0 of 3 done, 2 being changed   db: +8.2 s off, right in 100 s");
        tally.ended(2, true);
        assert_eq!(tally.line(), "1 of 3 done, 1 not mended, 1 being changed   web1: begun");
        tally.ended(0, false);
        assert_eq!(tally.line(), "2 of 3 done, 1 not mended");
    }
}

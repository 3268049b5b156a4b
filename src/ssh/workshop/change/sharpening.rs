//! The yardstick that one host is held to, measured anew where it has aged.

use super::Job;
use crate::clock::{Interval, UnixNanos};
use crate::fix::yardstick;
use crate::ssh::workshop::bench::{Bench, look_at_server};

impl Job {
    /// Measures the yardstick anew, for this host; what is the clock of one host is measured for all.
    pub(super) async fn sharpen(&mut self, bench: &mut Bench) {
        if self.common.server.is_some() {
            // One that waits signs nothing to its guard; what another one measures just now is for all.
            let one = if self.is_guarded {
                self.common.looking.try_lock().ok()
            } else {
                Some(self.common.looking.lock().await)
            };
            if one.is_some() && self.is_blunt(self.shared.plan.clock.now()) {
                // One that cannot be seen just now stays as blunt as it is.
                let _ = look_at_server(&self.shared, &self.common).await;
            }
            return;
        }
        if self.work.questions.servers.is_empty() {
            return;
        }
        let run = self.is_guarded.then_some(&self.run);
        let Some(testimony) = bench.testify(&self.shared, &self.work, run).await else { return };
        let now = self.shared.plan.clock.now();
        let Ok(found) = yardstick::find(&[testimony.at(now)], None, true) else { return };
        // Where the two cannot both be true, the many that were asked before the wave count.
        self.own = self.standing().narrowed(&found.yardstick, now).or(self.own.take());
    }

    /// Whether the yardstick alone takes half of what the host is allowed.
    pub(super) fn is_blunt(&self, now: UnixNanos) -> bool {
        self.standing().aged(now).is_blunt(self.work.warn)
    }

    /// Whether it is the yardstick that leaves open whether the clock is right, and it was not measured anew just now.
    pub(super) fn is_undecided(&self, offset: Option<Interval>, asked: Option<UnixNanos>) -> bool {
        let now = self.shared.plan.clock.now();
        let asked = asked.map(|asked| now.since(asked));
        self.standing().aged(now).leaves_open(offset, self.work.warn, asked)
    }
}

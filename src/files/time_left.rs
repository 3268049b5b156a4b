//! What is left of the time that a run may take (`--deadline`) while its inventory, its passwords and `ssh_config` are read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is left for a run. Clones count the same time.
#[derive(Debug, Clone, Default)]
pub struct TimeLeft(Option<Arc<Count>>);

#[derive(Debug)]
struct Count {
    /// How long the run may take.
    whole: Duration,
    begun: Instant,
    /// How people were waited for.
    uncounted: Mutex<Uncounted>,
}

/// The time that does not count.
#[derive(Debug, Default)]
struct Uncounted {
    /// What is over of it.
    over: Duration,
    /// Since when somebody is being waited for.
    since: Option<Instant>,
    /// For how many answers at once.
    waits: usize,
}

impl Uncounted {
    fn until(&self, now: Instant) -> Duration {
        self.over + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl TimeLeft {
    /// A run that begins in this instant and may take so long; `None` = as long as it takes.
    pub fn of(whole: Option<Duration>) -> Self {
        let count = |whole| Arc::new(Count { whole, begun: Instant::now(), uncounted: Mutex::default() });
        Self(whole.map(count))
    }

    /// What is left; `None` = there is no end.
    pub fn left(&self) -> Option<Duration> {
        let count = self.0.as_ref()?;
        let uncounted = count.uncounted.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let passed = now.saturating_duration_since(count.begun);
        Some(count.whole.saturating_sub(passed.saturating_sub(uncounted.until(now))))
    }

    /// How long the whole run may take.
    pub fn whole(&self) -> Option<Duration> {
        self.0.as_ref().map(|count| count.whole)
    }

    /// Does what does not count: a person takes their time. The count stands still meanwhile.
    pub fn uncounted<T>(&self, work: impl FnOnce() -> T) -> T {
        let Some(count) = &self.0 else { return work() };
        let locked = || count.uncounted.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut uncounted = locked();
            uncounted.waits += 1;
            uncounted.since.get_or_insert_with(Instant::now);
        }
        let done = work();
        let mut uncounted = locked();
        uncounted.waits -= 1;
        if uncounted.waits == 0 {
            uncounted.over = uncounted.until(Instant::now());
            uncounted.since = None;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_takes_does_not_count() {
        let long = Duration::from_secs(1_000_000);
        let time = TimeLeft::of(Some(long));
        let other = time.clone();
        let waited = time.uncounted(|| {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(2) {}
            begun.elapsed()
        });
        let left = other.left().expect("an end");
        // What else has passed is known from outside.
        let count = other.0.as_ref().expect("a count");
        assert!(left <= long && left >= (long + waited).saturating_sub(count.begun.elapsed()), "{left:?}");
        assert_eq!((other.whole(), TimeLeft::default().left()), (Some(long), None));
        assert_eq!(TimeLeft::of(Some(Duration::ZERO)).left(), Some(Duration::ZERO));
    }

    #[test]
    fn the_count_stands_still_while_somebody_is_waited_for() {
        let time = TimeLeft::of(Some(Duration::from_secs(1_000_000)));
        let other = time.clone();
        time.uncounted(|| {
            let count = other.0.as_ref().expect("a count");
            let since = count.uncounted.lock().expect("nobody panicked").since.expect("a wait");
            let counted = since.duration_since(count.begun);
            while since.elapsed() < Duration::from_millis(2) {}
            // Two at once are one pause.
            other.uncounted(|| ());
            assert_eq!(other.left(), Some(count.whole.saturating_sub(counted)));
        });
        let uncounted = other.0.as_ref().map(|count| count.uncounted.lock().expect("nobody panicked"));
        assert!(uncounted.is_some_and(|uncounted| uncounted.since.is_none() && uncounted.waits == 0));
    }
}

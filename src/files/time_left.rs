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
    /// How long people were waited for.
    uncounted: Mutex<Duration>,
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
        let uncounted = *count.uncounted.lock().unwrap_or_else(PoisonError::into_inner);
        Some(count.whole.saturating_sub(count.begun.elapsed().saturating_sub(uncounted)))
    }

    /// How long the whole run may take.
    pub fn whole(&self) -> Option<Duration> {
        self.0.as_ref().map(|count| count.whole)
    }

    /// Does what does not count: a person takes their time.
    pub fn uncounted<T>(&self, work: impl FnOnce() -> T) -> T {
        let Some(count) = &self.0 else { return work() };
        let begun = Instant::now();
        let done = work();
        *count.uncounted.lock().unwrap_or_else(PoisonError::into_inner) += begun.elapsed();
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
}

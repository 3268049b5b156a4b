//! How much work all templates of one inventory may be together, and until when.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::Surroundings;
use super::error::TemplateError;
use crate::inventory::value::Value;

/// Steps that templates may take whatever the size of the inventory. An ordinary expression takes some ten of them.
const WHOLE: u64 = 100_000_000;
/// And those for each host, which are far more than its settings need.
const OF_A_HOST: u64 = 2_000;

/// The work of all templates, in steps: an instruction of the engine, 64 bytes, or a value that is looked at.
pub(super) struct Work {
    most: u64,
    spent: AtomicU64,
    /// The variable and the host at which it became too much.
    ended_at: OnceLock<[String; 2]>,
    surroundings: Arc<dyn Surroundings>,
}

impl Work {
    /// That of an inventory of so many hosts.
    pub(super) fn of_hosts(hosts: usize, surroundings: Arc<dyn Surroundings>) -> Self {
        let of_hosts = u64::try_from(hosts).unwrap_or(u64::MAX).saturating_mul(OF_A_HOST);
        let most = WHOLE.saturating_add(of_hosts);
        Self { most, spent: AtomicU64::new(0), ended_at: OnceLock::new(), surroundings }
    }

    /// Says how much it may be.
    pub(super) fn limit(&mut self, most: u64) {
        self.most = most;
    }

    /// How much it was so far.
    pub(super) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Takes note of steps that were taken for the variable `name` of a host.
    pub(super) fn spend(&self, steps: u64, name: &str, host: impl FnOnce() -> String) {
        let before = self.spent.fetch_add(steps, Ordering::Relaxed);
        if before.saturating_add(steps) > self.most {
            self.ended_at.get_or_init(|| [name.to_owned(), host()]);
        }
    }

    /// Whether more may be begun.
    pub(super) fn may_go_on(&self) -> Result<(), TemplateError> {
        self.is_in_time()?;
        match self.ended_at.get() {
            Some([name, host]) => {
                Err(TemplateError::Exhausted { most: self.most, name: name.clone(), host: host.clone() })
            }
            None => Ok(()),
        }
    }

    /// Whether the run has time left.
    pub(super) fn is_in_time(&self) -> Result<(), TemplateError> {
        match self.surroundings.time_over() {
            Some(whole) => Err(TemplateError::TooLate { whole }),
            None => Ok(()),
        }
    }
}

/// The steps that looking at a value takes.
pub(super) fn weight(value: &Value) -> u64 {
    let of_text = |text: &str| u64::try_from(text.len() / 64).unwrap_or(u64::MAX);
    match value {
        Value::Null | Value::Bool(_) | Value::Float(_) => 1,
        Value::Integer(text)
        | Value::Text(text)
        | Value::Timestamp(text)
        | Value::Unsafe(text)
        | Value::Vaulted(text) => 1 + of_text(text),
        Value::List(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Value::Mapping(entries) => 1 + entries.iter().map(|(key, item)| of_text(key) + weight(item)).sum::<u64>(),
    }
}

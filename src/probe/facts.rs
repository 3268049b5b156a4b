//! What a host says of itself: bounded lines of `key=value`, read in one round and bracketed by two clock readings.

use crate::clock::Exchange;

/// One round of facts from one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsReading {
    /// The bracket of the claim: `sent` is when the script was written, `received` when the reading after `chronyc`
    /// arrived, `first` and `last` the host's clock before and after `chronyc` ran.
    pub bracket: Option<Exchange>,
    /// The facts, in the order they were printed; keys may repeat (`chrony.csv`, one a line).
    pub facts: Facts,
    /// Whether the end marker came in time; `false` leaves what there was.
    pub complete: bool,
}

/// The facts of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(pub Vec<(String, String)>);

impl AsRef<[(String, String)]> for Facts {
    fn as_ref(&self) -> &[(String, String)] {
        &self.0
    }
}

impl Facts {
    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of `key`, in order.
    pub fn all<'facts>(&'facts self, key: &'facts str) -> impl Iterator<Item = &'facts str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

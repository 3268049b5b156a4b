//! The kernel's own view of its clock, which every timekeeper writes: `adjtimex`.

use super::said::Said;
use crate::clock::Nanos;

/// The greatest error that the kernel counts to; from there on it calls the clock unsynchronised (`NTP_PHASE_LIMIT`).
pub const GREATEST_ERROR: Nanos = Nanos::from_seconds(16);
/// `STA_UNSYNC`, which chronyd clears only with `rtcsync`.
const UNSYNCHRONISED: u64 = 64;

/// What `adjtimex` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelClock {
    /// The greatest error: what the timekeeper wrote, and 500 us more for each second since. What is still to be slewed is
    /// not in it.
    pub greatest_error: Nanos,
    /// Whether the status has `STA_UNSYNC`; `None` where it was not told.
    pub has_unsynchronised_bit: Option<bool>,
}

impl KernelClock {
    /// Reads the facts `kernel.maxerror` (in microseconds) and `kernel.status`.
    pub(super) fn read(said: Said<'_>) -> Option<Self> {
        let micros: i64 = number(said.first("kernel.maxerror")?)?.try_into().ok()?;
        let status = said.first("kernel.status").and_then(number);
        Some(Self {
            greatest_error: Nanos(micros.checked_mul(1_000)?),
            has_unsynchronised_bit: status.map(|status| status & UNSYNCHRONISED != 0),
        })
    }

    /// Whether some timekeeper has set the clock within the last nine hours.
    ///
    /// The bit is not asked: chronyd leaves it as it was where `rtcsync` is not set.
    pub fn is_synchronised(&self) -> bool {
        self.greatest_error < GREATEST_ERROR
    }
}

/// A decimal number, or a hexadecimal one with `0x`.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

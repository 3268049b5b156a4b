//! Encrypted values opened side by side: each takes ten thousand rounds of a hash, and a fleet may have as many passwords.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::files::TimeLeft;
use crate::inventory::vault::Keyring;

/// Opens texts on all processors, while there is time for one more. What cannot be opened, and that there was no time for it, is
/// told by whoever needs it: the keyring knows its answers from then on.
pub fn open_ahead(keyring: &Keyring, texts: &[&str], time: &TimeLeft) {
    let next = AtomicUsize::new(0);
    let work = || {
        while time.left() != Some(Duration::ZERO)
            && let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let _ = keyring.open(text);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(texts.len());
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
}

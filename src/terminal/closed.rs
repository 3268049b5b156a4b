//! Whether standard output was closed before the program began, as by `>&-`.
//!
//! Rust opens `/dev/null` in the place of a closed stream before `main`: everything would be written there without an error.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{FcntlArg, fcntl};

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks before Rust's own start does anything about it.
#[ctor::ctor(unsafe)]
fn look() {
    IS_CLOSED.store(fcntl(io::stdout(), FcntlArg::F_GETFD).is_err(), Ordering::Relaxed);
}

/// Whether there is no standard output.
pub(super) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}

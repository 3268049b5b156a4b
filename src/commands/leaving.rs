//! What is left in order when a signal ends the program before it measures.

use std::sync::Once;

use nix::sys::resource::{Resource, getrlimit};

use crate::files::end_programs;
use crate::ssh::{StopSignal, before_leaving_at_once};
use crate::terminal::give_back;

/// Below this limit of open files nothing is listened to.
const FEWEST_FILES: u64 = 32;

/// From now on Ctrl-C, SIGTERM and SIGHUP end the programs that were started too, and leave the terminal as it was.
pub(super) fn in_order() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        // Listening opens files of its own. Where there are too few, a signal ends the program as it ends any other.
        if getrlimit(Resource::RLIMIT_NOFILE).is_ok_and(|(files, _)| files < FEWEST_FILES) {
            return;
        }
        before_leaving_at_once(|| {
            end_programs();
            give_back();
        });
        StopSignal::leave_at_once();
    });
}

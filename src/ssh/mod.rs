//! The sampling engine: opens a session to every host, reads all clocks in paced rounds, and hands back what it saw.

mod algorithms;
mod cell;
mod dial;
mod facts_round;
mod fleet;
mod handler;
mod hearing;
mod host_certificate;
mod host_key;
mod inspection;
mod known_keys;
mod limits;
mod local;
mod login;
mod metronome;
mod opener;
mod own_claim;
mod pacer;
mod plan;
mod scan_clock;
mod session;
mod settings;
mod small_file;
mod stop;
mod turnstile;
mod wire;

pub use cell::own_defects;
pub use fleet::Fleet;
pub use inspection::{Inspection, inspect};
pub use limits::{LEAST_OPEN_FILES, open_files};
pub use login::{LockedKeys, UnlockError, UnlockedKeys, locked_keys};
pub use plan::{ConnectionPlan, Deadline, SamplingPlan, TimeLimits, UnknownKeys};
pub use scan_clock::ScanClock;
pub use settings::{Algorithms, AuthMethod, AuthSettings, HostKeySettings, HostSettings, Way};
pub use stop::{Heard, StopSignal, before_leaving_at_once};
pub use wire::live_wires;

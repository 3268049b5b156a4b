//! What the controller's own timekeeper says of the clock that scans: asked once, beside the facts of the hosts.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::scan_clock::ScanClock;
use crate::clock::{Exchange, Nanos};
use crate::probe::{Facts, FactsReading};
use crate::tickets::login_variables;

/// A timekeeper that does not answer for longer gives no claim.
const LIMIT: Duration = Duration::from_millis(1_500);
/// No report of chronyd is longer.
const MOST_LINES: usize = 4;

/// Asks chronyd on this machine, between two readings of the axis; `None` where nothing answers in time.
pub(super) async fn read(clock: ScanClock) -> Option<FactsReading> {
    let sent = clock.now();
    let mut chronyc = Command::new("chronyc");
    for name in login_variables() {
        chronyc.env_remove(name);
    }
    let asked = chronyc
        .args(["-n", "-c", "tracking"])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LIMIT, asked).await.ok()?.ok().filter(|output| output.status.success())?;
    let received = clock.now();
    let said = String::from_utf8_lossy(&output.stdout);
    let facts = said.lines().take(MOST_LINES).map(|line| ("chrony.csv".to_owned(), line.to_owned())).collect();
    // The axis stands for the reading: only the time of the claim is taken from it.
    let bracket = Exchange {
        sent,
        received,
        first: sent,
        last: received,
        resolution: Nanos(1),
        lag: Nanos::ZERO,
        spawned: false,
    };
    Some(FactsReading { bracket: Some(bracket), facts: Facts(facts), complete: true })
}

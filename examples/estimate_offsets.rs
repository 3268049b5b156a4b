//! What a few exchanges prove about two clocks: `cargo run --example estimate_offsets`.
//!
//! Nothing here touches a network: an exchange is four numbers, and the estimator is a pure function of them.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use clockaudit::clock::estimate::{Config, estimate};
use clockaudit::clock::{Exchange, Nanos, UnixNanos};

/// The controller's axis at the start of the scan.
const START: UnixNanos = UnixNanos(1_700_000_000_000_000_000);

fn main() {
    // Ten milliseconds there and two back: the middle of the round trip would be 4 ms wrong, the bounds hold all the same.
    let far = sample(Nanos::from_millis(70), Nanos::from_millis(10), Nanos::from_millis(2));
    let near = sample(Nanos::from_seconds(-3_600), Nanos::from_micros(90), Nanos::from_micros(110));
    for (name, exchanges) in [("far", far), ("near", near)] {
        let epoch = START + Nanos::from_millis(900);
        let Some(found) = estimate(&exchanges, Nanos::ZERO, epoch, &Config::STANDARD) else { continue };
        println!("{name:5} {:>18}   between {} and {}", found.estimate, found.bounds.lo, found.bounds.hi);
    }
}

/// Eight exchanges, 250 ms apart, with a clock that is `offset` ahead of the axis.
fn sample(offset: Nanos, there: Nanos, back: Nanos) -> Vec<Exchange> {
    let exchange = |number: i64| {
        let sent = START + Nanos::from_millis(250 * number);
        let reading = sent + there + offset;
        Exchange {
            sent,
            received: sent + there + back,
            first: reading,
            last: reading,
            resolution: Nanos(1),
            lag: Nanos::ZERO,
            spawned: false,
        }
    };
    (0..8).map(exchange).collect()
}

//! The SSH engine against real peers on loopback: each failure has its own code, and nothing is left behind.

mod sshd;

use std::path::Path;
use std::sync::{Arc, Mutex};

use clockaudit::clock::estimate::{Config, estimate};
use clockaudit::clock::{Nanos, controller::controller_at};
use clockaudit::inventory::target::Target;
use clockaudit::probe::{HostEvent, Seen};
use clockaudit::ssh::{ConnectionPlan, Fleet, SamplingPlan, StopSignal, live_wires};
use sshd::Sshd;
pub(crate) use sshd::plain_target as target;

/// A plan that knows the keys in `known_hosts` and nothing of this machine's user.
pub(crate) fn plan(known_hosts: &Path) -> ConnectionPlan {
    let mut plan = ConnectionPlan::for_this_user();
    plan.user_known_hosts = vec![known_hosts.to_owned()];
    plan.global_known_hosts = Vec::new();
    plan.agent = None;
    plan.default_keys = Vec::new();
    plan
}

/// One scan, with everything that it told.
async fn scan(targets: Vec<Target>, plan: &ConnectionPlan) -> (Seen, Vec<HostEvent>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let fleet = Fleet::connect(targets, plan, move |event| heard.lock().unwrap().push(event), StopSignal::new()).await;
    let seen = fleet.observe(&SamplingPlan::default()).await;
    let events = std::mem::take(&mut *events.lock().unwrap());
    (seen, events)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_is_measured_with_the_truth_inside() {
    let server = Sshd::start("");
    let (seen, events) = scan(vec![server.target("user_key")], &server.plan()).await;
    let host = &seen.observations[0];
    assert_eq!(host.failure, None, "{events:?}");
    assert!(host.exchanges.len() >= 8, "{}", host.exchanges.len());
    let window = seen.windows[0];
    let epoch = window.opened.midpoint(window.closed);
    let measured = estimate(&host.exchanges, Nanos::ZERO, epoch, &Config::STANDARD).unwrap();
    let readings: Vec<_> = seen.controller.iter().map(|reading| (reading.at, reading.x)).collect();
    let x = controller_at(&readings, epoch, Config::STANDARD.rho).unwrap();
    let offset = measured.bounds.minus(x);
    println!("reader {:?}: offset {offset:?}, estimate {}, rtt {}", host.reader, measured.estimate, measured.rtt_min);
    println!("ready after {:?}, lateness {:?}, {window:?}", host.ready_after, seen.timer_lateness_p95);
    println!("facts {:?} claims {:?}", host.facts, seen.claims_window);
    assert!(offset.contains(Nanos::ZERO), "{offset:?}");
    assert_eq!(live_wires(), 0);
}

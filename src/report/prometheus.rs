//! The report as metrics in the text format of Prometheus, 0.0.4, for a file that a node exporter reads: base units, gauges, no
//! time stamps.
//!
//! Every label value of a host is escaped as the format has it, after what acts on a terminal was made visible.

use std::fmt::Write as _;

use super::escape::visible;
use super::model::{Claim, Clock, Error, FixOutcome, Host, Report, Tokens, Verdict};
use super::quantity::Seconds;
use crate::clock::Nanos;

/// The verdicts, by the names of the report.
const VERDICTS: [(&str, Verdict); 5] = [
    ("ok", Verdict::Ok),
    ("warn", Verdict::Warn),
    ("crit", Verdict::Crit),
    ("undecided", Verdict::Undecided),
    ("down", Verdict::Down),
];

/// The ends of a fix, by the names of the report.
const OUTCOMES: [(&str, FixOutcome); 8] = [
    ("pending", FixOutcome::Pending),
    ("unchanged", FixOutcome::Unchanged),
    ("converged", FixOutcome::Converged),
    ("converged_by_claim", FixOutcome::ConvergedByClaim),
    ("on_its_way", FixOutcome::OnItsWay),
    ("rolled_back", FixOutcome::RolledBack),
    ("failed", FixOutcome::Failed),
    ("not_attempted", FixOutcome::NotAttempted),
];

/// Metrics while they are written.
#[derive(Default)]
struct Metrics(String);

impl Metrics {
    /// One metric with all its samples; nothing where it has none.
    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, String)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP clockaudit_{name} {help}\n# TYPE clockaudit_{name} gauge");
        for (labels, value) in samples {
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", label_value(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "clockaudit_{name}{labels} {value}");
        }
    }

    /// A metric of the run, which has one value.
    fn single(&mut self, name: &str, help: &str, value: impl IntoIterator<Item = String>) {
        self.gauge(name, help, value.into_iter().map(|value| (Vec::new(), value)));
    }

    /// A metric of hosts, of those that have it.
    fn of_hosts(&mut self, name: &str, help: &str, report: &Report, value: impl Fn(&Host) -> Option<String>) {
        let sample = |host: &Host| Some((vec![("host", host.name.clone())], value(host)?));
        self.gauge(name, help, report.hosts.iter().filter_map(sample));
    }
}

/// Writes the metrics.
pub fn write(report: &Report) -> String {
    let mut metrics = Metrics::default();
    let version = vec![("version", report.tool.version.clone())];
    metrics.gauge("build_info", "The clockaudit that measured.", [(version, "1".to_owned())]);
    run(&mut metrics, report);
    match &report.fix {
        Some(fix) => {
            let count = |(label, outcome): (&str, FixOutcome)| {
                let count = fix.hosts.iter().filter(|host| host.outcome == outcome).count();
                (vec![("outcome", label.to_owned())], count.to_string())
            };
            metrics.gauge("fix_hosts", "Hosts of the fix, by how they ended.", OUTCOMES.map(count));
        }
        None => fleet(&mut metrics, report),
    }
    hosts(&mut metrics, report);
    tokens(&mut metrics, report);
    metrics.0
}

fn run(metrics: &mut Metrics, report: &Report) {
    let seconds = |nanos: i64| Nanos(nanos).to_seconds_text();
    let finished = report.run.finished.0;
    metrics.single("scan_timestamp_seconds", "When the run ended, by the controller's clock.", [seconds(finished.0)]);
    let took = finished.since(report.run.started.0).to_seconds_text();
    metrics.single("scan_duration_seconds", "How long the run took.", [took]);
    let window = report.summary.window_s.map(|window| window.0.to_seconds_text());
    metrics.single("scan_window_seconds", "How long the first sampling window lasted.", window);
    let partial = report.run.partial || report.run.inventory.incomplete;
    metrics.single("scan_partial", "Whether the run ended early or hosts may be missing.", [truth(partial)]);
}

fn fleet(metrics: &mut Metrics, report: &Report) {
    let counts = report.summary.counts;
    let hosts = [counts.ok, counts.warn, counts.crit, counts.undecided, counts.down];
    let sample =
        |((label, _), count): ((&str, Verdict), usize)| (vec![("verdict", label.to_owned())], count.to_string());
    metrics.gauge("scan_hosts", "Hosts, by verdict.", VERDICTS.into_iter().zip(hosts).map(sample));
    let pairs = report.summary.pairs;
    let kinds = [("within", pairs.within), ("beyond", pairs.beyond), ("undecided", pairs.undecided)];
    let sample = |(label, count): (&str, u64)| (vec![("verdict", label.to_owned())], count.to_string());
    metrics.gauge("scan_pairs", "Pairs of hosts, by their difference against the critical limit.", kinds.map(sample));
    let ends = report.summary.widest.as_ref().map(|widest| [("lower", widest.lo_s), ("upper", widest.hi_s)]);
    let sample = |(label, value): (&str, Seconds)| (vec![("bound", label.to_owned())], value.0.to_seconds_text());
    let help = "The difference of the two clocks that are surely furthest apart.";
    metrics.gauge("fleet_spread_seconds", help, ends.into_iter().flatten().map(sample));
    let offset = report.run.controller.offset_s.map(|offset| offset.0.to_seconds_text());
    metrics.single("controller_offset_seconds", "The controller's clock minus the reference.", offset);
}

fn hosts(metrics: &mut Metrics, report: &Report) {
    let of_clock = |value: fn(&Clock) -> Option<Nanos>| {
        move |host: &Host| host.clock.as_ref().and_then(value).map(Nanos::to_seconds_text)
    };
    metrics.of_hosts("host_up", "Whether the host was measured.", report, |host| Some(truth(host.clock.is_some())));
    let errors = report.hosts.iter().filter_map(|host| Some((host, host.error.as_ref()?)));
    let sample = |(host, error): (&Host, &Error)| {
        (vec![("host", host.name.clone()), ("code", error.code.clone())], "1".to_owned())
    };
    metrics.gauge("host_error_info", "Why the host was not measured, or its session ended early.", errors.map(sample));
    let help = "The host's clock minus the reference, positive = ahead: the point estimate.";
    metrics.of_hosts("host_offset_seconds", help, report, of_clock(|clock| Some(clock.offset_s?.0)));
    let help = "The least value of the offset.";
    metrics.of_hosts("host_offset_lower_seconds", help, report, of_clock(|clock| Some(clock.lo_s?.0)));
    let help = "The greatest value of the offset.";
    metrics.of_hosts("host_offset_upper_seconds", help, report, of_clock(|clock| Some(clock.hi_s?.0)));
    let help = "The least round-trip delay.";
    metrics.of_hosts("host_rtt_seconds", help, report, of_clock(|clock| Some(clock.rtt_min_s.0)));
    let help = "The rate error of the host's clock, positive = fast.";
    // Parts per billion are billionths, as nanoseconds are of a second.
    metrics.of_hosts("host_drift_ratio", help, report, of_clock(|clock| Some(Nanos(clock.frequency_ppm?.0.ppb()))));
    let verdicts = report.hosts.iter().flat_map(|host| {
        VERDICTS.map(|(label, verdict)| {
            (vec![("host", host.name.clone()), ("verdict", label.to_owned())], truth(host.verdict == verdict))
        })
    });
    metrics.gauge("host_verdict", "Whether this is the host's verdict.", verdicts);
    claims(metrics, report);
    let findings = report.hosts.iter().flat_map(|host| {
        let mut codes: Vec<&str> = host.findings.iter().map(|finding| finding.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.into_iter().map(|code| (vec![("host", host.name.clone()), ("code", code.to_owned())], "1".to_owned()))
    });
    metrics.gauge("host_finding", "What there is to act on.", findings);
}

fn claims(metrics: &mut Metrics, report: &Report) {
    let of_claim = |value: fn(&Claim) -> Option<Nanos>| {
        move |host: &Host| host.claim.as_ref().and_then(value).map(Nanos::to_seconds_text)
    };
    let help = "The host's clock minus UTC, as its timekeeper claims.";
    metrics.of_hosts("host_claimed_offset_seconds", help, report, of_claim(|claim| Some(claim.offset_s?.0)));
    let help = "How wrong the clock is at most by its timekeeper's account.";
    metrics.of_hosts("host_claimed_error_seconds", help, report, of_claim(|claim| Some(claim.bound_s?.0)));
    let is_contradicted = |host: &Host| host.findings.iter().any(|finding| finding.code == "CLK107");
    let help = "Whether the claim and the measurement cannot both be true.";
    metrics.of_hosts("host_claim_contradicted", help, report, |host| {
        host.claim.as_ref().map(|_| truth(is_contradicted(host)))
    });
    let help = "Whether the timekeeper says that it is synchronised.";
    metrics
        .of_hosts("host_synchronized", help, report, |host| host.claim.as_ref().map(|claim| truth(claim.synchronised)));
}

fn tokens(metrics: &mut Metrics, report: &Report) {
    let sample = |tokens: &Tokens| {
        let labels = vec![
            ("issuer", tokens.issuer_group.clone()),
            ("verifier", tokens.verifier_group.clone()),
            ("leeway", tokens.leeway_s.0.to_seconds_text()),
            ("latency", tokens.latency_s.0.to_seconds_text()),
        ];
        (tokens.pairs > 0).then(|| (labels, tokens.mean_refused_share.to_string()))
    };
    let help = "The mean share of first uses of tokens that are refused, over the pairs of an issuer and a verifier.";
    metrics.gauge("jwt_first_use_reject_ratio", help, report.jwt.iter().filter_map(sample));
}

fn truth(is_so: bool) -> String {
    u8::from(is_so).to_string()
}

/// A label's value: what would end it or its line is escaped.
fn label_value(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}

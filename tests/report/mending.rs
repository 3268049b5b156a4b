//! Hosts that are mended: real layouts edited by the real rules, with the clocks they are given.

use clockaudit::clock::{Interval, Nanos};
use clockaudit::fix::change::Mending;
use clockaudit::fix::diff::{FileDiff, Folded, fold};
use clockaudit::fix::files::plan_files;
use clockaudit::fix::forecast::{DEFAULT_SLEW_RATE, Forecast, Outset, Ruling, SELECTION, forecast};
use clockaudit::fix::plan::{Check, Follows};
use clockaudit::fix::{Plan, PlannedHost, Refusal, RefusedHost, StepPolicy, Yardstick};
use clockaudit::report::fix::PlanView;
use clockaudit::timekeeper::chrony::configuration::{Layout, Wanted};

/// What Debian puts into chrony.conf, without its comments.
pub(crate) const STOCK: &str = "pool 2.debian.pool.ntp.org iburst\nsourcedir /etc/chrony/sources.d\n\
                                keyfile /etc/chrony/chrony.keys\ndriftfile /var/lib/chrony/chrony.drift\n\
                                leapsectz right/UTC\nmakestep 1 3\n";

/// A plan for hosts, and what belongs to it.
pub(crate) struct Mended {
    pub(crate) plan: Plan,
    pub(crate) forecasts: Vec<(String, Forecast)>,
    pub(crate) diffs: Vec<Folded>,
    pub(crate) yardstick: Yardstick,
}

impl Mended {
    /// Plans `--ntp-server 169.254.169.123` for hosts with these configurations and offsets in milliseconds.
    pub(crate) fn of<'text>(hosts: impl IntoIterator<Item = (String, &'text str, i64)>) -> Self {
        let mut mended = Self {
            plan: Plan {
                change: "--ntp-server 169.254.169.123".to_owned(),
                step: StepPolicy::Forward,
                hosts: Vec::new(),
                refused: Vec::new(),
            },
            forecasts: Vec::new(),
            diffs: Vec::new(),
            yardstick: Yardstick::Servers { standing: around(0, 11), witnesses: 9 },
        };
        let mut changes: Vec<(String, Vec<FileDiff>)> = Vec::new();
        for (name, configuration, millis) in hosts {
            let clock = moved(millis);
            let layout = Layout::new("/etc/chrony/chrony.conf", configuration.as_bytes());
            let wanted = Mending::Edit(Wanted::servers(&["169.254.169.123"]).expect("a server"));
            let planned = plan_files(&layout, &wanted, clock.without_steps, false).expect("files");
            mended.plan.hosts.push(PlannedHost {
                name: name.clone(),
                configuration: "/etc/chrony/chrony.conf".to_owned(),
                service: "chrony".to_owned(),
                version: Some("4.3".to_owned()),
                installs: None,
                files: planned.files,
                follows: Follows::Sources(vec!["169.254.169.123".to_owned()]),
                without_steps: clock.without_steps,
                checks: Check::ALL.to_vec(),
                warnings: planned.warnings,
            });
            changes.push((name.clone(), planned.diffs));
            mended.forecasts.push((name, clock));
        }
        mended.diffs = fold(changes.iter().map(|(name, diffs)| (name.as_str(), diffs.clone())));
        mended
    }

    /// Leaves a host alone for this.
    pub(crate) fn refuses(mut self, host: &str, refusal: &Refusal) -> Self {
        self.plan.refused.push(RefusedHost::new(host, refusal));
        self
    }

    /// The forecasts with borrowed names.
    pub(crate) fn forecasts(&self) -> Vec<(&str, Forecast)> {
        self.forecasts.iter().map(|(name, forecast)| (name.as_str(), *forecast)).collect()
    }

    /// What is shown of it.
    pub(crate) fn view<'plan>(&'plan self, forecasts: &'plan [(&'plan str, Forecast)]) -> PlanView<'plan> {
        let Self { plan, diffs, yardstick, .. } = self;
        PlanView { plan, diffs, forecasts, yardstick: Some(yardstick), steps_now: false, unsettled: &[] }
    }
}

/// So many milliseconds, known to within so many.
pub(crate) fn around(millis: i64, bound: i64) -> Interval {
    Interval::around(Nanos::from_millis(millis), Nanos::from_millis(bound))
}

/// What a clock does that is so far ahead of the new server.
pub(crate) fn moved(millis: i64) -> Forecast {
    let outset = Outset { offset: around(millis, 12), slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION };
    match forecast(outset, StepPolicy::Forward) {
        Ruling::Allowed(forecast) | Ruling::NeedsConsent(forecast) => forecast,
    }
}

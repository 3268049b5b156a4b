//! Hosts on which nothing is to be done, and something is wrong all the same.

use super::{Intent, Seen};
use crate::audit::figure;
use crate::clock::{Interval, Nanos};
use crate::fix::plan::PlannedHost;

/// What is wrong with a host whose configuration is as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsettled {
    /// Its chronyd does not run.
    Stopped {
        /// The service.
        service: String,
    },
    /// Its chronyd follows something else.
    NotFollowed {
        /// What it follows, as it names it, not escaped; `None` = nothing, or its own clock.
        source: Option<String>,
        /// The service.
        service: String,
    },
    /// Its clock is wrong.
    Off {
        /// How far it is off.
        offset: Interval,
    },
}

impl Unsettled {
    /// What is wrong with a host whose clock is off by `offset`, `warn` being its limit.
    pub(super) fn of(
        seen: &Seen,
        intent: &Intent,
        planned: &PlannedHost,
        offset: Interval,
        warn: Nanos,
    ) -> Option<Self> {
        let service = || planned.service.clone();
        if seen.survey.service.as_ref().is_some_and(|service| !service.is_active) {
            return Some(Self::Stopped { service: service() });
        }
        // Whoever replaces a file by hand may leave the restart out. A step asks for no source.
        let tracking = seen.survey.tracking.as_ref().filter(|_| !intent.steps_now());
        if let Some(tracking) = tracking.filter(|tracking| !planned.is_followed(tracking)) {
            return Some(Self::NotFollowed { source: tracking.source.clone(), service: service() });
        }
        (offset.magnitude().lo > warn).then_some(Self::Off { offset })
    }

    /// Its name in reports.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Stopped { .. } => "chronyd_stopped",
            Self::NotFollowed { .. } => "not_followed",
            Self::Off { .. } => "clock_off",
        }
    }

    /// What is, and what to do about it.
    pub fn describe(&self) -> String {
        let what = match self {
            Self::Stopped { service } => format!("chronyd does not run: start {service} there"),
            Self::NotFollowed { source, service } => {
                let followed =
                    source.as_ref().map_or_else(|| "no source".to_owned(), |source| format!("{source} instead"));
                format!(
                    "its chronyd follows {followed}: it may not have read it; restart {service} there, `chronyc sources` tells \
                     what it makes of each"
                )
            }
            Self::Off { offset } => format!(
                "its clock is {} off: `chronyc tracking` there shows whether it is being slewed, `--makestep` steps it at once",
                figure::with_bound(offset.midpoint(), *offset)
            ),
        };
        format!("its configuration is as asked for, and {what}")
    }
}

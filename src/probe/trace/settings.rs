//! The settings of a trace: how it is to be judged, by the names that its `meta` lines use.

use super::line::Meta;
use crate::clock::estimate::Config;
use crate::clock::{Nanos, Ppm, UnixNanos};

/// How a trace is to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What is taken for granted about clocks.
    pub config: Config,
    /// The instant to carry all hosts to, on the axis; `None` = the middle of the first sampling window.
    pub epoch: Option<UnixNanos>,
    /// Clocks of a pair may differ by this much.
    pub threshold: Nanos,
    /// How far apart clusters are at least; `None` = the threshold.
    pub cluster_gap: Option<Nanos>,
    /// How many pairs are listed.
    pub top: usize,
    /// A claim whose root distance reaches this is no claim.
    pub max_root_distance: Nanos,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: Config::STANDARD,
            epoch: None,
            threshold: Nanos::from_millis(100),
            cluster_gap: None,
            top: 10,
            max_root_distance: Nanos::from_millis(1_500),
        }
    }
}

/// No setting of a rate may exceed this: a clock ten times as fast.
const GREATEST_RATE: i64 = 10_000_000_000;
/// No more pairs are listed.
const MOST_PAIRS: i64 = 100_000;

impl Settings {
    /// Takes over what a `meta` line sets; gives the name of the first setting that is out of range.
    pub(super) fn set(&mut self, meta: &Meta) -> Result<(), &'static str> {
        let within = |name: &'static str, value: i64, greatest: i64| {
            if (0..=greatest).contains(&value) { Ok(value) } else { Err(name) }
        };
        if let Some(epoch) = meta.epoch_ns {
            self.epoch = Some(UnixNanos(epoch));
        }
        if let Some(ppb) = meta.rho_ppb {
            self.config.rho = Ppm::from_ppb(within("rho_ppb", ppb, GREATEST_RATE)?);
        }
        if let Some(ppb) = meta.rho_max_ppb {
            self.config.rho_max = Ppm::from_ppb(within("rho_max_ppb", ppb, GREATEST_RATE)?);
        }
        if let Some(ppb) = meta.rho_est_ppb {
            self.config.rho_est = Ppm::from_ppb(within("rho_est_ppb", ppb, GREATEST_RATE)?);
        }
        if let Some(millionths) = meta.kappa_ppm {
            self.config.kappa_ppm = within("kappa_ppm", millionths, 1_000_000)?;
        }
        if let Some(threshold) = meta.threshold_ns {
            self.threshold = Nanos(within("threshold_ns", threshold, i64::MAX)?);
        }
        if let Some(gap) = meta.cluster_gap_ns {
            self.cluster_gap = Some(Nanos(within("cluster_gap_ns", gap, i64::MAX)?));
        }
        if let Some(distance) = meta.max_root_distance_ns {
            self.max_root_distance = Nanos(within("max_root_distance_ns", distance, i64::MAX)?);
        }
        if let Some(top) = meta.topk {
            self.top = usize::try_from(within("topk", top, MOST_PAIRS)?).map_err(|_| "topk")?;
        }
        Ok(())
    }
}

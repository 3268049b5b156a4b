//! The status of a clock: which exchanges still constrain it, and how fast it may move (`docs/measurement.md`, 1.2).

use std::ops::Range;

use super::consistency::{is_consistent, worst};
use super::constraint::Constraint;
use super::estimate::{Config, Status, Step};
use super::path_stable::path_stable;
use super::rate::Lines;
use super::runs::{runs, steps};
use super::units::Ppm;

/// What the bounds of a clock may rest on.
pub(super) struct Judgement {
    pub(super) status: Status,
    /// The constraints that hold for the clock as it is now.
    pub(super) used: Vec<Constraint>,
    /// How fast the clock may move.
    pub(super) rate: Ppm,
    pub(super) steps: Vec<Step>,
    /// Indices of readings that contradict all others.
    pub(super) glitches: Vec<usize>,
}

impl Judgement {
    /// Judges `constraints`, oldest first.
    pub(super) fn of(constraints: &[Constraint], config: &Config) -> Self {
        if constraints.is_empty() {
            return Self::whole(Status::NoData, constraints, config);
        }
        if is_consistent(constraints, config.rho) {
            return match path_stable(constraints).map(|stable| runs(&stable, config.rho)) {
                Some(parts) if parts.len() > 1 => Self::last_of(&parts, Status::Suspect, constraints, config),
                _ => Self::whole(Status::Steady, constraints, config),
            };
        }
        let parts = runs(constraints, config.rho);
        if is_consistent(constraints, config.rho_max) {
            let is_straight = parts.len() >= 3 && Lines::fitting(constraints).is_some();
            let status = if is_straight { Status::Slewing } else { Status::Moved };
            return Self::last_of(&parts, status, constraints, config);
        }
        match single_glitch(constraints, config) {
            Some(glitch) => {
                let others = constraints.iter().enumerate().filter(|(index, _)| *index != glitch);
                Self {
                    status: Status::Glitch,
                    used: others.map(|(_, one)| *one).collect(),
                    rate: config.rho,
                    steps: Vec::new(),
                    glitches: vec![glitch],
                }
            }
            None => Self::last_of(&parts, Status::Stepped, constraints, config),
        }
    }

    fn whole(status: Status, constraints: &[Constraint], config: &Config) -> Self {
        let used = constraints.to_vec();
        Self { status, used, rate: config.rho, steps: Vec::new(), glitches: Vec::new() }
    }

    fn last_of(parts: &[Range<usize>], status: Status, constraints: &[Constraint], config: &Config) -> Self {
        let last = parts.last().and_then(|part| constraints.get(part.clone())).unwrap_or(constraints);
        // A step is over at once: what follows it is a steady clock. A slew may still go on.
        let rate = if status == Status::Stepped { config.rho } else { config.rho_max };
        Self { status, used: last.to_vec(), rate, steps: steps(constraints, parts, config.rho), glitches: Vec::new() }
    }
}

/// The one reading between others that alone contradicts them. Where leaving out either of the two that contradict each
/// other most makes the rest agree, nobody can tell a wrong reading from a clock that was set: then there is none.
fn single_glitch(constraints: &[Constraint], config: &Config) -> Option<usize> {
    if constraints.len() < 4 {
        return None;
    }
    let contradiction = worst(constraints, config.rho_max)?;
    let explains = |suspect: &usize| {
        let others = constraints.iter().enumerate().filter(|(index, _)| index != suspect);
        is_consistent(&others.map(|(_, one)| *one).collect::<Vec<_>>(), config.rho)
    };
    let mut suspects = [contradiction.lower, contradiction.upper].into_iter().filter(explains);
    let only = suspects.next().filter(|_| suspects.next().is_none())?;
    let is_interior = only > 0 && only + 1 < constraints.len();
    is_interior.then_some(only)
}

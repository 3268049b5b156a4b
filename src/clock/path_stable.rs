//! Path-stable constraints: what follows if the path's base delay did not change while it was sampled (assumption A3).

use super::constraint::Constraint;

/// The constraints with every lower bound raised by the delay that the path surely has (`docs/measurement.md`, 1.4).
///
/// They hold the offset up to one unknown constant, so they serve to find changes and rates, never to bound an offset.
/// `None` with fewer than six exchanges: too few to know the base delay.
pub(super) fn path_stable(constraints: &[Constraint]) -> Option<Vec<Constraint>> {
    let count = constraints.len();
    if count < 6 {
        return None;
    }
    let mut delays: Vec<i128> = constraints.iter().map(|one| one.round_trip).collect();
    delays.sort_unstable();
    let least = *delays.first()?;
    let median = *delays.get((count - 1) / 2)?;
    // The constants are tuned on simulated paths: how far the least delay seen may be above the base delay.
    let caution = if count >= 20 { 2 } else { 4 };
    let raise = (least - caution * (median - least)).max(0);
    Some(constraints.iter().map(|one| Constraint { lower: one.lower + raise, ..*one }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_bounds_rise_by_the_delay_that_is_sure() {
        let check = |delays: &[i128], expected: Option<i128>| {
            let constraint = |delay: &i128| Constraint {
                sent: 0,
                received: *delay,
                lower: -*delay,
                upper: 0,
                corrected: 0,
                round_trip: *delay,
                width: *delay,
            };
            let constraints: Vec<Constraint> = delays.iter().map(constraint).collect();
            let raised = path_stable(&constraints).map(|stable| stable[0].lower - constraints[0].lower);
            assert_eq!(raised, expected, "{delays:?}");
        };
        check(&[100; 5], None);
        check(&[100; 6], Some(100));
        // The median is 5 above the least: four times as much is taken off.
        check(&[100, 105, 100, 200, 105, 300], Some(80));
        check(&[100, 200, 200, 200, 200, 200], Some(0));
        check(&[[100_i128, 105].as_slice(); 10].concat(), Some(100));
    }
}

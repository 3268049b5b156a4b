//! How fast a chronyd of a configuration brings its clock right: how soon it selects a source, and how fast it slews.

use super::forecast::{DEFAULT_SLEW_RATE, SELECTION, SELECTION_WITHOUT_BURST};
use crate::clock::{Nanos, Ppm};
use crate::timekeeper::chrony::configuration::Layout;
use crate::timekeeper::chrony::configuration::lines::Directive;

/// chronyd slews no faster than this, whatever `maxslewrate` says: `MAX_SLEW_RATE`, a tenth, of its conf.c.
const FASTEST: Ppm = Ppm::from_ppm(100_000);

/// How fast a clock is brought right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How fast it is slewed.
    pub slew_rate: Ppm,
    /// Within which time a source is selected.
    pub selection: Nanos,
}

/// Reads the pace of a configuration.
pub fn pace(configuration: &Layout) -> Pace {
    let mut pace = Pace { slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION };
    let (mut sources, mut quick) = (0_usize, 0_usize);
    for line in configuration.files().flat_map(|file| file.lines.iter()) {
        let words = line.words();
        match line.directive() {
            Some(Directive::Source) => {
                sources += 1;
                quick += usize::from(words.iter().any(|word| word == "iburst"));
            }
            // A clock on the host is asked every few seconds.
            Some(Directive::ReferenceClock) => quick += 1,
            _ => {
                let is_rate = words.first().is_some_and(|name| name.eq_ignore_ascii_case("maxslewrate"));
                // The last one counts, as chronyd has it.
                if let Some(rate) = words.get(1).filter(|_| is_rate).and_then(|text| ppm(text)) {
                    pace.slew_rate = rate.min(FASTEST);
                }
            }
        }
    }
    if sources > 0 && quick == 0 {
        pace.selection = SELECTION_WITHOUT_BURST;
    }
    pace
}

/// Reads a rate in ppm, `83333.333`; what is not above zero is none.
fn ppm(text: &str) -> Option<Ppm> {
    // A unit with nine digits after the point: a thousandth of the last is a part per billion of ppm.
    let billionths = Nanos::from_seconds_text(text)?.0 / 1_000_000;
    (billionths > 0).then(|| Ppm::from_ppb(billionths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_that_of_the_last_word_on_it() {
        let check = |text: &str, ppb: i64, selection: Nanos| {
            let found = pace(&Layout::new("/etc/chrony.conf", text.as_bytes()));
            assert_eq!(found, Pace { slew_rate: Ppm::from_ppb(ppb), selection }, "{text}");
        };
        check("", 83_333_333, SELECTION);
        check("server a iburst\n", 83_333_333, SELECTION);
        check("server a\n#server b iburst\n", 83_333_333, SELECTION_WITHOUT_BURST);
        check("server a\npool b iburst\n", 83_333_333, SELECTION);
        check("refclock PHC /dev/ptp_hyperv poll 3\n", 83_333_333, SELECTION);
        check("server a iburst\nmaxslewrate 500\nMaxSlewRate 1000.5\n", 1_000_500, SELECTION);
        check("server a iburst\nmaxslewrate 1e6\nmaxslewrate 0\nmaxslewrate\n", 83_333_333, SELECTION);
        check("server a iburst\nmaxslewrate 500000\n", 100_000_000, SELECTION);
    }
}

//! Pages of the 5xx findings: the scan itself, its controller and its reference.

use super::Page;

pub(super) const UNDECIDED: Page = Page {
    title: "undecided: the bounds are too wide",
    evidence: "A limit lies inside the interval that must hold the offset.",
    meaning: "Half the round trip is what nobody can know about a path. Neither good nor bad is proved; nothing is called \
              critical for it.",
    remedy: &[
        "Scan from a machine that is nearer to these hosts, and join the reports with `clockaudit merge`.",
        "More `--samples` help where the path is noisy, not where it is long.",
        "A host that only tells whole seconds is better with bash, perl or python on it.",
    ],
};

pub(super) const ASYMMETRIC: Page = Page {
    title: "an asymmetric path is suspected",
    evidence: "Claims of several hosts contradict the point estimates in one direction, by less than half the round trip.",
    meaning: "The way there takes longer than the way back. The bounds allow for it; the middle of them is off.",
    remedy: &["Nothing to repair in the clocks. Scan from elsewhere where the difference matters."],
};

pub(super) const CONTROLLER_BUSY: Page = Page {
    title: "this controller was too busy",
    evidence: "Its own timer came late: the 95th percentile is given.",
    meaning: "Stamps were taken late. Bounds are wider than the network makes them; they hold all the same.",
    remedy: &["Scan from a machine with less load, or in parts with `--limit`."],
};

pub(super) const CONTROLLER_OUTLIER: Page = Page {
    title: "this controller is the outlier",
    evidence: "The controller's clock lies beyond the limit from the reference that the fleet gives.",
    meaning: "Where the reference is UTC it is this machine that is wrong, not the fleet; where it is an agreement or a clock that \
              was named, either may be. Offsets do not rest on this machine's clock.",
    remedy: &[
        "`clockaudit doctor` says what keeps this machine's clock; `chronyc -n sources` (where that is chronyd) what it follows.",
        "Where its timekeeper says the same as the measurement, it is still correcting: wait. Where it claims to be right, its \
         source is wrong, or the reference: name time servers with `--reference ntp:SERVER`.",
    ],
};

pub(super) const FEW_SAMPLES: Page = Page {
    title: "fewer exchanges than asked for",
    evidence: "The session ended early or the host was slow.",
    meaning: "Bounds are wider than they need be, and a step in the middle is harder to see.",
    remedy: &["Scan this host again with `--limit`; see its sshd log."],
};

pub(super) const CONTROLLER_MOVED: Page = Page {
    title: "this controller's own clock was moved during the scan",
    evidence: "Its clock changed against its raw oscillator by more than reading error and 500 ppm, or it was set.",
    meaning: "Offsets relative to it are only known as well as it was known. Differences between hosts do not rest on it: they \
              are measured on CLOCK_MONOTONIC_RAW.",
    remedy: &["Scan again when its timekeeper is quiet, or take another `--reference`."],
};

pub(super) const REFERENCE: Page = Page {
    title: "a reference cannot be used, is contradicted, or the claims split",
    evidence: "The hosts' claims fall into sides none of which has two thirds; two thirds of the claims, or of the clocks, \
               contradict the reference that was named; a time server contradicts the others, or did not answer.",
    meaning: "Of claims a bare majority is not trusted: with six of eleven wrong it would accuse the good ones. Only the hosts' \
              differences from each other are judged then. Of time servers that were named most must agree; the others \
              are told and not believed.",
    remedy: &[
        "The sides are printed with their reference IDs: find out which upstream is right, and name it with `--reference`.",
        "Where a reference that was named is contradicted, it or all who contradict it are wrong: scan without `--reference`, or \
         name three time servers, and set no clock by it until then.",
    ],
};

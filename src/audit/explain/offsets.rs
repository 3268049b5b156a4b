//! Pages of the 1xx findings: what a clock was seen to do.

use super::Page;

pub(super) const BEYOND_CRIT: Page = Page {
    title: "the offset is beyond the critical limit",
    evidence: "The whole interval that must hold the offset lies beyond `--crit`. No asymmetry of the path explains it: \
               only a wrong clock, here or at the reference, does.",
    meaning: "Whatever this host signs, leases or logs carries a time that others refuse. Tokens it issues are \"not yet \
              valid\" where the clock is ahead; tokens it checks expire early where it is ahead, late where it is behind.",
    remedy: &[
        "Where its timekeeper follows a wrong source (CLK107), change that source first: after any step it goes back there.",
        "Where no timekeeper runs, run one (CLK201, CLK202); where it follows nothing, give it a source (CLK204).",
        "Where chronyd says itself that so much is left to correct (CLK109): wait, or once, where a jump does no harm, `sudo \
         chronyc makestep`. `makestep 1 3` in chrony.conf lets it step by itself after each start.",
        "What it thinks: `chronyc -n tracking; chronyc -n sources`; `ntpq -pn` of ntpd; `timedatectl timesync-status` where \
         timesyncd runs (elsewhere that hangs). In a container the clock is the node's (CLK404).",
    ],
};

pub(super) const BEYOND_WARN: Page = Page {
    title: "the offset is beyond the limit to warn at",
    evidence: "The whole interval that must hold the offset lies beyond `--warn`; it is not surely beyond `--crit`.",
    meaning: "Two clocks that are each at this limit can be twice as far apart. There is no room left for the critical limit \
              to hold.",
    remedy: &[
        "See whether the timekeeper follows a near and healthy source: `chronyc -n sources -v`, `ntpq -pn` of ntpd.",
        "If it is still correcting (CLK109), wait and scan again; else as of CLK101.",
    ],
};

pub(super) const PAIR_BEYOND_CRIT: Page = Page {
    title: "two clocks differ by more than the critical limit",
    evidence: "The interval of the difference of two hosts lies beyond `--crit`. It rests on no reference and not on the \
               controller's clock: both were measured against one time axis.",
    meaning: "What one of them signs now, the other may refuse, whichever of the two is right. Two hosts that only warn, one \
              ahead and one behind, make such a pair.",
    remedy: &[
        "The list of pairs names the widest first; the host that stands in most of them is the one to fix.",
        "Where each is within the limits, tighten `--warn` to half of `--crit`: then no pair can be critical unseen.",
    ],
};

pub(super) const OFF_BY_HOURS: Page = Page {
    title: "the offset is a whole number of half-hours",
    evidence: "The offset is within 2 s of a multiple of 1800 s, at most 14 hours.",
    meaning: "Nobody's oscillator does that: the clock was set to local time. Either somebody set it by hand with the wrong \
              time zone, or the hardware clock runs in local time and was read as UTC at boot.",
    remedy: &[
        "Put the clock right: where none runs, run a timekeeper (CLK201, CLK202); where chronyd runs and says itself that so \
         much is left to correct, `sudo chronyc makestep`; where it follows a source that is wrong, change that (CLK107).",
        "Only then write it to the hardware clock as UTC: `sudo timedatectl set-local-rtc 0`, or `sudo hwclock --systohc --utc`.",
        "The time zone is only how the time is shown and needs no change for this: `timedatectl` prints both.",
    ],
};

pub(super) const MOVED: Page = Page {
    title: "the clock moved while it was measured",
    evidence: "No clock of constant rate fits all exchanges. `stepped`: it jumped between two of them, by the size and in the \
               window that are given. `glitch`: one reading alone does not fit. `moved`: it was stepped or slewed, \
               by too little to tell which. `suspect`: only the quickest exchanges contradict each other.",
    meaning: "The offset that is shown holds after the change. What happened before carries other time stamps, and a program \
              that measured a duration over the change got it wrong.",
    remedy: &[
        "Look for the step in the timekeeper's log: `journalctl -u chrony -u chronyd -u systemd-timesyncd --since -10min`.",
        "Two programs that set one clock make this again and again (CLK203, CLK206).",
        "A virtual machine that was paused or migrated is stepped when it resumes (CLK402).",
    ],
};

pub(super) const FREE_RUNNING: Page = Page {
    title: "the clock is free-running",
    evidence: "Its timekeeper serves its own clock (reference ID 7F7F0101, `local` in chrony.conf), or no timekeeper runs and \
               the kernel says that nothing disciplines the clock.",
    meaning: "Nothing pulls it to the true time. Such a host looks perfect to itself: `Leap status : Normal`, dispersion 0. It \
              drifts by up to some seconds a day, and so do all that follow it.",
    remedy: &[
        "Give it a source: a `server` or `pool` line in chrony.conf. Where no timekeeper runs, run one (CLK201, CLK202).",
        "In a network without a way out this may be meant: then one host alone is `local`, and the others follow it.",
    ],
};

pub(super) const CLAIM_CONTRADICTED: Page = Page {
    title: "the claim and the measurement cannot both be true",
    evidence: "The host's timekeeper says how far its clock is from UTC, with bounds of its own. Those bounds and what was \
               measured do not meet, against a reference that does not rest on this host.",
    meaning: "Its timekeeper follows a wrong source and believes it, or does not control the clock at all (`chronyd -x`, \
              container), or this reference is wrong. Where one host alone is contradicted it is that host; where many are, \
              doubt the reference (CLK504, CLK507).",
    remedy: &[
        "Compare its sources with those of a good host: `chronyc -n sources` and `chronyc -n sourcestats`, `ntpq -pn` of ntpd, \
         `timedatectl timesync-status` where timesyncd runs; take out the one that is wrong. Do not step the clock before: it \
         would go back there, or be right already where the reference is wrong.",
        "`prefer trust` on one server makes chronyd follow it against all others: take it out.",
        "See whether chronyd runs with `-x`: `ps -o args= -C chronyd`.",
    ],
};

pub(super) const ANCIENT_YEAR: Page = Page {
    title: "the clock says a year up to 2000",
    evidence: "A reading before 2001-01-01.",
    meaning: "The clock started from nothing: an empty battery of the hardware clock, or none, and no time source at boot. \
              Certificates are \"not yet valid\" there, so that what fetches the time over TLS fails as well.",
    remedy: &[
        "Set it once: `sudo chronyc makestep` where chronyd has found its sources, else by hand `sudo date -u -s '2026-01-31 \
         12:00:00'` with the true time. Where no timekeeper runs, run one (CLK201).",
        "Then find out why no timekeeper did at boot: network up too late, name resolution with DNSSEC, no `makestep`.",
    ],
};

pub(super) const SLEWING: Page = Page {
    title: "the clock is being slewed",
    evidence: "The exchanges fit a rate that no oscillator has, or the timekeeper says that a correction remains that is \
               beyond `--warn`.",
    meaning: "The timekeeper moves the clock by rate: chrony by at most 83.3 ms each second, the kernel's own by 0.5 ms. Until \
              it is done the offset stays, and durations on this host are wrong by that rate.",
    remedy: &[
        "Wait for the time that is given, and scan again.",
        "Where chronyd is on its way to the right time (no CLK107 beside this) and a jump does no harm: `sudo chronyc makestep`.",
    ],
};

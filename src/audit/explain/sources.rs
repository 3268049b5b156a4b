//! Pages of the 3xx findings: where a timekeeper gets its time from.

use super::Page;

pub(super) const SINGLE: Page = Page {
    title: "a single source",
    evidence: "One source is configured. A hypervisor's own (169.254.169.123, fd00:ec2::123, metadata.google.internal, \
               169.254.169.254, a PTP clock) counts as enough and is not reported.",
    meaning: "If it lies, nobody can tell; if it stops, the clock drifts.",
    remedy: &[
        "Four servers or a pool let the timekeeper outvote one that lies: `pool pool.ntp.org iburst maxsources 4`.",
    ],
};

pub(super) const SMEAR_MIX: Page = Page {
    title: "smeared and un-smeared sources mixed",
    evidence: "By a built-in table of known time services, one source spreads a leap second over a day and another does not: \
               within a host, or between hosts of the fleet.",
    meaning: "At the next leap second they are up to 0.5 s apart for a day (RFC 8633, section 3.7.1). Until then nothing shows.",
    remedy: &["Follow one kind: all of AWS and Google, or none of them. The whole fleet alike."],
};

pub(super) const LEAPSECTZ: Page = Page {
    title: "`leapsectz` with a smearing source",
    evidence: "chrony.conf has `leapsectz right/UTC`, the default of Debian, Ubuntu and RHEL, and a source that smears.",
    meaning: "chronyd would apply the leap second itself on top of the smear: one second wrong at the next one.",
    remedy: &["Take the `leapsectz` line out of chrony.conf, and restart chronyd."],
};

pub(super) const UNREACHABLE: Page = Page {
    title: "sources do not answer",
    evidence: "Sources with reach 0: none of the last eight polls was answered.",
    meaning: "Where the others are enough, nothing yet; where none answers the clock is on its own.",
    remedy: &[
        "UDP port 123 must leave towards them: security groups, firewalls, network policies.",
        "With chrony 4 or newer `chronyd -Q -t 6 'server ADDRESS iburst maxsamples 1'` tells within a second whether one answers \
         this host; it sets nothing.",
    ],
};

pub(super) const DIFFERENT_UPSTREAMS: Page = Page {
    title: "members of one group use different upstreams",
    evidence: "The sources that hosts of one group have selected differ.",
    meaning: "Their clocks are as far apart as those upstreams are. With pools this is normal, and small.",
    remedy: &["Where a group must agree closely (databases), give its members the same servers."],
};

pub(super) const STEP_BUDGET: Page = Page {
    title: "a large offset, and no step allowed any more",
    evidence: "The remaining correction is large, and `makestep` allows steps only in the first updates after a start.",
    meaning: "chronyd slews at 83.3 ms a second: 12 s for each second that is wrong. Until then the clock is wrong.",
    remedy: &[
        "Where the measurement agrees with chronyd: `sudo chronyc makestep` once, or restart chronyd with `makestep 1 3`.",
        "Where it does not (CLK107), change its source first: a step would take the clock to where that one is.",
    ],
};

pub(super) const FALSETICKER: Page = Page {
    title: "a source is a falseticker",
    evidence: "The timekeeper marks a source `x`: its interval does not meet those of the majority.",
    meaning: "That server is wrong, or the path to it is very asymmetric. The others outvote it as long as there are enough.",
    remedy: &["Take it out, or tell its owner; keep at least four sources."],
};

pub(super) const CLOUD_UNUSED: Page = Page {
    title: "the cloud's own time source is not used",
    evidence: "The machine's vendor is a cloud that has a time source of its own, and no source is that one.",
    meaning: "The own source is nearer by far, needs no firewall rule and survives the loss of the internet.",
    remedy: &[
        "AWS: `server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4`. Google: `server metadata.google.internal prefer iburst`.",
        "Both smear leap seconds: do not mix them with servers that do not (CLK302).",
    ],
};

//! Pages of the 4xx findings: the machine under the clock.

use super::Page;

pub(super) const CLOCKSOURCE: Page = Page {
    title: "an unsuitable clocksource",
    evidence: "The kernel counts time by `jiffies`, `hpet` or `acpi_pm` while a better source is available.",
    meaning: "Reading the clock is slow and coarse. The kernel falls back to these when it found the TSC unstable.",
    remedy: &[
        "`sudo dmesg | grep -i clocksource` says why it was left. One that it calls unstable must stay left: with it the clock \
         would go wrong.",
        "Where no reason is given, try the one that the finding names, NAME: `echo NAME | sudo tee \
         /sys/devices/system/clocksource/clocksource0/current_clocksource`; scan again, and only if the clock keeps its rate \
         make it last with `clocksource=NAME` on the kernel's command line.",
    ],
};

pub(super) const RESUMED: Page = Page {
    title: "suspended or resumed lately",
    evidence: "The kernel counts a suspend, the time since boot and the time awake differ, or a virtual machine's clock stepped.",
    meaning: "While a machine sleeps or is migrated its clock stands. On resume it is behind by that long until the timekeeper \
              has noticed.",
    remedy: &[
        "Step on resume, where chronyd keeps the clock. As root, these lines write a hook of systemd that does:",
        "printf '%s\\n' '#!/bin/sh' '[ \"$1\" = post ] || exit 0' \\\n    'chronyc burst 4/4 && sleep 10 && chronyc makestep' \\\n    >/usr/lib/systemd/system-sleep/chrony-makestep\nchmod 755 /usr/lib/systemd/system-sleep/chrony-makestep",
        "The burst comes first: until its sources were asked again chronyd does not know how far the clock is off.",
        "On virtual machines, which do not notice that they slept, let chronyd step at any time: `makestep 1 -1`.",
        "Another timekeeper is restarted by such a hook: then it asks its servers at once.",
    ],
};

pub(super) const LOCAL_RTC: Page = Page {
    title: "the hardware clock runs in local time",
    evidence: "The third line of /etc/adjtime says LOCAL.",
    meaning: "At each boot the time zone decides what time it is, and twice a year it is an hour wrong.",
    remedy: &[
        "See that the clock is right first, then write it to the RTC as UTC: `sudo timedatectl set-local-rtc 0`; without systemd \
         `sudo hwclock --systohc --utc`.",
        "Never with `--adjust-system-clock`: that sets the clock from the RTC, whose local time it then takes for UTC.",
    ],
};

pub(super) const CONTAINER: Page = Page {
    title: "a container: the clock is the node's",
    evidence: "Container files, `systemd-detect-virt -c`, or no CAP_SYS_TIME.",
    meaning: "All containers of a node share its clock. Nothing inside can set it, and a timekeeper inside does nothing.",
    remedy: &["Fix the node. Scan the nodes, not the containers."],
};

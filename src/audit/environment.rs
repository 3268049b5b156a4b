//! CLK401 to CLK404: what is wrong with the machine that a clock stands on.

use super::circumstances::{Circumstances, Rule};
use super::figure;
use super::finding::{Code, Finding};
use crate::clock::Nanos;
use crate::clock::estimate::Status;

/// Every rule of this family.
pub(super) const RULES: [Rule; 4] = [clocksource, resumed, rtc_local, container];

/// Clocksources that are slow to read, coarse or drift, and are the kernel's last resort.
const POOR: [&str; 4] = ["jiffies", "refined-jiffies", "hpet", "acpi_pm"];
/// Two clocks that are read one after the other differ by the time between.
const READING_TIME: Nanos = Nanos::from_seconds(1);

fn clocksource(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let environment = &circumstances.service.environment;
    let current = environment.clocksource.as_deref().filter(|name| POOR.contains(name))?;
    let better = environment.clocksources.iter().find(|name| !POOR.contains(&name.as_str()))?;
    let what = format!("the kernel counts time with {current} and has {better}");
    Some(Code::Clocksource.finding(what, better.clone()))
}

fn resumed(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let environment = &circumstances.service.environment;
    let what = match (environment.suspended, environment.asleep) {
        (_, asleep) if asleep > READING_TIME => {
            format!("the system slept {} since it booted", figure::length(asleep))
        }
        // A virtual machine that is paused or migrated does not notice, but its clock jumps.
        (0, _) if circumstances.status == Some(Status::Stepped) => {
            let kind = environment.virtual_machine.as_deref()?;
            format!("the clock of this virtual machine ({kind}) was stepped while it was measured")
        }
        (0, _) => return None,
        (1, _) => "the system was suspended once since it booted".to_owned(),
        (count, _) => format!("the system was suspended {count} times since it booted"),
    };
    Some(Code::Resumed.finding(what, "a machine that stays awake"))
}

fn rtc_local(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let is_local = circumstances.service.environment.rtc_is_local;
    is_local.then(|| Code::RtcLocal.finding("/etc/adjtime says that the RTC is in local time", "an RTC in UTC"))
}

fn container(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let environment = &circumstances.service.environment;
    let mark = environment.container.as_deref()?;
    let node = environment.node.as_ref().map_or_else(String::new, |node| format!(", on node {node}"));
    let what = format!("this is a container ({mark}){node}");
    Some(Code::Container.finding(what, "a host with a clock of its own"))
}

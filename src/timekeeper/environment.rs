//! What a clock stands on: machine, container, hypervisor, hardware clock, and what the kernel counts with.

use super::cloud::Cloud;
use super::said::Said;
use crate::clock::Nanos;

/// Bit 25 of a capability set: `CAP_SYS_TIME`.
const SYS_TIME: u64 = 1 << 25;
/// How many user ids the machine's own namespace maps.
const ALL_USERS: &str = "4294967295";

/// A hypervisor's own way to set its guest's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HypervisorSync {
    /// `VMware`'s tools, time synchronisation enabled.
    Vmware,
    /// `VirtualBox`'s guest service.
    VirtualBox,
    /// Parallels' tools.
    Parallels,
    /// Hyper-V's time device, which no timekeeper uses.
    HyperV,
}

impl HypervisorSync {
    /// The name in messages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Vmware => "vmtoolsd (time synchronisation enabled)",
            Self::VirtualBox => "VBoxService",
            Self::Parallels => "the Parallels tools",
            Self::HyperV => "the Hyper-V time device",
        }
    }
}

/// What a clock stands on, as far as the host tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// What says that the host is a container: a file, the name of its kind, or what it may not do.
    pub container: Option<String>,
    /// The name of the machine that the container runs on.
    pub node: Option<String>,
    /// The kind of virtual machine, as systemd calls it; `None` on bare metal, or where nobody told.
    pub virtual_machine: Option<String>,
    /// The operating system, by its own short name: `debian`, `alpine`.
    pub os: Option<String>,
    /// The cloud that the machine is rented from.
    pub cloud: Option<Cloud>,
    /// What the kernel counts time with.
    pub clocksource: Option<String>,
    /// What it could count time with, the best first.
    pub clocksources: Vec<String>,
    /// PTP hardware clocks, by the names that their drivers give them: `hyperv`, `KVM virtual PTP`.
    pub hardware_clocks: Vec<String>,
    /// What the hypervisor runs to set the clock; Hyper-V's device is listed where it is there at all.
    pub hypervisor_sync: Vec<HypervisorSync>,
    /// Whether the RTC is kept in local time.
    pub rtc_is_local: bool,
    /// How often the system was suspended since it booted.
    pub suspended: u64,
    /// How long it slept since it booted, all in all.
    pub asleep: Nanos,
}

impl Environment {
    /// Reads the facts about the machine.
    pub(super) fn read(said: Said<'_>) -> Self {
        let owned = |key| said.first(key).map(str::to_owned);
        let virtualisation = |key| said.first(key).filter(|name| !matches!(*name, "" | "none")).map(str::to_owned);
        let number = |key| said.first(key).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Self {
            container: container(said),
            node: owned("node"),
            virtual_machine: virtualisation("virt.vm"),
            os: owned("os.ID"),
            cloud: Cloud::read(said),
            clocksource: owned("clocksource"),
            clocksources: said
                .first("clocksources")
                .map(|names| names.split_ascii_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            hardware_clocks: said.all("ptp").map(str::to_owned).collect(),
            hypervisor_sync: hypervisor_sync(said),
            rtc_is_local: said.all("adjtime").any(|line| line.trim() == "LOCAL"),
            suspended: number("suspended"),
            asleep: said.first("asleep").and_then(Nanos::from_seconds_text).unwrap_or(Nanos::ZERO),
        }
    }
}

fn container(said: Said<'_>) -> Option<String> {
    let kind = said.first("virt.container").filter(|kind| !matches!(*kind, "" | "none"));
    let file = said.first("container");
    let kernel = said.first("kernel").unwrap_or_default().to_ascii_lowercase();
    let has_no_right = said
        .first("capbnd")
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set & SYS_TIME == 0);
    let is_mapped = said
        .first("uidmap")
        .is_some_and(|map| map.split_ascii_whitespace().nth(2).is_some_and(|count| count != ALL_USERS));
    let by_right = || match (has_no_right, is_mapped) {
        (true, _) => Some("no CAP_SYS_TIME".to_owned()),
        (_, true) => Some("a user namespace".to_owned()),
        _ => None,
    };
    let wsl = kernel.contains("microsoft").then(|| "WSL".to_owned());
    kind.or(file).map(str::to_owned).or(wsl).or_else(by_right)
}

fn hypervisor_sync(said: Said<'_>) -> Vec<HypervisorSync> {
    let runs = |name: &str| said.all("proc").any(|process| process == name);
    let is_enabled = said.first("vmware.timesync").is_some_and(|state| state.trim().eq_ignore_ascii_case("enabled"));
    let kinds = [
        (HypervisorSync::Vmware, is_enabled),
        (HypervisorSync::VirtualBox, runs("VBoxService")),
        (HypervisorSync::Parallels, runs("prltoolsd")),
        (HypervisorSync::HyperV, said.all("ptp").any(|name| name == "hyperv")),
    ];
    kinds.into_iter().filter_map(|(kind, there)| there.then_some(kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(facts: &[(&str, &str)]) -> Environment {
        let facts: Vec<(String, String)> =
            facts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Environment::read(Said::of(&facts))
    }

    #[test]
    fn a_container_shows_in_many_ways() {
        let check = |facts: &[(&str, &str)], expected: Option<&str>| {
            assert_eq!(environment(facts).container.as_deref(), expected, "{facts:?}");
        };
        check(&[("capbnd", "000001ffffffffff"), ("uidmap", "         0          0 4294967295")], None);
        check(&[("container", "/.dockerenv")], Some("/.dockerenv"));
        check(&[("virt.container", "lxc"), ("container", "/run/systemd/container")], Some("lxc"));
        check(&[("virt.container", "none"), ("virt.vm", "kvm")], None);
        check(&[("capbnd", "000001fffdffffff")], Some("no CAP_SYS_TIME"));
        check(&[("uidmap", "         0          0      65536")], Some("a user namespace"));
        check(&[("kernel", "Linux 5.15.153.1-microsoft-standard-WSL2 x86_64")], Some("WSL"));
        check(&[], None);
    }

    #[test]
    fn clouds_and_hypervisors_are_told_apart() {
        let check = |vendor: &str, product: &str, tag: &str, expected: Option<Cloud>| {
            let facts = [("dmi.sys_vendor", vendor), ("dmi.product_name", product), ("dmi.chassis_asset_tag", tag)];
            assert_eq!(environment(&facts).cloud, expected, "{facts:?}");
        };
        check("Amazon EC2", "m7g.large", "Amazon EC2", Some(Cloud::Aws));
        check("Google", "Google Compute Engine", "", Some(Cloud::Google));
        check("Google", "Chromebook", "", None);
        check("Microsoft Corporation", "Virtual Machine", "7783-7084-3265-9085-8269-3286-77", Some(Cloud::Azure));
        check("Microsoft Corporation", "Virtual Machine", "", None);
        check("QEMU", "Standard PC", "OracleCloud.com", Some(Cloud::Oracle));
        check("Alibaba Cloud", "Alibaba Cloud ECS", "", Some(Cloud::Alibaba));
        let machine = environment(&[("proc", "vmtoolsd"), ("vmware.timesync", "Disabled"), ("ptp", "hyperv")]);
        assert_eq!(machine.hypervisor_sync, [HypervisorSync::HyperV]);
        let machine = environment(&[("vmware.timesync", "Enabled"), ("proc", "VBoxService")]);
        assert_eq!(machine.hypervisor_sync, [HypervisorSync::Vmware, HypervisorSync::VirtualBox]);
    }
}

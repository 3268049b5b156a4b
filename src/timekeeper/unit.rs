//! The service of a timekeeper, as the host's init says: is it active, does it start at boot, how often was it restarted.

use super::daemon::Timekeeper;
use super::said::Said;

/// Who starts and ends services on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Init {
    /// systemd.
    Systemd,
    /// `OpenRC`, as on Alpine and Gentoo.
    OpenRc,
}

/// A timekeeper's service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name, without `.service`.
    pub name: String,
    /// Who starts it.
    pub init: Init,
    /// Whether it runs or is starting.
    pub is_active: bool,
    /// Whether its last start ended in an error.
    pub has_failed: bool,
    /// Whether it is started at boot; `None` where that is not told.
    pub is_enabled: Option<bool>,
    /// Whether its start was skipped for a condition that was not met. Of a unit that was not started since the boot systemd
    /// says so too: when it has looked at the conditions tells the two apart, where that is told.
    pub was_skipped: bool,
    /// How often systemd has restarted it by itself.
    pub restarts: u32,
}

impl Unit {
    /// Reads the facts `unit`: `Id=chrony.service LoadState=loaded ActiveState=active ...`, each service once.
    pub(super) fn read(said: Said<'_>) -> Vec<Self> {
        let mut units: Vec<Self> = Vec::new();
        for unit in said.all("unit").filter_map(Self::parse) {
            if units.iter().all(|known| known.name != unit.name) {
                units.push(unit);
            }
        }
        units
    }

    /// One service; `None` where there is no such service.
    pub fn parse(line: &str) -> Option<Self> {
        let of = |key: &str| {
            line.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default()
        };
        // Only systemd's names say what kind of unit it is.
        let id = of("Id");
        let (name, init) = match id.strip_suffix(".service") {
            Some(name) => (name.to_owned(), Init::Systemd),
            None => (id.to_owned(), Init::OpenRc),
        };
        if name.is_empty() || !matches!(of("LoadState"), "loaded" | "masked" | "") {
            return None;
        }
        let is_active = matches!(of("ActiveState"), "active" | "activating" | "reloading");
        Some(Self {
            name,
            init,
            is_active,
            has_failed: of("ActiveState") == "failed",
            is_enabled: match of("UnitFileState") {
                "" => None,
                state => Some(!matches!(state, "disabled" | "masked" | "masked-runtime")),
            },
            was_skipped: !is_active && of("ConditionResult") == "no" && of("ConditionTimestampMonotonic") != "0",
            restarts: of("NRestarts").parse().unwrap_or(0),
        })
    }

    /// Whether it is the service of that timekeeper.
    pub fn serves(&self, timekeeper: Timekeeper) -> bool {
        match self.name.as_str() {
            "chrony" | "chronyd" => timekeeper == Timekeeper::Chronyd,
            "systemd-timesyncd" => timekeeper == Timekeeper::Timesyncd,
            "openntpd" => timekeeper == Timekeeper::Openntpd,
            "ntpd-rs" => timekeeper == Timekeeper::NtpdRs,
            "ntp" | "ntpsec" => timekeeper == Timekeeper::Ntpd,
            "ntpd" => {
                matches!(timekeeper, Timekeeper::Ntpd | Timekeeper::BusyboxNtpd | Timekeeper::Openntpd)
            }
            "phc2sys" => timekeeper == Timekeeper::Phc2sys,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_read_from_its_properties() {
        let line = "Id=chrony.service LoadState=loaded ActiveState=inactive SubState=dead UnitFileState=enabled \
                    ConditionResult=no NRestarts=3";
        let expected = Unit {
            name: "chrony".to_owned(),
            init: Init::Systemd,
            is_active: false,
            has_failed: false,
            is_enabled: Some(true),
            was_skipped: true,
            restarts: 3,
        };
        assert_eq!(Unit::parse(line), Some(expected));
        let skipped = |looked_at: &str| {
            Unit::parse(&format!("{line} ConditionTimestampMonotonic={looked_at}")).expect("a unit").was_skipped
        };
        assert_eq!((skipped("5123456"), skipped("0")), (true, false));
        assert_eq!(Unit::parse("Id=ntp.service LoadState=not-found ActiveState=inactive"), None);
        assert_eq!(Unit::parse("nonsense"), None);
        let openrc = Unit::parse("Id=chronyd LoadState=loaded ActiveState=inactive UnitFileState=enabled").unwrap();
        assert_eq!((openrc.name.as_str(), openrc.init), ("chronyd", Init::OpenRc));
        let masked = Unit::parse("Id=ntp.service LoadState=masked UnitFileState=masked ActiveState=inactive").unwrap();
        assert_eq!((masked.is_enabled, masked.is_active), (Some(false), false));
    }
}

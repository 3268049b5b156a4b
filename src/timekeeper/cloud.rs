//! Clouds: which one a machine is rented from, by its firmware, and the time source that the cloud has on the spot.

use super::said::Said;

/// A cloud that has a time source of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// Amazon's.
    Aws,
    /// Google's.
    Google,
    /// Microsoft's.
    Azure,
    /// Oracle's.
    Oracle,
    /// Alibaba's.
    Alibaba,
}

/// The asset tag of every virtual machine of Azure; a Hyper-V host of one's own has another.
const AZURE_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

impl Cloud {
    /// Reads the facts `dmi.*`.
    pub(super) fn read(said: Said<'_>) -> Option<Self> {
        let of = |key: &'static str| said.first(key).unwrap_or_default().trim();
        let (vendor, product, tag) = (of("dmi.sys_vendor"), of("dmi.product_name"), of("dmi.chassis_asset_tag"));
        match vendor {
            "Amazon EC2" => Some(Self::Aws),
            "Google" if product.contains("Compute Engine") || product.is_empty() => Some(Self::Google),
            "Microsoft Corporation" if tag == AZURE_TAG => Some(Self::Azure),
            "Alibaba Cloud" => Some(Self::Alibaba),
            _ if tag == "OracleCloud.com" => Some(Self::Oracle),
            _ => None,
        }
    }

    /// The name in messages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Google => "Google Cloud",
            Self::Azure => "Azure",
            Self::Oracle => "Oracle Cloud",
            Self::Alibaba => "Alibaba Cloud",
        }
    }

    /// The line of `chrony.conf` that uses its own source.
    pub fn line(self) -> &'static str {
        match self {
            Self::Aws => "server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4",
            Self::Google => "server metadata.google.internal prefer iburst",
            Self::Azure => "refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2",
            Self::Oracle => "server 169.254.169.254 iburst",
            Self::Alibaba => "server ntp.cloud.aliyuncs.com minpoll 4 maxpoll 10 iburst",
        }
    }

    /// Whether a server of this name or address is the cloud's own.
    pub fn owns(self, server: &str) -> bool {
        match self {
            Self::Aws => matches!(server, "169.254.169.123" | "fd00:ec2::123"),
            Self::Google => matches!(server, "metadata.google.internal" | "169.254.169.254" | "metadata"),
            Self::Azure => false,
            Self::Oracle => server == "169.254.169.254",
            // Its private servers stand in 100.100.0.0/16 of every network.
            Self::Alibaba => server.ends_with(".aliyuncs.com") || server.starts_with("100.100."),
        }
    }
}

/// Whether a single source of this name is enough: one that the hypervisor has on the spot.
pub fn is_on_the_spot(server: &str) -> bool {
    matches!(server, "169.254.169.123" | "fd00:ec2::123" | "metadata.google.internal" | "169.254.169.254")
        || server.starts_with("PHC")
}

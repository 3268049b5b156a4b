//! Sources of vendors, as their own documentation has them written (`docs/fix.md` names it).

use super::change::MakeStep;
use crate::timekeeper::Cloud;

/// A vendor's sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Amazon's link-local server; smeared.
    Aws,
    /// Google Cloud's metadata server; smeared.
    Gcp,
    /// The host's clock by Hyper-V's device; not smeared.
    Azure,
    /// Oracle Cloud's link-local server.
    Oracle,
    /// Alibaba Cloud's server for private networks.
    Alibaba,
    /// Google's public servers; smeared.
    Google,
    /// Cloudflare's public servers; not smeared.
    Cloudflare,
    /// pool.ntp.org; not smeared.
    Pool,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 8] =
        [Self::Aws, Self::Gcp, Self::Azure, Self::Oracle, Self::Alibaba, Self::Google, Self::Cloudflare, Self::Pool];

    /// Its name: the value of `--preset` and of the variable `clockaudit_preset`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Oracle => "oracle",
            Self::Alibaba => "alibaba",
            Self::Google => "google",
            Self::Cloudflare => "cloudflare",
            Self::Pool => "pool",
        }
    }

    /// The preset of that name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name().eq_ignore_ascii_case(name))
    }

    /// Its line of configuration.
    pub fn line(self) -> &'static str {
        match self {
            Self::Aws => Cloud::Aws.line(),
            Self::Gcp => Cloud::Google.line(),
            Self::Azure => Cloud::Azure.line(),
            Self::Oracle => Cloud::Oracle.line(),
            Self::Alibaba => Cloud::Alibaba.line(),
            Self::Google => "pool time.google.com iburst",
            Self::Cloudflare => "pool time.cloudflare.com iburst",
            Self::Pool => "pool pool.ntp.org iburst maxsources 4",
        }
    }

    /// When the clock is to be stepped: the hypervisor's clock jumps with a machine that is paused.
    pub fn makestep(self) -> MakeStep {
        if self == Self::Azure { MakeStep::Always } else { MakeStep::AtStart }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_has_the_text_of_its_vendor() {
        let texts: Vec<String> = Preset::ALL.iter().map(|one| format!("{}: {}", one.name(), one.line())).collect();
        let expected = [
            "aws: server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4",
            "gcp: server metadata.google.internal prefer iburst",
            "azure: refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2",
            "oracle: server 169.254.169.254 iburst",
            "alibaba: server ntp.cloud.aliyuncs.com minpoll 4 maxpoll 10 iburst",
            "google: pool time.google.com iburst",
            "cloudflare: pool time.cloudflare.com iburst",
            "pool: pool pool.ntp.org iburst maxsources 4",
        ];
        assert_eq!(texts, expected);
        assert_eq!(Preset::named("AWS"), Some(Preset::Aws));
        assert_eq!(Preset::named("amazon"), None);
        assert_eq!(Preset::Azure.makestep().line(), Some("makestep 1.0 -1"));
    }
}

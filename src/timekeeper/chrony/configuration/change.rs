//! What a configuration is to say of its sources, its steps and whom it serves.

use core::net::IpAddr;
use std::collections::BTreeSet;

use super::lines::Line;
use super::presets::Preset;
use crate::timekeeper::smear::{self, Smear};

/// The longest name of a host, and more than any address: RFC 1035.
const LONGEST_NAME: usize = 253;

/// When chronyd steps the clock; otherwise it slews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MakeStep {
    /// Offsets beyond a second, at the first three updates.
    AtStart,
    /// Offsets beyond a second, at any time.
    Always,
    /// Never: nothing that steps the clock is left in the configuration.
    LeftOut,
}

impl MakeStep {
    /// Its line of configuration; none where there is to be none.
    pub fn line(self) -> Option<&'static str> {
        match self {
            Self::AtStart => Some("makestep 1.0 3"),
            Self::Always => Some("makestep 1.0 -1"),
            Self::LeftOut => None,
        }
    }
}

/// What the server of an isolated network says for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The stratum of its own clock.
    pub stratum: u8,
    /// The networks of those that it serves, as `allow` has them: `10.0.0.0/8`.
    pub networks: Vec<String>,
}

/// The stratum at which an isolated server's own clock is served: far from any real one.
pub const LOCAL_STRATUM: u8 = 10;

/// What the configuration of a host is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Lines of sources, in their order; all other sources go.
    pub sources: Vec<String>,
    /// When the clock is stepped.
    pub makestep: MakeStep,
    /// Whom the host serves its own clock; `None` = that is left as it is.
    pub serving: Option<Serving>,
}

/// A name that cannot stand in a line of configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSource {
    /// No name or address.
    #[error("`{0}` is no name or address of a time server: letters, digits and `.-_:%` are, 253 at most")]
    Name(String),
    /// A name without a letter.
    #[error("the name of a time server is empty")]
    Empty,
    /// What could only be an address, and is none.
    #[error(
        "`{0}` is no IPv4 or IPv6 address; the name of a time server has a letter, and no `:`: chronyd asks at port 123"
    )]
    Address(String),
    /// The same server once more.
    #[error("`{0}` is named twice")]
    Twice(String),
    /// No network.
    #[error("`{0}` is no network that could be allowed: expected an address and a length, as in `10.0.0.0/8`")]
    Network(String),
    /// Nothing was named.
    #[error("no time server is named")]
    None,
}

impl Wanted {
    /// These servers: the first is preferred.
    pub fn servers<Name: AsRef<str>>(names: &[Name]) -> Result<Self, BadSource> {
        let line = |(index, name): (usize, &Name)| {
            let prefer = if index == 0 { " prefer" } else { "" };
            Ok(format!("server {}{prefer} iburst", source_name(name.as_ref())?))
        };
        let sources: Vec<String> = names.iter().enumerate().map(line).collect::<Result<_, _>>()?;
        let mut known = BTreeSet::new();
        if let Some(twice) = names.iter().map(AsRef::as_ref).find(|name| !known.insert(identity(name))) {
            return Err(BadSource::Twice(twice.to_owned()));
        }
        if sources.is_empty() { Err(BadSource::None) } else { Ok(Self::of(sources, MakeStep::AtStart)) }
    }

    /// The servers behind a name.
    pub fn pool(name: &str) -> Result<Self, BadSource> {
        Ok(Self::of(vec![format!("pool {} iburst", source_name(name)?)], MakeStep::AtStart))
    }

    /// A vendor's sources.
    pub fn preset(preset: Preset) -> Self {
        Self::of(vec![preset.line().to_owned()], preset.makestep())
    }

    /// The one server of an isolated network, which follows nobody and serves these networks.
    pub fn own_clock(networks: &[String]) -> Result<Self, BadSource> {
        if networks.is_empty() {
            return Err(BadSource::Network(String::new()));
        }
        if let Some(bad) = networks.iter().find(|network| !is_network(network)) {
            return Err(BadSource::Network(bad.clone()));
        }
        let serving = Serving { stratum: LOCAL_STRATUM, networks: networks.to_vec() };
        Ok(Self { sources: Vec::new(), makestep: MakeStep::AtStart, serving: Some(serving) })
    }

    /// A client of the one server of an isolated network.
    pub fn client_of(server: &str) -> Result<Self, BadSource> {
        Ok(Self::of(vec![format!("server {} iburst", source_name(server)?)], MakeStep::AtStart))
    }

    fn of(sources: Vec<String>, makestep: MakeStep) -> Self {
        Self { sources, makestep, serving: None }
    }

    /// The same, with nothing that steps the clock: for a clock that is to be slewed.
    #[must_use]
    pub fn without_steps(&self) -> Self {
        Self { makestep: MakeStep::LeftOut, ..self.clone() }
    }

    /// Whether one of its sources smears leap seconds.
    pub fn smears(&self) -> bool {
        self.sources.iter().any(|source| smear_of(&Line::new(source, b"").words()) == Some(Smear::Smeared))
    }

    /// The names and addresses of its sources, in their order; a clock on the host has none.
    pub fn names(&self) -> Vec<String> {
        let words = self.sources.iter().map(|source| Line::new(source, b"").words());
        words
            .filter(|words| words.first().is_some_and(|directive| directive != "refclock"))
            .filter_map(|words| words.into_iter().nth(1))
            .collect()
    }
}

/// What the words of a line of configuration say about leap seconds; `None` where it is no source.
pub(super) fn smear_of(words: &[String]) -> Option<Smear> {
    let (directive, name) = (words.first()?.to_ascii_lowercase(), words.get(1)?);
    match directive.as_str() {
        "server" | "pool" | "peer" => Some(smear::of_server(name)),
        "refclock" => Some(smear::of_reference_clock(&name.to_ascii_uppercase())),
        _ => None,
    }
}

/// A name or address, where it is one: nothing that could be another word or another line.
fn source_name(name: &str) -> Result<&str, BadSource> {
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b':');
    if name.is_empty() {
        return Err(BadSource::Empty);
    }
    if !begins_well || name.len() > LONGEST_NAME || !name.bytes().all(is_of_names) {
        return Err(BadSource::Name(name.chars().take(LONGEST_NAME).collect()));
    }
    let is_like_address = name.contains(':') || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_like_address && address_of(name).is_none() { Err(BadSource::Address(name.to_owned())) } else { Ok(name) }
}

/// The address that a text is; that of a link may have a zone.
fn address_of(text: &str) -> Option<IpAddr> {
    text.split_once('%').map_or(text, |(address, _)| address).parse().ok()
}

/// What two names of one server have in common.
fn identity(name: &str) -> String {
    let address = name.parse::<IpAddr>().ok().map(|address| address.to_canonical().to_string());
    address.unwrap_or_else(|| name.trim_end_matches('.').to_ascii_lowercase())
}

/// Whether a text is an address and a length.
fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.bytes().all(|byte| byte.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|length| length <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_become_lines() {
        let lines = |names: &[&str]| Wanted::servers(names).map(|wanted| wanted.sources);
        assert_eq!(
            lines(&["169.254.169.123", "fd00:ec2::123"]).expect("lines"),
            ["server 169.254.169.123 prefer iburst", "server fd00:ec2::123 iburst"]
        );
        for bad in ["a b", "a\nallow", "-f", "a#", "ä.example", &"a".repeat(300)] {
            assert!(matches!(lines(&[bad]), Err(BadSource::Name(_))), "{bad}");
        }
        assert_eq!(lines(&[]), Err(BadSource::None));
        assert_eq!(lines(&["a", ""]), Err(BadSource::Empty));
        for bad in ["169.254.169.300", "10.0.0", "123", "a.example:123", "10.0.0.1:123", "fd00:::1"] {
            assert_eq!(lines(&[bad]), Err(BadSource::Address(bad.to_owned())));
        }
        for good in ["fe80::1%eth0", "::1", "1.example", "a", "0.de.pool.ntp.org", "ntp-1"] {
            assert!(lines(&[good]).is_ok(), "{good}");
        }
        for twice in [["a.example", "A.Example."], ["fd00::1", "fd00:0::1"], ["10.0.0.1", "10.0.0.1"]] {
            assert_eq!(lines(&twice), Err(BadSource::Twice(twice[1].to_owned())));
        }
        assert_eq!(Wanted::pool("pool.ntp.org").expect("a pool").sources, ["pool pool.ntp.org iburst"]);
        assert!(Wanted::pool("a\nb").is_err() && Wanted::client_of("").is_err());
    }

    #[test]
    fn an_isolated_server_says_whom_it_serves() {
        let check = |network: &str, is_good: bool| {
            assert_eq!(Wanted::own_clock(&[network.to_owned()]).is_ok(), is_good, "{network}");
        };
        check("10.0.0.0/8", true);
        check("fd00::/64", true);
        check("10.0.0.0/33", false);
        check("10.0.0.0/+8", false);
        check("10.0.0.0", false);
        check("all", false);
        check("10.0.0.0/8\nserver x", false);
        assert!(Wanted::own_clock(&[]).is_err());
    }

    #[test]
    fn what_smears_is_known() {
        let check = |wanted: Wanted, smears: bool, names: &[&str]| {
            assert_eq!(
                (wanted.smears(), wanted.names()),
                (smears, names.iter().map(|&name| name.to_owned()).collect())
            );
        };
        check(Wanted::preset(Preset::Aws), true, &["169.254.169.123"]);
        check(Wanted::preset(Preset::Azure), false, &[]);
        check(Wanted::preset(Preset::Pool), false, &["pool.ntp.org"]);
        check(
            Wanted::servers(&["a.example", "time.google.com"]).expect("servers"),
            true,
            &["a.example", "time.google.com"],
        );
    }
}

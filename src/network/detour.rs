//! The proxy of the environment, and whom it is not asked for.

use std::env;
use std::net::IpAddr;

use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use super::tracker::TrackerError;

/// A proxy, and whom it is not asked for.
#[derive(Debug)]
pub(super) struct Detour {
    proxy: Proxy,
    exempt: Vec<Exempt>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exempt {
    /// `*`.
    All,
    /// `10.0.0.0/8`, `2001:db8::/32`, or an address alone: so many leading bits are compared.
    Network(IpAddr, u32),
    /// A name, which stands for all below it, too, as curl has it.
    Name(String),
}

impl Detour {
    /// The proxy that one of these variables, or `ALL_PROXY`, names; none where none does.
    pub(super) fn of_environment(names: &[&str]) -> Result<Option<Self>, TrackerError> {
        let set = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
        let Some(address) = names.iter().chain(&["ALL_PROXY", "all_proxy"]).find_map(set) else { return Ok(None) };
        // It may hold a password.
        let odd = |_| {
            TrackerError::Unsendable("the proxy that the environment names has no address that can be asked".to_owned())
        };
        let whole = if address.contains("://") { address } else { format!("http://{address}") };
        let given = Proxy::new(&whole).map_err(odd)?;
        if !matches!(given.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
            let why = format!(
                "the environment names a {} proxy; only those with http:// or https:// can be asked",
                given.protocol()
            );
            return Err(TrackerError::Unsendable(why));
        }
        // Whom it is not asked for is decided here alone.
        let mut built = Proxy::builder(given.protocol()).host(given.host()).port(given.port());
        if let Some(user) = given.username() {
            built = built.username(user);
        }
        if let Some(password) = given.password() {
            built = built.password(password);
        }
        let none = ["NO_PROXY", "no_proxy"].iter().find_map(set).unwrap_or_default();
        let exempt = none.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Exempt::read).collect();
        Ok(Some(Self { proxy: built.build().map_err(odd)?, exempt }))
    }

    /// The proxy itself.
    pub(super) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Its address, without its password.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.proxy.host(), self.proxy.port())
    }

    /// Whether this address is asked for through it.
    pub(super) fn leads_to(&self, url: &str) -> bool {
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_lowercase)).unwrap_or_default();
        !self.exempt.iter().any(|exempt| exempt.holds(&host))
    }
}

impl Exempt {
    fn read(entry: &str) -> Self {
        let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let bits = |address: IpAddr| if address.is_ipv4() { 32 } else { 128 };
        let network = entry.split_once('/').and_then(|(address, length)| {
            let address = bare(address)?;
            Some(Self::Network(address, length.parse().ok().filter(|length| *length <= bits(address))?))
        });
        let alone = || bare(entry).map(|address| Self::Network(address, bits(address)));
        match network.or_else(alone) {
            Some(network) => network,
            None if entry == "*" => Self::All,
            None => Self::Name(entry.trim_start_matches("*.").trim_start_matches('.').to_lowercase()),
        }
    }

    /// Whether a host, in small letters, is one of these.
    fn holds(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Name(name) => {
                host == name || host.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('.'))
            }
            Self::Network(network, length) => {
                let host = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
                match (host.map(|host| host.to_canonical()), network) {
                    (Ok(IpAddr::V4(host)), IpAddr::V4(network)) => {
                        let shift = 32 - length;
                        host.to_bits().checked_shr(shift) == network.to_bits().checked_shr(shift)
                    }
                    (Ok(IpAddr::V6(host)), IpAddr::V6(network)) => {
                        let shift = 128 - length;
                        host.to_bits().checked_shr(shift) == network.to_bits().checked_shr(shift)
                    }
                    _ => false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_networks_are_exempt() {
        let check = |entry: &str, host: &str, expected: bool| {
            assert_eq!(Exempt::read(entry).holds(host), expected, "{entry} {host}");
        };
        check("10.0.0.0/8", "10.200.3.4", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.1.2.3/31", "10.1.2.2", true);
        check("10.1.2.3/31", "10.1.2.4", false);
        check("0.0.0.0/0", "192.0.2.1", true);
        check("0.0.0.0/0", "tracker.example", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.70", false);
        check("2001:db8::/32", "[2001:db8:1::5]", true);
        check("2001:db8::/32", "[2001:db9::5]", false);
        check("::/0", "192.0.2.1", false);
        check("[::1]", "[::1]", true);
        check("10.0.0.0/33", "10.0.0.1", false);
        check("example", "tracker.example", true);
        check(".Example", "tracker.example", true);
        check("*.example", "tracker.example", true);
        check("example", "counterexample", false);
        check("*", "anything", true);
    }
}

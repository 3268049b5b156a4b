//! What one entry of an inventory names: a host or a range of hosts, and a port.

use super::addresses;
use super::ranges::{self, Budget, RangeError};

/// The hosts of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNames {
    /// Their names, ranges written out.
    pub names: Vec<String>,
    /// The port as digits; 0 counts as none.
    pub port: Option<String>,
}

/// Takes an entry apart: `web[1:3].example:2222`. What is no address is a name as it stands.
pub fn expand(text: &str, budget: &mut Budget) -> Result<HostNames, RangeError> {
    let address = addresses::parse(text);
    let port = address.as_ref().and_then(|address| address.port).filter(|port| *port != "0").map(str::to_owned);
    let host = address.map_or(text, |address| address.host);
    let names = if ranges::has_range(host) { ranges::expand(host, budget)? } else { vec![host.to_owned()] };
    Ok(HostNames { names, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_hosts_and_a_port() {
        let found = |text: &str| expand(text, &mut Budget::new(10)).expect("hosts");
        assert_eq!(
            found("web[1:2]:22"),
            HostNames { names: vec!["web1".into(), "web2".into()], port: Some("22".into()) }
        );
        assert_eq!(found("2001:db8::1"), HostNames { names: vec!["2001:db8::1".into()], port: None });
        assert_eq!(found("h:0"), HostNames { names: vec!["h".into()], port: None });
        assert_eq!(found("user@box"), HostNames { names: vec!["user@box".into()], port: None });
        assert!(expand("h[1:1000]", &mut Budget::new(10)).is_err());
    }
}

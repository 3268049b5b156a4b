//! The name of a time server, as it is typed after `ntp:` or `https:`.

use std::fmt;

/// What a time server is asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeProtocol {
    /// NTP, over UDP.
    Ntp,
    /// The `Date` of HTTP over TLS.
    Https,
}

impl TimeProtocol {
    /// The port that goes without saying.
    pub fn port(self) -> u16 {
        match self {
            Self::Ntp => 123,
            Self::Https => 443,
        }
    }
}

/// A time server to be asked: a name or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// What it is asked by.
    pub protocol: TimeProtocol,
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port, of UDP or TCP.
    pub port: u16,
}

impl ServerName {
    /// Reads `HOST`, `HOST:PORT`, an IPv6 address, or one in brackets with a port; `None` for anything else.
    pub fn parse(protocol: TimeProtocol, text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
            }
            None => match text.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (text, None),
            },
        };
        let is_name = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '/'));
        let port = port.map_or(Some(protocol.port()), |port| port.parse().ok().filter(|port| *port > 0))?;
        is_name.then(|| Self { protocol, host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (port, _) if port == self.protocol.port() => formatter.write_str(&self.host),
            (port, true) => write!(formatter, "[{}]:{port}", self.host),
            (port, false) => write!(formatter, "{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_and_shown_as_it_is_typed() {
        let check = |text: &str, expected: Option<(&str, u16)>| {
            let found = ServerName::parse(TimeProtocol::Ntp, text);
            assert_eq!(found.as_ref().map(|one| (one.host.as_str(), one.port)), expected, "{text}");
            if let Some(found) = found {
                assert_eq!(ServerName::parse(TimeProtocol::Ntp, &found.to_string()), Some(found), "{text}");
            }
        };
        check("ntp.example.com", Some(("ntp.example.com", 123)));
        check("127.0.0.1:11123", Some(("127.0.0.1", 11_123)));
        check("2001:db8::1", Some(("2001:db8::1", 123)));
        check("[2001:db8::1]:11123", Some(("2001:db8::1", 11_123)));
        check("[::1]", Some(("::1", 123)));
        for bad in ["", ":123", "a:", "a:0", "a:70000", "a:x", "[::1]x", "[::1", "a b", "ntp://a"] {
            check(bad, None);
        }
    }

    #[test]
    fn the_port_that_goes_without_saying_is_that_of_the_protocol() {
        let check = |text: &str, expected: (u16, &str)| {
            let found = ServerName::parse(TimeProtocol::Https, text).expect("a server");
            assert_eq!((found.port, found.to_string().as_str()), expected);
        };
        check("time.example.com", (443, "time.example.com"));
        check("time.example.com:443", (443, "time.example.com"));
        check("time.example.com:123", (123, "time.example.com:123"));
    }
}

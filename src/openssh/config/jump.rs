//! `ProxyJump`: the hosts that are gone through, in order.

use core::fmt;

use super::{names, value};

/// One jump host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hop {
    /// Its name, to be looked up in `ssh_config` as any other.
    pub host: String,
    /// The login name, where one is written.
    pub user: Option<String>,
    /// The port, where one is written.
    pub port: Option<u16>,
}

impl fmt::Display for Hop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(formatter, "{user}@")?;
        }
        match self.port {
            Some(port) if self.host.contains(':') => write!(formatter, "[{}]:{port}", self.host),
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => formatter.write_str(&self.host),
        }
    }
}

/// The jump hosts of `[user@]host[:port]` or `ssh://…`, comma after comma; empty for `none`.
pub(super) fn parse(text: &str) -> Result<Vec<Hop>, &'static str> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    text.split(',').map(hop).collect()
}

/// The host that `ssh` is called with: `[user@]host`, or `ssh://[user@]host[:port]`.
///
/// # Errors
/// Says what is wrong with it; whether the host alone can be a name is not looked at.
pub fn destination(text: &str) -> Result<Hop, &'static str> {
    if text.starts_with("ssh://") {
        return hop(text);
    }
    let Some((user, host)) = text.rsplit_once('@') else {
        return Ok(Hop { host: text.to_owned(), user: None, port: None });
    };
    if user.is_empty() {
        return Err("a login name is empty");
    }
    names::login_name(user)?;
    Ok(Hop { host: host.to_owned(), user: Some(user.to_owned()), port: None })
}

fn hop(text: &str) -> Result<Hop, &'static str> {
    let is_url = text.strip_prefix("ssh://");
    let text = is_url.unwrap_or(text).trim_end_matches(|next| is_url.is_some() && next == '/');
    let (user, place) = match text.rsplit_once('@') {
        Some(("", _)) => return Err("a login name is empty"),
        Some((user, place)) => (Some(user.to_owned()), place),
        None => (None, text),
    };
    let (host, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, behind)) => (host, Some(behind.strip_prefix([':', '/']).ok_or("a letter stands behind ]")?)),
        // More than one colon without brackets is an address.
        None if place.matches(':').count() > 1 => (place, None),
        None => place.split_once([':', '/']).map_or((place, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err("a jump host has no name");
    }
    names::host_name(host)?;
    user.as_deref().map_or(Ok(()), names::login_name)?;
    let port =
        port.filter(|port| !port.is_empty()).map(|port| value::port(port).ok_or("that is no port")).transpose()?;
    Ok(Hop { host: host.to_owned(), user, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_written_as_for_ssh() {
        let check = |text: &str, host: &str, user: Option<&str>, port: Option<u16>| {
            let expected = Hop { host: host.to_owned(), user: user.map(str::to_owned), port };
            assert_eq!(destination(text), Ok(expected), "{text}");
        };
        check("web", "web", None, None);
        check("ops@web", "web", Some("ops"), None);
        check("a@b@web", "web", Some("a@b"), None);
        check("ops@2001:db8::1", "2001:db8::1", Some("ops"), None);
        check("ssh://ops@web:2201/", "web", Some("ops"), Some(2201));
        check("ssh://web", "web", None, None);
        for wrong in ["@web", "u;x@web", "ssh://web:x", "ssh://"] {
            assert!(destination(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn jump_hosts_are_written_as_for_ssh() {
        let check = |text: &str, expected: &[(&str, Option<&str>, Option<u16>)]| {
            let hops = parse(text).expect("hops");
            let hops: Vec<_> = hops.iter().map(|hop| (hop.host.as_str(), hop.user.as_deref(), hop.port)).collect();
            assert_eq!(hops, expected, "{text}");
        };
        check("none", &[]);
        check("gate", &[("gate", None, None)]);
        check("me@gate:2222,inner", &[("gate", Some("me"), Some(2222)), ("inner", None, None)]);
        check("ssh://me@gate:2222/", &[("gate", Some("me"), Some(2222))]);
        check("[::1]:2222", &[("::1", None, Some(2222))]);
        check("a@b@gate", &[("gate", Some("a@b"), None)]);
        for wrong in ["", "a,", "@gate", "gate:x", "gate:0", "-oProxyCommand=x", "[::1]x", "a;b", "u;x@a", "-u@a"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! Which time servers smear leap seconds: a table of the vendors' public statements, by name and by address.
//!
//! A server that smears spreads a leap second over hours, and is up to half a second away from UTC meanwhile. A clock that
//! follows some of each kind is pulled to and fro; two hosts that follow one kind each differ by as much.

/// Whether a source smears leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Smear {
    /// It does.
    Smeared,
    /// It gives UTC with its leap seconds.
    Plain,
    /// Nobody has told.
    Unknown,
}

/// The addresses of Amazon's, Google's and Facebook's public servers, and of Cloudflare's and NIST's.
const ADDRESSES: [(&str, Smear); 20] = [
    ("169.254.169.123", Smear::Smeared),
    ("fd00:ec2::123", Smear::Smeared),
    ("216.239.35.0", Smear::Smeared),
    ("216.239.35.4", Smear::Smeared),
    ("216.239.35.8", Smear::Smeared),
    ("216.239.35.12", Smear::Smeared),
    ("2001:4860:4806::", Smear::Smeared),
    ("2001:4860:4806:4::", Smear::Smeared),
    ("2001:4860:4806:8::", Smear::Smeared),
    ("2001:4860:4806:c::", Smear::Smeared),
    ("129.134.25.123", Smear::Smeared),
    ("129.134.26.123", Smear::Smeared),
    ("129.134.27.123", Smear::Smeared),
    ("129.134.28.123", Smear::Smeared),
    ("129.134.29.123", Smear::Smeared),
    ("162.159.200.1", Smear::Plain),
    ("162.159.200.123", Smear::Plain),
    ("2606:4700:f1::1", Smear::Plain),
    ("2606:4700:f1::123", Smear::Plain),
    ("129.6.15.28", Smear::Plain),
];

/// Names, and with a leading dot all names that end so.
const NAMES: [(&str, Smear); 14] = [
    ("time.google.com", Smear::Smeared),
    ("time1.google.com", Smear::Smeared),
    ("time2.google.com", Smear::Smeared),
    ("time3.google.com", Smear::Smeared),
    ("time4.google.com", Smear::Smeared),
    ("metadata.google.internal", Smear::Smeared),
    ("time.aws.com", Smear::Smeared),
    ("time.facebook.com", Smear::Smeared),
    (".facebook.com", Smear::Smeared),
    ("time.cloudflare.com", Smear::Plain),
    ("pool.ntp.org", Smear::Plain),
    (".pool.ntp.org", Smear::Plain),
    ("ntp.ubuntu.com", Smear::Plain),
    (".nist.gov", Smear::Plain),
];

/// Looks a name or an address up. On Google's cloud 169.254.169.254 is the metadata server, which smears; elsewhere not, and
/// there it is unknown.
pub fn of_server(name: &str) -> Smear {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let address = ADDRESSES.iter().find(|(known, _)| *known == name);
    let named = || {
        NAMES.iter().find(|(known, _)| *known == name || known.strip_prefix('.').is_some_and(|_| name.ends_with(known)))
    };
    address.or_else(named).map_or(Smear::Unknown, |(_, smear)| *smear)
}

/// A reference clock on the host: a PTP hardware clock is not smeared, as the vendors that have them say.
pub fn of_reference_clock(driver: &str) -> Smear {
    if driver.starts_with("PHC") || driver.starts_with("PPS") || driver.starts_with("PTP") {
        Smear::Plain
    } else {
        Smear::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_are_known_by_name_and_address() {
        let check = |name: &str, expected: Smear| assert_eq!(of_server(name), expected, "{name}");
        check("169.254.169.123", Smear::Smeared);
        check("FD00:EC2::123", Smear::Smeared);
        check("time2.google.com.", Smear::Smeared);
        check("216.239.35.8", Smear::Smeared);
        check("time3.facebook.com", Smear::Smeared);
        check("time.cloudflare.com", Smear::Plain);
        check("2.debian.pool.ntp.org", Smear::Plain);
        check("0.amazon.pool.ntp.org", Smear::Plain);
        check("time-a-g.nist.gov", Smear::Plain);
        check("ntp.example", Smear::Unknown);
        check("notpool.ntp.org", Smear::Unknown);
        check("169.254.169.254", Smear::Unknown);
        assert_eq!(of_reference_clock("PHC0"), Smear::Plain);
        assert_eq!(of_reference_clock("SHM0"), Smear::Unknown);
    }
}

//! OpenSSH certificates: what an authority vouches for, for whom and how long, judged without its signature, which is verified
//! where the certificate is received.

use chrono::DateTime;

use super::algorithms::is_allowed;

/// What a certificate is for, and what it says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCertificate {
    /// What the authority calls it.
    pub key_id: String,
    /// Whether it is for a host; else it is for a user.
    pub is_for_host: bool,
    /// The names that it is for; none = for every name.
    pub principals: Vec<String>,
    /// When it is valid.
    pub validity: Validity,
    /// What whoever accepts it must understand; there is nothing of the kind for hosts.
    pub critical_options: Vec<String>,
    /// The algorithm of the authority's signature.
    pub signature_algorithm: String,
}

/// When a certificate is valid, in seconds since 1970: from the first on, before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    after: u64,
    before: u64,
}

/// Why a host is not what its certificate says, though an authority that is trusted for it has signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateDefect {
    /// It is a user's.
    #[error("is for users, not for hosts")]
    NotForHosts,
    /// It names others.
    #[error("is for {principals}, not for {host}")]
    WrongPrincipal {
        /// The name that the host was looked up by.
        host: String,
        /// The names that it is for.
        principals: String,
    },
    /// Its time has not come or is over.
    #[error("{0}")]
    Time(String),
    /// It has a condition that is not understood.
    #[error("has the critical option {0}, which is not understood")]
    CriticalOption(String),
    /// The authority signed with what is not accepted: SHA-1, unless it was asked for.
    #[error("is signed with {0}, which CASignatureAlgorithms does not allow")]
    SignatureNotAllowed(String),
}

impl HostCertificate {
    /// Whether the host that was looked up as `host` may show this certificate at `now`, in nanoseconds since 1970 by the clock
    /// of whoever asks. `algorithms` are the signatures that are accepted of authorities (`CASignatureAlgorithms`).
    pub fn check(&self, host: &str, now: i64, algorithms: &[String]) -> Result<(), CertificateDefect> {
        if !self.is_for_host {
            return Err(CertificateDefect::NotForHosts);
        }
        // As OpenSSH's client: names are compared letter by letter, a pattern in a certificate is none.
        let host = host.to_ascii_lowercase();
        if !self.principals.is_empty() && !self.principals.contains(&host) {
            return Err(CertificateDefect::WrongPrincipal { host, principals: named(&self.principals) });
        }
        if let Some(trouble) = self.validity.trouble(now) {
            return Err(CertificateDefect::Time(trouble));
        }
        if let Some(option) = self.critical_options.first() {
            return Err(CertificateDefect::CriticalOption(option.clone()));
        }
        let is_built_in = !["ssh-rsa", "ssh-dss"].contains(&self.signature_algorithm.as_str());
        if !is_allowed(algorithms, &self.signature_algorithm, is_built_in) {
            return Err(CertificateDefect::SignatureNotAllowed(self.signature_algorithm.clone()));
        }
        Ok(())
    }
}

impl Validity {
    /// From `after` on, before `before`; in seconds since 1970.
    pub fn of(after: u64, before: u64) -> Self {
        Self { after, before }
    }

    /// What is wrong with the certificate's time at `now` (nanoseconds since 1970), and that it may be the asker's clock that is
    /// wrong: this is a program for fleets whose clocks are.
    pub fn trouble(self, now: i64) -> Option<String> {
        let now = u64::try_from(now.div_euclid(1_000_000_000)).unwrap_or(0);
        let trouble = if now < self.after {
            format!("is valid from {} on", time(self.after))
        } else if now >= self.before {
            format!("was valid until {}", time(self.before))
        } else {
            return None;
        };
        Some(format!("{trouble}; this machine's clock, which may itself be wrong, says {}", time(now)))
    }
}

fn time(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.map_or_else(|| "the end of time".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Some of the names, for one line.
fn named(principals: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<&str> = principals.iter().take(SHOWN).map(String::as_str).collect();
    let more = principals.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> HostCertificate {
        HostCertificate {
            key_id: "web".to_owned(),
            is_for_host: true,
            principals: vec!["web.example".to_owned()],
            validity: Validity::of(1_000, 2_000),
            critical_options: Vec::new(),
            signature_algorithm: "ssh-ed25519".to_owned(),
        }
    }

    #[test]
    fn a_certificate_is_checked_as_openssh_does() {
        let check = |certificate: HostCertificate, host: &str, seconds: i64, expected: &str| {
            let told = certificate.check(host, seconds * 1_000_000_000, &[]).map_err(|defect| defect.to_string());
            match told {
                Ok(()) => assert_eq!("", expected, "{certificate:?}"),
                Err(told) => assert!(!expected.is_empty() && told.contains(expected), "{told}"),
            }
        };
        check(certificate(), "web.example", 1_000, "");
        check(certificate(), "WEB.example", 1_999, "");
        check(certificate(), "web.example", 999, "is valid from 1970-01-01T00:16:40Z on; this machine's clock");
        check(certificate(), "web.example", 2_000, "was valid until 1970-01-01T00:33:20Z; this machine's clock");
        check(certificate(), "db.example", 1_500, "is for web.example, not for db.example");
        check(HostCertificate { is_for_host: false, ..certificate() }, "web.example", 1_500, "is for users");
        check(HostCertificate { principals: Vec::new(), ..certificate() }, "any", 1_500, "");
        let wild = HostCertificate { principals: vec!["*.example".to_owned()], ..certificate() };
        check(wild, "web.example", 1_500, "is for *.example, not for web.example");
        let critical = HostCertificate { critical_options: vec!["verify-required".to_owned()], ..certificate() };
        check(critical, "web.example", 1_500, "critical option verify-required");
        let weak = HostCertificate { signature_algorithm: "ssh-rsa".to_owned(), ..certificate() };
        check(weak.clone(), "web.example", 1_500, "is signed with ssh-rsa, which CASignatureAlgorithms does not allow");
        let with = |certificate: &HostCertificate, list: &str| {
            certificate.check("web.example", 1_500_000_000_000, &[list.to_owned()])
        };
        assert_eq!(with(&weak, "+ssh-rsa"), Ok(()));
        assert!(with(&certificate(), "rsa-sha2-512").is_err() && with(&certificate(), "-ssh-ed25519").is_err());
        let forever = HostCertificate { validity: Validity::of(0, u64::MAX), ..certificate() };
        check(forever, "web.example", i64::MAX / 1_000_000_000, "");
        check(certificate(), "web.example", -5, "is valid from");
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (1..=6).map(|number| format!("h{number}")).collect();
        assert_eq!(named(&names), "h1, h2, h3, h4 and 2 more");
    }
}

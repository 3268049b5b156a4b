//! What can go wrong with a web server that is asked for the time, in words for those who named it.

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio_rustls::rustls::{self, CertificateError};

use crate::clock::reference::UnusableHead;

/// What went wrong with a web server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebError {
    /// Its name was not found.
    #[error("its name cannot be looked up: {0}")]
    Lookup(String),
    /// No connection to any of its addresses came about.
    #[error("no connection: {0}")]
    Connect(String),
    /// The name that was typed can be in no certificate.
    #[error("its name can be in no certificate")]
    Name,
    /// This machine trusts nobody.
    #[error(
        "this machine has no root certificates (`SSL_CERT_FILE` names a file of them), so its certificate is vouched for by nobody"
    )]
    NoRoots,
    /// Its certificate is past its time, by this machine's clock.
    #[error("its certificate has expired, or this machine's clock is ahead, which would look the same")]
    Expired,
    /// The time of its certificate has not come, by this machine's clock.
    #[error("its certificate is not valid yet, or this machine's clock is behind, which would look the same")]
    NotYetValid,
    /// Nobody whom this machine trusts vouches for its certificate.
    #[error("nobody whom this machine trusts vouches for its certificate (`SSL_CERT_FILE` names a file of roots)")]
    UnknownIssuer,
    /// Its certificate is for other names.
    #[error("its certificate is for another name")]
    WrongName,
    /// Its certificate is not accepted for another reason.
    #[error("its certificate is not accepted: {0}")]
    Certificate(String),
    /// There is no understanding over TLS.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// It closed the connection, or the connection broke.
    #[error("the connection ended before an answer")]
    Closed,
    /// It took too long.
    #[error("no answer within {}", seconds(*.0))]
    TooSlow(Duration),
    /// Its answer has no end.
    #[error("the head of its answer is longer than {0} octets")]
    TooLong(usize),
    /// Its answer tells no time.
    #[error(transparent)]
    Head(#[from] UnusableHead),
}

impl WebError {
    /// What a handshake failed of.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(problem)) => Self::of_certificate(problem),
            Some(other) => Self::Tls(other.to_string()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            None => Self::Tls(error.to_string()),
        }
    }

    fn of_certificate(problem: &CertificateError) -> Self {
        match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
            other => Self::Certificate(other.to_string()),
        }
    }
}

fn seconds(length: Duration) -> String {
    format!("{} s", length.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_that_fails_is_told_by_what_failed() {
        let check = |error: io::Error, expected: WebError| assert_eq!(WebError::of_handshake(&error), expected);
        let of = |problem: CertificateError| {
            io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(problem))
        };
        check(of(CertificateError::Expired), WebError::Expired);
        check(of(CertificateError::NotValidYet), WebError::NotYetValid);
        check(of(CertificateError::UnknownIssuer), WebError::UnknownIssuer);
        check(of(CertificateError::NotValidForName), WebError::WrongName);
        check(of(CertificateError::Revoked), WebError::Certificate(CertificateError::Revoked.to_string()));
        check(io::ErrorKind::UnexpectedEof.into(), WebError::Closed);
    }
}

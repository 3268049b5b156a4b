//! Host certificates: the authority's signature verified, then judged by the rules of `openssh/certificates.rs`.

use russh::keys::{Certificate, HashAlg, PublicKey, PublicKeyBase64};

use super::host_key::LookUp;
use crate::openssh::certificates::{HostCertificate, Validity};
use crate::openssh::known_hosts::{Authority, KnownHosts};
use crate::probe::FailureCode;

/// What a certificate is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Vouched {
    /// An authority that is trusted for this host vouches for it.
    For,
    /// Nobody who is known vouches for it; the fingerprint of whoever does.
    Not(String),
    /// The host is not talked to.
    Refused(FailureCode, String),
}

/// Judges a host's certificate at `now`, in nanoseconds since 1970; `algorithms` are the signatures that are accepted of
/// authorities.
pub(super) fn judge(
    known: &KnownHosts,
    host: &LookUp,
    certificate: &Certificate,
    now: i64,
    algorithms: &[String],
) -> Vouched {
    let authority = PublicKey::new(certificate.signature_key().clone(), "");
    let fingerprint = authority.fingerprint(HashAlg::Sha256).to_string();
    let named = format!("certificate \"{}\" of the authority {fingerprint}", certificate.key_id());
    match known.authority(&host.name, host.port, &authority.public_key_bytes()) {
        Authority::Unknown => return Vouched::Not(fingerprint),
        Authority::Revoked(place) => {
            let detail = format!("{named}: that authority is revoked by {}:{}", place.file, place.line);
            return Vouched::Refused(FailureCode::HostKeyRevoked, detail);
        }
        Authority::Trusted => {}
    }
    let key = PublicKey::new(certificate.public_key().clone(), "");
    if let Authority::Revoked(place) = known.authority(&host.name, host.port, &key.public_key_bytes()) {
        let detail = format!(
            "{} key {} of {named} is revoked by {}:{}",
            key.algorithm(),
            key.fingerprint(HashAlg::Sha256),
            place.file,
            place.line
        );
        return Vouched::Refused(FailureCode::HostKeyRevoked, detail);
    }
    let refused =
        |why: &dyn std::fmt::Display| Vouched::Refused(FailureCode::HostCertificateRefused, format!("{named} {why}"));
    // At its own beginning, for the signature alone: whether its time is now is judged below, and said better.
    let own_authority = authority.fingerprint(HashAlg::Sha256);
    if certificate.validate_at(certificate.valid_after(), [&own_authority]).is_err() {
        return refused(&"is not signed by that authority, or is never valid");
    }
    match described(certificate).check(&host.name, now, algorithms) {
        Ok(()) => Vouched::For,
        Err(defect) => refused(&defect),
    }
}

fn described(certificate: &Certificate) -> HostCertificate {
    HostCertificate {
        key_id: certificate.key_id().to_owned(),
        is_for_host: certificate.cert_type().is_host(),
        principals: certificate.valid_principals().to_vec(),
        validity: Validity::of(certificate.valid_after(), certificate.valid_before()),
        critical_options: certificate.critical_options().keys().cloned().collect(),
        signature_algorithm: certificate.signature().algorithm().as_str().to_owned(),
    }
}

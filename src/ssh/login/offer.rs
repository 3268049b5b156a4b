//! One key or certificate that a server is offered, and who signs for it: a file's key or the agent.

use std::sync::Arc;

use russh::SendError;
use russh::Signer;
use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_key::encoding::Encode;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Algorithm, Certificate, HashAlg, PrivateKey, PublicKey};

use super::agent::Agent;
use super::pause::Pause;

/// Letters of a fingerprint that are shown where a key is told from a few others: `SHA256:` and 12 more.
const FINGERPRINT_SHOWN: usize = 19;

/// What a server is shown.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    Key(PublicKey),
    /// The same with an authority's word for it.
    Certificate(Arc<Certificate>),
}

/// Who holds the private half.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    File(Arc<PrivateKey>),
    Agent(Arc<Agent>),
}

/// One offer to a server.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) credential: Credential,
    pub(super) proof: Proof,
    /// Whether the agent is to sign under the name of the plain key: it does not hold the certificate, only its key.
    pub(super) signs_as_key: bool,
    /// Where it is from, for people: a file, or what the agent calls it.
    pub(super) from: String,
}

/// Why an offer was not signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    /// The session is gone.
    #[error("the connection ended")]
    Gone,
    /// The agent is at fault.
    #[error("the agent did not sign: {0}")]
    Agent(#[from] russh::keys::Error),
    /// The key cannot sign so.
    #[error("the key does not sign: {0}")]
    Key(String),
}

impl From<SendError> for SignError {
    fn from(_: SendError) -> Self {
        Self::Gone
    }
}

impl Offer {
    /// The algorithm of the key.
    pub(super) fn algorithm(&self) -> Algorithm {
        match &self.credential {
            Credential::Key(key) => key.algorithm(),
            Credential::Certificate(certificate) => certificate.algorithm(),
        }
    }

    /// Whether it is a security key (FIDO), which signs only when it is touched.
    pub(super) fn wants_touch(&self) -> bool {
        matches!(self.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
    }

    /// What is offered, for people: what kind it is, the beginning of its fingerprint, and where it is from.
    pub(super) fn told(&self) -> String {
        let (kind, fingerprint) = match &self.credential {
            Credential::Key(key) => (key.algorithm().to_string(), key.fingerprint(HashAlg::Sha256)),
            Credential::Certificate(certificate) => {
                (certificate.algorithm().to_certificate_type(), certificate.public_key().fingerprint(HashAlg::Sha256))
            }
        };
        let fingerprint: String = fingerprint.to_string().chars().take(FINGERPRINT_SHOWN).collect();
        format!("{kind} {fingerprint}... ({})", self.from)
    }

    /// What tells it from other offers.
    pub(super) fn blob(&self) -> Vec<u8> {
        let encoded = match &self.credential {
            Credential::Key(key) => key.to_bytes(),
            Credential::Certificate(certificate) => certificate.to_bytes(),
        };
        encoded.unwrap_or_default()
    }
}

/// Signs for one offer; the library's own signing of certificates cannot choose the hash of RSA keys.
pub(super) struct OfferSigner<'offer> {
    pub(super) offer: &'offer Offer,
    /// On while the agent signs: it may have others before, or a person to ask.
    pub(super) pause: &'offer Pause,
}

impl Signer for OfferSigner<'_> {
    type Error = SignError;

    async fn auth_sign(
        &mut self,
        shown: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        match &self.offer.proof {
            Proof::Agent(agent) if self.offer.signs_as_key => {
                let key = AgentIdentity::from(shown.public_key().into_owned());
                Ok(self.pause.during(agent.sign(&key, hash, data)).await?)
            }
            Proof::Agent(agent) => Ok(self.pause.during(agent.sign(shown, hash, data)).await?),
            Proof::File(key) => {
                let signature = match key.key_data() {
                    KeypairData::Rsa(pair) => (pair, hash).try_sign(&data),
                    _ => key.try_sign(&data),
                };
                let failed = |error: &dyn std::fmt::Display| SignError::Key(error.to_string());
                let signature = signature.map_err(|error| failed(&error))?;
                signature.encode_prefixed(&mut data).map_err(|error| failed(&error))?;
                Ok(data)
            }
        }
    }
}

//! Logging in: the keys of a host are offered one after the other, and what the server says to them is kept for the report.

use russh::client::{AuthResult, Handle};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use super::handler::SessionHandler;
use super::identity::{Agent, Identities, Offer, Offers};

/// Why nobody could be logged in.
#[derive(Debug)]
pub(super) enum LoginError {
    /// The server took none of the credentials; the text says which were tried and which methods it accepts.
    Rejected(String),
    /// The connection ended before the server had said anything to a credential.
    Ended,
}

/// Tries every key of `offers` as `user`, or no key at all where there is none.
pub(super) async fn log_in(
    handle: &mut Handle<SessionHandler>,
    user: &str,
    identities: &Identities,
    offers: Offers,
) -> Result<(), LoginError> {
    let Offers { keys, notes } = offers;
    let mut login = Login { handle, user, identities, notes, refused: 0, methods: None };
    let outcome = login.try_all(&keys).await;
    match outcome {
        Answer::Accepted => Ok(()),
        // OpenSSH ends the session after its own number of refusals; the refusals are the news then, not the end.
        Answer::Ended if login.methods.is_none() => Err(LoginError::Ended),
        Answer::Ended | Answer::Refused => Err(login.rejected()),
    }
}

/// One attempt to log in to one server.
struct Login<'login> {
    handle: &'login mut Handle<SessionHandler>,
    user: &'login str,
    identities: &'login Identities,
    notes: Vec<String>,
    refused: usize,
    /// What the server goes on to accept, once it has said so.
    methods: Option<MethodSet>,
}

/// What a server says to a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Accepted,
    Refused,
    Ended,
}

impl Login<'_> {
    async fn try_all(&mut self, keys: &[Offer]) -> Answer {
        if keys.is_empty() {
            // Asking with nothing in hand tells what the server would take.
            let answer = self.handle.authenticate_none(self.user).await.ok();
            return self.take_note(answer);
        }
        for offer in keys {
            match self.try_key(offer).await {
                Answer::Refused => self.refused += 1,
                outcome => return outcome,
            }
            if self.methods.as_ref().is_some_and(|methods| !methods.contains(&MethodKind::PublicKey)) {
                break;
            }
        }
        Answer::Refused
    }

    async fn try_key(&mut self, offer: &Offer) -> Answer {
        let Some(hashes) = self.hashes_for(offer).await else { return Answer::Ended };
        for hash in hashes {
            let answer = match offer {
                Offer::File(key) => {
                    let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
                    self.handle.authenticate_publickey(self.user, key).await.ok()
                }
                Offer::Agent(_) => {
                    let Some(agent) = self.identities.agent() else { break };
                    match self.ask_agent(agent, offer, hash).await {
                        Some(answer) => Some(answer),
                        None if self.handle.is_closed() => None,
                        // The agent is at fault, not the server: its next key may do better.
                        None => break,
                    }
                }
            };
            match self.take_note(answer) {
                Answer::Refused => {}
                outcome => return outcome,
            }
        }
        Answer::Refused
    }

    /// Takes note of the methods that the server goes on to accept. The library reports a lost session as a refusal that
    /// leaves no method.
    fn take_note(&mut self, answer: Option<AuthResult>) -> Answer {
        match answer {
            Some(AuthResult::Success) => Answer::Accepted,
            Some(AuthResult::Failure { remaining_methods, .. }) if !remaining_methods.is_empty() => {
                self.methods = Some(remaining_methods);
                Answer::Refused
            }
            Some(AuthResult::Failure { .. }) if !self.handle.is_closed() => {
                self.methods.get_or_insert_with(MethodSet::empty);
                Answer::Refused
            }
            Some(AuthResult::Failure { .. }) | None => Answer::Ended,
        }
    }

    /// The hashes to sign with: RSA keys may sign with either SHA-2, others have no choice. `None` where the session is lost.
    async fn hashes_for(&self, offer: &Offer) -> Option<Vec<Option<HashAlg>>> {
        if !offer.public_key().algorithm().is_rsa() {
            return Some(vec![None]);
        }
        // The list is what the server knows, not what it accepts: both are tried, the better one first.
        let best = self.handle.best_supported_rsa_hash().await.ok()?;
        Some(match best {
            Some(Some(HashAlg::Sha256)) => vec![Some(HashAlg::Sha256)],
            _ => vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256)],
        })
    }

    async fn ask_agent(&mut self, agent: &Agent, offer: &Offer, hash: Option<HashAlg>) -> Option<AuthResult> {
        let mut loan = match agent.borrow().await {
            Ok(loan) => loan,
            Err(error) => {
                self.notes.push(format!("the agent does not answer: {error}"));
                return None;
            }
        };
        let key = offer.public_key().clone();
        match self.handle.authenticate_publickey_with(self.user, key, hash, &mut loan.client).await {
            Ok(answer) => {
                loan.give_back();
                Some(answer)
            }
            Err(error) => {
                self.notes.push(format!("the agent did not sign: {error}"));
                None
            }
        }
    }

    fn rejected(&self) -> LoginError {
        let names: Vec<&str> = self.methods.iter().flat_map(|methods| methods.iter()).map(<&str>::from).collect();
        let methods = if names.is_empty() { "nothing more".to_owned() } else { names.join(", ") };
        let keys = match self.refused {
            0 => "no key to offer".to_owned(),
            1 => "1 key refused".to_owned(),
            more => format!("{more} keys refused"),
        };
        let tried = [format!("as {}: {keys}", self.user), format!("server accepts {methods}")];
        let parts: Vec<&str> = tried.iter().chain(&self.notes).map(String::as_str).collect();
        LoginError::Rejected(parts.join("; "))
    }
}

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
    /// The connection ended meanwhile.
    Ended,
}

/// Tries every key of `offers` as `user`, or no key at all where there is none.
pub(super) async fn log_in(
    handle: &mut Handle<SessionHandler>,
    user: &str,
    identities: &Identities,
    offers: Offers,
) -> Result<(), LoginError> {
    let Offers { keys, mut notes } = offers;
    let mut accepted = MethodSet::empty();
    if keys.is_empty() {
        // Asking with nothing in hand tells what the server would take.
        let answer = handle.authenticate_none(user).await.map_err(|_| LoginError::Ended)?;
        if !take_note(answer, &mut accepted) {
            return Ok(());
        }
    }
    let offered = keys.len();
    for offer in keys {
        for hash in hashes_for(handle, &offer).await? {
            let answer = match &offer {
                Offer::File(key) => {
                    let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
                    Some(handle.authenticate_publickey(user, key).await.map_err(|_| LoginError::Ended)?)
                }
                Offer::Agent(_) => match identities.agent() {
                    Some(agent) => ask_agent(handle, user, agent, &offer, hash, &mut notes).await,
                    None => None,
                },
            };
            let Some(answer) = answer else { break };
            if !take_note(answer, &mut accepted) {
                return Ok(());
            }
            if handle.is_closed() {
                return Err(rejected(user, offered, &accepted, &notes));
            }
        }
        if !accepted.is_empty() && !accepted.contains(&MethodKind::PublicKey) {
            break;
        }
    }
    Err(rejected(user, offered, &accepted, &notes))
}

/// Takes note of the methods that the server goes on to accept; `false` where it let us in.
fn take_note(answer: AuthResult, accepted: &mut MethodSet) -> bool {
    match answer {
        AuthResult::Success => false,
        AuthResult::Failure { remaining_methods, .. } => {
            if !remaining_methods.is_empty() {
                *accepted = remaining_methods;
            }
            true
        }
    }
}

/// The hashes to sign with: RSA keys may sign with either SHA-2, others have no choice.
async fn hashes_for(handle: &Handle<SessionHandler>, offer: &Offer) -> Result<Vec<Option<HashAlg>>, LoginError> {
    if !offer.public_key().algorithm().is_rsa() {
        return Ok(vec![None]);
    }
    // The list is what the server knows, not what it accepts: both are tried, the better one first.
    let best = handle.best_supported_rsa_hash().await.map_err(|_| LoginError::Ended)?;
    Ok(match best {
        Some(Some(HashAlg::Sha256)) => vec![Some(HashAlg::Sha256)],
        _ => vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256)],
    })
}

async fn ask_agent(
    handle: &mut Handle<SessionHandler>,
    user: &str,
    agent: &Agent,
    offer: &Offer,
    hash: Option<HashAlg>,
    notes: &mut Vec<String>,
) -> Option<AuthResult> {
    let mut loan = match agent.borrow().await {
        Ok(loan) => loan,
        Err(error) => {
            notes.push(format!("the agent does not answer: {error}"));
            return None;
        }
    };
    let key = offer.public_key().clone();
    match handle.authenticate_publickey_with(user, key, hash, &mut loan.client).await {
        Ok(answer) => {
            loan.give_back();
            Some(answer)
        }
        Err(error) => {
            notes.push(format!("the agent did not sign: {error}"));
            None
        }
    }
}

fn rejected(user: &str, offered: usize, accepted: &MethodSet, notes: &[String]) -> LoginError {
    let names: Vec<&str> = accepted.iter().map(<&str>::from).collect();
    let methods = if names.is_empty() { "no method it would accept".to_owned() } else { names.join(", ") };
    let keys = match offered {
        0 => "no key to offer".to_owned(),
        1 => "1 key refused".to_owned(),
        more => format!("{more} keys refused"),
    };
    let tried = [format!("as {user}: {keys}"), format!("server accepts {methods}")];
    let parts: Vec<&str> = tried.iter().chain(notes).map(String::as_str).collect();
    LoginError::Rejected(parts.join("; "))
}

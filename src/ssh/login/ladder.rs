//! The ladder of one login: the methods that may be tried in the order that is preferred, each credential once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use russh::client::{AuthResult, Handle};
use russh::keys::{Algorithm, HashAlg};
use russh::{MethodKind, MethodSet};

use super::asking::{AskedPassword, Loan};
use super::identities::{Identities, MOST_OFFERS, Offers};
use super::offer::{Credential, Offer, OfferSigner, SignError};
use super::pause::Pause;
use crate::inventory::secret::Secret;
use crate::openssh::algorithms::is_allowed;
use crate::openssh::certificates::Validity;
use crate::probe::HostEvent;
use crate::ssh::cell::HostCell;
use crate::ssh::handler::SessionHandler;
use crate::ssh::settings::{AuthMethod, AuthSettings};

/// Methods that a server may want one after the other, each of which it accepted; more are no login but a game.
const MOST_STEPS: usize = 4;

/// Why nobody could be logged in.
#[derive(Debug)]
pub(in crate::ssh) enum LoginError {
    /// The server took none of the credentials; the text says which were tried and which methods it accepts.
    Rejected(String),
    /// The connection ended while the server judged a credential.
    Ended {
        /// What it was offered up to then, and what was not tried.
        tried: String,
        /// Whether it had answered to one before.
        has_answered: bool,
    },
}

/// What one logs in with.
#[derive(Debug, Clone, Copy)]
pub(in crate::ssh) struct Means<'login> {
    pub(in crate::ssh) settings: &'login AuthSettings,
    pub(in crate::ssh) identities: &'login Identities,
    pub(in crate::ssh) password: Option<&'login Secret>,
    /// Whoever may be asked for it where none is known.
    pub(in crate::ssh) asked: Option<&'login AskedPassword>,
    /// On while the agent signs.
    pub(in crate::ssh) signing: &'login Pause,
}

/// Logs in to the server behind `handle`, whose host key has been found right.
pub(in crate::ssh) async fn log_in(
    handle: &mut Handle<SessionHandler>,
    means: Means<'_>,
    cell: &HostCell,
) -> Result<(), LoginError> {
    let Offers { keys, notes } = if means.settings.methods.contains(&AuthMethod::PublicKey) {
        means.identities.offers(means.settings).await
    } else {
        Offers::default()
    };
    let login = Ladder {
        handle,
        means,
        cell,
        keys,
        attempts: None,
        refused_attempts: 0,
        notes,
        refused: Counts::default(),
        offered: Counts::default(),
        unsigned: 0,
        password: PasswordState::Kept,
        loan: None,
        methods: None,
    };
    login.climb().await
}

/// What became of the password, which is sent to a server once at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PasswordState {
    /// It has not left this machine.
    Kept,
    /// It was sent, and the server goes on asking.
    Sent,
    /// It was sent and refused.
    Refused,
}

/// One attempt to log in to one server.
pub(super) struct Ladder<'login> {
    pub(super) handle: &'login mut Handle<SessionHandler>,
    pub(super) means: Means<'login>,
    cell: &'login HostCell,
    keys: Vec<Offer>,
    /// What is still to be tried; `None` until it is worked out.
    attempts: Option<VecDeque<Attempt>>,
    /// How often a key was refused, by whichever hash: servers count that.
    refused_attempts: usize,
    pub(super) notes: Vec<String>,
    refused: Counts,
    offered: Counts,
    /// Offers that whoever holds the key did not sign for, so that the server refused none of them.
    unsigned: usize,
    pub(super) password: PasswordState,
    /// The password that a person typed, while it is sent.
    pub(super) loan: Option<Loan<'login>>,
    /// What the server goes on to accept, once it has said so.
    pub(super) methods: Option<MethodSet>,
}

/// How many keys and certificates; one by several hashes is one for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    certificates: usize,
    keys: usize,
}

impl Counts {
    fn count(&mut self, credential: &Credential) {
        *match credential {
            Credential::Key(_) => &mut self.keys,
            Credential::Certificate(_) => &mut self.certificates,
        } += 1;
    }

    /// `1 certificate refused`, `2 keys refused`.
    fn told(self, what: &str) -> impl Iterator<Item = String> {
        let counted = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one} {what}")),
            more => Some(format!("{more} {one}s {what}")),
        };
        counted(self.certificates, "certificate").into_iter().chain(counted(self.keys, "key"))
    }
}

/// One key or certificate by one hash.
#[derive(Debug, Clone)]
struct Attempt {
    offer: Arc<Offer>,
    hash: Option<HashAlg>,
    /// 0 for the best hash.
    rank: usize,
}

/// What a server says to a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    /// It is right, and the server wants another method besides.
    Further,
    Refused,
    /// It asks what only a person can answer, and waits: nothing else can be tried in this session.
    ForAPerson,
    Ended,
}

impl Ladder<'_> {
    async fn climb(mut self) -> Result<(), LoginError> {
        let mut answer = self.try_methods().await;
        for _ in 1..MOST_STEPS {
            if answer != Answer::Further {
                break;
            }
            answer = self.try_methods().await;
        }
        match answer {
            Answer::Accepted => Ok(()),
            Answer::Ended => Err(LoginError::Ended { tried: self.offered(), has_answered: self.methods.is_some() }),
            Answer::Further => {
                self.notes.push("the server wants one method more than there is".to_owned());
                Err(self.rejected())
            }
            Answer::Refused | Answer::ForAPerson => Err(self.rejected()),
        }
    }

    /// Tries the methods that the server may take until it has taken one.
    async fn try_methods(&mut self) -> Answer {
        for method in &self.means.settings.methods {
            if !self.is_wanted(*method) {
                continue;
            }
            let sent_before = self.password;
            let answer = match method {
                AuthMethod::PublicKey => self.try_keys().await,
                AuthMethod::KeyboardInteractive => self.try_questions().await,
                AuthMethod::Password => self.try_password().await,
            };
            if self.password != sent_before {
                self.cell.step(format!("the password, by {}: {}", method.name(), answer.told()));
            }
            if answer != Answer::Refused {
                return answer;
            }
        }
        if self.methods.is_none() {
            // Asking with nothing in hand tells what the server would take.
            let answer = self.handle.authenticate_none(&self.means.settings.user).await.ok();
            return self.take_note(answer);
        }
        Answer::Refused
    }

    /// Whether the server may take that method, as far as it has said so.
    pub(super) fn is_wanted(&self, method: AuthMethod) -> bool {
        let kind = match method {
            AuthMethod::PublicKey => MethodKind::PublicKey,
            AuthMethod::KeyboardInteractive => MethodKind::KeyboardInteractive,
            AuthMethod::Password => MethodKind::Password,
        };
        self.methods.as_ref().is_none_or(|methods| methods.contains(&kind))
    }

    async fn try_keys(&mut self) -> Answer {
        if self.attempts.is_none() {
            let Some(attempts) = self.attempts_in_order().await else { return Answer::Ended };
            self.attempts = Some(attempts);
        }
        while let Some(attempt) = self.next_attempt() {
            // Of what was not signed the server has refused nothing.
            let Some(answer) = self.try_key(&attempt).await else { continue };
            let by = attempt.hash.map_or_else(String::new, |hash| format!(" with {hash}"));
            self.cell.step(format!("{}{by}: {}", attempt.offer.told(), answer.told()));
            match answer {
                Answer::Refused => self.was_refused(&attempt),
                answer => {
                    // What the server may want besides is another key.
                    self.leave_out(&attempt.offer);
                    return answer;
                }
            }
            if !self.is_wanted(AuthMethod::PublicKey) {
                break;
            }
        }
        Answer::Refused
    }

    /// What is to be tried, each key by its best hash before any key by another one: a server ends the session after some
    /// refusals, and the next key is likelier to be right than the same one once more. `None` where the session is lost.
    async fn attempts_in_order(&mut self) -> Option<VecDeque<Attempt>> {
        let has_rsa = self.keys.iter().any(|offer| offer.algorithm().is_rsa());
        let best = if has_rsa { self.handle.best_supported_rsa_hash().await.ok()?.flatten() } else { None };
        let mut attempts = Vec::new();
        for offer in std::mem::take(&mut self.keys).into_iter().map(Arc::new) {
            let hashes = self.hashes_for(&offer, best);
            let note = format!("{} keys are not offered: PubkeyAcceptedAlgorithms leaves them out", offer.algorithm());
            if hashes.is_empty() && !self.notes.contains(&note) {
                self.notes.push(note);
            }
            attempts.extend(hashes.into_iter().enumerate().map(|(rank, hash)| Attempt {
                offer: Arc::clone(&offer),
                hash,
                rank,
            }));
        }
        attempts.sort_by_key(|attempt| attempt.rank);
        Some(attempts.into())
    }

    /// Tries a key no further.
    fn leave_out(&mut self, offer: &Arc<Offer>) {
        if let Some(attempts) = &mut self.attempts {
            attempts.retain(|attempt| !Arc::ptr_eq(&attempt.offer, offer));
        }
    }

    /// The next one: by its best hash always, by another one while the server may be expected to listen.
    fn next_attempt(&mut self) -> Option<Attempt> {
        let next = self.attempts.as_mut()?.pop_front();
        next.filter(|next| next.rank == 0 || self.refused_attempts < MOST_OFFERS)
    }

    /// Takes note of a refusal; those of one key by several hashes are one for people.
    fn was_refused(&mut self, attempt: &Attempt) {
        self.refused_attempts += 1;
        if attempt.rank > 0 {
            return;
        }
        self.refused.count(&attempt.offer.credential);
        if let Credential::Certificate(certificate) = &attempt.offer.credential {
            let now = self.cell.board.clock.now();
            let what = Validity::of(certificate.valid_after(), certificate.valid_before()).trouble(now.0);
            let named = |what| format!("certificate \"{}\" {what}", certificate.key_id());
            self.notes.extend(what.map(named));
        }
    }

    /// `None` where whoever holds the key did not sign.
    async fn try_key(&mut self, Attempt { offer, hash, rank }: &Attempt) -> Option<Answer> {
        if *rank == 0 {
            self.offered.count(&offer.credential);
        }
        let user = self.means.settings.user.clone();
        if offer.wants_touch() && self.means.identities.is_first_touch() {
            let text = "a security key wants to be touched once for every host that it logs in to; where a minute passes \
                        without a touch, that host and those after it are not logged in to by the agent";
            self.cell.board.tell(HostEvent::Notice { text: text.to_owned() });
        }
        let mut signer = OfferSigner { offer, pause: self.means.signing };
        let answer = match &offer.credential {
            Credential::Key(key) => {
                self.handle.authenticate_publickey_with(&user, key.clone(), *hash, &mut signer).await
            }
            Credential::Certificate(certificate) => {
                let certificate = (**certificate).clone();
                self.handle.authenticate_certificate_with(&user, certificate, *hash, &mut signer).await
            }
        };
        let answer = match answer {
            Ok(answer) => Some(answer),
            Err(SignError::Gone) => None,
            // Whoever signs is at fault, not the server: the next key may do better, this one will not by another hash.
            Err(error) if !self.handle.is_closed() => {
                self.cell.step(format!("{}: {error}", offer.told()));
                self.notes.push(error.to_string());
                self.unsigned += 1;
                self.leave_out(offer);
                return None;
            }
            Err(_) => None,
        };
        Some(self.take_note(answer))
    }

    /// The hashes to sign with, the best one first: RSA keys may sign with either SHA-2, others have no choice. `best` is the
    /// one that the server says it knows, where it says so.
    fn hashes_for(&self, offer: &Offer, best: Option<HashAlg>) -> Vec<Option<HashAlg>> {
        let is_certificate = matches!(offer.credential, Credential::Certificate(_));
        let allowed = |algorithm: &Algorithm| {
            let name = if is_certificate { algorithm.to_certificate_type() } else { algorithm.as_str().to_owned() };
            is_allowed(&self.means.settings.key_algorithms, &name, !name.starts_with("ssh-rsa"))
        };
        let algorithm = offer.algorithm();
        if !algorithm.clone().is_rsa() {
            return if allowed(&algorithm) { vec![None] } else { Vec::new() };
        }
        // The list is what the server knows, not what it accepts: both are tried, the better one first. SHA-1 is tried only
        // where somebody asked for it by name.
        let hashes: &[Option<HashAlg>] = match best {
            Some(HashAlg::Sha256) => &[Some(HashAlg::Sha256), None],
            _ => &[Some(HashAlg::Sha512), Some(HashAlg::Sha256), None],
        };
        let is_allowed = |hash: &&Option<HashAlg>| allowed(&Algorithm::Rsa { hash: **hash });
        hashes.iter().filter(is_allowed).copied().collect()
    }

    /// Takes note of the methods that the server goes on to accept. The library reports a lost session as a refusal that
    /// leaves no method.
    pub(super) fn take_note(&mut self, answer: Option<AuthResult>) -> Answer {
        match answer {
            Some(AuthResult::Success) => Answer::Accepted,
            Some(AuthResult::Failure { remaining_methods, partial_success }) if !remaining_methods.is_empty() => {
                self.methods = Some(remaining_methods);
                if partial_success { Answer::Further } else { Answer::Refused }
            }
            Some(AuthResult::Failure { .. }) if !self.handle.is_closed() => {
                self.methods.get_or_insert_with(MethodSet::empty);
                Answer::Refused
            }
            Some(AuthResult::Failure { .. }) | None => Answer::Ended,
        }
    }

    /// The server asks something by `keyboard-interactive`, which it accepts therefore.
    pub(super) fn was_asked(&mut self, question: String) -> Answer {
        self.methods.get_or_insert_with(|| MethodSet::from([MethodKind::KeyboardInteractive].as_slice()));
        self.notes.push(question);
        Answer::ForAPerson
    }

    fn rejected(&self) -> LoginError {
        let password = match self.password {
            PasswordState::Kept => None,
            PasswordState::Refused => Some("the password refused"),
            PasswordState::Sent => Some("the password was not enough"),
        };
        let unsigned = Counts { keys: self.unsigned, ..Counts::default() };
        let refused = self.refused.told("refused").chain(unsigned.told("not signed for"));
        LoginError::Rejected(self.account(&refused.chain(password.map(str::to_owned)).collect::<Vec<_>>()))
    }

    /// What the server was offered when it ended the session.
    fn offered(&self) -> String {
        let has_password = self.means.password.is_some() || self.means.asked.is_some();
        let password = match self.password {
            PasswordState::Kept => has_password.then_some("the password not tried"),
            PasswordState::Refused | PasswordState::Sent => Some("the password offered"),
        };
        self.account(&self.offered.told("offered").chain(password.map(str::to_owned)).collect::<Vec<_>>())
    }

    /// What was tried, as whom, what the server would take, and what stood in the way of more.
    fn account(&self, tried: &[String]) -> String {
        let nothing = if self.means.settings.methods.contains(&AuthMethod::PublicKey) {
            "no key to offer"
        } else {
            "nothing to offer"
        };
        let tried = if tried.is_empty() { nothing.to_owned() } else { tried.join(", ") };
        let names: Vec<&str> = self.methods.iter().flat_map(|methods| methods.iter()).map(<&str>::from).collect();
        let methods = if names.is_empty() { "nothing more".to_owned() } else { names.join(", ") };
        // A server that has answered to nothing has not said so.
        let methods = self.methods.is_some().then(|| format!("server accepts {methods}"));
        let tried = format!("as {}: {tried}", self.means.settings.user);
        let parts: Vec<&str> = std::iter::once(&tried).chain(&methods).chain(&self.notes).map(String::as_str).collect();
        parts.join("; ")
    }
}

impl Answer {
    /// The answer in words.
    fn told(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Further => "accepted, and the server wants another method besides",
            Self::Refused => "refused",
            Self::ForAPerson => "the server asks what only a person can answer",
            Self::Ended => "the connection ended",
        }
    }
}

/// Tells the user once in a scan that a key wants to be touched.
#[derive(Debug, Default)]
pub(super) struct TouchNotice(AtomicBool);

impl TouchNotice {
    /// Whether nobody was told yet; from now on somebody was.
    pub(super) fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

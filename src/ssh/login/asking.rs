//! The password of a jump host: a person is asked for it once, at the moment when its server wants one, as `ssh` asks.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;

use super::pause::Pause;
use crate::inventory::secret::Secret;

/// Whoever can ask a person while hosts are connected to.
pub trait Ask: Send + Sync {
    /// What a person types, unseen; why nobody did. It may take as long as people take.
    fn secret(&self, question: &str) -> Result<Secret, String>;
}

/// Hands questions to whoever can ask them.
#[derive(Clone)]
pub struct Asker(Arc<dyn Ask>);

impl Asker {
    /// Questions are asked by `ask`.
    pub fn new(ask: impl Ask + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Asker")
    }
}

/// The password of one jump host, for all connections to it.
pub(in crate::ssh) struct AskedPassword {
    asker: Option<Asker>,
    question: String,
    known: Mutex<Known>,
    /// On while a person types.
    pause: Pause,
}

/// What is known of the password.
#[derive(Debug)]
enum Known {
    NotAsked,
    /// The server took it.
    Right(Secret),
    /// There is none, and why.
    None(String),
}

/// The password, lent for one login. As long as no server took it nobody else gets it: a wrong one that several connections
/// send at once locks accounts.
pub(super) struct Loan<'asked> {
    pub(super) secret: Secret,
    unproven: Option<MutexGuard<'asked, Known>>,
}

impl std::fmt::Debug for AskedPassword {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AskedPassword").field("question", &self.question).finish_non_exhaustive()
    }
}

impl AskedPassword {
    /// A password that nobody was asked for yet.
    pub(in crate::ssh) fn new(asker: Option<Asker>, question: String) -> Self {
        Self { asker, question, known: Mutex::new(Known::NotAsked), pause: Pause::default() }
    }

    /// The password; asks for it where nobody was asked yet.
    pub(super) async fn lend(&self) -> Result<Loan<'_>, String> {
        let mut known = self.known.lock().await;
        match &*known {
            Known::Right(secret) => return Ok(Loan { secret: secret.clone(), unproven: None }),
            Known::None(why) => return Err(why.clone()),
            Known::NotAsked => {}
        }
        match self.ask().await {
            Ok(secret) => {
                // Until the server has taken it; a login that ends in between is none.
                *known = Known::None("the password that was typed was not taken".to_owned());
                Ok(Loan { secret, unproven: Some(known) })
            }
            Err(why) => {
                *known = Known::None(why.clone());
                Err(why)
            }
        }
    }

    async fn ask(&self) -> Result<Secret, String> {
        let nobody = |why: &str| format!("its password could not be asked for: {why}");
        let Some(asker) = self.asker.clone() else { return Err(nobody("there is nobody to ask")) };
        let question = self.question.clone();
        let typed = self.pause.during(spawn_blocking(move || asker.0.secret(&question))).await;
        match typed {
            Ok(Ok(secret)) if secret.reveal().is_empty() => Err("no password was typed".to_owned()),
            Ok(Ok(secret)) => Ok(secret),
            Ok(Err(why)) => Err(nobody(&why)),
            Err(error) => Err(nobody(&error.to_string())),
        }
    }

    /// On while a person types, whichever connection asked.
    pub(in crate::ssh) fn pause(&self) -> &Pause {
        &self.pause
    }
}

impl Loan<'_> {
    /// Tells that the server took the password: whoever logs in next gets it too.
    pub(super) fn was_right(mut self) {
        if let Some(known) = &mut self.unproven {
            **known = Known::Right(self.secret.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Somebody who types the same each time, and is asked so often.
    struct Person(&'static str, Arc<AtomicUsize>);

    impl Ask for Person {
        fn secret(&self, question: &str) -> Result<Secret, String> {
            assert_eq!(question, "ops@gate's password: ");
            self.1.fetch_add(1, Ordering::SeqCst);
            Ok(Secret::new(self.0.to_owned()))
        }
    }

    fn asked(typed: &'static str) -> (AskedPassword, Arc<AtomicUsize>) {
        let times = Arc::<AtomicUsize>::default();
        let asker = Asker::new(Person(typed, Arc::clone(&times)));
        (AskedPassword::new(Some(asker), "ops@gate's password: ".to_owned()), times)
    }

    #[tokio::test]
    async fn a_right_password_is_asked_for_once_and_a_wrong_one_too() {
        let (right, times) = asked("hunter2");
        right.lend().await.ok().unwrap().was_right();
        assert_eq!(right.lend().await.ok().unwrap().secret.reveal(), "hunter2");
        assert_eq!(times.load(Ordering::SeqCst), 1);

        let (wrong, times) = asked("hunter2");
        drop(wrong.lend().await);
        assert_eq!(wrong.lend().await.err().as_deref(), Some("the password that was typed was not taken"));
        let (none, none_times) = asked("");
        for _ in 0..2 {
            assert_eq!(none.lend().await.err().as_deref(), Some("no password was typed"));
        }
        assert_eq!((times.load(Ordering::SeqCst), none_times.load(Ordering::SeqCst)), (1, 1));
        let nobody = AskedPassword::new(None, String::new()).lend().await.err().unwrap();
        assert_eq!(nobody, "its password could not be asked for: there is nobody to ask");
    }
}

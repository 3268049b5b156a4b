//! An SSH server that lets nobody in and remembers whatever a client sent after the key exchange.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use russh::keys::{Algorithm, PrivateKey, PublicKeyBase64};
use russh::server::{Auth, Config, Handler, PublicKeyOffer, Response, run_stream};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The running server.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) port: u16,
    /// How often a client tried to log in, by whatever method.
    pub(crate) attempts: Arc<AtomicUsize>,
    /// The passwords that it was sent, whatever the method.
    pub(crate) passwords: Arc<Mutex<Vec<String>>>,
    key: PrivateKey,
    task: JoinHandle<()>,
}

struct Remembering {
    attempts: Arc<AtomicUsize>,
    passwords: Arc<Mutex<Vec<String>>>,
    /// The questions that are asked where `keyboard-interactive` is tried, each with whether its answer may be seen.
    questions: &'static [(&'static str, bool)],
}

impl Handler for Remembering {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        Ok(Auth::reject())
    }

    async fn auth_publickey_offered(&mut self, _: &str, _: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        Ok(Auth::reject())
    }

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, russh::Error> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        self.passwords.lock().unwrap().push(password.to_owned());
        Ok(Auth::reject())
    }

    async fn auth_keyboard_interactive<'answer>(
        &'answer mut self,
        _: &str,
        _: &str,
        response: Option<Response<'answer>>,
    ) -> Result<Auth, russh::Error> {
        let Some(answers) = response else {
            self.attempts.fetch_add(1, Ordering::SeqCst);
            if self.questions.is_empty() {
                return Ok(Auth::reject());
            }
            let prompts = self.questions.iter().map(|(text, echo)| (Cow::Borrowed(*text), *echo)).collect();
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts });
        };
        let answers = answers.map(|answer| String::from_utf8_lossy(&answer).into_owned());
        self.passwords.lock().unwrap().extend(answers);
        Ok(Auth::reject())
    }
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        Self::asking(&[]).await
    }

    /// One that asks questions.
    pub(crate) async fn asking(questions: &'static [(&'static str, bool)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let key = new_key();
        let config = Arc::new(Config { keys: vec![key.clone()], ..Config::default() });
        let attempts = Arc::new(AtomicUsize::new(0));
        let passwords = Arc::<Mutex<Vec<String>>>::default();
        let (counter, heard) = (Arc::clone(&attempts), Arc::clone(&passwords));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (attempts, passwords) = (Arc::clone(&counter), Arc::clone(&heard));
                let (config, handler) = (Arc::clone(&config), Remembering { attempts, passwords, questions });
                tokio::spawn(async move {
                    if let Ok(session) = run_stream(config, client, handler).await {
                        // A refused client ends the session with an error, as it should.
                        let _ = session.await;
                    }
                });
            }
        });
        Self { port, attempts, passwords, key, task }
    }

    /// The line that makes this server's key known, or another key in its place.
    pub(crate) fn known_hosts_line(&self, its_own: bool) -> String {
        let other = new_key();
        let key = if its_own { &self.key } else { &other };
        format!("[127.0.0.1]:{} ssh-ed25519 {}\n", self.port, key.public_key().public_key_base64())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn new_key() -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
}

//! The agent: asked once for what it holds, and for signatures through a small pool of connections.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use russh::keys::HashAlg;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use tokio::net::UnixStream;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Connections to the agent at once; it answers one request after another on each.
const AGENT_CONNECTIONS: usize = 4;
/// How long the agent may take to list its keys.
const AGENT_PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take for one signature: a person may have to confirm it, or to touch a key.
const SIGNING_PATIENCE: Duration = Duration::from_secs(60);

/// The agent at a socket.
pub(super) struct Agent {
    socket: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<AgentClient<UnixStream>>>,
    identities: OnceCell<Result<Vec<AgentIdentity>, String>>,
    /// Whether it has let a request for a signature wait in vain: nobody else waits for it then.
    is_mute: AtomicBool,
}

/// A connection to the agent, lent out. Only [`Self::give_back`] returns it to the pool: one that was dropped in the middle
/// of a request would give its answer to the next borrower.
struct AgentLoan<'agent> {
    agent: &'agent Agent,
    client: AgentClient<UnixStream>,
    _permit: Option<SemaphorePermit<'agent>>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Agent").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Agent {
    pub(super) fn new(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
            permits: Semaphore::new(AGENT_CONNECTIONS),
            idle: Mutex::default(),
            identities: OnceCell::new(),
            is_mute: AtomicBool::new(false),
        }
    }

    /// What the agent holds, keys and certificates, asked for once, an agent that hangs included.
    pub(super) async fn identities(&self) -> Result<Vec<AgentIdentity>, String> {
        let ask = async || -> Result<Vec<AgentIdentity>, russh::keys::Error> {
            let mut loan = self.borrow().await?;
            let held = loan.client.request_identities().await?;
            loan.give_back();
            Ok(held)
        };
        let in_time = async || match timeout(AGENT_PATIENCE, ask()).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("nothing in {} s", AGENT_PATIENCE.as_secs())),
        };
        self.identities.get_or_init(in_time).await.clone()
    }

    /// `data` with the agent's signature behind it.
    pub(super) async fn sign(
        &self,
        identity: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, russh::keys::Error> {
        let mut loan = self.borrow().await?;
        let mute = || io::Error::new(io::ErrorKind::TimedOut, format!("nothing in {} s", SIGNING_PATIENCE.as_secs()));
        if self.is_mute.load(Ordering::Relaxed) {
            return Err(mute().into());
        }
        let signed = timeout(SIGNING_PATIENCE, loan.client.sign_request(identity, hash, data)).await.map_err(|_| {
            self.is_mute.store(true, Ordering::Relaxed);
            mute()
        })?;
        // An agent that declined has answered all the same.
        if matches!(signed, Ok(_) | Err(russh::keys::Error::AgentFailure)) {
            loan.give_back();
        }
        signed
    }

    /// A connection of the pool.
    async fn borrow(&self) -> Result<AgentLoan<'_>, russh::keys::Error> {
        // The semaphore is never closed.
        let permit = self.permits.acquire().await.ok();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let client = match idle {
            Some(client) => client,
            None => AgentClient::connect_uds(&self.socket).await?,
        };
        Ok(AgentLoan { agent: self, client, _permit: permit })
    }
}

impl AgentLoan<'_> {
    /// Returns the connection to the pool, no request being open on it.
    fn give_back(self) {
        self.agent.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.client);
    }
}

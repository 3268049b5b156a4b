//! A wire that is listened to: whatever a client sends to a server, byte for byte.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// `SSH_MSG_NEWKEYS`: what comes behind it is encrypted.
const NEW_KEYS: u8 = 21;

/// What is between a client and a server, until this is dropped.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
    /// Connections that have not ended.
    open: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Tap {
    /// A tap before the server at that port.
    pub(crate) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let open = Arc::<AtomicUsize>::default();
        let (ears, counter) = (Arc::clone(&heard), Arc::clone(&open));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (ears, counter) = (Arc::clone(&ears), Arc::clone(&counter));
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // Either end may go first, which is an error here, and expected.
                    let _ = pass(client, server, &ears).await;
                    counter.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, heard, open, task }
    }

    /// The numbers of the messages that the last client sent in clear, and how many bytes came behind them; forgets them.
    pub(crate) async fn heard(&self) -> (Vec<u8>, usize) {
        while self.open.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        let identified = heard.iter().position(|byte| *byte == b'\n').map_or(heard.len(), |end| end + 1);
        let mut rest = &heard[identified..];
        let mut numbers = Vec::new();
        // Length of what follows, length of the padding, number (RFC 4253, 6).
        while let Some((length, packet)) = rest.split_first_chunk::<4>() {
            numbers.push(packet[1]);
            rest = &packet[usize::try_from(u32::from_be_bytes(*length)).unwrap()..];
            if numbers.last() == Some(&NEW_KEYS) {
                break;
            }
        }
        (numbers, rest.len())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, server: u16, ears: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let forth = async {
        let mut chunk = [0; 4_096];
        loop {
            let length = from_client.read(&mut chunk).await?;
            ears.lock().unwrap().extend_from_slice(&chunk[..length]);
            if length == 0 {
                return to_server.shutdown().await;
            }
            to_server.write_all(&chunk[..length]).await?;
        }
    };
    let back = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(forth, back).map(|_| ())
}

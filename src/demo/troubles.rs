//! Hosts that go wrong before SSH begins: what they do with a connection.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Says nothing until the peer gives up.
pub(super) async fn silent(mut connection: TcpStream) -> io::Result<()> {
    let mut ignored = [0; 256];
    while connection.read(&mut ignored).await? > 0 {}
    Ok(())
}

/// Begins to identify itself and stops in the middle.
pub(super) async fn half_banner(mut connection: TcpStream) -> io::Result<()> {
    connection.write_all(b"SSH-2.0-Open").await?;
    silent(connection).await
}

/// Sends lines before the identification for ever.
pub(super) async fn endless_banner(mut connection: TcpStream) -> io::Result<()> {
    let lines = b"one moment, please\r\n".repeat(64);
    loop {
        connection.write_all(&lines).await?;
    }
}

/// Ends the connection as an OpenSSH server with too many unfinished logins does.
pub(super) async fn throttled(mut connection: TcpStream) -> io::Result<()> {
    connection.write_all(b"Exceeded MaxStartups\r\n").await?;
    connection.shutdown().await
}

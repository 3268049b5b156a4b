//! HTTPS: whom a ticket system's certificate is believed from, and the way through a proxy.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::authority::Authority;
use crate::command::{Ran, User, run};
use crate::life::{Running, SYSTEMS};
use crate::reports::bad;

/// GitHub's contract over TLS, and somebody who makes a ticket there at this address.
struct Secure {
    authority: Authority,
    running: Running,
}

impl Secure {
    fn start(names: &str) -> Self {
        let authority = Authority::new("company");
        let running = SYSTEMS[0].start_over(Some(authority.server(names)));
        Self { authority, running }
    }

    /// Makes a ticket at this address, in this environment.
    fn ticket(&self, url: &str, prepare: impl FnOnce(&mut Command) -> &mut Command) -> Ran {
        let user = User::new(&["github", "--url", url, "--project", "ops/clocks"], SYSTEMS[0].secrets);
        let mut command = user.command(&bad(), &[]);
        command.env("SSL_CERT_FILE", self.authority.certificate());
        prepare(&mut command);
        run(&mut command)
    }

    /// The same at the server's own address.
    fn here(&self, prepare: impl FnOnce(&mut Command) -> &mut Command) -> Ran {
        self.ticket(&self.running.server.url, prepare)
    }

    /// Asserts that nothing was said over the connection.
    #[track_caller]
    fn is_refused(&self, ran: &Ran, words: &str) {
        assert_eq!(ran.status, Some(75), "{ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        assert!(self.running.server.taken().is_empty(), "nothing is said to a server that is not known");
    }
}

#[test]
fn the_authority_of_ssl_cert_file_is_believed_and_nobody_else() {
    let secure = Secure::start("IP:127.0.0.1");
    let told = secure.here(|command| command).good();
    assert!(told.starts_with("created #1"), "{told}");
    assert!(!secure.running.server.taken().is_empty());
    // Of the roots of the machine none vouches for it.
    let ran = secure.here(|command| command.env_remove("SSL_CERT_FILE"));
    secure.is_refused(&ran, "vouche");
    secure.is_refused(&ran, "SSL_CERT_FILE");
    let other = Authority::new("another");
    let ran = secure.here(|command| command.env("SSL_CERT_FILE", other.certificate()));
    secure.is_refused(
        &ran,
        "nobody whom this machine trusts vouches for its certificate (`SSL_CERT_FILE` names a file of roots)",
    );
    // A file that is none says so.
    let ran = secure.here(|command| command.env("SSL_CERT_FILE", "/nowhere/ca.pem"));
    secure.is_refused(&ran, "`SSL_CERT_FILE` names /nowhere/ca.pem, where no certificate can be read");
    let junk = secure.authority.path("junk.pem");
    fs::write(&junk, "no certificate").expect("a file");
    let ran = secure.here(|command| command.env("SSL_CERT_FILE", &junk));
    secure.is_refused(&ran, "where no certificate can be read");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let secure = Secure::start("DNS:tracker.invalid,IP:127.0.0.2");
    secure.is_refused(&secure.here(|command| command), "its certificate is for another name");
}

#[test]
fn a_proxy_opens_a_tunnel_through_which_the_server_itself_is_known() {
    let secure = Secure::start("DNS:tracker.invalid,IP:127.0.0.1");
    let address = secure.running.server.url.trim_start_matches("https://").to_owned();
    let tunnel = Tunnel::start(Some(address));
    let through = |url: &str, exempt: &str| {
        secure
            .ticket(url, |command| command.env("HTTPS_PROXY", tunnel.url("ops:pr0xy-secret@")).env("NO_PROXY", exempt))
    };
    // The proxy looks the name up: this machine need not.
    let told = through("https://tracker.invalid:8443", "tracker.example,127.0.0.1").good();
    assert!(told.starts_with("created #1"), "{told}");
    let asked = tunnel.taken();
    assert!(!asked.is_empty());
    for head in asked {
        assert!(head.starts_with("CONNECT tracker.invalid:8443 HTTP/1.1\r\n"), "{head}");
        // ops:pr0xy-secret
        assert!(head.contains("Proxy-Authorization: Basic b3BzOnByMHh5LXNlY3JldA=="), "{head}");
        assert!(!head.contains("s3cret-token") && !head.contains("/repos/"), "the proxy sees a tunnel: {head}");
    }
    assert!(!secure.running.server.taken().is_empty());
    let told = through(&secure.running.server.url, "tracker.invalid,127.0.0.1").good();
    assert!(told.starts_with("unchanged #1"), "{told}");
    assert!(tunnel.taken().is_empty(), "what NO_PROXY names is asked itself");
    secure.running.server.taken();
    // Through the tunnel, too, it must be the server that was named.
    let ran = through("https://other.invalid:8443", "");
    secure.is_refused(&ran, "its certificate is for another name");
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_named_without_its_password() {
    let secure = Secure::start("IP:127.0.0.1");
    let tunnel = Tunnel::start(None);
    let ran = secure.here(|command| command.env("HTTPS_PROXY", tunnel.url("ops:pr0xy-secret@")));
    let host = tunnel.url("").trim_start_matches("http://").to_owned();
    secure.is_refused(&ran, &format!("the proxy {host} does not connect to it"));
    secure.is_refused(&ran, "407");
    assert!(!ran.stderr.contains("pr0xy-secret") && !ran.stderr.contains("b3BzOnByMHh5"), "{ran:?}");
    let (_held, port) = crate::server::held_port();
    let gone = format!("http://ops:pr0xy-secret@127.0.0.1:{port}");
    let ran = secure.here(|command| command.env("HTTPS_PROXY", &gone));
    secure.is_refused(&ran, &format!("the proxy 127.0.0.1:{port} refused the connection"));
    for socks in ["socks5://127.0.0.1:1080", "socks5h://ops:pr0xy-secret@127.0.0.1", "socks4://127.0.0.1"] {
        let ran = secure.here(|command| command.env("ALL_PROXY", socks));
        secure.is_refused(&ran, "only those with http:// or https:// can be asked");
        assert!(!ran.stderr.contains("pr0xy-secret"), "{ran:?}");
    }
}

/// A proxy that opens a tunnel to one server, whoever is asked for, or answers that it wants another password.
struct Tunnel {
    host: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    fn start(to: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let noted = heads.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (to, noted) = (to.clone(), noted.clone());
                thread::spawn(move || {
                    let mut stream = stream.expect("a connection");
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        stream.read_exact(&mut byte).expect("a head");
                        head.extend_from_slice(&byte);
                    }
                    noted.lock().expect("the notes").push(String::from_utf8(head).expect("text"));
                    if let Some(to) = to {
                        tunnel(stream, TcpStream::connect(to).expect("the server"));
                    } else {
                        let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                        stream.write_all(refused).expect("an answer");
                    }
                });
            }
        });
        Self { host, heads }
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.host)
    }

    /// What it was asked since the last time.
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().expect("the notes"))
    }
}

fn tunnel(mut user: TcpStream, mut server: TcpStream) {
    user.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").expect("an answer");
    let (mut to, mut back) = (server.try_clone().expect("a stream"), user.try_clone().expect("a stream"));
    let sending = thread::spawn(move || {
        // Either end may be gone before the other.
        let _ = std::io::copy(&mut user, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut server, &mut back);
    let _ = back.shutdown(Shutdown::Both);
    sending.join().expect("an end");
}

//! A web server on loopback whose answers are a function of requests, one at a time.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Decoded.
    pub(crate) path: String,
    /// Decoded.
    pub(crate) query: BTreeMap<String, String>,
    /// The names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Told {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: value.to_string().into_bytes(),
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Asked {
    pub(crate) fn new(
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        Self { method: method.to_owned(), path: decoded(path), query, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body, which must be JSON and say so.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{} {}", self.method, self.path);
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The file of a form, and its field.
    pub(crate) fn form_file(&self) -> (String, String, Vec<u8>) {
        let boundary = self.header("content-type").strip_prefix("multipart/form-data; boundary=").expect("a form");
        let split = format!("--{boundary}\r\n");
        let parts = parted(&self.body, split.as_bytes());
        let last = parts.last().expect("a part");
        let end = format!("\r\n--{boundary}--\r\n");
        let part = last.strip_suffix(end.as_bytes()).expect("the end of the form");
        let head_end = part.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        let quoted = |name: &str| {
            let (_, rest) = head.split_once(&format!("; {name}=\"")).expect("a name");
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        (quoted("name"), quoted("filename"), part[head_end + 4..].to_vec())
    }
}

fn parted<'bytes>(mut bytes: &'bytes [u8], by: &[u8]) -> Vec<&'bytes [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = bytes.windows(by.len()).position(|window| window == by) {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + by.len()..];
    }
    parts.push(bytes);
    parts
}

/// A port where nobody listens, and which nobody else is given while it is held; whoever shares addresses may listen there.
pub(crate) fn held_port() -> (tokio::net::TcpSocket, u16) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a shared address");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let port = socket.local_addr().expect("an address").port();
    (socket, port)
}

/// What a connection is spoken over.
trait Wire: Read + Write {}

impl<Stream: Read + Write> Wire for Stream {}

/// A server; it ends with the test.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts a server that answers so.
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Told + Send + 'static) -> Self {
        Self::start_over(None, answer)
    }

    /// The same over TLS where its settings are given.
    pub(crate) fn start_over(
        tls: Option<Arc<ServerConfig>>,
        answer: impl FnMut(&Asked) -> Told + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(Mutex::new(answer));
        let noted = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, noted, tls) = (answer.clone(), noted.clone(), tls.clone());
                thread::spawn(move || {
                    let stream = stream.expect("a connection");
                    let mut stream: Box<dyn Wire> = match tls {
                        Some(tls) => Box::new(StreamOwned::new(ServerConnection::new(tls).expect("TLS"), stream)),
                        None => Box::new(stream),
                    };
                    while let Some(asked) = read(&mut stream) {
                        let told = {
                            let mut answer = answer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            noted.lock().expect("the notes").push(asked.clone());
                            let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| answer(&asked)));
                            // What breaks the contract is an answer that the program tells.
                            answered.unwrap_or_else(|_| Told::json(418, &Value::from("the contract is broken")))
                        };
                        if told.status == 0 {
                            // As if the machine had failed before it answered.
                            return;
                        }
                        write(&mut stream, &told);
                    }
                });
            }
        });
        Self { url, asked }
    }

    /// What was asked since the last time.
    pub(crate) fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().expect("the notes"))
    }
}

fn read(stream: &mut impl Read) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16_384];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).expect("a head of text");
    let mut lines = head.split("\r\n");
    let mut first = lines.next().expect("a request line").split(' ');
    let (method, target) = (first.next().expect("a method").to_owned(), first.next().expect("a target"));
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(':').expect("a header"))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
    assert!(!headers.contains_key("transfer-encoding"), "a body has a length");
    let mut body = bytes[head_end + 4..].to_vec();
    while body.len() < length {
        let count = stream.read(&mut piece).expect("a body");
        assert!(count > 0, "a whole body");
        body.extend_from_slice(&piece[..count]);
    }
    Some(Asked::new(&method, target, headers, body))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

fn write(stream: &mut impl Write, told: &Told) {
    let mut head = format!("HTTP/1.1 {} Told\r\nContent-Length: {}\r\n", told.status, told.body.len());
    for (name, value) in &told.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    // Whoever asked may be gone.
    let told = [format!("{head}\r\n").as_bytes(), &told.body].concat();
    let _ = stream.write_all(&told).and_then(|()| stream.flush());
}

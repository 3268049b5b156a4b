//! The delay of a network, real: a TCP proxy whose two directions each take their own time. It delays, it does not throttle.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a byte is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    /// From the controller to the host.
    pub(crate) forward: Duration,
    /// From the host to the controller.
    pub(crate) backward: Duration,
}

impl Delay {
    /// The same both ways, or not, in milliseconds.
    pub(crate) fn from_millis(forward: u64, backward: u64) -> Self {
        Self { forward: Duration::from_millis(forward), backward: Duration::from_millis(backward) }
    }
}

/// A running proxy; it ends when dropped, with every connection through it.
#[derive(Debug)]
pub(crate) struct DelayProxy {
    /// Where it answers.
    pub(crate) address: SocketAddrV4,
    open: Arc<AtomicBool>,
    lines: Arc<Mutex<Vec<TcpStream>>>,
    porter: Option<JoinHandle<()>>,
}

impl DelayProxy {
    /// Starts a proxy to that host.
    pub(crate) fn start(host: SocketAddrV4, delay: Delay) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::new(127, 98, 0, 1), 0)).expect("an address for the proxy");
        let SocketAddr::V4(address) = listener.local_addr().expect("a bound address") else { unreachable!() };
        let open = Arc::new(AtomicBool::new(true));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let porter = {
            let (open, lines) = (Arc::clone(&open), Arc::clone(&lines));
            thread::spawn(move || admit(&listener, host, delay, &open, &lines))
        };
        Self { address, open, lines, porter: Some(porter) }
    }
}

impl Drop for DelayProxy {
    fn drop(&mut self) {
        self.open.store(false, Ordering::SeqCst);
        // Ends the wait for the next connection.
        let _woken = TcpStream::connect(self.address);
        if let Ok(lines) = self.lines.lock() {
            for line in lines.iter() {
                // A connection that has ended already is as good.
                let _ended = line.shutdown(Shutdown::Both);
            }
        }
        let porter = self.porter.take().map(JoinHandle::join);
        if !thread::panicking() {
            porter.expect("a porter").expect("a porter that did not fail");
        }
    }
}

fn admit(listener: &TcpListener, host: SocketAddrV4, delay: Delay, open: &AtomicBool, lines: &Mutex<Vec<TcpStream>>) {
    let mut carriers = Vec::new();
    while let Ok((near, _)) = listener.accept() {
        if !open.load(Ordering::SeqCst) {
            break;
        }
        // A host that has ended refuses: so does its proxy.
        let Ok(far) = TcpStream::connect(host) else { continue };
        for line in [&near, &far] {
            line.set_nodelay(true).expect("a line without delay of its own");
            lines.lock().expect("no carrier has failed").push(clone_of(line));
        }
        carriers.extend(carry(clone_of(&near), clone_of(&far), delay.forward));
        carriers.extend(carry(far, near, delay.backward));
    }
    for carrier in carriers {
        carrier.join().expect("a carrier that did not fail");
    }
}

fn clone_of(line: &TcpStream) -> TcpStream {
    line.try_clone().expect("another handle of a line")
}

/// Carries what is read from one line to the other, each piece `delay` after it came.
fn carry(from: TcpStream, to: TcpStream, delay: Duration) -> [JoinHandle<()>; 2] {
    let (under_way, arriving) = channel();
    [thread::spawn(move || send_off(from, &under_way, delay)), thread::spawn(move || deliver(&arriving, to))]
}

fn send_off(mut from: TcpStream, under_way: &Sender<(Instant, Vec<u8>)>, delay: Duration) {
    let mut piece = vec![0; 65_536];
    // An end, orderly or not, is an empty piece: it takes its time as well.
    loop {
        let length = from.read(&mut piece).unwrap_or(0);
        let sent = under_way.send((Instant::now() + delay, piece[..length].to_vec()));
        if length == 0 || sent.is_err() {
            return;
        }
    }
}

fn deliver(arriving: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    while let Ok((due, piece)) = arriving.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    // The other side may have ended the line before.
    let _ended = to.shutdown(Shutdown::Write);
}

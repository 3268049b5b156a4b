//! Hosts that cannot be measured: each says why with its own code, and costs the others nothing.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use clockaudit::clock::Nanos;
use clockaudit::report::model::Verdict;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, socket};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::measured::told;
use crate::support::session::scan;

/// An address of their own for those that are no hosts.
const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 97, 0, 1);

fn listener() -> (TcpListener, SocketAddrV4) {
    let listener = TcpListener::bind((NOBODY, 0)).expect("an address");
    let SocketAddr::V4(address) = listener.local_addr().expect("a bound address") else { unreachable!() };
    (listener, address)
}

/// A socket at an address that it keeps while it lives: connections there are refused until somebody listens.
fn taken() -> (OwnedFd, SocketAddrV4) {
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(NOBODY, 0))).expect("an address");
    let address: SockaddrIn = getsockname(socket.as_raw_fd()).expect("a bound address");
    (socket, SocketAddrV4::new(NOBODY, address.port()))
}

/// Where whoever connects is written this to, as often as told, and hung up on.
fn talking(line: &'static [u8], times: usize) -> SocketAddrV4 {
    let (listener, address) = listener();
    thread::spawn(move || {
        while let Ok((mut guest, _)) = listener.accept() {
            let heard_out = (0..times).try_for_each(|_| guest.write_all(line));
            // An orderly end: what the guest said is read, so that what it was told is not lost.
            let _rest = heard_out.and_then(|()| guest.shutdown(std::net::Shutdown::Write));
            let _end = guest.read_to_end(&mut Vec::new());
        }
    });
    address
}

/// Where connections are neither taken nor refused: the queue of those that wait is full. It is while this lives.
struct FullQueue {
    address: SocketAddrV4,
    _waiting: Vec<TcpStream>,
    _listener: OwnedFd,
}

impl FullQueue {
    fn new() -> Self {
        let (listener, address) = taken();
        listen(&listener, Backlog::new(0).expect("no queue")).expect("a listener");
        let knock = || TcpStream::connect_timeout(&address.into(), Duration::from_millis(500));
        let waiting = std::iter::from_fn(|| knock().ok()).collect();
        Self { address, _waiting: waiting, _listener: listener }
    }
}

#[test]
fn each_fault_has_its_code_and_costs_the_others_nothing() {
    confined("faults::each_fault_has_its_code_and_costs_the_others_nothing", || {
        let host = |name: &str| HostPlan::new(name, Nanos::ZERO);
        let with = |name: &str, options: &[&'static str]| HostPlan { sshd_options: options.to_vec(), ..host(name) };
        let fleet = Fleet::start([
            host("well"),
            with("slow-login", &["AuthorizedKeysCommand /bin/sleep 2", "AuthorizedKeysCommandUser root"]),
            host("key-changed"),
            host("key-unknown"),
            with("stranger", &["AuthorizedKeysFile none"]),
            with("forced", &["ForceCommand echo no clock here"]),
            with("flood", &["ForceCommand yes"]),
            with("escapes", &["ForceCommand printf '\\033[31m\\033]0;title\\007'"]),
            HostPlan { login_shell: "/usr/sbin/nologin".to_owned(), ..host("no-shell") },
        ]);
        let full = FullQueue::new();
        let (_silent, silent) = listener();
        let (_refusing, refusing) = taken();
        let others = [
            ("refusing", refusing),
            ("full", full.address),
            ("silent", silent),
            ("throttled", talking(b"Exceeded MaxStartups\r\n", 1)),
            ("endless", talking(&[b'-'; 4096], 25_000)),
        ];
        let known = fleet.hosts.iter().filter(|host| host.plan.name != "key-unknown");
        fleet.write_known_hosts(known.map(|host| {
            let of_another = if host.plan.name == "key-changed" { &fleet.hosts[0] } else { host };
            (host.address, of_another.key.as_str())
        }));
        let addresses = fleet.hosts.iter().map(|host| (host.plan.name.as_str(), host.address));
        let inventory = fleet.inventory_of("faults.ini", addresses.chain(others));
        let session = scan(&fleet, &inventory, &["--timeout", "3"]);
        assert!(!(session.stdout.clone() + &session.stderr).contains('\u{1b}'), "{session:?}");
        assert_eq!(session.status, Some(3), "{session}");
        let report = session.report();
        for (name, code) in [
            ("key-changed", "SSH903"),
            ("key-unknown", "SSH904"),
            ("stranger", "SSH905"),
            ("forced", "SSH909"),
            ("flood", "SSH909"),
            ("escapes", "SSH909"),
            ("no-shell", "SSH909"),
            ("refusing", "SSH902"),
            ("full", "SSH901"),
            ("silent", "SSH901"),
            ("throttled", "SSH907"),
            ("endless", "SSH908"),
        ] {
            let host = told(name, &report);
            let error = host.error.as_ref().unwrap_or_else(|| panic!("{name} did not fail: {session}"));
            assert_eq!((error.code.as_str(), host.verdict), (code, Verdict::Down), "{name}: {error:?}");
            assert!(host.findings.iter().any(|finding| finding.code == code && !finding.remedy.is_empty()), "{host:?}");
        }
        for name in ["well", "slow-login"] {
            assert_eq!(told(name, &report).verdict, Verdict::Ok, "{session}");
        }
        let forced = told("forced", &report).error.as_ref().expect("a failed host");
        assert!(forced.message.contains("no clock here"), "{forced:?}");
    });
}

//! The way to a connected socket: look the name up, try its addresses, and say precisely what stood in the way.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::errno::Errno;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::settings::Way;
use crate::openssh::config::Family;
use crate::probe::{Failure, FailureCode, Stage};

/// The time that an address is given while others wait behind it; less where they are many.
const LEAST_SHARE: Duration = Duration::from_secs(2);
/// Addresses of one name that are tried: a name server's answer is no reason to try hundreds, nor to list them.
const MOST_ADDRESSES: usize = 8;
/// The shortest pause before the one retry after a passing shortage.
const PASSING: Duration = Duration::from_millis(500);
/// The pause between two attempts, as with OpenSSH's `ConnectionAttempts`.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest pause before it is tried again, as with Ansible's `retries`.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long after the first attempt another one may begin, however many are asked for: what a host may cost.
pub(super) const LONGEST_DIAL: Duration = Duration::from_secs(60);

/// Looks up a name within `limit`; `lookups` bounds how many run at once. The failure does not repeat the name.
pub(super) async fn resolve(
    name: &str,
    port: u16,
    limit: Duration,
    lookups: &Semaphore,
) -> Result<Vec<SocketAddr>, Failure> {
    let bare = name.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(name);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let fail = |code, detail| Failure { code, stage: Stage::Resolve, detail };
    let _permit = lookups.acquire().await.ok();
    let looked_up = timeout(limit, lookup_host((bare, port))).await;
    let Ok(found) = looked_up else {
        return Err(fail(FailureCode::Timeout, format!("no answer to the look-up in {}", seconds(limit))));
    };
    let addresses: Vec<SocketAddr> = match found {
        Ok(found) => found.collect(),
        Err(error) => {
            let (code, detail) = look_up_error(&error);
            return Err(fail(code, detail));
        }
    };
    if addresses.is_empty() {
        return Err(fail(FailureCode::NameNotFound, "the look-up found no address".to_owned()));
    }
    Ok(addresses)
}

/// What the system says where no name server has answered (`EAI_AGAIN`, of glibc and of musl); it gives no number of its own.
const UNANSWERED: [&str; 2] = ["Temporary failure in name resolution", "Try again"];

/// What is said of a look-up that failed: the reason alone, without the words that come before it in the system's error. Where nobody
/// answered, nothing is known of the name.
fn look_up_error(error: &io::Error) -> (FailureCode, String) {
    let said = error.to_string();
    let reason = said.strip_prefix("failed to lookup address information: ").unwrap_or(&said);
    let code = if UNANSWERED.contains(&reason) { FailureCode::NameUnanswered } else { FailureCode::NameNotFound };
    (code, format!("the look-up failed: {reason}"))
}

/// Those of the addresses that a host is to be connected to by.
pub(super) fn of_family(addresses: Vec<SocketAddr>, family: Family) -> Result<Vec<SocketAddr>, Failure> {
    let (name, is_wanted): (_, fn(&SocketAddr) -> bool) = match family {
        Family::Any => return Ok(addresses),
        Family::V4 => ("IPv4", SocketAddr::is_ipv4),
        Family::V6 => ("IPv6", SocketAddr::is_ipv6),
    };
    let wanted: Vec<SocketAddr> = addresses.into_iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        let detail = format!("it has no {name} address, and AddressFamily asks for one");
        return Err(Failure { code: FailureCode::NameNotFound, stage: Stage::Resolve, detail });
    }
    Ok(wanted)
}

/// Connects as often as `way` asks for, to the first address that answers; each attempt has its time limit, and so have all of
/// them together.
pub(super) async fn connect(addresses: &[SocketAddr], way: &Way) -> Result<TcpStream, Failure> {
    let begun = Instant::now();
    let mut pauses = way.pauses();
    let mut attempts = 1;
    loop {
        let failure = match attempt(addresses, way).await {
            Err(failure) if matches!(failure.code, FailureCode::Refused | FailureCode::Timeout) => failure,
            outcome => return outcome,
        };
        match pauses.next().filter(|pause| begun.elapsed() + *pause < LONGEST_DIAL) {
            Some(pause) => sleep(pause).await,
            None if attempts == 1 => return Err(failure),
            None => return Err(Failure { detail: format!("{}; tried {attempts} times", failure.detail), ..failure }),
        }
        attempts += 1;
    }
}

/// Connects to the first address that answers in time. The failure names every address that was tried, with the time that it
/// had.
async fn attempt(addresses: &[SocketAddr], way: &Way) -> Result<TcpStream, Failure> {
    let limit = way.timeout;
    let deadline = Instant::now() + limit;
    let mut code = None;
    let mut tried: Vec<String> = Vec::new();
    let addresses = addresses.get(..MOST_ADDRESSES.min(addresses.len())).unwrap_or_default();
    for (index, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = share_of(left, addresses.len() - index);
        match timeout_at(Instant::now() + share, connect_to(*address, way.from.as_deref())).await {
            Ok(Ok(socket)) => {
                // Without it a request could wait for the acknowledgement of the one before; a refusal is harmless.
                let _ = socket.set_nodelay(true);
                return Ok(socket);
            }
            Ok(Err(error)) => {
                let failure = failure_of(*address, &error);
                code = Some(failure.code);
                tried.push(failure.detail);
            }
            Err(_) => {
                code = Some(FailureCode::Timeout);
                tried.push(format!("no answer in {} ({address})", seconds(share)));
            }
        }
    }
    Err(code.map_or_else(nowhere, |code| Failure { code, stage: Stage::Connect, detail: tried.join("; ") }))
}

/// A name that leads nowhere.
pub(super) fn nowhere() -> Failure {
    Failure { code: FailureCode::NameNotFound, stage: Stage::Resolve, detail: "no address to connect to".to_owned() }
}

/// The time of the next of `addresses` that are still to be tried: what is left for the last one, a little for those before.
fn share_of(left: Duration, addresses: usize) -> Duration {
    if addresses <= 1 {
        return left;
    }
    LEAST_SHARE.min(left / u32::try_from(addresses).unwrap_or(u32::MAX))
}

async fn connect_to(address: SocketAddr, from: Option<&str>) -> io::Result<TcpStream> {
    match connect_from(address, from).await {
        Err(error) if is_passing(&error) => {
            // A full neighbour table or a shortage of ports or buffers on this side passes; all hosts must not return at once.
            sleep(PASSING + Duration::from_millis(fastrand::u64(..1_000))).await;
            connect_from(address, from).await
        }
        outcome => outcome,
    }
}

/// Connects from an address of this machine, where one is named.
async fn connect_from(address: SocketAddr, from: Option<&str>) -> io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(address).await };
    let own = lookup_host((from, 0)).await?.find(|own| own.is_ipv4() == address.is_ipv4());
    let own = own.ok_or(Errno::EAFNOSUPPORT)?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind(own)?;
    socket.connect(address).await
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

fn is_passing(error: &io::Error) -> bool {
    matches!(errno(error), Errno::ENOBUFS | Errno::EHOSTUNREACH | Errno::EADDRNOTAVAIL)
}

fn failure_of(address: SocketAddr, error: &io::Error) -> Failure {
    let code = match errno(error) {
        Errno::ETIMEDOUT => FailureCode::Timeout,
        // Nothing was sent to the host: the shortage is on this side.
        Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::EADDRNOTAVAIL => FailureCode::NotAttempted,
        _ => FailureCode::Refused,
    };
    Failure { code, stage: Stage::Connect, detail: format!("{address}: {}", errno(error).desc()) }
}

/// A time limit for people: `10.0 s`.
pub(super) fn seconds(limit: Duration) -> String {
    format!("{:.1} s", limit.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::settings::Proxy;

    #[tokio::test]
    async fn addresses_need_no_lookup() {
        let none = Semaphore::new(0);
        for (name, expected) in [("127.0.0.1", "127.0.0.1:22"), ("::1", "[::1]:22"), ("[::1]", "[::1]:22")] {
            let found = resolve(name, 22, Duration::from_secs(1), &none).await.unwrap();
            assert_eq!(found, [expected.parse().unwrap()]);
        }
    }

    #[tokio::test]
    async fn a_look_up_that_fails_tells_why_and_leaves_the_name_to_others() {
        // An empty label: it fails on this machine, no name server is asked.
        let failure = resolve("no..name", 22, Duration::from_secs(5), &Semaphore::new(1)).await.unwrap_err();
        assert_eq!(failure.code, FailureCode::NameNotFound, "{failure:?}");
        assert!(failure.detail.starts_with("the look-up failed: "), "{failure:?}");
        assert!(!failure.detail.contains("no..name"), "{failure:?}");
    }

    #[test]
    fn a_name_server_that_does_not_answer_is_no_name_that_is_not_there() {
        let check = |reason: &str, code: FailureCode| {
            let error = io::Error::other(format!("failed to lookup address information: {reason}"));
            assert_eq!(look_up_error(&error), (code, format!("the look-up failed: {reason}")));
        };
        check("Temporary failure in name resolution", FailureCode::NameUnanswered);
        check("Try again", FailureCode::NameUnanswered);
        check("Name or service not known", FailureCode::NameNotFound);
    }

    /// An address where nobody listens, and nobody else will while the socket is held.
    fn unheard() -> (tokio::net::TcpSocket, SocketAddr) {
        let held = tokio::net::TcpSocket::new_v4().unwrap();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = held.local_addr().unwrap();
        (held, address)
    }

    #[tokio::test]
    async fn every_address_is_named_with_the_time_it_had() {
        let (_held, free) = unheard();
        let way =
            |timeout| Way { timeout, attempts: 1, retries: 0, family: Family::Any, from: None, proxy: Proxy::None };
        let failure = connect(&[free, free], &way(Duration::from_secs(1))).await.unwrap_err();
        assert_eq!(failure.detail.matches(&free.to_string()).count(), 2, "{failure:?}");
        let none_left = connect(&["127.0.0.1:9".parse().unwrap()], &way(Duration::ZERO)).await.unwrap_err();
        assert!(none_left.detail.contains("127.0.0.1:9"), "{none_left:?}");
        let share = |left: u64, addresses: usize| share_of(Duration::from_secs(left), addresses).as_secs_f64();
        assert_eq!((share(10, 1), share(10, 2), share(10, 10), share(0, 3)), (10.0, 2.0, 1.0, 0.0));
    }

    #[tokio::test]
    async fn connecting_is_tried_again_and_from_the_address_that_is_named() {
        let held = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = held.local_addr().unwrap();
        let way = |from: &str| Way {
            timeout: Duration::from_secs(5),
            attempts: 2,
            retries: 0,
            family: Family::Any,
            from: Some(from.to_owned()),
            proxy: Proxy::None,
        };
        let socket = connect(&[address], &way("127.0.0.9")).await.unwrap();
        assert_eq!(socket.local_addr().unwrap().ip().to_string(), "127.0.0.9");
        let (_held, address) = unheard();
        let refused = connect(&[address], &way("127.0.0.9")).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Refused);
        assert!(refused.detail.ends_with("; tried 2 times"), "{refused:?}");
        assert_eq!(way("").patience(), Duration::from_secs(11));
    }

    #[tokio::test]
    async fn a_host_that_begins_to_listen_is_reached_by_trying_again() {
        let (held, address) = unheard();
        let way = |retries| Way {
            timeout: Duration::from_secs(5),
            attempts: 1,
            retries,
            family: Family::Any,
            from: None,
            proxy: Proxy::None,
        };
        let once = connect(&[address], &way(0)).await.unwrap_err();
        assert!(once.code == FailureCode::Refused && !once.detail.contains("tried"), "{once:?}");
        // The peer begins in the first of the pauses, or in a longer one where this machine is slow.
        let (peer, socket) = tokio::join!(
            async {
                sleep(Duration::from_millis(200)).await;
                held.listen(1)
            },
            async { connect(&[address], &way(7)).await }
        );
        assert_eq!(socket.map(|socket| socket.peer_addr().unwrap()).map_err(|failure| failure.detail), Ok(address));
        drop(peer);
    }

    #[test]
    fn attempts_are_paced_as_openssh_and_ansible_pace_theirs_and_end() {
        let way = |attempts, retries| Way {
            timeout: Duration::from_secs(10),
            attempts,
            retries,
            family: Family::Any,
            from: None,
            proxy: Proxy::None,
        };
        let pauses =
            |attempts, retries| way(attempts, retries).pauses().map(|pause| pause.as_secs()).collect::<Vec<_>>();
        assert_eq!(pauses(1, 0), [] as [u64; 0]);
        assert_eq!(pauses(3, 0), [1, 1]);
        assert_eq!(pauses(1, 7), [0, 1, 3, 7, 15, 30, 30]);
        assert_eq!(pauses(2, 2), [1, 0, 1, 1, 1]);
        assert_eq!(way(1, 1).patience(), Duration::from_secs(20));
        // However often it is asked for, the last attempt begins within a minute.
        assert_eq!(way(u32::MAX, u32::MAX).patience(), Duration::from_secs(70));
    }

    #[test]
    fn an_address_of_the_wrong_family_is_none() {
        let both: Vec<SocketAddr> = ["127.0.0.1:1".parse().unwrap(), "[::1]:1".parse().unwrap()].to_vec();
        let kept = |family| of_family(both.clone(), family).unwrap();
        assert_eq!(
            (kept(Family::Any), kept(Family::V4), kept(Family::V6)),
            (both.clone(), both[..1].to_vec(), both[1..].to_vec())
        );
        let failure = of_family(both[..1].to_vec(), Family::V6).unwrap_err();
        assert_eq!(failure.detail, "it has no IPv6 address, and AddressFamily asks for one");
    }

    #[test]
    fn shortages_of_this_machine_are_not_blamed_on_the_host() {
        let check = |errno: Errno, expected: FailureCode| {
            let address = "192.0.2.1:22".parse().unwrap();
            assert_eq!(failure_of(address, &io::Error::from(errno)).code, expected, "{errno}");
        };
        check(Errno::ECONNREFUSED, FailureCode::Refused);
        check(Errno::EHOSTUNREACH, FailureCode::Refused);
        check(Errno::ENETUNREACH, FailureCode::Refused);
        check(Errno::ETIMEDOUT, FailureCode::Timeout);
        check(Errno::EMFILE, FailureCode::NotAttempted);
    }
}

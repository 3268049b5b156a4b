//! Five hundred real servers behind two real jump hosts that are throttled as usual.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;

use clockaudit::inventory::target::Target;
use clockaudit::ssh::Proxy;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::jumps::{ACCEPTED, USUAL, assert_hardly_throttled, jump, put_before};
use crate::sshd::Sshd;
use crate::{Baseline, patient, scan};

const HOSTS: u8 = 250;

/// Real servers, each at an address of its own: for each connection an `sshd -i` is started, as systemd's `ssh.socket` does.
struct Fleet {
    sshd: Arc<Sshd>,
    port: u16,
    listeners: JoinSet<()>,
}

impl Fleet {
    async fn start() -> Self {
        let sshd = Arc::new(Sshd::start("LogLevel VERBOSE\n"));
        let mut listeners = JoinSet::new();
        let mut port = 0;
        for address in addresses() {
            let listener = TcpListener::bind((address, port)).await.unwrap();
            port = listener.local_addr().unwrap().port();
            listeners.spawn(serve(listener, Arc::clone(&sshd)));
        }
        Self { sshd, port, listeners }
    }

    fn targets(&self) -> Vec<Target> {
        let target = |address: Ipv4Addr| Target {
            name: address.to_string(),
            address: address.to_string(),
            port: self.port,
            ..self.sshd.target("user_key")
        };
        addresses().map(target).collect()
    }
}

fn addresses() -> impl Iterator<Item = Ipv4Addr> {
    (1..=2).flat_map(|net| (1..=HOSTS).map(move |host| Ipv4Addr::new(127, 9, net, host)))
}

async fn serve(listener: TcpListener, sshd: Arc<Sshd>) {
    while let Ok((stream, _)) = listener.accept().await {
        let stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let socket = OwnedFd::from(stream);
        let child = Command::new("/usr/sbin/sshd")
            .args(["-i", "-E"])
            .arg(sshd.path("log"))
            .arg("-f")
            .arg(sshd.path("sshd_config"))
            .stdin(Stdio::from(socket.try_clone().unwrap()))
            .stdout(Stdio::from(socket))
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap();
        tokio::spawn(async move { child.wait().await });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_real_servers_behind_two_throttled_jump_hosts_are_all_measured() {
    let base = Baseline::take().await;
    let (near, far, fleet) = (Sshd::start(USUAL), Sshd::start(USUAL), Fleet::start().await);
    let mut plan = patient(fleet.sshd.plan());
    let key = fs::read_to_string(fleet.sshd.path("host_key.pub")).unwrap();
    let known = OpenOptions::new().append(true).open(fleet.sshd.path("known_hosts"));
    writeln!(known.unwrap(), "[127.9.*]:{} {key}", fleet.port).unwrap();
    let targets = fleet.targets();
    assert_eq!(targets.len(), 500);
    let through = jump(&far, Proxy::Jump(jump(&near, Proxy::None)));
    put_before(&targets, &Proxy::Jump(through), &mut plan);
    let (seen, _) = scan(targets, &plan).await;
    let lost: Vec<_> = seen.observations.iter().filter_map(|host| host.failure.as_ref()).collect();
    assert!(lost.is_empty(), "{} lost, the first of them: {:?}", lost.len(), lost.first());
    assert_eq!(seen.observations.iter().filter(|host| !host.exchanges.is_empty()).count(), 500);
    assert_eq!(fleet.sshd.logged(ACCEPTED, 500).await, 500, "each logs in once, to a server of its own");
    // 64 hosts share a connection to the far one, and all of those connections one to the near one.
    assert_eq!((far.logged(ACCEPTED, 8).await, near.logged(ACCEPTED, 1).await), (8, 1));
    assert_hardly_throttled(&[&far, &near]).await;
    let Fleet { sshd, mut listeners, .. } = fleet;
    listeners.shutdown().await;
    drop((sshd, near, far));
    base.assert_restored().await;
}

//! Web servers as references: real ones over TLS, with certificates of an authority that is made here.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clockaudit::clock::{Nanos, Ppm};
use clockaudit::report::model::{ReferenceKind, Report};

use crate::support::confinement::confined;
use crate::support::host_clock::{HostClock, library};
use crate::support::session::{Session, run};

/// An authority and the certificates that it gives, in a folder of its own.
struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().expect("a folder") };
        authority.openssl("authority", &["-addext", "keyUsage=keyCertSign"]);
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A key and a certificate for `name`, signed by the authority where `more` says so.
    fn openssl(&self, name: &str, more: &[&str]) {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        command.args(["-subj", &format!("/CN={name}"), "-keyout"]).arg(self.path(&format!("{name}.key")));
        let session = run(command.arg("-out").arg(self.path(&format!("{name}.pem"))).args(more));
        assert_eq!(session.status, Some(0), "{session}");
    }

    /// The same for a server at that address, two days long from today.
    fn certify(&self, name: &str, address: &str) {
        let (pem, key) = (self.path("authority.pem"), self.path("authority.key"));
        let (pem, key) = (pem.to_str().expect("a path of text"), key.to_str().expect("a path of text"));
        let names = format!("subjectAltName=IP:{address}");
        let constraints = "basicConstraints=critical,CA:false";
        self.openssl(name, &["-CA", pem, "-CAkey", key, "-addext", &names, "-addext", constraints]);
    }

    /// A scan of this machine against these servers, by an authority that is trusted.
    fn scan(&self, servers: &[&str], prepare: impl FnOnce(&mut Command)) -> Session {
        let inventory = self.path("here.ini");
        fs::write(&inventory, "here ansible_connection=local\n").expect("an inventory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        command.args(["scan", "--no-state", "--output=json"]).arg(inventory);
        command.args(servers.iter().map(|server| format!("--reference=https:{server}")));
        command.env_remove("SSH_AUTH_SOCK").env_remove("SSL_CERT_DIR").env("SSL_CERT_FILE", self.path("authority.pem"));
        prepare(&mut command);
        run(&mut command)
    }
}

/// A web server; it ends when dropped.
struct WebServer {
    name: String,
    log: PathBuf,
    process: Child,
}

impl WebServer {
    /// Starts one with the certificate of that name.
    fn start(authority: &Authority, certificate: &str, ahead: &str, manner: &str) -> Self {
        let log = authority.path(&format!("{certificate}-{manner}{ahead}.log"));
        fs::write(&log, "").expect("a log");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/web_server.py");
        let (pem, key) = (format!("{certificate}.pem"), format!("{certificate}.key"));
        let mut python = Command::new("python3");
        python.arg(script).arg(authority.path(&pem)).arg(authority.path(&key)).args([ahead, manner]).arg(&log);
        let mut process = python.stdout(Stdio::piped()).spawn().expect("python3");
        let mut port = String::new();
        let printed = process.stdout.take().expect("its output");
        BufReader::new(printed).read_line(&mut port).expect("its port");
        Self { name: format!("127.0.0.1:{}", port.trim()), log, process }
    }

    fn requests(&self) -> Vec<String> {
        fs::read_to_string(&self.log).expect("a log").lines().map(str::to_owned).collect()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is said of servers that are not believed.
fn doubt(report: &Report) -> &str {
    report.findings.iter().find(|finding| finding.code == "CLK507").map_or("", |finding| finding.what.as_str())
}

#[test]
fn a_lying_web_server_among_three_is_named() {
    confined("web_servers::a_lying_web_server_among_three_is_named", || {
        let authority = Authority::new();
        authority.certify("server", "127.0.0.1");
        let start = |ahead: &str, manner: &str| WebServer::start(&authority, "server", ahead, manner);
        let (plain, liar) = (start("0", "plain"), start("2", "plain"));
        let (closing, redirecting) = (start("0", "closing"), start("0", "redirecting"));
        let unnamed = start("0", "unnamed");
        let named = [&plain.name, &liar.name, &closing.name, &redirecting.name].map(String::as_str);
        let session = authority.scan(&named, |_| {});
        let report = session.report();
        assert_eq!(report.reference.kind, ReferenceKind::Https, "{session}");
        let label = format!(
            "UTC, coarse, where 3 of 4 web servers agree ({}, {}, {})",
            plain.name, closing.name, redirecting.name
        );
        assert_eq!(report.reference.label, label, "{session}");
        let told = doubt(&report);
        assert!(told.contains(&format!("{}: the others contradict it, it is +2", liar.name)), "{session}");
        assert!(!told.contains(&plain.name) && !told.contains(&closing.name), "{session}");
        // They have the time of this machine, and the second's edge was hunted: a `Date` alone is known to a second.
        let controller = &report.run.controller;
        let (lo, hi) = (controller.lo_s.expect("a bound").0, controller.hi_s.expect("a bound").0);
        assert!(lo <= Nanos::ZERO && Nanos::ZERO <= hi && hi - lo < Nanos::from_millis(500), "{session}");
        for server in [&plain, &liar, &closing, &redirecting] {
            let requests = server.requests();
            assert!((2..=10).contains(&requests.len()), "{}: {requests:?}", server.name);
            // What it is asked tells nothing of this machine.
            let expected = "HEAD / HTTP/1.1 Host User-Agent Accept Cache-Control";
            assert!(requests.iter().all(|request| request == expected), "{requests:?}");
        }
        assert_eq!(unnamed.requests(), Vec::<String>::new(), "who is not named is not asked");
    });
}

#[test]
fn what_is_wrong_with_a_web_server_is_told() {
    confined("web_servers::what_is_wrong_with_a_web_server_is_told", || {
        let authority = Authority::new();
        authority.certify("server", "127.0.0.1");
        authority.certify("other", "127.0.0.2");
        let own = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:false"];
        authority.openssl("stranger", &own);
        let start = |certificate: &str, manner: &str| WebServer::start(&authority, certificate, "0", manner);
        let servers = [
            (start("server", "dateless"), "its answer has no `Date`"),
            (start("server", "malformed"), "the `Date` in its answer is not a date of HTTP"),
            (start("server", "cached"), "a cache answers for it (`Age`): its `Date` is of an earlier answer"),
            (start("server", "endless"), "the head of its answer is longer than 16384 octets"),
            (start("other", "plain"), "its certificate is for another name"),
            (start("stranger", "plain"), "nobody whom this machine trusts vouches for its certificate"),
        ];
        // One listens and says nothing, one is gone.
        let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
        let bound = tokio::net::TcpSocket::new_v4().expect("a socket");
        bound.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let gone = bound.local_addr().expect("its address").to_string();
        let mute_name = mute.local_addr().expect("its address").to_string();
        let mut expected: Vec<(&str, &str)> =
            servers.iter().map(|(server, why)| (server.name.as_str(), *why)).collect();
        expected.extend([(mute_name.as_str(), "no answer within 5 s"), (gone.as_str(), "no connection: ")]);
        expected.push(("clock.invalid", "its name cannot be looked up: "));
        let named: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
        let session = authority.scan(&named, |_| {});
        let report = session.report();
        assert_eq!(report.reference.kind, ReferenceKind::None, "{session}");
        assert!(
            report.reference.label.contains("web servers that were named told a time that can be used"),
            "{session}"
        );
        for (name, why) in expected {
            assert!(doubt(&report).contains(&format!("{name}: {why}")), "{name}: {why}\n{session}");
        }
        // Without any root, nobody is trusted, and that is said.
        let session = authority.scan(&named[..3], |command| {
            command.env("SSL_CERT_FILE", authority.path("none"));
        });
        assert!(doubt(&session.report()).contains("this machine has no root certificates"), "{session}");
    });
}

#[test]
fn a_controller_whose_clock_is_wrong_is_told_that_certificates_cannot_be_judged() {
    confined("web_servers::a_controller_whose_clock_is_wrong_is_told_that_certificates_cannot_be_judged", || {
        let authority = Authority::new();
        authority.certify("server", "127.0.0.1");
        let servers = ["0", "1", "2"].map(|ahead| WebServer::start(&authority, "server", ahead, "plain"));
        let named = [&servers[0].name, &servers[1].name, &servers[2].name].map(String::as_str);
        let check = |ahead: i64, expected: &str| {
            let file = authority.path(&format!("controller{ahead}.clock"));
            let _wrong = HostClock::create(&file, Nanos::from_seconds(ahead), Ppm::from_ppm(0));
            let session = authority.scan(&named, |command| {
                command.env("LD_PRELOAD", library()).env("TEST_HOST_CLOCK", file);
            });
            assert_eq!(doubt(&session.report()).matches(expected).count(), 3, "{session}");
        };
        check(10 * 86_400, "its certificate has expired, or this machine's clock is ahead");
        check(-10 * 86_400, "its certificate is not valid yet, or this machine's clock is behind");
        assert!(servers.iter().all(|server| server.requests().is_empty()), "who is not verified is not asked");
    });
}

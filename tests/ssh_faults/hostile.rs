//! Peers that lie while somebody logs in: servers that ask without end, jump hosts that lead elsewhere, agents that hang.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::Target;
use clockaudit::probe::FailureCode::{self, *};
use clockaudit::probe::Stage;
use clockaudit::ssh::{HostSettings, JumpHost, Proxy};
use russh::keys::{Algorithm, PrivateKey, PublicKeyBase64};
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey, run_stream,
};
use russh::{Channel, MethodKind, MethodSet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::task::JoinHandle;

use super::recorder::Recorder;
use super::sshd::Sshd;
use super::{Baseline, assert_failed, impatient, plan, scan, target};

/// Clears a screen twice over, sets a window's title, rings, goes back to the line's start, and reorders what follows.
const ESCAPES: &str = "\u{1b}[2J\u{9b}2J\u{1b}]0;owned\u{7}\r\n\u{202e}Password: ";

/// What a server does to whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trick {
    /// Asks nothing, again and again.
    AsksNothing,
    /// Asks for the password again and again.
    AsksAgain,
    /// Asks a question of so many letters.
    LongQuestion(usize),
    /// Asks so many questions at once.
    ManyQuestions(usize),
    /// Steers the terminal with whatever is shown of it.
    Escapes,
    /// Lets everybody in and connects them to another port than they asked for.
    LeadsTo(u16),
    /// Lets everybody in, says that it has connected, and sends what is no SSH.
    LeadsNowhere,
    /// Lets everybody in and never says whether it has connected.
    LeavesOpen,
    /// Lets everybody in and opens no channel, as a host whose PAM waits for something.
    OpensNothing,
}

/// A server that plays a trick, until this is dropped.
struct Liar {
    port: u16,
    key: PrivateKey,
    passwords: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Liar {
    async fn start(trick: Trick) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
        let methods = [MethodKind::PublicKey, MethodKind::KeyboardInteractive];
        let config = Arc::new(Config {
            keys: vec![key.clone()],
            methods: MethodSet::from(methods.as_slice()),
            auth_rejection_time: Duration::ZERO,
            ..Config::default()
        });
        let passwords = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&passwords);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let handler = Tricking { trick, passwords: Arc::clone(&heard), open: Vec::new() };
                let config = Arc::clone(&config);
                tokio::spawn(async move {
                    if let Ok(session) = run_stream(config, client, handler).await {
                        // A client that has had enough ends the session with an error, as it should.
                        let _ = session.await;
                    }
                });
            }
        });
        Self { port, key, passwords, task }
    }

    fn known_hosts_line(&self) -> String {
        format!("[127.0.0.1]:{} ssh-ed25519 {}\n", self.port, self.key.public_key().public_key_base64())
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Tricking {
    trick: Trick,
    passwords: Arc<Mutex<Vec<String>>>,
    open: Vec<ChannelOpenHandle>,
}

impl Tricking {
    fn is_jump(&self) -> bool {
        matches!(self.trick, Trick::LeadsTo(_) | Trick::LeadsNowhere | Trick::LeavesOpen)
    }
}

impl Handler for Tricking {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        Ok((self.trick == Trick::Escapes).then(|| ESCAPES.repeat(100)))
    }

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(if self.trick == Trick::OpensNothing { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey_offered(&mut self, _: &str, _: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        Ok(if self.is_jump() { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(if self.is_jump() { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'answer>(
        &'answer mut self,
        _: &str,
        _: &str,
        response: Option<Response<'answer>>,
    ) -> Result<Auth, russh::Error> {
        let answers = response.into_iter().flatten().map(|answer| String::from_utf8_lossy(&answer).into_owned());
        self.passwords.lock().unwrap().extend(answers);
        let texts: Vec<String> = match self.trick {
            Trick::AsksNothing => Vec::new(),
            Trick::AsksAgain => vec!["Password: ".to_owned()],
            Trick::LongQuestion(letters) => vec!["p".repeat(letters), String::new()],
            Trick::ManyQuestions(questions) => vec!["Password: ".to_owned(); questions],
            _ => vec![ESCAPES.to_owned(), String::new()],
        };
        let prompts = texts.into_iter().map(|text| (Cow::Owned(text), false)).collect();
        Ok(Auth::Partial { name: ESCAPES.into(), instructions: ESCAPES.into(), prompts })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.open.push(reply);
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        match self.trick {
            Trick::LeadsTo(port) => {
                reply.accept().await;
                tokio::spawn(async move {
                    let mut elsewhere = TcpStream::connect(("127.0.0.1", port)).await?;
                    tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut elsewhere).await
                });
            }
            Trick::LeadsNowhere => {
                reply.accept().await;
                tokio::spawn(async move {
                    let mut stream = channel.into_stream();
                    while stream.write_all(b"\x1b[2Jno server at all\r\n").await.is_ok() {}
                });
            }
            _ => self.open.push(reply),
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_without_end_gets_the_password_once_at_most() {
    let base = Baseline::take().await;
    let folder = tempfile::tempdir().unwrap();
    let known_hosts = folder.path().join("known_hosts");
    let cases = [
        (Trick::AsksNothing, AuthenticationRejected, "the server goes on asking", 0),
        (Trick::AsksAgain, AuthenticationRejected, "the server asks \"Password:\"", 1),
        (Trick::LongQuestion(60_000), AuthenticationRejected, "the server asks 2 questions at once", 0),
        (Trick::LongQuestion(1_000_000), Dropped, "", 0),
        (Trick::ManyQuestions(10_000), AuthenticationRejected, "the server asks 10000 questions at once", 0),
        (Trick::Escapes, AuthenticationRejected, "the server asks 2 questions at once", 0),
    ];
    for (trick, code, words, times) in cases {
        let liar = Liar::start(trick).await;
        fs::write(&known_hosts, liar.known_hosts_line()).unwrap();
        let me = Target { password: Some(Secret::new("hunter2".to_owned())), ..target("127.0.0.1", liar.port) };
        let (seen, events) = scan(vec![me], &plan(&known_hosts)).await;
        println!("{trick:?}: {:?}", seen.observations[0].failure);
        assert_failed(&seen.observations[0], code, Stage::Authenticate, words);
        let length = seen.observations[0].failure.as_ref().unwrap().detail.len();
        assert!(length < 600, "{trick:?}: {length} letters");
        assert_eq!(*liar.passwords.lock().unwrap(), vec!["hunter2"; times], "{trick:?}");
        assert!(!format!("{events:?}{seen:?}").contains("hunter2"), "{trick:?}");
    }
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_opens_no_channel_is_told_to_have_accepted_the_login() {
    let base = Baseline::take().await;
    let folder = tempfile::tempdir().unwrap();
    let known_hosts = folder.path().join("known_hosts");
    let liar = Liar::start(Trick::OpensNothing).await;
    fs::write(&known_hosts, liar.known_hosts_line()).unwrap();
    let mut plan = plan(&known_hosts);
    plan.limits.channel = Duration::from_millis(300);
    let (seen, _) = scan(vec![target("127.0.0.1", liar.port)], &plan).await;
    let words = "the login was accepted, and no channel opened in 0.3 s";
    assert_failed(&seen.observations[0], Timeout, Stage::Channel, words);
    drop(liar);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_server_says_at_the_login_steers_the_terminal() {
    let base = Baseline::take().await;
    let liar = Liar::start(Trick::Escapes).await;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("known"), liar.known_hosts_line()).unwrap();
    fs::write(home.path().join("password"), "hunter2\n").unwrap();
    let (host, known) =
        (format!("127.0.0.1:{},", liar.port), format!("UserKnownHostsFile={}/known", home.path().display()));
    for output in ["table", "wide", "csv", "json", "jsonl"] {
        let words = ["scan", &host, "-F", "none", "--no-state", "-vvv", "--connection-password-file", "password"];
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        command.args(words).args(["--ssh-option", &known, "-o", output]).stdin(Stdio::null());
        command.env("HOME", home.path()).env_remove("SSH_AUTH_SOCK").current_dir(home.path());
        let shown = command.output().await.unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned() + &String::from_utf8_lossy(&shown.stderr);
        assert!(shown.contains("the server asks 2 questions at once"), "{shown}");
        let shown = shown.replace("\r\n", "\n");
        let acts = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!shown.contains(acts), "{output}: {shown:?}");
    }
    drop(liar);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_host_that_lies_learns_nothing_and_costs_little() {
    let base = Baseline::take().await;
    let (host, elsewhere) = (Sshd::start("PasswordAuthentication yes"), Recorder::start().await);
    let cases: [(Trick, FailureCode, Stage, &str); 3] = [
        (Trick::LeadsTo(elsewhere.port), HostKeyChanged, Stage::HostKey, "differs from"),
        (Trick::LeadsNowhere, Dropped, Stage::Banner, "no server at all"),
        (Trick::LeavesOpen, JumpHost, Stage::Connect, "did not say within 1.5 s whether it can connect"),
    ];
    for (trick, code, stage, words) in cases {
        let liar = Liar::start(trick).await;
        let mut plan = impatient(host.plan());
        let known = fs::read_to_string(host.path("known_hosts")).unwrap() + &liar.known_hosts_line();
        fs::write(host.path("known_hosts"), known).unwrap();
        let password = Some(Secret::new("hunter2".to_owned()));
        let target = Target { password, ..host.target("user_key") };
        let mut settings = HostSettings::clone(&plan.settings(&target));
        let (address, port) = ("127.0.0.1".to_owned(), liar.port);
        let between = JumpHost { name: "gate".to_owned(), address, port, settings: settings.clone() };
        settings.way.proxy = Proxy::Jump(Arc::new(between));
        plan.hosts.insert(target.name.clone(), settings.into());
        let (seen, _) = scan(vec![target], &plan).await;
        println!("{trick:?}: {:?}", seen.observations[0].failure);
        assert_failed(&seen.observations[0], code, stage, words);
        assert!(liar.passwords.lock().unwrap().is_empty());
    }
    assert_eq!(elsewhere.attempts.load(Ordering::SeqCst), 0, "a login was tried at a host that is another one");
    drop((host, elsewhere));
    base.assert_restored().await;
}

/// What an agent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Nothing,
    Goodbye,
    HugeFrame,
    Garbage,
    CountlessKeys,
    /// Lists a key, and signs with what is no signature.
    FalseSignature,
    /// Lists a key, and never signs.
    NoSignature,
}

/// Answers everybody at that socket.
fn agent(socket: &Path, word: Word, key: &[u8]) -> JoinHandle<()> {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let listed = string(&[&[12, 0, 0, 0, 1][..], &string(key), &string(b"a key")].concat());
    let answer = match word {
        Word::Nothing | Word::Goodbye => Vec::new(),
        Word::HugeFrame => vec![0xff; 64],
        Word::Garbage => string(&[12, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]),
        Word::CountlessKeys => string(&[12, 0xff, 0xff, 0xff, 0xff]),
        Word::FalseSignature | Word::NoSignature => listed,
    };
    let signed = string(&[&[14][..], &string(&[&string(b"ssh-ed25519")[..], &string(&[7; 64])].concat())].concat());
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (answer, signed) = (answer.clone(), signed.clone());
            tokio::spawn(async move {
                let mut length = [0; 4];
                while client.read_exact(&mut length).await.is_ok() {
                    let mut asked = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
                    client.read_exact(&mut asked).await?;
                    match (word, asked[0]) {
                        (Word::Nothing, _) | (Word::NoSignature, 13) => {}
                        (Word::Goodbye, _) => return Ok(()),
                        (_, 13) => client.write_all(&signed).await?,
                        _ => client.write_all(&answer).await?,
                    }
                }
                Ok::<_, std::io::Error>(())
            });
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_hangs_or_lies_costs_its_time_limit_and_no_other_key() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let public = fs::read_to_string(server.path("user_key.pub")).unwrap();
    let key = russh::keys::PublicKey::from_openssh(public.trim()).unwrap().public_key_bytes();
    let nothing_named = Target { key_files: Vec::new(), ..server.target("user_key") };
    let cases = [
        (Word::Nothing, AuthenticationRejected, "the agent does not answer: nothing in 5 s"),
        (Word::Goodbye, AuthenticationRejected, "the agent does not answer"),
        (Word::HugeFrame, AuthenticationRejected, "the agent does not answer"),
        (Word::Garbage, AuthenticationRejected, "the agent does not answer"),
        (Word::CountlessKeys, AuthenticationRejected, "the agent does not answer"),
        (Word::FalseSignature, AuthenticationRejected, "1 key refused"),
        // Time in which the agent signs does not count towards the login: it may have a person to ask.
        (Word::NoSignature, AuthenticationRejected, "the agent did not sign: nothing in 60 s"),
    ];
    for (number, (word, code, words)) in cases.into_iter().enumerate() {
        let socket = server.path(&format!("agent{number}"));
        let agent = agent(&socket, word, &key);
        let mut plan = server.plan();
        plan.agent = Some(socket);
        plan.limits.authenticate = Duration::from_secs(7);
        let mut targets = vec![nothing_named.clone()];
        if word != Word::NoSignature && word != Word::FalseSignature {
            targets.push(server.target("user_key"));
        }
        let (seen, _) = scan(targets, &plan).await;
        println!("{word:?}: {:?}", seen.observations[0].failure);
        assert_failed(&seen.observations[0], code, Stage::Authenticate, words);
        // A key that is in a file needs no agent.
        assert!(seen.observations.iter().skip(1).all(|host| host.failure.is_none()), "{word:?}: {seen:?}");
        agent.abort();
    }
    base.assert_restored().await;
}

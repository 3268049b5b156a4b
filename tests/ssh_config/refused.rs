//! What OpenSSH refuses, and what we know that we do not do: the host fails and says so, or there is one warning.

use std::fs;

use clockaudit::openssh::config::{Files, Found, Outside, Reader, Request, SshConfig};
use proptest::prelude::*;

use crate::oracle;
use crate::ours::{self, World};

fn outcome(text: &str, host: &str) -> (Result<(), String>, Vec<String>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, text).unwrap();
    let warnings = ours::read(&file).warnings;
    let short = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    let asked = ours::ask(&file, &[], host).map(|_| ()).map_err(short);
    (asked, warnings.into_iter().map(short).collect(), oracle::ask(&file, &[], host).is_err())
}

#[test]
fn a_line_that_ssh_refuses_fails_the_hosts_that_it_is_for() {
    let check = |line: &str, expected: &str| {
        let text = format!("Host web\n  {line}\n");
        let (asked, warnings, is_refused) = outcome(&text, "web");
        assert_eq!((asked.unwrap_err().as_str(), warnings.len(), is_refused), (expected, 0, true), "{line}");
        let (other, _, _) = outcome(&text, "db");
        assert_eq!(other, Ok(()), "{line}");
    };
    check("Port abc", "config line 2: Port does not take `abc`: a port from 1 to 65535");
    check("Port", "config line 2: Port has no value");
    check("User a b", "config line 2: User takes one value, and b is another");
    check("User \"a", "config line 2: User: a quote is not closed");
    check("ConnectTimeout soon", "config line 2: ConnectTimeout does not take `soon`: seconds, or as 1m30s");
    check(
        "StrictHostKeyChecking maybe",
        "config line 2: StrictHostKeyChecking does not take `maybe`: yes, no, true, false, ask, off, accept-new",
    );
    check("ProxyJump a:b:c,@", "config line 2: ProxyJump a:b:c,@: a login name is empty");
    check("HostName %z", "%z means nothing in %z");
    check("ConnectionAttempts 0", "config line 2: ConnectionAttempts is 0");
}

#[test]
fn what_we_do_not_do_fails_the_host_and_says_so() {
    let check = |line: &str, expected: &str| {
        let (asked, _, _) = outcome(&format!("Host web\n{line}\n"), "web");
        assert_eq!(asked.unwrap_err(), expected, "{line}");
        let (other, _, _) = outcome(&format!("Host web\n{line}\n"), "db");
        assert_eq!(other, if line.starts_with("Match") { Err(expected.to_owned()) } else { Ok(()) }, "{line}");
    };
    check(
        "KnownHostsCommand /bin/x %H",
        "config line 2: KnownHostsCommand is not supported: no command is run for host keys",
    );
    check("Match tagged red\n Port 2222", "config line 2: Match tagged is not supported");
    for fine in ["KnownHostsCommand none", "Match user nobody localnetwork 10.0.0.0/8"] {
        assert_eq!(outcome(&format!("Host web\n{fine}\n"), "web").0, Ok(()), "{fine}");
    }
}

#[test]
fn a_keyword_that_nobody_knows_is_one_warning() {
    let check = |text: &str, expected: &[&str]| {
        let (asked, warnings, _) = outcome(text, "web");
        assert_eq!((asked, warnings), (Ok(()), expected.iter().map(|one| (*one).to_owned()).collect()), "{text}");
    };
    check(
        "\nHostNme a\nHost b\n hostnme c\n",
        &["config line 2: hostnme is no keyword of ssh_config and has no effect; did you mean HostName?"],
    );
    check("IgnoreUnknown Use*,x\nUseKeychain yes\nX y\n", &[]);
    check("Host z\nUseKeychain yes\n", &["config line 2: usekeychain is no keyword of ssh_config and has no effect"]);
    check(
        "CanonicalizePermittedCNAMEs *.example:*.example\nHost a\n CanonicalizePermittedCNAMEs *:*\n",
        &["config line 1: canonicalizepermittedcnames is not supported and has no effect"],
    );
    check("VerifyHostKeyDNS yes\n", &["config line 1: verifyhostkeydns is not supported and has no effect"]);
    check(
        "NoHostAuthenticationForLocalhost yes\n",
        &["config line 1: nohostauthenticationforlocalhost is not supported and has no effect"],
    );
    check(
        "VerifyHostKeyDNS no\nNoHostAuthenticationForLocalhost no\nControlPersist 60s\nLogLevel DEBUG\nSendEnv X\nRequestTTY no\n",
        &[],
    );
}

#[test]
fn a_name_that_a_shell_would_read_is_refused_as_ssh_refuses_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, "ProxyCommand nc %h %n %r\n").unwrap();
    let check = |arguments: &[&str], host: &str| {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let (ours, ssh) = (ours::ask(&file, &arguments, host), oracle::ask(&file, &arguments, host));
        assert_eq!(ours.is_err(), ssh.is_err(), "{arguments:?} {host:?}: {ours:?}, then {ssh:?}");
    };
    // A blank in a jump host is refused by us alone, and so is a token that means nothing; some letters part the name.
    let parts = |letter: char| " %,:/@[#".contains(letter);
    for letter in (1..=127_u8).map(char::from) {
        check(&[], &format!("a{letter}b"));
        check(&["-l", &format!("u{letter}x")], "web");
        if letter > ' ' && letter != '\x7f' && !parts(letter) {
            check(&["-J", &format!("a{letter}b")], "web");
            check(&["-J", &format!("u{letter}x@gate")], "web");
        }
    }
    for user in ["-u", "u -x", "u x", "u\\", "u\\x", "a@b", "\u{e9}"] {
        check(&["-l", user], "web");
    }
    for jump in ["-a", "-u@a", "u\\@a", "a,b;c", "ops@gate,a|b", "%r@%h"] {
        check(&["-J", jump], "web");
    }
    let why = ours::ask(&file, &["-l".to_owned(), "u;x".to_owned()], "web").unwrap_err();
    assert!(why.starts_with("login name `u;x`: ssh takes no login name with "), "{why}");
    let why = ours::ask(&file, &[], "a$(b)").unwrap_err();
    assert!(why.starts_with("host name `a$(b)`: ssh takes no host name that "), "{why}");
}

#[test]
fn files_that_include_one_another_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, format!("Include {0}\nInclude {0}\nUser x\n", file.display())).unwrap();
    let (asked, is_refused) = (ours::ask(&file, &[], "web"), oracle::ask(&file, &[], "web").is_err());
    let why = asked.unwrap_err();
    assert!(is_refused && (why.contains("more than 16 deep") || why.contains("more than 1024 files")), "{why}");
}

/// Files that include themselves and one another, whatever is asked for.
struct Everywhere(Vec<u8>);

impl Files for Everywhere {
    fn matching(&mut self, pattern: &str) -> Vec<Found> {
        vec![Found { name: pattern.to_owned(), content: Ok(self.0.clone()) }; 2]
    }
}

/// The world of the tests without its commands.
struct NoCommands(World);

impl Outside for NoCommands {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }

    fn home_of(&self, _user: &str) -> Option<String> {
        None
    }

    fn resolves(&mut self, name: &str) -> Result<bool, String> {
        Ok(name.len().is_multiple_of(2))
    }

    fn run(&mut self, command: &str) -> Result<bool, String> {
        Ok(command.len().is_multiple_of(2))
    }
}

fn resolve(config: &SshConfig) {
    let user = ours::user();
    let request = Request { host: "web1.example", given: &[], user: &user };
    // Whether it is refused does not matter here.
    let _ = config.resolve(&request, &mut NoCommands(World::default()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_and_end(bytes in proptest::collection::vec(any::<u8>(), ..400)) {
        let mut files = Everywhere(bytes.clone());
        let mut reader = Reader::new(&mut files);
        reader.read("any", &bytes, true);
        resolve(&reader.finish().0);
    }

    #[test]
    fn any_lines_of_known_shape_are_read_and_end(lines in proptest::collection::vec(
        "(Host|Match|Include|Port|ProxyJump|HostName|IdentityFile|User|final)[ =\t]{0,2}[-a-z0-9%$~*?!,@:\\[\\]\"'\\\\ {}#./é]{0,24}", ..12)) {
        let text = lines.join("\n");
        let mut files = Everywhere(text.clone().into_bytes());
        let mut reader = Reader::new(&mut files);
        reader.read("any", text.as_bytes(), true);
        resolve(&reader.finish().0);
    }

    #[test]
    fn any_words_of_a_command_line_are_read(words in proptest::collection::vec("-?[a-zA-Z46]{0,2}[-=a-z0-9 %@:\"\\\\é]{0,16}", ..8)) {
        let _ = clockaudit::openssh::config::arguments::read(&words, "here");
    }
}

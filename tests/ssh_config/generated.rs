//! Configurations made up from a seed: each is asked for several hosts, with and without options on the command line.

use std::fs;
use std::path::Path;

use fastrand::Rng;

use crate::ours::agree;

/// How many configurations.
const CONFIGURATIONS: u64 = 120;
const HOSTS: [&str; 10] =
    ["web1", "web2", "db1", "db1.example", "WEB1", "gate", "192.0.2.7", "2001:db8::1", "x.y.example", "a"];
const PATTERNS: [&str; 14] = [
    "*",
    "web*",
    "web?",
    "!web1",
    "db1",
    "*.example",
    "db?.*",
    "192.0.2.*",
    "gate",
    "2001:*",
    "!*.example",
    "a",
    "WEB*",
    "x.*",
];
const LISTS: [&str; 8] =
    ["*", "web*,db*", "*,!web1", "db1.example", "*.example,gate", "!gate,*", "real.example", "192.*"];

/// Lines that set something, a choice for each.
const SETTINGS: [&str; 64] = [
    "HostName real.example",
    "HostName %h.example",
    "HostName 198.51.100.3",
    "HostName Upper.Example",
    "User ops",
    "User root",
    "User \"with blank\"",
    "Port 2222",
    "Port 22",
    "IdentityFile /keys/one",
    "IdentityFile ~/.ssh/two-%h-%r",
    "IdentityFile \"/keys/with blank\"",
    "IdentityFile /keys/%n/%p/%u/%L/%l/%i/%k/%C/%%/%d",
    "IdentityFile ${SSHTEST}/key",
    "CertificateFile /keys/one-cert.pub",
    "CertificateFile ~/%r-cert.pub",
    "IdentitiesOnly yes",
    "IdentitiesOnly no",
    "IdentityAgent /run/agent-%r",
    "IdentityAgent none",
    "IdentityAgent ~/agent",
    "ConnectTimeout 7",
    "ConnectTimeout 1m5s",
    "ConnectTimeout none",
    "ConnectionAttempts 3",
    "AddressFamily inet",
    "AddressFamily inet6",
    "AddressFamily ANY",
    "BindAddress 127.0.0.1",
    "UserKnownHostsFile /known/a /known/b",
    "UserKnownHostsFile ~/.ssh/known-%k",
    "UserKnownHostsFile none",
    "UserKnownHostsFile /known/%C ${SSHTEST}",
    "GlobalKnownHostsFile /known/global \"/known/with blank\"",
    "HostKeyAlias Alias.Example",
    "HostKeyAlias other",
    "StrictHostKeyChecking no",
    "StrictHostKeyChecking accept-new",
    "StrictHostKeyChecking YES",
    "HashKnownHosts yes",
    "RevokedHostKeys /keys/revoked",
    "RevokedHostKeys none",
    "KexAlgorithms +diffie-hellman-group14-sha1",
    "KexAlgorithms ecdh-sha2-nistp256,curve25519-sha256",
    "KexAlgorithms -ecdh*",
    "Ciphers ^aes256-gcm@openssh.com",
    "Ciphers +aes128-cbc",
    "Ciphers -chacha20*,aes128-*",
    "MACs hmac-sha2-256",
    "MACs +hmac-md5",
    "HostKeyAlgorithms +ssh-rsa",
    "HostKeyAlgorithms -*cert*",
    "PubkeyAcceptedAlgorithms +ssh-rsa,ssh-dss",
    "CASignatureAlgorithms -rsa*",
    "PreferredAuthentications publickey,password",
    "PasswordAuthentication no",
    "PubkeyAuthentication no",
    "PubkeyAuthentication host-bound",
    "KbdInteractiveAuthentication no",
    "NumberOfPasswordPrompts 1",
    "BatchMode yes",
    "ProxyCommand nc -x proxy %h %p # %r %n %%",
    "ProxyJump me@gate2:2200,[2001:db8::7]:22",
    "ProxyJump none",
];
/// Lines that change nothing of what is compared.
const OTHERS: [&str; 8] = [
    "# a comment",
    "",
    "   ",
    "SendEnv LANG LC_*",
    "ControlMaster auto",
    "LogLevel QUIET",
    "ForwardAgent yes",
    "ServerAliveInterval 30",
];
/// Options of the command line.
const OPTIONS: [&str; 12] = [
    "-p 2201",
    "-l cli",
    "-o User=option",
    "-oPort=2202",
    "-o HostName=cli.example",
    "-4",
    "-6",
    "-b 127.0.0.2",
    "-J one,two@three:4",
    "-o ConnectTimeout=9 -o IdentityFile=/keys/cli",
    "-C -tt -o ControlPersist=60s",
    "-c aes128-ctr -m hmac-sha2-512",
];

fn pick<'list>(random: &mut Rng, list: &[&'list str]) -> &'list str {
    list[random.usize(..list.len())]
}

fn criterion(random: &mut Rng) -> String {
    let not = if random.u8(..4) == 0 { "!" } else { "" };
    match random.u8(..9) {
        0 => format!("{not}host {}", pick(random, &LISTS)),
        1 => format!("{not}originalhost {}", pick(random, &LISTS)),
        2 => format!("{not}user {}", pick(random, &["ops", "root", "o*,cli", "!ops,*"])),
        3 => format!("{not}localuser {}", pick(random, &["root", "nobody", "*"])),
        4 => format!(
            "{not}exec \"{}\"",
            pick(random, &["true", "false", "test %h = real.example", "test %n:%p = gate:22"])
        ),
        5 => format!("{not}final"),
        6 => format!("{not}canonical"),
        7 => format!("{not}host={}", pick(random, &LISTS)),
        _ => format!("{not}user \"{}\"", pick(random, &["ops", "with blank"])),
    }
}

fn head(random: &mut Rng) -> String {
    match random.u8(..5) {
        0..3 => {
            let patterns = (0..random.usize(1..4)).map(|_| pick(random, &PATTERNS).to_owned());
            format!("Host {}", patterns.collect::<Vec<_>>().join(" "))
        }
        3 if random.u8(..4) == 0 => "Match all".to_owned(),
        _ => {
            let criteria = (0..random.usize(1..3)).map(|_| criterion(random));
            format!("Match {}", criteria.collect::<Vec<_>>().join(" "))
        }
    }
}

/// A line in one of the ways in which it may be written.
fn written(random: &mut Rng, line: &str) -> String {
    let Some((keyword, value)) = line.split_once(' ').filter(|(keyword, _)| keyword.starts_with(char::is_alphabetic))
    else {
        return line.to_owned();
    };
    let keyword = match random.u8(..4) {
        0 => keyword.to_ascii_lowercase(),
        1 => keyword.to_ascii_uppercase(),
        _ => keyword.to_owned(),
    };
    let between = pick(random, &[" ", "=", " = ", "\t", "  ", "= "]);
    let before = pick(random, &["", "  ", "\t"]);
    let after = pick(random, &["", " ", "\r", " \x0c"]);
    format!("{before}{keyword}{between}{value}{after}")
}

fn configuration(random: &mut Rng, folder: &Path, depth: usize, names: &mut usize) -> String {
    let mut lines = Vec::new();
    for block in 0..random.usize(1..6) {
        if block > 0 || random.bool() {
            let head = head(random);
            lines.push(written(random, &head));
        }
        for _ in 0..random.usize(..5) {
            match random.u8(..12) {
                0 if depth < 3 => {
                    *names += 1;
                    let file = folder.join(format!("part-{names}.conf"));
                    let text = configuration(random, folder, depth + 1, names);
                    fs::write(&file, text).unwrap();
                    let pattern = format!("{}/part-{names}.con?", folder.display());
                    lines.push(written(random, &format!("Include {pattern} {}/none-*", folder.display())));
                }
                1 => lines.push(pick(random, &OTHERS).to_owned()),
                _ => {
                    let line = pick(random, &SETTINGS);
                    lines.push(written(random, line));
                }
            }
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_ssh_would_do_is_what_we_do() {
    let mut cases = 0;
    for seed in 0..CONFIGURATIONS {
        let mut random = Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        fs::write(&file, configuration(&mut random, folder.path(), 0, &mut 0)).unwrap();
        for _ in 0..3 {
            let host = pick(&mut random, &HOSTS);
            let options = if random.bool() { pick(&mut random, &OPTIONS) } else { "" };
            let options: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
            agree(&file, &options, host);
            cases += 1;
        }
    }
    assert!(cases >= 200, "{cases}");
}

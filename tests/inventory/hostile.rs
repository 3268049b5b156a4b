//! Inventories that are made to harm: each is one clear error, and ends within limits of work and of memory.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use clockaudit::inventory::ranges::{self, Budget};
use nix::sys::resource::{UsageWho, getrusage};
use tempfile::TempDir;

/// What no run may take, in KiB.
const MOST_MEMORY_KIB: i64 = 200 * 1024;
/// Bytes that may be said of one inventory.
const MOST_SAID: usize = 64 * 1024;

/// Lists a file's inventory and gives what is said. The program must end by itself, with that exit code, and no process of
/// these tests may ever have held more memory than is allowed.
fn said(folder: &Path, name: &str, words: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(["inventory", name, "--list"])
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown: String = said.chars().take(2_000).collect();
    assert_eq!(output.status.code(), Some(code), "{name}: {shown}");
    assert!(said.len() <= MOST_SAID, "{name}: {} bytes are said: {shown}", said.len());
    // The highest of all children so far, this one among them.
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).expect("what children used").max_rss();
    assert!(memory <= MOST_MEMORY_KIB, "{name}: {memory} KiB");
    said
}

fn check(name: &str, text: impl AsRef<[u8]>, expected: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("a file");
    let said = said(folder.path(), name, &[], 65);
    assert!(
        said.contains(expected),
        "{name}: expected {expected}, said {}",
        said.chars().take(2_000).collect::<String>()
    );
}

#[test]
fn a_megabyte_of_random_bytes_is_one_error() {
    let mut random = fastrand::Rng::with_seed(23);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(1 << 20).collect();
    for name in ["hosts", "hosts.ini", "hosts.yml", "hosts.json", "hosts.toml"] {
        check(name, &bytes, "missing");
    }
}

#[test]
fn bombs_of_aliases_and_of_nesting_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        bomb = format!("{bomb}a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10));
    }
    check("hosts.yml", &bomb, "the aliases up to here stand for more than 1000000 values");
    for opening in ["[", "{a: ", "- "] {
        check("hosts.yml", opening.repeat((1 << 20) / opening.len()), "hosts.yml");
    }
    check("hosts.json", "[".repeat(1 << 20), "hosts.json");
    check("hosts.json", "{\"a\":".repeat(1 << 18), "hosts.json");
    check("hosts.toml", format!("a = {}", "[".repeat(1 << 20)), "hosts.toml");
}

#[test]
fn circles_of_groups_are_named() {
    check("hosts.ini", "[a:children]\nb\n[b:children]\na\n", "would make a circle of groups");
    check("hosts.yml", "a: {children: {b: {children: {a: {}}}}}\n", "would make a circle of groups");
    check("hosts.toml", "[a]\nchildren = ['b']\n[b]\nchildren = ['a']\n", "would make a circle of groups");
    let circle = |length: usize| {
        let below = |n: usize| format!("[g{n}:children]\ng{}\n", (n + 1) % length);
        (0..length).map(below).collect::<String>()
    };
    check("hosts.ini", circle(900), "would make a circle of groups");
    check("hosts.ini", circle(20_000), "group `g19999` is 20000 levels below `all`; groups may be nested 1000 deep");
}

#[test]
fn a_range_of_a_thousand_million_hosts_is_refused_before_one_is_made() {
    check("hosts.ini", "[a]\nh[1:1000000000]\n", "larger than 100000 hosts");
    check("hosts.ini", "[a]\nh[1:1000][1:1000][1:1000]\n", "larger than 100000 hosts");
    check("hosts.yml", "a: {hosts: {'h[1:1000000000]': {}}}\n", "larger than 100000 hosts");
    check("hosts.toml", "[a.hosts]\n'h[1:1000000000]' = {}\n", "larger than 100000 hosts");
    // The budget counts the names: those of a range that is refused are not made.
    let mut budget = Budget::new(1_000);
    assert!(ranges::expand("h[1:1000000000]", &mut budget).is_err());
    assert_eq!(ranges::expand("h[1:1000]", &mut Budget::new(1_000)).map(|names| names.len()), Ok(1_000));
    assert!(ranges::expand("h[1:1001]", &mut Budget::new(1_000)).is_err());
}

#[test]
fn as_many_hosts_as_an_inventory_may_have_fit_into_the_memory() {
    let check = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("hosts.ini"), text).expect("a file");
        assert_eq!(said(folder.path(), "hosts.ini", &[], 0), "");
    };
    check("host[000001:100000].rack.site.example.org a=1\n[web]\nhost[000001:100000].rack.site.example.org\n");
    // As many variables as ranges may copy.
    check(&format!("h[1:10000]{}\n", " a=123456789".repeat(47)));
}

#[test]
fn many_ways_through_groups_are_walked_once() {
    // 2^40 ways lead from the first group to the last.
    let level =
        |n: usize| format!("[a{n}:children]\nb{n}\nc{n}\n[b{n}:children]\na{m}\n[c{n}:children]\na{m}\n", m = n + 1);
    let text: String = (0..40).map(level).collect::<String>() + "[a40]\nh1\n";
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), text).expect("a file");
    assert_eq!(said(folder.path(), "hosts.ini", &[], 0), "");
}

#[test]
fn patterns_that_take_for_ever_are_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), format!("{}!\n", "a".repeat(60))).expect("a file");
    let told = said(folder.path(), "hosts.ini", &["-l", "~(a|a)*(?=b)c"], 64);
    assert!(told.contains("takes too many steps"), "{told}");
}

/// A script that prints this much of something.
fn script(text: &str) -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("inv");
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    folder
}

#[test]
fn a_script_that_prints_without_end_is_stopped() {
    let endless = script("#!/bin/sh\nexec yes '{\"a\": [\"h1\"]}'\n");
    let told = said(endless.path(), "inv", &[], 65);
    assert!(told.contains("prints more than 64 MiB"), "{told}");
    let chatty = script("#!/bin/sh\nhead -c 50000000 /dev/zero | tr '\\0' x >&2\necho '{}'\nexit 1\n");
    let told = said(chatty.path(), "inv", &[], 65);
    assert!(told.contains("ended with exit code 1"), "{told}");
}

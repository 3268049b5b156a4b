//! The rules of the house, as tests: pure rooms stay pure, rooms know only whom they may, files stay small.
#![expect(clippy::expect_used, reason = "a test ends where its preparations fail")]

mod names;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_keeps_the_rules_of_the_house() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files(&source);
    assert!(files.len() > 100, "found only {} files", files.len());
    let mut broken = Vec::new();
    for file in files {
        let path = file.strip_prefix(&source).expect("a path below src").to_str().expect("a path of text");
        let text = fs::read_to_string(&file).expect("readable");
        broken.extend(rules::broken(path, &text).into_iter().map(|rule| format!("src/{path}: {rule}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn what_breaks_a_rule_is_found_however_it_is_spelled() {
    let check = |path: &str, code: &str, expected: &[&str]| {
        assert_eq!(rules::broken(path, &format!("//! A file.\n{code}")), expected, "{path}: {code}");
    };
    // Rooms that a room may not know.
    check("clock/a.rs", "use crate::audit::Policy;", &["names `crate::audit::Policy`"]);
    check(
        "clock/a.rs",
        "use crate::{clock::Nanos, audit::{self, Policy}};",
        &["names `crate::audit`", "names `crate::audit::Policy`"],
    );
    check("clock/a/b.rs", "use super::super::super::ssh::Fleet;", &["names `crate::ssh::Fleet`"]);
    check("clock/mod.rs", "use super::ssh::Fleet;", &["names `crate::ssh::Fleet`"]);
    check("clock/a.rs", "mod b { use super::super::super::ssh; }", &["names `crate::ssh`"]);
    check("clock/a.rs", "use crate::bounded;", &["names `crate::bounded`"]);
    check("clock/a.rs", "use super::super::{r#ssh};", &["names `crate::ssh`"]);
    check("clock/a.rs", "use self::super::super::ssh::Fleet;", &["names `crate::ssh::Fleet`"]);
    check(
        "clock/a.rs",
        "fn f() -> crate :: ssh :: Fleet { crate::files::read() }",
        &["names `crate::ssh::Fleet`", "names `crate::files::read`"],
    );
    check("clock/a.rs", "use crate::*;", &["names `crate::*`"]);
    check("clock/a.rs", "use crate as house;", &["names `crate::as`"]);
    check("clock/a.rs", "use crate::{self as house};", &["names `crate::as`"]);
    check("ssh/a.rs", "use crate::files;", &["names `crate::files`"]);
    check("ssh/a.rs", "use crate::{cli, commands};", &["names `crate::cli`", "names `crate::commands`"]);
    check("cli.rs", "use crate::commands::run;", &["names `crate::commands::run`"]);
    check("cli.rs", "use crate::terminal::Terminal;", &["names `crate::terminal::Terminal`"]);
    check("main.rs", "use clockaudit::{commands, ssh};", &["names `clockaudit::ssh`"]);
    check("helpers/a.rs", "", &["the room `helpers` is not in docs/architecture.md"]);
    // What pure rooms may not do.
    check("probe/a.rs", "use std::{fs, io::Read};", &["`std::fs`", "`std::io::Read`"]);
    check("probe/a.rs", "use std::*;", &["`std::*`"]);
    check("probe/a.rs", "use std as s;", &["`std::as`"]);
    check("probe/a.rs", "async fn f() { g().await }", &["`async`", "`await`"]);
    check(
        "probe/a.rs",
        "use chrono::Utc; fn f() { Utc::now(); println!(); std::dbg!(1); }",
        &["`Utc::now`", "`println!`", "`dbg!`"],
    );
    check("probe/a.rs", "#[cfg(test)]\nuse std::fs;\nuse std::env;", &["`std::env`"]);
    check(
        "probe/a.rs",
        "#[cfg(test)]\nmod tests { use std::fs; }\nfn f() { std::env::var(\"A\"); }",
        &["`std::env::var`"],
    );
    // Clocks that are read where none may be, and a permission that nobody needs.
    check("ssh/a.rs", "fn f() { tokio::time::Instant::now(); }", &["reads a clock: `tokio::time::Instant::now`"]);
    check("ssh/a.rs", "use nix::time::{ClockId, clock_gettime};", &["reads a clock: `nix::time::clock_gettime`"]);
    check("files/a.rs", "use std::time::SystemTime as T;", &["reads a clock: `std::time::SystemTime::as`"]);
    check("terminal/a.rs", "fn f() { chrono::Local::now() }", &["reads a clock: `chrono::Local::now`"]);
    check("commands/plan.rs", "", &["reads no clock for the name of a run"]);
    check("ssh/a.rs", "#[expect(unsafe_code, reason = \"x\")] fn f() {}", &["names what is unsafe"]);
    check("probe/a.rs", "macro_rules! m { () => { $crate::ssh::go() } }", &["names `crate::ssh::go`"]);
}

#[test]
fn what_breaks_no_rule_is_left_alone() {
    let check = |path: &str, code: &str| {
        assert_eq!(rules::broken(path, &format!("//! A file.\n{code}")), Vec::<String>::new(), "{path}: {code}");
    };
    check("ssh/a.rs", "use crate::bounded;");
    check("audit/a.rs", "use crate::{clock::{Nanos, Interval}, probe};");
    check("audit/a.rs", "use super::policy::Policy; pub(super) use self::b::*; pub(crate) fn f() {}");
    check("audit/a.rs", "/// `crate::ssh` and println!\nconst A: &str = r#\"use crate::ssh; std::fs\"#; // std::fs");
    check("audit/a.rs", "#[cfg(test)]\nmod tests { use crate::ssh::Fleet; use std::fs; }");
    check("audit/a.rs", "mod tests { use super::super::verdict; }");
    check("commands/a.rs", "use crate::{cli, ssh, terminal}; async fn f() { println!() }");
    check("main.rs", "use clockaudit::{cli::Cli, commands};");
    check("terminal/closed.rs", "#[ctor::ctor(unsafe)]\nfn f() {}");
    check("ssh/a.rs", "/// Nothing unsafe.\nfn f() {}");
    check("ssh/dial.rs", "use tokio::time::Instant; fn f() { Instant::now() }");
    check(
        "ssh/a.rs",
        "use tokio::time::Instant; fn f(until: Instant) {}\n#[cfg(test)]\nmod tests { fn f() { Instant::now() } }",
    );
}

#[test]
fn a_long_file_and_one_that_does_not_say_what_it_is_for_are_found() {
    let long = "//! A file.\n".to_owned() + &"\n".repeat(499);
    assert_eq!(rules::broken("clock/a.rs", &long), ["500 lines"]);
    assert_eq!(rules::broken("clock/a.rs", "use super::b;\n"), ["does not open with what it is for"]);
    assert_eq!(rules::broken("clock/a.rs", "//! A file.\nfn f( {"), ["is no Rust"]);
}

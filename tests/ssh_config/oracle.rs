//! What OpenSSH's client says: `ssh -G`, and the lists of algorithms that it is built with.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// Lines of `ssh -G` by their keyword, in order.
pub(crate) type Said = BTreeMap<String, Vec<String>>;

/// What `ssh -G -F FILE ARGUMENTS HOST` says; its complaint where it refuses.
pub(crate) fn ask(file: &Path, arguments: &[String], host: &str) -> Result<Said, String> {
    let mut command = Command::new("ssh");
    command.arg("-G").arg("-F").arg(file).args(arguments).arg(host).env("SSHTEST", "from-the-environment");
    let output = command.output().expect("OpenSSH's client is installed: apt-get install openssh-client");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut said = Said::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
        said.entry(keyword.to_owned()).or_default().push(value.to_owned());
    }
    Ok(said)
}

/// What a list of algorithms is without any configuration.
pub(crate) fn built_in(keyword: &str) -> Vec<String> {
    static DEFAULTS: OnceLock<Said> = OnceLock::new();
    let defaults = DEFAULTS.get_or_init(|| ask(Path::new("none"), &[], "x").expect("the defaults"));
    defaults[keyword][0].split(',').map(str::to_owned).collect()
}

/// Every algorithm of a kind, as `ssh -Q` lists them.
pub(crate) fn all(query: &'static str) -> Vec<String> {
    static ASKED: Mutex<BTreeMap<&str, Vec<String>>> = Mutex::new(BTreeMap::new());
    let mut asked = ASKED.lock().expect("no test has panicked in here");
    let list = asked.entry(query).or_insert_with(|| {
        let output = Command::new("ssh").args(["-Q", query]).output().expect("ssh -Q");
        assert!(output.status.success(), "ssh -Q {query}");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    });
    list.clone()
}

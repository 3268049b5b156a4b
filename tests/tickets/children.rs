//! Secrets of ticket systems go to no other program: `ticket` starts none, and what other commands start inherits none.

use std::fs;
use std::process::Command;

use crate::command::run;
use crate::life::SYSTEMS;
use crate::reports::{bad, clear};

#[test]
fn no_program_is_started_that_would_inherit_a_secret() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let trace = user.home.path().join("trace");
    for (report, more) in [(bad(), vec![]), (bad(), vec!["--dry-run"]), (clear(), vec!["--resolve"])] {
        let plain = user.command(&report, &more);
        let mut command = Command::new("strace");
        command.args(["--seccomp-bpf", "-f", "-e", "trace=execve,execveat", "-o"]).arg(&trace);
        command.arg(plain.get_program()).args(plain.get_args()).env_clear();
        command.env("PATH", "/usr/bin:/bin").current_dir(user.home.path());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        run(&mut command).good();
        let traced = fs::read_to_string(&trace).expect("a trace");
        let started: Vec<&str> = traced.lines().filter(|line| line.contains("execve")).collect();
        assert_eq!(started.len(), 1, "{started:?}");
        assert!(started[0].contains("clockaudit"), "{started:?}");
    }
}

#[test]
fn what_other_commands_start_inherits_nothing_that_logs_in() {
    let home = tempfile::tempdir().expect("a folder");
    let inside = |name: &str| home.path().join(name);
    let noted = |name: &str| inside(name).display().to_string();
    let script =
        format!("#!/bin/sh\nenv >'{}'\necho '{{\"web\": {{\"hosts\": [\"a.example\"]}}}}'\n", noted("of_script"));
    fs::write(inside("hosts"), script).expect("a script");
    let password = format!("#!/bin/sh\nenv >'{}'\necho x\n", noted("of_password"));
    fs::write(inside("password"), password).expect("a script");
    for name in ["hosts", "password"] {
        fs::set_permissions(inside(name), std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("rights");
    }
    // What has closed its output has ended the connection, and is ended: this one writes before.
    let proxy = format!("sh -c 'env >{}; exit 1'", noted("of_proxy"));
    let config = format!("Match exec \"env >{}\"\n  ProxyCommand {proxy}\n", noted("of_match"));
    fs::write(inside("config"), config).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).current_dir(home.path());
    command.envs(clockaudit::tickets::login_variables().map(|name| (name, "s3cret-token")));
    command.args(["scan", "hosts", "-F", "config", "--connection-password-file", "password", "--no-state"]);
    let ran = run(&mut command);
    for name in ["of_script", "of_password", "of_match", "of_proxy"] {
        let seen = fs::read_to_string(inside(name)).unwrap_or_else(|error| panic!("{name}: {error}: {ran:?}"));
        assert!(seen.contains("HOME=") && !seen.contains("s3cret-token"), "{name}: {seen}");
    }
}

//! Secrets of ticket systems go to no other program: `ticket` starts none.

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

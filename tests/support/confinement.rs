//! No test process may be able to set this machine's clock.

use std::env;
use std::fs;
use std::process::Command;

/// The bit of `CAP_SYS_TIME` in the sets of `/proc/PID/status`.
const SYS_TIME: u64 = 1 << 25;

/// Whether the process of that `/proc/PID/status` could set this machine's clock, now or after starting another program.
pub(crate) fn can_set_clock(status: &str) -> bool {
    let sets = status.lines().filter_map(|line| line.split_once(":\t")).filter(|(name, _)| name.starts_with("Cap"));
    let mut sets = sets.map(|(_, set)| u64::from_str_radix(set.trim(), 16).expect("a set of capabilities"));
    sets.any(|set| set & SYS_TIME != 0)
}

/// A command for a program, still to be appended, that cannot set the clock, nor can anything that it starts.
pub(crate) fn unable_to_set_clock() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-sys_time"]);
    command
}

/// Runs a test that starts hosts; where this process could set the clock, runs that test alone in one that cannot.
pub(crate) fn confined(test: &str, body: impl FnOnce()) {
    if can_set_clock(&own_status()) {
        let this = env::current_exe().expect("the path of this test");
        let run = unable_to_set_clock().arg(this).args([test, "--exact"]).output();
        let run = run.expect("setpriv of util-linux");
        let (told, complained) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(run.status.success() && told.contains("1 passed"), "{told}\n{complained}");
        println!("{told}");
    } else {
        body();
    }
}

/// What the kernel says of this process; fails where it is not root.
pub(crate) fn own_status() -> String {
    let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
    assert!(status.contains("\nUid:\t0\t"), "test hosts need root, for their namespaces: run ./tests/run as root");
    status
}

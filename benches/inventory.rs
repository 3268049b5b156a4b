//! What a great inventory costs: `inventory --list` of 10,000 hosts in 300 nested groups, and the real `ansible-inventory`
//! beside it.
//!
//! `cargo bench --bench inventory` after `./tests/run --set-up`.
#![expect(clippy::expect_used, reason = "a measurement that fails should end")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What listing may take of the processor, in seconds, the JSON written.
const GOAL_CPU: f64 = 0.5;
/// What it may take of the memory, in MiB.
const GOAL_MEMORY: f64 = 100.0;
/// How often each is run; the best run counts, for what else the machine does only adds.
const RUNS: usize = 5;
/// How many groups there are on each level of nesting.
const LEVELS: [(&str, usize); 5] = [("region", 4), ("dc", 16), ("row", 48), ("rack", 96), ("svc", 136)];
const HOSTS: usize = 10_000;
/// Groups that have a file of variables, and hosts that do.
const GROUP_FILES: usize = 100;
const HOST_FILES: usize = 50;
/// Where `tests/run` installs the real one.
const ANSIBLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/ansible/python/bin/ansible-inventory");
/// In place of `--bench`: run the words behind it and print what that took.
const MEASURE: &str = "--measure-child";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some((MEASURE, words)) = arguments.split_first().map(|(first, words)| (first.as_str(), words)) {
        return measured_child(words);
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        // Built by the tests, run by `cargo bench` only.
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_inventory(folder.path());
    println!("{HOSTS} hosts in {} groups, listed with all of their variables; best of {RUNS} runs", groups().len());
    println!("{:<26}{:>12}{:>14}{:>12}", "program", "CPU, s", "memory, MiB", "JSON, MiB");
    let own = measure(
        "clockaudit inventory",
        folder.path(),
        &[env!("CARGO_BIN_EXE_clockaudit"), "inventory", "hosts.ini", "--list"],
    );
    let has_ansible = Path::new(ANSIBLE).exists();
    if has_ansible {
        measure("ansible-inventory", folder.path(), &[ANSIBLE, "-i", "hosts.ini", "--list"]);
    } else {
        println!("{:<26}  is missing: `./tests/run --set-up` installs it", "ansible-inventory");
    }
    let is_kept = own.cpu <= GOAL_CPU && own.memory <= GOAL_MEMORY;
    let word = if is_kept { "kept" } else { "MISSED" };
    println!("goal: <= {GOAL_CPU} s of CPU, <= {GOAL_MEMORY} MiB: {word}");
    // A figure that nothing stands beside is half of the comparison.
    if is_kept && has_ansible { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What one run took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// Of the processor, in seconds.
    cpu: f64,
    /// Of the memory at most, in MiB.
    memory: f64,
}

/// Runs a program several times, each below a process of its own that sees nobody else's costs, and prints the least.
fn measure(name: &str, folder: &Path, words: &[&str]) -> Cost {
    let run = || {
        let output = Command::new(env::current_exe().expect("the path of this program"))
            .arg(MEASURE)
            .args(words)
            .current_dir(folder)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent"), ("LC_ALL", "C.UTF-8")])
            .stderr(Stdio::inherit())
            .output()
            .expect("this program runs");
        assert!(output.status.success(), "{name} failed");
        let text = String::from_utf8(output.stdout).expect("text");
        let mut figures = text.split_whitespace().map(|figure| figure.parse::<f64>().expect("a figure"));
        Cost { cpu: figures.next().expect("CPU"), memory: figures.next().expect("memory") }
    };
    let runs: Vec<Cost> = (0..RUNS).map(|_| run()).collect();
    let least = |of: fn(&Cost) -> f64| runs.iter().map(of).fold(f64::INFINITY, f64::min);
    let cost = Cost { cpu: least(|cost| cost.cpu), memory: least(|cost| cost.memory) };
    let json = fs::metadata(folder.join("list.json")).expect("what was listed").len();
    let json = f64::from(u32::try_from(json).expect("less than 4 GiB")) / 1024.0 / 1024.0;
    println!("{name:<26}{:>12.3}{:>14.1}{json:>12.1}", cost.cpu, cost.memory);
    cost
}

/// Runs a program to its end, its output in a file, and prints what it took.
fn measured_child(words: &[String]) -> ExitCode {
    let (program, arguments) = words.split_first().expect("a program");
    let list = File::create("list.json").expect("a file");
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(list).status();
    if !status.expect("the program starts").success() {
        return ExitCode::FAILURE;
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("what the child used");
    let seconds = |time: TimeVal| {
        let micros = u32::try_from(time.tv_usec()).expect("less than a second");
        f64::from(u32::try_from(time.tv_sec()).expect("hours at most")) + f64::from(micros) / 1e6
    };
    let memory = f64::from(u32::try_from(usage.max_rss()).expect("less than 4 TiB")) / 1024.0;
    println!("{} {memory}", seconds(usage.user_time()) + seconds(usage.system_time()));
    ExitCode::SUCCESS
}

/// All groups, from the outermost level to the innermost.
fn groups() -> Vec<String> {
    LEVELS.iter().flat_map(|(name, count)| (0..*count).map(move |index| group(name, index))).collect()
}

fn group(name: &str, index: usize) -> String {
    format!("{name}_{index:03}")
}

/// The first host of a group of the innermost level.
fn first_host(index: usize) -> String {
    format!("svc-{index:03}-n001.c{}.fleet.test", index % 7)
}

/// Hosts in ranges, groups nested five deep, and files of variables beside them.
fn write_inventory(folder: &Path) {
    let [.., (innermost, count)] = LEVELS;
    let mut text = "# a great fleet\n".to_owned();
    for index in 0..count {
        let hosts = HOSTS / count + usize::from(index < HOSTS % count);
        let (name, cluster, port) = (group(innermost, index), index % 7, 2200 + index % 10);
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "[{name}]\nsvc-{index:03}-n[001:{hosts:03}].c{cluster}.fleet.test ansible_port={port} role={name}\n"
        );
    }
    for pair in LEVELS.windows(2) {
        let [(above, parents), (below, children)] = pair else { continue };
        for parent in 0..*parents {
            let _ = writeln!(text, "[{}:children]", group(above, parent));
            for child in (parent..*children).step_by(*parents) {
                let _ = writeln!(text, "{}", group(below, child));
            }
        }
    }
    for (level, (name, count)) in LEVELS.iter().enumerate() {
        for index in (0..*count).step_by(3) {
            let name = group(name, index);
            let _ = writeln!(text, "[{name}:vars]\nlvl{level}={name}\ndeepest={level}");
        }
    }
    text.push_str("[all:vars]\nntp_server=169.254.169.123\nansible_user=audit\n");
    fs::write(folder.join("hosts.ini"), text).expect("an inventory");
    let (groups_folder, hosts_folder) = (folder.join("group_vars"), folder.join("host_vars"));
    fs::create_dir(&groups_folder).expect("a folder");
    fs::create_dir(&hosts_folder).expect("a folder");
    let all = "ntp:\n  servers: [a.ntp.test, b.ntp.test]\n  makestep: [1.0, 3]\nslo_ms: 100\nansible_become: true\n";
    fs::write(groups_folder.join("all.yml"), all).expect("variables");
    for name in groups().iter().step_by(groups().len() / GROUP_FILES).take(GROUP_FILES) {
        let variables = format!(
            "owner: team_{name}\ncontact: {name}@corp.test\nlimits: {{cpu: 8, mem: 64}}\n\
             ansible_ssh_common_args: '-o ProxyJump=gw.{name}.test'\n"
        );
        fs::write(groups_folder.join(format!("{name}.yml")), variables).expect("variables");
    }
    for index in 0..HOST_FILES {
        let variables = format!("primary: true\nansible_host: 192.0.2.{index}\n");
        fs::write(hosts_folder.join(format!("{}.yml", first_host(index))), variables).expect("variables");
    }
}

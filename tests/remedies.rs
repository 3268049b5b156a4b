//! What people copy from a finding or its page works: flags and commands exist, what needs root says so, files come out right.
#![expect(clippy::expect_used, reason = "a test ends where its preparations fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory;
use clockaudit::audit::{Code, explain};
use clockaudit::cli::Cli;

/// Every text of every code that tells what to do.
fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for code in Code::all() {
        let finding = code.finding("", "");
        let page = explain::page(code);
        let said = [finding.meaning, finding.remedy, page.evidence.to_owned(), page.meaning.to_owned()];
        texts.extend(
            said.into_iter().chain(page.remedy.iter().map(|step| (*step).to_owned())).map(|text| (code.label(), text)),
        );
    }
    texts
}

/// What stands in back quotes: commands, flags, lines of files.
fn quoted() -> Vec<(String, String)> {
    let of_text = |(code, text): &(String, String)| {
        let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        quoted.into_iter().map(|words| (code.clone(), words.to_owned())).collect::<Vec<_>>()
    };
    texts().iter().flat_map(of_text).collect()
}

#[test]
fn every_flag_and_command_of_ours_that_is_named_exists() {
    let cli = Cli::command();
    let is_flag = |flag: &str| {
        let known = |argument: &clap::Arg| {
            let long = flag
                .strip_prefix("--")
                .is_some_and(|name| argument.get_long_and_visible_aliases().is_some_and(|all| all.contains(&name)));
            // `-vv` is `-v` twice.
            let most = if matches!(argument.get_action(), clap::ArgAction::Count) { 3 } else { 1 };
            let is_letter =
                |letters: &str, short: char| (1..=most).any(|times| letters == short.to_string().repeat(times));
            long || flag
                .strip_prefix('-')
                .is_some_and(|letters| argument.get_short().is_some_and(|short| is_letter(letters, short)))
        };
        std::iter::once(&cli).chain(cli.get_subcommands()).any(|command| command.get_arguments().any(known))
    };
    let mut seen = 0;
    for (code, words) in quoted() {
        let mut words = words.split(' ');
        let first = words.next().unwrap_or_default();
        if first == "clockaudit" {
            let name = words.next().unwrap_or_default();
            assert!(cli.find_subcommand(name).is_some(), "{code}: `clockaudit {name}`");
        } else if first.starts_with('-') && !OF_OTHERS.contains(&first) {
            assert!(is_flag(first), "{code}: there is no `{first}`");
        } else {
            continue;
        }
        seen += 1;
    }
    assert!(seen > 30, "only {seen} flags and commands are named");
}

/// Flags of other programs that are named without them: chronyd's, and that of `timedatectl` which is warned of.
const OF_OTHERS: [&str; 2] = ["-x", "--adjust-system-clock"];

#[test]
fn what_changes_a_host_says_that_it_needs_root() {
    let changes = [
        "chronyc makestep",
        "systemctl",
        "timedatectl set",
        "apt",
        "dnf",
        "hwclock",
        "date -u -s",
        "vmware-toolbox-cmd timesync disable",
    ];
    let only_asks = ["systemctl status", "systemctl list-jobs", "vmware-toolbox-cmd timesync status"];
    let mut seen = 0;
    for (code, words) in quoted() {
        let command = words.strip_prefix("sudo ").unwrap_or(&words);
        let begins = |known: &[&str]| known.iter().any(|known| command.starts_with(known));
        if begins(&changes) && !begins(&only_asks) {
            assert!(words.starts_with("sudo "), "{code}: `{words}`");
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} commands change a host");
}

#[test]
fn nobody_is_told_to_set_a_right_clock_from_an_rtc_in_local_time() {
    let remedy = Code::RtcLocal.finding("", "").remedy;
    assert!(remedy.ends_with("`sudo timedatectl set-local-rtc 0`"), "{remedy}");
}

#[test]
fn what_is_said_of_any_host_needs_no_chronyd() {
    // These are raised only where chronyd runs, or name it as one of those that may.
    let of_chronyd = ["CLK106", "CLK306"];
    for code in Code::all().filter(|code| !of_chronyd.contains(&code.label().as_str())) {
        let remedy = code.finding("", "").remedy;
        assert!(!remedy.contains("chronyc"), "{}: {remedy}", code.label());
    }
}

#[test]
fn a_host_key_is_forgotten_under_the_name_that_it_has() {
    let texts = texts();
    let changed = texts.iter().filter(|(code, text)| code == "SSH903" && text.contains("-R "));
    let all: Vec<&str> = changed.map(|(_, text)| text.as_str()).collect();
    assert!(all.len() > 1 && all.iter().all(|text| text.contains("`ssh-keygen -f FILE -R HOST`")), "{all:?}");
}

/// Writes a program of this text that can be run.
fn program(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn the_lines_of_the_resume_hook_write_one_that_steps_the_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = folder.path().join("hook");
    let step = explain::page(Code::Resumed).remedy.iter().find(|step| step.contains('\n')).expect("lines to copy");
    let lines = step.replace("/usr/lib/systemd/system-sleep/chrony-makestep", &hook.display().to_string());
    // As it is shown, every line is indented.
    let lines = lines.lines().map(|line| format!("            {line}")).collect::<Vec<_>>().join("\n");
    let written = Command::new("sh").args(["-c", &lines]).status().expect("sh");
    assert!(written.success() && hook.exists(), "{lines}");
    for name in ["chronyc", "sleep"] {
        program(&folder.path().join(name), "#!/bin/sh\necho \"${0##*/} $*\" >>\"${0%/*}/asked\"\n");
    }
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    for when in ["pre", "post"] {
        let ended = Command::new(&hook).args([when, "suspend"]).env("PATH", &path).status().expect("the hook");
        assert!(ended.success(), "{when}");
    }
    let asked = fs::read_to_string(folder.path().join("asked")).expect("chronyc was asked");
    assert_eq!(asked, "chronyc burst 4/4\nsleep 10\nchronyc makestep\n");
}

#[test]
fn two_causes_of_one_code_are_both_explained() {
    let home = tempfile::tempdir().expect("a folder");
    let explained = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(["explain", "ssh903"])
        .env("HOME", home.path())
        .env_remove("XDG_STATE_HOME")
        .output()
        .expect("a command that ends");
    let text = String::from_utf8(explained.stdout).expect("text");
    for words in
        ["SSH903  the host key changed", "SSH903  the host key is revoked", "Leave the `@revoked` line where it is"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

//! The rules of `docs/architecture.md` as a function of a file's path and text.

use crate::names::Names;

/// Rooms that decide: values in, values out.
const PURE: [&str; 10] =
    ["clock", "inventory", "openssh", "probe", "timekeeper", "tokens", "tickets", "audit", "fix", "report"];
/// Every room, and which others it may name. What is not here is no room of the house.
const KNOWS: [(&str, &[&str]); 20] = [
    ("clock", &[]),
    ("inventory", &[]),
    ("openssh", &[]),
    ("probe", &["clock"]),
    ("timekeeper", &["clock"]),
    ("tokens", &["clock"]),
    ("tickets", &["clock", "inventory"]),
    ("audit", &["clock", "timekeeper", "probe", "tokens"]),
    ("fix", &["clock", "audit", "timekeeper", "probe", "inventory"]),
    ("report", &["clock", "inventory", "openssh", "probe", "timekeeper", "tokens", "tickets", "audit", "fix"]),
    ("ssh", &PURE),
    ("network", &PURE),
    ("files", &PURE),
    ("terminal", &PURE),
    ("demo", &PURE),
    ("cli", &PURE),
    (
        "commands",
        &[
            "clock",
            "inventory",
            "openssh",
            "probe",
            "timekeeper",
            "tokens",
            "tickets",
            "audit",
            "fix",
            "report",
            "ssh",
            "network",
            "files",
            "terminal",
            "demo",
            "cli",
        ],
    ),
    ("bounded", &[]),
    ("lib", &[]),
    ("main", &["cli", "commands"]),
];
/// The edge that all others know.
const READER: &str = "bounded";
/// Paths that only an edge may name: I/O, async, clocks. A run of segments anywhere in a path counts.
const FORBIDDEN: [&[&str]; 25] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "io"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time"],
    &["std", "os"],
    &["std", "*"],
    &["std", "as"],
    &["tokio"],
    &["futures"],
    &["russh"],
    &["nix"],
    &["tempfile"],
    &["indicatif"],
    &["anstream"],
    &["async"],
    &["await"],
    &["Instant", "now"],
    &["SystemTime"],
    &["Utc", "now"],
    &["Utc", "as"],
    &["Local", "now"],
    &["Local", "as"],
];
/// What reads a clock.
const CLOCKS: [&[&str]; 8] = [
    &["clock_gettime"],
    &["Instant", "now"],
    &["Instant", "as"],
    &["SystemTime", "now"],
    &["SystemTime", "as"],
    &["Utc", "now"],
    &["Local", "now"],
    &["getrusage"],
];
/// The files that read one, each with what for.
const READS_A_CLOCK: [(&str, &str); 10] = [
    ("files/time_left.rs", "the end of a run"),
    ("files/ssh_config/outside.rs", "time limits"),
    ("ssh/scan_clock.rs", "the stamps"),
    ("ssh/opener.rs", "time limits"),
    ("ssh/fleet.rs", "time limits"),
    ("ssh/dial.rs", "time limits"),
    ("ssh/host_key.rs", "time limits"),
    ("demo/clock.rs", "the clocks of simulated hosts"),
    ("commands/plan.rs", "the name of a run"),
    ("network/tracker.rs", "the age of tickets, where a server does not tell the time"),
];
/// The only file that may say `unsafe`.
const BEFORE_MAIN: &str = "terminal/closed.rs";
/// How it is said, and how the lint against it is lifted.
const UNSAFE: [&str; 7] =
    ["unsafe_code", "unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "#[unsafe", "(unsafe)"];
/// Macros that print.
const PRINTING: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

/// What is wrong with a file of `src`; `path` is relative to it, with `/`.
pub(crate) fn broken(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines >= 500 {
        found.push(format!("{lines} lines"));
    }
    if !text.starts_with("//! ") {
        found.push("does not open with what it is for".to_owned());
    }
    let stem = path.trim_end_matches(".rs");
    let module: Vec<&str> = stem.trim_end_matches("/mod").split('/').collect();
    let room = module.first().copied().unwrap_or_default();
    let Some((_, may)) = KNOWS.iter().find(|(name, _)| *name == room) else {
        found.push(format!("the room `{room}` is not in docs/architecture.md"));
        return found;
    };
    // The roots of the two crates are in no module.
    let module = if ["lib", "main"].contains(&room) { &[] } else { module.as_slice() };
    // The lint of the compiler could be lifted for a line; this one line runs before `main`.
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    if path != BEFORE_MAIN && text.lines().filter(is_code).any(|line| UNSAFE.iter().any(|form| line.contains(form))) {
        found.push("names what is unsafe".to_owned());
    }
    let Some(names) = Names::of(module, text) else {
        found.push("is no Rust".to_owned());
        return found;
    };
    let whole_path = path;
    for path in &names.paths {
        found.extend(named_too_far(path, room, may));
    }
    if PURE.contains(&room) {
        found.extend(
            names.paths.iter().filter(|path| has_one_of(path, &FORBIDDEN)).map(|path| format!("`{}`", path.join("::"))),
        );
        let prints = names.macros.iter().filter(|name| PRINTING.contains(&name.as_str()));
        found.extend(prints.map(|name| format!("`{name}!`")));
    } else {
        found.extend(clock_read(whole_path, &names));
    }
    found
}

/// What a path names that its room may not.
fn named_too_far(path: &[String], room: &str, may: &[&str]) -> Option<String> {
    let (start, other) = (path.first()?, path.get(1)?);
    // The library calls itself `crate`; the program knows it by name.
    if !["crate", "clockaudit"].contains(&start.as_str()) {
        return None;
    }
    let is_all = ["*", "as"].contains(&other.as_str());
    let is_room = KNOWS.iter().any(|(name, _)| name == other);
    // Every edge reads by the one reader.
    let is_reader = other == READER && !PURE.contains(&room);
    let is_too_far = is_all || (is_room && other != room && !is_reader && !may.contains(&other.as_str()));
    is_too_far.then(|| format!("names `{}`", path.join("::")))
}

/// What is wrong with how an edge reads clocks: one that may not, or one that may and does not.
fn clock_read(path: &str, names: &Names) -> Option<String> {
    let read = names.paths.iter().find(|path| has_one_of(path, &CLOCKS));
    let may = READS_A_CLOCK.iter().find(|(file, _)| *file == path);
    match (read, may) {
        (Some(read), None) => Some(format!("reads a clock: `{}`", read.join("::"))),
        (None, Some((_, why))) => Some(format!("reads no clock for {why}")),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn has_one_of(path: &[String], runs: &[&[&str]]) -> bool {
    runs.iter().any(|words| path.windows(words.len()).any(|run| run.iter().zip(*words).all(|(one, word)| one == word)))
}

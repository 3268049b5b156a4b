//! The rules of the house, as tests: pure rooms stay pure, files stay small and say what they are for.
#![expect(clippy::expect_used, reason = "a test ends where its preparations fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that decide: values in, values out.
const PURE: [&str; 7] = ["clock", "inventory", "openssh", "probe", "timekeeper", "audit", "report"];
/// Rooms that perform.
const EDGES: [&str; 5] = ["ssh", "files", "terminal", "demo", "commands"];
/// Which rooms a room may name; edges and `commands` may name every pure room.
const KNOWS: [(&str, &[&str]); 7] = [
    ("clock", &[]),
    ("inventory", &[]),
    ("openssh", &[]),
    ("probe", &["clock"]),
    ("timekeeper", &["clock"]),
    ("audit", &["clock", "timekeeper", "probe"]),
    ("report", &["clock", "inventory", "openssh", "probe", "timekeeper", "audit"]),
];
/// Words that only an edge may use: I/O, async, clocks, printing.
const FORBIDDEN: [&str; 22] = [
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::time",
    "tokio",
    "futures",
    "russh",
    "nix::",
    "async ",
    ".await",
    "Instant::now",
    "SystemTime",
    "Utc::now",
    "Local::now",
    "println!",
    "eprintln!",
    "print!",
    "tempfile",
    "indicatif",
];

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

fn room_of(path: &Path, source: &Path) -> String {
    let inside = path.strip_prefix(source).expect("a path below src");
    let first = inside.components().next().expect("a component").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file: line comments and everything from the unit tests on left out.
fn code_of(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_file_is_small_and_says_what_it_is_for() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files(&source);
    assert!(files.len() > 20, "found only {} files", files.len());
    let mut broken = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("readable");
        let lines = text.lines().count();
        if lines >= 500 {
            broken.push(format!("{}: {lines} lines", path.display()));
        }
        if !text.starts_with("//! ") {
            broken.push(format!("{}: does not open with what it is for", path.display()));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_room_is_known_here() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in source_files(&source) {
        let room = room_of(&path, &source);
        let known = PURE.contains(&room.as_str())
            || EDGES.contains(&room.as_str())
            || ["lib", "main", "cli"].contains(&room.as_str());
        assert!(known, "{}: the room `{room}` is not in docs/architecture.md", path.display());
    }
}

#[test]
fn pure_rooms_do_nothing_but_decide() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    let mut seen = 0;
    for path in source_files(&source) {
        if !PURE.contains(&room_of(&path, &source).as_str()) {
            continue;
        }
        seen += 1;
        let code = code_of(&fs::read_to_string(&path).expect("readable"));
        for (number, line) in code.lines().enumerate() {
            for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
                broken.push(format!("{}: `{word}` near line {}", path.display(), number + 1));
            }
        }
    }
    assert!(seen > 10, "found only {seen} pure files");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn rooms_know_only_whom_they_may_know() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for path in source_files(&source) {
        let room = room_of(&path, &source);
        let code = code_of(&fs::read_to_string(&path).expect("readable"));
        let may: Vec<&str> = match KNOWS.iter().find(|(name, _)| *name == room) {
            Some((_, known)) => known.to_vec(),
            None if room == "commands" || room == "main" => continue,
            None if EDGES.contains(&room.as_str()) => PURE.to_vec(),
            None => continue,
        };
        for other in PURE.iter().chain(EDGES.iter()).filter(|other| **other != room && !may.contains(*other)) {
            let named = format!("crate::{other}");
            let named_in_a_list = code.lines().any(|line| {
                line.find(&named).is_some_and(|start| {
                    let rest = line.get(start + named.len()..).unwrap_or_default();
                    !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
                })
            });
            if named_in_a_list {
                broken.push(format!("{}: names `{named}`", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

//! A capture as the facts that the facts script would have sent for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clockaudit::probe::Facts;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/timekeepers")
}

/// Every file of the folder but the tables of what is expected.
pub(crate) fn captures() -> BTreeMap<String, String> {
    let entries =
        fs::read_dir(folder()).expect("a readable folder").map(|entry| entry.expect("a readable entry").path());
    let captured = entries.filter(|path| {
        path.extension().is_some_and(|extension| ["txt", "conf", "log"].iter().any(|known| extension == *known))
    });
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    captured.map(|path| (name(&path), fs::read_to_string(&path).expect("text"))).collect()
}

/// The facts of these captures, which together make one answer.
pub(crate) fn facts_of(names: &[&str], captures: &BTreeMap<String, String>) -> Facts {
    let mut facts = Vec::new();
    for name in names {
        let (name, only) = name.split_once('@').map_or((*name, None), |(name, only)| (name, Some(only)));
        add_facts(name, &lines_of(&captures[name], only), &mut facts);
    }
    Facts(facts)
}

/// The lines that were printed, without the command, the marks of the stream and the exit status; of a series the last answer.
fn lines_of(capture: &str, only: Option<&str>) -> Vec<String> {
    let last = capture.rfind("--- t=").map_or(capture, |start| &capture[start..]);
    let lines = last.lines().filter_map(|line| match only {
        Some(only) => line.strip_prefix(only)?.strip_prefix(": "),
        None => Some(line),
    });
    let unmarked = |line: &str| {
        line.strip_prefix("[stdout] ").or_else(|| line.strip_prefix("[stderr] ")).unwrap_or(line).to_owned()
    };
    lines.filter(|line| !line.starts_with("$ ") && !line.starts_with("--- t=")).map(unmarked).collect()
}

fn add_facts(name: &str, lines: &[String], facts: &mut Vec<(String, String)>) {
    let (status, lines): (Vec<&String>, Vec<&String>) = lines.iter().partition(|line| line.starts_with("[rc="));
    let status = status.first().map(|line| line.trim_start_matches("[rc=").split([' ', ']']).next().expect("a status"));
    let mut fact = |key: &str, value: &str| facts.push((key.to_owned(), value.to_owned()));
    let mut all = |key: &str| {
        for line in &lines {
            fact(key, line);
        }
        if let Some(status) = status {
            fact(&format!("{}.rc", key.trim_end_matches(".text")), status);
        }
    };
    let extension = name.rsplit('.').next().expect("an extension");
    match name.split('-').next().expect("a program") {
        "probe1" => lines.iter().filter_map(|line| line.split_once('=')).for_each(|(key, value)| fact(key, value)),
        "chrony" if extension == "conf" => lines.iter().for_each(|line| fact("chrony.conf", line)),
        "chrony" => {
            for line in &lines {
                match line.as_str() {
                    line if [4, 7, 9, 13].contains(&line.matches(',').count()) => fact("chrony.csv", line),
                    line if line.contains(" : ")
                        || line.starts_with(['^', '=', '#', 'M'])
                        || line.contains(" sources ") =>
                    {
                        fact("chrony.text", line);
                    }
                    line => fact("chrony.error", line),
                }
            }
            if let Some(status) = status {
                fact("chrony.rc", status);
            }
        }
        "ntpsec" => all("ntpq"),
        "openntpd" => all("ntpctl"),
        "timesyncd" if name.ends_with("-busctl.txt") => all("timesyncd"),
        "timesyncd" | "timedatectl" => all("timesyncd.text"),
        "systemctl" => lines
            .split(|line| line.is_empty())
            .map(|unit| unit.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(" "))
            .filter(|unit| !unit.contains("LoadState=not-found"))
            .for_each(|unit| fact("unit", &unit)),
        "adjtimex" | "busybox" | "ntptime" => kernel(&lines, &mut fact),
        other => panic!("{other} is no program whose answers are judged"),
    }
}

/// As the script reads it: word by word, each behind the one that names it.
fn kernel(lines: &[&String], fact: &mut impl FnMut(&str, &str)) {
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split_ascii_whitespace()).collect();
    for three in words.windows(3) {
        match three {
            [_, "status:" | "status", value] => fact("kernel.status", value),
            [_, "maxerror:", value] | ["maximum", "error", value] => fact("kernel.maxerror", value),
            [_, "esterror:", value] | ["estimated", "error", value] => fact("kernel.esterror", value),
            _ => {}
        }
    }
}

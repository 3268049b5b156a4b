//! The sample reports in `examples/reports`: what this program makes of a fleet of twelve and of a fix, in every form.

use std::path::Path;
use std::process::Command;

use clockaudit::report::json;

use super::html::{dozen, stored_fix};

/// The forms that a file's suffix asks for.
const SUFFIXES: [&str; 8] = ["json", "jsonl", "csv", "txt", "md", "html", "xml", "prom"];

#[test]
fn the_samples_are_what_this_program_writes() {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("samples");
    std::fs::create_dir_all(&made).unwrap();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports");
    let mut stale = Vec::new();
    for (name, report) in [("scan", dozen()), ("fix", stored_fix())] {
        let source = made.join(format!("{name}.source.json"));
        std::fs::write(&source, json::write(&report).unwrap()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        command.arg("report").arg(&source);
        for suffix in SUFFIXES {
            command.arg("--export").arg(made.join(format!("{name}.{suffix}")));
        }
        let output = command.env_remove("NO_COLOR").output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        for suffix in SUFFIXES {
            let file = format!("{name}.{suffix}");
            let text = std::fs::read(made.join(&file)).unwrap();
            assert!(!text.is_empty(), "{file}");
            if std::fs::read(stored.join(&file)).ok() != Some(text) {
                stale.push(file);
            }
        }
        std::fs::remove_file(source).unwrap();
    }
    assert!(stale.is_empty(), "not current in examples/reports: {stale:?}; look at {} and copy them", made.display());
}

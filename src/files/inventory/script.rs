//! Inventory scripts: `--list` for all of it, `--host NAME` for each host that it does not describe.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::program::{self, Output};
use super::{Loading, sha256};
use crate::inventory::diagnostics::{Diagnostic, Severity};
use crate::inventory::documents::{self, Printer};
use crate::inventory::model::{HostId, Origin, Source as SourceRecord};
use crate::inventory::yaml::{self, Setting};

/// Scripts that are asked for single hosts at the same time.
const WORKERS: usize = 8;

/// Whether a file is a program by its first bytes: a script with `#!`, or machine code of Linux or macOS. A text that
/// only has the execute bit is none.
pub(super) fn is_program(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] =
        [b"#!", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf"];
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// What a script tells of one host.
struct Told {
    variables: Vec<Setting>,
    /// What there is to say about it.
    said: Vec<Diagnostic>,
    sha256: String,
}

/// What is told of a host, or why nothing is.
type Answer = Result<Told, Box<Diagnostic>>;

impl Loading<'_> {
    /// Runs a script and reads what it prints; tells whether all of it was understood.
    pub(super) fn script(&mut self, name: &Arc<str>, path: &Path) -> bool {
        let output =
            match program::run(path.as_os_str(), &["--list"], &[], self.settings.limits.script_list, self.settings) {
                Ok(output) => output,
                Err(unprinted) => {
                    let reason = unprinted.reason();
                    self.diagnostics.push(super::reader::lost(format!("{reason} (run with --list)")).in_file(name));
                    return false;
                }
            };
        let named: Arc<str> = Arc::from(format!("{name} --list"));
        let record = SourceRecord {
            name: Arc::clone(&named),
            file: Some(path.to_string_lossy().into_owned()),
            folder: path.parent().map(|folder| folder.to_string_lossy().into_owned()),
            sha256: sha256(&output.bytes),
        };
        let Some(unknown) = self.printed(record, &output, Printer::Script) else { return false };
        self.ask_hosts(name, path, &unknown)
    }

    /// Reads what a program printed; `None` = it was not understood to the end, else the hosts it does not describe.
    pub(super) fn printed(&mut self, record: SourceRecord, output: &Output, printer: Printer) -> Option<Vec<HostId>> {
        let name = Arc::clone(&record.name);
        if !output.said.is_empty() {
            self.diagnostics.push(Diagnostic::note(format!("says: {}", output.said)).in_file(&name));
        }
        let id = self.draft.add_source(record);
        let document = match yaml::read_json(&output.bytes) {
            Ok(document) => document,
            Err(error) => {
                self.diagnostics.push(error.in_file(&name).with_missing("its hosts and variables are missing"));
                return None;
            }
        };
        let read = documents::read_printed(&mut self.draft, id, &document, printer, &mut self.budget);
        let is_broken = read.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        self.diagnostics.extend(read.diagnostics);
        (!is_broken).then_some(read.unknown)
    }

    /// Asks for the variables of each host, some at the same time; what is said counts in the order of the hosts.
    fn ask_hosts(&mut self, name: &Arc<str>, path: &Path, hosts: &[HostId]) -> bool {
        let names: Vec<String> = hosts.iter().map(|host| self.draft.host_name(*host).to_owned()).collect();
        let (mut told, mut failed) = (Vec::new(), None);
        for (ids, names) in hosts.chunks(WORKERS).zip(names.chunks(WORKERS)) {
            let answers = side_by_side(
                names,
                |host| self.ask(name, path, host),
                |host| {
                    // A defect of the program, which has told itself.
                    Err(Box::new(without(name, host, Diagnostic::error("could not be asked"))))
                },
            );
            for (host, answer) in ids.iter().zip(answers) {
                match answer {
                    Ok(mut answer) if failed.is_none() => {
                        self.diagnostics.append(&mut answer.said);
                        told.push((*host, answer));
                    }
                    Err(diagnostic) if failed.is_none() => failed = Some(diagnostic),
                    Ok(_) | Err(_) => {}
                }
            }
            if failed.is_some() {
                break;
            }
        }
        self.take_in(name, path, told);
        let is_whole = failed.is_none();
        self.diagnostics.extend(failed.map(|diagnostic| *diagnostic));
        is_whole
    }

    /// Sets what a script told of single hosts; all of its answers are one source.
    fn take_in(&mut self, name: &str, path: &Path, told: Vec<(HostId, Told)>) {
        if told.iter().all(|(_, told)| told.variables.is_empty()) {
            return;
        }
        let prints: Vec<&str> = told.iter().map(|(_, told)| told.sha256.as_str()).collect();
        let source = self.draft.add_source(SourceRecord {
            name: Arc::from(format!("{name} --host")),
            file: Some(path.to_string_lossy().into_owned()),
            folder: path.parent().map(|folder| folder.to_string_lossy().into_owned()),
            sha256: sha256(prints.join("\n").as_bytes()),
        });
        for (host, told) in told {
            for Setting { name, value, place } in told.variables {
                let origin = Origin { source, line: place.line, column: place.column };
                self.draft.set_host_variable(host, &name, value, Some(origin));
            }
        }
    }

    fn ask(&self, name: &str, path: &Path, host: &str) -> Answer {
        let unread = |error: Box<Diagnostic>| Box::new(without(name, host, *error));
        let limit = self.settings.limits.script_host;
        let output = program::run(path.as_os_str(), &["--host", host], &[], limit, self.settings)
            .map_err(|unprinted| unread(Box::new(Diagnostic::error(unprinted.reason()))))?;
        let sha256 = sha256(&output.bytes);
        if output.bytes.trim_ascii().is_empty() {
            return Ok(Told { variables: Vec::new(), said: Vec::new(), sha256 });
        }
        let document = yaml::read_json(&output.bytes).map_err(unread)?;
        let variables = documents::host_variables(&document).map_err(unread)?;
        let answer = Arc::from(format!("{name} --host {host}"));
        let said = document.warnings.into_iter().map(|warning| warning.in_file(&answer)).collect();
        Ok(Told { variables, said, sha256 })
    }
}

/// Why a host has no variables, and those after it neither.
fn without(name: &str, host: &str, why: Diagnostic) -> Diagnostic {
    let missing = "the variables of this host and of those after it are missing";
    why.in_file(&Arc::from(format!("{name} --host {host}"))).with_missing(missing)
}

/// Asks for each name in a thread of its own; the answers are in the order of the names. `lost` is the answer of a thread that
/// ended without one.
fn side_by_side<A: Send>(names: &[String], ask: impl Fn(&str) -> A + Sync, lost: impl Fn(&str) -> A) -> Vec<A> {
    let ask = &ask;
    thread::scope(|scope| {
        let asked: Vec<_> = names.iter().map(|name| scope.spawn(move || ask(name))).collect();
        names.iter().zip(asked).map(|(name, asked)| asked.join().unwrap_or_else(|_| lost(name))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_lost_is_nobody_elses() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let ask = |name: &str| if name == "b" { panic!("lost on purpose") } else { format!("of {name}") };
        assert_eq!(side_by_side(&names, ask, |name| format!("none of {name}")), ["of a", "none of b", "of c"]);
    }
}

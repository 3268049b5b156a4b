//! The INI reader: one file's text into the draft, line by line, with a diagnostic for what it cannot read.

mod header;
mod host_line;

use std::sync::Arc;

use indexmap::IndexMap;

use self::header::{Header, Kind};
use super::diagnostics::{Diagnostic, Severity, Span};
use super::excerpts::{Section, brief};
use super::group_names::UnusualNames;
use super::lines::{self, Line};
use super::literals;
use super::model::{Draft, GroupId, GroupVariable, Origin, SourceId};
use super::ranges::Budget;
use super::value::Value;

/// Bytes that one line may have: its words take many times that while it is read.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What went wrong with a line: it ends the reading of its file.
#[derive(Debug)]
struct Fault {
    span: Span,
    message: String,
    hint: Option<String>,
}

impl Fault {
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Reads a text into the draft. The first line that cannot be read ends it, and what was read before stays, as with
/// Ansible; the diagnostic then says what is missing.
pub fn read(draft: &mut Draft, source: SourceId, text: &str, budget: &mut Budget) -> Vec<Diagnostic> {
    let file = draft.source(source).map(|source| Arc::clone(&source.name)).unwrap_or_default();
    let mut reader = Reader {
        draft,
        source,
        budget,
        file,
        group: GroupId::UNGROUPED,
        kind: Kind::Hosts,
        pending: IndexMap::new(),
        unusual: UnusualNames::default(),
        diagnostics: Vec::new(),
    };
    let outcome =
        lines::split(text).filter(|line| !line.text.starts_with(['#', ';'])).try_for_each(|line| reader.line(&line));
    match outcome {
        Err(fault) => reader.report(fault, "everything from this line on is missing"),
        Ok(()) => reader.report_undeclared(),
    }
    let names = reader.draft.group_names();
    if let Some(note) = std::mem::take(&mut reader.unusual).told(names) {
        reader.say(note);
    }
    reader.diagnostics
}

/// A group that was used before it was declared.
struct Pending {
    span: Span,
    /// The groups it is to be below; `None` = it was seen through `:vars`.
    parents: Option<Vec<GroupId>>,
}

struct Reader<'a> {
    draft: &'a mut Draft,
    source: SourceId,
    budget: &'a mut Budget,
    file: Arc<str>,
    group: GroupId,
    kind: Kind,
    /// By name; `None` once the group was declared, for to take an entry out costs as much as there are behind it.
    pending: IndexMap<String, Option<Pending>>,
    unusual: UnusualNames,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        self.draft.count(1);
        let section = if self.kind == Kind::Hosts { Section::Hosts } else { Section::Settings };
        let line = &Line { section, ..*line };
        if line.whole.len() > MAX_LINE_BYTES {
            let message = format!("a line may have {MAX_LINE_BYTES} bytes, this one has {}", line.whole.len());
            return Err(Fault::new(line.span(0, 1), message).with_hint("Break it up: one host or one variable a line"));
        }
        if line.text.starts_with('[') {
            match header::parse(line)? {
                Some(header) => return self.header(line, &header),
                // `[2001:db8::1]:22` and the like are host lines.
                None if line.text.ends_with(']') => {
                    return Err(Fault::new(line.full_span(), format!("`{}` is no section header", brief(line.text)))
                        .with_hint("A header is [group], [group:children] or [group:vars], without blanks"));
                }
                // Without its end it is no host either: a range is never closed.
                None if !line.text.contains(']') && (self.kind != Kind::Vars || !line.text.contains('=')) => {
                    return Err(Fault::new(line.full_span(), "a section header ends with `]`, and this line has none")
                        .with_hint("A header is [group], [group:children] or [group:vars], without blanks"));
                }
                None => {}
            }
        }
        match self.kind {
            Kind::Hosts => self.host_line(line),
            Kind::Vars => self.variable_line(line),
            Kind::Children => self.child_line(line),
        }
    }

    fn header(&mut self, line: &Line<'_>, header: &Header<'_>) -> Result<(), Fault> {
        let written = header.group;
        let name = &*self.draft.group_names().known(written);
        let is_new = self.draft.group_named(name).is_none();
        if is_new {
            self.unusual.check(written, || line.span(1, written.chars().count()));
        }
        self.group = self.draft.ensure_group(name);
        self.kind = header.kind;
        if header.kind == Kind::Vars {
            if is_new && !self.pending.contains_key(name) {
                self.pending.insert(name.to_owned(), Some(Pending { span: line.full_span(), parents: None }));
            }
            return Ok(());
        }
        let Some(pending) = self.pending.get_mut(name).and_then(Option::take) else { return Ok(()) };
        for parent in pending.parents.unwrap_or_default() {
            self.add_child(parent, self.group, line)?;
        }
        Ok(())
    }

    fn child_line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let name = header::group_name(line.text).ok_or_else(|| {
            Fault::new(line.full_span(), format!("expected the name of a group, got `{}`", brief(line.text)))
                .with_hint("A :children section lists one group a line, without variables")
        })?;
        if let Some(child) = self.draft.group_named(name) {
            return self.add_child(self.group, child, line);
        }
        let group = self.group;
        let span = line.span(0, name.chars().count());
        let pending = self.pending.entry(name.to_owned()).or_default();
        let pending = pending.get_or_insert(Pending { span, parents: None });
        pending.parents.get_or_insert_default().push(group);
        Ok(())
    }

    fn add_child(&mut self, parent: GroupId, child: GroupId, line: &Line<'_>) -> Result<(), Fault> {
        self.draft.add_child(parent, child).map_err(|cycle| Fault::new(line.full_span(), cycle.to_string()))
    }

    fn variable_line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let (key, raw) = line.text.split_once('=').ok_or_else(|| {
            Fault::new(line.full_span(), format!("expected key=value, got \"{}\"", brief(line.text)))
                .with_hint("A :vars section holds one key=value a line")
        })?;
        let (key, text) = (key.trim_end_matches(lines::is_space), raw.trim_start_matches(lines::is_space));
        let start = line.text.chars().count() - text.chars().count();
        let value = typed(text, || line.span(start, text.chars().count()))?;
        let origin = self.origin(line, 0);
        if self.draft.set_group_variable(self.group, key, value, Some(origin)) == GroupVariable::BadPriority {
            self.say(
                Diagnostic::warning("ansible_group_priority is an integer, this is none")
                    .at(line.full_span())
                    .with_hint("The group keeps its priority"),
            );
        }
        Ok(())
    }

    fn origin(&self, line: &Line<'_>, start: usize) -> Origin {
        Origin { source: self.source, line: line.number, column: line.column + start }
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic.in_file(&self.file));
    }

    fn report(&mut self, fault: Fault, missing: &str) {
        let mut diagnostic = Diagnostic::new(Severity::Error, fault.message).at(fault.span).with_missing(missing);
        diagnostic.hint = fault.hint;
        self.say(diagnostic);
    }

    /// Groups that were used and never declared make the file as a whole wrong.
    fn report_undeclared(&mut self) {
        for (name, pending) in std::mem::take(&mut self.pending) {
            let Some(pending) = pending else { continue };
            let (message, hint) = match pending.parents {
                None => (
                    format!("[{}:vars] is for a group that is nowhere declared", brief(&name)),
                    format!("Declare it with [{}], even without hosts", brief(&name)),
                ),
                Some(_) => (
                    format!("`{}` is listed below a group but nowhere declared", brief(&name)),
                    // As with Ansible, only headers are made valid.
                    match self.draft.group_names().known(&name) {
                        known if known != name && self.draft.group_named(&known).is_some() => {
                            format!("List it as `{known}`: force_valid_group_names has changed its name")
                        }
                        _ => format!("Declare it with [{}], or list it as a host", brief(&name)),
                    },
                ),
            };
            let fault = Fault::new(pending.span, message).with_hint(hint);
            self.report(fault, "what this group was meant to hold is missing");
        }
    }
}

/// The typed value of a text.
fn typed(text: &str, span: impl FnOnce() -> Span) -> Result<Value, Fault> {
    literals::value(text).map_err(|unhashable| {
        Fault::new(span(), unhashable.to_string()).with_hint("Quote the value: \"{{ ... }}\" is text")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::Source;

    fn read_text(text: &str) -> Vec<Diagnostic> {
        let mut draft = Draft::new();
        let record = Source { name: "x.ini".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        read(&mut draft, source, text, &mut Budget::new(100))
    }

    #[test]
    fn a_diagnostic_points_at_what_is_wrong() {
        let check = |text: &str, place: (usize, usize, usize), message: &str| {
            let said = read_text(text);
            let [diagnostic] = said.as_slice() else { panic!("{text:?}: {said:?}") };
            let span = diagnostic.span.clone().expect("a place");
            assert_eq!(
                ((span.line, span.column, span.length), diagnostic.message.as_str()),
                (place, message),
                "{text:?}"
            );
        };
        check("[a]\n  h1 broken y", (2, 6, 6), "expected key=value, got \"broken\"");
        check("h1 x=1 y z", (1, 8, 1), "expected key=value, got a word that may belong to the value of x");
        check(
            "h1 ansible_pasword=my secret",
            (1, 23, 6),
            "expected key=value, got a word that may belong to the value of ansible_pasword",
        );
        check("h1 'a b=c' d", (1, 12, 1), "expected key=value, got a word that may belong to a value");
        check("[a:varz]", (1, 4, 4), "`varz` is no kind of section");
        check("[a b]", (1, 1, 5), "`[a b]` is no section header");
        let unclosed = "a section header ends with `]`, and this line has none";
        check("[web\nh1", (1, 1, 4), unclosed);
        check("[a:children]\n[web:vars", (2, 1, 9), unclosed);
        check("[a:vars]\n[web", (2, 1, 4), unclosed);
        check("[a:vars]\nx", (2, 1, 1), "expected key=value, got \"x\"");
        check("[a:vars]\napi_token: x y", (2, 1, 14), "expected key=value, got \"api_token ...\"");
        check("[a:vars]\napi_token x y", (2, 1, 13), "expected key=value, got \"api_token ...\"");
        check("[a:children]\napi_token x", (2, 1, 11), "expected the name of a group, got `api_token ...`");
        check("[a:children]\napi_token=x", (2, 1, 11), "`api_token ...` is listed below a group but nowhere declared");
        check("[a api_token=x]", (1, 1, 15), "`[a ...` is no section header");
        check("[a:children]\npasword=x", (2, 1, 9), "`pasword ...` is listed below a group but nowhere declared");
        check("h1 'api_token x'", (1, 4, 13), "expected key=value, got \"api_token ...\"");
        check(
            "[a]\n[a:vars]\nx = {{ 1 }}",
            (3, 5, 7),
            "a list, set or mapping inside braces cannot be a key or a member of a set",
        );
        check("[a]\nh[1:c]", (2, 1, 6), "a range goes from number to number or from letter to letter, got `[1:c]`");
        check("h1:", (1, 1, 3), "`h1:` ends in a colon but names no port");
        check("h1 x='a", (1, 1, 7), "no closing quotation mark");
        check("h1 x=a#b c=d", (1, 7, 6), "what follows # after x is a comment");
        check("[a:children]\nb", (2, 1, 1), "`b` is listed below a group but nowhere declared");
        check("[a:vars]\nx=1", (1, 1, 8), "[a:vars] is for a group that is nowhere declared");
        check("[a:children]\na", (2, 1, 1), "`a` below `a` would make a circle of groups");
        check("[a-b]\n[c-d]\n[e]", (1, 2, 3), "`a-b` and 1 more are unusual names for groups");
        check(
            "h1:22\nh1:23",
            (2, 1, 5),
            "h1 is named twice, with port 22 and with port 23; one host remains, with port 22",
        );
        check(
            "h1\nh1:23",
            (2, 1, 5),
            "h1 is named twice, without a port and with port 23; one host remains, without a port",
        );
        check(
            "h[1:9]:22\nh[1:9]:23",
            (2, 1, 9),
            "h1 is named twice, with port 22 and with port 23; one host remains, with port 22",
        );
        check(
            "[a:vars]\nansible_group_priority=x\n[a]",
            (2, 1, 24),
            "ansible_group_priority is an integer, this is none",
        );
    }

    #[test]
    fn a_host_that_is_listed_again_with_its_port_is_no_news() {
        for text in
            ["h1:22\nh1:22", "h1:22\nh1", "h1 ansible_port=22\nh1:22", "h1:22\nh1:23 ansible_port=24", "h1:0\nh1"]
        {
            assert_eq!(read_text(text), [], "{text:?}");
        }
    }

    #[test]
    fn a_line_that_would_cost_too_much_is_refused_where_it_begins_to() {
        let check = |text: &str, expected: Option<(usize, usize, &str)>| {
            let said = read_text(text);
            let found = said.first().map(|one| {
                let span = one.span.as_ref().expect("a place");
                (span.line, span.column, one.message.as_str())
            });
            assert_eq!(found, expected);
        };
        let variables = |count: usize| format!("[a]\nh1{}", " v=1".repeat(count));
        check(&variables(10_000), None);
        // 2 characters of the name, 10,000 variables of 4, a blank.
        let message = "a line may set 10000 variables, this one sets 10001";
        check(&variables(10_001), Some((2, 40_004, message)));
        check(&format!("h1 v={}", "x".repeat((1 << 20) - 5)), None);
        let long = format!("h0\n  h1 v={}", "x".repeat((1 << 20) - 6));
        check(&long, Some((2, 3, "a line may have 1048576 bytes, this one has 1048577")));
    }

    #[test]
    fn what_stands_before_an_error_stays() {
        let mut draft = Draft::new();
        let record = Source { name: "x.ini".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        let said = read(&mut draft, source, "[a]\nh1\nh2 broken\nh3\n", &mut Budget::new(100));
        assert_eq!(said.iter().filter(|diagnostic| diagnostic.missing.is_some()).count(), 1);
        assert!(draft.host_named("h1").is_some());
        assert!(draft.host_named("h2").is_none());
        assert!(draft.host_named("h3").is_none());
    }
}

//! A line of hosts: a name or a range of names, a port, variables.

use super::{Fault, Line, Reader, typed};
use crate::inventory::addresses;
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::excerpts;
use crate::inventory::host_list;
use crate::inventory::model::{HostId, Origin, TooManyHosts};
use crate::inventory::ranges;
use crate::inventory::shell_words::{self, Word, Words};
use crate::inventory::value::Value;

/// About how many bytes a variable takes besides its text.
const VARIABLE_BYTES: usize = 128;
/// Variables that one line may set: far beyond what people write, and a bound on what one line costs (a kilobyte each).
const MAX_VARIABLES: usize = 10_000;
/// Variables of a port.
const PORT_VARIABLES: [&str; 2] = ["ansible_port", "ansible_ssh_port"];

impl Reader<'_> {
    pub(super) fn host_line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let Words { words, cut } = shell_words::split(line.text).map_err(|error| {
            Fault::new(line.full_span(), error.to_string())
                .with_hint("Quote the whole value, or put a backslash before the quote")
        })?;
        let Some((pattern, assignments)) = words.split_first() else { return Ok(()) };
        if let Some(beyond) = assignments.get(MAX_VARIABLES) {
            let message = format!("a line may set {MAX_VARIABLES} variables, this one sets {}", assignments.len());
            return Err(Fault::new(line.span(beyond.start, beyond.length), message)
                .with_hint("Put the variables into a :vars section, one a line"));
        }
        // All of the line is understood before any of it counts.
        let (names, port) = self.host_names(line, pattern)?;
        let mut variables: Vec<(&str, Value, Origin)> = Vec::with_capacity(assignments.len());
        for word in assignments {
            let before = variables.last().map(|(name, ..)| *name);
            let (name, value) = Self::assignment(line, word, before)?;
            variables.push((name, value, self.origin(line, word.start)));
        }
        let cost = assignments.iter().map(|word| word.text.len() + VARIABLE_BYTES).sum();
        if !self.budget.takes(names.len(), cost) {
            let message = format!("{} hosts with all of this line's variables are too much", names.len());
            return Err(Fault::new(line.span(pattern.start, pattern.length), message)
                .with_hint("Put the variables into a :vars section"));
        }
        if let Some(at) = cut {
            self.warn_of_comment(line, at, words.last());
        }
        // Whoever sets the port by name means that one, and of a range one host stands for all.
        let mut is_port_told = variables.iter().any(|(name, ..)| PORT_VARIABLES.contains(name));
        for name in &names {
            let (host, is_new) = self.draft.add_host(name, self.group, self.source).map_err(|full| {
                Fault::new(line.span(pattern.start, pattern.length), full.to_string()).with_hint(TooManyHosts::HINT)
            })?;
            if let Some(port) = port.as_ref().filter(|_| is_new) {
                let origin = self.origin(line, pattern.start);
                self.draft.set_host_variable(host, "ansible_port", Value::Integer(port.clone()), Some(origin));
            } else if let Some(port) = port.as_ref().filter(|_| !is_port_told) {
                is_port_told = self.warn_of_another_port(line, pattern, host, port);
            }
            for (variable, value, origin) in &variables {
                self.draft.set_host_variable(host, variable, value.clone(), Some(*origin));
            }
        }
        Ok(())
    }

    /// A name that was there already keeps the port that it had: two ports are not two hosts. Gives whether there was anything to
    /// tell.
    fn warn_of_another_port(&mut self, line: &Line<'_>, pattern: &Word, host: HostId, port: &str) -> bool {
        let first = self.draft.host_variable(host, "ansible_port").map(ToString::to_string);
        let name = self.draft.host_name(host).to_owned();
        let said = host_list::several(&name, &[first.as_deref(), Some(port)]);
        let is_told = said.is_some();
        if let Some(said) = said {
            self.say(said.at(line.span(pattern.start, pattern.length)));
        }
        is_told
    }

    /// The hosts a pattern names, and their port.
    fn host_names(&mut self, line: &Line<'_>, pattern: &Word) -> Result<(Vec<String>, Option<String>), Fault> {
        let span = || line.span(pattern.start, pattern.length);
        let text = pattern.text.as_str();
        let address = addresses::parse(text);
        let port = address.as_ref().and_then(|address| address.port);
        if text.trim_end().ends_with(':') && port.is_none() {
            return Err(Fault::new(span(), format!("`{text}` ends in a colon but names no port"))
                .with_hint("YAML inventories end in .yml; an INI host line has no colon at its end"));
        }
        if text == "---" || text.is_empty() {
            return Err(Fault::new(span(), format!("`{text}` is no host name"))
                .with_hint("YAML inventories end in .yml or .yaml"));
        }
        let host = address.as_ref().map_or(text, |address| address.host);
        let names = if ranges::has_range(host) {
            let hint = "[1:9], [01:09] and [a:f] are ranges; an IPv6 address in brackets needs a :port";
            ranges::expand(host, self.budget).map_err(|error| Fault::new(span(), error.to_string()).with_hint(hint))?
        } else {
            vec![host.to_owned()]
        };
        Ok((names, port.filter(|port| *port != "0").map(str::to_owned)))
    }

    /// `before` is the name of the variable before it.
    fn assignment<'w>(line: &Line<'_>, word: &'w Word, before: Option<&str>) -> Result<(&'w str, Value), Fault> {
        let (name, text) = word.text.split_once('=').ok_or_else(|| {
            let got = excerpts::unexpected(&word.text, before);
            Fault::new(line.span(word.start, word.length), format!("expected key=value, got {got}"))
                .with_hint("One host a line; a value with blanks needs quotes")
        })?;
        let value = typed(text, || line.span(word.start, word.length))?;
        Ok((name, value))
    }

    /// `ansible_password=s3cr#t` loses its end without a word from Ansible.
    fn warn_of_comment(&mut self, line: &Line<'_>, at: usize, last: Option<&Word>) {
        let name = last.and_then(|word| word.text.split_once('=')).map_or("the name", |(name, _)| name);
        let length = line.text.chars().count() - at;
        let message = format!("what follows # after {name} is a comment");
        let hint = "Quote the value if # belongs to it";
        self.say(Diagnostic::warning(message).at(line.span(at, length)).with_hint(hint));
    }
}

//! What there is to say about an inventory: how grave, where (file, line, columns), what, and what to do about it.

use std::fmt;
use std::sync::Arc;

use super::command_secrets;

/// An expression that is not evaluated.
pub const EXPRESSION: &str = "INV301";
/// What is encrypted, and no password opens it.
pub const CLOSED: &str = "INV302";
/// An inventory plugin that is not known.
pub const PLUGIN: &str = "INV303";
/// What is there twice and cannot both be so.
pub const TWICE: &str = "INV304";
/// An inventory that may lack hosts.
pub const INCOMPLETE: &str = "INV305";

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something to know; nothing is wrong.
    Note,
    /// Read as Ansible reads it, but perhaps not as it was meant.
    Warning,
    /// Not understood.
    Error,
}

impl Severity {
    /// The word in front of the message.
    pub fn label(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A stretch of one line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// Line, from 1, as an editor counts.
    pub line: usize,
    /// First column, from 1, in characters.
    pub column: usize,
    /// Length in characters; 0 = a point.
    pub length: usize,
    /// The whole line, values of secrets replaced.
    pub excerpt: String,
}

/// One thing to say about an inventory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How grave.
    pub severity: Severity,
    /// The code that `explain` has a page of, where it is not that of an incomplete inventory.
    pub code: Option<&'static str>,
    /// File, folder or command line word it is about, as the user named it.
    pub file: Option<Arc<str>>,
    /// Where in the file; boxed, for a diagnostic is the error of many functions.
    pub span: Option<Box<Span>>,
    /// What is, in one line without a final period.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// What is missing from the inventory because of it ("hosts after this line"); `None` = nothing.
    pub missing: Option<String>,
    /// Whether Ansible passes it over with a warning at most, and goes on as if nothing were missing.
    pub is_passed_over: bool,
}

impl Diagnostic {
    /// A diagnostic without place.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: None,
            file: None,
            span: None,
            message: message.into(),
            hint: None,
            missing: None,
            is_passed_over: false,
        }
    }

    /// An error without place.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning without place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// A note without place.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    /// The same, with the code that `explain` has a page of.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The code that `explain` has a page of; none where there is no page.
    pub fn label(&self) -> Option<&'static str> {
        self.code.or(self.missing.as_ref().map(|_| INCOMPLETE))
    }

    /// The same, about a file.
    #[must_use]
    pub fn in_file(mut self, file: &Arc<str>) -> Self {
        self.file = Some(Arc::clone(file));
        self
    }

    /// The same, about a stretch of a line.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(Box::new(span));
        self
    }

    /// The same, with what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with what is missing from the inventory because of it.
    #[must_use]
    pub fn with_missing(mut self, missing: impl Into<String>) -> Self {
        self.missing = Some(missing.into());
        self
    }
}

/// One line: `inv/2.ini line 7: expected key=value, got "broken" (hosts after this line are missing). Fix it ...`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.missing.is_some() {
            f.write_str("inventory incomplete: ")?;
        }
        match (&self.file, &self.span) {
            (Some(file), Some(span)) => write!(f, "{file} line {}: ", span.line)?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, _) => {}
        }
        f.write_str(&self.message)?;
        if let Some(missing) = &self.missing {
            write!(f, " ({missing})")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, ". {hint}")?;
        }
        Ok(())
    }
}

/// Whether any of the diagnostics says that data are missing: such an inventory is incomplete.
pub fn any_missing(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.missing.is_some())
}

/// The same of an inventory that Ansible finds incomplete too.
pub fn any_missing_to_ansible(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.missing.is_some() && !diagnostic.is_passed_over)
}

/// Words that mark a variable as a secret.
const SECRET_WORDS: [&str; 6] = ["pass", "secret", "token", "private_key", "api_key", "credential"];

/// Whether a variable of this name holds a secret (a key *file* is only a path).
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word)) && !name.ends_with("_file")
}

/// What ends a name in a line.
fn ends_name(next: char) -> bool {
    matches!(next, ' ' | '\t' | '"' | '\'' | '{' | ',' | '[')
}

/// Where the value of the line's first secret begins, in bytes: behind the `=` or `:` of its name.
fn secret_at(line: &str) -> Option<usize> {
    line.char_indices().filter(|(_, next)| matches!(next, ':' | '=')).find_map(|(at, _)| {
        let before = line.get(..at)?.trim_end_matches(['"', '\'', ' ', '\t']);
        is_secret(before.rsplit(ends_name).next()?).then_some(at + 1)
    })
}

/// A text with all that is no blank replaced, character by character.
pub(super) fn hidden(text: &str) -> String {
    text.chars().map(|next| if next.is_whitespace() { next } else { '*' }).collect()
}

/// The line with everything behind the name of a secret replaced, so that columns stay where they are: a secret may hold blanks.
pub fn without_secrets(line: &str) -> String {
    match secret_at(line).and_then(|at| line.split_at_checked(at)) {
        Some((shown, secret)) => format!("{}{}", without_commands(shown), hidden(secret)),
        None => without_commands(line),
    }
}

/// The line with the passwords of commands in it replaced, character by character.
fn without_commands(line: &str) -> String {
    let mut shown = line.to_owned();
    for secret in command_secrets::found(line).into_iter().rev() {
        let stars = line.get(secret.clone()).map(hidden).unwrap_or_default();
        shown.replace_range(secret, &stars);
    }
    shown
}

/// Where a name of a secret ends that something stands behind, with or without a `=` or `:` between them, in bytes.
fn named_secret(line: &str) -> Option<usize> {
    let is_end = |next: char| ends_name(next) || matches!(next, ':' | '=');
    let mut start = 0;
    for name in line.split(is_end) {
        let end = start + name.len();
        // A tag of YAML is no name.
        let is_name = !name.starts_with('!') && is_secret(name);
        if is_name && line.get(end..).is_some_and(|rest| rest.contains(|next| !is_end(next))) {
            return Some(end);
        }
        // What ends a name is one byte.
        start = end + 1;
    }
    None
}

/// A line of which it is not known how it was meant: everything behind the name of a secret is replaced.
pub(super) fn without_values(line: &str) -> String {
    match named_secret(line).and_then(|at| line.split_at_checked(at)) {
        Some((shown, rest)) => {
            let value =
                rest.trim_start_matches(|next: char| matches!(next, ':' | '=' | '"' | '\'') || next.is_whitespace());
            let between = rest.get(..rest.len() - value.len()).unwrap_or_default();
            format!("{shown}{between}{}", hidden(value))
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_reach_an_excerpt() {
        let check = |line: &str, expected: &str| assert_eq!(without_secrets(line), expected);
        check("web1 ansible_port=22", "web1 ansible_port=22");
        check("web1 ansible_password=s3cr#t x=1", "web1 ansible_password=****** ***");
        check("ansible_become_pass = a b", "ansible_become_pass = * *");
        check("h ansible_ssh_private_key_file=/k", "h ansible_ssh_private_key_file=/k");
        check("ansible_password: hunter2", "ansible_password: *******");
        check("h1 ansible_password:hunter2 x=1", "h1 ansible_password:******* ***");
        check("h[1:3] 'ansible_password'='a b'", "h[1:3] 'ansible_password'=** **");
    }

    #[test]
    fn what_may_be_a_secret_is_named_and_not_shown() {
        let check = |text: &str, line: &str| assert_eq!(without_values(text), line, "{text}");
        check("broken line", "broken line");
        check("ansible_password hunter2", "ansible_password *******");
        check("ansible_password: a b", "ansible_password: * *");
        check("x=1 \"ansible_password\" : a", "x=1 \"ansible_password\" : *");
        check("h ansible_password", "h ansible_password");
        check("h ansible_password :", "h ansible_password :");
        check("grün ansible_become_pass=süß", "grün ansible_become_pass=***");
    }

    #[test]
    fn the_one_line_form_names_place_loss_and_remedy() {
        let file: Arc<str> = Arc::from("inv/2.ini");
        let span = Span { line: 7, column: 4, length: 6, excerpt: "h3 broken".to_owned() };
        let diagnostic = Diagnostic::error("expected key=value, got \"broken\"")
            .in_file(&file)
            .at(span)
            .with_missing("hosts after this line are missing")
            .with_hint("Fix the line, or pass --allow-incomplete-inventory");
        assert_eq!(
            diagnostic.to_string(),
            "inventory incomplete: inv/2.ini line 7: expected key=value, got \"broken\" \
             (hosts after this line are missing). Fix the line, or pass --allow-incomplete-inventory"
        );
    }
}

//! A line that is read from left to right, each piece of it shown or hidden.

use super::is_harmless;
use crate::inventory::diagnostics::{hidden, is_secret};

/// A line of which a beginning was read.
pub(super) struct Paint<'l> {
    rest: &'l str,
    shown: String,
}

impl<'l> Paint<'l> {
    pub(super) fn new(line: &'l str) -> Self {
        Self { rest: line, shown: String::with_capacity(line.len()) }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'l str {
        self.rest
    }

    pub(super) fn finish(self) -> String {
        let rest = hidden(self.rest);
        self.shown + &rest
    }

    fn take(&mut self, bytes: usize) -> &'l str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Shows the next bytes.
    pub(super) fn show(&mut self, bytes: usize) -> &'l str {
        let taken = self.take(bytes);
        self.shown.push_str(taken);
        taken
    }

    /// Hides the next bytes.
    pub(super) fn hide(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.shown.push_str(&hidden(taken));
    }

    pub(super) fn hide_rest(&mut self) {
        self.hide(self.rest.len());
    }

    pub(super) fn blanks(&mut self) {
        self.show(self.rest.len() - self.rest.trim_start().len());
    }

    /// Hides a comment that begins here, but for its mark.
    pub(super) fn comment(&mut self) {
        self.blanks();
        if self.rest.starts_with('#') {
            self.show('#'.len_utf8());
            self.hide_rest();
        }
    }

    /// Shows a name, with marks of quotation around it.
    pub(super) fn name(&mut self) -> &'l str {
        let mark = self.rest.starts_with(['"', '\'']).then(|| self.show(1));
        let name = self.show(name_length(self.rest));
        if let Some(mark) = mark.filter(|mark| self.rest.starts_with(mark)) {
            self.show(mark.len());
        }
        name
    }

    /// The next word up to a blank outside of quotations, and what stands behind it.
    pub(super) fn word(&self) -> (&'l str, &'l str) {
        let mut open: Option<char> = None;
        let mut is_escaped = false;
        let end = self.rest.find(|next: char| {
            let was_escaped = is_escaped;
            is_escaped = next == '\\' && !was_escaped && open != Some('\'');
            match open {
                _ if was_escaped => {}
                Some(mark) if mark == next => open = None,
                None if matches!(next, '"' | '\'') => open = Some(next),
                _ => {}
            }
            open.is_none() && !was_escaped && next.is_whitespace()
        });
        self.rest.split_at_checked(end.unwrap_or(self.rest.len())).unwrap_or((self.rest, ""))
    }

    /// A word in the place of a host or of a name: shown, if it is one.
    pub(super) fn address(&mut self, bytes: usize) {
        let word = self.rest.get(..bytes).unwrap_or(self.rest);
        if is_address(word.trim_matches(['"', '\''])) {
            self.show(bytes);
            return;
        }
        let behind = self.rest.len() - bytes;
        self.name();
        if self.rest.starts_with(['=', ':']) && self.rest.len() > behind {
            self.show(1);
        }
        self.hide(self.rest.len().saturating_sub(behind));
    }

    /// The value of a name: hidden, unless it is none; marks of quotation around it are shown.
    pub(super) fn value(&mut self, name: &str, bytes: usize) {
        let value = self.rest.get(..bytes).unwrap_or(self.rest);
        let text = value.trim_end();
        if is_secret(name) {
            self.hide(bytes);
            return;
        }
        if is_harmless(name, unquoted(text)) {
            self.show(bytes);
            return;
        }
        let mark = text.chars().next().filter(|next| matches!(next, '"' | '\''));
        let inside = mark.map_or(0, char::len_utf8);
        let end = mark.filter(|mark| text.len() > inside && text.ends_with(*mark)).map_or(0, char::len_utf8);
        self.show(inside);
        self.hide(text.len() - inside - end);
        self.show(end);
        self.show(value.len() - text.len());
    }

    /// Hides what is left, with every mark in it.
    pub(super) fn hide_values(&mut self) {
        self.blanks();
        if self.rest.starts_with(['=', ':']) {
            self.show(1);
        }
        self.hide_rest();
    }
}

/// The text without marks of quotation around it.
pub(super) fn unquoted(text: &str) -> &str {
    let inside = |mark: char| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// The bytes of the name that a text begins with.
pub(super) fn name_length(text: &str) -> usize {
    text.find(|next: char| !(next.is_alphanumeric() || matches!(next, '_' | '-' | '.'))).unwrap_or(text.len())
}

/// Whether a word is that of a host, a group or a file: a range and an IPv6 address in brackets are, and a port.
pub(super) fn is_address(word: &str) -> bool {
    let mut is_inside = false;
    let mut outside = String::new();
    for next in word.chars() {
        match next {
            '[' if !is_inside => is_inside = true,
            ']' if is_inside => is_inside = false,
            ':' | '%' if is_inside => {}
            ':' => outside.push(':'),
            next if next.is_alphanumeric() || "_-.@/,".contains(next) => {
                if !is_inside {
                    outside.push(next);
                }
            }
            _ => return false,
        }
    }
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|next| next.is_ascii_digit());
    let is_ipv6 = || outside.chars().all(|next| next.is_ascii_hexdigit() || matches!(next, ':' | '.'));
    !word.is_empty()
        && match outside.split_once(':') {
            None => true,
            Some((_, port)) if !port.contains(':') => is_port(port),
            Some(_) => is_ipv6(),
        }
}

//! Diagnostics of inventories as people read them: the line, a caret under the column, the hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::inventory::diagnostics::{Diagnostic, Severity, Span};
use crate::report::escape::acts;

/// Renders diagnostics one after the other, line ends included; nothing is printed.
pub(super) fn render<'said>(diagnostics: impl IntoIterator<Item = &'said Diagnostic>, colored: bool) -> String {
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[report(diagnostic)]));
        text.push('\n');
    }
    text
}

fn report(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let file = diagnostic.file.as_deref();
    let title = match (file, &diagnostic.span) {
        (Some(file), None) => format!("{file}: {}", diagnostic.message),
        (Some(file), Some(span)) if span.excerpt.is_empty() => {
            format!("{file} line {}, column {}: {}", span.line, span.column, diagnostic.message)
        }
        _ => diagnostic.message.clone(),
    };
    let title = level.primary_title(visible(&title));
    let mut group = Group::with_title(match diagnostic.label() {
        Some(code) => title.id(code),
        None => title,
    });
    if let Some(span) = diagnostic.span.as_ref().filter(|span| !span.excerpt.is_empty()) {
        let mut snippet = Snippet::source(visible(&span.excerpt)).line_start(span.line);
        if let Some(file) = file {
            snippet = snippet.path(visible(file));
        }
        group = group.element(snippet.annotation(AnnotationKind::Primary.span(bytes_of(span))));
    }
    if let Some(missing) = &diagnostic.missing {
        group = group.element(Level::NOTE.message(visible(&format!("the inventory is incomplete: {missing}"))));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(visible(hint)));
    }
    group
}

/// The bytes of a span within its line; columns are characters.
fn bytes_of(span: &Span) -> std::ops::Range<usize> {
    let shown = visible(&span.excerpt);
    let byte_at = |column: usize| shown.char_indices().nth(column).map_or(shown.len(), |(at, _)| at);
    let start = span.column.saturating_sub(1);
    byte_at(start)..byte_at(start + span.length.max(1))
}

/// The text with control characters and marks of direction made visible, one character for one, so that no file can steer the
/// terminal.
fn visible(text: &str) -> String {
    text.chars().map(|character| if acts(character) && character != '\t' { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_the_line_with_a_caret() {
        let span = Span { line: 7, column: 4, length: 6, excerpt: "h3 broken \u{1b}[31m".to_owned() };
        let diagnostic = Diagnostic::error("expected key=value, got \"broken\"")
            .in_file(&"inv/2.ini".into())
            .at(span)
            .with_missing("everything from this line on is missing")
            .with_hint("One host a line");
        let expected = "\
error[INV305]: expected key=value, got \"broken\"
 --> inv/2.ini:7:4
  |
7 | h3 broken \u{fffd}[31m
  |    ^^^^^^
  |
  = note: the inventory is incomplete: everything from this line on is missing
  = help: One host a line
";
        assert_eq!(render(&[diagnostic], false), expected);
    }

    #[test]
    fn no_text_of_a_file_steers_the_terminal() {
        let evil = "\u{1b}[2J\u{9b}31m\u{202e}\r\u{7}x";
        let span = Span { line: 7, column: 1, length: 1, excerpt: evil.to_owned() };
        let plain =
            || Diagnostic::error(format!("host {evil}")).in_file(&evil.into()).with_missing(evil).with_hint(evil);
        for diagnostic in [plain().at(span), plain()] {
            let text = render(&[diagnostic], false);
            assert_eq!(text.chars().find(|character| acts(*character) && *character != '\n'), None, "{text:?}");
        }
    }

    #[test]
    fn a_diagnostic_without_a_line_is_one_line() {
        let diagnostic = Diagnostic::warning("is a folder").in_file(&"inv".into());
        assert_eq!(render(&[diagnostic], false), "warning: inv: is a folder\n");
    }
}

//! Templates as Ansible hands them to Jinja2: a backslash in a quoted text of an expression is a backslash, so that
//! regular expressions can be written without doubling each.

use std::borrow::Cow;

/// The template with every backslash of a quoted text escaped.
pub(super) fn with_backslashes(template: &str) -> Cow<'_, str> {
    if !template.contains('\\') {
        return Cow::Borrowed(template);
    }
    let mut out = String::with_capacity(template.len() + 8);
    let mut rest = template;
    // What closes the expression or statement that the text is in.
    let mut closing: Option<&str> = None;
    let mut quote: Option<char> = None;
    while let Some(character) = rest.chars().next() {
        let step = match (closing, quote) {
            (None, _) => {
                closing = ["{{", "{%", "{#"]
                    .into_iter()
                    .zip(["}}", "%}", "#}"])
                    .find_map(|(opening, closing)| rest.starts_with(opening).then_some(closing));
                if closing.is_some() { 2 } else { character.len_utf8() }
            }
            (Some(_), Some(mark)) => {
                if character == '\\' {
                    out.push('\\');
                    let next = rest.chars().nth(1);
                    // An escaped quote keeps its backslash and does not end the text.
                    out.push_str(if next.is_some_and(|next| next == '\'' || next == '"') { "\\\\" } else { "\\" });
                    rest = rest.strip_prefix('\\').unwrap_or_default();
                    if let Some(next) = next {
                        if next == '\\' {
                            out.push('\\');
                        }
                        out.push(next);
                        rest = rest.strip_prefix(next).unwrap_or_default();
                    }
                    continue;
                }
                if character == mark {
                    quote = None;
                }
                character.len_utf8()
            }
            (Some(end), None) => {
                if rest.starts_with(end) {
                    closing = None;
                    2
                } else {
                    if end != "#}" && (character == '\'' || character == '"') {
                        quote = Some(character);
                    }
                    character.len_utf8()
                }
            }
        };
        let (done, left) = rest.split_at_checked(step).unwrap_or((rest, ""));
        out.push_str(done);
        rest = left;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_of_quoted_texts_stay() {
        let check = |template: &str, expected: &str| assert_eq!(with_backslashes(template), expected);
        check(r"a\b {{ x }}", r"a\b {{ x }}");
        check(r"{{ '\d' }}", r"{{ '\\d' }}");
        check(r"{{ '\\d' }}", r"{{ '\\\\d' }}");
        check(r#"{{ "\1" ~ x }}\1"#, r#"{{ "\\1" ~ x }}\1"#);
        check(r"{{ 'it\'s' }}", r"{{ 'it\\\'s' }}");
        check(r"{% if x == '\n' %}\n{% endif %}", r"{% if x == '\\n' %}\n{% endif %}");
        check(r"{# '\n #}\n", r"{# '\n #}\n");
        check("{{ '\\", "{{ '\\\\");
    }
}

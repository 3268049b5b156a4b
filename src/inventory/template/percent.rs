//! Python's `'text' % values`: the engine has no such operator for texts, and is given the filter `format` instead.

use std::borrow::Cow;

/// How deep such expressions may stand in each other; deeper ones stay as they are, and fail.
const DEEPEST: usize = 20;

/// The template with `'...' % value` written as `'...' | format(value)`, wherever a quoted text is on the left.
pub(super) fn with_formats(template: &str) -> Cow<'_, str> {
    if !template.contains('%') || !template.contains(['\'', '"']) {
        return Cow::Borrowed(template);
    }
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(before) = rest.find('{') {
        let (text, inside) = rest.split_at(before);
        out.push_str(text);
        let (opening, closing) = match inside.as_bytes() {
            [_, b'{', ..] => ("{{", "}}"),
            [_, b'%', ..] => ("{%", "%}"),
            [_, b'#', ..] => ("{#", "#}"),
            _ => {
                out.push('{');
                rest = inside.get(1..).unwrap_or_default();
                continue;
            }
        };
        let end = end_of(inside, opening, closing);
        let (expression, left) = inside.split_at(end);
        if opening == "{#" {
            out.push_str(expression);
        } else {
            rewrite(expression, 0, &mut out);
        }
        rest = left;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where an expression ends, its closing mark included; quoted marks do not count.
fn end_of(inside: &str, opening: &str, closing: &str) -> usize {
    let mut at = opening.len();
    while let Some(rest) = inside.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(closing) {
            return at + closing.len();
        }
        let is_quote = opening != "{#" && rest.starts_with(['\'', '"']);
        at += if is_quote { quoted(rest) } else { rest.chars().next().map_or(1, char::len_utf8) };
    }
    inside.len()
}

/// The length of the quoted text that a text begins with, its marks included.
fn quoted(text: &str) -> usize {
    let mut characters = text.char_indices();
    let Some((_, mark)) = characters.next() else { return 0 };
    let mut is_escaped = false;
    for (at, next) in characters {
        match next {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if next == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn rewrite(expression: &str, depth: usize, out: &mut String) {
    let mut rest = expression;
    while let Some(next) = rest.chars().next() {
        if next != '\'' && next != '"' {
            out.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (text, after) = rest.split_at(quoted(rest));
        out.push_str(text);
        rest = after;
        let operand = after
            .trim_start()
            .strip_prefix('%')
            .filter(|operand| !operand.starts_with(['}', '=']))
            .map(str::trim_start);
        let Some(operand) = operand.filter(|_| depth < DEEPEST) else { continue };
        let (operand, after) = operand.split_at(length(operand));
        out.push_str(" | format(");
        rewrite(arguments(operand.trim()), depth + 1, out);
        out.push(')');
        // What was between the operand and the next token stays.
        out.push_str(operand.get(operand.trim_end().len()..).unwrap_or_default());
        rest = after;
    }
}

/// What is formatted: the items of a tuple, or the one value.
fn arguments(operand: &str) -> &str {
    let inside = operand.strip_prefix('(').and_then(|inside| inside.strip_suffix(')'));
    match inside.filter(|inside| length(inside.trim_start()) < operand.len() && is_balanced(inside)) {
        Some(inside) => inside.trim().trim_end_matches(','),
        None => operand,
    }
}

/// Whether every bracket that is closed in a text was opened in it.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let next = rest.chars().next().unwrap_or(' ');
        match next {
            '\'' | '"' => {
                at += quoted(rest);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return false,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        at += next.len_utf8();
    }
    true
}

/// The length of the operand that an expression begins with: a value with what belongs to it, up to the next operator.
fn length(expression: &str) -> usize {
    const WORDS: [&str; 7] = ["and", "or", "in", "not", "is", "if", "else"];
    let mut depth = 0_usize;
    let mut at = 0;
    let mut before = ' ';
    while let Some(rest) = expression.get(at..).filter(|rest| !rest.is_empty()) {
        let next = rest.chars().next().unwrap_or(' ');
        let is_sign = at == 0 && (next == '-' || next == '+');
        match next {
            '\'' | '"' => {
                at += quoted(rest);
                before = next;
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return at,
            ')' | ']' | '}' => depth -= 1,
            ',' | ':' | '~' | '+' | '-' | '*' | '/' | '%' | '=' | '!' | '<' | '>' if depth == 0 && !is_sign => {
                return at;
            }
            _ if depth == 0 && next.is_alphabetic() && !is_of_a_name(before) => {
                let word = rest.split(|next| !is_of_a_name(next)).next().unwrap_or_default();
                if WORDS.contains(&word) {
                    return at;
                }
            }
            _ => {}
        }
        before = next;
        at += next.len_utf8();
    }
    expression.len()
}

fn is_of_a_name(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_texts_become_filters() {
        let check = |template: &str, expected: &str| assert_eq!(with_formats(template), expected);
        check("{{ '%s-%d' % (s, i) }}", "{{ '%s-%d' | format(s, i) }}");
        check("{{ \"%s\" % i }}", "{{ \"%s\" | format(i) }}");
        check("{{ '%s' % x | upper ~ 'a' }}", "{{ '%s' | format(x | upper) ~ 'a' }}");
        check("{{ '%s' % (a, b)[0] }}", "{{ '%s' | format((a, b)[0]) }}");
        check("{{ '%s' % (x,) }}", "{{ '%s' | format(x) }}");
        check("{{ '%s' % ('%s' % y) if z else 'n' }}", "{{ '%s' | format('%s' | format(y)) if z else 'n' }}");
        check("{{ '%s' % -1 + 2 }}", "{{ '%s' | format(-1) + 2 }}");
        check("{% if x == '%' %}a{% endif %}", "{% if x == '%' %}a{% endif %}");
        check("{% set x = 'a' %}5 % 3 '%s' % x", "{% set x = 'a' %}5 % 3 '%s' % x");
        check("{{ i % 2 }} 'a' {{ 'it\\'s %s' % n }}", "{{ i % 2 }} 'a' {{ 'it\\'s %s' | format(n) }}");
        check("{# '%s' % x #}{{ 'a", "{# '%s' % x #}{{ 'a");
        check("{{ '%s' %", "{{ '%s' | format()");
    }
}

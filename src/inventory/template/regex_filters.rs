//! Ansible's filters and tests with regular expressions, as Python has them.

#![expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]

use fancy_regex::{Captures, Regex, RegexBuilder};
use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, State, Value as Jinja};

use super::environment::{filter, test, text_of};
use super::error::TemplateError;
use super::failure;

/// Steps an expression may take back: Python has no such limit, but inventories are input.
const MAX_BACKTRACKS: usize = 100_000;
/// How much memory a compiled expression may take, in bytes.
const MAX_COMPILED: usize = 1024 * 1024;

pub(super) fn add(environment: &mut Environment<'static>) {
    filter(environment, "regex_replace", replace);
    filter(environment, "regex_search", search);
    filter(environment, "regex_findall", find_all);
    filter(environment, "regex_escape", escape);
    test(environment, "match", |state: &State<'_, '_>, text: &Jinja, pattern: &str, kwargs: Kwargs| {
        is(state, text, &format!("\\A(?:{pattern})"), &kwargs)
    });
    for name in ["search", "regex"] {
        test(environment, name, |state: &State<'_, '_>, text: &Jinja, pattern: &str, kwargs: Kwargs| {
            is(state, text, pattern, &kwargs)
        });
    }
}

fn wrong(why: impl std::fmt::Display) -> Error {
    failure(TemplateError::Failed(format!("a regular expression failed: {why}")))
}

/// The expression with the flags that filters take.
fn compile(pattern: &str, kwargs: &Kwargs) -> Result<Regex, Error> {
    let ignore_case = kwargs.get::<Option<bool>>("ignorecase")?.unwrap_or(false);
    let lines = kwargs.get::<Option<bool>>("multiline")?.unwrap_or(false);
    kwargs.assert_all_used()?;
    // Python's `\Z` is the very end, which others write as `\z`.
    let pattern = pattern.replace("\\Z", "\\z");
    RegexBuilder::new(&pattern)
        .case_insensitive(ignore_case)
        .multi_line(lines)
        .backtrack_limit(MAX_BACKTRACKS)
        .delegate_size_limit(MAX_COMPILED)
        .build()
        .map_err(wrong)
}

fn is(state: &State<'_, '_>, text: &Jinja, pattern: &str, kwargs: &Kwargs) -> Result<bool, Error> {
    compile(pattern, kwargs)?.is_match(&text_of(state, text)?).map_err(wrong)
}

fn replace(
    state: &State<'_, '_>,
    text: &Jinja,
    pattern: Option<&str>,
    replacement: Option<&str>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let most = kwargs.get::<Option<usize>>("count")?.unwrap_or(0);
    let pattern = compile(pattern.unwrap_or_default(), &kwargs)?;
    let text = text_of(state, text)?;
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (index, found) in pattern.captures_iter(text.as_str()).enumerate() {
        let found = found.map_err(wrong)?;
        let Some(whole) = found.get(0).filter(|_| most == 0 || index < most) else { break };
        out.push_str(text.get(at..whole.start()).unwrap_or_default());
        insert(&mut out, replacement.unwrap_or_default(), &found);
        state.consume_fuel(1 + u64::try_from(out.len() / 4096).unwrap_or(u64::MAX))?;
        at = whole.end();
    }
    out.push_str(text.get(at..).unwrap_or_default());
    state.consume_fuel(u64::try_from(out.len() / 64).unwrap_or(u64::MAX))?;
    Ok(out)
}

/// Python's replacement text: `\1`, `\g<1>`, `\g<name>`, `\n`, `\t`, `\\`.
fn insert(out: &mut String, replacement: &str, found: &Captures<'_, str>) {
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let group = after.strip_prefix("g<").and_then(|inside| inside.split_once('>'));
        let digits = after.len() - after.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        if let Some((name, tail)) = group {
            let captured = name.parse().map_or_else(|_| found.name(name), |index| found.get(index));
            out.push_str(captured.map(|captured| captured.as_str()).unwrap_or_default());
            rest = tail;
        } else if let Some((number, tail)) = after.split_at_checked(digits.min(2)).filter(|_| digits > 0) {
            let captured = number.parse().ok().and_then(|index| found.get(index));
            out.push_str(captured.map(|captured| captured.as_str()).unwrap_or_default());
            rest = tail;
        } else {
            let mut characters = after.chars();
            match characters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            }
            rest = characters.as_str();
        }
    }
    out.push_str(rest);
}

fn search(
    state: &State<'_, '_>,
    text: &Jinja,
    pattern: &str,
    groups: Rest<String>,
    kwargs: Kwargs,
) -> Result<Jinja, Error> {
    let pattern = compile(pattern, &kwargs)?;
    let text = text_of(state, text)?;
    let Some(found) = pattern.captures(text.as_str()).map_err(wrong)? else { return Ok(Jinja::from(())) };
    if groups.is_empty() {
        return Ok(found.get(0).map(|whole| Jinja::from(whole.as_str())).unwrap_or_default());
    }
    let group = |named: &String| {
        let named = named.strip_prefix('\\').unwrap_or_default();
        let is_number = named.starts_with(|next: char| next.is_ascii_digit());
        let named =
            named.strip_prefix("g<").and_then(|name| name.strip_suffix('>')).or_else(|| is_number.then_some(named));
        let named = named.ok_or_else(|| wrong(r"groups are asked for as \1 or \g<name>"))?;
        let captured = named.parse().map_or_else(|_| found.name(named), |index| found.get(index));
        Ok(captured.map_or_else(|| Jinja::from(()), |captured| Jinja::from(captured.as_str())))
    };
    Ok(Jinja::from(groups.iter().map(group).collect::<Result<Vec<Jinja>, Error>>()?))
}

fn find_all(state: &State<'_, '_>, text: &Jinja, pattern: &str, kwargs: Kwargs) -> Result<Jinja, Error> {
    let pattern = compile(pattern, &kwargs)?;
    let text = text_of(state, text)?;
    let mut all = Vec::new();
    for found in pattern.captures_iter(text.as_str()) {
        let found = found.map_err(wrong)?;
        state.consume_fuel(1)?;
        let text_of = |index| found.get(index).map_or("", |captured| captured.as_str());
        all.push(match found.len() {
            1 => Jinja::from(text_of(0)),
            2 => Jinja::from(text_of(1)),
            count => (1..count).map(|index| Jinja::from(text_of(index))).collect(),
        });
    }
    Ok(Jinja::from(all))
}

fn escape(state: &State<'_, '_>, text: &Jinja) -> Result<String, Error> {
    // Python escapes what may have a meaning, and no more.
    const SPECIAL: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";
    let text = text_of(state, text)?;
    Ok(text.chars().flat_map(|next| SPECIAL.contains(next).then_some('\\').into_iter().chain([next])).collect())
}

//! What Python's texts and lists can do beside what the engine's can: methods, and Jinja2's filters of layout.

#![expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, State, Value as Jinja};

use super::environment::{filter, text_of};
use super::error::TemplateError;
use super::failure;

/// Nothing that a host needs is wider.
const WIDEST: usize = 1024;

pub(super) fn add(environment: &mut Environment<'static>) {
    filter(environment, "wordcount", |state: &State<'_, '_>, text: &Jinja| {
        let text = text_of(state, text)?;
        let words = text.split(|next| !crate::inventory::addresses::is_word(next));
        Ok::<_, Error>(words.filter(|word| !word.is_empty()).count())
    });
    filter(environment, "center", |state: &State<'_, '_>, text: &Jinja, width: Option<usize>| {
        Ok::<_, Error>(centred(&text_of(state, text)?, width.unwrap_or(80)))
    });
    filter(environment, "truncate", truncated);
    filter(environment, "pow", |number: f64, exponent: f64| number.powf(exponent));
}

fn failed(why: &str) -> Error {
    failure(TemplateError::Failed(why.to_owned()))
}

/// Python's `str.center`.
fn centred(text: &str, width: usize) -> String {
    let width = width.min(WIDEST);
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))
}

/// Jinja2's `truncate`: at the end of a word where there is one, unless `killwords`.
fn truncated(
    state: &State<'_, '_>,
    text: &Jinja,
    length: Option<usize>,
    killwords: Option<bool>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let text = text_of(state, text)?;
    let length = length.map_or_else(|| kwargs.get::<Option<usize>>("length"), |given| Ok(Some(given)))?.unwrap_or(255);
    let killwords = killwords.map_or_else(|| kwargs.get::<Option<bool>>("killwords"), |given| Ok(Some(given)))?;
    let end = kwargs.get::<Option<&str>>("end")?.unwrap_or("...");
    let leeway = kwargs.get::<Option<usize>>("leeway")?.unwrap_or(5);
    kwargs.assert_all_used()?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let kept = length.checked_sub(end.chars().count()).ok_or_else(|| failed("truncate: its end is longer than it"))?;
    let kept: String = text.chars().take(kept).collect();
    let kept = if killwords.unwrap_or(false) { &kept } else { kept.rsplit_once(' ').map_or(&*kept, |(kept, _)| kept) };
    Ok(format!("{kept}{end}"))
}

/// A method of Python's texts or lists that the engine's set lacks; `None` = not one of these.
pub(super) fn method(value: &Jinja, name: &str, args: &[Jinja]) -> Option<Result<Jinja, Error>> {
    match (value.kind(), name, args) {
        (ValueKind::String, "swapcase", []) => Some(Ok(Jinja::from(swapped(value.as_str()?)))),
        (ValueKind::String, "index", [part]) => {
            let text = value.as_str()?;
            let place = text.find(part.as_str()?).and_then(|at| Some(text.get(..at)?.chars().count()));
            Some(place.map(Jinja::from).ok_or_else(|| failed("index: the text does not hold that")))
        }
        (ValueKind::Seq, "copy", []) => Some(Ok(value.clone())),
        (ValueKind::Seq, "count", [wanted]) => Some(value.try_iter().and_then(|items| {
            let found = items.checked().map(|item| Ok(usize::from(item? == *wanted)));
            Ok(Jinja::from(found.sum::<Result<usize, Error>>()?))
        })),
        (ValueKind::Seq, "index", [wanted]) => Some(value.try_iter().and_then(|items| {
            for (index, item) in items.checked().enumerate() {
                if item? == *wanted {
                    return Ok(Jinja::from(index));
                }
            }
            Err(failed("index: the list does not hold that"))
        })),
        _ => None,
    }
}

fn swapped(text: &str) -> String {
    let swap = |next: char| -> String {
        if next.is_uppercase() { next.to_lowercase().collect() } else { next.to_uppercase().collect() }
    };
    text.chars().map(swap).collect()
}

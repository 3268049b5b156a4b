//! The template engine set up as Ansible sets up Jinja2.

#![expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value as Jinja};
use minijinja_contrib::pycompat;

use super::error::TemplateError;
use super::scope::Omit;
use super::{
    Surroundings, collection_filters, convert, failure, lookups, python, python_text, regex_filters, text_filters,
    versions,
};

/// Work that one template may take, in the engine's measure: an instruction, or 64 bytes.
pub(super) const FUEL: u64 = 50_000;
/// Jinja2's own filters, which may be called by the full name of Ansible's, too.
const OF_JINJA2: [&str; 24] = [
    "abs",
    "batch",
    "capitalize",
    "dictsort",
    "first",
    "indent",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "trim",
    "unique",
    "upper",
];
/// How deep macros may call each other.
const DEEPEST_CALL: usize = 20;

/// The engine, strict about what is undefined.
pub(super) fn new(surroundings: &Arc<dyn Surroundings>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEEPEST_CALL);
    // Places of errors are known only then.
    environment.set_debug(true);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_formatter(print);
    environment.set_unknown_method_callback(method);
    for name in ["default", "d"] {
        filter(&mut environment, name, default);
    }
    filter(&mut environment, "mandatory", mandatory);
    test(&mut environment, "none", |value: &Jinja| match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Invalid => Err(convert::error_in(value)),
        kind => Ok(kind == ValueKind::None),
    });
    for name in OF_JINJA2 {
        environment.add_filter(
            format!("ansible.builtin.{name}"),
            move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| state.apply_filter(name, &args.into_values()),
        );
    }
    environment.add_filter(PRINTF, minijinja::filters::format);
    filter(&mut environment, "format", format);
    text_filters::add(&mut environment, surroundings);
    python_text::add(&mut environment);
    versions::add(&mut environment);
    regex_filters::add(&mut environment);
    collection_filters::add(&mut environment);
    lookups::add(&mut environment, surroundings);
    for (name, value) in [("True", Jinja::from(true)), ("False", Jinja::from(false)), ("None", Jinja::from(()))] {
        environment.add_global(name, value);
    }
    environment
}

/// The engine's own `format`.
const PRINTF: &str = "printf of the engine";

/// Python's `%` of a text: what is no number is printed as Python prints it.
fn format(state: &mut State<'_, '_>, text: &Jinja, args: Rest<ValueOrKwargs>) -> Result<Jinja, Error> {
    let mut values = vec![text.clone()];
    for value in args.into_values() {
        values.push(match value.kind() {
            ValueKind::Bool | ValueKind::None | ValueKind::Seq => Jinja::from(text_of(state, &value)?),
            _ => value,
        });
    }
    state.apply_filter(PRINTF, &values)
}

/// Adds a filter under its short and its full name.
pub(super) fn filter<F, Rv, Args>(environment: &mut Environment<'static>, name: &'static str, filter: F)
where
    F: minijinja::functions::Function<Rv, Args> + Clone,
    Rv: minijinja::value::FunctionResult,
    Args: for<'a> minijinja::value::FunctionArgs<'a>,
{
    environment.add_filter(name, filter.clone());
    environment.add_filter(format!("ansible.builtin.{name}"), filter);
}

/// Adds a test under its short and its full name.
pub(super) fn test<F, Rv, Args>(environment: &mut Environment<'static>, name: &'static str, test: F)
where
    F: minijinja::functions::Function<Rv, Args> + Clone,
    Rv: minijinja::value::FunctionResult,
    Args: for<'a> minijinja::value::FunctionArgs<'a>,
{
    environment.add_test(name, test.clone());
    environment.add_test(format!("ansible.builtin.{name}"), test);
}

/// What a template printed: a template that prints one value is that value, with its type.
#[derive(Default)]
pub(super) struct Printed {
    /// Values other than null.
    count: usize,
    bytes: usize,
    last: Option<Jinja>,
    /// All of them as texts.
    pub(super) texts: Vec<String>,
}

impl Printed {
    /// The result of the template.
    pub(super) fn native(self, output: String, template: &str) -> Jinja {
        match (self.count, self.last) {
            (0, _) if output.is_empty() => Jinja::from(()),
            (1, Some(value)) if self.bytes == output.len() && value.kind() != ValueKind::String => value,
            _ => Jinja::from(with_line_ends(output, template)),
        }
    }
}

/// Jinja2 takes a line end at the end of a template away, and Ansible gives it back.
fn with_line_ends(mut output: String, template: &str) -> String {
    let ends = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = ends(template).saturating_sub(ends(&output));
    output.extend(std::iter::repeat_n('\n', missing));
    output
}

/// Prints a value as Python does.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Jinja) -> Result<(), Error> {
    if value.downcast_object_ref::<Omit>().is_some() {
        return Err(failure(TemplateError::Omitted));
    }
    let text = match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Invalid => return Err(convert::error_in(value)),
        ValueKind::None => return Ok(()),
        ValueKind::String => None,
        _ => Some(text_of(state, value)?),
    };
    let text = text.as_deref().or(value.as_str()).unwrap_or_default();
    let printed = state.get_or_insert_extension(Printed::default());
    printed.count += 1;
    printed.bytes += text.len();
    printed.last = Some(value.clone());
    printed.texts.push(text.to_owned());
    out.write_str(text).map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// Python's `str` of a value.
pub(super) fn text_of(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    let text = python::text(&convert::from_engine(value)?);
    state.consume_fuel(u64::try_from(text.len() / 64).unwrap_or(u64::MAX))?;
    Ok(text)
}

/// Methods of Python's types.
fn method(state: &mut State<'_, '_>, value: &Jinja, name: &str, args: &[Jinja]) -> Result<Jinja, Error> {
    text_filters::method(value, name, args)
        .or_else(|| python_text::method(value, name, args))
        .unwrap_or_else(|| pycompat::unknown_method_callback(state, value, name, args))
        .map_err(|error| {
            if error.kind() != ErrorKind::UnknownMethod {
                return error;
            }
            failure(TemplateError::OnlyAnsible { missing: super::Missing::Method, name: name.to_owned() })
        })
}

fn default(value: &Jinja, given: Rest<Jinja>, kwargs: Kwargs) -> Result<Jinja, Error> {
    if value.kind() == ValueKind::Invalid {
        return Err(convert::error_in(value));
    }
    let (other, lax) = match given.as_slice() {
        [] => (kwargs.get::<Option<Jinja>>("default_value")?.unwrap_or_else(|| Jinja::from("")), None),
        [other] => (other.clone(), None),
        [other, lax] => (other.clone(), Some(lax.is_true())),
        _ => return Err(Error::from(ErrorKind::TooManyArguments)),
    };
    let lax = lax.map_or_else(|| kwargs.get::<Option<bool>>("boolean"), |lax| Ok(Some(lax)))?.unwrap_or(false);
    kwargs.assert_all_used()?;
    Ok(if value.is_undefined() || (lax && !value.is_true()) { other } else { value.clone() })
}

fn mandatory(value: &Jinja, message: Option<&str>) -> Result<Jinja, Error> {
    if !value.is_undefined() {
        return Ok(value.clone());
    }
    let mut said = "a mandatory value is not defined".to_owned();
    if let Some(message) = message {
        // Writing to a string cannot fail.
        let _ = write!(said, ": {message}");
    }
    Err(failure(TemplateError::Failed(said)))
}

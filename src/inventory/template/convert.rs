//! Between the inventory's values and those of the template engine.

use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value as Jinja};

use super::error::TemplateError;
use super::failure;
use crate::inventory::value::Value;

/// How deep containers may nest.
const DEEPEST: usize = 100;
/// How many values one result may have.
const MOST_VALUES: usize = 100_000;

/// A value without templates and without anything encrypted, for the engine.
pub(super) fn to_engine(value: &Value) -> Jinja {
    match value {
        Value::Null => Jinja::from(()),
        Value::Bool(value) => Jinja::from(*value),
        // What is beyond 128 bits is no number that a connection has.
        Value::Integer(text) => text.parse::<i128>().map_or_else(|_| Jinja::from(text.as_str()), integer),
        Value::Float(value) => Jinja::from(*value),
        Value::Text(text) | Value::Timestamp(text) | Value::Unsafe(text) | Value::Vaulted(text) => {
            Jinja::from(text.as_str())
        }
        Value::List(items) => items.iter().map(to_engine).collect(),
        Value::Mapping(entries) => Jinja::from_pairs(entries.iter().map(|(key, item)| (key.as_str(), to_engine(item)))),
    }
}

fn integer(value: i128) -> Jinja {
    i64::try_from(value).map_or_else(|_| Jinja::from(value), Jinja::from)
}

/// A result of the engine. What is undefined in it, or failed when it was asked for, is the error of the whole.
pub(super) fn from_engine(value: &Jinja) -> Result<Value, Error> {
    let mut left = MOST_VALUES;
    convert(value, DEEPEST, &mut left)
}

fn convert(value: &Jinja, depth: usize, left: &mut usize) -> Result<Value, Error> {
    let too_much = || failure(TemplateError::TooMuch("its result is too large"));
    *left = left.checked_sub(1).ok_or_else(too_much)?;
    let inside = depth.checked_sub(1).ok_or_else(too_much)?;
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number if value.is_integer() => Ok(Value::Integer(value.to_string())),
        ValueKind::Number => Ok(Value::Float(f64::try_from(value.clone())?)),
        ValueKind::String => Ok(Value::Text(value.as_str().unwrap_or_default().to_owned())),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.checked().map(|item| convert(&item?, inside, left));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        ValueKind::Map => {
            let mut entries = IndexMap::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let item = convert(&value.get_item(&key)?, inside, left)?;
                entries.insert(super::python::text(&convert(&key, 1, left)?), item);
            }
            Ok(Value::Mapping(entries))
        }
        ValueKind::Invalid => Err(error_in(value)),
        kind => Err(failure(TemplateError::Failed(format!("its result is no value but a {kind}")))),
    }
}

/// The error that a value stands for, which failed when it was asked for.
pub(super) fn error_in(value: &Jinja) -> Error {
    let held = Jinja::from(vec![value.clone()]).try_iter().map(|items| items.checked().next());
    match held {
        Ok(Some(Err(error))) | Err(error) => error,
        Ok(_) => Error::from(ErrorKind::BadSerialization),
    }
}

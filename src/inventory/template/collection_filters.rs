//! Filters and tests of lists and mappings as Ansible has them.

#![expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, State, Value as Jinja};

use super::environment::{filter, test};
use super::error::TemplateError;
use super::{convert, failure};
use crate::inventory::value::Value;

/// How deep lists may nest to be made flat.
const DEEPEST: usize = 100;

pub(super) fn add(environment: &mut Environment<'static>) {
    filter(environment, "combine", combine);
    filter(environment, "difference", |state: &State<'_, '_>, one: &Jinja, other: &Jinja| {
        chosen(state, one, other, |is_in_other| !is_in_other)
    });
    filter(environment, "intersect", |state: &State<'_, '_>, one: &Jinja, other: &Jinja| {
        chosen(state, one, other, |is_in_other| is_in_other)
    });
    filter(environment, "union", |state: &State<'_, '_>, one: &Jinja, other: &Jinja| {
        let both = items(one)?.into_iter().chain(items(other)?).collect();
        distinct(state, both)
    });
    filter(environment, "symmetric_difference", |state: &State<'_, '_>, one: &Jinja, other: &Jinja| {
        let mut only = chosen(state, one, other, |is_in_other| !is_in_other)?;
        only.extend(chosen(state, other, one, |is_in_other| !is_in_other)?);
        Ok::<_, Error>(only)
    });
    filter(environment, "flatten", flatten);
    filter(environment, "dict2items", to_items);
    filter(environment, "items2dict", from_items);
    test(environment, "contains", |value: &Jinja, wanted: &Jinja| Ok::<_, Error>(items(value)?.contains(wanted)));
    for name in ["subset", "issubset"] {
        test(environment, name, |one: &Jinja, other: &Jinja| is_subset(one, other));
    }
    for name in ["superset", "issuperset"] {
        test(environment, name, |one: &Jinja, other: &Jinja| is_subset(other, one));
    }
}

fn failed(why: &str) -> Error {
    failure(TemplateError::Failed(why.to_owned()))
}

fn items(value: &Jinja) -> Result<Vec<Jinja>, Error> {
    value.try_iter()?.checked().collect()
}

fn is_subset(one: &Jinja, other: &Jinja) -> Result<bool, Error> {
    let other = items(other)?;
    Ok(items(one)?.iter().all(|item| other.contains(item)))
}

/// The distinct items of `one`, in order, that are, or are not, in `other`.
fn chosen(state: &State<'_, '_>, one: &Jinja, other: &Jinja, wanted: fn(bool) -> bool) -> Result<Vec<Jinja>, Error> {
    let (one, other) = (items(one)?, items(other)?);
    pay(state, one.len(), other.len())?;
    distinct(state, one.into_iter().filter(|item| wanted(other.contains(item))).collect())
}

/// Each item once, in order.
fn distinct(state: &State<'_, '_>, all: Vec<Jinja>) -> Result<Vec<Jinja>, Error> {
    pay(state, all.len(), all.len())?;
    let mut seen = Vec::new();
    for item in all {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    Ok(seen)
}

/// Pays for comparing every one with every other.
fn pay(state: &State<'_, '_>, one: usize, other: usize) -> Result<(), Error> {
    state.consume_fuel(u64::try_from(one.saturating_mul(other) / 64).unwrap_or(u64::MAX))
}

fn combine(state: &State<'_, '_>, first: &Jinja, others: Rest<Jinja>, kwargs: Kwargs) -> Result<Jinja, Error> {
    let is_recursive = kwargs.get::<Option<bool>>("recursive")?.unwrap_or(false);
    kwargs.assert_all_used()?;
    let mut result = Value::Mapping(indexmap::IndexMap::new());
    for given in std::iter::once(first).chain(others.iter()) {
        // A list of mappings counts as so many mappings.
        let parts = if given.kind() == ValueKind::Map { vec![given.clone()] } else { items(given)? };
        for part in parts {
            let part = convert::from_engine(&part)?;
            if !matches!(part, Value::Mapping(_)) {
                return Err(failed("combine was given what is no mapping"));
            }
            state.consume_fuel(1)?;
            merge(&mut result, part, is_recursive);
        }
    }
    Ok(convert::to_engine(&result))
}

fn merge(into: &mut Value, from: Value, is_recursive: bool) {
    match (into, from) {
        (Value::Mapping(into), Value::Mapping(from)) => {
            for (key, item) in from {
                match into.get_mut(&key) {
                    Some(old @ Value::Mapping(_)) if is_recursive => merge(old, item, true),
                    _ => {
                        into.insert(key, item);
                    }
                }
            }
        }
        (into, from) => *into = from,
    }
}

fn flatten(state: &State<'_, '_>, value: &Jinja, levels: Option<usize>, kwargs: Kwargs) -> Result<Vec<Jinja>, Error> {
    let levels = levels.map_or_else(|| kwargs.get::<Option<usize>>("levels"), |given| Ok(Some(given)))?;
    kwargs.assert_all_used()?;
    let mut out = Vec::new();
    flatten_into(state, value, levels.unwrap_or(DEEPEST).min(DEEPEST), &mut out)?;
    Ok(out)
}

fn flatten_into(state: &State<'_, '_>, value: &Jinja, levels: usize, out: &mut Vec<Jinja>) -> Result<(), Error> {
    for item in items(value)? {
        state.consume_fuel(1)?;
        match (item.kind(), levels.checked_sub(1)) {
            (ValueKind::Seq, Some(left)) => flatten_into(state, &item, left, out)?,
            _ => out.push(item),
        }
    }
    Ok(())
}

fn to_items(value: &Jinja, kwargs: Kwargs) -> Result<Vec<Jinja>, Error> {
    let key_name = kwargs.get::<Option<&str>>("key_name")?.unwrap_or("key");
    let value_name = kwargs.get::<Option<&str>>("value_name")?.unwrap_or("value");
    kwargs.assert_all_used()?;
    if value.kind() != ValueKind::Map {
        return Err(failed("dict2items was given what is no mapping"));
    }
    let pair = |key: Jinja| Ok(Jinja::from_pairs([(key_name, key.clone()), (value_name, value.get_item(&key)?)]));
    items(value)?.into_iter().map(pair).collect()
}

fn from_items(value: &Jinja, kwargs: Kwargs) -> Result<Jinja, Error> {
    let key_name = kwargs.get::<Option<&str>>("key_name")?.unwrap_or("key");
    let value_name = kwargs.get::<Option<&str>>("value_name")?.unwrap_or("value");
    kwargs.assert_all_used()?;
    let pair = |item: Jinja| Ok::<_, Error>((item.get_attr(key_name)?, item.get_attr(value_name)?));
    let pairs: Vec<(Jinja, Jinja)> = items(value)?.into_iter().map(pair).collect::<Result<_, _>>()?;
    Ok(Jinja::from_pairs(pairs))
}

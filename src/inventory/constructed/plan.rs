//! The settings of `constructed`.

use indexmap::IndexMap;

use crate::inventory::value::Value;

/// Groups named by the values of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedGroup {
    /// The expression.
    pub key: String,
    /// What their names begin with.
    pub prefix: String,
    /// What stands between prefix and value.
    pub separator: String,
    /// The group they are put below.
    pub parent_group: Option<String>,
    /// What stands for an empty value; without it there is no group of one.
    pub default_value: Option<String>,
    /// Whether a key of a mapping without a value keeps the separator.
    pub trailing_separator: bool,
}

/// What is to be made of every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Variables and their expressions, in order.
    pub compose: Vec<(String, String)>,
    /// Groups and the conditions of being in them, in order.
    pub groups: Vec<(String, String)>,
    /// Groups named by values, in order.
    pub keyed: Vec<KeyedGroup>,
    /// Whether an expression that fails ends the source.
    pub strict: bool,
    /// Whether `group_vars` and `host_vars` beside the sources count for the expressions, too.
    pub uses_variable_files: bool,
    /// Whether the separator stands before the value where there is no prefix.
    pub leading_separator: bool,
}

impl Plan {
    /// The plan of a file's settings, or what is wrong with them.
    pub fn new(settings: &IndexMap<String, Value>) -> Result<Self, String> {
        let keyed = match settings.get("keyed_groups") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(items)) => items.iter().map(keyed).collect::<Result<_, _>>()?,
            Some(_) => return Err("keyed_groups is no list".to_owned()),
        };
        let strict = switch(settings, "strict", false);
        let is_text = |value: &Value| matches!(value, Value::Text(_) | Value::Timestamp(_) | Value::Unsafe(_));
        Ok(Self {
            compose: expressions(settings, "compose", strict, is_text)?,
            groups: expressions(settings, "groups", strict, |value| is_text(value) || matches!(value, Value::Bool(_)))?,
            keyed,
            strict,
            uses_variable_files: switch(settings, "use_vars_plugins", false),
            leading_separator: switch(settings, "leading_separator", true),
        })
    }
}

/// A mapping of names to expressions. What is none by its type fails for every host, which may be where it is not strict.
fn expressions(
    settings: &IndexMap<String, Value>,
    name: &str,
    strict: bool,
    is_expression: impl Fn(&Value) -> bool,
) -> Result<Vec<(String, String)>, String> {
    match settings.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Mapping(entries)) => {
            let expression =
                |(key, value): (&String, &Value)| match value.scalar_text().filter(|_| is_expression(value)) {
                    Some(text) => Some(Ok((key.clone(), text))),
                    None if strict => Some(Err(format!(
                        "{name}: {key} is no text, expected an expression; `strict: false` passes over it"
                    ))),
                    None => None,
                };
            entries.iter().filter_map(expression).collect()
        }
        Some(_) => Err(format!("{name} is no mapping of names to expressions")),
    }
}

fn keyed(item: &Value) -> Result<KeyedGroup, String> {
    let Value::Mapping(entries) = item else { return Err("an item of keyed_groups is no mapping".to_owned()) };
    let text = |name: &str| entries.get(name).filter(|value| **value != Value::Null).and_then(Value::scalar_text);
    let default_value = text("default_value");
    if default_value.is_some() && entries.contains_key("trailing_separator") {
        return Err("keyed_groups: default_value and trailing_separator exclude each other".to_owned());
    }
    Ok(KeyedGroup {
        key: text("key").ok_or("an item of keyed_groups has no key")?,
        prefix: text("prefix").unwrap_or_default(),
        separator: text("separator").unwrap_or_else(|| "_".to_owned()),
        parent_group: text("parent_group").filter(|parent| !parent.is_empty()),
        default_value,
        trailing_separator: switch(entries, "trailing_separator", true),
    })
}

fn switch(settings: &IndexMap<String, Value>, name: &str, default: bool) -> bool {
    match settings.get(name) {
        None | Some(Value::Null) => default,
        Some(Value::Text(text)) => ["yes", "true", "on", "1"].contains(&text.to_lowercase().as_str()),
        Some(value) => value.is_truthy(),
    }
}

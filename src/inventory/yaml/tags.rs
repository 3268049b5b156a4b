//! Tags: `!vault`, `!unsafe`, the standard ones; everything else is refused, as by Ansible.

use granit_parser::Tag;

use super::Fault;
use super::node::Place;
use super::scalars::{self, Plain};
use super::timestamps;
use crate::inventory::nearest;
use crate::inventory::value::Value;

/// What a tag says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing: the value says itself what it is.
    Untagged,
    /// `!vault`
    Vault,
    /// `!unsafe`
    Unsafe,
    /// `!!str`, `!`
    Text,
    Integer,
    Float,
    Boolean,
    Null,
    Timestamp,
    List,
    Mapping,
    /// `!!set`: the keys of a mapping without values.
    Set,
}

const STANDARD: &str = "tag:yaml.org,2002:";

/// The meaning of a tag.
pub(super) fn meaning(tag: Option<&Tag>, place: Place) -> Result<Meaning, Fault> {
    let Some(tag) = tag else { return Ok(Meaning::Untagged) };
    if let Some(name) = tag.suffix_in_namespace(STANDARD) {
        return match name.as_ref() {
            "str" => Ok(Meaning::Text),
            "int" => Ok(Meaning::Integer),
            "float" => Ok(Meaning::Float),
            "bool" => Ok(Meaning::Boolean),
            "null" => Ok(Meaning::Null),
            "timestamp" => Ok(Meaning::Timestamp),
            "seq" => Ok(Meaning::List),
            "map" => Ok(Meaning::Mapping),
            "set" => Ok(Meaning::Set),
            _ => Err(unknown(tag, place)),
        };
    }
    match (tag.handle(), tag.suffix()) {
        ("!", "vault" | "vault-encrypted") | ("", "!vault" | "!vault-encrypted") => Ok(Meaning::Vault),
        ("!", "unsafe") | ("", "!unsafe") => Ok(Meaning::Unsafe),
        // The non-specific tag: text, however it looks.
        ("" | "!", "") | ("", "!") => Ok(Meaning::Text),
        _ => Err(unknown(tag, place)),
    }
}

fn unknown(tag: &Tag, place: Place) -> Fault {
    // What is near to none that is known may be a password, and is not told.
    let hint = match nearest::name(&tag.original(), ["!vault", "!unsafe"].into_iter()) {
        Some(near) => format!("Did you mean {near}?"),
        None => {
            "Ansible knows !vault and !unsafe beside the standard tags of YAML; a text that begins with ! needs quotes"
                .to_owned()
        }
    };
    Fault::new(place, "this tag is not known").with_hint(hint)
}

/// The value of a tagged scalar; `is_plain` = it stands without quotation marks.
pub(super) fn scalar(meaning: Meaning, text: &str, is_plain: bool, place: Place) -> Result<Value, Fault> {
    let wrong = |what: &str| Fault::new(place, format!("the tag says {what}, `{text}` is none"));
    match meaning {
        Meaning::Untagged if is_plain => match scalars::plain(text) {
            Ok(Plain::Value(value)) => Ok(value),
            Ok(Plain::Merge | Plain::Equals) => {
                let message = format!("a bare {text} means something else in YAML than the text");
                Err(Fault::new(place, message).with_hint("Quote it if the text is meant"))
            }
            Err(reason) => Err(Fault::new(place, reason).with_hint("Quote it if it is text")),
        },
        Meaning::Untagged | Meaning::Text => Ok(Value::from(text)),
        Meaning::Vault => Ok(Value::Vaulted(text.to_owned())),
        Meaning::Unsafe => Ok(Value::Unsafe(text.to_owned())),
        Meaning::Integer => match scalars::integer(text) {
            Some(Ok(value)) => Ok(value),
            Some(Err(reason)) => Err(Fault::new(place, reason)),
            None => Err(wrong("an integer")),
        },
        Meaning::Float => {
            let whole = || text.replace('_', "").parse().ok();
            scalars::float(text).or_else(whole).map(Value::Float).ok_or_else(|| wrong("a float"))
        }
        Meaning::Boolean => scalars::boolean(text).map(Value::Bool).ok_or_else(|| wrong("a boolean")),
        // Whatever stands there, as with PyYAML.
        Meaning::Null => Ok(Value::Null),
        Meaning::Timestamp => match timestamps::iso(text) {
            Some(Ok(iso)) => Ok(Value::Timestamp(iso)),
            Some(Err(reason)) => Err(Fault::new(place, reason)),
            None => Err(wrong("a date")),
        },
        Meaning::List => Err(wrong("a list")),
        Meaning::Mapping | Meaning::Set => Err(wrong("a mapping")),
    }
}

/// Whether a list (or else a mapping) may carry the tag.
pub(super) fn check_container(meaning: Meaning, is_list: bool, place: Place) -> Result<(), Fault> {
    match meaning {
        Meaning::Untagged | Meaning::Unsafe | Meaning::Text => Ok(()),
        Meaning::List if is_list => Ok(()),
        Meaning::Mapping | Meaning::Set if !is_list => Ok(()),
        Meaning::Vault => Err(Fault::new(place, "!vault is for encrypted text, not for lists and mappings")),
        _ => Err(Fault::new(place, format!("the tag says something else than {}", what(is_list)))),
    }
}

fn what(is_list: bool) -> &'static str {
    if is_list { "a list" } else { "a mapping" }
}

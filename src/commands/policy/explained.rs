//! Where the limits of hosts come from, and what is wrong with them: for `inventory --explain` and `doctor`.

use std::sync::Arc;

use super::{CRIT, Given, NO_DURATION, NO_PROFILE, OwnAsk, PROFILE, WARN, length, limits, place, profiles};
use crate::files::inventory::Loaded;
use crate::inventory::configuration::{Configuration, Provenance};
use crate::inventory::connection::explain::{self, Row};
use crate::inventory::model::{HostId, Inventory, Variable};
use crate::inventory::template::Rendered;
use crate::inventory::value::Value;

/// The limits of a host as `inventory --explain` and `doctor` show them: what the environment says, else the inventory, else
/// the files of settings. What a scan would refuse is wrong in them.
pub fn explained(loaded: &Loaded, host: HostId) -> Vec<Row> {
    let variables = Arc::new(loaded.renderer.inventory().variables(host));
    let found = |(setting, variable, environment, _): &Named| {
        outside(&loaded.configuration, environment)
            .or_else(|| {
                let found = variables.get(*variable).filter(|found| found.value != Value::Null)?;
                let rendered = loaded.renderer.render_with(host, Some(&variables), variable, &found.value);
                Some((
                    provenance(loaded.renderer.inventory(), variable, found),
                    rendered.map_err(|error| error.to_string()),
                ))
            })
            .or_else(|| in_files(&loaded.configuration, setting))
    };
    rows(NAMED.iter().map(found))
}

/// What is wrong with limits that the environment or a file sets for all hosts.
pub fn wrong_for_all(configuration: &Configuration) -> Vec<String> {
    let found = |(setting, _, environment, _): &Named| {
        outside(configuration, environment).or_else(|| in_files(configuration, setting))
    };
    rows(NAMED.iter().map(found)).into_iter().filter_map(|row| row.wrong).collect()
}

/// A setting: its name, its variable, its environment variable, and what holds where nobody sets it.
type Named = (&'static str, &'static str, &'static str, &'static str);

const NAMED: [Named; 3] = [
    ("profile", PROFILE, "CLOCKAUDIT_PROFILE", "jwt"),
    ("warn", WARN, "CLOCKAUDIT_WARN", "the limit of the profile"),
    ("crit", CRIT, "CLOCKAUDIT_CRIT", "the limit of the profile"),
];

/// A value that was set somewhere, or why it cannot be had.
type Found = (Provenance, Result<Rendered, String>);

fn outside(configuration: &Configuration, variable: &'static str) -> Option<Found> {
    let text = configuration.environment.get(variable)?;
    Some((Provenance::Environment(variable), Ok(Rendered::open(Value::Text(text.clone())))))
}

fn in_files(configuration: &Configuration, setting: &'static str) -> Option<Found> {
    let given = configuration.in_own_files(setting)?;
    Some((given.provenance, Ok(Rendered::open(Value::Text(given.value)))))
}

fn provenance(inventory: &Inventory, name: &'static str, variable: &Variable) -> Provenance {
    let place = place(inventory, variable);
    if inventory.layers().extra.contains_key(name) {
        Provenance::ExtraVariable { name, place, from: inventory.layers().extra_from.clone() }
    } else {
        Provenance::Variable { name, place }
    }
}

/// The rows of what was found, each value looked at as a scan looks at it.
fn rows(found: impl Iterator<Item = Option<Found>>) -> Vec<Row> {
    let mut ask = OwnAsk::default();
    let mut row = |((setting, .., otherwise), found): (Named, Option<Found>)| {
        let unset = Row { setting, value: Value::Null, provenance: None, otherwise, wrong: None };
        let Some((provenance, rendered)) = found else { return unset };
        let looked_at = rendered.map_err(|why| format!("{provenance} {why}"));
        let looked_at = looked_at.and_then(|rendered| look_at(setting, &provenance, rendered, &mut ask));
        let (value, wrong) = looked_at.map_or_else(|wrong| (Value::Null, Some(wrong)), |value| (value, None));
        Row { value, provenance: Some(provenance), wrong, ..unset }
    };
    let mut rows: Vec<Row> = NAMED.into_iter().zip(found).map(&mut row).collect();
    if rows.iter().any(|row| row.wrong.is_some()) {
        return rows;
    }
    // Of two that were set it is the critical one that is below the other.
    let set = rows.iter_mut().rev().find(|row| row.provenance.is_some());
    if let Some((row, why)) = set.zip(limits(ask.profiles.unwrap_or_default(), ask.warn, ask.crit).err()) {
        (row.value, row.wrong) = (Value::Null, Some(why));
    }
    rows
}

/// Puts what a setting asks with the rest; gives the value as it is shown, or what is wrong with it.
fn look_at(
    setting: &str,
    provenance: &Provenance,
    Rendered { value, is_secret, .. }: Rendered,
    ask: &mut OwnAsk,
) -> Result<Value, String> {
    let told = |why: String, expected: &str| {
        if is_secret {
            format!("{provenance}: what is encrypted there is {expected}")
        } else {
            format!("{provenance} is `{value}`: {why}")
        }
    };
    if setting == "profile" {
        ask.profiles = Some(profiles(&value).map_err(|why| told(why, NO_PROFILE))?);
    } else {
        let limit = length(&value).map_err(|why| told(why, NO_DURATION))?;
        let (by, place) = named(provenance);
        let given = Some(Given { limit, by, place });
        if setting == "warn" { ask.warn = given } else { ask.crit = given }
    }
    Ok(if is_secret { Value::from(explain::HIDDEN) } else { value })
}

/// What a limit was given by, and where.
fn named(provenance: &Provenance) -> (&'static str, Option<String>) {
    let (by, place) = match provenance {
        Provenance::ExtraVariable { name, place, .. } | Provenance::Variable { name, place } => (*name, place.as_ref()),
        Provenance::File { key, place, .. } => (*key, Some(place)),
        Provenance::Flag(name) | Provenance::Environment(name) => (*name, None),
        Provenance::Default => ("default", None),
    };
    (by, place.map(|place| format!("{}:{}", place.file, place.line)))
}

//! Lookups that need no Ansible: `env`, `file`, `vars`. All others are refused by name; `pipe` would run commands.

use std::sync::Arc;

use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, State, Value as Jinja};

use super::environment::text_of;
use super::error::{Missing, TemplateError};
use super::{Surroundings, failure_of_given};

pub(super) fn add(environment: &mut Environment<'static>, surroundings: &Arc<dyn Surroundings>) {
    let machine = Arc::clone(surroundings);
    environment.add_function(
        "lookup",
        move |state: &State<'_, '_>, plugin: &str, terms: Rest<Jinja>, kwargs: Kwargs| {
            let wants_list = kwargs.get::<Option<bool>>("wantlist")?.unwrap_or(false);
            let found = look_up(state, machine.as_ref(), plugin, &terms, &kwargs)?;
            if wants_list {
                return Ok(Jinja::from(found));
            }
            match found.as_slice() {
                [one] => Ok::<_, Error>(one.clone()),
                // Texts are joined, values of other types stay a list.
                several if several.iter().all(|value| value.as_str().is_some()) => {
                    let texts: Vec<&str> = several.iter().filter_map(Jinja::as_str).collect();
                    Ok(Jinja::from(texts.join(",")))
                }
                _ => Ok(Jinja::from(found)),
            }
        },
    );
    for name in ["query", "q"] {
        let machine = Arc::clone(surroundings);
        environment.add_function(
            name,
            move |state: &State<'_, '_>, plugin: &str, terms: Rest<Jinja>, kwargs: Kwargs| {
                let _ = kwargs.get::<Option<bool>>("wantlist")?;
                look_up(state, machine.as_ref(), plugin, &terms, &kwargs)
            },
        );
    }
}

/// What a lookup finds for each of its terms.
fn look_up(
    state: &State<'_, '_>,
    machine: &dyn Surroundings,
    plugin: &str,
    terms: &[Jinja],
    kwargs: &Kwargs,
) -> Result<Vec<Jinja>, Error> {
    let short = plugin.strip_prefix("ansible.builtin.").or_else(|| plugin.strip_prefix("ansible.legacy."));
    let default = kwargs.get::<Option<Jinja>>("default")?;
    let mut found = Vec::new();
    for term in terms {
        let term = text_of(state, term)?;
        found.push(match short.unwrap_or(plugin) {
            "env" => match machine.environment(&term) {
                Some(text) => Jinja::from(text),
                None => default.clone().unwrap_or_else(|| Jinja::from("")),
            },
            "vars" => match state.lookup(&term).filter(|value| !value.is_undefined()).or_else(|| default.clone()) {
                Some(value) => value,
                None => return Err(failure_of_given(TemplateError::Undefined { name: term, near: None })),
            },
            "file" => {
                let text =
                    machine.file(&term).map_err(|why| failure_of_given(TemplateError::File { path: term, why }))?;
                state.consume_fuel(u64::try_from(text.len() / 64).unwrap_or(u64::MAX))?;
                let text =
                    if kwargs.get::<Option<bool>>("lstrip")?.unwrap_or(false) { text.trim_start() } else { &text };
                let strips = kwargs.get::<Option<bool>>("rstrip")?.unwrap_or(true);
                Jinja::from(if strips { text.trim_end() } else { text })
            }
            _ => {
                let error = TemplateError::OnlyAnsible { missing: Missing::Lookup, name: plugin.to_owned() };
                return Err(failure_of_given(error));
            }
        });
    }
    // The parameters of other lookups are of no interest, those of these must be known.
    let _ = (kwargs.get::<Option<bool>>("lstrip")?, kwargs.get::<Option<bool>>("rstrip")?);
    kwargs.assert_all_used()?;
    Ok(found)
}

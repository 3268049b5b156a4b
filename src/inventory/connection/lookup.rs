//! One setting of one host: the host's variables first, then the flag, then the configuration.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use super::hidden;
use super::table::Setting;
use super::wrong::Unusable;
use crate::inventory::configuration::{Configuration, Given, Place, Provenance, values};
use crate::inventory::model::{HostId, Variable, Variables};
use crate::inventory::secret::Secret;
use crate::inventory::template::{Rendered, Renderer};
use crate::inventory::value::Value;

/// Where the settings of one host are looked up.
pub(super) struct Lookup<'a> {
    /// Renders the values of variables.
    pub(super) renderer: &'a Renderer,
    pub(super) host: HostId,
    /// The effective variables of the host.
    pub(super) variables: Arc<Variables>,
    pub(super) configuration: &'a Configuration,
    /// Values that were encrypted, or made of what was: they may be used, never shown. What was encrypted is among them even
    /// where only a part of a value was.
    pub(super) hidden: RefCell<Vec<Secret>>,
    /// Short pieces of what of it stands in words for `ssh`.
    pub(super) fragments: RefCell<Vec<Secret>>,
}

impl Lookup<'_> {
    /// The text of a variable; null counts as not set.
    pub(super) fn variable(&self, names: &[&'static str]) -> Result<Option<Given<String>>, Unusable> {
        let Some((given, rendered)) = self.rendered(names)? else { return Ok(None) };
        if rendered.is_secret {
            let mut hidden = self.hidden.borrow_mut();
            hidden.extend(rendered.secrets);
            // It may be made of a secret that is no part of it.
            hidden.push(Secret::new(given.value.clone()));
        }
        Ok(Some(given))
    }

    /// The text of a variable, and what it was made of.
    fn rendered(&self, names: &[&'static str]) -> Result<Option<(Given<String>, Rendered)>, Unusable> {
        let set = names.iter().rev().find_map(|name| {
            let variable = self.variables.get(*name).filter(|variable| variable.value != Value::Null)?;
            Some((*name, variable))
        });
        let Some((name, variable)) = set else { return Ok(None) };
        let provenance = self.provenance(name, variable);
        let rendered = self.renderer.render_with(self.host, Some(&self.variables), name, &variable.value);
        let rendered = rendered.map_err(|error| Unusable::template(provenance.clone(), &error))?;
        if rendered.value == Value::Null {
            return Ok(None);
        }
        if matches!(rendered.value, Value::Timestamp(_)) {
            return Err(Unusable::new(provenance, " is a date; quote it if it is meant as text"));
        }
        match rendered.value.scalar_text() {
            Some(value) => Ok(Some((Given { value, provenance }, rendered))),
            None => Err(Unusable::new(provenance, " is a list or a mapping, not one value")),
        }
    }

    /// Arguments of a program, as one text. They are shown but for the secrets in them, in whatever form these come out of it.
    pub(super) fn arguments(
        &self,
        setting: &Setting,
        flag: Option<Given<String>>,
    ) -> Result<Option<Given<String>>, Unusable> {
        let Some((given, rendered)) = self.rendered(setting.variables)? else {
            let configured = || setting.names.and_then(|names| self.configuration.text(names));
            return Ok(flag.or_else(configured));
        };
        let secrets = rendered.secrets.iter().chain(&rendered.printed);
        self.fragments.borrow_mut().extend(secrets.clone().flat_map(hidden::fragments));
        self.hidden.borrow_mut().extend(secrets.flat_map(hidden::in_words));
        Ok(Some(given))
    }

    /// Hides an address in every form that `ssh` gives it, where it is hidden.
    pub(super) fn hide_forms_of(&self, address: &str) {
        let mut hidden = self.hidden.borrow_mut();
        if hidden.iter().any(|secret| secret.reveal() == address) {
            hidden.extend(hidden::of_address(address));
        }
    }

    /// A text.
    pub(super) fn text(
        &self,
        setting: &Setting,
        flag: Option<Given<String>>,
    ) -> Result<Option<Given<String>>, Unusable> {
        let configured = || setting.names.and_then(|names| self.configuration.text(names));
        Ok(self.variable(setting.variables)?.or(flag).or_else(configured))
    }

    /// A secret; an empty one is none.
    pub(super) fn secret(
        &self,
        setting: &Setting,
        flag: Option<Given<Secret>>,
    ) -> Result<Option<Given<Secret>>, Unusable> {
        let configured = || setting.names.and_then(|names| self.configuration.text(names));
        let hidden = |given: Given<String>| given.map(Secret::new);
        let found = self.variable(setting.variables)?.map(hidden).or(flag).or_else(|| configured().map(hidden));
        Ok(found.filter(|given| !given.value.reveal().is_empty()))
    }

    /// A whole number within bounds; `what` names what it should be.
    pub(super) fn number<N: TryFrom<i64>>(&self, setting: &Setting, what: &str) -> Result<Option<Given<N>>, Unusable> {
        if let Some(Given { value, provenance }) = self.variable(setting.variables)? {
            let number = values::whole(&value).and_then(|number| N::try_from(number).ok());
            return match number {
                Some(number) => Ok(Some(Given { value: number, provenance })),
                None => Err(Unusable::of_value(provenance, format!(" is no {what}: "), value)),
            };
        }
        let Some(names) = setting.names else { return Ok(None) };
        let found = self.configuration.number(names).map_err(|misfit| Unusable::misfit(&misfit))?;
        let Some(Given { value, provenance }) = found else { return Ok(None) };
        match N::try_from(value) {
            Ok(number) => Ok(Some(Given { value: number, provenance })),
            Err(_) => Err(Unusable::new(provenance, format!(" is no {what}: {value}"))),
        }
    }

    /// A switch. Where it is `strict`, a variable that is neither yes nor no is an error; else it is no.
    pub(super) fn switch(
        &self,
        setting: &Setting,
        flag: Option<Given<bool>>,
        strict: bool,
    ) -> Result<Option<Given<bool>>, Unusable> {
        if let Some(Given { value, provenance }) = self.variable(setting.variables)? {
            return match values::truth(&value) {
                None if strict => Err(Unusable::of_value(provenance, " is neither yes nor no: ", value)),
                truth => Ok(Some(Given { value: truth.unwrap_or(false), provenance })),
            };
        }
        Ok(flag.or_else(|| setting.names.and_then(|names| self.configuration.switch(names))))
    }

    /// A file. A variable's path stays as it is, so that it is relative to the current directory.
    pub(super) fn file(
        &self,
        setting: &Setting,
        flag: Option<Given<PathBuf>>,
    ) -> Result<Option<Given<PathBuf>>, Unusable> {
        let home = self.configuration.home.as_deref();
        let in_home = |given: Given<String>| {
            let path = crate::inventory::paths::in_home(&given.value, home);
            let mut hidden = self.hidden.borrow_mut();
            if hidden.iter().any(|secret| secret.reveal() == given.value) {
                hidden.push(Secret::new(path.to_string_lossy().into_owned()));
            }
            Given { value: path, provenance: given.provenance }
        };
        let variable = self.variable(setting.variables)?.map(in_home);
        let configured = || setting.names.and_then(|names| self.configuration.path(names));
        let found = variable.or(flag).or_else(configured);
        Ok(found.filter(|given| !given.value.as_os_str().is_empty()))
    }

    fn provenance(&self, name: &'static str, variable: &Variable) -> Provenance {
        let place = variable.origin.and_then(|origin| {
            let source = self.renderer.inventory().source(origin.source)?;
            Some(Place { file: source.name.clone(), line: origin.line })
        });
        let layers = self.renderer.inventory().layers();
        if layers.extra.contains_key(name) {
            return Provenance::ExtraVariable { name, place, from: layers.extra_from.clone() };
        }
        Provenance::Variable { name, place }
    }
}

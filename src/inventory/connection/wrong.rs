//! Settings that are there and cannot be used: what is wrong with each, and where it was set.

use super::hidden::Hidden;
use crate::inventory::configuration::{Given, Misfit, Provenance};
use crate::inventory::template::TemplateError;

/// A setting of a host that is there and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What it is called.
    pub setting: &'static str,
    /// Where it was set.
    pub provenance: Provenance,
    /// What is wrong with it, and what to do, as a sentence that begins with where it was set.
    pub what: String,
    /// Whether the host fails without it: what only becoming another user takes is not needed where nobody is become.
    pub is_needed: bool,
}

/// Why a setting cannot be used. Boxed, for it is the error of many functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable(Box<Sentence>);

/// A sentence of ours around what somebody else wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sentence {
    provenance: Provenance,
    /// What follows where it was set.
    before: String,
    /// A text of the inventory or the configuration, which may be a secret in the wrong place.
    value: String,
    after: &'static str,
}

impl Unusable {
    /// A sentence that is ours to its end.
    pub(super) fn new(provenance: Provenance, what: impl Into<String>) -> Self {
        Self::of_value(provenance, what, "")
    }

    /// A sentence that tells a value.
    pub(super) fn of_value(provenance: Provenance, before: impl Into<String>, value: impl Into<String>) -> Self {
        Self(Box::new(Sentence { provenance, before: before.into(), value: value.into(), after: "" }))
    }

    /// The same, with an end of ours.
    pub(super) fn then(mut self, after: &'static str) -> Self {
        self.0.after = after;
        self
    }

    pub(super) fn template(provenance: Provenance, error: &TemplateError) -> Self {
        match error {
            TemplateError::Vault(_) => Self::new(provenance, format!(" {error}")).then(" (INV302)"),
            _ => Self::of_value(provenance, " ", error.to_string()).then(" (INV301)"),
        }
    }

    pub(super) fn misfit(misfit: &Misfit) -> Self {
        Self::new(misfit.provenance.clone(), format!(" is {:?}, expected {}", misfit.text, misfit.expected))
    }

    fn told(&self, hidden: &Hidden) -> String {
        let Sentence { provenance, before, value, after } = &*self.0;
        format!("{provenance}{before}{}{after}", hidden.masked(value))
    }
}

/// What is wrong with the settings of a host that are being read.
#[derive(Debug, Default)]
pub(super) struct Reading(Vec<(&'static str, Unusable)>);

impl Reading {
    /// Takes what was found in place of the default, or notes what is wrong with it.
    pub(super) fn replace<T>(
        &mut self,
        name: &'static str,
        setting: &mut Given<T>,
        found: Result<Option<Given<T>>, Unusable>,
    ) {
        match found {
            Ok(Some(given)) => *setting = given,
            Ok(None) => {}
            Err(why) => self.note(name, why),
        }
    }

    /// Takes what was found, or notes what is wrong with it.
    pub(super) fn set<T>(
        &mut self,
        name: &'static str,
        setting: &mut Option<Given<T>>,
        found: Result<Option<Given<T>>, Unusable>,
    ) {
        match found {
            Ok(found) => *setting = found,
            Err(why) => self.note(name, why),
        }
    }

    /// Notes what is wrong with a setting.
    pub(super) fn note(&mut self, name: &'static str, why: Unusable) {
        self.0.push((name, why));
    }

    /// What is wrong, without what may not be shown.
    pub(super) fn finish(self, hidden: &Hidden, is_needed: impl Fn(&str) -> bool) -> Vec<Wrong> {
        let wrong = self.0.into_iter().map(|(setting, why)| Wrong {
            setting,
            what: why.told(hidden),
            provenance: why.0.provenance,
            is_needed: is_needed(setting),
        });
        wrong.collect()
    }
}

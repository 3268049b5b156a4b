//! One rendering: the values that it needed on its way, each rendered once, and how much work that may be.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value as Jinja};

use super::environment::{FUEL, Printed};
use super::error::TemplateError;
use super::scope::{LazyList, LazyMapping, Scope};
use super::{Shared, convert, failure, literals, percent, place, report, work};
use crate::inventory::diagnostics::{Span, is_secret};
use crate::inventory::excerpts::brief;
use crate::inventory::model::{HostId, Variables};
use crate::inventory::secret::Secret;
use crate::inventory::value::Value;

/// Words of templates that may take long before they fail: how much of the engine's fuel that was is not known then.
const LONG: [&str; 3] = ["for ", "macro ", "range("];
/// How deep templates may need each other's values.
const DEEPEST: usize = 25;
/// How many templates one rendering may need.
const MOST_TEMPLATES: usize = 2_000;
/// How many bytes of text all of them may give.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// One rendering.
pub(super) struct Run {
    pub(super) shared: Arc<Shared>,
    /// Whether an inventory is still being made: names that tell of the whole of it are not defined then.
    pub(super) is_unfinished: bool,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// The templates that are being rendered, outermost first.
    open: Vec<Open>,
    /// What came out of those that were.
    done: HashMap<(HostId, String), Jinja>,
    /// Variables of hosts that were looked at.
    variables: HashMap<HostId, Arc<Variables>>,
    /// For a variable that came out undefined: the name that was to blame.
    blamed: HashMap<String, TemplateError>,
    /// Where in the outermost template it failed.
    place: Option<Span>,
    templates: usize,
    bytes: usize,
    /// Whether anything secret was looked at.
    is_secret: bool,
    /// The secrets that were.
    secrets: Vec<Secret>,
    /// Values that were looked at and are none.
    open_values: HashSet<String>,
    /// What expressions gave in templates that had looked at a secret by their end.
    printed: Vec<Secret>,
}

struct Open {
    host: HostId,
    name: String,
    text: String,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared, is_unfinished: false, progress: Mutex::default() })
    }

    /// One for an expression of a source of inventories.
    pub(super) fn of_source(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared, is_unfinished: true, progress: Mutex::default() })
    }

    /// Forgets what holds the rendering itself; nothing may be asked of it afterwards.
    pub(super) fn end(&self) {
        self.progress().done.clear();
    }

    /// Where in the outermost template it failed, as far as that can be told.
    pub(super) fn place(&self) -> Option<Span> {
        self.progress().place.clone()
    }

    /// Whether the template that is rendered is not one that another one needs.
    fn is_outermost(&self) -> bool {
        self.progress().open.len() == 1
    }

    /// Whether anything secret was looked at: then neither result nor details of an error may be shown.
    pub(super) fn is_secret(&self) -> bool {
        self.progress().is_secret
    }

    /// Whether a text may be shown that a template gave: no secret was looked at, or a variable that is none is this.
    pub(super) fn is_open(&self, text: &str) -> bool {
        let progress = self.progress();
        !progress.is_secret || progress.open_values.contains(text)
    }

    /// Takes note of a variable that is looked at.
    pub(super) fn note(&self, name: &str) {
        if is_secret(name) {
            self.progress().is_secret = true;
        }
    }

    /// Takes note of what a variable is that was looked at. `is_plain` = it stands in the inventory as it is.
    pub(super) fn note_value(&self, name: &str, value: &Jinja, is_plain: bool) {
        let text = match value.kind() {
            ValueKind::String | ValueKind::Number => value.to_string(),
            _ => return,
        };
        if is_secret(name) {
            self.progress().secrets.push(Secret::new(text));
        } else if is_plain {
            self.progress().open_values.insert(text);
        }
    }

    /// The secrets that were looked at, and what expressions made where they were.
    pub(super) fn secrets(&self) -> (Vec<Secret>, Vec<Secret>) {
        let mut progress = self.progress();
        let open_values = std::mem::take(&mut progress.open_values);
        let mut printed = std::mem::take(&mut progress.printed);
        printed.retain(|text| !open_values.contains(text.reveal()));
        (std::mem::take(&mut progress.secrets), printed)
    }

    /// The name that is to blame for a variable that came out undefined.
    pub(super) fn blamed(&self, name: &str) -> Option<TemplateError> {
        self.progress().blamed.get(name).cloned()
    }

    /// What is to blame for a value that came out undefined, or holds what did.
    pub(super) fn blamed_below(&self, name: &str) -> TemplateError {
        let progress = self.progress();
        let below =
            |known: &str| known.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        let found = progress.blamed.iter().filter(|(known, _)| below(known)).min_by_key(|(known, _)| known.as_str());
        let unknown = || TemplateError::Undefined { name: name.to_owned(), near: None };
        found.map_or_else(unknown, |(_, error)| error.clone())
    }

    /// The variables of a host.
    pub(super) fn variables(&self, host: HostId) -> Arc<Variables> {
        if let Some(known) = self.progress().variables.get(&host) {
            return Arc::clone(known);
        }
        let variables = Arc::new((self.shared.variables)(host));
        self.spend(variables.len(), host, "hostvars");
        Arc::clone(self.progress().variables.entry(host).or_insert(variables))
    }

    /// Says what a host's variables are, in place of what the inventory says.
    pub(super) fn set_variables(&self, host: HostId, variables: Arc<Variables>) {
        self.progress().variables.insert(host, variables);
    }

    /// What a value of the inventory is to templates: text rendered, encrypted text decrypted, containers when they are
    /// looked into. What cannot be had is undefined, or a value that fails when it is used.
    pub(super) fn lift(self: &Arc<Self>, host: HostId, name: &str, value: &Value) -> Jinja {
        self.spend(work::weight(value), host, name);
        let lifted = match value {
            Value::Text(_) if value.has_template() => {
                let Value::Text(text) = value else { return Jinja::UNDEFINED };
                self.evaluate(host, name, text)
            }
            Value::Vaulted(text) => self.decrypt(text),
            Value::List(items) if is_lazy(value) => Ok(Jinja::from_object(LazyList {
                run: Arc::clone(self),
                host,
                name: name.to_owned(),
                items: items.clone(),
            })),
            Value::Mapping(entries) if is_lazy(value) => Ok(Jinja::from_object(LazyMapping {
                run: Arc::clone(self),
                host,
                name: name.to_owned(),
                entries: entries.clone(),
            })),
            plain => Ok(convert::to_engine(plain)),
        };
        lifted.unwrap_or_else(|error| {
            if let undefined @ TemplateError::Undefined { .. } = error {
                self.progress().blamed.insert(name.to_owned(), undefined);
                return Jinja::UNDEFINED;
            }
            Jinja::from(failure(error))
        })
    }

    fn decrypt(&self, text: &str) -> Result<Jinja, TemplateError> {
        self.progress().is_secret = true;
        if !self.shared.keyring.has_tried(text) {
            self.shared.work.is_in_time()?;
        }
        let plain = self.shared.keyring.open(text)?;
        let secret = plain.text()?;
        let value = Jinja::from(secret.reveal());
        self.progress().secrets.push(secret);
        Ok(value)
    }

    /// What comes out of a template.
    pub(super) fn evaluate(self: &Arc<Self>, host: HostId, name: &str, text: &str) -> Result<Jinja, TemplateError> {
        let key = (host, text.to_owned());
        if let Some(known) = self.progress().done.get(&key) {
            return Ok(known.clone());
        }
        self.enter(host, name, text)?;
        let result = self.evaluate_anew(host, name, text);
        let mut progress = self.progress();
        progress.open.pop();
        if let Ok(value) = &result {
            progress.done.insert(key, value.clone());
        }
        result
    }

    fn enter(&self, host: HostId, name: &str, text: &str) -> Result<(), TemplateError> {
        self.shared.work.may_go_on()?;
        let mut progress = self.progress();
        if let Some(from) =
            progress.open.iter().position(|open| open.host == host && open.name == name && open.text == text)
        {
            let names = progress.open.iter().skip(from).map(|open| open.name.clone());
            return Err(TemplateError::Cycle { chain: names.chain([name.to_owned()]).collect() });
        }
        if progress.open.len() >= DEEPEST {
            return Err(TemplateError::TooMuch("variables refer to each other too deeply"));
        }
        progress.templates += 1;
        if progress.templates > MOST_TEMPLATES {
            return Err(TemplateError::TooMuch("it needs too many other values"));
        }
        progress.open.push(Open { host, name: name.to_owned(), text: text.to_owned() });
        Ok(())
    }

    fn evaluate_anew(self: &Arc<Self>, host: HostId, name: &str, text: &str) -> Result<Jinja, TemplateError> {
        let scope = Arc::new(Scope { run: Arc::clone(self), host });
        let formatted = percent::with_formats(text);
        let template = literals::with_backslashes(&formatted);
        let strict = self.evaluate_in(&self.shared.strict, &scope, &template, name);
        let may_be_undefined = ["default", "d(", "defined"].iter().any(|word| text.contains(word));
        let result = match strict {
            // Jinja2 lets an attribute of an undefined value be undefined too; the engine does only when it is lenient in
            // everything else.
            Err(error) if may_be_undefined && error.kind() == ErrorKind::UndefinedError => {
                self.evaluate_in(&self.shared.chainable, &scope, &template, name)
            }
            other => other,
        };
        result.map_err(|error| {
            if self.is_outermost() {
                self.progress().place = place::of(&error, &template, text);
            }
            report::explained(&error, &scope, &template)
        })
    }

    fn evaluate_in(
        &self,
        environment: &Environment<'_>,
        scope: &Arc<Scope>,
        template: &str,
        name: &str,
    ) -> Result<Jinja, Error> {
        // An expression of a source is no variable, and has no other name.
        let own = self.is_unfinished.then(|| brief(template.trim_matches(['{', '}', ' '])));
        let name = own.as_deref().unwrap_or(name);
        // To read it, and to set up the engine.
        self.spend(1 + template.len() / 8, scope.host, name);
        let template_of = environment.template_from_str(template)?;
        let rendered = template_of.render_captured(Jinja::from_dyn_object(Arc::clone(scope)));
        let mut captured = rendered.inspect_err(|error| {
            let is_long = error.kind() == ErrorKind::OutOfFuel || LONG.iter().any(|word| template.contains(word));
            self.spend(if is_long { FUEL } else { 0 }, scope.host, name);
        })?;
        self.spend(captured.state().fuel_levels().map_or(0, |(spent, _)| spent), scope.host, name);
        let mut printed =
            captured.with_state_mut(|state| std::mem::take(state.get_or_insert_extension(Printed::default())));
        let output = captured.into_output();
        {
            let mut progress = self.progress();
            progress.bytes = progress.bytes.saturating_add(output.len());
            if progress.bytes > MOST_BYTES {
                return Err(failure(TemplateError::TooMuch("it becomes too long")));
            }
            if progress.is_secret {
                progress.printed.extend(std::mem::take(&mut printed.texts).into_iter().map(Secret::new));
            }
        }
        Ok(printed.native(output, template))
    }

    /// Takes note of work for a variable of a host.
    fn spend(&self, steps: impl TryInto<u64>, host: HostId, name: &str) {
        self.shared.work.spend(steps.try_into().unwrap_or(u64::MAX), name, || self.name_of(host));
    }

    fn name_of(&self, host: HostId) -> String {
        self.shared.inventory.host(host).map(|host| host.name.clone()).unwrap_or_default()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a value must be looked into before it can be handed on.
fn is_lazy(value: &Value) -> bool {
    match value {
        Value::Vaulted(_) => true,
        Value::List(items) => items.iter().any(is_lazy),
        Value::Mapping(entries) => entries.values().any(is_lazy),
        scalar => scalar.has_template(),
    }
}

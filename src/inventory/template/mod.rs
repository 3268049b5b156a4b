//! Jinja2 expressions in variables, as Ansible renders them: lazily, only what is asked for, with the types of Python.
//!
//! The engine is minijinja; what stands here makes it behave as Ansible does with Jinja2: what names stand for
//! (`scope`), Ansible's filters, tests and lookups, results that keep their type, undefined values, and limits on the
//! work. Nothing here touches the machine: what templates may ask of it comes through [`Surroundings`].

mod collection_filters;
mod convert;
mod environment;
mod error;
mod literals;
mod lookups;
mod percent;
mod place;
mod python;
mod python_text;
mod regex_filters;
mod report;
mod run;
mod scope;
mod text_filters;
mod versions;
mod work;

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value as Jinja};

use run::Run;
use work::Work;

use super::diagnostics::Span;
use super::model::{HostId, Inventory, Variables};
use super::secret::Secret;
use super::value::Value;
use super::vault::Keyring;

pub use error::{Missing, TemplateError};

/// What templates may ask of the machine.
pub trait Surroundings: Send + Sync {
    /// The text of a variable of the environment.
    fn environment(&self, name: &str) -> Option<String>;

    /// The text of a file, relative to the current directory; else what is wrong with it ("is not there").
    fn file(&self, path: &str) -> Result<String, String>;

    /// How long the run may take (`--deadline`), once that is over; `None` = there is time.
    fn time_over(&self) -> Option<Duration> {
        None
    }
}

/// A machine that has nothing to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSurroundings;

impl Surroundings for NoSurroundings {
    fn environment(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Err("cannot be read here".to_owned())
    }
}

/// A rendered value, and whether it may be shown.
#[derive(Clone)]
pub struct Rendered {
    /// The value.
    pub value: Value,
    /// Whether a password, or anything that was encrypted, was needed for it.
    pub is_secret: bool,
    /// The texts of those passwords, and of what was decrypted.
    pub secrets: Vec<Secret>,
    /// What expressions beside them gave, which may be made of them (`{{ password | b64encode }}`).
    pub printed: Vec<Secret>,
}

impl Rendered {
    /// A value that stands somewhere as it is, for everybody to read.
    pub fn open(value: Value) -> Self {
        Self { value, is_secret: false, secrets: Vec::new(), printed: Vec::new() }
    }
}

/// Renders values of hosts of one inventory.
pub struct Renderer {
    shared: Arc<Shared>,
}

/// What every rendering needs.
struct Shared {
    inventory: Arc<Inventory>,
    variables: Box<dyn Fn(HostId) -> Variables + Send + Sync>,
    keyring: Arc<Keyring>,
    playbook_dir: String,
    strict: Environment<'static>,
    chainable: Environment<'static>,
    groups: Mutex<HashMap<String, Option<Jinja>>>,
    work: Work,
}

impl Shared {
    /// The names of the hosts of a group.
    fn hosts_of(&self, group: &str) -> Option<Jinja> {
        let mut known = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hosts) = known.get(group) {
            return hosts.clone();
        }
        let hosts = self.inventory.group_named(group).map(|id| {
            let hosts = self.inventory.hosts_of(id);
            hosts
                .iter()
                .filter_map(|host| self.inventory.host(*host))
                .map(|host| Jinja::from(host.name.as_str()))
                .collect()
        });
        known.insert(group.to_owned(), hosts.clone());
        hosts
    }
}

impl Renderer {
    /// For the hosts of an inventory. `playbook_dir` is the current directory.
    pub fn new(
        inventory: Arc<Inventory>,
        keyring: Arc<Keyring>,
        surroundings: &Arc<dyn Surroundings>,
        playbook_dir: String,
    ) -> Self {
        let strict = environment::new(surroundings);
        let mut chainable = strict.clone();
        chainable.set_undefined_behavior(UndefinedBehavior::Chainable);
        let of_inventory = Arc::clone(&inventory);
        let variables = Box::new(move |host| of_inventory.variables(host));
        let groups = Mutex::default();
        let work = Work::of_hosts(inventory.host_count(), Arc::clone(surroundings));
        let shared = Shared { inventory, variables, keyring, playbook_dir, strict, chainable, groups, work };
        Self { shared: Arc::new(shared) }
    }

    /// The same, where all templates together may take so many steps. A rendering that has begun counts for the old limit.
    #[must_use]
    pub fn within(mut self, steps: u64) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.work.limit(steps);
        }
        self
    }

    /// How much work its templates were so far. One step is an instruction of the engine, 64 bytes of text, or a value that
    /// is looked at.
    pub fn steps(&self) -> u64 {
        self.shared.work.spent()
    }

    /// For an inventory whose templates ask nothing of the machine, and without passwords.
    pub fn alone(inventory: Arc<Inventory>) -> Self {
        let nothing: Arc<dyn Surroundings> = Arc::new(NoSurroundings);
        Self::new(inventory, Arc::default(), &nothing, String::new())
    }

    /// The passwords by which its values are opened.
    pub fn keyring(&self) -> &Keyring {
        &self.shared.keyring
    }

    /// The inventory whose values are rendered.
    pub fn inventory(&self) -> &Inventory {
        &self.shared.inventory
    }

    /// The value of a host's variable `name`: encrypted text decrypted, templates rendered, in containers too. `!unsafe`
    /// text is as it stands.
    pub fn render(&self, host: HostId, name: &str, value: &Value) -> Result<Rendered, TemplateError> {
        self.render_with(host, None, name, value)
    }

    /// The same for a host whose variables are known already.
    pub fn render_with(
        &self,
        host: HostId,
        variables: Option<&Arc<Variables>>,
        name: &str,
        value: &Value,
    ) -> Result<Rendered, TemplateError> {
        if is_plain(value) {
            let is_secret = super::diagnostics::is_secret(name);
            let secrets = value.scalar_text().filter(|_| is_secret).map(Secret::new).into_iter().collect();
            return Ok(Rendered { value: value.clone(), is_secret, secrets, printed: Vec::new() });
        }
        let run = Run::new(Arc::clone(&self.shared));
        if let Some(variables) = variables {
            run.set_variables(host, Arc::clone(variables));
        }
        let rendered = Self::finish(&run, host, name, value);
        run.end();
        rendered
    }

    /// What a template that is no variable gives for a host whose variables are known; else why it gives nothing, and where in it.
    pub fn fill(
        &self,
        host: HostId,
        variables: &Arc<Variables>,
        name: &str,
        template: &str,
    ) -> Result<Rendered, (TemplateError, Option<Span>)> {
        let value = Value::Text(template.to_owned());
        if is_plain(&value) {
            return Ok(Rendered::open(value));
        }
        let run = Run::new(Arc::clone(&self.shared));
        run.set_variables(host, Arc::clone(variables));
        let rendered = Self::finish(&run, host, name, &value).map_err(|error| (error, run.place()));
        run.end();
        rendered
    }

    /// The value of an expression of a source of inventories, without braces, for a host whose variables are these.
    pub fn evaluate(&self, host: HostId, variables: Variables, expression: &str) -> Result<Rendered, TemplateError> {
        self.evaluate_template(host, variables, format!("{{{{ {expression} }}}}"))
    }

    /// The same of a template of a source of inventories.
    pub fn evaluate_template(
        &self,
        host: HostId,
        variables: Variables,
        template: String,
    ) -> Result<Rendered, TemplateError> {
        let run = Run::of_source(Arc::clone(&self.shared));
        run.set_variables(host, Arc::new(variables));
        let value = Value::Text(template);
        let rendered = Self::finish(&run, host, "the expression", &value);
        run.end();
        rendered
    }

    fn finish(run: &Arc<Run>, host: HostId, name: &str, value: &Value) -> Result<Rendered, TemplateError> {
        run.note(name);
        let lifted = run.lift(host, name, value);
        let value = convert::from_engine(&lifted).map_err(|error| match error.kind() {
            ErrorKind::UndefinedError => run.blamed_below(name),
            _ => report::found(&error).unwrap_or_else(|| report::failed(&error, run.is_secret())),
        })?;
        let (secrets, printed) = run.secrets();
        Ok(Rendered { value, is_secret: run.is_secret(), secrets, printed })
    }
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Renderer")
    }
}

/// Whether a value is what it is: no template and nothing encrypted in it.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Vaulted(_) | Value::Unsafe(_) => false,
        Value::List(items) => items.iter().all(is_plain),
        Value::Mapping(entries) => entries.values().all(is_plain),
        scalar => !scalar.has_template(),
    }
}

/// An error that names what a template gave to a lookup, which may be a secret: where the template is known, that is decided.
#[derive(Debug, thiserror::Error)]
#[error("failed")]
struct Given(TemplateError);

/// The same as [`failure`], for an error that names what a template gave.
fn failure_of_given(error: TemplateError) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, "failed").with_source(Given(error))
}

/// An error of ours for the engine, which gives it back unchanged.
fn failure(error: TemplateError) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, "failed").with_source(error)
}

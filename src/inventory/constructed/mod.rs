//! Ansible's inventory plugin `constructed`: variables and groups made by expressions over the hosts that are known.

mod plan;

use std::sync::Arc;

use indexmap::IndexSet;

use super::group_names;
use super::model::{Draft, GroupId, HostId, Inventory, SourceId, Variable, Variables};
use super::template::{Rendered, Renderer, TemplateError};
use super::value::Value;

pub use plan::{KeyedGroup, Plan};

/// Why a source of `constructed` ends: what was done for the hosts before stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstructedError {
    /// Its settings make no sense.
    #[error("{0}")]
    Settings(String),
    /// An expression failed and `strict` says that none may.
    #[error("{host}: {what} {why}; `strict: false` passes over what fails")]
    Expression {
        /// The host.
        host: String,
        /// The setting, with its expression's name.
        what: String,
        /// What is wrong.
        why: TemplateError,
    },
    /// An expression that would not fail with Ansible, or at another time.
    #[error("{host}: {what} {why}")]
    NeverPassed {
        /// The host.
        host: String,
        /// The setting, with its expression's name.
        what: String,
        /// What is wrong.
        why: TemplateError,
    },
    /// A condition that is neither true nor false.
    #[error(
        "{host}: groups: {group} is {kind}, expected true or false; compare it (`x == 1`), or convert it (`x | bool`); `strict: false` \
         passes over it"
    )]
    Condition {
        /// The host.
        host: String,
        /// The group.
        group: String,
        /// What it is.
        kind: &'static str,
    },
    /// A key that is no name.
    #[error("{host}: the key {key} of keyed_groups is {kind}, expected a text, a list or a mapping")]
    Key {
        /// The host.
        host: String,
        /// The expression.
        key: String,
        /// What it is.
        kind: &'static str,
    },
    /// The groups would contradict each other, or are too many.
    #[error("{0}")]
    Groups(String),
}

/// Does what a plan says for every host of a draft, in their order. `lay` lays the files of variables beside the sources
/// over an inventory, where the plan asks for them; `renderer` renders for an inventory.
pub fn apply(
    draft: &mut Draft,
    source: SourceId,
    plan: &Plan,
    lay: impl FnOnce(&mut Inventory),
    renderer: impl FnOnce(Arc<Inventory>) -> Renderer,
) -> Result<(), ConstructedError> {
    let mut inventory = draft.as_it_stands();
    if plan.uses_variable_files {
        lay(&mut inventory);
    }
    let inventory = Arc::new(inventory);
    let renderer = renderer(Arc::clone(&inventory));
    for (id, host) in inventory.hosts() {
        let mut work =
            Work { variables: inventory.variables(id), id, host: &host.name, draft, source, plan, renderer: &renderer };
        work.compose()?;
        work.groups()?;
        for keyed in &plan.keyed {
            work.keyed(keyed)?;
        }
    }
    Ok(())
}

/// One host's turn.
struct Work<'a> {
    /// What its expressions see: the inventory's variables and those that were composed.
    variables: Variables,
    id: HostId,
    host: &'a str,
    draft: &'a mut Draft,
    source: SourceId,
    plan: &'a Plan,
    renderer: &'a Renderer,
}

impl Work<'_> {
    /// The value of an expression; `None` = it failed, which may be.
    fn value(&self, what: impl FnOnce() -> String, expression: &str) -> Result<Option<Value>, ConstructedError> {
        self.passed(what, self.renderer.evaluate(self.id, self.variables.clone(), expression))
    }

    /// What was rendered; `None` = it failed, which may be. What only Ansible could have rendered may not, nor what there was
    /// neither work nor time left for.
    fn passed(
        &self,
        what: impl FnOnce() -> String,
        rendered: Result<Rendered, TemplateError>,
    ) -> Result<Option<Value>, ConstructedError> {
        match rendered {
            Ok(rendered) => Ok(Some(rendered.value)),
            Err(
                why @ (TemplateError::OnlyAnsible { .. }
                | TemplateError::Exhausted { .. }
                | TemplateError::TooLate { .. }),
            ) => Err(ConstructedError::NeverPassed { host: self.host.to_owned(), what: what(), why }),
            Err(_) if !self.plan.strict => Ok(None),
            Err(why) => Err(ConstructedError::Expression { host: self.host.to_owned(), what: what(), why }),
        }
    }

    fn compose(&mut self) -> Result<(), ConstructedError> {
        let mut composed = Variables::new();
        for (name, expression) in &self.plan.compose {
            let Some(value) = self.value(|| format!("compose: {name}"), expression)? else { continue };
            // What an expression gives is no template again.
            let value = finished(value);
            composed.insert(name.clone(), Variable { value: value.clone(), origin: None });
            if let Some(host) = self.draft.host_named(self.host) {
                self.draft.set_host_variable(host, name, value, None);
            }
        }
        // No expression of `compose` sees another one's value.
        self.variables.extend(composed);
        Ok(())
    }

    fn groups(&mut self) -> Result<(), ConstructedError> {
        for (name, condition) in &self.plan.groups {
            match self.value(|| format!("groups: {name}"), condition)? {
                Some(Value::Bool(true)) => {
                    self.join(name)?;
                }
                Some(Value::Bool(false)) | None => {}
                // As since Ansible 2.19, nothing else is a condition.
                Some(_) if !self.plan.strict => {}
                Some(other) => {
                    let (host, group) = (self.host.to_owned(), name.clone());
                    return Err(ConstructedError::Condition { host, group, kind: kind(&other) });
                }
            }
        }
        Ok(())
    }

    fn keyed(&mut self, keyed: &KeyedGroup) -> Result<(), ConstructedError> {
        let Some(value) = self.value(|| format!("keyed_groups: {}", keyed.key), &keyed.key)? else { return Ok(()) };
        // As with Ansible, no group is made where the name of its parent cannot be.
        let Ok(parent) = self.parent(keyed)? else { return Ok(()) };
        for name in self.names(keyed, &value)? {
            let separator = if keyed.prefix.is_empty() && !self.plan.leading_separator { "" } else { &keyed.separator };
            let group = self.join(&format!("{}{separator}{name}", keyed.prefix))?;
            if let Some(parent) = &parent {
                let parent = self.draft.ensure_group(&group_names::valid(parent));
                self.draft.add_child(parent, group).map_err(|error| ConstructedError::Groups(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// The name of the group to put a keyed group below, which is a template; `Err` = that failed, which may be.
    fn parent(&self, keyed: &KeyedGroup) -> Result<Result<Option<String>, ()>, ConstructedError> {
        let Some(template) = &keyed.parent_group else { return Ok(Ok(None)) };
        let rendered = self.renderer.evaluate_template(self.id, self.variables.clone(), template.clone());
        let rendered = self.passed(|| format!("keyed_groups: parent_group {template}"), rendered)?;
        let named = |value: &Value| value.scalar_text().filter(|name| !name.is_empty());
        Ok(rendered.as_ref().map(named).ok_or(()))
    }

    /// The names that a key's value stands for, without the prefix.
    fn names(&self, keyed: &KeyedGroup, value: &Value) -> Result<IndexSet<String>, ConstructedError> {
        let named = |text: String| if text.is_empty() { keyed.default_value.clone() } else { Some(text) };
        match value {
            Value::Text(text) | Value::Timestamp(text) | Value::Unsafe(text) => {
                Ok(named(text.clone()).into_iter().collect())
            }
            Value::List(items) => Ok(items.iter().filter_map(Value::scalar_text).filter_map(named).collect()),
            Value::Mapping(entries) => Ok(entries.iter().map(|(key, item)| pair(keyed, key, item)).collect()),
            Value::Null => Ok(IndexSet::new()),
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Vaulted(_) => {
                Err(self.no_key(keyed, kind(value)))
            }
        }
    }

    fn no_key(&self, keyed: &KeyedGroup, kind: &'static str) -> ConstructedError {
        ConstructedError::Key { host: self.host.to_owned(), key: keyed.key.clone(), kind }
    }

    /// Puts the host into a group.
    fn join(&mut self, name: &str) -> Result<GroupId, ConstructedError> {
        let group = self.draft.ensure_group(&group_names::valid(name));
        let joined = self.draft.add_host(self.host, group, self.source);
        joined.map(|_| group).map_err(|error| ConstructedError::Groups(error.to_string()))
    }
}

/// What a value is, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Text(_) | Value::Timestamp(_) | Value::Unsafe(_) => "a text",
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Vaulted(_) => "encrypted",
    }
}

/// The name that an entry of a mapping stands for.
fn pair(keyed: &KeyedGroup, key: &str, item: &Value) -> String {
    let text = item.to_string();
    match (text.as_str(), &keyed.default_value) {
        ("", Some(default)) => format!("{key}{}{default}", keyed.separator),
        ("", None) if !keyed.trailing_separator => key.to_owned(),
        _ => format!("{key}{}{text}", keyed.separator),
    }
}

/// A result as a value of the inventory: text that looks like a template is not rendered.
fn finished(value: Value) -> Value {
    match value {
        Value::Text(text) if Value::from(text.as_str()).has_template() => Value::Unsafe(text),
        Value::List(items) => Value::List(items.into_iter().map(finished).collect()),
        Value::Mapping(entries) => {
            Value::Mapping(entries.into_iter().map(|(key, item)| (key, finished(item))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::Source;
    use crate::inventory::yaml::{self, DuplicateKeys};
    use crate::inventory::{ini, listing, ranges};

    const FLEET: &str =
        "[base]\nweb-eu-1 region=eu role=web ip=192.0.2.61\ndb-us-1 region=us role=db ip=192.0.2.62\nlone\n";

    /// The groups and variables that settings in YAML make of the fleet, or why they do not.
    fn constructed(settings: &str) -> (String, Result<(), ConstructedError>) {
        constructed_of(FLEET, settings)
    }

    /// The same of a fleet in INI.
    fn constructed_of(fleet: &str, settings: &str) -> (String, Result<(), ConstructedError>) {
        let mut draft = Draft::new();
        let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        ini::read(&mut draft, source, fleet, &mut ranges::Budget::new(10));
        let document = yaml::read(settings.as_bytes(), DuplicateKeys::Warn).expect("YAML");
        let settings = yaml::settings(&document).expect("a mapping");
        let settings = settings.into_iter().map(|setting| (setting.name, setting.value)).collect();
        let done = Plan::new(&settings)
            .map_err(ConstructedError::Settings)
            .and_then(|plan| apply(&mut draft, source, &plan, |_| {}, Renderer::alone));
        let (inventory, _) = draft.reconcile().expect("consistent");
        let mut told: Vec<String> = inventory
            .groups()
            .filter(|(_, group)| !["all", "ungrouped", "base"].contains(&group.name.as_str()))
            .map(|(id, group)| {
                let hosts = inventory.hosts_of(id);
                let hosts: Vec<&str> = hosts.iter().filter_map(|id| Some(inventory.host(*id)?.name.as_str())).collect();
                format!("{}: {}", group.name, hosts.join(" "))
            })
            .collect();
        told.sort();
        let composed = inventory.hosts().map(|(id, _)| listing::host(&inventory, id)).collect::<String>();
        told.extend(composed.lines().map(str::trim).filter(|line| line.starts_with("\"fq\"")).map(str::to_owned));
        (told.join("\n"), done)
    }

    #[test]
    fn variables_and_groups_are_made_of_expressions() {
        let (told, done) = constructed(
            "compose:\n  fq: inventory_hostname + '.' + region\ngroups:\n  webs: role == 'web'\n  \
             named: inventory_hostname.startswith('db')\nkeyed_groups:\n  - {key: region, prefix: region}\n  \
             - {key: role, prefix: '', separator: '', parent_group: roles}\n  - {key: \"{'os': role}\", prefix: k}\n",
        );
        assert_eq!(done, Ok(()));
        let expected = "db: db-us-1\nk_os_db: db-us-1\nk_os_web: web-eu-1\nnamed: db-us-1\nregion_eu: web-eu-1\n\
                        region_us: db-us-1\nroles: web-eu-1 db-us-1\nweb: web-eu-1\nwebs: web-eu-1\n\
                        \"fq\": \"web-eu-1.eu\",\n\"fq\": \"db-us-1.us\",";
        assert_eq!(told, expected);
    }

    /// As ansible-core 2.19.14 makes of them.
    #[test]
    fn groups_are_seen_as_the_sources_before_left_them() {
        let check = |fleet: &str, expected: &str| {
            let groups = "  cg: a is defined\n  alone: \"'ungrouped' in group_names\"\n";
            let (told, done) = constructed_of(fleet, &format!("compose: {{fq: a}}\ngroups:\n{groups}"));
            assert_eq!((told.replace(',', "").as_str(), done), (expected, Ok(())), "{fleet}");
        };
        // No group is below `all` yet but `ungrouped`, which a host leaves only in the end.
        check("h0\n[all:vars]\na=1\n[web]\nh1\n", "alone: h0\ncg: h0\nweb: h1\n\"fq\": 1");
        check("h0\n[all:vars]\na=1\n[web]\nh0\n", "alone: h0\ncg: h0\nweb: h0\n\"fq\": 1");
        check("[all:vars]\na=1\n[all]\nh0\n", "cg: h0\n\"fq\": 1");
        check("[all:vars]\na=1\n[all:children]\nweb\n[web]\nh1\n", "cg: h1\nweb: h1\n\"fq\": 1");
        // `all` is at the depth of any group that nothing is above: the later name wins.
        check("[aaa]\nh1\n[all]\nh1\n[aaa:vars]\na=2\n[all:vars]\na=1\n", "aaa: h1\ncg: h1\n\"fq\": 1");
        check("[zzz]\nh1\n[all]\nh1\n[zzz:vars]\na=2\n[all:vars]\na=1\n", "cg: h1\nzzz: h1\n\"fq\": 2");
        check(
            "[p:children]\naaa\n[aaa]\nh1\n[all]\nh1\n[aaa:vars]\na=2\n[all:vars]\na=1\n",
            "aaa: h1\ncg: h1\np: h1\n\"fq\": 2",
        );
    }

    /// As ansible-core 2.19.14 has it.
    #[test]
    fn only_true_is_a_condition_and_nothing_composed_is_seen_by_its_like() {
        let fleet = "h x=1 s=no av=1\n";
        let groups = "g1: x, g6: s, gn: 'None', gl: '[1]', gi: 1, gt: true, gf: false, gs: \"'abc'\", gtt: \"'True'\", gnull: null, \
                      gm: x == 1, tz: t5 is defined, gy: yes, gb: 'x | bool'";
        let settings =
            format!("compose: {{av: 5, t5: inventory_hostname | upper, fq: t5 | lower}}\ngroups: {{{groups}}}\n");
        let (told, done) = constructed_of(fleet, &settings);
        assert_eq!((told.as_str(), done), ("gb: h\ngm: h\ngt: h\ngy: h\ntz: h", Ok(())));
        let check = |settings: &str, expected: &str| {
            let (told, done) = constructed_of(fleet, &format!("strict: true\n{settings}\n"));
            assert_eq!(
                (told.as_str(), done.expect_err("a failure").to_string().as_str()),
                ("", expected),
                "{settings}"
            );
        };
        let remedy =
            "expected true or false; compare it (`x == 1`), or convert it (`x | bool`); `strict: false` passes over it";
        check("groups: {g1: x}", &format!("h: groups: g1 is a number, {remedy}"));
        check("groups: {gs: \"'abc'\"}", &format!("h: groups: gs is a text, {remedy}"));
        let expected = "groups: gi is no text, expected an expression; `strict: false` passes over it";
        check("groups: {gi: 1}", expected);
        let why = "h: compose: fq refers to 't5', which is not defined; `strict: false` passes over what fails";
        let (_, done) = constructed_of(fleet, "strict: true\ncompose: {t5: x, fq: t5}\n");
        assert_eq!(done.expect_err("a failure").to_string(), why);
    }

    #[test]
    fn the_group_above_is_a_template() {
        let keyed = "keyed_groups:\n  - {key: region, prefix: r, parent_group: '{{ region }}x'}\n  \
                     - {key: role, prefix: s, parent_group: '{{ nowhere }}x'}\n  \
                     - {key: role, prefix: t, parent_group: \"{{ '' }}\"}\n";
        let (told, done) = constructed(keyed);
        assert_eq!(done, Ok(()));
        let expected = "eux: web-eu-1\nr_eu: web-eu-1\nr_us: db-us-1\nt_db: db-us-1\nt_web: web-eu-1\nusx: db-us-1";
        assert_eq!(told, expected);
        let (_, done) = constructed(&format!("strict: true\n{keyed}"));
        let why = "web-eu-1: keyed_groups: parent_group {{ nowhere }}x refers to 'nowhere', which is not defined; \
                   `strict: false` passes over what fails";
        assert_eq!(done.expect_err("a failure").to_string(), why);
    }

    #[test]
    fn names_of_the_whole_inventory_are_not_defined() {
        for name in ["groups", "hostvars", "vars", "playbook_dir"] {
            let (told, done) = constructed(&format!("compose: {{fq: '{name}'}}\n"));
            assert_eq!((told.as_str(), done), ("", Ok(())), "{name}");
            let (told, _) = constructed(&format!("groups: {{there: '{name} is not defined'}}\n"));
            assert_eq!(told, "there: web-eu-1 db-us-1 lone", "{name}");
        }
        for name in ["group_names", "inventory_hostname", "inventory_hostname_short", "omit"] {
            let (told, _) = constructed(&format!("groups: {{there: '{name} is defined'}}\n"));
            assert_eq!(told, "there: web-eu-1 db-us-1 lone", "{name}");
        }
    }

    #[test]
    fn what_only_ansible_has_is_not_passed_over() {
        const REMEDY: &str = "pass its value with -e, or pass --inventory-via-ansible";
        let check = |expression: &str, expected: &str| {
            let (_, done) = constructed(&format!("compose: {{fq: \"{expression}\"}}\n"));
            let why = done.expect_err("a failure").to_string();
            assert_eq!(why, format!("web-eu-1: compose: fq {expected}, which only Ansible can run; {REMEDY}"));
        };
        check("region | from_space", "uses the filter 'from_space'");
        check("now().year", "uses the function 'now'");
    }

    #[test]
    fn too_much_work_is_not_passed_over() {
        let mut draft = Draft::new();
        let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        ini::read(&mut draft, source, FLEET, &mut ranges::Budget::new(10));
        let compose = [("fq".to_owned(), Value::from("region | upper"))].into();
        let settings = [("compose".to_owned(), Value::Mapping(compose))].into();
        let plan = Plan::new(&settings).expect("a plan");
        let done = apply(&mut draft, source, &plan, |_| {}, |inventory| Renderer::alone(inventory).within(10));
        let why = "lone: compose: fq is not rendered: the templates of this inventory took more than 10 steps of work, \
                   the last of them for region ... of db-us-1; make that value cheaper, or pass it with -e";
        assert_eq!(done.expect_err("a failure").to_string(), why);
    }

    #[test]
    fn what_fails_ends_a_strict_source_after_what_was_done() {
        let (told, done) = constructed("strict: true\ncompose: {fq: region}\n");
        assert_eq!(told, "\"fq\": \"eu\",\n\"fq\": \"us\",");
        let why = "lone: compose: fq refers to 'region', which is not defined; `strict: false` passes over what fails";
        assert_eq!(done.expect_err("a failure").to_string(), why);
        let (told, done) = constructed("keyed_groups: [{key: ip | length}]\n");
        assert_eq!(told, "");
        let why = "web-eu-1: the key ip | length of keyed_groups is a number, expected a text, a list or a mapping";
        assert_eq!(done.expect_err("a failure").to_string(), why);
    }
}

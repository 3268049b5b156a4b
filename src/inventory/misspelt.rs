//! Variables that are nearly those of a setting: Ansible and clockaudit pass them over without a word.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::connection;
use super::diagnostics::{Diagnostic, Span};
use super::model::{Inventory, Origin, Variables};

/// Letters that two names may differ by and still be meant to be one.
const NEAR: usize = 2;
/// Variables of methods of becoming another user that only Ansible has, and of programs that only it runs: near those that are
/// known here, and right.
const OF_ANSIBLE: [&str; 5] =
    ["ansible_dzdo_", "ansible_ksu_", "ansible_sesu_", "ansible_scp_extra_args", "ansible_sftp_extra_args"];

/// Where a variable stands.
#[derive(Default)]
struct Places {
    first: Option<Origin>,
    count: usize,
}

/// One note for each misspelt name, with the place where it stands first. `others` are variables that mean something beside those of
/// connections.
pub fn misspelt(inventory: &Inventory, others: &[&'static str]) -> Vec<Diagnostic> {
    let known: BTreeSet<&str> = connection::variables().chain(others.iter().copied()).collect();
    let mut near: IndexMap<&str, (Option<&str>, Places)> = IndexMap::new();
    for (name, variable) in every(inventory).flatten() {
        if known.contains(name.as_str()) {
            continue;
        }
        let (_, places) = near.entry(name).or_insert_with(|| (nearest(name, &known), Places::default()));
        places.first = places.first.or(variable.origin);
        places.count += 1;
    }
    let meant = near.into_iter().filter_map(|(name, (near, places))| Some((name, near?, places)));
    meant.map(|(name, near, places)| note(inventory, name, near, &places)).collect()
}

/// The variables of all hosts, groups and files, and of `-e`.
fn every(inventory: &Inventory) -> impl Iterator<Item = &Variables> {
    let layers = inventory.layers();
    let hosts = inventory.hosts().map(|(_, host)| &host.variables);
    let groups = inventory.groups().map(|(_, group)| &group.variables);
    let roots = layers.inventories.iter().chain([&layers.play]);
    // The folder of an inventory that is the current one too is read once, and lies there twice.
    let mut seen: BTreeSet<*const Variables> = BTreeSet::new();
    let files = roots.flat_map(|root| root.groups.values().chain(root.hosts.values()));
    let files = files.filter(move |variables| seen.insert(Arc::as_ptr(variables))).map(Arc::as_ref);
    hosts.chain(groups).chain(files).chain([&layers.extra])
}

/// The known name that a name is nearly.
fn nearest<'known>(name: &str, known: &BTreeSet<&'known str>) -> Option<&'known str> {
    if OF_ANSIBLE.iter().any(|right| name.starts_with(right)) {
        return None;
    }
    let wanted = name.to_lowercase();
    let near = known.iter().filter(|known| known.len().abs_diff(wanted.len()) <= NEAR);
    let measured = near.map(|known| (strsim::osa_distance(&wanted, known), *known));
    measured.filter(|(distance, _)| *distance <= NEAR).min().map(|(_, known)| known)
}

fn note(inventory: &Inventory, name: &str, near: &str, places: &Places) -> Diagnostic {
    let others = match places.count - 1 {
        0 => String::new(),
        1 => " (and in 1 more place)".to_owned(),
        more => format!(" (and in {more} more places)"),
    };
    let told = Diagnostic::note(format!("`{name}`{others} is no variable that is known"));
    let told = told.with_hint(format!("did you mean `{near}`?"));
    let Some(Origin { source, line, column }) = places.first else { return told.in_file(&"-e".into()) };
    let told = told.at(Span { line, column, length: 0, excerpt: String::new() });
    match inventory.source(source) {
        Some(source) => told.in_file(&source.name),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::{Draft, Source};
    use crate::inventory::{ini, ranges};

    #[test]
    fn names_that_are_nearly_right_are_told_once_each() {
        let check = |text: &str, expected: &[&str]| {
            let mut draft = Draft::new();
            let record = Source { name: "x.ini".into(), file: None, folder: None, sha256: String::new() };
            let source = draft.add_source(record);
            ini::read(&mut draft, source, text, &mut ranges::Budget::new(100));
            let (inventory, _) = draft.reconcile().expect("consistent");
            let told = misspelt(&inventory, &["clockaudit_ntp_servers", "clockaudit_warn"]);
            assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{text}");
        };
        check(
            "h1 ansible_hots=a ansible_port=22\nh2 ansible_hots=b\nh3 ansible_hots=c\n",
            &[
                "x.ini line 1: `ansible_hots` (and in 2 more places) is no variable that is known. did you mean `ansible_host`?",
            ],
        );
        check(
            "h1\n[all:vars]\nansible_prot=22\nclockaudit_ntp_server=a\nclockaudit_wran=20ms\nAnsible-User=x\n",
            &[
                "x.ini line 3: `ansible_prot` is no variable that is known. did you mean `ansible_port`?",
                "x.ini line 4: `clockaudit_ntp_server` is no variable that is known. did you mean `clockaudit_ntp_servers`?",
                "x.ini line 5: `clockaudit_wran` is no variable that is known. did you mean `clockaudit_warn`?",
                "x.ini line 6: `Ansible-User` is no variable that is known. did you mean `ansible_user`?",
            ],
        );
        check("h1 ansible_python_interpreter=x clockaudit_owner=y host=z port=1 ansible_ksu_pass=x\n", &[]);
        check("h1 ansible_scp_extra_args=x ansible_timeout=1 ansible_shell_executable=x ansible_become_pass=x\n", &[]);
    }
}

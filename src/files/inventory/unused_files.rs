//! Files of variables that nothing reads: their names are those of no group and no host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::configuration::shown;
use super::folder::IGNORED_EXTENSIONS;
use super::variable_folders::VariableFolder;
use super::{LoadSettings, Loaded, variables};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::model::{Inventory, LOCALHOST_NAMES};
use crate::inventory::nearest;

/// Of files that are for nobody so many are named.
const MOST_NAMED: usize = 5;
/// Ends of names that files beside those of variables have.
const OTHERS: [&str; 3] = [".j2", ".sh", ".py"];

/// What the files of a folder are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Group,
    Host,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Host => "host",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Group => "group_vars",
            Self::Host => "host_vars",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Group => Self::Host,
            Self::Host => Self::Group,
        }
    }

    fn is_known(self, name: &str, inventory: &Inventory) -> bool {
        match self {
            Self::Group => inventory.group_named(name).is_some(),
            Self::Host => inventory.host_named(name).is_some() || LOCALHOST_NAMES.contains(&name),
        }
    }

    /// The name of this kind that was probably meant.
    fn nearest(self, name: &str, inventory: &Inventory) -> Option<String> {
        let near = match self {
            Self::Group => nearest::name(name, inventory.groups().map(|(_, group)| group.name.as_str())),
            Self::Host => nearest::name(name, inventory.hosts().map(|(_, host)| host.name.as_str())),
        };
        near.map(str::to_owned)
    }
}

/// One note for each file of `group_vars` and `host_vars` that was probably meant for somebody else, and one for all others of a
/// folder. They may belong to another inventory.
pub fn unused_files(loaded: &Loaded, settings: &LoadSettings) -> Vec<Diagnostic> {
    let mut roots: Vec<&PathBuf> = Vec::new();
    for root in &loaded.roots {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    let kinds = [Kind::Group, Kind::Host];
    let extensions = variables::extensions(&loaded.configuration);
    let folders = roots.into_iter().flat_map(|root| kinds.map(|kind| (kind, root.join(kind.folder()))));
    folders.flat_map(|(kind, folder)| of_folder(kind, &folder, &extensions, loaded, settings)).collect()
}

fn of_folder(
    kind: Kind,
    path: &Path,
    extensions: &[String],
    loaded: &Loaded,
    settings: &LoadSettings,
) -> Vec<Diagnostic> {
    // What cannot be opened was told when the inventory was read.
    let Ok(Some(folder)) = VariableFolder::open(path.to_owned()) else { return Vec::new() };
    let inventory = &loaded.inventory;
    let names: BTreeSet<String> = folder.names().map(|name| name.to_string_lossy().into_owned()).collect();
    let (mut told, mut others) = (Vec::new(), Vec::new());
    for name in names {
        let Some(owner) = owner(&name, extensions) else { continue };
        if [owner, name.as_str()].iter().any(|name| kind.is_known(name, inventory)) {
            continue;
        }
        let hint = if kind.other().is_known(owner, inventory) {
            format!("`{owner}` is a {}: its file belongs into {}", kind.other().word(), kind.other().folder())
        } else if let Some(near) = kind.nearest(owner, inventory) {
            format!("did you mean `{near}`?")
        } else {
            others.push(name);
            continue;
        };
        let file = Arc::from(shown(&path.join(&name), settings));
        let what = format!("is for no {} of the inventory, and is not read", kind.word());
        told.push(Diagnostic::note(what).in_file(&file).with_hint(hint));
    }
    if !others.is_empty() {
        let first = others.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if others.len() > MOST_NAMED { ", ..." } else { "" };
        let (files, are) =
            if others.len() == 1 { ("1 file".to_owned(), "is") } else { (format!("{} files", others.len()), "are") };
        let what = format!("{files} {are} for no {} of the inventory, and {are} not read: {first}{more}", kind.word());
        let hint = "nothing to do if they belong to another inventory";
        told.push(Diagnostic::note(what).in_file(&Arc::from(shown(path, settings))).with_hint(hint));
    }
    told
}

/// Whose variables a file of that name holds; `None` = it holds none.
fn owner<'name>(name: &'name str, extensions: &[String]) -> Option<&'name str> {
    let stem = extensions.iter().find_map(|extension| name.strip_suffix(extension.as_str()));
    if name.starts_with('.') || name == "README" {
        return None;
    }
    let is_other = || IGNORED_EXTENSIONS.iter().chain(&OTHERS).any(|end| name.ends_with(end));
    stem.or_else(|| (!is_other()).then_some(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::super::{Source, load};
    use super::*;

    #[test]
    fn files_of_nobody_are_told_with_whom_they_were_probably_meant_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "").expect("a file");
        };
        write("hosts.ini");
        fs::write(folder.path().join("hosts.ini"), "[web]\nweb01\ndb.example.org\n").expect("a file");
        for name in
            ["web.yml", "all", "wbe.yml", "web01.yml", "staging/x.yml", "README.md", ".hidden", "x~", "old", "x.j2"]
        {
            write(&format!("group_vars/{name}"));
        }
        for name in ["web01", "localhost", "db.example.org.yml", "db.exmaple.org", "web"] {
            write(&format!("host_vars/{name}"));
        }
        let settings = LoadSettings {
            working_directory: folder.path().to_owned(),
            home: None,
            environment: BTreeMap::new(),
            ..LoadSettings::of_this_process()
        };
        let loaded = load(&[Source::from("hosts.ini")], &settings).expect("an inventory");
        let told: Vec<String> = unused_files(&loaded, &settings).iter().map(ToString::to_string).collect();
        let is_for = |kind: &str| format!("is for no {kind} of the inventory, and is not read");
        assert_eq!(
            told,
            [
                format!("group_vars/wbe.yml: {}. did you mean `web`?", is_for("group")),
                format!("group_vars/web01.yml: {}. `web01` is a host: its file belongs into host_vars", is_for("group")),
                "group_vars: 2 files are for no group of the inventory, and are not read: old, staging. nothing to do if they \
                 belong to another inventory"
                    .to_owned(),
                format!("host_vars/db.exmaple.org: {}. did you mean `db.example.org`?", is_for("host")),
                format!("host_vars/web: {}. `web` is a group: its file belongs into group_vars", is_for("host")),
            ]
        );
    }
}

//! `group_vars` and `host_vars`: which files there are for the groups and hosts of an inventory.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::way::Way;
use crate::inventory::diagnostics::Diagnostic;

/// Folders within folders that are looked into.
const DEEPEST: usize = 16;
/// Most files and folders of one group or host: links may multiply them.
const MOST: usize = 10_000;
/// What is missing where something is not read.
const MISSING: &str = "its variables are missing";

/// One folder of files of variables.
#[derive(Debug)]
pub(super) struct VariableFolder {
    path: PathBuf,
    /// What is in it, so that names without a file cost no look at the disk.
    names: HashSet<OsString>,
}

/// The files of a group or host, and what there is to say of what was looked at and is not among them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) files: Vec<PathBuf>,
    pub(super) said: Vec<(PathBuf, Diagnostic)>,
}

/// Something whose variables would count if it could be read.
fn unreadable(error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot be read: {error}")).with_missing(MISSING)
}

/// What is at a path; `None` = nothing.
fn looked_at(path: &Path) -> Option<Result<Metadata, Diagnostic>> {
    match fs::metadata(path) {
        Ok(metadata) => Some(Ok(metadata)),
        Err(error) => match error.kind() {
            // The name of a host may be anything, and then no file can have it.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename | ErrorKind::InvalidInput => {
                None
            }
            _ => Some(Err(unreadable(&error))),
        },
    }
}

fn names_in(folder: &Path) -> Result<Vec<OsString>, Diagnostic> {
    let names = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
    names.map_err(|error| unreadable(&error))
}

impl VariableFolder {
    /// The folder of that path; `None` where there is none or nothing is in it, else what is to be said of it.
    pub(super) fn open(path: PathBuf) -> Result<Option<Self>, Diagnostic> {
        match looked_at(&path).transpose()? {
            None => return Ok(None),
            Some(metadata) if metadata.is_dir() => {}
            Some(_) => return Err(Diagnostic::warning("is no folder, so no variables are read from it")),
        }
        let names: HashSet<OsString> = names_in(&path)?.into_iter().collect();
        Ok((!names.is_empty()).then_some(Self { path, names }))
    }

    /// What is in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &OsString> {
        self.names.iter()
    }

    /// The files of a group or host: the first of NAME, NAME.yml, NAME.yaml, NAME.json that exists; of a folder, all files
    /// in it.
    pub(super) fn files_of(&self, name: &str, extensions: &[String]) -> Found {
        let mut found = Found::default();
        // A name that is a path of its own is no file of the folder.
        if name.is_empty() || name.starts_with('/') {
            return found;
        }
        let bare = std::iter::once(name.to_owned());
        let candidates = bare.chain(extensions.iter().map(|extension| format!("{name}{extension}")));
        for candidate in candidates {
            if !candidate.contains('/') && !self.names.contains(&OsString::from(&candidate)) {
                continue;
            }
            let path = self.path.join(&candidate);
            match looked_at(&path) {
                None => continue,
                Some(Ok(metadata)) if metadata.is_dir() => {
                    found.below(path, &metadata, extensions, &mut Way::new(DEEPEST, MOST, MISSING));
                }
                Some(Ok(_)) => found.files.push(path),
                Some(Err(diagnostic)) => found.said.push((path, diagnostic)),
            }
            break;
        }
        found
    }
}

impl Found {
    /// Takes in the files of a folder and of the folders in it that have no dot in their names, sorted by name.
    fn below(&mut self, folder: PathBuf, metadata: &Metadata, extensions: &[String], way: &mut Way) {
        if let Err(diagnostic) = way.enter(metadata) {
            return self.said.extend(diagnostic.map(|diagnostic| (folder, diagnostic)));
        }
        match names_in(&folder) {
            Ok(names) => self.files_in(&folder, names, extensions, way),
            Err(diagnostic) => self.said.push((folder, diagnostic)),
        }
        way.leave();
    }

    fn files_in(&mut self, folder: &Path, mut names: Vec<OsString>, extensions: &[String], way: &mut Way) {
        names.sort();
        for name in names {
            if way.is_full() {
                return;
            }
            let text = name.to_string_lossy();
            let extension = text.rfind('.').filter(|at| *at > 0).and_then(|at| text.get(at..));
            let counts = extension.is_none_or(|extension| extensions.iter().any(|end| end == extension));
            if text.starts_with('.') || text.ends_with('~') || !counts {
                continue;
            }
            let path = folder.join(&name);
            match looked_at(&path) {
                Some(Err(diagnostic)) => self.said.push((path, diagnostic)),
                Some(Ok(metadata)) if metadata.is_dir() && extension.is_none() => {
                    self.below(path, &metadata, extensions, way);
                }
                Some(Ok(metadata)) if metadata.is_file() => match way.count() {
                    Ok(()) => self.files.push(path),
                    Err(diagnostic) => self.said.extend(diagnostic.map(|diagnostic| (path, diagnostic))),
                },
                // A pipe or the like is no file of variables.
                None | Some(Ok(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for path in paths {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        folder
    }

    #[test]
    fn the_first_name_that_exists_is_the_only_one() {
        let check = |paths: &[&str], name: &str, expected: &[&str]| {
            let folder = made(paths);
            let opened = VariableFolder::open(folder.path().to_owned()).expect("a folder").expect("files");
            let extensions = [".yml", ".yaml", ".json"].map(str::to_owned);
            let found = opened.files_of(name, &extensions);
            assert_eq!(found.said, [], "{name} of {paths:?}");
            let found: Vec<_> =
                found.files.iter().map(|path| path.strip_prefix(folder.path()).expect("inside")).collect();
            assert_eq!(found, expected.iter().map(Path::new).collect::<Vec<_>>(), "{name} of {paths:?}");
        };
        check(&["web.yml", "web"], "web", &["web"]);
        check(&["web.json", "web.yaml", "web.yml"], "web", &["web.yml"]);
        check(&["web.txt"], "web", &[]);
        check(&["web1.yml"], "web1.example.test", &[]);
        check(&["web/b.yml", "web/a", "web/.c.yml", "web/d.yml~", "web/e.txt"], "web", &["web/a", "web/b.yml"]);
        check(&["web/sub/z.json", "web/x.d/y.yml", "web/a.yml", "web.yml"], "web", &["web/a.yml", "web/sub/z.json"]);
        check(&["x", "web.yml"], "/web", &[]);
    }

    /// The files of `web`, and what is said, each by its path within the folder.
    fn found(folder: &Path) -> (Vec<String>, Vec<String>) {
        let opened = VariableFolder::open(folder.to_owned()).expect("a folder").expect("files");
        let Found { files, said } = opened.files_of("web", &[".yml".to_owned()]);
        let inside = |path: &Path| path.strip_prefix(folder).expect("inside").display().to_string();
        let said = said.iter().map(|(path, diagnostic)| format!("{}: {diagnostic}", inside(path)));
        (files.iter().map(|path| inside(path)).collect(), said.collect())
    }

    #[test]
    fn links_in_circles_are_told_and_read_once() {
        let folder = made(&["web/a.yml"]);
        for (name, to) in [("up", ".."), ("one", "."), ("two", ".")] {
            std::os::unix::fs::symlink(to, folder.path().join("web").join(name)).expect("a link");
        }
        let (files, said) = found(folder.path());
        assert_eq!(files, ["web/a.yml"]);
        let round = "leads back to a folder that it is in, and is passed over";
        assert_eq!(said, [format!("web/one: {round}")]);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_what_is_not_there_is_not() {
        let folder = made(&["web/a.yml", "web/b.yml"]);
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, folder.path().join("web").join(name)).expect("a link");
        };
        link("nowhere", "c.yml");
        link("d.yml", "d.yml");
        link("e.txt", "e.txt");
        let (files, said) = found(folder.path());
        assert_eq!(files, ["web/a.yml", "web/b.yml"]);
        let [told] = said.as_slice() else { panic!("{said:?}") };
        let expected = "web/d.yml: inventory incomplete: cannot be read: Too many levels of symbolic links";
        assert!(told.starts_with(expected) && told.ends_with("(its variables are missing)"), "{told}");
        std::os::unix::fs::symlink("circle", folder.path().join("circle")).expect("a link");
        let error = VariableFolder::open(folder.path().join("circle")).expect_err("a circle");
        assert!(error.missing.is_some() && error.message.contains("cannot be read"), "{error}");
        let file = VariableFolder::open(folder.path().join("web/a.yml")).expect_err("a file");
        assert_eq!((file.missing, file.message.as_str()), (None, "is no folder, so no variables are read from it"));
        assert!(VariableFolder::open(folder.path().join("nowhere")).is_ok_and(|opened| opened.is_none()));
    }

    #[test]
    fn folders_that_link_to_each_other_end_at_a_count() {
        let folder = made(&["web/a.yml"]);
        let names: Vec<String> = (0..20).map(|number| format!("f{number:02}")).collect();
        for name in &names {
            fs::create_dir(folder.path().join("web").join(name)).expect("a folder");
            for other in names.iter().filter(|other| *other != name) {
                std::os::unix::fs::symlink(format!("../{other}"), folder.path().join("web").join(name).join(other))
                    .expect("a link");
            }
        }
        let opened = VariableFolder::open(folder.path().to_owned()).expect("a folder").expect("files");
        let found = opened.files_of("web", &[".yml".to_owned()]);
        assert_eq!(found.files.len(), 1);
        let last = found.said.iter().filter(|(_, diagnostic)| diagnostic.message.contains("others come before it"));
        assert_eq!(last.count(), 1);
        assert!(found.said.len() <= 41, "each folder once as a circle, once as too deep: {}", found.said.len());
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_said() {
        let deep = format!("web{}/a.yml", "/d".repeat(DEEPEST + 1));
        let folder = made(&["web/b.yml", &deep]);
        let (files, said) = found(folder.path());
        assert_eq!(files, ["web/b.yml"]);
        let expected = format!(
            "web{}: inventory incomplete: is not read: it is more than 16 folders deep (its variables are missing)",
            "/d".repeat(DEEPEST + 1)
        );
        assert_eq!(said, [expected]);
        let folder = made(&["web/x"]);
        for number in 0..MOST - 1 {
            fs::write(folder.path().join(format!("web/{number:05}.yml")), "").expect("a file");
        }
        let (files, said) = found(folder.path());
        // The group's own folder counts too.
        assert_eq!((files.len(), said.len()), (MOST - 1, 1));
        assert!(
            said[0].contains("web/x: inventory incomplete: is not read, nor is anything behind it: 10000"),
            "{said:?}"
        );
    }
}

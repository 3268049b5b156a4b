//! `group_vars` and `host_vars`: which files there are for the groups and hosts of an inventory.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders within folders that are looked into; links may lead in circles.
const DEEPEST: usize = 16;
/// Most files of one group or host.
const MOST_FILES: usize = 10_000;

/// One folder of files of variables.
#[derive(Debug)]
pub(super) struct VariableFolder {
    path: PathBuf,
    /// What is in it, so that names without a file cost no look at the disk.
    names: HashSet<OsString>,
}

impl VariableFolder {
    /// The folder of that path; `None` where there is none or nothing is in it, an error where it is something else.
    pub(super) fn open(path: PathBuf) -> Result<Option<Self>, String> {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err("is no folder, so no variables are read from it".to_owned()),
            Err(_) => return Ok(None),
        }
        let entries = fs::read_dir(&path).map_err(|error| format!("cannot be read: {error}"))?;
        let names: HashSet<OsString> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
        Ok((!names.is_empty()).then_some(Self { path, names }))
    }

    /// The files of a group or host: the first of NAME, NAME.yml, NAME.yaml, NAME.json that exists; of a folder, all files
    /// in it.
    pub(super) fn files_of(&self, name: &str, extensions: &[String]) -> Vec<PathBuf> {
        // A name that is a path of its own is no file of the folder.
        if name.is_empty() || name.starts_with('/') {
            return Vec::new();
        }
        let bare = std::iter::once(name.to_owned());
        let candidates = bare.chain(extensions.iter().map(|extension| format!("{name}{extension}")));
        for candidate in candidates {
            let is_listed = candidate.contains('/') || self.names.contains(&OsString::from(&candidate));
            let path = self.path.join(&candidate);
            match is_listed.then(|| fs::metadata(&path)) {
                Some(Ok(metadata)) if metadata.is_dir() => {
                    let mut files = Vec::new();
                    files_below(&path, extensions, 0, &mut files);
                    return files;
                }
                Some(Ok(_)) => return vec![path],
                Some(Err(_)) | None => {}
            }
        }
        Vec::new()
    }
}

/// The files of a folder and of the folders in it that have no dot in their names, sorted by name.
fn files_below(folder: &Path, extensions: &[String], depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut names: Vec<OsString> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort();
    for name in names {
        let text = name.to_string_lossy();
        if text.starts_with('.') || text.ends_with('~') || files.len() >= MOST_FILES {
            continue;
        }
        let path = folder.join(&name);
        let extension = text.rfind('.').filter(|at| *at > 0).and_then(|at| text.get(at..));
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            if extension.is_none() && depth < DEEPEST {
                files_below(&path, extensions, depth + 1, files);
            }
        } else if metadata.is_file() && extension.is_none_or(|extension| extensions.iter().any(|end| end == extension))
        {
            files.push(path);
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
            let found: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).expect("inside")).collect();
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

    #[test]
    fn links_in_circles_end() {
        let folder = made(&["web/a.yml"]);
        std::os::unix::fs::symlink("..", folder.path().join("web/up")).expect("a link");
        let opened = VariableFolder::open(folder.path().to_owned()).expect("a folder").expect("files");
        assert!(opened.files_of("web", &[".yml".to_owned()]).len() <= MOST_FILES);
    }
}

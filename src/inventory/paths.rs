//! Paths as Ansible resolves them: variables and `~` expanded, made absolute, `..` taken out without following links.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The absolute path that a text means in a folder.
pub fn resolve(named: &str, base: &Path, home: Option<&Path>, environment: &BTreeMap<String, String>) -> PathBuf {
    let expanded = expanded(named, |name| environment.get(name).cloned());
    normalised(&base.join(in_home(&expanded, home)))
}

/// The path with a leading `~` replaced.
pub fn in_home(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(text),
    }
}

/// `$NAME` and `${NAME}`; a name that is not set stays as it is.
pub fn expanded(text: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let braced = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let (name, tail) = braced.unwrap_or_else(|| {
            let ends = |next: char| !(next.is_ascii_alphanumeric() || next == '_');
            after.split_at(after.find(ends).unwrap_or(after.len()))
        });
        if let Some(value) = value_of(name) {
            out.push_str(&value);
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn normalised(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_as_ansible_resolves_them() {
        let environment = [("DEEP".to_owned(), "a/b".to_owned())].into();
        let check = |named: &str, expected: &str| {
            let found = resolve(named, Path::new("/work/fleet"), Some(Path::new("/home/me")), &environment);
            assert_eq!(found, Path::new(expected), "{named}");
        };
        check("hosts", "/work/fleet/hosts");
        check("../x/./hosts", "/work/x/hosts");
        check("/etc/hosts", "/etc/hosts");
        check("~/own.ini", "/home/me/own.ini");
        check("~other/own.ini", "/work/fleet/~other/own.ini");
        check("$DEEP/hosts", "/work/fleet/a/b/hosts");
        check("${DEEP}/hosts", "/work/fleet/a/b/hosts");
        check("$NONE/hosts", "/work/fleet/$NONE/hosts");
    }
}

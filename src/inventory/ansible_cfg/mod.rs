//! `ansible.cfg`: sections, keys and values with the lines they stand on, as Python's `ConfigParser` reads them.

mod syntax;

use std::sync::Arc;

use indexmap::IndexMap;

use super::diagnostics::Diagnostic;

/// The section that lends its values to all others.
const DEFAULTS_OF_ALL: &str = "DEFAULT";

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The text, one pair of quotes around the whole taken away; lines that continue it are joined by line ends.
    pub text: String,
    /// The line of its key, from 1.
    pub line: usize,
}

/// One file of Ansible's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsibleCfg {
    /// The file as it is shown.
    pub name: Arc<str>,
    /// Absolute path of its folder, from which its relative paths start.
    pub folder: String,
    sections: IndexMap<String, IndexMap<String, Entry>>,
}

impl AnsibleCfg {
    /// Reads a file; one that breaks the syntax anywhere is not used at all, as with Ansible.
    pub fn read(bytes: &[u8], name: &Arc<str>, folder: &str) -> Result<Self, Box<Diagnostic>> {
        let sections = syntax::read(bytes).map_err(|diagnostic| Box::new(diagnostic.in_file(name)))?;
        Ok(Self { name: Arc::clone(name), folder: folder.to_owned(), sections })
    }

    /// A value; `[DEFAULT]` lends its own to the sections that there are. Keys are given in lower case.
    pub fn get(&self, section: &str, key: &str) -> Option<&Entry> {
        let entries = self.sections.get(section)?;
        entries.get(key).or_else(|| self.sections.get(DEFAULTS_OF_ALL)?.get(key))
    }
}

/// The text without one pair of quotes around the whole of it.
pub fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote).filter(|inside| !inside.ends_with('\\'));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AnsibleCfg, String> {
        AnsibleCfg::read(text.as_bytes(), &Arc::from("ansible.cfg"), "/work").map_err(|told| told.to_string())
    }

    #[test]
    fn values_are_those_of_python() {
        let check = |text: &str, section: &str, key: &str, expected: Option<(&str, usize)>| {
            let cfg = read(text).expect("a file");
            let found = cfg.get(section, key).map(|entry| (entry.text.as_str(), entry.line));
            assert_eq!(found, expected, "{text:?}");
        };
        check("[defaults]\nInventory : a.ini ; inline\n", "defaults", "inventory", Some(("a.ini", 2)));
        check("[defaults]\nremote_user = \"core\" ; who\n", "defaults", "remote_user", Some(("core", 2)));
        check("[defaults]\na = x # y\n", "defaults", "a", Some(("x # y", 2)));
        check("[defaults]\na = x;y\n", "defaults", "a", Some(("x;y", 2)));
        check("; top\n# more\n[s]\na = %h-%%r\n", "s", "a", Some(("%h-%%r", 4)));
        check("[s]\na = 1\n  2\n\n  3\nb = 4\n", "s", "a", Some(("1\n2\n\n3", 2)));
        check("[s]\na = 1\n  # said\n  2\n", "s", "a", Some(("1\n2", 2)));
        check("[s]\n  a = 1\n  b = 2\n", "s", "b", Some(("2", 3)));
        check("[s]\na =\n", "s", "a", Some(("", 2)));
        check("[s]\na = b = c : d\n", "s", "a", Some(("b = c : d", 2)));
        check("\u{feff}[s]\r\na = 1\r\n", "s", "a", Some(("1", 2)));
        check("[s]\na = 1\n", "S", "a", None);
        check("[s] ; sections\na = 1\n", "s", "a", Some(("1", 2)));
        check("[DEFAULT]\na = 1\n[s]\nb = 2\n", "s", "a", Some(("1", 2)));
        check("[DEFAULT]\na = 1\n[s]\na = 2\n", "s", "a", Some(("2", 4)));
        check("", "s", "a", None);
    }

    #[test]
    fn a_broken_file_is_told_with_its_place() {
        let check = |text: &str, expected: &str| assert_eq!(read(text), Err(expected.to_owned()), "{text:?}");
        check(
            "inventory = a.ini\n[defaults\n",
            "ansible.cfg line 1: expected a section such as [defaults] before the first setting",
        );
        check("[defaults]\nbroken\n", "ansible.cfg line 2: expected `key = value` or `[section]`");
        check("[defaults]\n= x\n", "ansible.cfg line 2: expected `key = value` or `[section]`");
        check(
            "[a]\n[b]\n[a]\n",
            "ansible.cfg line 3: section [a] is given twice, first in line 1. Put its settings together",
        );
        check(
            "[a]\nx = 1\nX: 2\n",
            "ansible.cfg line 3: `x` is given twice in [a], first in line 2. Take one of them out",
        );
        let found =
            AnsibleCfg::read(b"[a]\nx = \xff\n", &Arc::from("ansible.cfg"), "/").map_err(|told| told.to_string());
        assert_eq!(found, Err("ansible.cfg line 2: is not UTF-8 from here on".to_owned()));
    }

    #[test]
    fn one_pair_of_quotes_is_taken_away() {
        let check = |text: &str, expected: &str| assert_eq!(unquoted(text), expected);
        check("'a'", "a");
        check("\"a\"", "a");
        check("'a\"", "'a\"");
        check("''a''", "'a'");
        check("'", "'");
        check("'a\\'", "'a\\'");
    }
}

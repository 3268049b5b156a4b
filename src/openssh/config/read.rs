//! Reading files of `ssh_config` into directives; files that they include are asked for.

use std::collections::HashSet;
use std::sync::Arc;

use super::criteria;
use super::directive::{ConfigFile, Directive, Given, Origin, SshConfig};
use super::keyword::{Meaning, meaning, nearest};
use super::value;
use super::words::{self, Line};
use crate::openssh::pattern::list_matches;

/// How deep files may include one another, as with OpenSSH.
const DEEPEST: usize = 16;
/// How many files are read in all: two that include one another twice would be 2^16.
const MOST_FILES: usize = 1_024;
/// How many bytes are read in all.
const MOST_BYTES: usize = 16 << 20;
/// Where the user's relative names begin.
const USERS_FOLDER: &str = "~/.ssh";
/// Where the system's relative names begin.
const SYSTEMS_FOLDER: &str = "/etc/ssh";

/// A file that an `Include` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name, for people.
    pub name: String,
    /// What is in it, or why it cannot be read.
    pub content: Result<Vec<u8>, String>,
}

/// Whoever has the files that are included.
pub trait Files {
    /// The files that a pattern of the shell fits, sorted; it is absolute, or begins with `~`.
    fn matching(&mut self, pattern: &str) -> Vec<Found>;
}

/// Reads files, one after the other.
pub struct Reader<'files> {
    files: &'files mut dyn Files,
    config: SshConfig,
    ignored: Option<String>,
    said: HashSet<String>,
    warnings: Vec<String>,
    files_left: usize,
    bytes_left: usize,
}

impl<'files> Reader<'files> {
    /// A reader that has read nothing yet.
    pub fn new(files: &'files mut dyn Files) -> Self {
        Self {
            files,
            config: SshConfig::default(),
            ignored: None,
            said: HashSet::new(),
            warnings: Vec::new(),
            files_left: MOST_FILES,
            bytes_left: MOST_BYTES,
        }
    }

    /// Reads a file behind those that were read before; the user's may include by `~`, the system's may not.
    pub fn read(&mut self, name: &str, text: &[u8], is_users: bool) {
        let directives = self.directives(&Arc::from(name), text, is_users, 0);
        self.config.files.push(ConfigFile { directives, is_users });
    }

    /// What was read, and what there is to say about it, a line each.
    pub fn finish(self) -> (SshConfig, Vec<String>) {
        (self.config, self.warnings)
    }

    fn directives(&mut self, name: &Arc<str>, text: &[u8], is_users: bool, depth: usize) -> Vec<Directive> {
        let mut directives = Vec::new();
        let text = String::from_utf8_lossy(text);
        for (index, line) in text.split('\n').enumerate() {
            let place = Origin::Line { file: Arc::clone(name), line: index + 1 };
            let read = words::line(line).and_then(|line| match line {
                Some(line) => self.directive(&line, &place, is_users, depth),
                None => Ok(None),
            });
            match read {
                Ok(directive) => directives.extend(directive),
                Err(why) => directives.push(Directive::Broken(why, place)),
            }
        }
        directives
    }

    fn directive(
        &mut self,
        line: &Line<'_>,
        place: &Origin,
        is_users: bool,
        depth: usize,
    ) -> Result<Option<Directive>, String> {
        let Some(meaning) = meaning(&line.keyword) else {
            self.warn_of_unknown(&line.keyword, place);
            return Ok(None);
        };
        match meaning {
            Meaning::Host => {
                let patterns = words::arguments(line.rest)?;
                if patterns.iter().any(String::is_empty) {
                    return Err("Host has an empty pattern".to_owned());
                }
                Ok(Some(Directive::Host(patterns)))
            }
            Meaning::Match => {
                let (criteria, wants_final_pass) = criteria::parse(line.rest)?;
                self.config.wants_final_pass |= wants_final_pass;
                Ok(Some(Directive::Match(criteria, place.clone())))
            }
            Meaning::Include => {
                let patterns = words::arguments(line.rest)?;
                let included = patterns.iter().map(|pattern| self.include(pattern, is_users, depth + 1));
                let blocks: Result<Vec<Vec<Directive>>, String> = included.collect();
                Ok(Some(Directive::Include(blocks?)))
            }
            Meaning::IgnoreUnknown => {
                let list = words::arguments(line.rest)?.into_iter().next();
                self.ignored = self.ignored.take().or(list.map(|list| list.to_ascii_lowercase()));
                Ok(None)
            }
            Meaning::Set(keyword) => {
                let words = value::read(keyword, line.rest)?;
                Ok(Some(Directive::Set(Given { keyword, words, origin: place.clone(), replaces: false })))
            }
            Meaning::Silent => Ok(None),
            Meaning::Unsupported => {
                let is_off = ["no", "false", "none"].iter().any(|off| line.rest.eq_ignore_ascii_case(off));
                if !is_off && self.said.insert(line.keyword.clone()) {
                    self.warnings.push(format!("{place}: {} is not supported and has no effect", line.keyword));
                }
                Ok(None)
            }
        }
    }

    /// The lines of every file that a pattern fits, one file behind the other, each with blocks of its own.
    fn include(&mut self, pattern: &str, is_users: bool, depth: usize) -> Result<Vec<Directive>, String> {
        if pattern.is_empty() {
            return Err("Include has an empty name".to_owned());
        }
        if depth > DEEPEST {
            return Err(format!("files include one another more than {DEEPEST} deep"));
        }
        let whole = match pattern.chars().next() {
            Some('~') if !is_users => return Err(format!("{pattern}: the system's files cannot include a user's")),
            Some('~' | '/') => pattern.to_owned(),
            _ => format!("{}/{pattern}", if is_users { USERS_FOLDER } else { SYSTEMS_FOLDER }),
        };
        let mut blocks = Vec::new();
        for found in self.files.matching(&whole) {
            let text = found.content.map_err(|why| format!("{}: {why}", found.name))?;
            self.files_left = self.files_left.checked_sub(1).ok_or_else(|| format!("more than {MOST_FILES} files"))?;
            let left = self.bytes_left.checked_sub(text.len());
            self.bytes_left = left.ok_or_else(|| format!("more than {MOST_BYTES} bytes are included"))?;
            let lines = self.directives(&Arc::from(found.name.as_str()), &text, is_users, depth);
            blocks.push(lines);
        }
        // Each file is a block of its own: what it says of hosts ends with it.
        Ok(vec![Directive::Include(blocks)])
    }

    fn warn_of_unknown(&mut self, keyword: &str, place: &Origin) {
        let is_ignored = self.ignored.as_deref().is_some_and(|list| list_matches(list, keyword));
        if is_ignored || !self.said.insert(keyword.to_owned()) {
            return;
        }
        let hint = nearest(keyword).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        let shown: String = keyword.chars().take(64).flat_map(char::escape_debug).collect();
        self.warnings.push(format!("{place}: {shown} is no keyword of ssh_config and has no effect{hint}"));
    }
}

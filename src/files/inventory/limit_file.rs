//! `--limit`: patterns, and `@FILE` for the lines of a file.

use std::sync::Arc;

use super::LoadSettings;
use crate::files::named;
use crate::inventory::lines;
use crate::inventory::patterns::{Pattern, PatternError, split};

/// Why a limit cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// A file of patterns that cannot be read.
    #[error("the file of --limit @{file}: {why}")]
    File {
        /// The file as named.
        file: String,
        /// Why.
        why: String,
    },
    /// A pattern that would be misread.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// What a file begins a line with that holds a key or a vault, and no names.
const SECRETS: [&str; 2] = ["-----BEGIN ", "$ANSIBLE_VAULT;"];

/// The patterns of `--limit`; several of them add up. A line of a file is one pattern as it stands: no splitting, no
/// comments. Behind `@` a path of which there is a file is whole, whatever patterns would be cut at in it.
pub fn limit(texts: &[String], settings: &LoadSettings) -> Result<Vec<Pattern>, LimitError> {
    let mut patterns = Vec::new();
    for text in texts {
        let typed = Arc::from(text.as_str());
        if let Some(file) = whole_path(text, settings) {
            patterns.extend(lines_of(file, settings)?.into_iter().map(|line| line.part_of(&typed)));
            continue;
        }
        for pattern in split::patterns(text)? {
            match pattern.strip_prefix('@') {
                Some(file) => patterns.extend(lines_of(file, settings)?.into_iter().map(|line| line.part_of(&typed))),
                None => patterns.push(Pattern::from(pattern).part_of(&typed)),
            }
        }
    }
    Ok(patterns)
}

/// The path of a limit that is nothing but the file of that name.
fn whole_path<'text>(text: &'text str, settings: &LoadSettings) -> Option<&'text str> {
    let file = text.strip_prefix('@')?;
    settings.working_directory.join(file).is_file().then_some(file)
}

fn lines_of(file: &str, settings: &LoadSettings) -> Result<Vec<Pattern>, LimitError> {
    let bytes = named::file(&settings.working_directory.join(file), settings.limits.file_bytes, &settings.time)
        .map_err(|why| LimitError::File { file: file.to_owned(), why: why.to_string() })?;
    let text = String::from_utf8_lossy(&bytes);
    let is_secret = text.lines().any(|line| SECRETS.iter().any(|begin| line.trim_start().starts_with(begin)));
    let file = Arc::from(file);
    let lines = text.lines().map(|line| line.trim_matches(lines::is_space)).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty());
    Ok(lines.map(|(index, line)| Pattern::of_line(line, &file, index + 1, is_secret)).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::fix::ending::{Retry, retry};
    use crate::inventory::model::{Draft, Source};
    use crate::inventory::patterns::Selection;

    /// Names that a pattern may be taken for something else by.
    const ODD: [&str; 20] = [
        "web1",
        "!web1",
        "&web1",
        "~web1",
        "@web1",
        ":web1",
        ",web1",
        "!",
        "&",
        "~",
        "!~web1",
        "prod",
        "web*",
        "web[0]",
        " web1",
        "web1 ",
        "we b1",
        "!we\nb1",
        "web1\r",
        "\u{2003}!(w|e.b1$",
    ];

    #[test]
    fn hosts_that_were_not_attempted_come_back_by_their_file_and_no_others_do() {
        let mut draft = Draft::new();
        let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        // Groups that are called as hosts are, and one beside them.
        for group in ["web1", "~web1", "!both", "prod"] {
            let group = draft.ensure_group(group);
            for name in ODD.iter().chain(&["!both", "other"]) {
                draft.add_host(name, group, source).expect("room");
            }
        }
        let (inventory, _) = draft.reconcile().expect("consistent");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("left.retry");
        let settings = LoadSettings { working_directory: folder.path().to_owned(), ..LoadSettings::of_this_process() };
        let one = ODD.iter().map(|name| vec![*name]);
        let two = ODD.iter().map(|name| vec!["other", *name]);
        for names in one.chain(two).chain([ODD.to_vec()]) {
            let Retry { text, unnamed } = retry(names.iter().copied(), |name| inventory.group_named(name).is_some());
            assert_eq!(unnamed, Vec::<String>::new());
            fs::write(&file, &text).expect("a file");
            let limit = limit(&["@left.retry".to_owned()], &settings).expect("patterns");
            let selected = inventory.select(&Selection { pattern: "all".to_owned(), limit }).expect("hosts");
            let name = |id: &_| inventory.host(*id).map(|host| host.name.clone()).expect("a host");
            let mut found: Vec<String> = selected.hosts.iter().map(name).collect();
            let mut wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "{text:?}");
        }
        let both = retry(["!both"], |name| inventory.group_named(name).is_some());
        assert_eq!(both, Retry { text: String::new(), unnamed: vec!["!both".to_owned()] });
    }

    #[test]
    fn a_path_with_what_patterns_are_cut_at_is_whole_where_there_is_such_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = LoadSettings { working_directory: folder.path().to_owned(), ..LoadSettings::of_this_process() };
        let check = |text: &str, expected: usize| {
            let found = limit(&[text.to_owned()], &settings).expect("patterns");
            assert_eq!(found.len(), expected, "{text}: {found:?}");
        };
        for name in ["a b:c,d[1]", "left of a run.retry", "plain"] {
            fs::write(folder.path().join(name), "web1\nweb2\n").expect("a file");
            check(&format!("@{name}"), 2);
            check(&format!("@{}", folder.path().join(name).display()), 2);
        }
        check("@plain,db1", 3);
        assert!(limit(&["@no such".to_owned()], &settings).is_err());
    }
}

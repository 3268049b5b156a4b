//! What goes with a ticket: files, the report as a comment, and what the ticket says of where the report is.

use std::path::Path;
use std::sync::Arc;

use crate::report::escape::{acts, escaped};
use crate::tickets::{Attachment, System, utf16_length};

/// A comment of GitHub holds 65,536 characters, of which half of a body is left for what changed.
const LONGEST_INLINE: usize = 49_000;

/// What goes with a ticket.
#[derive(Debug, Clone, Default)]
pub struct Enclosure {
    /// What is attached.
    pub files: Vec<Arc<Attachment>>,
    /// The report as a comment.
    pub inline: Option<String>,
    /// Where the report is, where it is not attached.
    pub told: Option<String>,
}

impl Enclosure {
    /// Files that a system takes.
    pub fn of_files(files: Vec<Arc<Attachment>>) -> Self {
        Self { files, inline: None, told: None }
    }

    /// The report for a system that takes no files; it came from `path`. A report that is short enough becomes a comment of GitHub.
    pub fn without_files(system: System, json: &str, path: &Path) -> Self {
        // No character has more than three bytes for each of its units.
        let may_fit = system == System::Github && json.len() <= 3 * LONGEST_INLINE;
        let inline = may_fit.then(|| folded(json)).filter(|text| utf16_length(text) <= LONGEST_INLINE);
        let told = match (&inline, path.file_name()) {
            (Some(_), _) => "The JSON report is in a comment of this issue.".to_owned(),
            (None, Some(name)) if path != Path::new("-") => {
                let name = escaped(&name.to_string_lossy());
                format!("The JSON report is not here: it is the file {name} on the machine where clockaudit ran.")
            }
            (None, _) => "The JSON report is not here: clockaudit read it from its standard input.".to_owned(),
        };
        Self { files: Vec::new(), inline, told: Some(told) }
    }
}

/// JSON as a part of a page that is folded at first. No line of JSON begins like the end of a fence.
fn folded(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 100);
    text.push_str("<details><summary>The JSON report</summary>\n\n```json\n");
    for character in json.trim_end().chars() {
        // Outside of strings JSON has no other characters that act than line ends and blanks.
        if acts(character) && !"\n\r\t".contains(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text.extend([format!("\\u{unit:04x}")]);
            }
        } else {
            text.push(character);
        }
    }
    text + "\n```\n\n</details>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_report_is_is_never_claimed_wrongly() {
        let check = |system: System, json: &str, path: &str, is_inline: bool, told: &str| {
            let enclosure = Enclosure::without_files(system, json, Path::new(path));
            assert_eq!(enclosure.inline.is_some(), is_inline, "{path}");
            assert_eq!(enclosure.told.as_deref(), Some(told), "{path}");
        };
        let long = format!("\"{}\"", "x".repeat(LONGEST_INLINE));
        let file = "The JSON report is not here: it is the file a.json on the machine where clockaudit ran.";
        check(System::Github, "{}", "/tmp/a.json", true, "The JSON report is in a comment of this issue.");
        check(System::Github, &long, "/tmp/a.json", false, file);
        check(System::Webhook, "{}", "a.json", false, file);
        let input = "The JSON report is not here: clockaudit read it from its standard input.";
        check(System::Webhook, "{}", "-", false, input);
    }

    #[test]
    fn what_is_folded_is_the_same_json() {
        let json = serde_json::json!({ "a": "\u{202e}`\n```\u{e0001}<\u{200b}/details>", "b": [1] });
        let text = folded(&serde_json::to_string_pretty(&json).unwrap());
        let inside = text.split("```json\n").nth(1).and_then(|rest| rest.split("\n```\n").next()).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(inside).unwrap(), json);
        assert!(!text.chars().any(|character| acts(character) && character != '\n'), "{text}");
    }
}

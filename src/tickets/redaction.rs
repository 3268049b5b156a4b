//! Secrets that a tracker says back: hidden in every spelling in which servers are known to repeat an address, a header or a body.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, general_purpose};

use super::site::Credentials;

/// What stands in the place of a secret.
const HIDDEN: &str = "********";
/// Words of a tracker are looked through as far as this; what is behind is left out, and so is the beginning of a secret there.
const LONGEST: usize = 64 * 1_024;
/// A secret that is cut off by the end of the words is known by so many bytes.
const LEAST_BEGINNING: usize = 4;
/// A part of a secret between slashes is a secret of its own where it is as long: servers show paths in parts.
const LEAST_PART: usize = 8;
/// Fewer characters of base64 stand in any word, and tell of no more than four bytes.
const LEAST_BASE64: usize = 6;

impl Credentials {
    /// The words, with every secret in them hidden: as it is, percent-encoded once or twice, escaped as in JSON or HTML, in base64.
    /// Names of users are no secrets. Capital letters and small ones are the same.
    pub fn hidden(&self, words: &str) -> String {
        let looked_at = words.char_indices().find(|(at, _)| *at >= LONGEST).map_or(words.len(), |(at, _)| at);
        let words = words.get(..looked_at).unwrap_or_default();
        let mut is_secret = vec![false; words.len()];
        for form in self.forms() {
            for start in 0..words.len() {
                let rest = words.as_bytes().get(start..).unwrap_or_default();
                let covered = end(rest, form.as_bytes()).and_then(|end| is_secret.get_mut(start..start + end));
                covered.into_iter().flatten().for_each(|byte| *byte = true);
            }
        }
        let is_secret = |at: usize| is_secret.get(at).copied().unwrap_or_default();
        let mut shown = String::with_capacity(words.len());
        for (at, character) in words.char_indices() {
            match (is_secret(at), at > 0 && is_secret(at - 1)) {
                (false, _) => shown.push(character),
                (true, false) => shown.push_str(HIDDEN),
                (true, true) => {}
            }
        }
        shown
    }

    /// What is to be seen nowhere.
    fn forms(&self) -> Vec<String> {
        let secrets = || self.secrets();
        let mut forms: Vec<String> = secrets().map(str::to_owned).collect();
        let parts = secrets().flat_map(|secret| secret.split('/')).filter(|part| part.len() >= LEAST_PART);
        forms.extend(parts.map(str::to_owned));
        let pairs = self.users().flat_map(|user| secrets().map(move |secret| format!("{user}:{secret}")));
        let plain: Vec<String> = forms.iter().cloned().chain(pairs).collect();
        for text in plain {
            for of in [&alphabet::STANDARD, &alphabet::URL_SAFE] {
                let spelled = (0..3).flat_map(|before| base64_behind(&text, before, of));
                forms.extend(spelled.filter(|form| form.len() >= LEAST_BASE64));
            }
        }
        forms.retain(|form| !form.is_empty());
        forms.sort_unstable();
        forms.dedup();
        forms
    }
}

/// The characters of base64 for a text behind so many other bytes: those that are the same whatever follows, and those where nothing
/// does.
fn base64_behind(text: &str, before: usize, of: &alphabet::Alphabet) -> [String; 2] {
    let engine = GeneralPurpose::new(of, general_purpose::NO_PAD);
    let bytes = [vec![0; before], text.as_bytes().to_vec()].concat();
    let whole = engine.encode(&bytes);
    let first = (before * 8).div_ceil(6);
    [bytes.len() * 8 / 6, whole.len()].map(|end| whole.get(first..end).unwrap_or_default().to_owned())
}

/// How many bytes at the beginning of a text spell this; none where it begins with something else. What the end of the text cuts off
/// is spelled as far as it goes.
fn end(text: &[u8], sought: &[u8]) -> Option<usize> {
    let mut ends = vec![0];
    for (known, byte) in sought.iter().enumerate() {
        if known >= LEAST_BEGINNING && ends.contains(&text.len()) {
            return Some(text.len());
        }
        let further = |end: &usize| {
            let rest = text.get(*end..).unwrap_or_default();
            spellings(rest, *byte).into_iter().flatten().map(move |length| end + length).collect::<Vec<_>>()
        };
        ends = ends.iter().flat_map(further).collect();
        ends.sort_unstable();
        ends.dedup();
        if ends.is_empty() {
            return None;
        }
    }
    ends.last().copied()
}

/// How long the ways are in which a text may begin with a byte.
fn spellings(text: &[u8], byte: u8) -> [Option<usize>; 9] {
    let is_it = |found: u8| found.eq_ignore_ascii_case(&byte);
    let hexadecimal = |before: &str, digits: usize| {
        let found = begins(text, before).then(|| text.get(before.len()..before.len() + digits)).flatten()?;
        let value = u32::from_str_radix(std::str::from_utf8(found).ok()?, 16).ok()?;
        u8::try_from(value).is_ok_and(is_it).then_some(before.len() + digits)
    };
    let number = |before: &str, radix: u32| {
        let rest = begins(text, before).then(|| text.get(before.len()..)).flatten()?;
        let digits = rest.iter().take(8).position(|byte| *byte == b';')?;
        let value = u32::from_str_radix(std::str::from_utf8(rest.get(..digits)?).ok()?, radix).ok()?;
        u8::try_from(value).is_ok_and(is_it).then_some(before.len() + digits + 1)
    };
    let named: &[&str] = match byte {
        b'&' => &["&amp;"],
        b'<' => &["&lt;"],
        b'>' => &["&gt;"],
        b'"' => &["&quot;"],
        b'\'' => &["&apos;"],
        b' ' => &["+"],
        _ => &[],
    };
    [
        text.first().is_some_and(|found| is_it(*found)).then_some(1),
        hexadecimal("%", 2),
        hexadecimal("%25", 2),
        hexadecimal("\\u", 4),
        hexadecimal("\\x", 2),
        (text.first() == Some(&b'\\') && text.get(1).is_some_and(|found| is_it(*found))).then_some(2),
        number("&#x", 16),
        number("&#", 10),
        named.iter().find(|name| begins(text, name)).map(|name| name.len()),
    ]
}

fn begins(text: &[u8], with: &str) -> bool {
    text.get(..with.len()).is_some_and(|found| found.eq_ignore_ascii_case(with.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::secret::Secret;
    use crate::tickets::site::System;

    fn credentials(system: System, values: &[(&str, &str)]) -> Credentials {
        let read = |variable: crate::tickets::Variable| {
            let value = values.iter().find(|(name, _)| *name == variable.name());
            Ok::<_, ()>(value.map(|(_, value)| Secret::new((*value).to_owned())))
        };
        Credentials::find(system, read).expect("no failure").expect("a way to log in")
    }

    #[test]
    fn a_secret_is_hidden_however_a_server_spells_it() {
        let slack = credentials(System::Webhook, &[("WEBHOOK_SECRET", "T0/B0\"x+y =&é/longenough")]);
        let check = |words: &str, expected: &str| assert_eq!(slack.hidden(words), expected, "{words}");
        check("at /services/T0/B0\"x+y =&é/longenough.", "at /services/********.");
        check("at /services/t0/b0\"X+y =&é/LONGENOUGH.", "at /services/********.");
        check("T0%2FB0%22x%2By%20%3D%26%C3%A9%2Flongenough", "********");
        check("T0%2fB0%22x%2by+%3d%26%c3%a9%2flongenough", "********");
        check("T0%252FB0%2522x%252By%2520%253D%2526%25C3%25A9%252Flongenough", "********");
        check("T0\\/B0\\\"x+y \\u003d\\u0026é\\/longenough", "********");
        check("T0&#x2F;B0&quot;x&#43;y =&amp;é/longenough", "********");
        // In parts, and cut off.
        check("[\"T0\",\"B0\",\"longenough\"]", "[\"T0\",\"B0\",\"********\"]");
        check("no route to T0/B0\"x+", "no route to ********");
        check("nothing of it: T0/B1", "nothing of it: T0/B1");
        let encode = |text: &str| general_purpose::STANDARD.encode(text);
        for before in ["", "a", "ab", "abc"] {
            let spelled = encode(&format!("{before}T0/B0\"x+y =&é/longenough!"));
            let shown = slack.hidden(&format!("<{spelled}>"));
            assert!(shown.contains("********") && shown.len() < 20, "{spelled}: {shown}");
        }
    }

    #[test]
    fn users_are_shown_and_what_logs_them_in_is_not() {
        let values = [("JIRA_USER", "ops"), ("JIRA_TOKEN", "pass word")];
        let jira = credentials(System::Jira, &values);
        let check = |words: &str, expected: &str| assert_eq!(jira.hidden(words), expected, "{words}");
        check("ops may not do operations", "ops may not do operations");
        check("Basic b3BzOnBhc3Mgd29yZA==", "Basic ********==");
        check("Authorization=Basic%20b3BzOnBhc3Mgd29yZA%3D%3D", "Authorization=Basic%20********%3D%3D");
        check("pass word pass wordpass word", "******** ********");
        assert_eq!(Credentials::default().hidden("pass word"), "pass word");
    }

    #[test]
    fn a_short_secret_does_not_hide_other_words() {
        let github = credentials(System::Github, &[("GITHUB_TOKEN", "x")]);
        assert_eq!(github.hidden("the connection was refused"), "the connection was refused");
        assert_eq!(github.hidden("Bearer x"), "Bearer ********");
    }

    #[test]
    fn what_is_too_long_is_cut_and_ends_with_no_beginning_of_a_secret() {
        let github = credentials(System::Github, &[("GITHUB_TOKEN", "ghp_0123456789abcdef")]);
        let shown = github.hidden(&format!("{}{}", "x".repeat(LONGEST - 10), "ghp_0123456789abcdef".repeat(9)));
        assert!(shown.ends_with("xx********") && shown.len() < LONGEST, "{}", shown.len());
    }

    proptest! {
        /// Nothing of a secret stays, whatever is around it, and nothing breaks.
        #[test]
        fn no_secret_stays(secret in "[!-~]{8,40}", before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let github = credentials(System::Github, &[("GITHUB_TOKEN", &secret)]);
            let escaped = serde_json::Value::from(secret.as_str()).to_string();
            let encoded = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC).to_string();
            for spelled in [&secret, &escaped, &encoded] {
                let shown = github.hidden(&format!("{before}{spelled}{after}"));
                prop_assert!(!shown.to_lowercase().contains(&spelled.to_lowercase()), "{shown}");
            }
        }
    }
}

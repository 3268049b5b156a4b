//! The criteria of `Match`.

use super::words::cut_word;

/// One criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criterion {
    /// Whether it must not be met.
    pub(super) is_negated: bool,
    pub(super) test: Test,
}

/// What a criterion asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    All,
    /// `final` and `canonical`: the second time that the files are gone through.
    SecondPass,
    /// The name that is connected to.
    Host(String),
    /// The name that was asked for.
    OriginalHost(String),
    User(String),
    LocalUser(String),
    /// Whether a command ends well; its tokens are not replaced yet.
    Exec(String),
    /// Not known here; the text names it.
    Unknown(String),
}

/// What a `Match` line asks, and whether it asks for a second pass.
pub(super) fn parse(rest: &str) -> Result<(Vec<Criterion>, bool), String> {
    let mut criteria = Vec::new();
    let mut wants_final_pass = false;
    let mut left = Some(rest);
    while let Some(word) = next(&mut left)? {
        let (name, is_negated) = word.strip_prefix('!').map_or((word.as_str(), false), |name| (name, true));
        let name = name.to_ascii_lowercase();
        let test = match name.as_str() {
            "all" => {
                // OpenSSH lets one other criterion stand before it.
                if criteria.len() > 1 || next(&mut left)?.is_some() {
                    return Err("Match all stands alone".to_owned());
                }
                criteria.push(Criterion { is_negated, test: Test::All });
                return Ok((criteria, wants_final_pass));
            }
            "canonical" => Test::SecondPass,
            "final" => {
                wants_final_pass = true;
                Test::SecondPass
            }
            known @ ("host" | "originalhost" | "user" | "localuser" | "exec") => {
                let value = next(&mut left)?.ok_or_else(|| format!("Match {known} has no value"))?;
                match known {
                    "host" => Test::Host(value.to_ascii_lowercase()),
                    "originalhost" => Test::OriginalHost(value.to_ascii_lowercase()),
                    "user" => Test::User(value),
                    "localuser" => Test::LocalUser(value),
                    _ => Test::Exec(value),
                }
            }
            _ => {
                // What follows may be its value or another criterion: nothing more can be said of the line.
                criteria.push(Criterion { is_negated, test: Test::Unknown(word) });
                return Ok((criteria, wants_final_pass));
            }
        };
        criteria.push(Criterion { is_negated, test });
    }
    if criteria.is_empty() { Err("Match has no criterion".to_owned()) } else { Ok((criteria, wants_final_pass)) }
}

/// The next word, up to a comment.
fn next(left: &mut Option<&str>) -> Result<Option<String>, String> {
    let Some(text) = *left else { return Ok(None) };
    let (word, rest) = cut_word(text).ok_or("a quote is not closed")?;
    *left = rest;
    if word.is_empty() || word.starts_with('#') {
        *left = None;
        return Ok(None);
    }
    Ok(Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_are_read_up_to_one_that_is_not_known() {
        let check = |rest: &str, expected: Result<&[Test], &str>| {
            let parsed = parse(rest).map(|(criteria, _)| criteria.into_iter().map(|one| one.test).collect::<Vec<_>>());
            assert_eq!(parsed.as_deref().map_err(String::as_str), expected, "{rest}");
        };
        check("all", Ok(&[Test::All]));
        check("final all", Ok(&[Test::SecondPass, Test::All]));
        check("all host x", Err("Match all stands alone"));
        check("host A,!b user=c # x", Ok(&[Test::Host("a,!b".into()), Test::User("c".into())]));
        check("exec \"test -e /x y\"", Ok(&[Test::Exec("test -e /x y".into())]));
        check("user u tagged t host h", Ok(&[Test::User("u".into()), Test::Unknown("tagged".into())]));
        check("host", Err("Match host has no value"));
        check("# x", Err("Match has no criterion"));
    }
}

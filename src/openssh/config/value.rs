//! Values: which ones a keyword takes, and what they mean.

use super::jump;
use super::keyword::Keyword;
use super::words;

/// The longest list of files that OpenSSH takes.
const MOST_FILES: usize = 32;

/// How the value of a keyword is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One word.
    Text,
    /// `yes` or `no`.
    Flag,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A length of time, or `none`.
    Time,
    /// A whole number.
    Number,
    /// A port.
    Port,
    /// Files, or `none` alone.
    Files,
    /// Domains, or `none` alone.
    Domains,
    /// The rest of the line.
    Command,
    /// Jump hosts, or `none`.
    Jump,
}

const FLAG: &[&str] = &["yes", "no", "true", "false"];

fn shape(keyword: Keyword) -> Shape {
    match keyword {
        Keyword::AddressFamily => Shape::Choice(&["any", "inet", "inet6"]),
        Keyword::CanonicalizeHostname => Shape::Choice(&["yes", "no", "true", "false", "always"]),
        Keyword::PubkeyAuthentication => Shape::Choice(&["yes", "no", "true", "false", "unbound", "host-bound"]),
        Keyword::StrictHostKeyChecking => Shape::Choice(&["yes", "no", "true", "false", "ask", "off", "accept-new"]),
        Keyword::BatchMode
        | Keyword::CanonicalizeFallbackLocal
        | Keyword::HashKnownHosts
        | Keyword::IdentitiesOnly
        | Keyword::KbdInteractiveAuthentication
        | Keyword::PasswordAuthentication => Shape::Flag,
        Keyword::ConnectTimeout => Shape::Time,
        Keyword::CanonicalizeMaxDots | Keyword::ConnectionAttempts | Keyword::NumberOfPasswordPrompts => Shape::Number,
        Keyword::CanonicalDomains => Shape::Domains,
        Keyword::Port => Shape::Port,
        Keyword::GlobalKnownHostsFile | Keyword::RevokedHostKeys | Keyword::UserKnownHostsFile => Shape::Files,
        Keyword::KnownHostsCommand | Keyword::ProxyCommand => Shape::Command,
        Keyword::ProxyJump => Shape::Jump,
        Keyword::BindAddress
        | Keyword::CaSignatureAlgorithms
        | Keyword::CertificateFile
        | Keyword::Ciphers
        | Keyword::HostKeyAlgorithms
        | Keyword::HostKeyAlias
        | Keyword::HostName
        | Keyword::IdentityAgent
        | Keyword::IdentityFile
        | Keyword::KexAlgorithms
        | Keyword::Macs
        | Keyword::PreferredAuthentications
        | Keyword::PubkeyAcceptedAlgorithms
        | Keyword::User => Shape::Text,
    }
}

/// The words of a value, checked. Commands and jump hosts are one word, as they stand.
pub(super) fn read(keyword: Keyword, rest: &str) -> Result<Vec<String>, String> {
    let shape = shape(keyword);
    if matches!(shape, Shape::Command | Shape::Jump) {
        // OpenSSH passes over one more `=` here.
        let text = rest.trim_start_matches([' ', '\t', '\r', '\n', '=']);
        words::arguments(rest).map_err(|why| format!("{}: {why}", keyword.name()))?;
        if shape == Shape::Jump {
            let text = text.split('#').next().unwrap_or_default().trim_end();
            jump::parse(text).map_err(|why| format!("ProxyJump {text}: {why}"))?;
            return Ok(vec![text.to_owned()]);
        }
        return Ok(vec![text.to_owned()]);
    }
    let words = words::arguments(rest).map_err(|why| format!("{}: {why}", keyword.name()))?;
    check(keyword, shape, &words)?;
    Ok(words)
}

fn check(keyword: Keyword, shape: Shape, words: &[String]) -> Result<(), String> {
    let name = keyword.name();
    let Some(first) = words.first().filter(|first| !first.is_empty()) else {
        return Err(format!("{name} has no value"));
    };
    if matches!(shape, Shape::Files | Shape::Domains) {
        let is_none = words.iter().any(|word| word.eq_ignore_ascii_case("none"));
        return match words.len() {
            _ if words.iter().any(String::is_empty) => Err(format!("{name} has an empty name")),
            2.. if is_none => Err(format!("{name}: none must stand alone")),
            length if length > MOST_FILES => Err(format!("{name} has more than {MOST_FILES} values")),
            _ => Ok(()),
        };
    }
    if let Some(more) = words.get(1) {
        return Err(format!("{name} takes one value, and {more} is another"));
    }
    let is_one_of = |choices: &[&str]| choices.iter().any(|choice| choice.eq_ignore_ascii_case(first));
    let takes = |what: &str| Err(format!("{name} does not take `{first}`: {what}"));
    match shape {
        Shape::Flag if !is_one_of(FLAG) => takes("yes or no"),
        Shape::Choice(choices) if !is_one_of(choices) => takes(&choices.join(", ")),
        Shape::Time if first != "none" && seconds(first).is_none() => takes("seconds, or as 1m30s"),
        Shape::Number if number(first).is_none() => takes("a whole number"),
        Shape::Port if port(first).is_none() => takes("a port from 1 to 65535"),
        _ => Ok(()),
    }
}

/// `yes` or `true`.
pub(super) fn is_yes(word: &str) -> bool {
    word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("true")
}

/// A length of time in seconds: `90`, `1m30s`, `2h`.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(end);
        let count: u32 = digits.parse().ok()?;
        let mut letters = behind.chars();
        let unit = match letters.next().map(|unit| unit.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?).filter(|total| i32::try_from(*total).is_ok())?;
        rest = letters.as_str();
    }
    Some(total)
}

/// A whole number that OpenSSH holds.
pub(super) fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| i32::try_from(*number).is_ok())
}

/// A port by number, or by the name of SSH's own service.
pub(super) fn port(text: &str) -> Option<u16> {
    if text == "ssh" { Some(22) } else { text.parse().ok().filter(|port| *port != 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_units() {
        let check = |text: &str, expected: Option<u32>| assert_eq!(seconds(text), expected, "{text}");
        check("90", Some(90));
        check("1m30s", Some(90));
        check("1H", Some(3_600));
        check("1w2d", Some(777_600));
        check("", None);
        check("x", None);
        check("1x", None);
        check("99999999999", None);
        check("4000w", None);
    }

    #[test]
    fn a_wrong_value_is_said_with_what_is_taken() {
        let check = |keyword: Keyword, rest: &str, expected: Result<&[&str], &str>| {
            let read = read(keyword, rest);
            let words = read.as_ref().map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(words.as_deref().map_err(|why| why.as_str()), expected, "{rest}");
        };
        check(Keyword::Port, "2222", Ok(&["2222"]));
        check(Keyword::Port, "0", Err("Port does not take `0`: a port from 1 to 65535"));
        check(Keyword::Port, "22 23", Err("Port takes one value, and 23 is another"));
        check(Keyword::User, "\"\"", Err("User has no value"));
        check(Keyword::HashKnownHosts, "maybe", Err("HashKnownHosts does not take `maybe`: yes or no"));
        check(Keyword::UserKnownHostsFile, "a none", Err("UserKnownHostsFile: none must stand alone"));
        check(Keyword::UserKnownHostsFile, "a 'b c'", Ok(&["a", "b c"]));
        check(Keyword::ProxyCommand, "nc %h \"%p\" # x", Ok(&["nc %h \"%p\" # x"]));
        check(Keyword::ProxyJump, "a,b # x", Ok(&["a,b"]));
        check(Keyword::ProxyJump, "a,,b", Err("ProxyJump a,,b: a jump host has no name"));
    }
}

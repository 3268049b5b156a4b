//! Passwords that stand in a command as they are: `sshpass -p hunter2 ssh -W %h:%p gate` of a proxy. Whoever shows a command
//! shows it without them.

use std::ops::Range;

use super::connection::HIDDEN;

/// How names of variables and options end whose values are passwords: `SSHPASS`, `--password`, `--proxy-token`.
const SECRET_ENDS: [&str; 8] = ["pass", "password", "passwd", "passphrase", "pwd", "secret", "token", "credential"];
/// Names of options whose values hold a password beside other things.
const SECRET_NAMES: [&str; 4] = ["proxyauth", "proxy_auth", "api_key", "apikey"];
/// Options of one dash whose next word is a password (that of plink).
const SECRET_OPTIONS: [&str; 1] = ["-pw"];
/// How names of options begin that ask for a password and have none behind them: our own `--ask-vault-pass`.
const ASKS: &str = "ask_";
/// The program whose `-p` is a password.
const SSHPASS: &str = "sshpass";
/// Its option with a password, in the same word or in the next one.
const SSHPASS_SECRET: char = 'p';
/// Its options that have another value, in the same word or in the next one.
const SSHPASS_VALUES: [char; 3] = ['f', 'd', 'P'];

/// A text with the passwords of the commands in it replaced. It need not be a command alone: an error that repeats one will do, and
/// so will one that was cut.
pub fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for secret in found(text) {
        shown.push_str(text.get(end..secret.start).unwrap_or_default());
        shown.push_str(HIDDEN);
        end = secret.end;
    }
    shown + text.get(end..).unwrap_or_default()
}

/// The passwords in a text, without the marks of quotation around them; those of one or two characters are in too many words to be
/// looked for.
pub fn secrets(text: &str) -> Vec<&str> {
    let bare = |secret: Range<usize>| text.get(secret).map(|secret| secret.trim_matches(['"', '\'', '\\']));
    found(text).into_iter().filter_map(bare).filter(|secret| secret.chars().count() > 2).collect()
}

/// Where the passwords of a text stand, in bytes, in order.
pub(super) fn found(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut awaits = Awaits::Nothing;
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(|next| !is_gap(next))).map(|offset| at + offset) {
        if awaits == Awaits::Secret {
            let end = value_end(text, start);
            found.push(start..end);
            awaits = Awaits::Nothing;
            at = end.max(start + 1);
            continue;
        }
        let end = word_end(text, start);
        let word = text.get(start..end).unwrap_or_default();
        let (secret, next) = look_at(word, awaits);
        awaits = next;
        at = end;
        if let Some(Within { begin, end }) = secret {
            let begin = start + begin;
            let end = end.map_or_else(|| value_end(text, begin), |end| start + end);
            if end > begin {
                found.push(begin..end);
            }
            // Behind the word, unless a quotation in it goes on beyond: a password may hold blanks.
            at = at.max(end);
        }
    }
    found
}

/// What the next word may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Nothing,
    /// An option of sshpass.
    Sshpass,
    /// The value of another option of sshpass.
    SshpassValue,
    /// A password.
    Secret,
}

/// A password within a word; where it ends by itself it has no end here.
#[derive(Debug, Clone, Copy)]
struct Within {
    begin: usize,
    end: Option<usize>,
}

/// The password that begins in a word, if one does, and what its next word may be.
fn look_at(word: &str, awaits: Awaits) -> (Option<Within>, Awaits) {
    if let Some(secret) = after_name(word).or_else(|| in_address(word)) {
        return (Some(secret), awaits);
    }
    // `ProxyCommand="sshpass`, `/usr/bin/sshpass`.
    let bare = word.rsplit(['=', '"', '\'', '`', '(', '/']).next().unwrap_or_default();
    if bare == SSHPASS {
        return (None, Awaits::Sshpass);
    }
    let option = word.trim_start_matches(['"', '\'', '\\']);
    let begin = word.len() - option.len();
    // It has no long options.
    if awaits == Awaits::Sshpass && !option.starts_with("--") {
        return match sshpass_options(option) {
            (Some(at), _) => (Some(Within { begin: begin + at, end: None }), Awaits::Nothing),
            (None, next) => (None, next),
        };
    }
    if SECRET_OPTIONS.contains(&option) || option.starts_with('-') && is_secret(option.trim_start_matches('-')) {
        return (None, Awaits::Secret);
    }
    (None, if awaits == Awaits::SshpassValue { Awaits::Sshpass } else { Awaits::Nothing })
}

/// Where a password begins in a word of options of sshpass (`-p`, `-vp`, `-vphunter2`), and what its next word may be.
fn sshpass_options(word: &str) -> (Option<usize>, Awaits) {
    let Some(letters) = word.strip_prefix('-') else { return (None, Awaits::Nothing) };
    let has_value = |letter: char| letter == SSHPASS_SECRET || SSHPASS_VALUES.contains(&letter);
    let Some((at, letter)) = letters.char_indices().find(|(_, letter)| has_value(*letter)) else {
        return (None, Awaits::Sshpass);
    };
    let behind = letters.get(at + letter.len_utf8()..).unwrap_or_default();
    let is_in_next = behind.trim_matches(['"', '\'', '\\']).is_empty();
    match (letter == SSHPASS_SECRET, is_in_next) {
        (true, true) => (None, Awaits::Secret),
        (true, false) => (Some(word.len() - behind.len()), Awaits::Nothing),
        (false, true) => (None, Awaits::SshpassValue),
        (false, false) => (None, Awaits::Sshpass),
    }
}

/// Behind the `=` of `SSHPASS=x`, `--password=x`, `PROXY:host:80,proxyauth=x`.
fn after_name(word: &str) -> Option<Within> {
    word.match_indices('=').map(|(at, _)| at).find_map(|at| {
        let before = word.get(..at)?;
        let name = before.rsplit(|next: char| !(next.is_alphanumeric() || next == '_' || next == '-')).next()?;
        is_secret(name.trim_start_matches('-')).then_some(Within { begin: at + 1, end: None })
    })
}

/// The password of `scheme://user:password@host`.
fn in_address(word: &str) -> Option<Within> {
    let (scheme, rest) = word.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    let (name, _) = user.split_once(':')?;
    let before = scheme.len() + "://".len();
    Some(Within { begin: before + name.len() + 1, end: Some(before + user.len()) })
}

/// Whether what goes by this name is a password. `PasswordAuthentication` and `password_file` are none.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    if name.starts_with(ASKS) {
        return false;
    }
    SECRET_NAMES.contains(&name.as_str()) || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

/// What stands between words.
fn is_gap(next: char) -> bool {
    next.is_whitespace() || matches!(next, ';' | '|' | '&' | '<' | '>' | ')')
}

fn word_end(text: &str, start: usize) -> usize {
    text.get(start..).and_then(|rest| rest.find(is_gap)).map_or(text.len(), |offset| start + offset)
}

/// Marks of quotation: `\"` is that of a command within another one, and so is the single one in pieces.
const MARKS: [&str; 4] = ["\\\"", "'\"'\"'", "\"", "'"];

/// Where a value ends that begins there: at the next gap outside of quotations, or at the mark of a quotation around it.
fn value_end(text: &str, start: usize) -> usize {
    let mut at = start;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let counts = |mark: &&str| mark.len() == 1 || is_within(text, start, mark.trim_start_matches('\\'));
        let opened = MARKS.into_iter().filter(counts).find_map(|mark| Some((mark, rest.strip_prefix(mark)?)));
        if let Some((mark, inside)) = opened.filter(|(mark, _)| at == start || !is_within(text, start, mark)) {
            at += mark.len() + quoted_length(inside, mark);
            continue;
        }
        if let Some(length) = substitution_length(rest).or_else(|| by_backticks(text, start, at)) {
            at += length;
            continue;
        }
        let mut characters = rest.chars();
        match characters.next() {
            Some('"' | '\'' | '`') => return at,
            Some('\\') if opened.is_some() => return at,
            // What it stands before is a part of the value, whatever it is.
            Some('\\') => at += '\\'.len_utf8() + characters.next().map_or(0, char::len_utf8),
            Some(next) if is_gap(next) => return at,
            next => at += next.map_or(1, char::len_utf8),
        }
    }
    text.len()
}

/// Whether a quotation by a mark is open where a value begins: the next mark of it ends the value then, instead of beginning a
/// further piece. Of a mark in pieces that is asked of its first character.
fn is_within(text: &str, start: usize, mark: &str) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let mark = mark.get(..1).filter(|_| mark.len() > 2).unwrap_or(mark);
    let is_whole = |at: usize| mark != "\"" || !before.get(..at).is_some_and(|before| before.ends_with('\\'));
    before.match_indices(mark).filter(|(at, _)| is_whole(*at)).count() % 2 == 1
}

/// The length of a `$(command)` or `${variable}` that a text begins with: to its end, or all of it where it has none.
fn substitution_length(text: &str) -> Option<usize> {
    let (open, close) = match text.strip_prefix('$')?.chars().next()? {
        '(' => ('(', ')'),
        '{' => ('{', '}'),
        _ => return None,
    };
    let mut depth = 0_usize;
    for (at, next) in text.char_indices() {
        if next == open {
            depth += 1;
        } else if next == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + close.len_utf8());
            }
        }
    }
    Some(text.len())
}

/// The length of a `command` in backticks that a value begins with. Where they stand around the whole of the text, that is none.
fn by_backticks(text: &str, start: usize, at: usize) -> Option<usize> {
    let inside = text.get(at..).filter(|_| at == start && !is_within(text, start, "`"))?.strip_prefix('`')?;
    Some(inside.find('`').map_or(inside.len(), |end| end + 1) + 1)
}

/// The length of what stands before a mark, the mark included; all of it where there is none.
fn quoted_length(text: &str, mark: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(mark)).map(|offset| from + offset) {
        // Marks in a command belong to it.
        let command = text.get(from..at).and_then(|before| before.find("$(")).map(|offset| from + offset);
        if let Some(command) = command.filter(|_| mark.ends_with('"')) {
            from = command + text.get(command..).and_then(substitution_length).unwrap_or(1);
            continue;
        }
        let is_escaped = mark == "\"" && text.get(..at).is_some_and(|before| before.ends_with('\\'));
        if !is_escaped {
            return at + mark.len();
        }
        from = at + mark.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn passwords_of_commands_are_replaced_in_whatever_form_they_stand() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
        check("sshpass -p hunter2 ssh -W %h:%p gate", "sshpass -p ******** ssh -W %h:%p gate");
        check("sshpass -phunter2 ssh gate", "sshpass -p******** ssh gate");
        check("sshpass -v -P assword -p hunter2 ssh", "sshpass -v -P assword -p ******** ssh");
        check("/usr/bin/sshpass -p 'my secret' ssh -p 22", "/usr/bin/sshpass -p ******** ssh -p 22");
        check("sshpass -p \"it's\" ssh", "sshpass -p ******** ssh");
        check("sshpass -p my\\ secret ssh", "sshpass -p ******** ssh");
        check(
            "-o ProxyCommand=\"sshpass -p hunter2 ssh -W %h:%p gate\" -p 22",
            "-o ProxyCommand=\"sshpass -p ******** ssh -W %h:%p gate\" -p 22",
        );
        check("-o ProxyCommand=\"sshpass -p hunter2\"", "-o ProxyCommand=\"sshpass -p ********\"");
        check("-oProxyCommand=\"sshpass -p \\\"my secret\\\" ssh\"", "-oProxyCommand=\"sshpass -p ******** ssh\"");
        check("SSHPASS=hunter2 sshpass -e ssh gate", "SSHPASS=******** sshpass -e ssh gate");
        check("env SSHPASS='a b' sshpass -e ssh", "env SSHPASS=******** sshpass -e ssh");
        check("'-oProxyCommand=SSHPASS=hunter2 sshpass -e ssh'", "'-oProxyCommand=SSHPASS=******** sshpass -e ssh'");
        check("proxy --password=hunter2 %h", "proxy --password=******** %h");
        check("proxy --password hunter2 %h", "proxy --password ******** %h");
        check("plink -pw hunter2 gate", "plink -pw ******** gate");
        check("ncat --proxy-auth ops:hunter2 %h %p", "ncat --proxy-auth ******** %h %p");
        check("socat - PROXY:p:%h:%p,proxyauth=ops:hunter2", "socat - PROXY:p:%h:%p,proxyauth=********");
        check("connect -H http://ops:hunter2@proxy:80 %h", "connect -H http://ops:********@proxy:80 %h");
        check("ProxyCommand `sshpass -phunter2`: closed", "ProxyCommand `sshpass -p********`: closed");
        check("ProxyCommand `SSHPASS=hunter2`: closed", "ProxyCommand `SSHPASS=********`: closed");
        check("sshpass -p hun…", "sshpass -p ********");
        check("sshpass -vp hunter2 ssh", "sshpass -vp ******** ssh");
        check("sshpass -vphunter2 ssh", "sshpass -vp******** ssh");
        check("sshpass -ev -Password -p hunter2 ssh", "sshpass -ev -Password -p ******** ssh");
        check("sshpass -vPassword -vp 'my secret' ssh", "sshpass -vPassword -vp ******** ssh");
        check("sshpass '-p' hunter2 ssh", "sshpass '-p' ******** ssh");
        check("sshpass \"-vp\" hunter2 ssh", "sshpass \"-vp\" ******** ssh");
        check("sshpass -p$(cat f) ssh", "sshpass -p******** ssh");
        check("sshpass -p $(echo $(cat f) hunter2) ssh", "sshpass -p ******** ssh");
        check("sshpass -p \"$(echo hunter2 | tr a \"b c\")\" ssh", "sshpass -p ******** ssh");
        check("sshpass -vp ${PASS:-my secret} ssh", "sshpass -vp ******** ssh");
        check("sshpass -p `echo my secret` ssh", "sshpass -p ******** ssh");
        check("sshpass -p`echo my secret` ssh", "sshpass -p******** ssh");
        check("SSHPASS=$(pass show gate) sshpass -e ssh", "SSHPASS=******** sshpass -e ssh");
        check("sshpass -p $(cat f", "sshpass -p ********");
        check("true; sshpass -p a; sshpass -p b|cat", "true; sshpass -p ********; sshpass -p ********|cat");
    }

    #[test]
    fn what_is_no_password_stays() {
        for text in [
            "ssh -W %h:%p -p 2222 gate",
            "-o PasswordAuthentication=no -o NumberOfPasswordPrompts=0 -p 22",
            "sshpass -f /run/secret ssh -p 22 gate",
            "sshpass -d 3 ssh -p 22",
            "sshpass -vf /run/secret ssh -p 22 gate",
            "sshpass -vd3 ssh -p 22",
            "Pass --ask-vault-pass or --vault-password-file FILE",
            "use --ask-pass, or -k",
            "sshpass -e ssh -p 22 gate",
            "proxy --password-file=/run/x %h",
            "connect -H http://proxy:80/a@b %h",
            "nc -X connect -x proxy:3128 %h %p",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn passwords_are_told_without_quotation_marks() {
        assert_eq!(secrets("SSHPASS='a b' sshpass -p \"hunter2\" ssh -p x"), ["a b", "hunter2"]);
    }

    proptest! {
        #[test]
        fn any_text_is_masked_in_order_and_within_itself(text in "(sshpass|-p|--password|SSHPASS=|[ '\"\\\\`;é@:/=a-c]){0,40}") {
            let found = found(&text);
            prop_assert!(found.iter().all(|range| text.get(range.clone()).is_some()));
            prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
            masked(&text);
        }

        #[test]
        fn a_password_of_sshpass_never_stays(password in "[!-~]{1,20}") {
            let quoted = crate::inventory::shell_words::quoted(&password);
            let text = format!("sshpass -p {quoted} ssh -W %h:%p gate");
            let shown = masked(&text);
            // Where marks leave it open what is the password, all that is left is hidden.
            prop_assert!(["sshpass -p ******** ssh -W %h:%p gate", "sshpass -p ********"].contains(&shown.as_str()), "{}", shown);
        }
    }
}

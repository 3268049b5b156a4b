//! What of a host's settings may be used and never shown, and texts without it.

use crate::inventory::command_secrets;
use crate::inventory::secret::Secret;

/// What stands for a secret.
pub const HIDDEN: &str = "********";
/// Pieces of a secret that are shorter tell nothing, and would blacken what is none.
const SHORTEST_PIECE: usize = 3;
/// What ends a text that was cut.
const CUT: char = '…';

/// Texts that were encrypted, or were made of what was, or are passwords.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hidden {
    texts: Vec<Secret>,
    /// Pieces of them that are hidden only where one is a whole word: they are short, and stand in many a text.
    fragments: Vec<Secret>,
}

impl Hidden {
    /// The longest first, so that one that holds another is hidden as a whole.
    pub(super) fn new(mut texts: Vec<Secret>) -> Self {
        texts.retain(|secret| !secret.reveal().is_empty());
        texts.sort_by(|one, other| {
            let (one, other) = (one.reveal(), other.reveal());
            other.len().cmp(&one.len()).then_with(|| one.cmp(other))
        });
        texts.dedup();
        Self { texts, fragments: Vec::new() }
    }

    /// The same, and words that short pieces of secrets are.
    pub(super) fn with_fragments(self, fragments: Vec<Secret>) -> Self {
        Self { fragments, ..self }
    }

    /// The same, and these: passwords that were typed or stand in files of their own. One that is shorter than a piece of a secret is
    /// left out.
    #[must_use]
    pub fn and<'secret>(self, more: impl IntoIterator<Item = &'secret Secret>) -> Self {
        let more = more.into_iter().filter(|secret| secret.reveal().chars().count() >= SHORTEST_PIECE);
        Self::new(self.texts.into_iter().chain(more.cloned()).collect()).with_fragments(self.fragments)
    }

    /// Whether a text may not be shown as it stands.
    pub fn is_in(&self, text: &str) -> bool {
        self.without_own(text) != text
    }

    /// A word of a command line to be shown: it is hidden even where it is no more than a short piece of a secret.
    pub fn masked_word(&self, word: &str) -> String {
        if self.fragments.iter().any(|fragment| fragment.reveal() == word) {
            return HIDDEN.to_owned();
        }
        self.masked(word)
    }

    /// A text to be shown, with what may not be shown replaced, passwords that stand in a command as they are among that; a
    /// secret at whose beginning it was cut is replaced too.
    pub fn masked(&self, text: &str) -> String {
        command_secrets::masked(&self.without_own(text))
    }

    fn without_own(&self, text: &str) -> String {
        let texts = self.texts.iter().map(Secret::reveal);
        let text = texts.clone().fold(text.to_owned(), |text, secret| without(&text, secret));
        let Some(whole) = text.strip_suffix(CUT) else { return text };
        let begun = |secret: &str| {
            let lengths = secret.char_indices().skip(SHORTEST_PIECE).map(|(at, _)| at);
            lengths.filter(|length| secret.get(..*length).is_some_and(|begun| whole.ends_with(begun))).max()
        };
        match texts.filter_map(begun).max() {
            Some(length) => {
                format!("{}{HIDDEN}{CUT}", whole.get(..whole.len().saturating_sub(length)).unwrap_or_default())
            }
            None => text,
        }
    }
}

/// A text without a secret: one that is no longer than a short piece is hidden where it is a whole word, as it stands in many others.
fn without(text: &str, secret: &str) -> String {
    if secret.chars().count() >= SHORTEST_PIECE {
        return text.replace(secret, HIDDEN);
    }
    let is_in_word = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
    let (mut shown, mut rest, mut last) = (String::new(), text, None);
    while let Some((before, after)) = rest.split_once(secret) {
        let is_part = is_in_word(before.chars().next_back().or(last)) || is_in_word(after.chars().next());
        shown.push_str(before);
        shown.push_str(if is_part { secret } else { HIDDEN });
        (rest, last) = (after, secret.chars().next_back());
    }
    shown + rest
}

/// The forms that a secret may have in a command line once that was split and its tokens were expanded: as it stands, without
/// quotation marks and backslashes, with `%%` as one, and, where it has blanks or marks, each of its pieces.
pub(super) fn in_words(secret: &Secret) -> Vec<Secret> {
    let text = secret.reveal();
    let pieces = pieces(text).filter(|piece| piece.chars().count() >= SHORTEST_PIECE);
    let bare: String = text.chars().filter(|next| !is_mark(*next)).collect();
    let forms = pieces.map(str::to_owned).chain([text.to_owned(), bare]);
    forms.flat_map(|form| [Secret::new(form.replace("%%", "%")), Secret::new(form)]).collect()
}

/// The pieces of it that are too short for that, and may be words by themselves.
pub(super) fn fragments(secret: &Secret) -> impl Iterator<Item = Secret> {
    let short = pieces(secret.reveal()).filter(|piece| (1..SHORTEST_PIECE).contains(&piece.chars().count()));
    short.map(|piece| Secret::new(piece.to_owned()))
}

/// The forms that an address has once it was read as `ssh` reads it: without login name, port and brackets, in small letters, an
/// IP address as it is written shortest; and the login name.
pub(super) fn of_address(address: &str) -> impl Iterator<Item = Secret> {
    let rest = address.strip_prefix("ssh://").unwrap_or(address).trim_end_matches('/');
    let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let host = match (host.strip_prefix('[').and_then(|rest| rest.split_once(']')), host.split_once(':')) {
        (Some((inside, _)), _) => inside,
        // A second colon makes it an IPv6 address without a port.
        (None, Some((name, port))) if !port.contains(':') => name,
        (None, _) => host,
    };
    let shortest = host.parse().map_or_else(|_| host.to_ascii_lowercase(), |ip: core::net::IpAddr| ip.to_string());
    let forms = [user.to_owned(), host.to_owned(), shortest];
    forms.into_iter().filter(|form| form.chars().count() >= SHORTEST_PIECE).map(Secret::new)
}

/// What blanks, marks and `=` make of a text; nothing where there are none.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let ends = |next: char| next.is_whitespace() || next == '=' || is_mark(next);
    text.split(ends).filter(move |piece| *piece != text)
}

fn is_mark(next: char) -> bool {
    matches!(next, '"' | '\'' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secrets: &[&str]) -> Hidden {
        Hidden::new(secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect())
    }

    #[test]
    fn secrets_are_replaced_the_longest_first() {
        let check = |secrets: &[&str], text: &str, expected: &str| {
            assert_eq!(hidden(secrets).masked(text), expected, "{text}");
        };
        check(&[], "all of it", "all of it");
        check(&["", "hunter2"], "-p hunter2 ssh", "-p ******** ssh");
        check(&["hunter", "hunter2", "hunter"], "-p hunter2 hunter", "-p ******** ********");
        check(&["hunter2"], "-p hunt…", "-p ********…");
        // One of a letter or two would blacken every text, and so be told by it.
        check(&["e"], "e: connected to e@host, refused", "********: connected to ********@host, refused");
        check(&["22"], "127.0.0.1:22 2222 22", "127.0.0.1:******** 2222 ********");
        check(&["ee"], "eee ee", "eee ********");
        check(&["hunter2"], "-p hu…", "-p hu…");
        check(&["hunter2"], "-p hunt", "-p hunt");
        check(&[], "sshpass -p hunter2 ssh", "sshpass -p ******** ssh");
        check(&["zürich!"], "zürich!zür…", "****************…");
        let typed = ["S3same", "no"].map(|text| Secret::new(text.to_owned()));
        assert_eq!(hidden(&["hunter2"]).and(&typed).masked("hunter2, S3same, no"), "********, ********, no");
    }

    #[test]
    fn a_secret_is_known_in_every_form_that_words_give_it() {
        let check = |secret: &str, text: &str, expected: &str| {
            assert_eq!(Hidden::new(in_words(&Secret::new(secret.to_owned()))).masked(text), expected, "{secret}");
        };
        check("hunter2", "ProxyCommand=sshpass -p hunter2 ssh", "ProxyCommand=sshpass -p ******** ssh");
        check("hun\"ter2", "sshpass -p hunter2 ssh", "sshpass -p ******** ssh");
        check("100%%sure", "sshpass -p 100%sure ssh", "sshpass -p ******** ssh");
        check("aaa bbb", "['aaa', 'bbb']", "['********', '********']");
        check("-o ProxyCommand=\"sshpass -p hunter2 nc\"", "sshpass -p hunter2 nc", "******** -p ******** nc");
    }

    #[test]
    fn an_address_is_known_in_every_form_that_ssh_gives_it() {
        let check = |address: &str, text: &str, expected: &str| {
            assert_eq!(Hidden::new(of_address(address).collect()).masked(text), expected, "{address}");
        };
        check("Gate.Example", "gate.example, Gate.Example", "********, ********");
        check("ops@Gate:2222", "ops at gate port 2222", "******** at ******** port 2222");
        check("ssh://ops@gate:2222/", "gate", "********");
        check("2001:DB8:0::1", "2001:db8::1, 2001:DB8:0::1", "********, ********");
        check("[2001:db8::1]", "[2001:db8::1]:22", "[********]:22");
        check("me@h1", "h1, me", "h1, me");
    }

    #[test]
    fn a_short_piece_of_a_secret_is_hidden_where_it_is_a_word() {
        let secret = Secret::new("S3CRET x; y=\"hunter2".to_owned());
        let hidden = Hidden::new(in_words(&secret)).with_fragments(fragments(&secret).collect());
        let shown = |word: &str| hidden.masked_word(word);
        assert_eq!(
            ["x;", "y", "Foo=S3CRET", "xy", "-o", ""].map(shown),
            [HIDDEN, HIDDEN, "Foo=********", "xy", "-o", ""]
        );
        // Elsewhere it is a letter as any other.
        assert_eq!(hidden.masked("why? hunter2"), "why? ********");
        assert!(hidden.is_in("at S3CRET") && !hidden.is_in("at y"));
        assert!(hidden.clone().and(&[Secret::new("other".to_owned())]).masked_word("x;") == HIDDEN);
    }
}

//! What counts as a host's address, and which port is part of it.

/// A host pattern taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    /// The name or address; ranges still in it.
    pub host: &'a str,
    /// The port as digits, without leading zeros; there is no upper limit here.
    pub port: Option<&'a str>,
}

/// Takes `[v6]:port`, `name:port`, a name, an IPv4 or IPv6 address apart; ranges may stand anywhere in a name. `None` =
/// no valid address: the text as it stands is a name without port.
pub fn parse(text: &str) -> Option<Address<'_>> {
    let (host, port) = split_port(text);
    (is_host_name(host) || is_ipv6(host)).then_some(Address { host, port })
}

/// First `[` anything `]:digits`, then, on what that leaves, `name:digits`.
fn split_port(text: &str) -> (&str, Option<&str>) {
    let mut host = text;
    let mut port = None;
    if let Some((bracketed, digits)) = text.rsplit_once("]:")
        && let Some(inside) = bracketed.strip_prefix('[')
        && !inside.is_empty()
        && is_number(digits)
    {
        host = inside;
        port = Some(digits);
    }
    if let Some((name, digits)) = host.rsplit_once(':')
        && is_number(digits)
        && has_no_lone_separator(name)
    {
        host = name;
        port = Some(digits);
    }
    (host, port.map(canonical))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn canonical(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    }
}

/// No `:`, `[` or `]` outside complete `[...]` groups.
fn has_no_lone_separator(name: &str) -> bool {
    let mut rest = name;
    while let Some(at) = rest.find([':', '[', ']']) {
        let tail = rest.get(at..).unwrap_or_default();
        match tail.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// Dot-separated labels of word characters, `-` and ranges; a label starts with a word character or a range and ends
/// in neither `-` nor `_`. IPv4 addresses are such names too.
fn is_host_name(host: &str) -> bool {
    let mut rest = host;
    loop {
        let Some(after) = label(rest) else { return false };
        if after.is_empty() {
            return true;
        }
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return false,
        }
    }
}

/// What follows the label at the start of `text`.
fn label(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut last = None;
    while let Some(first) = rest.chars().next() {
        let tail = rest.get(first.len_utf8()..).unwrap_or_default();
        if first == '[' {
            let (inside, after) = tail.split_once(']')?;
            if !is_range(inside) {
                return None;
            }
            last = Some(']');
            rest = after;
        } else if is_word(first) || (first == '-' && last.is_some()) {
            last = Some(first);
            rest = tail;
        } else {
            break;
        }
    }
    last.filter(|last| !matches!(last, '-' | '_')).map(|_| rest)
}

/// A word character as Python's `\w` has it.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// `1:9`, `a:f`, either with a step.
fn is_range(inside: &str) -> bool {
    let parts: Vec<&str> = inside.split(':').collect();
    let is_letter = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    match parts.as_slice() {
        [begin, end] | [begin, end, _] if is_number(begin) && is_number(end) => {}
        [begin, end] | [begin, end, _] if is_letter(begin) && is_letter(end) => {}
        _ => return false,
    }
    parts.get(2).is_none_or(|step| is_number(step))
}

/// All compressed forms, an embedded IPv4 address, hexadecimal ranges as parts.
fn is_ipv6(host: &str) -> bool {
    if !host.contains(':') {
        return false;
    }
    let outside = ranges_hidden(host);
    let mut halves = outside.splitn(2, "::");
    let (Some(left), right) = (halves.next(), halves.next()) else { return false };
    if right.is_some_and(|right| right.contains("::")) {
        return false;
    }
    let count = |half: &str, ends_address: bool| -> Option<usize> {
        if half.is_empty() {
            return Some(0);
        }
        let parts: Vec<&str> = half.split(':').collect();
        let last = parts.len() - 1;
        parts.iter().enumerate().try_fold(0, |sum, (index, part)| {
            if index == last && ends_address && is_ipv4(part) {
                return Some(sum + 2);
            }
            is_hexadecimal_part(part).then_some(sum + 1)
        })
    };
    match right {
        None => count(left, true) == Some(8),
        Some(right) => match (count(left, false), count(right, true)) {
            (Some(before), Some(after)) => before + after <= 7,
            _ => false,
        },
    }
}

/// The text with every hexadecimal range replaced by `?`, so that its colons cannot be mistaken for those outside.
fn ranges_hidden(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((_, tail)) = after.split_once(']').filter(|(inside, _)| is_hexadecimal_range(inside)) else { break };
        out.push_str(before);
        out.push('?');
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// `0:ff`, with or without a step.
fn is_hexadecimal_range(inside: &str) -> bool {
    let is_hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = inside.split(':').collect();
    match parts.as_slice() {
        [begin, end] => is_hexadecimal(begin) && is_hexadecimal(end),
        [begin, end, step] => is_hexadecimal(begin) && is_hexadecimal(end) && is_number(step),
        _ => false,
    }
}

fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.len() <= 3 && part.parse::<u8>().is_ok())
}

/// One to four hexadecimal digits; a range (its brackets hidden as `?`) stands for any.
fn is_hexadecimal_part(part: &str) -> bool {
    if part == "?" {
        return true;
    }
    (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str, expected: Option<(&str, Option<&str>)>| {
            let found = parse(text).map(|address| (address.host, address.port));
            assert_eq!(found, expected, "{text:?}");
        };
        check("h1", Some(("h1", None)));
        check("h1:22", Some(("h1", Some("22"))));
        check("h1:0022", Some(("h1", Some("22"))));
        check("web[1:3].x:2222", Some(("web[1:3].x", Some("2222"))));
        check("[2001:db8::9]:2200", Some(("2001:db8::9", Some("2200"))));
        check("2001:db8::9", Some(("2001:db8::9", None)));
        check("::ffff:192.0.2.1", Some(("::ffff:192.0.2.1", None)));
        check("[2001:db8::1]", None);
        check("1:2:3:4:5:6:7:8", Some(("1:2:3:4:5:6:7:8", None)));
        check("1:2:3:4:5:6:7::8:9", None);
        check("h:ssh", None);
        check("user@box", None);
        check("-lead", None);
        check("trail-", None);
        check("a..b", None);
        check("", None);
    }
}

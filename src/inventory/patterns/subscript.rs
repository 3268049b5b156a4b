//! Subscripts of patterns: `web[0]`, `web[-1]`, `web[2:5]`, `web[2:]`.

/// Which of the matched hosts a pattern takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subscript {
    /// One, counted from 0, or from the end if negative.
    One(i64),
    /// From one to another, the last one included; `None` = to the end.
    Slice(usize, Option<usize>),
}

/// The pattern without its subscript, and the subscript; `old_style` tells of `[x-y]`.
pub(super) struct Taken<'a> {
    pub(super) pattern: &'a str,
    pub(super) subscript: Option<Subscript>,
    pub(super) old_style: bool,
}

/// Takes a subscript off the end of a pattern; other bracket texts are classes of a glob and stay.
pub(super) fn take(pattern: &str) -> Taken<'_> {
    let whole = Taken { pattern, subscript: None, old_style: false };
    let Some((head, inside)) = pattern.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else { return whole };
    if head.is_empty() {
        return whole;
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(inside.strip_prefix('-').unwrap_or(inside)) {
        let index = inside.parse().unwrap_or(i64::MAX);
        return Taken { pattern: head, subscript: Some(Subscript::One(index)), old_style: false };
    }
    let Some(at) = inside.find([':', '-']) else { return whole };
    let (begin, rest) = inside.split_at(at);
    let end = rest.get(1..).unwrap_or_default();
    if !is_number(begin) || !(end.is_empty() || is_number(end)) {
        return whole;
    }
    let begin: usize = begin.parse().unwrap_or(usize::MAX);
    let subscript = match end.parse::<usize>() {
        // Ansible takes an end of 0 for "no end", and that for one host.
        Ok(0) => Subscript::One(i64::try_from(begin).unwrap_or(i64::MAX)),
        Ok(end) => Subscript::Slice(begin, Some(end)),
        Err(_) if end.is_empty() => Subscript::Slice(begin, None),
        Err(_) => Subscript::Slice(begin, Some(usize::MAX - 1)),
    };
    Taken { pattern: head, subscript: Some(subscript), old_style: rest.starts_with('-') }
}

/// What the subscript takes of the hosts; `None` = the one host asked for is not among them.
pub(super) fn apply<T: Copy>(subscript: Subscript, hosts: &[T]) -> Option<Vec<T>> {
    match subscript {
        Subscript::One(index) => {
            let place = usize::try_from(index).ok().or_else(|| {
                let from_end = usize::try_from(index.unsigned_abs()).ok()?;
                hosts.len().checked_sub(from_end)
            })?;
            hosts.get(place).map(|host| vec![*host])
        }
        Subscript::Slice(begin, end) => {
            let end = end.map_or(hosts.len(), |end| (end + 1).min(hosts.len()));
            Some(hosts.get(begin..end).unwrap_or_default().to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_take_hosts() {
        let check = |pattern: &str, expected: Option<&[i32]>| {
            let taken = take(pattern);
            let found = taken.subscript.and_then(|subscript| apply(subscript, &[10, 11, 12, 13]));
            assert_eq!(found.as_deref(), expected, "{pattern:?}");
        };
        check("web[0]", Some(&[10]));
        check("web[-1]", Some(&[13]));
        check("web[4]", None);
        check("web[-5]", None);
        check("web[1:2]", Some(&[11, 12]));
        check("web[1-2]", Some(&[11, 12]));
        check("web[2:]", Some(&[12, 13]));
        check("web[3:1]", Some(&[]));
        check("web[2:0]", Some(&[12]));
        check("web[2:99]", Some(&[12, 13]));
        check("web[:2]", None);
        check("[0]", None);
    }
}

//! Ranges in host names: `web[001:400]` to its names, and names back to `web[001-400]` for people.

use thiserror::Error;

use super::model::TooManyHosts;

pub use super::folding::fold;

/// Ranges in one name; each is a level of recursion.
const MAX_RANGES: usize = 32;

/// Bytes of a name with ranges, as many as a name of the DNS may have: each of its hosts takes as many.
const MAX_BYTES: usize = 255;

/// Bytes that the variables of hosts made by ranges may take: what a range has each of its hosts has.
const MAX_COPIED_BYTES: usize = 64 << 20;

/// Why a range is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RangeError {
    /// Not `begin:end` or `begin:end:step`.
    #[error("a range is [begin:end] or [begin:end:step], got `[{0}]`")]
    Form(String),
    /// A `[` without `]`, or a `|` in a name with ranges.
    #[error("`{0}` has a `[` that is never closed, or a `|` beside a range")]
    Unclosed(String),
    /// Zero-filled, but of two lengths.
    #[error("begin and end of a zero-filled range need the same length, got `[{0}]`")]
    Width(String),
    /// Letters in descending order.
    #[error("the letters of a range must ascend, got `[{0}]`")]
    Descending(String),
    /// Neither numbers nor two single letters.
    #[error("a range goes from number to number or from letter to letter, got `[{0}]`")]
    Bounds(String),
    /// More ranges, or more bytes, than a name may have.
    #[error("a name may have {MAX_RANGES} ranges and {MAX_BYTES} bytes at most")]
    TooDeep,
    /// More names than an inventory may have.
    #[error("this range would make the inventory larger than {0} hosts")]
    TooMany(usize),
    /// More names than all ranges together may make.
    #[error("the ranges up to here make more than {0} names, a host counted as often as it is named")]
    TooOften(usize),
    /// The inventory is full.
    #[error(transparent)]
    Full(#[from] TooManyHosts),
}

/// What the ranges of an inventory may still cost.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Names of one range.
    most: usize,
    /// Names of all.
    all: usize,
    /// Names made so far, by this range and by all.
    of_this: usize,
    spent: usize,
    copied_bytes: usize,
}

impl Budget {
    /// A budget of `limit` names.
    pub fn new(limit: usize) -> Self {
        Self::of(limit, limit)
    }

    /// A budget of `most` names a range, and `all` names of all ranges together.
    pub fn of(most: usize, all: usize) -> Self {
        Self { most, all, of_this: 0, spent: 0, copied_bytes: 0 }
    }

    /// How many names were made, those of ranges that were refused too.
    pub fn spent(&self) -> usize {
        self.spent
    }

    /// Whether so many hosts may get variables of so many bytes each; one host may always.
    pub fn takes(&mut self, hosts: usize, bytes: usize) -> bool {
        if hosts > 1 {
            self.copied_bytes = self.copied_bytes.saturating_add(hosts.saturating_mul(bytes));
        }
        hosts <= 1 || self.copied_bytes <= MAX_COPIED_BYTES
    }

    fn spend(&mut self) -> Result<(), RangeError> {
        self.of_this += 1;
        self.spent += 1;
        if self.of_this > self.most {
            return Err(RangeError::TooMany(self.most));
        }
        if self.spent > self.all { Err(RangeError::TooOften(self.all)) } else { Ok(()) }
    }
}

/// Whether a name has a range in it.
pub fn has_range(name: &str) -> bool {
    name.contains('[')
}

/// All names that a name with ranges stands for, the leftmost range varying slowest.
pub fn expand(name: &str, budget: &mut Budget) -> Result<Vec<String>, RangeError> {
    if name.matches('[').count() > MAX_RANGES || (has_range(name) && name.len() > MAX_BYTES) {
        return Err(RangeError::TooDeep);
    }
    let mut out = Vec::new();
    budget.of_this = 0;
    expand_into(name, budget, &mut out)?;
    Ok(out)
}

fn expand_into(name: &str, budget: &mut Budget, out: &mut Vec<String>) -> Result<(), RangeError> {
    let (Some(open), Some(close)) = (name.find('['), name.find(']')) else {
        if has_range(name) {
            return Err(RangeError::Unclosed(name.to_owned()));
        }
        out.push(name.to_owned());
        return Ok(());
    };
    if name.contains('|') {
        return Err(RangeError::Unclosed(name.to_owned()));
    }
    let (first, second) = (open.min(close), open.max(close));
    let head = name.get(..first).unwrap_or_default();
    let range = name.get(first + 1..second).unwrap_or_default();
    let tail = name.get(second + 1..).unwrap_or_default();
    // Deeper ranges are looked at only for names that exist, so an empty range hides the errors behind it.
    members(range, &mut |member| {
        budget.spend()?;
        expand_into(&format!("{head}{member}{tail}"), budget, out)
    })
}

type Visit<'a> = &'a mut dyn FnMut(&str) -> Result<(), RangeError>;

/// Calls `visit` with each member of one range.
fn members(range: &str, visit: Visit<'_>) -> Result<(), RangeError> {
    let form = || RangeError::Form(range.to_owned());
    let bounds = || RangeError::Bounds(range.to_owned());
    let parts: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match parts.as_slice() {
        [begin, end] => (*begin, *end, "1"),
        [begin, end, step] => (*begin, *end, *step),
        _ => return Err(form()),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err(form());
    }
    let is_filled = begin.len() > 1 && begin.starts_with('0');
    if is_filled && begin.chars().count() != end.chars().count() {
        return Err(RangeError::Width(range.to_owned()));
    }
    let step = integer(step).filter(|step| *step != 0).ok_or_else(bounds)?;
    if let (Some(first), Some(last)) = (letter(begin), letter(end)) {
        if first > last {
            return Err(RangeError::Descending(range.to_owned()));
        }
        return count(i64::from(first), i64::from(last), step, &mut |position| {
            let text = u8::try_from(position).ok().map(letter_at).unwrap_or_default();
            visit(text.encode_utf8(&mut [0; 4]))
        });
    }
    let (first, last) = integer(begin).zip(integer(end)).ok_or_else(bounds)?;
    let width = if is_filled { begin.len() } else { 0 };
    count(first, last, step, &mut |number| {
        if number < 0 { visit(&format!("{number:0width$}")) } else { visit(&format!("{number:0>width$}")) }
    })
}

/// Python's `range(first, last + 1, step)`.
fn count(
    first: i64,
    last: i64,
    step: i64,
    visit: &mut dyn FnMut(i64) -> Result<(), RangeError>,
) -> Result<(), RangeError> {
    let end = last.saturating_add(1);
    let mut current = first;
    while if step > 0 { current < end } else { current > end } {
        visit(current)?;
        match current.checked_add(step) {
            Some(next) => current = next,
            None => break,
        }
    }
    Ok(())
}

/// Python's `int(text)` within 64 bits.
fn integer(text: &str) -> Option<i64> {
    let digits = text.trim();
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let is_well_formed =
        unsigned.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if !is_well_formed {
        return None;
    }
    digits.replace('_', "").parse().ok()
}

/// The place of a single letter in a..z, A..Z.
fn letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [small @ b'a'..=b'z'] => Some(small - b'a'),
        [capital @ b'A'..=b'Z'] => Some(capital - b'A' + 26),
        _ => None,
    }
}

fn letter_at(place: u8) -> char {
    match place {
        0..26 => char::from(b'a' + place),
        _ => char::from(b'A' + place.saturating_sub(26).min(25)),
    }
}

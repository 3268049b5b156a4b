//! Host names folded for people: `web[001-400]` instead of four hundred names.

use std::cmp::Ordering;

/// Folds names into ranges: naturally sorted, duplicates dropped, joined by commas. `web1 web2 web3 db` becomes
/// `db,web[1-3]`.
pub fn fold(names: &[&str]) -> String {
    let mut parsed: Vec<Vec<Piece<'_>>> = names.iter().map(|name| pieces(name)).collect();
    parsed.sort_by(|a, b| natural_order(a, b));
    parsed.dedup();
    let mut runs: Vec<Run<'_>> = Vec::new();
    for name in parsed {
        let is_taken = runs.last_mut().is_some_and(|run| run.takes(&name));
        if !is_taken {
            runs.push(Run { first: name, varying: None });
        }
    }
    runs.iter().map(Run::text).collect::<Vec<_>>().join(",")
}

/// Longer lists of names give way to their number.
const LONGEST: usize = 88;

/// Names folded into ranges; where that is long, how many there are and one of them.
pub fn shortened(names: &[&str]) -> String {
    let folded = fold(names);
    match names.first().filter(|_| folded.chars().count() > LONGEST && names.len() > 1) {
        Some(first) => format!("{} hosts (such as {first})", names.len()),
        None => folded,
    }
}

/// A stretch of digits, or of anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// The digits as written, and their number where it fits.
    Digits(&'a str, Option<u64>),
}

fn pieces(name: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|next: char| next.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        found.push(if is_digit { Piece::Digits(piece, piece.parse().ok()) } else { Piece::Text(piece) });
        rest = tail;
    }
    found
}

fn natural_order(a: &[Piece<'_>], b: &[Piece<'_>]) -> Ordering {
    let pair = |(a, b): (&Piece<'_>, &Piece<'_>)| match (a, b) {
        (Piece::Text(a), Piece::Text(b)) => a.cmp(b),
        (Piece::Digits(a, x), Piece::Digits(b, y)) => (x.is_none(), x, a).cmp(&(y.is_none(), y, b)),
        (Piece::Digits(..), Piece::Text(_)) => Ordering::Less,
        (Piece::Text(_), Piece::Digits(..)) => Ordering::Greater,
    };
    a.iter().zip(b).map(pair).find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// The width of zero-filled digits; 0 = not filled.
fn filled_width(digits: &str) -> usize {
    if digits.len() > 1 && digits.starts_with('0') { digits.len() } else { 0 }
}

/// Names that differ in one number only, which counts up by one.
struct Run<'a> {
    first: Vec<Piece<'a>>,
    /// Which piece counts, and the last digits and number so far.
    varying: Option<(usize, &'a str, u64)>,
}

impl<'a> Run<'a> {
    /// Takes the name into the run if it is the next one.
    fn takes(&mut self, name: &[Piece<'a>]) -> bool {
        if name.len() != self.first.len() {
            return false;
        }
        let mut differing = self.first.iter().zip(name).enumerate().filter(|(_, (a, b))| a != b);
        let (Some((at, (Piece::Digits(begin, Some(start)), Piece::Digits(digits, Some(number))))), None) =
            (differing.next(), differing.next())
        else {
            return false;
        };
        let last = match self.varying {
            None => *start,
            Some((place, _, last)) if place == at => last,
            Some(_) => return false,
        };
        let width = filled_width(begin);
        let is_next = last.checked_add(1) == Some(*number) && *digits == format!("{number:0width$}");
        if is_next {
            self.varying = Some((at, digits, *number));
        }
        is_next
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (index, piece) in self.first.iter().enumerate() {
            match (piece, self.varying) {
                (Piece::Digits(begin, _), Some((place, end, _))) if place == index => {
                    out.extend(["[", begin, "-", end, "]"]);
                }
                (Piece::Digits(text, _) | Piece::Text(text), _) => out.push_str(text),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_into_ranges() {
        let check = |names: &[&str], expected: &str| assert_eq!(fold(names), expected);
        check(&[], "");
        check(&["a"], "a");
        check(&["web1", "web2", "web10", "web3", "db"], "db,web[1-3],web10");
        check(&["web001", "web002", "web003"], "web[001-003]");
        check(&["web9", "web10", "web11"], "web[9-11]");
        check(&["web09", "web10", "web11"], "web[09-11]");
        check(&["r1-a", "r2-a", "r1-b"], "r1-a,r1-b,r2-a");
        check(&["h1", "h1"], "h1");
        check(&["192.0.2.1", "192.0.2.2"], "192.0.2.[1-2]");
    }
}

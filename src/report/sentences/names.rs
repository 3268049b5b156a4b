//! The names of hosts in a line: folded into ranges, the first of them and a number where that is long.

use crate::inventory::folding;
use crate::report::escape::escaped;
use crate::report::model::Host;

/// Where folded names are longer than this, the first of them is named and the others are counted.
const LONGEST_NAMES: usize = 32;
/// How the hosts are seen that have no line of their own.
pub(in crate::report) const HOW_TO_LIST: &str = "(list them: -o wide)";

/// Names folded into ranges; where that is long, the first of them and how many more there are.
pub(in crate::report) fn names(hosts: &[&Host]) -> String {
    folded_names(&hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>())
}

/// Names folded into ranges; where that is long, the first of them and how many more there are.
pub(in crate::report) fn folded_names(hosts: &[&str]) -> String {
    let escaped: Vec<String> = hosts.iter().map(|name| escaped(name)).collect();
    let folded = folding::fold(&escaped.iter().map(String::as_str).collect::<Vec<_>>());
    match escaped.as_slice() {
        [first, rest @ ..] if !rest.is_empty() && folded.chars().count() > LONGEST_NAMES => {
            first_and_more(first, rest.len())
        }
        _ => folded,
    }
}

/// `web001 and 155 more`.
pub(in crate::report) fn first_and_more(first: &str, more: usize) -> String {
    format!("{first} and {more} more")
}

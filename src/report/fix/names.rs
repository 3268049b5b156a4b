//! The names of many hosts in running text: folded into ranges, and counted where they would fill the page.

use crate::audit::figure;
use crate::inventory::folding::fold;
use crate::report::escape::escaped;

/// How many characters of names stand in a text that is to stay short; about three lines.
const LONGEST: usize = 240;

/// How many names are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Names {
    /// As many as stay readable; the rest is counted.
    Some,
    /// All of them.
    All,
}

/// The names of hosts, harmless and folded, with a blank behind each comma: `db1, web[1-3]`, `db[1-80] and 812 more`.
pub(in crate::report) fn named(hosts: &[&str], names: Names) -> String {
    let harmless: Vec<String> = hosts.iter().map(|host| escaped(host)).collect();
    let harmless: Vec<&str> = harmless.iter().map(String::as_str).collect();
    let folded = |count: usize| fold(harmless.get(..count).unwrap_or(&harmless)).replace(',', ", ");
    let all = folded(harmless.len());
    if names == Names::All || hosts.len() == 1 || all.chars().count() <= LONGEST {
        return all;
    }
    // The most that fit; one at least, however long it is.
    let (mut fitting, mut too_many) = (1, harmless.len());
    while too_many - fitting > 1 {
        let middle = usize::midpoint(fitting, too_many);
        if folded(middle).chars().count() <= LONGEST {
            fitting = middle;
        } else {
            too_many = middle;
        }
    }
    format!("{} and {} more", folded(fitting), harmless.len() - fitting)
}

/// The same with how many they are: `3 hosts: web[1-3]`; one host is its name alone.
pub(in crate::report) fn counted(hosts: &[&str], names: Names) -> String {
    let text = named(hosts, names);
    if hosts.len() == 1 { text } else { format!("{}: {text}", figure::count(hosts.len(), "host")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_made_harmless_and_counted_where_they_are_many() {
        let check = |hosts: &[&str], expected: &str| assert_eq!(counted(hosts, Names::Some), expected);
        check(&["web2", "db", "web1"], "3 hosts: db, web[1-2]");
        check(&["db"], "db");
        check(&["db\u{1b}[2J"], "db\\x1b[2J");
        let unlike: Vec<String> = (0..500).map(|index| format!("host-{}", index * 3)).collect();
        let unlike: Vec<&str> = unlike.iter().map(String::as_str).collect();
        let some = counted(&unlike, Names::Some);
        assert!(some.starts_with("500 hosts: host-0, host-3,") && some.ends_with(" more"), "{some}");
        let told = some.matches("host-").count();
        assert!(some.ends_with(&format!(" and {} more", 500 - told)) && some.chars().count() < 300, "{some}");
        assert_eq!(counted(&unlike, Names::All).matches("host-").count(), 500);
        let like: Vec<String> = (0..9_999).map(|index| format!("web{index:04}")).collect();
        let like: Vec<&str> = like.iter().map(String::as_str).collect();
        assert_eq!(counted(&like, Names::Some), "9999 hosts: web[0000-9998]");
        let long = ["x".repeat(390), "y".repeat(390)];
        assert!(named(&[&long[0], &long[1]], Names::Some).ends_with(" and 1 more"));
        assert_eq!(named(&[&long[0]], Names::Some), long[0]);
    }
}

//! Where the settings of many hosts come from: equal ones in one line, with the hosts that have them.

use std::fmt::Write as _;

use indexmap::{IndexMap, IndexSet};

use super::explain::{Row, shown};
use crate::inventory::configuration::Provenance;
use crate::inventory::ranges;

/// Of names of hosts so many characters are shown.
const MOST_NAMES: usize = 60;

/// What is set in one place.
#[derive(Default)]
struct Told<'a> {
    values: IndexSet<String>,
    places: IndexSet<String>,
    hosts: IndexSet<&'a str>,
}

/// A table of the settings that somebody set: setting, value, where, and for which hosts. Values that differ from host to
/// host and are set in one file are one line. What nobody set is left out. `others` = settings that are no host's own.
pub fn table(others: &[[String; 3]], hosts: &[(String, Vec<Row>)]) -> String {
    let mut told: IndexMap<(&str, String), Told<'_>> = IndexMap::new();
    for (host, rows) in hosts {
        for row in rows {
            let Some(provenance) = row.provenance.as_ref().filter(|found| **found != Provenance::Default) else {
                continue;
            };
            let told = told.entry((row.setting, without_line(provenance))).or_default();
            told.values.insert(shown(row));
            told.places.insert(provenance.to_string());
            told.hosts.insert(host.as_str());
        }
    }
    // The settings in the order of the table of connection settings, whichever host had them first.
    let mut order: IndexSet<&str> = IndexSet::new();
    order.extend(hosts.iter().flat_map(|(_, rows)| rows).map(|row| row.setting));
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_by_key(|((setting, _), _)| order.get_index_of(setting));
    let others = others.iter().cloned().map(|[setting, value, place]| [setting, value, place, String::new()]);
    let of_hosts = told.into_iter().map(|((setting, place), told)| line(setting, &place, &told, hosts.len()));
    let lines: Vec<[String; 4]> = others.chain(of_hosts).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count());
        cells.filter(|width| *width <= 50).max().unwrap_or_default()
    };
    let (setting_width, value_width, place_width) = (width(0), width(1), width(2));
    let mut out = String::new();
    for [setting, value, place, hosts] in lines {
        // Writing to a text cannot fail.
        let line = format!("  {setting:setting_width$}  {value:value_width$}  {place:place_width$}  {hosts}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.chars().map(|next| if next.is_control() && next != '\n' { '\u{fffd}' } else { next }).collect()
}

fn line(setting: &str, place: &str, told: &Told<'_>, all: usize) -> [String; 4] {
    let one = |texts: &IndexSet<String>| texts.first().filter(|_| texts.len() == 1).cloned();
    let value = one(&told.values).unwrap_or_else(|| format!("{} values", told.values.len()));
    let place = one(&told.places).unwrap_or_else(|| match place.strip_suffix(')') {
        Some(place) => format!("{place}, {} lines)", told.places.len()),
        None => place.to_owned(),
    });
    let hosts = if told.hosts.len() == all && all > 1 {
        format!("all {all} hosts")
    } else {
        let names = ranges::fold(&told.hosts.iter().copied().collect::<Vec<_>>());
        match names.char_indices().nth(MOST_NAMES) {
            Some((end, _)) => format!("{}... ({} hosts)", names.get(..end).unwrap_or_default(), told.hosts.len()),
            None => names,
        }
    };
    [setting.to_owned(), value, place, hosts]
}

/// Where a setting comes from, whichever line of a file it is.
fn without_line(provenance: &Provenance) -> String {
    let place = match provenance {
        Provenance::ExtraVariable { place, .. } | Provenance::Variable { place, .. } => place.as_ref(),
        Provenance::File { place, .. } => Some(place),
        Provenance::Flag(_) | Provenance::Environment(_) | Provenance::Default => None,
    };
    let text = provenance.to_string();
    match place {
        Some(place) => text.replace(&place.to_string(), &place.file),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::configuration::Place;
    use crate::inventory::value::Value;

    #[test]
    fn equal_settings_are_one_line() {
        let row = |setting, value: &str, provenance| Row {
            setting,
            value: Value::from(value),
            provenance,
            otherwise: "",
            wrong: None,
        };
        let variable =
            |name, line| Some(Provenance::Variable { name, place: Some(Place { file: "hosts.ini".into(), line }) });
        let host = |name: &str, line: usize| {
            let address = row("address", &format!("192.0.2.{line}"), variable("ansible_host", line));
            let port = row("port", "22", if line == 2 { variable("ansible_port", 2) } else { None });
            let user = row("user", "ops", Some(Provenance::Flag("--user")));
            (name.to_owned(), vec![address, port, user, row("timeout", "10", Some(Provenance::Default))])
        };
        let hosts: Vec<_> = (1..=3).map(|line| host(&format!("web{line}"), line)).collect();
        let expected = "  address  3 values  ansible_host (hosts.ini, 3 lines)  all 3 hosts\n  \
                        port     22        ansible_port (hosts.ini line 2)    web2\n  \
                        user     ops       --user                             all 3 hosts\n";
        assert_eq!(table(&[], &hosts), expected);
        let own = ["samples", "12", "CLOCKAUDIT_SAMPLES"].map(str::to_owned);
        assert_eq!(table(&[own], &[]), "  samples  12  CLOCKAUDIT_SAMPLES\n");
    }
}

//! Host lists on the command line: `a.example,b.example:2222,` names hosts directly.

use indexmap::{IndexMap, IndexSet};

use super::diagnostics::{Diagnostic, TWICE};
use super::model::{Draft, GroupId, SourceId, TooManyHosts};
use super::ranges::{Budget, RangeError};
use super::value::Value;
use super::{addresses, host_names};

/// Whether a source that is no existing path is a list of hosts: it contains a comma.
pub fn is_host_list(source: &str) -> bool {
    source.contains(',')
}

/// Adds the hosts of a list to `ungrouped`; ranges are not expanded, as with Ansible. What is told is what was perhaps not meant
/// so.
pub fn read(draft: &mut Draft, source: SourceId, text: &str) -> Vec<Diagnostic> {
    let mut full = None;
    let mut ports: IndexMap<&str, Vec<Option<&str>>> = IndexMap::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let address = addresses::parse(item).filter(|address| !address.host.contains('['));
        let (name, port) = match &address {
            Some(address) => (address.host, address.port),
            None => (item, None),
        };
        let port = port.filter(|port| *port != "0");
        ports.entry(name).or_default().push(port);
        if draft.host_named(name).is_some() {
            continue;
        }
        let host = match draft.add_host(name, GroupId::UNGROUPED, source) {
            Ok((host, _)) => host,
            Err(error) => {
                let told = Diagnostic::error(error.to_string()).with_hint(TooManyHosts::HINT);
                full = Some(told.with_missing("it and all hosts after it are missing"));
                break;
            }
        };
        if let Some(port) = port {
            draft.set_host_variable(host, "ansible_port", Value::Integer(port.to_owned()), None);
        }
    }
    ports.iter().filter_map(|(name, ports)| several(name, ports)).chain(full).collect()
}

/// What is said of a name that stands for several ports: it is one host all the same.
pub(super) fn several(name: &str, ports: &[Option<&str>]) -> Option<Diagnostic> {
    let different: IndexSet<Option<&str>> = ports.iter().copied().collect();
    let (Some(&first), Some(&other)) = (different.get_index(0), different.get_index(1)) else { return None };
    let times = if ports.len() == 2 { "twice".to_owned() } else { format!("{} times", ports.len()) };
    let port =
        |port: Option<&str>| port.map_or_else(|| "without a port".to_owned(), |port| format!("with port {port}"));
    let message =
        format!("{name} is named {times}, {} and {}; one host remains, {}", port(first), port(other), port(first));
    let hint = format!(
        "Hosts need names of their own, as in an inventory file with the lines `a ansible_host={name} ansible_port={}` and \
         `b ansible_host={name} ansible_port={}`",
        first.unwrap_or("22"),
        other.unwrap_or("22")
    );
    Some(Diagnostic::warning(message).coded(TWICE).with_hint(hint))
}

/// Adds the hosts of a list to `ungrouped`, ranges expanded: Ansible's `advanced_host_list`.
pub fn read_ranges(draft: &mut Draft, source: SourceId, text: &str, budget: &mut Budget) -> Result<(), RangeError> {
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let hosts = host_names::expand(item, budget)?;
        for name in &hosts.names {
            let (host, is_new) = draft.add_host(name, GroupId::UNGROUPED, source)?;
            if let Some(port) = hosts.port.as_ref().filter(|_| is_new) {
                draft.set_host_variable(host, "ansible_port", Value::Integer(port.clone()), None);
            }
        }
    }
    Ok(())
}

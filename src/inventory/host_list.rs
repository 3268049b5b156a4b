//! Host lists on the command line: `a.example,b.example:2222,` names hosts directly.

use super::model::{Draft, GroupId, SourceId};
use super::ranges::{Budget, RangeError};
use super::value::Value;
use super::{addresses, host_names};

/// Whether a source that is no existing path is a list of hosts: it contains a comma.
pub fn is_host_list(source: &str) -> bool {
    source.contains(',')
}

/// Adds the hosts of a list to `ungrouped`; ranges are not expanded, as with Ansible.
pub fn read(draft: &mut Draft, source: SourceId, text: &str) {
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let address = addresses::parse(item).filter(|address| !address.host.contains('['));
        let (name, port) = match &address {
            Some(address) => (address.host, address.port),
            None => (item, None),
        };
        if draft.host_named(name).is_some() {
            continue;
        }
        let (host, _) = draft.add_host(name, GroupId::UNGROUPED, source);
        if let Some(port) = port.filter(|port| *port != "0") {
            draft.set_host_variable(host, "ansible_port", Value::Integer(port.to_owned()), None);
        }
    }
}

/// Adds the hosts of a list to `ungrouped`, ranges expanded: Ansible's `advanced_host_list`.
pub fn read_ranges(draft: &mut Draft, source: SourceId, text: &str, budget: &mut Budget) -> Result<(), RangeError> {
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let hosts = host_names::expand(item, budget)?;
        for name in &hosts.names {
            let (host, is_new) = draft.add_host(name, GroupId::UNGROUPED, source);
            if let Some(port) = hosts.port.as_ref().filter(|_| is_new) {
                draft.set_host_variable(host, "ansible_port", Value::Integer(port.clone()), None);
            }
        }
    }
    Ok(())
}

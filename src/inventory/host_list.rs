//! Host lists on the command line: `a.example,b.example:2222,` names hosts directly.

use super::addresses;
use super::model::{Draft, GroupId, SourceId};
use super::value::Value;

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

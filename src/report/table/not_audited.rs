//! The selected hosts that are not audited: told above the table of those that are, so that nobody takes the rest for all.

use super::page::Page;
use crate::inventory::folding;
use crate::report::escape::{escaped, visible};
use crate::report::model::{NotAudited, Report};
use crate::report::paragraph::paragraph;
use crate::report::sentences::{self, HOW_TO_LIST, alike};

/// Where text begins behind the word in front of a line.
const INDENT: usize = 13;

/// `2 not audited: win[01-02] (winrm), sw1 (network_cli)`; nothing where every selected host is audited.
pub(super) fn lines(report: &Report, page: Page) -> Vec<String> {
    let told = sentences::not_audited(report).map(|told| format!("{told}   {HOW_TO_LIST}"));
    told.iter().flat_map(|text| paragraph("", text, 0, page.text())).collect()
}

/// Why each of them is not audited, hosts of one reason together.
pub(super) fn in_full(hosts: &[NotAudited], page: Page) -> Vec<String> {
    let mut lines = Vec::new();
    for (reason, hosts) in alike(hosts, |host| host.reason.as_str()) {
        let label = if lines.is_empty() { "Not audited" } else { "" };
        let names = folding::fold(&hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>());
        let text = format!("{}: {}", visible(&names), escaped(reason));
        lines.extend(paragraph(label, &text, INDENT, page.text()));
    }
    lines
}

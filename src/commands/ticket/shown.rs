//! What `ticket` prints: a line for what was done, or the requests that would be sent.

use super::plan::TicketPlan;
use super::{Errand, webhook};
use crate::commands::error::CommandError;
use crate::report::escape::{acts, escaped, visible};
use crate::tickets::{Deed, Key, Listing, ListingNext, System, curl_lines, rehearse};

/// `created #12  clk-0123456789abcdef  Clocks: CRIT, 2 of 12 hosts crit`.
pub(super) fn deed(deed: &Deed, key: &Key, title: &str, harmless: impl Fn(&str) -> String) -> String {
    let (word, called) = match deed {
        Deed::Nothing => return format!("no ticket is needed  {key}  {title}\n"),
        Deed::Unchanged(called) => ("unchanged", called),
        Deed::Created(called) => ("created", called),
        Deed::Updated(called) => ("updated", called),
        Deed::Reopened(called) => ("reopened", called),
        Deed::Cleared(called) => ("cleared", called),
        Deed::Resolved(called) => ("resolved", called),
        Deed::Left(..) => return left(key, title),
    };
    format!("{word} {}  {key}  {title}\n", escaped(&harmless(called)))
}

/// `left as it is  clk-0123456789abcdef  Clocks: ok, 12 hosts ok (partial run)`.
pub(super) fn left(key: &Key, title: &str) -> String {
    format!("left as it is  {key}  {title}\n")
}

/// The request for what the ticket system has open.
pub(super) fn listing(plan: &TicketPlan) -> String {
    let mut lines = vec![format!(
        "# {}: look through the open tickets of clockaudit for those that are over, page after page",
        plan.site.system.name()
    )];
    let first = Listing::start(plan.site.clone()).proceed();
    if let Ok(ListingNext::Ask(request)) = first {
        lines.extend(curl_lines(&request, acts));
    }
    lines.join("\n") + "\n"
}

/// The requests for one ticket, as a script for a shell.
pub(super) fn requests(plan: &TicketPlan, errand: &Errand<'_>) -> Result<String, CommandError> {
    let mut lines = vec![format!("# {}: {}  {}", plan.site.system.name(), errand.draft.key, errand.draft.title)];
    if plan.site.system == System::Webhook {
        lines.extend(curl_lines(&webhook::request(plan, errand)?, acts));
    } else {
        let files: Vec<&str> = errand.draft.files.iter().map(|file| file.name.as_str()).collect();
        if !files.is_empty() {
            lines.push(format!("# files: {}", files.join(", ")));
        }
        for rehearsal in rehearse(&plan.site, &errand.draft, errand.resolve) {
            lines.push(String::new());
            lines.push(format!("# {}", rehearsal.purpose));
            lines.extend(rehearsal.requests.iter().flat_map(|request| curl_lines(request, acts)));
        }
    }
    // Bodies hold line ends of their own, and nothing else that acts on a terminal.
    let lines: Vec<String> = lines.iter().flat_map(|line| line.split('\n')).map(visible).collect();
    Ok(lines.join("\n") + "\n")
}

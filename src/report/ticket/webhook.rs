//! What a template makes of a ticket, for what takes a request of any form.
//!
//! A value that is written stands in a string of JSON, so that no name can end it. `clip(N)` bounds it.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value, context};
use sha2::{Digest, Sha256};

use super::draft::Setting;
use super::subjects::Subject;
use crate::report::escape::escaped;
use crate::report::model::Report;
use crate::report::sentences;
use crate::report::state::state;
use crate::tickets::webhook::SecretPlace;
use crate::tickets::{Draft, clipped};

/// A template is stopped that takes longer.
const FUEL: u64 = 50_000_000;
/// More hosts than these are counted, in `hosts` too.
const MOST_HOSTS: usize = 200;

/// What a ticket is for a template, beside the draft.
#[derive(Debug, Clone, Copy)]
pub struct Event<'event> {
    /// `open`, `update` or `clear`.
    pub kind: &'static str,
    /// What the system called the ticket when it was made.
    pub id: Option<&'event str>,
}

/// Renders a template, and tells what stands in it where the secret goes.
pub fn render(
    template: &str,
    subject: &Subject,
    draft: &Draft,
    event: Event<'_>,
    setting: Setting,
) -> Result<(String, SecretPlace), Error> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(in_string);
    environment.add_filter("clip", |text: &str, most: usize| clipped(text, most));
    environment.add_filter("mrkdwn", mrkdwn);
    environment.add_filter("html", html);
    environment.add_template("template", template)?;
    let place = secret_place(draft, &subject.report);
    let Report { summary, run, hosts, .. } = &subject.report;
    let worst: Vec<Value> = sentences::bad_hosts(&subject.report)
        .into_iter()
        .take(MOST_HOSTS)
        .map(|host| {
            context! {
                name => escaped(&host.name),
                verdict => sentences::word(host.verdict),
                offset => sentences::in_one_piece(host, &subject.report.reference),
                findings => sentences::codes(&host.findings),
            }
        })
        .collect();
    let causes: Vec<Value> = subject
        .report
        .causes
        .iter()
        .map(|cause| {
            let names: Vec<&str> = cause.hosts.iter().map(String::as_str).collect();
            context! {
                what => escaped(&cause.what),
                verdict => sentences::word(cause.verdict),
                codes => cause.codes.iter().map(|code| escaped(code)).collect::<Vec<_>>().join(" "),
                hosts => sentences::folded_names(&names),
                count => cause.hosts.len(),
            }
        })
        .collect();
    let is_clear = draft.is_clear && draft.stays.is_none();
    // The report of what is over is that of all, which may be bad all the same.
    let fleet: Vec<Value> = sentences::weighing_of_fleet(&subject.report)
        .filter(|_| !is_clear)
        .map(|finding| {
            context! {
                verdict => sentences::severity(finding),
                code => escaped(&finding.code),
                what => escaped(&finding.what),
            }
        })
        .collect();
    let counts = summary.counts;
    let text = environment.get_template("template")?.render(context! {
        event => event.kind,
        id => event.id,
        key => draft.key.as_str(),
        title => &draft.title,
        body => &draft.body,
        comment => &draft.comment,
        verdict => sentences::word(summary.verdict),
        state => if is_clear { "OK" } else { state(&subject.report) },
        clear => is_clear,
        stays => &draft.stays,
        fleet => fleet,
        run => escaped(&run.id),
        started => run.started.to_text(),
        total => hosts.len(),
        ok => counts.ok,
        warn => counts.warn,
        crit => counts.crit,
        undecided => counts.undecided,
        down => counts.down,
        bad => hosts.len().saturating_sub(counts.ok),
        hosts => worst,
        causes => causes,
        longest => setting.longest,
        secret => &place.0,
    })?;
    Ok((text, place))
}

/// What stands for the secret: nobody can have put this into a report, for it is made from all that is told of it.
fn secret_place(draft: &Draft, report: &Report) -> SecretPlace {
    let mut digest = Sha256::new();
    for part in [&draft.title, &draft.body, &draft.comment] {
        digest.update(part.as_bytes());
    }
    if let Ok(whole) = crate::report::json::write(report) {
        digest.update(whole.as_bytes());
    }
    SecretPlace(format!("clockaudit-secret-{}", base16ct::lower::encode_string(&digest.finalize())))
}

/// Writes a value as a part of a string of JSON.
fn in_string(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = if value.is_none() || value.is_undefined() { String::new() } else { value.to_string() };
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    out.write_str(inner).map_err(|_| Error::new(ErrorKind::WriteFailure, "no memory"))
}

/// Text of Slack's dialect in which nothing is a mention or a link.
fn mrkdwn(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "'")
}

/// Text of HTML.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

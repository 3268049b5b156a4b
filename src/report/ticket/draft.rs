//! A ticket as it should be, of what it is about and of what was there before.

use super::clamp::clamped;
use super::enclosure::Enclosure;
use super::markup;
use super::subjects::Subject;
use super::unseen::Unseen;
use crate::audit::figure;
use crate::audit::{ExitStatus, FailOn};
use crate::report::compare::{self, compare};
use crate::report::document::{self, Block, Document, Span};
use crate::report::escape::escaped;
use crate::report::model::{ChangeKind, Host, Report, Severity, Verdict};
use crate::report::sentences::{self, moment};
use crate::report::{ending, fix};
use crate::tickets::{self, Compared, Draft, Markup, SAID_BY, StateHash, clipped};

/// No table of a ticket has more rows.
const MOST_ROWS: usize = 80;
/// No table of a comment.
const MOST_CHANGES: usize = 40;
/// What a ticket says that another run made at the same time.
const DUPLICATE: &str = "Two runs made a ticket about the same at the same time. The other one stays.";
/// What a ticket says that was closed again.
const WITHDRAWN: &str = "clockaudit made this ticket and could not mark it with its key, so no later run would find it. It is closed for that.";

/// What a text says of which a file was not taken; `ServiceNow` has room for 100 characters of it.
const UNATTACHED: &str = "Not every file of this report is attached: the ticket system refused one.";

/// The names of hosts that left are told no longer.
const LONGEST_NAMES: usize = 300;

/// What was reported to a ticket last.
#[derive(Debug, Clone, Copy)]
pub struct Before<'noted> {
    /// What the ticket said then, in short.
    pub state: &'noted str,
    /// The report.
    pub report: &'noted Report,
    /// What was bad before and was not looked at since, by the report that is told now neither.
    pub unseen: &'noted Unseen,
}

/// How a system takes texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// As what.
    pub markup: Markup,
    /// How long they may be, in units of UTF-16.
    pub longest: usize,
}

/// The ticket about this; `before` is what was reported to it last, where that is known.
pub fn draft(subject: &Subject, before: Option<Before<'_>>, setting: Setting, enclosure: &Enclosure) -> Draft {
    let Subject { key, scope, report, title } = subject;
    // What is clear is told once, and what is not looked at stays in mind until then.
    let (left, unseen): (Vec<&str>, Option<&Unseen>) = match before.map(|before| before.unseen) {
        Some(unseen) if is_clear(report) => (unseen.names().collect(), None),
        unseen => (Vec::new(), unseen),
    };
    let state = state(report, &left, unseen);
    let mut page = document::of(report).0;
    if matches!(page.first(), Some(Block::Heading(1, _))) {
        page.remove(0);
    }
    let left = told_of_left(&left);
    let unseen_told = unseen.and_then(Unseen::told);
    let first = left.iter().chain(&unseen_told).map(|told| Block::Paragraph(vec![Span::Strong(told.clone())]));
    page.splice(0..0, first.collect::<Vec<_>>());
    let comment = |before: Option<Before<'_>>| {
        let last = [mark(SAID_BY, "", &tickets::mark(key, state.as_str(), None), &report.run.id)];
        let mut page = change(report, title, before, left.as_deref());
        let told = unseen_told.as_ref().map(|told| Block::Paragraph(vec![Span::Text(told.clone())]));
        page.splice(1..1, told);
        written(&page, &last, MOST_CHANGES, comment_setting(setting))
    };
    let compared = before.map(|before| Compared { since: before.state.to_owned(), comment: comment(Some(before)) });
    let last = last(enclosure, &tickets::mark(key, state.as_str(), scope.as_ref()), &report.run.id);
    Draft {
        key: key.clone(),
        scope: scope.clone(),
        is_clear: is_clear(report),
        title: title.clone(),
        body: written(&page, &last, MOST_ROWS, setting),
        comment: comment(None),
        compared,
        duplicate: sentence(DUPLICATE, setting),
        withdrawn: sentence(WITHDRAWN, setting),
        unattached: sentence(UNATTACHED, setting),
        stays: left,
        state,
        files: enclosure.files.clone(),
        inline: enclosure.inline.clone(),
    }
}

/// The ticket of something that there is no more: what it was about does not occur in the report.
pub fn all_clear(subject: &Subject, setting: Setting, enclosure: &Enclosure) -> Draft {
    let Subject { key, scope, report, .. } = subject;
    let state = StateHash::of(["clear".to_owned()]);
    let run = &report.run.id;
    let said = vec![Block::Paragraph(vec![
        Span::Strong("All clear".to_owned()),
        Span::Text(format!(": what this ticket is about was not found in the run of {}", moment(report.run.started))),
    ])];
    Draft {
        key: key.clone(),
        scope: scope.clone(),
        is_clear: true,
        title: "Clocks: all clear".to_owned(),
        body: written(
            &said,
            &last(enclosure, &tickets::mark(key, state.as_str(), scope.as_ref()), run),
            MOST_ROWS,
            setting,
        ),
        comment: written(
            &said,
            &[mark(SAID_BY, "", &tickets::mark(key, state.as_str(), None), run)],
            MOST_ROWS,
            comment_setting(setting),
        ),
        compared: None,
        duplicate: sentence(DUPLICATE, setting),
        withdrawn: sentence(WITHDRAWN, setting),
        unattached: sentence(UNATTACHED, setting),
        stays: None,
        state,
        files: enclosure.files.clone(),
        inline: enclosure.inline.clone(),
    }
}

/// Some systems take the body and the comment as one.
fn comment_setting(setting: Setting) -> Setting {
    Setting { longest: setting.longest / 2, ..setting }
}

fn written(page: &[Block], last: &[Block], most_rows: usize, setting: Setting) -> String {
    let Setting { markup, longest } = setting;
    clamped(page, last, most_rows, longest, |document| markup::write(document, markup))
}

/// Whether there is nothing to act on.
fn is_clear(report: &Report) -> bool {
    let status =
        fix::exit_status(report, FailOn::Down).unwrap_or_else(|| ExitStatus::of(ending::of(report), FailOn::Down));
    status == ExitStatus::Good
}

/// What there is to act on, in short. Neither offsets nor instants: they change from run to run.
fn state(report: &Report, left: &[&str], unseen: Option<&Unseen>) -> StateHash {
    let weighs = |host: &Host, code: &str, severity: Severity| {
        severity != Severity::Note || (host.verdict == Verdict::Down && code.starts_with("SSH"))
    };
    let of_host = |host: &Host| {
        let codes: Vec<String> = host
            .findings
            .iter()
            .filter(|finding| weighs(host, &finding.code, finding.severity))
            .map(|finding| format!("{}\0{}", finding.code, host.name))
            .collect();
        let verdict = (host.verdict != Verdict::Ok).then(|| format!("{}\0{}", word(&host.verdict), host.name));
        codes.into_iter().chain(verdict).collect::<Vec<_>>()
    };
    let of_fleet = report.findings.iter().filter(|finding| finding.severity != Severity::Note);
    let of_fix =
        report.fix.iter().flat_map(|fix| &fix.hosts).map(|host| format!("fix\0{}\0{}", word(&host.outcome), host.name));
    let whole =
        [(report.run.partial, "partial"), (report.run.inventory.incomplete, "incomplete"), (is_clear(report), "clear")];
    let whole = whole.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word.to_owned());
    let facts = report.hosts.iter().flat_map(of_host).chain(of_fleet.map(|finding| finding.code.clone()));
    let left = left.iter().map(|name| format!("left\0{name}"));
    let unseen = unseen.into_iter().flat_map(Unseen::names).map(|name| format!("unseen\0{name}"));
    StateHash::of(facts.chain(of_fix).chain(whole).chain(left).chain(unseen))
}

/// That bad hosts are not told of any more, so that nobody takes them for good ones.
fn told_of_left(left: &[&str]) -> Option<String> {
    (!left.is_empty()).then(|| {
        let bad = figure::count(left.len(), "bad host");
        format!(
            "Of the reports before {bad} left the inventory, of which nobody knows more: {}",
            clipped(&sentences::folded_names(left), LONGEST_NAMES)
        )
    })
}

/// The word that stored reports have: it is the same in every version, as what tickets say must be.
fn word(of: &impl serde::Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The last lines of a ticket: where the report is, and by what the ticket is found again.
fn last(enclosure: &Enclosure, marked: &str, run: &str) -> Vec<Block> {
    let told = enclosure.told.iter().map(|told| Block::Paragraph(vec![Span::Text(told.clone())]));
    told.chain([mark("Kept by clockaudit, run ", "; do not change", marked, run)]).collect()
}

/// By what a ticket, and what was said in it, is known again.
fn mark(by: &str, please: &str, marked: &str, run: &str) -> Block {
    Block::Paragraph(vec![
        Span::Text(by.to_owned()),
        Span::Name(escaped(run)),
        Span::Text(format!("{please}: ")),
        Span::Name(marked.to_owned()),
    ])
}

fn sentence(told: &str, setting: Setting) -> String {
    markup::write(&Document(vec![Block::Paragraph(vec![Span::Text(told.to_owned())])]), setting.markup)
}

/// What changed since the last report to the ticket: the numbers first, then each change.
fn change(report: &Report, title: &str, before: Option<Before<'_>>, left: Option<&str>) -> Vec<Block> {
    let mut first = vec![Span::Strong(title.to_owned())];
    if let Some(left) = left {
        first.push(Span::Text(format!(". {left}")));
    } else if is_clear(report) {
        first = vec![Span::Strong("All clear".to_owned()), Span::Text(format!(": {title}"))];
    }
    let Some(before) = before else {
        let since = report.changes.as_ref().map(sentences::since);
        let lines = report.changes.as_ref().map(sentences::changed).unwrap_or_default();
        first.extend(since.map(|since| Span::Text(format!(". Changes: {since}"))));
        let lines: Vec<Vec<Span>> = lines.into_iter().map(|line| vec![Span::Text(line)]).collect();
        let list = (!lines.is_empty()).then_some(Block::List(lines));
        return [Block::Paragraph(first)].into_iter().chain(list).collect();
    };
    let mut comparison = compare(before.report, report);
    // It is told of them that nobody looked.
    comparison.disappeared.retain(|name| left.is_some() || !before.unseen.has(name));
    let count = |kind: ChangeKind| comparison.findings.iter().filter(|finding| finding.change == kind).count();
    let (new, resolved) = (count(ChangeKind::New), count(ChangeKind::Resolved));
    first.push(Span::Text(format!(". Since the last report to this ticket: +{new} −{resolved}")));
    let page = compare::page(&comparison).0.into_iter().filter(|block| !matches!(block, Block::Heading(1, _)));
    [Block::Paragraph(first)].into_iter().chain(page).collect()
}

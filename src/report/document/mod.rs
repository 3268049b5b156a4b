//! The report as a page of headings, paragraphs, lists and tables, for markups that show these: Markdown, and what trackers take.
//!
//! All that a host or a stored report brought is escaped here as for a terminal; what a markup would take for its own is the
//! markup's writer to escape.

mod fix;
mod scan;

pub use scan::headline;

use super::model::Report;
use super::sentences;

/// The selected hosts that are not audited, where there are some.
fn left_out(report: &Report) -> Option<Block> {
    sentences::not_audited(report).map(|told| Block::Paragraph(vec![text(told)]))
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document(pub Vec<Block>);

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The title of the page (1), or of a part of it (2).
    Heading(u8, String),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list without numbers.
    List(Vec<Vec<Span>>),
    /// A table.
    Table(Table),
    /// Lines that stand as they are: commands, diffs.
    Lines(Lines),
}

/// Text in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Text(String),
    /// A name or a command, shown letter by letter.
    Name(String),
    /// A word that is seen before all others.
    Strong(String),
}

/// A table with a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with a cell a column.
    pub rows: Vec<Vec<Span>>,
    /// How many rows more there are.
    pub left_out: usize,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Whether its cells stand at its right edge.
    pub is_right: bool,
}

/// Lines that stand as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// What they are, for what colours them: `sh`, `diff`.
    pub language: &'static str,
    /// The lines.
    pub lines: Vec<String>,
}

/// The title of the page of a report: the worst verdict, or how a fix ended, with the numbers of hosts.
pub(in crate::report) fn title(report: &Report) -> String {
    report.fix.as_ref().map_or_else(|| scan::title(report), fix::title)
}

/// The page of a report.
pub fn of(report: &Report) -> Document {
    match &report.fix {
        Some(fix) => fix::page(report, fix),
        None => scan::page(report),
    }
}

fn left(title: &'static str) -> Column {
    Column { title, is_right: false }
}

fn right(title: &'static str) -> Column {
    Column { title, is_right: true }
}

fn text(text: impl Into<String>) -> Span {
    Span::Text(text.into())
}

fn name(name: impl Into<String>) -> Span {
    Span::Name(name.into())
}

/// `Reference: UTC, where 7 of 8 claims agree`.
fn labelled(label: &str, what: &str) -> Vec<Span> {
    vec![Span::Strong(label.to_owned()), text(format!(": {what}"))]
}

/// A heading and the list below it; nothing where the list is empty.
fn part(heading: &str, items: Vec<Vec<Span>>) -> Vec<Block> {
    if items.is_empty() {
        return Vec::new();
    }
    vec![Block::Heading(2, heading.to_owned()), Block::List(items)]
}

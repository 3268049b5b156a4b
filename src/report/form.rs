//! The forms that a report is written in, and which renderer writes each: the one place that knows them all.

use super::model::Report;
use super::table::{self, Detail, Page, Shelf};
use super::{csv, document, events, html, json, junit, markdown, nagios, prometheus};

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A summary that fits one screen, with colour.
    Table,
    /// Every host and every finding as text, with colour.
    Wide,
    /// The same for a file.
    Text,
    /// The whole report.
    Json,
    /// The whole report, one event a line.
    JsonLines,
    /// The host table.
    Csv,
    /// The page that a ticket or a merge request shows.
    Markdown,
    /// One page for a browser, that needs no network.
    Html,
    /// A test case a host, for what shows the tests of a pipeline.
    JUnit,
    /// Metrics, for a file that a node exporter reads.
    Prometheus,
    /// The answer of a monitoring plugin.
    Nagios,
}

impl Form {
    /// The form that the suffix of a file's name asks for; `None` for a suffix that asks for none.
    pub fn of_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix.to_lowercase().as_str() {
            "json" => Self::Json,
            "jsonl" => Self::JsonLines,
            "csv" => Self::Csv,
            "txt" => Self::Text,
            "md" => Self::Markdown,
            "html" | "htm" => Self::Html,
            "xml" => Self::JUnit,
            "prom" => Self::Prometheus,
            _ => return None,
        })
    }
}

/// A report that a form cannot hold: a defect of the program.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// JSON refused it.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// XML refused it.
    #[error(transparent)]
    JUnit(#[from] quick_junit::SerializeError),
    /// The page cannot be made.
    #[error(transparent)]
    Html(#[from] minijinja::Error),
}

/// Writes a report that lies there in a form; the page is only what text is set for. Text
/// carries colour, which whoever writes it to a file takes out.
pub fn write(report: &Report, form: Form, shelf: Shelf<'_>, page: Page) -> Result<String, FormError> {
    Ok(match form {
        Form::Table => table::render_from(shelf, report, Detail::Summary, page),
        Form::Wide | Form::Text => table::render_from(shelf, report, Detail::Wide, page),
        Form::Json => json::write(report)?,
        Form::JsonLines => events::write(report)?,
        Form::Csv => csv::write(report)?,
        Form::Markdown => markdown::write(&document::of(report)),
        Form::Html => html::write(report)?,
        Form::JUnit => junit::write(report)?,
        Form::Prometheus => prometheus::write(report),
        Form::Nagios => nagios::write(report),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_tells_the_form() {
        let check = |suffix: &str, expected: Option<Form>| assert_eq!(Form::of_suffix(suffix), expected, "{suffix}");
        check("json", Some(Form::Json));
        check("JSON", Some(Form::Json));
        check("jsonl", Some(Form::JsonLines));
        check("csv", Some(Form::Csv));
        check("txt", Some(Form::Text));
        check("md", Some(Form::Markdown));
        check("html", Some(Form::Html));
        check("xml", Some(Form::JUnit));
        check("prom", Some(Form::Prometheus));
        check("pdf", None);
        check("", None);
    }
}

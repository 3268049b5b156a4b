//! The report as one page for a browser: opens without a network, prints, can be used without scripts; every remote text is
//! escaped twice, as for a terminal and for HTML.

mod causes;
mod fix;
mod group_pairs;
mod heat_map;
mod histogram;
mod host_table;
mod offset_plot;
mod scale;
mod standings;
mod summary;
mod tokens;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, context, escape_formatter};
use sha2::{Digest, Sha256};

use super::escape::{acts, visible};
use super::limits;
use super::model::{Host, Report, Verdict};
use crate::audit::{Limits, Policy};

/// The page.
const PAGE: &str = include_str!("page.html");
/// How it looks.
const STYLE: &str = include_str!("style.css");
/// What makes its table sortable.
const SCRIPT: &str = include_str!("script.js");

/// Writes a report as one HTML file. An error is a defect of the page.
pub fn write(report: &Report) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(harmless);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template("page.html", PAGE)?;
    environment.get_template("page.html")?.render(context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        style_hash => hash(STYLE),
        script_hash => hash(SCRIPT),
        summary => summary::summary(report),
        fix => report.fix.as_ref().map(|fix| fix::fix(report, fix)),
        plot => offset_plot::plot(report),
        histogram => histogram::histogram(report),
        pairs => heat_map::map(report),
        causes => causes::causes(report, false),
        down => causes::causes(report, true),
        tokens => tokens::tokens(report),
        systems => tokens::systems(report),
        findings => causes::findings(report),
        hosts => host_table::table(report),
    })
}

/// Writes a value as text of HTML, what acts on its neighbours made visible: whoever forgets to escape a remote text forgets
/// nothing.
fn harmless(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str().filter(|text| !value.is_safe() && text.chars().any(acts)) {
        Some(text) => escape_formatter(out, state, &Value::from(visible(text))),
        None => escape_formatter(out, state, value),
    }
}

/// The source by which a Content-Security-Policy lets one text in: `sha256-...`.
fn hash(text: &str) -> Value {
    // No character of base64 means anything in HTML; escaped it would be no source.
    Value::from_safe_string(format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text))))
}

/// The style of a verdict.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "o",
        Verdict::Warn => "w",
        Verdict::Crit => "c",
        Verdict::Undecided => "u",
        Verdict::Down => "d",
    }
}

/// The limits that a report was judged by.
struct Judged {
    policy: Policy,
    is_utc: bool,
}

fn limits_of(report: &Report) -> Judged {
    Judged { policy: limits::read(report), is_utc: limits::standard(&report.reference).is_utc }
}

impl Judged {
    /// Those of hosts of which nothing else is asked.
    fn of_all(&self) -> Limits {
        let Policy { warn, crit, .. } = self.policy.applied(self.is_utc);
        Limits { warn, crit }
    }

    /// Those of one host.
    fn of(&self, host: &Host) -> Limits {
        self.policy.of_host(&host.name).applied(self.is_utc)
    }
}

//! The page on tokens, for `clockaudit explain jwt`: the rule, what to watch, and every library's own setting.

use crate::audit::explain::tokens::{GATEWAYS, PAGE, SERVERLESS, WATCH};
use crate::report::Report;
use crate::report::paragraph::{Line, empty, set, wrapped};
use crate::report::table::Page;
use crate::report::token_lines;
use crate::tokens::Library;
use crate::tokens::libraries::{Leeway, Rules, Source};

/// What clocks mean for tokens, and what each library makes of it; with what a report says of the tokens that were asked about.
pub fn page(report: Option<&Report>, paper: Page) -> String {
    let mut lines = super::head("jwt", &PAGE);
    lines.extend(wrapped("Watch", WATCH));
    lines.extend(wrapped("Serverless", SERVERLESS));
    lines.push(empty());
    lines.extend(wrapped(
        "Libraries",
        "the leeway where nothing is set, how to set 5 s, and when a token is refused; L is the leeway in force, now the \
         verifier's clock, floor(now) its whole second.",
    ));
    for library in Library::ALL {
        lines.push(empty());
        lines.extend(rules(library.rules()));
    }
    lines.push(empty());
    lines.extend(wrapped("Gateways", GATEWAYS));
    if let Some(report) = report.filter(|report| !report.jwt.is_empty()) {
        lines.extend([empty(), format!("In the scan of {}:", report.run.finished.to_text()).into()]);
        lines.extend(report.jwt.iter().flat_map(token_lines::of).flat_map(|line| wrapped("", &line)));
    }
    set(&lines, paper)
}

/// `PyJWT`, its default, its setting, its refusals and what they rest on.
fn rules(rules: &Rules) -> Vec<Line> {
    let source = match (rules.source, rules.version) {
        (Source::Run, version) => format!("seen by running {version}"),
        (Source::Read, "") => "read in its source".to_owned(),
        (Source::Read, version) => format!("read in the source of {version}"),
    };
    let leeway = match rules.default {
        Leeway::Seconds(_) => format!("leeway {}; {}", rules.default.words(), rules.setting),
        Leeway::NotSettable => format!("leeway {}", rules.default.words()),
    };
    let mut lines = vec![rules.name.to_owned().into()];
    lines.extend(wrapped("", &leeway));
    lines.extend(wrapped("", &format!("refused: {} ({source})", rules.refusals())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_stands_with_its_default_its_setting_and_its_boundaries() {
        // Setting and boundaries may be broken between words.
        let text = page(None, Page::ENDLESS).split_whitespace().collect::<Vec<_>>().join(" ");
        for library in Library::ALL {
            let rules = library.rules();
            let expected = format!("{} leeway {}", rules.name, rules.default.words());
            assert!(text.contains(&expected), "{expected}\n{text}");
            assert!(text.contains(rules.setting) && text.contains(&rules.refusals()), "{library:?}\n{text}");
        }
        for said in ["now - iat", "p99 is below -2 s", "out of reach of SSH"] {
            assert!(text.contains(said), "{said}\n{text}");
        }
    }

    #[test]
    fn no_line_is_wider_than_text_is_set() {
        for line in page(None, Page::ENDLESS).lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

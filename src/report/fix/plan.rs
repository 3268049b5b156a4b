//! The plan as text for people: what changes, what the clocks will do, what was looked into, and who is left alone.

use std::hash::Hash;

use anstyle::{AnsiColor, Style};
use indexmap::IndexMap;

use super::compose::stored_yardstick;
use super::names::{Names, counted};
use crate::audit::figure;
use crate::clock::Nanos;
use crate::fix::diff::Folded;
use crate::fix::draft::Unsettled;
use crate::fix::forecast::STEP_BACK_BREAKS;
use crate::fix::plan::Check;
use crate::fix::{Forecast, Plan, PlannedHost, RefusedHost, StepPolicy, Yardstick};
use crate::report::diffs::diffs;
use crate::report::escape::{escaped, escaped_within};
use crate::report::model::{FixYardstick, FixYardstickKind};
use crate::report::paragraph::paragraph;
use crate::report::table::{Detail, Page};

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// Of more clocks than these those that do the same share a line.
const MOST_CLOCKS: usize = 16;
/// Of more kinds of change than these the rarest are counted.
const MOST_KINDS: usize = 8;
/// More reasons of one name that differ in their figures share one, which is shown as an example.
const MOST_EXAMPLES: usize = 3;
/// The longest reason that the program has of its own, with as much again of a host's words.
const LONGEST_REASON: usize = 1_000;

/// What is shown of a plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanView<'plan> {
    /// The plan.
    pub plan: &'plan Plan,
    /// What changes in the files, by `fix::diff::fold`.
    pub diffs: &'plan [Folded],
    /// What clocks will do, by the names of their hosts.
    pub forecasts: &'plan [(&'plan str, Forecast)],
    /// What offsets are taken from; `None` where no host is to be changed, so that none was looked for.
    pub yardstick: Option<&'plan Yardstick>,
    /// Whether clocks are stepped at once and no file changes (`--makestep`).
    pub steps_now: bool,
    /// What is wrong with hosts on which nothing is done, by their names.
    pub unsettled: &'plan [(&'plan str, &'plan Unsettled)],
}

/// Writes a plan for a page. A summary has the most frequent kinds of change and counts the rest, for which it names `--diff`;
/// in full (`Detail::Wide`) every host, change and reason is there: what is written to a host must have been shown so.
/// The text carries colour, and all that hosts sent is made harmless.
pub fn plan(view: &PlanView<'_>, detail: Detail, page: Page) -> String {
    let writer = Writer { view, detail, width: page.text() };
    let parts = [writer.head(), writer.changes(), writer.details(), writer.refused()];
    let parts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| part.join("\n")).collect();
    parts.join("\n\n") + "\n"
}

/// Writes which clocks only a step back brings right, and what that can break: what somebody is shown before they allow it.
pub fn step_back(hosts: &[(&str, Forecast)], page: Page) -> String {
    let width = page.text();
    let count = figure::count(hosts.len(), "clock");
    let is = if hosts.len() == 1 { "is" } else { "are" };
    let mut lines = paragraph("Step back", &format!("{count} {is} too far ahead to be slewed back:"), INDENT, width);
    let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
    if hosts.len() <= MOST_CLOCKS {
        lines.extend(hosts.iter().flat_map(|(name, forecast)| {
            let text = format!("{}: {}", escaped(name), forecast.describe());
            paragraph("", &text, INDENT, width)
        }));
    } else {
        let clocks: Vec<&Forecast> = hosts.iter().map(|(_, forecast)| forecast).collect();
        lines.extend(paragraph("", &format!("{}; {}", counted(&names, Names::All), course(&clocks)), INDENT, width));
    }
    let mut breaks = STEP_BACK_BREAKS.chars();
    let breaks: String = breaks.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(breaks).collect();
    lines.extend(paragraph("", &format!("{breaks}."), INDENT, width));
    lines.join("\n") + "\n"
}

struct Writer<'view> {
    view: &'view PlanView<'view>,
    detail: Detail,
    width: usize,
}

impl Writer<'_> {
    fn names(&self) -> Names {
        if self.detail == Detail::Wide { Names::All } else { Names::Some }
    }

    fn labelled(&self, word: &str, text: &str) -> Vec<String> {
        paragraph(word, text, INDENT, self.width)
    }

    /// One label, and a paragraph for each text.
    fn listed(&self, word: &str, texts: impl IntoIterator<Item = String>) -> Vec<String> {
        let texts = texts.into_iter().enumerate();
        texts.flat_map(|(index, text)| self.labelled(if index == 0 { word } else { "" }, &text)).collect()
    }

    /// The hosts that are changed.
    fn changed(&self) -> impl Iterator<Item = &PlannedHost> {
        let steps_now = self.view.steps_now;
        let is_changed = move |host: &&PlannedHost| steps_now || !host.files.is_empty() || host.installs.is_some();
        self.view.plan.hosts.iter().filter(is_changed)
    }

    fn head(&self) -> Vec<String> {
        let plan = self.view.plan;
        let steps = match plan.step {
            _ if self.view.steps_now => "clocks are stepped at once, no file changes",
            StepPolicy::Forward => "clocks that are behind may be stepped",
            StepPolicy::Any => "clocks may be stepped forward and back",
            StepPolicy::Never => "no clock is stepped",
        };
        let mut lines = self.labelled("Plan", &format!("{}; {steps}", escaped(&plan.change)));
        let changed = self.changed().count();
        let unchanged = plan.hosts.len() - changed;
        let parts = [
            (changed, if self.view.steps_now { "to step" } else { "to change" }),
            (unchanged, "as wanted already"),
            (plan.refused.len(), "left alone"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let all = figure::count(plan.hosts.len() + plan.refused.len(), "host");
        lines.extend(self.labelled("Hosts", &format!("{all}: {}", parts.collect::<Vec<_>>().join(", "))));
        lines.extend(
            self.view
                .yardstick
                .iter()
                .flat_map(|yardstick| self.labelled("Offsets", &ruler(&stored_yardstick(yardstick)))),
        );
        lines
    }

    fn changes(&self) -> Vec<String> {
        let mut kinds: Vec<&Folded> = self.view.diffs.iter().collect();
        let mut left = Vec::new();
        if self.detail == Detail::Summary && kinds.len() > MOST_KINDS {
            kinds.sort_by_key(|kind| std::cmp::Reverse(kind.hosts.len()));
            left = kinds.split_off(MOST_KINDS);
        }
        let shown: Vec<Folded> = kinds.into_iter().cloned().collect();
        let mut lines = diffs(&shown, self.names(), self.width);
        if !left.is_empty() {
            let hosts = left.iter().map(|kind| kind.hosts.len()).sum();
            let kinds = figure::count(left.len(), "more kind");
            lines.push(String::new());
            lines.push(format!("{kinds} of change on {} (show them: --diff)", figure::count(hosts, "host")));
        }
        lines
    }

    fn details(&self) -> Vec<String> {
        let mut lines = self.clocks();
        let restarted = self.changed().filter(|host| host.restarts());
        lines.extend(self.done("Restarts", restarted.map(|host| (escaped(&host.service), host))));
        let installed = self.changed().filter_map(|host| {
            let installation = host.installs.as_ref()?;
            let manager = installation.manager?.label();
            let version = installation.version.as_deref().map(|version| format!(" {}", escaped(version)));
            Some((format!("chrony{} by {manager}", version.unwrap_or_default()), host))
        });
        lines.extend(self.done("Installs", installed));
        let ended = self.changed().filter_map(|host| {
            let goes: Vec<String> = host.installs.as_ref()?.goes().into_iter().map(escaped).collect();
            let what = format!("{} for good", goes.join(" and "));
            (!goes.is_empty()).then_some((what, host))
        });
        lines.extend(self.done("Stops", ended));
        lines.extend(self.checks());
        let warned = self.view.plan.hosts.iter().flat_map(|host| host.warnings.iter().map(move |text| (text, host)));
        let warned = together(warned.map(|(text, host)| (text.as_str(), host.name.as_str())));
        let warned = warned
            .iter()
            .map(|(text, hosts)| format!("{}: {}", counted(hosts, self.names()), escaped_within(text, LONGEST_REASON)));
        let warnings = self.listed("Beware", warned);
        lines.extend(painted(warnings, "Beware", AnsiColor::Yellow.on_default()));
        lines
    }

    /// What is done, each with the hosts that it is done on.
    fn done<'host>(&self, word: &str, what: impl Iterator<Item = (String, &'host PlannedHost)>) -> Vec<String> {
        let folded = together(what.map(|(what, host)| (what, host.name.as_str())));
        self.listed(word, folded.iter().map(|(what, hosts)| format!("{what} on {}", counted(hosts, self.names()))))
    }

    fn clocks(&self) -> Vec<String> {
        let clocks = self.view.forecasts;
        if clocks.len() <= MOST_CLOCKS || self.detail == Detail::Wide {
            let alone = clocks.iter().map(|(name, forecast)| format!("{}: {}", escaped(name), forecast.describe()));
            return self.listed("Clocks", alone);
        }
        let kind = |forecast: &Forecast| (forecast.movement, forecast.direction, forecast.without_steps);
        let alike = together(clocks.iter().map(|clock| (kind(&clock.1), clock)));
        let texts = alike.values().map(|clocks| {
            let names: Vec<&str> = clocks.iter().map(|(name, _)| *name).collect();
            let clocks: Vec<&Forecast> = clocks.iter().map(|(_, forecast)| forecast).collect();
            format!("{}; {}", counted(&names, self.names()), course(&clocks))
        });
        self.listed("Clocks", texts)
    }

    /// What was looked into: on most hosts the same, on others less, as where chronyd is old.
    fn checks(&self) -> Vec<String> {
        let checked = self.changed().filter(|host| !host.checks.is_empty());
        let mut sets: Vec<_> = together(checked.map(|host| (host.checks.clone(), host))).into_iter().collect();
        sets.sort_by_key(|(_, hosts)| std::cmp::Reverse(hosts.len()));
        let Some((standard, _)) = sets.first().cloned() else { return Vec::new() };
        let texts = sets.iter().map(|(checks, hosts)| {
            let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
            let missing: Vec<&str> =
                standard.iter().filter(|check| !checks.contains(check)).map(|check| checked_words(*check)).collect();
            let more: Vec<&str> =
                checks.iter().filter(|check| !standard.contains(check)).map(|check| checked_words(*check)).collect();
            if *checks == standard {
                let words: Vec<&str> = standard.iter().map(|check| checked_words(*check)).collect();
                format!("{}; {}", counted(&names, self.names()), words.join(", "))
            } else {
                let mut versions: Vec<String> =
                    hosts.iter().filter_map(|host| host.version.as_deref()).map(escaped).collect();
                versions.sort_unstable();
                versions.dedup();
                let of =
                    if versions.is_empty() { String::new() } else { format!(" (chronyd {})", versions.join(", ")) };
                let parts = [("without: ", missing), ("also: ", more)];
                let parts = parts.iter().filter(|(_, words)| !words.is_empty());
                let parts: Vec<String> = parts.map(|(word, words)| format!("{word}{}", words.join(", "))).collect();
                format!("{}{of}; {}", counted(&names, self.names()), parts.join("; "))
            }
        });
        self.listed("Checked", texts.collect::<Vec<_>>())
    }

    fn refused(&self) -> Vec<String> {
        let texts = refusals(&self.view.plan.refused, self.names());
        painted(self.listed("Left alone", texts), "Left alone", AnsiColor::Magenta.on_default())
    }
}

/// Why hosts are left alone: equal reasons once, and of many that differ in their figures only the first, as an example.
pub(in crate::report) fn refusals(refused: &[RefusedHost], names: Names) -> Vec<String> {
    let mut texts = Vec::new();
    for of_name in together(refused.iter().map(|host| (host.reason.as_str(), host))).values() {
        let messages = together(of_name.iter().map(|host| (host.message.as_str(), host.name.as_str())));
        if messages.len() <= MOST_EXAMPLES || names == Names::All {
            let text = |(message, hosts): (&&str, &Vec<&str>)| {
                format!("{}: {}", counted(hosts, names), escaped_within(message, LONGEST_REASON))
            };
            texts.extend(messages.iter().map(text));
        } else if let Some(first) = of_name.first() {
            let hosts: Vec<&str> = of_name.iter().map(|host| host.name.as_str()).collect();
            let (example, message) = (escaped(&first.name), escaped_within(&first.message, LONGEST_REASON));
            texts.push(format!("{}; as {example}: {message}", counted(&hosts, names)));
        }
    }
    texts
}

/// What offsets are taken from.
pub(in crate::report) fn ruler(yardstick: &FixYardstick) -> String {
    let bound = yardstick.bound_s.map_or_else(String::new, |bound| {
        format!("; known to within {} when the plan was made", figure::length(bound.0))
    });
    match yardstick.kind {
        FixYardstickKind::Servers => {
            let hear = match yardstick.witnesses {
                Some(1) => "as 1 host hears them".to_owned(),
                witnesses => format!("as {} hosts hear them", witnesses.unwrap_or_default()),
            };
            format!("from the new servers, {hear}{bound}")
        }
        FixYardstickKind::Internal => {
            let host = yardstick.host.as_deref().map_or_else(|| "the server".to_owned(), escaped);
            format!("from the clock of {host} (LOCAL: its own, not UTC), which the others are to follow{bound}")
        }
        FixYardstickKind::Claims => "from the scan's reference: no host can ask the new servers beforehand, so in the \
                                     end each is judged by what its own chronyd says"
            .to_owned(),
    }
}

/// What clocks that are moved alike do: from the furthest behind to the furthest ahead, and how long the longest takes.
fn course(clocks: &[&Forecast]) -> String {
    let middle = |forecast: &&&Forecast| forecast.outset.offset.midpoint();
    let shown = |forecast: &Forecast| figure::with_bound(forecast.outset.offset.midpoint(), forecast.outset.offset);
    let (Some(least), Some(most)) = (clocks.iter().min_by_key(middle), clocks.iter().max_by_key(middle)) else {
        return String::new();
    };
    let takes = clocks.iter().map(|forecast| forecast.takes).max().unwrap_or(Nanos::ZERO);
    let (from, to) = (shown(least), shown(most));
    let range = if from == to { from } else { format!("{from} to {to}") };
    format!("{range} off: {}", Forecast { takes, ..**most }.course())
}

/// What was looked into, in words.
fn checked_words(check: Check) -> &'static str {
    match check {
        Check::Root => "the script runs as root",
        Check::SetsClock => "chronyd can set the clock",
        Check::ServersAnswer => "each new server answers there",
        Check::Syntax => "chronyd takes the new configuration",
        Check::DryRun => "a dry run with it found the time",
        Check::Movement => "the clock moves in an allowed way",
    }
}

/// Values of equal keys together, in the order of the first of each.
fn together<Key: Hash + Eq, Value>(pairs: impl Iterator<Item = (Key, Value)>) -> IndexMap<Key, Vec<Value>> {
    let mut together: IndexMap<Key, Vec<Value>> = IndexMap::new();
    for (key, value) in pairs {
        together.entry(key).or_default().push(value);
    }
    together
}

/// Colours the label of the first line.
fn painted(mut lines: Vec<String>, word: &str, style: Style) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(word, &format!("{style}{word}{style:#}"), 1);
    }
    lines
}

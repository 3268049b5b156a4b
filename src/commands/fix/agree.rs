//! Showing a plan, and asking whoever is there to agree to it.

use super::plan::{FixPlan, Reach};
use super::site::Site;
use crate::audit::figure;
use crate::cli::Format;
use crate::commands::error::CommandError;
use crate::commands::output::page;
use crate::fix::diff::{Folded, fold};
use crate::fix::draft::{Draft, Unsettled};
use crate::fix::{Forecast, Plan};
use crate::report::fix::{self, PlanView};
use crate::report::table::Detail;
use crate::terminal::Terminal;

/// Of more kinds of change than these a summary leaves some out.
const MOST_KINDS: usize = 8;

/// A draft as it is shown.
pub struct Shown {
    /// The plan.
    pub plan: Plan,
    diffs: Vec<Folded>,
    forecasts: Vec<(String, Forecast)>,
    is_changing: bool,
    steps_now: bool,
}

impl Shown {
    /// Takes from a draft what is shown of it; `change` is what was asked for, in words.
    pub fn of(draft: &Draft, change: String) -> Self {
        let hosts = draft.hosts.iter();
        let named = hosts.clone().map(|host| (host.planned.name.as_str(), host.diffs.clone()));
        let forecasts = hosts.filter_map(|host| Some((host.planned.name.clone(), host.forecast?)));
        Self {
            plan: draft.plan(change),
            diffs: fold(named),
            forecasts: forecasts.collect(),
            is_changing: draft.changing().next().is_some(),
            steps_now: draft.hosts.iter().any(|host| host.steps_now),
        }
    }

    /// Lends it to whoever shows it.
    pub fn view<T>(&self, draft: &Draft, show: impl FnOnce(PlanView<'_>) -> T) -> T {
        let forecasts: Vec<(&str, Forecast)> =
            self.forecasts.iter().map(|(name, forecast)| (name.as_str(), *forecast)).collect();
        let unsettled: Vec<(&str, &Unsettled)> = draft
            .hosts
            .iter()
            .filter_map(|host| Some((host.planned.name.as_str(), host.unsettled.as_ref()?)))
            .collect();
        show(PlanView {
            plan: &self.plan,
            diffs: &self.diffs,
            forecasts: &forecasts,
            yardstick: self.is_changing.then_some(&draft.yardstick),
            steps_now: self.steps_now,
            unsettled: &unsettled,
        })
    }

    /// Tells people the plan: on standard output, but where that is for a report that programs read.
    pub fn tell(&self, draft: &Draft, plan: &FixPlan, terminal: &Terminal) -> Result<(), CommandError> {
        let is_for_people = matches!(plan.output.format, Format::Table | Format::Wide);
        let (is_check, shows_diffs) = match plan.reach {
            Reach::Check { shows_diffs, .. } => (true, shows_diffs),
            // What is written to a host was shown before.
            Reach::Change { .. } => (false, true),
        };
        if is_check && !is_for_people {
            return Ok(());
        }
        let is_whole = plan.output.format == Format::Wide || (shows_diffs && self.diffs.len() > MOST_KINDS);
        let detail = if is_whole { Detail::Wide } else { Detail::Summary };
        let text = self.view(draft, |view| {
            let diffs = if shows_diffs { view.diffs } else { &[] };
            fix::plan(&PlanView { diffs, ..view }, detail, page(terminal))
        });
        if is_for_people {
            // What is done follows the plan, an empty line between the two.
            terminal.print(&(text + if is_check { "" } else { "\n" }))?;
        } else {
            terminal.say(&text);
        }
        Ok(())
    }
}

/// Refuses the hosts that need a step back where there is nobody who could allow it.
pub fn refuse_where_nobody_can_be_asked(draft: &mut Draft, plan: &FixPlan) {
    if !plan.reach.can_ask() {
        draft.refuse_steps_back();
    }
}

/// Asks whether hosts that can be brought right only by a step back may be stepped; where they may not they are refused. Says
/// whether that changed the draft.
pub fn steps_back(site: &Site, draft: &mut Draft, terminal: &Terminal) -> Result<bool, CommandError> {
    let needing: Vec<(String, Forecast)> =
        draft.needing_consent().filter_map(|host| Some((host.planned.name.clone(), host.forecast?))).collect();
    if needing.is_empty() {
        return Ok(false);
    }
    let named: Vec<(&str, Forecast)> = needing.iter().map(|(name, forecast)| (name.as_str(), *forecast)).collect();
    terminal.say(&fix::step_back(&named, page(terminal)));
    let clocks = clocks(named.len());
    let is_allowed = site
        .ask(format!("Step {clocks} back? Type `yes` to allow it, anything else leaves them as they are: "))?
        == "yes";
    if !is_allowed {
        draft.refuse_steps_back();
    }
    Ok(!is_allowed)
}

fn clocks(count: usize) -> String {
    if count == 1 { "this clock".to_owned() } else { format!("these {}", figure::count(count, "clock")) }
}

/// Has somebody agree to what is done (`Change`, `Restore`): by typing how many hosts there are, or beforehand.
///
/// # Errors
///
/// Where something else was typed.
pub fn confirm(site: &Site, deed: &str, count: usize, is_confirmed: bool) -> Result<(), CommandError> {
    if is_confirmed {
        return Ok(());
    }
    let hosts = figure::count(count, "host");
    let typed = site.ask(format!("{deed} {hosts}? Type {count} to go on, anything else changes nothing: "))?;
    if typed == count.to_string() {
        return Ok(());
    }
    Err(CommandError::not_attempted(format!("nothing was changed: expected `{count}`, got `{typed}`")))
}

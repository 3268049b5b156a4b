//! What a fix needs, worked out once from what was typed; everything past this border takes plans.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::hosts::Access;
use crate::audit::FailOn;
use crate::cli::FixArgs;
use crate::cli::fix::{ChangeArgs, RolloutArgs};
use crate::clock::Nanos;
use crate::commands::error::CommandError;
use crate::commands::output::OutputPlan;
use crate::commands::plan::time_left;
use crate::files::journal::Journals;
use crate::files::report::check_writable;
use crate::files::{self, TimeLeft};
use crate::fix::change::{BY_VARIABLES, Template};
use crate::fix::guards::Allowed;
use crate::fix::{Change, Plan, StepPolicy, plan, rollout};
use crate::inventory::model::Inventory;
use crate::report::escape::visible;
use crate::terminal::Terminal;
use crate::timekeeper::chrony::configuration::{BadSource, Wanted};

/// What a fix needs.
#[derive(Debug)]
pub struct FixPlan {
    /// What was asked for; `None` = what the inventory says of each host.
    pub change: Option<Change>,
    /// The host whose own clock the others are to follow.
    pub internal: Option<String>,
    /// The plan that was made before, where that is what is to be done.
    pub stored: Option<Plan>,
    /// How far the run goes.
    pub reach: Reach,
    /// Which clocks may be stepped.
    pub step: StepPolicy,
    /// For how long a clock must be right.
    pub hold: Nanos,
    /// Canary, waves and failure budget.
    pub terms: rollout::Terms,
    /// Whether servers far from UTC, and sources of both kinds, are followed all the same.
    pub is_forced: bool,
    /// Whether chrony is installed, and other timekeepers are stopped for it.
    pub allowed: Allowed,
    /// How hosts are reached and measured.
    pub access: Access,
    /// Where results go.
    pub output: OutputPlan,
}

/// How far a run goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The plan is told and nothing is done.
    Check {
        /// Whether what changes in files is shown.
        shows_diffs: bool,
        /// Whether the exit code tells that something would change.
        tells_changes: bool,
        /// Where the plan is written to.
        plan_out: Option<PathBuf>,
    },
    /// Hosts are changed.
    Change {
        /// Whether nobody is asked.
        is_confirmed: bool,
        /// Where the run's journal goes.
        journals: Journals,
    },
}

impl Reach {
    /// Whether hosts that need a step back can be asked about.
    pub fn can_ask(&self) -> bool {
        !matches!(self, Self::Change { is_confirmed: true, .. }) && Terminal::can_ask()
    }
}

impl FixPlan {
    /// Works out the plan; settings without effect are said.
    pub fn new(args: &FixArgs, terminal: &Terminal) -> Result<Self, CommandError> {
        let time = time_left(&args.connection);
        let change = change(&args.change, &time)?;
        let reach = reach(&args.rollout, args.list_hosts)?;
        let output = OutputPlan::new(&args.output, FailOn::default())?;
        let rollout = &args.rollout;
        let stored = rollout.plan.as_deref().map(|path| stored_in(path, &time)).transpose()?;
        if change == Some(Change::MakeStep) && rollout.step == Some(StepPolicy::Never) {
            return Err(CommandError::usage("`--makestep` steps clocks, and `--step never` allows none"));
        }
        Ok(Self {
            change,
            internal: args.change.internal.clone().or_else(|| stored.as_ref()?.internal().map(str::to_owned)),
            reach,
            step: step(rollout.step, stored.as_ref())?,
            stored,
            hold: rollout.hold,
            terms: rollout::Terms { canary: rollout.canary, wave: rollout.wave, max_fail: rollout.max_fail },
            is_forced: rollout.force,
            allowed: Allowed { installs: rollout.install, replaces: rollout.replace_timekeeper },
            access: Access::new(&args.connection, time, terminal)?,
            output,
        })
    }
}

impl FixPlan {
    /// Finds out whether the plan would be written over what the hosts are from.
    ///
    /// # Errors
    ///
    /// Where it would be: nobody wants an inventory to become a plan.
    pub fn spares(&self, inventory: &Inventory) -> Result<(), CommandError> {
        let Reach::Check { plan_out: Some(path), .. } = &self.reach else { return Ok(()) };
        let Ok(there) = fs::metadata(path) else { return Ok(()) };
        // By what it is, not by its name: there are links.
        let is_there = |file: &String| {
            fs::metadata(file).is_ok_and(|found| (found.dev(), found.ino()) == (there.dev(), there.ino()))
        };
        let mut files = inventory.sources().iter().filter_map(|source| source.file.as_ref());
        files.find(|file| is_there(file)).map_or(Ok(()), |file| {
            let (path, file) = (path.display().to_string(), visible(file));
            let message = format!("`--plan-out {}` would overwrite the inventory `{file}`", visible(&path));
            Err(CommandError::usage(message).hint("name another file"))
        })
    }

    /// What was asked for, in words.
    pub fn change_in_words(&self) -> String {
        match (&self.change, &self.stored) {
            (Some(change), _) => change.words(),
            (None, Some(stored)) => stored.change.clone(),
            (None, None) => BY_VARIABLES.to_owned(),
        }
    }
}

/// The change that was asked for, once its names can stand in a configuration.
fn change(args: &ChangeArgs, time: &TimeLeft) -> Result<Option<Change>, CommandError> {
    let bad = |flag: &str, error: BadSource| CommandError::usage(format!("`{flag}`: {error}"));
    if !args.ntp_server.is_empty() {
        let names: Vec<String> = args.ntp_server.iter().map(|name| name.trim().to_owned()).collect();
        Wanted::servers(&names).map_err(|error| bad("--ntp-server", error))?;
        return Ok(Some(Change::Servers(names)));
    }
    if let Some(name) = &args.pool {
        Wanted::pool(name).map_err(|error| bad("--pool", error))?;
        return Ok(Some(Change::Pool(name.clone())));
    }
    if let Some(path) = &args.conf {
        let text = files::plan::read(path, time).map_err(|error| {
            CommandError::bad_input(format!("the template `{}` cannot be read: {error}", path.display()))
        })?;
        return Ok(Some(Change::Whole(Template { file: path.display().to_string().into(), text })));
    }
    if args.makestep {
        return Ok(Some(Change::MakeStep));
    }
    Ok(args.preset.map(Change::Preset))
}

/// Which clocks may be stepped: by the plan that was made before, as far as that is what is done.
///
/// # Errors
///
/// Where something else was typed: who agreed to the plan agreed to its forecasts.
fn step(typed: Option<StepPolicy>, stored: Option<&Plan>) -> Result<StepPolicy, CommandError> {
    match (typed, stored) {
        (Some(typed), Some(stored)) if typed != stored.step => {
            let (typed, planned) = (typed.name(), stored.step.name());
            let message =
                format!("the plan was made with `--step {planned}`, and `--step {typed}` was typed beside it");
            Err(CommandError::usage(message)
                .hint(format!("`--plan FILE` alone goes by `--step {planned}`"))
                .hint(format!("plan again for the other one: `--step {typed} --plan-out FILE`")))
        }
        (_, Some(stored)) => Ok(stored.step),
        (typed, None) => Ok(typed.unwrap_or_default()),
    }
}

/// A plan that was made before.
fn stored_in(path: &Path, time: &TimeLeft) -> Result<Plan, CommandError> {
    let failed = |why: String| {
        CommandError::bad_input(format!("`{}`: {why}", path.display()))
            .hint("`clockaudit fix inventory.ini --ntp-server SERVER --plan-out FILE` writes such a file")
    };
    let text = files::plan::read(path, time).map_err(|error| failed(format!("cannot be read: {error}")))?;
    plan::read(&text).map_err(|error| failed(error.to_string()))
}

/// How far the run goes, once whoever must agree to it can be asked, and a journal can be written.
fn reach(args: &RolloutArgs, only_lists: bool) -> Result<Reach, CommandError> {
    if args.check || only_lists || args.plan_out.is_some() {
        let plan_out = args.plan_out.clone();
        if let Some(path) = &plan_out {
            check_writable(path)?;
        }
        return Ok(Reach::Check { shows_diffs: args.diff, tells_changes: args.detailed_exitcode, plan_out });
    }
    somebody_agrees(args.yes).map_err(|error| error.hint("`--check --diff` shows what would be done"))?;
    Ok(Reach::Change { is_confirmed: args.yes, journals: journals()? })
}

/// Finds out whether somebody can agree to a change, or has already.
pub(in crate::commands) fn somebody_agrees(is_confirmed: bool) -> Result<(), CommandError> {
    if is_confirmed || Terminal::can_ask() {
        return Ok(());
    }
    Err(CommandError::usage("hosts are changed only by somebody's word, and there is no terminal to ask on")
        .hint("`--yes` changes hosts without asking"))
}

/// The journals, once one can be written.
pub(in crate::commands) fn journals() -> Result<Journals, CommandError> {
    let journals = Journals::of_this_user().ok_or_else(|| {
        CommandError::output("there is no place for the journal of the run: neither XDG_STATE_HOME nor HOME is set")
            .hint("name a folder: `XDG_STATE_HOME=/var/lib/clockaudit`")
    })?;
    journals.check_writable().map_err(|error| {
        let folder = journals.folder().display();
        CommandError::output(format!("the journal of the run cannot be written in `{folder}`: {error}"))
            .hint("without it a run could not be undone: name another folder in XDG_STATE_HOME")
    })?;
    Ok(journals)
}

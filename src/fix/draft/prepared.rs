//! What becomes of one host as far as its survey tells: by what is wanted of it, or by a plan that was made before.

use super::{Intent, Terms};
use crate::fix::change::Mending;
use crate::fix::diff::diff;
use crate::fix::files::{PlannedFile, PlannedFiles, plan_files};
use crate::fix::forecast::Forecast;
use crate::fix::guards::{self, Allowed};
use crate::fix::installation::{Installation, installation, new_files, new_layout, with_offer};
use crate::fix::plan::{Check, Follows, PlannedHost};
use crate::fix::refusal::Refusal;
use crate::fix::remote::{Checked, PackageManager, Survey};
use crate::timekeeper::chrony::configuration::{Layout, Wanted};

/// What becomes of a host as far as its survey tells.
pub(super) struct Prepared {
    /// Its files as they are.
    pub(super) layout: Layout,
    /// What becomes of them, with steps.
    pub(super) files: PlannedFiles,
    /// What was looked into.
    pub(super) checks: Vec<Check>,
    /// What is installed and stopped first, as far as the survey tells.
    pub(super) installation: Option<Installation>,
    /// What installs chrony, where there is no configuration yet.
    new: Option<PackageManager>,
    allowed: Allowed,
}

impl Prepared {
    pub(super) fn of(survey: &Survey, intent: &Intent, terms: &Terms) -> Result<Self, Refusal> {
        let allowed = match intent {
            Intent::Mend(_) => terms.allowed,
            // Whoever agreed to the plan agreed to what it installs.
            Intent::Apply(planned) => planned.installs.as_ref().map_or(terms.allowed, Installation::allowed),
        };
        let checks = guards::surveyed(survey, allowed)?;
        let installation = installation(survey, allowed)?;
        let installs = installation.as_ref().and_then(|installation| installation.manager);
        let new = installs.filter(|_| survey.files.is_empty());
        let layout = match new {
            Some(manager) => new_layout(manager),
            None => guards::layout(survey)?,
        };
        let files = match (intent, new) {
            (Intent::Mend(mending), None) => plan_files(&layout, mending, false, terms.is_forced)?,
            (Intent::Mend(mending), Some(manager)) => new_files(manager, mending, false, terms.is_forced)?,
            (Intent::Apply(planned), _) => as_planned(&layout, survey, planned)?,
        };
        guards::replaceable(survey, &files.files)?;
        Ok(Self { layout, files, checks, installation, new, allowed })
    }

    /// What is installed and stopped first, by what the package manager says too.
    pub(super) fn installation(
        &self,
        intent: &Intent,
        checked: Option<&Checked>,
    ) -> Result<Option<Installation>, Refusal> {
        let offer = checked.and_then(|checked| checked.offer.as_ref());
        let found = self.installation.clone();
        let found = found.map(|found| with_offer(found, offer, self.allowed)).transpose()?;
        if let Intent::Apply(planned) = intent {
            let is_planned = match (&found, &planned.installs) {
                (None, None) => true,
                (Some(found), Some(planned)) => found.is_like(planned),
                // It was applied before.
                (None, Some(_)) => self.files.files.is_empty(),
                _ => false,
            };
            if !is_planned {
                return Err(Refusal::OtherInstallation);
            }
        }
        Ok(found)
    }

    /// The files for a clock that moves so.
    pub(super) fn files_for(
        self,
        intent: &Intent,
        forecast: Option<&Forecast>,
        terms: &Terms,
    ) -> Result<PlannedFiles, Refusal> {
        let without_steps = forecast.is_some_and(|forecast| forecast.without_steps);
        match intent {
            Intent::Mend(mending) if without_steps => match self.new {
                Some(manager) => new_files(manager, mending, true, terms.is_forced),
                None => plan_files(&self.layout, mending, true, terms.is_forced),
            },
            Intent::Mend(_) => Ok(self.files),
            Intent::Apply(planned) if without_steps && !planned.without_steps => Err(Refusal::Moved),
            Intent::Apply(_) if without_steps => Ok(self.files),
            // It was to be slewed, and may be moved as the files say in the end.
            Intent::Apply(_) => {
                let at_once = |file: PlannedFile| PlannedFile { meanwhile: None, ..file };
                Ok(PlannedFiles { files: self.files.files.into_iter().map(at_once).collect(), ..self.files })
            }
        }
    }
}

/// The files of a plan that are still what it was made for, where the others are what it makes of them.
fn as_planned(layout: &Layout, survey: &Survey, planned: &PlannedHost) -> Result<PlannedFiles, Refusal> {
    let known = |path: &str| survey.files.iter().find(|file| file.path == path);
    let files = planned.files_to_come(|path| known(path)?.digest)?;
    let mut configuration = layout.clone();
    let mut diffs = Vec::new();
    for file in &files {
        let before = layout.file(&file.path).filter(|_| file.was.is_some());
        let before = before.map(|before| before.lines.to_bytes()).unwrap_or_default();
        diffs.extend(diff(&file.path, &before, &file.becomes));
        configuration = configuration.with_file(&file.path, &file.becomes);
    }
    let configuration = configuration.as_read();
    Ok(PlannedFiles { files, configuration, diffs, warnings: planned.warnings.clone() })
}

/// What chronyd is to follow afterwards.
pub(super) fn follows(intent: &Intent) -> Follows {
    match intent {
        Intent::Apply(planned) => planned.follows.clone(),
        Intent::Mend(Mending::Edit(Wanted { sources, serving: Some(serving), .. })) if sources.is_empty() => {
            Follows::OwnClock(serving.stratum)
        }
        Intent::Mend(Mending::Edit(wanted)) => match wanted.names() {
            names if names.is_empty() => Follows::Anything,
            names => Follows::Sources(names),
        },
        Intent::Mend(Mending::Whole(_) | Mending::StepNow) => Follows::Anything,
    }
}

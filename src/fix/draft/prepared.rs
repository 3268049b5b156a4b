//! What becomes of one host as far as its survey tells: by what is wanted of it, or by a plan that was made before.

use super::{Intent, Terms};
use crate::fix::change::Mending;
use crate::fix::diff::diff;
use crate::fix::files::{PlannedFile, PlannedFiles, plan_files};
use crate::fix::forecast::Forecast;
use crate::fix::guards;
use crate::fix::plan::{Check, Follows, PlannedHost};
use crate::fix::refusal::Refusal;
use crate::fix::remote::Survey;
use crate::timekeeper::chrony::configuration::{Layout, Wanted};

/// What becomes of a host as far as its survey tells.
pub(super) struct Prepared {
    /// Its files as they are.
    pub(super) layout: Layout,
    /// What becomes of them, with steps.
    pub(super) files: PlannedFiles,
    /// What was looked into.
    pub(super) checks: Vec<Check>,
}

impl Prepared {
    pub(super) fn of(survey: &Survey, intent: &Intent, terms: &Terms) -> Result<Self, Refusal> {
        let checks = guards::surveyed(survey, terms.allowed)?;
        let layout = guards::layout(survey)?;
        let files = match intent {
            Intent::Mend(mending) => plan_files(&layout, mending, false, terms.is_forced)?,
            Intent::Apply(planned) => as_planned(&layout, survey, planned)?,
        };
        guards::replaceable(survey, &files.files)?;
        Ok(Self { layout, files, checks })
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
            Intent::Mend(mending) if without_steps => plan_files(&self.layout, mending, true, terms.is_forced),
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

/// The files of a plan, where they are still what it was made for.
fn as_planned(layout: &Layout, survey: &Survey, planned: &PlannedHost) -> Result<PlannedFiles, Refusal> {
    let known = |path: &str| survey.files.iter().find(|file| file.path == path);
    planned.fits_files(|path| known(path)?.digest)?;
    let mut configuration = layout.clone();
    let mut diffs = Vec::new();
    for file in &planned.files {
        let before = layout.file(&file.path).map(|before| before.lines.to_bytes()).unwrap_or_default();
        diffs.extend(diff(&file.path, &before, &file.becomes));
        configuration = configuration.with_file(&file.path, &file.becomes);
    }
    Ok(PlannedFiles { files: planned.files.clone(), configuration, diffs, warnings: planned.warnings.clone() })
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

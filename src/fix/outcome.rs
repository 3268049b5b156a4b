//! How the change of one host ended, and why.

use super::remote::{Answer, NotApplied, Survey};

/// How the change of one host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its clock is right by measurement, and nothing spoke against it for the hold time.
    Converged,
    /// Its clock is right by its chronyd's word, and could not be measured well enough to tell more.
    ConvergedByClaim,
    /// Its clock is right, by measurement or by its chronyd's word, and a file of it is not what was written any more.
    Edited {
        /// Whether it is by measurement.
        is_measured: bool,
    },
    /// It follows its new source, and the run was told to end before its clock had been right for the hold time.
    OnItsWay(Early),
    /// It has its old files again, and runs with them.
    RolledBack(Cause),
    /// What it is like is not known, or it is not as it was: look at it.
    Failed(Cause),
}

/// How far a host was when the run was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Early {
    /// Its clock was not measured after the change.
    NotMeasured,
    /// Its clock was not right yet.
    Slewed,
    /// Its clock was right when it was looked at last, and not for the hold time yet.
    NotHeld,
    /// A file of it is not what was written any more.
    Edited,
}

/// What is said of a host with a file that is not what was written any more: the word for it, as stored, and in words.
pub const EDITED: (&str, &str) =
    ("edited", "somebody changed a file there after it was written, and it was left as it is");

impl Early {
    /// The word for it, as stored, and in words; `None` where there is nothing to tell beside the offset.
    pub fn told(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NotMeasured => Some(("not_measured", "its clock had not been measured since the change")),
            Self::Slewed => None,
            Self::NotHeld => {
                Some(("not_held", "its clock was right when it was looked at last, and not for the hold time yet"))
            }
            Self::Edited => Some(EDITED),
        }
    }
}

/// Why a change did not last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The script did not get as far as a new source, and put everything back.
    NotApplied,
    /// chronyd was to step the clock by what is left to correct, and did not.
    NotStepped,
    /// chronyd was told to step the clock, and nothing was heard of it any more.
    StepUnknown,
    /// The connection was lost while the clock was watched, and no file was new.
    Unwatched,
    /// It served its own clock, and no host came to follow it.
    NoClient,
    /// The clock was off for certain, and did not move as forecast.
    StillOff,
    /// The clock was neither right nor wrong for too long, and chronyd did not say that it was right.
    Unclear,
    /// The connection was lost: the host's guard puts the old files back two minutes later.
    ConnectionLost,
    /// The connection was lost while the guard was told to stand down: whether it did is not known.
    Unconfirmed,
    /// The server of the isolated network that it follows has failed.
    ServerFailed,
    /// The guard had fired before we could say that all was well.
    GuardFired,
    /// The guard could not be told any more that all was well, so the old files were put back before it would have done that.
    GuardDeaf,
    /// Something could not be put back.
    NotReverted,
    /// Steps could not be put back into the configuration.
    StepsNotAdded,
}

impl Outcome {
    /// What a refusal to apply means for a host; `None` where nothing had been replaced there: it was not begun.
    pub fn of_refusal(refused: &NotApplied) -> Option<Self> {
        if refused.changed_nothing() {
            None
        } else if refused.left.is_empty() {
            Some(Self::RolledBack(Cause::NotApplied))
        } else {
            Some(Self::Failed(Cause::NotReverted))
        }
    }

    /// What became of a host whose old files were to come back for this, by what it was found to be afterwards, and what is told of it:
    /// what the guard of this run could not put back, none of another. `is_as_before` says whether a survey has the old files.
    pub fn once_back(
        run: &str,
        cause: Cause,
        found: Result<Answer, String>,
        is_as_before: impl FnOnce(&Survey) -> bool,
    ) -> (Self, Option<String>) {
        match found {
            Ok(Answer::Survey(survey)) if is_as_before(&survey) => (Self::RolledBack(cause), None),
            Ok(Answer::Survey(survey)) => {
                let of_run = |last: &String| last.split(' ').next() == Some(run);
                (Self::Failed(Cause::NotReverted), survey.last.filter(of_run))
            }
            Ok(_) => (Self::Failed(Cause::NotReverted), None),
            Err(lost) => (Self::Failed(Cause::ConnectionLost), Some(lost)),
        }
    }

    /// Whether it counts against the failure budget.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::RolledBack(_) | Self::Failed(_))
    }

    /// Whether its configuration lacks the steps that were left out of it while its clock was slewed, where they were; `are_back` says
    /// whether they were put there again.
    pub fn lacks_steps(self, were_left_out: bool, are_back: bool) -> bool {
        let has_new_files = match self {
            Self::Converged | Self::ConvergedByClaim | Self::Edited { .. } | Self::OnItsWay(_) => true,
            Self::Failed(cause) => cause == Cause::StepsNotAdded,
            Self::RolledBack(_) => false,
        };
        has_new_files && were_left_out && !are_back
    }

    /// The same of a host with a file that is not what was written any more.
    #[must_use]
    pub fn edited(self) -> Self {
        match self {
            Self::Converged => Self::Edited { is_measured: true },
            Self::ConvergedByClaim => Self::Edited { is_measured: false },
            Self::OnItsWay(_) => Self::OnItsWay(Early::Edited),
            Self::Edited { .. } | Self::RolledBack(_) | Self::Failed(_) => self,
        }
    }

    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::Converged | Self::Edited { is_measured: true } => "converged",
            Self::ConvergedByClaim | Self::Edited { is_measured: false } => "converged_by_claim",
            Self::OnItsWay(_) => "on_its_way",
            Self::RolledBack(_) => "rolled_back",
            Self::Failed(_) => "failed",
        }
    }
}

impl Cause {
    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotApplied => "not_applied",
            Self::NotStepped => "not_stepped",
            Self::StepUnknown => "step_unknown",
            Self::Unwatched => "unwatched",
            Self::NoClient => "no_client",
            Self::StillOff => "still_off",
            Self::Unclear => "unclear",
            Self::ConnectionLost => "connection_lost",
            Self::Unconfirmed => "unconfirmed",
            Self::ServerFailed => "server_failed",
            Self::GuardFired => "guard_fired",
            Self::GuardDeaf => "guard_deaf",
            Self::NotReverted => "not_reverted",
            Self::StepsNotAdded => "steps_not_added",
        }
    }

    /// What it means, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::NotApplied => "it could not be changed as planned",
            Self::NotStepped => "chronyd did not step the clock",
            Self::StepUnknown => {
                "its chronyd was told to step the clock, and the connection was lost before it answered: whether the clock was stepped is \
                 not known; no file was changed there. `clockaudit scan` tells where its clock is, and `fix --makestep` again corrects what \
                 is left"
            }
            Self::Unwatched => {
                "the connection was lost before its clock was seen to be right; no file was changed there. `clockaudit scan` tells where \
                 its clock is"
            }
            Self::NoClient => "no host came to follow the clock that it served",
            Self::StillOff => "its clock was still off, and not moving as forecast",
            Self::Unclear => "its clock could not be told to be right, and chronyd did not say so",
            Self::ConnectionLost => {
                "the connection was lost; its guard puts the old files back within two minutes, unless the host is started anew \
                 meanwhile: then `clockaudit rollback` does"
            }
            Self::Unconfirmed => {
                "the connection was lost while its change was confirmed: it has either the new files or the old ones; look at it"
            }
            Self::ServerFailed => "the server that it was to follow could not be kept",
            Self::GuardFired => "its guard had put the old files back before all was well",
            Self::GuardDeaf => "its guard could not be told that all was well, so the old files were put back at once",
            Self::NotReverted => "not everything could be put back: look at it",
            Self::StepsNotAdded => "it is right, and steps could not be put back into its configuration",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::remote::{Gone, Refusal};

    #[test]
    fn a_host_that_refuses_is_as_it_was_or_went_back_or_is_between() {
        let check = |undone: bool, left: &[&str], expected: Option<Outcome>| {
            let left = left.iter().map(|path| (*path).to_owned()).collect();
            let refused = NotApplied { refusal: Refusal::NoChronyd, detail: String::new(), undone, left };
            assert_eq!(Outcome::of_refusal(&refused), expected, "{refused:?}");
        };
        check(false, &[], None);
        check(true, &[], Some(Outcome::RolledBack(Cause::NotApplied)));
        check(true, &["/etc/chrony.conf"], Some(Outcome::Failed(Cause::NotReverted)));
        check(false, &["/etc/chrony.conf"], Some(Outcome::Failed(Cause::NotReverted)));
    }

    #[test]
    fn whether_old_files_are_back_is_what_a_survey_finds() {
        let check = |found: Result<Answer, String>, is_as_before: bool, expected: (Outcome, Option<&str>)| {
            let (outcome, told) = Outcome::once_back("run", Cause::GuardFired, found.clone(), |_| is_as_before);
            assert_eq!((outcome, told.as_deref()), expected, "{found:?}");
        };
        let survey = |last: Option<&str>| {
            Ok(Answer::Survey(Box::new(Survey { last: last.map(str::to_owned), ..Survey::default() })))
        };
        let between = Outcome::Failed(Cause::NotReverted);
        check(survey(None), true, (Outcome::RolledBack(Cause::GuardFired), None));
        check(survey(Some("run /etc/chrony.conf")), true, (Outcome::RolledBack(Cause::GuardFired), None));
        check(survey(Some("run /etc/chrony.conf")), false, (between, Some("run /etc/chrony.conf")));
        check(survey(Some("older /etc/chrony.conf")), false, (between, None));
        check(survey(None), false, (between, None));
        // Whoever put them back is told as it was.
        let (outcome, _) = Outcome::once_back("run", Cause::GuardDeaf, survey(None), |_| true);
        assert_eq!(outcome, Outcome::RolledBack(Cause::GuardDeaf));
        check(Ok(Answer::Alive { tracking: None, heard: Err(Gone::Unknown) }), true, (between, None));
        let lost = Outcome::Failed(Cause::ConnectionLost);
        check(Err("the connection ended".to_owned()), true, (lost, Some("the connection ended")));
    }

    #[test]
    fn steps_are_missing_where_the_files_without_them_stayed() {
        let check = |outcome: Outcome, expected: bool| {
            assert_eq!(outcome.lacks_steps(true, false), expected, "{outcome:?}");
            // They were put back, or they had never been left out.
            assert!(!outcome.lacks_steps(true, true) && !outcome.lacks_steps(false, false), "{outcome:?}");
        };
        check(Outcome::Converged, true);
        check(Outcome::ConvergedByClaim, true);
        check(Outcome::Edited { is_measured: true }, true);
        check(Outcome::Edited { is_measured: false }, true);
        for early in [Early::NotMeasured, Early::Slewed, Early::NotHeld, Early::Edited] {
            check(Outcome::OnItsWay(early), true);
        }
        check(Outcome::Failed(Cause::StepsNotAdded), true);
        // The old files have the old steps, or will have; or nobody knows which are there.
        check(Outcome::RolledBack(Cause::StillOff), false);
        check(Outcome::RolledBack(Cause::GuardFired), false);
        for cause in [Cause::ConnectionLost, Cause::Unconfirmed, Cause::NotReverted, Cause::Unwatched] {
            check(Outcome::Failed(cause), false);
        }
    }
}

//! Pages: what each code means at length, the evidence it rests on, and what to do, for `clockaudit explain CODE`.

mod connection;
pub mod inventory;
mod machine;
mod offsets;
mod scan;
mod sources;
mod timekeepers;
pub mod tokens;

use super::finding::Code;

/// The page of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// What it is, in a line.
    pub title: &'static str,
    /// What must be seen for it to be raised.
    pub evidence: &'static str,
    /// What it means for whoever uses the host.
    pub meaning: &'static str,
    /// What to do, the first thing first, with the exact commands.
    pub remedy: &'static [&'static str],
}

/// The page of a code.
pub fn page(code: Code) -> &'static Page {
    match code {
        Code::BeyondCrit => &offsets::BEYOND_CRIT,
        Code::BeyondWarn => &offsets::BEYOND_WARN,
        Code::PairBeyondCrit => &offsets::PAIR_BEYOND_CRIT,
        Code::OffByHours => &offsets::OFF_BY_HOURS,
        Code::Moved => &offsets::MOVED,
        Code::FreeRunning => &offsets::FREE_RUNNING,
        Code::ClaimContradicted => &offsets::CLAIM_CONTRADICTED,
        Code::AncientYear => &offsets::ANCIENT_YEAR,
        Code::Slewing => &offsets::SLEWING,
        Code::NoTimekeeper => &timekeepers::NO_TIMEKEEPER,
        Code::Stopped => &timekeepers::STOPPED,
        Code::TwoTimekeepers => &timekeepers::TWO,
        Code::NotSynchronised => &timekeepers::UNSYNCHRONISED,
        Code::Stale => &timekeepers::STALE,
        Code::HypervisorSync => &timekeepers::HYPERVISOR,
        Code::CannotBeAsked => &timekeepers::CANNOT_BE_ASKED,
        Code::SntpOnly => &timekeepers::SNTP_ONLY,
        Code::Restarts => &timekeepers::RESTARTS,
        Code::SingleSource => &sources::SINGLE,
        Code::SmearMixed => &sources::SMEAR_MIX,
        Code::LeapTableWithSmear => &sources::LEAPSECTZ,
        Code::SourcesUnreachable => &sources::UNREACHABLE,
        Code::DifferentUpstreams => &sources::DIFFERENT_UPSTREAMS,
        Code::StepsSpent => &sources::STEP_BUDGET,
        Code::Falseticker => &sources::FALSETICKER,
        Code::CloudSourceUnused => &sources::CLOUD_UNUSED,
        Code::Clocksource => &machine::CLOCKSOURCE,
        Code::Resumed => &machine::RESUMED,
        Code::RtcLocal => &machine::LOCAL_RTC,
        Code::Container => &machine::CONTAINER,
        Code::Undecided => &scan::UNDECIDED,
        Code::AsymmetricPath => &scan::ASYMMETRIC,
        Code::ControllerBusy => &scan::CONTROLLER_BUSY,
        Code::ControllerOutlier => &scan::CONTROLLER_OUTLIER,
        Code::FewSamples => &scan::FEW_SAMPLES,
        Code::ControllerMoved => &scan::CONTROLLER_MOVED,
        Code::ReferenceDoubtful => &scan::REFERENCE,
        Code::Unreached(failure) => connection::page(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_whole_page_of_its_own() {
        let mut titles: Vec<(String, &str)> = Vec::new();
        for code in Code::all() {
            let Page { title, evidence, meaning, remedy } = page(code);
            let label = code.label();
            // Only what has one code may be told together.
            let is_of_another = titles.iter().any(|(other, known)| known == title && *other != label);
            assert!(!title.is_empty() && !is_of_another, "{label}: {title:?}");
            assert!(evidence.len() > 20 && meaning.len() > 20, "{label}");
            assert!(!remedy.is_empty() && remedy.iter().all(|step| step.len() > 10), "{label}");
            assert!(Code::of_label(&label.to_lowercase()).contains(&code), "{code:?}");
            titles.push((label, title));
        }
        assert!(titles.len() > 20, "{}", titles.len());
    }
}

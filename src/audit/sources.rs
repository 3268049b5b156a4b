//! CLK301 to CLK304 and CLK306 to CLK308: what is wrong with what a timekeeper follows.

use super::circumstances::{Circumstances, Rule};
use super::figure;
use super::finding::{Code, Finding};
use crate::clock::Nanos;
use crate::timekeeper::{ClaimOutcome, Cloud, Selection, Smear, Source, SourceKind, TimeService, cloud, smear};

/// Every rule of this family.
pub(super) const RULES: [Rule; 7] =
    [single_source, smear_mixed, leap_table_with_smear, unreachable, steps_spent, falseticker, cloud_source_unused];

/// From this offset on chronyd steps at its first updates, where its distributions configure nothing else (`makestep 1 3`).
const STEP_THRESHOLD: Nanos = Nanos::from_seconds(1);
/// chronyd slews at 83 333 ppm at most, so that one second takes twelve.
const SLEW_SECONDS_PER_SECOND: i64 = 12;
/// More names than this are counted, not listed.
const MOST_NAMES: usize = 4;

fn names<'source>(sources: impl Iterator<Item = &'source Source>) -> String {
    let names: Vec<&str> = sources.map(|source| source.name.as_str()).collect();
    match names.get(..MOST_NAMES).filter(|_| names.len() > MOST_NAMES) {
        Some(first) => format!("{} and {} more", first.join(", "), names.len() - MOST_NAMES),
        None => names.join(", "),
    }
}

fn single_source(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let [source] = service.known_sources() else { return None };
    let is_enough = cloud::is_on_the_spot(&source.name)
        || configured_servers(service).all(cloud::is_on_the_spot) && configured_servers(service).next().is_some();
    if service.unresolved > 0 || is_enough {
        return None;
    }
    let what = format!("{} is the only source", source.name);
    Some(Code::SingleSource.finding(what, "four sources or more, that a liar among them shows"))
}

fn configured_servers(service: &TimeService) -> impl Iterator<Item = &str> {
    service.configuration.iter().flat_map(|configuration| configuration.servers.iter().map(String::as_str))
}

/// Every name and clock that the host is known to use, with what is known of its smearing: by the names of its configuration,
/// where it could be read, and by the addresses of its sources.
pub(super) fn smears(service: &TimeService) -> Vec<(&str, Smear)> {
    let is_google = service.environment.cloud == Some(Cloud::Google);
    let server = move |name| match name {
        "169.254.169.254" if is_google => Smear::Smeared,
        name => smear::of_server(name),
    };
    let told = service.known_sources().iter().map(move |source| match source.kind {
        SourceKind::ReferenceClock => (source.name.as_str(), smear::of_reference_clock(&source.name)),
        SourceKind::Server | SourceKind::Peer => (source.name.as_str(), server(source.name.as_str())),
    });
    let clocks = service.configuration.iter().flat_map(|configuration| &configuration.reference_clocks);
    let clocks = clocks.map(|(driver, parameter)| (parameter.as_str(), smear::of_reference_clock(driver)));
    // timesyncd tells the one server that it asks.
    let asked = service.claim.said().and_then(|claim| claim.source.as_deref()).map(|name| (name, server(name)));
    told.chain(configured_servers(service).map(move |name| (name, server(name)))).chain(clocks).chain(asked).collect()
}

fn first_of(smears: &[(&str, Smear)], wanted: Smear) -> Option<String> {
    smears.iter().find(|(_, smear)| *smear == wanted).map(|(name, _)| (*name).to_owned())
}

fn smear_mixed(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let smears = smears(circumstances.service);
    let (smeared, plain) = (first_of(&smears, Smear::Smeared)?, first_of(&smears, Smear::Plain)?);
    let what = format!("{smeared} smears leap seconds, {plain} does not");
    Some(Code::SmearMixed.finding(what, "sources of one kind"))
}

fn leap_table_with_smear(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let smeared = first_of(&smears(service), Smear::Smeared)?;
    service.configuration.as_ref().filter(|configuration| configuration.has_leap_table)?;
    let what = format!("{smeared} smears leap seconds, and chronyd takes them from a table as well");
    Some(Code::LeapTableWithSmear.finding(what, "a source that smears, or the table, never both"))
}

fn unreachable(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let sources = service.known_sources();
    let silent = || sources.iter().filter(|source| source.is_unreachable());
    let count = silent().count();
    let unresolved = without_address(service);
    let total = sources.len() + unresolved;
    let what = match (count, unresolved) {
        (0, 0) => return None,
        (0, unresolved) => format!("{unresolved} of {total} sources have a name that does not resolve"),
        (_, 0) => format!("{count} of {total} sources did not answer their last eight polls: {}", names(silent())),
        (_, unresolved) => format!(
            "{count} of {total} sources did not answer their last eight polls: {}; {unresolved} have a name that does not \
             resolve",
            names(silent())
        ),
    };
    Some(Code::SourcesUnreachable.finding(what, "sources that answer"))
}

/// How many names have no address for certain.
///
/// chronyd counts open places, not names. A pool that has as many sources as it wants keeps no place open; one that has fewer keeps
/// places for twice as many, and what belongs to it cannot be told from what belongs to a server.
fn without_address(service: &TimeService) -> usize {
    let places = usize::try_from(service.unresolved).unwrap_or(usize::MAX);
    let servers = service.known_sources().iter().filter(|source| source.kind != SourceKind::ReferenceClock).count();
    let Some(configuration) = &service.configuration else {
        return if servers == 0 { places } else { 0 };
    };
    let names = configuration.servers.len();
    let wanted = names.saturating_sub(configuration.pools.len()) + configuration.pools.iter().sum::<usize>();
    if servers.saturating_add(places) <= wanted { places } else { places.min(names.saturating_sub(servers)) }
}

fn steps_spent(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let ClaimOutcome::Claimed(claim) = &service.claim else { return None };
    let remaining = claim.remaining()?;
    let makestep = service.configuration.as_ref().and_then(|configuration| configuration.makestep);
    // Without a limit on how often, chronyd steps at its next update what is beyond the threshold; what is below is slewed, how
    // great the threshold may be.
    if makestep.is_some_and(|(threshold, updates)| updates < 0 && remaining.abs() > threshold) {
        return None;
    }
    let threshold = makestep.map_or(STEP_THRESHOLD, |(threshold, _)| threshold.min(STEP_THRESHOLD));
    let threshold = threshold.max(circumstances.policy.warn);
    (remaining.abs() > threshold).then(|| {
        let least = Nanos(remaining.abs().0.saturating_mul(SLEW_SECONDS_PER_SECOND));
        let what = format!(
            "{} are left to correct, and chronyd does not step them: slewing takes at least {}",
            figure::length(remaining),
            figure::length(least)
        );
        Code::StepsSpent.finding(what, format!("at most {} to slew", figure::limit(threshold)))
    })
}

fn falseticker(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let sources = circumstances.service.known_sources();
    let is_false = |source: &&Source| source.selection == Selection::Falseticker;
    let liars = || sources.iter().filter(is_false);
    let worst = liars().filter_map(|source| source.offset).max_by_key(|offset| offset.abs());
    liars().next().map(|_| {
        let apart = worst.map_or_else(String::new, |offset| format!(", by up to {}", figure::length(offset)));
        let followed = sources.iter().filter(|source| source.selection == Selection::Selected);
        let against = match names(followed) {
            followed if followed.is_empty() => "one another".to_owned(),
            followed => followed,
        };
        Code::Falseticker.finding(format!("{} contradict {against}{apart}", names(liars())), "sources that agree")
    })
}

fn cloud_source_unused(circumstances: &Circumstances<'_>) -> Option<Finding> {
    let service = circumstances.service;
    let cloud = service.environment.cloud?;
    // timesyncd has one source at a time, and tells it with its claim.
    let asked =
        service.claim.said().filter(|claim| claim.timekeeper.is_sntp()).and_then(|claim| claim.source.as_deref());
    if service.sources.is_none() && asked.is_none() {
        return None;
    }
    let sources = service.known_sources();
    let uses_hardware = sources.iter().any(|source| source.kind == SourceKind::ReferenceClock);
    let mut names = sources.iter().map(|source| source.name.as_str()).chain(configured_servers(service)).chain(asked);
    if uses_hardware || names.any(|name| cloud.owns(name)) {
        return None;
    }
    let what = format!("this is {}, and its own time source is not used", cloud.label());
    let finding = Code::CloudSourceUnused.finding(what, format!("`{}`", cloud.line()));
    Some(match asked {
        Some(_) => {
            finding.with_remedy("install chrony (CLK208), with the line named here, and mind leap seconds (CLK302)")
        }
        None => finding,
    })
}

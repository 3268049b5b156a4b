//! Hosts that chronyd is yet to keep the clock of: whether chrony is installed there, and what is stopped for it.

use super::change::Mending;
use super::diff::diff;
use super::files::{PlannedFiles, plan_files};
use super::guards::Allowed;
use super::refusal::Refusal;
use super::remote::{Installing, Offer, PackageManager, Survey};
use crate::timekeeper::chrony::configuration::Layout;

/// How chronyd comes to keep the clock of a host where it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// What installs chrony; `None` where it is there, and another timekeeper runs beside it or in its place.
    pub manager: Option<PackageManager>,
    /// The version that is installed; `None` where that is not told beforehand.
    pub version: Option<String>,
    /// The services of other timekeepers, which are stopped and not started at boot any more.
    pub replaces: Vec<String>,
    /// The packages that go for chrony, by what the package manager says beforehand.
    pub removes: Vec<String>,
}

/// A timekeeper that chronyd can take the place of.
struct Replaceable {
    /// The name of its process, of which the kernel keeps 15 letters.
    process: &'static str,
    /// Its own name.
    name: &'static str,
    /// The services that distributions run it by: none but these is stopped for it.
    services: &'static [&'static str],
}

/// The timekeepers that chronyd can take the place of.
const REPLACEABLE: [Replaceable; 4] = [
    Replaceable { process: "systemd-timesyn", name: "systemd-timesyncd", services: &["systemd-timesyncd"] },
    // busybox, ntpsec and OpenBSD's have the same name of a process.
    Replaceable { process: "ntpd", name: "ntpd", services: &["ntp", "ntpd", "ntpsec", "openntpd"] },
    Replaceable { process: "openntpd", name: "openntpd", services: &["openntpd", "ntpd"] },
    Replaceable { process: "ntp-daemon", name: "ntpd-rs", services: &["ntpd-rs"] },
];
/// The packages of such timekeepers, which package managers take away themselves where chrony comes.
const PACKAGES: [&str; 6] = ["systemd-timesyncd", "ntp", "ntpsec", "openntpd", "ntpd-rs", "ntp-refclock"];

/// The name of a timekeeper that is known by its process.
pub fn name_of(process: &str) -> &str {
    replaceable(process).map_or(process, |known| known.name)
}

fn replaceable(process: &str) -> Option<&'static Replaceable> {
    REPLACEABLE.iter().find(|known| known.process == process)
}

/// What is to be installed and stopped by what the survey says; `None` where chronyd is there, and alone.
///
/// # Errors
///
/// Why that is not done, as where nobody asked for it.
pub fn installation(survey: &Survey, allowed: Allowed) -> Result<Option<Installation>, Refusal> {
    let mut replaces = Vec::new();
    for other in &survey.others {
        let name = name_of(&other.process).to_owned();
        let Some(known) = replaceable(&other.process) else { return Err(Refusal::Irreplaceable(name)) };
        if !allowed.replaces {
            let runs = survey.version.is_some() && survey.service.as_ref().is_some_and(|service| service.is_active);
            return Err(if runs { Refusal::TwoTimekeepers(name) } else { Refusal::OtherTimekeeper(name) });
        }
        let service = other.service.clone().ok_or_else(|| Refusal::NoServiceOf(name.clone()))?;
        if !known.services.contains(&service.as_str()) {
            return Err(Refusal::ForeignService { name, service });
        }
        if !replaces.contains(&service) {
            replaces.push(service);
        }
    }
    let is_there = survey.version.is_some();
    if is_there {
        let stopped = Installation { manager: None, version: None, replaces, removes: Vec::new() };
        return Ok(Some(stopped).filter(|stopped| !stopped.replaces.is_empty()));
    }
    if replaces.is_empty() && !allowed.installs {
        return Err(Refusal::NoChronyd);
    }
    let manager = survey.packages.filter(|manager| manager.is_used());
    let manager = manager.ok_or_else(|| Refusal::NoInstaller(survey.packages.map(PackageManager::label)))?;
    Ok(Some(Installation { manager: Some(manager), version: None, replaces, removes: Vec::new() }))
}

/// What the package manager offers, taken into an installation.
///
/// # Errors
///
/// Where it has no chrony, or would remove what is no timekeeper, or a timekeeper that may not be taken away.
pub fn with_offer(
    installation: Installation,
    offer: Option<&Result<Offer, String>>,
    allowed: Allowed,
) -> Result<Installation, Refusal> {
    let Some(manager) = installation.manager else { return Ok(installation) };
    let not_installable = |why: String| Refusal::NotInstallable { manager: manager.label().to_owned(), why };
    let offer = match offer {
        Some(Ok(offer)) => offer,
        Some(Err(why)) => return Err(not_installable(why.clone())),
        None => return Err(not_installable("it was not asked".to_owned())),
    };
    for package in &offer.removes {
        if !PACKAGES.contains(&package.name.as_str()) {
            return Err(not_installable(format!("it would remove {}, too", package.name)));
        }
        if !allowed.replaces {
            return Err(Refusal::OtherTimekeeper(package.name.clone()));
        }
    }
    let removes = offer.removes.iter().map(|package| package.name.clone()).collect();
    Ok(Installation { version: offer.version.clone(), removes, ..installation })
}

impl Installation {
    /// What somebody must have allowed for it.
    pub fn allowed(&self) -> Allowed {
        Allowed { installs: self.manager.is_some(), replaces: !self.replaces.is_empty() || !self.removes.is_empty() }
    }

    /// Whether another one does the same, whatever version of chrony comes with it.
    pub fn is_like(&self, other: &Self) -> bool {
        self.manager == other.manager && self.replaces == other.replaces && self.removes == other.removes
    }

    /// The part of a request that has it done.
    pub fn request(&self) -> Installing {
        let Self { manager, replaces, removes, .. } = self.clone();
        Installing { manager, removes, replaces }
    }

    /// Whether a host is as it was before.
    pub fn is_undone(&self, survey: &Survey) -> bool {
        let runs = |service: &String| survey.others.iter().any(|other| other.service.as_ref() == Some(service));
        (self.manager.is_none() || survey.version.is_none()) && self.replaces.iter().all(runs)
    }

    /// All that goes, services and packages, each once.
    pub fn goes(&self) -> Vec<&str> {
        let packages = self.removes.iter().filter(|package| !self.replaces.contains(package));
        self.replaces.iter().chain(packages).map(String::as_str).collect()
    }

    /// The service that chronyd gets where it comes with a package.
    pub fn service(&self) -> &'static str {
        if self.manager == Some(PackageManager::Apt) { "chrony" } else { "chronyd" }
    }
}

/// Where the packages of a manager have their configuration, and what is written there beside what is wanted.
fn stock(manager: PackageManager) -> (&'static str, &'static str) {
    match manager {
        PackageManager::Apt | PackageManager::Apk => {
            ("/etc/chrony/chrony.conf", "driftfile /var/lib/chrony/chrony.drift\n")
        }
        _ => ("/etc/chrony.conf", "driftfile /var/lib/chrony/drift\n"),
    }
}

/// The configuration of a host that has none yet: what it will be edited from.
pub fn new_layout(manager: PackageManager) -> Layout {
    let (path, text) = stock(manager);
    Layout::new(path.to_owned(), text.as_bytes())
}

/// Works out the files of a host that has none yet, as `plan_files` does for others: one that is written whole.
///
/// # Errors
///
/// Why this host is not changed.
pub fn new_files(
    manager: PackageManager,
    mending: &Mending,
    is_slewed: bool,
    is_forced: bool,
) -> Result<PlannedFiles, Refusal> {
    let layout = new_layout(manager);
    let mut planned = plan_files(&layout, mending, is_slewed, is_forced)?;
    planned.diffs.clear();
    for file in &mut planned.files {
        file.was = None;
        planned.diffs.extend(diff(&file.path, b"", &file.becomes));
    }
    Ok(planned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::remote::{OtherTimekeeper, Package};
    use crate::timekeeper::chrony::configuration::Wanted;

    fn other(process: &str, service: Option<&str>) -> OtherTimekeeper {
        OtherTimekeeper { process: process.to_owned(), service: service.map(str::to_owned) }
    }

    fn survey(manager: Option<PackageManager>, others: Vec<OtherTimekeeper>) -> Survey {
        Survey { packages: manager, others, ..Survey::default() }
    }

    const BOTH: Allowed = Allowed { installs: true, replaces: true };

    #[test]
    fn what_is_installed_and_stopped_follows_from_the_survey() {
        let timesyncd = || other("systemd-timesyn", Some("systemd-timesyncd"));
        let check = |survey: &Survey, allowed: Allowed, expected: Result<(Option<PackageManager>, &[&str]), &str>| {
            let found = installation(survey, allowed);
            let found = found.as_ref().map(|found| found.as_ref().expect("something to do"));
            let found =
                found.map(|found| (found.manager, found.replaces.iter().map(String::as_str).collect::<Vec<_>>()));
            let found = found.map_err(Refusal::label);
            assert_eq!(found, expected.map(|(manager, names)| (manager, names.to_vec())), "{survey:?}");
        };
        let installs = Allowed { installs: true, replaces: false };
        let replaces = Allowed { installs: false, replaces: true };
        for manager in
            [PackageManager::Apt, PackageManager::Dnf, PackageManager::Yum, PackageManager::Zypper, PackageManager::Apk]
        {
            check(&survey(Some(manager), Vec::new()), installs, Ok((Some(manager), &[])));
            check(&survey(Some(manager), Vec::new()), replaces, Err("no_chronyd"));
            check(&survey(Some(manager), vec![timesyncd()]), installs, Err("other_timekeeper"));
            check(&survey(Some(manager), vec![timesyncd()]), replaces, Ok((Some(manager), &["systemd-timesyncd"])));
        }
        check(&survey(Some(PackageManager::Pacman), Vec::new()), installs, Err("no_installer"));
        check(&survey(None, Vec::new()), installs, Err("no_installer"));
        for (process, service) in
            [("ntpd", "ntpsec"), ("openntpd", "openntpd"), ("ntp-daemon", "ntpd-rs"), ("ntpd", "ntpd")]
        {
            let there = Survey { version: Some("4.3".to_owned()), ..survey(None, vec![other(process, Some(service))]) };
            check(&there, replaces, Ok((None, &[service])));
            check(&there, installs, Err("other_timekeeper"));
        }
        check(&survey(Some(PackageManager::Apt), vec![other("ntpd", None)]), BOTH, Err("no_service_of"));
        // Whatever else runs a daemon of that name is more than the daemon.
        for (process, service) in [("ntpd", "containerd"), ("ntp-daemon", "k3s"), ("systemd-timesyn", "ntpd")] {
            let found = survey(Some(PackageManager::Apt), vec![other(process, Some(service))]);
            check(&found, BOTH, Err("foreign_service"));
        }
        check(&survey(Some(PackageManager::Apt), vec![other("phc2sys", Some("phc2sys"))]), BOTH, Err("irreplaceable"));
        let alone = Survey { version: Some("4.3".to_owned()), ..Survey::default() };
        assert_eq!(installation(&alone, Allowed::default()), Ok(None));
    }

    #[test]
    fn nothing_but_timekeepers_goes_for_chrony() {
        let begun = installation(&survey(Some(PackageManager::Apt), Vec::new()), BOTH).expect("allowed").expect("one");
        let check = |removed: &[&str], allowed: Allowed, expected: Result<&[&str], &str>| {
            let package = |name: &&str| Package { name: (*name).to_owned(), version: "1".to_owned() };
            let offer = Ok(Offer { version: Some("4.3-2".to_owned()), removes: removed.iter().map(package).collect() });
            let found = with_offer(begun.clone(), Some(&offer), allowed);
            let found = found.as_ref().map(Installation::goes).map_err(Refusal::label);
            assert_eq!(found, expected.map(<[&str]>::to_vec), "{removed:?}");
        };
        check(&[], BOTH, Ok(&[]));
        check(&["systemd-timesyncd"], BOTH, Ok(&["systemd-timesyncd"]));
        let installs = Allowed { installs: true, replaces: false };
        check(&["systemd-timesyncd"], installs, Err("other_timekeeper"));
        check(&["systemd-timesyncd", "ubuntu-minimal"], BOTH, Err("not_installable"));
        let none = with_offer(begun, Some(&Err("no candidate".to_owned())), BOTH);
        assert!(none.expect_err("refused").to_string().contains("apt-get: no candidate"));
    }

    #[test]
    fn a_new_file_is_written_whole_and_shown_whole() {
        let wanted = Mending::Edit(Wanted::servers(&["10.0.0.1"]).expect("a server"));
        let check = |manager: PackageManager, path: &str| {
            let planned = new_files(manager, &wanted, false, false).expect("a plan");
            let [file] = planned.files.as_slice() else { panic!("{planned:?}") };
            assert_eq!((file.path.as_str(), file.was), (path, None));
            let text = String::from_utf8_lossy(&file.becomes);
            assert!(text.contains("\nserver 10.0.0.1 prefer iburst\n") && text.starts_with("driftfile "), "{text}");
            assert!(file.changes_at_once());
        };
        check(PackageManager::Apt, "/etc/chrony/chrony.conf");
        check(PackageManager::Apk, "/etc/chrony/chrony.conf");
        check(PackageManager::Dnf, "/etc/chrony.conf");
        check(PackageManager::Yum, "/etc/chrony.conf");
        check(PackageManager::Zypper, "/etc/chrony.conf");
    }
}

//! The files of one host: what they become, and what they are meanwhile where a clock is slewed.

use std::collections::BTreeSet;

use super::change::Mending;
use super::diff::{FileDiff, diff};
use super::refusal::Refusal;
use super::remote::Digest;
use crate::timekeeper::chrony::configuration::edit::{edit, mix, notes, without_steps};
use crate::timekeeper::chrony::configuration::{Layout, Manager, defects};

/// One file that is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFile {
    /// Where it is, links resolved.
    pub path: String,
    /// What it must still be when it is changed; `None` where there is none, as long as chrony is not installed.
    pub was: Option<Digest>,
    /// What it is in the end; where it changes only for the time of a slew, what it was.
    pub becomes: Vec<u8>,
    /// What it is while the clock is slewed, where that is something else: without steps.
    pub meanwhile: Option<Vec<u8>>,
}

impl PlannedFile {
    /// What is written first.
    pub fn first(&self) -> &[u8] {
        self.meanwhile.as_deref().unwrap_or(&self.becomes)
    }

    /// Whether it is another one from the beginning.
    pub fn changes_at_once(&self) -> bool {
        Some(Digest::of(self.first())) != self.was
    }
}

/// What becomes of the files of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFiles {
    /// Those that change; none where everything is as it should be.
    pub files: Vec<PlannedFile>,
    /// The whole configuration in the end, as far as chronyd reads it.
    pub configuration: Layout,
    /// What changes, from what is there to what is in the end.
    pub diffs: Vec<FileDiff>,
    /// What there is to know, and who will undo it.
    pub warnings: Vec<String>,
}

/// Works out what becomes of a host's files. `is_slewed` leaves steps out until the clock is right; `is_forced` lets sources stand
/// side by side that smear and that do not.
///
/// # Errors
///
/// Why this host is not changed.
pub fn plan_files(
    layout: &Layout,
    mending: &Mending,
    is_slewed: bool,
    is_forced: bool,
) -> Result<PlannedFiles, Refusal> {
    let (after, told) = match mending {
        Mending::Edit(wanted) => {
            let after = edit(layout, wanted).map_err(|error| Refusal::OpenBlock(error.to_string()))?;
            let told: Vec<String> = notes(&after, wanted).iter().map(ToString::to_string).collect();
            (after, told)
        }
        Mending::Whole(bytes) => (layout.with_main(bytes), Vec::new()),
        Mending::StepNow => (layout.clone(), Vec::new()),
    };
    // What a whole file does not name is left as it is, and is nothing to chronyd.
    let read = after.as_read();
    for file in read.files() {
        if let Some(defect) = defects::defects(&file.lines).first() {
            return Err(Refusal::Defective { path: file.path.clone(), defect: defect.to_string() });
        }
    }
    let is_changed = after != *layout;
    if let Some(why) = read.is_mute().filter(|_| is_changed) {
        return Err(Refusal::Mute(why));
    }
    if let Some(mix) = mix(&read).filter(|_| is_changed && !is_forced) {
        return Err(Refusal::Mix { smeared: mix.smeared, plain: mix.plain });
    }
    let meanwhile = match mending {
        _ if !is_slewed || !is_changed => after.clone(),
        Mending::Edit(wanted) => {
            edit(layout, &wanted.without_steps()).map_err(|error| Refusal::OpenBlock(error.to_string()))?
        }
        Mending::Whole(_) | Mending::StepNow => without_steps(&after),
    };
    let is_read: BTreeSet<String> = read.files().map(|file| file.path.clone()).collect();
    let mut planned = PlannedFiles { files: Vec::new(), configuration: read, diffs: Vec::new(), warnings: told };
    let states = layout.files().zip(after.files()).zip(meanwhile.files());
    for ((before, after), meanwhile) in states {
        let (was, becomes, between) = (before.lines.to_bytes(), after.lines.to_bytes(), meanwhile.lines.to_bytes());
        // What a whole file does not name has no steps for chronyd.
        let is_unread = matches!(mending, Mending::Whole(_)) && !is_read.contains(&before.path);
        if is_unread || (was == becomes && was == between) {
            continue;
        }
        if was == becomes {
            planned.warnings.push(format!(
                "{}: its steps are left out while the clock is slewed, and stand there again afterwards",
                before.path
            ));
        }
        if let Some(manager) = Manager::of(&before.lines) {
            planned.warnings.push(format!(
                "{} says that {} writes it: what is changed there will be undone; change it there too",
                before.path,
                manager.label()
            ));
        }
        planned.diffs.extend(diff(&before.path, &was, &becomes));
        planned.files.push(PlannedFile {
            path: before.path.clone(),
            was: Some(Digest::of(&was)),
            meanwhile: (between != becomes).then_some(between),
            becomes,
        });
    }
    Ok(planned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timekeeper::chrony::configuration::{File, Role, Wanted};

    fn layout(main: &str) -> Layout {
        let main = format!("{main}include /etc/chrony.d/*.conf\n");
        let mut layout = Layout::new("/etc/chrony.conf", main.as_bytes());
        layout.add(File::new("/etc/chrony.d/a.conf", Role::Included, b"makestep 1 3\n"));
        layout
    }

    fn servers(names: &[&str]) -> Mending {
        Mending::Edit(Wanted::servers(names).expect("servers"))
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn a_clock_that_is_slewed_has_no_steps_meanwhile() {
        let before = layout("pool a\nrtcsync\n");
        let stepped = plan_files(&before, &servers(&["b"]), false, false).expect("a plan");
        assert_eq!(stepped.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["/etc/chrony.conf"]);
        assert_eq!(stepped.files[0].meanwhile, None);
        let slewed = plan_files(&before, &servers(&["b"]), true, false).expect("a plan");
        let [main, included] = slewed.files.as_slice() else { panic!("{slewed:?}") };
        assert_eq!((&main.becomes, main.first()), (&stepped.files[0].becomes, main.becomes.as_slice()));
        assert_eq!(text(included.first()), "#clockaudit-off# makestep 1 3\n");
        assert_eq!(
            (text(&included.becomes), Some(Digest::of(b"makestep 1 3\n"))),
            ("makestep 1 3\n".to_owned(), included.was)
        );
        assert_eq!(slewed.diffs, stepped.diffs, "only what stays is shown");
        assert!(slewed.warnings.iter().any(|told| told.starts_with("/etc/chrony.d/a.conf: its steps")), "{slewed:?}");
        // A slew that was left half-way: steps come back, and nothing else changes.
        let wanted = Wanted::servers(&["b"]).expect("a server").without_steps();
        let half_way = edit(&before, &wanted).expect("an edit");
        let rest = plan_files(&half_way, &servers(&["b"]), true, false).expect("a plan");
        assert!(!rest.files.is_empty() && rest.files.iter().all(|file| !file.changes_at_once()));
        let again = plan_files(&stepped.configuration, &servers(&["b"]), true, false).expect("a plan");
        assert_eq!(again.files, []);
    }

    #[test]
    fn a_whole_file_is_taken_as_it_is() {
        let whole = Mending::Whole(b"server b iburst\nmakestep 1 3\n".to_vec());
        let found =
            plan_files(&Layout::new("/etc/chrony.conf", b"# Ansible managed\n"), &whole, true, false).expect("a plan");
        assert_eq!(text(found.files[0].first()), "server b iburst\n#clockaudit-off# makestep 1 3\n");
        assert_eq!(text(&found.files[0].becomes), "server b iburst\nmakestep 1 3\n");
        assert!(found.warnings[0].contains("Ansible writes it"), "{:?}", found.warnings);
    }

    #[test]
    fn files_that_a_whole_file_names_no_more_are_not_judged() {
        let mut layout = Layout::new("/etc/chrony.conf", b"confdir /etc/chrony.d\n");
        layout.add(File::new("/etc/chrony.d/old.conf", Role::Included, b"server time.nist.gov\n"));
        let whole = |text: &str| plan_files(&layout, &Mending::Whole(text.as_bytes().to_vec()), false, false);
        let planned = whole("server 169.254.169.123 iburst\n").expect("no mix");
        assert_eq!(planned.configuration.files().count(), 1);
        assert_eq!(planned.files.len(), 1);
        layout.add(File::new("/etc/chrony.d/steps.conf", Role::Included, b"makestep 1 3\n"));
        let whole = |text: &str| plan_files(&layout, &Mending::Whole(text.as_bytes().to_vec()), true, false);
        let slewed = whole("server 169.254.169.123 iburst\n").expect("a plan");
        assert_eq!(slewed.files.len(), 1, "a file that nobody reads is written: {slewed:?}");
        let kept = whole("server 169.254.169.123 iburst\nconfdir /etc/chrony.d\n");
        assert_eq!(kept.err().as_ref().map(Refusal::label), Some("mix"));
    }

    #[test]
    fn what_would_keep_chronyd_from_starting_or_pull_the_clock_is_refused() {
        let check = |main: &str, mending: &Mending, is_forced: bool, expected: Option<&str>| {
            let found = plan_files(&layout(main), mending, false, is_forced);
            assert_eq!(found.as_ref().err().map(Refusal::label), expected, "{main}");
        };
        check("\u{feff}pool a\n", &servers(&["b"]), false, Some("defective"));
        check("# BEGIN clockaudit managed block\n", &servers(&["b"]), false, Some("open_block"));
        let both = servers(&["169.254.169.123", "time.cloudflare.com"]);
        check("", &both, false, Some("mix"));
        check("", &both, true, None);
        check("pool pool.ntp.org\n", &servers(&["169.254.169.123"]), false, None);
        check("server 169.254.169.123\nserver time.nist.gov\n", &Mending::StepNow, false, None);
    }
}

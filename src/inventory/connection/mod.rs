//! From hosts to targets: every precedence of the connection settings applied, every setting checked.

mod becoming;
pub mod explain;
mod hidden;
mod lookup;
mod reach;
mod settings;
pub mod summary;
mod table;
mod unsupported;
mod vaulted;
mod wrong;

use core::time::Duration;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::configuration::{Configuration, Given, Place, Provenance, values};
use super::diagnostics::Diagnostic;
use super::model::HostId;
use super::paths;
use super::secret::Secret;
use super::target::{Target, Transport};
use super::template::Renderer;
use lookup::Lookup;
use reach::{Reach, Unreachable};

pub use becoming::Becoming;
pub use hidden::{HIDDEN, Hidden};
pub use settings::{ConnectionSettings, DEFAULT_TIMEOUT};
pub use table::variables;
pub use vaulted::vaulted;
pub use wrong::Wrong;

/// The port of a target of which nobody says it: that of SSH.
const DEFAULT_PORT: u16 = 22;

/// What the command line says about connections; variables of the inventory win over all of it, as with Ansible.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionFlags {
    /// `-u`.
    pub user: Option<String>,
    /// `-p`.
    pub port: Option<u16>,
    /// `--private-key`, as typed.
    pub private_key: Option<PathBuf>,
    /// `-T`.
    pub timeout: Option<Duration>,
    /// What a file of our own says in its place: the environment of Ansible wins over it.
    pub timeout_of_files: Option<Duration>,
    /// `--ssh-common-args`.
    pub ssh_common_args: Option<String>,
    /// `--ssh-extra-args`.
    pub ssh_extra_args: Option<String>,
    /// The login password that was asked for or read from a file.
    pub password: Option<Given<Secret>>,
    /// `-b`; that nobody is to be become is said in the environment only.
    pub become_user: Option<bool>,
    /// Whether the work needs root: then what the inventory and Ansible's settings say of becoming another user counts without
    /// `-b` too.
    pub needs_root: bool,
    /// `--become-method`.
    pub become_method: Option<String>,
    /// `--become-user`.
    pub become_as: Option<String>,
    /// The password for becoming another user that was asked for or read from a file.
    pub become_password: Option<Given<Secret>>,
    /// The long names of flags above that were not typed: `CLOCKAUDIT_*` of the environment stands for them.
    pub from_environment: BTreeSet<String>,
    /// The long names of flags that were not typed: these lines of our own files stand for them.
    pub from_files: BTreeMap<String, Place>,
    /// The user's home, for `~` in paths of keys.
    pub home: Option<PathBuf>,
    /// The current directory, from which `--private-key` is made absolute.
    pub working_directory: PathBuf,
}

/// Flags and the environment variables that stand for them.
const VARIABLES: [(&str, &str); 17] = [
    ("user", "CLOCKAUDIT_USER"),
    ("port", "CLOCKAUDIT_PORT"),
    ("private-key", "CLOCKAUDIT_PRIVATE_KEY"),
    ("timeout", "CLOCKAUDIT_TIMEOUT"),
    ("ssh-common-args", "CLOCKAUDIT_SSH_COMMON_ARGS"),
    ("ssh-extra-args", "CLOCKAUDIT_SSH_EXTRA_ARGS"),
    ("become", "CLOCKAUDIT_BECOME"),
    ("become-method", "CLOCKAUDIT_BECOME_METHOD"),
    ("become-user", "CLOCKAUDIT_BECOME_USER"),
    ("ask-pass", "CLOCKAUDIT_ASK_PASS"),
    ("connection-password-file", "CLOCKAUDIT_CONNECTION_PASSWORD_FILE"),
    ("ask-become-pass", "CLOCKAUDIT_ASK_BECOME_PASS"),
    ("become-password-file", "CLOCKAUDIT_BECOME_PASSWORD_FILE"),
    ("jump", "CLOCKAUDIT_JUMP"),
    ("ssh-config", "CLOCKAUDIT_SSH_CONFIG"),
    ("ssh-option", "CLOCKAUDIT_SSH_OPTION"),
    ("accept-new", "CLOCKAUDIT_ACCEPT_NEW"),
];

impl ConnectionFlags {
    /// A value of a flag, and whether it was typed, or what stands for it.
    pub fn given<T>(&self, value: T, flag: &'static str) -> Given<T> {
        let long = flag.trim_start_matches('-');
        let variable = VARIABLES.iter().find(|(name, _)| *name == long && self.from_environment.contains(long));
        let provenance = match (variable, self.from_files.get(long)) {
            (Some((_, variable)), _) => Provenance::Environment(variable),
            (None, Some(place)) => Provenance::File { section: "", key: long, place: place.clone() },
            (None, None) => Provenance::Flag(flag),
        };
        Given { value, provenance }
    }

    /// Whether somebody is to be become on hosts: `-b`, or what stands for it in the environment or in a file of our own.
    /// That Ansible's settings want it for its own tasks is enough only where the work needs root.
    pub fn asks_to_become(&self, configuration: &Configuration) -> bool {
        let own = || configuration.in_own_files("become").and_then(|given| values::yes_or_no(&given.value));
        self.needs_root || self.become_user.or_else(own).unwrap_or(false)
    }

    /// The absolute path of a file that was typed.
    fn absolute(&self, path: &Path) -> PathBuf {
        self.working_directory.join(paths::in_home(&path.to_string_lossy(), self.home.as_deref()))
    }
}

/// A host that is not audited, which is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its inventory name.
    pub name: String,
    /// Every group it is in, ancestors included, `all` left out; sorted.
    pub groups: Vec<String>,
    /// What its inventory says it is reached by, or the shell where that is what is not supported: `winrm`, `powershell`.
    pub by: String,
    /// Why, in one line.
    pub reason: String,
}

/// What became of the selected hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prepared {
    /// The hosts to audit, in the order they were selected; some may have a defect, with which they fail alone.
    pub targets: Vec<Target>,
    /// The hosts that cannot be audited by their nature: containers, Windows, network gear.
    pub skipped: Vec<Skipped>,
    /// Settings that have no effect, one diagnostic each.
    pub diagnostics: Vec<Diagnostic>,
}

/// Turns hosts into targets.
pub fn targets(
    renderer: &Renderer,
    hosts: &[HostId],
    flags: &ConnectionFlags,
    configuration: &Configuration,
) -> Prepared {
    let inventory = renderer.inventory();
    let mut prepared = Prepared::default();
    let mut ignored = unsupported::Ignored::default();
    let is_to_become = flags.asks_to_become(configuration);
    let mut resolver = inventory.resolver();
    for id in hosts {
        let Some(host) = inventory.host(*id) else { continue };
        let variables = Arc::new(resolver.variables(*id));
        let lookup = Lookup {
            renderer,
            host: *id,
            variables,
            configuration,
            hidden: RefCell::default(),
            fragments: RefCell::default(),
        };
        let settings = settings::read(&lookup, &host.name, flags, is_to_become);
        let mut defects = settings.defects();
        let groups = || inventory.group_names(*id).into_iter().map(str::to_owned).collect();
        let reach = match reach::reach(&settings) {
            Ok(reach) => reach,
            Err(Unreachable::Skip { by, reason }) => {
                prepared.skipped.push(Skipped {
                    name: host.name.clone(),
                    groups: groups(),
                    by: settings.without_secrets(&by),
                    reason: settings.without_secrets(&reason),
                });
                continue;
            }
            Err(Unreachable::Defect(reason)) => {
                defects.push(settings.without_secrets(&reason));
                Reach { transport: Transport::Ssh, is_alias: false }
            }
        };
        if reach.is_alias {
            ignored.note_connection(&settings.without_secrets(&settings.connection.value), &host.name);
        }
        if reach.transport == Transport::Ssh {
            ignored.note(&host.name, &settings);
        }
        let mut target =
            target(settings, reach.transport, is_to_become, |reason| ignored.note_method(reason, &host.name));
        target.name.clone_from(&host.name);
        target.groups = groups();
        target.defect = (!defects.is_empty()).then(|| defects.join("; "));
        prepared.targets.push(target);
    }
    prepared.diagnostics = ignored.into_diagnostics();
    prepared
}

/// The settings of a host as they are, before anything is made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What was set, and where.
    pub settings: ConnectionSettings,
    /// What is wrong with it.
    pub defects: Vec<String>,
    /// Why the host is not audited, where it is not: that is no defect.
    pub not_audited: Option<String>,
}

/// The settings of a host, and what is wrong with them.
pub fn settings_of(
    renderer: &Renderer,
    id: HostId,
    flags: &ConnectionFlags,
    configuration: &Configuration,
) -> Option<Told> {
    let host = renderer.inventory().host(id)?;
    let variables = Arc::new(renderer.inventory().variables(id));
    let lookup = Lookup {
        renderer,
        host: id,
        variables,
        configuration,
        hidden: RefCell::default(),
        fragments: RefCell::default(),
    };
    let settings = settings::read(&lookup, &host.name, flags, flags.asks_to_become(configuration));
    let mut defects = settings.defects();
    let mut not_audited = None;
    match reach::reach(&settings) {
        Ok(_) => {}
        Err(Unreachable::Skip { reason, .. }) => not_audited = Some(settings.without_secrets(&reason)),
        Err(Unreachable::Defect(reason)) => defects.push(settings.without_secrets(&reason)),
    }
    Some(Told { settings, defects, not_audited })
}

fn target(
    settings: ConnectionSettings,
    transport: Transport,
    is_to_become: bool,
    mut unsupported: impl FnMut(String),
) -> Target {
    let becoming = &settings.becoming;
    // The host may say that nobody is to be become there; only the flag says that somebody is.
    let is_elevated = is_to_become && becoming.is_wanted.value;
    let elevation = is_elevated.then(|| becoming.elevation()).transpose().unwrap_or_else(|reason| {
        // As who logged in, the clock is read all the same.
        unsupported(settings.without_secrets(&reason));
        None
    });
    Target {
        transport,
        address: settings.address.value.clone(),
        port: settings.port.as_ref().map_or(DEFAULT_PORT, |port| port.value),
        user: settings.user.as_ref().map(|user| user.value.clone()),
        key_files: settings.key_file.iter().map(|file| file.value.clone()).collect(),
        password: settings.password.as_ref().map(|password| password.value.clone()),
        elevation,
        settings: Some(Box::new(settings)),
        ..Target::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::configuration::SettingsFile;
    use crate::inventory::model::{Draft, Source};
    use crate::inventory::patterns::Selection;
    use crate::inventory::{ini, ranges};

    fn prepare(text: &str, flags: &ConnectionFlags) -> Prepared {
        let mut draft = Draft::new();
        let source =
            draft.add_source(Source { name: "hosts.ini".into(), file: None, folder: None, sha256: String::new() });
        let diagnostics = ini::read(&mut draft, source, text, &mut ranges::Budget::new(1000));
        assert_eq!(diagnostics, []);
        let (inventory, _) = draft.reconcile().expect("consistent");
        let hosts = inventory.select(&Selection::all()).expect("hosts").hosts;
        targets(
            &Renderer::alone(Arc::new(inventory)),
            &hosts,
            flags,
            &Configuration { home: flags.home.clone(), ..Configuration::default() },
        )
    }

    fn flags() -> ConnectionFlags {
        ConnectionFlags {
            user: Some("cli".to_owned()),
            private_key: Some("keys/cli".into()),
            home: Some("/home/me".into()),
            working_directory: "/work".into(),
            ..ConnectionFlags::default()
        }
    }

    #[test]
    fn variables_win_over_flags_and_old_names_over_new_ones() {
        let check = |line: &str, flags: &ConnectionFlags, expected: (&str, u16, &str, &str)| {
            let prepared = prepare(line, flags);
            let target = prepared.targets.first().expect("a target");
            assert_eq!(target.defect, None);
            let key = target.key_files.first().map(|path| path.display().to_string()).unwrap_or_default();
            let user = target.user.clone().unwrap_or_default();
            assert_eq!((target.address.as_str(), target.port, user.as_str(), key.as_str()), expected, "{line}");
        };
        let with_port = ConnectionFlags { port: Some(2200), ..flags() };
        check("h1", &flags(), ("h1", 22, "cli", "/work/keys/cli"));
        check("h1", &with_port, ("h1", 2200, "cli", "/work/keys/cli"));
        check("h1:2222", &with_port, ("h1", 2222, "cli", "/work/keys/cli"));
        check("h1 ansible_user=a ansible_ssh_user=b", &flags(), ("h1", 22, "b", "/work/keys/cli"));
        check("h1 ansible_user=a ansible_ssh_user=None", &flags(), ("h1", 22, "a", "/work/keys/cli"));
        check(
            "h1 ansible_host=[2001:db8::1] ansible_port='22.0'",
            &flags(),
            ("2001:db8::1", 22, "cli", "/work/keys/cli"),
        );
        check("h1 ansible_private_key_file=~/k ansible_user=0x10", &flags(), ("h1", 22, "16", "/home/me/k"));
    }

    #[test]
    fn a_wrong_setting_is_the_defect_of_its_host_alone() {
        let check = |line: &str, expected: &str| {
            let prepared = prepare(line, &flags());
            let defect = prepared.targets.first().and_then(|target| target.defect.clone());
            assert_eq!(defect.as_deref(), Some(expected), "{line}");
        };
        check("h ansible_port=abc", "ansible_port (hosts.ini line 1) is no port: abc");
        check("h ansible_port=99999", "ansible_port (hosts.ini line 1) is no port: 99999");
        check("h ansible_host=''", "ansible_host (hosts.ini line 1) is empty");
        check(
            "h ansible_host='web 1'",
            "ansible_host (hosts.ini line 1) has a blank in it: write the name or address alone, and other settings as \
             variables of their own",
        );
        check("h ansible_host=x:2200", "ansible_host (hosts.ini line 1) is x:2200; a port belongs into ansible_port");
        check(
            "h ansible_host='{{ x }}'",
            "ansible_host (hosts.ini line 1) refers to 'x', which is not defined (INV301)",
        );
        check(
            "h ansible_connection=community.foo.bar",
            "ansible_connection (hosts.ini line 1) is 'community.foo.bar', which is not known; clockaudit needs SSH",
        );
    }

    #[test]
    fn what_only_becoming_takes_is_the_defect_of_hosts_where_somebody_is_become() {
        let check = |line: &str, become_user: Option<bool>, expected: &[(&str, bool)]| {
            let prepared = prepare(line, &ConnectionFlags { become_user, ..flags() });
            let target = prepared.targets.first().expect("a target");
            let wrong = target.settings.as_ref().map(|settings| settings.wrong.as_slice()).unwrap_or_default();
            let found: Vec<_> = wrong.iter().map(|wrong| (wrong.setting, wrong.is_needed)).collect();
            assert_eq!(found, expected, "{line}");
            assert_eq!(target.defect.is_some(), expected.iter().any(|(_, is_needed)| *is_needed), "{line}");
        };
        let password = "h ansible_become_password='{{ x }}'";
        check(password, None, &[("become_password", false)]);
        check(password, Some(true), &[("become_password", true)]);
        check(&format!("{password} ansible_become=no"), Some(true), &[("become_password", false)]);
        check("h ansible_become_user='{{ x }}' ansible_port=x", None, &[("port", true), ("become_user", false)]);
        check("h ansible_become=maybe", None, &[("become", true)]);
    }

    #[test]
    fn hosts_without_ssh_are_skipped_with_the_reason() {
        let check = |line: &str, expected: &str| {
            let prepared = prepare(line, &flags());
            assert_eq!(prepared.targets, []);
            let reasons: Vec<_> = prepared.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
            assert_eq!(reasons, [expected], "{line}");
        };
        check(
            "c ansible_connection=community.docker.docker",
            "connection 'community.docker.docker' is not SSH; a container shares its host's clock, audit the host instead",
        );
        check(
            "w ansible_connection=winrm",
            "connection 'winrm' (Windows) is not supported; clockaudit needs SSH and chrony",
        );
    }

    #[test]
    fn becoming_root_is_asked_for_by_a_flag_or_where_the_work_needs_it() {
        let becomes = |line: &str, flags: ConnectionFlags| prepare(line, &flags).targets[0].elevation.is_some();
        let needs_root = || ConnectionFlags { needs_root: true, ..flags() };
        assert!(!becomes("h ansible_become=true", flags()));
        assert!(becomes("h ansible_become=true", needs_root()));
        assert!(!becomes("h", needs_root()));
        assert!(becomes("h", ConnectionFlags { become_user: Some(true), ..needs_root() }));
        assert!(!becomes("h ansible_become=false", ConnectionFlags { become_user: Some(true), ..needs_root() }));
    }

    #[test]
    fn nobody_to_become_is_root() {
        for line in ["h ansible_become_user=''", "h ansible_become_user='' ansible_become_method=su", "h"] {
            let flags = ConnectionFlags { become_user: Some(true), needs_root: true, ..flags() };
            let prepared = prepare(line, &flags);
            assert_eq!(prepared.targets[0].elevation.as_ref().expect("an elevation").user, "root", "{line}");
        }
    }

    #[test]
    fn another_name_of_ssh_is_said_once() {
        let prepared = prepare("h[1:3] ansible_connection=paramiko", &flags());
        let said: Vec<String> = prepared.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["connection 'paramiko' of h[1-3] is OpenSSH's protocol too: it is used"]);
    }

    #[test]
    fn a_method_that_is_not_there_is_said_and_the_host_is_scanned_without() {
        let flags = ConnectionFlags { become_user: Some(true), ..flags() };
        let prepared = prepare("h[7:9] ansible_become_method=pbrun", &flags);
        assert!(prepared.targets.iter().all(|target| target.defect.is_none() && target.elevation.is_none()));
        let said: Vec<String> = prepared.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            ["h[7-9]: become method 'pbrun' is not supported (sudo, su); use --become-method or run as root"]
        );
    }

    #[test]
    fn whoever_says_no_is_heard_over_files() {
        let file = SettingsFile::read(b"become = true", &"clockaudit.toml".into(), "/work").expect("settings");
        let configuration = Configuration { files: vec![file], ..Configuration::default() };
        let asks = |become_user| ConnectionFlags { become_user, ..flags() }.asks_to_become(&configuration);
        assert_eq!([None, Some(true), Some(false)].map(asks), [true, true, false]);
    }

    #[test]
    fn local_hosts_need_no_ssh() {
        let prepared = prepare("localhost ansible_connection=local", &flags());
        assert_eq!(prepared.targets.first().map(|target| target.transport), Some(Transport::Local));
    }
}

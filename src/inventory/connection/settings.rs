//! The settings of one host's connection, each with where it was set.

use core::time::Duration;
use std::path::PathBuf;

use super::ConnectionFlags;
use super::becoming::{self, Becoming};
use super::hidden::Hidden;
use super::lookup::Lookup;
use super::table::{self, Setting};
use super::wrong::{Reading, Unusable, Wrong};
use crate::inventory::configuration::{Given, Provenance, names};
use crate::inventory::secret::Secret;
use crate::inventory::shell_words;

/// How long a connection may take to come about where nobody says it, in seconds.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Ansible's first arguments of `ssh`; all of them are about its own multiplexing and speed.
const DEFAULT_SSH_ARGS: &str = "-C -o ControlMaster=auto -o ControlPersist=60s";

/// What was set for one host, and where. What nobody set is `None` where OpenSSH's configuration has the next word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// By what the host is reached: `ssh`, `local` or the name of another plugin of Ansible.
    pub connection: Given<String>,
    /// The kind of shell that the host has, where the inventory says it.
    pub shell_type: Option<Given<String>>,
    /// Name or address to connect to.
    pub address: Given<String>,
    /// TCP port.
    pub port: Option<Given<u16>>,
    /// Login name.
    pub user: Option<Given<String>>,
    /// Login password.
    pub password: Option<Given<Secret>>,
    /// A key file.
    pub key_file: Option<Given<PathBuf>>,
    /// The text of a key.
    pub key_text: Option<Given<Secret>>,
    /// The passphrase of that text.
    pub key_passphrase: Option<Given<Secret>>,
    /// Whether a host whose key is not known is refused. One whose key has changed always is.
    pub host_key_checking: Given<bool>,
    /// How long a connection may take to come about.
    pub timeout: Given<Duration>,
    /// How often a connection is tried again.
    pub retries: Given<u32>,
    /// Arguments of `ssh`, in words: those that come before all other settings.
    pub ssh_args: Given<Vec<String>>,
    /// Those that come after them.
    pub ssh_common_args: Given<Vec<String>>,
    /// Those that come last.
    pub ssh_extra_args: Given<Vec<String>>,
    /// Whom to become on the host.
    pub becoming: Becoming,
    /// What of these may be used and never shown.
    pub hidden: Hidden,
    /// What was set and cannot be used.
    pub wrong: Vec<Wrong>,
}

impl ConnectionSettings {
    /// What holds for a host of that name where nobody says anything.
    pub fn of_name(name: &str) -> Self {
        Self {
            connection: Given::default_of("ssh".to_owned()),
            shell_type: None,
            address: Given::default_of(name.to_owned()),
            port: None,
            user: None,
            password: None,
            key_file: None,
            key_text: None,
            key_passphrase: None,
            host_key_checking: Given::default_of(true),
            timeout: Given::default_of(DEFAULT_TIMEOUT),
            retries: Given::default_of(0),
            ssh_args: Given::default_of(DEFAULT_SSH_ARGS.split(' ').map(str::to_owned).collect()),
            ssh_common_args: Given::default_of(Vec::new()),
            ssh_extra_args: Given::default_of(Vec::new()),
            becoming: Becoming::default(),
            hidden: Hidden::default(),
            wrong: Vec::new(),
        }
    }

    /// Why the host fails, of what is wrong with its settings.
    pub fn defects(&self) -> Vec<String> {
        self.wrong.iter().filter(|wrong| wrong.is_needed).map(|wrong| wrong.what.clone()).collect()
    }

    /// A word for `ssh` to be shown, with what may not be shown replaced.
    pub fn word_without_secrets(&self, word: &str) -> String {
        self.hidden.masked_word(word)
    }

    /// A text to be shown, with what may not be shown replaced.
    pub fn without_secrets(&self, text: &str) -> String {
        self.hidden.masked(text)
    }
}

/// What is read with becoming another user, and not needed where nobody is become.
const OF_BECOMING: [&str; 5] = ["become_method", "become_user", "become_exe", "become_flags", "become_password"];

/// The settings of a host. `is_to_become` = the run asks for becoming another user, if the host does not say no.
pub(super) fn read(lookup: &Lookup<'_>, name: &str, flags: &ConnectionFlags, is_to_become: bool) -> ConnectionSettings {
    let mut settings = ConnectionSettings::of_name(name);
    let mut reading = Reading::default();
    let flag = |value: &Option<String>, name| value.clone().map(|value| flags.given(value, name));
    reading.replace("connection", &mut settings.connection, lookup.text(&table::CONNECTION, None));
    reading.set("shell_type", &mut settings.shell_type, lookup.text(&table::SHELL_TYPE, None));
    reading.replace("address", &mut settings.address, address(lookup));
    // Ansible passes an empty address on, and people are shown it; a host is not reached by it.
    if settings.address.value.is_empty() {
        reading.note("address", Unusable::new(settings.address.provenance.clone(), " is empty"));
    }
    reading.set("port", &mut settings.port, port(lookup, flags));
    let user = lookup.text(&table::USER, flag(&flags.user, "--user"));
    // An empty name is none, but it hides what is said further down.
    let user = user.map(|user| user.filter(|user| !user.value.is_empty()));
    reading.set("user", &mut settings.user, user);
    reading.set("password", &mut settings.password, lookup.secret(&table::PASSWORD, flags.password.clone()));
    let key = flags.private_key.as_ref().map(|path| flags.given(flags.absolute(path), "--private-key"));
    reading.set("key_file", &mut settings.key_file, lookup.file(&table::KEY_FILE, key));
    reading.set("key_text", &mut settings.key_text, lookup.secret(&table::KEY_TEXT, None));
    reading.set("key_passphrase", &mut settings.key_passphrase, lookup.secret(&table::KEY_PASSPHRASE, None));
    let checking = lookup.switch(&table::HOST_KEY_CHECKING, None, false);
    reading.replace("host_key_checking", &mut settings.host_key_checking, checking);
    reading.replace("timeout", &mut settings.timeout, timeout(lookup, flags));
    reading.replace("retries", &mut settings.retries, lookup.number(&table::RETRIES, "count"));
    reading.replace("ssh_args", &mut settings.ssh_args, words(lookup, &table::SSH_ARGS, None));
    let common = flag(&flags.ssh_common_args, "--ssh-common-args");
    reading.replace("ssh_common_args", &mut settings.ssh_common_args, words(lookup, &table::SSH_COMMON_ARGS, common));
    let extra = flag(&flags.ssh_extra_args, "--ssh-extra-args");
    reading.replace("ssh_extra_args", &mut settings.ssh_extra_args, words(lookup, &table::SSH_EXTRA_ARGS, extra));
    settings.becoming = becoming::read(lookup, flags, &mut reading);
    settings.hidden = Hidden::new(lookup.hidden.take()).with_fragments(lookup.fragments.take());
    let is_become = is_to_become && settings.becoming.is_wanted.value;
    settings.wrong = reading.finish(&settings.hidden, |setting| is_become || !OF_BECOMING.contains(&setting));
    settings
}

/// `ansible_host`, without the brackets of an IPv6 address; it may be empty.
fn address(lookup: &Lookup<'_>) -> Result<Option<Given<String>>, Unusable> {
    let Some(Given { value: address, provenance }) = lookup.text(&table::ADDRESS, None)? else { return Ok(None) };
    lookup.hide_forms_of(&address);
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&address);
    let is_ipv6 = bare
        .rsplit('@')
        .next()
        .unwrap_or(bare)
        .split('%')
        .next()
        .is_some_and(|part| part.parse::<core::net::Ipv6Addr>().is_ok());
    let has_port = bare.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    // What `ssh` takes for a login name, and in a URL for a port, is left to whoever reads `ssh_config`.
    if has_port && !is_ipv6 && !bare.starts_with("ssh://") {
        let wrong = Unusable::of_value(provenance, " is ", address);
        return Err(wrong.then("; a port belongs into ansible_port"));
    }
    if bare.contains(|next: char| next.is_whitespace() || next.is_control()) {
        return Err(Unusable::new(
            provenance,
            " has a blank in it: write the name or address alone, and other settings as variables of their own",
        ));
    }
    Ok(Some(Given { value: bare.to_owned(), provenance }))
}

/// The port: a variable, `-p`, the configuration.
fn port(lookup: &Lookup<'_>, flags: &ConnectionFlags) -> Result<Option<Given<u16>>, Unusable> {
    let variable = Setting { names: None, ..table::PORT };
    let flag = flags.port.map(|port| flags.given(port, "--port"));
    let found = match (lookup.number(&variable, "port")?, flag) {
        (Some(port), _) | (None, Some(port)) => Some(port),
        (None, None) => lookup.number(&table::PORT, "port")?,
    };
    match found {
        Some(Given { value: 0, provenance }) => Err(Unusable::new(provenance, " is no port: 0")),
        found => Ok(found),
    }
}

fn timeout(lookup: &Lookup<'_>, flags: &ConnectionFlags) -> Result<Option<Given<Duration>>, Unusable> {
    let variable = Setting { names: None, ..table::TIMEOUT };
    let what = "number of seconds";
    let found = match (lookup.number::<u32>(&variable, what)?, flags.timeout) {
        (None, Some(timeout)) => return Ok(Some(flags.given(timeout, "--timeout"))),
        (None, None) => {
            let configured = lookup.configuration.text(&names::TIMEOUT);
            let is_own = |given: &Given<String>| matches!(given.provenance, Provenance::File { section: "", .. });
            let own = configured.filter(is_own).zip(flags.timeout_of_files);
            if let Some((Given { provenance, .. }, timeout)) = own {
                return Ok(Some(Given { value: timeout, provenance }));
            }
            lookup.number(&table::TIMEOUT, what)?
        }
        (found, _) => found,
    };
    match found {
        Some(Given { value: 0, provenance }) => Err(Unusable::new(provenance, " must be longer than 0 s")),
        found => Ok(found.map(|given| given.map(|seconds| Duration::from_secs(u64::from(seconds))))),
    }
}

/// Arguments of `ssh`, split as a shell does; `#` begins no comment.
fn words(
    lookup: &Lookup<'_>,
    setting: &Setting,
    flag: Option<Given<String>>,
) -> Result<Option<Given<Vec<String>>>, Unusable> {
    let Some(Given { value, provenance }) = lookup.arguments(setting, flag)? else { return Ok(None) };
    match shell_words::arguments(&value) {
        Ok(value) => Ok(Some(Given { value, provenance })),
        Err(error) => Err(Unusable::new(provenance, format!(": {error}"))),
    }
}

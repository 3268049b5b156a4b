//! What `ssh` would be told: the inventory's words, the flags and `ssh_config`, put together for each host in OpenSSH's order.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::{IndexMap, IndexSet};

use super::error::CommandError;
use crate::cli::ConnectionArgs;
use crate::files::TimeLeft;
use crate::files::ssh_config::{Loaded, ThisMachine, Which, load};
use crate::inventory::configuration::{Given as Placed, Place, Provenance};
use crate::inventory::connection::explain::{self, Row};
use crate::inventory::connection::{ConnectionSettings, DEFAULT_PORT};
use crate::inventory::ranges;
use crate::inventory::target::{Target, Transport};
use crate::inventory::value::Value;
use crate::openssh::config::{
    self, Agent, Given, Hop, HostConfig, Keyword, Origin, Request, Setting, UnknownHostKey, User, arguments, precedence,
};
use crate::ssh::{
    Algorithms, AuthMethod, AuthSettings, ConnectionPlan, HostKeySettings, HostSettings, JumpHost, Proxy, UnknownKeys,
    Way,
};
use crate::terminal::Terminal;

/// How many hosts may be gone through, one behind the other.
const MOST_JUMPS: usize = 8;
/// How often a password is sent: a wrong one that is sent again locks accounts.
const PASSWORD_ATTEMPTS: u32 = 1;

/// What was said on the command line, and the files of `ssh_config`, each read once.
#[derive(Debug)]
pub struct SshSettings {
    /// What flags of OpenSSH's own kind say: `--accept-new`, `--ssh-option`, `--jump`.
    flags: Vec<Given>,
    /// `--accept-new`, which is about jump hosts too.
    accept_new: bool,
    which: Which,
    /// Whether a flag names that file.
    is_file_named: bool,
    user: User,
    machine: ThisMachine,
    loaded: HashMap<Which, Result<Loaded, String>>,
    /// The jump hosts that were worked out, by the files that speak of them and the hosts up to them.
    jumps: HashMap<(Which, String), Result<Arc<JumpHost>, String>>,
    /// Warnings of files that were read and not told yet.
    warnings: Vec<String>,
    /// Words that have no effect, each with the hosts that have it.
    ignored: IndexMap<String, IndexSet<String>>,
}

impl SshSettings {
    /// Reads what was typed; options without effect are said.
    pub fn new(args: &ConnectionArgs, time: &TimeLeft, terminal: &Terminal) -> Result<Self, CommandError> {
        let wrong = |why: String| {
            CommandError::usage(why).hint("options are written as for `ssh -o`: `--ssh-option HostKeyAlias=gate`")
        };
        let mut flags = Vec::new();
        if args.accept_new {
            flags.push(accepting_new());
        }
        for option in &args.ssh_option {
            let read = arguments::read_option(option, "--ssh-option").map_err(wrong)?;
            for word in read.ignored {
                terminal.warn(&without_effect(&word, "--ssh-option"));
            }
            flags.extend(read.given);
        }
        if let Some(jump) = &args.jump {
            let words = ["-J".to_owned(), jump.clone()];
            flags.extend(arguments::read(&words, "--jump").map_err(wrong)?.given);
        }
        let home = home();
        Ok(Self {
            flags,
            accept_new: args.accept_new,
            which: args.ssh_config.as_deref().map_or(Which::Usual, Which::named),
            is_file_named: args.ssh_config.is_some(),
            user: ThisMachine::user(&home),
            machine: ThisMachine::within(time.clone()),
            loaded: HashMap::new(),
            jumps: HashMap::new(),
            warnings: Vec::new(),
            ignored: IndexMap::new(),
        })
    }

    /// Works out the settings of every target; one that OpenSSH would refuse has a defect.
    pub fn apply(
        &mut self,
        targets: &mut [Target],
        plan: &mut ConnectionPlan,
        terminal: &Terminal,
    ) -> Result<(), CommandError> {
        if let Err(why) = self.file(&self.which.clone()) {
            return Err(CommandError::bad_input(why).hint("see `man ssh_config`, FILES; `-F none` reads no such file"));
        }
        let over_ssh = targets.iter_mut().filter(|target| target.transport == Transport::Ssh);
        let mut open: Vec<&mut Target> = over_ssh.collect();
        while !open.is_empty() {
            // Each host may have commands of its own (`Match exec`): those that all hosts wait for run together.
            self.machine.postpone();
            let mut waiting = Vec::new();
            for target in open {
                let Some(settings) = target.settings.clone() else { continue };
                let settled = self.settle(&settings, &target.name, plan);
                if self.machine.is_waiting() {
                    waiting.push(target);
                    continue;
                }
                match settled {
                    Ok((config, host)) => {
                        target.address.clone_from(&config.host_name.value);
                        target.port = config.port.value;
                        target.user = Some(config.user.value.clone());
                        target.key_files = paths(config.identity_files.iter().map(|file| &file.value));
                        plan.hosts.insert(target.name.clone(), Arc::new(host));
                    }
                    Err(why) => {
                        let defects = target.defect.take().into_iter().chain([settings.without_secrets(&why)]);
                        target.defect = Some(defects.collect::<Vec<_>>().join("; "));
                    }
                }
            }
            self.machine.run_postponed();
            open = waiting;
        }
        self.tell(terminal);
        Ok(())
    }

    /// What OpenSSH would do for a host with these settings, and what the engine is told of it.
    fn settle(
        &mut self,
        settings: &ConnectionSettings,
        name: &str,
        plan: &ConnectionPlan,
    ) -> Result<(HostConfig, HostSettings), String> {
        let (config, which) = self.resolve(settings, name)?;
        let mut host = self.host_settings(&config, &which, plan, Some(&settings.timeout), 0)?;
        host.way.retries = settings.retries.value;
        Ok((config, host))
    }

    /// What OpenSSH would do for a host with these settings, and which files say so.
    fn resolve(&mut self, settings: &ConnectionSettings, name: &str) -> Result<(HostConfig, Which), String> {
        let (given, which) = self.given(settings, name)?;
        Ok((self.look_up(&settings.address.value, &given, &which)?, which))
    }

    fn look_up(&mut self, host: &str, given: &[Given], which: &Which) -> Result<HostConfig, String> {
        // Read beforehand, so that the file and the machine can be borrowed at once.
        self.file(which)?;
        let Some(Ok(loaded)) = self.loaded.get(which) else { return Err("ssh_config was not read".to_owned()) };
        let request = Request { host, given, user: &self.user };
        loaded.config.resolve(&request, &mut self.machine)
    }

    /// The rows of `inventory --explain` that `ssh_config` has a word in: those of the inventory's settings, what `ssh_config` says in
    /// place of nobody among them, then its other settings; and why OpenSSH would refuse the host.
    pub fn explained(&mut self, settings: &ConnectionSettings, name: &str) -> (Vec<Row>, Option<String>) {
        let config = match self.resolve(settings, name) {
            Ok((config, _)) => config,
            Err(why) => return (explain::rows(settings), Some(settings.without_secrets(&why))),
        };
        let mut rows = explain::rows(settings);
        for told in config.told() {
            let name = told.keyword.name();
            let provenance = match &told.origin {
                Origin::Line { file, line } => {
                    let place = Place { file: Arc::clone(file), line: *line };
                    Provenance::File { section: "", key: name, place }
                }
                Origin::Said(from) => match option_of(settings, from) {
                    Some(provenance) => provenance,
                    // A setting of the inventory, which has its own row.
                    None => continue,
                },
                Origin::Default => continue,
            };
            let is_option = matches!(told.origin, Origin::Said(_));
            let value = Value::Text(settings.without_secrets(&told.value));
            let row = Row { setting: name, value, provenance: Some(provenance), otherwise: "" };
            let own = match told.keyword {
                Keyword::HostName => "address",
                Keyword::Port => "port",
                Keyword::User => "user",
                Keyword::IdentityFile => "key_file",
                Keyword::ConnectTimeout => "timeout",
                _ => "",
            };
            // An option has the word even where the inventory has one, but for files of keys, which add up.
            let has_word = own == "address" || is_option && own != "key_file";
            let is_open = |row: &&mut Row| row.setting == own && (has_word || is_unset(row));
            match rows.iter_mut().find(is_open) {
                Some(open) => *open = Row { setting: open.setting, ..row },
                None => rows.push(row),
            }
        }
        (rows, None)
    }

    /// Tells what there is to say about files that were read and words that have no effect.
    pub fn tell(&mut self, terminal: &Terminal) {
        for warning in self.warnings.drain(..) {
            terminal.warn(&warning);
        }
        for (what, hosts) in self.ignored.drain(..) {
            let hosts = ranges::fold(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
            terminal.warn(&format!("{what} on {hosts}"));
        }
    }

    /// The engine's settings of a host, those of the hosts that are gone through included.
    fn host_settings(
        &mut self,
        config: &HostConfig,
        which: &Which,
        plan: &ConnectionPlan,
        exact: Option<&Placed<Duration>>,
        depth: usize,
    ) -> Result<HostSettings, String> {
        let proxy = match &config.proxy.value {
            config::Proxy::None => Proxy::None,
            config::Proxy::Command(command) => Proxy::Command(command.clone()),
            config::Proxy::Jump(hops) => match hops.split_last() {
                None => Proxy::None,
                Some((last, before)) => {
                    let is_itself = last.host == config.host_name.value
                        && last.port.unwrap_or(DEFAULT_PORT) == config.port.value
                        && last.user.as_ref().is_none_or(|user| *user == config.user.value);
                    if is_itself || depth >= MOST_JUMPS {
                        return Err(format!("{}: ProxyJump {last} leads in a circle", config.proxy.origin));
                    }
                    Proxy::Jump(self.jump(last, before, which, plan, depth + 1)?)
                }
            },
        };
        let timeout = timeout(config, exact, plan.limits.connect);
        let settings = engine_settings(config, plan, timeout, proxy);
        settings.algorithms.defect().map_or(Ok(settings), Err)
    }

    /// A jump host, and what is between this machine and it: the hosts that are written before it, else what `ssh_config` says of
    /// it. As with OpenSSH, nothing that was said of the host behind is said of it.
    fn jump(
        &mut self,
        hop: &Hop,
        before: &[Hop],
        which: &Which,
        plan: &ConnectionPlan,
        depth: usize,
    ) -> Result<Arc<JumpHost>, String> {
        let text = |hops: &[Hop]| hops.iter().map(Hop::to_string).collect::<Vec<_>>().join(",");
        let key = (which.clone(), format!("{},{hop}", text(before)));
        if let Some(known) = self.jumps.get(&key) {
            return known.clone();
        }
        let mut given = Vec::new();
        given.extend(hop.user.iter().map(|user| arguments::said(Keyword::User, user, "ProxyJump")));
        given.extend(hop.port.iter().map(|port| arguments::said(Keyword::Port, &port.to_string(), "ProxyJump")));
        if !before.is_empty() {
            given.push(arguments::said(Keyword::ProxyJump, &text(before), "ProxyJump"));
        }
        if self.accept_new {
            given.push(accepting_new());
        }
        let made = self.look_up(&hop.host, &given, which).and_then(|config| {
            let settings = self.host_settings(&config, which, plan, None, depth)?;
            let (address, port) = (config.host_name.value, config.port.value);
            Ok(Arc::new(JumpHost { name: hop.host.clone(), address, port, settings }))
        });
        let made = made.map_err(|why| format!("jump host {}: {why}", hop.host));
        // A circle is found again from wherever one begins.
        if made.is_ok() {
            self.jumps.insert(key, made.clone());
        }
        made
    }

    /// What is said before any file, and the file that is read instead: in the order in which Ansible says it to `ssh`, with the
    /// flags that Ansible does not have in their place.
    fn given(&mut self, settings: &ConnectionSettings, name: &str) -> Result<(Vec<Given>, Which), String> {
        let mut saying = Saying { said: Vec::new(), which: self.which.clone(), is_file_named: self.is_file_named };
        let mut flags = Vec::new();
        self.words(settings, &settings.ssh_args, name, &mut saying)?;
        let checking = &settings.host_key_checking;
        if !checking.value {
            saying.say(Keyword::StrictHostKeyChecking, "no", &checking.provenance);
        }
        if let Some(port) = &settings.port {
            let text = port.value.to_string();
            if matches!(port.provenance, Provenance::Flag(_) | Provenance::Environment("CLOCKAUDIT_PORT")) {
                flags.push(arguments::said(Keyword::Port, &text, &port.provenance.to_string()));
            } else {
                saying.say(Keyword::Port, &text, &port.provenance);
            }
        }
        if let Some(file) = &settings.key_file {
            // A name is not a pattern of tokens here.
            saying.say(Keyword::IdentityFile, &file.value.to_string_lossy().replace('%', "%%"), &file.provenance);
        }
        if let Some(user) = &settings.user {
            saying.say(Keyword::User, &user.value, &user.provenance);
        }
        let timeout = &settings.timeout;
        if timeout.provenance != Provenance::Default {
            saying.say(Keyword::ConnectTimeout, &timeout.value.as_secs().max(1).to_string(), &timeout.provenance);
        }
        self.words(settings, &settings.ssh_common_args, name, &mut saying)?;
        self.words(settings, &settings.ssh_extra_args, name, &mut saying)?;
        flags.extend(self.flags.iter().cloned());
        Ok((precedence::in_order(&saying.said, flags), saying.which))
    }

    fn words(
        &mut self,
        settings: &ConnectionSettings,
        words: &Placed<Vec<String>>,
        name: &str,
        saying: &mut Saying,
    ) -> Result<(), String> {
        let from = words.provenance.to_string();
        let read = arguments::read(&words.value, &from)?;
        for word in read.ignored {
            let word = settings.without_secrets(&word);
            self.ignored.entry(without_effect(&word, &from)).or_default().insert(name.to_owned());
        }
        let outweighs_flags = is_of_inventory(&words.provenance);
        if let Some(file) = read.file.filter(|_| outweighs_flags || !saying.is_file_named) {
            saying.which = Which::named(&file);
        }
        saying.said.extend(read.given.into_iter().map(|given| precedence::Said { given, outweighs_flags }));
        Ok(())
    }

    /// Reads a file that was not read yet.
    fn file(&mut self, which: &Which) -> Result<(), String> {
        if !self.loaded.contains_key(which) {
            let mut loaded = load(which, &PathBuf::from(&self.user.home)).map_err(|error| error.to_string());
            if let Ok(loaded) = &mut loaded {
                self.warnings.append(&mut loaded.warnings);
            }
            self.loaded.insert(which.clone(), loaded);
        }
        match self.loaded.get(which) {
            Some(Err(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }
}

/// What is said of one host, while it is put together.
struct Saying {
    said: Vec<precedence::Said>,
    which: Which,
    /// Whether a flag names that file.
    is_file_named: bool,
}

impl Saying {
    /// Says one of the settings that Ansible has a name for; by a flag of its own it outweighs options that say the same.
    fn say(&mut self, keyword: Keyword, value: &str, provenance: &Provenance) {
        let given = arguments::said(keyword, value, &provenance.to_string());
        let outweighs_flags = is_of_inventory(provenance) || matches!(provenance, Provenance::Flag(_));
        self.said.push(precedence::Said { given, outweighs_flags });
    }
}

/// Whether the inventory, or a variable on the command line, says it of the host.
fn is_of_inventory(provenance: &Provenance) -> bool {
    match provenance {
        Provenance::ExtraVariable { .. } | Provenance::Variable { .. } => true,
        Provenance::Flag(_) | Provenance::Environment(_) | Provenance::File { .. } | Provenance::Default => false,
    }
}

/// `--accept-new`.
fn accepting_new() -> Given {
    arguments::said(Keyword::StrictHostKeyChecking, "accept-new", "--accept-new")
}

/// Where an option of `ssh` was said: among the words for `ssh` that the inventory or a flag has, or by a flag of its own.
fn option_of(settings: &ConnectionSettings, from: &str) -> Option<Provenance> {
    let words = [&settings.ssh_args, &settings.ssh_common_args, &settings.ssh_extra_args];
    let of_words = words.into_iter().map(|words| &words.provenance).find(|provenance| provenance.to_string() == from);
    let flags = ["--ssh-option", "--jump", "--accept-new"];
    let flag = || flags.into_iter().find(|flag| *flag == from).map(Provenance::Flag);
    of_words.cloned().or_else(flag)
}

/// Whether nobody set it so far.
fn is_unset(row: &Row) -> bool {
    matches!(row.provenance, None | Some(Provenance::Default))
}

fn without_effect(word: &str, from: &str) -> String {
    format!("ssh option {word} ({from}) is not supported and has no effect")
}

fn home() -> PathBuf {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    home.unwrap_or_else(|| PathBuf::from("/"))
}

/// The engine's settings of a host.
fn engine_settings(config: &HostConfig, plan: &ConnectionPlan, timeout: Duration, proxy: Proxy) -> HostSettings {
    HostSettings {
        way: Way {
            timeout,
            attempts: config.connection_attempts.value,
            // Ansible's, and about the host itself.
            retries: 0,
            family: config.family.value,
            from: config.bind_address.value.clone(),
            proxy,
        },
        auth: auth(config, plan),
        host_key: HostKeySettings {
            alias: config.host_key_alias.value.clone(),
            user_files: paths(&config.user_known_hosts.value),
            global_files: paths(&config.global_known_hosts.value),
            revoked_files: paths(&config.revoked_host_keys.value),
            ca_algorithms: names(&config.ca_algorithms),
            unknown: match config.unknown_host_key.value {
                UnknownHostKey::Refuse => UnknownKeys::Refuse,
                UnknownHostKey::Accept => UnknownKeys::AcceptNew,
            },
            hash_names: config.hash_known_hosts.value,
        },
        algorithms: Algorithms {
            kex: names(&config.kex),
            ciphers: names(&config.ciphers),
            macs: names(&config.macs),
            host_keys: names(&config.host_key_algorithms),
        },
    }
}

fn auth(config: &HostConfig, plan: &ConnectionPlan) -> AuthSettings {
    let named = paths(config.identity_files.iter().map(|file| &file.value));
    AuthSettings {
        user: config.user.value.clone(),
        identity_files: if config.names_identities { named } else { plan.default_keys.clone() },
        is_named: config.names_identities,
        certificate_files: paths(config.certificate_files.iter().map(|file| &file.value)),
        identities_only: config.identities_only.value,
        agent: match &config.agent.value {
            Agent::Environment => plan.agent.clone(),
            Agent::None => None,
            Agent::Socket(path) => Some(PathBuf::from(path)),
        },
        methods: methods(config),
        password_attempts: if config.batch.value { 0 } else { config.password_prompts.value.min(PASSWORD_ATTEMPTS) },
        key_algorithms: names(&config.key_algorithms),
    }
}

/// The methods that may be tried, in the order that is preferred.
fn methods(config: &HostConfig) -> Vec<AuthMethod> {
    let is_allowed = |method: &AuthMethod| match method {
        AuthMethod::PublicKey => config.pubkey.value,
        AuthMethod::KeyboardInteractive => config.keyboard_interactive.value,
        AuthMethod::Password => config.password.value,
    };
    let preferred: Vec<AuthMethod> = match &config.preferred_methods.value {
        Some(list) => {
            let named = |name: &str| AuthMethod::ALL.into_iter().find(|method| method.name() == name);
            list.split(',').filter_map(named).collect()
        }
        None => AuthMethod::ALL.to_vec(),
    };
    preferred.into_iter().filter(is_allowed).collect()
}

/// How long connecting may take: the length that was set exactly, where it was not set by whole seconds.
fn timeout(config: &HostConfig, exact: Option<&Placed<Duration>>, default: Duration) -> Duration {
    match (&config.connect_timeout.origin, config.connect_timeout.value, exact) {
        (Origin::Said(from), _, Some(exact)) if **from == *exact.provenance.to_string() => exact.value,
        (_, Some(seconds), _) => Duration::from_secs(seconds.into()),
        (_, None, _) => default,
    }
}

fn names(list: &Setting<Option<String>>) -> Vec<String> {
    let names = list.value.iter().flat_map(|list| list.split(','));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn paths<'path>(files: impl IntoIterator<Item = &'path String>) -> Vec<PathBuf> {
    files.into_iter().map(PathBuf::from).collect()
}

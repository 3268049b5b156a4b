//! What `ssh` would be told: the inventory's words, the flags and `ssh_config`, put together for each host in OpenSSH's order.

mod engine;
mod explained;
mod flags;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::{IndexMap, IndexSet};

use self::engine::{engine_settings, paths, timeout};
use self::flags::{SshFlags, speaker};
use super::error::CommandError;
use crate::cli::ConnectionArgs;
use crate::files::TimeLeft;
use crate::files::ssh_config::{Loaded, ThisMachine, Which, load};
use crate::inventory::command_secrets::masked;
use crate::inventory::configuration::{Given as Placed, Provenance};
use crate::inventory::connection::ConnectionSettings;
use crate::inventory::ranges;
use crate::inventory::target::{Target, Transport};
use crate::openssh::DEFAULT_PORT;
use crate::openssh::config::precedence::{self, Said, Speaker};
use crate::openssh::config::{self, Given, Hop, HostConfig, Keyword, Request, User, arguments, destination};
use crate::ssh::{ConnectionPlan, HostSettings, JumpHost, Proxy};
use crate::terminal::Terminal;

/// How many hosts may be gone through, one behind the other.
const MOST_JUMPS: usize = 8;
/// What was said on the command line, and the files of `ssh_config`, each read once.
#[derive(Debug)]
pub struct SshSettings {
    flags: SshFlags,
    user: User,
    machine: ThisMachine,
    loaded: HashMap<Which, Result<Loaded, String>>,
    /// The jump hosts that were worked out, by the files that speak of them and the hosts up to them.
    jumps: HashMap<(Which, String), Arc<JumpHost>>,
    /// Warnings of files that were read and not told yet.
    warnings: Vec<String>,
    /// Words that have no effect, each with the hosts that have it.
    ignored: IndexMap<String, IndexSet<String>>,
}

/// Why nothing can be made of the settings of a host.
#[derive(Debug)]
enum Refusal {
    /// Its jump hosts lead back to each other: told once, and not again for each of them.
    Circle(String),
    /// In words.
    Told(String),
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self::Told(why)
    }
}

impl Refusal {
    fn text(self) -> String {
        match self {
            Self::Circle(why) | Self::Told(why) => why,
        }
    }
}

/// A jump host on the way: by what it is known, and what it is called.
type Passed = ((Which, String), String);

/// Which files of `ssh_config` are read for a host.
#[derive(Debug, Clone, Default)]
struct Files {
    which: Which,
    /// Where they are named; `None` = nowhere.
    named: Option<Provenance>,
}

impl SshSettings {
    /// Reads what was typed, or stands for it; options without effect are said.
    pub fn new(args: &ConnectionArgs, time: &TimeLeft, terminal: &Terminal) -> Result<Self, CommandError> {
        Ok(Self {
            flags: SshFlags::new(args, terminal)?,
            user: ThisMachine::user(&home()),
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
        if let Err(why) = self.file(&self.flags.files().which.clone()) {
            return Err(CommandError::bad_input(why).hint("see `man ssh_config`, FILES; `-F none` reads no such file"));
        }
        let over_ssh = targets.iter_mut().filter(|target| target.transport == Transport::Ssh);
        let mut open: Vec<&mut Target> = over_ssh.collect();
        while !open.is_empty() {
            // Each host may have commands and names of its own (`Match exec`, CanonicalizeHostname): what all hosts wait for is asked
            // at once.
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
            self.machine.answer_postponed();
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
        let (config, files) = self.resolve(settings, name)?;
        let host = self.host_settings(&config, &files.which, plan, Some(&settings.timeout), &mut Vec::new());
        let mut host = host.map_err(Refusal::text)?;
        host.way.retries = settings.retries.value;
        Ok((config, host))
    }

    /// What OpenSSH would do for a host with these settings, and which files say so.
    fn resolve(&mut self, settings: &ConnectionSettings, name: &str) -> Result<(HostConfig, Files), String> {
        let (mut given, files) = self.given(settings, name)?;
        // Ansible hands the address to `ssh` as it is, which takes a login name out of it where none was said before.
        let Placed { value: address, provenance } = &settings.address;
        let from = provenance.to_string();
        let Hop { host, user, port } = destination(address).map_err(|why| format!("{from}: {address}: {why}"))?;
        given.extend(user.iter().map(|user| arguments::said(Keyword::User, user, &from)));
        given.extend(port.iter().map(|port| arguments::said(Keyword::Port, &port.to_string(), &from)));
        Ok((self.look_up(&host, &given, &files.which)?, files))
    }

    fn look_up(&mut self, host: &str, given: &[Given], which: &Which) -> Result<HostConfig, String> {
        // Read beforehand, so that the file and the machine can be borrowed at once.
        self.file(which)?;
        let Some(Ok(loaded)) = self.loaded.get(which) else { return Err("ssh_config was not read".to_owned()) };
        let request = Request { host, given, user: &self.user };
        loaded.config.resolve(&request, &mut self.machine)
    }

    /// Tells what there is to say about files that were read and words that have no effect.
    pub fn tell(&mut self, terminal: &Terminal) {
        for warning in self.warnings.drain(..) {
            terminal.warn(&masked(&warning));
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
        passed: &mut Vec<Passed>,
    ) -> Result<HostSettings, Refusal> {
        let proxy = match &config.proxy.value {
            config::Proxy::None => Proxy::None,
            config::Proxy::Command(command) => Proxy::Command(command.clone()),
            config::Proxy::Jump(hops) => match hops.split_last() {
                None => Proxy::None,
                Some((last, before)) => {
                    let is_itself = last.host == config.host_name.value
                        && last.port.unwrap_or(DEFAULT_PORT) == config.port.value
                        && last.user.as_ref().is_none_or(|user| *user == config.user.value);
                    let origin = &config.proxy.origin;
                    if is_itself {
                        return Err(Refusal::Circle(format!("{origin}: ProxyJump {last} leads to that host itself")));
                    }
                    if passed.len() >= MOST_JUMPS {
                        return Err(format!("{origin}: ProxyJump goes through more than {MOST_JUMPS} hosts").into());
                    }
                    let key = (which.clone(), text(hops));
                    if let Some(first) = passed.iter().position(|(known, _)| *known == key) {
                        let names = passed.iter().skip(first).map(|(_, name)| name.as_str());
                        let circle = names.chain([last.host.as_str()]).collect::<Vec<_>>().join(" -> ");
                        let circle = format!("{origin}: ProxyJump leads in a circle: {circle}");
                        return Err(Refusal::Circle(circle));
                    }
                    passed.push((key, last.host.clone()));
                    let jump = self.jump(last, before, which, plan, passed);
                    passed.pop();
                    Proxy::Jump(jump?)
                }
            },
        };
        let timeout = timeout(config, exact, plan.limits.connect);
        let settings = engine_settings(config, plan, timeout, proxy);
        settings.algorithms.defect().map_or(Ok(settings), |why| Err(why.into()))
    }

    /// A jump host, and what is between this machine and it: the hosts that are written before it, else what `ssh_config` says of
    /// it. As with OpenSSH, nothing that was said of the host behind is said of it.
    fn jump(
        &mut self,
        hop: &Hop,
        before: &[Hop],
        which: &Which,
        plan: &ConnectionPlan,
        passed: &mut Vec<Passed>,
    ) -> Result<Arc<JumpHost>, Refusal> {
        let key = (which.clone(), format!("{},{hop}", text(before)));
        if let Some(known) = self.jumps.get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut given = Vec::new();
        given.extend(hop.user.iter().map(|user| arguments::said(Keyword::User, user, "ProxyJump")));
        given.extend(hop.port.iter().map(|port| arguments::said(Keyword::Port, &port.to_string(), "ProxyJump")));
        if !before.is_empty() {
            given.push(arguments::said(Keyword::ProxyJump, &text(before), "ProxyJump"));
        }
        given.extend(self.flags.of_jump_hosts());
        let config = self.look_up(&hop.host, &given, which).map_err(Refusal::Told);
        let made = config.and_then(|config| {
            let settings = self.host_settings(&config, which, plan, None, passed)?;
            let (address, port) = (config.host_name.value, config.port.value);
            Ok(Arc::new(JumpHost { name: hop.host.clone(), address, port, settings }))
        });
        let made = made.map_err(|refusal| match refusal {
            Refusal::Told(why) => Refusal::Told(format!("jump host {}: {why}", hop.host)),
            circle @ Refusal::Circle(_) => circle,
        })?;
        // What is refused is found again: a circle looks otherwise from wherever one begins.
        self.jumps.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// What is said before any file, and the file that is read instead: in the order in which Ansible says it to `ssh`, with the
    /// flags that Ansible does not have in their place.
    fn given(&mut self, settings: &ConnectionSettings, name: &str) -> Result<(Vec<Given>, Files), String> {
        let mut saying = Saying { said: Vec::new(), files: self.flags.files().clone() };
        let mut flags = Vec::new();
        self.words(settings, &settings.ssh_args, name, &mut saying)?;
        let checking = &settings.host_key_checking;
        if !checking.value {
            saying.say(Keyword::StrictHostKeyChecking, "no", &checking.provenance);
        }
        if let Some(port) = &settings.port {
            let said = named(Keyword::Port, &port.value.to_string(), &port.provenance);
            // A flag that Ansible does not have, unless Ansible's own settings say it.
            let is_own = matches!(said.speaker, Speaker::Flag | Speaker::OwnEnvironment | Speaker::OwnFile);
            if is_own { flags.push(said) } else { saying.said.push(said) }
        }
        if let Some(file) = &settings.key_file {
            // ssh expands tokens in it, which is where Ansible hands it to.
            saying.say(Keyword::IdentityFile, &file.value.to_string_lossy(), &file.provenance);
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
        flags.extend(self.flags.said());
        Ok((precedence::in_order(&saying.said, flags), saying.files))
    }

    fn words(
        &mut self,
        settings: &ConnectionSettings,
        words: &Placed<Vec<String>>,
        name: &str,
        saying: &mut Saying,
    ) -> Result<(), String> {
        let from = words.provenance.to_string();
        let shown = || words.value.iter().map(|word| settings.word_without_secrets(word)).collect::<Vec<_>>();
        let read = arguments::read(&words.value, &from).map_err(|why| {
            // What is wrong is told of the words as they are shown: a word may be a piece of a secret.
            let told = if shown() == words.value { Some(why) } else { arguments::read(&shown(), &from).err() };
            told.unwrap_or_else(|| format!("{from}: what is encrypted in it makes no options of ssh"))
        })?;
        for word in read.ignored {
            let word = settings.word_without_secrets(&word);
            self.ignored.entry(without_effect(&word, &from)).or_default().insert(name.to_owned());
        }
        let speaker = speaker(&words.provenance);
        let outweighs = |flag: &Provenance| speaker > self::speaker(flag);
        if let Some(file) = read.file.filter(|_| self.flags.files().named.as_ref().is_none_or(outweighs)) {
            saying.files = Files { which: Which::named(&file), named: Some(words.provenance.clone()) };
        }
        saying.said.extend(read.given.into_iter().map(|given| Said { given, speaker, has_own_name: false }));
        Ok(())
    }

    /// Reads a file that was not read yet.
    fn file(&mut self, which: &Which) -> Result<(), String> {
        if !self.loaded.contains_key(which) {
            let mut loaded =
                load(which, &PathBuf::from(&self.user.home), self.machine.time()).map_err(|error| error.to_string());
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
    said: Vec<Said>,
    files: Files,
}

impl Saying {
    /// Says one of the settings that Ansible has a name for.
    fn say(&mut self, keyword: Keyword, value: &str, provenance: &Provenance) {
        self.said.push(named(keyword, value, provenance));
    }
}

/// A setting that has a name of its own.
fn named(keyword: Keyword, value: &str, provenance: &Provenance) -> Said {
    let given = arguments::said(keyword, value, &provenance.to_string());
    Said { given, speaker: speaker(provenance), has_own_name: true }
}

/// Jump hosts as they are written.
fn text(hops: &[Hop]) -> String {
    hops.iter().map(Hop::to_string).collect::<Vec<_>>().join(",")
}

fn without_effect(word: &str, from: &str) -> String {
    format!("ssh option {} ({from}) is not supported and has no effect", masked(word))
}

fn home() -> PathBuf {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    home.unwrap_or_else(|| PathBuf::from("/"))
}

//! The result for one host: every value, and where it comes from.

use super::directive::{Given, Origin};
use super::evaluate::{Outside, Request, Values};
use super::jump::{self, Hop};
use super::keyword::Keyword;
use super::tokens::{PROXY, Tokens};
use super::value;
use crate::openssh::DEFAULT_PORT;

/// Where host keys of the user are.
const USER_KNOWN_HOSTS: [&str; 2] = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
/// Where host keys of the system are.
const GLOBAL_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];
/// How often OpenSSH asks for a password.
const PASSWORD_PROMPTS: u32 = 3;

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}

/// What happens to a host whose key is not known (`StrictHostKeyChecking`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownHostKey {
    /// It is refused (`yes`), or a person is asked (`ask`).
    Refuse,
    /// It is taken and stored (`accept-new`, `no`, `off`).
    Accept,
}

/// Addresses that are connected to (`AddressFamily`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// All.
    Any,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// How the host is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// Over TCP.
    None,
    /// By a command, its tokens replaced.
    Command(String),
    /// Through other hosts, the first one is connected to first.
    Jump(Vec<Hop>),
}

/// Which agent signs (`IdentityAgent`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// That of the environment (`SSH_AUTH_SOCK`).
    Environment,
    /// None.
    None,
    /// The one at a socket.
    Socket(String),
}

/// What OpenSSH would do for a host. Paths are whole, tokens replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostConfig {
    /// The name or address that is connected to.
    pub host_name: Setting<String>,
    /// The login name there.
    pub user: Setting<String>,
    /// The port.
    pub port: Setting<u16>,
    /// Key files in the order in which they are offered; empty where none are named, or where `none` is.
    pub identity_files: Vec<Setting<String>>,
    /// Whether key files were named, be it `none`; else the default ones are offered.
    pub names_identities: bool,
    /// Certificate files.
    pub certificate_files: Vec<Setting<String>>,
    /// Whether only named keys are offered.
    pub identities_only: Setting<bool>,
    /// Which agent signs.
    pub agent: Setting<Agent>,
    /// How long connecting may take, in seconds; `None` = as long as the system lets it.
    pub connect_timeout: Setting<Option<u32>>,
    /// How often connecting is tried, 1 at least.
    pub connection_attempts: Setting<u32>,
    /// Which addresses are connected to.
    pub family: Setting<Family>,
    /// The address of this machine that is connected from.
    pub bind_address: Setting<Option<String>>,
    /// The name under which host keys are looked up, in small letters.
    pub host_key_alias: Setting<Option<String>>,
    /// The user's files of known host keys.
    pub user_known_hosts: Setting<Vec<String>>,
    /// The system's files of known host keys.
    pub global_known_hosts: Setting<Vec<String>>,
    /// Files of host keys that are refused whatever else is known of them.
    pub revoked_host_keys: Setting<Vec<String>>,
    /// What happens where a key is not known.
    pub unknown_host_key: Setting<UnknownHostKey>,
    /// Whether names are stored hashed.
    pub hash_known_hosts: Setting<bool>,
    /// Key exchange; these lists are as they are written, with a leading `+`, `-` or `^` where they change the built-in list.
    pub kex: Setting<Option<String>>,
    /// Ciphers.
    pub ciphers: Setting<Option<String>>,
    /// Message authentication.
    pub macs: Setting<Option<String>>,
    /// Host keys.
    pub host_key_algorithms: Setting<Option<String>>,
    /// Signatures of certificates.
    pub ca_algorithms: Setting<Option<String>>,
    /// Keys of users.
    pub key_algorithms: Setting<Option<String>>,
    /// Methods of logging in, best first, as they are written.
    pub preferred_methods: Setting<Option<String>>,
    /// Whether keys may be offered.
    pub pubkey: Setting<bool>,
    /// Whether a password may be sent.
    pub password: Setting<bool>,
    /// Whether questions may be answered.
    pub keyboard_interactive: Setting<bool>,
    /// Whether nobody may be asked for anything.
    pub batch: Setting<bool>,
    /// How often a password may be asked for.
    pub password_prompts: Setting<u32>,
    /// How the host is connected to.
    pub proxy: Setting<Proxy>,
}

/// A file of keys: its name, where it stands, and whether that is a file of the user's.
type KeyFile<'config> = (&'config String, &'config Origin, bool);

/// What was said of a host, the first of each setting.
#[derive(Debug, Default)]
pub(super) struct Settled<'config> {
    pub(super) values: Values<'config>,
    pub(super) identities: Vec<KeyFile<'config>>,
    pub(super) certificates: Vec<KeyFile<'config>>,
    pub(super) proxy: Option<&'config Given>,
}

/// Turns words into values.
struct Making<'making> {
    settled: &'making Settled<'making>,
    request: &'making Request<'making>,
    outside: &'making dyn Outside,
    tokens: Tokens,
}

impl HostConfig {
    pub(super) fn new(
        host: String,
        request: &Request<'_>,
        settled: &Settled<'_>,
        outside: &dyn Outside,
    ) -> Result<Self, String> {
        let alias = settled.first(Keyword::HostKeyAlias).map(str::to_ascii_lowercase);
        let tokens = Tokens {
            host,
            original: request.host.to_owned(),
            key_name: alias.clone().unwrap_or_else(|| request.host.to_owned()),
            port: settled.first(Keyword::Port).and_then(value::port).unwrap_or(DEFAULT_PORT),
            remote_user: settled.first(Keyword::User).unwrap_or(&request.user.name).to_owned(),
            jump: settled.jump().unwrap_or_default().to_owned(),
        };
        let make = Making { settled, request, outside, tokens };
        make.refuse(Keyword::KnownHostsCommand, "no command is run for host keys")?;
        Ok(Self {
            host_name: make.setting(Keyword::HostName, |_| make.tokens.host.clone(), make.tokens.host.clone()),
            user: make.setting(Keyword::User, str::to_owned, make.tokens.remote_user.clone()),
            port: make.setting(Keyword::Port, |_| make.tokens.port, DEFAULT_PORT),
            identity_files: make.files(&settled.identities)?,
            names_identities: !settled.identities.is_empty(),
            certificate_files: make.files(&settled.certificates)?,
            identities_only: make.setting(Keyword::IdentitiesOnly, value::is_yes, false),
            agent: make.agent()?,
            connect_timeout: make.setting(
                Keyword::ConnectTimeout,
                |word| value::seconds(word).filter(|seconds| *seconds > 0),
                None,
            ),
            connection_attempts: make.attempts()?,
            family: make.setting(Keyword::AddressFamily, family, Family::Any),
            bind_address: make.text(Keyword::BindAddress),
            host_key_alias: make.setting(Keyword::HostKeyAlias, |_| alias.clone(), None),
            user_known_hosts: make.known_hosts(Keyword::UserKnownHostsFile, &USER_KNOWN_HOSTS)?,
            global_known_hosts: make.known_hosts(Keyword::GlobalKnownHostsFile, &GLOBAL_KNOWN_HOSTS)?,
            revoked_host_keys: make.known_hosts(Keyword::RevokedHostKeys, &[])?,
            unknown_host_key: make.setting(Keyword::StrictHostKeyChecking, unknown_host_key, UnknownHostKey::Refuse),
            hash_known_hosts: make.setting(Keyword::HashKnownHosts, value::is_yes, false),
            kex: make.text(Keyword::KexAlgorithms),
            ciphers: make.text(Keyword::Ciphers),
            macs: make.text(Keyword::Macs),
            host_key_algorithms: make.text(Keyword::HostKeyAlgorithms),
            ca_algorithms: make.text(Keyword::CaSignatureAlgorithms),
            key_algorithms: make.text(Keyword::PubkeyAcceptedAlgorithms),
            preferred_methods: make.text(Keyword::PreferredAuthentications),
            pubkey: make.setting(
                Keyword::PubkeyAuthentication,
                |word| !["no", "false"].contains(&word.to_ascii_lowercase().as_str()),
                true,
            ),
            password: make.setting(Keyword::PasswordAuthentication, value::is_yes, true),
            keyboard_interactive: make.setting(Keyword::KbdInteractiveAuthentication, value::is_yes, true),
            batch: make.setting(Keyword::BatchMode, value::is_yes, false),
            password_prompts: make.setting(
                Keyword::NumberOfPasswordPrompts,
                |word| value::number(word).unwrap_or(PASSWORD_PROMPTS),
                PASSWORD_PROMPTS,
            ),
            proxy: make.proxy()?,
        })
    }
}

impl Making<'_> {
    fn setting<T>(&self, keyword: Keyword, read: impl Fn(&str) -> T, default: T) -> Setting<T> {
        let given = self.settled.values.get(&keyword);
        let word = given.and_then(|given| given.words.first().map(|word| (word, given.origin.clone())));
        match word {
            Some((word, origin)) => Setting { value: read(word), origin },
            None => Setting { value: default, origin: Origin::Default },
        }
    }

    fn text(&self, keyword: Keyword) -> Setting<Option<String>> {
        self.setting(keyword, |word| Some(word.to_owned()), None)
    }

    /// Refuses the host where a setting has a value that cannot be honoured without danger.
    fn refuse(&self, keyword: Keyword, why: &str) -> Result<(), String> {
        let set = self.text(keyword);
        match set.value {
            Some(text) if !text.eq_ignore_ascii_case("none") => {
                Err(format!("{}: {} is not supported: {why}", set.origin, keyword.name()))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, text: &str, origin: &Origin) -> Result<String, String> {
        self.tokens.path(text, self.request.user, self.outside).map_err(|why| format!("{origin}: {why}"))
    }

    fn files(&self, files: &[KeyFile<'_>]) -> Result<Vec<Setting<String>>, String> {
        let named = files.iter().filter(|(text, ..)| !text.eq_ignore_ascii_case("none"));
        named
            .map(|(text, origin, _)| Ok(Setting { value: self.path(text, origin)?, origin: (*origin).clone() }))
            .collect()
    }

    /// Files of known or revoked keys.
    fn known_hosts(&self, keyword: Keyword, default: &[&str]) -> Result<Setting<Vec<String>>, String> {
        let (words, origin): (Vec<&str>, Origin) = match self.settled.values.get(&keyword) {
            Some(given) => (given.words.iter().map(String::as_str).collect(), given.origin.clone()),
            None => (default.to_vec(), Origin::Default),
        };
        let is_plain = keyword == Keyword::GlobalKnownHostsFile;
        let files = words.into_iter().filter(|word| !word.eq_ignore_ascii_case("none"));
        let files = files.map(|word| if is_plain { Ok(word.to_owned()) } else { self.path(word, &origin) });
        Ok(Setting { value: files.collect::<Result<_, _>>()?, origin })
    }

    fn attempts(&self) -> Result<Setting<u32>, String> {
        let attempts = self.setting(Keyword::ConnectionAttempts, |word| value::number(word).unwrap_or(1), 1);
        match attempts.value {
            0 => Err(format!("{}: ConnectionAttempts is 0", attempts.origin)),
            _ => Ok(attempts),
        }
    }

    fn agent(&self) -> Result<Setting<Agent>, String> {
        let Setting { value: word, origin } = self.text(Keyword::IdentityAgent);
        let value = match word.as_deref() {
            None | Some("SSH_AUTH_SOCK") => Agent::Environment,
            Some("none") => Agent::None,
            Some(word) => match word.strip_prefix('$').filter(|name| !name.starts_with('{')) {
                Some(name) => self.outside.variable(name).map_or(Agent::None, Agent::Socket),
                None => Agent::Socket(self.path(word, &origin)?),
            },
        };
        Ok(Setting { value, origin })
    }

    fn proxy(&self) -> Result<Setting<Proxy>, String> {
        let Some(given) = self.settled.proxy else {
            return Ok(Setting { value: Proxy::None, origin: Origin::Default });
        };
        let origin = given.origin.clone();
        let text = given.words.first().map(String::as_str).unwrap_or_default();
        let replaced =
            |text: &str| self.tokens.replace(text, PROXY, self.request.user).map_err(|why| format!("{origin}: {why}"));
        let value = if text.eq_ignore_ascii_case("none") || text.is_empty() {
            Proxy::None
        } else if given.keyword == Keyword::ProxyCommand {
            Proxy::Command(replaced(text)?)
        } else {
            let hops = jump::parse(text).map_err(|why| format!("{origin}: ProxyJump {text}: {why}"))?;
            let hops = hops.into_iter().map(|hop| {
                let user = hop.user.as_deref().map(replaced).transpose()?;
                Ok::<_, String>(Hop { host: replaced(&hop.host)?, user, port: hop.port })
            });
            Proxy::Jump(hops.collect::<Result<_, _>>()?)
        };
        Ok(Setting { value, origin })
    }
}

fn family(word: &str) -> Family {
    match word.to_ascii_lowercase().as_str() {
        "inet" => Family::V4,
        "inet6" => Family::V6,
        _ => Family::Any,
    }
}

fn unknown_host_key(word: &str) -> UnknownHostKey {
    match word.to_ascii_lowercase().as_str() {
        "accept-new" | "no" | "off" | "false" => UnknownHostKey::Accept,
        _ => UnknownHostKey::Refuse,
    }
}

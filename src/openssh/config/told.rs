//! What of a host's configuration somebody set, in words, for people.

use super::directive::Origin;
use super::host_config::{Agent, Family, HostConfig, Proxy, Setting, UnknownHostKey};
use super::jump::Hop;
use super::keyword::Keyword;

/// A setting in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which one.
    pub keyword: Keyword,
    /// Its value, as one would write it.
    pub value: String,
    /// Who said so.
    pub origin: Origin,
}

impl HostConfig {
    /// Every setting that somebody set, in the order of connecting.
    pub fn told(&self) -> Vec<Told> {
        let proxy = match &self.proxy.value {
            Proxy::Command(_) => Keyword::ProxyCommand,
            Proxy::Jump(_) | Proxy::None => Keyword::ProxyJump,
        };
        let files = |keyword, files: &[Setting<String>]| {
            files.iter().map(|file| told(keyword, file, file.value.clone())).collect::<Vec<_>>()
        };
        let all = [
            vec![
                told(Keyword::HostName, &self.host_name, self.host_name.value.clone()),
                told(Keyword::Port, &self.port, self.port.value.to_string()),
                told(Keyword::User, &self.user, self.user.value.clone()),
                told(proxy, &self.proxy, proxy_text(&self.proxy.value)),
                told(Keyword::AddressFamily, &self.family, family(self.family.value)),
                text(Keyword::BindAddress, &self.bind_address),
                told(Keyword::ConnectTimeout, &self.connect_timeout, seconds(self.connect_timeout.value)),
                told(
                    Keyword::ConnectionAttempts,
                    &self.connection_attempts,
                    self.connection_attempts.value.to_string(),
                ),
                text(Keyword::HostKeyAlias, &self.host_key_alias),
                told(Keyword::StrictHostKeyChecking, &self.unknown_host_key, checking(self.unknown_host_key.value)),
                told(Keyword::UserKnownHostsFile, &self.user_known_hosts, list(&self.user_known_hosts.value)),
                told(Keyword::GlobalKnownHostsFile, &self.global_known_hosts, list(&self.global_known_hosts.value)),
                told(Keyword::RevokedHostKeys, &self.revoked_host_keys, list(&self.revoked_host_keys.value)),
                told(Keyword::HashKnownHosts, &self.hash_known_hosts, yes(self.hash_known_hosts.value)),
            ],
            files(Keyword::IdentityFile, &self.identity_files),
            files(Keyword::CertificateFile, &self.certificate_files),
            vec![
                told(Keyword::IdentitiesOnly, &self.identities_only, yes(self.identities_only.value)),
                told(Keyword::IdentityAgent, &self.agent, agent(&self.agent.value)),
                text(Keyword::PreferredAuthentications, &self.preferred_methods),
                told(Keyword::PubkeyAuthentication, &self.pubkey, yes(self.pubkey.value)),
                told(Keyword::PasswordAuthentication, &self.password, yes(self.password.value)),
                told(
                    Keyword::KbdInteractiveAuthentication,
                    &self.keyboard_interactive,
                    yes(self.keyboard_interactive.value),
                ),
                told(Keyword::BatchMode, &self.batch, yes(self.batch.value)),
                told(Keyword::NumberOfPasswordPrompts, &self.password_prompts, self.password_prompts.value.to_string()),
                text(Keyword::KexAlgorithms, &self.kex),
                text(Keyword::Ciphers, &self.ciphers),
                text(Keyword::Macs, &self.macs),
                text(Keyword::HostKeyAlgorithms, &self.host_key_algorithms),
                text(Keyword::PubkeyAcceptedAlgorithms, &self.key_algorithms),
                text(Keyword::CaSignatureAlgorithms, &self.ca_algorithms),
            ],
        ];
        all.into_iter().flatten().filter(|told| told.origin != Origin::Default).collect()
    }
}

fn told<T>(keyword: Keyword, setting: &Setting<T>, value: String) -> Told {
    Told { keyword, value, origin: setting.origin.clone() }
}

fn text(keyword: Keyword, setting: &Setting<Option<String>>) -> Told {
    told(keyword, setting, setting.value.clone().unwrap_or_default())
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn list(files: &[String]) -> String {
    if files.is_empty() { "none".to_owned() } else { files.join(" ") }
}

fn seconds(value: Option<u32>) -> String {
    value.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string())
}

fn family(value: Family) -> String {
    match value {
        Family::Any => "any",
        Family::V4 => "inet",
        Family::V6 => "inet6",
    }
    .to_owned()
}

fn checking(value: UnknownHostKey) -> String {
    match value {
        UnknownHostKey::Refuse => "yes",
        UnknownHostKey::Accept => "accept-new",
    }
    .to_owned()
}

fn agent(value: &Agent) -> String {
    match value {
        Agent::Environment => "SSH_AUTH_SOCK".to_owned(),
        Agent::None => "none".to_owned(),
        Agent::Socket(path) => path.clone(),
    }
}

fn proxy_text(proxy: &Proxy) -> String {
    match proxy {
        Proxy::None => "none".to_owned(),
        Proxy::Command(command) => command.clone(),
        Proxy::Jump(hops) => hops.iter().map(Hop::to_string).collect::<Vec<_>>().join(","),
    }
}

//! What OpenSSH would do for one host, in the terms of the engine.

use std::path::PathBuf;
use std::time::Duration;

use crate::inventory::configuration::Given;
use crate::openssh::config::{Agent, HostConfig, Origin, Setting, UnknownHostKey};
use crate::ssh::{
    Algorithms, AuthMethod, AuthSettings, ConnectionPlan, HostKeySettings, HostSettings, Proxy, UnknownKeys, Way,
};

/// How often a password is sent: a wrong one that is sent again locks accounts.
const PASSWORD_ATTEMPTS: u32 = 1;

/// The engine's settings of a host.
pub(super) fn engine_settings(
    config: &HostConfig,
    plan: &ConnectionPlan,
    timeout: Duration,
    proxy: Proxy,
) -> HostSettings {
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
pub(super) fn timeout(config: &HostConfig, exact: Option<&Given<Duration>>, default: Duration) -> Duration {
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

pub(super) fn paths<'path>(files: impl IntoIterator<Item = &'path String>) -> Vec<PathBuf> {
    files.into_iter().map(PathBuf::from).collect()
}

//! A look at what this machine has for a scan: open files, agent, keys, known hosts. Nothing is connected to but the agent.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexSet;
use nix::sys::resource::{Resource, getrlimit};

use super::known_keys::KeyFiles;
use super::login::Identities;
use super::plan::ConnectionPlan;
use super::settings::{AuthSettings, HostSettings};
use crate::audit::fitness::{Agent, KeyFile, KnownHosts};
use crate::inventory::target::{Target, Transport};

/// What a scan of some targets would find on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The hard limit of open files.
    pub open_files: u64,
    /// The agent.
    pub agent: Agent,
    /// The key files that exist or are named.
    pub key_files: Vec<KeyFile>,
    /// The known host keys.
    pub known_hosts: KnownHosts,
    /// The targets that there is nothing to log in to with, or to a jump host before them.
    pub stranded: Vec<String>,
}

/// Looks at what a scan of these targets would use.
pub async fn inspect(plan: &ConnectionPlan, targets: &[Target]) -> Inspection {
    let settings: Vec<_> = targets.iter().map(|target| plan.settings(target)).collect();
    let named = settings.iter().flat_map(|host| host.and_jumps()).map(|host| &host.auth).filter(|login| login.is_named);
    let named: HashSet<&PathBuf> = named.flat_map(|login| &login.identity_files).collect();
    // Where no target names a key the default ones count, and where there is no target the agent does all the same.
    let of_nobody = plan.settings(&Target::default());
    let all = settings.iter().chain([&of_nobody]).flat_map(|settings| settings.and_jumps());
    let logins = all.map(|settings| &settings.auth);
    let identities = Identities::load(logins, &plan.unlocked);
    let keys = if settings.is_empty() { std::slice::from_ref(&of_nobody) } else { &settings };
    let files: IndexSet<&PathBuf> = keys
        .iter()
        .flat_map(|host| host.and_jumps())
        .flat_map(|host| host.host_key.user_files.iter().chain(&host.host_key.global_files))
        .collect();
    Inspection {
        open_files: getrlimit(Resource::RLIMIT_NOFILE).map_or(1_024, |(_, hard)| hard),
        agent: identities.agent_state(plan.agent.as_ref()).await,
        key_files: identities.file_states(|path| named.contains(path)).await,
        known_hosts: known_hosts(&files),
        stranded: stranded(&identities, targets, &settings).await,
    }
}

/// The targets that there is nothing to log in to with.
async fn stranded(identities: &Identities, targets: &[Target], settings: &[Arc<HostSettings>]) -> Vec<String> {
    // Thousands of hosts may be logged in to alike.
    let mut looked_at: HashMap<(&AuthSettings, bool), bool> = HashMap::new();
    let mut stranded = Vec::new();
    for (target, host) in targets.iter().zip(settings) {
        if target.transport != Transport::Ssh || target.defect.is_some() {
            continue;
        }
        for (place, login) in host.and_jumps().map(|host| &host.auth).enumerate() {
            // A password of a jump host is asked for once it is wanted.
            let has_password = if place == 0 { target.password.is_some() } else { login.password_attempts > 0 };
            let has_way = match looked_at.get(&(login, has_password)) {
                Some(known) => *known,
                None => identities.has_way(login, has_password).await,
            };
            looked_at.insert((login, has_password), has_way);
            if !has_way {
                stranded.push(target.name.clone());
                break;
            }
        }
    }
    stranded
}

fn known_hosts(files: &IndexSet<&PathBuf>) -> KnownHosts {
    let (known, unreadable) = KeyFiles::default().together(files.iter().copied());
    KnownHosts { keys: known.len(), unreadable }
}

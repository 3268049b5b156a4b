//! Which key files a passphrase is asked for before anybody is connected to.

use std::path::PathBuf;
use std::sync::Arc;

use super::identities::Identities;
use crate::inventory::target::{Target, Transport};
use crate::ssh::plan::ConnectionPlan;
use crate::ssh::settings::{AuthMethod, HostSettings};

/// What a scan cannot use without a passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedKeys {
    /// The encrypted key files, each once: one that is named for some host, and whose key the agent does not hold; a default one
    /// only where a host has nothing else.
    pub files: Vec<PathBuf>,
    /// Whether no host can be logged in to without them.
    pub nobody_else: bool,
}

/// The key files that need a passphrase for a scan of these targets.
pub async fn locked_keys(plan: &ConnectionPlan, targets: &[Target]) -> LockedKeys {
    let is_asked = |target: &&Target| target.transport == Transport::Ssh && target.defect.is_none();
    let hosts: Vec<(&Target, Arc<HostSettings>)> =
        targets.iter().filter(is_asked).map(|target| (target, plan.settings(target))).collect();
    let logins = hosts.iter().flat_map(|(_, settings)| settings.and_jumps()).map(|settings| &settings.auth);
    let identities = Identities::load(logins, &plan.unlocked);
    let mut locked = LockedKeys { files: Vec::new(), nobody_else: hosts.len() == targets.len() };
    if !identities.has_locked() {
        return LockedKeys { nobody_else: false, ..locked };
    }
    for (target, settings) in &hosts {
        let login = &settings.auth;
        let by_key = login.methods.contains(&AuthMethod::PublicKey);
        let mut files = if by_key { identities.locked(login, target.password.is_some()).await } else { Vec::new() };
        if files.is_empty() || target.password.is_some() || !identities.offers(login).await.keys.is_empty() {
            locked.nobody_else = false;
        }
        for jump in settings.and_jumps().skip(1).filter(|jump| jump.auth.methods.contains(&AuthMethod::PublicKey)) {
            files.extend(identities.locked(&jump.auth, false).await);
        }
        for path in files {
            if !locked.files.iter().any(|known| known == path) {
                locked.files.push(path.to_owned());
            }
        }
    }
    locked
}

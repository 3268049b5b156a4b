//! Which key files a passphrase is asked for before anybody is connected to.

use std::path::PathBuf;

use super::identities::Identities;
use crate::inventory::target::{Target, Transport};
use crate::ssh::plan::ConnectionPlan;
use crate::ssh::settings::{AuthMethod, HostSettings};

/// The key files that need a passphrase for a scan of these targets, each once: a file that is named for some host, and whose
/// key the agent does not hold; a default file only where a host has nothing else.
pub async fn locked_keys(plan: &ConnectionPlan, targets: &[Target]) -> Vec<PathBuf> {
    let is_asked = |target: &&Target| target.transport == Transport::Ssh && target.defect.is_none();
    let hosts: Vec<(&Target, std::sync::Arc<HostSettings>)> =
        targets.iter().filter(is_asked).map(|target| (target, plan.settings(target))).collect();
    let identities = Identities::load(hosts.iter().map(|(_, settings)| &settings.auth), &plan.unlocked);
    let mut locked: Vec<PathBuf> = Vec::new();
    for (target, settings) in &hosts {
        if !settings.auth.methods.contains(&AuthMethod::PublicKey) {
            continue;
        }
        for path in identities.locked(&settings.auth, target.password.is_some()).await {
            if !locked.iter().any(|known| known == path) {
                locked.push(path.to_owned());
            }
        }
    }
    locked
}

//! By what a host is reached: the names of Ansible's connection plugins, and what each of them means here.

use super::settings::ConnectionSettings;
use crate::inventory::target::Transport;

/// Connection plugins that speak SSH.
const SSH: [&str; 4] = ["ssh", "smart", "ansible.builtin.ssh", "ansible.legacy.ssh"];
/// Other implementations of SSH: the same hosts by the same protocol.
const SSH_BY_ANOTHER_NAME: [&str; 6] =
    ["paramiko", "paramiko_ssh", "ansible.builtin.paramiko_ssh", "libssh", "ansible.netcommon.libssh", "openssh"];
/// This machine itself.
const LOCAL: [&str; 3] = ["local", "ansible.builtin.local", "ansible.legacy.local"];
/// Last parts of the names of plugins that enter containers: they share their host's clock.
const CONTAINERS: [&str; 15] = [
    "docker",
    "docker_api",
    "nsenter",
    "podman",
    "buildah",
    "kubectl",
    "oc",
    "lxc",
    "lxd",
    "incus",
    "jail",
    "iocage",
    "zone",
    "chroot",
    "funcd",
];
/// Windows.
const WINDOWS: [&str; 2] = ["winrm", "psrp"];
/// Network gear.
const NETWORK: [&str; 5] = ["network_cli", "netconf", "httpapi", "grpc", "persistent"];
/// Machines that are reached through a provider's service.
const SERVICES: [&str; 4] = ["aws_ssm", "ssm", "iap", "qubes"];

/// How a host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) transport: Transport,
    /// Whether SSH was asked for under the name of another implementation.
    pub(super) is_alias: bool,
}

/// Why a host is not reached at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// By its nature: what says so, `winrm`, and the reason.
    Skip { by: String, reason: String },
    /// By a setting that is wrong.
    Defect(String),
}

/// How the host of these settings is reached, if it can be.
pub(super) fn reach(settings: &ConnectionSettings) -> Result<Reach, Unreachable> {
    let shell = settings.shell_type.as_ref().map(|shell| shell.value.as_str());
    if let Some(shell) = shell.filter(|shell| matches!(*shell, "powershell" | "cmd")) {
        let reason = format!("shell '{shell}' (Windows) is not supported; clockaudit needs SSH and chrony");
        return Err(Unreachable::Skip { by: shell.to_owned(), reason });
    }
    let skip = |reason: String| Err(Unreachable::Skip { by: settings.connection.value.clone(), reason });
    let name = settings.connection.value.as_str();
    let last = name.rsplit('.').next().unwrap_or_default();
    if SSH.contains(&name) {
        Ok(Reach { transport: Transport::Ssh, is_alias: false })
    } else if LOCAL.contains(&name) {
        Ok(Reach { transport: Transport::Local, is_alias: false })
    } else if SSH_BY_ANOTHER_NAME.contains(&name) {
        Ok(Reach { transport: Transport::Ssh, is_alias: true })
    } else if CONTAINERS.contains(&last) {
        skip(format!("connection '{name}' is not SSH; a container shares its host's clock, audit the host instead"))
    } else if WINDOWS.contains(&last) {
        skip(format!("connection '{name}' (Windows) is not supported; clockaudit needs SSH and chrony"))
    } else if NETWORK.contains(&last) || SERVICES.contains(&last) {
        skip(format!("connection '{name}' is not supported; clockaudit needs SSH and chrony"))
    } else {
        let place = &settings.connection.provenance;
        Err(Unreachable::Defect(format!("{place} is '{name}', which is not known; clockaudit needs SSH")))
    }
}

//! The connection settings of one host, read from its variables.

use super::{ConnectionFlags, Unreachable, winning};
use crate::inventory::model::{Inventory, Variable, Variables};
use crate::inventory::target::Transport;
use crate::inventory::value::Value;

/// The port of SSH.
pub const DEFAULT_PORT: u16 = 22;

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
pub(super) struct Reach {
    pub(super) transport: Transport,
    /// The name under which SSH was asked for, if it is another.
    pub(super) alias: Option<String>,
}

/// The effective variables of one host.
pub(super) struct Settings<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) variables: &'a Variables,
}

impl Settings<'_> {
    /// How the host is reached, if it can be.
    pub(super) fn reach(&self) -> Result<Reach, Unreachable> {
        let connection = self.text(&["ansible_connection"]).map_err(Unreachable::Defect)?;
        let shell = self.text(&["ansible_shell_type"]).map_err(Unreachable::Defect)?;
        if let Some(shell) = shell.filter(|shell| matches!(shell.as_str(), "powershell" | "cmd")) {
            return Err(Unreachable::Skip(format!(
                "shell '{shell}' (Windows) is not supported; clockaudit needs SSH and chrony"
            )));
        }
        let Some(connection) = connection else { return Ok(Reach { transport: Transport::Ssh, alias: None }) };
        let name = connection.as_str();
        let last = name.rsplit('.').next().unwrap_or_default();
        if SSH.contains(&name) {
            Ok(Reach { transport: Transport::Ssh, alias: None })
        } else if LOCAL.contains(&name) {
            Ok(Reach { transport: Transport::Local, alias: None })
        } else if SSH_BY_ANOTHER_NAME.contains(&name) {
            Ok(Reach { transport: Transport::Ssh, alias: Some(connection) })
        } else if CONTAINERS.contains(&last) {
            Err(Unreachable::Skip(format!(
                "connection '{name}' is not SSH; a container shares its host's clock, audit the host instead"
            )))
        } else if WINDOWS.contains(&last) {
            Err(Unreachable::Skip(format!(
                "connection '{name}' (Windows) is not supported; clockaudit needs SSH and chrony"
            )))
        } else if NETWORK.contains(&last) || SERVICES.contains(&last) {
            Err(Unreachable::Skip(format!("connection '{name}' is not supported; clockaudit needs SSH and chrony")))
        } else {
            let place =
                self.variables.get("ansible_connection").map(|variable| self.place(variable)).unwrap_or_default();
            Err(Unreachable::Defect(format!("connection '{name}'{place} is not known; clockaudit needs SSH")))
        }
    }

    /// What to connect to.
    pub(super) fn address(&self, name: &str) -> Result<String, String> {
        let names = ["ansible_ssh_host", "ansible_host"];
        let Some(address) = self.text(&names)? else { return Ok(name.to_owned()) };
        let setting = || self.named(&names);
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&address);
        if bare.is_empty() {
            return Err(format!("{} is empty", setting()));
        }
        let is_ipv6 = bare.split('%').next().is_some_and(|part| part.parse::<core::net::Ipv6Addr>().is_ok());
        let has_port = bare.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        if has_port && !is_ipv6 {
            return Err(format!("{} is {address}; a port belongs into ansible_port", setting()));
        }
        if bare.contains(|next: char| next.is_whitespace() || next.is_control()) {
            return Err(format!(
                "{} has a blank in it: write the name or address alone, and other settings as variables of their own",
                setting()
            ));
        }
        Ok(bare.to_owned())
    }

    /// The port: variable, `-p`, `--ssh-option Port=`, 22.
    pub(super) fn port(&self, flags: &ConnectionFlags) -> Result<u16, String> {
        let names = ["ansible_ssh_port", "ansible_port"];
        if let Some(text) = self.text(&names)? {
            // Ansible takes 22.0 for 22.
            let whole = text.trim().strip_suffix(".0").unwrap_or(text.trim());
            let port = whole.parse().ok().filter(|port| *port != 0);
            return port.ok_or_else(|| format!("{} is no port: {text}", self.named(&names)));
        }
        match flags.port.map_or_else(|| option_port(&flags.ssh_options), |port| Ok(Some(port))) {
            Ok(port) => Ok(port.unwrap_or(DEFAULT_PORT)),
            Err(text) => Err(format!("--ssh-option {text} is no port")),
        }
    }

    /// The text of the setting that `names` are the names of, the one that wins first.
    pub(super) fn text(&self, names: &[&'static str]) -> Result<Option<String>, String> {
        let Some((_, variable)) = winning(self.variables, names) else { return Ok(None) };
        if variable.value.has_template() {
            let text = &variable.value;
            return Err(format!("{} is a template, which is not rendered yet: {text}", self.named(names)));
        }
        match variable.value.scalar_text() {
            Some(text) => Ok(Some(text)),
            None => Err(format!("{} is a list or a mapping, not one value", self.named(names))),
        }
    }

    /// The winning variable and where it was set: `ansible_port (hosts.ini line 1)`.
    fn named(&self, names: &[&'static str]) -> String {
        match winning(self.variables, names) {
            Some((name, variable)) => format!("{name}{}", self.place(variable)),
            None => names.last().copied().unwrap_or_default().to_owned(),
        }
    }

    fn place(&self, variable: &Variable) -> String {
        let origin = variable.origin.and_then(|origin| Some((self.inventory.source(origin.source)?, origin.line)));
        origin.map(|(source, line)| format!(" ({} line {line})", source.name)).unwrap_or_default()
    }
}

/// `Port` among OpenSSH's settings: the first one wins.
fn option_port(options: &[String]) -> Result<Option<u16>, &str> {
    let port = options.iter().find_map(|option| {
        let (keyword, value) = option.trim().split_once(|next: char| next == '=' || next.is_whitespace())?;
        keyword.eq_ignore_ascii_case("port").then(|| (option, value.trim_matches(['=', ' ', '\t', '"'])))
    });
    match port {
        None => Ok(None),
        Some((option, value)) => match value.parse() {
            Ok(0) | Err(_) => Err(option),
            Ok(port) => Ok(Some(port)),
        },
    }
}

/// Whether a value counts as set.
pub(super) fn is_set(variable: &Variable) -> bool {
    variable.value != Value::Null
}

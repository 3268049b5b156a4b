//! The settings of connections: by which variables of a host each goes, and under which names the configuration has it.
//! Among several variables of one setting the last one that is set wins, wherever it was set.

use crate::inventory::configuration::{Names, names};

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Variables of the host.
    pub(super) variables: &'static [&'static str],
    /// Names in the configuration, where it can be set there.
    pub(super) names: Option<&'static Names>,
}

const fn setting(variables: &'static [&'static str], names: &'static Names) -> Setting {
    Setting { variables, names: Some(names) }
}

pub(super) const ADDRESS: Setting = Setting { variables: &["ansible_host", "ansible_ssh_host"], names: None };
pub(super) const PORT: Setting = setting(&["ansible_port", "ansible_ssh_port"], &names::REMOTE_PORT);
pub(super) const USER: Setting = setting(&["ansible_user", "ansible_ssh_user"], &names::REMOTE_USER);
pub(super) const PASSWORD: Setting =
    Setting { variables: &["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"], names: None };
pub(super) const KEY_FILE: Setting =
    setting(&["ansible_private_key_file", "ansible_ssh_private_key_file"], &names::PRIVATE_KEY_FILE);
pub(super) const KEY_TEXT: Setting = setting(&["ansible_private_key", "ansible_ssh_private_key"], &names::PRIVATE_KEY);
pub(super) const KEY_PASSPHRASE: Setting =
    setting(&["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"], &names::PRIVATE_KEY_PASSPHRASE);
pub(super) const HOST_KEY_CHECKING: Setting =
    setting(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"], &names::HOST_KEY_CHECKING);
pub(super) const TIMEOUT: Setting = setting(&["ansible_ssh_timeout"], &names::TIMEOUT);
pub(super) const SSH_ARGS: Setting = setting(&["ansible_ssh_args"], &names::SSH_ARGS);
pub(super) const SSH_COMMON_ARGS: Setting = setting(&["ansible_ssh_common_args"], &names::SSH_COMMON_ARGS);
pub(super) const SSH_EXTRA_ARGS: Setting = setting(&["ansible_ssh_extra_args"], &names::SSH_EXTRA_ARGS);
pub(super) const RETRIES: Setting = setting(&["ansible_ssh_retries"], &names::RETRIES);
pub(super) const CONNECTION: Setting = setting(&["ansible_connection"], &names::TRANSPORT);
pub(super) const SHELL_TYPE: Setting = Setting { variables: &["ansible_shell_type"], names: None };

pub(super) const BECOME: Setting = setting(&["ansible_become"], &names::BECOME);
pub(super) const BECOME_METHOD: Setting = setting(&["ansible_become_method"], &names::BECOME_METHOD);

/// What depends on the method of becoming another user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Becoming {
    pub(super) user: Setting,
    pub(super) password: Setting,
    pub(super) program: Setting,
    pub(super) flags: Setting,
    /// The program where nobody names one.
    pub(super) default_program: &'static str,
    /// Its arguments where nobody gives any.
    pub(super) default_flags: &'static str,
}

pub(super) const SUDO: Becoming = Becoming {
    user: setting(&["ansible_become_user", "ansible_sudo_user"], &names::SUDO_USER),
    password: setting(&["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"], &names::SUDO_PASSWORD),
    program: setting(&["ansible_become_exe", "ansible_sudo_exe"], &names::SUDO_EXE),
    flags: setting(&["ansible_become_flags", "ansible_sudo_flags"], &names::SUDO_FLAGS),
    default_program: "sudo",
    default_flags: "-H -S -n",
};

pub(super) const SU: Becoming = Becoming {
    user: setting(&["ansible_become_user", "ansible_su_user"], &names::SU_USER),
    password: setting(&["ansible_become_password", "ansible_become_pass", "ansible_su_pass"], &names::SU_PASSWORD),
    program: setting(&["ansible_become_exe", "ansible_su_exe"], &names::SU_EXE),
    flags: setting(&["ansible_become_flags", "ansible_su_flags"], &names::SU_FLAGS),
    default_program: "su",
    default_flags: "",
};

/// Settings of every host.
const OF_ALL: [Setting; 17] = [
    ADDRESS,
    PORT,
    USER,
    PASSWORD,
    KEY_FILE,
    KEY_TEXT,
    KEY_PASSPHRASE,
    HOST_KEY_CHECKING,
    TIMEOUT,
    SSH_ARGS,
    SSH_COMMON_ARGS,
    SSH_EXTRA_ARGS,
    RETRIES,
    CONNECTION,
    SHELL_TYPE,
    BECOME,
    BECOME_METHOD,
];

/// The variables of all settings.
pub fn variables() -> impl Iterator<Item = &'static str> {
    let becoming = [SUDO, SU].into_iter().flat_map(|one| [one.user, one.password, one.program, one.flags]);
    OF_ALL.into_iter().chain(becoming).flat_map(|setting| setting.variables).copied()
}

//! The names of Ansible's settings in the environment and in `ansible.cfg`; among several of one setting the last one that
//! is set wins.

/// The names of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// Environment variables.
    pub environment: &'static [&'static str],
    /// Sections and keys of `ansible.cfg`.
    pub keys: &'static [(&'static str, &'static str)],
    /// The flag of the same meaning, which is its name in `clockaudit.toml`.
    pub flag: Option<&'static str>,
}

/// The settings that have a flag of their own. What a file says of them is found through their names, below the environment
/// of Ansible; of all other flags it is taken as if it had been typed.
pub const WITH_FLAG: [&Names; 13] = [
    &INVENTORY,
    &PLAYBOOK_DIR,
    &REMOTE_USER,
    &REMOTE_PORT,
    &PRIVATE_KEY_FILE,
    &TIMEOUT,
    &SSH_COMMON_ARGS,
    &SSH_EXTRA_ARGS,
    &CONNECTION_PASSWORD_FILE,
    &BECOME,
    &BECOME_PASSWORD_FILE,
    &BECOME_METHOD,
    &SUDO_USER,
];

/// The flag of a setting.
macro_rules! flag {
    () => {
        None
    };
    ($flag:literal) => {
        Some($flag)
    };
}

/// Declares settings, one a line: what it is, its name here, its flag if it has one, its environment variables, its sections
/// and keys.
macro_rules! settings {
    ($($(#[$doc:meta])+ $name:ident $(= $flag:literal)?: [$($environment:literal),*], [$($section:literal $key:literal),*];)+) => {
        $($(#[$doc])+ pub const $name: Names =
            Names { environment: &[$($environment),*], keys: &[$(($section, $key)),*], flag: flag!($($flag)?) };)+
    };
}

// Which inventories are read, and how.
settings! {
    /// Inventories to read where none is named.
    INVENTORY = "inventory": ["ANSIBLE_INVENTORY", "CLOCKAUDIT_INVENTORY"], ["defaults" "inventory"];
    /// `replace`, or `merge` for mappings to be merged instead of replaced.
    HASH_BEHAVIOUR: ["ANSIBLE_HASH_BEHAVIOUR"], ["defaults" "hash_behaviour"];
    /// The layers of group variables, lowest first.
    PRECEDENCE: ["ANSIBLE_PRECEDENCE"], ["defaults" "precedence"];
    /// What becomes of group names that are no identifiers: `always`, `never`, `ignore`, `silently`.
    FORCE_VALID_GROUP_NAMES: ["ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS"], ["defaults" "force_valid_group_names"];
    /// What is said of a key that a mapping has twice: `warn`, `error`, `ignore`.
    DUPLICATE_DICT_KEY: ["ANSIBLE_DUPLICATE_YAML_DICT_KEY"], ["defaults" "duplicate_dict_key"];
    /// The ends of names of files of variables.
    YAML_VALID_EXTENSIONS: ["ANSIBLE_YAML_FILENAME_EXT"], ["defaults" "yaml_valid_extensions"];
    /// The plugins that bring variables from outside of inventories.
    VARS_PLUGINS_ENABLED: ["ANSIBLE_VARS_ENABLED"], ["defaults" "vars_plugins_enabled"];
    /// The folder whose `group_vars` and `host_vars` count beside those of the inventories.
    PLAYBOOK_DIR = "playbook-dir": ["ANSIBLE_PLAYBOOK_DIR"], ["defaults" "playbook_dir"];
    /// The readers of inventories, in the order they are tried.
    ENABLE_PLUGINS: ["ANSIBLE_INVENTORY_ENABLED"], ["inventory" "enable_plugins"];
    /// Whether one source that cannot be read ends the run.
    ANY_UNPARSED_IS_FAILED: ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"], ["inventory" "any_unparsed_is_failed"];
    /// Whether the run ends where no source can be read.
    UNPARSED_IS_FAILED: ["ANSIBLE_INVENTORY_UNPARSED_FAILED"], ["inventory" "unparsed_is_failed"];
    /// What is said of a pattern that matches nothing: `warning`, `error`, `ignore`.
    HOST_PATTERN_MISMATCH: ["ANSIBLE_HOST_PATTERN_MISMATCH"], ["inventory" "host_pattern_mismatch"];
    /// Ends of names that a folder of inventories passes over.
    IGNORE_EXTENSIONS: ["ANSIBLE_INVENTORY_IGNORE"],
        ["defaults" "inventory_ignore_extensions", "inventory" "ignore_extensions"];
    /// Whether `ansible-inventory --list` has variables of groups with the groups, and not with each host.
    EXPORT: ["ANSIBLE_INVENTORY_EXPORT"], ["inventory" "export"];
    /// Regular expressions of names that a folder of inventories passes over.
    IGNORE_PATTERNS: ["ANSIBLE_INVENTORY_IGNORE_REGEX"],
        ["defaults" "inventory_ignore_patterns", "inventory" "ignore_patterns"];
}

// Passwords of encrypted variables.
settings! {
    /// A file or program with the password.
    VAULT_PASSWORD_FILE: ["ANSIBLE_VAULT_PASSWORD_FILE"], ["defaults" "vault_password_file"];
    /// `label@source`, several with commas between them.
    VAULT_IDENTITY_LIST: ["ANSIBLE_VAULT_IDENTITY_LIST"], ["defaults" "vault_identity_list"];
    /// The label of a password that has none.
    VAULT_IDENTITY: ["ANSIBLE_VAULT_IDENTITY"], ["defaults" "vault_identity"];
    /// Whether only the password of the same label is tried.
    VAULT_ID_MATCH: ["ANSIBLE_VAULT_ID_MATCH"], ["defaults" "vault_id_match"];
    /// Whether the password is asked for.
    ASK_VAULT_PASS: ["ANSIBLE_ASK_VAULT_PASS"], ["defaults" "ask_vault_pass"];
}

// How hosts are reached.
settings! {
    /// TCP port.
    REMOTE_PORT = "port": ["ANSIBLE_REMOTE_PORT"], ["defaults" "remote_port"];
    /// Login name.
    REMOTE_USER = "user": ["ANSIBLE_REMOTE_USER"], ["defaults" "remote_user"];
    /// A file with the login password.
    CONNECTION_PASSWORD_FILE = "connection-password-file": ["ANSIBLE_CONNECTION_PASSWORD_FILE"], ["defaults" "connection_password_file"];
    /// A key file.
    PRIVATE_KEY_FILE = "private-key": ["ANSIBLE_PRIVATE_KEY_FILE"], ["defaults" "private_key_file"];
    /// The text of a key.
    PRIVATE_KEY: ["ANSIBLE_PRIVATE_KEY"], [];
    /// The passphrase of a key's text.
    PRIVATE_KEY_PASSPHRASE: ["ANSIBLE_PRIVATE_KEY_PASSPHRASE"], [];
    /// Whether the keys of hosts are checked.
    HOST_KEY_CHECKING: ["ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_SSH_HOST_KEY_CHECKING"],
        ["defaults" "host_key_checking", "ssh_connection" "host_key_checking"];
    /// Seconds that a connection may take to come about.
    TIMEOUT = "timeout": ["ANSIBLE_TIMEOUT"], ["defaults" "timeout"];
    /// Arguments of `ssh` that come first.
    SSH_ARGS: ["ANSIBLE_SSH_ARGS"], ["ssh_connection" "ssh_args"];
    /// Arguments of `ssh`, `scp` and `sftp`.
    SSH_COMMON_ARGS = "ssh-common-args": ["ANSIBLE_SSH_COMMON_ARGS"], ["ssh_connection" "ssh_common_args"];
    /// Arguments of `ssh` that come last.
    SSH_EXTRA_ARGS = "ssh-extra-args": ["ANSIBLE_SSH_EXTRA_ARGS"], ["ssh_connection" "ssh_extra_args"];
    /// How often a connection is tried again.
    RETRIES: ["ANSIBLE_SSH_RETRIES"], ["connection" "retries", "ssh_connection" "retries"];
    /// How many hosts Ansible asks at a time.
    FORKS: ["ANSIBLE_FORKS"], ["defaults" "forks"];
    /// Whether Ansible sends its modules through the connection that is open already.
    PIPELINING: ["ANSIBLE_PIPELINING", "ANSIBLE_SSH_PIPELINING"],
        ["defaults" "pipelining", "connection" "pipelining", "ssh_connection" "pipelining"];
    /// By what hosts are reached: `ssh`, `local`.
    TRANSPORT: ["ANSIBLE_TRANSPORT"], ["defaults" "transport"];
}

// How another user is become.
settings! {
    /// Whether at all.
    BECOME = "become": ["ANSIBLE_BECOME"], ["privilege_escalation" "become"];
    /// By what: `sudo`, `su`.
    BECOME_METHOD = "become-method": ["ANSIBLE_BECOME_METHOD"], ["privilege_escalation" "become_method"];
    /// A file with the password.
    BECOME_PASSWORD_FILE = "become-password-file": ["ANSIBLE_BECOME_PASSWORD_FILE"], ["defaults" "become_password_file"];
    /// Whom, by sudo.
    SUDO_USER = "become-user": ["ANSIBLE_BECOME_USER", "ANSIBLE_SUDO_USER"],
        ["privilege_escalation" "become_user", "sudo_become_plugin" "user"];
    /// Whom, by su.
    SU_USER = "become-user": ["ANSIBLE_BECOME_USER", "ANSIBLE_SU_USER"],
        ["privilege_escalation" "become_user", "su_become_plugin" "user"];
    /// The password of sudo.
    SUDO_PASSWORD: ["ANSIBLE_BECOME_PASS", "ANSIBLE_SUDO_PASS"], ["sudo_become_plugin" "password"];
    /// The password of su.
    SU_PASSWORD: ["ANSIBLE_BECOME_PASS", "ANSIBLE_SU_PASS"], ["su_become_plugin" "password"];
    /// The program of sudo.
    SUDO_EXE: ["ANSIBLE_BECOME_EXE", "ANSIBLE_SUDO_EXE"],
        ["privilege_escalation" "become_exe", "sudo_become_plugin" "executable"];
    /// The program of su.
    SU_EXE: ["ANSIBLE_BECOME_EXE", "ANSIBLE_SU_EXE"],
        ["privilege_escalation" "become_exe", "su_become_plugin" "executable"];
    /// The arguments of sudo.
    SUDO_FLAGS: ["ANSIBLE_BECOME_FLAGS", "ANSIBLE_SUDO_FLAGS"],
        ["privilege_escalation" "become_flags", "sudo_become_plugin" "flags"];
    /// The arguments of su.
    SU_FLAGS: ["ANSIBLE_BECOME_FLAGS", "ANSIBLE_SU_FLAGS"],
        ["privilege_escalation" "become_flags", "su_become_plugin" "flags"];
}

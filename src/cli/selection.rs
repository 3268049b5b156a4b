//! The flags that say which inventory, and which of its hosts.

use std::path::PathBuf;

use clap::Args;

/// Which inventory, and which of its hosts.
#[derive(Debug, Clone, Args)]
pub struct SelectionArgs {
    /// Inventory files or folders; with a comma a list of hosts: `a.example,b.example,`; `-` = standard input
    #[arg(value_name = "INVENTORY")]
    pub inventories: Vec<String>,
    /// Inventory file, folder or list of hosts (can be repeated) [default:
    /// `$ANSIBLE_INVENTORY`, then `inventory` of ansible.cfg, then `/etc/ansible/hosts`]
    #[arg(short, long, value_name = "INVENTORY", help_heading = "Hosts")]
    pub inventory: Vec<String>,
    /// Only the hosts that match this pattern too; `@FILE` reads patterns from a file
    #[arg(short, long, value_name = "PATTERN", allow_hyphen_values = true, help_heading = "Hosts")]
    pub limit: Vec<String>,
    /// Set variables of all hosts, over everything else: `NAME=VALUE ...`, JSON, YAML or `@FILE` (can be repeated)
    #[arg(short, long, value_name = "VARS", help_heading = "Hosts")]
    pub extra_vars: Vec<String>,
    /// Read `group_vars` and `host_vars` of this folder instead of the current directory's
    #[arg(long, value_name = "FOLDER", help_heading = "Hosts")]
    pub playbook_dir: Option<PathBuf>,
    /// Where the passwords of ansible-vault come from.
    #[command(flatten)]
    pub vault: VaultArgs,
    /// Let Ansible read the inventory, with all its plugins: runs `ansible-inventory --list`
    #[arg(long, help_heading = "Hosts")]
    pub inventory_via_ansible: bool,
    /// Go on though a part of the inventory cannot be understood
    #[arg(long, help_heading = "Hosts")]
    pub allow_incomplete_inventory: bool,
    /// Where the limit comes from, where it was not typed.
    #[arg(skip)]
    pub limit_from: Option<String>,
    /// What stands for `-e`, where it was not typed.
    #[arg(skip)]
    pub extra_vars_from: Option<String>,
}

/// Where the passwords of ansible-vault come from.
#[derive(Debug, Clone, Args)]
pub struct VaultArgs {
    /// Decrypt with the password of this file or program; `prompt` asks for it (can be repeated)
    #[arg(long, value_name = "[LABEL@]SOURCE", help_heading = "Hosts")]
    pub vault_id: Vec<String>,
    /// Decrypt with the password in this file, or printed by it if it is executable (can be repeated)
    #[arg(long, visible_alias = "vault-pass-file", value_name = "FILE", help_heading = "Hosts")]
    pub vault_password_file: Vec<PathBuf>,
    /// Ask for the password of ansible-vault
    #[arg(long, visible_alias = "ask-vault-password", help_heading = "Hosts")]
    pub ask_vault_pass: bool,
}

//! What may be wrong with an inventory. These are no findings of a host: they are told with file, line and column where the inventory
//! is read, and an inventory that may lack hosts for one of them ends a scan with 65.

use super::Page;

/// The codes.
pub const LABELS: [&str; 5] = ["INV301", "INV302", "INV303", "INV304", "INV305"];

const PAGES: [Page; 5] = [
    Page {
        title: "expression that is not evaluated",
        evidence: "an expression in {{ }} needs what only Ansible has (a filter, a lookup, a fact of a host), or cannot be understood",
        meaning: "the variable is not known. Where it decides how a host is reached, or which hosts there are, the host is refused or the \
                  inventory incomplete; elsewhere nothing depends on it",
        remedy: &[
            "see what it is for: clockaudit inventory INVENTORY --explain HOST",
            "write the value itself, or give it with -e NAME=VALUE",
            "or let Ansible read the inventory: --inventory-via-ansible",
        ],
    },
    Page {
        title: "vault value without its password",
        evidence: "a value or a file is encrypted with Ansible Vault, and no password that was given opens it",
        meaning: "the value is not known: a password that a login needs is missing, or a whole file of variables",
        remedy: &[
            "give the password: --ask-vault-pass, --vault-password-file FILE or --vault-id LABEL@FILE",
            "or set vault_password_file in ansible.cfg; only values that are needed are decrypted",
        ],
    },
    Page {
        title: "unknown inventory plugin",
        evidence: "a file names a plugin (`plugin: amazon.aws.aws_ec2`) that asks a service for hosts, or no reader understands the file",
        meaning: "the hosts of that source are not known, so the inventory is incomplete",
        remedy: &[
            "let Ansible ask it: --inventory-via-ansible",
            "or keep what it says: ansible-inventory -i FILE --list > hosts.json, and scan hosts.json",
            "--allow-incomplete-inventory scans the hosts that are known, and ends with 3",
        ],
    },
    Page {
        title: "host that is there twice",
        evidence: "a name stands twice with what cannot both be so: two ports in an INI inventory, or a key twice in YAML or JSON",
        meaning: "one of both is used, and what only the other one says is lost",
        remedy: &[
            "the message names both places: remove one, or give the second host a name of its own with ansible_host",
        ],
    },
    Page {
        title: "incomplete inventory",
        evidence: "a source, or a part of one, could not be read or understood",
        meaning: "there may be hosts that nobody looked at, so the scan is not begun: it ends with 65",
        remedy: &[
            "see what is missing: clockaudit doctor INVENTORY",
            "--allow-incomplete-inventory scans the hosts that are known; what they cannot tell is said, and the exit code is 3",
        ],
    },
];

/// The code that was meant, and its page.
pub fn page(label: &str) -> Option<(&'static str, &'static Page)> {
    LABELS.into_iter().zip(&PAGES).find(|(known, _)| known.eq_ignore_ascii_case(label))
}

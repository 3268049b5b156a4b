//! The cases that come out otherwise on purpose, by name, each with the rule of `inventory.md` that excuses it. A name that
//! is no case any more fails the tests.

/// Cases that differ because we do better on purpose (each is checked for what we do instead).
pub(crate) const ON_PURPOSE: [(&str, &str); 5] = [
    ("ini-bom", "section 13: the byte order mark is stripped, so that the file can be read"),
    ("ini-bom-host-first", "section 13: the byte order mark is stripped, so that it does not become part of a name"),
    (
        "json-list-output",
        "section 13: the output of ansible-inventory --list is read; Ansible makes one host called `{` of it",
    ),
    ("ini-latin1-value", "section 13: a foreign byte is U+FFFD and said so; Ansible prints a question mark"),
    ("src-comma-path", "R1.4: a path with commas that exists is read; Ansible fails on relative ones"),
];

/// Cases that end Ansible without an inventory, so that there is nothing to compare: what is said of each here, where what could be
/// read stays.
pub(crate) const ENDS_ANSIBLE: [(&str, &str); 11] = [
    ("cfg-broken", "ansible.cfg line 1: expected a section such as [defaults] before the first setting"),
    ("gv-err-list", "group_vars/a.yml line 1: expected a mapping of variables, got a list (its variables are missing)"),
    (
        "gv-err-multidoc",
        "group_vars/a.yml line 2: a second document begins here; one is expected (its variables are missing)",
    ),
    ("gv-err-scalar", "group_vars/a.yml line 1: expected a mapping of variables, got text (its variables are missing)"),
    ("gv-err-syntax", "group_vars/a.yml line 1: unclosed bracket '[' (its variables are missing)"),
    ("gv-err-tabs", "group_vars/a.yml line 2: tabs disallowed within this context"),
    ("gv-err-unhashable-key", "group_vars/a.yml line 1: a list cannot be a key (its variables are missing)"),
    (
        "gv-yaml-equals",
        "group_vars/a.yml line 2: a bare `=` means something else in YAML than the text (its variables are missing)",
    ),
    ("ini-all-as-child", "group `all` is below `top`, but every group is below `all`"),
    (
        "src-missing-strict",
        "no inventory can be read, and [inventory] unparsed_is_failed (ansible.cfg line 2) ends the run then",
    ),
    (
        "vault-whole-file-no-password",
        "group_vars/a.yml: it is encrypted by ansible-vault (label default), and no vault password was given",
    ),
];

/// Patterns that Ansible misreads and we refuse (section 13).
pub(crate) const REFUSED_PATTERNS: [&str; 2] = ["2001:db8::*", "six:!2001:db8::1"];

/// Targets that only one side has: case, address, why.
pub(crate) const TARGETS_ON_PURPOSE: [(&str, &str, &str); 2] = [
    ("conn-odd-values", "", "R11.1: an empty ansible_host is an error of its host; Ansible passes it on"),
    ("conn-types", "h7", "R11.8: paramiko speaks SSH too, and Ansible's own client is no `ssh` that could be recorded"),
];

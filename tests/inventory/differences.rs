//! The cases that come out otherwise on purpose, by name, each with the rule of `inventory.md` that excuses it. A name that
//! is no case any more fails the tests.

/// Cases that differ because we do better on purpose (each is checked for what we do instead).
pub(crate) const ON_PURPOSE: [(&str, &str); 5] = [
    ("cfg-world-writable-cwd", "section 13: where nothing is selected, Ansible ends with 0 and we with an error"),
    ("ini-bom", "section 13: the byte order mark is stripped, so that the file can be read"),
    ("ini-bom-host-first", "section 13: the byte order mark is stripped, so that it does not become part of a name"),
    (
        "json-list-output",
        "section 13: the output of ansible-inventory --list is read; Ansible makes one host called `{` of it",
    ),
    ("ini-latin1-value", "section 13: a foreign byte is U+FFFD and said so; Ansible prints a question mark"),
];

/// Cases that end Ansible with an error and no inventory: we end with an error too, and this is what we say.
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
        "group_vars/a.yml line 2: a bare = means something else in YAML than the text (its variables are missing)",
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

/// Cases that the newest Ansible fails at by a fault of its own: compared with what the release named here made of them, which
/// the case records beside it.
pub(crate) const OF_RELEASE: [(&str, &str); 1] = [("src-comma-path", "2.18.19")];

/// Cases in which Ansible skips what may name hosts, with a warning and the exit code 0, and we call the inventory incomplete; what
/// was read is compared all the same. Section 13: a source never drops hosts in silence.
pub(crate) const SKIPPED_PARTS: [(&str, &str); 2] = [
    (
        "yaml-group-not-mapping",
        "`a` is skipped: a group is a mapping, this is a list (what it was meant to hold is missing)",
    ),
    (
        "ini-host-colon-file",
        "`node` is skipped: a group is a mapping, this is text (what it was meant to hold is missing)",
    ),
];

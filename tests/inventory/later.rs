//! The cases that wait for a later issue, by name, each with its reason, and those that differ on purpose. A name that is
//! no case any more fails the tests.

/// Reasons and the cases that wait for them.
pub(crate) const LATER: [(&str, &[&str]); 6] = [
    (
        "YAML and JSON inventories",
        &[
            "cfg-enable-plugins",
            "conn-yaml-typed-secrets",
            "ini-host-colon-file",
            "jinja-filters",
            "jinja-in-names",
            "jinja-recursive",
            "jinja-syntax-error",
            "json-inventory",
            "json-list-output",
            "yaml-anchors",
            "yaml-bool-host",
            "yaml-children-list",
            "yaml-duplicate-error",
            "yaml-duplicate-keys",
            "yaml-group-cycle",
            "yaml-group-not-mapping",
            "yaml-host-vars-falsy",
            "yaml-host-vars-not-mapping",
            "yaml-host-vars-string",
            "yaml-int-group",
            "yaml-int-host",
            "yaml-list-top",
            "yaml-nested-redefinition",
            "yaml-only-comment",
            "yaml-plugin-key",
            "yaml-sexagesimal-host",
            "yaml-top-level-groups",
            "yaml-unknown-plugin",
            "yaml-vars-all-late",
            "yaml-vars-null",
            "yaml-vars-types",
        ],
    ),
    (
        "folders of inventories",
        &[
            "cons-basic",
            "cons-strict-error",
            "dir-cross-file-children",
            "dir-group-vars-only-top",
            "dir-ini-extension",
            "dir-mixed",
            "real-multi-env",
        ],
    ),
    (
        "inventory scripts",
        &[
            "script-args-env",
            "script-children-undeclared",
            "script-err-bad-types",
            "script-err-exit",
            "script-err-list-json",
            "script-err-not-json",
            "script-group-list",
            "script-ranges-not-expanded",
            "script-stderr-ok",
        ],
    ),
    ("TOML inventories", &["toml-err-hosts-list", "toml-inventory"]),
    ("YAML and JSON inventories: vault", &["vault-id-label"]),
    ("ansible.cfg", &["hostlist-advanced", "ini-group-transform-always", "src-missing-strict"]),
];

/// Cases that differ because we do better on purpose (each is checked for what we do instead).
pub(crate) const ON_PURPOSE: [(&str, &str); 4] = [
    ("ini-bom", "the byte order mark is stripped, so that the file can be read"),
    ("ini-bom-host-first", "the byte order mark is stripped, so that it does not become part of a name"),
    ("ini-latin1-value", "a foreign byte is U+FFFD and said so; Ansible prints a question mark"),
    ("src-comma-path", "a path with commas that exists is read; Ansible fails on relative ones"),
];

/// Patterns that Ansible misreads and we refuse.
pub(crate) const REFUSED_PATTERNS: [&str; 2] = ["2001:db8::*", "six:!2001:db8::1"];

/// Targets that only one side has: case, address, why.
pub(crate) const TARGETS_ON_PURPOSE: [(&str, &str, &str); 2] = [
    ("conn-odd-values", "", "an empty ansible_host is an error of its host; Ansible passes it on"),
    ("conn-types", "h7", "paramiko speaks SSH too"),
];

/// Why a case waits, if it does.
pub(crate) fn reason(case: &str) -> Option<&'static str> {
    LATER.iter().find(|(_, cases)| cases.contains(&case)).map(|(reason, _)| *reason)
}

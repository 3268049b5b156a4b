//! The cases that wait for a later issue, by name, each with its reason, and those that differ on purpose. A name that is
//! no case any more fails the tests.

/// Reasons and the cases that wait for them.
pub(crate) const LATER: [(&str, &[&str]); 1] = [("ansible.cfg", &["ini-group-transform-always", "src-missing-strict"])];

/// Cases that differ because we do better on purpose (each is checked for what we do instead).
pub(crate) const ON_PURPOSE: [(&str, &str); 5] = [
    ("ini-bom", "the byte order mark is stripped, so that the file can be read"),
    ("ini-bom-host-first", "the byte order mark is stripped, so that it does not become part of a name"),
    ("json-list-output", "the output of ansible-inventory --list is read; Ansible makes one host called `{` of it"),
    ("ini-latin1-value", "a foreign byte is U+FFFD and said so; Ansible prints a question mark"),
    ("src-comma-path", "a path with commas that exists is read; Ansible fails on relative ones"),
];

/// Patterns that Ansible misreads and we refuse.
pub(crate) const REFUSED_PATTERNS: [&str; 2] = ["2001:db8::*", "six:!2001:db8::1"];

/// Targets that only one side has: case, address, why.
pub(crate) const TARGETS_ON_PURPOSE: [(&str, &str, &str); 3] = [
    ("conn-yaml-typed-secrets", "h5", "a date is text to us, also as a password; Ansible's is of no use to ssh"),
    ("conn-odd-values", "", "an empty ansible_host is an error of its host; Ansible passes it on"),
    ("conn-types", "h7", "paramiko speaks SSH too"),
];

/// Why a case waits, if it does.
pub(crate) fn reason(case: &str) -> Option<&'static str> {
    LATER.iter().find(|(_, cases)| cases.contains(&case)).map(|(reason, _)| *reason)
}

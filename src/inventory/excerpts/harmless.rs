//! Names whose values are no secrets, and how these look.

use crate::inventory::connection;

/// How a value looks that is what its name says.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// A name or an address of a host.
    Host,
    /// A user, a plugin.
    Name,
    /// A port, a number of seconds.
    Number,
    /// A path that is told by its beginning.
    Path,
    /// Yes or no.
    Truth,
}

const HARMLESS: [(Look, &[&str]); 5] = [
    (Look::Host, &["ansible_host", "ansible_ssh_host", "hosts", "children"]),
    (
        Look::Name,
        &[
            "ansible_user",
            "ansible_ssh_user",
            "ansible_become_user",
            "ansible_connection",
            "ansible_become_method",
            "plugin",
        ],
    ),
    (Look::Number, &["ansible_port", "ansible_ssh_port", "ansible_timeout", "ansible_group_priority"]),
    (Look::Path, &["ansible_ssh_private_key_file", "ansible_private_key_file", "ansible_python_interpreter"]),
    (Look::Truth, &["ansible_become"]),
];
/// Of a longer value nothing is shown, in bytes: that of a name in DNS.
const LONGEST: usize = 253;
/// Digits of the largest port.
const MOST_DIGITS: usize = 5;

/// Whether a value may be shown behind a name.
pub(super) fn is_harmless(name: &str, value: &str) -> bool {
    let look = HARMLESS.iter().find(|(_, names)| names.contains(&name)).map(|(look, _)| *look);
    let plain = |more: &str| value.chars().all(|next| next.is_ascii_alphanumeric() || more.contains(next));
    !value.is_empty()
        && value.len() <= LONGEST
        && match look {
            Some(Look::Host) => plain("._-:%[]"),
            Some(Look::Name) => plain("._-") && !value.starts_with(|first: char| first.is_ascii_digit()),
            Some(Look::Number) => value.len() <= MOST_DIGITS && value.bytes().all(|next| next.is_ascii_digit()),
            Some(Look::Path) => value.starts_with(['/', '~', '.']) && plain("._-/~+"),
            Some(Look::Truth) => {
                ["true", "false", "yes", "no", "0", "1"].contains(&value.to_ascii_lowercase().as_str())
            }
            None => false,
        }
}

/// Whether a word is the name of a variable of a connection: a password is none.
pub(super) fn is_known(word: &str) -> bool {
    connection::variables().any(|known| known == word)
}

//! Names of variables, options, headers and programs that passwords stand behind.

/// How names of variables and options end whose values are passwords: `SSHPASS`, `--password`, `--proxy-token`.
const SECRET_ENDS: [&str; 13] = [
    "pass",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "_pw",
    "secret",
    "token",
    "credential",
    "api_key",
    "apikey",
    "access_key",
    "secret_key",
];
/// Names of options whose values hold a password beside other things, and that of a password alone.
const SECRET_NAMES: [&str; 3] = ["proxyauth", "proxy_auth", "pw"];
/// Options of one dash whose next word is a password (that of plink).
pub(super) const SECRET_OPTIONS: [&str; 1] = ["-pw"];
/// Options of any program whose value is `name:password`.
pub(super) const LOGIN_OPTIONS: [&str; 2] = ["--user", "--proxy-user"];
/// Options of any program whose value is a header.
pub(super) const HEADER_OPTIONS: [&str; 3] = ["-H", "--header", "--proxy-header"];
/// Headers that hold a password or a token, beside those whose names say so.
pub(super) const SECRET_HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];
/// How such a header begins, where what follows is the secret.
pub(super) const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "token"];
/// How names of options begin that ask for a password and have none behind them: our own `--ask-vault-pass`.
const ASKS: &str = "ask_";
/// Programs that print what they are told, and those that read a password from their input.
pub(super) const PRINTERS: [&str; 2] = ["echo", "printf"];
pub(super) const READERS: [&str; 2] = ["sshpass", "sudo"];

/// A program whose options of one letter hold passwords.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) names: &'static [&'static str],
    /// Its options that have a value, in the same word or in the next one.
    pub(super) letters: &'static [(char, Form)],
    /// Whether a password stands in the word of its option alone: the next word is no part of it.
    pub(super) is_joined: bool,
    /// Whether its options end at the first word that is none.
    pub(super) is_strict: bool,
}

pub(super) const PROGRAMS: [Program; 4] = [
    Program {
        names: &["sshpass"],
        letters: &[('p', Form::Secret), ('f', Form::Other), ('d', Form::Other), ('P', Form::Other)],
        is_joined: false,
        is_strict: true,
    },
    Program {
        names: &["curl"],
        letters: &[
            ('u', Form::Login),
            ('U', Form::Login),
            ('H', Form::Header),
            ('x', Form::Other),
            ('o', Form::Other),
            ('d', Form::Other),
        ],
        is_joined: false,
        is_strict: false,
    },
    Program {
        names: &["proxytunnel"],
        letters: &[('P', Form::Login), ('R', Form::Login)],
        is_joined: false,
        is_strict: false,
    },
    Program {
        names: &["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"],
        letters: &[
            ('p', Form::Secret),
            ('h', Form::Other),
            ('u', Form::Other),
            ('P', Form::Other),
            ('e', Form::Other),
            ('S', Form::Other),
            ('D', Form::Other),
        ],
        is_joined: true,
        is_strict: false,
    },
];

/// How a password stands in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All of it.
    Secret,
    /// Behind a name and a colon.
    Login,
    /// Behind the name of a header.
    Header,
    /// Nowhere.
    Other,
}

/// Whether what goes by this name is a password. `PasswordAuthentication` and `password_file` are none.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    if name.starts_with(ASKS) {
        return false;
    }
    SECRET_NAMES.contains(&name.as_str()) || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

//! Where vault passwords come from: files, programs that print them, and the user. Every one is asked for once, before
//! anything is decrypted.

use std::path::{Path, PathBuf};

use crate::files::TimeLeft;
use crate::files::password_file::{self, PasswordFileError};
use crate::inventory::configuration::{Configuration, Provenance, names};
use crate::inventory::secret::Secret;
use crate::inventory::vault::{DEFAULT_LABEL, Identity, Keyring, Password, VaultError, is_vaulted};

/// What the command line says about vault passwords.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VaultFlags {
    /// `--vault-id`, each `[LABEL@]SOURCE`.
    pub ids: Vec<String>,
    /// `--vault-password-file`.
    pub password_files: Vec<PathBuf>,
    /// `--ask-vault-pass`.
    pub ask: bool,
}

/// Why a source gave no password. Nothing of a password is told.
#[derive(Debug, thiserror::Error)]
pub enum VaultPasswordError {
    /// The file or program gave none.
    #[error("vault {why}{}", named.as_ref().map(|named| format!("; {named} names it")).unwrap_or_default())]
    File {
        /// Why.
        why: PasswordFileError,
        /// Where it is named, where that is not the command line.
        named: Option<Provenance>,
    },
    /// The password file is itself encrypted, and nothing that was given before opens it.
    #[error("vault password file {}: {why}", path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
        /// Why it cannot be opened.
        why: VaultError,
    },
    /// It is empty.
    #[error("the vault password of label {label} is empty")]
    Empty {
        /// The label it was to be of.
        label: String,
    },
    /// The user did not answer.
    #[error("cannot ask for \"{question}\": {why}")]
    Unanswered {
        /// What was asked.
        question: String,
        /// Why there is no answer.
        why: String,
    },
}

impl VaultPasswordError {
    /// Whether somebody pressed Ctrl-C at a question of a program.
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::File { why, .. } if why.is_interrupted())
    }
}

/// A password that is to be had.
#[derive(Debug)]
struct Wanted {
    label: String,
    /// The file or program; `None` = the user.
    file: Option<PathBuf>,
    /// Where it is named; `None` = on the command line.
    named: Option<Provenance>,
}

impl Wanted {
    fn is_same(&self, other: &Self) -> bool {
        (&self.label, &self.file) == (&other.label, &other.file)
    }
}

/// The passwords that the flags, the environment and ansible.cfg speak of, in the order they are tried, and the sources
/// that gave none while others did. Programs end within `time`; `ask` asks the user a question.
pub fn keyring(
    flags: &VaultFlags,
    configuration: &Configuration,
    time: &TimeLeft,
    ask: impl Fn(&str) -> Result<Secret, String>,
) -> Result<(Keyring, Vec<VaultPasswordError>), VaultPasswordError> {
    let only_same_label = configuration.switch(&names::VAULT_ID_MATCH).is_some_and(|given| given.value);
    let mut identities = Vec::new();
    let mut failed = Vec::new();
    for wanted in wanted(flags, configuration) {
        match password(&wanted, &identities, time, &ask) {
            Ok(password) => identities.push(Identity { label: wanted.label, password }),
            Err(error) if error.is_interrupted() => return Err(error),
            Err(error) => failed.push(error),
        }
    }
    match failed.pop() {
        Some(last) if identities.is_empty() => Err(last),
        last => {
            failed.extend(last);
            Ok((Keyring::new(identities, only_same_label), failed))
        }
    }
}

/// Whether the source of a vault password is the user.
pub fn asks(source: &str) -> bool {
    ["prompt", "prompt_ask_vault_pass"].contains(&source)
}

/// What is wanted, in order: the list of ansible.cfg, the command line, at last the file of ansible.cfg.
fn wanted(flags: &VaultFlags, configuration: &Configuration) -> Vec<Wanted> {
    let here = configuration.working_directory.clone();
    let file = |path: &str| configuration.resolve(path, &here);
    let default_label =
        configuration.text(&names::VAULT_IDENTITY).map_or_else(|| DEFAULT_LABEL.to_owned(), |given| given.value);
    let labelled = |id: &String, named: Option<Provenance>| {
        let (label, source) = id.split_once('@').unwrap_or((&default_label, id));
        Wanted { label: label.to_owned(), file: (!asks(source)).then(|| file(source)), named }
    };
    let mut wanted: Vec<Wanted> = Vec::new();
    if let Some(listed) = configuration.list(&names::VAULT_IDENTITY_LIST) {
        wanted.extend(listed.value.iter().map(|id| labelled(id, Some(listed.provenance.clone()))));
    }
    wanted.extend(flags.ids.iter().map(|id| labelled(id, None)));
    let unnamed = |file, named| Wanted { label: default_label.clone(), file, named };
    wanted.extend(flags.password_files.iter().map(|path| unnamed(Some(file(&path.to_string_lossy())), None)));
    if flags.ask || configuration.switch(&names::ASK_VAULT_PASS).is_some_and(|given| given.value) {
        wanted.push(unnamed(None, None));
    }
    let of_settings = configuration.path(&names::VAULT_PASSWORD_FILE);
    wanted.extend(of_settings.map(|given| unnamed(Some(given.value), Some(given.provenance))));
    let mut once: Vec<Wanted> = Vec::new();
    for one in wanted {
        if !once.iter().any(|known| known.is_same(&one)) {
            once.push(one);
        }
    }
    once
}

fn password(
    wanted: &Wanted,
    known: &[Identity],
    time: &TimeLeft,
    ask: &impl Fn(&str) -> Result<Secret, String>,
) -> Result<Password, VaultPasswordError> {
    let label = &wanted.label;
    let bytes = if let Some(path) = &wanted.file {
        from_file(path, wanted, known, time)?
    } else {
        let named = if label == DEFAULT_LABEL { String::new() } else { format!(" ({label})") };
        let question = format!("Vault password{named}: ");
        let unanswered =
            |why| VaultPasswordError::Unanswered { question: question.trim_end_matches([' ', ':']).to_owned(), why };
        ask(&question).map_err(unanswered)?.reveal().as_bytes().trim_ascii().to_vec()
    };
    Password::new(bytes).ok_or_else(|| VaultPasswordError::Empty { label: label.clone() })
}

fn from_file(path: &Path, wanted: &Wanted, known: &[Identity], time: &TimeLeft) -> Result<Vec<u8>, VaultPasswordError> {
    // A client is told which password is wanted; it may know several.
    let is_client = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"));
    let arguments: &[&str] = if is_client { &["--vault-id", &wanted.label] } else { &[] };
    let bytes = password_file::bytes(path, arguments, time)
        .map_err(|why| VaultPasswordError::File { why, named: wanted.named.clone() })?;
    let bytes = bytes.trim_ascii();
    if !is_vaulted(bytes) {
        return Ok(bytes.to_vec());
    }
    let encrypted = |why| VaultPasswordError::Encrypted { path: path.to_owned(), why };
    let text = std::str::from_utf8(bytes).map_err(|_| encrypted(VaultError::NotText))?;
    let opened = Keyring::new(known.to_vec(), false).open(text).map_err(encrypted)?;
    Ok(opened.expose().trim_ascii().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(_: &str) -> Result<Secret, String> {
        Err("there is no terminal to ask on".to_owned())
    }

    #[test]
    fn passwords_are_wanted_in_the_order_ansible_tries_them() {
        let configuration = Configuration {
            environment: [
                ("ANSIBLE_VAULT_IDENTITY_LIST".to_owned(), "dev@dev.txt, ops@prompt".to_owned()),
                ("ANSIBLE_VAULT_PASSWORD_FILE".to_owned(), "last.sh".to_owned()),
            ]
            .into(),
            working_directory: "/work".into(),
            home: Some("/home/me".into()),
            ..Configuration::default()
        };
        let flags = VaultFlags {
            ids: vec!["prod@~/prod".to_owned(), "plain".to_owned(), "dev@dev.txt".to_owned()],
            password_files: vec!["pw".into()],
            ask: true,
        };
        let found: Vec<(String, Option<PathBuf>)> =
            wanted(&flags, &configuration).into_iter().map(|wanted| (wanted.label, wanted.file)).collect();
        let expected = [
            ("dev", Some("/work/dev.txt")),
            ("ops", None),
            ("prod", Some("/home/me/prod")),
            ("default", Some("/work/plain")),
            ("default", Some("/work/pw")),
            ("default", None),
            ("default", Some("/work/last.sh")),
        ];
        assert_eq!(found, expected.map(|(label, file)| (label.to_owned(), file.map(PathBuf::from))));
    }

    #[test]
    fn a_source_that_gives_none_ends_the_run_only_where_all_do() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pw"), " hunter2 \n").unwrap();
        std::fs::write(folder.path().join("empty"), " \n").unwrap();
        let configuration = Configuration { working_directory: folder.path().to_owned(), ..Configuration::default() };
        let check = |ids: &[&str], expected: Result<(&str, usize), &str>| {
            let flags = VaultFlags { ids: ids.iter().map(|id| (*id).to_owned()).collect(), ..VaultFlags::default() };
            match (keyring(&flags, &configuration, &TimeLeft::default(), nobody), expected) {
                (Ok((keyring, failed)), Ok((labels, count))) => {
                    assert_eq!((format!("{keyring:?}").as_str(), failed.len()), (labels, count), "{ids:?}");
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, _) => panic!("{ids:?}: {found:?}"),
            }
        };
        check(&["a@pw"], Ok(("[\"a\"]", 0)));
        check(&["a@gone", "b@pw"], Ok(("[\"b\"]", 1)));
        check(&["a@gone"], Err("gone: No such file"));
        check(&["a@empty"], Err("the vault password of label a is empty"));
        check(&["a@prompt"], Err("cannot ask for \"Vault password (a)\": there is no terminal to ask on"));
    }
}

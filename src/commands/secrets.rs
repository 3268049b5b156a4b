//! The secrets of a run: asked for on the terminal or read from files, once, before anybody is connected to.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::error::CommandError;
use super::leaving;
use super::measure::runtime;
use crate::cli::{ConnectionArgs, VaultArgs};
use crate::files::TimeLeft;
use crate::files::inventory::{VaultFlags, VaultPasswordError, keyring};
use crate::files::password_file::{self, PasswordFileError};
use crate::inventory::configuration::{Configuration, Given, Provenance, names};
use crate::inventory::connection::{ConnectionFlags, HIDDEN};
use crate::inventory::ranges;
use crate::inventory::secret::Secret;
use crate::inventory::target::Target;
use crate::inventory::vault::Keyring;
use crate::ssh::{ConnectionPlan, UnlockError, locked_keys};
use crate::terminal::{AskError, Terminal};

/// How often a passphrase is asked for until it is right, as OpenSSH does. It does not leave this machine.
const TRIES: usize = 3;

/// The passwords that the command line, the environment or `ansible.cfg` speak of.
pub(super) fn passwords(
    args: &ConnectionArgs,
    configuration: &Configuration,
    flags: &mut ConnectionFlags,
    time: &TimeLeft,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    flags.password = if asks(args.ask_pass, "ask-pass", login_file(args, configuration, flags).as_ref(), flags) {
        Some(flags.given(ask(terminal, time, "SSH password: ", "--connection-password-file")?, "--ask-pass"))
    } else {
        read(login_file(args, configuration, flags), time)?
    };
    if !flags.asks_to_become(configuration) {
        if args.ask_become_pass || args.become_password_file.is_some() {
            terminal.note("a password for becoming another user has no effect without `--become`");
        }
        return Ok(());
    }
    let file = become_file(args, configuration, flags);
    flags.become_password = if asks(args.ask_become_pass, "ask-become-pass", file.as_ref(), flags) {
        let login = flags.password.as_ref().filter(|_| args.ask_pass);
        let default = if login.is_some() { "[defaults to SSH password]" } else { "" };
        let typed = ask(terminal, time, &format!("BECOME password{default}: "), "--become-password-file")?;
        let password = if typed.reveal().is_empty() { login.map(|login| login.value.clone()) } else { Some(typed) };
        password.map(|password| flags.given(password, "--ask-become-pass"))
    } else {
        read(file, time)?
    };
    Ok(())
}

/// Where those passwords would come from, for whoever only shows it: nobody is asked and no file is read.
pub(super) fn places_of_passwords(args: &ConnectionArgs, configuration: &Configuration, flags: &mut ConnectionFlags) {
    let unread = |place: Provenance| Given { value: Secret::new(HIDDEN.to_owned()), provenance: place };
    let file = login_file(args, configuration, flags);
    let asked = asks(args.ask_pass, "ask-pass", file.as_ref(), flags).then(|| flags.given((), "--ask-pass").provenance);
    let place = asked.or_else(|| file.map(|file| file.provenance));
    flags.password = place.map(unread);
    if flags.asks_to_become(configuration) {
        let file = become_file(args, configuration, flags);
        let is_asked = asks(args.ask_become_pass, "ask-become-pass", file.as_ref(), flags);
        let asked = is_asked.then(|| flags.given((), "--ask-become-pass").provenance);
        let place = asked.or_else(|| file.map(|file| file.provenance));
        flags.become_password = place.map(unread);
    }
}

/// Whether a password is asked for: a file of our own that says so counts less than a password file of Ansible's environment.
fn asks(is_set: bool, long: &str, file: Option<&Given<PathBuf>>, flags: &ConnectionFlags) -> bool {
    let is_of_environment = || file.is_some_and(|file| matches!(file.provenance, Provenance::Environment(_)));
    is_set && !(flags.from_files.contains_key(long) && is_of_environment())
}

/// The file with the password to log in with.
fn login_file(args: &ConnectionArgs, configuration: &Configuration, flags: &ConnectionFlags) -> Option<Given<PathBuf>> {
    let typed = args.connection_password_file.clone();
    let typed = typed.map(|file| flags.given(file, "--connection-password-file"));
    typed.or_else(|| configuration.path(&names::CONNECTION_PASSWORD_FILE))
}

/// The file with the password for becoming another user.
fn become_file(
    args: &ConnectionArgs,
    configuration: &Configuration,
    flags: &ConnectionFlags,
) -> Option<Given<PathBuf>> {
    let typed = args.become_password_file.clone();
    let typed = typed.map(|file| flags.given(file, "--become-password-file"));
    typed.or_else(|| configuration.path(&names::BECOME_PASSWORD_FILE))
}

fn read(file: Option<Given<PathBuf>>, time: &TimeLeft) -> Result<Option<Given<Secret>>, CommandError> {
    let read = |file: Given<PathBuf>| {
        Ok(Given { value: password_file::read(&file.value, time)?, provenance: file.provenance })
    };
    file.map(read).transpose()
}

/// What the command line says of passwords of ansible-vault.
pub(super) fn vault_flags(args: &VaultArgs) -> VaultFlags {
    VaultFlags {
        ids: args.vault_id.clone(),
        password_files: args.vault_password_file.clone(),
        ask: args.ask_vault_pass,
    }
}

/// The passwords of ansible-vault that the command line, the environment or `ansible.cfg` speak of.
pub(super) fn vault(
    flags: &VaultFlags,
    configuration: &Configuration,
    time: &TimeLeft,
    terminal: &Terminal,
) -> Result<Keyring, CommandError> {
    let is_interrupted = Cell::new(false);
    let ask = |question: &str| {
        typed(terminal, time, question).map_err(|error| {
            is_interrupted.set(is_interrupted.get() || error == AskError::Interrupted);
            error.to_string()
        })
    };
    let found = keyring(flags, configuration, time, ask);
    if is_interrupted.get() {
        return Err(CommandError::interrupted());
    }
    let (keyring, failed) = found?;
    for error in failed {
        terminal.warn(&error.to_string());
    }
    Ok(keyring)
}

/// What a person types, who may take longer than the run. A signal that ends the program meanwhile leaves the terminal as it was.
fn typed(terminal: &Terminal, time: &TimeLeft, question: &str) -> Result<Secret, AskError> {
    leaving::in_order();
    time.uncounted(|| terminal.ask_secret(question))
}

fn ask(terminal: &Terminal, time: &TimeLeft, question: &str, flag: &str) -> Result<Secret, CommandError> {
    typed(terminal, time, question).map_err(|error| match error {
        AskError::Interrupted => CommandError::interrupted(),
        AskError::NoTerminal | AskError::Failed(_) => CommandError::missing_secret(format!(
            "cannot ask for \"{}\": {error}",
            question.trim_end_matches([' ', ':'])
        ))
        .hint(format!("read it from a file: `{flag} FILE`")),
    })
}

/// Opens the encrypted key files that some target needs: by the passphrase that the inventory has for them, else by asking, once
/// for each file. Without a terminal the hosts that need them fail, each for itself; where that is every host, the run does.
pub(super) fn unlock(
    targets: &[Target],
    connection: &mut ConnectionPlan,
    time: &TimeLeft,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let runtime = runtime()?;
    for warning in keys_of_inventory(targets, connection) {
        terminal.warn(&warning);
    }
    let mut refused: Vec<(PathBuf, Provenance)> = Vec::new();
    for (file, passphrase) in known_passphrases(targets) {
        // Another host may have had the right one. A file that is of no use for another reason is told where it is offered.
        if !connection.unlocked.has(&file)
            && connection.unlocked.unlock(&file, &passphrase.value) == Err(UnlockError::WrongPassphrase)
        {
            refused.push((file, passphrase.provenance));
        }
    }
    let locked = runtime.block_on(locked_keys(connection, targets));
    for file in &locked.files {
        for (_, provenance) in refused.iter().filter(|(refused, _)| refused == file) {
            terminal.warn(&format!("key file {}: {provenance} does not open it: wrong passphrase", file.display()));
        }
        match open(file, connection, time, terminal) {
            Ok(()) => {}
            Err(AskError::Interrupted) => return Err(CommandError::interrupted()),
            Err(error @ (AskError::NoTerminal | AskError::Failed(_))) if locked.nobody_else => {
                let is_wrong = refused.iter().any(|(refused, _)| refused == file);
                let (which, correct) = if is_wrong {
                    (", the passphrase that was given does not open it", "correct the passphrase, or ")
                } else {
                    ("", "")
                };
                let file = file.display();
                let why = format!("key file {file} is encrypted{which}, and {error}");
                let hint = format!("{correct}load it into an agent: `ssh-add {file}`");
                return Err(CommandError::missing_secret(why).hint(hint));
            }
            // The hosts that need it tell so.
            Err(AskError::NoTerminal | AskError::Failed(_)) => break,
        }
    }
    Ok(())
}

/// Takes in the keys whose text the inventory has for hosts (`ansible_private_key`): each is offered before all others. What is of
/// no use is told, with the hosts that have it.
fn keys_of_inventory(targets: &[Target], connection: &mut ConnectionPlan) -> Vec<String> {
    // Opening one takes some tenths of a second, and thousands of hosts may have the same.
    let mut opened: HashMap<(&str, Option<&str>), Result<PathBuf, UnlockError>> = HashMap::new();
    let mut useless: IndexMap<String, Vec<&str>> = IndexMap::new();
    for target in targets {
        let Some(settings) = &target.settings else { continue };
        let Some(text) = &settings.key_text else { continue };
        let passphrase = settings.key_passphrase.as_ref().map(|given| &given.value);
        let key = (text.value.reveal(), passphrase.map(Secret::reveal));
        let name = opened.entry(key).or_insert_with(|| {
            // A name that no file has: it is shown where the key is of no use.
            let mut name = PathBuf::from(text.provenance.to_string());
            if connection.unlocked.has(&name) {
                name = format!("{} of {}", text.provenance, target.name).into();
            }
            connection.unlocked.take_in(&name, text.value.reveal(), passphrase).map(|()| name)
        });
        match name {
            Ok(name) => {
                let mut settings = (*connection.settings(target)).clone();
                if !settings.auth.is_named {
                    settings.auth.identity_files.clear();
                    settings.auth.is_named = true;
                }
                settings.auth.identity_files.insert(0, name.clone());
                connection.hosts.insert(target.name.clone(), settings.into());
            }
            Err(error) => {
                let what = format!("{} cannot be used: {error}", text.provenance);
                useless.entry(what).or_default().push(&target.name);
            }
        }
    }
    useless.into_iter().map(|(what, hosts)| format!("{}: {what}", ranges::fold(&hosts))).collect()
}

/// Passphrases that the inventory has for the key file of a host, each file once.
fn known_passphrases(targets: &[Target]) -> Vec<(PathBuf, Given<Secret>)> {
    let mut known: Vec<(PathBuf, Given<Secret>)> = Vec::new();
    let mut tried: HashSet<(&Path, &str)> = HashSet::new();
    for target in targets {
        let passphrase = target.settings.as_ref().and_then(|settings| settings.key_passphrase.as_ref());
        for (file, passphrase) in target.key_files.iter().zip(passphrase) {
            if tried.insert((file, passphrase.value.reveal())) {
                known.push((file.clone(), passphrase.clone()));
            }
        }
    }
    known
}

fn open(file: &Path, connection: &mut ConnectionPlan, time: &TimeLeft, terminal: &Terminal) -> Result<(), AskError> {
    for _ in 0..TRIES {
        let passphrase = typed(terminal, time, &format!("Enter passphrase for key '{}': ", file.display()))?;
        // As with OpenSSH: whoever types nothing goes on without the key.
        if passphrase.reveal().is_empty() {
            break;
        }
        match connection.unlocked.unlock(file, &passphrase) {
            Ok(()) => break,
            Err(error @ UnlockError::WrongPassphrase) => {
                terminal.warn(&format!("key file {}: {error}", file.display()));
            }
            Err(error @ UnlockError::Unusable(_)) => {
                terminal.warn(&format!("key file {}: {error}", file.display()));
                break;
            }
        }
    }
    Ok(())
}

impl From<VaultPasswordError> for CommandError {
    fn from(error: VaultPasswordError) -> Self {
        if error.is_interrupted() {
            return Self::interrupted();
        }
        let hint = "read it from a file: `--vault-password-file FILE`, or `--vault-id LABEL@FILE`";
        Self::missing_secret(error.to_string()).hint(hint)
    }
}

impl From<PasswordFileError> for CommandError {
    fn from(error: PasswordFileError) -> Self {
        if error.is_interrupted() {
            return Self::interrupted();
        }
        Self::missing_secret(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::key::safe_rng;
    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, PrivateKey};

    use super::*;
    use crate::inventory::connection::ConnectionSettings;

    #[test]
    fn a_key_that_many_hosts_have_is_opened_once_and_what_is_wrong_with_it_is_told_once() {
        let key = || PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key");
        let text = |key: PrivateKey| {
            let locked = key.encrypt(&mut safe_rng(), "secret").expect("encrypted");
            locked.to_openssh(LineEnding::LF).expect("text").to_string()
        };
        let (shared, own) = (text(key()), text(key()));
        let secret = |text: &str, name| {
            let provenance = Provenance::Variable { name, place: None };
            Some(Given { value: Secret::new(text.to_owned()), provenance })
        };
        let target = |name: &str, text: &str, passphrase: &str| Target {
            name: name.to_owned(),
            settings: Some(Box::new(ConnectionSettings {
                key_text: secret(text, "ansible_private_key"),
                key_passphrase: secret(passphrase, "ansible_private_key_passphrase"),
                ..ConnectionSettings::of_name(name)
            })),
            ..Target::default()
        };
        let targets: Vec<Target> = (1..=6)
            .map(|index| target(&format!("h{index}"), &shared, if index <= 3 { "secret" } else { "wrong" }))
            .chain([target("db", &own, "secret")])
            .collect();
        let mut connection = ConnectionPlan::for_this_user();
        let told = keys_of_inventory(&targets, &mut connection);
        assert_eq!(told, ["h[4-6]: ansible_private_key cannot be used: wrong passphrase"]);
        let named = |host: &str| connection.hosts.get(host).and_then(|host| host.auth.identity_files.first().cloned());
        let (shared, own) = (Some("ansible_private_key".into()), Some("ansible_private_key of db".into()));
        let hosts = ["h1", "h2", "h3", "h4", "db"].map(named);
        assert_eq!(hosts, [shared.clone(), shared.clone(), shared, None, own]);
    }

    #[test]
    fn a_passphrase_is_tried_once_on_a_key_file_whatever_the_number_of_hosts() {
        let target = |index: usize| {
            let passphrase = Secret::new(if index.is_multiple_of(3) { "one" } else { "other" }.to_owned());
            let provenance = Provenance::Variable { name: "ansible_private_key_passphrase", place: None };
            Target {
                key_files: vec![if index.is_multiple_of(2) { "shared".into() } else { format!("own{index}").into() }],
                settings: Some(Box::new(ConnectionSettings {
                    key_passphrase: Some(Given { value: passphrase, provenance }),
                    ..ConnectionSettings::of_name("h")
                })),
                ..Target::default()
            }
        };
        let known = known_passphrases(&(0..100).map(target).collect::<Vec<_>>());
        let shared: Vec<&str> = known
            .iter()
            .filter(|(file, _)| file == Path::new("shared"))
            .map(|(_, passphrase)| passphrase.value.reveal())
            .collect();
        assert_eq!((shared, known.len()), (vec!["one", "other"], 52));
    }
}

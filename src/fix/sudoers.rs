//! The least that sudo must allow for a fix, as lines for sudoers.

use super::remote::script::START;

/// A name that cannot stand for a user in sudoers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUser {
    /// It has other letters than names have.
    #[error("`{0}` is no name of a user: letters, digits and `._-` are, the first a letter or `_`")]
    Letters(String),
    /// It means something else there: an alias, of all users even.
    #[error(
        "`{0}` means something else than a user in sudoers, where names of capitals alone are aliases, `ALL` everybody, and some \
         words begin other lines: name one user"
    )]
    Keyword(String),
}

/// Words that begin lines of another kind.
const KEYWORDS: [&str; 7] =
    ["Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias", "include"];

/// The lines that let this user run the script of a fix as root, and no other command.
pub fn sudoers(user: &str) -> Result<String, BadUser> {
    let begins_well = user.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !begins_well || user.len() > 32 || !user.bytes().all(is_of_names) {
        return Err(BadUser::Letters(user.chars().take(32).collect()));
    }
    let is_alias = user.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if (is_alias && user.starts_with(|letter: char| letter.is_ascii_uppercase())) || KEYWORDS.contains(&user) {
        return Err(BadUser::Keyword(user.to_owned()));
    }
    // The words as sudo sees them: the shell has taken the quotes away.
    let command = START.replace('\'', "");
    let escaped: String = command
        .chars()
        .flat_map(|letter| {
            let is_special = matches!(letter, ',' | ':' | '=' | '\\');
            is_special.then_some('\\').into_iter().chain([letter])
        })
        .collect();
    Ok(format!(
        "# What `clockaudit fix --become` runs, and no other command: visudo -f /etc/sudoers.d/clockaudit\n\
         # It is a shell that reads its script from the connection, so whoever may log in as {user} may do everything as root.\n\
         # `--install` and `--replace-timekeeper` need no other lines: the script calls the package manager.\n\
         # With NOPASSWD: before the command no password is asked for; without it, `--ask-become-pass` gives it.\n\
         Defaults:{user} !requiretty\n\
         {user} ALL=(root) {escaped}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_for_one_user_and_one_command() {
        let text = sudoers("ops").expect("lines");
        assert!(text.ends_with("\nops ALL=(root) /bin/sh -c echo;echo CKF1 shell;exec /bin/sh -s\n"), "{text}");
        for bad in ["", "ALL ", "a b", "%wheel", "a,b", "#0", "-a", "a\nb"] {
            assert!(matches!(sudoers(bad), Err(BadUser::Letters(_))), "{bad}");
        }
        for bad in ["ALL", "ADMINS", "OPS_2", "A", "Defaults", "User_Alias"] {
            assert_eq!(sudoers(bad), Err(BadUser::Keyword(bad.to_owned())));
        }
        for good in ["Ops", "_OPS", "ops-ALL", "OPS.TEAM", "OPS-1"] {
            assert!(sudoers(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn visudo_takes_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("clockaudit");
        std::fs::write(&path, sudoers("ops").expect("lines")).expect("written");
        let output = std::process::Command::new("visudo").arg("-c").arg("-f").arg(&path).output().expect("visudo");
        assert!(output.status.success(), "{output:?}");
    }
}

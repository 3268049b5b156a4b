//! The least that sudo must allow for a fix, as lines for sudoers.

use super::remote::script::START;

/// A name that cannot stand in sudoers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a user: letters, digits and `._-` are, the first a letter or `_`")]
pub struct BadUser(String);

/// The lines that let this user run the script of a fix as root, and no other command.
pub fn sudoers(user: &str) -> Result<String, BadUser> {
    let begins_well = user.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !begins_well || user.len() > 32 || !user.bytes().all(is_of_names) {
        return Err(BadUser(user.chars().take(32).collect()));
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
            assert!(sudoers(bad).is_err(), "{bad}");
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

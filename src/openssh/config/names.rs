//! Names of hosts and of users that OpenSSH takes from others: commands have them in the place of `%h`, `%n` and `%r`, and a
//! shell runs those commands.

/// Letters of neither kind of name: a shell takes them for its own (`ssh.c`, `valid_hostname` and `valid_ruser`).
const OF_SHELLS: &[u8] = b"'`\";&<>|(){}";
/// Letters that no host name has besides.
const OF_NO_HOST: &[u8] = b"$\\,";

/// Why OpenSSH would refuse the name of a host.
pub(super) fn host_name(name: &str) -> Result<(), &'static str> {
    let is_fine = |byte: u8| {
        !(byte.is_ascii_control() || byte == b' ' || OF_SHELLS.contains(&byte) || OF_NO_HOST.contains(&byte))
    };
    if name.starts_with('-') || !name.bytes().all(is_fine) {
        return Err(
            "ssh takes no host name that begins with - or has a blank or one of ' ` \" ; & < > | ( ) { } $ \\ , in it",
        );
    }
    Ok(())
}

/// Why OpenSSH would refuse a login name.
pub(super) fn login_name(name: &str) -> Result<(), &'static str> {
    let is_fine = |byte: u8| !(byte.is_ascii_control() || OF_SHELLS.contains(&byte));
    if name.starts_with('-') || name.ends_with('\\') || name.contains(" -") || !name.bytes().all(is_fine) {
        return Err("ssh takes no login name with - at the beginning or behind a blank, \\ at its end, or one of \
                    ' ` \" ; & < > | ( ) { } in it");
    }
    Ok(())
}

//! The files of `ssh_config`: which ones are read, and which ones must not be trusted.

mod glob;
mod outside;

use std::fs::{File, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User as Account, getuid};

use crate::bounded;
use crate::files::TimeLeft;
use crate::files::named;
use crate::openssh::config::{Files, Found, Reader, SshConfig};

pub use outside::ThisMachine;

/// Bytes of one file that are read at most.
const MOST_BYTES: u64 = 4 << 20;
/// The system's file.
const SYSTEMS: &str = "/etc/ssh/ssh_config";
/// The user's file, in the home folder.
const USERS: &str = ".ssh/config";
/// Permissions that only the owner may have: others could name a command that runs as this user.
const WRITABLE_BY_GROUP: u32 = 0o020;
const WRITABLE_BY_OTHERS: u32 = 0o002;

/// Which files are gone through.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Which {
    /// The user's, then the system's.
    #[default]
    Usual,
    /// This one alone (`-F FILE`).
    Only(PathBuf),
    /// None (`-F none`).
    None,
}

impl Which {
    /// What a value of `-F` asks for.
    pub fn named(file: &str) -> Self {
        if file.eq_ignore_ascii_case("none") { Self::None } else { Self::Only(PathBuf::from(file)) }
    }
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SshConfigError {
    /// A file that was named or is there cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}

/// Files that were read.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What they say.
    pub config: SshConfig,
    /// What there is to say about them, a line each.
    pub warnings: Vec<String>,
}

/// Reads the files, for a user whose home folder is `home`. Those that nobody named may be missing; OpenSSH passes over them
/// without a word where they cannot be opened either (`ssh.c`, `process_config_files`), which is told here. One that others can
/// write ends the run, as it ends ssh. One that was named may be a pipe, and is read before the run is over.
pub fn load(which: &Which, home: &Path, time: &TimeLeft) -> Result<Loaded, SshConfigError> {
    let mut included = Included { home };
    let mut reader = Reader::new(&mut included);
    let mut passed_over = Vec::new();
    match which {
        Which::None => {}
        Which::Only(file) => {
            let text = named::file(file, MOST_BYTES, time).map_err(|why| unreadable(file, why.to_string()))?;
            reader.read(&file.display().to_string(), &text, true);
        }
        Which::Usual => {
            let users = home.join(USERS);
            if let Some(file) = optional(&users, &mut passed_over) {
                let text = trusted(file).map_err(|why| unreadable(&users, why))?;
                reader.read(&users.display().to_string(), &text, true);
            }
            let systems = Path::new(SYSTEMS);
            if let Some(file) = optional(systems, &mut passed_over) {
                let text = bounded::stream(file, MOST_BYTES).map_err(|why| unreadable(systems, why.to_string()))?;
                reader.read(SYSTEMS, &text, false);
            }
        }
    }
    let (config, told) = reader.finish();
    let warnings = passed_over.into_iter().chain(told).collect();
    Ok(Loaded { config, warnings })
}

/// A file that need not be there; what is said of one that is there and cannot be opened.
fn optional(path: &Path, passed_over: &mut Vec<String>) -> Option<File> {
    match bounded::regular(path) {
        Ok(file) => Some(file),
        Err(why) if why.is_missing() => None,
        Err(why) => {
            passed_over.push(format!("{} {why}: nothing in it has an effect, as with ssh", path.display()));
            None
        }
    }
}

fn unreadable(path: &Path, why: String) -> SshConfigError {
    SshConfigError::Unreadable { path: path.display().to_string(), why }
}

/// Files that are included: found by patterns, and trusted only where nobody else can write them.
struct Included<'home> {
    home: &'home Path,
}

impl Files for Included<'_> {
    fn matching(&mut self, pattern: &str) -> Vec<Found> {
        let Some(pattern) = self.absolute(pattern) else { return Vec::new() };
        let names = match glob::matching(&pattern) {
            Ok(names) => names,
            Err(why) => return vec![Found { name: pattern.display().to_string(), content: Err(why.to_string()) }],
        };
        let found = names.into_iter().filter_map(|path| match bounded::regular(&path) {
            // Gone since it was found.
            Err(why) if why.is_missing() => None,
            opened => {
                let content = opened.map_err(|why| why.to_string()).and_then(trusted);
                Some(Found { name: path.display().to_string(), content })
            }
        });
        found.collect()
    }
}

impl Included<'_> {
    /// The pattern with its leading `~` or `~user` replaced; `None` where there is no such user.
    fn absolute(&self, pattern: &str) -> Option<PathBuf> {
        let Some(behind) = pattern.strip_prefix('~') else { return Some(PathBuf::from(pattern)) };
        let (user, path) = behind.split_once('/').unwrap_or((behind, ""));
        let home = if user.is_empty() { self.home.to_owned() } else { Account::from_name(user).ok().flatten()?.dir };
        Some(home.join(path.trim_start_matches('/')))
    }
}

/// The text of a file that belongs to this user or the administrator, and that nobody else can write.
fn trusted(file: File) -> Result<Vec<u8>, String> {
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if is_writable_by_others(&metadata) {
        let mode = metadata.permissions().mode() & 0o7777;
        return Err(format!(
            "others can write it (owner {}, mode {mode:04o}), so that ssh would refuse it; chmod go-w",
            metadata.uid()
        ));
    }
    bounded::stream(file, MOST_BYTES).map_err(|why| why.to_string())
}

fn is_writable_by_others(metadata: &Metadata) -> bool {
    let (mode, owner) = (metadata.permissions().mode(), Uid::from_raw(metadata.uid()));
    let is_foreign = !owner.is_root() && owner != getuid();
    let by_group = mode & WRITABLE_BY_GROUP != 0 && !is_a_group_of_one(Gid::from_raw(metadata.gid()), owner);
    is_foreign || by_group || mode & WRITABLE_BY_OTHERS != 0
}

/// Whether only the owner is in the group, as Debian's and Fedora's private groups are: their OpenSSH lets such files be.
fn is_a_group_of_one(group: Gid, owner: Uid) -> bool {
    let (Ok(Some(group)), Ok(Some(account))) = (Group::from_gid(group), Account::from_uid(owner)) else { return false };
    account.gid == group.gid && group.name == account.name && group.mem.iter().all(|member| *member == account.name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".ssh/conf.d")).unwrap();
        home
    }

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_can_write_is_refused() {
        let home = home();
        let check = |mode: u32, is_refused: bool| {
            write(&home.path().join(USERS), "User me\n", mode);
            let loaded = load(&Which::Usual, home.path(), &TimeLeft::default());
            assert_eq!(loaded.is_err(), is_refused, "{mode:o} {loaded:?}");
        };
        check(0o600, false);
        check(0o644, false);
        check(0o646, true);
        check(0o602, true);
        let error = load(&Which::Usual, home.path(), &TimeLeft::default()).unwrap_err().to_string();
        assert!(error.contains(".ssh/config: others can write it") && error.contains("mode 0602"), "{error}");
        // With -F it is the user's own choice, as with ssh.
        assert!(load(&Which::Only(home.path().join(USERS)), home.path(), &TimeLeft::default()).is_ok());
    }

    #[test]
    fn one_that_cannot_be_opened_is_passed_over_and_told() {
        let home = home();
        let users = home.path().join(USERS);
        let check = |expected: &str| {
            let loaded = load(&Which::Usual, home.path(), &TimeLeft::default()).unwrap();
            let [warning, ..] = loaded.warnings.as_slice() else { panic!("{loaded:?}") };
            assert!(warning.contains(".ssh/config cannot be read: ") && warning.contains(expected), "{warning}");
            // Named, it must be read.
            assert!(load(&Which::Only(users.clone()), home.path(), &TimeLeft::default()).is_err());
        };
        // Permissions cannot stop the administrator, a circle of links stops everybody.
        std::os::unix::fs::symlink("config", &users).unwrap();
        check("symbolic links");
        fs::remove_file(&users).unwrap();
        fs::create_dir(&users).unwrap();
        check("it is not a regular file but a folder");
        fs::remove_dir_all(home.path().join(".ssh")).unwrap();
        fs::write(home.path().join(".ssh"), "").unwrap();
        check("Not a directory");
    }

    #[test]
    fn a_named_file_must_be_there_and_the_usual_ones_need_not() {
        let home = home();
        assert!(load(&Which::Usual, home.path(), &TimeLeft::default()).is_ok());
        assert!(load(&Which::None, home.path(), &TimeLeft::default()).is_ok());
        let error = load(&Which::named("/no/such/file"), home.path(), &TimeLeft::default()).unwrap_err().to_string();
        assert!(error == "/no/such/file: there is no such file", "{error}");
        assert_eq!(Which::named("None"), Which::None);
    }

    #[test]
    fn endless_files_are_cut() {
        let error =
            load(&Which::Only("/dev/zero".into()), Path::new("/"), &TimeLeft::default()).unwrap_err().to_string();
        assert_eq!(error, "/dev/zero: is larger than 4 MiB");
    }
}

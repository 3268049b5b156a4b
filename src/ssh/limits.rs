//! The open-file limit: raised to what the system allows, and how many hosts fit in it at once.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::audit::fitness::OPEN_BESIDE;

/// What a run opens before its first host: the runtime, its signals, the files of keys.
pub const LEAST_OPEN_FILES: usize = 32;

/// How many files may be open, once that is raised to what the system allows.
pub fn open_files() -> usize {
    raise_open_files().files
}

/// How many hosts can be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Capacity {
    /// The limit of open files after it was raised.
    pub(super) files: usize,
    /// How many sessions fit beside everything else.
    pub(super) sessions: usize,
}

/// Raises the soft limit of open files to the hard one and tells how many sessions fit.
pub(super) fn raise_open_files() -> Capacity {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1_024, 1_024));
    // A refusal leaves the soft limit, which is read again below: fewer hosts at once, nothing else.
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let (now, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((soft, hard));
    capacity_of(usize::try_from(now).unwrap_or(usize::MAX))
}

fn capacity_of(files: usize) -> Capacity {
    Capacity { files, sessions: files.saturating_sub(OPEN_BESIDE.into()).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_kept_back() {
        assert_eq!(capacity_of(1_024), Capacity { files: 1_024, sessions: 960 });
        assert_eq!(capacity_of(10).sessions, 1);
    }

    #[test]
    fn the_limit_is_raised_to_the_hard_one() {
        let raised = raise_open_files();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
        assert_eq!(raised.files as u64, soft);
    }
}

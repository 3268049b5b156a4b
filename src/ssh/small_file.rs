//! Files of keys: read whole, unless they are something without an end.

use std::fs::{self, File};
use std::io::{Error, Read, Result};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What a file of known host keys may hold: those of some hundred thousand hosts.
pub(super) const KNOWN_HOSTS_LIMIT: u64 = 64 << 20;
/// What a file of one key may hold.
pub(super) const KEY_LIMIT: u64 = 1 << 20;

/// Reads a file of at most `limit` bytes; `/dev/null`, by whatever name, is empty. Pipes and devices are refused: they may
/// never end, or wait for ever for somebody who writes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        let is_null = |null: fs::Metadata| null.rdev() != 0 && null.rdev() == found.rdev();
        return if fs::metadata("/dev/null").is_ok_and(is_null) {
            Ok(Vec::new())
        } else {
            Err(Error::other("it is not a regular file"))
        };
    }
    let mut bytes = Vec::new();
    // The size that is told need not be the size that there is: some files grow while they are read.
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(Error::other(format!("it is larger than {} MB", limit >> 20)));
    }
    Ok(bytes)
}

/// The same, for text.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|_| Error::other("it is not text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pipe) = (folder.path().join("file"), folder.path().join("pipe"));
        let link = folder.path().join("link");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let check = |path: &Path, expected: std::result::Result<&[u8], &str>| {
            let got = read(path, 1 << 20).map_err(|error| error.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), expected, "{}", path.display());
        };
        check(Path::new("/dev/full"), Err("it is not a regular file"));
        check(Path::new("/dev/zero"), Err("it is not a regular file"));
        check(folder.path(), Err("it is not a regular file"));
        check(&pipe, Err("it is not a regular file"));
        check(Path::new("/dev/null"), Ok(b""));
        check(&link, Ok(b""));
        let most = vec![b'#'; 1 << 20];
        fs::write(&file, &most).unwrap();
        check(&file, Ok(&most));
        fs::write(&file, [most.as_slice(), b"#"].concat()).unwrap();
        check(&file, Err("it is larger than 1 MB"));
        assert_eq!(read(&folder.path().join("missing"), 1).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    }
}

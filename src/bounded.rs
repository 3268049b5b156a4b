//! Bytes of files and streams, as far as is sensible: what is larger is another one than was meant, or hostile; what is no
//! regular file may never end.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;

/// Why there are no bytes, as the end of a sentence that begins with the name of what was to be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// It cannot be read.
    #[error("{}", why(.0))]
    Failed(#[from] io::Error),
    /// It is something else than a file: it may never end, or wait for ever for somebody who writes.
    #[error("cannot be read: it is not a regular file but {0}")]
    NotRegular(&'static str),
    /// It is larger than so many bytes.
    #[error("is larger than {}", size(*.0))]
    TooLarge(u64),
    /// It has not ended before the run did, which may take so long.
    #[error("has not ended within the {} s of `--deadline`", .0.as_secs_f64())]
    Late(Duration),
    /// It is not UTF-8.
    #[error("is no text")]
    NotText,
}

impl Unread {
    /// Whether there is nothing of that name.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Failed(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl From<Unread> for io::Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Failed(error) => error,
            other => Self::other(other.to_string()),
        }
    }
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// All bytes of a stream, if they are no more than so many.
pub(crate) fn stream(source: impl Read, most: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(Unread::TooLarge(most));
    }
    Ok(bytes)
}

/// All bytes of a regular file, if they are no more than so many; `/dev/null`, by whatever name, is empty.
pub(crate) fn file(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    match regular(path) {
        Err(Unread::NotRegular(_)) if other_than_file(&fs::metadata(path)?).is_none() => Ok(Vec::new()),
        opened => stream(opened?, most),
    }
}

/// The same, for text.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Unread> {
    String::from_utf8(file(path, most)?).map_err(|_| Unread::NotText)
}

/// Opens a regular file, and nothing else.
pub(crate) fn regular(path: &Path) -> Result<File, Unread> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(Unread::NotRegular(kind(&found)));
    }
    // What was put in its place since then is not waited for either.
    Ok(OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?)
}

/// What that is which was found, where [`file()`] does not read it.
pub(crate) fn other_than_file(found: &Metadata) -> Option<&'static str> {
    let is_null = || fs::metadata("/dev/null").is_ok_and(|null| null.rdev() != 0 && null.rdev() == found.rdev());
    (!found.is_file() && !is_null()).then(|| kind(found))
}

fn kind(found: &Metadata) -> &'static str {
    match found.file_type() {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_larger_is_not_read() {
        let told = |length: usize, most: u64| {
            let bytes = vec![b'x'; length];
            stream(bytes.as_slice(), most).map(|bytes| bytes.len()).map_err(|error| error.to_string())
        };
        assert_eq!(told(2048, 2048), Ok(2048));
        assert_eq!(told(2049, 2048), Err("is larger than 2 KiB".to_owned()));
        assert_eq!(told(3, 2), Err("is larger than 2 bytes".to_owned()));
        assert_eq!(told((1 << 20) + 1, 1 << 20), Err("is larger than 1 MiB".to_owned()));
    }

    #[test]
    fn what_may_have_no_end_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, pipe) = (folder.path().join("file"), folder.path().join("pipe"));
        let link = folder.path().join("link");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).expect("a pipe");
        symlink("/dev/null", &link).expect("a link");
        let check = |path: &Path, expected: Result<&[u8], &str>| {
            let got = file(path, 1 << 20).map_err(|error| error.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), expected, "{}", path.display());
        };
        check(Path::new("/dev/full"), Err("cannot be read: it is not a regular file but a device"));
        check(Path::new("/dev/zero"), Err("cannot be read: it is not a regular file but a device"));
        check(folder.path(), Err("cannot be read: it is not a regular file but a folder"));
        check(&pipe, Err("cannot be read: it is not a regular file but a pipe"));
        check(Path::new("/dev/null"), Ok(b""));
        check(&link, Ok(b""));
        assert!(matches!(regular(&link), Err(Unread::NotRegular("a device"))));
        check(&folder.path().join("missing"), Err("there is no such file"));
        let most = vec![b'#'; 1 << 20];
        fs::write(&path, &most).expect("a file");
        check(&path, Ok(&most));
        fs::write(&path, [most.as_slice(), b"#"].concat()).expect("a file");
        check(&path, Err("is larger than 1 MiB"));
        fs::write(&path, b"\xff").expect("a file");
        assert!(matches!(text(&path, 1), Err(Unread::NotText)));
    }
}

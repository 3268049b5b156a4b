//! Files and streams read as far as is sensible: what is larger is another one than was meant, or hostile.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why there are no bytes, as the end of a sentence that begins with the name of what was to be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// It cannot be read.
    #[error("{}", why(.0))]
    Failed(#[from] io::Error),
    /// It is larger than so many bytes.
    #[error("is larger than {}", size(*.0))]
    TooLarge(u64),
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
pub(super) fn stream(source: impl Read, most: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(Unread::TooLarge(most));
    }
    Ok(bytes)
}

/// All bytes of a file, if they are no more than so many.
pub(super) fn file(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    stream(File::open(path)?, most)
}

#[cfg(test)]
mod tests {
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
        let folder = tempfile::tempdir().expect("a folder");
        let told = |name: &str| file(&folder.path().join(name), 10).map_err(|error| error.to_string());
        assert_eq!(told("nowhere"), Err("there is no such file".to_owned()));
        assert!(told(".").is_err_and(|why| why.starts_with("cannot be read: ")));
    }
}

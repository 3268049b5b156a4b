//! Reports on disk: exports are written whole or not at all, stored reports are read exactly.

use std::error::Error as _;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
#[cfg(target_os = "linux")]
use std::os::{fd::AsRawFd, unix::fs::OpenOptionsExt};
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
#[cfg(target_os = "linux")]
use nix::unistd::linkat;

use super::named;
use super::time_left::TimeLeft;
use crate::bounded::Unread;
use crate::report::form::{self, Form};
use crate::report::json::{self, ReadError};
use crate::report::model::Report;
use crate::report::table::{Page, Shelf};

/// A stored report is refused beyond this size: 10,000 hosts take less than a tenth of it.
const LARGEST: u64 = 1 << 30;

/// How the name of a file begins that is about to be renamed.
const PREFIX: &str = ".clockaudit-";

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Where to.
    pub path: PathBuf,
    /// In which form.
    pub form: Form,
}

/// A file name whose suffix tells no form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot tell the format of `{}` by its suffix", .0.display())]
pub struct UnknownFormat(pub PathBuf);

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write `{}`: {cause}", path.display())]
pub struct WriteError {
    path: PathBuf,
    cause: io::Error,
}

/// A stored report could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("failed to read `{}`: {cause}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file holds no report that can be used.
    #[error("`{}`: {cause}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: ReadError,
    },
}

impl Export {
    /// Tells the form by the suffix.
    pub fn to(path: PathBuf) -> Result<Self, UnknownFormat> {
        let form = path.extension().and_then(|suffix| Form::of_suffix(&suffix.to_string_lossy()));
        match form {
            Some(form) => Ok(Self { path, form }),
            None => Err(UnknownFormat(path)),
        }
    }
}

/// Writes every export of a report; the ones after a failure are tried too, and the first failure is told.
pub fn write_all(report: &Report, exports: &[Export]) -> Result<(), WriteError> {
    write_each(exports, |form| form::write(report, form, Shelf::Nowhere, Page::ENDLESS).map_err(io::Error::other))
}

/// The same of anything that has a text in these forms; text may carry colour, which a file does not get.
pub fn write_each(exports: &[Export], text: impl Fn(Form) -> io::Result<String>) -> Result<(), WriteError> {
    let failures: Vec<WriteError> =
        exports.iter().filter_map(|export| write(export, text(export.form)).err()).collect();
    failures.into_iter().next().map_or(Ok(()), Err)
}

fn write(export: &Export, text: io::Result<String>) -> Result<(), WriteError> {
    let text = text.map(|text| match export.form {
        Form::Text => anstream::adapter::strip_str(&text).to_string(),
        _ => text,
    });
    text.and_then(|text| write_whole(&export.path, text.as_bytes()))
        .map_err(|cause| WriteError { path: export.path.clone(), cause })
}

/// Finds out, and leaves no trace of it, whether every export can be written: before hosts are asked for what would then
/// be lost.
pub fn check_all(exports: &[Export]) -> Result<(), WriteError> {
    exports.iter().try_for_each(|export| check_writable(&export.path))
}

/// Finds out whether `write_whole` can write a file there: a file without a name is made in the same folder.
pub fn check_writable(path: &Path) -> Result<(), WriteError> {
    let checked = match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        // A pipe or a device: opening it could wait for its reader.
        Ok(found) if !found.is_file() => Ok(()),
        Ok(_) | Err(_) => folder_of(&target_of(path)).and_then(|folder| tempfile::tempfile_in(folder).map(drop)),
    };
    checked.map_err(|cause| WriteError { path: path.to_owned(), cause: without_path(cause) })
}

/// The file that a path names: through a link the file at its end is replaced, not the link.
fn target_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The folder that holds a file, once it is there.
fn folder_of(path: &Path) -> io::Result<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(folder.to_owned()),
        Ok(_) => Err(io::Error::new(io::ErrorKind::NotADirectory, format!("`{}` is no folder", folder.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), format!("there is no folder `{}`", folder.display())))
        }
        Err(error) => Err(error),
    }
}

/// The system's own error; the name of a temporary file tells a user nothing.
fn without_path(error: io::Error) -> io::Error {
    let inner = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    inner.and_then(io::Error::raw_os_error).map_or(error, io::Error::from_raw_os_error)
}

/// Writes a file so that nobody ever sees a part of it: beside its place first, then renamed. What is not a plain file
/// (`/dev/stdout`, a pipe) is written to directly.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let path = &target_of(path);
    write_beside(path, |file| file.write_all(bytes))
}

/// Lets `content` be written into a new file, which then takes the place of `path`.
fn write_beside(path: &Path, mut content: impl FnMut(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path)?;
    // Who kept a file from others keeps what replaces it from them: before anything is in it.
    let kept = fs::metadata(path).ok().map(|found| fs::Permissions::from_mode(found.permissions().mode() & 0o777));
    let keep = |file: &fs::File| kept.clone().map_or(Ok(()), |kept| file.set_permissions(kept));
    #[cfg(target_os = "linux")]
    if let Ok(mut file) = nameless_in(&folder) {
        keep(&file)?;
        content(&mut file)?;
        file.sync_all()?;
        // Where nothing is to be replaced it gets its own name at once: there is no other that could stay.
        if link_to(&file, path).is_ok() {
            return Ok(());
        }
        // Without /proc no name can be given: then the file is written once more, under one.
        if let Ok(named) = name_in(&folder, &file) {
            return named.persist(path).map_err(io::Error::from);
        }
    }
    // A temporary file is its owner's only; a report is as readable as any other file that the user makes.
    let mut file = tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(without_path)?;
    keep(file.as_file())?;
    content(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// A file without a name, where the file system has such: whatever ends the program meanwhile, nothing of it stays.
#[cfg(target_os = "linux")]
fn nameless_in(folder: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).mode(0o666).custom_flags(OFlag::O_TMPFILE.bits()).open(folder)
}

/// Gives a file without a name one that is free, for the moment before it is renamed.
#[cfg(target_os = "linux")]
fn name_in(folder: &Path, file: &fs::File) -> io::Result<tempfile::TempPath> {
    let named = tempfile::Builder::new().prefix(PREFIX).make_in(folder, |name| link_to(file, name));
    Ok(named.map_err(without_path)?.into_temp_path())
}

/// Gives a file without a name this one, where nothing has it yet.
#[cfg(target_os = "linux")]
fn link_to(file: &fs::File, name: &Path) -> io::Result<()> {
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(AT_FDCWD, open.as_str(), AT_FDCWD, name, AtFlags::AT_SYMLINK_FOLLOW).map_err(io::Error::from)
}

/// Reads a stored report; `-` is standard input.
pub fn load(path: &Path) -> Result<Report, LoadError> {
    with_text(path).map(|(_, report)| report)
}

/// The same of a report that is told to others, with the bytes of the file, as they are: it must not contradict itself.
pub fn load_to_tell(path: &Path) -> Result<(Vec<u8>, Report), LoadError> {
    let (text, report) = with_text(path)?;
    json::check_sense(&report).map_err(|cause| LoadError::Refused { path: path.to_owned(), cause })?;
    Ok((text.into_bytes(), report))
}

fn with_text(path: &Path) -> Result<(String, Report), LoadError> {
    let text = read_bounded(path).map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })?;
    let report = json::read(&text).map_err(|cause| LoadError::Refused { path: path.to_owned(), cause })?;
    Ok((text, report))
}

/// Reads a whole file, or standard input for `-`, as far as that is of a sensible size.
pub(super) fn read_bounded(path: &Path) -> io::Result<String> {
    let bytes = named::file_or_input(path, LARGEST, &TimeLeft::default())?;
    String::from_utf8(bytes).map_err(|_| Unread::NotText.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_tells_the_format() {
        let check = |name: &str, expected: Option<Form>| {
            assert_eq!(Export::to(name.into()).ok().map(|export| export.form), expected, "{name}");
        };
        check("out.json", Some(Form::Json));
        check("out.JSON", Some(Form::Json));
        check("a.b/out.txt", Some(Form::Text));
        check("out.pdf", None);
        check("out", None);
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_whole(&folder.path().join("missing/out.json"), b"x").is_err());
    }

    #[test]
    fn what_replaces_a_file_is_as_readable_as_that_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        write_whole(&path, b"old").unwrap();
        for mode in [0o600, 0o640, 0o444] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            write_whole(&path, b"new").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_is_ended_while_it_writes_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let mut seen = None;
        write_beside(&path, |file| {
            seen = Some(fs::read_dir(folder.path())?.count());
            file.write_all(b"whole")
        })
        .unwrap();
        assert_eq!(seen, Some(0), "what has no name needs no removal");
        // Given its own name at once, it takes nobody's place.
        assert_eq!(link_to(&nameless_in(folder.path()).unwrap(), &folder.path().join("new.json")).ok(), Some(()));
        let again = link_to(&nameless_in(folder.path()).unwrap(), &folder.path().join("new.json"));
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::remove_file(folder.path().join("new.json")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        write_beside(&path, |_| Err(io::Error::other("a full disk"))).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn whether_a_file_can_be_written_is_found_out_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::write(inside("there.json"), b"old").unwrap();
        let check = |path: &Path, expected: Option<&str>| {
            let told = check_writable(path).err().map(|error| error.to_string());
            assert_eq!(told.is_some(), expected.is_some(), "{told:?}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{path:?}");
        };
        check(&inside("new.json"), None);
        check(&inside("there.json"), None);
        check(Path::new("/dev/null"), None);
        check(&inside("missing/new.json"), Some("missing`"));
        check(&inside("there.json/new.json"), Some("new.json"));
        check(folder.path(), Some("directory"));
        assert_eq!(fs::read(inside("there.json")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write_whole(Path::new("/dev/null"), b"x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}

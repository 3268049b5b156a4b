//! What somebody named, on a command line, in the environment or in settings. Pipes and devices are read too, `<(command)` is one,
//! but no longer than the run may take.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use super::time_left::TimeLeft;
use crate::bounded::{self, Unread};

/// All bytes of what was named, if they are no more than so many.
pub(super) fn file(path: &Path, most: u64, time: &TimeLeft) -> Result<Vec<u8>, Unread> {
    if fs::metadata(path)?.is_file() {
        return bounded::file(path, most);
    }
    let path = path.to_owned();
    // A pipe is not even opened before somebody writes.
    in_time(time, move || bounded::stream(File::open(path)?, most))
}

/// The same; `-` is standard input.
pub(super) fn file_or_input(path: &Path, most: u64, time: &TimeLeft) -> Result<Vec<u8>, Unread> {
    if path.as_os_str() == "-" { standard_input(most, time) } else { file(path, most, time) }
}

/// All bytes of standard input, if they are no more than so many.
pub(super) fn standard_input(most: u64, time: &TimeLeft) -> Result<Vec<u8>, Unread> {
    in_time(time, move || bounded::stream(io::stdin().lock(), most))
}

/// Reads on a thread of its own, which is left behind where nothing comes: nothing else ends a read.
fn in_time(
    time: &TimeLeft,
    read: impl FnOnce() -> Result<Vec<u8>, Unread> + Send + 'static,
) -> Result<Vec<u8>, Unread> {
    let (Some(left), Some(whole)) = (time.left(), time.whole()) else { return read() };
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more where the time was over.
        let _ = sender.send(read());
    });
    receiver.recv_timeout(left).unwrap_or(Err(Unread::Late(whole)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_pipe_is_read_and_not_waited_for_beyond_the_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let over = TimeLeft::of(Some(Duration::ZERO));
        let told = file(&pipe, 10, &over).map_err(|error| error.to_string());
        assert_eq!(told, Err("has not ended within the 0 s of `--deadline`".to_owned()));
        // A regular file is there at once, whatever is left.
        let path = folder.path().join("file");
        fs::write(&path, "text").expect("a file");
        assert_eq!(file(&path, 10, &over).expect("bytes"), b"text");
        // The reader that was left behind still waits at the first one.
        let other = folder.path().join("other");
        nix::unistd::mkfifo(&other, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let pipe = other.clone();
        let writes = thread::spawn(move || fs::write(other, "from a pipe"));
        let long = TimeLeft::of(Some(Duration::from_secs(1_000_000)));
        assert_eq!(file(&pipe, 20, &long).expect("bytes"), b"from a pipe");
        writes.join().expect("an end").expect("written");
        assert!(matches!(file(Path::new("/dev/zero"), 10, &long), Err(Unread::TooLarge(10))));
    }
}

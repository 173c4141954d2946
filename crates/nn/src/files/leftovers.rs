//! The temporary files of writers that died.
//!
//! A number of a process proves nothing: it is given out again, and means another process in another container or on another machine that
//! sees the same folder. So a writer holds the operating system's lock on the file that it writes. The lock goes when the process
//! goes, however it does, and who gets it knows that nobody writes any more.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::data::DataError;

/// A new temporary file for `name`, locked: `.NAME.new-PID-N`.
pub(super) fn begin(parent: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    // Two threads may write the same path; each needs a temporary name of its own.
    static WRITES: AtomicU64 = AtomicU64::new(0);
    loop {
        let write = WRITES.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!(".{name}.new-{}-{write}", process::id()));
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            // Left by a dead process that had our number, as every process of a container may have.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            file => file?,
        };
        match file.try_lock() {
            // Between the two lines above somebody may have taken the file for a leftover.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !same_file(&file, &path) => {}
            // A file system without locks: nobody can get one and remove the file either.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok((path, file)),
        }
    }
}

/// Removes what [`write_atomically`](super::write_atomically) left beside `path` in processes that died while it ran: files
/// `.NAME.new-PID-N`. Returns how many there were.
///
/// A file is removed if its writer's lock can be had, which proves that the writer is gone: on this machine, in another container, and on
/// another machine as far as the file system carries locks. Where it has none, everything stays.
///
/// # Errors
/// [`DataErrorKind::Missing`](crate::data::DataErrorKind::Missing) and [`DataErrorKind::Io`](crate::data::DataErrorKind::Io) if the folder
/// cannot be read, or a leftover cannot be removed.
///
/// # Example
/// ```
/// use quadric_nn::files::{remove_leftovers, write_atomically};
/// # let folder = std::env::temp_dir().join(format!("quadric-leftovers-{}", std::process::id()));
/// # std::fs::create_dir(&folder).unwrap();
/// let path = folder.join("losses.csv");
/// std::fs::write(folder.join(".losses.csv.new-1-0"), "half a li").unwrap(); // as a killed process leaves it
/// write_atomically(&path, b"a whole line")?;
/// assert_eq!(remove_leftovers(&path)?, 1);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn remove_leftovers(path: impl AsRef<Path>) -> Result<usize, DataError> {
    let (parent, name) = super::parent_and_name(path.as_ref())?;
    remove_leftovers_of(&parent, |of| of == name)
}

/// Likewise, of every name in the folder that `ours` knows.
pub(crate) fn remove_leftovers_of(folder: &Path, ours: impl Fn(&str) -> bool) -> Result<usize, DataError> {
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(|error| DataError::io(folder, "read", error))? {
        let entry = entry.map_err(|error| DataError::io(folder, "read", error))?;
        let name = entry.file_name();
        let path = entry.path();
        if name.to_str().and_then(of_name).is_some_and(&ours) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            removed += usize::from(remove_if_dead(&path).map_err(|error| DataError::io(&path, "remove", error))?);
        }
    }
    Ok(removed)
}

/// `NAME`, if this is the name of a temporary file of it.
fn of_name(temporary: &str) -> Option<&str> {
    let (name, ids) = temporary.strip_prefix('.')?.rsplit_once(".new-")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    ids.split_once('-').is_some_and(|(process, write)| digits(process) && digits(write)).then_some(name)
}

fn remove_if_dead(path: &Path) -> io::Result<bool> {
    let gone = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(false) } else { Err(error) };
    // Some systems lock only what is open for writing.
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) => return gone(error),
    };
    // A name may have passed to another file since it was opened; only while it is this one's can nobody else be writing to it.
    if file.try_lock().is_err() || !same_file(&file, path) {
        return Ok(false);
    }
    fs::remove_file(path).map(|()| true).or_else(gone)
}

/// Whether the name is this file's.
#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(file), Ok(named)) => (file.dev(), file.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Whether the name is this file's. Elsewhere a file that is open keeps its name.
#[cfg(not(unix))]
fn same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::TempDir;

    #[test]
    fn only_temporary_names_are_leftovers() {
        for (temporary, name) in [
            (".a.csv.new-12-0", Some("a.csv")),
            (".a.new-1-2.new-3-4", Some("a.new-1-2")),
            ("a.csv.new-12-0", None),
            (".a.csv.new-12", None),
            (".a.csv.new-12-", None),
            (".a.csv.new-12-x", None),
            (".a.csv", None),
        ] {
            assert_eq!(of_name(temporary), name, "{temporary}");
        }
    }

    #[test]
    fn what_somebody_still_writes_stays() {
        let dir = TempDir::new();
        let path = dir.path().join("a");
        let (temporary, file) = begin(dir.path(), "a").unwrap();
        dir.write(".a.new-1-0", b"dead");
        dir.write(".b.new-1-0", b"another's");
        assert_eq!(remove_leftovers(&path).unwrap(), 1);
        assert!(temporary.exists() && dir.path().join(".b.new-1-0").exists());
        drop(file); // as when a process ends
        assert_eq!(remove_leftovers(&path).unwrap(), 1);
        assert!(!temporary.exists());
        assert_eq!(remove_leftovers(&path).unwrap(), 0);
    }

    /// In a container every run may have one number, and the leftovers of the former run have the names that the next one begins with.
    #[test]
    fn a_name_that_is_taken_is_passed_over() {
        let dir = TempDir::new();
        let (temporary, file) = begin(dir.path(), "a").unwrap();
        let number: u64 = temporary.to_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
        for next in 1..40 {
            dir.write(&format!(".a.new-{}-{}", process::id(), number + next), b"");
        }
        drop(file);
        crate::files::write_atomically(dir.path().join("a"), b"whole").unwrap();
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"whole");
    }

    /// Writers and removers at once: no write loses its file, at whichever line the other one is.
    #[test]
    fn writers_are_not_disturbed_by_who_clears_up() {
        let dir = TempDir::new();
        let path = dir.path().join("a");
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let write = |thread: u8| {
                let path = &path;
                scope.spawn(move || (0..100).try_for_each(|_| crate::files::write_atomically(path, &[thread; 100])))
            };
            let writers = [0, 1, 2].map(write);
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    remove_leftovers(&path).unwrap();
                }
            });
            let written = writers.map(|writer| writer.join().unwrap());
            done.store(true, Ordering::Relaxed);
            written.into_iter().for_each(Result::unwrap);
        });
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == 100 && bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(remove_leftovers(&path).unwrap(), 0);
    }
}

//! Writing files so that a reader never meets half of one.
//!
//! The recipe is old: write under another name in the same folder, `fsync` the file, rename, `fsync` the folder. A rename
//! within a file system is atomic, so at the final name there is the old file or the new one. The two `fsync`s keep that true
//! over a loss of power: without the first the new name may point to an empty file, without the second the name may be lost
//! [Pillai et al. 2014].
//!
//! A process that is killed while it writes leaves the file of the other name behind. Writers hold a lock on it, which ends with the
//! process, so that [`remove_leftovers`] can tell a dead writer's file from a slow one's.
//!
//! A folder cannot be renamed over a folder with something in it, so [`replace_directory`] takes two renames: the old
//! folder out of the way, the new one into place. Stopped between the two, both are whole under the neighbouring names
//! `.NAME.old-PID` and `.NAME.new-PID`, and the next call puts the old one back before it begins. (The system call that exchanges
//! two folders exists on Linux and macOS, but not in the standard library, and not without `unsafe` or a crate of bindings.)
//!
//! [`replace_directory`] deletes only what it wrote itself: it keeps a list of its files in the folder ([`MARKER`]), and replaces a
//! folder only if the list is there and names everything in it. A file that somebody added to the folder is an error.
//!
//! [Pillai et al. 2014]: https://www.usenix.org/conference/osdi14/technical-sessions/presentation/pillai

mod leftovers;

pub use leftovers::remove_leftovers;
pub(crate) use leftovers::remove_leftovers_of;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};

use crate::data::{DataError, DataErrorKind};

/// The file by which [`replace_directory`] knows a folder that it wrote: a title, then one file name on each line.
pub const MARKER: &str = ".quadric-report";
const MARKER_TITLE: &str = "quadric report; the program replaces this folder as long as it holds these files only:";

/// Puts `bytes` at `path`, as a whole or not at all; a file that was there is replaced. A link stays one: what it points to is written.
///
/// After `Ok` the bytes are on the disk. After `Err`, or after a crash at any moment, `path` is what it was before or the new
/// whole. A crash may leave a file `.NAME.new-PID-N` beside it, which [`remove_leftovers`] takes away.
///
/// # Errors
/// [`DataErrorKind::Missing`] if the folder is not there, [`DataErrorKind::Io`] for what the operating system refuses.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), DataError> {
    let path = path.as_ref();
    let (parent, name) = parent_and_name(path)?;
    // Where links lead to: a rename onto a link replaces the link, and cannot reach another file system.
    let target = parent.join(&name);
    let error = |error| DataError::io(path, "write", error);
    let (temporary, mut file) = leftovers::begin(&parent, &name).map_err(error)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, &target))
        .and_then(|()| sync_folder(&parent))
        .map_err(|fault| {
            // The first error is the one to tell; that the temporary file may be gone already is no news.
            let _ = fs::remove_file(&temporary);
            error(fault)
        })
}

/// Puts a folder that holds exactly `files` (and [`MARKER`]) at `path`, as a whole or not at all.
///
/// Names are plain file names. A folder that is there already is replaced if it is empty or a former call wrote all that it
/// holds. After `Err` the old folder is still there; after a crash the old or the new content is whole, at `path`
/// or (between two renames, see the [module](self)) beside it, from where the next call restores it.
///
/// # Errors
/// [`DataErrorKind::Refused`] if `path` is a file, or a folder with something in it that no former report wrote, or if a name is
/// not a plain file name; [`DataErrorKind::Missing`] and [`DataErrorKind::Io`] for what the operating system refuses.
pub fn replace_directory<N: AsRef<str>, B: AsRef<[u8]>>(
    path: impl AsRef<Path>,
    files: &[(N, B)],
) -> Result<(), DataError> {
    let path = path.as_ref();
    check_names(path, files)?;
    let (parent, name) = parent_and_name(path)?;
    let new = parent.join(format!(".{name}.new-{}", process::id()));
    let old = parent.join(format!(".{name}.old-{}", process::id()));
    // Through the resolved parent: `path` itself may end in a slash, or in a link that would be renamed in its folder's place.
    let path = &parent.join(&name);

    recover(&parent, &name, path)?;
    let replaces = may_replace(path)?;

    let io = |what: &'static str| move |error| DataError::io(path, what, error);
    remove_if_there(&new).map_err(io("write"))?;
    if let Err(error) = write_folder(&new, files) {
        let _ = remove_if_there(&new);
        return Err(DataError::io(path, "write", error));
    }
    if replaces {
        fs::rename(path, &old).map_err(|error| {
            let _ = remove_if_there(&new);
            DataError::io(path, "replace", error)
        })?;
    }
    if let Err(error) = fs::rename(&new, path) {
        if replaces {
            let _ = fs::rename(&old, path);
        }
        let _ = remove_if_there(&new);
        return Err(DataError::io(path, "replace", error));
    }
    sync_folder(&parent).map_err(io("write"))?;
    // From here on the new folder stands. What is left of the old one is ours and listed.
    remove_if_there(&old).map_err(io("remove the former content of"))
}

/// Whether [`replace_directory`] would replace what is at `path`: to ask before a long computation rather than after it.
///
/// # Errors
/// Those of [`replace_directory`] that can be seen beforehand; the parent folder has to exist.
pub fn check_replaceable(path: impl AsRef<Path>) -> Result<(), DataError> {
    let (parent, name) = parent_and_name(path.as_ref())?;
    if !parent.is_dir() {
        return Err(DataError::at(&parent, DataErrorKind::Missing, "no such folder"));
    }
    may_replace(&parent.join(name)).map(|_| ())
}

/// The folder that holds `path`, and the name in it. Links are followed first, as is `..`, so that what is renamed is the folder.
fn parent_and_name(path: &Path) -> Result<(PathBuf, String), DataError> {
    let resolved = match fs::canonicalize(path) {
        Ok(resolved) => resolved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => not_there_yet(path),
        Err(error) => return Err(DataError::io(path, "read", error)),
    };
    let (Some(parent), Some(name)) = (resolved.parent(), resolved.file_name().and_then(OsStr::to_str)) else {
        return Err(DataError::at(
            path,
            DataErrorKind::Refused,
            "is not the path of a file or folder that can be replaced",
        ));
    };
    let parent = if parent == Path::new("") { Path::new(".") } else { parent };
    Ok((parent.to_path_buf(), name.to_owned()))
}

/// Where a path leads that leads to nothing yet: a link to a file that is still to be written.
fn not_there_yet(path: &Path) -> PathBuf {
    const MOST_LINKS: usize = 40; // as many as Linux follows
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

fn check_names<N: AsRef<str>, B>(path: &Path, files: &[(N, B)]) -> Result<(), DataError> {
    let mut seen = BTreeSet::from([MARKER]);
    for (name, _) in files {
        let name = name.as_ref();
        let plain = Path::new(name).file_name() == Some(OsStr::new(name)) && !name.contains(['\n', '/', '\\']);
        if !plain {
            return Err(DataError::at(path, DataErrorKind::Refused, format_args!("{name:?} is not a plain file name")));
        }
        if !seen.insert(name) {
            return Err(DataError::at(
                path,
                DataErrorKind::Refused,
                format_args!("two files of the folder are called {name}"),
            ));
        }
    }
    Ok(())
}

/// Whether there is a folder at `path` to be replaced; an error if it is not ours.
fn may_replace(path: &Path) -> Result<bool, DataError> {
    let refused = |why: &str| Err(DataError::at(path, DataErrorKind::Refused, why));
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(DataError::io(path, "read", error)),
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return refused("is a file, not a report folder; choose another one"),
    }
    let read = |error| DataError::io(path, "read", error);
    let marker = match fs::read_to_string(path.join(MARKER)) {
        Ok(marker) => Some(marker),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => None,
        Err(error) => return Err(read(error)),
    };
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(read)? {
        entries.push(entry.map_err(read)?.file_name());
    }
    let Some(marker) = marker.filter(|marker| marker.starts_with(MARKER_TITLE)) else {
        if entries.is_empty() {
            return Ok(true);
        }
        return refused(
            "is a folder that no report was written to (it has no list of files in .quadric-report); choose another one",
        );
    };
    let listed: BTreeSet<&OsStr> = marker.lines().skip(1).chain([MARKER]).map(OsStr::new).collect();
    entries.sort();
    match entries.iter().find(|&entry| !listed.contains(entry.as_os_str())) {
        None => Ok(true),
        Some(foreign) => {
            let foreign = foreign.display();
            refused(&format!("holds {foreign}, which the report did not write; move it away or choose another folder"))
        }
    }
}

/// Puts back what a call was replacing when it was stopped between its two renames.
fn recover(parent: &Path, name: &str, path: &Path) -> Result<(), DataError> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(parent) else {
        return Ok(());
    };
    let prefix = format!(".{name}.old-");
    let left_behind = entries.flatten().map(|entry| entry.path()).find(|path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or("");
        name.starts_with(&prefix) && path.join(MARKER).is_file()
    });
    match left_behind {
        Some(old) => fs::rename(old, path).map_err(|error| DataError::io(path, "restore", error)),
        None => Ok(()),
    }
}

fn write_folder<N: AsRef<str>, B: AsRef<[u8]>>(folder: &Path, files: &[(N, B)]) -> io::Result<()> {
    fs::create_dir(folder)?;
    let mut marker = format!("{MARKER_TITLE}\n");
    for (name, bytes) in files {
        write_synced(&folder.join(name.as_ref()), bytes.as_ref())?;
        marker.extend([name.as_ref(), "\n"]);
    }
    write_synced(&folder.join(MARKER), marker.as_bytes())?;
    sync_folder(folder)
}

/// Writes a file that must not exist yet, and waits for the disk.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Waits until the names in a folder are on the disk. Windows has no such call, and needs none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A folder for one test, removed with its content at the end.
#[cfg(test)]
pub(crate) struct TempDir(PathBuf);

#[cfg(test)]
impl TempDir {
    pub(crate) fn new() -> Self {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let folder = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("quadric-test-{}-{folder}", process::id()));
        fs::create_dir(&path).unwrap();
        TempDir(fs::canonicalize(path).unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }
}

#[cfg(test)]
impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests;

//! Files as streams of bytes, gzipped or not.
//!
//! Whether a file is gzipped is seen from its first two bytes, not from its name: browsers unpack `.gz` files on the way and keep
//! the name. Sizes in a header are claims: nothing is allocated on their word, a payload is read up to one byte past the claim, and
//! both "too short" and "too long" are errors; reading past the end is also what makes gzip check its sum. (The decoder for many
//! members, because the one for a single member leaves what follows unread, and unreported.)

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::{DataError, DataErrorKind};

/// The bytes of a file, unpacked if they are gzip's.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let read = |error| DataError::io(path, "read", error);
    let mut file = BufReader::new(File::open(path).map_err(read)?);
    let gzipped = file.fill_buf().map_err(read)?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// At most `limit` bytes, fewer only at the end of the stream.
pub(super) fn read_up_to(path: &Path, stream: &mut dyn Read, limit: usize) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    match stream.take(limit as u64).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(DataError::at(path, DataErrorKind::Truncated, "the gzip stream ends early").caused_by(error))
        }
        // What flate2 says of a stream that is not gzip, or whose checksum is wrong.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Err(DataError::at(path, DataErrorKind::Malformed, format_args!("not a sound gzip stream: {error}"))
                .caused_by(error))
        }
        Err(error) => Err(DataError::io(path, "read", error)),
    }
}

/// All bytes of a file, unpacked if they are gzip's.
pub(super) fn read_all(path: &Path) -> Result<Vec<u8>, DataError> {
    read_up_to(path, &mut open(path)?, usize::MAX)
}

pub(super) fn truncated(path: &Path, part: &str, have: usize, want: usize) -> DataError {
    DataError::at(path, DataErrorKind::Truncated, format_args!("the {part} ends after {have} of {want} bytes"))
}

/// That `dir` is a folder.
pub(super) fn check_folder(dir: &Path) -> Result<(), DataError> {
    if dir.is_dir() { Ok(()) } else { Err(DataError::at(dir, DataErrorKind::Missing, "no such folder")) }
}

/// The last name of a path, for reports.
pub(super) fn last_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

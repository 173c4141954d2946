//! Several numpy arrays in one file: a zip archive of npy files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use quadric_autodiff::Tensor;

use super::{DataError, DataErrorKind, npy, zip};
use crate::files::write_atomically;

/// Reads what `numpy.savez` or `savez_compressed` wrote: the arrays by name, each as [`read_npy`](super::read_npy) would.
///
/// # Errors
/// Those of [`read_npy`](super::read_npy), which name the member as `FILE/NAME.npy`; [`Unsupported`](DataErrorKind::Unsupported) for a member that is no npy file, is encrypted,
/// or packed by another method than deflate; [`Truncated`](DataErrorKind::Truncated), [`Malformed`](DataErrorKind::Malformed) and
/// [`Mismatch`](DataErrorKind::Mismatch) for a damaged archive.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{read_npz, write_npz, write_npz_compressed};
/// let path = std::env::temp_dir().join(format!("quadric-doc-{}.npz", std::process::id()));
/// write_npz(&path, &[("x", &tensor![1.0, 2.0]), ("y", &tensor![0, 1])])?;
/// assert_eq!(read_npz(&path)?["y"], tensor![0, 1]);
/// write_npz_compressed(&path, &[("zeros", &tensor![0, 0, 0])])?;
/// assert_eq!(read_npz(&path)?.len(), 1);
/// # let _ = std::fs::remove_file(path);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn read_npz(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>, DataError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
    let mut arrays = BTreeMap::new();
    for (member, content) in zip::read(path, &bytes)? {
        let Some(name) = member.strip_suffix(".npy") else {
            let fault = format_args!("member {member} is no npy file");
            return Err(DataError::at(path, DataErrorKind::Unsupported, fault));
        };
        arrays.insert(name.to_owned(), npy::parse(&path.join(&member), &content)?);
    }
    Ok(arrays)
}

/// Writes arrays under names, stored as they are, as `numpy.savez` does; as a whole or not at all.
///
/// # Errors
/// [`Argument`](DataErrorKind::Argument) if two have one name, [`Unsupported`](DataErrorKind::Unsupported) beyond 4 GiB, and what the operating system refuses.
pub fn write_npz(path: impl AsRef<Path>, arrays: &[(&str, &Tensor)]) -> Result<(), DataError> {
    write(path.as_ref(), arrays, false)
}

/// As [`write_npz`], with each array deflated, as `numpy.savez_compressed` does.
///
/// # Errors
/// Those of [`write_npz`].
pub fn write_npz_compressed(path: impl AsRef<Path>, arrays: &[(&str, &Tensor)]) -> Result<(), DataError> {
    write(path.as_ref(), arrays, true)
}

fn write(path: &Path, arrays: &[(&str, &Tensor)], deflate: bool) -> Result<(), DataError> {
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, tensor) in arrays {
        let member = format!("{name}.npy");
        if members.iter().any(|(other, _)| *other == member) {
            return Err(DataError::at(path, DataErrorKind::Argument, format_args!("two arrays are called {name}")));
        }
        members.push((member, npy::to_bytes(tensor)));
    }
    write_atomically(path, &zip::write(path, &members, deflate)?)
}

//! A checkpoint in several files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::archive::{ArchiveFile, Arrays, Entry, Info, Shown};
use crate::data::{DataError, DataErrorKind};
use crate::json::Json;

/// A checkpoint of Hugging Face in several safetensors files, with an index that says which array is in which:
/// `model.safetensors.index.json`. Arrays are read when they are asked for.
#[derive(Debug)]
pub struct Shards {
    index: PathBuf,
    files: BTreeMap<String, ArchiveFile>,
    /// The file of each array.
    map: BTreeMap<String, String>,
}

impl Shards {
    /// Opens the files that an index names; they lie beside it.
    ///
    /// # Errors
    /// [`DataErrorKind::Malformed`] if the index is none or names something else than a plain file name,
    /// [`DataErrorKind::Mismatch`] if arrays are not where the index says or in no index (one sentence with all of them), and the errors of
    /// [`ArchiveFile::open`] for its files.
    pub fn open(index: impl AsRef<Path>) -> Result<Shards, DataError> {
        let index = index.as_ref();
        let malformed = |fault: String| DataError::at(index, DataErrorKind::Malformed, fault);
        let text = fs::read(index).map_err(|error| DataError::io(index, "read", error))?;
        let json =
            Json::parse(&text).map_err(|error| malformed(format!("not a sound index: {error}")).caused_by(error))?;
        let fields = json.object().unwrap_or_default();
        let map = fields.into_iter().find(|(key, _)| key == "weight_map").and_then(|(_, map)| map.object());
        let Some(entries) = map else {
            return Err(malformed("not a sound index: it has no object weight_map".to_owned()));
        };
        let mut map = BTreeMap::new();
        for (name, file) in entries {
            let plain = |file: &String| Path::new(file).file_name() == Some(OsStr::new(file)) && !file.contains('\\');
            let Some(file) = file.text().filter(plain) else {
                return Err(malformed(format!("the file of {} is no plain file name", Shown(&name))));
            };
            map.insert(name, file);
        }
        let folder = index.parent().unwrap_or(Path::new(""));
        let mut files = BTreeMap::new();
        for file in map.values() {
            if !files.contains_key(file) {
                files.insert(file.clone(), ArchiveFile::open(folder.join(file))?);
            }
        }
        let held: BTreeSet<(&str, &str)> = files
            .iter()
            .flat_map(|(file, archive)| archive.infos().into_keys().map(|name| (name, file.as_str())))
            .collect();
        let mut faults = Vec::new();
        for (name, file) in &map {
            if !held.contains(&(name.as_str(), file.as_str())) {
                faults.push(format!("{} is not in {file}", Shown(name)));
            }
        }
        for (name, file) in &held {
            if map.get(*name).map(String::as_str) != Some(file) {
                faults.push(format!("{} is in {file}, where the index does not place it", Shown(name)));
            }
        }
        if !faults.is_empty() {
            return Err(DataError::at(index, DataErrorKind::Mismatch, faults.join(", ")));
        }
        Ok(Shards { index: index.to_path_buf(), files, map })
    }
}

impl Arrays for Shards {
    fn place(&self) -> String {
        self.index.display().to_string()
    }

    fn infos(&self) -> BTreeMap<&str, Info> {
        self.files.values().flat_map(Arrays::infos).collect()
    }

    fn array(&self, name: &str) -> Result<Cow<'_, Entry>, DataError> {
        match self.map.get(name) {
            Some(file) => self.files[file].array(name),
            None => {
                let fault = format_args!("has no array {}", Shown(name));
                Err(DataError::at(&self.index, DataErrorKind::Mismatch, fault))
            }
        }
    }
}

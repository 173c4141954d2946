//! The header of a safetensors file: what is in it, and where.
//!
//! Every rule of the format that leaves one reading of a file is checked: arrays side by side from the first byte after the header,
//! size = shape × type, no name twice. Nothing is allocated that the bytes at hand do not ask for: lengths are compared with the file's
//! before they are believed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{Dtype, Shown};
use crate::data::{DataError, DataErrorKind};
use crate::json::Json;

/// The longest header that the reference implementation reads.
const LONGEST: u64 = 100_000_000;

/// Type and shape of an array. Prints as `F32 [2, 3]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Info {
    /// The type of the numbers.
    pub dtype: Dtype,
    /// The shape; empty for a single number.
    pub shape: Vec<usize>,
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype, self.shape)
    }
}

/// An array's place, counted from the end of the header.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub info: Info,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Header {
    pub metadata: BTreeMap<String, String>,
    pub places: BTreeMap<String, Place>,
    /// Where the arrays begin in the file.
    pub begin: u64,
}

/// How long the header is, by the first bytes of a file of `size` bytes.
pub(super) fn length(path: &Path, start: &[u8], size: u64) -> Result<usize, DataError> {
    let truncated = |fault: fmt::Arguments<'_>| DataError::at(path, DataErrorKind::Truncated, fault);
    let Some(&length) = start.first_chunk() else {
        let have = start.len();
        return Err(truncated(format_args!("ends after {have} of the 8 bytes that say how long the header is")));
    };
    let (length, have) = (u64::from_le_bytes(length), size.saturating_sub(8));
    if length > have {
        let fault = format_args!("the header ends after {have} of {length} bytes (or this is no safetensors file)");
        return Err(truncated(fault));
    }
    if length > LONGEST {
        let fault = format_args!("the header has {length} bytes, {LONGEST} are the most of a safetensors file");
        return Err(DataError::at(path, DataErrorKind::Malformed, fault));
    }
    Ok(length as usize)
}

/// Reads the header, without its length, of a file of `size` bytes.
pub(super) fn parse(path: &Path, header: &[u8], size: u64) -> Result<Header, DataError> {
    let unsound = |fault: &dyn fmt::Display| {
        DataError::at(path, DataErrorKind::Malformed, format_args!("not a sound safetensors header: {fault}"))
    };
    let json = Json::parse(header).map_err(|error| unsound(&error).caused_by(error))?;
    let Some(fields) = json.object() else { return Err(unsound(&"it is no JSON object")) };
    let (mut metadata, mut places) = (BTreeMap::new(), BTreeMap::new());
    for (name, field) in fields {
        let fault = |fault: &dyn fmt::Display| unsound(&format_args!("{}: {fault}", Shown(&name)));
        let Some(field) = field.object() else { return Err(fault(&"expected an object")) };
        if name == "__metadata__" {
            for (key, text) in field {
                let Some(text) = text.text() else {
                    return Err(fault(&format_args!("the value of {key:?} is no text")));
                };
                metadata.insert(key, text);
            }
        } else {
            let place = place(field).map_err(|error| fault(&error))?;
            places.insert(name, place);
        }
    }
    let promised = side_by_side(&places).map_err(|error| unsound(&error))?;
    let begin = 8 + header.len() as u64;
    let (promised, have) = (promised as u64, size - begin);
    if have < promised {
        let fault = format_args!("the arrays end after {have} of {promised} bytes");
        return Err(DataError::at(path, DataErrorKind::Truncated, fault));
    }
    if have > promised {
        let fault = format_args!("{} bytes follow after the {promised} of the arrays", have - promised);
        return Err(DataError::at(path, DataErrorKind::TrailingBytes, fault));
    }
    Ok(Header { metadata, places, begin })
}

/// The fields of one array; others than the three of the format are not looked at.
fn place(fields: Vec<(String, Json)>) -> Result<Place, String> {
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    for (key, value) in fields {
        match key.as_str() {
            "dtype" => {
                let Json::Text(name) = &value else { return Err(format!("dtype is {value}, expected a text")) };
                let found = Dtype::from_name(name);
                dtype = Some(found.ok_or_else(|| format!("dtype {name:?} is none of the format's"))?);
            }
            "shape" => {
                shape = Some(value.counts().ok_or_else(|| format!("shape is {value}, expected whole numbers"))?);
            }
            "data_offsets" => {
                let pair = value.counts().and_then(|counts| <[usize; 2]>::try_from(counts).ok());
                offsets = Some(pair.ok_or_else(|| format!("data_offsets is {value}, expected two whole numbers"))?);
            }
            _ => {}
        }
    }
    let missing = |field| format!("has no {field}");
    let dtype = dtype.ok_or_else(|| missing("dtype"))?;
    let shape = shape.ok_or_else(|| missing("shape"))?;
    let [start, end] = offsets.ok_or_else(|| missing("data_offsets"))?;
    let info = Info { dtype, shape };
    match dtype.bytes(&info.shape) {
        Some(size) if end.checked_sub(start) == Some(size) => Ok(Place { info, start, end }),
        Some(size) => Err(format!("{info} has {size} bytes, its place is from {start} to {end}")),
        None => Err(format!("{info} has no size in bytes")),
    }
}

/// Checks that the arrays lie one behind the other from 0; returns where the last one ends.
fn side_by_side(places: &BTreeMap<String, Place>) -> Result<usize, String> {
    let mut order: Vec<_> = places.iter().collect();
    order.sort_by_key(|(_, place)| (place.start, place.end));
    let mut end = 0;
    for (name, place) in order {
        if place.start != end {
            let name = Shown(name);
            return Err(format!("{name} begins at byte {}, the array before it ends at {end}", place.start));
        }
        end = place.end;
    }
    Ok(end)
}

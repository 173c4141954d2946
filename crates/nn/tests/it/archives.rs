//! Files on the disk that are damaged: a sentence that names the file, whatever was done to it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use quadric_autodiff::DType;
use quadric_nn::archive::{Archive, ArchiveFile, Conversion, Entry};
use quadric_nn::data::DataError;

use crate::folder::Folder;

fn example() -> Archive {
    let mut archive = Archive::new();
    archive.insert(Entry::from_f32("layers.0.weight", &[2, 2], &[1.0, -2.0, 3.0, 4.5]));
    archive.insert(Entry::from_i64("steps", &[], &[7]));
    archive.insert(Entry::from_bool("mask", &[3], &[true, false, true]));
    archive.note("activation", "gelu");
    archive
}

/// Everything in a file, read by both ways, and converted.
fn everything(path: &PathBuf) -> Vec<Result<(), DataError>> {
    let opened = ArchiveFile::open(path).and_then(|file| {
        for name in ["layers.0.weight", "steps", "mask"] {
            let entry = file.entry(name)?;
            entry.tensor_as(DType::F64, Conversion::Exact)?;
        }
        Ok(())
    });
    vec![Archive::read(path).map(|_| ()), opened]
}

fn judged(path: &PathBuf, bytes: &[u8]) -> usize {
    fs::write(path, bytes).unwrap();
    let mut errors = 0;
    for error in everything(path).into_iter().filter_map(Result::err) {
        errors += 1;
        let sentence = error.to_string();
        let named = sentence.starts_with(&format!("{}: ", path.display())) || sentence.starts_with("archive entry ");
        assert!(named && !sentence.contains('\n'), "{sentence:?}");
    }
    errors
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let folder = Folder::new();
    let path = folder.path().join("cut.safetensors");
    let whole = example().to_bytes();
    assert_eq!(judged(&path, &whole), 0);
    for length in 0..whole.len() {
        assert_eq!(judged(&path, &whole[..length]), 2, "cut to {length} bytes");
    }
    assert_eq!(judged(&path, &[&whole[..], &[0]].concat()), 2);
}

/// Every bit of the header and of its length: read as something else or refused, and never a panic.
#[test]
fn any_flipped_bit_of_a_header_is_survived() {
    let folder = Folder::new();
    let path = folder.path().join("flipped.safetensors");
    let whole = example().to_bytes();
    let end = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let (mut refused, mut flips) = (0, 0);
    for bit in 0..end * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(judged(&path, &bytes) > 0);
        flips += 1;
    }
    // What passes is a letter of a name or of a note.
    assert!(refused * 10 > flips * 8, "{refused} of {flips}");
}

/// Sizes far beyond the file: an error before anything of that size is asked of the machine.
#[test]
fn sizes_that_lie_are_not_believed() {
    let folder = Folder::new();
    let path = folder.path().join("lies.safetensors");
    let file = |header: &str| [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 8]].concat();
    for header in [
        r#"{"w":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}"#,
        r#"{"w":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#,
        r#"{"w":{"dtype":"U8","shape":[8],"data_offsets":[0,18446744073709551615]}}"#,
        r#"{"w":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
        r#"{"w":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}"#,
        r#"{"w":{"dtype":"U8","shape":[8],"data_offsets":[18446744073709551608,18446744073709551615]}}"#,
    ] {
        assert_eq!(judged(&path, &file(header)), 2, "{header}");
    }
    for length in [9, 1 << 31, 1 << 62, u64::MAX - 7, u64::MAX] {
        assert_eq!(judged(&path, &[&length.to_le_bytes()[..], b"{}"].concat()), 2, "{length}");
    }
    assert_eq!(judged(&path, &file(&"[".repeat(100_000))), 2);
    // A sparse file, as long as its header says it is: 200 MB of header are more than the format allows.
    let mut sparse = fs::File::create(&path).unwrap();
    sparse.write_all(&200_000_000u64.to_le_bytes()).unwrap();
    sparse.set_len(200_000_008).unwrap();
    let sentence = ArchiveFile::open(&path).unwrap_err().to_string();
    let fault = "the header has 200000000 bytes, 100000000 are the most of a safetensors file";
    assert_eq!(sentence, format!("{}: {fault}", path.display()));
}

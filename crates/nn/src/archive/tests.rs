use super::*;
use crate::files::TempDir;

fn example() -> Archive {
    let mut archive = Archive::new();
    archive.insert(Entry::from_bool("mask", &[3], &[true, false, true]));
    archive.insert(Entry::from_f32("layers.0.weight", &[2, 2], &[1.0, -0.0, f32::INFINITY, 4.5]));
    archive.insert(Entry::from_f64("loss", &[], &[0.1]));
    archive.insert(Entry::from_i32("step", &[1], &[-7]));
    archive.insert(Entry::from_i64("big", &[1], &[i64::MIN]));
    archive.insert(Entry::from_u32("key \"ü\"", &[2], &[1, u32::MAX]));
    archive.insert(Entry::from_f32("none", &[0, 3], &[]));
    archive.note("seed", "1");
    archive.note("activation", "gelu \\ \"erf\"\n");
    archive
}

#[test]
fn what_is_written_is_read_back() {
    let dir = TempDir::new();
    let path = dir.path().join("model.safetensors");
    example().write(&path).unwrap();
    let read = Archive::read(&path).unwrap();
    assert_eq!(read, example());
    assert_eq!(read.get("layers.0.weight").unwrap().f32().unwrap(), [1.0, -0.0, f32::INFINITY, 4.5]);
    assert_eq!(read.get("big").unwrap().i64().unwrap(), [i64::MIN]);
    assert_eq!(read.get("mask").unwrap().bool().unwrap(), [true, false, true]);
    assert_eq!((read.get("loss").unwrap().f32(), read.get("loss").unwrap().shape()), (None, &[][..]));
    assert_eq!(Archive::from_bytes(&Archive::new().to_bytes()).unwrap(), Archive::new());
}

/// The crate is the reference reader: header, alignment and order must be to its taste as well.
#[test]
fn the_reference_implementation_reads_it() {
    let bytes = example().to_bytes();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.len(), 7);
    assert_eq!(tensors.tensor("step").unwrap().data(), (-7i32).to_le_bytes());
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(header % 8, 0);
}

#[test]
fn files_of_the_reference_implementation_are_read() {
    use safetensors::tensor::{TensorView, serialize};
    let data = [1f32, 2.0].map(f32::to_le_bytes).concat();
    let view = TensorView::new(FileDtype::F32, vec![2, 1], &data).unwrap();
    let bytes = serialize([("w", view)], None).unwrap();
    assert_eq!(Archive::from_bytes(&bytes).unwrap().get("w").unwrap().f32().unwrap(), [1.0, 2.0]);
    let view = TensorView::new(FileDtype::F16, vec![4, 1], &data).unwrap();
    let bytes = serialize([("w", view)], None).unwrap();
    expect(
        &bytes,
        DataErrorKind::Unsupported,
        "archive: w holds F16, and F32, F64, I32, I64, U32 and BOOL are read here",
    );
}

#[test]
fn equal_archives_are_equal_bytes() {
    let mut backwards = Archive::new();
    for entry in example().entries().collect::<Vec<_>>().into_iter().rev() {
        backwards.insert(entry.clone());
    }
    for (key, text) in example().metadata().iter().rev() {
        backwards.note(key, text);
    }
    assert_eq!(backwards.to_bytes(), example().to_bytes());
}

#[test]
fn every_truncation_and_extension_is_an_error() {
    let whole = example().to_bytes();
    for length in 0..whole.len() {
        let error = Archive::from_bytes(&whole[..length]).unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::Truncated, "cut to {length} bytes: {error}");
    }
    let longer = [&whole[..], b"xyz"].concat();
    let error = Archive::from_bytes(&longer).unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::TrailingBytes);
    assert!(error.to_string().starts_with("archive: 3 bytes follow after the "), "{error}");
}

fn file(header: &str, payload: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), payload].concat()
}

fn expect(bytes: &[u8], kind: DataErrorKind, sentence: &str) {
    let error = Archive::from_bytes(bytes).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
}

#[test]
fn a_header_that_contradicts_itself_is_one_sentence() {
    expect(b"PK", DataErrorKind::Truncated, "archive: ends after 2 of the 8 bytes that say how long the header is");
    let sentence = "archive: the header ends after 2 of 723401728380766730 bytes (or this is no safetensors file)";
    expect(&[10; 10], DataErrorKind::Truncated, sentence);
    for header in [
        "{]",
        "[1]",
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        r#"{"w":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}}"#,
    ] {
        let error = Archive::from_bytes(&file(header, &[0; 4])).unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::Malformed, "{header}");
        assert!(error.to_string().starts_with("archive: not a sound safetensors header: "), "{error}");
        assert!(std::error::Error::source(&error).is_some() && !error.to_string().contains('\n'));
    }
    let header = r#"{"b":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#;
    let sentence = "archive: archive entry b: a byte of a BOOL array is neither 0 nor 1";
    expect(&file(header, &[2]), DataErrorKind::Malformed, sentence);
}

#[test]
fn an_entry_checks_its_bytes() {
    let error = Entry::new("w", Dtype::F64, &[2, 3], vec![0; 40]).unwrap_err();
    assert_eq!(error.to_string(), "archive entry w: 40 bytes are not F64 of shape [2, 3]");
    assert!(Entry::new("w", Dtype::Bool, &[usize::MAX, 2], vec![]).is_err());
    assert!(Entry::new("__metadata__", Dtype::Bool, &[0], vec![]).is_err());
}

use quadric_autodiff::{DType, Tensor, tensor};

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
    use safetensors::tensor::{Dtype as FileDtype, TensorView, serialize};
    let data = [1f32, 2.0].map(f32::to_le_bytes).concat();
    let view = TensorView::new(FileDtype::F32, vec![2, 1], &data).unwrap();
    let bytes = serialize([("w", view)], None).unwrap();
    assert_eq!(Archive::from_bytes(&bytes).unwrap().get("w").unwrap().f32().unwrap(), [1.0, 2.0]);
}

/// Names and sizes of all types agree with the reference implementation, and each is kept as it is.
#[test]
fn every_type_of_the_format_is_read_and_written() {
    let mut archive = Archive::new();
    for (i, dtype) in Dtype::ALL.into_iter().enumerate() {
        let bytes = vec![1; dtype.bytes(&[8, 3]).unwrap()];
        archive.insert(Entry::new(format!("{i}"), dtype, &[8, 3], bytes).unwrap());
    }
    let bytes = archive.to_bytes();
    assert_eq!(Archive::from_bytes(&bytes).unwrap(), archive);
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.len(), 22);
    for (i, dtype) in Dtype::ALL.into_iter().enumerate() {
        let theirs = tensors.tensor(&i.to_string()).unwrap();
        assert_eq!((theirs.dtype().to_string().as_str(), theirs.dtype().bitsize()), (dtype.name(), dtype.bits()));
        assert_eq!(Dtype::from_name(dtype.name()), Some(dtype));
    }
    // What nobody asks for is in nobody's way; who asks gets a sentence.
    let kept = archive.get("12").unwrap();
    assert_eq!(
        kept.tensor().unwrap_err().to_string(),
        "archive entry 12: holds C64, which no tensor does; a conversion has to be asked for"
    );
    let error = kept.tensor_as(DType::F64, Conversion::Rounded).unwrap_err();
    assert_eq!(error.to_string(), "archive entry 12: holds C64, which is kept as bytes and not converted");
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
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}"#,
        r#"{"__metadata__":{"a":"b","a":"c"}}"#,
        r#"{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}"#,
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        r#"{"w":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}}"#,
    ] {
        let error = Archive::from_bytes(&file(header, &[0; 4])).unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::Malformed, "{header}");
        assert!(error.to_string().starts_with("archive: not a sound safetensors header: "), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
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

#[test]
fn what_a_header_got_wrong_is_named() {
    let cases = [
        (
            r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            "w: F32 [2] has 8 bytes, its place is from 0 to 4",
        ),
        (r#"{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, "w: F4 [3] has no size in bytes"),
        (r#"{"w":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, "w: dtype \"F99\" is none of the format's"),
        (r#"{"w":{"shape":[1],"data_offsets":[0,4]}}"#, "w: has no dtype"),
        (r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "w: shape is [-1], expected whole numbers"),
        (
            r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,5]}}"#,
            "w: data_offsets is [0, 4, 5], expected two whole numbers",
        ),
        (
            r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            "w begins at byte 4, the array before it ends at 0",
        ),
        (r#"{"__metadata__":{"a":1}}"#, "__metadata__: the value of \"a\" is no text"),
        (r#"{"a\nb":[]}"#, "\"a\\nb\": expected an object"),
        ("[1]", "it is no JSON object"),
    ];
    for (header, fault) in cases {
        let sentence = format!("archive: not a sound safetensors header: {fault}");
        expect(&file(header, &[0; 4]), DataErrorKind::Malformed, &sentence);
    }
    // The reference implementation rejects the same headers.
    for (header, _) in cases {
        assert!(safetensors::SafeTensors::deserialize(&file(header, &[0; 4])).is_err(), "{header}");
    }
}

#[test]
fn a_file_of_which_the_header_is_read_gives_the_same_arrays() {
    let dir = TempDir::new();
    let path = dir.path().join("model.safetensors");
    example().write(&path).unwrap();
    let opened = ArchiveFile::open(&path).unwrap();
    assert_eq!(opened.metadata(), example().metadata());
    assert_eq!(opened.infos(), example().infos());
    for entry in example().entries().collect::<Vec<_>>().into_iter().rev() {
        assert_eq!(&opened.entry(entry.name()).unwrap(), entry);
    }
    let shown = path.display();
    assert_eq!(opened.entry("w").unwrap_err().to_string(), format!("{shown}: has no array w"));
    // Cut after it was opened.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let last = example().entries().min_by_key(|entry| entry.dtype().bits()).unwrap().name().to_owned();
    let error = opened.entry(&last).unwrap_err();
    assert_eq!(error.to_string(), format!("{shown}: has become shorter while it was being read"));
    assert_eq!(ArchiveFile::open(dir.path()).unwrap_err().kind(), DataErrorKind::Unsupported);
}

/// The path of a file that is read as a whole, and that of one that is opened, give one answer to every damage.
#[test]
fn opening_and_reading_find_the_same_faults() {
    let dir = TempDir::new();
    let path = dir.path().join("w");
    let whole = example().to_bytes();
    let end = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(|length| whole[..length].to_vec()).collect();
    for at in 0..end {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        damaged.push(bytes);
    }
    for bytes in damaged {
        fs::write(&path, &bytes).unwrap();
        let read =
            Archive::read(&path).map(|archive| archive.infos().into_keys().map(str::to_owned).collect::<Vec<_>>());
        let opened =
            ArchiveFile::open(&path).map(|file| file.infos().into_keys().map(str::to_owned).collect::<Vec<_>>());
        match (read, opened) {
            (Ok(read), Ok(opened)) => assert_eq!(read, opened),
            (Err(read), Err(opened)) => assert_eq!(read.to_string(), opened.to_string()),
            // A flipped type may give a BOOL array bytes that it has not: seen when it is read.
            (Err(read), Ok(_)) => assert!(read.to_string().contains("BOOL"), "{read}"),
            (Ok(_), Err(opened)) => panic!("{opened}"),
        }
    }
}

#[test]
fn numbers_are_converted_if_asked_and_only_if_they_fit() {
    let wide = Entry::from_i64("y", &[2, 2], &[0, -1, i64::from(i32::MAX), i64::from(i32::MIN)]);
    assert_eq!(wide.tensor_as(DType::I32, Conversion::Exact).unwrap().to_vec::<i32>(), [0, -1, i32::MAX, i32::MIN]);
    let sentences = [
        (
            wide.tensor_as(DType::I32, Conversion::None),
            "archive entry y: holds I64, not I32; a conversion has to be asked for",
        ),
        (wide.tensor_as(DType::U32, Conversion::Rounded), "archive entry y: -1 at [0, 1] is no u32"),
        (wide.tensor_as(DType::F32, Conversion::Exact), "archive entry y: 2147483647 at [1, 0] is no f32"),
        (wide.tensor_as(DType::Bool, Conversion::Exact), "archive entry y: -1 at [0, 1] is no bool"),
        (
            Entry::from_f64("x", &[2], &[0.5, 0.1]).tensor_as(DType::F32, Conversion::Exact),
            "archive entry x: 0.1 at [1] is no f32",
        ),
        (
            Entry::from_f64("x", &[], &[1e39]).tensor_as(DType::F32, Conversion::Rounded),
            "archive entry x: 1e39 at [] is no f32",
        ),
        (
            Entry::from_f32("x", &[1], &[1.0]).tensor_as(DType::I32, Conversion::Rounded),
            "archive entry x: holds F32, and real numbers are not converted to i32",
        ),
    ];
    for (result, sentence) in sentences {
        assert_eq!(result.unwrap_err().to_string(), sentence);
    }
    let rounded = Entry::from_f64("x", &[3], &[0.1, f64::INFINITY, -0.0]).tensor_as(DType::F32, Conversion::Rounded);
    assert_eq!(rounded.unwrap(), tensor![0.1f32, f32::INFINITY, -0.0]);
    for (dtype, byte, value) in
        [(Dtype::U8, 200, 200.0), (Dtype::I8, 200, -56.0), (Dtype::F8E4M3, 0x7e, 448.0), (Dtype::F8E8M0, 126, 0.5)]
    {
        let entry = Entry::new("b", dtype, &[1], vec![byte]).unwrap();
        assert_eq!(entry.tensor_as(DType::F32, Conversion::Exact).unwrap(), tensor![value as f32]);
    }
}

/// Every f16 and every bf16 to f32 and back.
#[test]
fn halves_go_to_f32_and_back_unchanged() {
    for dtype in [Dtype::F16, Dtype::Bf16] {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        let entry = Entry::new("h", dtype, &[256, 256], bytes).unwrap();
        let wide = entry.tensor_as(DType::F32, Conversion::Exact).unwrap();
        assert_eq!(wide.to_dtype(DType::F64).to_f64_vec().iter().filter(|x| x.is_infinite()).count(), 2);
        let back = Entry::from_tensor_as("h", &wide, dtype, Conversion::Exact).unwrap();
        let differ = entry.bytes().chunks(2).zip(back.bytes().chunks(2)).zip(wide.as_slice::<f32>());
        assert!(differ.filter(|((a, b), x)| a != b && !x.is_nan()).count() == 0);
    }
}

#[test]
fn small_files_are_written_on_request() {
    let mut archive = Archive::new();
    archive.insert(Entry::from_tensor("w", &tensor![1.0f32, 1.0 / 3.0]));
    archive.insert(Entry::from_tensor("y", &tensor![1i32, 2]));
    let small = archive.rounded(Dtype::Bf16).unwrap();
    assert_eq!(small.get("w").unwrap().info().to_string(), "BF16 [2]");
    assert_eq!(small.get("y"), archive.get("y"));
    let read = small.get("w").unwrap().tensor_as(DType::F32, Conversion::Exact).unwrap();
    assert_eq!(read, tensor![1.0f32, 0.333_984_38]);
    archive.insert(Entry::from_tensor("x", &tensor![0.0, 7e4]));
    assert_eq!(archive.rounded(Dtype::F16).unwrap_err().to_string(), "archive entry x: 70000.0 at [1] is no F16");
    let error = Entry::from_tensor_as("w", &tensor![1.0f32 / 3.0], Dtype::F16, Conversion::Exact).unwrap_err();
    assert_eq!(error.to_string(), "archive entry w: 0.3333333432674408 at [0] is no F16");
    let error = Entry::from_tensor_as("w", &tensor![300i32], Dtype::U8, Conversion::Exact).unwrap_err();
    assert_eq!(error.to_string(), "archive entry w: 300 at [0] is no U8");
    let error = Entry::from_tensor_as("w", &tensor![1.0], Dtype::F8E4M3, Conversion::Rounded).unwrap_err();
    assert_eq!(error.to_string(), "archive entry w: F8_E4M3 is read here, not written");
}

/// The engine has a largest rank and a largest size; a file may be beyond them.
#[test]
fn what_no_tensor_can_be_is_an_error() {
    let entry = Entry::from_f32("w", &[1; 25], &[1.0]);
    assert_eq!(entry.tensor().unwrap_err().kind(), DataErrorKind::Unsupported);
    let entry = Entry::from_f32("w", &[0, 1 << 62, 4], &[]);
    assert_eq!(entry.tensor().unwrap_err().kind(), DataErrorKind::Unsupported);
    let wide = Entry::from_f64("w", &[0, 1 << 62, 4], &[]);
    assert_eq!(wide.tensor_as(DType::F32, Conversion::Exact).unwrap_err().kind(), DataErrorKind::Unsupported);
    assert_eq!(Entry::from_tensor("w", &Tensor::scalar(2i32)).tensor().unwrap(), Tensor::scalar(2i32));
}

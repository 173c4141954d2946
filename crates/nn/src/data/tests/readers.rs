//! Archives of arrays, tables and texts; and every reader on damaged files.

use std::fs;
use std::path::Path;

use quadric_autodiff::{DType, Tensor, tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{array, cifar_folder, expect, floats, gzipped, idx_file, idx_folder};
use crate::data::*;
use crate::files::TempDir;

/// Written by Python's `zipfile` as `numpy.savez_compressed` uses it: `force_zip64`, deflated, numpy's bytes of `[1, 2]` as `<i4`.
const BY_PYTHON: &str = "504b03042d0000000800000021000bf9aa2dffffffffffffffff05001400782e6e7079010010008800000000\
    0000004b000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416\
    a402f91a463a9a3a0ab50a14002e4606060626200600504b01022d032d0000000800000021000bf9aa2d4b00000088000000050000000000000000000000800100\
    000000782e6e7079504b0506000000000100010033000000820000000000";

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

#[test]
fn npz_reads_what_python_writes() {
    let dir = TempDir::new();
    dir.write("a.npz", &bytes_of(BY_PYTHON));
    let arrays = read_npz(dir.path().join("a.npz")).unwrap();
    assert_eq!(arrays.into_iter().collect::<Vec<_>>(), [("x".to_owned(), tensor![1, 2])]);
}

#[test]
fn npz_writes_what_it_reads() {
    let dir = TempDir::new();
    let path = dir.path().join("a.npz");
    let (x, y, ö) = (tensor![[1.5, -2.0], [0.0, 1e300]], tensor![true, false], Tensor::new([0], &[0i32; 0]).unwrap());
    let arrays = [("x", &x), ("y", &y), ("layer/ö", &ö)];
    type Write = fn(&Path, &[(&str, &Tensor)]) -> Result<(), DataError>;
    let both: [Write; 2] = [|path, arrays| write_npz(path, arrays), |path, arrays| write_npz_compressed(path, arrays)];
    for write in both {
        write(&path, &arrays).unwrap();
        let read = read_npz(&path).unwrap();
        assert_eq!(read.len(), 3);
        assert!(arrays.iter().all(|(name, tensor)| read[*name] == **tensor));
        write(&path, &[]).unwrap();
        assert!(read_npz(&path).unwrap().is_empty());
    }
    let zeros = Tensor::from_vec(&[0; 10000]);
    write_npz_compressed(&path, &[("zeros", &zeros)]).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 1000);
    let sentence = format!("{}: two arrays are called x", path.display());
    expect(write_npz(&path, &[("x", &x), ("x", &y)]), DataErrorKind::Argument, &sentence);
}

/// The end of an archive of more than 65534 members: counts and places stand in the record of 64 bits.
#[test]
fn npz_reads_the_fields_of_64_bits() {
    let mut bytes = bytes_of(BY_PYTHON);
    let mut end = bytes.split_off(bytes.len() - 22);
    let start = 0x82u64;
    // The local offset of the one entry moves to an extra field, behind one that means something else.
    let name_end = start as usize + 46 + 5;
    bytes[start as usize + 42..start as usize + 46].fill(0xff);
    bytes[start as usize + 30] = 4 + 2 + 4 + 8;
    bytes.splice(name_end..name_end, [[9, 9, 2, 0, 7, 7, 1, 0, 8, 0].to_vec(), vec![0; 8]].concat());
    let wide_at = bytes.len() as u64;
    let record = [
        &b"PK\x06\x06"[..],
        &44u64.to_le_bytes(),
        &[0x2d, 0, 0x2d, 0],
        &[0; 8],
        &1u64.to_le_bytes(),
        &1u64.to_le_bytes(),
        &(0x33u64 + 18).to_le_bytes(),
        &start.to_le_bytes(),
    ]
    .concat();
    bytes.extend(record);
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(wide_at.to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    end[8..20].fill(0xff);
    bytes.extend(end);
    let dir = TempDir::new();
    dir.write("a.npz", &bytes);
    assert_eq!(read_npz(dir.path().join("a.npz")).unwrap()["x"], tensor![1, 2]);
}

#[test]
fn npz_says_what_is_wrong_with_an_archive() {
    let sound = bytes_of(BY_PYTHON);
    let edited = |at: usize, bytes: &[u8]| {
        let mut edited = sound.clone();
        edited[at..at + bytes.len()].copy_from_slice(bytes);
        edited
    };
    for (bytes, kind, fault) in [
        (vec![], DataErrorKind::WrongMagic, "does not start with PK\\x03\\x04, so it is no zip archive"),
        (
            sound[..190].to_vec(),
            DataErrorKind::Truncated,
            "ends after 190 bytes without the directory of a zip archive",
        ),
        (edited(130, b"XX"), DataErrorKind::Malformed, "there is no directory entry at byte 130"),
        (edited(138, &[1]), DataErrorKind::Unsupported, "member x.npy: is encrypted"),
        (
            edited(140, &[12]),
            DataErrorKind::Unsupported,
            "member x.npy: is packed by method 12, and 0 and 8 are read here",
        ),
        (edited(146, &[0]), DataErrorKind::Malformed, "member x.npy: does not have a matching checksum"),
        (
            edited(154, &[255, 255, 255, 127]),
            DataErrorKind::Mismatch,
            "member x.npy: holds 136 bytes, the directory promises 2147483647",
        ),
        (
            edited(150, &[255, 255, 255, 127]),
            DataErrorKind::Truncated,
            "the content of a member at byte 55 takes 2147483647 bytes, and the file has 203",
        ),
        (edited(180, b"q"), DataErrorKind::Unsupported, "member x.npq is no npy file"),
    ] {
        let dir = TempDir::new();
        dir.write("a.npz", &bytes);
        let path = dir.path().join("a.npz");
        expect(read_npz(&path), kind, &format!("{}: {fault}", path.display()));
    }
    let dir = TempDir::new();
    let path = dir.path().join("a.npz");
    let member = ("x.npy".to_owned(), array("<c8", "(1,)", &[0; 8]));
    let twice = [member.clone(), member.clone()];
    dir.write("a.npz", &zip::write(&path, &[member], false).unwrap());
    let sentence = format!(
        "{}/x.npy: holds numbers of type '<c8', and f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 and b1 are read here",
        path.display()
    );
    expect(read_npz(&path), DataErrorKind::Unsupported, &sentence);
    dir.write("a.npz", &zip::write(&path, &twice, false).unwrap());
    let sentence = format!("{}: two members are called x.npy", path.display());
    expect(read_npz(&path), DataErrorKind::Malformed, &sentence);
}

const TABLE: &str = "a,b,kind\n1,2,y\n3,4,x\n5,6,y\n";

#[test]
fn csv_selects_columns() {
    let inputs = |csv: Csv| csv.parse("t", TABLE).map(|set| set.inputs);
    let numbers = Csv::new().class("kind");
    assert_eq!(inputs(numbers.clone()).unwrap(), tensor![[1f32, 2.], [3., 4.], [5., 6.]]);
    assert_eq!(
        inputs(Csv::new().columns(["b", "a"]).dtype(DType::F64)).unwrap(),
        tensor![[2., 1.], [4., 3.], [6., 5.]]
    );
    assert_eq!(inputs(Csv::new().columns([1])).unwrap(), tensor![[2f32], [4.], [6.]]);
    let one = Csv::new().columns(["a"]).number("b").parse("t", TABLE).unwrap();
    assert_eq!(one.targets, Targets::Numbers(tensor![2f32, 4., 6.]));
    let two = Csv::new().columns(["a"]).numbers(["b", "a"]).parse("t", TABLE).unwrap();
    assert_eq!(two.targets, Targets::Numbers(tensor![[2f32, 1.], [4., 3.], [6., 5.]]));
    let plain = Csv::new().without_header().delimiter(b';').number(2);
    let set = plain.parse("t", "1;2;3\n\n\"4\"; 5 ;6").unwrap();
    assert_eq!(set.all().pair().unwrap(), (tensor![[1f32, 2.], [4., 5.]], tensor![3f32, 6.]));
}

#[test]
fn csv_names_its_classes() {
    let classes = |csv: Csv, table: &str| match csv.parse("t", table).unwrap().targets {
        Targets::Classes(classes) => (classes.labels.to_vec::<i32>(), classes.names),
        other => panic!("{other:?}"),
    };
    assert_eq!(classes(Csv::new().class("kind"), TABLE), (vec![1, 0, 1], vec!["x".into(), "y".into()]));
    // Numbers in the order of numbers, not of their texts.
    let (labels, names) = classes(Csv::new().class("k"), "a,k\n0,10\n0,9\n0,-1\n");
    assert_eq!((labels, names), (vec![2, 1, 0], vec!["-1".into(), "9".into(), "10".into()]));
    let given = Csv::new().class("kind").class_names(["y", "z", "x"]);
    assert_eq!(classes(given, TABLE).0, [0, 2, 0]);
    let fault = Csv::new().class("kind").class_names(["y"]).parse("t", TABLE);
    expect(fault, DataErrorKind::Mismatch, "t: line 3, column \"kind\": \"x\" is none of the class names");
    let fault = Csv::new().class("kind").class_names(["x", "y", "x"]).parse("t", TABLE);
    expect(fault, DataErrorKind::Mismatch, "t: two classes are called \"x\"");
    let without = "t: there are class names, but no column of classes is asked for";
    for csv in [Csv::new().columns(["a"]), Csv::new().columns(["a"]).number("b")] {
        expect(csv.class_names(["x", "y"]).parse("t", TABLE), DataErrorKind::Argument, without);
    }
}

#[test]
fn csv_reads_what_spreadsheets_write() {
    let dir = TempDir::new();
    let text = "\u{feff}\"a, b\",k\r\n1e3,\"x\ny\"\r\n-0.5,z\r\n";
    dir.write("t.csv", text.as_bytes());
    dir.write("t.csv.gz", &gzipped(text.as_bytes()));
    for name in ["t.csv", "t.csv.gz"] {
        let set = Csv::new().columns(["a, b"]).class("k").read(dir.path().join(name)).unwrap();
        assert_eq!(set.all().pair().unwrap(), (tensor![[1000f32], [-0.5]], tensor![0, 1]));
        assert_eq!(set.name, name);
    }
}

/// The nearest f32 of the text, not the nearest one of its nearest f64: 1 + 2⁻²⁴ + 2⁻⁶⁰ lies above the middle of two f32.
#[test]
fn csv_rounds_once() {
    let text = "a\n1.00000005960464477626\n";
    let set = Csv::new().parse("t", text).unwrap();
    assert_eq!(set.inputs, tensor![[1.0 + f32::EPSILON]]);
    assert_eq!(set.inputs.item() as f32, 1.0 + f32::EPSILON);
}

#[test]
fn csv_says_line_and_column() {
    let one = Csv::new;
    let missing = "the value is missing";
    for (csv, table, kind, fault) in [
        (one(), "a,b\n1,2\n3,\n", DataErrorKind::MissingValue, format!("line 3, column \"b\": {missing}")),
        (one(), "a,b\n1,NA\n", DataErrorKind::MissingValue, format!("line 2, column \"b\": {missing}")),
        (one().without_header(), "1,?\n", DataErrorKind::MissingValue, format!("line 1, column 1: {missing}")),
        (one().class("b"), "a,b\n1,\n", DataErrorKind::MissingValue, format!("line 2, column \"b\": {missing}")),
        (one(), "a,b\r\n\r\n1,2\n\n3,\n", DataErrorKind::MissingValue, format!("line 5, column \"b\": {missing}")),
        (one(), "a,b\n1,2x\n", DataErrorKind::Malformed, "line 2, column \"b\": \"2x\" is no number".into()),
        (one(), "a,b\n1,1e39\n", DataErrorKind::NotFinite, "line 2, column \"b\": 1e39 is no finite f32".into()),
        (one(), "a,b\n1,inf\n", DataErrorKind::NotFinite, "line 2, column \"b\": inf is no finite f32".into()),
        (one(), "a,b\n\n1\n", DataErrorKind::Malformed, "line 3 has 1 fields, the first line has 2".into()),
        (one().columns(["c"]), "a,b\n1,2\n", DataErrorKind::Mismatch, "there is no column \"c\" among a, b".into()),
        (one().columns([2]), "a,b\n1,2\n", DataErrorKind::Mismatch, "there is no column 2, the table has 2".into()),
        (one().columns(["a"]), "a,a\n1,2\n", DataErrorKind::Mismatch, "2 columns are called \"a\"".into()),
        (
            one().without_header().columns(["a"]),
            "1,2\n",
            DataErrorKind::Mismatch,
            "column \"a\" was asked for, but the table has no header".into(),
        ),
        (one(), "a,b\n", DataErrorKind::Empty, "the table has no rows".into()),
        (one(), "", DataErrorKind::Empty, "the table has no rows".into()),
        (one().number("a"), "a\n1\n", DataErrorKind::Empty, "1 examples of 0 features".into()),
    ] {
        expect(csv.parse("t", table), kind, &format!("t: {fault}"));
    }
    let dir = TempDir::new();
    dir.write("t.csv", b"a\n\xff\n");
    let path = dir.path().join("t.csv");
    let sentence = format!("{}: line 2, column 0: is no UTF-8", path.display());
    expect(Csv::new().read(&path), DataErrorKind::Malformed, &sentence);

    let set = Csv::new().missing_as_nan().parse("t", "a,b\n1,\n2,3\n").unwrap();
    let numbers = set.inputs.to_f64_vec();
    assert!(numbers[1].is_nan() && [numbers[0], numbers[2], numbers[3]] == [1., 2., 3.]);
}

#[test]
fn text_becomes_tokens_and_text_again() {
    let text = "ab é 𝄞 a\n";
    for vocabulary in [Vocabulary::bytes(), Vocabulary::of_characters(text).unwrap()] {
        let tokens = vocabulary.encode(text).unwrap();
        assert!(tokens.iter().all(|&token| (0..vocabulary.len() as i32).contains(&token)));
        assert_eq!(vocabulary.decode(&tokens).unwrap(), text);
        assert_eq!(vocabulary.decode_lossy(&tokens).unwrap(), text);
    }
    let characters = Vocabulary::of_characters("ab").unwrap();
    let sentence = "a vocabulary: 'c', character 2 of the text, is not in it";
    expect(characters.encode("abc"), DataErrorKind::OutOfRange, sentence);
    expect(
        characters.decode(&[0, 2]),
        DataErrorKind::OutOfRange,
        "a vocabulary: token 1 is 2, and there are 2 of them",
    );
    expect(characters.decode(&[-1]), DataErrorKind::OutOfRange, "a vocabulary: token 0 is -1, and there are 2 of them");
    let bytes = Vocabulary::bytes();
    let sentence = "a vocabulary: from token 1 on the bytes are no UTF-8";
    expect(bytes.decode(&[97, 0xc3]), DataErrorKind::Malformed, sentence);
    assert_eq!(bytes.decode_lossy(&[97, 0xc3]).unwrap(), "a\u{fffd}");
    expect(Vocabulary::of_characters(""), DataErrorKind::Empty, "a vocabulary: the text is empty");

    let dir = TempDir::new();
    let path = dir.path().join("t.txt");
    dir.write("t.txt", text.as_bytes());
    assert_eq!(read_text(&path).unwrap(), text);
    dir.write("t.txt", b"ab\xff");
    expect(read_text(&path), DataErrorKind::Malformed, &format!("{}: is no UTF-8 from byte 2 on", path.display()));
}

#[test]
fn windows_end_where_the_next_token_does() {
    for (n, length, stride, count) in [(4, 3, 1, 1), (5, 3, 1, 2), (10, 3, 3, 3), (9, 3, 3, 2), (10, 3, 100, 1)] {
        let windows = Windows::new((0..n).collect(), length, stride).unwrap();
        assert_eq!(windows.len(), count, "{n} tokens");
        for row in 0..count {
            let (x, y) = windows.batch(&[row]).unwrap().pair().unwrap();
            let start = (row * stride) as i32;
            assert!(x.to_vec::<i32>().into_iter().eq(start..start + length as i32));
            assert!(y.to_vec::<i32>().into_iter().eq(start + 1..start + 1 + length as i32));
        }
        let sentence = format!("windows: row {count} was asked for, but there are {count} examples");
        expect(windows.batch(&[count]), DataErrorKind::OutOfRange, &sentence);
    }
    let sentence = "windows of 3 tokens and the next one: there are 3 tokens";
    expect(Windows::new(vec![1, 2, 3], 3, 1), DataErrorKind::Empty, sentence);
    let sentence = "windows of 3 tokens with stride 0: both are at least 1";
    expect(Windows::new(vec![1; 9], 3, 0), DataErrorKind::Argument, sentence);
}

#[test]
fn sequences_are_padded_to_the_longest() {
    let none: [&[i32]; 0] = [];
    assert_eq!(pad_sequences(&none, 0).0.shape()[..], [0, 0]);
    let (x, mask) = pad_sequences(&[vec![], vec![1.0, 2.0]], -1.0);
    assert_eq!((x, mask), (tensor![[-1.0, -1.0], [1.0, 2.0]], tensor![[false, false], [true, true]]));
}

/// A file that was changed at random: some bytes turned, a piece cut out, a piece put in, or the end cut off.
pub(super) fn mutated(bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut below = |n: usize| (rng.next_u64() % n.max(1) as u64) as usize;
    for _ in 0..1 + below(3) {
        let at = below(bytes.len());
        let size = below((bytes.len() - at).min(16) + 1);
        match below(5) {
            0 => bytes[at..at + size].iter_mut().for_each(|byte| *byte = below(256) as u8),
            1 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
            2 => drop(bytes.drain(at..at + size)),
            3 => {
                let piece = bytes[at..at + size].to_vec();
                bytes.splice(at..at, piece);
            }
            _ if below(4) == 0 => bytes.truncate(at),
            _ => bytes[at..at + size].fill(0xff),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// Every reader gives data or an error that names the file, whatever is in it. Headers are short, so most changes hit one.
#[test]
fn no_damage_stops_the_program() {
    type Read = fn(&Path) -> Result<(), DataError>;
    let npz = |deflate| {
        let member = |name: &str| (format!("{name}.npy"), array("<f4", "(3, 2)", &floats(&[1.; 6])));
        zip::write(Path::new("a.npz"), &[member("x"), member("y")], deflate).unwrap()
    };
    let table = format!("{TABLE}{}", "7,8,x\n".repeat(3));
    let cases: [(&str, Vec<u8>, Read); 8] = [
        ("a.npy", array("<f4", "(3, 2)", &floats(&[1.; 6])), |path| read_npy(path).map(drop)),
        ("a.npy", array(">i8", "(2,)", &[0; 16]), |path| read_npy(path).map(drop)),
        ("a.npz", npz(false), |path| read_npz(path).map(drop)),
        ("a.npz", npz(true), |path| read_npz(path).map(drop)),
        ("a.npz", bytes_of(BY_PYTHON), |path| read_npz(path).map(drop)),
        ("a-idx2", idx_file(&[3, 2], &[1; 6]), |path| read_idx(path).map(drop)),
        ("a-idx2.gz", gzipped(&idx_file(&[3, 2], &[1; 6])), |path| read_idx(path).map(drop)),
        ("a.csv", table.into_bytes(), |path| Csv::new().class("kind").read(path).map(drop)),
    ];
    let dir = TempDir::new();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (name, sound, read) in cases {
        let path = dir.path().join(name);
        let at = path.display().to_string();
        let mut refused = 0;
        for _ in 0..150 {
            dir.write(name, &mutated(&sound, &mut rng));
            if let Err(error) = read(&path) {
                refused += 1;
                assert!(error.to_string().starts_with(&at) || error.to_string().starts_with(name), "{error}");
            }
        }
        dir.write(name, &sound);
        read(&path).unwrap();
        assert!(refused > 40, "{name}: {refused} of 150");
    }
    for (dir, name, read) in [
        (idx_folder(), "train-images-idx3-ubyte", (|path| idx(path).map(drop)) as Read),
        (idx_folder(), "train-labels-idx1-ubyte", |path| idx(path).map(drop)),
        (cifar_folder(), "test_batch.bin", |path| cifar10(path).map(drop)),
    ] {
        let sound = fs::read(dir.path().join(name)).unwrap();
        for _ in 0..40 {
            dir.write(name, &mutated(&sound, &mut rng));
            let _ = read(dir.path());
        }
    }
}

//! The readers on small files, whole and broken. Each breakage is one edit of a sound file, and asks for kind and sentence.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::files::TempDir;

#[test]
fn the_embedded_digits_are_whole() {
    let split = digits(DIGITS_SPLIT_SEED);
    assert_eq!((split.train.len(), split.test.len()), (1437, 360));
    for part in [&split.train, &split.test] {
        assert_eq!(part.inputs.len(), 64 * part.len());
        let (blank, full) = (
            (0.0 - split.scaling.mean) / split.scaling.deviation,
            (16.0 - split.scaling.mean) / split.scaling.deviation,
        );
        assert!(part.inputs.iter().all(|&x| (blank as f32..=full as f32).contains(&x)));
    }
    // The counts of each digit in the whole set, from the documentation of the UCI repository.
    let mut counts = [0; 10];
    for &label in split.train.labels.iter().chain(&split.test.labels) {
        counts[label as usize] += 1;
    }
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn the_digits_are_standardised_by_the_training_part() {
    let train = digits(3).train;
    let n = train.inputs.len() as f64;
    let mean = train.inputs.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let square = train.inputs.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n;
    assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6, "mean {mean}, mean square {square}");
}

/// The order behind a seed is part of every result written down, so it is pinned, not only self-consistent.
#[test]
fn a_seed_means_the_same_order_for_good() {
    assert_eq!(batches(8, 3, 1, 0), [vec![3, 0, 6], vec![4, 7, 2], vec![5, 1]]);
    assert_eq!(&digits(DIGITS_SPLIT_SEED).train.labels[..12], [2, 6, 5, 1, 7, 9, 6, 2, 3, 4, 1, 7]);
}

#[test]
fn an_epoch_reads_every_row_once() {
    for (n, size) in [(0, 4), (1, 4), (10, 4), (12, 4), (5, 1), (5, 100)] {
        let rows: Vec<usize> = batches(n, size, 7, 2).concat();
        assert_eq!((rows.len(), rows.iter().collect::<HashSet<_>>().len()), (n, n));
        assert!(rows.iter().all(|&row| row < n));
    }
    assert_eq!(full_batches(10, 4, 7, 2), batches(10, 4, 7, 2)[..2]);
}

#[test]
fn epochs_and_seeds_have_their_own_orders() {
    let orders: HashSet<_> = (0..5).flat_map(|seed| (0..5).map(move |epoch| batches(20, 20, seed, epoch))).collect();
    assert_eq!(orders.len(), 25);
}

/// All 24 orders of four rows, each 1/24 of the time: χ² with 23 degrees of freedom, whose 0.999 quantile is 49.7.
#[test]
fn every_order_is_equally_likely() {
    let draws = 24 * 200;
    let mut counts = std::collections::HashMap::new();
    for seed in 0..draws {
        *counts.entry(batches(4, 4, seed, 0).concat()).or_insert(0u64) += 1;
    }
    let expected = draws as f64 / 24.0;
    let chi_squared: f64 = counts.values().map(|&count| (count as f64 - expected).powi(2) / expected).sum();
    assert_eq!(counts.len(), 24);
    assert!(chi_squared < 49.7, "χ² = {chi_squared}");
}

#[test]
fn a_data_set_checks_its_parts() {
    let new = |inputs: &[f32], labels: &[u32]| Dataset::new("d", inputs.to_vec(), labels.to_vec(), &[2], 3);
    assert!(new(&[0.0, 1.0], &[2]).is_ok());
    for (inputs, labels, kind, sentence) in [
        (&[][..], &[][..], DataErrorKind::Empty, "d: 0 examples of 2 features"),
        (&[1.0], &[0], DataErrorKind::Mismatch, "d: 1 inputs are not 1 rows of 2 features"),
        (&[1.0, 1.0], &[3], DataErrorKind::LabelOutOfRange, "d: label 3 in row 0, but there are 3 classes"),
        (&[1.0, f32::NAN], &[0], DataErrorKind::NotFinite, "d: the input in row 0, column 1 is NaN"),
    ] {
        let error = new(inputs, labels).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
    }
}

#[test]
fn gather_and_subset_keep_the_order_asked_for() {
    let data = Dataset::new("d", vec![0., 1., 2., 3., 4., 5.], vec![0, 1, 2], &[2], 3).unwrap();
    assert_eq!(data.gather(&[2, 0, 2]), (vec![4., 5., 0., 1., 4., 5.], vec![2, 0, 2]));
    let part = data.subset("part", &[1]);
    assert_eq!((part.inputs, part.labels, part.classes), (vec![2., 3.], vec![1], 3));
}

fn idx_file(axes: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, axes.len() as u8];
    bytes.extend(axes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(payload);
    bytes
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const IMAGES: [u8; 12] = [0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

fn idx_folder() -> TempDir {
    let dir = TempDir::new();
    dir.write("train-images-idx3-ubyte", &idx_file(&[3, 2, 2], &IMAGES));
    dir.write("train-labels-idx1-ubyte", &idx_file(&[3], &[0, 2, 1]));
    dir.write("t10k-images-idx3-ubyte.gz", &gzipped(&idx_file(&[1, 2, 2], &IMAGES[..4])));
    dir.write("t10k-labels-idx1-ubyte.gz", &gzipped(&idx_file(&[1], &[2])));
    dir
}

#[test]
fn idx_reads_plain_and_gzipped_files() {
    let dir = idx_folder();
    let split = idx(dir.path()).unwrap();
    assert_eq!((split.train.len(), split.test.len(), split.train.features, split.train.classes), (3, 1, 4, 3));
    assert_eq!((&split.train.labels, &split.test.labels), (&vec![0, 2, 1], &vec![2]));
    assert_eq!(split.train.example_shape, [2, 2]);
    assert_eq!(split.train.example(0), split.test.example(0));
    let restored =
        split.train.inputs.iter().map(|&x| (f64::from(x) * split.scaling.deviation + split.scaling.mean).round() as u8);
    assert!(restored.eq(IMAGES));
}

#[test]
fn idx_says_what_is_wrong_with_a_file() {
    let label = "train-labels-idx1-ubyte";
    let image = "train-images-idx3-ubyte";
    let test_label = "t10k-labels-idx1-ubyte.gz";
    let mut corrupt = gzipped(&idx_file(&[1], &[2]));
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 1;
    for (name, bytes, kind, fault) in [
        (label, vec![], DataErrorKind::Truncated, "the magic number ends after 0 of 4 bytes"),
        (label, idx_file(&[3], &[])[..6].to_vec(), DataErrorKind::Truncated, "the header ends after 6 of 8 bytes"),
        (label, idx_file(&[3], &[0, 2]), DataErrorKind::Truncated, "the payload ends after 2 of 3 bytes"),
        (label, idx_file(&[3], &[0, 2, 1, 1]), DataErrorKind::TrailingBytes, "bytes follow after the 3 of sizes [3]"),
        (
            label,
            idx_file(&[1, 3], &[0, 2, 1]),
            DataErrorKind::WrongMagic,
            "starts with 00000802, an IDX file of bytes with 1 axes with 00000801",
        ),
        (
            label,
            b"P6\n3 3".to_vec(),
            DataErrorKind::WrongMagic,
            "starts with 50360a33, an IDX file of bytes with 1 axes with 00000801",
        ),
        (
            image,
            idx_file(&[2, 2, 2], &IMAGES[..8]),
            DataErrorKind::Mismatch,
            "2 images, but DIR/train-labels-idx1-ubyte has 3 labels",
        ),
        (image, idx_file(&[0, 2, 2], &[]), DataErrorKind::Empty, "0 images of 2×2 pixels"),
        (
            image,
            idx_file(&[u32::MAX; 3], &[]),
            DataErrorKind::Malformed,
            "sizes [4294967295, 4294967295, 4294967295] are beyond any memory",
        ),
        (
            test_label,
            gzipped(&idx_file(&[1], &[3])),
            DataErrorKind::LabelOutOfRange,
            "label 3 in row 0, but the training part has 3 classes",
        ),
        (
            test_label,
            gzipped(&idx_file(&[1], &[2]))[..20].to_vec(),
            DataErrorKind::Truncated,
            "the gzip stream ends early",
        ),
        (
            test_label,
            b"no gzip at all".to_vec(),
            DataErrorKind::Malformed,
            "not a sound gzip stream: invalid gzip header",
        ),
        (
            test_label,
            corrupt,
            DataErrorKind::Malformed,
            "not a sound gzip stream: corrupt gzip stream does not have a matching checksum",
        ),
    ] {
        let dir = idx_folder();
        dir.write(name, &bytes);
        let sentence =
            format!("{}: {}", dir.path().join(name).display(), fault.replace("DIR", &dir.path().display().to_string()));
        expect(idx(dir.path()), kind, &sentence);
    }
}

#[test]
fn idx_asks_for_its_four_files_and_one_image_size() {
    let dir = idx_folder();
    let at = dir.path().display().to_string();
    dir.write("t10k-images-idx3-ubyte", &idx_file(&[1, 1, 4], &IMAGES[..4]));
    expect(
        idx(dir.path()),
        DataErrorKind::Mismatch,
        &format!("{at}: training images have [2, 2] pixels, test images [1, 4]"),
    );
    fs::remove_file(dir.path().join("train-images-idx3-ubyte")).unwrap();
    let sentence = format!("{at}: holds neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz");
    expect(idx(dir.path()), DataErrorKind::Missing, &sentence);
    expect(idx(dir.path().join("none")), DataErrorKind::Missing, &format!("{at}/none: no such folder"));
}

fn npy_file(header: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(payload);
    bytes
}

fn array(descr: &str, shape: &str, payload: &[u8]) -> Vec<u8> {
    npy_file(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}          \n"), payload)
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn npy_folder() -> TempDir {
    let dir = TempDir::new();
    dir.write("x.npy", &array("<f4", "(3, 2)", &floats(&[1., 2., 3., 4., 5., 6.])));
    dir.write("y.npy", &array("|u1", "(3,)", &[0, 1, 2]));
    dir.write("x_test.npy", &array("<f8", "(1, 2)", &[7f64, 8.].map(f64::to_le_bytes).concat()));
    dir.write("y_test.npy", &array("<i8", "(1,)", &1i64.to_le_bytes()));
    dir
}

#[test]
fn mnist1d_reads_its_four_arrays() {
    let split = mnist1d(npy_folder().path()).unwrap();
    assert_eq!((split.train.len(), split.train.features, split.train.classes, split.test.classes), (3, 2, 3, 3));
    assert_eq!((split.train.inputs, split.train.labels), (vec![1., 2., 3., 4., 5., 6.], vec![0, 1, 2]));
    assert_eq!((split.test.inputs, split.test.labels), (vec![7., 8.], vec![1]));
}

#[test]
fn npy_reads_every_spelling_of_a_header() {
    let dir = npy_folder();
    for header in [
        "{'descr':'<i4','fortran_order':False,'shape':(3,)}",
        "{\"shape\": (3,), \"fortran_order\": False, \"descr\": \"<i4\"}\n",
    ] {
        dir.write("y.npy", &npy_file(header, &[0i32, 1, 2].map(i32::to_le_bytes).concat()));
        assert_eq!(mnist1d(dir.path()).unwrap().train.labels, [0, 1, 2]);
    }
    let mut version_2 = b"\x93NUMPY\x02\x00".to_vec();
    let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }";
    version_2.extend((header.len() as u32).to_le_bytes());
    version_2.extend(header.as_bytes());
    version_2.extend([0, 1, 2]);
    dir.write("y.npy", &version_2);
    assert_eq!(mnist1d(dir.path()).unwrap().train.labels, [0, 1, 2]);
}

#[test]
fn mnist1d_says_what_is_wrong_with_a_file() {
    let x = floats(&[1., 2., 3., 4., 5., 6.]);
    let no_header = "the numpy header is not {'descr': …, 'fortran_order': …, 'shape': (…)}";
    for (name, bytes, kind, fault) in [
        ("x.npy", b"\x93NUM".to_vec(), DataErrorKind::Truncated, "ends inside the numpy header"),
        ("x.npy", array("<f4", "(3, 2)", &x)[..30].to_vec(), DataErrorKind::Truncated, "ends inside the numpy header"),
        (
            "x.npy",
            b"PK\x03\x04".to_vec(),
            DataErrorKind::WrongMagic,
            "does not start with \\x93NUMPY, so it is no npy file",
        ),
        (
            "x.npy",
            b"\x93NUMPY\x09\x00\x00\x00".to_vec(),
            DataErrorKind::Unsupported,
            "has version 9 of the npy format, and versions 1 to 3 are read here",
        ),
        (
            "x.npy",
            array("<f4", "(3, 2)", &x[..23]),
            DataErrorKind::Truncated,
            "holds 23 bytes of numbers, the header promises 6 of 4 bytes each",
        ),
        (
            "x.npy",
            array("<f4", "(3, 2)", &[&x[..], &[0]].concat()),
            DataErrorKind::TrailingBytes,
            "1 bytes follow after the 6 numbers of the header",
        ),
        (
            "x.npy",
            array("<f4", "(6,)", &x),
            DataErrorKind::Mismatch,
            "inputs need two axes (examples, features), the shape is [6]",
        ),
        ("x.npy", array("<f4", "(0, 2)", &[]), DataErrorKind::Empty, "0 examples of 2 features"),
        (
            "x.npy",
            array("<f4", "(9999999999, 9999999999)", &[]),
            DataErrorKind::Malformed,
            "the shape is beyond any memory",
        ),
        (
            "x.npy",
            array(">f4", "(3, 2)", &x),
            DataErrorKind::Unsupported,
            "holds numbers of type '>f4', and <f4, <f8, <i4, <i8, |u1 and |i1 are read here",
        ),
        (
            "x.npy",
            npy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2)}", &x),
            DataErrorKind::Unsupported,
            "the array is stored column by column (fortran_order), not row by row",
        ),
        ("x.npy", npy_file("{'descr': '<f4', 'shape': (3, 2)}", &x), DataErrorKind::Malformed, no_header),
        (
            "x.npy",
            npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3, 2)}", &x),
            DataErrorKind::Malformed,
            no_header,
        ),
        (
            "x.npy",
            npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (3, -2)}", &x),
            DataErrorKind::Malformed,
            no_header,
        ),
        (
            "x.npy",
            npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)} + 1", &x),
            DataErrorKind::Malformed,
            no_header,
        ),
        (
            "x.npy",
            array("<f4", "(3, 2)", &floats(&[1., 2., 3., f32::NAN, 5., 6.])),
            DataErrorKind::NotFinite,
            "row 1, column 1 is NaN as f32",
        ),
        (
            "x_test.npy",
            array("<f8", "(1, 2)", &[1e300, 0.0].map(f64::to_le_bytes).concat()),
            DataErrorKind::NotFinite,
            "row 0, column 0 is inf as f32",
        ),
        (
            "x_test.npy",
            array("<f4", "(2, 1)", &x[..8]),
            DataErrorKind::Mismatch,
            "1 features in a row, but x.npy has 2",
        ),
        (
            "x.npy",
            array("|u1", "(3, 2)", &x[..6]),
            DataErrorKind::Unsupported,
            "inputs are whole numbers, and f4 or f8 is read here",
        ),
        (
            "y.npy",
            array("<f4", "(3,)", &x[..12]),
            DataErrorKind::Unsupported,
            "labels are floating-point numbers, not whole ones",
        ),
        (
            "y.npy",
            array("|u1", "(2,)", &[0, 1]),
            DataErrorKind::Mismatch,
            "labels have shape [2], but there are 3 rows of inputs",
        ),
        (
            "y.npy",
            array("|i1", "(3,)", &[0, 255, 1]),
            DataErrorKind::LabelOutOfRange,
            "label -1 in row 1 is not in 0..65536",
        ),
        ("y_test.npy", array("|u1", "(1,)", &[3]), DataErrorKind::LabelOutOfRange, "label 3 in row 0 is not in 0..3"),
    ] {
        let dir = npy_folder();
        dir.write(name, &bytes);
        expect(mnist1d(dir.path()), kind, &format!("{}: {fault}", dir.path().join(name).display()));
    }
    let dir = npy_folder();
    fs::remove_file(dir.path().join("y_test.npy")).unwrap();
    let missing = dir.path().join("y_test.npy");
    expect(mnist1d(dir.path()), DataErrorKind::Missing, &format!("{}: no such file or folder", missing.display()));
    expect(mnist1d(Path::new("no/such")), DataErrorKind::Missing, "no/such: no such folder");
}

/// No prefix of a sound file is read as data, and none stops the program.
#[test]
fn every_truncation_is_an_error() {
    let dir = idx_folder();
    for name in ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"] {
        let whole = fs::read(dir.path().join(name)).unwrap();
        for length in 0..whole.len() {
            dir.write(name, &whole[..length]);
            assert_eq!(idx(dir.path()).unwrap_err().kind(), DataErrorKind::Truncated, "{name} cut to {length} bytes");
        }
        dir.write(name, &whole);
    }
    let dir = npy_folder();
    let whole = fs::read(dir.path().join("x.npy")).unwrap();
    for length in 0..whole.len() {
        dir.write("x.npy", &whole[..length]);
        assert_eq!(mnist1d(dir.path()).unwrap_err().kind(), DataErrorKind::Truncated, "cut to {length} bytes");
    }
}

fn expect(result: Result<Split, DataError>, kind: DataErrorKind, sentence: &str) {
    let error = result.expect_err(sentence);
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
}

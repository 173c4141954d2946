//! The readers on small files, whole and broken. Each breakage is one edit of a sound file, and asks for kind and sentence.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use quadric_autodiff::{DType, Tensor, tensor};

use super::*;
use crate::files::TempDir;

#[cfg(feature = "images")]
mod images;
mod order;
mod readers;

fn labels(set: &Dataset) -> Vec<i32> {
    set.targets.tensor().unwrap().to_vec()
}

#[test]
fn the_embedded_digits_are_whole() {
    let split = digits(DIGITS_SPLIT_SEED);
    assert_eq!((split.train.len(), split.test.len()), (1437, 360));
    let (mean, deviation) = (split.scaling.mean.item(), split.scaling.deviation.item());
    let (blank, full) = (-mean / deviation, (16.0 - mean) / deviation);
    for part in [&split.train, &split.test] {
        assert_eq!(part.inputs.shape()[..], [part.len(), 8, 8]);
        assert!(part.inputs.as_slice::<f32>().iter().all(|&x| (blank as f32..=full as f32).contains(&x)));
    }
    // The counts of each digit in the whole set, from the documentation of the UCI repository.
    let mut counts = [0; 10];
    for label in [labels(&split.train), labels(&split.test)].concat() {
        counts[label as usize] += 1;
    }
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn the_digits_are_standardised_by_the_training_part() {
    let train = digits(3).train.inputs.to_f64_vec();
    let n = train.len() as f64;
    let mean = train.iter().sum::<f64>() / n;
    let square = train.iter().map(|x| x.powi(2)).sum::<f64>() / n;
    assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6, "mean {mean}, mean square {square}");
}

/// The order behind a seed is part of every result written down, so it is pinned, not only self-consistent.
#[test]
fn a_seed_means_the_same_order_for_good() {
    assert_eq!(batches(8, 3, 1, 0), [vec![3, 0, 6], vec![4, 7, 2], vec![5, 1]]);
    assert_eq!(labels(&digits(DIGITS_SPLIT_SEED).train)[..12], [2, 6, 5, 1, 7, 9, 6, 2, 3, 4, 1, 7]);
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
    let x = || tensor![[0.0f32, 1.0]];
    let of = |inputs: Tensor, targets: Targets| Dataset::new("d", inputs, targets);
    let classes = |labels: Tensor| Targets::Classes(Classes::new(labels, 3));
    assert!(of(x(), classes(tensor![2])).is_ok());
    let empty = Tensor::new([0, 2], &[0f32; 0]).unwrap();
    for (inputs, targets, kind, sentence) in [
        (empty, Targets::Absent, DataErrorKind::Empty, "d: 0 examples of 2 features"),
        (
            Tensor::scalar(1.0),
            Targets::Absent,
            DataErrorKind::Mismatch,
            "d: the inputs are a scalar and have no axis of examples",
        ),
        (
            x(),
            classes(tensor![0, 1]),
            DataErrorKind::Mismatch,
            "d: the targets are i32[2], with no row for each of 1 examples",
        ),
        (
            x(),
            Targets::Numbers(Tensor::scalar(1.0)),
            DataErrorKind::Mismatch,
            "d: the targets are f64[], with no row for each of 1 examples",
        ),
        (x(), classes(tensor![1.0]), DataErrorKind::Mismatch, "d: the labels are f64[1], i32 is needed"),
        (x(), Classes::new(tensor![0], 3).named(["a"]).into(), DataErrorKind::Mismatch, "d: 1 names for 3 classes"),
        (
            x(),
            Classes::new(tensor![0], 3).named(["a", "b", "a"]).into(),
            DataErrorKind::Mismatch,
            "d: two classes are called \"a\"",
        ),
        (x(), classes(tensor![3]), DataErrorKind::LabelOutOfRange, "d: label 3 in row 0, but there are 3 classes"),
        (
            x(),
            classes(tensor![[0, -1]]),
            DataErrorKind::LabelOutOfRange,
            "d: label -1 in row 0, column 1, but there are 3 classes",
        ),
        (tensor![[1.0, f64::NAN]], Targets::Absent, DataErrorKind::NotFinite, "d: the input in row 0, column 1 is NaN"),
        (x(), Targets::Numbers(tensor![f32::INFINITY]), DataErrorKind::NotFinite, "d: the target in row 0 is inf"),
    ] {
        expect(of(inputs, targets), kind, sentence);
    }
}

#[test]
fn missing_numbers_and_ignored_labels_are_let_through_where_asked_for() {
    let targets = Classes::new(tensor![[0, -1], [-1, 2]], 3).ignoring(-1);
    let set = Dataset::with_missing("d", tensor![[f64::NAN], [f64::INFINITY]], targets).unwrap();
    assert_eq!(set.batch(&[1]).unwrap().pair().unwrap(), (tensor![[f64::INFINITY]], tensor![[-1, 2]]));
    let other = Classes::new(tensor![[0, -2], [-1, 2]], 3).ignoring(-1);
    assert_eq!(Dataset::new("d", tensor![0.0, 0.0], other).unwrap_err().kind(), DataErrorKind::LabelOutOfRange);
}

#[test]
fn weights_and_masks_go_with_their_examples() {
    let tokens = tensor![[1, 2], [3, 0], [4, 5]];
    let set = Dataset::new("d", tokens, Targets::Absent).unwrap();
    expect(
        set.clone().with_weights(tensor![1.0, 2.0]),
        DataErrorKind::Mismatch,
        "d: the weights are f64[2], a float for each of 3 examples is needed",
    );
    expect(
        set.clone().with_weights(tensor![1.0, 2.0, f64::NAN]),
        DataErrorKind::NotFinite,
        "d: the weight in row 2 is NaN",
    );
    expect(
        set.clone().with_mask(tensor![true]),
        DataErrorKind::Mismatch,
        "d: the mask is bool[1], with no row for each of 3 examples",
    );
    expect(set.clone().with_mask(tensor![1, 1, 0]), DataErrorKind::Mismatch, "d: the mask is i32[3], bools are needed");
    let set = set.with_weights(tensor![1.0, 2.0, 3.0]).unwrap();
    let set = set.with_mask(tensor![[true, true], [true, false], [true, true]]).unwrap();
    let batch = set.batch(&[1, 2]).unwrap();
    assert_eq!(batch.mask, Some(tensor![[true, false], [true, true]]));
    assert_eq!((batch.inputs.clone(), batch.weights.clone()), (tensor![[3, 0], [4, 5]], Some(tensor![2.0, 3.0])));
    assert_eq!(set.subset("part", &[1, 2]).unwrap().all(), batch);
    let sentence = "a pair of a batch: it has weights or a mask, which a pair has no place for; take its fields";
    expect(batch.pair(), DataErrorKind::Mismatch, sentence);
    expect(Batch::new(tensor![1.0]).pair(), DataErrorKind::Mismatch, "a pair of a batch: it has no targets");
}

#[test]
fn batches_and_subsets_keep_the_order_asked_for() {
    let set = Dataset::new("d", tensor![[0., 1.], [2., 3.], [4., 5.]], Classes::new(tensor![0, 1, 2], 3)).unwrap();
    let (x, y) = set.batch(&[2, 0, 2]).unwrap().pair().unwrap();
    assert_eq!((x, y), (tensor![[4., 5.], [0., 1.], [4., 5.]], tensor![2, 0, 2]));
    assert_eq!(set.batch(&[]).unwrap().inputs.shape()[..], [0, 2]);
    let part = set.subset("part", &[1]).unwrap();
    assert_eq!((part.inputs.clone(), labels(&part), part.classes()), (tensor![[2., 3.]], vec![1], Some(3)));
    let sentence = "d: row 99999 was asked for, but there are 3 examples";
    expect(set.batch(&[0, 99999]), DataErrorKind::OutOfRange, sentence);
    expect(set.subset("part", &[99999]), DataErrorKind::OutOfRange, sentence);
    expect(set.subset("part", &[]), DataErrorKind::Empty, "part: no rows of d");
}

#[test]
fn examples_are_reshaped_and_converted() {
    let set = Dataset::new("d", tensor![[0., 1., 2., 3.]], Targets::Numbers(tensor![0.1])).unwrap();
    let image = set.reshaped(&[1, 2, 2]).unwrap();
    assert_eq!((image.example_shape(), image.features()), (&[1, 2, 2][..], 4));
    assert_eq!(image.flattened(), set);
    expect(set.reshaped(&[3]), DataErrorKind::Mismatch, "d: examples of shape [4] cannot be [3]");
    expect(
        set.reshaped(&[usize::MAX, 8]),
        DataErrorKind::Mismatch,
        "d: examples of shape [4] cannot be [18446744073709551615, 8]",
    );
    let set = set.to_dtype(DType::F32);
    assert_eq!(set.all().pair().unwrap(), (tensor![[0f32, 1., 2., 3.]], tensor![0.1f32]));
    let tokens = Dataset::new("d", tensor![[0, 1]], Classes::new(tensor![1], 2)).unwrap();
    assert_eq!(tokens.to_dtype(DType::F64), tokens);
}

#[test]
fn scaling_is_exact_for_whole_numbers_and_near_for_floats() {
    // A mean of 2³⁰ with a deviation of 1: in f32, or by Σp² − (Σp)²/n in f64, nothing of it would be left.
    let far = [1 << 30, (1 << 30) + 2];
    let scaling = Scaling::fit(&Tensor::from_vec(&far), Per::All).unwrap();
    assert_eq!((scaling.mean.item(), scaling.deviation.item()), (f64::from(1 << 30) + 1.0, 1.0));
    let scaling = Scaling::fit(&Tensor::from_vec(&far.map(f64::from)), Per::All).unwrap();
    assert_eq!((scaling.mean.item(), scaling.deviation.item()), (f64::from(1 << 30) + 1.0, 1.0));
    let scaling = Scaling::fit(&tensor![i32::MIN, i32::MAX], Per::All).unwrap();
    assert_eq!((scaling.mean.item(), scaling.deviation.item()), (-0.5, 2147483647.5));
    let constant = Scaling::fit(&tensor![[3.0, 1.0], [3.0, 2.0]], Per::Feature).unwrap();
    assert_eq!(constant, Scaling { mean: tensor![3.0, 1.5], deviation: tensor![1.0, 0.5] });
}

/// A constant column has no deviation, whatever its sums round to, and a column far from 0 keeps the digits of what it differs by.
#[test]
fn scaling_sees_no_deviation_in_rounding() {
    for dtype in [DType::F64, DType::F32] {
        let constant = Tensor::from_fn(dtype, [200_000, 1], |_| 3.751293726872127);
        let scaling = Scaling::fit(&constant, Per::Feature).unwrap();
        assert_eq!(scaling.deviation, tensor![1.0]);
        assert_eq!(scaling.mean.to_f64_vec(), [constant.to_f64_vec()[0]]);
        let x = scaling.apply(&constant, DType::F64).unwrap();
        assert!(x.as_slice::<f64>().iter().all(|&x| x == 0.0));
    }
    // Two values of equal number around 1e8, and one unit in the last place apart.
    let far = |step: f64| Tensor::from_fn(DType::F64, [200_000], |i| 1e8 + if i % 2 == 0 { step } else { -step });
    let scaling = Scaling::fit(&far(1.0), Per::All).unwrap();
    assert_eq!((scaling.mean.item(), scaling.deviation.item()), (1e8, 1.0));
    let step = 2f64.powi(-26);
    let scaling = Scaling::fit(&far(step), Per::All).unwrap();
    assert_eq!((scaling.mean.item(), scaling.deviation.item()), (1e8, step));
    // An outlier does not cost the digits of the others.
    let lone = Tensor::from_fn(DType::F64, [1000], |i| if i == 0 { 1e8 } else { 0.0 });
    let scaling = Scaling::fit(&lone, Per::All).unwrap();
    let expected = 1e8 * 999f64.sqrt() / 1000.0;
    assert!((scaling.deviation.item() / expected - 1.0).abs() < 1e-14, "{}", scaling.deviation);
    assert!((scaling.mean.item() - 1e5).abs() < 1e-9, "{}", scaling.mean);
}

#[test]
fn scaling_by_channel_leaves_each_channel_standardised() {
    let colours = Tensor::new([2, 2, 1, 2], &[1, 3, 10, 30, 1, 3, 10, 30]).unwrap();
    let scaling = Scaling::fit(&colours, Per::Channel).unwrap();
    assert_eq!(scaling.mean, Tensor::new([2, 1, 1], &[2.0, 20.0]).unwrap());
    let x = scaling.apply(&colours, DType::F64).unwrap();
    assert_eq!(x.to_f64_vec(), [-1., 1., -1., 1., -1., 1., -1., 1.]);
    let fault = "a scaling by mean f64[2,1,1] and deviation f64[2,1,1] does not fit examples of i32[1,3,1]";
    expect(scaling.apply(&Tensor::new([1, 3, 1], &[1, 2, 3]).unwrap(), DType::F64), DataErrorKind::Mismatch, fault);
}

#[test]
fn scaling_says_what_it_cannot_do() {
    let nan = tensor![[1.0, f64::NAN]];
    for (x, per, kind, sentence) in [
        (nan, Per::All, DataErrorKind::NotFinite, "the scaling of f64[1,2]: row 0, column 1 is NaN"),
        (
            tensor![1e300, 0.0],
            Per::All,
            DataErrorKind::NotFinite,
            "the scaling of f64[2]: a sum of squares is beyond all range",
        ),
        (
            Tensor::new([0, 2], &[0.0; 0]).unwrap(),
            Per::All,
            DataErrorKind::Empty,
            "the scaling of f64[0,2]: there are no numbers",
        ),
        (
            tensor![1.0],
            Per::Channel,
            DataErrorKind::Mismatch,
            "the scaling of f64[1]: an axis of examples is needed, and one of channels for each",
        ),
    ] {
        expect(Scaling::fit(&x, per), kind, sentence);
    }
}

/// A part has its share to within 1, every row is in one part, and the seed settles the order.
#[test]
fn splits_cover_all_rows_by_their_shares() {
    for n in [0, 1, 7, 100] {
        for fractions in [&[1.0][..], &[0.8, 0.2], &[0.1, 0.0, 0.9], &[1.0 / 3.0; 3]] {
            let labels: Vec<i32> = (0..n).map(|row| (row % 5) as i32 - 1).collect();
            let stratified = stratified_rows(&labels, fractions, 3).unwrap();
            for parts in [split_rows(n, fractions, 3).unwrap(), stratified.clone()] {
                let mut rows = parts.concat();
                rows.sort();
                assert!(rows.into_iter().eq(0..n));
            }
            for (part, share) in split_rows(n, fractions, 3).unwrap().iter().zip(fractions) {
                assert!((part.len() as f64 - share * n as f64).abs() <= 1.0);
            }
            for (part, share) in stratified.iter().zip(fractions) {
                for label in -1..4 {
                    let count = |rows: &mut dyn Iterator<Item = i32>| rows.filter(|&l| l == label).count() as f64;
                    let of_part = count(&mut part.iter().map(|&row| labels[row]));
                    assert!((of_part - share * count(&mut labels.iter().copied())).abs() <= 1.0);
                }
            }
        }
    }
    assert_ne!(split_rows(20, &[1.0], 1).unwrap(), split_rows(20, &[1.0], 2).unwrap());
    for fractions in [&[][..], &[0.5], &[0.5, 0.6], &[-0.5, 1.5], &[f64::NAN, 1.0]] {
        let sentence = format!("a split needs fractions from 0 to 1 that add up to 1, these are {fractions:?}");
        expect(split_rows(4, fractions, 0), DataErrorKind::Argument, &sentence);
    }
}

#[test]
fn every_row_is_held_out_once() {
    for (n, k) in [(2, 2), (10, 3), (11, 11)] {
        let folds = k_folds(n, k, 5).unwrap();
        let mut held_out: Vec<usize> = folds.iter().flat_map(|fold| fold.held_out.clone()).collect();
        held_out.sort();
        assert!(held_out.into_iter().eq(0..n));
        for Fold { train, held_out } in folds {
            let all: HashSet<usize> = train.iter().chain(&held_out).copied().collect();
            assert_eq!((all.len(), train.len() + held_out.len()), (n, n));
        }
    }
    for (n, k) in [(10, 1), (10, 0), (3, 4)] {
        let sentence = format!("{k} folds of {n} rows: from 2 folds to one a row can be had");
        expect(k_folds(n, k, 0), DataErrorKind::Argument, &sentence);
    }
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
    assert_eq!(
        (split.train.len(), split.test.len(), split.train.features(), split.train.classes()),
        (3, 1, 4, Some(3))
    );
    assert_eq!((labels(&split.train), labels(&split.test)), (vec![0, 2, 1], vec![2]));
    assert_eq!(split.train.example_shape(), [2, 2]);
    assert_eq!(split.train.batch(&[0]).unwrap().inputs, split.test.inputs);
    let restored = split.scaling.invert(&split.train.inputs, DType::F64).unwrap().to_f64_vec();
    assert!(restored.into_iter().map(|x| x.round() as u8).eq(IMAGES));
    assert_eq!(split.train.name, format!("{}, training part", dir.path().file_name().unwrap().display()));
}

/// A stray number among the labels asks for no layer of so many units.
#[test]
fn idx_has_as_many_classes_as_a_data_set_may() {
    let dir = idx_folder();
    let path = dir.path().join("train-labels-idx1-ubyte");
    let labels = |last: i32| {
        let mut bytes = vec![0, 0, 0x0c, 1, 0, 0, 0, 3];
        bytes.extend([0, 1, last].map(i32::to_be_bytes).concat());
        bytes
    };
    dir.write("train-labels-idx1-ubyte", &labels(65535));
    assert_eq!(idx(dir.path()).unwrap().train.classes(), Some(65536));
    dir.write("train-labels-idx1-ubyte", &labels(65536));
    let sentence = format!("{}: the training part has the label 65536, which is not in 0..65536", path.display());
    expect(idx(dir.path()), DataErrorKind::LabelOutOfRange, &sentence);
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
            DataErrorKind::Mismatch,
            "labels have one axis and a whole-number type, these are i32[1,3]",
        ),
        (
            label,
            b"P6\n3 3".to_vec(),
            DataErrorKind::WrongMagic,
            "starts with 50360a33, an IDX file with 0000, a type (08, 09, 0b, 0c, 0d or 0e) and the axes",
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
            b"\x1f\x8bno gzip at all".to_vec(),
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
    let sentence = format!("{at}/none: no such folder, and no files whose names begin so");
    expect(idx(dir.path().join("none")), DataErrorKind::Missing, &sentence);
    expect(idx(dir.path().join("none/none")), DataErrorKind::Missing, &format!("{at}/none/none: no such folder"));
    let empty = TempDir::new();
    let sentence = format!("{}: holds no train-images-idx3-ubyte or the like", empty.path().display());
    expect(idx(empty.path()), DataErrorKind::Missing, &sentence);
}

/// Names with a dot, a plain file under the name of a gzipped one, and EMNIST's prefixes, of which a folder holds several.
#[test]
fn idx_knows_the_names_that_occur() {
    let sound = idx(idx_folder().path()).unwrap();
    let dir = TempDir::new();
    dir.write("train-images.idx3-ubyte", &idx_file(&[3, 2, 2], &IMAGES));
    dir.write("train-labels.idx1-ubyte.gz", &idx_file(&[3], &[0, 2, 1]));
    dir.write("t10k-images.idx3-ubyte", &idx_file(&[1, 2, 2], &IMAGES[..4]));
    dir.write("t10k-labels.idx1-ubyte", &gzipped(&idx_file(&[1], &[2])));
    assert_eq!(idx(dir.path()).unwrap().train.all(), sound.train.all());

    let dir = TempDir::new();
    for (name, first) in [("digits", 0), ("letters", 1)] {
        dir.write(&format!("emnist-{name}-train-images-idx3-ubyte.gz"), &gzipped(&idx_file(&[3, 2, 2], &IMAGES)));
        let labels = [first, first + 2, first + 1];
        dir.write(&format!("emnist-{name}-train-labels-idx1-ubyte.gz"), &gzipped(&idx_file(&[3], &labels)));
        dir.write(&format!("emnist-{name}-test-images-idx3-ubyte.gz"), &gzipped(&idx_file(&[1, 2, 2], &IMAGES[..4])));
        dir.write(&format!("emnist-{name}-test-labels-idx1-ubyte.gz"), &gzipped(&idx_file(&[1], &[first + 2])));
    }
    assert_eq!(idx(dir.path().join("emnist-digits")).unwrap().test.all(), sound.test.all());
    let letters = idx(dir.path().join("emnist-letters")).unwrap().train;
    assert_eq!(letters.name, "emnist-letters, training part");
    let Targets::Classes(classes) = &letters.targets else { panic!("letters are classes") };
    assert_eq!(
        (classes.count, labels(&letters), &classes.names[..]),
        (3, vec![0, 2, 1], &["1".to_owned(), "2".into(), "3".into()][..])
    );
    let at = dir.path().display();
    let sentence = format!("{at}: holds files of emnist-digits, emnist-letters; say which one as {at}/NAME");
    expect(idx(dir.path()), DataErrorKind::Missing, &sentence);
    fs::remove_file(dir.path().join("emnist-letters-test-labels-idx1-ubyte.gz")).unwrap();
    let name = "emnist-letters-t10k-labels-idx1-ubyte";
    let sentence = format!("{at}: holds neither {name} nor {name}.gz");
    expect(idx(dir.path().join("emnist-letters")), DataErrorKind::Missing, &sentence);
}

/// Only a run of labels from 1 is moved: of two digits, 1 and 7, both keep their numbers.
#[test]
fn labels_with_gaps_stay_as_they_are() {
    let dir = idx_folder();
    dir.write("train-labels-idx1-ubyte", &idx_file(&[3], &[1, 7, 1]));
    dir.write("t10k-labels-idx1-ubyte.gz", &gzipped(&idx_file(&[1], &[0])));
    let train = idx(dir.path()).unwrap().train;
    assert_eq!((labels(&train), train.classes()), (vec![1, 7, 1], Some(8)));
    dir.write("train-labels-idx1-ubyte", &idx_file(&[3], &[1, 2, 1]));
    let sentence = format!(
        "{}/t10k-labels-idx1-ubyte.gz: label 0 in row 0, but the training part has 2 classes, counted from 1",
        dir.path().display()
    );
    expect(idx(dir.path()), DataErrorKind::LabelOutOfRange, &sentence);
}

#[test]
fn idx_reads_every_type_of_number() {
    let dir = TempDir::new();
    let path = dir.path().join("a-idx1");
    for (kind, payload, tensor) in [
        (0x08, vec![0, 255], tensor![0, 255]),
        (0x09, vec![1, 255], tensor![1, -1]),
        (0x0b, vec![1, 0, 255, 254], tensor![256, -2]),
        (0x0c, vec![0x7f, 255, 255, 255, 255, 255, 255, 255], tensor![i32::MAX, -1]),
        (0x0d, [1.5f32, -2.0].map(f32::to_be_bytes).concat(), tensor![1.5f32, -2.0]),
        (0x0e, [1.5f64, -2.0].map(f64::to_be_bytes).concat(), tensor![1.5f64, -2.0]),
    ] {
        let mut file = vec![0, 0, kind, 1, 0, 0, 0, 2];
        file.extend(payload);
        dir.write("a-idx1", &file);
        assert_eq!(read_idx(&path).unwrap(), tensor);
    }
    dir.write("a-idx1", &[0, 0, 8, 0, 7]);
    assert_eq!(read_idx(&path).unwrap(), Tensor::scalar(7));
}

fn cifar_folder() -> TempDir {
    let dir = TempDir::new();
    let record =
        |label: u8, value: u8| [vec![label], vec![value; 1024], vec![0; 1024], vec![255 - value; 1024]].concat();
    for batch in 1..=4 {
        dir.write(&format!("data_batch_{batch}.bin"), &[record(batch, batch), record(9, 0)].concat());
    }
    dir.write("data_batch_5.bin.gz", &gzipped(&record(0, 5)));
    dir.write("test_batch.bin", &record(3, 1));
    dir
}

#[test]
fn cifar_reads_records_in_the_order_of_the_files() {
    let dir = cifar_folder();
    let names: Vec<String> = (0..10).map(|class| format!("class {class}")).collect();
    dir.write("batches.meta.txt", format!("{}\n\n", names.join("\n")).as_bytes());
    let split = cifar10(dir.path()).unwrap();
    assert_eq!(split.train.inputs.shape()[..], [9, 3, 32, 32]);
    assert_eq!(labels(&split.train), [1, 9, 2, 9, 3, 9, 4, 9, 0]);
    let Targets::Classes(classes) = &split.test.targets else { panic!("CIFAR has classes") };
    assert_eq!((classes.count, &classes.names), (10, &names));
    let restored = split.scaling.invert(&split.test.inputs, DType::F64).unwrap();
    let restored: Vec<u8> = restored.to_f64_vec().iter().map(|x| x.round() as u8).collect();
    assert_eq!(restored, [vec![1; 1024], vec![0; 1024], vec![254; 1024]].concat());

    let dir = TempDir::new();
    dir.write("train.bin", &[vec![19, 99], vec![7; 3072]].concat());
    dir.write("test.bin.gz", &gzipped(&[vec![0, 5], vec![7; 3072]].concat()));
    let coarse = cifar100(dir.path(), Cifar100Labels::Coarse).unwrap();
    let fine = cifar100(dir.path(), Cifar100Labels::Fine).unwrap();
    assert_eq!((labels(&coarse.train), coarse.train.classes()), (vec![19], Some(20)));
    assert_eq!((labels(&fine.test), fine.train.classes()), (vec![5], Some(100)));
}

#[test]
fn cifar_says_what_is_wrong_with_a_file() {
    for (name, bytes, kind, fault) in [
        (
            "data_batch_3.bin",
            vec![0; 3073 + 10],
            DataErrorKind::Truncated,
            "the record at byte 3073 ends after 10 of 3073 bytes",
        ),
        ("test_batch.bin", vec![], DataErrorKind::Empty, "holds no images"),
        (
            "data_batch_2.bin",
            [vec![0; 3073], vec![10; 3073]].concat(),
            DataErrorKind::LabelOutOfRange,
            "label 10 in row 1, but there are 10 classes",
        ),
        ("batches.meta.txt", b"cat\ndog".to_vec(), DataErrorKind::Mismatch, "holds 2 names, there are 10 classes"),
    ] {
        let dir = cifar_folder();
        dir.write(name, &bytes);
        expect(cifar10(dir.path()), kind, &format!("{}: {fault}", dir.path().join(name).display()));
    }
    let dir = cifar_folder();
    fs::remove_file(dir.path().join("data_batch_5.bin.gz")).unwrap();
    let sentence = format!("{}: holds neither data_batch_5.bin nor data_batch_5.bin.gz", dir.path().display());
    expect(cifar10(dir.path()), DataErrorKind::Missing, &sentence);
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
    assert_eq!((split.train.classes(), split.test.classes()), (Some(3), Some(3)));
    assert_eq!(split.train.all().pair().unwrap(), (tensor![[1f32, 2.], [3., 4.], [5., 6.]], tensor![0, 1, 2]));
    assert_eq!(split.test.all().pair().unwrap(), (tensor![[7f32, 8.]], tensor![1]));
}

#[test]
fn npy_reads_every_spelling_of_a_header() {
    let dir = npy_folder();
    for header in [
        "{'descr':'<i4','fortran_order':False,'shape':(3,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (3L,), }",
        "{\"shape\": (3,), \"fortran_order\": False, \"descr\": \"<i4\"}\n",
    ] {
        dir.write("y.npy", &npy_file(header, &[0i32, 1, 2].map(i32::to_le_bytes).concat()));
        assert_eq!(labels(&mnist1d(dir.path()).unwrap().train), [0, 1, 2]);
    }
    let mut version_2 = b"\x93NUMPY\x02\x00".to_vec();
    let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }";
    version_2.extend((header.len() as u32).to_le_bytes());
    version_2.extend(header.as_bytes());
    version_2.extend([0, 1, 2]);
    dir.write("y.npy", &version_2);
    assert_eq!(labels(&mnist1d(dir.path()).unwrap().train), [0, 1, 2]);
}

#[test]
fn mnist1d_says_what_is_wrong_with_a_file() {
    let x = floats(&[1., 2., 3., 4., 5., 6.]);
    let no_header = "the numpy header is not {'descr': …, 'fortran_order': …, 'shape': (…)}";
    for (name, bytes, kind, fault) in [
        ("x.npy", b"\x93NUM".to_vec(), DataErrorKind::Truncated, "ends after 4 bytes, inside the numpy header"),
        (
            "x.npy",
            array("<f4", "(3, 2)", &x)[..30].to_vec(),
            DataErrorKind::Truncated,
            "ends after 30 bytes, inside the numpy header",
        ),
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
            "the shape [9999999999, 9999999999] is beyond any memory",
        ),
        (
            "x.npy",
            array("<c8", "(3, 1)", &x),
            DataErrorKind::Unsupported,
            "holds numbers of type '<c8', and f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 and b1 are read here",
        ),
        (
            "y.npy",
            array("<i8", "(3,)", &[0, 1 << 31, 0].map(i64::to_le_bytes).concat()),
            DataErrorKind::OutOfRange,
            "number 1 of the file is 2147483648, which is no i32",
        ),
        (
            "y.npy",
            array("|b1", "(3,)", &[0, 1, 2]),
            DataErrorKind::OutOfRange,
            "number 2 of the file is 2, which is no bool",
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
            "inputs are whole numbers, and floats are needed here",
        ),
        ("y.npy", array("<f4", "(3,)", &x[..12]), DataErrorKind::Unsupported, "labels are f32, not whole numbers"),
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

/// Every type in both orders of bytes, and both orders of axes: bytes as numpy writes them.
#[test]
fn npy_reads_every_type_in_every_order() {
    let dir = TempDir::new();
    let path = dir.path().join("a.npy");
    // 1.5, −2, the smallest subnormal number and −∞ in half precision.
    let halves: [u16; 4] = [0x3e00, 0xc000, 0x0001, 0xfc00];
    let half = tensor![1.5f32, -2.0, 2f32.powi(-24), f32::NEG_INFINITY];
    for (name, little, tensor) in [
        ("f2", halves.map(u16::to_le_bytes).concat(), half),
        ("f4", [1.5f32, -2.0].map(f32::to_le_bytes).concat(), tensor![1.5f32, -2.0]),
        ("f8", [1.5f64, -2.0].map(f64::to_le_bytes).concat(), tensor![1.5, -2.0]),
        ("i2", [-2i16, 300].map(i16::to_le_bytes).concat(), tensor![-2, 300]),
        ("u2", [65535u16, 300].map(u16::to_le_bytes).concat(), tensor![65535, 300]),
        ("i4", [-2, i32::MAX].map(i32::to_le_bytes).concat(), tensor![-2, i32::MAX]),
        ("u4", [7, u32::MAX].map(u32::to_le_bytes).concat(), tensor![7u32, u32::MAX]),
        ("i8", [i64::from(i32::MIN), 7].map(i64::to_le_bytes).concat(), tensor![i32::MIN, 7]),
        ("u8", [u64::from(u32::MAX), 7].map(u64::to_le_bytes).concat(), tensor![u32::MAX, 7]),
        ("i1", vec![255, 1], tensor![-1, 1]),
        ("u1", vec![255, 1], tensor![255, 1]),
        ("b1", vec![0, 1], tensor![false, true]),
    ] {
        let width = little.len() / tensor.size();
        let shape = format!("({},)", tensor.size());
        let orders = if width == 1 { &["|"][..] } else { &["<", ">"] };
        for order in orders {
            let bytes: Vec<u8> = match *order {
                ">" => little.chunks(width).flat_map(|word| word.iter().rev()).copied().collect(),
                _ => little.clone(),
            };
            dir.write("a.npy", &array(&format!("{order}{name}"), &shape, &bytes));
            assert_eq!(read_npy(&path).unwrap(), tensor, "{order}{name}");
        }
    }
    // np.asfortranarray([[[0, 1], [2, 3], [4, 5]]]): the first index runs fastest.
    dir.write("a.npy", &npy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (1, 3, 2)}", &[0, 2, 4, 1, 3, 5]));
    assert_eq!(read_npy(&path).unwrap(), Tensor::new([1, 3, 2], &[0, 1, 2, 3, 4, 5]).unwrap());
    dir.write("a.npy", &npy_file("{'descr': '<f4', 'fortran_order': True, 'shape': ()}", &1f32.to_le_bytes()));
    assert_eq!(read_npy(&path).unwrap(), Tensor::scalar(1f32));
}

#[test]
fn half_precision_agrees_with_its_definition() {
    let dir = TempDir::new();
    let path = dir.path().join("a.npy");
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    dir.write("a.npy", &array("<f2", "(65536,)", &all));
    for (bits, value) in read_npy(&path).unwrap().to_vec::<f32>().into_iter().enumerate() {
        let (sign, exponent, fraction) = (bits >> 15, (bits >> 10 & 31) as i32, (bits & 1023) as f64 / 1024.0);
        let expected = match exponent {
            0 => fraction * 2f64.powi(-14),
            31 if fraction != 0.0 => f64::NAN,
            31 => f64::INFINITY,
            _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
        };
        let expected = if sign == 1 { -expected } else { expected };
        assert!(f64::from(value) == expected || (value.is_nan() && expected.is_nan()), "{bits:04x}: {value}");
        assert_eq!(value.is_sign_negative(), sign == 1);
    }
}

#[test]
fn npy_writes_what_it_reads() {
    let dir = TempDir::new();
    let path = dir.path().join("a.npy");
    for tensor in [
        tensor![[1.5f32, f32::NAN]],
        tensor![-0.0f64, 1e-300],
        tensor![[1, -2], [3, 4]],
        tensor![u32::MAX],
        tensor![true, false],
        Tensor::scalar(2.5),
        Tensor::new([0, 3], &[0i32; 0]).unwrap(),
    ] {
        write_npy(&path, &tensor).unwrap();
        assert_eq!(read_npy(&path).unwrap(), tensor);
    }
    // Byte for byte what numpy.save(path, numpy.array([1, 2], dtype='<i4')) writes.
    write_npy(&path, &tensor![1, 2]).unwrap();
    let mut expected = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }".to_vec();
    expected.resize(127, b' ');
    expected.extend([b'\n', 1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(fs::read(&path).unwrap(), expected);
}

fn expect<T: std::fmt::Debug>(result: Result<T, DataError>, kind: DataErrorKind, sentence: &str) {
    let error = result.expect_err(sentence);
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
}

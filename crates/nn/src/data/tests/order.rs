//! Loaders, prefetch and augmentation: order, place and the ends.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadric_autodiff::{DType, Tensor, tensor};

use super::expect;
use crate::data::*;

fn numbers(n: usize) -> Dataset {
    let inputs: Vec<i32> = (0..n as i32).collect();
    Dataset::new("numbers", Tensor::from_vec(&inputs), Targets::Absent).unwrap()
}

fn rows(batch: &Batch) -> Vec<usize> {
    batch.inputs.as_slice::<i32>().iter().map(|&row| row as usize).collect()
}

#[test]
fn a_loader_reads_the_order_of_batches() {
    let loader = Loader::new(numbers(10), 4).unwrap().shuffled(7);
    for epoch in [0, 3] {
        let read: Vec<_> = loader.epoch(epoch).map(|batch| rows(&batch.unwrap())).collect();
        assert_eq!(read, batches(10, 4, 7, epoch));
        let full = loader.clone().drop_last().unwrap();
        let read: Vec<_> = full.epoch(epoch).map(|batch| rows(&batch.unwrap())).collect();
        assert_eq!(read, full_batches(10, 4, 7, epoch));
    }
    let in_order = Loader::new(numbers(3), 2).unwrap();
    let read: Vec<_> = in_order.epoch(5).map(|batch| rows(&batch.unwrap())).collect();
    assert_eq!(read, [vec![0, 1], vec![2]]);
}

#[test]
fn a_run_goes_on_from_any_place() {
    for drop_last in [false, true] {
        let loader = Loader::new(numbers(10), 4).unwrap().shuffled(7);
        let loader = if drop_last { loader.drop_last().unwrap() } else { loader };
        let whole: Vec<_> = loader.batches(Position::default()).take(8).map(Result::unwrap).collect();
        let places: HashSet<Position> = whole.iter().map(|(position, _)| *position).collect();
        assert_eq!(places.len(), 8);
        for (at, (position, _)) in whole.iter().enumerate() {
            let saved = position.next().to_string();
            let rest = loader.batches(saved.parse().unwrap()).take(8 - at - 1).map(Result::unwrap);
            assert!(rest.eq(whole[at + 1..].iter().cloned()));
        }
    }
    let mut lost = Loader::new(numbers(10), 4).unwrap().batches(Position { epoch: 2, batch: 4 });
    expect(lost.next().unwrap(), DataErrorKind::OutOfRange, "a loader: there is no batch 2:4, an epoch has 3");
    assert!(lost.next().is_none());
    for text in ["", "3", "3:", "-1:2", "1:2:3"] {
        expect(text.parse::<Position>(), DataErrorKind::Malformed, &format!("{text:?} is no EPOCH:BATCH"));
    }
}

#[test]
fn a_loader_says_where_there_are_no_batches() {
    let none = |size| Loader::new(numbers(3), size).map(|_| ());
    expect(none(0), DataErrorKind::Argument, "a loader: a batch needs at least one row");
    let all = Loader::new(numbers(3), 100).unwrap();
    assert_eq!(all.epoch(0).map(|batch| batch.unwrap().inputs.size()).collect::<Vec<_>>(), [3]);
    let sentence = "a loader: 3 examples fill no batch of 100, and a smaller one is to be dropped";
    expect(all.drop_last().map(|_| ()), DataErrorKind::Argument, sentence);
    struct Nothing;
    impl Examples for Nothing {
        fn len(&self) -> usize {
            0
        }
        fn batch(&self, _: &[usize]) -> Result<Batch, DataError> {
            unreachable!("no batch of nothing is asked for")
        }
    }
    expect(Loader::new(Nothing, 1).map(|_| ()), DataErrorKind::Empty, "a loader: there are no examples");
    let one = Loader::new(numbers(1), 1).unwrap().shuffled(0);
    assert_eq!(one.batches(Position::default()).take(3).filter(|item| item.is_ok()).count(), 3);
}

#[test]
fn prefetch_changes_nothing_but_the_thread() {
    let loader = Loader::new(numbers(100), 7).unwrap().shuffled(1);
    let here: Vec<_> = loader.batches(Position::default()).take(40).map(Result::unwrap).collect();
    for ahead in [0, 1, 100] {
        let there = prefetch(loader.batches(Position::default()).take(40), ahead).unwrap();
        assert!(there.map(Result::unwrap).eq(here.iter().cloned()));
    }
}

#[test]
fn errors_and_panics_of_the_worker_reach_the_caller() {
    let loader = Loader::new(numbers(10), 2).unwrap().map(|batch, key| {
        let fault = DataError::new(DataErrorKind::Io, "the disk is gone");
        if key.rows.contains(&4) { Err(fault) } else { Ok(batch) }
    });
    let read: Vec<_> = prefetch(loader.epoch(0), 2).unwrap().collect();
    assert_eq!(read.len(), 3);
    expect(read.into_iter().nth(2).unwrap(), DataErrorKind::Io, "the disk is gone");

    let panicking = prefetch((0..5).inspect(|&item| assert_ne!(item, 3, "three")), 1).unwrap();
    let mut seen = Vec::new();
    let caught = catch_unwind(AssertUnwindSafe(|| panicking.for_each(|item| seen.push(item))));
    let message = caught.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("three"), "{message}");
    assert_eq!(seen, [0, 1, 2]);
}

/// `drop` waits for the worker, so afterwards nothing of it is left: neither its loop nor what it holds.
#[test]
fn dropping_the_iterator_stops_the_worker() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = made.clone();
    let mut items = prefetch((0..).inspect(move |_| _ = counter.fetch_add(1, Ordering::SeqCst)), 3).unwrap();
    assert_eq!(items.next(), Some(0));
    drop(items);
    assert_eq!(Arc::strong_count(&made), 1);
    // The one that was taken, three in the channel, and one or two on their way into it.
    assert!(made.load(Ordering::SeqCst) <= 6, "{made:?}");
}

fn key(rows: &[usize]) -> Key {
    Key { seed: 3, epoch: 1, rows: rows.to_vec() }
}

/// Images of distinct numbers: [n, 2, 4, 5].
fn images(n: usize) -> Tensor {
    let pixels: Vec<i32> = (1..=40 * n as i32).collect();
    Tensor::new([n, 2, 4, 5], &pixels).unwrap()
}

#[test]
fn what_becomes_of_an_example_does_not_depend_on_its_batch() {
    let set = images(6);
    let targets = one_hot(&tensor![0, 1, 2, 3, 4, 5], 6, DType::F64).unwrap();
    let batch = |rows: &[usize]| Dataset::new("d", set.clone(), targets.clone()).unwrap().batch(rows).unwrap();
    type Augment = fn(&Tensor, &Key) -> Result<Tensor, DataError>;
    let augments: [Augment; 3] = [
        |x, key| augment::shift(x, 2, 0.0, key),
        |x, key| augment::random_crop(x, [3, 3], 1, 0.0, key),
        augment::flip_horizontal,
    ];
    for augment in augments {
        let all = augment(&set, &key(&[0, 1, 2, 3, 4, 5])).unwrap();
        let some = augment(&batch(&[4, 1]).inputs, &key(&[4, 1])).unwrap();
        let size = all.size() / 6;
        let (all, some) = (all.as_slice::<i32>(), some.as_slice::<i32>());
        assert_eq!((&some[..size], &some[size..]), (&all[4 * size..5 * size], &all[size..2 * size]));
        // Another epoch and another seed do something else to one of six.
        for other in [Key { seed: 4, ..key(&[0, 1, 2, 3, 4, 5]) }, Key { epoch: 2, ..key(&[0, 1, 2, 3, 4, 5]) }] {
            assert_ne!(augment(&set, &other).unwrap().as_slice::<i32>(), all);
        }
    }
}

/// Against the definition: the image is what a padded copy shows through a window, the same in each channel.
#[test]
fn shifts_and_crops_show_a_window_of_the_padded_image() {
    let one = images(1);
    let pixel = |channel: usize, y: isize, x: isize| {
        let inside = (0..4).contains(&y) && (0..5).contains(&x);
        if inside { one.as_slice::<i32>()[channel * 20 + (y * 5 + x) as usize] } else { -7 }
    };
    let window = |height: usize, width: usize, top: isize, left: isize| -> Vec<i32> {
        let places = |channel| {
            (0..height as isize).flat_map(move |y| (0..width as isize).map(move |x| (channel, top + y, left + x)))
        };
        (0..2).flat_map(places).map(|(channel, y, x)| pixel(channel, y, x)).collect()
    };
    let (mut shifts, mut crops) = (HashSet::new(), HashSet::new());
    for epoch in 0..400 {
        let key = Key { seed: 1, epoch, rows: vec![0] };
        shifts.insert(augment::shift(&one, 2, -7.0, &key).unwrap().to_vec::<i32>());
        crops.insert(augment::random_crop(&one, [2, 6], 1, -7.0, &key).unwrap().to_vec::<i32>());
    }
    let all_shifts = (-2..=2).flat_map(|top| (-2..=2).map(move |left| (top, left)));
    assert_eq!(shifts, all_shifts.map(|(top, left)| window(4, 5, top, left)).collect());
    let all_crops = (-1..=3).flat_map(|top| (-1..=0).map(move |left| (top, left)));
    assert_eq!(crops, all_crops.map(|(top, left)| window(2, 6, top, left)).collect());
}

/// Two draws by one key are one draw; by the parts of a key, and by the places in a loader, they are two.
#[test]
fn a_key_is_one_draw_and_is_split_for_more() {
    let (x, rows) = (images(20), (0..20).collect::<Vec<_>>());
    let key = key(&rows);
    let view = |key: &Key| augment::shift(&x, 2, 0.0, key).unwrap();
    assert_eq!(view(&key), view(&key));
    let views = [view(&key), view(&key.split(0)), view(&key.split(1)), view(&key.split(0).split(1))];
    for (i, one) in views.iter().enumerate() {
        assert!(views[..i].iter().all(|other| other != one), "{i}");
    }
    assert_eq!(view(&key.split(1)), views[2]);
    assert_eq!((key.split(1).epoch, key.split(1).rows), (key.epoch, key.rows.clone()));
    // What each transform of a loader would make of the images: the first as ever, the second something else.
    let set = Dataset::new("d", x.clone(), Targets::Absent).unwrap();
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = |seen: Arc<std::sync::Mutex<Vec<Key>>>| {
        move |batch: Batch, key: &Key| {
            seen.lock().unwrap().push(key.clone());
            Ok(batch)
        }
    };
    let loader = Loader::new(set, 20).unwrap().map(note(seen.clone())).map(note(seen.clone())).map(note(seen.clone()));
    for _ in 0..2 {
        loader.epoch(4).next().unwrap().unwrap();
    }
    let keys = seen.lock().unwrap();
    assert_eq!(keys[0], Key { seed: 0, epoch: 4, rows });
    assert_eq!(keys[..3], keys[3..]);
    assert!(view(&keys[0]) != view(&keys[1]) && view(&keys[1]) != view(&keys[2]) && view(&keys[0]) != view(&keys[2]));
}

#[test]
fn a_flip_is_its_own_inverse() {
    let x = images(20);
    let key = key(&(0..20).collect::<Vec<_>>());
    let flipped = augment::flip_horizontal(&x, &key).unwrap();
    assert_ne!(flipped, x);
    assert_eq!(augment::flip_horizontal(&flipped, &key).unwrap(), x);
}

#[test]
fn augmentation_says_what_it_cannot_do() {
    let x = images(2);
    let sentence = "shift: the key is of 1 examples, the batch is i32[2,2,4,5]";
    expect(augment::shift(&x, 1, 0.0, &key(&[0])), DataErrorKind::Mismatch, sentence);
    expect(augment::shift(&x, 1, 0.5, &key(&[0, 1])), DataErrorKind::OutOfRange, "shift: the fill 0.5 is no i32");
    let sentence = "flip_horizontal: images [B, …, H, W] are needed, the batch is f64[1,2]";
    expect(augment::flip_horizontal(&tensor![[1.0, 2.0]], &key(&[0])), DataErrorKind::Mismatch, sentence);
    let sentence = "random_crop: no window of [7, 1] fits i32[2,2,4,5] with 1 places around";
    expect(augment::random_crop(&x, [7, 1], 1, 0.0, &key(&[0, 1])), DataErrorKind::Mismatch, sentence);
    // The largest numbers do no harm: everything is outside.
    let gone = augment::shift(&x, usize::MAX, 0.0, &key(&[0, 1])).unwrap();
    assert!(gone.to_vec::<i32>().iter().all(|&pixel| pixel == 0));
    assert_eq!(augment::random_crop(&x, [1, 1], usize::MAX, 0.0, &key(&[0, 1])).unwrap().to_vec::<i32>(), [0; 4]);
    let empty = Tensor::new([0, 2, 2], &[0i32; 0]).unwrap();
    assert_eq!(augment::shift(&empty, 1, 0.0, &key(&[])).unwrap(), empty);

    let batch = |x: Tensor, y: Option<Tensor>| Batch { targets: y, ..Batch::new(x) };
    let float = || tensor![[1.0], [2.0]];
    for (batch, alpha, kind, sentence) in [
        (batch(float(), Some(float())), 0.0, DataErrorKind::Argument, "mixup: α is 0, a positive number is needed"),
        (batch(float(), None), 1.0, DataErrorKind::Mismatch, "mixup: the batch has no targets"),
        (
            batch(float(), Some(tensor![0, 1])),
            1.0,
            DataErrorKind::Mismatch,
            "mixup: the targets are i32[2], floats are needed",
        ),
        (
            Batch { mask: Some(tensor![true, true]), ..batch(float(), Some(float())) },
            1.0,
            DataErrorKind::Mismatch,
            "mixup: the masks of two examples cannot be mixed",
        ),
    ] {
        expect(augment::mixup(batch, alpha, &key(&[0, 1])), kind, sentence);
    }
}

/// The mean of λ is ½ and its variance 1 / (4 (2α + 1)), and partners are uniform over the batch.
#[test]
fn mixup_draws_from_its_distribution() {
    let (n, alpha) = (2000, 0.4);
    let x: Vec<f64> = (0..n).map(f64::from).collect();
    let targets = one_hot(&Tensor::from_vec(&(0..n).collect::<Vec<i32>>()), n as usize, DType::F64).unwrap();
    let batch = Batch { targets: Some(targets), ..Batch::new(Tensor::from_vec(&x)) };
    let key = Key { seed: 5, epoch: 0, rows: (0..n as usize).collect() };
    let (mixed, y) = augment::mixup(batch, alpha, &key).unwrap().pair().unwrap();
    let y = y.as_slice::<f64>().chunks(n as usize);
    let lambdas: Vec<f64> = y.enumerate().map(|(row, y)| y[row]).collect();
    let count = f64::from(n);
    let mean = lambdas.iter().sum::<f64>() / count;
    let variance = lambdas.iter().map(|l| (l - 0.5).powi(2)).sum::<f64>() / count;
    let expected: f64 = 1.0 / (4.0 * (2.0 * alpha + 1.0));
    assert!((mean - 0.5).abs() < 4.0 * (expected / count).sqrt(), "{mean}");
    // (λ − ½)² lies within ¼, so its deviation is at most ⅛.
    assert!((variance - expected).abs() < 4.0 * 0.125 / count.sqrt(), "{variance}, {expected}");
    let partners = mixed.as_slice::<f64>().iter().zip(&x).zip(&lambdas).filter(|(_, l)| **l < 0.5);
    let partners: Vec<f64> = partners.map(|((mixed, x), l)| (mixed - l * x) / (1.0 - l)).collect();
    let mean = partners.iter().sum::<f64>() / partners.len() as f64;
    let deviation = count / (12.0 * partners.len() as f64).sqrt();
    assert!((mean - (count - 1.0) / 2.0).abs() < 4.0 * deviation, "{mean}");
}

#[test]
fn one_hot_knows_its_classes() {
    let rows = one_hot(&tensor![[1], [0]], 2, DType::F64).unwrap();
    assert_eq!(rows, Tensor::new([2, 1, 2], &[0., 1., 1., 0.]).unwrap());
    let sentence = "one_hot: label -1 in row 1, but there are 3 classes";
    expect(one_hot(&tensor![0, -1], 3, DType::F64), DataErrorKind::LabelOutOfRange, sentence);
    let sentence = "one_hot: the labels are f64[1], i32 is needed";
    expect(one_hot(&tensor![0.0], 3, DType::F64), DataErrorKind::Mismatch, sentence);
}

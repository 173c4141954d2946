//! CTC against the sum over all its paths.

use quadric_autodiff::trace::{Var, compile, constant, grad, hvp};
use quadric_autodiff::{DType, ErrorKind, Tensor};
use quadric_nn::log_softmax;
use quadric_nn::losses::ctc;

use crate::support::relative;
use crate::{flat, noisy};

/// The labels of a path: repetitions merged, blanks taken out.
fn merged(path: &[usize], blank: usize) -> Vec<i32> {
    let mut path = path.to_vec();
    path.dedup();
    path.into_iter().filter(|c| *c != blank).map(|c| i32::try_from(c).unwrap()).collect()
}

/// `−ln Σ_π Π_t p_t(π_t)` over all `classes^steps` paths of one example, `log_p: [steps, classes]`.
fn over_all_paths(log_p: Var, labels: &[i32], blank: usize) -> Var {
    let shape = log_p.shape();
    let (steps, classes) = (shape[0], shape[1]);
    let mut right = Vec::new();
    for number in 0..classes.pow(u32::try_from(steps).unwrap()) {
        let path: Vec<usize> = (0..steps).map(|t| number / classes.pow(u32::try_from(t).unwrap()) % classes).collect();
        if merged(&path, blank) == labels {
            right.push(path);
        }
    }
    let one_hot = Tensor::from_fn(DType::F64, [right.len(), steps, classes], |i| {
        let (path, t, c) = (i / (steps * classes), i / classes % steps, i % classes);
        f64::from(u8::from(right[path][t] == c))
    });
    -(constant(&one_hot) * log_p).sum_axes(&[1, 2]).logsumexp(&[0])
}

fn lengths(data: &[i32]) -> Var {
    constant(&Tensor::from_vec(data))
}

#[test]
fn values_and_derivatives_are_those_of_the_sum_over_paths() {
    // Repeated labels, no label, one for every step, and fewer steps than the others have; the padding is no class.
    let examples: [(&[i32], usize); 6] =
        [(&[1, 1], 5), (&[], 4), (&[2, 1, 2], 3), (&[1, 2], 5), (&[2, 2, 2], 5), (&[1], 1)];
    for blank in [0usize, 3] {
        // With another blank, 0 takes its place among the labels.
        let own = |c: i32| if blank == 3 && c == 2 { 0 } else { c };
        let padded: Vec<i32> =
            examples.iter().flat_map(|(y, _)| (0..3).map(|i| y.get(i).map_or(-7, |c| own(*c)))).collect();
        let steps: Vec<i32> = examples.iter().map(|(_, t)| i32::try_from(*t).unwrap()).collect();
        let counts: Vec<i32> = examples.iter().map(|(y, _)| i32::try_from(y.len()).unwrap()).collect();
        let ours = |z: Var| {
            let y = lengths(&padded).reshape([6, 3]);
            ctc(log_softmax(z), y, lengths(&steps), lengths(&counts), blank)
        };
        let theirs = |z: Var| {
            let log_p = log_softmax(z);
            let each = examples.iter().enumerate().map(|(b, (y, t))| {
                let y: Vec<i32> = y.iter().map(|c| own(*c)).collect();
                over_all_paths(log_p.slice(0, 0..*t).slice(1, b..b + 1).reshape([*t, 4]), &y, blank)
            });
            quadric_autodiff::trace::stack(&each.collect::<Vec<_>>(), 0)
        };
        let run = |f: &dyn Fn(Var) -> Var| {
            let s = |z: Var| (f(z) * f(z)).sum();
            let bend = |z: Var, v: Var| (hvp(s, &z, &v) * v).sum();
            let all = |(z, v): (Var, Var)| (f(z), grad(s, &z), hvp(s, &z, &v), grad(|z: Var| bend(z, v), &z));
            let (a, b, c, d) = compile(all).call((noisy(1, &[5, 6, 4]), noisy(2, &[5, 6, 4]))).unwrap();
            [a, b, c, d].map(|x| flat(&x))
        };
        for (order, (ours, theirs)) in run(&ours).iter().zip(run(&theirs)).enumerate() {
            let error = relative(ours, &theirs);
            println!("blank {blank}, order {order}: {error:.1e}");
            assert!(error < 1e-12, "blank {blank}, order {order}: {error:e}");
        }
    }
}

#[test]
fn what_no_path_gives_is_infinite_and_moves_nothing() {
    let loss = |z: Var| {
        // Two equal labels need three steps; the third example's label is masked; the fourth has no step, and the fifth no label either.
        let y = lengths(&[1, 1, 1, 2, 2, 0, 1, 0, 0, 0]).reshape([5, 2]);
        ctc(log_softmax(z), y, lengths(&[2, 2, 2, 0, 0]), lengths(&[2, 2, 1, 1, 0]), 0)
    };
    let z =
        Tensor::from_fn(DType::F64, [2, 5, 3], |i| if i / 3 % 5 == 2 && i % 3 == 2 { f64::NEG_INFINITY } else { 0.0 });
    let s = |z: Var| loss(z).sum();
    let (values, g, h) = compile(|z: Var| (loss(z), grad(s, &z), hvp(s, &z, &z.full_like(1.0)))).call(z).unwrap();
    let values = values.to_f64_vec();
    assert_eq!([values[0], values[2], values[3], values[4]], [f64::INFINITY, f64::INFINITY, f64::INFINITY, 0.0]);
    assert!((values[1] - 9f64.ln()).abs() < 1e-15, "{values:?}");
    let (g, h) = (g.to_f64_vec(), h.to_f64_vec());
    assert!(g.iter().chain(&h).all(|d| d.is_finite()), "{g:?} {h:?}");
    for i in (0..30).filter(|i| i / 3 % 5 != 1) {
        assert_eq!((g[i], h[i]), (0.0, 0.0), "{i}");
    }
}

#[test]
fn lengths_that_are_none_are_nan() {
    let loss = |z: Var| {
        let y = lengths(&[1, 2, 1, 2, 1, 2, 1, 2]).reshape([4, 2]);
        ctc(log_softmax(z), y, lengths(&[4, -1, 3, 3]), lengths(&[1, 1, 3, -1]), 0)
    };
    let values = compile(loss).call(noisy(1, &[3, 4, 3])).unwrap().to_f64_vec();
    assert!(values.iter().all(|x| x.is_nan()), "{values:?}");
}

/// Read as a label the blank would be no label: [1, 0, 2] would have the loss of another sequence.
#[test]
fn a_label_that_is_the_blank_is_nan_there_alone() {
    let loss = |z: Var| {
        let y = lengths(&[1, 0, 2, 1, 2, 0]).reshape([2, 3]);
        ctc(log_softmax(z), y, lengths(&[5, 5]), lengths(&[3, 2]), 0)
    };
    let values = compile(loss).call(noisy(1, &[5, 2, 3])).unwrap().to_f64_vec();
    assert!(values[0].is_nan() && values[1].is_finite(), "{values:?}");
}

#[test]
fn mistakes_of_ctc_are_told_whole() {
    let say = |f: &dyn Fn(Var) -> Var| {
        let error = compile(f).call(noisy(1, &[3, 2, 4])).unwrap_err();
        assert!(error.place().unwrap().contains("tests/it/ctc.rs"), "{error}");
        (error.kind(), error.to_string().split(" (").next().unwrap().to_string())
    };
    let two = || lengths(&[1, 1]);
    let y = || lengths(&[1, 1]).reshape([2, 1]);
    let shapes = "ctc: log-probabilities [T, B, C] and labels [B, S] are needed, they are f64[3,2,4] and i32[2]";
    assert_eq!(say(&|p| ctc(p, two(), two(), two(), 0)), (ErrorKind::Shape, shapes.into()));
    let batch = "ctc: the log-probabilities f64[3,2,4] are 2 examples, the labels are i32[2,1] and the numbers of labels i32[1]";
    assert_eq!(say(&|p| ctc(p, y(), two(), lengths(&[1]), 0)), (ErrorKind::Shape, batch.into()));
    let floats = "ctc: the numbers of steps are f64[2], i32 is needed";
    assert_eq!(say(&|p| ctc(p, y(), p.sum_axes(&[0, 2]), two(), 0)), (ErrorKind::DType, floats.into()));
    let floats = "ctc: the labels are f64[2,1], i32 is needed";
    assert_eq!(say(&|p| ctc(p, p.sum_axes(&[0]).slice(1, 0..1), two(), two(), 0)), (ErrorKind::DType, floats.into()));
    let blank = "ctc: the blank is class 4, there are 4";
    assert_eq!(say(&|p| ctc(p, y(), two(), two(), 4)), (ErrorKind::Data, blank.into()));
}

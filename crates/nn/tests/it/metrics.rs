//! Metrics over batches of unequal size, beside sums over all examples written as loops.

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{Tensor, tensor};
use quadric_nn::losses::CrossEntropy;
use quadric_nn::metrics::{
    Labels, Metrics, Over, accuracy, confusion_matrix, mean, mean_absolute_error, perplexity, precision_recall_f1, r2,
    top_k,
};

use crate::{noise, noisy};

const N: usize = 37;
const C: usize = 4;

/// Logits, labels of which −1 is ignored (class 3 never occurs), and numbers.
fn examples() -> (Tensor, Vec<i32>) {
    let labels = (0..N).map(|i| ((noise(5, i) + 1.0) * 2.0) as i32 - 1).collect();
    (noisy(4, &[N, C]), labels)
}

/// The totals of `f` over batches of 1, 5, 11 and 20.
fn over_batches(f: impl Fn(Var, Var) -> Metrics<Var>, x: &Tensor, y: &Tensor) -> Metrics {
    let mut f = compile(|(x, y): (Var, Var)| f(x, y));
    let mut all: Option<Metrics> = None;
    let mut at = 0;
    for size in [1, 5, 11, 20] {
        let of = |t: &Tensor| t.slice(0, at..at + size).unwrap();
        let part = f.call((of(x), of(y))).unwrap();
        at += size;
        match &mut all {
            None => all = Some(part),
            Some(all) => all.absorb(&part).unwrap(),
        }
    }
    assert_eq!(at, N);
    all.unwrap()
}

fn argmax(row: &[f64]) -> usize {
    (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap()
}

#[test]
fn those_of_classes_count_what_is_not_ignored() {
    let (z, labels) = examples();
    let y = Tensor::from_vec(&labels);
    let ignoring = |y: Var| Labels::new(y).ignore(-1);
    let all = over_batches(
        |z, y| {
            Metrics::new()
                .with("accuracy", accuracy(z, ignoring(y)))
                .with("top 2", top_k(z, ignoring(y), 2))
                .with("top 4", top_k(z, ignoring(y), C))
                .with("confusion", confusion_matrix(z, ignoring(y)))
                .with("micro", precision_recall_f1(z, ignoring(y), Over::Micro))
                .with("macro", precision_recall_f1(z, ignoring(y), Over::Macro))
                .with("class", precision_recall_f1(z, ignoring(y), Over::Classes))
                .with("perplexity", perplexity(CrossEntropy::new().ignore(-1).apply(z, y)))
        },
        &z,
        &y,
    );
    let rows: Vec<Vec<f64>> = z.to_vec::<f64>().chunks(C).map(<[f64]>::to_vec).collect();
    let counted: Vec<(usize, usize)> = (0..N).filter(|i| labels[*i] >= 0).map(|i| (i, labels[i] as usize)).collect();
    let n = counted.len() as f64;
    assert!((20..36).contains(&counted.len()));
    let share = |f: &dyn Fn(usize, usize) -> bool| counted.iter().filter(|(i, y)| f(*i, *y)).count() as f64 / n;
    let right = share(&|i, y| argmax(&rows[i]) == y);
    assert_eq!(all.get("accuracy"), Some(right));
    let in_two = share(&|i, y| rows[i].iter().filter(|z| **z > rows[i][y]).count() < 2);
    assert!(in_two > right && in_two < 1.0);
    assert_eq!((all.get("top 2"), all.get("top 4")), (Some(in_two), Some(1.0)));
    let mut confusion = vec![0.0; C * C];
    counted.iter().for_each(|(i, y)| confusion[y * C + argmax(&rows[*i])] += 1.0);
    let (_, metric) = all.iter().find(|(name, _)| *name == "confusion").unwrap();
    assert_eq!(metric.totals, [Tensor::new([C, C], &confusion).unwrap()]);
    for name in ["precision", "recall", "f1"] {
        assert_eq!(all.get(&format!("micro.{name}")), Some(right));
    }
    let row = |c: usize| (0..C).map(|j| confusion[c * C + j]).sum::<f64>();
    let column = |c: usize| (0..C).map(|i| confusion[i * C + c]).sum::<f64>();
    let (mut precisions, mut recalls, mut f1s) = (vec![], vec![], vec![]);
    for c in 0..C {
        let hits = confusion[c * C + c];
        let (p, r, f) = (hits / column(c), hits / row(c), 2.0 * hits / (row(c) + column(c)));
        let class = |name: &str| all.get(&format!("class.{name}.{c}")).unwrap();
        assert_eq!((class("precision"), class("f1")), (p, f));
        // Class 3 never occurs: its recall is of nothing, and the mean does without it.
        assert!(if c == 3 { class("recall").is_nan() } else { class("recall") == r });
        precisions.push(p);
        f1s.push(f);
        recalls.extend((c != 3).then_some(r));
    }
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    assert_eq!(all.get("macro.precision"), Some(mean(&precisions)));
    assert_eq!(all.get("macro.recall"), Some(mean(&recalls)));
    assert_eq!(all.get("macro.f1"), Some(mean(&f1s)));
    let nats = |i: usize, y: usize| rows[i].iter().map(|z| z.exp()).sum::<f64>().ln() - rows[i][y];
    let expected = (counted.iter().map(|(i, y)| nats(*i, *y)).sum::<f64>() / n).exp();
    assert!((all.get("perplexity").unwrap() / expected - 1.0).abs() < 1e-14);
}

#[test]
fn those_of_numbers_are_of_all_examples_at_once() {
    // A mean of 1e6 and a spread of 1: a difference of two sums of squares would keep four digits of R².
    let y = Tensor::from_fn(quadric_autodiff::DType::F64, [N, 2], |i| 1e6 + noise(2, i));
    let x = Tensor::from_fn(quadric_autodiff::DType::F64, [N, 2], |i| 1e6 + 0.7 * noise(2, i) + 0.2 * noise(3, i));
    let all = over_batches(
        |x, y| Metrics::new().with("mean", mean(x)).with("error", mean_absolute_error(x, y)).with("r2", r2(x, y)),
        &x,
        &y,
    );
    let (x, y) = (x.to_vec::<f64>(), y.to_vec::<f64>());
    let close = |name: &str, expected: f64, bound: f64| {
        let x = all.get(name).unwrap();
        assert!((x - expected).abs() <= bound * expected.abs(), "{name}: {x}, {expected} expected");
    };
    close("mean", x.iter().sum::<f64>() / (2 * N) as f64, 1e-14);
    close("error", x.iter().zip(&y).map(|(x, y)| (x - y).abs()).sum::<f64>() / (2 * N) as f64, 1e-14);
    let column = |j: usize| {
        let of = |v: &[f64]| v.iter().skip(j).step_by(2).map(|v| v - 1e6).collect::<Vec<f64>>();
        let (x, y) = (of(&x), of(&y));
        let mean = y.iter().sum::<f64>() / N as f64;
        let square = |d: f64| d * d;
        let left: f64 = x.iter().zip(&y).map(|(x, y)| square(x - y)).sum();
        1.0 - left / y.iter().map(|y| square(y - mean)).sum::<f64>()
    };
    close("r2", (column(0) + column(1)) / 2.0, 1e-9);
    // What a mean of the batches' own would be is another number.
    assert!((all.get("r2").unwrap() - 1.0).abs() > 0.05);
}

#[test]
fn where_nothing_is_counted_there_is_no_number() {
    let mut none = compile(|(z, y): (Var, Var)| {
        let labels = Labels::new(y).ignore(-1);
        Metrics::new()
            .with("accuracy", accuracy(z, labels))
            .with("macro", precision_recall_f1(z, labels, Over::Macro))
            .with("perplexity", perplexity(CrossEntropy::new().ignore(-1).apply(z, y)))
            .with("r2", r2(z, z.zeros_like()))
    });
    let none = none.call((tensor![[f64::NAN, 1.0]], tensor![-1])).unwrap();
    let results = none.results();
    assert_eq!(results.len(), 6);
    assert!(results.iter().all(|(_, x)| x.is_nan()), "{results:?}");
}

#[test]
fn weights_are_in_numerator_and_denominator() {
    let mut f = compile(|(z, y, w): (Var, Var, Var)| {
        Metrics::new()
            .with("accuracy", accuracy(z, Labels::new(y).weights(w)))
            .with("f1", precision_recall_f1(z, Labels::new(y).weights(w), Over::Classes))
    });
    let z = tensor![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
    let all = f.call((z, tensor![0, 1, 1], tensor![1.0, 3.0, 2.0])).unwrap();
    assert_eq!(all.get("accuracy"), Some(0.5));
    assert_eq!((all.get("f1.precision.0"), all.get("f1.recall.1")), (Some(0.25), Some(0.4)));
}

#[test]
fn mistakes_are_told() {
    let (z, y) = (noisy(1, &[3, 2]), tensor![0, 1, 0]);
    let said = |f: fn(Var, Var) -> Metrics<Var>, y: &Tensor| {
        let error = compile(|(z, y): (Var, Var)| f(z, y)).call((z.clone(), y.clone())).unwrap_err().to_string();
        error.split(" (").next().unwrap().to_owned()
    };
    assert_eq!(
        said(|z, y| Metrics::new().with("m", accuracy(z, y)), &tensor![0, 1]),
        "accuracy: logits f64[3,2] and labels i32[2] do not fit"
    );
    assert_eq!(
        said(|z, y| Metrics::new().with("m", top_k(z, y, 3)), &y),
        "top_k: 3 of the 2 classes of logits f64[3,2]"
    );
    assert_eq!(
        said(|z, y| Metrics::new().with("m", accuracy(z, Labels::new(y).weights(z))), &y),
        "accuracy: weights f64[3,2] of labels i32[3]"
    );
    assert_eq!(said(|z, y| Metrics::new().with("m", r2(z, y)), &y), "r2: a prediction f64[3,2] of i32[3]");
    // A label that is no class is an error of the run where classes are counted.
    let outside = said(|z, y| Metrics::new().with("m", confusion_matrix(z, y)), &tensor![0, 5, 0]);
    assert!(outside.contains('5'), "{outside}");
    let mut two = compile(|(z, y): (Var, Var)| Metrics::new().with("a", accuracy(z, y)));
    let mut a = two.call((z.clone(), y.clone())).unwrap();
    let b = compile(|(z, y): (Var, Var)| Metrics::new().with("b", top_k(z, y, 1))).call((z, y)).unwrap();
    let error = a.absorb(&b).unwrap_err().to_string();
    assert_eq!(error, "metrics: the totals of one batch are (a: Mean), those of another (b: Mean)");
}

//! Small dense linear algebra by hand: closed forms, singular and degenerate matrices, bad conditions, the ends of shapes.

mod determinants;
mod orthogonal;
mod spectra;
mod systems;

use quadric_autodiff::trace::{self, Var};
use quadric_autodiff::{DType, Error, ErrorKind, Shape, Tensor};

use super::support::{Rng, exact, largest, truth};

/// Entries of [-1, 1).
pub fn noise(shape: impl Into<Shape>, seed: u64) -> Tensor {
    let mut rng = Rng(seed);
    Tensor::from_fn(DType::F64, shape, |_| rng.between(-1.0, 1.0))
}

/// A batch of two matrices of 2 × 2, row by row.
pub fn pair(a: [f64; 4], b: [f64; 4]) -> Tensor {
    Tensor::new([2, 2, 2], &[a, b].concat()).unwrap()
}

/// The largest difference of entries, as a share of the largest entry.
pub fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |m: f64, d| if d <= m { m } else { d });
    off / largest(a).max(largest(b)).max(f64::MIN_POSITIVE)
}

/// A product of two plain matrices, the sizes told by their shapes.
pub fn product(a: &Tensor, b: &Tensor) -> Tensor {
    trace::compile(|(a, b): (Var, Var)| a.matmul(b)).call((a.clone(), b.clone())).unwrap()
}

/// The largest entry of XᵀX − 1.
pub fn orthonormality(x: &Tensor) -> f64 {
    let n = x.shape()[1];
    let square = trace::compile(|x: Var| x.t().matmul(x)).call(x.clone()).unwrap().to_f64_vec();
    square.iter().enumerate().map(|(i, x)| (x - f64::from(u8::from(i / n == i % n))).abs()).fold(0.0, f64::max)
}

/// The kind and the sentence of what goes wrong when it runs, the place left out.
pub fn message(result: Result<Tensor, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    let text = error.to_string();
    let place = error.place().expect("the user's line");
    assert!(place.contains("linalg"), "{text}");
    text.replace(&format!(" ({place})"), "")
}

/// m × n of this condition: singular values from 1 down, spaced evenly by their logarithms, in two bases that reflections make.
pub fn of_condition(m: usize, n: usize, condition: f64, seed: u64) -> Tensor {
    let mut a: Vec<Vec<f64>> = (0..m)
        .map(|i| (0..n).map(|j| if i == j { condition.powf(-(j as f64) / (n as f64 - 1.0)) } else { 0.0 }).collect())
        .collect();
    for round in 0..3 {
        let u = noise([m], seed + 2 * round).to_f64_vec();
        let v = noise([n], seed + 2 * round + 1).to_f64_vec();
        let (uu, vv): (f64, f64) = (u.iter().map(|x| x * x).sum(), v.iter().map(|x| x * x).sum());
        let along: Vec<f64> =
            (0..n).map(|j| a.iter().zip(&u).map(|(row, u)| u * row[j]).sum::<f64>() * 2.0 / uu).collect();
        for (row, u) in a.iter_mut().zip(&u) {
            row.iter_mut().zip(&along).for_each(|(x, s)| *x -= s * u);
        }
        for row in &mut a {
            let s: f64 = row.iter().zip(&v).map(|(x, v)| x * v).sum::<f64>() * 2.0 / vv;
            row.iter_mut().zip(&v).for_each(|(x, v)| *x -= s * v);
        }
    }
    Tensor::from_fn(DType::F64, [m, n], |i| a[i / n][i % n])
}

/// A function's result in double-double, as f64.
pub fn truly(f: impl Fn(Var) -> Var + Copy, x: &Tensor) -> Vec<f64> {
    let tape = trace::trace(f, x).unwrap();
    truth(&tape, &exact(std::slice::from_ref(x)))[0].to_f64_vec()
}

//! Optimizers that see a matrix as one: Adafactor, LAMB, Muon, SOAP, in plain loops.

use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::archive::Archive;
use quadric_nn::{Adafactor, Adam, AdamW, Groups, Lamb, Muon, Optimizer, Soap};

use crate::reference::Reference;

use super::reference::{distance, iterates, parts};
use super::step_of;
use crate::noise;

/// A matrix in plain rows.
#[derive(Clone, Debug)]
struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

impl Matrix {
    fn new(rows: usize, columns: usize, mut f: impl FnMut(usize, usize) -> f64) -> Matrix {
        let data = (0..rows * columns).map(|i| f(i / columns, i % columns)).collect();
        Matrix { rows, columns, data }
    }
    fn at(&self, i: usize, j: usize) -> f64 {
        self.data[i * self.columns + j]
    }
    fn map(&self, f: impl Fn(f64) -> f64) -> Matrix {
        Matrix { data: self.data.iter().map(|x| f(*x)).collect(), ..*self }
    }
    fn with(&self, other: &Matrix, f: impl Fn(f64, f64) -> f64) -> Matrix {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns));
        Matrix { data: self.data.iter().zip(&other.data).map(|(a, b)| f(*a, *b)).collect(), ..*self }
    }
    fn t(&self) -> Matrix {
        Matrix::new(self.columns, self.rows, |i, j| self.at(j, i))
    }
    fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.columns, other.rows);
        Matrix::new(self.rows, other.columns, |i, j| (0..self.columns).map(|k| self.at(i, k) * other.at(k, j)).sum())
    }
    fn norm(&self) -> f64 {
        self.data.iter().map(|x| x * x).sum::<f64>().sqrt()
    }
    fn tensor(&self, dtype: DType) -> Tensor {
        Tensor::from_fn(dtype, [self.rows, self.columns], |i| self.data[i])
    }
}

const RATES: [f64; 3] = [0.1, 0.05, 0.2];

fn start(rows: usize, columns: usize) -> Matrix {
    Matrix::new(rows, columns, |i, j| noise(1, 10 * i + j))
}

fn direction(rows: usize, columns: usize, t: usize) -> Matrix {
    Matrix::new(rows, columns, |i, j| (noise(2 + t as u64, 10 * i + j) + 0.3) * if j == 1 { 20.0 } else { 1.0 })
}

fn run(optimizer: impl Optimizer + 'static, rows: usize, columns: usize, dtype: DType) -> Vec<f64> {
    let mut w = vec![start(rows, columns).tensor(dtype)];
    let mut state = optimizer.init(&w);
    let mut step = step_of(optimizer);
    let mut seen = vec![];
    for t in 1..=12 {
        let d = vec![direction(rows, columns, t).tensor(dtype)];
        (w, state) = step.call((w, d, state, Tensor::scalar(RATES[t % 3]))).unwrap();
        seen.extend(w[0].to_f64_vec());
    }
    seen
}

/// The iterates of a rule, `rule(w, d, t, rate)`.
fn by_hand(rows: usize, columns: usize, mut rule: impl FnMut(&Matrix, &Matrix, usize, f64) -> Matrix) -> Vec<f64> {
    let mut w = start(rows, columns);
    let mut seen = vec![];
    for t in 1..=12 {
        w = rule(&w, &direction(rows, columns, t), t, RATES[t % 3]);
        seen.extend(&w.data);
    }
    seen
}

#[track_caller]
fn near(seen: &[f64], expected: &[f64], tolerance: f64) {
    let error = distance(seen, expected);
    assert!(error < tolerance, "{error:e}");
}

#[test]
fn lamb() {
    let (mut m, mut s) = (start(3, 4).map(|_| 0.0), start(3, 4).map(|_| 0.0));
    let expected = by_hand(3, 4, |w, d, t, rate| {
        m = m.with(d, |m, d| 0.8 * m + 0.2 * d);
        s = s.with(d, |s, d| 0.95 * s + 0.05 * d * d);
        let (a, b) = (1.0 - 0.8f64.powi(t as i32), 1.0 - 0.95f64.powi(t as i32));
        let r = m.with(&s, |m, s| m / a / ((s / b).sqrt() + 1e-3)).with(w, |r, w| r + 0.1 * w);
        let trust = w.norm() / r.norm();
        w.with(&r, |w, r| w - rate * trust * r)
    });
    let lamb = Lamb::new().betas(0.8, 0.95).epsilon(1e-3).weight_decay(0.1);
    near(&run(lamb, 3, 4, DType::F64), &expected, 1e-13);
    near(&run(lamb, 3, 4, DType::F32), &expected, 1e-5);

    // Weights of norm 0 move as Adam moves them.
    let zero = vec![Tensor::from_fn(DType::F64, [3], |_| 0.0)];
    let d = vec![Tensor::from_fn(DType::F64, [3], |i| i as f64 + 1.0)];
    let moved = |optimizer: Box<dyn Optimizer>| {
        let state = optimizer.init(&zero);
        step_of(optimizer).call((zero.clone(), d.clone(), state, Tensor::scalar(0.1))).unwrap().0
    };
    assert_eq!(moved(Box::new(Lamb::new())), moved(Box::new(Adam::new().epsilon(1e-6))));
}

#[test]
fn adafactor() {
    for decay in [0.0, 0.1] {
        let (mut row, mut column) = ([0.0; 3], [0.0; 4]);
        let expected = by_hand(3, 4, |w, d, t, rate| {
            let new = (t as f64).powf(-0.8);
            for (i, row) in row.iter_mut().enumerate() {
                let mean = (0..4).map(|j| d.at(i, j).powi(2) + 1e-3).sum::<f64>() / 4.0;
                *row = (1.0 - new) * *row + new * mean;
            }
            for (j, column) in column.iter_mut().enumerate() {
                let mean = (0..3).map(|i| d.at(i, j).powi(2) + 1e-3).sum::<f64>() / 3.0;
                *column = (1.0 - new) * *column + new * mean;
            }
            let all = row.iter().sum::<f64>() / 3.0;
            let u = Matrix::new(3, 4, |i, j| d.at(i, j) / (row[i] * column[j] / all).sqrt());
            let rms = |x: &Matrix| x.norm() / 12f64.sqrt();
            let alpha = rms(w).max(1e-3) * rate.min(1.0 / (t as f64).sqrt());
            let long = (rms(&u) / 0.5).max(1.0);
            w.with(&u, |w, u| w * (1.0 - rate * decay) - alpha * u / long)
        });
        let optimizer = Adafactor::new().epsilon(1e-3).clip(0.5).weight_decay(decay);
        near(&run(optimizer, 3, 4, DType::F64), &expected, 1e-13);
        near(&run(optimizer, 3, 4, DType::F32), &expected, 1e-5);
    }
    // 1/√t is the smaller one at a rate of 2; a vector has its mean squares whole.
    let mut v = [0.0; 3];
    let mut w: Vec<f64> = vec![1.0, -2.0, 3.0];
    let leaf = |x: &[f64], dtype| vec![Tensor::from_fn(dtype, [3], |i| x[i])];
    let (mut seen, mut step) = (leaf(&w, DType::F64), step_of(Adafactor::new()));
    let mut state = Adafactor::new().init(&seen);
    assert_eq!(state.moments.len(), 1);
    for t in 1..=12 {
        let d = [0, 1, 2].map(|i| noise(9, 3 * t + i));
        let new = (t as f64).powf(-0.8);
        (0..3).for_each(|i| v[i] = (1.0 - new) * v[i] + new * (d[i] * d[i] + 1e-30));
        let rms = |x: &[f64]| (x.iter().map(|x| x * x).sum::<f64>() / 3.0).sqrt();
        let u = [0, 1, 2].map(|i| d[i] / v[i].sqrt());
        let alpha = rms(&w).max(1e-3) / (t as f64).sqrt() / rms(&u).max(1.0);
        (0..3).for_each(|i| w[i] -= alpha * u[i]);
        (seen, state) = step.call((seen, leaf(&d, DType::F64), state, Tensor::scalar(2.0))).unwrap();
    }
    near(&seen[0].to_f64_vec(), &w, 1e-13);
}

/// Of batches of matrices, `[…, m, n]`, each is factored by itself; only the root mean squares are of all.
#[test]
fn adafactor_factors_the_last_two_axes() {
    let w = vec![Tensor::from_fn(DType::F64, [2, 3, 4], |i| noise(3, i))];
    let state = Adafactor::new().init(&w);
    let shapes: Vec<Vec<usize>> = state.moments.iter().map(|m| m[0].shape().to_vec()).collect();
    assert_eq!(shapes, [vec![2, 3], vec![2, 4]]);
    let (_, state) = step_of(Adafactor::new()).call((w.clone(), w.clone(), state, Tensor::scalar(0.1))).unwrap();
    let d = w[0].to_f64_vec();
    let row = d[16..20].iter().map(|d| d * d).sum::<f64>() / 4.0; // of the second matrix, the second row
    assert!((state.moments[0][0].to_f64_vec()[4] - row).abs() < 1e-15);
}

fn orthogonal(g: &Matrix) -> Matrix {
    let wide = if g.rows > g.columns { g.t() } else { g.clone() };
    let norm = wide.norm();
    let mut x = wide.map(|x| x / norm);
    for _ in 0..5 {
        let a = x.times(&x.t());
        let polynomial = a.with(&a.times(&a), |a, b| -4.7750 * a + 2.0315 * b);
        x = x.with(&polynomial.times(&x), |x, y| 3.4445 * x + y);
    }
    if g.rows > g.columns { x.t() } else { x }
}

#[test]
fn muon() {
    for (rows, columns, scale) in [(3, 4, (4.0f64 / 3.0).sqrt()), (4, 3, 1.0)] {
        for nesterov in [true, false] {
            let mut v = start(rows, columns).map(|_| 0.0);
            let expected = by_hand(rows, columns, |w, d, _, rate| {
                v = v.with(d, |v, d| 0.9 * v + 0.1 * d);
                let g = if nesterov { v.with(d, |v, d| 0.9 * v + 0.1 * d) } else { v.clone() };
                w.with(&orthogonal(&g), |w, o| w * (1.0 - rate * 0.2) - rate * scale * o)
            });
            let muon = Muon::new().momentum(0.9).nesterov(nesterov).weight_decay(0.2);
            near(&run(muon, rows, columns, DType::F64), &expected, 1e-13);
            near(&run(muon, rows, columns, DType::F32), &expected, 1e-3);
        }
    }
}

#[test]
fn muon_leaves_what_is_no_matrix_to_another_optimizer() {
    let w =
        vec![Tensor::from_fn(DType::F64, [2, 2], |i| i as f64), Tensor::from_fn(DType::F64, [3], |i| i as f64 - 0.7)];
    let muon = Muon::new().rest(Adam::new(), 0.5);
    let state = muon.init(&w);
    let sizes: Vec<Vec<usize>> = state.moments.iter().map(|m| m.iter().map(Tensor::size).collect()).collect();
    assert_eq!(sizes, [[4, 3], [0, 3]]);
    let (new, _) = step_of(muon).call((w.clone(), w.clone(), state, Tensor::scalar(0.1))).unwrap();
    let state = Adam::new().init(&w);
    let (adam, _) = step_of(Adam::new()).call((w.clone(), w.clone(), state, Tensor::scalar(0.05))).unwrap();
    assert_eq!(new[1], adam[1]);
    assert!(new[0] != adam[0] && new[0] != w[0]);
    // By name: a matrix that is a table of embeddings goes to AdamW as well.
    let groups = Groups::new(Muon::new()).with_rate("0", AdamW::new(), 0.5);
    let (new, _) = step_of(groups.clone()).call((w.clone(), w.clone(), groups.init(&w), Tensor::scalar(0.1))).unwrap();
    let (adamw, _) =
        step_of(AdamW::new()).call((w.clone(), w.clone(), AdamW::new().init(&w), Tensor::scalar(0.05))).unwrap();
    assert_eq!(new[0], adamw[0]);
}

/// The first entries of PyTorch 2.15's last iterate on the function of the reference files; Muon's with its Newton-Schulz in f64 and its weights transposed.
#[test]
fn last_iterates_are_those_of_pytorch() {
    let (a, w0, _) = parts(&Reference::load("optim_adam"));
    let expected = [-0.08783656623513127, -0.04068419299402159, 0.19364056137509889, 0.07179032536375637];
    let seen = iterates(Adafactor::new().weight_decay(0.1), 0.05, &a, &w0);
    println!("adafactor {:.1e}", distance(&seen[11 * 24..][..4], &expected));
    near(&seen[11 * 24..][..4], &expected, 1e-12);
    let expected = [-0.11530363857112846, -0.007349342795625225, 0.5316664654562394, -0.03688377127105268];
    let seen = iterates(Muon::new(), 0.05, &a, &w0);
    println!("muon {:.1e}", distance(&seen[11 * 24..][..4], &expected));
    near(&seen[11 * 24..][..4], &expected, 1e-12);
}

/// Gram-Schmidt with a positive diagonal of R, which is the Q of `qr`.
fn q_of(a: &Matrix) -> Matrix {
    let mut columns: Vec<Vec<f64>> = vec![];
    for j in 0..a.columns {
        let mut v: Vec<f64> = (0..a.rows).map(|i| a.at(i, j)).collect();
        for _ in 0..2 {
            for q in &columns {
                let share: f64 = q.iter().zip(&v).map(|(q, v)| q * v).sum();
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= share * q);
            }
        }
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        columns.push(v.into_iter().map(|v| v / norm).collect());
    }
    Matrix::new(a.rows, a.columns, |i, j| columns[j][i])
}

#[test]
fn soap() {
    // Both bases; only that of the columns; only that of the rows; none, which is Adam.
    for (rows, columns, largest) in [(3, 4, 10), (4, 3, 3), (3, 4, 3), (3, 4, 2)] {
        let zeros = |n: usize, m: usize| Matrix::new(n, m, |_, _| 0.0);
        let eye = |n: usize| Matrix::new(n, n, |i, j| f64::from(u8::from(i == j)));
        let (left, right) = (rows <= largest, columns <= largest);
        let (mut m, mut v) = (zeros(rows, columns), zeros(rows, columns));
        let (mut l, mut r) = (zeros(rows, rows), zeros(columns, columns));
        let (mut p, mut q) = (eye(rows), eye(columns));
        let mut moved = 0.0;
        let expected = by_hand(rows, columns, |w, d, t, rate| {
            let mut next = w.clone();
            if t > 1 {
                m = m.with(d, |m, d| 0.8 * m + 0.2 * d);
                let seen = p.t().times(d).times(&q);
                v = v.with(&seen, |v, d| 0.9 * v + 0.1 * d * d);
                let (a, b) = (1.0 - 0.8f64.powi(t as i32 - 1), 1.0 - 0.9f64.powi(t as i32 - 1));
                let step = p.t().times(&m).times(&q).with(&v, |m, v| m / a / ((v / b).sqrt() + 1e-3));
                let step = p.times(&step).times(&q.t());
                next = w.with(&step, |w, s| w * (1.0 - rate * 0.1) - rate * s);
            }
            let mut refresh = |gathered: &mut Matrix, basis: &mut Matrix, square: Matrix| {
                *gathered = gathered.with(&square, |l, s| 0.9 * l + 0.1 * s);
                let image = gathered.times(basis);
                let n = basis.rows;
                let of = |j: usize| (0..n).map(|i| basis.at(i, j) * image.at(i, j)).sum::<f64>();
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by(|a, b| of(*b).total_cmp(&of(*a)));
                let delta = (0..n).map(|i| gathered.at(i, i)).sum::<f64>() * 4.0 * n as f64 * f64::EPSILON;
                let new = q_of(&Matrix::new(n, n, |i, j| image.at(i, order[j]) + delta * basis.at(i, order[j])));
                moved += new.with(basis, |a, b| a - b).norm();
                *basis = new;
                order
            };
            if left {
                let order = refresh(&mut l, &mut p, d.times(&d.t()));
                v = Matrix::new(rows, columns, |i, j| v.at(order[i], j));
            }
            if right {
                let order = refresh(&mut r, &mut q, d.t().times(d));
                v = Matrix::new(rows, columns, |i, j| v.at(i, order[j]));
            }
            next
        });
        assert_eq!(moved > 1.0, left || right);
        let soap = Soap::new().betas(0.8, 0.9).epsilon(1e-3).weight_decay(0.1).largest(largest);
        // The longer side's matrix has rank 3 of 4 at first: what its last vector is rests on the rounding of δ until the second step.
        near(&run(soap, rows, columns, DType::F64), &expected, 1e-9);
    }
}

#[test]
fn soap_keeps_its_bases_orthonormal_and_its_state() {
    for dtype in [DType::F32, DType::F64] {
        let w = vec![start(5, 3).tensor(dtype), Tensor::from_fn(dtype, [4], |i| i as f64)];
        let (mut now, mut state, mut step) = (w.clone(), Soap::new().init(&w), step_of(Soap::new()));
        let mut after = None;
        for t in 0..6 {
            // At first nothing, then rank one, then more.
            let d = match t {
                0 | 1 => start(5, 3).map(|_| 0.0),
                2 => Matrix::new(5, 3, |i, j| noise(4, i) * noise(5, j)),
                _ => direction(5, 3, t),
            };
            let d = vec![d.tensor(dtype), Tensor::from_fn(dtype, [4], |i| noise(6, i))];
            (now, state) = step.call((now, d, state, Tensor::scalar(0.01))).unwrap();
            for basis in [&state.moments[3][0], &state.moments[5][0]] {
                let n = basis.shape()[0];
                let basis = Matrix { rows: n, columns: n, data: basis.to_f64_vec() };
                let gram = basis.t().times(&basis);
                let off = gram.with(&Matrix::new(n, n, |i, j| f64::from(u8::from(i == j))), |a, b| a - b).norm();
                assert!(off < if dtype == DType::F32 { 1e-5 } else { 1e-13 }, "{dtype} {t}: {off:e}");
            }
            if t == 3 {
                let mut archive = Archive::new();
                archive.insert_tree("s", &state);
                let restored = archive.tree("s", &Soap::new().init(&w)).unwrap();
                assert_eq!(restored, state);
                after = Some((now.clone(), restored));
            }
            if t == 4 {
                let (now_then, then) = after.take().unwrap();
                let d = vec![direction(5, 3, 4).tensor(dtype), Tensor::from_fn(dtype, [4], |i| noise(6, i))];
                let again = step_of(Soap::new()).call((now_then, d, then, Tensor::scalar(0.01))).unwrap();
                assert_eq!(again, (now.clone(), state.clone()));
            }
        }
        assert!(now.leaves().iter().all(|leaf| leaf.to_f64_vec().iter().all(|x| x.is_finite())));
    }
}

//! The factorisations that definitions are made of, in plain loops over any number type.

use crate::reference::Scalar;

/// Whether every entry is a number and finite.
pub(super) fn finite<S: Scalar>(a: &[S]) -> bool {
    a.iter().all(|x| x.to_f64().is_finite())
}

/// Whether every entry of the lower triangle is a number and finite.
pub(super) fn lower_is_finite<S: Scalar>(a: &[S], n: usize) -> bool {
    (0..n).all(|i| finite(&a[i * n..][..i + 1]))
}

/// P A = L U: the factors in one array, where each of their rows comes from, and the sign of P.
pub(super) struct Lu<S> {
    pub f: Vec<S>,
    pub rows: Vec<usize>,
    pub sign: S,
}

/// Elimination, where the largest entry that is left in a column is its pivot, the first one of equal ones.
///
/// # Errors
/// The first column in which nothing but zeros is left.
pub(super) fn lu<S: Scalar>(a: &[S], n: usize) -> Result<Lu<S>, usize> {
    let (mut f, mut rows, mut sign) = (a.to_vec(), (0..n).collect::<Vec<_>>(), S::ONE);
    for k in 0..n {
        let pivot = (k..n).fold(k, |p, i| if f[i * n + k].abs() > f[p * n + k].abs() { i } else { p });
        if f[pivot * n + k] == S::ZERO {
            return Err(k);
        }
        if pivot != k {
            (0..n).for_each(|j| f.swap(k * n + j, pivot * n + j));
            rows.swap(k, pivot);
            sign = -sign;
        }
        for i in k + 1..n {
            f[i * n + k] = f[i * n + k] / f[k * n + k];
            for j in k + 1..n {
                f[i * n + j] = f[i * n + j] - f[i * n + k] * f[k * n + j];
            }
        }
    }
    Ok(Lu { f, rows, sign })
}

/// The inner product.
pub(super) fn inner<S: Scalar>(x: &[S], y: &[S]) -> S {
    x.iter().zip(y).fold(S::ZERO, |sum, (x, y)| sum + *x * *y)
}

/// The largest magnitude, or 1 for zeros: what a matrix is divided by so that squares stay in range.
fn size<S: Scalar>(a: &[S]) -> S {
    let largest = a.iter().fold(S::ZERO, |m, x| m.max(x.abs()));
    if largest == S::ZERO { S::ONE } else { largest }
}

/// A = Q R of m × n.
pub(super) struct Qr<S> {
    /// The columns of Q.
    pub q: Vec<Vec<S>>,
    /// R, row by row.
    pub r: Vec<S>,
}

/// By Gram and Schmidt's method, each column twice, which is enough (Giraud, Langou & Rozložník 2005).
///
/// # Errors
/// The first column of which no more than max(m, n) `epsilon` of its length is left.
pub(super) fn qr<S: Scalar>(a: &[S], m: usize, n: usize, epsilon: f64) -> Result<Qr<S>, usize> {
    let (mut q, mut r) = (Vec::<Vec<S>>::new(), vec![S::ZERO; n * n]);
    for j in 0..n {
        let mut v: Vec<S> = (0..m).map(|i| a[i * n + j]).collect();
        let scale = size(&v);
        v.iter_mut().for_each(|x| *x = *x / scale);
        let whole = inner(&v, &v).sqrt();
        for _ in 0..2 {
            for (i, q) in q.iter().enumerate() {
                let share = inner(q, &v);
                r[i * n + j] = r[i * n + j] + share * scale;
                v.iter_mut().zip(q).for_each(|(v, q)| *v = *v - share * *q);
            }
        }
        let left = inner(&v, &v).sqrt();
        if left <= S::from_f64(m.max(n) as f64 * epsilon) * whole {
            return Err(j);
        }
        r[j * n + j] = left * scale;
        v.iter_mut().for_each(|x| *x = *x / left);
        q.push(v);
    }
    Ok(Qr { q, r })
}

/// What is left of an angle when it is negligible in any number type: convergence is quadratic, so this costs one sweep more.
const NEGLIGIBLE: f64 = 1e-36;

/// Cosine and sine of the smaller angle by which `(p, q)` become orthogonal, from the difference `d` of their squares (or eigenvalues) and
/// their product.
fn rotation<S: Scalar>(d: S, product: S) -> (S, S) {
    let theta = d / (product + product);
    let tan = S::ONE / (theta.abs() + (theta * theta + S::ONE).sqrt());
    let tan = if theta < S::ZERO { -tan } else { tan };
    let cos = S::ONE / (tan * tan + S::ONE).sqrt();
    (cos, tan * cos)
}

fn rotate<S: Scalar>(x: &mut [Vec<S>], p: usize, q: usize, (cos, sin): (S, S)) {
    for i in 0..x[p].len() {
        let (a, b) = (x[p][i], x[q][i]);
        (x[p][i], x[q][i]) = (cos * a - sin * b, sin * a + cos * b);
    }
}

/// The eigenvalues, ascending, and the eigenvectors, of which the first entry within a tenth of the largest is positive, of the symmetric
/// matrix whose lower triangle this one's is.
pub(super) fn eigh<S: Scalar>(a: &[S], n: usize) -> (Vec<S>, Vec<Vec<S>>) {
    let lower = |i: usize, j: usize| a[i.max(j) * n + i.min(j)];
    let all: Vec<S> = (0..n * n).map(|p| lower(p / n, p % n)).collect();
    let scale = size(&all);
    let mut s: Vec<Vec<S>> = (0..n).map(|i| (0..n).map(|j| lower(i, j) / scale).collect()).collect();
    let mut v: Vec<Vec<S>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { S::ONE } else { S::ZERO }).collect()).collect();
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                if s[p][q].abs() <= S::from_f64(NEGLIGIBLE) {
                    continue;
                }
                rotated = true;
                let turn = rotation(s[q][q] - s[p][p], s[p][q]);
                rotate(&mut s, p, q, turn);
                for row in &mut s {
                    let (a, b) = (row[p], row[q]);
                    (row[p], row[q]) = (turn.0 * a - turn.1 * b, turn.1 * a + turn.0 * b);
                }
                (s[p][q], s[q][p]) = (S::ZERO, S::ZERO);
                rotate(&mut v, p, q, turn);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| s[*i][*i].partial_cmp(&s[*j][*j]).expect("finite"));
    let vector = |i: &usize| v[*i].iter().map(|x| *x * sign(&v[*i])).collect();
    (order.iter().map(|i| s[*i][*i] * scale).collect(), order.iter().map(vector).collect())
}

/// The sign of the first entry within a tenth of the largest.
fn sign<S: Scalar>(x: &[S]) -> S {
    let largest = x.iter().map(|x| x.abs().to_f64()).fold(0.0, f64::max);
    let leading = x.iter().find(|x| x.abs().to_f64() >= 0.9 * largest);
    leading.map_or(S::ONE, |x| if *x < S::ZERO { -S::ONE } else { S::ONE })
}

/// A = U Σ Vᵀ of m × n, m ≥ n: the singular values, descending, and the columns of U and V.
pub(super) struct Svd<S> {
    pub values: Vec<S>,
    pub left: Vec<Vec<S>>,
    pub right: Vec<Vec<S>>,
}

/// By rotations of pairs of columns until all are orthogonal (Hestenes 1958). V is signed as eigenvectors are, and U follows; where a
/// singular value is 0, U has the first unit vector that is mostly orthogonal to the columns before, made wholly so.
pub(super) fn svd<S: Scalar>(a: &[S], m: usize, n: usize) -> Svd<S> {
    let scale = size(a);
    let mut x: Vec<Vec<S>> = (0..n).map(|j| (0..m).map(|i| a[i * n + j] / scale).collect()).collect();
    let mut v: Vec<Vec<S>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { S::ONE } else { S::ZERO }).collect()).collect();
    let mut before = f64::INFINITY;
    for _ in 0..60 {
        let mut worst: f64 = 0.0;
        for p in 0..n {
            for q in p + 1..n {
                let (pp, qq, pq) = (inner(&x[p], &x[p]), inner(&x[q], &x[q]), inner(&x[p], &x[q]));
                let lengths = pp.sqrt() * qq.sqrt();
                if pq.abs() <= S::from_f64(NEGLIGIBLE) * lengths {
                    continue;
                }
                worst = worst.max((pq / lengths).abs().to_f64());
                let turn = rotation(qq - pp, pq);
                rotate(&mut x, p, q, turn);
                rotate(&mut v, p, q, turn);
            }
        }
        // Cosines become squares of what they were until rounding is all that is left of them, in whatever numbers.
        if worst == 0.0 || worst < 1e-5 && worst > 0.1 * before {
            break;
        }
        before = worst;
    }
    let lengths: Vec<S> = x.iter().map(|x| inner(x, x).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| lengths[*j].partial_cmp(&lengths[*i]).expect("finite"));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for &j in &order {
        let sign = sign(&v[j]);
        right.push(v[j].iter().map(|v| *v * sign).collect());
        let column = if lengths[j] > S::from_f64(1e-150) {
            x[j].iter().map(|x| *x * sign / lengths[j]).collect()
        } else {
            another(&left, m)
        };
        left.push(column);
    }
    Svd { values: order.iter().map(|j| lengths[*j] * scale).collect(), left, right }
}

/// A unit vector orthogonal to these, which are fewer than m.
fn another<S: Scalar>(columns: &[Vec<S>], m: usize) -> Vec<S> {
    let bar = S::from_f64(0.5 * (m - columns.len()) as f64 / m as f64);
    for i in 0..m {
        let mut x = vec![S::ZERO; m];
        x[i] = S::ONE;
        let cleared = |x: &mut Vec<S>| {
            for c in columns {
                let share = inner(c, x);
                x.iter_mut().zip(c).for_each(|(x, c)| *x = *x - share * *c);
            }
            inner(x, x)
        };
        if cleared(&mut x) >= bar {
            let length = cleared(&mut x).sqrt();
            return x.into_iter().map(|x| x / length).collect();
        }
    }
    unreachable!("the squared lengths of what is left of all unit vectors add up to m less the number of columns")
}

//! The factorisations that definitions are made of, in plain loops over any number type.

use crate::reference::Scalar;

/// Whether every entry is a number and finite.
pub(super) fn finite<S: Scalar>(a: &[S]) -> bool {
    a.iter().all(|x| x.to_f64().is_finite())
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

//! The triangular factor of a positive definite matrix.

use crate::element::Real;
use crate::reduce::dot;

/// L with A = L Lᵀ, for a symmetric positive definite A of n × n; only its lower triangle is read. L is lower
/// triangular, with zeros above.
///
/// Row by row: each entry is a dot product of two rows, added pairwise, so the error grows like log n
/// (Golub & Van Loan, *Matrix Computations*, §4.2).
///
/// # Errors
/// The first pivot that is not positive (or is NaN): A is not positive definite to working precision. Rows of L
/// before it are valid.
///
/// # Panics
/// If the slices do not have n² elements.
pub fn cholesky<T: Real>(a: &[T], n: usize, l: &mut [T]) -> Result<(), usize> {
    assert!(a.len() == n * n && l.len() == n * n, "cholesky: the slices do not have n x n elements");
    for i in 0..n {
        let (done, row) = l.split_at_mut(i * n);
        let row = &mut row[..n];
        for j in 0..i {
            let other = &done[j * n..][..n];
            row[j] = (a[i * n + j] - dot(&row[..j], &other[..j], 1)) / other[j];
        }
        let pivot = a[i * n + i] - dot(&row[..i], &row[..i], 1);
        // Not `pivot <= 0`, which a NaN would pass.
        if !(pivot > T::zero() && pivot < T::infinity()) {
            return Err(i);
        }
        row[i] = pivot.sqrt();
        row[i + 1..].fill(T::zero());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::positive_definite;
    use super::*;

    #[test]
    fn cholesky_reproduces_the_matrix_and_reads_the_lower_triangle() {
        for n in [0, 1, 2, 7, 33] {
            let mut a = positive_definite(n);
            let full = a.clone();
            for i in 0..n {
                a[i * n + i + 1..(i + 1) * n].fill(f64::NAN);
            }
            let mut l = vec![f64::NAN; n * n];
            cholesky(&a, n, &mut l).unwrap();
            for i in 0..n {
                for j in 0..n {
                    let product: f64 = (0..n).map(|k| l[i * n + k] * l[j * n + k]).sum();
                    assert!((product - full[i * n + j]).abs() < 1e-12 * n as f64);
                }
            }
        }
    }

    #[test]
    fn an_indefinite_matrix_names_its_pivot() {
        let mut l = [0.0; 4];
        assert_eq!(cholesky(&[1.0, 0.0, 2.0, 1.0], 2, &mut l), Err(1));
        assert_eq!(cholesky(&[f64::NAN, 0.0, 0.0, 1.0], 2, &mut l), Err(0));
    }
}

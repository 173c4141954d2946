//! Vectors of parameters: the few things that operators and estimators do with flat slices.
//!
//! Sums run from left to right, so a result depends on nothing but the numbers.

/// `⟨a, b⟩`
///
/// # Panics
/// If the lengths differ.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "dot: lengths differ");
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `‖a‖`; scales where squares would overflow or underflow.
pub fn norm(a: &[f64]) -> f64 {
    let square = dot(a, a);
    if square.is_nan() || (1e-280..=1e300).contains(&square) {
        return square.sqrt();
    }
    let largest = a.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    largest * a.iter().map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt()
}

/// `y ← y + alpha x`
///
/// # Panics
/// If the lengths differ.
pub fn axpy(alpha: f64, x: &[f64], y: &mut [f64]) {
    assert_eq!(x.len(), y.len(), "axpy: lengths differ");
    for (y, x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// `alpha x`
pub fn scaled(alpha: f64, x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| alpha * x).collect()
}

/// `x / ‖x‖`, or zeros if x is zero.
pub fn normalized(x: &[f64]) -> Vec<f64> {
    let norm = norm(x);
    if norm == 0.0 { x.to_vec() } else { x.iter().map(|x| x / norm).collect() }
}

/// Takes out of `x` what lies along the orthonormal `basis`, twice: once is not enough (Parlett 1998, §6.9).
pub(crate) fn orthogonalize(x: &mut [f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut coefficients = vec![0.0; basis.len()];
    for _ in 0..2 {
        for (q, c) in basis.iter().zip(&mut coefficients) {
            let along = dot(q, x);
            axpy(-along, q, x);
            *c += along;
        }
    }
    coefficients
}

/// An orthonormal basis of the span of `columns`, and the triangle R with `columns[j] = Σ_i basis[i] R[j][i]`.
///
/// A column that adds less than `1e-13` of its own length adds nothing: the basis is then shorter than the columns.
pub(crate) fn orthonormal(columns: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut triangle = Vec::new();
    for column in columns {
        let before = norm(column);
        let mut rest = column.clone();
        let mut coefficients = orthogonalize(&mut rest, &basis);
        let length = norm(&rest);
        if length > 1e-13 * before && basis.len() < column.len() {
            coefficients.push(length);
            basis.push(scaled(1.0 / length, &rest));
        }
        triangle.push(coefficients);
    }
    (basis, triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_norm_does_not_overflow() {
        assert!((norm(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
        assert!((norm(&[3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(norm(&[3.0, 4.0]), 5.0);
        assert_eq!(norm(&[1.0, f64::NEG_INFINITY]), f64::INFINITY);
        assert_eq!(norm(&[]), 0.0);
        assert!(norm(&[1.0, f64::NAN]).is_nan());
    }

    #[test]
    fn a_basis_leaves_out_what_it_has() {
        let columns = vec![vec![1.0, 1.0, 0.0], vec![2.0, 2.0, 0.0], vec![0.0, 1.0, 0.0]];
        let (q, r) = orthonormal(&columns);
        assert_eq!(q.len(), 2);
        assert!((dot(&q[0], &q[1])).abs() < 1e-15);
        for (column, r) in columns.iter().zip(&r) {
            let mut back = vec![0.0; 3];
            r.iter().zip(&q).for_each(|(c, q)| axpy(*c, q, &mut back));
            assert!(column.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-15));
        }
    }
}

//! Eigenvalues of small symmetric matrices.
//!
//! A dense matrix is made tridiagonal by Householder reflections, and a tridiagonal one diagonal by implicit QL (Bowdler,
//! Martin, Reinsch, Wilkinson 1968; the `tred2` and `tql2` of EISPACK). The rotations are applied to as many rows of the
//! eigenvector matrix as are asked for: Lanczos wants the first or the last, which makes O(n²) of O(n³), and that is why
//! this is not a library's.

use crate::error::{Error, bail};

/// The eigenvalues of a symmetric tridiagonal matrix, ascending, and the wanted rows of its eigenvectors.
///
/// `diagonal` has n entries, `off` the n − 1 beside it. `rows` are rows of a matrix that is multiplied by the eigenvector
/// matrix from the right: the unit vector `eᵢ` becomes entry i of every eigenvector.
///
/// # Errors
/// [`ErrorKind::NotFinite`](crate::ErrorKind::NotFinite) for an entry that is not;
/// [`NotConverged`](crate::ErrorKind::NotConverged) if one eigenvalue takes more than 60 rotations.
///
/// # Example
/// ```
/// let mut first = vec![vec![1.0, 0.0]];
/// let values = quadric_curvature::eigen::tridiagonal_eigen(&[1.0, 1.0], &[2.0], &mut first)?;
/// assert!((values[0] + 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
/// assert!((first[0][0].powi(2) - 0.5).abs() < 1e-15);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
///
/// # Panics
/// If the lengths do not fit.
pub fn tridiagonal_eigen(diagonal: &[f64], off: &[f64], rows: &mut [Vec<f64>]) -> Result<Vec<f64>, Error> {
    let n = diagonal.len();
    assert_eq!(off.len(), n.saturating_sub(1), "tridiagonal_eigen: one entry beside each two of the diagonal");
    assert!(rows.iter().all(|r| r.len() == n), "tridiagonal_eigen: rows of {n} entries");
    if diagonal.iter().chain(off).any(|x| !x.is_finite()) {
        bail!(NotFinite, "the tridiagonal matrix has an entry that is not finite");
    }
    let mut d = diagonal.to_vec();
    let mut e = off.to_vec();
    e.push(0.0);
    let scale = d.iter().chain(&e).fold(0.0_f64, |m, x| m.max(x.abs()));
    for l in 0..n {
        let mut rotations = 0;
        loop {
            // The first place from l on where the matrix falls into two.
            // Measured by its neighbours, which keeps small eigenvalues of a graded matrix; but where a whole block is round-off (a matrix
            // of low rank), neighbours are noise themselves and only the matrix can be the measure.
            let falls = |m: &usize| {
                let near = d[*m].abs() + d[*m + 1].abs();
                e[*m].abs() <= f64::EPSILON * if rotations < 20 { near } else { near.max(scale) }
            };
            let m = (l..n - 1).find(falls).unwrap_or(n - 1);
            if m == l {
                break;
            }
            rotations += 1;
            if rotations > 60 {
                bail!(NotConverged, "eigenvalue {l} of a tridiagonal matrix did not converge");
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let mut r = g.hypot(1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut i = m;
            let underflow = loop {
                if i == l {
                    break false;
                }
                i -= 1;
                let f = s * e[i];
                let b = c * e[i];
                r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    break true;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                for row in rows.iter_mut() {
                    let f = row[i + 1];
                    row[i + 1] = s * row[i] + c * f;
                    row[i] = c * row[i] - s * f;
                }
            };
            if !underflow {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| d[*a].total_cmp(&d[*b]));
    for row in rows {
        *row = order.iter().map(|i| row[*i]).collect();
    }
    Ok(order.iter().map(|i| d[*i]).collect())
}

/// The eigenvalues of a symmetric n×n matrix (row-major; only the lower triangle is read), ascending, and their
/// eigenvectors, orthonormal.
///
/// # Errors
/// As [`tridiagonal_eigen`].
///
/// # Example
/// ```
/// let (values, vectors) = quadric_curvature::eigen::symmetric_eigen(2, &[2.0, 0.0, 0.0, 1.0])?;
/// assert_eq!(values, [1.0, 2.0]);
/// assert_eq!(vectors[0][1].abs(), 1.0);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
///
/// # Panics
/// If there are not n² entries.
pub fn symmetric_eigen(n: usize, entries: &[f64]) -> Result<(Vec<f64>, Vec<Vec<f64>>), Error> {
    assert_eq!(entries.len(), n * n, "symmetric_eigen: {n}² entries");
    if entries.iter().any(|x| !x.is_finite()) {
        bail!(NotFinite, "the matrix has an entry that is not finite");
    }
    let mut a: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entries[i.max(j) * n + i.min(j)]).collect()).collect();
    // Q, by rows, so that A = Q T Qᵀ; then T = Z Λ Zᵀ and the rows of Q become those of Q Z.
    let mut q: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for k in 0..n.saturating_sub(2) {
        // The reflection I − 2 u uᵀ that leaves nothing of column k below k + 1.
        let mut u: Vec<f64> = (k + 1..n).map(|i| a[i][k]).collect();
        let length = crate::vector::norm(&u);
        if u[1..].iter().all(|x| *x == 0.0) {
            continue;
        }
        u[0] += length.copysign(u[0]);
        let u = crate::vector::normalized(&u);
        // A ← P A P on rows and columns from k + 1, with p = A u and w = p − (uᵀp) u: A − 2 u wᵀ − 2 w uᵀ.
        let p: Vec<f64> = (0..n).map(|i| crate::vector::dot(&a[i][k + 1..], &u)).collect();
        let along = crate::vector::dot(&u, &p[k + 1..]);
        for i in 0..n {
            let ui = if i > k { u[i - k - 1] } else { 0.0 };
            let wi = p[i] - along * ui;
            for j in k + 1..n {
                let uj = u[j - k - 1];
                let wj = p[j] - along * uj;
                a[i][j] -= 2.0 * (if i > k { ui * wj } else { 0.0 } + wi * uj);
                if i <= k {
                    a[j][i] = a[i][j];
                }
            }
        }
        for row in &mut q {
            let along = 2.0 * crate::vector::dot(&row[k + 1..], &u);
            crate::vector::axpy(-along, &u, &mut row[k + 1..]);
        }
    }
    let diagonal: Vec<f64> = (0..n).map(|i| a[i][i]).collect();
    let off: Vec<f64> = (1..n).map(|i| a[i][i - 1]).collect();
    let values = tridiagonal_eigen(&diagonal, &off, &mut q)?;
    let vectors = (0..n).map(|j| q.iter().map(|row| row[j]).collect()).collect();
    Ok((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_of_low_rank_has_its_zeros() {
        let (n, rank) = (200, 7);
        let column = |k: usize, i: usize| ((i * (k + 3) + k * k) as f64 * 0.7).sin();
        let mut a = vec![0.0; n * n];
        for k in 0..rank {
            for i in 0..n {
                for j in 0..n {
                    a[i * n + j] += column(k, i) * column(k, j);
                }
            }
        }
        let (values, _) = symmetric_eigen(n, &a).unwrap();
        let largest = values[n - 1];
        assert!(values[..n - rank].iter().all(|x| x.abs() < 1e-13 * largest));
        assert!(values[n - rank..].iter().all(|x| *x > 1e-3 * largest));
    }
    use crate::Probe;
    use crate::vector::{axpy, dot, norm};

    fn check(n: usize, a: &[f64]) {
        let (values, vectors) = symmetric_eigen(n, a).unwrap();
        let scale = norm(a).max(f64::MIN_POSITIVE);
        assert!(values.is_sorted());
        for (i, (value, v)) in values.iter().zip(&vectors).enumerate() {
            let mut rest: Vec<f64> = (0..n).map(|r| dot(&a[r * n..(r + 1) * n], v)).collect();
            axpy(-value, v, &mut rest);
            assert!(norm(&rest) < 1e-14 * scale * n as f64, "pair {i} of {n}: {}", norm(&rest) / scale);
            for (j, w) in vectors.iter().enumerate() {
                let wanted = f64::from(u8::from(i == j));
                assert!((dot(v, w) - wanted).abs() < 1e-14 * n as f64);
            }
        }
    }

    #[test]
    fn pairs_of_random_matrices_are_eigenpairs() {
        for n in 1..=24 {
            let c = Probe::Gaussian.draw(n, n, n as u64);
            check(n, &(0..n * n).map(|k| c[k / n][k % n] + c[k % n][k / n]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn repeated_zero_and_graded_eigenvalues() {
        check(5, &[0.0; 25]);
        let rank_one: Vec<f64> = (0..36).map(|k| ((k / 6 + 1) * (k % 6 + 1)) as f64).collect();
        check(6, &rank_one);
        let identity: Vec<f64> = (0..49).map(|k| f64::from(u8::from(k / 7 == k % 7))).collect();
        check(7, &identity);
        let graded: Vec<f64> = (0..36).map(|k| 10f64.powi(-3 * (k / 6).max(k % 6))).collect();
        check(6, &graded);
    }

    #[test]
    fn a_number_that_is_none_is_refused() {
        let error = symmetric_eigen(2, &[1.0, f64::NAN, f64::NAN, 1.0]).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::NotFinite);
    }
}

//! Matrix calculus with `nalgebra`: the log-determinant and the inverse.
//!
//! The gradient of log |det A| is A⁻ᵀ, and everybody forgets the transpose once. The inverse has the jvp
//! −A⁻¹ V A⁻¹ and the vjp −A⁻ᵀ W A⁻ᵀ, which is a pair for the dot-product test. Prints what the checks say of the
//! forgotten transposes and asserts that the right ones pass and the wrong ones fail.

use nalgebra::DMatrix;
use quadric_gradcheck::{adjoint, gradient, jvp};

const N: usize = 3;

fn matrix(entries: &[f64]) -> DMatrix<f64> {
    DMatrix::from_row_slice(N, N, entries)
}

/// Row by row, as [`matrix`] reads it.
fn entries(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().as_slice().to_vec()
}

fn inverse(a: &[f64]) -> DMatrix<f64> {
    matrix(a).try_inverse().expect("an invertible matrix")
}

fn log_det(a: &[f64]) -> f64 {
    matrix(a).determinant().abs().ln()
}

fn main() {
    let a = [2.0, 0.3, -0.5, 0.7, 1.5, 0.2, -0.4, 0.9, 3.0];
    let v = [0.6, -1.0, 0.8, 0.5, 0.9, -0.7, 1.0, -0.6, 0.5];
    let w = [-0.8, 0.5, 1.0, 0.7, -0.9, 0.6, 0.5, 1.0, -0.7];

    gradient(log_det, |a| entries(&inverse(a).transpose()), &a).unwrap();
    let forgotten = gradient(log_det, |a| entries(&inverse(a)), &a);
    println!("log det without the transpose: {forgotten}\n");
    assert!(forgotten.is_failed());

    let push = |a: &[f64], v: &[f64]| {
        let inverse = inverse(a);
        entries(&-(&inverse * matrix(v) * &inverse))
    };
    let pull = |a: &[f64], w: &[f64]| {
        let transposed = inverse(a).transpose();
        entries(&-(&transposed * matrix(w) * &transposed))
    };
    jvp(|a: &[f64]| entries(&inverse(a)), push, &a, &v).unwrap();
    adjoint(push, pull, &a, &v, &w).unwrap();
    let untransposed = adjoint(push, push, &a, &v, &w);
    println!("the inverse's vjp without the transposes: {untransposed}");
    assert!(untransposed.is_failed());
}

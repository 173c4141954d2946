//! `det`, `logdet`, `slogdet`.

use quadric_autodiff::trace::{Var, compile, constant, grad, hessian, hvp};
use quadric_autodiff::{DType, Tensor, tensor};

use super::*;

fn det(a: &Tensor) -> f64 {
    compile(|a: Var| a.det()).call(a.clone()).unwrap().item()
}

#[test]
fn the_gradient_of_a_determinant_is_the_matrix_of_cofactors() {
    for n in 1..=9 {
        let a = noise([n, n], n as u64);
        let (g, d) = (grad(|a: Var| a.det(), &a).unwrap(), det(&a));
        let closed = compile(|a: Var| a.inverse().t() * a.det()).call(a).unwrap();
        assert!(apart(&g.to_f64_vec(), &closed.to_f64_vec()) < 1e-12, "{n}: {d}");
    }
}

/// Of a 2 × 2 matrix the Hessian is the same everywhere: det = ad − bc.
#[test]
fn all_derivatives_are_right_where_the_determinant_is_zero() {
    let exchange = tensor![[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, -1.0, 0.0], [0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]];
    for a in [tensor![[1.0, 2.0], [2.0, 4.0]], tensor![[0.0, 0.0], [0.0, 0.0]], tensor![[1.0, 2.0], [3.0, 4.0]]] {
        let h = hessian(|x: Var| x.reshape([2, 2]).det(), &a.reshaped([4])).unwrap();
        assert_eq!(h.to_f64_vec(), exchange.to_f64_vec());
    }
    // At 0 the determinant of 3 × 3 is flat to second order, and the third derivative along (U, V, W) is the sum over
    // permutations: 6 det V along (V, V, V).
    let (zero, v) = (Tensor::from_fn(DType::F64, [3, 3], |_| 0.0), noise([3, 3], 5));
    let v = &v;
    assert!(hvp(|a: Var| a.det(), &zero, v).unwrap().to_f64_vec().iter().all(|x| *x == 0.0));
    let curvature = |a: Var| (hvp(|a: Var| a.det(), &a, &constant(v)) * constant(v)).sum();
    let third =
        grad(curvature, &zero).unwrap().to_f64_vec().iter().zip(v.to_f64_vec()).map(|(g, v)| g * v).sum::<f64>();
    assert!((third - 6.0 * det(v)).abs() < 1e-14, "{third} {}", det(v));
    // Rank two of three: the cofactors are the outer product of the null vectors.
    let a = tensor![[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]];
    assert_eq!(det(&a), 0.0);
    let g = grad(|a: Var| a.det(), &a).unwrap();
    assert_eq!(g.to_f64_vec(), [4.0, 4.0, -4.0, -2.0, -2.0, 2.0, 0.0, 0.0, 0.0]);
}

/// Beyond the size of cofactors a singular matrix has the right determinant, and its gradient is an error.
#[test]
fn a_large_singular_matrix_has_no_wrong_gradient() {
    let a = Tensor::from_fn(DType::F64, [7, 7], |i| if i / 7 == i % 7 && i > 0 { 2.0 } else { 0.0 });
    assert_eq!(det(&a), 0.0);
    let said = message(grad(|a: Var| a.det(), &a));
    assert_eq!(said, "solve: the matrix is singular (no pivot in column 0)");
}

#[test]
fn the_logarithm_stays_in_range_where_the_determinant_does_not() {
    let n = 40;
    let a = Tensor::from_fn(DType::F64, [n, n], |i| if i / n == i % n { 1e10 } else { noise([1], i as u64).item() });
    assert_eq!(det(&a), f64::INFINITY);
    let (sign, log) = compile(|a: Var| a.slogdet()).call(a.clone()).unwrap();
    assert_eq!(sign.item(), 1.0);
    assert!((log.item() - 400.0 * 10f64.ln()).abs() < 1e-6);
    let g = grad(|a: Var| a.logdet(), &a).unwrap();
    assert!((g.to_f64_vec()[0] - 1e-10).abs() < 1e-24);
    let exactly = truly(|a: Var| a.logdet(), &a)[0];
    assert!((log.item() - exactly).abs() <= 2.0 * f64::EPSILON * exactly);
    let narrow = a.to_dtype(DType::F32);
    let log = compile(|a: Var| a.logdet()).call(narrow).unwrap();
    assert!((log.item() - exactly).abs() < 1e-3);
}

#[test]
fn signs_follow_the_exchanges_of_rows() {
    let mut seen = [0, 0];
    for seed in 0..20 {
        let a = noise([5, 5], seed);
        let (sign, log) = compile(|a: Var| a.slogdet()).call(a.clone()).unwrap();
        assert!((sign.item() * log.item().exp() - det(&a)).abs() < 1e-13);
        seen[usize::from(sign.item() > 0.0)] += 1;
    }
    assert!(seen[0] > 3 && seen[1] > 3, "{seen:?}");
    let (sign, log) = compile(|a: Var| a.slogdet()).call(pair([1.0, 2.0, 2.0, 4.0], [0.0, 1.0, 1.0, 0.0])).unwrap();
    assert_eq!((sign, log), (tensor![0.0, -1.0], tensor![f64::NEG_INFINITY, 0.0]));
    let said = message(grad(|a: Var| a.logdet().sum(), &pair([1.0, 0.0, 0.0, 1.0], [1.0, 2.0, 2.0, 4.0])));
    assert_eq!(said, "solve: matrix 1 of the batch is singular (no pivot in column 1)");
}

#[test]
fn the_smallest_determinants_and_none() {
    let all = |a: Var| (a.det(), a.slogdet());
    let none = Tensor::zeros(quadric_autodiff::shape::Type::new(DType::F64, [2, 0, 0]));
    let (d, (sign, log)) = compile(all).call(none.clone()).unwrap();
    assert_eq!((d, sign, log), (tensor![1.0, 1.0], tensor![1.0, 1.0], tensor![0.0, 0.0]));
    assert_eq!(grad(|a: Var| a.det().sum(), &none).unwrap(), none);
    assert_eq!(grad(|a: Var| a.det(), &tensor![[0.0]]).unwrap(), tensor![[1.0]]);
    assert_eq!(hessian(|a: Var| a.reshape([1, 1]).det(), &tensor![3.0]).unwrap().item(), 0.0);
    let (d, (sign, log)) = compile(all).call(tensor![[f64::NAN, 0.0], [0.0, 1.0]]).unwrap();
    assert!(d.item().is_nan() && sign.item().is_nan() && log.item().is_nan());
    assert!(
        grad(|a: Var| a.det(), &tensor![[f64::NAN, 0.0], [0.0, 1.0]]).unwrap().to_f64_vec().iter().any(|x| x.is_nan())
    );
}

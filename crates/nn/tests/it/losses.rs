//! Losses against closed forms of value, gradient and curvature.

use quadric_autodiff::trace::{Var, compile, constant, grad, hessian};
use quadric_autodiff::{ErrorKind, Tensor};
use quadric_nn::{accuracy, cross_entropy, log_softmax, mse, softmax};

use crate::{noisy, tensor};

fn probabilities(z: &[f64]) -> Vec<f64> {
    let sum: f64 = z.iter().map(|z| z.exp()).sum();
    z.iter().map(|z| z.exp() / sum).collect()
}

#[test]
fn cross_entropy_has_gradient_p_minus_e_and_curvature_diag_p_minus_pp() {
    let z = [0.3, -1.2, 2.0, 0.0];
    let p = probabilities(&z);
    let loss = |z: Var| cross_entropy(z.reshape([1, 4]), constant(&Tensor::from_vec(&[2i32]))).sum();
    let g = grad(loss, &tensor(&[4], &z)).unwrap().to_f64_vec();
    let h = hessian(loss, &tensor(&[4], &z)).unwrap().to_f64_vec();
    for i in 0..4 {
        assert!((g[i] - (p[i] - f64::from(u8::from(i == 2)))).abs() < 1e-15);
        for j in 0..4 {
            let expected = if i == j { p[i] } else { 0.0 } - p[i] * p[j];
            assert!((h[4 * i + j] - expected).abs() < 1e-15);
        }
    }
}

#[test]
fn large_logits_and_certain_predictions_are_finite() {
    let z = tensor(&[2, 2], &[1e4, -1e4, -1e300, 1e300]);
    let mut f = compile(|z: Var| {
        let y = constant(&Tensor::from_vec(&[1i32, 1]));
        (cross_entropy(z, y), grad(|z: Var| cross_entropy(z, y).sum(), &z), softmax(z), log_softmax(z))
    });
    let (value, grad, p, log_p) = f.call(z).unwrap();
    assert_eq!(value.to_f64_vec(), [2e4, 0.0]);
    assert_eq!(grad.to_f64_vec(), [1.0, -1.0, 0.0, 0.0]);
    assert_eq!(p.to_f64_vec(), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(log_p.to_f64_vec(), [0.0, -2e4, -2e300, 0.0]);
}

#[test]
fn softmax_is_the_exponential_of_its_logarithm_and_sums_to_one() {
    let z = noisy(4, &[3, 5, 7]);
    let (p, log_p) = compile(|z: Var| (softmax(z), log_softmax(z))).call(z).unwrap();
    for (row, log_row) in p.to_f64_vec().chunks(7).zip(log_p.to_f64_vec().chunks(7)) {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!(row.iter().zip(log_row).all(|(p, l)| (p.ln() - l).abs() < 1e-14));
    }
}

#[test]
fn mse_has_the_identity_as_curvature() {
    let y = noisy(2, &[1, 3]);
    let h = hessian(|z: Var| mse(z.reshape([1, 3]), constant(&y)).sum(), &tensor(&[3], &[0.1, 0.2, 0.3])).unwrap();
    assert_eq!(h.to_f64_vec(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn accuracy_counts_and_the_first_of_equal_logits_wins() {
    let z = tensor(&[4, 2], &[0.0, 1.0, 1.0, 0.0, 0.5, 0.5, 0.5, 0.5]);
    let share = compile(|(z, y): (Var, Var)| accuracy(z, y)).call((z, Tensor::from_vec(&[1i32, 1, 0, 1]))).unwrap();
    assert_eq!(share.item(), 0.5);
}

#[test]
fn mistakes_name_the_callers_line() {
    let f = |(z, y): (Var, Var)| cross_entropy(z, y);
    let wrong_count = compile(f).call((noisy(1, &[3, 2]), Tensor::from_vec(&[0i32, 1]))).unwrap_err();
    assert_eq!(wrong_count.kind(), ErrorKind::Shape);
    let floats = compile(f).call((noisy(1, &[2, 2]), noisy(2, &[2]))).unwrap_err();
    assert_eq!(floats.kind(), ErrorKind::DType);
    for error in [wrong_count, floats] {
        assert!(error.place().unwrap().contains("tests/it/losses.rs"), "{error}");
    }
    let out_of_range = compile(f).call((noisy(1, &[2, 2]), Tensor::from_vec(&[0i32, 2]))).unwrap_err();
    assert_eq!(out_of_range.kind(), ErrorKind::Data);
}

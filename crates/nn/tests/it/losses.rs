//! Losses against closed forms of value, gradient and curvature.

use quadric_autodiff::trace::{Var, compile, constant, grad, hessian, hvp, iota, value_and_grad};
use quadric_autodiff::{DType, ErrorKind, Tensor};
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
}

/// Labels are the other thing that a user gets wrong.
#[test]
fn labels_that_are_none_are_told_whole() {
    let f = |(z, y): (Var, Var)| cross_entropy(z, y);
    let say = |y: Tensor| {
        let error = compile(f).call((noisy(1, &[2, 3]), y)).unwrap_err();
        assert!(error.place().unwrap().contains("tests/it/losses.rs"), "{error}");
        (error.kind(), error.to_string().split(" (").next().unwrap().to_string())
    };
    for bad in [3, -1, i32::MAX, i32::MIN] {
        let sentence = format!("cross_entropy: gather_along: index {bad} at position 1 is out of range for 3 entries");
        assert_eq!(say(Tensor::from_vec(&[0, bad])), (ErrorKind::Data, sentence));
    }
    assert_eq!(say(noisy(2, &[2])), (ErrorKind::DType, "cross_entropy: the labels are f64[2], i32 is needed".into()));
    assert_eq!(
        say(Tensor::from_vec(&[0u32, 1])),
        (ErrorKind::DType, "cross_entropy: the labels are u32[2], i32 is needed".into())
    );
    assert_eq!(
        say(Tensor::from_vec(&[true, false])),
        (ErrorKind::DType, "cross_entropy: the labels are bool[2], i32 is needed".into())
    );
    let count = "cross_entropy: a label for each row of the logits f64[2,3] is needed, the labels are i32[3]";
    assert_eq!(say(Tensor::from_vec(&[0i32, 1, 2])), (ErrorKind::Shape, count.into()));
}

/// Value, gradient and Hessian of one row of logits.
fn of_row(dtype: DType, z: &[f64], label: i32) -> (f64, Vec<f64>, Vec<f64>) {
    let c = z.len();
    let loss = move |z: Var| cross_entropy(z.reshape([1, c]), constant(&Tensor::from_vec(&[label]))).sum();
    let z = Tensor::from_fn(dtype, [c], |i| z[i]);
    let (value, g) = compile(|z: Var| value_and_grad(loss, &z)).call(z.clone()).unwrap();
    (value.item(), g.to_f64_vec(), hessian(loss, &z).unwrap().to_f64_vec())
}

/// `1 − p` is never taken: what is 2e-9 keeps its digits where 1 − 2e-9 is 1.
#[test]
fn a_confident_prediction_keeps_its_digits() {
    let q = (-20f64).exp() / (1.0 + (-20f64).exp());
    for (dtype, bound) in [(DType::F32, 4e-7), (DType::F64, 1e-15)] {
        let is_close = |got: f64, exact: f64| (got - exact).abs() <= bound * exact.abs();
        let (value, g, h) = of_row(dtype, &[0.0, 20.0], 1);
        assert!(is_close(value, (-20f64).exp().ln_1p()), "{value:e}");
        assert!(is_close(g[0], q) && g[1] == -g[0], "{g:?}");
        assert!(is_close(h[0], q * (1.0 - q)), "{h:?}");
        assert_eq!(h, [h[0], -h[0], -h[0], h[0]]);

        // Ten classes, and the label the third of them: 20 above the next, and 30 below it. Entries of the gradient each by itself.
        for top in [20.0, -30.0] {
            let z: Vec<f64> = (0..10).map(|c| if c == 3 { top } else { f64::from(c * 7 % 10) * -0.5 }).collect();
            let others: f64 = z.iter().enumerate().filter(|(c, _)| *c != 3).map(|(_, z)| z.exp()).sum();
            let all = others + top.exp();
            let (value, g, h) = of_row(dtype, &z, 3);
            assert!(is_close(value, (others / top.exp()).ln_1p()), "{value:e}");
            let rest = others / all; // 1 − p of the label
            for i in 0..10 {
                let exact = if i == 3 { -rest } else { z[i].exp() / all };
                assert!((g[i] - exact).abs() <= 4.0 * bound * exact.abs(), "{i}: {} {exact}", g[i]);
                for j in 0..10 {
                    let (p, r) = (z[i].exp() / all, z[j].exp() / all);
                    let own = if i == 3 { rest } else { 1.0 - p };
                    let exact = if i == j { p * own } else { -p * r };
                    // −pᵢ pⱼ of two that are small is the difference of two that are not.
                    let scale = (h[11 * i] * h[11 * j]).sqrt();
                    let got = h[10 * i + j];
                    assert!((got - exact).abs() <= 8.0 * bound * scale, "{i}, {j}: {got:e} {exact:e}");
                }
                let row: f64 = h[10 * i..10 * i + 10].iter().sum();
                assert!(row.abs() <= 10.0 * bound * h[11 * i].abs(), "row {i} sums to {row:e}");
            }
            assert!(g.iter().sum::<f64>().abs() <= 10.0 * bound * rest);
        }
    }
}

/// −∞ takes a class out: as if it were not there, to the bit.
#[test]
fn a_masked_class_has_no_part_in_anything() {
    for dtype in [DType::F32, DType::F64] {
        let (without, g, h) = of_row(dtype, &[0.5, -1.0], 1);
        let (value, g_masked, h_masked) = of_row(dtype, &[0.5, f64::NEG_INFINITY, -1.0], 2);
        assert_eq!((value, g_masked), (without, vec![g[0], 0.0, g[1]]));
        assert_eq!(h_masked, [h[0], 0.0, h[1], 0.0, 0.0, 0.0, h[2], 0.0, h[3]]);

        // All but the label: certain. All but another: an infinite loss that still says which way is down.
        let alone = [f64::NEG_INFINITY, 3.0, f64::NEG_INFINITY];
        assert_eq!(of_row(dtype, &alone, 1), (0.0, vec![0.0; 3], vec![0.0; 9]));
        assert_eq!(of_row(dtype, &alone, 0), (f64::INFINITY, vec![-1.0, 1.0, 0.0], vec![0.0; 9]));

        // Everything: no class is left to be right.
        let nothing = Tensor::from_fn(dtype, [2, 3], |i| if i < 3 { f64::NEG_INFINITY } else { 1.0 });
        let sums = |f: fn(Var) -> Var| move |z: Var| (f(z) * iota(z.dtype(), z.shape(), -1)).sum();
        let (p, log_p, d, d_log, h, h_log) = compile(|z: Var| {
            let (p, log_p) = (sums(softmax), sums(log_softmax));
            let v = z.full_like(1.0).cumsum(-1);
            (softmax(z), log_softmax(z), grad(p, &z), grad(log_p, &z), hvp(p, &z, &v), hvp(log_p, &z, &v))
        })
        .call(nothing)
        .unwrap();
        assert_eq!(p.to_f64_vec()[..3], [0.0; 3]);
        assert_eq!(log_p.to_f64_vec()[..3], [f64::NEG_INFINITY; 3]);
        assert_eq!((&d.to_f64_vec()[..3], &h.to_f64_vec()[..3]), (&[0.0; 3][..], &[0.0; 3][..]));
        assert_eq!((&d_log.to_f64_vec()[..3], &h_log.to_f64_vec()[..3]), (&[0.0; 3][..], &[0.0; 3][..]));
        // The row beside it is as it is alone.
        let (third, epsilon) = (1.0 / 3.0, if dtype == DType::F32 { 2e-7 } else { 4e-16 });
        assert!(p.to_f64_vec()[3..].iter().all(|p| (p - third).abs() < epsilon));
        assert!(d.to_f64_vec()[3..].iter().all(|d| d.is_finite()) && d.to_f64_vec()[3] < 0.0);
    }
}

//! What rounding, parallel directions or an empty list hide must not pass: `Unchecked`, or named in what `Passed` says.

use quadric_gradcheck::{
    Checker, Place, Reason, Verdict, adjoint, gradient, hessian_symmetry, hvp, hvp_from_value, taylor, third_symmetry,
};

fn is_unresolved_at(verdict: &Verdict, entry: usize) -> bool {
    let places: Vec<Place> = match verdict.reason() {
        Some(Reason::Unresolved(entries)) => entries.iter().map(|entry| entry.place).collect(),
        _ => panic!("not unresolved: {verdict}"),
    };
    places == [Place::Entry(entry)]
}

#[test]
fn a_zero_is_not_believed_where_noise_hides_the_truth() {
    let zero = |_: &[f64]| vec![0.0];
    let zero_32 = |_: &[f32]| vec![0.0];
    let hidden = [
        gradient(|x: &[f64]| 1e16 + x[0], zero, &[0.5]),
        gradient(|x: &[f64]| 1e12 + 1e-3 * x[0], zero, &[0.5]),
        gradient(|x: &[f32]| 1e4 + 0.01 * x[0].sin(), zero_32, &[0.5]),
        hvp(|x: &[f64]| vec![1e6 + 1e-9 * x[0]], |_, _| vec![0.0], &[1.0], &[1.0]),
        hvp_from_value(|x: &[f32]| 100.0 + 0.01 * x[0] * x[0], |_, _| vec![0.0], &[0.5], &[1.0]),
        taylor(|x: &[f64]| 1e16 + x[0], zero, &[0.5], &[1.0]).verdict(),
        taylor(|x: &[f64]| 1e10 + 1e-4 * x[0], zero, &[0.5], &[1.0]).verdict(),
    ];
    for verdict in hidden {
        assert!(verdict.is_unchecked(), "{verdict}");
    }
    let strict = Checker::new().strict(true);
    let f = |x: &[f32]| 100.0 * x[0] * x[0] + 1e-3 * x[1];
    assert!(!strict.gradient(f, |x| vec![200.0 * x[0], 0.0], &[1.0, 1.0]).is_passed());
}

#[test]
fn a_zero_is_believed_where_the_function_stands_still_or_varies_enough() {
    let constants: [fn(&[f64]) -> f64; 4] = [
        |_| 1e12,
        |x| x[0].sin().powi(2) + x[0].cos().powi(2),
        |x| 1.0 + (x[0] - 3.0).max(0.0),
        |x| (x[0] - 0.5).powi(2) + 1e3,
    ];
    for f in constants {
        let passed = gradient(f, |_| vec![0.0], &[0.5]).unwrap();
        let below = passed.zero_below.expect("a bound");
        assert!(below < 1e-12 * f(&[0.5]).abs());
        assert!(Verdict::Passed(passed).to_string().contains("entries claimed 0 are known to be below"));
    }
}

#[test]
fn a_small_entry_lost_beside_large_ones_is_refused_and_named() {
    let f = |x: &[f32]| 100.0 * x[0] * x[0] + 1e-3 * x[1];
    assert!(is_unresolved_at(&gradient(f, |x| vec![200.0 * x[0], -1e-3], &[1.0, 1.0]), 1));
    let f = |x: &[f64]| 1e8 + x[0] + 1e-8 * x[1];
    let wrong = |_: &[f64]| vec![1.0, -1e-8];
    assert!(is_unresolved_at(&gradient(f, wrong, &[1.0, 1.0]), 1));
    let kink = |x: &[f32]| 1e4 * x[1] * x[1] + x[0].abs();
    assert!(gradient(kink, |x| vec![0.3, 2e4 * x[1]], &[0.0, 1.0]).is_unchecked());

    let passed = Checker::new().allow_unresolved(true).gradient(f, wrong, &[1.0, 1.0]).unwrap();
    assert_eq!(passed.unresolved[0].place, Place::Entry(1));
    let message = Verdict::Passed(passed).to_string();
    assert!(message.contains("entry 1 could not be resolved: claimed -1e-8, and a mistake of up to"), "{message}");
}

#[test]
fn strictness_reaches_long_gradients() {
    let x = vec![1.0f32; 1000];
    let f = |x: &[f32]| x.iter().map(|x| x.sin()).sum::<f32>();
    let grad = |x: &[f32]| x.iter().map(|x| x.cos()).collect::<Vec<_>>();
    let passed = gradient(f, grad, &x).unwrap();
    assert!(!passed.unresolved.is_empty());
    assert!(Checker::new().strict(true).gradient(f, grad, &x).is_unchecked());
}

#[test]
fn a_pass_without_a_comparison_is_none() {
    let checker = Checker::new().directions(0);
    let verdict = checker.gradient(|x: &[f64]| 1e17 + x.iter().sum::<f64>(), |_| vec![-33.0; 1000], &[1.0; 1000]);
    assert_eq!(verdict.reason(), Some(&Reason::NothingCompared), "{verdict}");
    let verdict = checker.hvp_from_value(|x: &[f64]| x[0] * x[0], |_, v| v.to_vec(), &[1.0; 1000], &[1.0; 1000]);
    assert_eq!(verdict.reason(), Some(&Reason::NothingCompared), "{verdict}");
    // 0 = 0 along axes that miss the matrix.
    let diagonal = |_: &[f64], v: &[f64]| v.to_vec();
    let verdict = checker.hessian_symmetry(diagonal, &[1.0; 3], &[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0]);
    assert_eq!(verdict.reason(), Some(&Reason::NothingCompared), "{verdict}");
}

#[test]
fn parallel_directions_see_no_asymmetry() {
    let lopsided = |_: &[f64], v: &[f64]| vec![v[0] + 5.0 * v[1], v[1]];
    let u = [1.0, 0.5];
    for v in [[1.0, 0.5], [2.0, 1.0], [-1.0, -0.5], [1e-160, 0.5e-160]] {
        let verdict = hessian_symmetry(lopsided, &[1.0, 1.0], &u, &v);
        assert_eq!(verdict.reason(), Some(&Reason::ParallelDirections), "{verdict}");
    }
    let third = |_: &[f64], u: &[f64], v: &[f64]| vec![u[0] * v[1], 7.0 * u[0] * v[0]];
    let verdict = third_symmetry(third, &[1.0, 1.0], &u, &u, &u);
    assert_eq!(verdict.reason(), Some(&Reason::ParallelDirections), "{verdict}");
}

#[test]
fn axes_that_miss_the_wrong_entry_are_joined_by_dense_directions() {
    let lopsided = |_: &[f64], v: &[f64]| vec![v[0] + 5.0 * v[1], v[1], v[2]];
    let verdict = hessian_symmetry(lopsided, &[1.0; 3], &[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0]);
    assert_eq!(verdict.failure().and_then(|failure| failure.worst()).map(|worst| worst.place), Some(Place::Pair(0, 1)));
    let right = |_: &[f64], w: &[f64]| vec![w[0], 5.0 * w[0] + w[1], w[2]];
    adjoint(lopsided, right, &[1.0; 3], &[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0]).unwrap();
    assert!(adjoint(lopsided, lopsided, &[1.0; 3], &[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0]).is_failed());
}

#[test]
fn products_that_underflow_are_no_comparison() {
    let lopsided = |_: &[f64], v: &[f64]| vec![2.0 * v[0] + v[1], 2.2 * v[1]];
    let (u, v) = ([1e-160, 0.5e-160], [0.2e-160, 1e-160]);
    assert!(hessian_symmetry(lopsided, &[1.0, 2.0], &u, &v).is_failed());
    let symmetric = |_: &[f64], v: &[f64]| vec![2.0 * v[0] + v[1], v[0] + 3.0 * v[1]];
    assert!(hessian_symmetry(symmetric, &[1.0, 2.0], &u, &v).is_unchecked());
}

#[test]
fn narrow_features_are_seen() {
    let grad = |x: &[f64]| vec![x[0].cos()];
    for width in [1e-2, 2e-3, 1e-3, 1e-4, 2e-5] {
        let f = |x: &[f64]| x[0].sin() + x[0] * (-(x[0] / width).powi(2)).exp();
        assert!(gradient(f, grad, &[0.0]).is_failed(), "{width}");
        gradient(f, |_| vec![2.0], &[0.0]).unwrap();
    }
}

#[test]
fn rounding_that_leans_to_one_side_is_no_kink() {
    for n in [1000, 10_000, 30_000] {
        let f = |x: &[f32]| x.iter().map(|x| x.sin()).sum::<f32>();
        let grad = |x: &[f32]| x.iter().map(|x| x.cos()).collect::<Vec<_>>();
        let verdict = gradient(f, grad, &vec![1.0; n]);
        assert!(!verdict.is_failed() && !matches!(verdict.reason(), Some(Reason::Kink { .. })), "{verdict}");
    }
}

#[test]
fn a_function_that_is_not_linear_near_the_point_has_no_gradient() {
    let f = |x: &[f64]| {
        let r = x[0] * x[0] + x[1] * x[1];
        if r == 0.0 { 0.0 } else { x[0].powi(3) / r }
    };
    let verdict = gradient(f, |_| vec![1.0, 0.0], &[0.0, 0.0]);
    assert!(matches!(verdict.reason(), Some(Reason::NotLinear { .. })), "{verdict}");
}

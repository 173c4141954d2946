//! Right but badly scaled must pass: the tolerance comes from the error estimate, not from a constant.

use quadric_gradcheck::{Checker, gradient, hvp, hvp_from_value, jvp, taylor, taylor_with_hvp};

#[test]
fn a_steep_quartic_near_its_minimum() {
    let f = |x: &[f64]| 1e8 * x[0].powi(4);
    let grad = |x: &[f64]| vec![4e8 * x[0].powi(3)];
    let hess = |x: &[f64], v: &[f64]| vec![12e8 * x[0].powi(2) * v[0]];
    for x in [1e-3, -1e-3, 1e-2, 1.0, 30.0] {
        gradient(f, grad, &[x]).unwrap();
        hvp(grad, hess, &[x], &[1.0]).unwrap();
        hvp_from_value(f, hess, &[x], &[1.0]).unwrap();
        taylor_with_hvp(f, grad, hess, &[x], &[1.0]).verdict().unwrap();
        assert!(gradient(f, |x| vec![1.001 * grad(x)[0]], &[x]).is_failed());
    }
}

#[test]
fn tiny_and_huge_functions() {
    for scale in [1e-200, 1e-30, 1e30, 1e200] {
        let f = |x: &[f64]| scale * x[0].exp();
        gradient(f, |x| vec![f(x)], &[0.7]).unwrap();
        assert!(gradient(f, |x| vec![1.0001 * f(x)], &[0.7]).is_failed());
    }
}

#[test]
fn fast_oscillation_and_distant_points() {
    for omega in [1.0, 62.831853, 1e3, 1e5] {
        let f = |x: &[f64]| (omega * x[0]).sin();
        gradient(f, |x| vec![omega * (omega * x[0]).cos()], &[0.3]).unwrap();
        assert!(gradient(f, |x| vec![-omega * (omega * x[0]).cos()], &[0.3]).is_failed());
        assert!(gradient(f, |_| vec![0.0], &[0.0]).is_failed());
    }
    let f = |x: &[f64]| x[0].sin();
    gradient(f, |x| vec![x[0].cos()], &[1e4]).unwrap();
    gradient(|x: &[f64]| x[0] * x[0], |x| vec![2.0 * x[0]], &[1e9]).unwrap();
}

#[test]
fn coordinates_of_very_different_size() {
    let f = |x: &[f64]| x[0].ln() + x[1] * x[1] + (x[2] / 1e6).sin();
    let grad = |x: &[f64]| vec![1.0 / x[0], 2.0 * x[1], (x[2] / 1e6).cos() / 1e6];
    gradient(f, grad, &[1e-4, 3.0, 2e6]).unwrap();
}

#[test]
fn a_sum_of_a_million_terms() {
    let n = 1_000_000;
    let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.1).sin()).collect();
    let f = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let grad = |x: &[f64]| x.iter().map(|x| 2.0 * x).collect::<Vec<_>>();
    gradient(f, grad, &x).unwrap();
    assert!(gradient(f, |x| x.iter().map(|x| 2.001 * x).collect(), &x).is_failed());
}

#[test]
fn f32_throughout() {
    let f = |x: &[f32]| x.iter().map(|x| (x * x).sin() * x.exp()).sum::<f32>();
    let grad = |x: &[f32]| x.iter().map(|x| (2.0 * x * (x * x).cos() + (x * x).sin()) * x.exp()).collect::<Vec<_>>();
    let x = [0.3f32, -1.2, 0.9, 2.0];
    gradient(f, grad, &x).unwrap();
    taylor(f, grad, &x, &[1.0, -0.5, 0.5, 0.3]).verdict().unwrap();
    let wrong = |x: &[f32]| grad(x).iter().enumerate().map(|(i, g)| if i == 2 { 1.02 * g } else { *g }).collect();
    let verdict = gradient(f, wrong, &x);
    assert!(verdict.to_string().contains("entry 2"), "{verdict}");

    let sum = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
    let long: Vec<f32> = (0..10_000).map(|i| (i as f32 * 0.1).sin()).collect();
    gradient(sum, |x| x.iter().map(|x| 2.0 * x).collect(), &long).unwrap();

    let hess = |x: &[f32], v: &[f32]| x.iter().zip(v).map(|(x, v)| 6.0 * x * v).collect::<Vec<_>>();
    let cube = |x: &[f32]| x.iter().map(|x| x * x * x).sum::<f32>();
    hvp_from_value(cube, hess, &x, &[1.0, -0.5, 0.5, 0.3]).unwrap();
}

#[test]
fn stationary_points_and_constants() {
    gradient(|_: &[f64]| 3.0, |_| vec![0.0, 0.0], &[1.0, 2.0]).unwrap();
    gradient(|_: &[f64]| 0.0, |_| vec![0.0], &[1.0]).unwrap();
    gradient(|x: &[f64]| x[0] * x[0], |x| vec![2.0 * x[0]], &[0.0]).unwrap();
    gradient(|x: &[f64]| x[0].powi(4), |x| vec![4.0 * x[0].powi(3)], &[0.0]).unwrap();
    gradient(|x: &[f64]| x[0].cos(), |x| vec![-x[0].sin()], &[std::f64::consts::PI]).unwrap();
    let rosenbrock = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
    let grad = |x: &[f64]| {
        let r = x[1] - x[0] * x[0];
        vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * r, 200.0 * r]
    };
    gradient(rosenbrock, grad, &[1.0, 1.0]).unwrap();
    jvp(|x: &[f64]| vec![x[0], 7.0], |_, v| vec![v[0], 0.0], &[2.0], &[1.0]).unwrap();
}

#[test]
fn a_lost_entry_is_refused_unless_it_is_allowed() {
    let f = |x: &[f64]| 1e14 * x[0] + 1e-6 * x[1];
    let grad = |_: &[f64]| vec![1e14, 1e-6];
    assert!(gradient(f, grad, &[1.0, 1.0]).is_unchecked());
    let passed = Checker::new().allow_unresolved(true).gradient(f, grad, &[1.0, 1.0]).unwrap();
    assert_eq!(passed.unresolved.len(), 1);
    assert!(Checker::new().strict(true).gradient(f, grad, &[1.0, 1.0]).is_unchecked());
    assert!(Checker::new().allow_unresolved(true).strict(true).gradient(f, grad, &[1.0, 1.0]).is_unchecked());
}

#[test]
fn a_wrong_slope_is_told_from_a_bad_scale() {
    // Slopes 4 at long steps and 2 at short ones: badly scaled, and right.
    let f = |x: &[f64]| 1e8 * x[0].powi(4);
    let report = taylor(f, |x| vec![4e8 * x[0].powi(3)], &[1e-3], &[1.0]);
    assert!(report.verdict().is_passed(), "{report}");
    let report = taylor(f, |x| vec![5e8 * x[0].powi(3)], &[1e-3], &[1.0]);
    assert!(report.verdict().is_failed(), "{report}");
}

#[test]
fn periods_shorter_than_the_first_step_are_not_mistaken_for_slow_functions() {
    // Frequencies at which steps halved from 11/128 meet whole periods, and others that fill the gaps.
    for k in 0..200 {
        let omega = 2e3 * (1.0 + 0.37 * f64::from(k));
        let f = |x: &[f64]| (omega * x[0]).sin();
        for x in [0.0, 0.3, -1.7] {
            gradient(f, |x| vec![omega * (omega * x[0]).cos()], &[x]).unwrap();
            assert!(!gradient(f, |x| vec![0.9 * omega * (omega * x[0]).cos()], &[x]).is_passed());
        }
        // In f32 few digits are left of such an angle: that may be too little to tell, but it is no mistake.
        let omega = omega as f32;
        let f = |x: &[f32]| f64::from(omega * x[0]).sin() as f32;
        let grad = |x: &[f32]| vec![omega * f64::from(omega * x[0]).cos() as f32];
        let verdict = gradient(f, grad, &[1.7]);
        assert!(!verdict.is_failed(), "{verdict}");
    }
}

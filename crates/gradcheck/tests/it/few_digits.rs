//! Functions computed with fewer digits than their type has: right derivatives must not fail on the flat of a stair.

use quadric_gradcheck::{Cause, Checker, Finding, Reason, gradient, jvp, taylor, taylor_coefficients};

const X: [f64; 3] = [0.3, 1.7, -0.8];
const V: [f64; 3] = [1.0, 0.6, -0.7];

/// An `f32` engine behind an `f64` interface.
fn narrow(x: &[f64]) -> f64 {
    let y: Vec<f32> = x.iter().map(|x| *x as f32).collect();
    f64::from(y[0] * y[1].sin() + y[2] * y[2] * y[0].exp())
}

fn grad(x: &[f64]) -> Vec<f64> {
    vec![x[1].sin() + x[2] * x[2] * x[0].exp(), x[0] * x[1].cos(), 2.0 * x[2] * x[0].exp()]
}

#[test]
fn f32_inside_f64_passes_and_a_wrong_derivative_of_it_fails() {
    gradient(narrow, grad, &X).unwrap();
    let push = |x: &[f64], v: &[f64]| vec![grad(x).iter().zip(v).map(|(g, v)| g * v).sum()];
    jvp(|x: &[f64]| vec![narrow(x)], push, &X, &V).unwrap();
    assert!(!taylor(narrow, grad, &X, &V).verdict().is_failed());
    let wrong = |x: &[f64]| grad(x).iter().map(|g| 1.01 * g).collect::<Vec<_>>();
    assert!(gradient(narrow, wrong, &X).is_failed());

    let checker = Checker::new().precision(6e-8);
    checker.gradient(narrow, grad, &X).unwrap();
    checker.taylor(narrow, grad, &X, &V).verdict().unwrap();
    assert!(checker.gradient(narrow, wrong, &X).is_failed());
}

#[test]
fn sums_that_keep_few_digits_pass() {
    let softplus = |x: &[f64]| (1.0 + (-x[0]).exp()).ln();
    gradient(softplus, |x| vec![-1.0 / (1.0 + x[0].exp())], &[25.0]).unwrap();
    gradient(|x: &[f64]| x[0].tanh().ln(), |x| vec![2.0 / (2.0 * x[0]).sinh()], &[15.0]).unwrap();
}

#[test]
fn an_iteration_that_stops_early_passes() {
    let root = |x: &[f64]| {
        let (mut a, mut b) = (0.0, 2.0);
        while b - a > 1e-8 {
            let middle = 0.5 * (a + b);
            if middle * middle < x[0] { a = middle } else { b = middle }
        }
        0.5 * (a + b)
    };
    gradient(root, |x| vec![0.5 / x[0].sqrt()], &[0.7]).unwrap();
    assert!(gradient(root, |x| vec![0.51 / x[0].sqrt()], &[0.7]).is_failed());
}

#[test]
fn a_zero_on_a_stair_is_neither_right_nor_wrong() {
    let verdict = gradient(|x: &[f64]| f64::from((x[0] as f32).sin()), |_| vec![0.0], &[0.3]);
    assert!(matches!(verdict.reason(), Some(Reason::Staircase { .. })), "{verdict}");
}

#[test]
fn a_dead_zone_is_no_stair() {
    let shrink = |x: &[f64]| x[0].signum() * (x[0].abs() - 1e-3).max(0.0);
    for x in [0.0, 3e-4, 0.5] {
        let slope = if x > 1e-3 { 1.0 } else { 0.0 };
        gradient(shrink, |_| vec![slope], &[x]).unwrap();
        assert!(!gradient(shrink, |_| vec![1.0 - slope], &[x]).is_passed());
    }
}

#[test]
fn taylor_accuses_nobody_when_the_function_is_faster_than_its_steps() {
    for omega in [1e9, 1e10, 1e11, 1e12] {
        for x in [0.3, -1.7, 2.2] {
            let f = |x: &[f64]| (omega * x[0]).sin();
            let report = taylor(f, |x| vec![omega * (omega * x[0]).cos()], &[x], &[1.0]);
            assert!(!report.verdict().is_failed(), "{report}");
        }
    }
    // An accusation needs every lower order to be clear.
    let report = taylor_coefficients(|x: &[f64]| x[0].abs().powf(0.4), &[1.0, 1.0], &[0.0], &[1.0]);
    assert!(report.orders.iter().all(|order| !matches!(order.finding, Finding::Wrong { .. })), "{report}");
}

#[test]
fn taylor_says_how_small_a_mistake_would_have_shown() {
    let f = |x: &[f64]| x[0].exp();
    let report = taylor(f, |x| vec![x[0].exp()], &[0.3], &[1.0]);
    let passed = report.verdict().unwrap();
    assert!(passed.resolution > 1e-9 && passed.resolution < 1e-5, "{passed:?}");
    let spoiled = |part: f64| taylor(f, move |x| vec![x[0].exp() * (1.0 + part)], &[0.3], &[1.0]).verdict();
    assert_eq!(spoiled(30.0 * passed.resolution).failure().and_then(|f| f.cause.clone()), Some(Cause::Order(1)));
    assert!(spoiled(0.03 * passed.resolution).is_passed());
}

#[test]
fn a_flat_that_could_hide_the_claimed_slope_fails_nobody() {
    // So few digits are left that not even the long steps agree.
    let f = |x: &[f32]| (x[0].tanh() * (x[0] / x[0])).ln();
    for x in [5.27, 6.5, 7.67, 8.1] {
        let verdict = gradient(f, |x| vec![2.0 / (2.0 * x[0]).sinh()], &[x]);
        assert!(!verdict.is_failed(), "{verdict}");
    }
    // But a slope that would have shown on the flat is wrong.
    assert!(gradient(|x: &[f64]| 1.0 + x[0].powi(9), |_| vec![0.5], &[0.0]).is_failed());
}

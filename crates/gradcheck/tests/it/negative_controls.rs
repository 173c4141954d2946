//! Every classic mistake must be `Failed`, at the right entry, with the right word about its cause.

use quadric_gradcheck::{
    Cause, Checker, Place, Verdict, adjoint, control, gradient, hessian_symmetry, hvp, hvp_from_value, jvp, taylor,
    taylor_with_hvp, third, third_symmetry, vjp,
};

const X: [f64; 4] = [0.7, -1.3, 2.1, 0.4];
const V: [f64; 4] = [1.0, -0.6, 0.8, 0.5];
const U: [f64; 4] = [-0.5, 0.9, 0.7, 1.0];

/// Coupled, curved, and with no entry of any derivative equal to another: Σ xᵢ² xᵢ₊₁ + exp(x₀ x₃).
fn f(x: &[f64]) -> f64 {
    (0..3).map(|i| x[i] * x[i] * x[i + 1]).sum::<f64>() + (x[0] * x[3]).exp()
}

fn grad(x: &[f64]) -> Vec<f64> {
    let mut g = vec![0.0; 4];
    for i in 0..3 {
        g[i] += 2.0 * x[i] * x[i + 1];
        g[i + 1] += x[i] * x[i];
    }
    let e = (x[0] * x[3]).exp();
    g[0] += x[3] * e;
    g[3] += x[0] * e;
    g
}

fn hessian_product(x: &[f64], v: &[f64]) -> Vec<f64> {
    let mut h = vec![0.0; 4];
    for i in 0..3 {
        h[i] += 2.0 * (v[i] * x[i + 1] + x[i] * v[i + 1]);
        h[i + 1] += 2.0 * x[i] * v[i];
    }
    let e = (x[0] * x[3]).exp();
    let e_dot = (v[0] * x[3] + x[0] * v[3]) * e;
    h[0] += v[3] * e + x[3] * e_dot;
    h[3] += v[0] * e + x[0] * e_dot;
    h
}

fn third_product(x: &[f64], u: &[f64], v: &[f64]) -> Vec<f64> {
    let mut t = vec![0.0; 4];
    for i in 0..3 {
        t[i] += 2.0 * (u[i] * v[i + 1] + v[i] * u[i + 1]);
        t[i + 1] += 2.0 * u[i] * v[i];
    }
    let e = (x[0] * x[3]).exp();
    // s = x₀x₃: ds[u] and d²s[u, v].
    let (s_u, s_v) = (u[0] * x[3] + x[0] * u[3], v[0] * x[3] + x[0] * v[3]);
    let s_uv = u[0] * v[3] + u[3] * v[0];
    t[0] += e * (s_u * s_v * x[3] + s_uv * x[3] + s_u * v[3] + s_v * u[3]);
    t[3] += e * (s_u * s_v * x[0] + s_uv * x[0] + s_u * v[0] + s_v * u[0]);
    t
}

fn cause(verdict: &Verdict) -> Option<Cause> {
    let failure = verdict.failure().unwrap_or_else(|| panic!("not failed: {verdict}"));
    failure.cause.clone()
}

fn worst_place(verdict: &Verdict) -> Place {
    let failure = verdict.failure().unwrap_or_else(|| panic!("not failed: {verdict}"));
    failure.worst().expect("a mismatch").place
}

#[test]
fn the_right_derivatives_pass() {
    let passed = gradient(f, grad, &X).unwrap();
    assert!(passed.resolution < 1e-6 && passed.unresolved.is_empty(), "{passed:?}");
    hvp(grad, hessian_product, &X, &V).unwrap();
    hvp_from_value(f, hessian_product, &X, &V).unwrap();
    hessian_symmetry(hessian_product, &X, &U, &V).unwrap();
    third(hessian_product, third_product, &X, &U, &V).unwrap();
    third_symmetry(third_product, &X, &U, &V, &[0.3, 0.3, -1.0, 0.8]).unwrap();
    taylor(f, grad, &X, &V).verdict().unwrap();
    taylor_with_hvp(f, grad, hessian_product, &X, &V).verdict().unwrap();
}

#[test]
fn planted_mistakes_are_caught_in_every_check() {
    control::negative(4, |p| gradient(f, |x| p.plant(grad(x)), &X)).unwrap();
    control::negative(4, |p| jvp(grad, |x, v| p.plant(hessian_product(x, v)), &X, &V)).unwrap();
    control::negative(4, |p| hvp(grad, |x, v| p.plant(hessian_product(x, v)), &X, &V)).unwrap();
    control::negative(4, |p| hvp_from_value(f, |x, v| p.plant(hessian_product(x, v)), &X, &V)).unwrap();
    control::negative(4, |p| adjoint(hessian_product, |x, v| p.plant(hessian_product(x, v)), &X, &V, &U)).unwrap();
    control::negative(4, |p| third(hessian_product, |x, u, v| p.plant(third_product(x, u, v)), &X, &U, &V)).unwrap();
    control::negative(4, |p| taylor(f, |x| p.plant(grad(x)), &X, &V).verdict()).unwrap();
    let second =
        |p: &control::Planter| taylor_with_hvp(f, grad, |x, v| p.plant(hessian_product(x, v)), &X, &V).verdict();
    control::negative(4, second).unwrap();
}

#[test]
fn whole_vector_mistakes_name_their_cause() {
    let scaled = |factor: f64| move |x: &[f64]| grad(x).iter().map(|g| factor * g).collect::<Vec<_>>();
    assert_eq!(cause(&gradient(f, scaled(-1.0), &X)), Some(Cause::Sign));
    assert_eq!(cause(&gradient(f, scaled(2.0), &X)), Some(Cause::Doubled));
    assert_eq!(cause(&gradient(f, scaled(0.5), &X)), Some(Cause::Halved));
    assert_eq!(cause(&gradient(f, scaled(0.0), &X)), Some(Cause::Zero));
    let Some(Cause::Factor(factor)) = cause(&gradient(f, scaled(0.25), &X)) else { panic!() };
    assert!((factor - 0.25).abs() < 1e-6);
    let reversed = |x: &[f64]| grad(x).into_iter().rev().collect();
    assert_eq!(cause(&gradient(f, reversed, &X)), Some(Cause::Permuted));
    let nan = |x: &[f64]| grad(x).iter().map(|g| g / 0.0 * 0.0).collect();
    assert_eq!(cause(&gradient(f, nan, &X)), Some(Cause::NotFinite));
}

#[test]
fn one_wrong_entry_is_named() {
    for wrong in 0..4 {
        let claimed = |x: &[f64]| {
            let mut g = grad(x);
            g[wrong] *= -1.0;
            g
        };
        let verdict = gradient(f, claimed, &X);
        assert_eq!(worst_place(&verdict), Place::Entry(wrong));
        assert_eq!(verdict.failure().unwrap().mismatches.len(), 1);
        let Some(Cause::Local { wrong: 1, of: 4, factor: Some(factor) }) = cause(&verdict) else { panic!("{verdict}") };
        assert!((factor + 1.0).abs() < 1e-6);
        assert!(verdict.to_string().contains("its sign"), "{verdict}");
    }
}

#[test]
fn one_wrong_entry_of_a_long_gradient_is_found_by_bisection() {
    let n = 5000;
    let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.37).sin()).collect();
    let f = |x: &[f64]| x.iter().map(|x| x * x * x + x).sum::<f64>();
    let right = |x: &[f64]| x.iter().map(|x| 3.0 * x * x + 1.0).collect::<Vec<_>>();
    assert!(gradient(f, right, &x).is_passed());
    let wrong = |x: &[f64]| {
        let mut g = right(x);
        g[3217] *= 1.01;
        g
    };
    let verdict = gradient(f, wrong, &x);
    assert_eq!(worst_place(&verdict), Place::Entry(3217), "{verdict}");
}

#[test]
fn a_dropped_term_is_caught_and_recognised_where_it_can_be() {
    // The product rule's second half is forgotten.
    let dropped = |x: &[f64]| {
        let mut g = vec![0.0; 4];
        for i in 0..3 {
            g[i] += 2.0 * x[i] * x[i + 1];
        }
        let e = (x[0] * x[3]).exp();
        g[0] += x[3] * e;
        g[3] += x[0] * e;
        g
    };
    let verdict = gradient(f, dropped, &X);
    assert_eq!(verdict.failure().unwrap().mismatches.len(), 3, "{verdict}");

    // A ridge ½ λ |x|², present in the gradient and forgotten in the Hessian-vector product.
    let ridged = |x: &[f64]| grad(x).iter().zip(x).map(|(g, x)| g + 0.3 * x).collect::<Vec<_>>();
    let Some(Cause::MissingTerm { factor, term: "v" }) = cause(&hvp(ridged, hessian_product, &X, &V)) else { panic!() };
    assert!((factor - 0.3).abs() < 1e-6);
}

#[test]
fn a_transposed_product_is_caught_and_called_so() {
    let a = [[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0], [0.7, 0.0, 1.5]];
    let map =
        |x: &[f64]| -> Vec<f64> { a.iter().map(|row| row.iter().zip(x).map(|(a, x)| a * x.sin()).sum()).collect() };
    let x = [0.0; 3];
    let forward = |_: &[f64], v: &[f64]| -> Vec<f64> {
        a.iter().map(|row| row.iter().zip(v).map(|(a, v)| a * v).sum()).collect()
    };
    let backward =
        |_: &[f64], w: &[f64]| -> Vec<f64> { (0..3).map(|j| (0..3).map(|i| a[i][j] * w[i]).sum()).collect() };
    let (v, w) = ([1.0, -2.0, 0.5], [0.3, 1.0, -1.0]);
    jvp(map, forward, &x, &v).unwrap();
    adjoint(forward, backward, &x, &v, &w).unwrap();
    assert_eq!(cause(&jvp(map, backward, &x, &v)), Some(Cause::Transposed));
    let verdict = adjoint(forward, forward, &x, &v, &w);
    assert_eq!(cause(&verdict), Some(Cause::Transposed));
    assert!(matches!(worst_place(&verdict), Place::Pair(i, j) if i != j));
}

#[test]
fn an_unsymmetric_hessian_is_caught_at_its_entry() {
    // The mixed term goes into row 0 and is forgotten in row 3.
    let lopsided = |x: &[f64], v: &[f64]| {
        let mut h = hessian_product(x, v);
        h[3] -= v[0] * (x[0] * x[3]).exp();
        h
    };
    let verdict = hessian_symmetry(lopsided, &X, &U, &V);
    assert_eq!(worst_place(&verdict), Place::Pair(0, 3));
    assert_eq!(worst_place(&hvp(grad, lopsided, &X, &V)), Place::Entry(3));
    assert_eq!(worst_place(&hvp_from_value(f, lopsided, &X, &V)), Place::Entry(3));
}

#[test]
fn a_third_derivative_that_is_not_symmetric_is_caught() {
    let lopsided = |x: &[f64], u: &[f64], v: &[f64]| {
        let mut t = third_product(x, u, v);
        t[1] += u[0] * v[1];
        t
    };
    assert!(third_symmetry(lopsided, &X, &U, &V, &[0.3, 0.3, -1.0, 0.8]).is_failed());
    assert_eq!(worst_place(&third(hessian_product, lopsided, &X, &U, &V)), Place::Entry(1));
}

#[test]
fn zero_for_a_function_that_is_not_constant_fails() {
    let zero = |_: &[f64]| vec![0.0; 4];
    let zero_product = |_: &[f64], _: &[f64]| vec![0.0; 4];
    assert_eq!(cause(&gradient(f, zero, &X)), Some(Cause::Zero));
    assert_eq!(cause(&hvp(grad, zero_product, &X, &V)), Some(Cause::Zero));
    assert_eq!(cause(&hvp_from_value(f, zero_product, &X, &V)), Some(Cause::Zero));
    assert_eq!(cause(&third(hessian_product, |_, _, _| vec![0.0; 4], &X, &U, &V)), Some(Cause::Zero));
    assert_eq!(cause(&taylor(f, zero, &X, &V).verdict()), Some(Cause::Order(1)));
}

#[test]
fn a_derivative_of_the_wrong_length_fails() {
    let short = |x: &[f64]| grad(x)[..3].to_vec();
    let verdict = gradient(f, short, &X);
    assert!(verdict.is_failed() && verdict.to_string().contains("3 entries where 4 were expected"), "{verdict}");
    assert!(hvp(grad, |x, v| hessian_product(x, v)[..3].to_vec(), &X, &V).is_failed());
}

#[test]
fn taylor_says_which_order_is_wrong() {
    let doubled = |x: &[f64], v: &[f64]| hessian_product(x, v).iter().map(|h| 2.0 * h).collect::<Vec<_>>();
    let report = taylor_with_hvp(f, grad, doubled, &X, &V);
    assert_eq!(cause(&report.verdict()), Some(Cause::Order(2)), "{report}");
    // Wrong in the gradient: the Hessian cannot be blamed.
    let wrong = |x: &[f64]| grad(x).iter().map(|g| 1.1 * g).collect::<Vec<_>>();
    let report = taylor_with_hvp(f, wrong, hessian_product, &X, &V);
    assert_eq!(cause(&report.verdict()), Some(Cause::Order(1)), "{report}");
}

#[test]
fn a_seed_changes_the_directions_and_not_the_verdict() {
    for seed in 0..5 {
        let checker = Checker::new().seed(seed).directions(3);
        checker.gradient(f, grad, &X).unwrap();
        assert!(checker.gradient(f, |x| grad(x).iter().map(|g| 1.001 * g).collect(), &X).is_failed());
    }
}

#[test]
fn a_vjp_is_checked_against_the_values() {
    let f = |x: &[f64]| vec![x[0] * x[1], x[1].sin(), x[0].exp()];
    let pull = |x: &[f64], w: &[f64]| vec![x[1] * w[0] + x[0].exp() * w[2], x[0] * w[0] + x[1].cos() * w[1]];
    let (x, w) = ([2.0, 0.5], [1.0, -1.0, 0.3]);
    vjp(f, pull, &x, &w).unwrap();
    control::negative(2, |p| vjp(f, |x, w| p.plant(pull(x, w)), &x, &w)).unwrap();
    assert!(vjp(f, pull, &x, &w[..2]).is_unchecked());
    assert!(vjp(f, |_, _| vec![f64::NAN; 2], &x, &w).is_failed());
}

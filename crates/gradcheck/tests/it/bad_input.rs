//! NaN, infinity, wrong lengths and odd settings are told as what they are, in every check.

use quadric_gradcheck::{
    Cause, Checker, Polynomial, Reason, Verdict, adjoint, gradient, hessian_symmetry, hvp, hvp_from_value, jvp, taylor,
    taylor_coefficients, taylor_with_hvp, third, third_symmetry,
};

const WILD: [f64; 3] = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
const ONE: [f64; 2] = [1.0, 1.0];
const V: [f64; 2] = [1.0, 0.5];

fn f(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn grad(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| 2.0 * x).collect()
}

/// Indexes its direction, so that a short one would panic.
fn hess(_: &[f64], v: &[f64]) -> Vec<f64> {
    vec![2.0 * v[0], 2.0 * v[1]]
}

fn is_not_finite(verdict: Verdict) -> bool {
    let failure = verdict.failure().unwrap_or_else(|| panic!("not failed: {verdict}"));
    failure.cause == Some(Cause::NotFinite)
}

fn is_shape(verdict: Verdict, what: &str) -> bool {
    match verdict.reason() {
        Some(Reason::Shape { what: named, .. }) => *named == what,
        _ => panic!("not about a shape: {verdict}"),
    }
}

#[test]
fn a_claim_that_is_not_finite_fails_in_every_check() {
    for wild in WILD {
        let (one, all) = (|_: &[f64], _: &[f64]| vec![wild, 2.0], |_: &[f64], _: &[f64]| vec![wild; 2]);
        assert!(is_not_finite(gradient(f, |x| one(x, x), &ONE)));
        assert!(is_not_finite(gradient(f, |x| all(x, x), &ONE)));
        assert!(is_not_finite(gradient(|x: &[f64]| x[0] * x[0], |_| vec![wild], &[1.0])));
        for claim in [&one as &dyn Fn(&[f64], &[f64]) -> Vec<f64>, &all] {
            assert!(is_not_finite(jvp(grad, claim, &ONE, &V)));
            assert!(is_not_finite(hvp(grad, claim, &ONE, &V)));
            assert!(is_not_finite(hvp_from_value(f, claim, &ONE, &V)));
            assert!(is_not_finite(adjoint(claim, hess, &ONE, &ONE, &V)));
            assert!(is_not_finite(adjoint(hess, claim, &ONE, &ONE, &V)));
            assert!(is_not_finite(hessian_symmetry(claim, &ONE, &ONE, &V)));
            assert!(is_not_finite(third(hess, |x, u, _| claim(x, u), &ONE, &ONE, &V)));
            assert!(is_not_finite(third_symmetry(|x, u, _| claim(x, u), &ONE, &ONE, &V, &[0.3, 1.0])));
            assert!(is_not_finite(taylor(f, |x| claim(x, x), &ONE, &V).verdict()));
            assert!(is_not_finite(taylor_with_hvp(f, grad, claim, &ONE, &V).verdict()));
        }
        assert!(is_not_finite(taylor_coefficients(f, &[wild], &ONE, &V).verdict()));
    }
}

#[test]
fn one_wild_entry_of_a_long_vector_is_named() {
    for wild in WILD {
        let spoil = |mut values: Vec<f64>| {
            values[333] = wild;
            values
        };
        let x = vec![1.0; 1000];
        for verdict in [
            gradient(f, |x| spoil(grad(x)), &x),
            hvp(grad, |_, v| spoil(grad(v)), &x, &x),
            hvp_from_value(f, |_, v| spoil(grad(v)), &x, &x),
        ] {
            assert!(verdict.to_string().contains("entry 333"), "{verdict}");
            assert!(is_not_finite(verdict));
        }
    }
}

#[test]
fn an_f32_gradient_that_overflows_fails() {
    let f = |x: &[f32]| x[0].sqrt();
    assert!(is_not_finite(gradient(f, |x| vec![0.5 / (x[0] * x[0] * 1e-30).powi(4)], &[1.0])));
}

#[test]
fn a_taylor_check_counts_the_entries() {
    let f = |x: &[f64]| x[0] * x[0] + x[1] * x[1];
    for wrong in [vec![], vec![2.0], vec![2.0, 0.0, 77.0]] {
        let verdict = taylor(f, |_| wrong.clone(), &[1.0, 0.0], &V).verdict();
        assert!(verdict.to_string().contains("where 2 were expected"), "{verdict}");
        assert!(verdict.is_failed());
        assert!(taylor_with_hvp(f, grad, |_, _| wrong.clone(), &[1.0, 0.0], &V).verdict().is_failed());
    }
    let verdict = taylor(f, |_| vec![2.0], &[1.0, 0.0], &V).verdict();
    assert!(verdict.to_string().contains("the gradient has 1 entry where 2 were expected"), "{verdict}");
}

#[test]
fn directions_of_the_wrong_length_reach_no_closure() {
    let bend = |_: &[f64], u: &[f64], v: &[f64]| vec![u[0] * v[0], u[1] * v[1]];
    for short in [&[1.0][..], &[1.0, 2.0, 3.0]] {
        assert!(is_shape(jvp(grad, hess, &ONE, short), "v"));
        assert!(is_shape(hvp(grad, hess, &ONE, short), "v"));
        assert!(is_shape(hvp_from_value(f, hess, &ONE, short), "v"));
        assert!(is_shape(adjoint(hess, hess, &ONE, short, &V), "v"));
        assert!(is_shape(adjoint(hess, hess, &ONE, &V, short), "w"));
        assert!(is_shape(hessian_symmetry(hess, &ONE, short, &V), "u"));
        assert!(is_shape(hessian_symmetry(hess, &ONE, &V, short), "v"));
        assert!(is_shape(third(hess, bend, &ONE, short, &V), "u"));
        assert!(is_shape(third(hess, bend, &ONE, &V, short), "v"));
        assert!(is_shape(third_symmetry(bend, &ONE, &ONE, &V, short), "w"));
        assert!(is_shape(taylor(f, grad, &ONE, short).verdict(), "v"));
        assert!(is_shape(taylor_with_hvp(f, grad, hess, &ONE, short).verdict(), "v"));
    }
}

#[test]
fn points_and_directions_have_to_be_finite() {
    let expected = |what| Some(Reason::InputNotFinite { what, entry: 1 });
    for wild in WILD {
        assert_eq!(gradient(f, grad, &[1.0, wild]).reason().cloned(), expected("x"));
        assert_eq!(adjoint(hess, hess, &[1.0, wild], &ONE, &V).reason().cloned(), expected("x"));
        assert_eq!(jvp(grad, hess, &ONE, &[1.0, wild]).reason().cloned(), expected("v"));
        assert_eq!(adjoint(hess, hess, &ONE, &V, &[1.0, wild]).reason().cloned(), expected("w"));
        assert_eq!(taylor(f, grad, &ONE, &[1.0, wild]).verdict().reason().cloned(), expected("v"));
    }
}

#[test]
fn a_function_that_changes_its_length_is_told_so() {
    let f = |x: &[f64]| if x[0] > 1.0 { vec![1.0, 2.0] } else { vec![1.0] };
    assert_eq!(jvp(f, |_, _| vec![0.0], &[1.0], &[1.0]).reason(), Some(&Reason::LengthChanges));
}

#[test]
fn hessian_products_along_tiny_and_huge_directions() {
    for size in [1e-300, 1e-160, 1e-20, 1e20, 1e160, 1e300] {
        let v = [size, 0.5 * size];
        hvp_from_value(f, hess, &ONE, &v).unwrap();
        assert!(hvp_from_value(f, |_, v| vec![2.0 * v[0], 2.2 * v[1]], &ONE, &v).is_failed());
    }
}

#[test]
fn settings_without_a_meaning_are_refused() {
    let refused = |setting: fn(Checker, f64) -> Checker, value: f64| {
        std::panic::catch_unwind(|| setting(Checker::new(), value)).is_err()
    };
    for value in [f64::NAN, -1.0, 0.0, f64::INFINITY] {
        for setting in [Checker::tolerance, Checker::safety, Checker::step, Checker::resolution, Checker::precision] {
            assert!(refused(setting, value), "{value}");
        }
    }
}

#[test]
#[should_panic(expected = "a point with 1 coordinates for a polynomial in 2 variables")]
fn a_polynomial_counts_its_variables() {
    Polynomial::new(2, vec![(1.0, vec![1, 1])]).value(&[3.0]);
}

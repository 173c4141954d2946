//! The negative controls have to be fair: no right check is blind, and no blind one passes.

use quadric_gradcheck::control::{self, Mistake, Planter};
use quadric_gradcheck::{Check, Checker, adjoint, gradient, hessian_symmetry, third_symmetry};

const X: [f64; 2] = [1.0, 1.0];
const U: [f64; 2] = [1.0, 0.3];
const V: [f64; 2] = [0.2, 1.0];

fn hess(_: &[f64], v: &[f64]) -> Vec<f64> {
    vec![2.0 * v[0] + v[1], v[0] + 3.0 * v[1]]
}

#[test]
fn symmetry_checks_are_not_asked_for_factors() {
    control::negative(2, |p| hessian_symmetry(|x, v| p.plant(hess(x, v)), &X, &U, &V)).unwrap();
    let diagonal = |_: &[f64], v: &[f64]| vec![2.0 * v[0], 3.0 * v[1]];
    control::negative(2, |p| hessian_symmetry(|x, v| p.plant(diagonal(x, v)), &X, &U, &V)).unwrap();
    let third = |_: &[f64], u: &[f64], v: &[f64]| vec![u[0] * v[0], u[1] * v[1]];
    control::negative(2, |p| third_symmetry(|x, u, v| p.plant(third(x, u, v)), &X, &U, &V, &[0.4, 0.5])).unwrap();
    // Asked for nevertheless, a factor gets through, and that is said.
    let factor = |p: &Planter| hessian_symmetry(|x, v| p.plant(hess(x, v)), &X, &U, &V);
    assert!(control::negative_with(&[Mistake::Doubled], factor).is_failed());
}

#[test]
fn an_entry_is_wrong_by_a_tenth_of_itself() {
    // A tenth of the largest entry would be 1e7 times the small one.
    let f = |x: &[f64]| 1e4 * x[0] * x[0] + 1e-3 * x[1];
    let grad = |x: &[f64]| vec![2e4 * x[0], 1e-3];
    let mistakes = [Mistake::Entry(0), Mistake::Entry(1)];
    control::negative_with(&mistakes, |p| gradient(f, |x| p.plant(grad(x)), &X)).unwrap();
    let loose = Checker::new().tolerance(0.3);
    let verdict = control::negative_with(&mistakes, |p| loose.gradient(f, |x| p.plant(grad(x)), &X));
    assert!(verdict.is_failed(), "{verdict}");
}

#[test]
fn a_failure_that_does_not_name_the_planted_entry_is_no_catch() {
    let grad = |_: &[f64]| vec![1.0, 2.0];
    let fails_elsewhere = |p: &Planter| {
        let planted = p.plant(grad(&X)) != grad(&X);
        gradient(|x: &[f64]| x[0] + 2.0 * x[1], move |_| vec![if planted { 5.0 } else { 1.0 }, 2.0], &X)
    };
    assert!(control::negative_with(&[Mistake::Entry(1)], fails_elsewhere).is_failed());
}

#[test]
fn the_report_counts_what_was_planted() {
    let passed = control::negative(2, |p| gradient(|_: &[f64]| 3.0, |_| p.plant(vec![0.0, 0.0]), &X)).unwrap();
    assert_eq!((passed.check, passed.checks), (Check::Control, 2));
    assert_eq!(passed.note.as_deref(), Some("2 mistakes planted and caught, 4 skipped because they change nothing"));
    let nothing = control::negative_with(&[], |p| adjoint(hess, |x, w| p.plant(hess(x, w)), &X, &V, &U));
    assert!(nothing.is_unchecked());
}

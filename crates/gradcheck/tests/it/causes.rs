//! A likely cause that is plainly false sends its reader the wrong way: better none.

use quadric_gradcheck::{Cause, Verdict, adjoint, gradient, hvp};

fn cause(verdict: &Verdict) -> Option<Cause> {
    verdict.failure().unwrap_or_else(|| panic!("not failed: {verdict}")).cause.clone()
}

#[test]
fn a_large_right_entry_does_not_explain_a_small_wrong_one() {
    let f = |x: &[f64]| 1e4 * x[0] + x[1];
    let local = |factor| Some(Cause::Local { wrong: 1, of: 2, factor });
    let close = |got: Option<Cause>, factor: f64| match got {
        Some(Cause::Local { wrong: 1, of: 2, factor: Some(f) }) => (f - factor).abs() < 1e-6,
        _ => false,
    };
    assert!(close(cause(&gradient(f, |_| vec![1e4, -1.0], &[1.0, 1.0])), -1.0));
    assert!(close(cause(&gradient(f, |_| vec![1e4, 2.0], &[1.0, 1.0])), 2.0));
    assert!(close(cause(&gradient(f, |_| vec![1e4, 0.0], &[1.0, 1.0])), 0.0));
    assert_eq!(cause(&gradient(f, |_| vec![1e4, 1.3], &[1.0, 1.0])), local(None));
    let f = |x: &[f64]| 1e5 * x[0] + x[1] + 2.0 * x[2];
    assert_ne!(cause(&gradient(f, |_| vec![1e5, 1.5, 2.7], &[1.0; 3])), Some(Cause::Permuted));
}

#[test]
fn a_single_number_has_no_factor_but_the_classic_ones() {
    let square = |x: &[f64]| x[0] * x[0];
    let verdict = |factor: f64| gradient(square, move |x| vec![factor * 2.0 * x[0]], &[1.0]);
    assert_eq!(cause(&verdict(1.07)), None);
    assert_eq!(cause(&verdict(1.000001)), None);
    assert_eq!(cause(&verdict(-1.0)), Some(Cause::Sign));
    assert_eq!(cause(&verdict(2.0)), Some(Cause::Doubled));
    assert_eq!(cause(&verdict(0.5)), Some(Cause::Halved));
    assert_eq!(cause(&verdict(0.0)), Some(Cause::Zero));
}

#[test]
fn small_factors_are_printed_as_they_are() {
    let f = |x: &[f64]| x[0] * x[0] + 3.0 * x[1];
    let message = gradient(f, |x| vec![2e-9 * x[0], 3e-9], &[1.0, 1.0]).to_string();
    assert!(message.contains("got 1e-9 times what was expected"), "{message}");
    let cube = |x: &[f64]| x.iter().map(|x| x.powi(3) + 1e-8 * x).collect::<Vec<_>>();
    let forgot = |x: &[f64], v: &[f64]| x.iter().zip(v).map(|(x, v)| 3.0 * x * x * v).collect::<Vec<_>>();
    let message = hvp(cube, forgot, &[1e-3, 2e-3], &[1.0, 0.5]).to_string();
    assert!(!message.contains("0.000000"), "{message}");
}

#[test]
fn a_number_is_its_own_transpose() {
    let verdict = adjoint(|_: &[f64], v: &[f64]| vec![2.0 * v[0]], |_, w| vec![3.0 * w[0]], &[1.0], &[1.0], &[1.0]);
    assert_ne!(cause(&verdict), Some(Cause::Transposed));
    let square = |_: &[f64], v: &[f64]| vec![v[0] * v[0]];
    let verdict = adjoint(square, |_, w| vec![w[0]], &[2.0], &[0.5], &[1.0]);
    assert_eq!(cause(&verdict), None, "{verdict}");
}

#[test]
fn a_factor_of_a_long_gradient_is_told_from_a_sample() {
    let x: Vec<f64> = (0..1000).map(|i| 1.0 + f64::from(i)).collect();
    let f = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let scaled = |factor: f64| move |x: &[f64]| x.iter().map(|x| 2.0 * factor * x).collect::<Vec<_>>();
    assert_eq!(cause(&gradient(f, scaled(2.0), &x)), Some(Cause::Doubled));
    assert_eq!(cause(&gradient(f, scaled(-1.0), &x)), Some(Cause::Sign));
    assert_eq!(cause(&gradient(f, scaled(0.5), &x)), Some(Cause::Halved));
}

//! The messages are golden files, since people read them. `BLESS=1` rewrites them and the diff is the review.
//!
//! Every function here uses only + − × ÷, so the digits are the same on every platform.

use quadric_gradcheck::{Verdict, adjoint, control, gradient, hessian_symmetry, hvp, jvp, taylor_with_hvp};

fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = format!("{text}\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}: run with BLESS=1 if the new message is better");
}

fn f(x: &[f64]) -> f64 {
    x[0] * x[0] * x[1] + x[2] * x[2]
}

fn grad(x: &[f64]) -> Vec<f64> {
    vec![2.0 * x[0] * x[1], x[0] * x[0], 2.0 * x[2]]
}

fn product(x: &[f64], v: &[f64]) -> Vec<f64> {
    vec![2.0 * (v[0] * x[1] + x[0] * v[1]), 2.0 * x[0] * v[0], 2.0 * v[2]]
}

const X: [f64; 3] = [3.0, 2.0, -1.5];
const V: [f64; 3] = [1.0, -0.5, 0.75];
const U: [f64; 3] = [0.5, 1.0, -0.25];

fn message(verdict: Verdict) -> String {
    assert!(!verdict.is_passed());
    verdict.to_string()
}

#[test]
fn a_wrong_sign_in_one_entry() {
    let wrong = |x: &[f64]| vec![2.0 * x[0] * x[1], -x[0] * x[0], 2.0 * x[2]];
    golden("sign_in_one_entry", &message(gradient(f, wrong, &X)));
}

#[test]
fn a_factor_two_everywhere() {
    golden("factor_two", &message(gradient(f, |x| grad(x).iter().map(|g| 2.0 * g).collect(), &X)));
}

#[test]
fn a_missing_ridge() {
    let ridged = |x: &[f64]| grad(x).iter().zip(x).map(|(g, x)| g + 0.25 * x).collect::<Vec<_>>();
    golden("missing_ridge", &message(hvp(ridged, product, &X, &V)));
}

#[test]
fn a_transpose() {
    let f = |x: &[f64]| vec![x[0] + 2.0 * x[1], 3.0 * x[0] + x[1]];
    let transposed = |_: &[f64], v: &[f64]| vec![v[0] + 3.0 * v[1], 2.0 * v[0] + v[1]];
    let right = |_: &[f64], v: &[f64]| vec![v[0] + 2.0 * v[1], 3.0 * v[0] + v[1]];
    golden("transposed_jvp", &message(jvp(f, transposed, &[1.0, 2.0], &[1.0, -0.5])));
    let verdict = adjoint(right, right, &[1.0, 2.0], &[1.0, -0.5], &[0.25, 1.0]);
    golden("transposed_vjp", &message(verdict));
}

#[test]
fn an_unsymmetric_hessian() {
    let lopsided = |x: &[f64], v: &[f64]| vec![2.0 * v[0] * x[1], 2.0 * x[0] * v[0], 2.0 * v[2]];
    golden("unsymmetric", &message(hessian_symmetry(lopsided, &X, &U, &V)));
}

#[test]
fn kinks_jumps_domains_and_noise() {
    golden("kink", &message(gradient(|x: &[f64]| x[0].abs(), |_| vec![0.0], &[0.0])));
    golden("jump", &message(gradient(|x: &[f64]| x[0].floor(), |_| vec![0.0], &[3.0])));
    golden("domain", &message(gradient(|x: &[f64]| x[0].sqrt(), |_| vec![0.0], &[0.0])));
    golden("noise", &message(gradient(|x: &[f64]| 1e16 + x[0], |_| vec![1.0], &[0.5])));
}

#[test]
fn a_wrong_length() {
    golden("length", &message(gradient(f, |x| grad(x)[..2].to_vec(), &X)));
}

#[test]
fn slopes() {
    let doubled = |x: &[f64], v: &[f64]| product(x, v).iter().map(|h| 2.0 * h).collect::<Vec<_>>();
    let report = taylor_with_hvp(f, grad, doubled, &X, &V);
    golden("slopes", &format!("{report}\n{}", report.verdict()));
}

#[test]
fn a_blind_check() {
    let blind = |planter: &control::Planter| {
        let _ = planter.plant(grad(&X));
        gradient(f, grad, &X)
    };
    golden("blind", &message(control::negative(3, blind)));
}

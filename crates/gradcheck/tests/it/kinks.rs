//! Where differences are blind, the verdict is `Unchecked`: never a pass, and never a false alarm.

use quadric_gradcheck::{Reason, Verdict, gradient, hvp, hvp_from_value, jvp, taylor};

fn reason(verdict: Verdict) -> Reason {
    verdict.reason().unwrap_or_else(|| panic!("not unchecked: {verdict}")).clone()
}

fn is_kink(verdict: Verdict) -> bool {
    matches!(reason(verdict), Reason::Kink { .. })
}

#[test]
fn kinks_at_the_point_are_unchecked_whatever_is_claimed() {
    for claimed in [-1.0, 0.0, 0.5, 1.0] {
        let claim = |_: &[f64]| vec![claimed];
        assert!(is_kink(gradient(|x: &[f64]| x[0].abs(), claim, &[0.0])));
        assert!(is_kink(gradient(|x: &[f64]| x[0].max(0.0), claim, &[0.0])));
        assert!(is_kink(gradient(|x: &[f64]| x[0].max(0.0) + x[0] * x[0], claim, &[0.0])));
        assert!(is_kink(gradient(|x: &[f64]| 5.0 + 0.01 * (x[0] - 2.0).abs(), claim, &[2.0])));
        assert!(gradient(|x: &[f64]| x[0].floor(), claim, &[3.0]).is_unchecked());
        assert!(gradient(|x: &[f64]| x[0].floor(), claim, &[0.0]).is_unchecked());
        assert!(gradient(|x: &[f64]| x[0].floor(), claim, &[1e6]).is_unchecked());
        assert!(gradient(|x: &[f64]| x[0].abs().sqrt(), claim, &[0.0]).is_unchecked());
        assert!(is_kink(taylor(|x: &[f64]| x[0].abs(), claim, &[0.0], &[1.0]).verdict()));
        assert!(is_kink(taylor(|x: &[f64]| x[0].max(0.0), claim, &[0.0], &[1.0]).verdict()));
    }
}

#[test]
fn f32_kinks_too() {
    for claimed in [-1.0, 0.0, 0.5, 1.0] {
        let claim = |_: &[f32]| vec![claimed];
        assert!(is_kink(gradient(|x: &[f32]| x[0].abs(), claim, &[0.0])));
        assert!(is_kink(gradient(|x: &[f32]| x[0].max(0.0) + x[0].exp(), claim, &[0.0])));
        assert!(gradient(|x: &[f32]| x[0].floor(), claim, &[3.0]).is_unchecked());
    }
}

#[test]
fn a_tie_of_max_is_unchecked() {
    let max = |x: &[f64]| x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for claimed in [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]] {
        assert!(is_kink(gradient(max, |_| claimed.to_vec(), &[2.0, 2.0, 1.0])));
    }
    gradient(max, |_| vec![1.0, 0.0, 0.0], &[2.0, 1.999, 1.0]).unwrap();
    // Along (1, 1, 0) the two stay tied, and the derivative exists.
    jvp(|x: &[f64]| vec![max(x)], |_, _| vec![1.0], &[2.0, 2.0, 1.0], &[1.0, 1.0, 0.0]).unwrap();
}

#[test]
fn a_kink_beside_the_point_does_not_disturb() {
    for distance in [0.1, 1e-2, 1e-3, 1e-5, 1e-7] {
        let relu = |x: &[f64]| x[0].max(0.0);
        gradient(relu, |_| vec![1.0], &[distance]).unwrap();
        gradient(relu, |_| vec![0.0], &[-distance]).unwrap();
        assert!(gradient(relu, |_| vec![0.0], &[distance]).is_failed());
        assert!(gradient(relu, |_| vec![1.0], &[-distance]).is_failed());
        gradient(|x: &[f64]| x[0].floor(), |_| vec![0.0], &[3.0 + distance]).unwrap();
    }
}

#[test]
fn kinks_of_the_gradient_are_kinks_of_the_hessian() {
    let f = |x: &[f64]| x[0].max(0.0).powi(2);
    let grad = |x: &[f64]| vec![2.0 * x[0].max(0.0)];
    gradient(f, grad, &[0.0]).unwrap(); // once differentiable
    for claimed in [0.0, 1.0, 2.0] {
        assert!(is_kink(hvp(grad, |_, _| vec![claimed], &[0.0], &[1.0])));
        assert!(is_kink(hvp_from_value(f, |_, _| vec![claimed], &[0.0], &[1.0])));
        assert!(hvp_from_value(|x: &[f64]| x[0].abs(), |_, _| vec![claimed], &[0.0], &[1.0]).is_unchecked());
        // The gradient of relu jumps.
        let step = |x: &[f64]| vec![if x[0] > 0.0 { 1.0 } else { 0.0 }];
        assert!(hvp(step, |_, _| vec![claimed], &[0.0], &[1.0]).is_unchecked());
    }
    hvp(grad, |_, v| vec![2.0 * v[0]], &[0.5], &[1.0]).unwrap();
    hvp_from_value(f, |_, v| vec![2.0 * v[0]], &[0.5], &[1.0]).unwrap();
}

#[test]
fn a_wrong_entry_outweighs_a_kink_in_another() {
    let f = |x: &[f64]| x[0].abs() + x[1] * x[1];
    assert!(is_kink(gradient(f, |x| vec![0.0, 2.0 * x[1]], &[0.0, 1.0])));
    assert!(gradient(f, |x| vec![0.0, x[1]], &[0.0, 1.0]).is_failed());
}

#[test]
fn outside_the_domain_is_unchecked() {
    let root = |x: &[f64]| x[0].sqrt();
    assert!(matches!(reason(gradient(root, |_| vec![1.0], &[0.0])), Reason::NonFinite { at_point: false, .. }));
    assert!(matches!(reason(gradient(root, |_| vec![1.0], &[-1.0])), Reason::NonFinite { at_point: true, .. }));
    let log = |x: &[f64]| x[0].ln();
    gradient(log, |x| vec![1.0 / x[0]], &[1e-3]).unwrap();
    gradient(log, |x| vec![1.0 / x[0]], &[1e-8]).unwrap();
    gradient(root, |x| vec![0.5 / x[0].sqrt()], &[1e-4]).unwrap();
}

#[test]
fn what_cannot_be_seen_is_not_passed() {
    // The derivative drowns in the rounding of the constant.
    let f = |x: &[f64]| 1e16 + x[0];
    assert!(matches!(reason(gradient(f, |_| vec![1.0], &[0.5])), Reason::Noisy { .. }));
    assert!(matches!(reason(gradient(f, |_| vec![5.0], &[0.5])), Reason::Noisy { .. }));
    assert!(matches!(reason(taylor(f, |_| vec![1.0], &[0.5], &[1.0]).verdict()), Reason::NotAsymptotic { .. }));
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    assert_eq!(reason(gradient(sum, |_| vec![], &[])), Reason::Empty);
    assert_eq!(reason(jvp(|x: &[f64]| x.to_vec(), |_, v| v.to_vec(), &[1.0], &[0.0])), Reason::ZeroDirection);
}

#[test]
fn a_function_that_rolls_dice_is_unchecked() {
    let calls = std::cell::Cell::new(0.0);
    let dice = |x: &[f64]| {
        calls.set(calls.get() + 1.0);
        x[0] + 1e-6 * calls.get()
    };
    assert_eq!(reason(gradient(dice, |_| vec![1.0], &[0.5])), Reason::NotDeterministic);
}

#[test]
fn a_function_that_drifts_is_unchecked() {
    let calls = std::cell::Cell::new(0u32);
    let drift = |x: &[f64]| {
        calls.set(calls.get() + 1);
        x[0] + 1e-7 * f64::from(calls.get() / 4)
    };
    assert_eq!(reason(gradient(drift, |_| vec![1.0], &[0.5])), Reason::NotDeterministic);
}

#[test]
fn a_domain_much_smaller_than_one_is_found() {
    for x in [1e-12, 1e-13, 1e-14, 1e-15, 1e-20, 1e-100] {
        gradient(|x: &[f64]| x[0].ln(), |x| vec![1.0 / x[0]], &[x]).unwrap();
        gradient(|x: &[f64]| x[0].sqrt(), |x| vec![0.5 / x[0].sqrt()], &[x]).unwrap();
        assert!(gradient(|x: &[f64]| x[0].ln(), |x| vec![1.01 / x[0]], &[x]).is_failed());
    }
    let message = gradient(|x: &[f64]| x[0].sqrt(), |_| vec![1.0], &[0.0]).to_string();
    assert!(message.contains("down to steps of"), "{message}");
}

//! Derivatives where numbers end: an operand that is infinite, or so near to a pole that its reciprocal is.

use quadric_autodiff::Tensor;
use quadric_autodiff::ops::{Elementwise, Polygamma};
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::trace::{Var, grad};

/// The gradient and the entries of the Hessian of `atan2` at a point.
fn atan2_to_second_order(a: f64, b: f64) -> [f64; 6] {
    let value = |(a, b): (Var, Var)| a.atan2(b);
    let by_a = |x: (Var, Var)| grad(value, &x).0;
    let by_b = |x: (Var, Var)| grad(value, &x).1;
    let at = (Tensor::scalar(a), Tensor::scalar(b));
    let ((a, b), (aa, ab), (ba, bb)) = (grad(value, &at).unwrap(), grad(by_a, &at).unwrap(), grad(by_b, &at).unwrap());
    [a, b, aa, ab, ba, bb].map(|t| t.item())
}

#[test]
fn atan2_is_flat_where_one_operand_is_infinite() {
    let inf = f64::INFINITY;
    for infinite in [inf, -inf] {
        for finite in [1.0, -2.5, 0.0, -0.0, 1e300, 1e-300] {
            assert_eq!(atan2_to_second_order(infinite, finite), [0.0; 6], "at ({infinite}, {finite})");
            assert_eq!(atan2_to_second_order(finite, infinite), [0.0; 6], "at ({finite}, {infinite})");
        }
        for other in [inf, -inf, f64::NAN] {
            assert!(atan2_to_second_order(infinite, other).iter().all(|d| d.is_nan()), "at ({infinite}, {other})");
        }
    }
    assert!(atan2_to_second_order(0.0, 0.0).iter().all(|d| d.is_nan()));
}

/// What the interpreter takes for the truth reaches as far as the kernel.
#[test]
fn the_reference_of_polygamma_reaches_to_the_ends_of_the_range() {
    let value = |n, x: f64| Polygamma { n }.value([Dd::from_f64(x)]).to_f64();
    for n in [0, 1, 2, 3, 20, 100] {
        assert_eq!(value(n, -1e-309), f64::INFINITY, "order {n} below 0");
        assert_eq!(value(n, 1e-309), if n % 2 == 1 { f64::INFINITY } else { f64::NEG_INFINITY }, "order {n} above 0");
    }
    for (n, x, y) in [(100, 1300.0, -3.910812986000636e-156), (30, 1e11, -8.841761995065966e-300)] {
        let found = value(n, x);
        assert!((found - y).abs() <= 1e-15 * y.abs(), "polygamma({n})({x}) = {found:e}, not {y:e}");
    }
}

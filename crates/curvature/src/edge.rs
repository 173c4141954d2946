//! Edges of stability: the sharpness at which a step of fixed size stops shrinking the loss of a quadratic.

use crate::error::{Error, bail};

/// The edge of stability of gradient descent, `2/η`.
pub fn gradient_descent(learning_rate: f64) -> f64 {
    2.0 / learning_rate
}

/// SAM's edge of stability, `λ* = (‖g‖/2ρ)(√(1 + 8ρ/(η‖g‖)) − 1)` (Long & Bartlett 2023; Agarwala & Dauphin 2023).
///
/// On the quadratic `½ λ w²` SAM's step is `w ← w − η (1 + ρλ/‖g‖) λ w`, so the edge solves `η λ (1 + ρλ/‖g‖) = 2`. It
/// lies below `2/η`, tends to it as ρ → 0, and to 0 as the gradient vanishes.
///
/// # Units
/// With the loss in joule and the parameters in metre: ‖g‖ in J/m, ρ in m, η in m²/J, the result in J/m².
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) unless `learning_rate > 0`, `rho ≥ 0` and `gradient_norm ≥ 0`.
///
/// # Example
/// ```
/// use quadric_curvature::edge;
/// let lambda = edge::sam(1.0, 0.5, 0.1)?; // ‖g‖ = 1, ρ = ½, η = 0.1: √41 − 1
/// assert!((0.1 * lambda * (1.0 + 0.5 * lambda) - 2.0).abs() < 1e-14);
/// assert!(lambda < edge::gradient_descent(0.1));
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn sam(gradient_norm: f64, rho: f64, learning_rate: f64) -> Result<f64, Error> {
    let fits = learning_rate > 0.0 && rho >= 0.0 && gradient_norm >= 0.0 && rho.is_finite();
    if !fits {
        bail!(Argument, "edge: ‖g‖ = {gradient_norm}, ρ = {rho}, η = {learning_rate}: not negative, and η not zero");
    }
    if gradient_norm == 0.0 {
        return Ok(if rho == 0.0 { 2.0 / learning_rate } else { 0.0 });
    }
    // (√(1 + 4a) − 1) / 2a = 2 / (√(1 + 4a) + 1): no cancellation where ρ is small.
    let a = 2.0 * rho / (learning_rate * gradient_norm);
    Ok(2.0 / learning_rate * 2.0 / ((1.0 + 4.0 * a).sqrt() + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_formula_where_that_is_stable() {
        for (g, rho, eta) in [(1.0, 0.1, 0.1), (0.01, 0.5, 1.0), (3.0, 2.0, 0.01)] {
            let formula = g / (2.0 * rho) * ((1.0_f64 + 8.0 * rho / (eta * g)).sqrt() - 1.0);
            assert!((sam(g, rho, eta).unwrap() / formula - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn limits() {
        assert_eq!(sam(1.0, 0.0, 0.1).unwrap(), 20.0);
        assert!((sam(1.0, 1e-15, 0.1).unwrap() - 20.0).abs() < 1e-11);
        assert_eq!(sam(0.0, 0.1, 0.1).unwrap(), 0.0);
        assert!(sam(1.0, 0.1, 0.0).is_err() && sam(f64::NAN, 0.1, 0.1).is_err());
    }

    #[test]
    fn sam_on_a_quadratic_stays_put_at_its_edge() {
        // L = ½ λ w², at w: one SAM step maps w to −w exactly at the edge.
        let (w, rho, eta) = (0.7_f64, 0.2, 0.1);
        let edge_at = |lambda: f64| sam(lambda * w, rho, eta).unwrap() - lambda;
        let (mut low, mut high) = (1e-6, 100.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if edge_at(middle) > 0.0 { low = middle } else { high = middle }
        }
        let lambda = low;
        let step = w - eta * lambda * (w + rho);
        assert!((step + w).abs() < 1e-10, "{step}");
    }
}

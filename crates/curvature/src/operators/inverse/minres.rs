//! MINRES.

use super::{CgError, CgFailure, CgInfo, CgParams, Run};
use crate::operators::LinearOperator;
use crate::vector::{axpy, dot, norm, scaled};

/// Solves `A x = b` for a symmetric A of any sign by MINRES (Paige & Saunders 1975), from x = 0: the residual is the
/// smallest in the Krylov space, and never grows.
///
/// # Errors
/// [`CgError`], with the last iterate: not converged (or A is singular along b), a product that failed.
///
/// # Example
/// ```
/// use quadric_curvature::operators::{minres, CgParams, Dense};
/// let mut a = Dense::symmetric(2, vec![1.0, 0.0, 0.0, -2.0])?;
/// let (x, _) = minres(&mut a, &[1.0, 2.0], &CgParams::default()).map_err(quadric_curvature::Error::from)?;
/// assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] + 1.0).abs() < 1e-12);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn minres<A: LinearOperator + ?Sized>(
    operator: &mut A,
    b: &[f64],
    params: &CgParams,
) -> Result<(Vec<f64>, CgInfo), CgError> {
    let mut run = Run::new(operator, b);
    let end = iterate(&mut run, params);
    run.finish(end, params.tolerance)
}

fn iterate<A: LinearOperator + ?Sized>(run: &mut Run<'_, A>, params: &CgParams) -> Result<(), CgFailure> {
    let n = run.b.len();
    let scale = norm(run.b);
    if scale == 0.0 {
        return Ok(());
    }
    // Lanczos vectors, the search directions of the last two steps, and the last two rotations (c, s).
    let (mut v_old, mut v) = (vec![0.0; n], scaled(1.0 / scale, run.b));
    let (mut w_old, mut w) = (vec![0.0; n], vec![0.0; n]);
    let ((mut c_old, mut s_old), (mut c, mut s)) = ((1.0, 0.0), (1.0, 0.0));
    let mut beta = 0.0;
    let mut eta = scale;
    while eta.abs() > params.tolerance * scale {
        if run.info.iterations == params.max_iterations {
            return Err(CgFailure::NotConverged);
        }
        let mut av = run.product(&v)?;
        let alpha = dot(&v, &av);
        axpy(-alpha, &v, &mut av);
        axpy(-beta, &v_old, &mut av);
        let beta_next = norm(&av);

        // The new column of the tridiagonal matrix under the last two rotations, and the next one.
        let epsilon = s_old * beta;
        let delta = c_old * c * beta + s * alpha;
        let gamma_bar = c * alpha - s * c_old * beta;
        let gamma = gamma_bar.hypot(beta_next);
        if gamma <= f64::EPSILON * alpha.abs().max(beta_next).max(f64::MIN_POSITIVE) {
            return Err(CgFailure::NotConverged); // singular along what is left of b
        }
        let (c_next, s_next) = (gamma_bar / gamma, beta_next / gamma);

        let mut d = v.clone();
        axpy(-epsilon, &w_old, &mut d);
        axpy(-delta, &w, &mut d);
        d.iter_mut().for_each(|x| *x /= gamma);
        axpy(c_next * eta, &d, &mut run.x);
        eta *= -s_next;
        run.info.iterations += 1;

        (w_old, w) = (w, d);
        (c_old, s_old, c, s) = (c, s, c_next, s_next);
        beta = beta_next;
        if beta == 0.0 {
            return if eta.abs() <= params.tolerance * scale { Ok(()) } else { Err(CgFailure::NotConverged) };
        }
        v_old = std::mem::replace(&mut v, scaled(1.0 / beta, &av));
    }
    if eta.is_finite() { Ok(()) } else { Err(CgFailure::NotFinite) }
}

//! Conjugate gradients.

use super::{CgError, CgFailure, CgInfo, CgParams, Run};
use crate::operators::LinearOperator;
use crate::vector::{axpy, dot, norm};

/// Solves `A x = b` for a positive definite A by conjugate gradients (Hestenes & Stiefel 1952), from x = 0.
///
/// # Errors
/// [`CgError`], with the last iterate: not converged, a direction of no positive curvature, a product that failed.
///
/// # Example
/// ```
/// use quadric_curvature::operators::{cg, CgParams, Dense};
/// let mut a = Dense::symmetric(2, vec![4.0, 1.0, 1.0, 3.0])?;
/// let (x, info) = cg(&mut a, &[1.0, 2.0], &CgParams::default()).map_err(quadric_curvature::Error::from)?;
/// assert!((x[0] - 1.0 / 11.0).abs() < 1e-12 && (x[1] - 7.0 / 11.0).abs() < 1e-12);
/// assert_eq!(info.iterations, 2);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn cg<A: LinearOperator + ?Sized>(
    operator: &mut A,
    b: &[f64],
    params: &CgParams,
) -> Result<(Vec<f64>, CgInfo), CgError> {
    let mut run = Run::new(operator, b);
    let end = iterate(&mut run, params);
    run.finish(end, params.tolerance)
}

fn iterate<A: LinearOperator + ?Sized>(run: &mut Run<'_, A>, params: &CgParams) -> Result<(), CgFailure> {
    let mut r = run.b.to_vec();
    let mut p = r.clone();
    let goal = params.tolerance * norm(run.b);
    let mut rr = dot(&r, &r);
    while norm(&r) > goal {
        if run.info.iterations == params.max_iterations {
            return Err(CgFailure::NotConverged);
        }
        let ap = run.product(&p)?;
        let curvature = dot(&p, &ap);
        if curvature <= 0.0 {
            return Err(CgFailure::NotPositive(curvature / dot(&p, &p)));
        }
        let alpha = rr / curvature;
        axpy(alpha, &p, &mut run.x);
        axpy(-alpha, &ap, &mut r);
        let next = dot(&r, &r);
        let beta = next / rr;
        rr = next;
        p.iter_mut().zip(&r).for_each(|(p, r)| *p = r + beta * *p);
        run.info.iterations += 1;
    }
    if rr.is_finite() { Ok(()) } else { Err(CgFailure::NotFinite) }
}

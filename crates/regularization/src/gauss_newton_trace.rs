//! The Gauss-Newton-trace penalty by Hutchinson's estimator.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::{Var, hvp_of_part};
use quadric_autodiff::transform::Part;

use crate::hessian_trace::{mean_over, probes};
use crate::{LIBRARY, Loss, Objective, Update};
use quadric_curvature::Probe;

/// The gradient of `L + λ · mean_k vᵀGv` with fresh probes v: on average that of `L + λ tr G`.
///
/// G depends on θ through the Jacobian *and* through `H_z(z(θ))`, and the gradient goes through both: the frozen-residual
/// product is a tape of `G(θ) v` and is differentiated as it stands. [`SampledTrace`](crate::SampledTrace) holds `H_z` fixed.
#[derive(Clone, Copy, Debug)]
pub struct GaussNewtonTrace {
    /// The weight λ, a scalar.
    pub lambda: Var,
    /// The random key, `u32[2]`.
    pub key: Var,
    /// How many probes, at least 1.
    pub probes: usize,
    /// How they are drawn.
    pub distribution: Probe,
}

impl GaussNewtonTrace {
    /// The direction at `params`; the objective is the loss with the estimated penalty.
    ///
    /// # Errors
    /// Stops the trace if the loss has no cut of the objective's name.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree, P: Objective<M>>(&self, problem: &P, params: &M) -> Update<M> {
        LIBRARY.scope("gn-trace", || {
            let probes = probes(self.distribution, self.key, params, self.probes);
            let objective = |m: M| {
                let value = problem.loss(&m);
                let trace = mean_over(&probes, |v| GaussNewtonTrace::curvature(problem, problem.cut(), &m, v));
                value + trace.convert(value.dtype()) * self.lambda.convert(value.dtype())
            };
            Update::descent(problem.loss(params), objective, params)
        })
    }

    /// `vᵀ G v` at `params`, a scalar that can be differentiated.
    #[track_caller]
    #[must_use]
    pub fn curvature<M: VarTree>(loss: &impl Loss<M>, cut: &str, params: &M, v: &M) -> Var {
        LIBRARY.enter(|| v.dot(&hvp_of_part(&Part::gauss_newton(cut), |m: M| loss.loss(&m), params, v)))
    }
}

//! SELU: the ELU that normalizes itself.

use quadric_autodiff::trace::{Var, select};

use super::elu::below;
use crate::LIBRARY;

/// α of [Klambauer et al. 2017](https://arxiv.org/abs/1706.02515), §2, to the precision of f64.
const ALPHA: f64 = 1.673_263_242_354_377_2;
/// λ, with which mean 0 and variance 1 are a fixed point.
const SCALE: f64 = 1.050_700_987_355_480_5;

/// `λ (x > 0 ? x : α(eˣ − 1))`, λ = 1.0507…, α = 1.6733… ([Klambauer et al. 2017]): layers with LeCun-normal weights keep mean 0 and variance 1.
/// The derivative at 0 is that from the left, λα, as torch has it.
///
/// [Klambauer et al. 2017]: https://arxiv.org/abs/1706.02515
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::selu;
/// let y = compile(|x: Var| selu(x)).call(tensor![-1e4, 0.0, 1.0])?.to_f64_vec();
/// assert!((y[0] + 1.7580993408473766).abs() < 1e-15 && y[1] == 0.0 && y[2] == 1.0507009873554805);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn selu(x: Var) -> Var {
    LIBRARY.nonlinear_scope("selu", || select(x.gt(0.0), x * SCALE, below(x).expm1() * (SCALE * ALPHA)))
}

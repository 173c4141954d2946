//! One parameter at one step, and the sums that many rules share.

use quadric_autodiff::DType;
use quadric_autodiff::trace::Var;
use quadric_autodiff::trace::tree::zero_at_zero;

/// One parameter at one step: what an optimizer's rule is given.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    /// Its name in the model, `layers.0.weight`.
    pub name: &'a str,
    /// w, before the step.
    pub value: Var,
    /// The gradient, or what a regularizer made of one; of the type of `value`.
    pub direction: Var,
    /// What is remembered of it, of the types that [`Optimizer::moments`](super::Optimizer::moments) names.
    pub moments: &'a [Var],
    /// t, counted from 1, in `f64`.
    pub step: Var,
    /// The rate, in the dtype of `value`.
    pub rate: Var,
}

impl Parameter<'_> {
    /// `direction + λ w`: coupled decay, the gradient of a loss with `½ λ ‖w‖²` added.
    #[track_caller]
    #[must_use]
    pub fn decayed_direction(&self, decay: f64) -> Var {
        if decay == 0.0 { self.direction } else { self.direction + self.value * decay }
    }

    /// `(1 − rate λ) w`: decoupled decay, which is the gradient of no loss once a rule has scaled its directions.
    #[track_caller]
    #[must_use]
    pub fn shrunk_value(&self, decay: f64) -> Var {
        if decay == 0.0 { self.value } else { self.value * (1.0 - self.rate * decay) }
    }

    /// `1 − βᵗ`, the weight that a mean with decay β has gathered from zeros after t steps: computed in `f64`, with no digits lost near β = 1.
    #[track_caller]
    #[must_use]
    pub fn gathered(&self, beta: f64) -> Var {
        self.of(-(self.step * beta.ln()).expm1())
    }

    /// A number computed from `step`, in the dtype of the parameter.
    #[track_caller]
    #[must_use]
    pub fn of(&self, number: Var) -> Var {
        number.convert(self.value.dtype())
    }
}

/// `β old + (1 − β) new`.
#[track_caller]
pub(super) fn mean(old: Var, new: Var, beta: f64) -> Var {
    old * beta + new * (1.0 - beta)
}

/// `√s` of a mean square, with derivative 0 at 0: what it is part of, `d/(√d² + ε)`, has slope 1/ε there, and a chain of derivatives would meet 0 ·
/// ∞.
#[track_caller]
pub(super) fn root(square: Var) -> Var {
    zero_at_zero(square, |s| s.sqrt())
}

/// The step count in the dtype that scalars of a rule are computed in.
#[track_caller]
pub(super) fn in_f64(step: Var) -> Var {
    step.convert(DType::F64)
}

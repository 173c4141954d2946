//! Gradients over the root of their mean square.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::{mean, root};
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// RMSProp ([Hinton 2012]): `s ← α s + (1−α) d²`, `w ← w − rate · d / (√s + ε)`.
///
/// - Centred ([Graves 2013]): with `a ← α a + (1−α) d` the root is that of the variance `s − a²`, and of 0 where rounding makes that negative.
/// - With momentum: `v ← momentum · v + d / (√s + ε)`, `w ← w − rate · v`.
///
/// Defaults are PyTorch's: α = 0.99, ε = 1e-8 outside the root (Graves and TensorFlow have it inside), rate 1e-2; the lecture has α = 0.9. s begins
/// at 0 and is not corrected: the first steps are up to 1/√(1−α) times as long as the rate. The decay is coupled and 0 unless set.
///
/// [Hinton 2012]: https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
/// [Graves 2013]: https://arxiv.org/abs/1308.0850
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Optimizer, RmsProp};
/// let optimizer = RmsProp::new().alpha(0.75);
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// let (w, _) = step.call((tensor![1.0], tensor![8.0], optimizer.init(&tensor![1.0]), Tensor::scalar(0.25)))?;
/// assert!((w.to_vec::<f64>()[0] - 0.5).abs() < 1e-8); // d/√(d²/4) = 2
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RmsProp {
    /// α, of the mean square.
    pub alpha: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// The share of the former velocity that is kept; 0 for no velocity.
    pub momentum: f64,
    /// Whether the mean is taken from the mean square.
    pub centered: bool,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Default for RmsProp {
    fn default() -> RmsProp {
        RmsProp { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false, weight_decay: 0.0 }
    }
}

impl RmsProp {
    /// With α = 0.99, ε = 1e-8, no momentum and no decay.
    pub fn new() -> RmsProp {
        RmsProp::default()
    }

    /// With the variance in place of the mean square.
    #[must_use]
    pub fn centered(self) -> RmsProp {
        RmsProp { centered: true, ..self }
    }

    setters! {
        /// With another α.
        alpha: f64;
        /// With another ε.
        epsilon: f64;
        /// With momentum.
        momentum: f64;
        /// With coupled weight decay.
        weight_decay: f64;
    }
}

impl Optimizer for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    /// The mean square; the mean, if centred; the velocity, with momentum.
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(); 1 + usize::from(self.centered) + usize::from(self.momentum != 0.0)]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = p.decayed_direction(self.weight_decay);
        let s = mean(p.moments[0], d * d, self.alpha);
        let mut moments = vec![s];
        let mut square = s;
        if self.centered {
            let a = mean(p.moments[1], d, self.alpha);
            moments.push(a);
            square = (s - a * a).maximum(0.0);
        }
        let mut step = d / (root(square) + self.epsilon);
        if self.momentum != 0.0 {
            step = p.moments[moments.len()] * self.momentum + step;
            moments.push(step);
        }
        (p.value - step * p.rate, moments)
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("rmsprop", "alpha", self.alpha)?;
        not_negative("rmsprop", "epsilon", self.epsilon)?;
        not_negative("rmsprop", "momentum", self.momentum)?;
        not_negative("rmsprop", "weight_decay", self.weight_decay)
    }
}

spoken!(RmsProp, "rmsprop": alpha, epsilon, momentum, centered, weight_decay);

//! Gradient descent, with momentum and weight decay.

use quadric_autodiff::trace::{Var, select};
use quadric_autodiff::{Error, ErrorKind, Type};

use super::settings::{below_one, not_negative, spoken};
use super::{Optimizer, Parameter};

/// Gradient descent: with `d = direction + decay · w` and `v ← momentum · v + (1 − dampening) · d`,
///
/// - `w ← w − rate · d` without momentum,
/// - `w ← w − rate · v` with momentum (Polyak 1964),
/// - `w ← w − rate · (d + momentum · v)` with Nesterov's ([Sutskever et al. 2013], in the form of PyTorch).
///
/// The decay is coupled. The rate multiplies what comes out, not what goes into v. The first v is d, without dampening, as
/// PyTorch has it.
///
/// [Sutskever et al. 2013]: https://proceedings.mlr.press/v28/sutskever13.html
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Optimizer, Sgd};
/// let optimizer = Sgd::new().momentum(0.5);
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// let (mut w, mut state) = (tensor![1.0], optimizer.init(&tensor![1.0]));
/// for expected in [0.9, 0.75] {
///     (w, state) = step.call((w, tensor![1.0], state, Tensor::scalar(0.1)))?; // v is 1, then 1.5
///     assert!((w.to_vec::<f64>()[0] - expected).abs() < 1e-15);
/// }
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Sgd {
    /// The share of the former velocity that is kept; 0 for none, and then there is no state.
    pub momentum: f64,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// The share of the direction that does not enter the velocity.
    pub dampening: f64,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Sgd {
    /// Plain gradient descent.
    pub fn new() -> Sgd {
        Sgd::default()
    }

    /// With momentum.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Sgd {
        Sgd { momentum, ..self }
    }

    /// With Nesterov's momentum.
    #[must_use]
    pub fn nesterov(self, momentum: f64) -> Sgd {
        Sgd { momentum, nesterov: true, ..self }
    }

    /// With dampening, which needs a momentum that is not Nesterov's.
    #[must_use]
    pub fn dampening(self, dampening: f64) -> Sgd {
        Sgd { dampening, ..self }
    }

    /// With weight decay.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Sgd {
        Sgd { weight_decay, ..self }
    }
}

impl Optimizer for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        if self.momentum == 0.0 { vec![] } else { vec![ty.clone()] }
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = p.decayed_direction(self.weight_decay);
        let Some(v) = p.moments.first() else { return (p.value - d * p.rate, vec![]) };
        let v = if self.dampening == 0.0 {
            v * self.momentum + d
        } else {
            select(p.step.equal(1.0), d, v * self.momentum + d * (1.0 - self.dampening))
        };
        let step = if self.nesterov { d + v * self.momentum } else { v };
        (p.value - step * p.rate, vec![v])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        not_negative("sgd", "momentum", self.momentum)?;
        not_negative("sgd", "weight_decay", self.weight_decay)?;
        below_one("sgd", "dampening", self.dampening)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            let what = "sgd: Nesterov's momentum needs a momentum above 0 and no dampening";
            return Err(Error::new(ErrorKind::Data, what));
        }
        if self.dampening != 0.0 && self.momentum == 0.0 {
            let what =
                format!("sgd: dampening is {} without a momentum; there is no velocity to dampen", self.dampening);
            return Err(Error::new(ErrorKind::Data, what));
        }
        Ok(())
    }
}

spoken!(Sgd, "sgd": momentum, nesterov, dampening, weight_decay);

//! Momentum made orthogonal.

use quadric_autodiff::trace::Var;
use quadric_autodiff::trace::tree::Arithmetic;
use quadric_autodiff::{Error, Type};

use super::parameter::mean;
use super::settings::{below_one, not_negative, setters};
use super::{AdamW, Optimizer, Parameter};

/// The quintic whose iterates drive singular values to about 1 (Jordan 2024).
const QUINTIC: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);

/// Muon ([Jordan et al. 2024]) for matrices, and another optimizer for the rest: `v ← μ v + (1−μ) d`, `g = (1−μ) d + μ v` with Nesterov's momentum
/// or `g = v` without, `w ← (1 − rate · decay) w − rate · √max(1, out/in) · O(g)`.
///
/// O replaces the singular values of g, which are all near 1 afterwards, between 0.7 and 1.2: from `X = g/max(‖g‖, ε)`, five times `A = X Xᵀ`,
/// `X ← 3.4445 X + (−4.7750 A + 2.0315 A²) X`, on the side of the matrix that is shorter.
///
/// Of the weights as they are here, `[in, out]`, out is the last axis; the code of others, whose weights are `[out, in]`, has the first. Arrays of
/// other ranks than 2 go to the other optimizer, by default AdamW at its own rate, here `rest_rate` times Muon's. So should embeddings and the last
/// layer, says the author: by [`Groups`](super::Groups).
///
/// Defaults are PyTorch's: μ = 0.95, Nesterov, five iterations, ε = 1e-7, decay 0.1 (decoupled; the author's code has none), rate 1e-3 (the
/// author's is 0.02). The author's momentum is `v ← μ v + d`, which is the same up to a scale that O does not see, and his ε is added to the norm.
/// O is computed in the dtype of the weights, in both codes in bfloat16, which has three digits.
///
/// [Jordan et al. 2024]: https://kellerjordan.github.io/posts/muon/
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Muon, Optimizer};
/// let optimizer = Muon::new().weight_decay(0.0);
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// // However unlike the singular values of the gradient, the step has about the same in all directions.
/// let (w, d) = (tensor![[0.0, 0.0], [0.0, 0.0]], tensor![[0.0, 5.0], [-1.0, 0.0]]);
/// let (w, _) = step.call((w.clone(), d, optimizer.init(&w), Tensor::scalar(1.0)))?;
/// let w = w.to_vec::<f64>();
/// assert!((w[1] + 1.0).abs() < 0.3 && (w[2] - 1.0).abs() < 0.3 && w[0] == 0.0);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Muon<O = AdamW> {
    /// μ, the decay of the momentum.
    pub momentum: f64,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// Iterations of O.
    pub iterations: usize,
    /// ε, below which the norm does not count: a shorter g is not brought to singular values near 1.
    pub epsilon: f64,
    /// The share of the weights that a step of rate 1 takes away.
    pub weight_decay: f64,
    /// The optimizer of what is no matrix.
    pub rest: O,
    /// The rate of that, as a multiple of the rate.
    pub rest_rate: f64,
}

impl Default for Muon {
    fn default() -> Muon {
        let (momentum, nesterov, iterations) = (0.95, true, 5);
        Muon { momentum, nesterov, iterations, epsilon: 1e-7, weight_decay: 0.1, rest: AdamW::new(), rest_rate: 1.0 }
    }
}

impl Muon {
    /// PyTorch's settings, and AdamW for the rest at the same rate.
    pub fn new() -> Muon {
        Muon::default()
    }
}

impl<O: Optimizer> Muon<O> {
    setters! {
        /// With another μ.
        momentum: f64;
        /// With or without Nesterov's momentum.
        nesterov: bool;
        /// With so many iterations of O.
        iterations: usize;
        /// With another ε.
        epsilon: f64;
        /// With another decoupled decay of the matrices.
        weight_decay: f64;
    }

    /// With another optimizer for the rest, whose rate is this multiple of the rate.
    #[must_use]
    pub fn rest<P: Optimizer>(self, rest: P, rest_rate: f64) -> Muon<P> {
        let Muon { momentum, nesterov, iterations, epsilon, weight_decay, .. } = self;
        Muon { momentum, nesterov, iterations, epsilon, weight_decay, rest, rest_rate }
    }

    #[track_caller]
    fn orthogonal(&self, g: Var) -> Var {
        let (m, n) = (g.shape()[0], g.shape()[1]);
        let wide = if m > n { g.t() } else { g };
        let mut x = wide / wide.norm().maximum(self.epsilon);
        let (a, b, c) = QUINTIC;
        for _ in 0..self.iterations {
            let gram = x.matmul(x.t());
            let polynomial = gram * b + gram.matmul(gram) * c;
            x = x * a + polynomial.matmul(x);
        }
        if m > n { x.t() } else { x }
    }
}

impl<O: Optimizer> Optimizer for Muon<O> {
    fn name(&self) -> &'static str {
        "muon"
    }

    /// The momentum of a matrix; of the rest what its optimizer remembers.
    fn moments(&self, name: &str, ty: &Type) -> Vec<Type> {
        if ty.shape.rank() == 2 { vec![ty.clone()] } else { self.rest.moments(name, ty) }
    }

    fn rule_name(&self, parameter: &str, ty: &Type) -> &'static str {
        if ty.shape.rank() == 2 { self.name() } else { self.rest.rule_name(parameter, ty) }
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let [m, n] = p.value.shape()[..] else {
            return self.rest.rule(&Parameter { rate: p.rate * self.rest_rate, ..*p });
        };
        let v = mean(p.moments[0], p.direction, self.momentum);
        let g = if self.nesterov { mean(v, p.direction, self.momentum) } else { v };
        let scale = (n as f64 / m as f64).max(1.0).sqrt();
        (p.shrunk_value(self.weight_decay) - self.orthogonal(g) * (p.rate * scale), vec![v])
    }

    fn check(&self, names: &[String]) -> Result<(), Error> {
        below_one("muon", "momentum", self.momentum)?;
        not_negative("muon", "epsilon", self.epsilon)?;
        not_negative("muon", "weight_decay", self.weight_decay)?;
        not_negative("muon", "rest_rate", self.rest_rate)?;
        self.rest.check(names)
    }
}

//! Adam in the eigenbasis of Shampoo's preconditioner.

use quadric_autodiff::trace::{Var, eye, select};
use quadric_autodiff::{DType, Error, ErrorKind, Type};

use super::parameter::{mean, root};
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// SOAP ([Vyas et al. 2024], algorithm 3): Adam on the gradient of a matrix `[m, n]` seen from slowly turning orthonormal bases. With bases P, Q,
///
/// - `d' = Pᵀ d Q`, `M ← β₁ M + (1−β₁) d`, `V ← β₂ V + (1−β₂) d'²`,
/// - `w ← (1 − rate · decay) w − rate · P (Pᵀ M Q/(1−β₁ᵗ) / (√(V/(1−β₂ᵗ)) + ε)) Qᵀ`,
/// - `L ← β₂ L + (1−β₂) d dᵀ`, `R ← β₂ R + (1−β₂) dᵀ d`, and P, Q approach the eigenvectors of L and R: by one step of orthogonal iteration,
///   `P ← Q of qr(L P)`, with the columns in the order of falling `diag(Pᵀ L P)`, and V permuted with them.
///
/// As in the authors' code the first step only gathers L and R, and t counts from the second; arrays of other ranks than 2 have Adam's rule; an
/// axis longer than `largest` has no basis. Defaults are the authors': β₁ = β₂ = 0.95, ε = 1e-8, decay 0.01 (decoupled), `largest` 10000, rate
/// 3e-3.
///
/// Three things differ. The bases begin as the identity and are refreshed in the first step too, where the code takes an eigendecomposition there.
/// They are refreshed at every step (`precondition_frequency` 1; the code's 10 saves time, at a loss that the paper measures): a tape has no
/// branches, and a step that refreshes nothing would cost as much. And what is factored is `(L + δ I) P`, δ a small multiple of the rounding of L,
/// which has full rank where L has not.
///
/// While L or R has not full rank, its last basis vectors rest on rounding (no gradient so far has a part in them), and derivatives through the
/// step are as large as δ is small.
///
/// [Vyas et al. 2024]: https://arxiv.org/abs/2409.11321
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Optimizer, Soap};
/// let optimizer = Soap::new().weight_decay(0.0);
/// // ½ ‖A w − b‖² for an ill-conditioned A.
/// let mut step = compile(|(w, a, b, state, rate): (Var, Var, Var, _, Var)| {
///     let d = a.t().matmul(a.matmul(w) - b);
///     optimizer.update(&w, &d, &state, rate)
/// });
/// let (a, b) = (tensor![[3.0, 3.0], [3.0, 3.1]], tensor![[6.0, 0.0], [6.1, 0.1]]);
/// let mut w = tensor![[0.0, 0.0], [0.0, 0.0]];
/// let mut state = optimizer.init(&w);
/// for t in 0..400 {
///     let rate = Tensor::scalar(0.1 * (1.0 - f64::from(t) / 400.0));
///     (w, state) = step.call((w, a.clone(), b.clone(), state, rate))?;
/// }
/// assert!(w.to_vec::<f64>().iter().zip([1.0, -1.0, 1.0, 1.0]).all(|(w, e)| (w - e).abs() < 1e-2));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Soap {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square and of L and R.
    pub beta2: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// The longest axis that has a basis.
    pub largest: usize,
    /// The share of the weights that a step of rate 1 takes away.
    pub weight_decay: f64,
}

impl Default for Soap {
    fn default() -> Soap {
        Soap { beta1: 0.95, beta2: 0.95, epsilon: 1e-8, largest: 10_000, weight_decay: 0.01 }
    }
}

/// One side of a matrix: what is gathered, and its basis.
struct Side {
    gathered: Var,
    basis: Var,
}

impl Soap {
    /// With β₁ = β₂ = 0.95, ε = 1e-8 and decay 0.01.
    pub fn new() -> Soap {
        Soap::default()
    }

    /// With other decay rates of the means.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Soap {
        Soap { beta1, beta2, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With bases for axes up to this length.
        largest: usize;
        /// With another decoupled decay.
        weight_decay: f64;
    }

    /// The sizes of the axes that have a basis.
    fn sides(&self, ty: &Type) -> Vec<Option<usize>> {
        match ty.shape[..] {
            [m, n] => [m, n].map(|size| (size > 0 && size <= self.largest).then_some(size)).to_vec(),
            _ => vec![],
        }
    }
}

/// The next basis of a side, and the order in which the columns of the old one went into it.
#[track_caller]
fn refreshed(side: &Side) -> (Var, Var) {
    let Side { gathered, basis } = side;
    let n = gathered.shape()[0];
    let image = gathered.matmul(*basis);
    let rounding = if gathered.dtype() == DType::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    // Columns of (L + δ I) P are told apart down to n ε ‖L‖; the least that is added keeps L = 0 from being singular.
    let delta = gathered.trace() * (4.0 * n as f64 * rounding) + 1e-30;
    let falling = (-(*basis * image).sum_axes(&[0])).argsort(0);
    let columns = (image + *basis * delta).gather(falling, 1);
    (columns.qr().0, falling)
}

impl Optimizer for Soap {
    fn name(&self) -> &'static str {
        "soap"
    }

    /// M, V, and for each side that has a basis what is gathered and the basis.
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        let squares = self.sides(ty).into_iter().flatten().flat_map(|size| {
            let square = Type::new(ty.dtype, [size, size]);
            [square.clone(), square]
        });
        [ty.clone(), ty.clone()].into_iter().chain(squares).collect()
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let (w, d) = (p.value, p.direction);
        let first = p.step.equal(1.0);
        let mut kept = p.moments[2..].chunks_exact(2);
        let side = |size: Option<usize>| {
            let (identity, pair) = (eye(w.dtype(), size?), kept.next()?);
            Some(Side { gathered: pair[0], basis: select(first, identity, pair[1]) })
        };
        let sides: Vec<Option<Side>> = self.sides(&w.ty()).into_iter().map(side).collect();
        let turned = |x: Var, back: bool| {
            let mut x = x;
            for (axis, side) in sides.iter().enumerate() {
                let Some(Side { basis, .. }) = side else { continue };
                x = match (axis, back) {
                    (0, false) => basis.t().matmul(x),
                    (0, true) => basis.matmul(x),
                    (_, false) => x.matmul(*basis),
                    (_, true) => x.matmul(basis.t()),
                };
            }
            x
        };

        // In the first step nothing but L and R is gathered.
        let since = |old: Var, new: Var| select(first, old, new);
        let m = since(p.moments[0], mean(p.moments[0], d, self.beta1));
        let seen = turned(d, false);
        let mut v = since(p.moments[1], mean(p.moments[1], seen * seen, self.beta2));
        let later = Parameter { step: (p.step - 1.0).maximum(1.0), ..*p };
        let root = root(v / later.gathered(self.beta2));
        let step = turned(turned(m, false) / later.gathered(self.beta1) / (root + self.epsilon), true);
        let w = since(w, p.shrunk_value(self.weight_decay) - step * p.rate);

        let mut squares = vec![];
        for (axis, side) in sides.iter().enumerate() {
            let Some(side) = side else { continue };
            let square = if axis == 0 { d.matmul(d.t()) } else { d.t().matmul(d) };
            let gathered = mean(side.gathered, square, self.beta2);
            let (basis, order) = refreshed(&Side { gathered, basis: side.basis });
            v = v.gather(order, axis as isize);
            squares.extend([gathered, basis]);
        }
        (w, [m, v].into_iter().chain(squares).collect())
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("soap", "beta1", self.beta1)?;
        below_one("soap", "beta2", self.beta2)?;
        not_negative("soap", "epsilon", self.epsilon)?;
        not_negative("soap", "weight_decay", self.weight_decay)?;
        if self.largest > 0 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Data, "soap: largest is 0; it must be 1 or more"))
    }
}

spoken!(Soap, "soap": beta1, beta2, epsilon, largest, weight_decay);

//! Mean squares of a matrix by the means of its rows and columns.

use quadric_autodiff::trace::tree::Arithmetic;
use quadric_autodiff::trace::{Var, select};
use quadric_autodiff::{Error, ErrorKind, Type};

use super::settings::{not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// Adafactor ([Shazeer & Stern 2018], algorithms 4 and 5): of the mean squares of a matrix only the means R over each row and C over each column
/// are kept. With `β = 1 − t^(−0.8)`,
///
/// - `R ← β R + (1−β) mean_row(d² + ε₁)`, `C ← β C + (1−β) mean_column(d² + ε₁)`, `V = R C / mean(R)`, and for vectors `V ← β V + (1−β) (d² + ε₁)`,
/// - `u = d / √V`, `w ← (1 − rate · decay) w − α u / max(1, rms(u)/clip)`, `α = max(ε₂, rms(w)) · min(rate, 1/√t)`.
///
/// No momentum. Of three axes and more the last two are the matrix.
///
/// Defaults are the paper's: exponent 0.8, ε₁ = 1e-30, ε₂ = 1e-3, clip 1, and a rate of 1e-2. PyTorch has the machine epsilon ε in place of ε₁, as
/// lower bounds ε² of V and ε of mean(R). The decay is decoupled and 0 unless set, as there; the paper has none.
///
/// [Shazeer & Stern 2018]: https://arxiv.org/abs/1804.04235
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, Tree, tensor, trace::{Var, compile}};
/// use quadric_nn::{Adafactor, Optimizer};
/// let optimizer = Adafactor::new();
/// let w = tensor![[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]];
/// let state = optimizer.init(&w);
/// assert_eq!(state.moments.iter().map(|m| m.size()).collect::<Vec<_>>(), [2, 3]); // rows and columns, no 6
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// // A gradient of rank one is scaled to signs.
/// let d = tensor![[1.0, -10.0, 100.0], [2.0, -20.0, 200.0]];
/// let (w, _) = step.call((w, d, state, Tensor::scalar(0.25)))?;
/// let near = |w: &[f64], e: [f64; 6]| w.iter().zip(e).all(|(w, e)| (w - e).abs() < 1e-12);
/// assert!(near(&w.to_vec(), [0.75, 1.25, 0.75, 0.75, 1.25, 0.75]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adafactor {
    /// How fast β comes near 1: `β = 1 − t^(−exponent)`.
    pub exponent: f64,
    /// ε₁, beside the squares.
    pub epsilon: f64,
    /// ε₂, below which the scale of the weights is not counted.
    pub scale_epsilon: f64,
    /// The largest root mean square of u.
    pub clip: f64,
    /// The share of the weights that a step of rate 1 takes away.
    pub weight_decay: f64,
}

impl Default for Adafactor {
    fn default() -> Adafactor {
        Adafactor { exponent: 0.8, epsilon: 1e-30, scale_epsilon: 1e-3, clip: 1.0, weight_decay: 0.0 }
    }
}

impl Adafactor {
    /// With exponent 0.8, ε₂ = 1e-3, clip 1 and no decay.
    pub fn new() -> Adafactor {
        Adafactor::default()
    }

    setters! {
        /// With another exponent.
        exponent: f64;
        /// With another ε₁.
        epsilon: f64;
        /// With another ε₂.
        scale_epsilon: f64;
        /// With another bound of the root mean square of a step.
        clip: f64;
        /// With decoupled weight decay.
        weight_decay: f64;
    }
}

impl Optimizer for Adafactor {
    fn name(&self) -> &'static str {
        "adafactor"
    }

    /// Of a matrix `[…, m, n]` the means of its rows, `[…, m]`, and of its columns, `[…, n]`; of a vector its mean squares.
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        let shape = &ty.shape[..];
        let [front @ .., m, n] = shape else { return vec![ty.clone()] };
        let with = |size: usize| Type::new(ty.dtype, [front, &[size]].concat());
        vec![with(*m), with(*n)]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let (w, d) = (p.value, p.direction);
        let new = p.of((p.step.log() * -self.exponent).exp());
        // By shares and not by differences: an infinite mean stays one.
        let mix = |old: Var, now: Var| old * (1.0 - new) + now * new;
        let squares = d * d + self.epsilon;
        let (u, moments) = match *p.moments {
            [row, column] => {
                let (row, column) = (mix(row, squares.mean_axes(&[-1])), mix(column, squares.mean_axes(&[-2])));
                let all = row.mean_axes(&[-1]).expand_dims(&[-1]).expand_dims(&[-1]);
                let (row_each, column_each) = (row.expand_dims(&[-1]), column.expand_dims(&[-2]));
                // Root by root: R C / mean(R) is 0 in f32 where a row without gradient stands beside one of 1e8, and so would be what d is divided by.
                let u = (d / row_each.sqrt()) * (all.sqrt() / column_each.sqrt());
                (select(all.equal(f64::INFINITY), d / all, u), vec![row, column])
            }
            _ => {
                let v = mix(p.moments[0], squares);
                (d / v.sqrt(), vec![v])
            }
        };
        let rms = |x: Var| x.norm() / (x.shape().size().max(1) as f64).sqrt();
        let long = (rms(u) / self.clip).maximum(1.0);
        let rate = p.rate.minimum(p.of(p.step.rsqrt()));
        let alpha = rms(w).maximum(self.scale_epsilon) * rate;
        (p.shrunk_value(self.weight_decay) - u * (alpha / long), moments)
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        not_negative("adafactor", "exponent", self.exponent)?;
        not_negative("adafactor", "epsilon", self.epsilon)?;
        not_negative("adafactor", "scale_epsilon", self.scale_epsilon)?;
        not_negative("adafactor", "weight_decay", self.weight_decay)?;
        if self.clip > 0.0 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Data, format!("adafactor: clip is {}; it must be above 0", self.clip)))
    }
}

spoken!(Adafactor, "adafactor": exponent, epsilon, scale_epsilon, clip, weight_decay);

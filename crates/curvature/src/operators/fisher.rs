//! The Fisher information of the model's own predictions, exact or from sampled labels.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Tensor, Type};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::outer::{AtTheCut, Outer, of_scores};
use super::{AtPoint, LinearOperator, Symmetry, by_its_field};
use crate::error::{Error, bail};
use crate::problem::Problem;

/// The Fisher information `F = (1/N) Σ_n J_nᵀ E_ŷ[s sᵀ] J_n`, the expectation over the model's own labels taken exactly.
///
/// The scores are `s = ∂ℓ(z_n, ŷ)/∂z`. For a categorical likelihood, logits z and `p = softmax(z)`, the expectation is
/// `diag(p) − p pᵀ`; for a Gaussian one of unit variance it is the identity. Both are the loss's own `H_z`, so F is the
/// Gauss-Newton matrix of cross-entropy, respectively of `½‖z − y‖²` (Martens 2020) — computed another way: forward to
/// the cut, the closed form, and back.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::Fisher};
/// let loss = |w: Var, x: Var, y: Var| {
///     let error = cut("z", x * w * w) - y;
///     (error * error * 0.5).mean()
/// };
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![1.0], tensor![7.0])])?;
/// assert_eq!(Fisher::gaussian(&problem, "z")?.apply(&[1.0])?, [16.0]); // (2 w)², whatever the label
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Fisher(OuterAtPoint);

impl Fisher {
    /// For logits along the last axis of the cut.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) for a cut that the loss does not have exactly once;
    /// [`ErrorKind::Problem`](crate::ErrorKind::Problem) for coupled examples.
    #[track_caller]
    pub fn categorical(problem: &Problem, cut: &str) -> Result<Fisher, Error> {
        problem.refuse_coupled("Fisher")?;
        Ok(Fisher(OuterAtPoint(Outer::new(problem, cut, false, categorical)?)))
    }

    /// For a mean along the last axis of the cut, of unit variance.
    ///
    /// # Errors
    /// As [`categorical`](Fisher::categorical).
    #[track_caller]
    pub fn gaussian(problem: &Problem, cut: &str) -> Result<Fisher, Error> {
        problem.refuse_coupled("Fisher")?;
        Ok(Fisher(OuterAtPoint(Outer::new(problem, cut, false, gaussian)?)))
    }
}

/// An [`Outer`] without scores.
#[derive(Debug)]
struct OuterAtPoint(Outer);

impl LinearOperator for OuterAtPoint {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        self.0.apply(v)
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        self.0.apply_block(block)
    }

    fn symmetry(&self) -> Symmetry {
        self.0.symmetry()
    }
}

impl AtPoint for OuterAtPoint {
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        self.0.set_leaves(leaves)
    }

    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let leaves = self.0.replaced(theta)?;
        self.0.set_leaves(leaves)
    }
}

by_its_field!(Fisher);

fn softmax(z: Var) -> Var {
    let axis = [-1];
    let mut kept = z.shape().to_vec();
    if let Some(last) = kept.last_mut() {
        *last = 1;
    }
    let e = (z - z.max_axes(&axis).reshape(kept.clone())).exp();
    e / e.sum_axes(&axis).reshape(kept)
}

fn categorical(z: Var, z_dot: Var, _: Option<Var>) -> Var {
    let p = softmax(z);
    let mut kept = z.shape().to_vec();
    let examples = kept[0];
    if let Some(last) = kept.last_mut() {
        *last = 1;
    }
    let mean = (p * z_dot).sum_axes(&[-1]).reshape(kept);
    p * (z_dot - mean) * (1.0 / examples as f64)
}

fn gaussian(z: Var, z_dot: Var, _: Option<Var>) -> Var {
    z_dot * (1.0 / z.shape()[0] as f64)
}

/// The Fisher information from sampled labels: `(1/N) Σ_n J_nᵀ ŝ_n ŝ_nᵀ J_n` with one label ŷ drawn from the model's own
/// prediction for every example.
///
/// Its expectation is [`Fisher`], and its trace in expectation is `tr G`. The seed fixes the random numbers, so at one
/// point the operator is one matrix; [`resample`](SampledFisher::resample) draws again.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::SampledFisher};
/// // Two classes with equal logits (0, 0): s = p − ŷ = ±(½, −½), and w₁ scales the first logit.
/// let loss = |w: Var, _x: Var, _y: Var| cut("z", w.reshape([1, 2])).exp().sum_axes(&[-1]).log().mean();
/// let problem = Problem::new(&tensor![0.0, 0.0], loss, vec![(tensor![1.0], tensor![0])])?;
/// let f_v = SampledFisher::categorical(&problem, "z", 1)?.apply(&[1.0, 0.0])?;
/// assert_eq!(f_v, [0.25, -0.25]); // whichever class was drawn
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct SampledFisher {
    outer: Outer,
    z: AtTheCut,
    seed: u64,
    sample: fn(&[f64], &mut ChaCha8Rng) -> Vec<f64>,
}

impl SampledFisher {
    /// Labels from `softmax(z)` along the last axis of the cut: `s = p − e_ŷ`.
    ///
    /// # Errors
    /// As [`Fisher::categorical`].
    #[track_caller]
    pub fn categorical(problem: &Problem, cut: &str, seed: u64) -> Result<SampledFisher, Error> {
        SampledFisher::new(problem, cut, seed, categorical_score)
    }

    /// Labels from a normal distribution of unit variance around z: `s = z − ŷ`.
    ///
    /// # Errors
    /// As [`Fisher::categorical`].
    #[track_caller]
    pub fn gaussian(problem: &Problem, cut: &str, seed: u64) -> Result<SampledFisher, Error> {
        SampledFisher::new(problem, cut, seed, |z, rng| z.iter().map(|_| StandardNormal.sample(rng)).collect())
    }

    #[track_caller]
    fn new(
        problem: &Problem,
        cut: &str,
        seed: u64,
        sample: fn(&[f64], &mut ChaCha8Rng) -> Vec<f64>,
    ) -> Result<SampledFisher, Error> {
        problem.refuse_coupled("SampledFisher")?;
        let outer = Outer::new(problem, cut, true, of_scores)?;
        let mut fisher = SampledFisher { outer, z: AtTheCut::values(problem, cut)?, seed, sample };
        fisher.resample(seed)?;
        Ok(fisher)
    }

    /// Draws the labels anew, from another seed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFinite`](crate::ErrorKind::NotFinite) if the model's predictions are not finite.
    pub fn resample(&mut self, seed: u64) -> Result<(), Error> {
        self.seed = seed;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let point = self.outer.problem().point().to_vec();
        let mut scores = Vec::new();
        for z in self.z.at(&point)? {
            let values = z.to_f64_vec();
            if values.iter().any(|x| !x.is_finite()) {
                bail!(NotFinite, "SampledFisher: the model's prediction is not finite, no label can be drawn from it");
            }
            let Type { dtype, shape } = z.ty().clone();
            let row = shape.last().copied().unwrap_or(1).max(1);
            let s: Vec<f64> = values.chunks(row).flat_map(|z| (self.sample)(z, &mut rng)).collect();
            scores.push(Tensor::from_fn(dtype, shape, |i| s[i]));
        }
        self.outer.set_scores(Some(scores))
    }
}

fn categorical_score(z: &[f64], rng: &mut ChaCha8Rng) -> Vec<f64> {
    let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = z.iter().map(|z| (z - largest).exp()).collect();
    let sum: f64 = e.iter().sum();
    let mut left = rng.random::<f64>() * sum;
    let label = e.iter().position(|e| {
        left -= e;
        left < 0.0
    });
    let label = label.unwrap_or(e.len() - 1);
    e.iter().enumerate().map(|(c, e)| e / sum - f64::from(u8::from(c == label))).collect()
}

impl LinearOperator for SampledFisher {
    fn dim(&self) -> usize {
        self.outer.dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        self.outer.apply(v)
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        self.outer.apply_block(block)
    }

    fn symmetry(&self) -> Symmetry {
        self.outer.symmetry()
    }
}

impl AtPoint for SampledFisher {
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        self.outer.set_leaves(leaves)?;
        self.resample(self.seed)
    }

    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let leaves = self.outer.replaced(theta)?;
        self.set_leaves(leaves)
    }
}

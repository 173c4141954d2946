//! Instance normalisation.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree, Type};

use super::check::{channels_of, same_dtype};
use super::norm::{affine, along_channels, has_variance, standardized};
use super::stateless;
use crate::LIBRARY;

/// `(x − μ) / √(σ² + ε)`, with the mean and the biased variance of each channel of each example; `γ` and `β` for each channel
/// if [`affine`](InstanceNorm::affine) ([Ulyanov et al. 2016]). No state: training and inference are the same.
///
/// A variance beyond the dtype is infinite, as of a [`LayerNorm`](super::LayerNorm).
///
/// [Ulyanov et al. 2016]: https://arxiv.org/abs/1607.08022
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::InstanceNorm;
/// let norm = InstanceNorm::new(2).epsilon(0.0);
/// let x = Tensor::new([1, 2, 2], &[1.0, 3.0, 5.0, 4.0])?;
/// let y = compile(|(norm, x): (InstanceNorm<Var>, Var)| norm.apply(x)).call((norm, x))?;
/// assert_eq!(y, Tensor::new([1, 2, 2], &[-1.0, 1.0, 1.0, -1.0])?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct InstanceNorm<T = Tensor> {
    /// γ: `[C]`, if there is one.
    pub scale: Option<T>,
    /// β: `[C]`, if there is one.
    pub shift: Option<T>,
    /// C.
    pub channels: usize,
    /// ε, under the root.
    pub epsilon: f64,
}

impl InstanceNorm<Tensor> {
    /// Without γ and β, ε = 1e-5.
    pub fn new(channels: usize) -> InstanceNorm {
        InstanceNorm { scale: None, shift: None, channels, epsilon: 1e-5 }
    }

    /// With γ = 1 and β = 0, ε = 1e-5.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn affine(channels: usize, dtype: DType) -> InstanceNorm {
        let scale = Some(Tensor::from_fn(dtype, [channels], |_| 1.0));
        let shift = Some(Tensor::zeros(Type::new(dtype, [channels])));
        InstanceNorm { scale, shift, ..InstanceNorm::new(channels) }
    }
}

impl<T> InstanceNorm<T> {
    /// The same layer with another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> InstanceNorm<T> {
        InstanceNorm { epsilon, ..self }
    }
}

impl InstanceNorm<Var> {
    /// # Shapes
    /// `x: [B, C, …]`, result the same.
    ///
    /// # Errors
    /// Stops the trace if axis 1 of `x` is not of size C, a channel has a single value, whose variance says nothing, or `x` is of another dtype
    /// than γ.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.nonlinear_scope("instance_norm", || {
            self.scale.or(self.shift).iter().for_each(|ours| same_dtype("instance_norm", x, *ours));
            channels_of("instance_norm", x, self.channels);
            let shape = x.shape();
            let rank = shape.rank();
            has_variance("instance_norm", x, "a channel of", "it", shape[2..].iter().product());
            let y = standardized(x, &(2..rank as isize).collect::<Vec<_>>(), self.epsilon);
            affine(y, along_channels(self.scale, rank), along_channels(self.shift, rank))
        })
    }
}

stateless!(InstanceNorm);

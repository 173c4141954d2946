//! Group normalisation.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree, Type};

use super::check::{channels_of, groups_divide, same_dtype};
use super::norm::{affine, along_channels, has_variance, standardized};
use super::stateless;
use crate::LIBRARY;

/// `γ (x − μ) / √(σ² + ε) + β`, with the mean and the biased variance of each example over each of g groups of channels, and γ and β for
/// each channel ([Wu & He 2018]). No state: training and inference are the same.
///
/// A variance beyond the dtype is infinite, as of a [`LayerNorm`](super::LayerNorm).
///
/// [Wu & He 2018]: https://arxiv.org/abs/1803.08494
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::GroupNorm;
/// let norm = GroupNorm::new(2, 4, DType::F64).epsilon(0.0);
/// let y = compile(|(norm, x): (GroupNorm<Var>, Var)| norm.apply(x)).call((norm, tensor![[1.0, 3.0, 5.0, 4.0]]))?;
/// assert_eq!(y, tensor![[-1.0, 1.0, 1.0, -1.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct GroupNorm<T = Tensor> {
    /// γ: `[C]`, if there is one.
    pub scale: Option<T>,
    /// β: `[C]`, if there is one.
    pub shift: Option<T>,
    /// g.
    pub groups: usize,
    /// C.
    pub channels: usize,
    /// ε, under the root.
    pub epsilon: f64,
}

impl GroupNorm<Tensor> {
    /// γ = 1, β = 0, ε = 1e-5.
    ///
    /// # Panics
    /// If the groups do not divide the channels, or `dtype` is no float.
    pub fn new(groups: usize, channels: usize, dtype: DType) -> GroupNorm {
        groups_divide("GroupNorm::new", groups, &[("channels", channels)]);
        let scale = Some(Tensor::from_fn(dtype, [channels], |_| 1.0));
        let shift = Some(Tensor::zeros(Type::new(dtype, [channels])));
        GroupNorm { scale, shift, groups, channels, epsilon: 1e-5 }
    }
}

impl<T> GroupNorm<T> {
    /// The same layer without γ and β.
    #[must_use]
    pub fn without_affine(self) -> GroupNorm<T> {
        GroupNorm { scale: None, shift: None, ..self }
    }

    /// The same layer with another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> GroupNorm<T> {
        GroupNorm { epsilon, ..self }
    }
}

impl GroupNorm<Var> {
    /// # Shapes
    /// `x: [B, C, …]`, result the same.
    ///
    /// # Errors
    /// Stops the trace if axis 1 of `x` is not of size C, a group has a single value, whose variance says nothing, or `x` is of another dtype
    /// than γ.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.nonlinear_scope("group_norm", || {
            self.scale.or(self.shift).iter().for_each(|ours| same_dtype("group_norm", x, *ours));
            channels_of("group_norm", x, self.channels);
            let shape = x.shape();
            let of_group = shape[1..].iter().product::<usize>() / self.groups;
            has_variance("group_norm", x, "a group of", "it", of_group);
            let groups = x.reshape([shape[0], self.groups, of_group]);
            let y = standardized(groups, &[2], self.epsilon).reshape(shape.clone());
            let rank = shape.rank();
            affine(y, along_channels(self.scale, rank), along_channels(self.shift, rank))
        })
    }
}

stateless!(GroupNorm);

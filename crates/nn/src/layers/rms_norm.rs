//! Normalisation by the root mean square.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Shape, Tensor, Tree};

use super::check::{ends_with, same_dtype};
use super::norm::affine;
use super::stateless;
use crate::LIBRARY;

/// `γ x / √(mean x² + ε)` of each example over the last axes: a [`LayerNorm`](super::LayerNorm) without means ([Zhang & Sennrich 2019]).
///
/// A mean of squares beyond the dtype is infinite, and the result 0, as of a [`LayerNorm`](super::LayerNorm).
///
/// [Zhang & Sennrich 2019]: https://arxiv.org/abs/1910.07467
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::RmsNorm;
/// let norm = RmsNorm::new([2], DType::F64).epsilon(0.0);
/// let y = compile(|(norm, x): (RmsNorm<Var>, Var)| norm.apply(x)).call((norm, tensor![[1.0, -7.0]]))?;
/// assert!((y.to_vec::<f64>()[0] - 0.2).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct RmsNorm<T = Tensor> {
    /// γ, of the shape of the last axes, if there is one.
    pub scale: Option<T>,
    /// The sizes of the last axes.
    pub shape: Vec<usize>,
    /// ε, under the root.
    pub epsilon: f64,
}

impl RmsNorm<Tensor> {
    /// Over the last axes, of this shape: γ = 1, ε = 1e-6.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(shape: impl Into<Shape>, dtype: DType) -> RmsNorm {
        let shape = shape.into();
        RmsNorm { scale: Some(Tensor::from_fn(dtype, shape.clone(), |_| 1.0)), shape: shape.to_vec(), epsilon: 1e-6 }
    }
}

impl<T> RmsNorm<T> {
    /// The same layer without γ.
    #[must_use]
    pub fn without_affine(self) -> RmsNorm<T> {
        RmsNorm { scale: None, ..self }
    }

    /// The same layer with another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> RmsNorm<T> {
        RmsNorm { epsilon, ..self }
    }
}

impl RmsNorm<Var> {
    /// # Shapes
    /// `x: […, shape]`, result the same.
    ///
    /// # Errors
    /// Stops the trace if `x` ends in other axes, or is of another dtype than γ.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.nonlinear_scope("rms_norm", || {
            self.scale.iter().for_each(|ours| same_dtype("rms_norm", x, *ours));
            let axes = ends_with("rms_norm", x, &self.shape);
            affine(x * ((x * x).mean_keepdims(&axes) + self.epsilon).rsqrt(), self.scale, None)
        })
    }
}

stateless!(RmsNorm);

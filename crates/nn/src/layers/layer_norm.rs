//! Layer normalisation.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Shape, Tensor, Tree, Type};

use super::check::{ends_with, same_dtype};
use super::norm::{affine, has_variance, standardized};
use super::stateless;
use crate::LIBRARY;

/// `γ (x − μ) / √(σ² + ε) + β` with the mean and the biased variance of each example over the last axes ([Ba et al. 2016]).
///
/// A variance is a mean of squares: of entries beyond the root of the largest number of the dtype (1.8e19 in f32) it is infinite, and the result
/// is β with derivative 0.
///
/// [Ba et al. 2016]: https://arxiv.org/abs/1607.06450
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::LayerNorm;
/// let norm = LayerNorm::new([2], DType::F64).epsilon(0.0);
/// let y = compile(|(norm, x): (LayerNorm<Var>, Var)| norm.apply(x)).call((norm, tensor![[1.0, 3.0], [10.0, -10.0]]))?;
/// assert_eq!(y, tensor![[-1.0, 1.0], [1.0, -1.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct LayerNorm<T = Tensor> {
    /// γ, of the shape of the last axes, if there is one.
    pub scale: Option<T>,
    /// β, of the shape of the last axes, if there is one.
    pub shift: Option<T>,
    /// The sizes of the last axes.
    pub shape: Vec<usize>,
    /// ε, under the root.
    pub epsilon: f64,
}

impl LayerNorm<Tensor> {
    /// Over the last axes, of this shape: γ = 1, β = 0, ε = 1e-5.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(shape: impl Into<Shape>, dtype: DType) -> LayerNorm {
        let shape = shape.into();
        let scale = Some(Tensor::from_fn(dtype, shape.clone(), |_| 1.0));
        let shift = Some(Tensor::zeros(Type::new(dtype, shape.clone())));
        LayerNorm { scale, shift, shape: shape.to_vec(), epsilon: 1e-5 }
    }
}

impl<T> LayerNorm<T> {
    /// The same layer without γ and β.
    #[must_use]
    pub fn without_affine(self) -> LayerNorm<T> {
        LayerNorm { scale: None, shift: None, ..self }
    }

    /// The same layer without β.
    #[must_use]
    pub fn without_shift(self) -> LayerNorm<T> {
        LayerNorm { shift: None, ..self }
    }

    /// The same layer with another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> LayerNorm<T> {
        LayerNorm { epsilon, ..self }
    }
}

impl LayerNorm<Var> {
    /// # Shapes
    /// `x: […, shape]`, result the same.
    ///
    /// # Errors
    /// Stops the trace if `x` ends in other axes, these hold a single value, whose variance says nothing, or `x` is of another dtype than γ.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.nonlinear_scope("layer_norm", || {
            self.scale.or(self.shift).iter().for_each(|ours| same_dtype("layer_norm", x, *ours));
            let axes = ends_with("layer_norm", x, &self.shape);
            has_variance("layer_norm", x, "an example of", "it", self.shape.iter().product());
            affine(standardized(x, &axes, self.epsilon), self.scale, self.shift)
        })
    }
}

stateless!(LayerNorm);

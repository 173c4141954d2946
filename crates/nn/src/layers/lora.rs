//! Low-rank adapters.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{Error, Tensor, Tree, Type};

use super::layer::stateless;
use super::{Dense, Init};
use crate::LIBRARY;

/// `x ↦ x W + b + (α/r) (x A) B`: a dense layer and what is learned beside it, of rank r ([Hu et al. 2021]).
///
/// A begins as a dense layer's weight and B as 0, so the layer begins as the one it adapts. Which leaves are trained is said where
/// the gradient is taken: of a function of `lora_a` and `lora_b` alone, W is held, and nothing is computed for it.
///
/// [Hu et al. 2021]: https://arxiv.org/abs/2106.09685
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, tensor, trace::{Var, compile, grad}};
/// use quadric_nn::{Dense, Lora, generator};
/// let rng = &mut generator(1);
/// let mut layer = Lora::new(Dense::new(2, 2, DType::F64, rng), 1, 2.0, rng);
/// (layer.lora_a, layer.lora_b) = (tensor![[1.0], [0.0]], tensor![[0.0, 3.0]]);
/// layer.base.weight = tensor![[1.0, 0.0], [0.0, 1.0]];
/// let x = tensor![[1.0, 1.0]];
/// let y = compile(|(layer, x): (Lora<Var>, Var)| layer.apply(x)).call((layer.clone(), x.clone()))?;
/// assert_eq!(y, tensor![[1.0, 7.0]]);
/// assert_eq!(layer.merged()?.weight, tensor![[1.0, 6.0], [0.0, 1.0]]);
///
/// // The gradient of the adapters alone.
/// let mut of_adapters = compile(|(layer, x): (Lora<Var>, Var)| {
///     let loss = |(lora_a, lora_b): (Var, Var)| Lora { lora_a, lora_b, ..layer.clone() }.apply(x).sum();
///     grad(loss, &(layer.lora_a, layer.lora_b))
/// });
/// assert_eq!(of_adapters.call((layer, x))?.1, tensor![[2.0, 2.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Lora<T = Tensor> {
    /// W and b.
    pub base: Dense<T>,
    /// A: `[in, r]`.
    pub lora_a: T,
    /// B: `[r, out]`.
    pub lora_b: T,
    /// α/r.
    pub scale: f64,
}

impl Lora<Tensor> {
    /// A layer with an adapter of this rank, A drawn from `N(0, 1/in)` and B = 0.
    ///
    /// # Panics
    /// If the rank is 0.
    pub fn new(base: Dense, rank: usize, alpha: f64, rng: &mut impl Rng) -> Lora {
        assert!(rank > 0, "Lora: an adapter of rank 0 adapts nothing");
        let (dtype, shape) = (base.weight.dtype(), base.weight.shape().clone());
        let lora_a = Init::LeCunNormal.weight(shape[0], rank, dtype, rng);
        let lora_b = Tensor::zeros(Type::new(dtype, [rank, shape[1]]));
        Lora { base, lora_a, lora_b, scale: alpha / rank as f64 }
    }

    /// The dense layer that computes the same, `W + (α/r) A B`: nothing is left to pay for.
    ///
    /// # Errors
    /// If the shapes of the leaves do not fit each other.
    #[track_caller]
    pub fn merged(&self) -> Result<Dense, Error> {
        LIBRARY.enter(|| {
            let merge =
                |l: Lora<Var>| Dense { weight: l.base.weight + l.lora_a.matmul(l.lora_b) * l.scale, bias: l.base.bias };
            compile(merge).call(self.clone())
        })
    }
}

impl Lora<Var> {
    /// `x W + b + (α/r) (x A) B`, over the last axis.
    ///
    /// # Shapes
    /// `x: […, in]`, result `[…, out]`.
    ///
    /// # Errors
    /// As a [`Dense`] layer.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("lora", || self.base.apply(x) + x.matmul(self.lora_a).matmul(self.lora_b) * self.scale)
    }
}

stateless!(Lora);

//! The dense layer.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree, Type};

use super::Init;
use crate::LIBRARY;

/// `x ↦ x W + b`, with `W: [in, out]` and `b: [out]`.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Dense<T = Tensor> {
    /// `W: [in, out]`.
    pub weight: T,
    /// `b: [out]`.
    pub bias: T,
}

impl Dense<Tensor> {
    /// A layer with LeCun-normal weights ([`Init::LeCunNormal`]) and zero bias.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(inputs: usize, outputs: usize, dtype: DType, rng: &mut impl Rng) -> Dense {
        Dense::with_init(inputs, outputs, Init::LeCunNormal, dtype, rng)
    }

    /// A layer with weights drawn from `init` and zero bias.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn with_init(inputs: usize, outputs: usize, init: Init, dtype: DType, rng: &mut impl Rng) -> Dense {
        Dense { weight: init.weight(inputs, outputs, dtype, rng), bias: Tensor::zeros(Type::new(dtype, [outputs])) }
    }
}

impl Dense<Var> {
    /// `x W + b`.
    ///
    /// # Shapes
    /// `x: [B, in]`, result `[B, out]`.
    ///
    /// # Errors
    /// Stops the trace if `x` has not `in` columns.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("dense", || x.matmul(self.weight) + self.bias)
    }
}

//! The dense layer.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree, Type};

use super::Init;
use super::check::same_dtype;
use super::stateless;
use crate::LIBRARY;

/// `x ↦ x W + b`, with `W: [in, out]` and `b: [out]`.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Dense<T = Tensor> {
    /// `W: [in, out]`.
    pub weight: T,
    /// `b: [out]`, if there is one.
    pub bias: Option<T>,
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
        let bias = Tensor::zeros(Type::new(dtype, [outputs]));
        Dense { weight: init.weight(inputs, outputs, dtype, rng), bias: Some(bias) }
    }
}

impl<T> Dense<T> {
    /// The same layer without a bias.
    #[must_use]
    pub fn without_bias(self) -> Dense<T> {
        Dense { bias: None, ..self }
    }
}

impl Dense<Var> {
    /// `x W + b`, over the last axis.
    ///
    /// # Shapes
    /// `x: […, in]`, result `[…, out]`.
    ///
    /// # Errors
    /// Stops the trace if the last axis of `x` is not of size `in`, or `x` is of another dtype than W.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("dense", || {
            same_dtype("dense", x, self.weight);
            let (x_ty, w) = (x.ty(), self.weight.shape());
            if x_ty.shape.rank() == 0 || x_ty.shape.last() != w.first() {
                let what = format!("dense: the last axis of the input {x_ty} is not the {} inputs of the layer", w[0]);
                stop(Error::new(ErrorKind::Shape, what));
            }
            let y = x.matmul(self.weight);
            self.bias.map_or(y, |bias| y + bias)
        })
    }
}

stateless!(Dense);

//! An activation as a layer.

use std::marker::PhantomData;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Tensor, Tree};

use super::stateless;
use crate::LIBRARY;
use crate::activations::Activation;

/// `x ↦ φ(x)`: an [`Activation`] between other layers.
///
/// # Example
/// ```
/// use quadric_autodiff::DType;
/// use quadric_nn::{Activate, Activation, Dense, generator};
/// let rng = &mut generator(1);
/// let net = (Dense::new(2, 8, DType::F32, rng), Activate::new(Activation::Gelu), Dense::new(8, 1, DType::F32, rng));
/// # let _: (Dense, Activate, Dense) = net;
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct Activate<T = Tensor> {
    /// φ.
    pub activation: Activation,
    leaf: PhantomData<T>,
}

impl<T> Activate<T> {
    /// φ as a layer.
    pub fn new(activation: Activation) -> Activate<T> {
        Activate { activation, leaf: PhantomData }
    }
}

impl Activate<Var> {
    /// `φ(x)`, of any shape.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.enter(|| self.activation.apply(x))
    }
}

stateless!(Activate);

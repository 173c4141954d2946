//! A dense layer inside another layer, with or without an adapter.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Tensor, Tree};

use super::layer::stateless;
use super::{Dense, Lora};
use crate::LIBRARY;

/// A dense layer, as it is or adapted. Its leaves have the names of what it is: `query.weight`, or `query.base.weight` and `query.lora_a`.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tree};
/// use quadric_nn::{Attention, generator};
/// let rng = &mut generator(1);
/// let mut attention = Attention::new(8, 2, DType::F64, rng);
/// attention.query = attention.query.adapted(2, 4.0, rng)?;
/// assert_eq!(attention.leaf_names()[..4], ["query.base.weight", "query.base.bias", "query.lora_a", "query.lora_b"]);
/// attention.query = attention.query.merged()?;
/// assert_eq!(attention.leaf_names()[..2], ["query.weight", "query.bias"]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub enum Projection<T = Tensor> {
    /// As it is.
    Dense(Dense<T>),
    /// With a low-rank adapter.
    Lora(Lora<T>),
}

impl<T> From<Dense<T>> for Projection<T> {
    fn from(layer: Dense<T>) -> Projection<T> {
        Projection::Dense(layer)
    }
}

impl<T> Projection<T> {
    /// The dense layer, without its adapter.
    pub fn base(&self) -> &Dense<T> {
        match self {
            Projection::Dense(layer) => layer,
            Projection::Lora(layer) => &layer.base,
        }
    }
}

impl Projection<Tensor> {
    /// With an adapter ([`Lora::new`]); one that is there already is merged first.
    ///
    /// # Errors
    /// As [`Lora::merged`].
    #[track_caller]
    pub fn adapted(self, rank: usize, alpha: f64, rng: &mut impl Rng) -> Result<Projection, Error> {
        let Projection::Dense(base) = self.merged()? else { unreachable!("what is merged has no adapter") };
        Ok(Projection::Lora(Lora::new(base, rank, alpha, rng)))
    }

    /// The same map without an adapter.
    ///
    /// # Errors
    /// As [`Lora::merged`].
    #[track_caller]
    pub fn merged(self) -> Result<Projection, Error> {
        Ok(Projection::Dense(match self {
            Projection::Dense(layer) => layer,
            Projection::Lora(layer) => layer.merged()?,
        }))
    }
}

impl Projection<Var> {
    /// The layer at `x: […, in]`.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.enter(|| match self {
            Projection::Dense(layer) => layer.apply(x),
            Projection::Lora(layer) => layer.apply(x),
        })
    }

    /// How many outputs it has.
    #[track_caller]
    pub(super) fn outputs(&self) -> usize {
        self.base().weight.shape()[1]
    }
}

stateless!(Projection);

//! A primitive's meaning in plain loops, over any [`Scalar`].

use super::double_double::Dd;
use super::{Array, Scalar};
use crate::error::Error;
use crate::shape::Type;

/// What a primitive computes, written for reading: the judge of its kernel.
pub trait Define {
    /// The result, of type `y`.
    ///
    /// # Errors
    /// What only the data can decide, in the words of [`AnyPrimitive::run`](crate::tape::AnyPrimitive::run).
    fn define<S: Scalar>(&self, x: &[&Array<S>], y: &Type) -> Result<Array<S>, Error>;
}

/// The object-safe form of [`Define`]: a method for each scalar type. Implemented for every `Define`, never by hand.
pub trait Definition {
    /// In `f32`.
    fn in_f32(&self, x: &[&Array<f32>], y: &Type) -> Result<Array<f32>, Error>;
    /// In `f64`.
    fn in_f64(&self, x: &[&Array<f64>], y: &Type) -> Result<Array<f64>, Error>;
    /// In double-double.
    fn in_double_double(&self, x: &[&Array<Dd>], y: &Type) -> Result<Array<Dd>, Error>;
}

impl<D: Define> Definition for D {
    fn in_f32(&self, x: &[&Array<f32>], y: &Type) -> Result<Array<f32>, Error> {
        self.define(x, y)
    }

    fn in_f64(&self, x: &[&Array<f64>], y: &Type) -> Result<Array<f64>, Error> {
        self.define(x, y)
    }

    fn in_double_double(&self, x: &[&Array<Dd>], y: &Type) -> Result<Array<Dd>, Error> {
        self.define(x, y)
    }
}

//! A shorter page, for functions of floats applied element by element.

use super::parameters::Parameters;
use super::prelude::{float, same_floats};
use super::primitive::Primitive;
use super::rule::Rule;
use super::sample::{Domain, Sample};
use crate::error::Error;
use crate::reference::{Array, Scalar};
use crate::shape::Type;
use crate::tape::{Kernel, Params};

/// `yᵢ = f(x₁ᵢ, …)` for floats of one type: types, batching and samples follow, the page gives the rest.
pub trait Elementwise<const N: usize>: Parameters {
    /// The name in the text form.
    const NAME: &'static str;

    /// Where each operand may lie, so that the function is defined and smooth.
    const DOMAIN: [Domain; N];

    /// Whether the parameters are possible.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) with a sentence that says why not.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The derivative.
    fn rule(&self) -> Rule<Self, N>;

    /// The loop that computes it: [`Kernel::Unary`] or [`Kernel::Binary`].
    fn kernel(&self) -> Kernel;

    /// The function, written for reading.
    fn value<S: Scalar>(&self, x: [S; N]) -> S;

    /// The parameters to be tested; without parameters there is one choice.
    fn examples() -> Vec<Self> {
        Self::parse(&Params::none()).into_iter().collect()
    }
}

impl<const N: usize, P: Elementwise<N>> Primitive<N> for P {
    const NAME: &'static str = <P as Elementwise<N>>::NAME;

    fn infer(&self, inputs: [&Type; N]) -> Result<Type, Error> {
        const { assert!(N == 1 || N == 2, "functions of one or two operands") };
        self.check()?;
        match inputs[..] {
            [a, b] => same_floats(a, b),
            _ => float(inputs[0]),
        }
    }

    fn rule(&self) -> Rule<Self, N> {
        Elementwise::rule(self)
    }

    fn kernel(&self) -> Kernel {
        Elementwise::kernel(self)
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; N], y: &Type) -> Result<Array<S>, Error> {
        let n = y.shape.size();
        Ok(Array::real(y, (0..n).map(|i| self.value(x.map(|x| x.reals()[i]))).collect()))
    }

    fn samples() -> Vec<Sample> {
        P::examples().iter().flat_map(|p| Sample::shapes(p, P::DOMAIN)).collect()
    }
}

//! `pow_derivative`: every derivative of a power.

use crate::ops::prelude::*;

/// `y = u ∂ⁱ⁺ʲ aᵇ / ∂aⁱ ∂bʲ = u aᵇ⁻ⁱ Σₗ (j choose l) (d/db)ˡ[b (b − 1) … (b − i + 1)] (ln a)ʲ⁻ˡ` for floats.
///
/// One primitive for all of them, so that every order has the same limits and mixed derivatives do not depend on the order of
/// differentiation: a factor of b that is exactly 0 ends its term; at a = 0 a positive power is 0 whatever logarithm it meets, and of
/// logarithms the highest power is all that counts, so `∂²aᵇ/∂a∂b = aᵇ⁻¹ (1 + b ln a)` is −∞ at (0, 1) and 0 at (0, 2). The direction u is an
/// operand because its product with the derivative may be an ordinary number where the derivative overflows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PowDerivative {
    /// How often by a.
    pub i: usize,
    /// How often by b.
    pub j: usize,
}

impl Parameters for PowDerivative {
    fn params(&self) -> Params {
        Params::none().with("i", self.i).with("j", self.j)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(PowDerivative { i: p.size("i")?, j: p.size("j")? })
    }
}

impl PowDerivative {
    /// The highest order by each operand: beyond, factorials leave the numbers that are exact.
    const MAX: usize = 18;
}

impl Primitive<3> for PowDerivative {
    const NAME: &'static str = "pow_derivative";

    fn infer(&self, [u, a, b]: [&Type; 3]) -> Result<Type, Error> {
        let PowDerivative { i, j } = self;
        if *i > Self::MAX || *j > Self::MAX {
            bail!(Data, "derivative {i} by the base and {j} by the exponent is beyond the {}th", Self::MAX);
        }
        same_floats(u, a)?;
        same_floats(a, b)
    }

    /// Linear in u; `∂a` and `∂b` are the next derivatives.
    fn rule(&self) -> Rule<Self, 3> {
        if self.i >= Self::MAX || self.j >= Self::MAX {
            return Rule::Missing("its order is the highest that is known");
        }
        Rule::Diagonal(|PowDerivative { i, j }, t, [u, a, b], _, v, operand| {
            let (next, direction) = match operand {
                0 => (PowDerivative { i: *i, j: *j }, v),
                1 => (PowDerivative { i: i + 1, j: *j }, t.mul(u, v)),
                _ => (PowDerivative { i: *i, j: j + 1 }, t.mul(u, v)),
            };
            t.put(op(next), &[direction, a, b])
        })
    }

    /// Linear in u while a and b are held.
    fn linear_in(&self, moving: [bool; 3]) -> Linearity {
        if moving == [true, false, false] { Linearity::OthersFixed } else { Linearity::No }
    }

    fn run(&self, [u, a, b]: [Operand<'_>; 3], y: &mut Output<'_>) -> Result<(), Error> {
        let threads = y.threads;
        by_float!(y.ty.dtype, T => {
            let (u, a, b) = (u.elements::<T>(), a.elements(), b.elements());
            quadric_kernels::pow_derivative(self.i, self.j, u, a, b, y.elements(), threads);
        });
        Ok(())
    }

    /// `(d/db)ˡ[b (b − 1) …]/l!` by the coefficients of the product in powers of b's change.
    fn define<S: Scalar>(&self, [u, a, b]: [&Array<S>; 3], y: &Type) -> Result<Array<S>, Error> {
        let at = |k: usize| {
            let (u, a, b) = (u.reals()[k], a.reals()[k], b.reals()[k]);
            let mut product = vec![S::ONE];
            for m in 0..self.i {
                let factor = b - S::from_f64(m as f64);
                let mut next = vec![S::ZERO; product.len() + 1];
                for (l, c) in product.iter().enumerate().filter(|(_, c)| **c != S::ZERO) {
                    next[l] = next[l] + *c * factor;
                    next[l + 1] = next[l + 1] + *c;
                }
                product = next;
            }
            let terms = product.iter().enumerate().take(self.j + 1).filter(|(_, c)| **c != S::ZERO);
            let term = |(l, c): (usize, &S)| {
                let ways = (self.j - l + 1..=self.j).fold(S::ONE, |n, k| n * S::from_f64(k as f64));
                ways * *c * a.log().powi((self.j - l) as i32)
            };
            // At 0 the first one has the highest power of the logarithm.
            let count = if a == S::ZERO { 1 } else { usize::MAX };
            let sum = terms.map(term).take(count).reduce(|sum, term| sum + term);
            let exponent = b - S::from_f64(self.i as f64);
            let power = a.pow(exponent);
            match sum {
                Some(_) if a == S::ZERO && exponent > S::ZERO => u * S::ZERO,
                // The power alone may leave the range.
                Some(sum) if a != S::ZERO && !power.is_nan() && !power.to_f64().is_normal() => {
                    let half = a.abs().pow(exponent * S::from_f64(0.5));
                    let product = (u * half) * (sum * half);
                    if power < S::ZERO { -product } else { product }
                }
                Some(sum) => u * sum * power,
                None => u * S::ZERO,
            }
        };
        Ok(Array::real(y, (0..y.shape.size()).map(at).collect()))
    }

    fn samples() -> Vec<Sample> {
        let domains = [Domain::Reals, Domain::Positive, Domain::Range(-2.0, 2.0)];
        [(1, 0), (0, 1), (1, 1), (2, 1)]
            .into_iter()
            .flat_map(|(i, j)| Sample::shapes(&PowDerivative { i, j }, domains))
            .collect()
    }
}

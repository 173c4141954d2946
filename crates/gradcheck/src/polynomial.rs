//! Polynomials in several variables, with exact derivatives of every order.
//!
//! The reference that derivative tests are themselves tested with: nothing here is approximated but by rounding.

use crate::scalar::Scalar;

/// Σ c · Πᵢ xᵢ^pᵢ.
///
/// # Example
/// ```
/// use quadric_gradcheck::Polynomial;
/// let p = Polynomial::new(2, vec![(3.0, vec![2, 1])]); // 3 x² y
/// assert_eq!(p.value(&[2.0, 5.0]), 60.0);
/// assert_eq!(p.gradient(&[2.0, 5.0]), [60.0, 12.0]);
/// assert_eq!(p.hvp(&[2.0, 5.0], &[1.0, 0.0]), [30.0, 12.0]);
/// assert_eq!(p.third(&[2.0, 5.0], &[1.0, 0.0], &[0.0, 1.0]), [6.0, 0.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Polynomial {
    variables: usize,
    terms: Vec<(f64, Vec<u32>)>,
}

impl Polynomial {
    /// A polynomial from its terms: a coefficient and the power of every variable.
    ///
    /// # Panics
    /// If a term has another number of powers than `variables`.
    #[track_caller]
    pub fn new(variables: usize, terms: Vec<(f64, Vec<u32>)>) -> Self {
        for (_, powers) in &terms {
            assert_eq!(powers.len(), variables, "a term needs one power for every variable");
        }
        Polynomial { variables, terms }
    }

    /// The number of variables.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// The terms, as given to [`new`](Polynomial::new).
    pub fn terms(&self) -> &[(f64, Vec<u32>)] {
        &self.terms
    }

    /// ∂/∂xᵢ, a polynomial again.
    pub fn partial(&self, i: usize) -> Polynomial {
        let derive = |(coefficient, powers): &(f64, Vec<u32>)| {
            let mut powers = powers.clone();
            let power = powers[i];
            powers[i] = power.checked_sub(1)?;
            Some((coefficient * f64::from(power), powers))
        };
        let terms = self.terms.iter().filter_map(derive).collect();
        Polynomial { variables: self.variables, terms }
    }

    /// p(x), in the arithmetic of `T`. Shape `[n] -> []`.
    ///
    /// # Panics
    /// If `x` has another length than the polynomial has variables.
    #[track_caller]
    pub fn value<T: Scalar>(&self, x: &[T]) -> T {
        let (got, variables) = (x.len(), self.variables);
        assert_eq!(got, variables, "a point with {got} coordinates for a polynomial in {variables} variables");
        let term = |(coefficient, powers): &(f64, Vec<u32>)| {
            let factors = x.iter().zip(powers).map(|(x, &power)| x.powi(power as i32));
            factors.fold(T::narrow(*coefficient), |product, factor| product * factor)
        };
        self.terms.iter().map(term).fold(T::zero(), |sum, term| sum + term)
    }

    /// ∇p(x). Shape `[n] -> [n]`.
    pub fn gradient<T: Scalar>(&self, x: &[T]) -> Vec<T> {
        (0..self.variables).map(|i| self.partial(i).value(x)).collect()
    }

    /// H(x) v. Shapes `[n], [n] -> [n]`.
    pub fn hvp<T: Scalar>(&self, x: &[T], v: &[T]) -> Vec<T> {
        (0..self.variables).map(|i| inner(&self.partial(i).gradient(x), v)).collect()
    }

    /// D³p(x)\[u, v\]. Shapes `[n], [n], [n] -> [n]`.
    pub fn third<T: Scalar>(&self, x: &[T], u: &[T], v: &[T]) -> Vec<T> {
        (0..self.variables).map(|i| inner(&self.partial(i).hvp(x, u), v)).collect()
    }
}

fn inner<T: Scalar>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(a, b)| *a * *b).fold(T::zero(), |sum, term| sum + term)
}

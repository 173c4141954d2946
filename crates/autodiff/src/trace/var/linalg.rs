//! Small dense linear algebra: systems, determinants. Over the last two axes, batched over the axes in front.

use super::{Var, put};
use crate::error::{Error, ErrorKind};
use crate::ops::{self, op};
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::trace::stop;

impl Var {
    /// `A⁻¹ b` for a square A `[…, n, n]`; b is a matrix `[…, n, k]` or, with one axis fewer than A, a vector `[…, n]`. The axes in front
    /// are equal.
    ///
    /// By LU with partial pivoting. An entry of A that is not finite makes the result NaN.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when it runs, naming the matrix and the column, if elimination leaves a column without a pivot. A matrix that is
    /// singular to rounding only is solved as it is.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile, grad}};
    /// let (a, b) = (tensor![[0.0, 2.0], [4.0, 1.0]], tensor![2.0, 9.0]);
    /// assert_eq!(compile(|(a, b): (Var, Var)| a.solve(b)).call((a.clone(), b.clone()))?, tensor![2.0, 1.0]);
    /// // The sum of A⁻¹ b has the gradient A⁻ᵀ 1 by b.
    /// let (_, by_b) = grad(|(a, b): (Var, Var)| a.solve(b).sum(), &(a, b))?;
    /// assert_eq!(by_b, tensor![0.375, 0.25]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn solve(self, b: Var) -> Var {
        let solve = op(ops::Solve { transpose: false });
        match self.as_column(b) {
            Some(column) => put(solve, &[self, column]).reshape(b.shape()),
            None => put(solve, &[self, b]),
        }
    }

    /// `A⁻¹` for a square A; see [`solve`](Var::solve), which it is with the identity matrix. To multiply with an inverse, solve.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|a: Var| a.inverse()).call(tensor![[0.0, 2.0], [4.0, 2.0]])?;
    /// assert_eq!(y, tensor![[-0.25, 0.25], [0.5, 0.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn inverse(self) -> Var {
        let n = self.square("inverse");
        let one = Tensor::from_fn(self.dtype(), [n, n], |i| f64::from(u8::from(i / n == i % n)));
        put(op(ops::Solve { transpose: false }), &[self, super::constant(&one).broadcast_to(self.shape())])
    }

    /// `det A` of a square A, `[…, n, n] → […]`; 1 for n = 0, NaN where an entry is not finite.
    ///
    /// A product of pivots: 0 exactly where elimination leaves a column of zeros, and the determinant of a matrix that is off by rounding
    /// else. Its derivatives are right for singular matrices too up to 6 × 6; from 7 × 7 on they stop there with the error of
    /// [`solve`](Var::solve). For large matrices [`slogdet`](Var::slogdet) stays in range.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile, grad}};
    /// let a = tensor![[1.0, 2.0], [2.0, 4.0]];
    /// assert_eq!(compile(|a: Var| a.det()).call(a.clone())?.item(), 0.0);
    /// assert_eq!(grad(|a: Var| a.det(), &a)?, tensor![[4.0, -2.0], [-2.0, 1.0]]); // the cofactors
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn det(self) -> Var {
        put(op(ops::Det), &[self])
    }

    /// `ln |det A|` of a square A, `[…, n, n] → […]`: −∞ where A is singular, finite where the determinant itself overflows.
    ///
    /// The gradient is `A⁻ᵀ`; where A is singular it stops with the error of [`solve`](Var::solve).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// let g = grad(|a: Var| a.logdet(), &tensor![[0.0, 2.0], [4.0, 2.0]])?;
    /// assert_eq!(g, tensor![[-0.25, 0.5], [0.25, 0.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn logdet(self) -> Var {
        put(op(ops::LogAbsDet), &[self])
    }

    /// `(sign det A, ln |det A|)`, see [`logdet`](Var::logdet). The sign is 1, −1 or, where A is singular, 0; its derivative is zero.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let mut f = compile(|a: Var| a.slogdet());
    /// let (sign, log) = f.call(tensor![[0.0, 1e200], [1e200, 0.0]])?;
    /// assert_eq!(sign.item(), -1.0);
    /// assert!((log.item() - 400.0 * 10f64.ln()).abs() < 1e-12);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn slogdet(self) -> (Var, Var) {
        (put(op(ops::DetSign), &[self]), self.logdet())
    }

    /// The size of this square matrix.
    #[track_caller]
    fn square(self, name: &str) -> usize {
        let ty = self.ty();
        match ty.shape[..] {
            _ if !ty.dtype.is_float() => {
                stop(Error::new(ErrorKind::DType, format!("{name}: the operand is {ty}, a float is needed")))
            }
            [.., m, n] if m == n => n,
            _ => stop(Error::new(ErrorKind::Shape, format!("{name}: the operand is {ty}, a square matrix is needed"))),
        }
    }

    /// A right-hand side with one axis fewer than this matrix as a matrix of one column.
    #[track_caller]
    fn as_column(self, b: Var) -> Option<Var> {
        let shape = b.shape();
        (shape.rank() + 1 == self.shape().rank()).then(|| b.reshape(Shape::new([&shape[..], &[1]].concat())))
    }
}

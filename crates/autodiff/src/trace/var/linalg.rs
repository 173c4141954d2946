//! Small dense linear algebra: systems, determinants, factorisations. Over the last two axes, batched over the axes in front.

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
        let n = self.side("inverse");
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

    /// `(Q, R)` with `A = Q R` for A `[…, m, n]` of full column rank, m ≥ n: Q `[…, m, n]` with orthonormal columns, R `[…, n, n]` upper
    /// triangular with a positive diagonal. Householder reflections. An entry of A that is not finite makes both NaN.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when it runs, naming the matrix and the column, if a column is a combination of those before it: if what
    /// is left of it beside them is no longer than max(m, n) ε times itself.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let (q, r) = compile(|a: Var| a.qr()).call(tensor![[3.0, 4.0], [4.0, 2.0]])?;
    /// let near = |x: &[f64], y: &[f64]| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-14);
    /// assert!(near(&q.to_vec(), &[0.6, 0.8, 0.8, -0.6]));
    /// assert!(near(&r.to_vec(), &[5.0, 4.0, 0.0, 2.0]));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn qr(self) -> (Var, Var) {
        (put(op(ops::QrQ), &[self]), put(op(ops::QrR), &[self]))
    }

    /// The x that minimises `‖A x − b‖` for A `[…, m, n]` of full column rank, m ≥ n; b is a matrix `[…, m, k]`, whose columns are
    /// problems of their own, or, with one axis fewer than A, a vector `[…, m]`.
    ///
    /// By Householder QR, which is backward stable: AᵀA is not formed. An entry of A that is not finite makes the result NaN.
    ///
    /// # Errors
    /// As [`qr`](Var::qr).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// // The line a + b t through (0, 1), (1, 3), (2, 5).
    /// let (a, b) = (tensor![[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], tensor![1.0, 3.0, 5.0]);
    /// let line = compile(|(a, b): (Var, Var)| a.lstsq(b)).call((a, b))?.to_vec::<f64>();
    /// assert!((line[0] - 1.0).abs() < 1e-14 && (line[1] - 2.0).abs() < 1e-14);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn lstsq(self, b: Var) -> Var {
        match self.as_column(b) {
            Some(column) => {
                let x = put(op(ops::Lstsq), &[self, column]);
                let shape = x.shape();
                x.reshape(Shape::from(&shape[..shape.rank() - 1]))
            }
            None => put(op(ops::Lstsq), &[self, b]),
        }
    }

    /// `(w, V)`, the eigenvalues `[…, n]` of a symmetric A, ascending, and its eigenvectors as the columns of V `[…, n, n]`: `A = V diag(w) Vᵀ`.
    ///
    /// The lower triangle of A alone is read, and the result is a function of it alone: gradients are lower triangular, as those of
    /// [`cholesky`](Var::cholesky). Of each vector the first entry within a tenth of the largest is positive. Jacobi's rotations, for n up to a
    /// few hundred. An entry of the triangle that is not finite makes both NaN.
    ///
    /// A function of the eigenvalues alone that treats equal ones alike has the right gradient where they are repeated. Derivatives of
    /// eigenvectors, and with them second derivatives of eigenvalues, divide by gaps.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when a derivative of V runs and two eigenvalues are no farther apart than n ε max |w|: there is none.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile, grad}};
    /// let (w, _) = compile(|a: Var| a.eigh()).call(tensor![[2.0, 0.0], [1.0, 2.0]])?;
    /// assert!(w.to_vec::<f64>().iter().zip([1.0, 3.0]).all(|(x, y)| (x - y).abs() < 1e-14));
    /// // Σ λ² is the sum of squares of A's entries, at a repeated eigenvalue too.
    /// let g = grad(|a: Var| a.eigh().0.powi(2).sum(), &tensor![[3.0, 0.0], [0.0, 3.0]])?;
    /// assert_eq!(g, tensor![[6.0, 0.0], [0.0, 6.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn eigh(self) -> (Var, Var) {
        let count = self.side("eigh");
        (put(op(ops::EighValues), &[self]), put(op(ops::EighVectors { first: 0, count }), &[self]))
    }

    /// `(U, σ, Vᵀ)` with `A = U diag(σ) Vᵀ` for A `[…, m, n]`: U `[…, m, r]` and V `[…, n, r]` with orthonormal columns, `r = min(m, n)`, and the
    /// singular values σ `[…, r]`, descending.
    ///
    /// One-sided Jacobi rotations, which form no AᵀA; for r up to a few hundred. Of each column of the shorter basis (V if m ≥ n, else U)
    /// the first entry within a tenth of the largest is positive. A may have any rank: where σ is 0 the columns complete the bases. An entry of A
    /// that is not finite makes all three NaN.
    ///
    /// A function of singular values alone that treats equal ones alike has the right gradient where they are repeated, and at σ = 0 that of one
    /// side of a kink. Derivatives of U and V, and with them second derivatives of σ, divide by gaps and sums of singular values.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when a derivative of U or V runs and two entries of the spectrum (σ, −σ) are no farther apart than 2r ε max σ: two singular
    /// values are equal, or one is 0.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile, grad}};
    /// let (_, s, _) = compile(|a: Var| a.svd()).call(tensor![[0.0, 2.0], [-3.0, 0.0], [0.0, 0.0]])?;
    /// assert_eq!(s, tensor![3.0, 2.0]);
    /// // The sum of singular values of a diagonal matrix: the signs of its entries.
    /// let g = grad(|a: Var| a.svd().1.sum(), &tensor![[2.0, 0.0], [0.0, -2.0]])?;
    /// assert_eq!(g, tensor![[1.0, 0.0], [0.0, -1.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn svd(self) -> (Var, Var, Var) {
        let ty = self.ty();
        if let [.., m, n] = ty.shape[..]
            && m < n
        {
            let (v, s, ut) = self.t().svd();
            return (ut.t(), s, v.t());
        }
        let values = put(op(ops::SvdValues), &[self]);
        (put(op(ops::SvdLeft), &[self]), values, put(op(ops::SvdRight), &[self]).t())
    }

    /// The size of this square matrix.
    #[track_caller]
    fn side(self, name: &str) -> usize {
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

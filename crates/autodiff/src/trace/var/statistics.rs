//! Along axes, composed: reductions that keep their axes, products, moments, lengths, sums of exponentials, running extremes.

use super::{Var, concat, put, select};
use crate::LIBRARY;
use crate::ops::{self, op};
use crate::shape::Axes;
use crate::trace::tree::zero_at_zero;

macro_rules! keepdims {
    ($($(#[$doc:meta])* $name:ident is $reduction:ident;)*) => {
        $(
            $(#[$doc])* #[track_caller] #[must_use] pub fn $name(self, axes: &[isize]) -> Var {
                let kept = self.kept(&self.axes(stringify!($name), axes));
                self.$reduction(axes).reshape(kept)
            }
        )*
    };
}

impl Var {
    /// The shape with size 1 along these axes.
    #[track_caller]
    fn kept(self, axes: &Axes) -> Vec<usize> {
        self.shape().iter().enumerate().map(|(i, n)| if axes.contains(&i) { 1 } else { *n }).collect()
    }

    keepdims! {
        /// [`sum_axes`](Var::sum_axes) with the axes kept, of size 1.
        sum_keepdims is sum_axes;
        /// [`mean_axes`](Var::mean_axes) with the axes kept, of size 1.
        mean_keepdims is mean_axes;
        /// [`max_axes`](Var::max_axes) with the axes kept, of size 1.
        max_keepdims is max_axes;
        /// [`min_axes`](Var::min_axes) with the axes kept, of size 1.
        min_keepdims is min_axes;
        /// [`prod_axes`](Var::prod_axes) with the axes kept, of size 1.
        prod_keepdims is prod_axes;
        /// [`logsumexp`](Var::logsumexp) with the axes kept, of size 1.
        logsumexp_keepdims is logsumexp;
        /// [`norm_axes`](Var::norm_axes) with the axes kept, of size 1.
        norm_keepdims is norm_axes;
    }

    /// The smallest entry along axes, which leave the shape; ties share the derivative equally.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// let g = grad(|x: Var| x.min_axes(&[0]), &tensor![3.0, 1.0, 1.0])?;
    /// assert_eq!(g.to_f64_vec(), [0.0, 0.5, 0.5]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn min_axes(self, axes: &[isize]) -> Var {
        -(-self).max_axes(axes)
    }

    /// `i32` index of the first smallest entry along an axis, which leaves the shape; a NaN counts as the smallest.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.argmin(0)).call(tensor![5.0, 1.0, 1.0])?;
    /// assert_eq!(y, Tensor::scalar(1));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argmin(self, along: isize) -> Var {
        (-self).argmax(along)
    }

    /// The product of all entries, a scalar; 1 if there are none. Its derivatives are right where entries are zero, too.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// assert_eq!(grad(|x: Var| x.prod(), &tensor![0.0, 2.0, 3.0])?, tensor![6.0, 0.0, 0.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn prod(self) -> Var {
        let axes: Vec<isize> = (0..self.shape().rank() as isize).collect();
        self.prod_axes(&axes)
    }

    /// Products over axes, which leave the shape.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.prod_axes(&[0])).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![3.0, 8.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn prod_axes(self, axes: &[isize]) -> Var {
        let shape = self.shape();
        let axes = self.axes("prod_axes", axes);
        let rest = shape.without(&axes);
        let count: usize = axes.iter().map(|a| shape[*a]).product();
        if count == 0 {
            return self.number(1.0).broadcast_to(rest);
        }
        let mut order: Vec<isize> = (0..shape.rank()).filter(|a| !axes.contains(a)).map(|a| a as isize).collect();
        order.extend(axes.iter().map(|a| *a as isize));
        let mut lines = rest.to_vec();
        lines.push(count);
        let running = self.permute(&order).reshape(lines).cumprod(-1);
        running.slice(-1, count - 1..count).reshape(rest)
    }

    /// The variance over axes, which leave the shape: the mean of the squared distances to the mean, with `n − correction` in place of n (1 for
    /// the unbiased estimate). The mean is taken off first, so no digits cancel.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| (x.var_axes(&[0], 0), x.var_axes(&[0], 1))).call(tensor![1e8, 1e8 + 2.0])?;
    /// assert_eq!(y, (Tensor::scalar(1.0), Tensor::scalar(2.0)));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn var_axes(self, axes: &[isize], correction: usize) -> Var {
        let apart = self - self.mean_keepdims(axes);
        (apart * apart).sum_axes(axes) / self.degrees_of_freedom(axes, correction)
    }

    /// The standard deviation over axes, the root of [`var_axes`](Var::var_axes). Where all entries are equal it is 0, and so are its
    /// derivatives, as those of [`norm_axes`](Var::norm_axes).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.std_axes(&[0], 0)).call(tensor![1.0, 5.0])?;
    /// assert_eq!(y, Tensor::scalar(2.0));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn std_axes(self, axes: &[isize], correction: usize) -> Var {
        let apart = self - self.mean_keepdims(axes);
        apart.norm_axes(axes) / self.degrees_of_freedom(axes, correction).sqrt()
    }

    #[track_caller]
    fn degrees_of_freedom(self, axes: &[isize], correction: usize) -> f64 {
        let shape = self.shape();
        let count: usize = self.axes("var_axes", axes).iter().map(|a| shape[*a]).product();
        count as f64 - correction as f64
    }

    /// The Euclidean norm over axes, which leave the shape. It is taken of entries over the largest one, so that no square leaves the dtype. At
    /// 0 it is 0, and so are its derivatives of every order; the derivatives of its square [`powi(2)`](Var::powi) are those of the sum of squares.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// let g = grad(|x: Var| x.norm_axes(&[1]).sum(), &tensor![[3e-200, 4e-200], [0.0, 0.0]])?.to_f64_vec();
    /// assert!((g[0] - 0.6).abs() < 1e-15 && (g[1] - 0.8).abs() < 1e-15 && g[2..] == [0.0, 0.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn norm_axes(self, axes: &[isize]) -> Var {
        LIBRARY.enter(|| {
            let (unit, scale) = self.over_largest(axes);
            let length = zero_at_zero((unit * unit).sum_axes(axes), |s| s.sqrt());
            let norm = length * scale.reshape(length.shape());
            let axes = axes.to_vec();
            norm.is_root_of(move || (self * self).sum_axes(&axes))
        })
    }

    /// The entries over the largest magnitude along axes, and that; over 1 where it is 0 or infinite. The scale is a constant to every
    /// derivative: what it is does not matter to what is computed with both.
    #[track_caller]
    fn over_largest(self, axes: &[isize]) -> (Var, Var) {
        let largest = self.abs().max_keepdims(axes).stop_gradient();
        let scale = scale_of(largest);
        (self / scale, scale)
    }

    /// `ln Σ exp(x)` over axes, which leave the shape, without overflow. It is −∞ for entries that all are −∞ (a masked row) and for none at
    /// all, with derivatives 0; ∞ if one is.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.logsumexp(&[0])).call(tensor![1000.0, 1000.0])?;
    /// assert_eq!(y, Tensor::scalar(1000.0 + 2f64.ln()));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn logsumexp(self, axes: &[isize]) -> Var {
        let largest = self.max_keepdims(axes).stop_gradient();
        let shift = select(largest.abs().lt(f64::INFINITY), largest, 0.0);
        let sum = (self - shift).exp().sum_axes(axes);
        // The logarithm of 0 is not taken: its slope would be infinite.
        let empty = sum.equal(0.0);
        let log = select(empty, 1.0, sum).log() + shift.reshape(sum.shape());
        select(empty, f64::NEG_INFINITY, log)
    }

    /// Running `ln Σ exp(x)` along an axis, each with the largest entry so far as its shift.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.cumlogsumexp(0)).call(tensor![-1000.0, -1000.0, 1000.0])?;
    /// assert_eq!(y, tensor![-1000.0, -1000.0 + 2f64.ln(), 1000.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cumlogsumexp(self, along: isize) -> Var {
        let axis = self.axis("cumlogsumexp", along);
        let n = self.shape()[axis];
        if n == 0 {
            return self;
        }
        let shift = self.cummax(along).stop_gradient();
        let finite = shift.abs().lt(f64::INFINITY);
        let shift = select(finite, shift, 0.0);
        // zᵢ = Σⱼ exp(xⱼ − mᵢ) by zᵢ = exp(mᵢ₋₁ − mᵢ) zᵢ₋₁ + exp(xᵢ − mᵢ); what comes before the first finite entry counts nothing.
        let before = concat(&[shift.slice(along, 0..1), shift.slice(along, 0..n - 1)], along);
        let was_finite = concat(&[finite.slice(along, 0..1), finite.slice(along, 0..n - 1)], along);
        let factor = select(was_finite, (select(was_finite, before - shift, 0.0)).exp(), shift.zeros_like());
        let sum = factor.linear_recurrence((self - shift).exp(), along);
        let empty = sum.equal(0.0);
        select(empty, f64::NEG_INFINITY, select(empty, 1.0, sum).log() + shift)
    }

    /// Running maximum along an axis; of equal entries the first counts and takes the derivative, and from a NaN on all is NaN.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile, grad}};
    /// let x = tensor![1.0, 3.0, 2.0];
    /// assert_eq!(compile(|x: Var| x.cummax(0)).call(x.clone())?, tensor![1.0, 3.0, 3.0]);
    /// assert_eq!(grad(|x: Var| x.cummax(0).sum(), &x)?, tensor![1.0, 2.0, 0.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cummax(self, along: isize) -> Var {
        let axis = self.axis("cummax", along);
        self.gather_along(put(op(ops::CumArgMax { axis }), &[self]), along)
    }

    /// Running minimum along an axis, as [`cummax`](Var::cummax).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// assert_eq!(compile(|x: Var| x.cummin(0)).call(tensor![2.0, 1.0, 3.0])?, tensor![2.0, 1.0, 1.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cummin(self, along: isize) -> Var {
        -(-self).cummax(along)
    }
}

/// What to divide by so that squares stay in the dtype: the largest magnitude, or 1 where that is 0 or infinite; NaN stays.
#[track_caller]
pub(in crate::trace) fn scale_of(largest: Var) -> Var {
    let unusable = largest.le(0.0).or(largest.equal(f64::INFINITY));
    select(unusable, 1.0, largest)
}

//! Along axes: sums, means, largest entries, orders.

use super::{Var, put};
use crate::error::{Error, ErrorKind};
use crate::ops::{self, op};
use crate::shape::Axes;
use crate::trace::stop;

impl Var {
    #[track_caller]
    pub(super) fn axes(self, name: &str, axes: &[isize]) -> Axes {
        let mut resolved = Vec::with_capacity(axes.len());
        for a in axes {
            let axis = self.axis(name, *a);
            if resolved.contains(&axis) {
                stop(Error::new(ErrorKind::Shape, format!("{name}: axis {axis} is named twice in {axes:?}")));
            }
            resolved.push(axis);
        }
        Axes::new(resolved)
    }

    /// The sum of all entries, a scalar. Adds pairwise: the rounding error grows like log n (Higham 2002, §4.2).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.sum()).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, Tensor::scalar(10.0));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sum(self) -> Var {
        let axes = Axes::all(self.shape().rank());
        if axes.is_empty() { self } else { put(op(ops::Sum { axes }), &[self]) }
    }

    /// Sums over axes, which leave the shape.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.sum_axes(&[-1])).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![3.0, 7.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sum_axes(self, axes: &[isize]) -> Var {
        put(op(ops::Sum { axes: self.axes("sum_axes", axes) }), &[self])
    }

    /// The mean of all entries, a scalar. Its rounding error grows like log n, as that of [`sum`](Var::sum).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.mean()).call(tensor![1.0, 2.0, 6.0])?;
    /// assert_eq!(y, Tensor::scalar(3.0));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn mean(self) -> Var {
        self.sum() / (self.shape().size() as f64)
    }

    /// Means over axes, which leave the shape.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.mean_axes(&[0])).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![2.0, 3.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn mean_axes(self, axes: &[isize]) -> Var {
        let shape = self.shape();
        let count: usize = self.axes("mean_axes", axes).iter().map(|a| shape[*a]).product();
        self.sum_axes(axes) / (count as f64)
    }

    /// The largest entry along axes, which leave the shape; ties share the derivative equally.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// let g = grad(|x: Var| x.max_axes(&[0]), &tensor![3.0, 1.0, 3.0])?;
    /// assert_eq!(g, tensor![0.5, 0.0, 0.5]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn max_axes(self, axes: &[isize]) -> Var {
        put(op(ops::Max { axes: self.axes("max_axes", axes) }), &[self])
    }

    /// `i32` index of the first largest entry along an axis, which leaves the shape.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.argmax(1)).call(tensor![[1.0, 5.0, 5.0], [9.0, 2.0, 3.0]])?;
    /// assert_eq!(y, tensor![1, 0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argmax(self, along: isize) -> Var {
        let axis = self.axis("argmax", along);
        put(op(ops::ArgMax { axis }), &[self])
    }

    /// `i32` indices that sort along an axis, ascending and stable.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.argsort(0)).call(tensor![3.0, 1.0, 2.0])?;
    /// assert_eq!(y, tensor![1, 2, 0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argsort(self, along: isize) -> Var {
        let axis = self.axis("argsort", along);
        put(op(ops::ArgSort { axis }), &[self])
    }

    /// Sorted along an axis, ascending; the derivative follows the entries.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// // The weights of the smallest, the middle and the largest entry go to where these stand.
    /// let weights = |x: Var| (x.sort(0) * quadric_autodiff::trace::constant(&tensor![1.0, 10.0, 100.0])).sum();
    /// assert_eq!(grad(weights, &tensor![3.0, 1.0, 2.0])?, tensor![100.0, 1.0, 10.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sort(self, along: isize) -> Var {
        self.gather_along(self.argsort(along), along)
    }

    /// The k largest entries along an axis, largest first, and their `i32` indices; of equal entries the last comes first, and NaN counts
    /// as the largest. The derivative follows the entries.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.top_k(2, 0)).call(tensor![1.0, 9.0, 5.0])?;
    /// assert_eq!(y, (tensor![9.0, 5.0], tensor![1, 2]));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn top_k(self, k: usize, along: isize) -> (Var, Var) {
        let n = self.shape()[self.axis("top_k", along)];
        if k > n {
            let what = format!("top_k: the {k} largest of {n} entries along axis {along} of {}", self.ty());
            stop(Error::new(ErrorKind::Shape, what));
        }
        let places = self.argsort(along).reverse(along).slice(along, 0..k);
        (self.gather_along(places, along), places)
    }

    /// Running sums along an axis. Adds one after the other in blocks of 64, and blocks pairwise: the rounding error grows like 64 + 2 log₂(n/64).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.cumsum(0)).call(tensor![1.0, 2.0, 3.0])?;
    /// assert_eq!(y, tensor![1.0, 3.0, 6.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cumsum(self, along: isize) -> Var {
        let axis = self.axis("cumsum", along);
        put(op(ops::CumSum { axis, reverse: false }), &[self])
    }

    /// `zᵢ = selfᵢ zᵢ₋₁ + bᵢ` along an axis, from `z₀ = b₀` on; the first entry of self is not read.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let z = compile(|(a, b): (Var, Var)| a.linear_recurrence(b, 0)).call((tensor![9.0, 2.0, 3.0], tensor![1.0, 1.0, 1.0]))?;
    /// assert_eq!(z, tensor![1.0, 3.0, 10.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn linear_recurrence(self, b: Var, along: isize) -> Var {
        let axis = self.axis("linear_recurrence", along);
        put(op(ops::LinearRecurrence { axis, reverse: false }), &[self, b])
    }

    /// Running product along an axis: `yᵢ = x₀ … xᵢ`. Its derivatives are right where an x is zero, too.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// // The last product alone: x₁ x₂, x₀ x₂, x₀ x₁, and x₀ is 0.
    /// let last = |x: Var| x.cumprod(0).slice(0, 2..3).sum();
    /// assert_eq!(grad(last, &tensor![0.0, 2.0, 3.0])?, tensor![6.0, 0.0, 0.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cumprod(self, along: isize) -> Var {
        let axis = self.axis("cumprod", along);
        let n = self.shape()[axis];
        let one = n.min(1);
        // −0 is what adds nothing, not even to the sign of a zero.
        let rest = self.slice(along, one..n).full_like(-0.0);
        let b = super::concat(&[self.slice(along, 0..one), rest], along);
        put(op(ops::LinearRecurrence { axis, reverse: false }), &[self, b])
    }
}

//! The same entries in other places: shapes, axes, parts.

use super::{Var, put};
use crate::error::{Error, ErrorKind};
use crate::ops::{self, op};
use crate::shape::Shape;
use crate::tape::Op;
use crate::trace::stop;

impl Var {
    /// The array broadcast to `shape` by the usual rule: axes are aligned at the last, size 1 stretches.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.broadcast_to([2, 3])).call(tensor![1.0, 2.0, 3.0])?;
    /// assert_eq!(y, tensor![[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Var {
        let (ty, shape) = (self.ty(), shape.into());
        if ty.shape == shape {
            return self;
        }
        if ty.shape.broadcast_with(&shape).as_ref() != Some(&shape) {
            stop(Error::new(ErrorKind::Shape, format!("broadcast: {ty} does not stretch to {shape}")));
        }
        let offset = shape.rank() - ty.shape.rank();
        let kept: Vec<usize> = (0..ty.shape.rank()).filter(|i| ty.shape[*i] == shape[i + offset]).collect();
        let axes: Vec<usize> = kept.iter().map(|i| i + offset).collect();
        let squeezed = self.reshape(kept.iter().map(|i| ty.shape[*i]).collect::<Vec<_>>());
        if squeezed.shape() == shape { squeezed } else { put(op(ops::Broadcast { shape, axes }), &[squeezed]) }
    }

    /// The same elements, row-major, under another shape.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.reshape([2, 2])).call(tensor![1.0, 2.0, 3.0, 4.0])?;
    /// assert_eq!(y, tensor![[1.0, 2.0], [3.0, 4.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn reshape(self, shape: impl Into<Shape>) -> Var {
        let shape = shape.into();
        if self.shape() == shape { self } else { put(op(ops::Reshape { shape }), &[self]) }
    }

    /// Axes in another order.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.permute(&[1, 0])).call(tensor![[1.0, 2.0, 3.0]])?;
    /// assert_eq!(y, tensor![[1.0], [2.0], [3.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn permute(self, order: &[isize]) -> Var {
        // No closure: it would not see the caller's line.
        let mut resolved = Vec::with_capacity(order.len());
        for a in order {
            resolved.push(self.axis("permute", *a));
        }
        let order = resolved;
        put(op(ops::Permute { order }), &[self])
    }

    /// The matrix transposed: the last two axes swapped.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.t()).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![[1.0, 3.0], [2.0, 4.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Var {
        let rank = self.shape().rank();
        if rank < 2 {
            stop(Error::new(ErrorKind::Shape, format!("t: {} has no two axes to swap", self.ty())));
        }
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        put(op(ops::Permute { order }), &[self])
    }

    /// Entries `range` along an axis.
    ///
    /// # Errors
    /// Stops the trace with [`ErrorKind::Shape`] if the range runs backwards or out of the axis.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.slice(-1, 1..3)).call(tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])?;
    /// assert_eq!(y, tensor![[2.0, 3.0], [5.0, 6.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn slice(self, along: isize, range: std::ops::Range<usize>) -> Var {
        let shape = self.shape();
        let along = self.axis("slice", along);
        if range.start > range.end {
            stop(Error::new(ErrorKind::Shape, format!("slice: the range {range:?} runs backwards")));
        }
        let mut start = vec![0; shape.rank()];
        start[along] = range.start;
        let size = shape.resized(along, range.len()).to_vec();
        put(op(ops::Slice { start, size, step: vec![1; shape.rank()] }), &[self])
    }

    /// `low` zeros before and `high` zeros after, along an axis.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.pad(0, 1, 2)).call(tensor![5.0])?;
    /// assert_eq!(y, tensor![0.0, 5.0, 0.0, 0.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn pad(self, along: isize, low: usize, high: usize) -> Var {
        let shape = self.shape();
        let along = self.axis("pad", along);
        let mut lows = vec![0; shape.rank()];
        lows[along] = low;
        let padded = shape.resized(along, low.saturating_add(shape[along]).saturating_add(high));
        put(op(ops::Pad { low: lows, inner: vec![0; shape.rank()], shape: padded }), &[self])
    }

    /// The order along an axis turned around.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.reverse(0)).call(tensor![1.0, 2.0, 3.0])?;
    /// assert_eq!(y, tensor![3.0, 2.0, 1.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn reverse(self, along: isize) -> Var {
        let along = self.axis("reverse", along);
        put(op(ops::Reverse { axes: crate::axes![along] }), &[self])
    }
}

/// Arrays one after the other along an axis.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile, concat}};
/// let y = compile(|(a, b): (Var, Var)| concat(&[a, b, a], 0)).call((tensor![1.0], tensor![2.0, 3.0]))?;
/// assert_eq!(y, tensor![1.0, 2.0, 3.0, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn concat(parts: &[Var], along: isize) -> Var {
    let Some(first) = parts.first() else {
        stop(Error::new(ErrorKind::Arity, "concat: at least one operand is needed"))
    };
    let axis = first.axis("concat", along);
    put(Op::new(ops::Concat { axis }), parts)
}

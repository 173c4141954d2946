//! Entries in other places, composed: axes of size 1, turns, repetitions, stacks and parts.

use super::{Var, concat};
use crate::error::{Error, ErrorKind};
use crate::trace::stop;

impl Var {
    /// New axes of size 1, at these places of the result.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.expand_dims(&[-1])).call(tensor![1.0, 2.0])?;
    /// assert_eq!(y, tensor![[1.0], [2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn expand_dims(self, axes: &[isize]) -> Var {
        let shape = self.shape();
        let rank = shape.rank() + axes.len();
        let mut places = Vec::with_capacity(axes.len());
        for along in axes {
            let at = if *along < 0 { along + rank as isize } else { *along };
            if !(0..rank as isize).contains(&at) || places.contains(&at) {
                let what = format!("expand_dims: axis {along} of {} new ones for {}", axes.len(), self.ty());
                stop(Error::new(ErrorKind::Shape, what));
            }
            places.push(at);
        }
        let mut rest = shape.iter();
        let size = |i: usize| {
            if places.contains(&(i as isize)) { 1 } else { *rest.next().expect("the other axes are those of self") }
        };
        self.reshape((0..rank).map(size).collect::<Vec<_>>())
    }

    /// Without these axes, whose size is 1.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.squeeze(&[1])).call(tensor![[1.0], [2.0]])?;
    /// assert_eq!(y, tensor![1.0, 2.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axes: &[isize]) -> Var {
        let shape = self.shape();
        let axes = self.axes("squeeze", axes);
        if let Some(axis) = axes.iter().find(|a| shape[**a] != 1) {
            stop(Error::new(ErrorKind::Shape, format!("squeeze: axis {axis} of {} is not of size 1", self.ty())));
        }
        self.reshape(shape.without(&axes))
    }

    /// The order along these axes turned around.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.flip(&[0, 1])).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![[4.0, 3.0], [2.0, 1.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn flip(self, axes: &[isize]) -> Var {
        let mut y = self;
        for axis in self.axes("flip", axes).iter() {
            y = y.reverse(*axis as isize);
        }
        y
    }

    /// Entries moved by `shift` places along an axis; what leaves at one end comes in at the other.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| (x.roll(1, 0), x.roll(-1, 0))).call(tensor![1.0, 2.0, 3.0])?;
    /// assert_eq!(y, (tensor![3.0, 1.0, 2.0], tensor![2.0, 3.0, 1.0]));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn roll(self, shift: isize, along: isize) -> Var {
        let n = self.shape()[self.axis("roll", along)];
        if n == 0 {
            return self;
        }
        let first = shift.rem_euclid(n as isize) as usize;
        if first == 0 {
            return self;
        }
        concat(&[self.slice(along, n - first..n), self.slice(along, 0..n - first)], along)
    }

    /// The whole array `repeats[i]` times along axis i; further axes in front if there are more numbers than axes.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.tile(&[2, 2])).call(tensor![1.0, 2.0])?;
    /// assert_eq!(y, tensor![[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn tile(self, repeats: &[usize]) -> Var {
        let shape = self.shape();
        let rank = shape.rank().max(repeats.len());
        let mut sizes = vec![1; rank - shape.rank()];
        sizes.extend(shape.iter());
        let mut times = vec![1; rank - repeats.len()];
        times.extend(repeats);
        // Each axis as (how often, size): the first of the two repeats.
        let apart: Vec<usize> = sizes.iter().flat_map(|n| [1, *n]).collect();
        let spread: Vec<usize> = sizes.iter().zip(&times).flat_map(|(n, t)| [*t, *n]).collect();
        let together: Vec<usize> = sizes.iter().zip(&times).map(|(n, t)| n.saturating_mul(*t)).collect();
        self.reshape(apart).broadcast_to(spread).reshape(together)
    }

    /// Every entry `n` times in a row along an axis.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.repeat(2, 0)).call(tensor![1.0, 2.0])?;
    /// assert_eq!(y, tensor![1.0, 1.0, 2.0, 2.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn repeat(self, n: usize, along: isize) -> Var {
        let shape = self.shape();
        let axis = self.axis("repeat", along);
        let spread = shape.inserted(axis + 1, n);
        let together = shape.resized(axis, shape[axis].saturating_mul(n));
        self.reshape(shape.inserted(axis + 1, 1)).broadcast_to(spread).reshape(together)
    }

    /// Parts of these sizes along an axis, in order.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.split(&[1, 2], 0)).call(tensor![1.0, 2.0, 3.0])?;
    /// assert_eq!(y, [tensor![1.0], tensor![2.0, 3.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn split(self, sizes: &[usize], along: isize) -> Vec<Var> {
        let n = self.shape()[self.axis("split", along)];
        let total = sizes.iter().fold(0usize, |sum, n| sum.saturating_add(*n));
        if total != n {
            let what = format!("split: parts of {total} entries along axis {along} of {}, which has {n}", self.ty());
            stop(Error::new(ErrorKind::Shape, what));
        }
        let mut parts = Vec::with_capacity(sizes.len());
        let mut at = 0;
        for size in sizes {
            parts.push(self.slice(along, at..at + size));
            at += size;
        }
        parts
    }
}

/// Arrays of one shape along a new axis, which is axis `along` of the result.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile, stack}};
/// let y = compile(|(a, b): (Var, Var)| stack(&[a, b], -1)).call((tensor![1.0, 2.0], tensor![3.0, 4.0]))?;
/// assert_eq!(y, tensor![[1.0, 3.0], [2.0, 4.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn stack(parts: &[Var], along: isize) -> Var {
    let Some(first) = parts.first() else {
        stop(Error::new(ErrorKind::Arity, "stack: at least one operand is needed"))
    };
    if let Some(other) = parts.iter().find(|x| x.shape() != first.shape()) {
        let what = format!("stack: shapes differ: {} and {}", first.ty(), other.ty());
        stop(Error::new(ErrorKind::Shape, what));
    }
    let mut expanded = Vec::with_capacity(parts.len());
    for part in parts {
        expanded.push(part.expand_dims(&[along]));
    }
    concat(&expanded, along)
}

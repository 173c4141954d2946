//! Shapes, axes and types: the arithmetic of sizes.

use std::fmt;
use std::ops::Deref;

use crate::dtype::DType;
use crate::error::{Error, bail};

/// Most bytes of an array: 2⁴⁷, all that a process can address on the 64-bit machines there are, or what a pointer's offset
/// can count on smaller ones. Whether this machine has so much is seen when a program gets its buffers.
pub const MAX_BYTES: usize = if isize::MAX as u64 > 1 << 47 { (1u64 << 47) as usize } else { isize::MAX as usize };

/// Most axes of an array. The kernels walk that many, and batches add theirs.
pub const MAX_RANK: usize = 24;

/// The sizes of a tensor along its axes; `[]` is a scalar.
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The shape with these sizes.
    pub fn new(dims: impl Into<Vec<usize>>) -> Shape {
        Shape(dims.into())
    }

    /// The shape of a scalar.
    pub fn scalar() -> Shape {
        Shape(Vec::new())
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements: the product of the sizes, 1 for a scalar.
    pub fn size(&self) -> usize {
        // Saturating: a size beyond memory must not come round to a small one.
        self.0.iter().fold(1, |n: usize, dim| n.saturating_mul(*dim))
    }

    /// Row-major strides, in elements.
    pub fn strides(&self) -> Vec<isize> {
        let mut strides = vec![1isize; self.rank()];
        for i in (0..self.rank().saturating_sub(1)).rev() {
            strides[i] = strides[i + 1] * self.0[i + 1] as isize;
        }
        strides
    }

    /// This shape with another axis of `size` at `axis`.
    pub fn inserted(&self, axis: usize, size: usize) -> Shape {
        let mut dims = self.0.clone();
        dims.insert(axis, size);
        Shape(dims)
    }

    /// This shape with `size` in place of the size along `axis`.
    pub fn resized(&self, axis: usize, size: usize) -> Shape {
        let mut dims = self.0.clone();
        dims[axis] = size;
        Shape(dims)
    }

    /// This shape without `axes`.
    pub fn without(&self, axes: &Axes) -> Shape {
        Shape((0..self.rank()).filter(|i| !axes.contains(i)).map(|i| self.0[i]).collect())
    }

    /// `(outer, n, inner)`: the sizes before `axis`, along it, and after it.
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        (self.0[..axis].iter().product(), self.0[axis], self.0[axis + 1..].iter().product())
    }

    /// The shape both operands broadcast to under the usual rule (aligned at the last axis; 1 stretches), if there is one.
    pub fn broadcast_with(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let size = |s: &Shape, i: usize| (i + s.rank()).checked_sub(rank).map_or(1, |j| s.0[j]);
        (0..rank)
            .map(|i| match (size(self, i), size(other, i)) {
                (a, b) if a == b => Some(a),
                (1, b) => Some(b),
                (a, 1) => Some(a),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Shape)
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, n) in self.0.iter().enumerate() {
            write!(f, "{}{n}", if i == 0 { "" } else { "," })?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Shape {
        Shape(dims)
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Shape {
        Shape(dims.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Shape {
        Shape(dims.to_vec())
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Shape {
        shape.clone()
    }
}

/// A set of axes, ascending, without repeats.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Axes(Vec<usize>);

impl Axes {
    /// These axes, sorted; a repeated axis counts once.
    pub fn new(axes: impl Into<Vec<usize>>) -> Axes {
        let mut axes = axes.into();
        axes.sort_unstable();
        axes.dedup();
        Axes(axes)
    }

    /// All axes of `rank`.
    pub fn all(rank: usize) -> Axes {
        Axes((0..rank).collect())
    }

    /// Every axis one up: what an operation's axes become when a batch axis is put in front.
    pub fn shifted_by_one(&self) -> Axes {
        Axes(self.0.iter().map(|a| a + 1).collect())
    }

    /// `[outer, n, inner]` of a shape around these axes, which are neighbours (`lower` splits a reduction into runs).
    pub(crate) fn around(&self, shape: &Shape) -> (usize, usize, usize) {
        let Some((first, last)) = self.0.first().zip(self.0.last()) else { return (shape.size(), 1, 1) };
        debug_assert_eq!(last - first + 1, self.0.len(), "lower has split the reduction into runs");
        let part = |range: std::ops::Range<usize>| shape[range].iter().product();
        (part(0..*first), part(*first..last + 1), part(last + 1..shape.rank()))
    }

    /// The axes of `rank` that are not in this set.
    pub fn complement(&self, rank: usize) -> Axes {
        Axes((0..rank).filter(|a| !self.0.contains(a)).collect())
    }
}

impl Deref for Axes {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

/// Counts a negative axis from the end: −1 is the last.
pub fn axis(axis: isize, rank: usize) -> Result<usize, Error> {
    let resolved = if axis < 0 { axis + rank as isize } else { axis };
    if resolved < 0 || resolved >= rank as isize {
        bail!(Shape, "axis {axis} is out of range for rank {rank}");
    }
    Ok(resolved as usize)
}

/// What is known of a value before it is computed: its dtype and shape. Prints as `f32[64,10]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Type {
    /// The type of the elements.
    pub dtype: DType,
    /// The sizes.
    pub shape: Shape,
}

impl Type {
    /// The type of that dtype and shape.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Type {
        Type { dtype, shape: shape.into() }
    }

    /// The type of a scalar.
    pub fn scalar(dtype: DType) -> Type {
        Type { dtype, shape: Shape::scalar() }
    }

    /// The same dtype with another shape.
    pub fn with_shape(&self, shape: impl Into<Shape>) -> Type {
        Type { dtype: self.dtype, shape: shape.into() }
    }

    /// The same shape with another dtype.
    pub fn with_dtype(&self, dtype: DType) -> Type {
        Type { dtype, shape: self.shape.clone() }
    }

    /// This type without `axes`, which must exist.
    pub fn without(&self, axes: &Axes) -> Result<Type, Error> {
        if let Some(a) = axes.iter().find(|a| **a >= self.shape.rank()) {
            bail!(Shape, "axis {a} is out of range for {self}");
        }
        Ok(self.with_shape(self.shape.without(axes)))
    }

    /// With a batch axis of `size` in front.
    pub fn batched(&self, size: usize) -> Type {
        self.with_shape(self.shape.inserted(0, size))
    }

    /// Bytes of a value of this type.
    pub fn bytes(&self) -> usize {
        self.shape.size().saturating_mul(self.dtype.size())
    }

    /// Checks that there can be such an array: its bytes are at most [`MAX_BYTES`], axes of size 0 aside, and its axes at
    /// most [`MAX_RANK`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        let occupied = self.shape.iter().map(|n| (*n).max(1)).fold(self.dtype.size(), usize::saturating_mul);
        if occupied > MAX_BYTES {
            bail!(Shape, "{self} is larger than any memory");
        }
        if self.shape.rank() > MAX_RANK {
            bail!(Shape, "{self} has {} axes, {MAX_RANK} are the most", self.shape.rank());
        }
        Ok(())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `shape![3, 4]`: a [`Shape`].
#[macro_export]
macro_rules! shape {
    ($($n:expr),* $(,)?) => { $crate::shape::Shape::new(vec![$($n as usize),*] as Vec<usize>) };
}

/// `axes![0, 2]`: a set of [`Axes`](crate::shape::Axes).
#[macro_export]
macro_rules! axes {
    ($($n:expr),* $(,)?) => { $crate::shape::Axes::new(vec![$($n as usize),*] as Vec<usize>) };
}

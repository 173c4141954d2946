//! What an equation computes, as data: the meaning of a primitive for whoever runs tapes.
//!
//! Two engines read it and share nothing else: the executor (`exec`) turns it into calls of `quadric-kernels`, the
//! reference interpreter (`exec::reference`) into plain loops over any number type.

pub use quadric_kernels::{Binary, Unary};

use crate::shape::{Axes, Shape};
use crate::tensor::Tensor;

use super::Window;

/// The computation of one equation. Operands are `x` (and `a`, `b`, `c`), the result is `y`, whose type `infer` gave.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kernel {
    /// `y = x`, perhaps under another shape: no work at all.
    Identity,
    /// `y` is this tensor.
    Constant(Tensor),
    /// `y[i] = i` along an axis.
    Iota {
        /// The axis along which the numbers grow.
        axis: usize,
    },
    /// Elementwise.
    Unary(Unary),
    /// Elementwise over operands of one shape; comparisons give bools.
    Binary(Binary),
    /// `y = a ? b : c`, elementwise. It selects and never multiplies.
    Select,
    /// The same numbers in the result's dtype.
    Convert,
    /// Operand axis `i` becomes axis `axes[i]` of `y`; along all others the operand repeats.
    Broadcast {
        /// Strictly ascending.
        axes: Vec<usize>,
    },
    /// Axis `i` of `y` is axis `order[i]` of the operand.
    Permute {
        /// A permutation.
        order: Vec<usize>,
    },
    /// `y[.., start + i·step, ..] → y[.., i, ..]` along every axis.
    Slice {
        /// The first index along each axis.
        start: Vec<usize>,
        /// The distance between taken indices.
        step: Vec<usize>,
    },
    /// Zeros around the operand, and `inner` zeros between its elements, along every axis.
    Pad {
        /// Zeros before.
        low: Vec<usize>,
        /// Zeros between neighbours.
        inner: Vec<usize>,
    },
    /// Operands one after the other along an axis.
    Concat {
        /// Which one.
        axis: usize,
    },
    /// The order of the elements turned around along these axes.
    Reverse {
        /// Which ones.
        axes: Axes,
    },
    /// Sum over axes, which leave the shape.
    Sum {
        /// Which ones.
        axes: Axes,
    },
    /// Largest entry over axes, which leave the shape; NaN propagates.
    Max {
        /// Which ones.
        axes: Axes,
    },
    /// Index of the first largest entry along an axis, which leaves the shape.
    ArgMax {
        /// Which one.
        axis: usize,
    },
    /// Indices that sort along an axis, ascending and stable, NaN last.
    ArgSort {
        /// Which one.
        axis: usize,
    },
    /// Running sum along an axis.
    CumSum {
        /// Which one.
        axis: usize,
        /// From the end instead of the beginning.
        reverse: bool,
    },
    /// `y = op(a) · op(b)` over the last two axes, batched over all before.
    Dot {
        /// Whether the last two axes of `a` are swapped first.
        transpose_lhs: bool,
        /// Whether the last two axes of `b` are swapped first.
        transpose_rhs: bool,
    },
    /// `y[o, j, i] = x[o, index[j], i]` around an axis.
    Gather {
        /// Which one.
        axis: usize,
    },
    /// `y[o, index[j], i] += u[o, j, i]` into zeros, around an axis.
    ScatterAdd {
        /// Which one.
        axis: usize,
    },
    /// `y[o, j, i] = x[o, index[o, j, i], i]` around an axis.
    GatherAlong {
        /// Which one.
        axis: usize,
    },
    /// `y[o, index[o, j, i], i] += u[o, j, i]` into zeros, around an axis.
    ScatterAddAlong {
        /// Which one.
        axis: usize,
    },
    /// Threefry-2x32 bits of this shape for every key in the operand.
    RandomBits {
        /// What one key draws.
        shape: Shape,
    },
    /// Windows of images as columns.
    Patches(Window),
    /// Columns added back into images.
    PatchesTranspose(Window),
    /// The lower Cholesky factor of the lower triangle's symmetric matrix.
    Cholesky,
    /// `y = op(T)⁻¹ b`, T a triangle of `a`.
    TriangularSolve {
        /// Which triangle of `a`.
        lower: bool,
        /// Whether the system is transposed.
        transpose: bool,
    },
    /// The body, once a step: `(constants…, state…, xₜ…) → (state…, yₜ…)`.
    Scan {
        /// How many steps.
        length: usize,
        /// How many operands are the same in every step.
        constants: usize,
        /// How many arrays the state is.
        states: usize,
        /// From the last step to the first.
        reverse: bool,
    },
    /// The first body is the computation; the executor inlines it.
    Body,
    /// The same, on operands read through barriers: a second computation that is not to be merged with the first.
    Replay,
}

//! What the planner has to know of an equation: whether it is moved, fused, a loop, or a step of its own.

use quadric_kernels::{Binary, Unary};

use crate::shape::Axes;
use crate::tensor::Tensor;

/// The computation of one equation, as the passes and the plan see it. Operands are `x` (and `a`, `b`, `c`), the result is
/// `y`, whose type `infer` gave. [`Own`](Kernel::Own) is every computation that
/// the planner only has to call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kernel {
    /// `y = x`, perhaps under another shape: no work at all.
    Identity,
    /// `y` is this tensor.
    Constant(Tensor),
    /// Elementwise; groups of such equations are one pass.
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
    /// `y[.., i, ..] = x[.., start + i·step, ..]` along every axis.
    Slice {
        /// The first index along each axis.
        start: Vec<usize>,
        /// The distance between taken indices.
        step: Vec<usize>,
    },
    /// The order of the elements turned around along these axes.
    Reverse {
        /// Which ones.
        axes: Axes,
    },
    /// A reduction over `axes`, which the result does not have. Its kernel needs neighbouring axes; `lower` splits others.
    Reduce {
        /// Which ones.
        axes: Axes,
    },
    /// A product over the last two axes, which reads a repeated matrix once.
    Product,
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
    /// A step of its own, by [`AnyPrimitive::run`](super::AnyPrimitive::run).
    Own,
}

impl Kernel {
    /// Whether `y` holds entries of `x` in other places, and nothing else.
    pub fn is_movement(&self) -> bool {
        matches!(
            self,
            Kernel::Identity
                | Kernel::Broadcast { .. }
                | Kernel::Permute { .. }
                | Kernel::Slice { .. }
                | Kernel::Reverse { .. }
        )
    }
}

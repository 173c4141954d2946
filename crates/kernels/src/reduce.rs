//! Reductions and scans: a slice is seen as `[outer, n, inner]`. A reduction removes the middle axis; [`cumsum`], [`linear_recurrence`],
//! [`cumargmax`] and [`argsort`] keep it.
//!
//! A recurrence goes step by step along its axis. Every sum has an order fixed by the sizes alone, and adds pairwise blocks of some terms, so
//! its error grows like log n beyond a block (Higham 2002, §4.2). [`cumsum`] has blocks of 64 along its axis. With `inner = 1` a row is cut into blocks of 256, a block has sixteen
//! lanes on every instruction set, and blocks combine in a binary tree. With `inner > 1` vectors run across `inner` and rows combine in
//! such a tree.
//! Threads take rows, columns, or whole subtrees; they never move a parenthesis.

mod cumsum;
mod max;
mod order;
mod recurrence;
mod running;
mod sum;

pub use cumsum::cumsum;
pub use max::{argmax, max};
pub use order::argsort;
pub use recurrence::linear_recurrence;
pub use running::cumargmax;
pub use sum::{dot, sum, sum_int};

/// Stops with one sentence if the sizes do not describe the slices.
fn check(what: &str, x: usize, outer: usize, n: usize, inner: usize, y: usize, y_expected: usize) {
    assert!(x == outer * n * inner, "{what}: the operand has {x} elements, not {outer} x {n} x {inner}");
    assert!(y == y_expected, "{what}: the output has {y} elements, not {y_expected}");
}

#[cfg(test)]
mod tests;

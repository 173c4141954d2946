//! A linearised point, recomputation, and loops.

use std::sync::Arc;

use super::common::*;
use crate::ops::{Checkpoint, Scan};
use crate::shape::{Shape, Type};
use crate::tape::{Op, Tape};
use crate::trace::frame::{emit, inline};
use crate::trace::tree::VarTree;
use crate::trace::{Var, record_inner};
use crate::transform;

/// A function linearised at a point: the value, and the linear map of directions.
#[derive(Clone, Debug)]
pub struct Linear<J, O> {
    tape: Tape,
    residuals: Vec<Var>,
    point: J,
    result: O,
}

impl<J: VarTree, O: VarTree> Linear<J, O> {
    /// `J(x) ẋ`: costs only the linear part.
    #[track_caller]
    pub fn apply(&self, x_dot: &J) -> O {
        check_same("linearize", &types(&self.point), &types(x_dot));
        self.result.with_leaves(inline(&self.tape, &[self.residuals.clone(), leaves(x_dot)].concat()))
    }
}

/// Linearises `f` at `x` inside a trace: the value, computed once, and the map `ẋ ↦ J(x) ẋ` for any number of directions.
#[track_caller]
pub fn linearize<J: VarTree, O: VarTree>(f: impl Fn(J) -> O, x: &J) -> (O, Linear<J, O>) {
    let recorded = record(f, x);
    check_float_outputs("linearize", &recorded.tape);
    let split = check(transform::linearize(&recorded.tape, &recorded.wrt, None));
    let out = inline(&split.primal, &recorded.args(&leaves(x)));
    let (value, residuals) = out.split_at(split.outputs);
    let value = recorded.result.with_leaves(value.to_vec());
    let linear =
        Linear { tape: split.linear, residuals: residuals.to_vec(), point: x.clone(), result: recorded.result };
    (value, linear)
}

/// `f(x)`, whose inner values reverse mode computes again instead of keeping them: less memory for more work.
///
/// Derivatives of every order are those of `f`; a freeze and a cut inside are seen.
#[track_caller]
pub fn checkpoint<J: VarTree, O: VarTree>(f: impl FnOnce(J) -> O, x: &J) -> O {
    let recorded = record(f, x);
    let op = Op::new(Checkpoint { replay: false });
    let outputs = emit(op, &recorded.args(&leaves(x)), vec![Arc::new(recorded.tape.clone())]);
    recorded.result.with_leaves(outputs)
}

/// A loop as one equation: `(state, yₜ) = f(state, xₜ)` for every t, where `xs` is stacked along axis 0 and so are the yₜ.
///
/// Returns the last state and the stacked outputs. Captured variables are the same in every step.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Shape`](crate::ErrorKind::Shape) if a step changes the state's types, or the leaves of `xs` disagree on axis 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, Tensor, trace::{Var, scan, trace, jvp}};
/// // Running products.
/// let f = |xs: Var| scan(|state: Var, x: Var| (state * x, state * x), &xs.number(1.0), &xs).1;
/// let (y, y_dot) = jvp(f, &tensor![2.0, 3.0, 4.0], &tensor![1.0, 0.0, 0.0])?;
/// assert_eq!(y, tensor![2.0, 6.0, 24.0]);
/// assert_eq!(y_dot, tensor![1.0, 3.0, 12.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn scan<S: VarTree, X: VarTree, Y: VarTree>(f: impl FnOnce(S, X) -> (S, Y), init: &S, xs: &X) -> (S, Y) {
    let length = axis_size("scan", &leaves(xs));
    let (states, inputs) = (types(init), types(xs));
    let (n, m) = (states.len(), inputs.len());
    let each: Vec<Type> = inputs.iter().map(|t| t.with_shape(Shape::from(&t.shape[1..]))).collect();
    let (tape, result, captured) = record_inner(&[states, each].concat(), |inner| {
        f(init.with_leaves(inner[..n].to_vec()), xs.with_leaves(inner[n..].to_vec()))
    });
    // Recorded as (state, x, captured); the equation wants what is the same in every step first.
    let order: Vec<usize> = (n + m..tape.inputs().len()).chain(0..n + m).collect();
    let body = check(tape.with_inputs(&order));
    let op = Op::new(Scan { length, constants: captured.len(), states: n, reverse: false });
    let outputs = emit(op, &[captured, leaves(init), leaves(xs)].concat(), vec![Arc::new(body)]);
    let (state, y) = outputs.split_at(n);
    (init.with_leaves(state.to_vec()), result.1.with_leaves(y.to_vec()))
}

//! Recomputation and loops.

use std::sync::Arc;

use super::common::*;
use crate::LIBRARY;
use crate::error::{Error, ErrorKind};
use crate::ops::{Checkpoint, Scan};
use crate::shape::{Shape, Type};
use crate::tape::Op;
use crate::trace::frame::emit;
use crate::trace::tree::{Leaf, Tree, VarTree};
use crate::trace::{Var, record_inner, stop};

/// `f(x)`, whose inner values reverse mode computes again instead of keeping them: less memory for more work.
///
/// Derivatives of every order are those of `f`; a freeze and a cut inside are seen.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, checkpoint, grad}};
/// let block = |x: Var| (x.sin() * 2.0).exp();
/// let x = tensor![0.5, 1.0];
/// assert_eq!(grad(|x: Var| checkpoint(block, &x).sum(), &x)?, grad(|x: Var| block(x).sum(), &x)?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn checkpoint<I: Tree, O: VarTree>(
    f: impl FnOnce(I::With<Var>) -> O,
    x: &I,
) -> <I::Leaf as Leaf>::Outcome<O::With<I::Leaf>> {
    LIBRARY.enter(|| {
        I::Leaf::enter(x, |x: I::With<Var>| {
            let recorded = record(f, &x);
            let op = Op::new(Checkpoint { replay: false });
            let outputs = emit(op, &recorded.args(&leaves(&x)), vec![Arc::new(recorded.tape.clone())]);
            recorded.result.with_leaves(outputs)
        })
    })
}

/// A loop as one equation: `(state, yₜ) = f(state, xₜ)` for every t, where `xs` is stacked along axis 0 and so are the yₜ.
///
/// Returns the last state and the stacked outputs. Captured variables are the same in every step.
///
/// What is not read of a loop touches no derivative, be it infinite or NaN. One thing is not as in the loop written out: a state that
/// depends on what is differentiated in some steps has a derivative of 0 in the others, which is multiplied there. A state that
/// begins as a constant 0 and whose root is taken in the first step, `(√s + x, …)`, has a forward derivative of 0 · ∞, NaN.
///
/// A sum that runs through the steps is added one after the other: that of a state, and that of the cotangents of a captured variable. Its rounding error
/// grows like the number of steps n, up to n ε/2 of the sum of magnitudes; `ys.sum_axes(&[0])` of stacked outputs adds pairwise.
///
/// # Errors
/// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if a step changes the state's types, or the leaves of `xs` disagree on axis 0;
/// [`ErrorKind::Arity`](crate::ErrorKind::Arity) if it changes their number.
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
#[allow(clippy::type_complexity)]
pub fn scan<S: Tree, X: Tree<Leaf = S::Leaf>, Y: VarTree>(
    f: impl FnOnce(S::With<Var>, X::With<Var>) -> (S::With<Var>, Y),
    init: &S,
    xs: &X,
) -> <S::Leaf as Leaf>::Outcome<(S, Y::With<S::Leaf>)> {
    LIBRARY.enter(|| {
        S::Leaf::enter(&(init.clone(), xs.clone()), |(init, xs): (S::With<Var>, X::With<Var>)| {
            let length = axis_size("scan", &leaves(&xs));
            rolled("scan", length, f, &init, &xs)
        })
    })
}

/// [`scan`] of a number of steps, without inputs: `(state, yₜ) = f(state)`, `length` times.
///
/// The length is a constant of the trace. A step that has to know which one it is counts in its state.
///
/// # Errors
/// [`ErrorKind::Shape`](crate::ErrorKind::Shape), [`ErrorKind::Arity`](crate::ErrorKind::Arity) if a step changes the state's types or
/// their number.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile, grad, scan_n}};
/// // Newton's iteration for √a, and what it comes by.
/// let root = |a: Var| scan_n(5, |x: Var| ((x + a / x) * 0.5, x), &a);
/// let (last, before) = compile(root).call(Tensor::scalar(4.0))?;
/// assert_eq!(before.to_f64_vec()[..3], [4.0, 2.5, 2.05]);
/// assert!((last.item() - 2.0).abs() < 1e-12);
/// let slope = grad(|a: Var| root(a).0, &Tensor::scalar(4.0))?;
/// assert!((slope.item() - 0.25).abs() < 1e-9); // 1 / (2 √a)
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn scan_n<S: Tree, Y: VarTree>(
    length: usize,
    f: impl FnOnce(S::With<Var>) -> (S::With<Var>, Y),
    init: &S,
) -> <S::Leaf as Leaf>::Outcome<(S, Y::With<S::Leaf>)> {
    LIBRARY.enter(|| {
        S::Leaf::enter(init, |init: S::With<Var>| {
            rolled("scan_n", length, |state, _: Vec<Var>| f(state), &init, &Vec::new())
        })
    })
}

#[track_caller]
fn rolled<S: VarTree, X: VarTree, Y: VarTree>(
    name: &str,
    length: usize,
    f: impl FnOnce(S, X) -> (S, Y),
    init: &S,
    xs: &X,
) -> (S, Y) {
    let (states, inputs) = (types(init), types(xs));
    let (n, m) = (states.len(), inputs.len());
    let each: Vec<Type> = inputs.iter().map(|t| t.with_shape(Shape::from(&t.shape[1..]))).collect();
    let (tape, result, captured) = record_inner(&[states, each].concat(), |inner| {
        f(init.with_leaves(inner[..n].to_vec()), xs.with_leaves(inner[n..].to_vec()))
    });
    if let Some(difference) = init.first_difference(&result.0) {
        stop(Error::new(ErrorKind::Arity, format!("{name}: the state before a step and after it: {difference}")));
    }
    // Recorded as (state, x, captured); the equation wants what is the same in every step first.
    let order: Vec<usize> = (n + m..tape.inputs().len()).chain(0..n + m).collect();
    let body = check(tape.with_inputs(&order));
    let op = Op::new(Scan { length, constants: captured.len(), states: n, reverse: false });
    let outputs = emit(op, &[captured, leaves(init), leaves(xs)].concat(), vec![Arc::new(body)]);
    let (state, y) = outputs.split_at(n);
    (init.with_leaves(state.to_vec()), result.1.with_leaves(y.to_vec()))
}

//! First derivatives: gradients and directional derivatives, forward and reverse.

use super::common::*;
use crate::LIBRARY;
use crate::trace::frame::inline;
use crate::trace::tree::{Leaf, Tree, VarTree};
use crate::trace::{Var, scalar};
use crate::transform;

/// Gradient of a scalar function with an auxiliary result: `(value, aux, gradient)`.
#[track_caller]
fn reverse_of_scalar<J: VarTree, A: VarTree>(name: &str, f: impl FnOnce(J) -> (Var, A), x: &J) -> (Var, A, J) {
    check_float_leaves(name, x);
    let recorded = record(f, x);
    check_scalar(name, &recorded.tape);
    // Auxiliary results are no part of the sweep; what they share with the value, CSE merges.
    let count = recorded.tape.outputs().len();
    let reverse = check(transform::vjp(&recorded.tape.with_outputs([0]), &recorded.wrt));
    note_unreached(name, x, &reverse.unreached);
    let reverse = reverse.tape;
    let mut args = recorded.args(&leaves(x));
    let aux = inline(&recorded.tape.with_outputs(1..count), &args);
    args.push(scalar(recorded.tape.output_types()[0].dtype, 1.0));
    let out = inline(&reverse, &args);
    (out[0], recorded.result.1.with_leaves(aux), x.with_leaves(out[1..].to_vec()))
}

/// The empty tree, for functions without an auxiliary result.
type Nothing = Vec<Var>;

/// The gradient of a scalar function.
///
/// # Shapes
/// `f: tree -> []`; the result has the structure of `x`.
///
/// # Errors
/// [`ErrorKind::NotScalar`](crate::ErrorKind::NotScalar), [`ErrorKind::NotDifferentiable`](crate::ErrorKind::NotDifferentiable), [`ErrorKind::NoRule`](crate::ErrorKind::NoRule); inside a trace they stop it.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad}};
/// let g = grad(|x: Var| (x * x).sum(), &tensor![1.0, -3.0])?;
/// assert_eq!(g, tensor![2.0, -6.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn grad<I: Tree, F: Fn(I::With<Var>) -> Var>(f: F, x: &I) -> <I::Leaf as Leaf>::Outcome<I> {
    LIBRARY.enter(|| I::Leaf::enter(x, |x: I::With<Var>| reverse_of_scalar("grad", |x| (f(x), Nothing::new()), &x).2))
}

/// The value and the gradient of a scalar function.
///
/// # Errors
/// As [`grad`](super::grad).
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, value_and_grad}};
/// let (value, g) = value_and_grad(|x: Var| x.powi(2).sum(), &tensor![1.0, -3.0])?;
/// assert_eq!((value, g), (Tensor::scalar(10.0), tensor![2.0, -6.0]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn value_and_grad<I: Tree, F: Fn(I::With<Var>) -> Var>(f: F, x: &I) -> <I::Leaf as Leaf>::Outcome<(I::Leaf, I)> {
    LIBRARY.enter(|| {
        I::Leaf::enter(x, |x: I::With<Var>| {
            let (value, _, grad) = reverse_of_scalar("value_and_grad", |x| (f(x), Nothing::new()), &x);
            (value, grad)
        })
    })
}

/// [`value_and_grad`] of a function that returns something besides: `((value, aux), gradient)`.
///
/// # Errors
/// As [`grad`](super::grad).
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, value_and_grad_aux}};
/// // The predictions come along with the loss.
/// let f = |w: Var| (w.powi(2).sum(), w * 10.0);
/// let ((value, predictions), g) = value_and_grad_aux(f, &tensor![1.0, 2.0])?;
/// assert_eq!((value, predictions, g), (Tensor::scalar(5.0), tensor![10.0, 20.0], tensor![2.0, 4.0]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn value_and_grad_aux<I: Tree, A: VarTree, F: Fn(I::With<Var>) -> (Var, A)>(
    f: F,
    x: &I,
) -> <I::Leaf as Leaf>::Outcome<((I::Leaf, A::With<I::Leaf>), I)> {
    LIBRARY.enter(|| {
        I::Leaf::enter(x, |x: I::With<Var>| {
            let (value, aux, grad) = reverse_of_scalar("value_and_grad_aux", &f, &x);
            ((value, aux), grad)
        })
    })
}

/// The value and the directional derivative: `(f(x), J(x) ẋ)`.
///
/// # Errors
/// [`ErrorKind::NotDifferentiable`](crate::ErrorKind::NotDifferentiable), [`ErrorKind::NoRule`](crate::ErrorKind::NoRule).
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, jvp}};
/// let (y, y_dot) = jvp(|x: Var| x * x, &tensor![3.0, 4.0], &tensor![1.0, 0.5])?;
/// assert_eq!((y, y_dot), (tensor![9.0, 16.0], tensor![6.0, 4.0]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn jvp<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
    x_dot: &I,
) -> <I::Leaf as Leaf>::Outcome<(O::With<I::Leaf>, O::With<I::Leaf>)> {
    LIBRARY.enter(|| {
        I::Leaf::enter(&(x.clone(), x_dot.clone()), |(x, x_dot): (I::With<Var>, I::With<Var>)| {
            check_same("jvp", &types(&x), &types(&x_dot));
            let recorded = record(&f, &x);
            check_float_outputs("jvp", &recorded.tape);
            let forward = check(transform::jvp(&recorded.tape, &recorded.wrt)).tape;
            let out = inline(&forward, &[recorded.args(&leaves(&x)), leaves(&x_dot)].concat());
            let (y, y_dot) = out.split_at(recorded.tape.outputs().len());
            (recorded.result.with_leaves(y.to_vec()), recorded.result.with_leaves(y_dot.to_vec()))
        })
    })
}

/// The value and the reverse derivative: `(f(x), Jᵀ(x) ȳ)`.
///
/// # Errors
/// [`ErrorKind::NotDifferentiable`](crate::ErrorKind::NotDifferentiable), [`ErrorKind::NoRule`](crate::ErrorKind::NoRule).
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, vjp}};
/// let (y, x_bar) = vjp(|x: Var| x * x, &tensor![3.0, 4.0], &tensor![1.0, 0.5])?;
/// assert_eq!((y, x_bar), (tensor![9.0, 16.0], tensor![6.0, 4.0]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn vjp<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
    y_bar: &O::With<I::Leaf>,
) -> <I::Leaf as Leaf>::Outcome<(O::With<I::Leaf>, I)>
where
    O::With<I::Leaf>: Tree<Leaf = I::Leaf, With<Var> = O>,
{
    LIBRARY.enter(|| {
        I::Leaf::enter(&(x.clone(), y_bar.clone()), |(x, y_bar): (I::With<Var>, O)| {
            let recorded = record(&f, &x);
            check_float_outputs("vjp", &recorded.tape);
            check_same("vjp", &recorded.tape.output_types(), &types(&y_bar));
            let reverse = check(transform::vjp(&recorded.tape, &recorded.wrt));
            note_unreached("vjp", &x, &reverse.unreached);
            let reverse = reverse.tape;
            let out = inline(&reverse, &[recorded.args(&leaves(&x)), leaves(&y_bar)].concat());
            let (y, x_bar) = out.split_at(recorded.tape.outputs().len());
            (recorded.result.with_leaves(y.to_vec()), x.with_leaves(x_bar.to_vec()))
        })
    })
}

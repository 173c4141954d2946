//! Batches: vmap, and the dense matrices that are a batch of products.

use super::common::*;
use super::second::products;
use crate::LIBRARY;
use crate::error::{Error, ErrorKind};
use crate::shape::{Shape, Type};
use crate::trace::frame::inline;
use crate::trace::tree::{Leaf, Tree, VarTree};
use crate::trace::{Var, record_inner, stop};
use crate::transform::{self, Part};
/// Evaluates `f` over a batch: every leaf of `x` has the batch as axis 0, and so has every leaf of the result.
///
/// Not a loop: each primitive becomes one batched equation. Captured variables are shared by the whole batch.
///
/// # Errors
/// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the leaves disagree on the size of axis 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad, vmap}};
/// // The gradient of every row on its own.
/// let f = |row: Var| grad(|x: Var| x.powi(2).sum(), &row);
/// assert_eq!(vmap(f, &tensor![[1.0, 2.0], [3.0, 4.0]])?, tensor![[2.0, 4.0], [6.0, 8.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn vmap<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
) -> <I::Leaf as Leaf>::Outcome<O::With<I::Leaf>> {
    LIBRARY.enter(|| I::Leaf::enter(x, |x: I::With<Var>| batched("vmap", &f, &x)))
}

/// [`vmap`](super::vmap) over any axis: `in_axes` says for each leaf which axis is the batch (`None`: the leaf is shared by the whole batch), `out_axis`
/// where the batch stands in every leaf of the result. Negative axes count from the end.
///
/// # Errors
/// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the leaves disagree on the batch or an axis is out of range; [`ErrorKind::Arity`](crate::ErrorKind::Arity) if `in_axes` has not one entry a leaf, or
/// only `None`s.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, vmap_axes}};
/// // Columns of a matrix, each scaled by one shared vector.
/// let f = |(x, w): (Var, Var)| x * w;
/// let y = vmap_axes(f, &(tensor![[1.0, 2.0], [3.0, 4.0]], tensor![10.0, 1.0]), &[Some(1), None], 1)?;
/// assert_eq!(y, tensor![[10.0, 20.0], [3.0, 4.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn vmap_axes<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
    in_axes: &[Option<isize>],
    out_axis: isize,
) -> <I::Leaf as Leaf>::Outcome<O::With<I::Leaf>> {
    LIBRARY.enter(|| {
        I::Leaf::enter(x, |x: I::With<Var>| {
            let vars = leaves(&x);
            if in_axes.len() != vars.len() {
                let what = format!("vmap_axes: {} axes are given for {} leaves", in_axes.len(), vars.len());
                stop(Error::new(ErrorKind::Arity, what));
            }
            let moved: Vec<(Var, bool)> = vars
                .iter()
                .zip(in_axes)
                .map(|(v, axis)| match axis {
                    Some(axis) => (
                        move_axis(
                            *v,
                            check(crate::shape::axis(*axis, v.shape().rank()).map_err(|e| e.within("vmap_axes"))),
                            0,
                        ),
                        true,
                    ),
                    None => (*v, false),
                })
                .collect();
            let y = over_batch("vmap_axes", &f, &x, &moved);
            y.map_leaves(|v| {
                move_axis(
                    *v,
                    0,
                    check(crate::shape::axis(out_axis, v.shape().rank()).map_err(|e| e.within("vmap_axes"))),
                )
            })
        })
    })
}

/// Axis `from` moved to position `to`, the others in order.
#[track_caller]
fn move_axis(x: Var, from: usize, to: usize) -> Var {
    if from == to {
        return x;
    }
    let mut order: Vec<isize> = (0..x.shape().rank() as isize).collect();
    let axis = order.remove(from);
    order.insert(to, axis);
    x.permute(&order)
}

#[track_caller]
fn batched<J: VarTree, O: VarTree>(name: &str, f: impl Fn(J) -> O, x: &J) -> O {
    let vars: Vec<(Var, bool)> = leaves(x).into_iter().map(|v| (v, true)).collect();
    over_batch(name, f, x, &vars)
}

/// `f` over the batch that stands in axis 0 of the flagged leaves.
#[track_caller]
fn over_batch<J: VarTree, O: VarTree>(name: &str, f: impl Fn(J) -> O, x: &J, vars: &[(Var, bool)]) -> O {
    let size = axis_size(name, &vars.iter().filter(|(_, b)| *b).map(|(v, _)| *v).collect::<Vec<_>>());
    let types: Vec<Type> = vars
        .iter()
        .map(|(v, batched)| if *batched { v.ty().with_shape(Shape::from(&v.shape()[1..])) } else { v.ty() })
        .collect();
    let (tape, result, captured) = record_inner(&types, |inner| f(x.with_leaves(inner)));
    let flags: Vec<bool> = vars.iter().map(|(_, b)| *b).chain(captured.iter().map(|_| false)).collect();
    let tape = check(transform::vmap(&tape, &flags, size));
    let args = vars.iter().map(|(v, _)| *v).chain(captured).collect::<Vec<_>>();
    result.with_leaves(inline(&tape, &args))
}

/// The dense Jacobian of a function from a vector to a vector, `[m, n]`, column by column: forward mode on the unit vectors, as
/// one batch. The right choice if n is not larger than m.
///
/// # Errors
/// As [`jvp`](super::jvp); [`ErrorKind::Shape`](crate::ErrorKind::Shape) if point or value is no vector.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, concat, jacobian_forward, jacobian_reverse}};
/// let f = |x: Var| concat(&[x * x, x.sum().reshape([1])], 0);
/// let j = jacobian_forward(f, &tensor![1.0, 3.0])?;
/// assert_eq!(j, tensor![[2.0, 0.0], [0.0, 6.0], [1.0, 1.0]]);
/// assert_eq!(jacobian_reverse(f, &tensor![1.0, 3.0])?, j);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn jacobian_forward<L: Leaf, F: Fn(Var) -> Var>(f: F, x: &L) -> L::Outcome<L> {
    LIBRARY.enter(|| {
        L::enter(x, |x: Var| {
            let columns =
                batched("jacobian_forward", |v: Var| pushed(&f, &x, &v), &identity("jacobian_forward", x.ty()));
            check_vector("jacobian_forward", "value", &columns.ty().with_shape(Shape::from(&columns.shape()[1..])));
            columns.t()
        })
    })
}

/// The dense Jacobian row by row: reverse mode on the unit vectors of the value, as one batch. The right choice if m is not larger than n.
///
/// # Errors
/// As [`jacobian_forward`].
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, jacobian_reverse}};
/// let f = |x: Var| x.sum().reshape([1]) * x.sum();
/// assert_eq!(jacobian_reverse(f, &tensor![1.0, 2.0])?, tensor![[6.0, 6.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn jacobian_reverse<L: Leaf, F: Fn(Var) -> Var>(f: F, x: &L) -> L::Outcome<L> {
    LIBRARY.enter(|| {
        L::enter(x, |x: Var| {
            check_vector("jacobian_reverse", "point", &x.ty());
            let recorded = record(&f, &x);
            check_float_outputs("jacobian_reverse", &recorded.tape);
            let value = recorded.tape.output_types().swap_remove(0);
            let reverse = check(transform::vjp(&recorded.tape, &recorded.wrt));
            note_unreached("jacobian_reverse", &x, &reverse.unreached);
            let reverse = reverse.tape.with_outputs([1]);
            let args = recorded.args(&[x]);
            batched(
                "jacobian_reverse",
                |y_bar: Var| inline(&reverse, &[args.clone(), vec![y_bar]].concat())[0],
                &identity("jacobian_reverse", value),
            )
        })
    })
}

/// `J(x) v`
#[track_caller]
fn pushed<F: Fn(Var) -> Var>(f: &F, x: &Var, v: &Var) -> Var {
    let recorded = record(f, x);
    check_float_outputs("jacobian_forward", &recorded.tape);
    let forward = check(transform::jvp(&recorded.tape, &recorded.wrt)).tape.with_outputs([1]);
    inline(&forward, &[recorded.args(&[*x]), vec![*v]].concat())[0]
}

#[track_caller]
fn check_vector(name: &str, what: &str, ty: &Type) {
    if ty.shape.rank() != 1 {
        stop(Error::new(ErrorKind::Shape, format!("{name}: the {what} is {ty}, a vector is needed")));
    }
}

/// The unit vectors of a space of vectors of this type.
#[track_caller]
fn identity(name: &str, ty: Type) -> Var {
    check_vector(name, "point", &ty);
    let n = ty.shape[0];
    let index = |along| crate::trace::iota(crate::DType::I32, [n, n], along);
    index(0).equal(index(1)).convert(ty.dtype)
}

/// The dense Hessian of a scalar function of one vector, `[n, n]`: products with the unit vectors, as one batch.
///
/// # Errors
/// As [`hvp`](super::hvp); [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `x` is no vector.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, hessian}};
/// let f = |x: Var| x.slice(0, 0..1).sum() * x.slice(0, 1..2).powi(2).sum(); // x₀ x₁²
/// assert_eq!(hessian(f, &tensor![3.0, 2.0])?, tensor![[0.0, 4.0], [4.0, 6.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn hessian<L: Leaf, F: Fn(Var) -> Var>(f: F, x: &L) -> L::Outcome<L> {
    LIBRARY.enter(|| {
        L::enter(x, |x: Var| {
            let identity = identity("hessian", x.ty());
            batched("hessian", |v: Var| products("hessian", &[Part::Hessian], &f, &x, &v).1[0], &identity)
        })
    })
}

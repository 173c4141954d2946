//! The transforms as functions of closures, inside a trace and outside.
//!
//! Each records its closure on an inner tape, transforms that tape, and writes the result into the open trace. So any
//! nesting works, over variables captured from every level.

use std::panic::Location;
use std::sync::Arc;

use super::frame::{called_from, emit, inline, note};
use super::tree::{Leaf, Tree, VarTree};
use super::{Var, record_inner, stop};
use crate::error::{Error, ErrorKind};
use crate::ops::{Checkpoint, Scan};
use crate::shape::{Shape, Type};
use crate::tape::{Op, Tape};
use crate::transform::{self, Freeze, Part};

/// A closure recorded for a transform: leaves first, then what it captured.
struct Recorded<R> {
    tape: Tape,
    result: R,
    captured: Vec<Var>,
    /// One flag an input: the leaves are differentiated, the captured are not.
    wrt: Vec<bool>,
}

impl<R> Recorded<R> {
    fn args(&self, first: &[Var]) -> Vec<Var> {
        [first, &self.captured].concat()
    }
}

fn leaves<T: Tree<Leaf = Var>>(x: &T) -> Vec<Var> {
    x.leaves().into_iter().copied().collect()
}

#[track_caller]
fn record<J: VarTree, R: Tree<Leaf = Var>>(f: impl FnOnce(J) -> R, x: &J) -> Recorded<R> {
    let vars = leaves(x);
    let types: Vec<Type> = vars.iter().map(|v| v.ty()).collect();
    let (tape, result, captured) = record_inner(&types, |inner| f(x.with_leaves(inner)));
    let wrt = (0..tape.inputs().len()).map(|i| i < vars.len()).collect();
    Recorded { tape, result, captured, wrt }
}

#[track_caller]
fn check<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => stop(error),
    }
}

#[track_caller]
fn check_scalar(name: &str, tape: &Tape) {
    let ty = tape.type_of(tape.outputs()[0]);
    if ty.shape.rank() != 0 {
        stop(Error::new(ErrorKind::NotScalar, format!("{name}: the function returns {ty}, a scalar is needed")));
    }
    if !ty.dtype.is_float() {
        stop(Error::new(ErrorKind::NotDifferentiable, format!("{name}: the function returns {ty}, a float is needed")));
    }
}

/// Gradient of a scalar function with an auxiliary result: `(value, aux, gradient)`.
#[track_caller]
fn reverse_of_scalar<J: VarTree, A: VarTree>(name: &str, f: impl FnOnce(J) -> (Var, A), x: &J) -> (Var, A, J) {
    let recorded = record(f, x);
    check_scalar(name, &recorded.tape);
    // Auxiliary results are no part of the sweep; what they share with the value, CSE merges.
    let count = recorded.tape.outputs().len();
    let reverse = check(transform::vjp(&recorded.tape.with_outputs([0]), &recorded.wrt));
    note_unreached(name, x, &reverse.unreached);
    let reverse = reverse.tape;
    let mut args = recorded.args(&leaves(x));
    let aux = inline(&recorded.tape.with_outputs(1..count), &args);
    args.push(super::scalar(recorded.tape.output_types()[0].dtype, 1.0));
    let out = inline(&reverse, &args);
    (out[0], recorded.result.1.with_leaves(aux), x.with_leaves(out[1..].to_vec()))
}

/// A derivative that is exactly zero because nothing leads from the leaf to the value: right, but seldom meant.
#[track_caller]
fn note_unreached<J: VarTree>(name: &str, x: &J, unreached: &[usize]) {
    let names = x.leaf_names();
    for i in unreached {
        let leaf = if names[*i].is_empty() { "the argument".to_string() } else { names[*i].clone() };
        note(format!("{name}: the value does not depend on {leaf}, its gradient is zero"));
    }
}

/// The empty tree, for functions without an auxiliary result.
type Nothing = Vec<Var>;

/// The gradient of a scalar function.
///
/// # Shapes
/// `f: tree -> []`; the result has the structure of `x`.
///
/// # Errors
/// [`ErrorKind::NotScalar`], [`ErrorKind::NotDifferentiable`], [`ErrorKind::NoRule`]; inside a trace they stop it.
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
    let here = Location::caller();
    I::Leaf::enter(x, |x: I::With<Var>| {
        called_from(here, || reverse_of_scalar("grad", |x| (f(x), Nothing::new()), &x).2)
    })
}

/// The value and the gradient of a scalar function.
///
/// # Errors
/// As [`grad`].
#[track_caller]
pub fn value_and_grad<I: Tree, F: Fn(I::With<Var>) -> Var>(f: F, x: &I) -> <I::Leaf as Leaf>::Outcome<(I::Leaf, I)> {
    let here = Location::caller();
    I::Leaf::enter(x, |x: I::With<Var>| {
        called_from(here, || {
            let (value, _, grad) = reverse_of_scalar("value_and_grad", |x| (f(x), Nothing::new()), &x);
            (value, grad)
        })
    })
}

/// [`value_and_grad`] of a function that returns something besides: `((value, aux), gradient)`.
///
/// # Errors
/// As [`grad`].
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn value_and_grad_aux<I: Tree, A: VarTree, F: Fn(I::With<Var>) -> (Var, A)>(
    f: F,
    x: &I,
) -> <I::Leaf as Leaf>::Outcome<((I::Leaf, A::With<I::Leaf>), I)> {
    let here = Location::caller();
    I::Leaf::enter(x, |x: I::With<Var>| {
        called_from(here, || {
            let (value, aux, grad) = reverse_of_scalar("value_and_grad_aux", &f, &x);
            ((value, aux), grad)
        })
    })
}

/// The value and the directional derivative: `(f(x), J(x) ẋ)`.
///
/// # Errors
/// [`ErrorKind::NotDifferentiable`], [`ErrorKind::NoRule`].
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn jvp<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
    x_dot: &I,
) -> <I::Leaf as Leaf>::Outcome<(O::With<I::Leaf>, O::With<I::Leaf>)> {
    let here = Location::caller();
    I::Leaf::enter(&(x.clone(), x_dot.clone()), |(x, x_dot): (I::With<Var>, I::With<Var>)| {
        called_from(here, || {
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
/// [`ErrorKind::NotDifferentiable`], [`ErrorKind::NoRule`].
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
    let here = Location::caller();
    I::Leaf::enter(&(x.clone(), y_bar.clone()), |(x, y_bar): (I::With<Var>, O)| {
        called_from(here, || {
            let recorded = record(&f, &x);
            check_float_outputs("vjp", &recorded.tape);
            check_same("vjp", &recorded.tape.output_types(), &types(&y_bar));
            let reverse = check(transform::vjp(&recorded.tape, &recorded.wrt)).tape;
            let out = inline(&reverse, &[recorded.args(&leaves(&x)), leaves(&y_bar)].concat());
            let (y, x_bar) = out.split_at(recorded.tape.outputs().len());
            (recorded.result.with_leaves(y.to_vec()), x.with_leaves(x_bar.to_vec()))
        })
    })
}

fn types<T: Tree<Leaf = Var>>(x: &T) -> Vec<Type> {
    leaves(x).iter().map(|v| v.ty()).collect()
}

#[track_caller]
fn check_same(name: &str, a: &[Type], b: &[Type]) {
    if a.len() != b.len() {
        let what = format!("{name}: the direction has {} leaves, {} are needed", b.len(), a.len());
        stop(Error::new(ErrorKind::Arity, what));
    }
    if let Some(i) = (0..a.len()).find(|i| a[*i] != b[*i]) {
        let kind = if a[i].dtype == b[i].dtype { ErrorKind::Shape } else { ErrorKind::DType };
        stop(Error::new(kind, format!("{name}: leaf {i} of the direction is {}, {} is needed", b[i], a[i])));
    }
}

#[track_caller]
fn check_float_outputs(name: &str, tape: &Tape) {
    for v in tape.outputs() {
        let ty = tape.type_of(*v);
        if !ty.dtype.is_float() {
            stop(Error::new(
                ErrorKind::NotDifferentiable,
                format!("{name}: the function returns {ty}, floats are needed"),
            ));
        }
    }
}

/// Multiplies the Hessian of a scalar function with a vector, without forming the Hessian.
///
/// Forward mode over the gradient tape: `H v = d/dε ∇f(x + ε v)` at ε = 0 [Pearlmutter 1994]; a few gradients' cost.
///
/// # Shapes and units
/// `f: [n] -> []`, `x: [n]`, `v: [n]`, result `[n]`. With f in joule, x and v in metre, the result is in J/m.
///
/// # Errors
/// [`ErrorKind::NotScalar`] if `f` returns more than one number.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, hvp}};
/// let h_v = hvp(|x: Var| x.powi(3).sum(), &tensor![1.0, 2.0], &tensor![1.0, 0.0])?;
/// assert_eq!(h_v, tensor![6.0, 0.0]); // H = diag(6 x)
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// [Pearlmutter 1994]: https://doi.org/10.1162/neco.1994.6.1.147
#[track_caller]
pub fn hvp<I: Tree, F: Fn(I::With<Var>) -> Var>(f: F, x: &I, v: &I) -> <I::Leaf as Leaf>::Outcome<I> {
    hvp_of_part(&Part::Hessian, f, x, v)
}

/// Multiplies a [`Part`] of the Hessian with a vector: `G v`, `N v`, `A v`, `M v`, `R v`, a layer's or a line's share.
///
/// The reverse tape is differentiated forward with the residuals of all other equations frozen, so the result is a
/// plain tape of exactly that product and can be differentiated again.
///
/// # Errors
/// As [`hvp`]; [`ErrorKind::Selection`] for a cut, scope or line that the function does not have.
#[track_caller]
pub fn hvp_of_part<I: Tree, F: Fn(I::With<Var>) -> Var>(
    part: &Part,
    f: F,
    x: &I,
    v: &I,
) -> <I::Leaf as Leaf>::Outcome<I> {
    let here = Location::caller();
    I::Leaf::enter(&(x.clone(), v.clone()), |(x, v): (I::With<Var>, I::With<Var>)| {
        called_from(here, || products(std::slice::from_ref(part), &f, &x, &v).1.pop().expect("one part, one product"))
    })
}

/// The gradient and the products of several parts of the Hessian with one vector: `(∇f, [part v, …])`.
///
/// # Errors
/// As [`hvp_of_part`].
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn hvps<I: Tree, F: Fn(I::With<Var>) -> Var>(
    parts: &[Part],
    f: F,
    x: &I,
    v: &I,
) -> <I::Leaf as Leaf>::Outcome<(I, Vec<I>)> {
    let here = Location::caller();
    I::Leaf::enter(&(x.clone(), v.clone()), |(x, v): (I::With<Var>, I::With<Var>)| {
        called_from(here, || products(parts, &f, &x, &v))
    })
}

#[track_caller]
fn products<J: VarTree>(parts: &[Part], f: impl Fn(J) -> Var, x: &J, v: &J) -> (J, Vec<J>) {
    check_same("hvp", &types(x), &types(v));
    let recorded = record(f, x);
    check_scalar("hvp", &recorded.tape);
    let n = leaves(x).len();
    let gradient = gradient_tape(&recorded.tape, &recorded.wrt);
    let (gradient, sweep) = check(gradient);
    let one = super::scalar(recorded.tape.output_types()[0].dtype, 1.0);
    let args = [recorded.args(&leaves(x)), vec![one]].concat();
    let mut wrt = recorded.wrt.clone();
    wrt.push(false);
    let mut value = None;
    let products = parts
        .iter()
        .map(|part| {
            let freeze = Freeze { sweep, live: part.clone() };
            let forward = check(transform::jvp_frozen(&gradient, &wrt, Some(&freeze))).tape;
            let out = inline(&forward, &[args.clone(), leaves(v)].concat());
            value.get_or_insert_with(|| x.with_leaves(out[..n].to_vec()));
            x.with_leaves(out[n..].to_vec())
        })
        .collect();
    let value = value.unwrap_or_else(|| x.with_leaves(inline(&gradient, &args)));
    (value, products)
}

/// `(x…, seed) → ∇f`, and its sweep.
fn gradient_tape(tape: &Tape, wrt: &[bool]) -> Result<(Tape, u32), Error> {
    let reverse = transform::vjp(tape, wrt)?;
    let outputs = tape.outputs().len()..reverse.tape.outputs().len();
    Ok((reverse.tape.with_outputs(outputs), reverse.sweep))
}

/// Evaluates `f` over a batch: every leaf of `x` has the batch as axis 0, and so has every leaf of the result.
///
/// Not a loop: each primitive becomes one batched equation. Captured variables are shared by the whole batch.
///
/// # Errors
/// [`ErrorKind::Shape`] if the leaves disagree on the size of axis 0.
#[track_caller]
pub fn vmap<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
) -> <I::Leaf as Leaf>::Outcome<O::With<I::Leaf>> {
    let here = Location::caller();
    I::Leaf::enter(x, |x: I::With<Var>| called_from(here, || batched(&f, &x)))
}

#[track_caller]
fn batched<J: VarTree, O: VarTree>(f: impl Fn(J) -> O, x: &J) -> O {
    let vars = leaves(x);
    let size = axis_size("vmap", &vars);
    let types: Vec<Type> = vars.iter().map(|v| v.ty()).map(|t| t.with_shape(Shape::from(&t.shape[1..]))).collect();
    let (tape, result, captured) = record_inner(&types, |inner| f(x.with_leaves(inner)));
    let flags: Vec<bool> = (0..tape.inputs().len()).map(|i| i < vars.len()).collect();
    let tape = check(transform::vmap(&tape, &flags, size));
    result.with_leaves(inline(&tape, &[vars, captured].concat()))
}

/// The dense Hessian of a scalar function of one vector, `[n, n]`: products with the unit vectors, as one batch.
///
/// # Errors
/// As [`hvp`]; [`ErrorKind::Shape`] if `x` is no vector.
#[track_caller]
pub fn hessian<L: Leaf, F: Fn(Var) -> Var>(f: F, x: &L) -> L::Outcome<L> {
    let here = Location::caller();
    L::enter(x, |x: Var| {
        called_from(here, || {
            let ty = x.ty();
            if ty.shape.rank() != 1 {
                stop(Error::new(ErrorKind::Shape, format!("hessian: the point is {ty}, a vector is needed")));
            }
            let n = ty.shape[0];
            let index = |along| super::iota(crate::DType::I32, [n, n], along);
            let identity = index(0).equal(index(1)).convert(ty.dtype);
            batched(|v: Var| products(&[Part::Hessian], &f, &x, &v).1[0], &identity)
        })
    })
}

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
/// Stops the trace with [`ErrorKind::Shape`] if a step changes the state's types, or the leaves of `xs` disagree on axis 0.
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

/// The size of axis 0, on which all leaves agree.
#[track_caller]
fn axis_size(name: &str, vars: &[Var]) -> usize {
    let mut size = None;
    for (i, v) in vars.iter().enumerate() {
        let ty = v.ty();
        match (ty.shape.first(), size) {
            (Some(n), None) => size = Some(*n),
            (Some(n), Some(size)) if *n == size => {}
            (Some(n), Some(size)) => {
                let what = format!("{name}: leaf {i} is {ty}, its axis 0 is {n}, leaf 0 has {size}");
                stop(Error::new(ErrorKind::Shape, what))
            }
            (None, _) => {
                stop(Error::new(ErrorKind::Shape, format!("{name}: leaf {i} is {ty} and has no axis to map over")))
            }
        }
    }
    match size {
        Some(size) => size,
        None => stop(Error::new(ErrorKind::Arity, format!("{name}: there is no leaf to map over"))),
    }
}

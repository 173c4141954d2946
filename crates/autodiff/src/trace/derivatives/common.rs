//! Recording a closure for a transform, and the checks that transforms share.

use crate::error::{Error, ErrorKind};
use crate::shape::Type;
use crate::tape::Tape;
pub(super) use crate::trace::check;
use crate::trace::frame::note;
use crate::trace::tree::{Tree, VarTree};
use crate::trace::{Var, record_inner, stop};

/// A closure recorded for a transform: leaves first, then what it captured.
pub(super) struct Recorded<R> {
    pub(super) tape: Tape,
    pub(super) result: R,
    pub(super) captured: Vec<Var>,
    /// One flag an input: the leaves are differentiated, the captured are not.
    pub(super) wrt: Vec<bool>,
}

impl<R> Recorded<R> {
    pub(super) fn args(&self, first: &[Var]) -> Vec<Var> {
        [first, &self.captured].concat()
    }
}

pub(super) fn leaves<T: Tree<Leaf = Var>>(x: &T) -> Vec<Var> {
    x.leaves().into_iter().copied().collect()
}

#[track_caller]
pub(super) fn record<J: VarTree, R: Tree<Leaf = Var>>(f: impl FnOnce(J) -> R, x: &J) -> Recorded<R> {
    let vars = leaves(x);
    let types: Vec<Type> = vars.iter().map(|v| v.ty()).collect();
    let (tape, result, captured) = record_inner(&types, |inner| f(x.with_leaves(inner)));
    let wrt = (0..tape.inputs().len()).map(|i| i < vars.len()).collect();
    Recorded { tape, result, captured, wrt }
}

#[track_caller]
pub(super) fn check_scalar(name: &str, tape: &Tape) {
    let ty = tape.type_of(tape.outputs()[0]);
    if ty.shape.rank() != 0 {
        stop(Error::new(ErrorKind::NotScalar, format!("{name}: the function returns {ty}, a scalar is needed")));
    }
    if !ty.dtype.is_float() {
        stop(Error::new(ErrorKind::NotDifferentiable, format!("{name}: the function returns {ty}, a float is needed")));
    }
}

pub(super) fn types<T: Tree<Leaf = Var>>(x: &T) -> Vec<Type> {
    leaves(x).iter().map(|v| v.ty()).collect()
}

#[track_caller]
pub(super) fn check_same(name: &str, a: &[Type], b: &[Type]) {
    check(same_types(name, a, b));
}

pub(super) fn same_types(name: &str, a: &[Type], b: &[Type]) -> Result<(), Error> {
    if a.len() != b.len() {
        let leaves = |n: usize| if n == 1 { "1 leaf".to_string() } else { format!("{n} leaves") };
        let what = format!("{name}: the direction has {}, the point has {}", leaves(b.len()), leaves(a.len()));
        return Err(Error::new(ErrorKind::Arity, what));
    }
    if let Some(i) = (0..a.len()).find(|i| a[*i] != b[*i]) {
        let kind = if a[i].dtype == b[i].dtype { ErrorKind::Shape } else { ErrorKind::DType };
        return Err(Error::new(kind, format!("{name}: leaf {i} of the direction is {}, {} is needed", b[i], a[i])));
    }
    Ok(())
}

/// Said here and not by the transform, which knows positions but neither names nor what the user called.
#[track_caller]
pub(super) fn check_float_leaves<J: VarTree>(name: &str, x: &J) {
    for (leaf, ty) in x.leaf_names().iter().zip(types(x)) {
        if !ty.dtype.is_float() {
            let leaf = if leaf.is_empty() { "the argument" } else { leaf };
            let what = format!("{name}: {leaf} is {ty}, and integers and bools have no derivative");
            stop(Error::new(ErrorKind::NotDifferentiable, what));
        }
    }
}

#[track_caller]
pub(super) fn check_float_outputs(name: &str, tape: &Tape) {
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

/// The size of axis 0, on which all leaves agree.
#[track_caller]
pub(super) fn axis_size(name: &str, vars: &[Var]) -> usize {
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

/// A derivative that is exactly zero because nothing leads from the leaf to the value: right, but seldom meant.
#[track_caller]
pub(super) fn note_unreached<J: VarTree>(name: &str, x: &J, unreached: &[usize]) {
    let names = x.leaf_names();
    for i in unreached {
        let leaf = if names[*i].is_empty() { "the argument".to_string() } else { names[*i].clone() };
        note(format!("{name}: the value does not depend on {leaf}, its gradient is zero"));
    }
}

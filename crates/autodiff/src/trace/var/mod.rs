//! `Var`: a value of the trace being recorded, with arithmetic that reads like arithmetic.
//!
//! A `Var` is an id, `Copy` and not `Send`. Its methods write equations at the caller's line. Shapes broadcast by the
//! usual rule, with the `broadcast` written out; dtypes never promote; a float literal takes the `Var`'s dtype.

mod arrange;
mod einsum;
mod indexing;
mod linalg;
mod matrix;
mod movement;
mod pointwise;
mod products;
mod reduce;
mod source;
mod statistics;

use std::marker::PhantomData;
use std::rc::Rc;

pub use arrange::stack;
pub use einsum::einsum;
pub use movement::concat;
pub use pointwise::select;
pub use source::{constant, cut, eye, full, iota, linspace, meshgrid, ones, scalar, zeros};
pub(super) use statistics::scale_of;

use super::check;
use super::frame::{emit, remember_root, type_of};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind};
use crate::shape::{Shape, Type, axis};
use crate::tape::{Op, Value};

/// A value of the trace being recorded on this thread.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Var {
    pub(super) frame: u64,
    pub(super) value: Value,
    _not_send: PhantomData<*const ()>,
}

impl std::fmt::Debug for Var {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match type_of(*self) {
            Ok(ty) => write!(f, "{}: {ty}", self.value),
            Err(_) => write!(f, "{} of an ended trace", self.value),
        }
    }
}

#[track_caller]
fn put(op: Op, inputs: &[Var]) -> Var {
    emit(op, inputs, vec![])[0]
}

/// What can stand beside a `Var`: another, or a number that takes its dtype.
pub trait IntoOperand {
    /// As a `Var` of `like`'s dtype if it is a number.
    #[track_caller]
    fn into_operand(self, like: Var) -> Var;

    /// The `Var`, if it is one and no number.
    fn as_var(&self) -> Option<Var> {
        None
    }

    /// The number, if it is one and no `Var`.
    fn as_number(&self) -> Option<f64> {
        None
    }
}

impl IntoOperand for Var {
    fn into_operand(self, _: Var) -> Var {
        self
    }

    fn as_var(&self) -> Option<Var> {
        Some(*self)
    }
}

impl IntoOperand for &Var {
    fn into_operand(self, _: Var) -> Var {
        *self
    }

    fn as_var(&self) -> Option<Var> {
        Some(**self)
    }
}

macro_rules! numbers {
    ($($t:ty),*) => { $(
        impl IntoOperand for $t {
            #[track_caller]
            fn into_operand(self, like: Var) -> Var {
                like.number(self as f64)
            }
            fn as_number(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )* };
}
numbers!(f64, i32);

impl Var {
    pub(super) fn new(frame: u64, value: Value) -> Var {
        Var { frame, value, _not_send: PhantomData }
    }

    /// Dtype and shape.
    #[track_caller]
    pub fn ty(self) -> Type {
        check(type_of(self))
    }

    /// The shape.
    #[track_caller]
    pub fn shape(self) -> Shape {
        self.ty().shape
    }

    /// The dtype.
    #[track_caller]
    pub fn dtype(self) -> DType {
        self.ty().dtype
    }

    /// Itself, remembered as the root of `square`: `self.powi(2)` is that, and its derivatives are right where those of a root at 0 are set to 0.
    pub(in crate::trace) fn is_root_of(self, square: impl Fn() -> Var + 'static) -> Var {
        remember_root(self, Rc::new(square));
        self
    }

    /// The axis that a number means, negative ones counted from the end.
    #[track_caller]
    fn axis(self, name: &str, along: isize) -> usize {
        let ty = self.ty();
        let out_of_range = |_| Error::new(ErrorKind::Shape, format!("{name}: axis {along} is out of range for {ty}"));
        check(axis(along, ty.shape.rank()).map_err(out_of_range))
    }
}

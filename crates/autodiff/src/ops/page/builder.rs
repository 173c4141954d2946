//! The builder's methods for primitives: how rules and transforms write arithmetic.
//!
//! Operands are known to fit; a mistake here is a bug in a rule and panics. Users' mistakes are found before.

use super::op;
use crate::dtype::DType;
use crate::ops::*;
use crate::shape::{Axes, Shape, Type};
use crate::tape::{Batched, Builder, Op, Value};
use crate::tensor::Tensor;

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) => $op:expr;)*) => {
        $( $(#[$doc])* fn $name(&mut self, $($arg: Value),*) -> Value { self.put(op($op), &[$($arg),*]) } )*
    };
}

/// `tape.mul(a, b)` and the like, for [`Builder`].
pub trait Ops {
    /// Writes `op(inputs)`.
    fn put(&mut self, op: Op, inputs: &[Value]) -> Value;
    /// The type of a value.
    fn ty(&self, x: Value) -> Type;

    methods! {
        /// `a + b`
        add(a, b) => Add;
        /// `a − b`
        sub(a, b) => Sub;
        /// `a b`
        mul(a, b) => Mul;
        /// `a / b`
        div(a, b) => Div;
        /// `aᵇ`
        pow(a, b) => Pow;
        /// `max(a, b)`
        maximum(a, b) => Maximum;
        /// `min(a, b)`
        minimum(a, b) => Minimum;
        /// `a < b`
        lt(a, b) => Lt;
        /// `a ≤ b`
        le(a, b) => Le;
        /// `a = b`
        eq(a, b) => Eq;
        /// `a ≠ b`
        ne(a, b) => Ne;
        /// `−x`
        neg(x) => Neg;
        /// `eˣ`
        exp(x) => Exp;
        /// `ln x`
        log(x) => Log;
        /// `√x`
        sqrt(x) => Sqrt;
        /// `sin x`
        sin(x) => Sin;
        /// `cos x`
        cos(x) => Cos;
        /// `1/x`
        recip(x) => Recip;
        /// `|x|`
        abs(x) => Abs;
        /// `sign x`
        sign(x) => Sign;
        /// `p ? a : b`
        select(p, a, b) => Select;
    }

    /// `xⁿ`
    fn powi(&mut self, x: Value, n: i32) -> Value {
        self.put(op(Powi { n }), &[x])
    }

    /// x in another dtype.
    fn convert(&mut self, x: Value, dtype: DType) -> Value {
        if self.ty(x).dtype == dtype { x } else { self.put(op(Convert { dtype }), &[x]) }
    }

    /// x repeated along new axes.
    fn broadcast(&mut self, x: Value, shape: Shape, axes: Vec<usize>) -> Value {
        if self.ty(x).shape == shape { x } else { self.put(op(Broadcast { shape, axes }), &[x]) }
    }

    /// x under another shape.
    fn reshape(&mut self, x: Value, shape: Shape) -> Value {
        if self.ty(x).shape == shape { x } else { self.put(op(Reshape { shape }), &[x]) }
    }

    /// x with its axes in another order.
    fn permute(&mut self, x: Value, order: &[usize]) -> Value {
        self.put(op(Permute { order: order.to_vec() }), &[x])
    }

    /// A regular part of x.
    fn slice(&mut self, x: Value, start: Vec<usize>, size: Vec<usize>, step: Vec<usize>) -> Value {
        self.put(op(Slice { start, size, step }), &[x])
    }

    /// x with zeros around and between.
    fn pad(&mut self, x: Value, low: Vec<usize>, inner: Vec<usize>, shape: Shape) -> Value {
        self.put(op(Pad { low, inner, shape }), &[x])
    }

    /// x turned around.
    fn reverse(&mut self, x: Value, axes: &Axes) -> Value {
        self.put(op(Reverse { axes: axes.clone() }), &[x])
    }

    /// Sum over axes.
    fn sum(&mut self, x: Value, axes: &Axes) -> Value {
        if axes.is_empty() { x } else { self.put(op(Sum { axes: axes.clone() }), &[x]) }
    }

    /// Running sum.
    fn cumsum(&mut self, x: Value, axis: usize, reverse: bool) -> Value {
        self.put(op(CumSum { axis, reverse }), &[x])
    }

    /// Matrix product with transposition flags.
    fn dot(&mut self, a: Value, b: Value, transpose_lhs: bool, transpose_rhs: bool) -> Value {
        self.put(op(Dot { transpose_lhs, transpose_rhs }), &[a, b])
    }

    /// Entries at places along an axis.
    fn gather(&mut self, x: Value, index: Value, axis: usize) -> Value {
        self.put(op(Gather { axis }), &[x, index])
    }

    /// The transpose of `gather`.
    fn scatter_add(&mut self, u: Value, index: Value, axis: usize, n: usize) -> Value {
        self.put(op(ScatterAdd { axis, n }), &[u, index])
    }

    /// One entry along an axis for every place.
    fn gather_along(&mut self, x: Value, index: Value, axis: usize) -> Value {
        self.put(op(GatherAlong { axis }), &[x, index])
    }

    /// The transpose of `gather_along`.
    fn scatter_add_along(&mut self, u: Value, index: Value, axis: usize, n: usize) -> Value {
        self.put(op(ScatterAddAlong { axis, n }), &[u, index])
    }

    /// A constant array.
    fn constant(&mut self, value: Tensor) -> Value {
        self.put(op(Constant { value }), &[])
    }

    /// An array of type `ty` filled with the number `x`, rounded to its dtype.
    fn full(&mut self, ty: &Type, x: f64) -> Value {
        let scalar = Tensor::number(ty.dtype, x).expect("rules fill with numbers that fit");
        let scalar = self.constant(scalar);
        self.broadcast(scalar, ty.shape.clone(), vec![])
    }

    /// An array of x's type filled with a number.
    fn like(&mut self, x: Value, number: f64) -> Value {
        let ty = self.ty(x);
        self.full(&ty, number)
    }

    /// x with the batch axis: itself, or repeated along a new axis 0 of `size`.
    fn with_batch_axis(&mut self, x: Batched, size: usize) -> Value {
        if x.batched {
            return x.value;
        }
        let shape = self.ty(x.value).shape;
        self.broadcast(x.value, shape.inserted(0, size), (1..=shape.rank()).collect())
    }
}

impl Ops for Builder {
    fn put(&mut self, op: Op, inputs: &[Value]) -> Value {
        self.emit_valid(op, inputs)
    }

    fn ty(&self, x: Value) -> Type {
        self.type_of(x).clone()
    }
}

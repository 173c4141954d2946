//! `Var`: a value of the trace being recorded, with arithmetic that reads like arithmetic.
//!
//! A `Var` is an id, `Copy` and not `Send`. Its methods write equations at the caller's line. Shapes broadcast by the
//! usual rule, with the `broadcast` written out; dtypes never promote; a float literal takes the `Var`'s dtype.

use std::marker::PhantomData;

use super::frame::{emit, stop, type_of};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind};
use crate::ops::{self, op};
use crate::shape::{Axes, Shape, Type, axis};
use crate::tape::{Op, Value, Window};
use crate::tensor::Tensor;

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

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        $( $(#[$doc])* #[track_caller] #[must_use] pub fn $name(self) -> Var { put(op(ops::$op), &[self]) } )*
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        $(
            $(#[$doc])* #[track_caller] #[must_use] pub fn $name(self, other: impl IntoOperand) -> Var {
                pair(op(ops::$op), self, other.into_operand(self))
            }
        )*
    };
}

#[track_caller]
fn put(op: Op, inputs: &[Var]) -> Var {
    emit(op, inputs, vec![])[0]
}

#[track_caller]
fn check<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => stop(error),
    }
}

/// An elementwise op over operands that broadcast.
#[track_caller]
fn pair(op: Op, a: Var, b: Var) -> Var {
    let (ta, tb) = (a.ty(), b.ty());
    if ta.shape == tb.shape || ta.dtype != tb.dtype {
        return put(op, &[a, b]);
    }
    match ta.shape.broadcast_with(&tb.shape) {
        Some(shape) => put(op, &[a.broadcast_to(&shape), b.broadcast_to(&shape)]),
        None => {
            stop(Error::new(ErrorKind::Shape, format!("{}: shapes do not broadcast: lhs {ta}, rhs {tb}", op.name())))
        }
    }
}

/// What can stand beside a `Var`: another, or a number that takes its dtype.
pub trait IntoOperand {
    /// As a `Var` of `like`'s dtype if it is a number.
    #[track_caller]
    fn into_operand(self, like: Var) -> Var;
}

impl IntoOperand for Var {
    fn into_operand(self, _: Var) -> Var {
        self
    }
}

impl IntoOperand for &Var {
    fn into_operand(self, _: Var) -> Var {
        *self
    }
}

macro_rules! numbers {
    ($($t:ty),*) => { $(
        impl IntoOperand for $t {
            #[track_caller]
            fn into_operand(self, like: Var) -> Var {
                like.number(self as f64)
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

    /// A scalar constant of this one's dtype; see [`scalar`].
    #[track_caller]
    #[must_use]
    pub fn number(self, x: f64) -> Var {
        scalar(self.dtype(), x)
    }

    /// Zeros of the same type.
    #[track_caller]
    #[must_use]
    pub fn zeros_like(self) -> Var {
        self.full_like(0.0)
    }

    /// The same type, filled with `x`.
    #[track_caller]
    #[must_use]
    pub fn full_like(self, x: f64) -> Var {
        self.number(x).broadcast_to(self.shape())
    }

    unary! {
        /// eˣ
        exp => Exp;
        /// eˣ − 1, accurate near 0
        exp_m1 => Expm1;
        /// ln x
        ln => Log;
        /// ln(1 + x), accurate near 0
        ln_1p => Log1p;
        /// √x
        sqrt => Sqrt;
        /// 1/√x
        rsqrt => Rsqrt;
        /// 1/x
        recip => Recip;
        /// sin x, x in radians
        sin => Sin;
        /// cos x, x in radians
        cos => Cos;
        /// The hyperbolic tangent.
        tanh => Tanh;
        /// The error function.
        erf => Erf;
        /// 1/(1 + e⁻ˣ)
        logistic => Logistic;
        /// |x|, with derivative 0 at 0
        abs => Abs;
        /// −1, 0 or 1
        sign => Sign;
        /// ⌊x⌋
        floor => Floor;
        /// ¬x, for bools
        logical_not => Not;
        /// x as a constant to every derivative.
        stop_gradient => StopGradient;
    }

    binary! {
        /// The larger of both; ties share the derivative equally.
        max => Max;
        /// The smaller of both; ties share the derivative equally.
        min => Min;
        /// selfᵒᵗʰᵉʳ
        pow => Pow;
        /// self < other
        lt => Lt;
        /// self ≤ other
        le => Le;
        /// self = other
        equal => Eq;
        /// self ≠ other
        not_equal => Ne;
        /// self ∧ other, for bools
        and => And;
        /// self ∨ other, for bools
        or => Or;
    }

    /// self > other
    #[track_caller]
    #[must_use]
    pub fn gt(self, other: impl IntoOperand) -> Var {
        other.into_operand(self).lt(self)
    }

    /// self ≥ other
    #[track_caller]
    #[must_use]
    pub fn ge(self, other: impl IntoOperand) -> Var {
        other.into_operand(self).le(self)
    }

    /// xⁿ for an integer n
    #[track_caller]
    #[must_use]
    pub fn powi(self, n: i32) -> Var {
        put(op(ops::Powi { n }), &[self])
    }

    /// The same numbers in another dtype.
    #[track_caller]
    #[must_use]
    pub fn convert(self, dtype: DType) -> Var {
        if self.dtype() == dtype { self } else { put(op(ops::Convert { dtype }), &[self]) }
    }

    /// The array broadcast to `shape` by the usual rule: axes are aligned at the last, size 1 stretches.
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Var {
        let (ty, shape) = (self.ty(), shape.into());
        if ty.shape == shape {
            return self;
        }
        if ty.shape.broadcast_with(&shape).as_ref() != Some(&shape) {
            stop(Error::new(ErrorKind::Shape, format!("broadcast: {ty} does not stretch to {shape}")));
        }
        let offset = shape.rank() - ty.shape.rank();
        let kept: Vec<usize> = (0..ty.shape.rank()).filter(|i| ty.shape[*i] == shape[i + offset]).collect();
        let axes: Vec<usize> = kept.iter().map(|i| i + offset).collect();
        let squeezed = self.reshape(kept.iter().map(|i| ty.shape[*i]).collect::<Vec<_>>());
        if squeezed.shape() == shape { squeezed } else { put(op(ops::Broadcast { shape, axes }), &[squeezed]) }
    }

    /// The same elements, row-major, under another shape.
    #[track_caller]
    #[must_use]
    pub fn reshape(self, shape: impl Into<Shape>) -> Var {
        let shape = shape.into();
        if self.shape() == shape { self } else { put(op(ops::Reshape { shape }), &[self]) }
    }

    /// Axes in another order.
    #[track_caller]
    #[must_use]
    pub fn permute(self, order: &[isize]) -> Var {
        // No closure: it would not see the caller's line.
        let mut resolved = Vec::with_capacity(order.len());
        for a in order {
            resolved.push(self.axis("permute", *a));
        }
        let order = resolved;
        put(op(ops::Permute { order }), &[self])
    }

    /// The matrix transposed: the last two axes swapped.
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Var {
        let rank = self.shape().rank();
        if rank < 2 {
            stop(Error::new(ErrorKind::Shape, format!("t: {} has no two axes to swap", self.ty())));
        }
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        put(op(ops::Permute { order }), &[self])
    }

    /// Entries `range` along an axis.
    #[track_caller]
    #[must_use]
    pub fn slice(self, along: isize, range: std::ops::Range<usize>) -> Var {
        let shape = self.shape();
        let along = self.axis("slice", along);
        let mut start = vec![0; shape.rank()];
        start[along] = range.start;
        let size = shape.resized(along, range.len()).to_vec();
        put(op(ops::Slice { start, size, step: vec![1; shape.rank()] }), &[self])
    }

    /// `low` zeros before and `high` zeros after, along an axis.
    #[track_caller]
    #[must_use]
    pub fn pad(self, along: isize, low: usize, high: usize) -> Var {
        let shape = self.shape();
        let along = self.axis("pad", along);
        let mut lows = vec![0; shape.rank()];
        lows[along] = low;
        let padded = shape.resized(along, low + shape[along] + high);
        put(op(ops::Pad { low: lows, inner: vec![0; shape.rank()], shape: padded }), &[self])
    }

    /// The order along an axis turned around.
    #[track_caller]
    #[must_use]
    pub fn reverse(self, along: isize) -> Var {
        let along = self.axis("reverse", along);
        put(op(ops::Reverse { axes: crate::axes![along] }), &[self])
    }

    #[track_caller]
    fn axes(self, name: &str, axes: &[isize]) -> Axes {
        let mut resolved = Vec::with_capacity(axes.len());
        for a in axes {
            resolved.push(self.axis(name, *a));
        }
        Axes::new(resolved)
    }

    /// The axis that a number means, negative ones counted from the end.
    #[track_caller]
    fn axis(self, name: &str, along: isize) -> usize {
        let ty = self.ty();
        let out_of_range = |_| Error::new(ErrorKind::Shape, format!("{name}: axis {along} is out of range for {ty}"));
        check(axis(along, ty.shape.rank()).map_err(out_of_range))
    }

    /// The sum of all entries, a scalar.
    #[track_caller]
    #[must_use]
    pub fn sum(self) -> Var {
        let axes = Axes::all(self.shape().rank());
        if axes.is_empty() { self } else { put(op(ops::Sum { axes }), &[self]) }
    }

    /// Sums over axes, which leave the shape.
    #[track_caller]
    #[must_use]
    pub fn sum_axes(self, axes: &[isize]) -> Var {
        put(op(ops::Sum { axes: self.axes("sum_axes", axes) }), &[self])
    }

    /// The mean of all entries, a scalar.
    #[track_caller]
    #[must_use]
    pub fn mean(self) -> Var {
        self.sum() / (self.shape().size() as f64)
    }

    /// Means over axes, which leave the shape.
    #[track_caller]
    #[must_use]
    pub fn mean_axes(self, axes: &[isize]) -> Var {
        let shape = self.shape();
        let count: usize = self.axes("mean_axes", axes).iter().map(|a| shape[*a]).product();
        self.sum_axes(axes) / (count as f64)
    }

    /// The largest entry along axes, which leave the shape; ties share the derivative equally.
    #[track_caller]
    #[must_use]
    pub fn max_axes(self, axes: &[isize]) -> Var {
        put(op(ops::MaxReduce { axes: self.axes("max_axes", axes) }), &[self])
    }

    /// `i32` index of the first largest entry along an axis, which leaves the shape.
    #[track_caller]
    #[must_use]
    pub fn argmax(self, along: isize) -> Var {
        let axis = self.axis("argmax", along);
        put(op(ops::ArgMax { axis }), &[self])
    }

    /// `i32` indices that sort along an axis, ascending and stable.
    #[track_caller]
    #[must_use]
    pub fn argsort(self, along: isize) -> Var {
        let axis = self.axis("argsort", along);
        put(op(ops::ArgSort { axis }), &[self])
    }

    /// Sorted along an axis, ascending; the derivative follows the entries.
    #[track_caller]
    #[must_use]
    pub fn sort(self, along: isize) -> Var {
        self.gather_along(self.argsort(along), along)
    }

    /// Running sums along an axis.
    #[track_caller]
    #[must_use]
    pub fn cumsum(self, along: isize) -> Var {
        let axis = self.axis("cumsum", along);
        put(op(ops::CumSum { axis, reverse: false }), &[self])
    }

    /// The matrix product over the last two axes, batched over equal axes in front.
    #[track_caller]
    #[must_use]
    pub fn matmul(self, other: Var) -> Var {
        let (a, b) = (self.ty(), other.ty());
        let (ra, rb) = (a.shape.rank(), b.shape.rank());
        if a.dtype != b.dtype || !a.dtype.is_float() {
            let what = format!("matmul: lhs {a} and rhs {b} must be floats of one dtype");
            stop(Error::new(ErrorKind::DType, what));
        }
        if ra >= 2 && rb >= 2 && a.shape[ra - 1] != b.shape[rb - 2] {
            let (k, rows) = (a.shape[ra - 1], b.shape[rb - 2]);
            let what = format!("matmul: inner sizes differ: lhs {a} has {k} columns, rhs {b} has {rows} rows");
            stop(Error::new(ErrorKind::Shape, what));
        }
        if ra < 2 || ra != rb || a.shape[..ra - 2] != b.shape[..rb - 2] {
            let what = format!("matmul: lhs {a} and rhs {b} must be matrices with equal batch axes in front");
            stop(Error::new(ErrorKind::Shape, what));
        }
        put(op(ops::Dot { transpose_lhs: false, transpose_rhs: false }), &[self, other])
    }

    /// The inner product of two arrays of one type: the sum of the products of their entries.
    #[track_caller]
    #[must_use]
    pub fn inner(self, other: Var) -> Var {
        put(op(ops::Mul), &[self, other]).sum()
    }

    /// Entries at the places `index` (`i32[m]`) along an axis.
    #[track_caller]
    #[must_use]
    pub fn gather(self, index: Var, along: isize) -> Var {
        let axis = self.axis("gather", along);
        put(op(ops::Gather { axis }), &[self, index])
    }

    /// One entry along an axis for every place of `index`, which agrees with this array on all other axes.
    #[track_caller]
    #[must_use]
    pub fn gather_along(self, index: Var, along: isize) -> Var {
        let axis = self.axis("gather_along", along);
        put(op(ops::GatherAlong { axis }), &[self, index])
    }

    /// The transpose of [`gather`](Var::gather): entries added into an array of size `n` along an axis.
    #[track_caller]
    #[must_use]
    pub fn scatter_add(self, index: Var, along: isize, n: usize) -> Var {
        let axis = self.axis("scatter_add", along);
        put(op(ops::ScatterAdd { axis, n }), &[self, index])
    }

    /// The k largest entries along an axis, largest first, and their `i32` indices; of equal entries the last comes first, and NaN counts
    /// as the largest. The derivative follows the entries.
    #[track_caller]
    #[must_use]
    pub fn top_k(self, k: usize, along: isize) -> (Var, Var) {
        let places = self.argsort(along).reverse(along).slice(along, 0..k);
        (self.gather_along(places, along), places)
    }

    /// The windows of a batch of images as columns (im2col): `[B, C, H, W] → [B, C·kh·kw, oh·ow]`.
    ///
    /// A convolution is a product with kernels `[O, C·kh·kw]`; for g groups, reshape both to `[…, g, C/g·kh·kw, …]` first.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Tensor, tensor, trace::{Var, constant, grad}};
    /// // A 2×2 mean filter on a 3×3 image: every pixel counts as often as windows cover it.
    /// let image = Tensor::from_fn(DType::F64, [1, 1, 3, 3], |i| i as f64);
    /// let filtered = |x: Var| x.patches([2, 2], [1, 1], [0; 4], [1, 1]).mean_axes(&[1]).sum();
    /// let g = grad(filtered, &image)?;
    /// assert_eq!(g.to_vec::<f64>(), [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn patches(self, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4], dilation: [usize; 2]) -> Var {
        let ty = self.ty();
        let [_, channels, height, width] = ty.shape[..] else {
            stop(Error::new(ErrorKind::Shape, format!("patches: the images are {ty}, [B,C,H,W] is needed")))
        };
        put(op(ops::Patches { window: Window { channels, height, width, kernel, stride, padding, dilation } }), &[self])
    }

    /// The lower triangular L with `A = L Lᵀ`, over the last two axes; A must be positive definite, and its lower triangle alone is read.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let mut factor = compile(|a: Var| a.cholesky());
    /// assert_eq!(factor.call(tensor![[4.0, 2.0], [2.0, 5.0]])?, tensor![[2.0, 0.0], [1.0, 2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cholesky(self) -> Var {
        put(op(ops::Cholesky), &[self])
    }

    /// `op(T)⁻¹ b` over the last two axes, T the `lower` or upper triangle of this matrix, op the transpose if `transpose`.
    #[track_caller]
    #[must_use]
    pub fn triangular_solve(self, b: Var, lower: bool, transpose: bool) -> Var {
        put(op(ops::TriangularSolve { lower, transpose }), &[self, b])
    }

    /// `u32` random bits of `shape` from this key, `u32[2]`: the same key, the same bits (Threefry-2x32).
    #[track_caller]
    #[must_use]
    pub fn random_bits(self, shape: impl Into<Shape>) -> Var {
        put(op(ops::RandomBits { shape: shape.into() }), &[self])
    }
}

/// `p ? a : b`, elementwise; all three broadcast.
#[track_caller]
#[must_use]
pub fn select(p: Var, a: impl IntoOperand, b: Var) -> Var {
    let a = a.into_operand(b);
    let shape = p.shape().broadcast_with(&a.shape()).and_then(|s| s.broadcast_with(&b.shape()));
    let Some(shape) = shape else {
        let what = format!("select: shapes do not broadcast: {}, {}, {}", p.ty(), a.ty(), b.ty());
        stop(Error::new(ErrorKind::Shape, what))
    };
    put(op(ops::Select), &[p.broadcast_to(&shape), a.broadcast_to(&shape), b.broadcast_to(&shape)])
}

/// Arrays one after the other along an axis.
#[track_caller]
#[must_use]
pub fn concat(parts: &[Var], along: isize) -> Var {
    let Some(first) = parts.first() else {
        stop(Error::new(ErrorKind::Arity, "concat: at least one operand is needed"))
    };
    let axis = first.axis("concat", along);
    put(Op::new(ops::Concat { axis }), parts)
}

/// A constant array in the trace.
#[track_caller]
#[must_use]
pub fn constant(value: &Tensor) -> Var {
    put(op(ops::Constant { value: value.clone() }), &[])
}

/// A scalar constant in this dtype, rounded if that is a float.
///
/// # Errors
/// Stops the trace with [`ErrorKind::DType`] if an integer cannot be `x`, or a finite `x` is infinite in `f32`.
#[track_caller]
#[must_use]
pub fn scalar(dtype: DType, x: f64) -> Var {
    constant(&check(Tensor::number(dtype, x)))
}

/// 0, 1, 2, … along an axis.
#[track_caller]
#[must_use]
pub fn iota(dtype: DType, shape: impl Into<Shape>, along: isize) -> Var {
    let ty = Type::new(dtype, shape);
    let axis = check(axis(along, ty.shape.rank()));
    put(op(ops::Iota { ty, axis }), &[])
}

/// `x` under a name by which the Hessian is taken apart: what `x` descends from is the model, what descends from it the loss.
#[track_caller]
#[must_use]
pub fn cut(name: &str, x: Var) -> Var {
    put(op(ops::Cut { name: name.into() }), &[x])
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident;)*) => { $(
        operators!(@one $trait $method $op; Var, Var; |a, b| (a, b));
        operators!(@one $trait $method $op; Var, &Var; |a, b| (a, *b));
        operators!(@one $trait $method $op; &Var, Var; |a, b| (*a, b));
        operators!(@one $trait $method $op; &Var, &Var; |a, b| (*a, *b));
        operators!(@one $trait $method $op; Var, f64; |a, b| (a, a.number(b)));
        operators!(@one $trait $method $op; &Var, f64; |a, b| (*a, a.number(b)));
        operators!(@one $trait $method $op; f64, Var; |a, b| (b.number(a), b));
        operators!(@one $trait $method $op; f64, &Var; |a, b| (b.number(a), *b));
    )* };
    (@one $trait:ident $method:ident $op:ident; $lhs:ty, $rhs:ty; |$a:ident, $b:ident| $pair:expr) => {
        impl std::ops::$trait<$rhs> for $lhs {
            type Output = Var;
            #[track_caller]
            fn $method(self, rhs: $rhs) -> Var {
                let ($a, $b) = (self, rhs);
                let (a, b) = $pair;
                pair(op(ops::$op), a, b)
            }
        }
    };
}
operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
}

impl std::ops::Neg for Var {
    type Output = Var;
    #[track_caller]
    fn neg(self) -> Var {
        put(op(ops::Neg), &[self])
    }
}

impl std::ops::Neg for &Var {
    type Output = Var;
    #[track_caller]
    fn neg(self) -> Var {
        -*self
    }
}

//! Arrays that are made and not computed: constants, numbers, indices, random bits; and the cut.

use super::{Var, put};
use crate::dtype::DType;
use crate::ops::{self, op};
use crate::shape::{Shape, Type, axis};
use crate::tensor::Tensor;
use crate::trace::check;

impl Var {
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

    /// `u32` random bits of `shape` from this key, `u32[2]`: the same key, the same bits (Threefry-2x32).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, trace::{Var, compile}};
    /// let mut draw = compile(|key: Var| key.random_bits([3]));
    /// let key = Tensor::new([2], &[7u32, 0])?;
    /// assert_eq!(draw.call(key.clone())?, draw.call(key)?);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn random_bits(self, shape: impl Into<Shape>) -> Var {
        put(op(ops::RandomBits { shape: shape.into() }), &[self])
    }
}

/// A constant array in the trace.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile, constant}};
/// let y = compile(|x: Var| x * constant(&tensor![10.0, 100.0])).call(tensor![1.0, 2.0])?;
/// assert_eq!(y, tensor![10.0, 200.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn constant(value: &Tensor) -> Var {
    put(op(ops::Constant { value: value.clone() }), &[])
}

/// A scalar constant in this dtype, rounded if that is a float.
///
/// # Errors
/// Stops the trace with [`ErrorKind::DType`](crate::ErrorKind::DType) if an integer cannot be `x`, or a finite `x` is infinite in `f32`.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, scalar}};
/// let y = compile(|x: Var| x * scalar(DType::F64, 0.5)).call(tensor![1.0, 2.0])?;
/// assert_eq!(y, tensor![0.5, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn scalar(dtype: DType, x: f64) -> Var {
    constant(&check(Tensor::number(dtype, x)))
}

/// 0, 1, 2, … along an axis.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, iota}};
/// let y = compile(|x: Var| x + iota(DType::F64, [3], 0)).call(tensor![10.0])?;
/// assert_eq!(y, tensor![10.0, 11.0, 12.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn iota(dtype: DType, shape: impl Into<Shape>, along: isize) -> Var {
    let ty = Type::new(dtype, shape);
    let axis = check(axis(along, ty.shape.rank()).map_err(|e| e.within("iota")));
    put(op(ops::Iota { ty, axis }), &[])
}

/// `x` under a name by which the Hessian is taken apart: what `x` descends from is the model, what descends from it the loss.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, cut, hvp_of_part}, transform::Part};
/// // L(θ) = z², z = θ²: H = 12 θ² is G = 2 (2θ)² = 8 θ² and N = 2 z · 2 = 4 θ².
/// let loss = |x: Var| cut("z", x * x).powi(2).sum();
/// let (x, v) = (tensor![3.0], tensor![1.0]);
/// assert_eq!(hvp_of_part(&Part::gauss_newton("z"), loss, &x, &v)?, tensor![72.0]);
/// assert_eq!(hvp_of_part(&Part::nme("z"), loss, &x, &v)?, tensor![36.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn cut(name: &str, x: Var) -> Var {
    put(op(ops::Cut { name: name.into() }), &[x])
}

/// `x` at every place of an array of this shape.
///
/// # Errors
/// As [`scalar`].
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, full}};
/// let y = compile(|x: Var| x + full(DType::F64, [2], 0.5)).call(tensor![1.0, 2.0])?;
/// assert_eq!(y, tensor![1.5, 2.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn full(dtype: DType, shape: impl Into<Shape>, x: f64) -> Var {
    scalar(dtype, x).broadcast_to(shape)
}

/// Zeros.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, zeros}};
/// let y = compile(|x: Var| x.matmul(zeros(DType::F64, [1, 2]))).call(tensor![[1.0]])?;
/// assert_eq!(y, tensor![[0.0, 0.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn zeros(dtype: DType, shape: impl Into<Shape>) -> Var {
    full(dtype, shape, 0.0)
}

/// Ones.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, ones}};
/// let y = compile(|x: Var| x.matmul(ones(DType::F64, [1, 2]))).call(tensor![[3.0]])?;
/// assert_eq!(y, tensor![[3.0, 3.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn ones(dtype: DType, shape: impl Into<Shape>) -> Var {
    full(dtype, shape, 1.0)
}

/// The identity matrix of order n.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, eye}};
/// let y = compile(|x: Var| x + eye(DType::F64, 2)).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
/// assert_eq!(y, tensor![[2.0, 2.0], [3.0, 5.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn eye(dtype: DType, n: usize) -> Var {
    iota(DType::I32, [n, n], 0).equal(iota(DType::I32, [n, n], 1)).convert(dtype)
}

/// n numbers from `first` to `last`, both of them there, at equal distances; `first` alone for n = 1.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, linspace}};
/// let y = compile(|x: Var| x * linspace(DType::F64, 0.0, 1.0, 5)).call(tensor![1.0])?;
/// assert_eq!(y, tensor![0.0, 0.25, 0.5, 0.75, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn linspace(dtype: DType, first: f64, last: f64, n: usize) -> Var {
    let steps = n.saturating_sub(1).max(1) as f64;
    // From both ends, so that both are exact and nothing overflows on the way.
    let at = |i: usize| {
        let t = i as f64 / steps;
        if i == 0 {
            first
        } else if t == 1.0 {
            last
        } else {
            first * (1.0 - t) + last * t
        }
    };
    if !dtype.is_float() {
        crate::trace::stop(crate::Error::new(crate::ErrorKind::DType, format!("linspace: {dtype} is no float")));
    }
    constant(&Tensor::from_fn(dtype, [n], at))
}

/// The coordinates of the points of a grid: of vectors of n, m, … entries, arrays of shape `[n, m, …]`, each varying along its own axis.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile, meshgrid}};
/// let y = compile(|(a, b): (Var, Var)| meshgrid(&[a, b])).call((tensor![1.0, 2.0], tensor![3.0, 4.0]))?;
/// assert_eq!(y, [tensor![[1.0, 1.0], [2.0, 2.0]], tensor![[3.0, 4.0], [3.0, 4.0]]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn meshgrid(coordinates: &[Var]) -> Vec<Var> {
    let mut shape = Vec::with_capacity(coordinates.len());
    for x in coordinates {
        match x.shape()[..] {
            [n] => shape.push(n),
            _ => {
                let what = format!("meshgrid: {} is no vector", x.ty());
                crate::trace::stop(crate::Error::new(crate::ErrorKind::Shape, what))
            }
        }
    }
    let mut grids = Vec::with_capacity(coordinates.len());
    for (axis, x) in coordinates.iter().enumerate() {
        let alone: Vec<usize> = shape.iter().enumerate().map(|(i, n)| if i == axis { *n } else { 1 }).collect();
        grids.push(x.reshape(alone).broadcast_to(shape.clone()));
    }
    grids
}

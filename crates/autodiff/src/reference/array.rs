//! Arrays of the interpreter, and what definitions are written with.

use super::Scalar;
use crate::dtype::DType;
use crate::error::{Error, bail};
use crate::shape::{Shape, Type};
use crate::tensor::Tensor;

/// An array of the interpreter: row-major numbers of S, or integers (bools are 0 and 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Array<S> {
    /// Dtype (either float dtype stands for S) and shape.
    pub ty: Type,
    /// The elements.
    pub data: Data<S>,
}

/// The elements of an [`Array`].
#[derive(Clone, Debug, PartialEq)]
pub enum Data<S> {
    /// Of a float dtype.
    Real(Vec<S>),
    /// Of an integer dtype or bools.
    Int(Vec<i64>),
}

impl<S: Scalar> Array<S> {
    /// The elements of a tensor.
    pub fn of(t: &Tensor) -> Array<S> {
        let values = t.to_f64_vec();
        let data = if t.dtype().is_float() {
            Data::Real(values.into_iter().map(S::from_f64).collect())
        } else {
            Data::Int(values.into_iter().map(|x| x as i64).collect())
        };
        Array { ty: t.ty().clone(), data }
    }

    /// The array of these reals.
    pub fn real(ty: &Type, data: Vec<S>) -> Array<S> {
        Array { ty: ty.clone(), data: Data::Real(data) }
    }

    /// The array of these integers, each as its dtype holds it.
    pub fn int(ty: &Type, data: Vec<i64>) -> Array<S> {
        Array { ty: ty.clone(), data: Data::Int(data.into_iter().map(|x| wrap(ty.dtype, x)).collect()) }
    }

    /// The numbers.
    ///
    /// # Panics
    /// If these are integers.
    pub fn reals(&self) -> &[S] {
        match &self.data {
            Data::Real(x) => x,
            Data::Int(_) => panic!("{} holds no reals", self.ty),
        }
    }

    /// The integers, or bools as 0 and 1.
    ///
    /// # Panics
    /// If these are reals.
    pub fn ints(&self) -> &[i64] {
        match &self.data {
            Data::Int(x) => x,
            Data::Real(_) => panic!("{} holds no integers", self.ty),
        }
    }

    /// As `f64`.
    pub fn to_f64_vec(&self) -> Vec<f64> {
        match &self.data {
            Data::Real(x) => x.iter().map(|x| x.to_f64()).collect(),
            Data::Int(x) => x.iter().map(|x| *x as f64).collect(),
        }
    }

    /// The same elements picked by index: `y[i] = x[f(i)]`, or zero where there is none.
    pub fn pick(&self, ty: &Type, f: impl Fn(usize) -> Option<usize>) -> Array<S> {
        let n = ty.shape.size();
        let data = match &self.data {
            Data::Real(x) => Data::Real((0..n).map(|i| f(i).map_or(S::ZERO, |j| x[j])).collect()),
            Data::Int(x) => Data::Int((0..n).map(|i| f(i).map_or(0, |j| x[j])).collect()),
        };
        Array { ty: ty.clone(), data }
    }

    /// [`pick`](Array::pick) by multi-index: `y[index] = x[f(index)]`.
    pub fn pick_at(&self, ty: &Type, f: impl Fn(Vec<usize>) -> Option<Vec<usize>>) -> Array<S> {
        self.pick(ty, |i| f(unravel(i, &ty.shape)).map(|source| ravel(&source, &self.ty.shape)))
    }

    /// Elementwise over operands of one type: `real` of reals, `int` of integers.
    pub fn elementwise<const N: usize>(
        x: [&Array<S>; N],
        y: &Type,
        real: impl Fn([S; N]) -> S,
        int: impl Fn([i64; N]) -> i64,
    ) -> Array<S> {
        let n = y.shape.size();
        match &x[0].data {
            Data::Real(_) => Array::real(y, (0..n).map(|i| real(x.map(|x| x.reals()[i]))).collect()),
            Data::Int(_) => Array::int(y, (0..n).map(|i| int(x.map(|x| x.ints()[i]))).collect()),
        }
    }

    /// Bools, elementwise over two operands of one type.
    pub fn compared(x: [&Array<S>; 2], y: &Type, holds: impl Fn(Option<std::cmp::Ordering>) -> bool) -> Array<S> {
        let n = y.shape.size();
        let ordering = |i: usize| match (&x[0].data, &x[1].data) {
            (Data::Real(a), Data::Real(b)) => a[i].partial_cmp(&b[i]),
            (Data::Int(a), Data::Int(b)) => Some(a[i].cmp(&b[i])),
            _ => unreachable!("infer admits one dtype"),
        };
        Array::int(y, (0..n).map(|i| i64::from(holds(ordering(i)))).collect())
    }

    /// The entries of each result folded from first to last, over axes that leave the shape.
    pub fn reduced(&self, y: &Type, axes: &[usize], start: S, real: impl Fn(S, S) -> S) -> Array<S> {
        match &self.data {
            Data::Real(x) => Array::real(y, fold(x, &self.ty.shape, axes, start, real)),
            Data::Int(x) => Array::int(y, fold(x, &self.ty.shape, axes, 0, |sum, x| wrap(y.dtype, sum + x))),
        }
    }

    /// The lines of reals along an axis, in row-major order of the other axes.
    pub fn lines(&self, axis: usize) -> Vec<Vec<S>> {
        let (outer, n, inner) = self.ty.shape.around(axis);
        let at = |o: usize, j: usize, i: usize| self.reals()[(o * n + j) * inner + i];
        (0..outer * inner).map(|l| (0..n).map(|j| at(l / inner, j, l % inner)).collect()).collect()
    }

    /// The array whose [`lines`](Array::lines) these are.
    pub fn from_lines(y: &Type, axis: usize, lines: &[Vec<S>]) -> Array<S> {
        Array::real(y, unlines(lines, &y.shape, axis))
    }

    /// The indices that stand here, if all are below `n`.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) naming the first that is not, for the primitive called `name`.
    pub fn indices(&self, n: usize, name: &str) -> Result<Vec<usize>, Error> {
        let index = self.ints();
        if let Some(at) = index.iter().position(|i| *i < 0 || *i >= n as i64) {
            bail!(Data, "{name}: index {} at position {at} is out of range for {n} entries", index[at]);
        }
        Ok(index.iter().map(|i| *i as usize).collect())
    }
}

/// The entries of `lines` along `axis` in row-major order.
pub fn unlines<T: Copy>(lines: &[Vec<T>], shape: &Shape, axis: usize) -> Vec<T> {
    let (_, n, inner) = shape.around(axis);
    (0..shape.size()).map(|i| lines[i / (n * inner) * inner + i % inner][i / inner % n]).collect()
}

/// The multi-index of a flat position.
pub fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for i in (0..shape.len()).rev() {
        index[i] = flat % shape[i];
        flat /= shape[i];
    }
    index
}

/// The flat position of a multi-index.
pub fn ravel(index: &[usize], shape: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + i)
}

fn fold<T: Copy>(x: &[T], from: &Shape, axes: &[usize], start: T, f: impl Fn(T, T) -> T) -> Vec<T> {
    let kept: Vec<usize> = (0..from.rank()).filter(|a| !axes.contains(a)).collect();
    let to: Vec<usize> = kept.iter().map(|a| from[*a]).collect();
    let mut y = vec![start; to.iter().product()];
    for (i, x) in x.iter().enumerate() {
        let index = unravel(i, from);
        let at = ravel(&kept.iter().map(|a| index[*a]).collect::<Vec<_>>(), &to);
        y[at] = f(y[at], *x);
    }
    y
}

/// An integer as its dtype holds it.
fn wrap(dtype: DType, x: i64) -> i64 {
    match dtype {
        DType::I32 => i64::from(x as i32),
        DType::U32 => i64::from(x as u32),
        DType::Bool => i64::from(x != 0),
        _ => unreachable!("floats are not integers"),
    }
}

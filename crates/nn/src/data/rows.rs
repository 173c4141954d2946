//! Rows of a tensor: the entries along its first axis, copied at once and without a trace.

use quadric_autodiff::tensor::Scalar;
use quadric_autodiff::{DType, Tensor};

/// The shape of one row; empty also for a scalar, which has no rows.
pub(super) fn row_shape(tensor: &Tensor) -> &[usize] {
    tensor.shape().get(1..).unwrap_or(&[])
}

/// How many numbers a row holds.
pub(super) fn row_size(tensor: &Tensor) -> usize {
    row_shape(tensor).iter().product()
}

/// These rows, which exist, in that order.
pub(super) fn take(tensor: &Tensor, rows: &[usize]) -> Tensor {
    fn of<T: Scalar>(values: &[T], rows: &[usize], size: usize, shape: Vec<usize>) -> Tensor {
        let mut taken = Vec::with_capacity(rows.len() * size);
        rows.iter().for_each(|&row| taken.extend_from_slice(&values[row * size..(row + 1) * size]));
        Tensor::new(shape, &taken).expect("rows of the tensor's size")
    }
    let (size, shape) = (row_size(tensor), [&[rows.len()], row_shape(tensor)].concat());
    match tensor.dtype() {
        DType::F32 => of::<f32>(tensor.as_slice(), rows, size, shape),
        DType::F64 => of::<f64>(tensor.as_slice(), rows, size, shape),
        DType::I32 => of::<i32>(tensor.as_slice(), rows, size, shape),
        DType::U32 => of::<u32>(tensor.as_slice(), rows, size, shape),
        _ => {
            let indices = rows.iter().flat_map(|&row| row * size..(row + 1) * size).map(Some);
            pick(tensor, shape, indices, 0.0)
        }
    }
}

/// The tensor of `shape` whose entries are those at these flat indices, and `fill`, which the dtype holds, where there is none.
pub(super) fn pick(
    tensor: &Tensor,
    shape: Vec<usize>,
    indices: impl Iterator<Item = Option<usize>>,
    fill: f64,
) -> Tensor {
    fn of<T: Scalar>(values: &[T], shape: Vec<usize>, at: impl Iterator<Item = Option<usize>>, fill: T) -> Tensor {
        let picked: Vec<T> = at.map(|at| at.map_or(fill, |at| values[at])).collect();
        Tensor::new(shape, &picked).expect("an index for each entry")
    }
    match tensor.dtype() {
        DType::F32 => of(tensor.as_slice(), shape, indices, fill as f32),
        DType::F64 => of(tensor.as_slice(), shape, indices, fill),
        DType::I32 => of(tensor.as_slice(), shape, indices, fill as i32),
        DType::U32 => of(tensor.as_slice(), shape, indices, fill as u32),
        DType::Bool => {
            // The bytes as they are stored: `to_vec` would copy the whole set for each batch of it.
            let (bytes, fill) = (tensor.bytes(), fill != 0.0);
            let picked: Vec<bool> = indices.map(|at| at.map_or(fill, |at| bytes[at] != 0)).collect();
            Tensor::new(shape, &picked).expect("an index for each entry")
        }
        other => unreachable!("there is no {other}"),
    }
}

/// The flat index and the value of the first number that is NaN or infinite.
pub(super) fn first_not_finite(tensor: &Tensor) -> Option<(usize, f64)> {
    match tensor.dtype() {
        DType::F32 => tensor.as_slice::<f32>().iter().position(|x| !x.is_finite()),
        DType::F64 => tensor.as_slice::<f64>().iter().position(|x| !x.is_finite()),
        _ => None,
    }
    .map(|at| match tensor.dtype() {
        DType::F32 => (at, tensor.as_slice::<f32>()[at].into()),
        _ => (at, tensor.as_slice::<f64>()[at]),
    })
}

/// `tensor` in a float dtype; integers and bools stay what they are.
pub(super) fn floats_to(tensor: &Tensor, dtype: DType) -> Tensor {
    if tensor.dtype().is_float() { tensor.to_dtype(dtype) } else { tensor.clone() }
}

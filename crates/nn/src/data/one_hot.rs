//! Labels as rows of probabilities.

use quadric_autodiff::{DType, Tensor};

use super::dataset::place;
use super::{DataError, DataErrorKind};

/// Labels `i32[…]` as rows of the float type `dtype`, 1 at the label and 0 elsewhere: `[…, classes]`.
///
/// Inside a trace it is [`Var::one_hot`](quadric_autodiff::trace::Var::one_hot).
///
/// # Errors
/// [`DataErrorKind::LabelOutOfRange`] for a label that is no class, [`DataErrorKind::Mismatch`] if the labels are not `i32`.
///
/// # Panics
/// If `dtype` is no float.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor};
/// use quadric_nn::data::one_hot;
/// assert_eq!(one_hot(&tensor![2, 0], 3, DType::F32)?, tensor![[0f32, 0., 1.], [1., 0., 0.]]);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn one_hot(labels: &Tensor, classes: usize, dtype: DType) -> Result<Tensor, DataError> {
    if labels.dtype() != DType::I32 {
        let fault = format!("one_hot: the labels are {}, i32 is needed", labels.ty());
        return Err(DataError::new(DataErrorKind::Mismatch, fault));
    }
    let values = labels.as_slice::<i32>();
    let in_range = |label: i32| usize::try_from(label).is_ok_and(|label| label < classes);
    if let Some(at) = values.iter().position(|&label| !in_range(label)) {
        let fault = format!("one_hot: label {} in {}, but there are {classes} classes", values[at], place(labels, at));
        return Err(DataError::new(DataErrorKind::LabelOutOfRange, fault));
    }
    let shape = [&labels.shape()[..], &[classes]].concat();
    Ok(Tensor::from_fn(dtype, shape, |at| f64::from(u8::from(values[at / classes] as usize == at % classes))))
}

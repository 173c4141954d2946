//! Mixup.

use quadric_autodiff::{DType, Tensor};
use rand_distr::{Beta, Distribution};

use super::super::rows::row_size;
use super::super::shuffle::{Purpose, below};
use super::super::{Batch, DataError, DataErrorKind};
use super::Key;

/// `x ← λ x + (1 − λ) x′`, `y ← λ y + (1 − λ) y′` with another example of the batch and `λ ~ Beta(α, α)` [Zhang et al. 2018].
///
/// Each example has a λ and a partner of its own, as in the formula of the paper; its code draws one λ for a batch. The partner is drawn from the batch, which may be the example itself,
/// so what becomes of an example depends on the others of its batch. Inputs and targets are floats; labels become rows of probabilities by
/// [`one_hot`](super::super::one_hot()) before. Weights stay; a mask is an error.
///
/// # Errors
/// [`Argument`](DataErrorKind::Argument) if α is not positive and finite, [`Mismatch`](DataErrorKind::Mismatch) if the key is of another number of
/// examples, inputs or targets are no floats, or there are no targets or there is a mask.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor};
/// use quadric_nn::data::{Batch, Key, augment, one_hot};
/// let targets = one_hot(&tensor![0, 1, 1], 2, DType::F64)?;
/// let batch = Batch { targets: Some(targets), ..Batch::new(tensor![[0.0], [1.0], [1.0]]) };
/// let mixed = augment::mixup(batch, 0.4, &Key { seed: 1, epoch: 0, rows: vec![7, 8, 9] })?;
/// let (x, y) = mixed.pair()?;
/// for (x, y) in x.as_slice::<f64>().iter().zip(y.as_slice::<f64>().chunks(2)) {
///     assert!((y[1] - x).abs() < 1e-15 && (y[0] + y[1] - 1.0).abs() < 1e-15);
/// }
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
///
/// [Zhang et al. 2018]: https://arxiv.org/abs/1710.09412
pub fn mixup(batch: Batch, alpha: f64, key: &Key) -> Result<Batch, DataError> {
    let fault = |kind, fault: String| Err(DataError::new(kind, format!("mixup: {fault}")));
    key.check("mixup", &batch.inputs)?;
    // Far below any use, and where the distribution would be computed with infinities.
    if !(1e-100..=1e100).contains(&alpha) {
        return fault(DataErrorKind::Argument, format!("α is {alpha}, a positive number is needed"));
    }
    if batch.mask.is_some() {
        return fault(DataErrorKind::Mismatch, "the masks of two examples cannot be mixed".to_owned());
    }
    let Some(targets) = &batch.targets else {
        return fault(DataErrorKind::Mismatch, "the batch has no targets".to_owned());
    };
    for (what, tensor) in [("inputs", &batch.inputs), ("targets", targets)] {
        key.check("mixup", tensor)?;
        if !tensor.dtype().is_float() {
            return fault(DataErrorKind::Mismatch, format!("the {what} are {}, floats are needed", tensor.ty()));
        }
    }
    let beta = Beta::new(alpha, alpha).expect("α was checked");
    let partners: Vec<(usize, f64)> = key
        .generators(Purpose::Mixup)
        .map(|mut rng| (below(&mut rng, key.rows.len() as u64) as usize, beta.sample(&mut rng)))
        .collect();
    let targets = mixed(targets, &partners);
    Ok(Batch { inputs: mixed(&batch.inputs, &partners), targets: Some(targets), ..batch })
}

/// Each row with its partner, in `f64`, rounded to the tensor's dtype.
fn mixed(tensor: &Tensor, partners: &[(usize, f64)]) -> Tensor {
    let (size, values) = (row_size(tensor), tensor.to_f64_vec());
    let dtype: DType = tensor.dtype();
    Tensor::from_fn(dtype, tensor.shape(), |at| {
        let (partner, lambda) = partners[at / size];
        lambda * values[at] + (1.0 - lambda) * values[partner * size + at % size]
    })
}

//! Dropout.

use std::marker::PhantomData;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Tensor, Tree};

use super::drop::{check_rate, drop, drops};
use crate::LIBRARY;

/// In training, each entry is 0 with chance p and `x / (1 − p)` otherwise, which leaves the mean as it is; afterwards the identity
/// ([Srivastava et al. 2014], who scale afterwards instead).
///
/// What is drawn is a function of the key in [`Mode::Train`](super::Mode::Train): the same key drops the same entries.
///
/// [Srivastava et al. 2014]: https://jmlr.org/papers/v15/srivastava14a.html
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile, random}};
/// use quadric_nn::{Dropout, Layer};
/// let layer: Dropout<Var> = Dropout::new(0.5);
/// let mut train = compile(|(x, key): (Var, Var)| layer.train(x, &layer.initial_state(), key).0);
/// let y = train.call((Tensor::from_fn(DType::F64, [1000], |_| 1.0), random::key(1, 0)))?.to_vec::<f64>();
/// assert!(y.iter().all(|y| [0.0, 2.0].contains(y)));
/// assert!((y.iter().sum::<f64>() - 1000.0).abs() < 100.0);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct Dropout<T = Tensor> {
    /// p, the chance to be dropped.
    pub rate: f64,
    leaf: PhantomData<T>,
}

impl<T> Dropout<T> {
    /// Dropping with this chance.
    ///
    /// # Panics
    /// If `rate` is not from 0 to 1.
    pub fn new(rate: f64) -> Dropout<T> {
        Dropout { rate: check_rate("Dropout::new", rate), leaf: PhantomData }
    }
}

drops!(Dropout, "dropout", |shape| shape.to_vec(), "`x` of any shape, result the same.");

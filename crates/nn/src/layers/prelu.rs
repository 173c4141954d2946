//! PReLU: a leaky ReLU that learns its slopes.

use quadric_autodiff::trace::{Var, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree};

use crate::LIBRARY;
use crate::activations::nan_mark;

/// `x > 0 ? x : a_c x`, a slope for each channel or one for all ([He et al. 2015]). At 0 the derivative is a_c, as torch has it.
///
/// The product a·x is part of the activation, and none of the model's multilinear part. Weight decay pulls the slopes to 0, towards ReLU; the paper uses none.
///
/// [He et al. 2015]: https://arxiv.org/abs/1502.01852
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::Prelu;
/// let mut f = compile(|(layer, x): (Prelu<Var>, Var)| layer.apply(x));
/// let y = f.call((Prelu::new(2, DType::F64), tensor![[-1.0, -2.0], [3.0, 0.0]]))?;
/// assert_eq!(y, tensor![[-0.25, -0.5], [3.0, 0.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Prelu<T = Tensor> {
    /// The slopes below 0, `[C]`, or `[1]` for one that all share.
    pub weight: T,
}

impl Prelu<Tensor> {
    /// Slopes of ¼ for so many channels; for one, the slope is shared by all entries.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(channels: usize, dtype: DType) -> Prelu {
        assert!(dtype.is_float(), "Prelu: slopes are floats, {dtype} is none");
        Prelu { weight: Tensor::from_fn(dtype, [channels], |_| 0.25) }
    }
}

impl Prelu<Var> {
    /// The activation of each entry.
    ///
    /// # Shapes
    /// `x: [B, C, …]`, or any shape if there is one slope; result the same.
    ///
    /// # Errors
    /// Stops the trace if axis 1 of `x` is not as long as there are slopes.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.nonlinear_scope("prelu", || {
            let (ty, weight) = (x.ty(), self.weight.ty());
            let slope = match weight.shape[..] {
                [1] => self.weight.reshape(Vec::new()),
                [n] if ty.shape.get(1) == Some(&n) => {
                    let behind = ty.shape.rank() - 2;
                    self.weight.reshape([vec![n], vec![1; behind]].concat())
                }
                _ => {
                    let what = format!("prelu: slopes {weight} need as many channels, on axis 1 of {ty}");
                    stop(Error::new(ErrorKind::Shape, what))
                }
            };
            // Each branch sees its own entries alone: 0 · ∞ would be the slope's derivative where an infinity is not below 0.
            let is_above = x.gt(0.0);
            select(is_above, x, slope * select(is_above, 0.0, x)) * nan_mark(x)
        })
    }
}

//! Batch normalisation.

use quadric_autodiff::trace::{Var, ones, scalar, stop, zeros};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree, Type};

use super::check::{channels_of, same_dtype};
use super::norm::has_variance;
use super::{Layer, Mode};
use crate::LIBRARY;

/// `γ (x − μ) / √(σ² + ε) + β` for each channel, with μ and σ² those of the batch in training and running means of them afterwards
/// ([Ioffe & Szegedy 2015]).
///
/// The running means follow PyTorch: `m ← (1 − momentum) m + momentum · (statistic of the batch)`, with the unbiased variance (divisor n − 1)
/// there and the biased one in the normalisation. Without a momentum they are the plain means over all batches so far.
/// No derivative passes through the state. A variance beyond the dtype is infinite, as of a [`LayerNorm`](super::LayerNorm).
///
/// [Ioffe & Szegedy 2015]: https://arxiv.org/abs/1502.03167
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::{BatchNorm, BatchNormState, Layer, initial_state};
/// let norm = BatchNorm::new(1, DType::F64);
/// let state = initial_state(&norm)?;
/// let mut train = compile(|(norm, state, x): (BatchNorm<Var>, BatchNormState<Var>, Var)| norm.train(x, &state, None));
/// let (y, state) = train.call((norm, state, tensor![[1.0], [3.0]]))?;
/// assert!((y.to_vec::<f64>()[1] - 1.0).abs() < 1e-5);
/// assert!((state.mean.item() - 0.2).abs() < 1e-15 && (state.variance.to_vec::<f64>()[0] - 1.1).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct BatchNorm<T = Tensor> {
    /// γ: `[C]`, if there is one.
    pub scale: Option<T>,
    /// β: `[C]`, if there is one.
    pub shift: Option<T>,
    /// C.
    pub channels: usize,
    /// Of the state of a layer without γ and β; with them it is theirs.
    pub dtype: DType,
    /// ε, under the root.
    pub epsilon: f64,
    /// The weight of the newest batch in the running statistics; `None` for the plain mean over all batches.
    pub momentum: Option<f64>,
}

/// The running statistics of a [`BatchNorm`].
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct BatchNormState<T = Tensor> {
    /// The running mean, `[C]`.
    pub mean: T,
    /// The running unbiased variance, `[C]`.
    pub variance: T,
    /// How many batches there were, `i32`.
    pub batches: T,
}

impl BatchNorm<Tensor> {
    /// γ = 1, β = 0, ε = 1e-5, momentum 0.1.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(channels: usize, dtype: DType) -> BatchNorm {
        let ty = Type::new(dtype, [channels]);
        let (scale, shift) = (Some(Tensor::from_fn(dtype, [channels], |_| 1.0)), Some(Tensor::zeros(ty)));
        BatchNorm { scale, shift, channels, dtype, epsilon: 1e-5, momentum: Some(0.1) }
    }
}

impl<T> BatchNorm<T> {
    /// The same layer without γ and β.
    #[must_use]
    pub fn without_affine(self) -> BatchNorm<T> {
        BatchNorm { scale: None, shift: None, ..self }
    }

    /// The same layer with another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> BatchNorm<T> {
        BatchNorm { epsilon, ..self }
    }

    /// The same layer with another momentum of the running statistics, or with plain means.
    #[must_use]
    pub fn momentum(self, momentum: impl Into<Option<f64>>) -> BatchNorm<T> {
        BatchNorm { momentum: momentum.into(), ..self }
    }
}

impl Layer for BatchNorm<Var> {
    type State = BatchNormState<Var>;

    /// Mean 0, variance 1, no batches.
    fn initial_state(&self) -> BatchNormState<Var> {
        LIBRARY.enter(|| {
            // What was made for one dtype may have been converted to another.
            let dtype = self.scale.or(self.shift).map_or(self.dtype, |ours| ours.dtype());
            BatchNormState {
                mean: zeros(dtype, [self.channels]),
                variance: ones(dtype, [self.channels]),
                batches: scalar(DType::I32, 0.0),
            }
        })
    }

    /// # Shapes
    /// `x: [B, C, …]`, result the same: every axis but the second is averaged over.
    ///
    /// # Errors
    /// Stops the trace if axis 1 of `x` is not of size C, `x` is of another dtype than γ or the state, and in training if a channel has a
    /// single value, whose variance says nothing.
    #[track_caller]
    fn forward(&self, x: Var, state: &BatchNormState<Var>, mode: Mode) -> (Var, BatchNormState<Var>) {
        LIBRARY.nonlinear_scope("batch_norm", || {
            self.scale.or(self.shift).iter().for_each(|ours| same_dtype("batch_norm", x, *ours));
            let ty = x.ty();
            if let Some(other) = [state.mean, state.variance].iter().find(|v| v.dtype() != ty.dtype) {
                let what =
                    format!("batch_norm: the input is {ty} and the state is {}: convert one of them", other.dtype());
                stop(Error::new(ErrorKind::DType, what));
            }
            let rank = ty.shape.rank();
            channels_of("batch_norm", x, self.channels);
            let (kept, channels) = (state.mean.shape(), self.channels);
            if kept != state.variance.shape() || kept[..] != [channels] {
                let what = format!("batch_norm: the state is of {} channels and the layer of {channels}: hand on the state of this layer", kept.size());
                stop(Error::new(ErrorKind::Shape, what));
            }
            let others: Vec<isize> = (0..rank as isize).filter(|axis| *axis != 1).collect();
            let along_channels: Vec<usize> = (0..rank).map(|axis| if axis == 1 { self.channels } else { 1 }).collect();
            let spread = |v: Var| v.reshape(&along_channels[..]);
            let (mean, variance, after) = if mode.is_training() {
                let n = ty.shape.size() / self.channels.max(1);
                has_variance("batch_norm", x, "a batch", "a channel", n);
                let (mean, variance) = (x.mean_axes(&others), x.var_axes(&others, 0));
                (mean, variance, self.after(state, mean, variance * (n as f64 / (n - 1) as f64)))
            } else {
                (state.mean, state.variance, state.clone())
            };
            let y = (x - spread(mean)) * spread((variance + self.epsilon).rsqrt());
            let y = self.scale.map_or(y, |scale| y * spread(scale));
            (self.shift.map_or(y, |shift| y + spread(shift)), after)
        })
    }
}

impl BatchNorm<Var> {
    /// The running statistics after a batch.
    #[track_caller]
    fn after(&self, state: &BatchNormState<Var>, mean: Var, variance: Var) -> BatchNormState<Var> {
        let batches = state.batches + 1.0;
        let share = match self.momentum {
            Some(momentum) => state.mean.number(momentum),
            None => state.mean.number(1.0) / batches.convert(state.mean.dtype()),
        };
        let mix = |old: Var, new: Var| (old * (1.0 - share) + new * share).stop_gradient();
        BatchNormState { mean: mix(state.mean, mean), variance: mix(state.variance, variance), batches }
    }
}

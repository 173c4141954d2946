//! The feed-forward half of a transformer block.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Static, Tensor, Tree};

use super::drop::{check_rate, dropout};
use super::{Dense, Layer, Mode, Projection, Stateless};
use crate::LIBRARY;
use crate::activations::Activation;

/// `φ(x U) W`, or gated `(φ(x G) ⊙ x U) W`: with SiLU as φ, SwiGLU ([Shazeer 2020]).
///
/// The gate multiplies two activations of one input; like φ it is a nonlinear equation.
///
/// [Shazeer 2020]: https://arxiv.org/abs/2002.05202
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct FeedForward<T = Tensor> {
    /// U and its bias: `[D, F]`.
    pub up: Projection<T>,
    /// G and its bias, if there is a gate: `[D, F]`.
    pub gate: Option<Projection<T>>,
    /// W and its bias: `[F, D]`.
    pub down: Projection<T>,
    /// φ.
    pub activation: Activation,
    /// The share of the F hidden values that is dropped in training.
    pub dropout: f64,
}

/// Which [`FeedForward`].
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct FeedForwardOptions {
    /// F.
    pub width: usize,
    /// φ.
    pub activation: Activation,
    /// Whether there is a gate.
    pub gated: bool,
    /// Whether there are biases.
    pub bias: bool,
    /// The share of the F hidden values that is dropped in training.
    pub dropout: f64,
}

impl FeedForwardOptions {
    /// GELU with biases.
    pub fn gelu(width: usize) -> FeedForwardOptions {
        FeedForwardOptions { width, activation: Activation::Gelu, gated: false, bias: true, dropout: 0.0 }
    }

    /// SiLU with a gate and without biases.
    pub fn swiglu(width: usize) -> FeedForwardOptions {
        FeedForwardOptions { width, activation: Activation::Silu, gated: true, bias: false, dropout: 0.0 }
    }
}

impl FeedForward<Tensor> {
    /// LeCun-normal weights, zero biases.
    ///
    /// # Panics
    /// If `dtype` is no float, or the dropout is not from 0 to 1.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Tree};
    /// use quadric_nn::{FeedForward, FeedForwardOptions, generator};
    /// let layer = FeedForward::new(8, FeedForwardOptions::swiglu(24), DType::F32, &mut generator(1));
    /// assert_eq!(layer.leaf_names(), ["up.weight", "gate.weight", "down.weight"]);
    /// ```
    pub fn new(width: usize, options: FeedForwardOptions, dtype: DType, rng: &mut impl Rng) -> FeedForward {
        let mut dense = |inputs, outputs| {
            let layer = Dense::new(inputs, outputs, dtype, rng);
            Projection::Dense(if options.bias { layer } else { layer.without_bias() })
        };
        FeedForward {
            up: dense(width, options.width),
            gate: options.gated.then(|| dense(width, options.width)),
            down: dense(options.width, width),
            activation: options.activation,
            dropout: check_rate("FeedForward::new", options.dropout),
        }
    }
}

impl Layer for FeedForward<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        LIBRARY.scope("feed_forward", || {
            let up = LIBRARY.scope("up", || self.up.apply(x));
            let hidden = match &self.gate {
                Some(gate) => {
                    let gate = LIBRARY.scope("gate", || gate.apply(x));
                    LIBRARY.nonlinear_scope("gated", || self.activation.apply(gate) * up)
                }
                None => self.activation.apply(up),
            };
            let hidden = dropout(hidden, self.dropout, mode);
            (LIBRARY.scope("down", || self.down.apply(hidden)), *state)
        })
    }
}

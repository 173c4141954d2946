//! The plain recurrent network.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use super::recurrent::{Cell, RecurrentLayer, RecurrentOptions, Sequence, run};
use super::{Layer, Mode, Stateless};
use crate::activations::Activation;

/// The plain recurrent network ([Elman 1990]): `h' = φ(x W + b + h U + c)`, φ the hyperbolic tangent unless it is said otherwise.
///
/// The weights are the transposes of PyTorch's; there are two biases, as there.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Activation, Mode, Rnn, generator};
/// let rnn = Rnn::new(3, 4, DType::F64, &mut generator(1)).activation(Activation::Relu);
/// let x = Tensor::from_fn(DType::F64, [2, 5, 3], |i| (i as f64).sin());
/// let (y, last) = compile(|(rnn, x): (Rnn<Var>, Var)| rnn.run(x, None, None, Mode::Infer)).call((rnn, x))?;
/// assert_eq!((y.shape().to_vec(), last.shape().to_vec()), (vec![2, 5, 4], vec![1, 2, 4]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// [Elman 1990]: https://doi.org/10.1207/s15516709cog1402_1
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Rnn<T = Tensor> {
    /// First to last.
    pub layers: Vec<RecurrentLayer<T>>,
    /// The share of the outputs of each layer but the last that is dropped in training.
    pub dropout: f64,
    /// φ.
    pub activation: Activation,
}

impl Rnn<Tensor> {
    /// One layer of one direction, all weights and biases drawn uniformly from `±1/√H`, as PyTorch's.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(inputs: usize, hidden: usize, dtype: DType, rng: &mut impl Rng) -> Rnn {
        Rnn::with_options(inputs, hidden, RecurrentOptions::default(), dtype, rng)
    }

    /// [`Rnn::new`] with more layers, both directions, without biases, with dropout.
    ///
    /// # Panics
    /// As [`Rnn::new`]; or if the dropout is not from 0 to 1, or there is one layer and it is not 0.
    pub fn with_options(
        inputs: usize,
        hidden: usize,
        options: RecurrentOptions,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Rnn {
        let layers = options.weights([inputs, hidden], RnnCell::GATES, dtype, rng);
        Rnn { layers, dropout: options.dropout, activation: Activation::Tanh }
    }
}

impl<T> Rnn<T> {
    /// The same network with another φ.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Rnn<T> {
        Rnn { activation, ..self }
    }
}

struct RnnCell(Activation);

impl Cell for RnnCell {
    const NAME: &'static str = "rnn";
    const GATES: usize = 1;
    const STATES: usize = 1;

    #[track_caller]
    fn step(&self, input: Var, hidden: Var, _: &[Var]) -> Vec<Var> {
        vec![self.0.apply(input + hidden)]
    }
}

impl Rnn<Var> {
    /// The outputs of all steps, and the state after the last.
    ///
    /// # Shapes
    /// `x: [B, T, D]`, `state: [layers · directions, B, H]` (zeros if `None`; layer by layer, forwards before backwards), `lengths: i32[B]`; the result is `[B, T, directions · H]`. With lengths, a
    /// sequence's state stands still from its end on, outputs there are 0, and the way back begins at its last step.
    ///
    /// # Errors
    /// Stops the trace if `x`, the state or the lengths are of another shape or dtype; a length that is not from 0 to T is an error of the run.
    #[track_caller]
    pub fn run(
        &self,
        x: Var,
        state: impl Into<Option<Var>>,
        lengths: impl Into<Option<Var>>,
        mode: Mode,
    ) -> (Var, Var) {
        let state = state.into().map(|state| vec![state]);
        let sequence = Sequence { x, state, lengths: lengths.into(), mode, dropout: self.dropout };
        let (y, last) = run(&RnnCell(self.activation), &self.layers, sequence);
        (y, last[0])
    }
}

/// The outputs of all steps, from a state of 0.
impl Layer for Rnn<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.run(x, None, None, mode).0, *state)
    }
}

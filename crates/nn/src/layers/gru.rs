//! The gated recurrent unit.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use super::recurrent::{Cell, RecurrentLayer, RecurrentOptions, Sequence, run};
use super::{Layer, Mode, Stateless};

/// The gated recurrent unit ([Cho et al. 2014]): `h' = (1 − z) ⊙ n + z ⊙ h` with `r, z = σ(x W + b + h U + c)` and
/// `n = tanh(x W + b + r ⊙ (h U + c))`.
///
/// The gates stand in PyTorch's order, *r z n*, in the columns of the weights, which are the transposes of PyTorch's. As there, and unlike in the paper, r multiplies
/// the product with the state and its bias, not the state: so all products are one.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Gru, Mode, generator};
/// let gru = Gru::new(3, 4, DType::F64, &mut generator(1));
/// let x = Tensor::from_fn(DType::F64, [2, 5, 3], |i| (i as f64).sin());
/// let mut f = compile(|(gru, x, lengths): (Gru<Var>, Var, Var)| gru.run(x, None, lengths, Mode::Infer));
/// let (y, last) = f.call((gru, x, tensor![5, 2]))?;
/// assert_eq!(y.to_vec::<f64>()[28..], [0.0; 12]); // the second sequence is over after two steps
/// assert_eq!(y.to_vec::<f64>()[24..28], last.to_vec::<f64>()[4..]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// [Cho et al. 2014]: https://arxiv.org/abs/1406.1078
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Gru<T = Tensor> {
    /// First to last.
    pub layers: Vec<RecurrentLayer<T>>,
    /// The share of the outputs of each layer but the last that is dropped in training.
    pub dropout: f64,
}

impl Gru<Tensor> {
    /// One layer of one direction, all weights and biases drawn uniformly from `±1/√H`, as PyTorch's.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(inputs: usize, hidden: usize, dtype: DType, rng: &mut impl Rng) -> Gru {
        Gru::with_options(inputs, hidden, RecurrentOptions::default(), dtype, rng)
    }

    /// [`Gru::new`] with more layers, both directions, without biases, with dropout.
    ///
    /// # Panics
    /// As [`Gru::new`]; or if the dropout is not from 0 to 1, or there is one layer and it is not 0.
    pub fn with_options(
        inputs: usize,
        hidden: usize,
        options: RecurrentOptions,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Gru {
        Gru { layers: options.weights([inputs, hidden], GruCell::GATES, dtype, rng), dropout: options.dropout }
    }
}

struct GruCell;

impl Cell for GruCell {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;
    const STATES: usize = 1;

    #[track_caller]
    fn step(&self, input: Var, hidden: Var, state: &[Var]) -> Vec<Var> {
        let width = state[0].shape()[1];
        let part = |all: Var, i: usize| all.slice(-1, i * width..(i + 1) * width);
        let gate = |i: usize| (part(input, i) + part(hidden, i)).logistic();
        let new = (part(input, 2) + gate(0) * part(hidden, 2)).tanh();
        vec![new + gate(1) * (state[0] - new)]
    }
}

impl Gru<Var> {
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
        let (y, last) = run(&GruCell, &self.layers, sequence);
        (y, last[0])
    }
}

/// The outputs of all steps, from a state of 0.
impl Layer for Gru<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.run(x, None, None, mode).0, *state)
    }
}

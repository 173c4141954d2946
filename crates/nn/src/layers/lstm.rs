//! Long short-term memory.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use super::recurrent::{Cell, RecurrentLayer, RecurrentOptions, Sequence, run};
use super::{Layer, Mode, Stateless};

/// Long short-term memory ([Hochreiter & Schmidhuber 1997], with the forget gate of [Gers et al. 2000]):
/// `c' = f ⊙ c + i ⊙ g`, `h' = o ⊙ tanh c'`, where `i, f, o` are logistic and `g` is tanh of `x W + b + h U + c`.
///
/// The gates stand in PyTorch's order, *i f g o*, in the columns of the weights, which are the transposes of PyTorch's; there are two
/// biases, as there.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Lstm, Mode, RecurrentOptions, generator};
/// let options = RecurrentOptions { layers: 2, both_directions: true, ..RecurrentOptions::default() };
/// let lstm = Lstm::with_options(3, 4, options, DType::F64, &mut generator(1));
/// let x = Tensor::from_fn(DType::F64, [2, 5, 3], |i| (i as f64).sin());
/// let mut f = compile(|(lstm, x): (Lstm<Var>, Var)| lstm.run(x, None, None, Mode::Infer));
/// let (y, last) = f.call((lstm, x))?;
/// assert_eq!(y.shape().to_vec(), [2, 5, 8]); // both directions side by side
/// assert_eq!(last.cell.shape().to_vec(), [4, 2, 4]); // a cell for each layer and direction
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// [Hochreiter & Schmidhuber 1997]: https://doi.org/10.1162/neco.1997.9.8.1735
/// [Gers et al. 2000]: https://doi.org/10.1162/089976600300015015
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Lstm<T = Tensor> {
    /// First to last.
    pub layers: Vec<RecurrentLayer<T>>,
    /// The share of the outputs of each layer but the last that is dropped in training.
    pub dropout: f64,
}

/// What an [`Lstm`] carries from step to step.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct LstmState<T = Tensor> {
    /// h: `[layers · directions, B, H]`, layer by layer, forwards before backwards.
    pub hidden: T,
    /// c: the same.
    pub cell: T,
}

impl Lstm<Tensor> {
    /// One layer of one direction, all weights and biases drawn uniformly from `±1/√H`, as PyTorch's.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(inputs: usize, hidden: usize, dtype: DType, rng: &mut impl Rng) -> Lstm {
        Lstm::with_options(inputs, hidden, RecurrentOptions::default(), dtype, rng)
    }

    /// [`Lstm::new`] with more layers, both directions, without biases, with dropout.
    ///
    /// # Panics
    /// As [`Lstm::new`]; or if the dropout is not from 0 to 1, or there is one layer and it is not 0.
    pub fn with_options(
        inputs: usize,
        hidden: usize,
        options: RecurrentOptions,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Lstm {
        Lstm { layers: options.weights([inputs, hidden], LstmCell::GATES, dtype, rng), dropout: options.dropout }
    }
}

struct LstmCell;

impl Cell for LstmCell {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;
    const STATES: usize = 2;

    #[track_caller]
    fn step(&self, input: Var, hidden: Var, state: &[Var]) -> Vec<Var> {
        let (all, width) = (input + hidden, state[0].shape()[1]);
        let gate = |i: usize| all.slice(-1, i * width..(i + 1) * width);
        let cell = gate(1).logistic() * state[1] + gate(0).logistic() * gate(2).tanh();
        vec![gate(3).logistic() * cell.tanh(), cell]
    }
}

impl Lstm<Var> {
    /// The outputs of all steps, and the state after the last.
    ///
    /// # Shapes
    /// `x: [B, T, D]`, `state` as [`LstmState`] says (zeros if `None`), `lengths: i32[B]`; the result is `[B, T, directions · H]`. With lengths, a
    /// sequence's state stands still from its end on, outputs there are 0, and the way back begins at its last step.
    ///
    /// # Errors
    /// Stops the trace if `x`, the state or the lengths are of another shape or dtype; a length that is not from 0 to T is an error of the run.
    #[track_caller]
    pub fn run(
        &self,
        x: Var,
        state: impl Into<Option<LstmState<Var>>>,
        lengths: impl Into<Option<Var>>,
        mode: Mode,
    ) -> (Var, LstmState<Var>) {
        let state = state.into().map(|state| vec![state.hidden, state.cell]);
        let sequence = Sequence { x, state, lengths: lengths.into(), mode, dropout: self.dropout };
        let (y, last) = run(&LstmCell, &self.layers, sequence);
        (y, LstmState { hidden: last[0], cell: last[1] })
    }
}

/// The outputs of all steps, from a state of 0.
impl Layer for Lstm<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.run(x, None, None, mode).0, *state)
    }
}

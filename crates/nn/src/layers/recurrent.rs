//! What recurrent networks have in common: directions, layers, lengths, and one loop over time.
//!
//! The products with the inputs are one product for all steps, before the loop; inside it are the product with the state and
//! the gates. The loop is a `scan`: program and time to compile do not depend on the length of the sequence.
//!
//! The products with weights are multilinear equations of the model. The gates, which multiply activations with activations, are nonlinear (their
//! scopes are `gates`). A weight that is used at every step is shared, so the Hessian's multilinear part has a trace here.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, concat, iota, scan, select, stack, stop, zeros};
use quadric_autodiff::{DType, Error, ErrorKind, Static, Tensor, Tree};

use super::check::{lengths_within, same_dtype};
use super::drop::{check_rate, dropout};
use super::{Init, Mode};
use crate::LIBRARY;

/// The weights of one direction of one layer, with PyTorch's two biases: `x W + b` and `h U + c`, the gates side by side.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct RecurrentWeights<T = Tensor> {
    /// W: `[inputs, gates · H]`.
    pub input: T,
    /// U: `[H, gates · H]`.
    pub hidden: T,
    /// b: `[gates · H]`, if there is one.
    pub input_bias: Option<T>,
    /// c: `[gates · H]`, if there is one.
    pub hidden_bias: Option<T>,
}

impl RecurrentWeights<Tensor> {
    /// All drawn uniformly from `±1/√H`, as PyTorch's.
    fn new(inputs: usize, hidden: usize, gates: usize, dtype: DType, rng: &mut impl Rng) -> RecurrentWeights {
        let columns = gates * hidden;
        let mut uniform = |shape: &[usize]| Init::TorchUniform.tensor(shape, hidden, hidden, dtype, rng);
        RecurrentWeights {
            input: uniform(&[inputs, columns]),
            hidden: uniform(&[hidden, columns]),
            input_bias: Some(uniform(&[columns])),
            hidden_bias: Some(uniform(&[columns])),
        }
    }
}

/// One layer: the direction of time, and perhaps its reverse beside it.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct RecurrentLayer<T = Tensor> {
    /// From the first step to the last.
    pub forwards: RecurrentWeights<T>,
    /// From the last step to the first.
    pub backwards: Option<RecurrentWeights<T>>,
}

/// How a recurrent network is built: one layer, one direction, biases and no dropout, unless it says otherwise.
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct RecurrentOptions {
    /// How many layers, one on the outputs of the other.
    pub layers: usize,
    /// Whether each layer also runs from the last step to the first; the outputs stand side by side.
    pub both_directions: bool,
    /// Whether there are biases.
    pub bias: bool,
    /// The share of the outputs of each layer but the last that is dropped in training; with one layer there is nothing to drop, and it has to be 0.
    pub dropout: f64,
}

impl Default for RecurrentOptions {
    fn default() -> RecurrentOptions {
        RecurrentOptions { layers: 1, both_directions: false, bias: true, dropout: 0.0 }
    }
}

impl RecurrentOptions {
    /// The weights of all layers.
    ///
    /// # Panics
    /// If the dropout is no probability, or there is nothing that it would drop.
    pub(super) fn weights(
        &self,
        [inputs, hidden]: [usize; 2],
        gates: usize,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Vec<RecurrentLayer> {
        check_rate("RecurrentOptions", self.dropout);
        assert!(
            self.dropout == 0.0 || self.layers > 1,
            "RecurrentOptions: the dropout of {} is between layers, and there is but one",
            self.dropout
        );
        let mut weights = |inputs| {
            let all = RecurrentWeights::new(inputs, hidden, gates, dtype, rng);
            if self.bias { all } else { RecurrentWeights { input_bias: None, hidden_bias: None, ..all } }
        };
        let directions = if self.both_directions { 2 } else { 1 };
        let layer = |i| {
            let inputs = if i == 0 { inputs } else { directions * hidden };
            RecurrentLayer { forwards: weights(inputs), backwards: self.both_directions.then(|| weights(inputs)) }
        };
        (0..self.layers).map(layer).collect()
    }
}

/// What tells one recurrent network from another: its gates, and what it carries.
pub(super) trait Cell {
    const NAME: &'static str;
    /// How many blocks of width H the weights have.
    const GATES: usize;
    /// How many arrays `[B, H]` the state is; the first is what is given out.
    const STATES: usize;

    /// The next state, from `x W + b`, `h U + c` and the state.
    fn step(&self, input: Var, hidden: Var, state: &[Var]) -> Vec<Var>;
}

/// Everything that [`run`] is handed beside the cell and the layers.
pub(super) struct Sequence {
    pub(super) x: Var,
    /// `STATES` arrays `[layers · directions, B, H]`; zeros if there are none.
    pub(super) state: Option<Vec<Var>>,
    pub(super) lengths: Option<Var>,
    pub(super) mode: Mode,
    /// Of the outputs of each layer but the last, in training.
    pub(super) dropout: f64,
}

/// The outputs of the last layer, `[B, T, directions · H]`, and the last states, `STATES` arrays `[layers · directions, B, H]`.
///
/// Layer by layer, forwards before backwards, as PyTorch orders them.
#[track_caller]
pub(super) fn run<C: Cell>(cell: &C, layers: &[RecurrentLayer<Var>], sequence: Sequence) -> (Var, Vec<Var>) {
    LIBRARY.scope(C::NAME, || {
        let (Some(first), ty) = (layers.first(), sequence.x.ty()) else {
            stop(Error::new(ErrorKind::Arity, format!("{}: there is no layer", C::NAME)))
        };
        same_dtype(C::NAME, sequence.x, first.forwards.input);
        let [batch, length, inputs] = ty.shape[..] else {
            stop(Error::new(
                ErrorKind::Shape,
                format!("{}: the input {ty} is no batch of sequences [B, T, D]", C::NAME),
            ))
        };
        if inputs != first.forwards.input.shape()[0] {
            let ours = first.forwards.input.shape()[0];
            let what = format!("{}: the last axis of the input {ty} is not the {ours} inputs of the layer", C::NAME);
            stop(Error::new(ErrorKind::Shape, what));
        }
        let hidden = first.forwards.hidden.shape()[0];
        let count: usize = layers.iter().map(|layer| 1 + usize::from(layer.backwards.is_some())).sum();
        let initial = initial::<C>(sequence.state, [count, batch, hidden], ty.dtype);
        let valid = sequence.lengths.map(|lengths| valid(C::NAME, lengths, batch, length));

        let modes = sequence.mode.split(layers.len());
        let (mut x, mut last) = (sequence.x.permute(&[1, 0, 2]), Vec::new());
        for (i, layer) in layers.iter().enumerate() {
            x = LIBRARY.scope(&i.to_string(), || {
                let x = if i == 0 { x } else { dropout(x, sequence.dropout, modes[i]) };
                let mut outputs = Vec::new();
                for weights in std::iter::once(&layer.forwards).chain(&layer.backwards) {
                    let at = last.len();
                    let initial = initial.iter().map(|s| s.slice(0, at..at + 1).squeeze(&[0])).collect();
                    let turned = |v: Var| if outputs.is_empty() { v } else { v.reverse(0) };
                    let (y, state) = direction(cell, weights, turned(x), initial, valid.map(turned));
                    let y = turned(y);
                    outputs.push(y);
                    last.push(state);
                }
                concat(&outputs, -1)
            });
        }
        let states = (0..C::STATES).map(|s| stack(&last.iter().map(|state| state[s]).collect::<Vec<_>>(), 0)).collect();
        (x.permute(&[1, 0, 2]), states)
    })
}

/// One direction of one layer, time first: `x: [T, B, D]` gives `[T, B, H]` and the last state.
#[track_caller]
fn direction<C: Cell>(
    cell: &C,
    weights: &RecurrentWeights<Var>,
    x: Var,
    initial: Vec<Var>,
    valid: Option<Var>,
) -> (Var, Vec<Var>) {
    let with = |y: Var, bias: Option<Var>| bias.map_or(y, |bias| y + bias);
    let projected = with(x.matmul(weights.input), weights.input_bias);
    let step = |state: Vec<Var>, (input, valid): (Var, Option<Var>)| {
        let hidden = with(state[0].matmul(weights.hidden), weights.hidden_bias);
        let next = LIBRARY.nonlinear_scope("gates", || cell.step(input, hidden, &state));
        let Some(valid) = valid else { return (next.clone(), next[0]) };
        // Beyond its end a sequence's state stands still, and there is nothing to give out.
        let kept = next.iter().zip(&state).map(|(new, old)| select(valid, *new, *old)).collect();
        (kept, select(valid, next[0], 0.0))
    };
    let (last, y) = scan(step, &initial, &(projected, valid));
    (y, last)
}

/// The state to begin with.
#[track_caller]
fn initial<C: Cell>(given: Option<Vec<Var>>, shape: [usize; 3], dtype: DType) -> Vec<Var> {
    let Some(given) = given else { return vec![zeros(dtype, shape); C::STATES] };
    for state in &given {
        if state.shape()[..] != shape || state.dtype() != dtype {
            let [count, batch, hidden] = shape;
            let what = format!(
                "{}: the state {} is not {dtype}[{count},{batch},{hidden}]: layers and directions, batch, width",
                C::NAME,
                state.ty()
            );
            stop(Error::new(ErrorKind::Shape, what));
        }
    }
    given
}

/// `[T, B, 1]`: whether step t of sequence b is before its end.
#[track_caller]
fn valid(name: &str, lengths: Var, batch: usize, length: usize) -> Var {
    let ty = lengths.ty();
    if ty.dtype != DType::I32 || ty.shape[..] != [batch] {
        stop(Error::new(ErrorKind::Shape, format!("{name}: the lengths are {ty}, i32[{batch}] is needed")));
    }
    iota(DType::I32, [length, batch, 1], 0).lt(lengths_within(lengths, length).reshape([1, batch, 1]))
}

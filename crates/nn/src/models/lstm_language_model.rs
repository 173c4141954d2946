//! A language model that is an LSTM.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use crate::LIBRARY;
use crate::layers::{
    Dense, Embedding, Layer, Lstm, LstmState, Mode, RecurrentOptions, Stateless, check_rate, dropout, generator,
};

/// A recurrent language model ([Zaremba et al. 2014]): tokens as vectors, an LSTM, a dense layer for the logits of the next token.
///
/// Dropout is where the paper has it, on every way up and none along time: on the vectors of the tokens, between layers, and on the last outputs.
///
/// [Zaremba et al. 2014]: https://arxiv.org/abs/1409.2329
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::{Mode, RecurrentOptions, models::LstmLanguageModel};
/// let model = LstmLanguageModel::new(10, 8, RecurrentOptions { layers: 2, ..Default::default() }, DType::F64, 1);
/// // All at once, and in two pieces.
/// let mut f = compile(|(m, t): (LstmLanguageModel<Var>, Var)| {
///     let (z, _) = m.logits(t, None, Mode::Infer);
///     let (_, state) = m.logits(t.slice(1, 0..2), None, Mode::Infer);
///     (z.slice(1, 2..4), m.logits(t.slice(1, 2..4), state, Mode::Infer).0)
/// });
/// let (whole, pieces) = f.call((model, tensor![[3, 1, 4, 1]]))?;
/// assert_eq!(whole, pieces);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct LstmLanguageModel<T = Tensor> {
    /// `[N, H]`.
    pub tokens: Embedding<T>,
    /// From H to H.
    pub lstm: Lstm<T>,
    /// From H to the N logits.
    pub head: Dense<T>,
    /// The share of the tokens' vectors, and of the last outputs, that is dropped in training; [`Lstm::dropout`] is that between layers.
    pub dropout: f64,
}

impl LstmLanguageModel<Tensor> {
    /// A model of N tokens and width H, each part with its own beginning, from the seed ([`generator`]). The options' dropout is that of all places, so
    /// one layer can have it too.
    ///
    /// # Panics
    /// If the options are for both directions (the next token would be seen), their dropout is not from 0 to 1, or `dtype` is no float.
    pub fn new(
        vocabulary: usize,
        width: usize,
        options: RecurrentOptions,
        dtype: DType,
        seed: u64,
    ) -> LstmLanguageModel {
        assert!(!options.both_directions, "LstmLanguageModel: the way back would see the tokens to come");
        let dropout = check_rate("LstmLanguageModel::new", options.dropout);
        let between = if options.layers > 1 { dropout } else { 0.0 };
        let rng = &mut generator(seed);
        LstmLanguageModel {
            tokens: Embedding::new(vocabulary, width, dtype, rng),
            lstm: Lstm::with_options(width, width, RecurrentOptions { dropout: between, ..options }, dtype, rng),
            head: Dense::new(width, vocabulary, dtype, rng),
            dropout,
        }
    }
}

impl LstmLanguageModel<Var> {
    /// The logits of the token after each, and the state to go on with.
    ///
    /// # Shapes
    /// `tokens: i32[B, T]`, result `[B, T, N]`.
    ///
    /// # Errors
    /// Stops the trace if the tokens are no `i32` or the state is another's; a number that is no token is an error of the run.
    #[track_caller]
    pub fn logits(&self, tokens: Var, state: impl Into<Option<LstmState<Var>>>, mode: Mode) -> (Var, LstmState<Var>) {
        LIBRARY.scope("lstm_language_model", || {
            let modes = mode.split(3);
            let x = dropout(self.tokens.apply(tokens), self.dropout, modes[0]);
            let (h, state) = self.lstm.run(x, state, None, modes[1]);
            (self.head.apply(dropout(h, self.dropout, modes[2])), state)
        })
    }
}

impl Layer for LstmLanguageModel<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.logits(x, None, mode).0, *state)
    }
}

//! A language model of causal transformer blocks.

use quadric_autodiff::trace::{Var, iota};
use quadric_autodiff::{DType, Error, Leaf, Static, Tensor, Tree};

use super::{Sampler, Sampling};
use crate::LIBRARY;
use crate::layers::{
    AttentionCache, AttentionOptions, Context, Embedding, FeedForwardOptions, Layer, LearnedPositions, Mode, Rotary,
    Stateless, Transformer, TransformerOptions, adapter_generator, dropout, generator,
};

/// How a [`Gpt`] is built.
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct GptOptions {
    /// How many tokens there are.
    pub vocabulary: usize,
    /// The longest sequence.
    pub context: usize,
    /// How many blocks.
    pub blocks: usize,
    /// Of each: causal, without attention to a memory. Its dropout is also that of the vectors of tokens and places.
    pub block: TransformerOptions,
    /// Whether places are learned vectors that are added; otherwise they are what the attention's options say.
    pub learned_positions: bool,
}

impl GptOptions {
    /// As GPT-2: norms first, GELU of width 4 D, learned positions.
    pub fn new(vocabulary: usize, context: usize, width: usize, heads: usize, blocks: usize) -> GptOptions {
        let block = TransformerOptions::new(width, heads).causal();
        GptOptions { vocabulary, context, blocks, block, learned_positions: true }
    }

    /// Rotary positions, root mean square norms, SwiGLU of this width, no biases: as LLaMA. The dropouts stay what they are.
    #[must_use]
    pub fn llama(self, hidden: usize) -> GptOptions {
        let attention = AttentionOptions { rotary: Some(Rotary::new()), bias: false, ..self.block.attention };
        let dropout = self.block.feed_forward.dropout;
        let feed_forward = FeedForwardOptions { dropout, ..FeedForwardOptions::swiglu(hidden) };
        let block = TransformerOptions { attention, feed_forward, rms_norm: true, ..self.block };
        GptOptions { block, learned_positions: false, ..self }
    }

    /// This dropout everywhere: of the sums of token and place, of attention weights, of hidden values and of what each branch adds.
    #[must_use]
    pub fn dropout(self, dropout: f64) -> GptOptions {
        GptOptions { block: self.block.dropout(dropout), ..self }
    }
}

/// A language model ([Radford et al. 2019]): tokens as vectors, causal transformer blocks, and the same vectors again for the
/// logits of the next token.
///
/// The token table is used twice, so its own part of the Hessian's multilinear part has a trace.
///
/// [Radford et al. 2019]: https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, value_and_grad}};
/// use quadric_nn::models::{Gpt, GptOptions, Sampling};
/// use quadric_nn::{Mode, cross_entropy};
/// let model = Gpt::new(GptOptions::new(10, 8, 16, 2, 2), DType::F32, 1);
/// let tokens = tensor![[3, 1, 4, 1, 5]];
/// let mut step = compile(|(model, tokens): (Gpt<Var>, Var)| {
///     let (x, y) = (tokens.slice(1, 0..4), tokens.slice(1, 1..5));
///     value_and_grad(|m: Gpt<Var>| cross_entropy(m.logits(x, Mode::Infer), y).mean(), &model)
/// });
/// let (loss, _) = step.call((model.clone(), tokens.clone()))?;
/// assert!((loss.item() - 10f64.ln()).abs() < 0.2);
/// assert_eq!(model.generate(&tokens, 3, Sampling::new(7).top_k(4))?.shape().to_vec(), [1, 8]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Gpt<T: Leaf = Tensor> {
    /// `E: [N, D]`, on the way in and on the way out.
    pub tokens: Embedding<T>,
    /// Of the places, if they are learned.
    pub positions: Option<LearnedPositions<T>>,
    /// The blocks and the last norm.
    pub transformer: Transformer<T>,
    /// The longest sequence.
    pub context: usize,
    /// The share of the entries of token and place together that is dropped in training, as in GPT-2.
    pub dropout: f64,
}

impl Gpt<Tensor> {
    /// A model with a token table and positions from `N(0, 0.02²)` and LeCun-normal weights, from the seed ([`generator`]).
    ///
    /// # Panics
    /// As [`Transformer::new`], if `dtype` is no float, or if the blocks are not causal or attend to a memory.
    pub fn new(options: GptOptions, dtype: DType, seed: u64) -> Gpt {
        assert!(
            options.block.attention.causal,
            "Gpt::new: the blocks are not causal, and a token would see those to come"
        );
        assert!(!options.block.cross, "Gpt::new: the blocks attend to a memory, and a language model has none");
        let (rng, width) = (&mut generator(seed), options.block.width);
        let places = options.learned_positions;
        Gpt {
            tokens: Embedding::with_deviation(options.vocabulary, width, 0.02, dtype, rng),
            positions: places.then(|| LearnedPositions::new(options.context, width, 0.02, dtype, rng)),
            transformer: Transformer::new(options.blocks, options.block, dtype, rng),
            context: options.context,
            dropout: options.block.dropout,
        }
    }

    /// `prompt`, `i32[B, T]` with T ≥ 1, and `count` more tokens, `i32[B, T + count]`: one after the other, each at the price of one place.
    ///
    /// What is compiled for it is forgotten; a [`Sampler`] keeps it for the next time.
    ///
    /// # Errors
    /// As [`Sampler::new`] and [`Sampler::generate`].
    #[track_caller]
    pub fn generate(&self, prompt: &Tensor, count: usize, sampling: Sampling) -> Result<Tensor, Error> {
        LIBRARY.enter(|| Sampler::new(sampling)?.generate(self, prompt, count))
    }

    /// The same model with low-rank adapters on queries and values ([`Transformer::adapted`]), from the seed, by a
    /// generator of their own: the seed may be that of the weights.
    ///
    /// # Errors
    /// As [`Transformer::adapted`].
    #[track_caller]
    pub fn adapted(self, rank: usize, alpha: f64, seed: u64) -> Result<Gpt, Error> {
        Ok(Gpt { transformer: self.transformer.adapted(rank, alpha, &mut adapter_generator(seed))?, ..self })
    }
}

impl Gpt<Var> {
    /// The logits of the token after each.
    ///
    /// # Shapes
    /// `tokens: i32[B, T]`, result `[B, T, N]`.
    ///
    /// # Errors
    /// Stops the trace if the tokens are no `i32`, or there are more than learned positions; a number that is no token is an error of the run.
    #[track_caller]
    pub fn logits(&self, tokens: Var, mode: Mode) -> Var {
        LIBRARY.scope("gpt", || {
            let x = self.tokens.apply(tokens);
            let x = self.positions.as_ref().map_or(x, |positions| positions.apply(x));
            let modes = mode.split(2);
            let x = dropout(x, self.dropout, modes[0]);
            self.tokens.attend(self.transformer.run(x, &Context::default(), modes[1]))
        })
    }

    /// The logits after each of the next tokens, `i32[B, n]`, of sequences whose earlier ones are in the cache; see
    /// [`Attention::step`](crate::Attention::step).
    #[track_caller]
    pub fn step(&self, tokens: Var, cache: &AttentionCache<Var>) -> (Var, AttentionCache<Var>) {
        LIBRARY.scope("gpt", || {
            let x = self.tokens.apply(tokens);
            let x = self.positions.as_ref().map_or(x, |positions| {
                let count = x.shape()[1];
                positions.apply_at(x, iota(DType::I32, [count], 0) + cache.length.slice(0, 0..1))
            });
            let (y, cache) = self.transformer.step(x, cache);
            (self.tokens.attend(y), cache)
        })
    }
}

impl Layer for Gpt<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.logits(x, mode), *state)
    }
}

//! Transformer blocks, and stacks of them.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Leaf, Static, Tensor, Tree};

use super::drop::{check_rate, dropout};
use super::layer::stateless;
use super::{
    Attention, AttentionCache, AttentionOptions, FeedForward, FeedForwardOptions, Layer, LayerNorm, Mode, RmsNorm,
    Stack, Stateless,
};
use crate::LIBRARY;

/// The norm of a transformer block.
#[derive(Tree, Clone, Debug, PartialEq)]
pub enum Norm<T = Tensor> {
    /// Mean 0, variance 1.
    Layer(LayerNorm<T>),
    /// Root mean square 1.
    Rms(RmsNorm<T>),
}

impl Norm<Var> {
    /// The norm of `x: […, D]`.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.enter(|| match self {
            Norm::Layer(norm) => norm.apply(x),
            Norm::Rms(norm) => norm.apply(x),
        })
    }
}

stateless!(Norm);

/// How a [`TransformerBlock`] is built.
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct TransformerOptions {
    /// D.
    pub width: usize,
    /// H.
    pub heads: usize,
    /// Of the attention to the sequence itself, and to a memory as far as it goes for one; see [`TransformerBlock::new`].
    pub attention: AttentionOptions,
    /// Of the other half of a block.
    pub feed_forward: FeedForwardOptions,
    /// Whether a block also attends to a memory, as a decoder's does.
    pub cross: bool,
    /// `x + f(norm(x))`, which trains without a warm-up ([Xiong et al. 2020]); otherwise `norm(x + f(x))`, as in the first paper.
    ///
    /// [Xiong et al. 2020]: https://arxiv.org/abs/2002.04745
    pub norm_first: bool,
    /// Root mean square norms instead of layer norms.
    pub rms_norm: bool,
    /// ε of the norms.
    pub epsilon: f64,
    /// The share of what each branch adds that is dropped in training.
    pub dropout: f64,
}

impl TransformerOptions {
    /// Norm first, layer norms of ε = 1e-5, GELU of width 4 D, full attention with biases, no memory, no dropout.
    pub fn new(width: usize, heads: usize) -> TransformerOptions {
        TransformerOptions {
            width,
            heads,
            attention: AttentionOptions::default(),
            feed_forward: FeedForwardOptions::gelu(4 * width),
            cross: false,
            norm_first: true,
            rms_norm: false,
            epsilon: 1e-5,
            dropout: 0.0,
        }
    }

    /// The same with causal attention.
    #[must_use]
    pub fn causal(self) -> TransformerOptions {
        TransformerOptions { attention: AttentionOptions { causal: true, ..self.attention }, ..self }
    }

    /// The same with this dropout of attention weights, hidden values and branches: PyTorch's one number.
    #[must_use]
    pub fn dropout(self, dropout: f64) -> TransformerOptions {
        TransformerOptions {
            attention: AttentionOptions { dropout, ..self.attention },
            feed_forward: FeedForwardOptions { dropout, ..self.feed_forward },
            dropout,
            ..self
        }
    }

    fn norm(&self, dtype: DType) -> Norm {
        if self.rms_norm {
            Norm::Rms(RmsNorm::new([self.width], dtype).epsilon(self.epsilon))
        } else {
            Norm::Layer(LayerNorm::new([self.width], dtype).epsilon(self.epsilon))
        }
    }
}

/// A transformer block ([Vaswani et al. 2017]): attention and a feed-forward layer, each a branch beside the identity; between them, in
/// a decoder, attention to a memory. An encoder's block has no mask, a language model's is causal.
///
/// [Vaswani et al. 2017]: https://arxiv.org/abs/1706.03762
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Layer, TransformerBlock, TransformerOptions, generator};
/// let block = TransformerBlock::new(TransformerOptions::new(8, 2).causal(), DType::F64, &mut generator(1));
/// let x = Tensor::from_fn(DType::F64, [2, 5, 8], |i| (i as f64).sin());
/// let mut f = compile(|(block, x): (TransformerBlock<Var>, Var)| block.infer(x, &block.initial_state()));
/// assert_eq!(f.call((block, x.clone()))?.ty(), x.ty());
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct TransformerBlock<T = Tensor> {
    /// To the sequence itself.
    pub attention: Attention<T>,
    /// Of the attention.
    pub attention_norm: Norm<T>,
    /// To a memory, if the block is a decoder's.
    pub cross: Option<Attention<T>>,
    /// Of the attention to a memory.
    pub cross_norm: Option<Norm<T>>,
    /// The other half.
    pub feed_forward: FeedForward<T>,
    /// Of the other half.
    pub feed_forward_norm: Norm<T>,
    /// `x + f(norm(x))`, or `norm(x + f(x))`.
    pub norm_first: bool,
    /// The share of what each branch adds that is dropped in training.
    pub dropout: f64,
}

/// What a block is given beside its sequence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Of the attention to the sequence itself; see [`Attention::attend`].
    pub masks: &'a [Var],
    /// What a decoder attends to, `[B, S, D_m]`, `D_m` the [`memory_width`](AttentionOptions::memory_width), or D.
    pub memory: Option<Var>,
    /// Of the attention to the memory.
    pub memory_masks: &'a [Var],
}

impl TransformerBlock<Tensor> {
    /// A block with LeCun-normal weights, zero biases and norms that scale by 1.
    ///
    /// The attention to a memory has the options of that to the sequence, but it sees all of the memory and knows no places; of both, it alone has
    /// [`memory_width`](AttentionOptions::memory_width).
    ///
    /// # Panics
    /// As [`Attention::with_options`]; with the width of a memory for a block that attends to none.
    pub fn new(options: TransformerOptions, dtype: DType, rng: &mut impl Rng) -> TransformerBlock {
        let TransformerOptions { width, heads, .. } = options;
        if let (Some(memory), false) = (options.attention.memory_width, options.cross) {
            panic!("TransformerBlock::new: a memory of width {memory} for a block that attends to none: set `cross`");
        }
        let own = AttentionOptions { memory_width: None, ..options.attention };
        let memory = AttentionOptions { causal: false, rotary: None, alibi: false, ..options.attention };
        TransformerBlock {
            attention: Attention::with_options(width, heads, own, dtype, rng),
            attention_norm: options.norm(dtype),
            cross: options.cross.then(|| Attention::with_options(width, heads, memory, dtype, rng)),
            cross_norm: options.cross.then(|| options.norm(dtype)),
            feed_forward: FeedForward::new(width, options.feed_forward, dtype, rng),
            feed_forward_norm: options.norm(dtype),
            norm_first: options.norm_first,
            dropout: check_rate("TransformerBlock::new", options.dropout),
        }
    }

    /// The same block with low-rank adapters of this rank on queries and values of its attention, as in the paper ([`Lora`](super::Lora)); in a decoder, of
    /// that to the memory too.
    ///
    /// # Errors
    /// As [`Projection::adapted`](super::Projection::adapted).
    #[track_caller]
    pub fn adapted(self, rank: usize, alpha: f64, rng: &mut impl Rng) -> Result<TransformerBlock, Error> {
        let mut adapted = |attention: Attention| {
            let query = attention.query.adapted(rank, alpha, rng)?;
            let value = attention.value.adapted(rank, alpha, rng)?;
            Ok::<_, Error>(Attention { query, value, ..attention })
        };
        let (attention, cross) = (adapted(self.attention)?, self.cross.map(&mut adapted).transpose()?);
        Ok(TransformerBlock { attention, cross, ..self })
    }
}

impl TransformerBlock<Var> {
    /// The block at `x: [B, T, D]`, with masks and a memory.
    ///
    /// # Errors
    /// Stops the trace if a block with attention to a memory is given none, or one without is given one; and as [`Attention::attend`].
    #[track_caller]
    pub fn run(&self, x: Var, context: &Context<'_>, mode: Mode) -> Var {
        LIBRARY.scope("transformer_block", || {
            let modes = mode.split(6);
            let x = self
                .branch(x, &self.attention_norm, modes[0], |x| self.attention.attend(x, x, context.masks, modes[1]));
            let x = match (&self.cross, &self.cross_norm, context.memory) {
                (Some(cross), Some(norm), Some(memory)) => self.branch(x, norm, modes[2], |x| {
                    LIBRARY.scope("cross", || cross.attend(x, memory, context.memory_masks, modes[3]))
                }),
                (None, None, None) => x,
                (None, None, Some(_)) => wrong("transformer: a memory is given, and the block has no attention to one"),
                (Some(_), Some(_), None) => wrong("transformer: the block attends to a memory, and none is given"),
                _ => wrong("transformer: attention to a memory and its norm go together"),
            };
            self.branch(x, &self.feed_forward_norm, modes[4], |x| {
                self.feed_forward.forward(x, &Stateless::default(), modes[5]).0
            })
        })
    }

    /// The next places of sequences whose earlier ones are in the cache; see [`Attention::step`].
    #[track_caller]
    pub fn step(&self, x: Var, cache: &AttentionCache<Var>) -> (Var, AttentionCache<Var>) {
        LIBRARY.scope("transformer_block", || {
            if self.cross.is_some() {
                wrong("transformer: a block that attends to a memory has no step");
            }
            let mut after = None;
            let x = self.branch(x, &self.attention_norm, Mode::Infer, |x| {
                let (y, cache) = self.attention.step(x, cache);
                after = Some(cache);
                y
            });
            let x = self
                .branch(x, &self.feed_forward_norm, Mode::Infer, |x| self.feed_forward.infer(x, &Stateless::default()));
            (x, after.expect("the branch was taken"))
        })
    }

    /// `x + f(norm(x))` or `norm(x + f(x))`.
    #[track_caller]
    fn branch(&self, x: Var, norm: &Norm<Var>, mode: Mode, f: impl FnOnce(Var) -> Var) -> Var {
        if self.norm_first {
            x + dropout(f(norm.apply(x)), self.dropout, mode)
        } else {
            norm.apply(x + dropout(f(x), self.dropout, mode))
        }
    }
}

#[track_caller]
fn wrong(what: &str) -> ! {
    stop(Error::new(ErrorKind::Arity, what.to_owned()))
}

/// An encoder's or a language model's block.
impl Layer for TransformerBlock<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.run(x, &Context::default(), mode), *state)
    }
}

/// Equal blocks, and a norm at the end if the blocks have theirs first.
///
/// # Example
/// An encoder and a decoder that attends to it:
/// ```
/// use quadric_autodiff::{DType, Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Context, Mode, Transformer, TransformerOptions, generator, padding_mask};
/// let rng = &mut generator(1);
/// let options = TransformerOptions::new(8, 2);
/// let encoder = Transformer::new(2, options, DType::F64, rng);
/// let decoder = Transformer::new(2, TransformerOptions { cross: true, ..options.causal() }, DType::F64, rng);
/// type Pair<T> = (Transformer<T>, Transformer<T>);
/// let mut f = compile(|((encoder, decoder), source, lengths, target): (Pair<Var>, Var, Var, Var)| {
///     let masks = [padding_mask(lengths, 4)];
///     let memory = encoder.run(source, &Context { masks: &masks, ..Context::default() }, Mode::Infer);
///     let context = Context { memory: Some(memory), memory_masks: &masks, ..Context::default() };
///     decoder.run(target, &context, Mode::Infer)
/// });
/// let source = Tensor::from_fn(DType::F64, [2, 4, 8], |i| (i as f64).sin());
/// let target = Tensor::from_fn(DType::F64, [2, 3, 8], |i| (i as f64).cos());
/// assert_eq!(f.call(((encoder, decoder), source, tensor![4, 2], target.clone()))?.ty(), target.ty());
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Transformer<T: Leaf = Tensor> {
    /// One after the other.
    pub blocks: Stack<TransformerBlock<T>>,
    /// At the end.
    pub norm: Option<Norm<T>>,
}

impl Transformer<Tensor> {
    /// This many blocks.
    ///
    /// # Panics
    /// As [`TransformerBlock::new`]; or without a block.
    pub fn new(count: usize, options: TransformerOptions, dtype: DType, rng: &mut impl Rng) -> Transformer {
        let blocks = (0..count).map(|_| TransformerBlock::new(options, dtype, rng)).collect();
        let blocks = Stack::new(blocks).unwrap_or_else(|error| panic!("{error}"));
        Transformer { blocks, norm: options.norm_first.then(|| options.norm(dtype)) }
    }

    /// The same blocks with low-rank adapters on queries and values; see [`TransformerBlock::adapted`].
    ///
    /// # Errors
    /// As [`Projection::adapted`](super::Projection::adapted).
    #[track_caller]
    pub fn adapted(self, rank: usize, alpha: f64, rng: &mut impl Rng) -> Result<Transformer, Error> {
        let run = self.blocks.run;
        let blocks = self.blocks.unstack()?.into_iter().map(|block| block.adapted(rank, alpha, rng));
        let blocks = Stack::new(blocks.collect::<Result<Vec<_>, _>>()?)?.run(run);
        Ok(Transformer { blocks, ..self })
    }

    /// A cache for each block: the leaves of an [`AttentionCache`] with the blocks as axis 0.
    pub fn cache(&self, batch: usize, capacity: usize) -> AttentionCache {
        let attention = &self.blocks.blocks.attention;
        let weight = &attention.key.base().weight;
        let head = weight.shape()[2] / attention.kv_heads;
        AttentionCache::empty_stack(self.blocks.length, [batch, attention.kv_heads, capacity, head], weight.dtype())
    }
}

impl Transformer<Var> {
    /// The blocks at `x: [B, T, D]`, all with the same masks and memory.
    ///
    /// # Errors
    /// As [`TransformerBlock::run`].
    #[track_caller]
    pub fn run(&self, x: Var, context: &Context<'_>, mode: Mode) -> Var {
        LIBRARY.scope("transformer", || {
            let (y, _) = self.blocks.fold(x, &self.blocks.keys(mode), |block: TransformerBlock<Var>, x, keys| {
                (block.run(x, context, mode.with_row(&keys)), Stateless::<Var>::default())
            });
            self.norm.as_ref().map_or(y, |norm| norm.apply(y))
        })
    }

    /// The next places of sequences whose earlier ones are in the cache; see [`Attention::step`].
    #[track_caller]
    pub fn step(&self, x: Var, cache: &AttentionCache<Var>) -> (Var, AttentionCache<Var>) {
        LIBRARY.scope("transformer", || {
            let (y, cache) = self.blocks.fold(x, cache, |block, x, cache| block.step(x, &cache));
            (self.norm.as_ref().map_or(y, |norm| norm.apply(y)), cache)
        })
    }
}

/// Without masks or a memory.
impl Layer for Transformer<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.run(x, &Context::default(), mode), *state)
    }
}

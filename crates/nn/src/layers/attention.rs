//! Scaled dot-product attention with many heads.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, iota, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Static, Tensor, Tree};

use super::attention_cache::AttentionCache;
use super::check::lengths_within;
use super::check::same_dtype;
use super::drop::{check_rate, dropout};
use super::{Dense, Layer, Mode, Projection, RmsNorm, Rotary, Stateless, alibi};
use crate::LIBRARY;
use crate::losses::softmax;

/// How an [`Attention`] is built: as many key heads as heads, biases, everything seen, no positions, unless it says otherwise.
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct AttentionOptions {
    /// Heads of keys and values, if fewer than those of queries: each serves a group of them ([Ainslie et al. 2023]); 1 is multi-query attention.
    ///
    /// [Ainslie et al. 2023]: https://arxiv.org/abs/2305.13245
    pub kv_heads: Option<usize>,
    /// The width of what keys and values are made of, if it is another than that of the queries.
    pub memory_width: Option<usize>,
    /// Whether the four projections have biases.
    pub bias: bool,
    /// Whether a query at t sees only keys at s ≤ t.
    pub causal: bool,
    /// Turns queries and keys by their places.
    pub rotary: Option<Rotary>,
    /// Whether the scores have linear biases ([`alibi`]).
    pub alibi: bool,
    /// Whether each head's queries and keys are normalised by their root mean square ([Henry et al. 2020]; the form of [Dehghani et al. 2023]).
    ///
    /// [Henry et al. 2020]: https://arxiv.org/abs/2010.04245
    /// [Dehghani et al. 2023]: https://arxiv.org/abs/2302.05442
    pub query_key_norm: bool,
    /// The share of the weights that is dropped in training.
    pub dropout: f64,
}

impl Default for AttentionOptions {
    fn default() -> AttentionOptions {
        AttentionOptions {
            kv_heads: None,
            memory_width: None,
            bias: true,
            causal: false,
            rotary: None,
            alibi: false,
            query_key_norm: false,
            dropout: 0.0,
        }
    }
}

/// `softmax(Q Kᵀ/√d) V` in each of H heads of width d, and one product of them all ([Vaswani et al. 2017]).
///
/// `Q = x W_q`, `K = m W_k`, `V = m W_v`, m the memory: x itself in self-attention. As a [`Layer`] it is self-attention without masks.
///
/// # The class of what is inside
/// Products of a weight with an activation, the four projections, are multilinear equations of the model. Scores, softmax and the mixing of values
/// multiply activations with activations of the same input; they are in a nonlinear scope, `mix`, whole. So `A` holds all of the curvature that
/// attention makes by itself and `M` that of products of weights in different layers, and `tr M = 0` for a transformer whose weights are
/// not shared, as for any feed-forward net. (Were `Q Kᵀ` counted as multilinear, `M` would hold the curvature of a quadratic form in one input.)
///
/// [Vaswani et al. 2017]: https://arxiv.org/abs/1706.03762
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Attention, AttentionOptions, Layer, Mode, generator};
/// let options = AttentionOptions { causal: true, kv_heads: Some(1), ..AttentionOptions::default() };
/// let attention = Attention::with_options(8, 2, options, DType::F64, &mut generator(1));
/// let x = |last: f64| Tensor::from_fn(DType::F64, [1, 3, 8], |i| if i < 16 { (i as f64).sin() } else { last });
/// let mut f = compile(|(attention, x): (Attention<Var>, Var)| attention.infer(x, &attention.initial_state()));
/// let (a, b) = (f.call((attention.clone(), x(0.0)))?, f.call((attention, x(1.0)))?);
/// assert_eq!(a.to_vec::<f64>()[..16], b.to_vec::<f64>()[..16]); // the first two do not see the third
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Attention<T = Tensor> {
    /// `W_q: [D, H·d]`.
    pub query: Projection<T>,
    /// `W_k: [D_m, K·d]`, K the heads of keys and values.
    pub key: Projection<T>,
    /// `W_v: [D_m, K·d]`.
    pub value: Projection<T>,
    /// `W_o: [H·d, D]`.
    pub output: Projection<T>,
    /// Of the queries, head by head: `[d]`.
    pub query_norm: Option<RmsNorm<T>>,
    /// Of the keys, head by head: `[d]`.
    pub key_norm: Option<RmsNorm<T>>,
    /// H.
    pub heads: usize,
    /// K, a divisor of H.
    pub kv_heads: usize,
    /// Whether a query at t sees only keys at s ≤ t.
    pub causal: bool,
    /// Turns queries and keys by their places.
    pub rotary: Option<Rotary>,
    /// Whether the scores have linear biases.
    pub alibi: bool,
    /// The share of the weights that is dropped in training.
    pub dropout: f64,
}

impl Attention<Tensor> {
    /// Attention of H heads over width D, with LeCun-normal weights and zero biases.
    ///
    /// # Panics
    /// If the width does not divide into the heads, or `dtype` is no float.
    pub fn new(width: usize, heads: usize, dtype: DType, rng: &mut impl Rng) -> Attention {
        Attention::with_options(width, heads, AttentionOptions::default(), dtype, rng)
    }

    /// [`Attention::new`] with masks, positions, groups of heads, as the options say.
    ///
    /// # Panics
    /// As [`Attention::new`]; or if the heads do not divide into those of keys and values, or the dropout is not from 0 to 1.
    pub fn with_options(
        width: usize,
        heads: usize,
        options: AttentionOptions,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Attention {
        let kv_heads = options.kv_heads.unwrap_or(heads);
        if let Err(what) = divides(width, heads, kv_heads) {
            panic!("{what}");
        }
        let (head, memory) = (width / heads, options.memory_width.unwrap_or(width));
        let mut dense = |inputs, outputs| {
            let layer = Dense::new(inputs, outputs, dtype, rng);
            Projection::Dense(if options.bias { layer } else { layer.without_bias() })
        };
        Attention {
            query: dense(width, width),
            key: dense(memory, kv_heads * head),
            value: dense(memory, kv_heads * head),
            output: dense(width, width),
            query_norm: options.query_key_norm.then(|| RmsNorm::new([head], dtype)),
            key_norm: options.query_key_norm.then(|| RmsNorm::new([head], dtype)),
            heads,
            kv_heads,
            causal: options.causal,
            rotary: options.rotary,
            alibi: options.alibi,
            dropout: check_rate("Attention::with_options", options.dropout),
        }
    }

    /// A cache for a batch of sequences of up to `capacity` places, with nothing in it.
    pub fn cache(&self, batch: usize, capacity: usize) -> AttentionCache {
        let weight = &self.key.base().weight;
        AttentionCache::empty([batch, self.kv_heads, capacity, weight.shape()[1] / self.kv_heads], weight.dtype())
    }
}

/// Whether the width divides into the heads, and they into groups; or what is wrong.
fn divides(width: usize, heads: usize, kv_heads: usize) -> Result<(), String> {
    if heads == 0 || !width.is_multiple_of(heads) {
        return Err(format!("attention: a width of {width} does not divide into {heads} heads"));
    }
    if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
        return Err(format!(
            "attention: {heads} heads do not divide into groups for {kv_heads} heads of keys and values"
        ));
    }
    Ok(())
}

/// Queries, keys and values by heads, `[B, heads, length, d]`, and the places of queries and keys.
struct Heads {
    q: Var,
    k: Var,
    v: Var,
    queries_at: Var,
    keys_at: Var,
}

impl Attention<Var> {
    /// Every row of `x` mixes the rows of `memory` that it may see.
    ///
    /// A mask is `[T, S]`, the same for every sequence and head, or `[B, H, T, S]`, where any axis may be 1: a bool says where to look, a float is
    /// added. No other shape is one, for of `[B, S]` or `[H, T, S]` it would be a guess what is meant: what lengths hide is
    /// [`padding_mask`]'s `bool[B, 1, 1, S]`. All masks hold, and the causal one. A row that sees nothing gives 0 (and the output's bias).
    ///
    /// # Shapes
    /// `x: [B, T, D]`, `memory: [B, S, D_m]`, result `[B, T, D]`.
    ///
    /// # Errors
    /// Stops the trace if a shape or a dtype does not fit, or the heads do not divide.
    #[track_caller]
    pub fn attend(&self, x: Var, memory: Var, masks: &[Var], mode: Mode) -> Var {
        LIBRARY.scope("attention", || {
            let [_, length, _] = self.check(x);
            let [batch, among, _] = self.check(memory);
            if batch != x.shape()[0] {
                let what = format!("attention: queries {} and memory {} are of different batches", x.ty(), memory.ty());
                stop(Error::new(ErrorKind::Shape, what));
            }
            let (queries_at, keys_at) = (iota(DType::I32, [length], 0), iota(DType::I32, [among], 0));
            let (k, v) = self.keys_and_values(memory, keys_at);
            let heads = Heads { q: self.queries(x, queries_at), k, v, queries_at, keys_at };
            self.output.apply(self.mix(&heads, masks, mode))
        })
    }

    /// The next places of sequences whose earlier ones are in the cache: the rows that [`attend`](Attention::attend) gives there for the whole sequence, to
    /// round-off.
    ///
    /// # Shapes
    /// `x: [B, n, D]`, the n next places, result the same.
    ///
    /// # Errors
    /// Stops the trace if the attention is not causal, or the cache is that of another. A cache that is full is an error of
    /// the run: it has no such place.
    #[track_caller]
    pub fn step(&self, x: Var, cache: &AttentionCache<Var>) -> (Var, AttentionCache<Var>) {
        LIBRARY.scope("attention", || {
            if !self.causal {
                let what = "attention: a cache is for causal attention: what comes later would change what was";
                stop(Error::new(ErrorKind::Arity, what.to_owned()));
            }
            let [batch, length, _] = self.check(x);
            let expected = [batch, self.kv_heads, cache.capacity(), self.key.outputs() / self.kv_heads];
            if cache.keys.shape()[..] != expected || cache.keys.dtype() != x.dtype() {
                let what = format!("attention: the cache {} is not one for {}: {expected:?}", cache.keys.ty(), x.ty());
                stop(Error::new(ErrorKind::Shape, what));
            }
            let queries_at = cache.next_places(length);
            let (k, v) = self.keys_and_values(x, queries_at);
            let cache = cache.with(k, v);
            let keys_at = iota(DType::I32, [cache.capacity()], 0);
            let heads = Heads { q: self.queries(x, queries_at), k: cache.keys, v: cache.values, queries_at, keys_at };
            (self.output.apply(self.mix(&heads, &[], Mode::Infer)), cache)
        })
    }

    /// The sizes of a batch of sequences; and that the heads divide.
    #[track_caller]
    fn check(&self, x: Var) -> [usize; 3] {
        same_dtype("attention", x, self.query.base().weight);
        if let Err(what) = divides(self.query.outputs(), self.heads, self.kv_heads) {
            stop(Error::new(ErrorKind::Shape, what));
        }
        match x.shape()[..] {
            [batch, length, width] => [batch, length, width],
            _ => {
                let what = format!("attention: the input {} is no batch of sequences [B, T, D]", x.ty());
                stop(Error::new(ErrorKind::Shape, what))
            }
        }
    }

    #[track_caller]
    fn queries(&self, x: Var, places: Var) -> Var {
        let q = by_heads(LIBRARY.scope("query", || self.query.apply(x)), self.heads);
        self.placed(q, &self.query_norm, places)
    }

    #[track_caller]
    fn keys_and_values(&self, x: Var, places: Var) -> (Var, Var) {
        let k = by_heads(LIBRARY.scope("key", || self.key.apply(x)), self.kv_heads);
        let v = by_heads(LIBRARY.scope("value", || self.value.apply(x)), self.kv_heads);
        (self.placed(k, &self.key_norm, places), v)
    }

    /// Normalised, and turned by the places, where there is such a thing.
    #[track_caller]
    fn placed(&self, x: Var, norm: &Option<RmsNorm<Var>>, places: Var) -> Var {
        let x = norm.as_ref().map_or(x, |norm| norm.apply(x));
        self.rotary.map_or(x, |rotary| rotary.apply(x, places))
    }

    /// The values mixed: `[B, T, H·d]`.
    #[track_caller]
    fn mix(&self, heads: &Heads, masks: &[Var], mode: Mode) -> Var {
        LIBRARY.nonlinear_scope("mix", || {
            let Heads { q, k, v, queries_at, keys_at } = *heads;
            let (q_shape, k_shape) = (q.shape(), k.shape());
            let (batch, length, width) = (q_shape[0], q_shape[2], q_shape[3]);
            let (groups, among) = (self.kv_heads, k_shape[2]);
            let scores_of = [batch, self.heads, length, among];
            // The heads of a group are rows of one product with their keys, and nothing is repeated.
            let rows = [batch, groups, self.heads / groups * length];
            let q = (q * (1.0 / (width as f64).sqrt())).reshape([&rows[..], &[width]].concat());
            let mut scores = q.matmul(k.t()).reshape(scores_of);
            if self.alibi {
                scores = scores + alibi(self.heads, scores.dtype(), queries_at, keys_at);
            }
            for mask in masks {
                scores = masked(scores, *mask);
            }
            if self.causal {
                scores = masked(scores, keys_at.le(queries_at.expand_dims(&[-1])));
            }
            let weights = dropout(softmax(scores), self.dropout, mode);
            let mixed = weights.reshape([&rows[..], &[among]].concat()).matmul(v);
            mixed.reshape(q_shape).permute(&[0, 2, 1, 3]).reshape([batch, length, self.heads * width])
        })
    }
}

/// `[B, T, heads · d]` as `[B, heads, T, d]`.
#[track_caller]
fn by_heads(x: Var, heads: usize) -> Var {
    let shape = x.shape();
    x.reshape([shape[0], shape[1], heads, shape[2] / heads]).permute(&[0, 2, 1, 3])
}

/// The scores where the mask is true, −∞ elsewhere; or with the mask added.
#[track_caller]
fn masked(scores: Var, mask: Var) -> Var {
    let (ty, all) = (mask.ty(), scores.ty());
    let fits = match ty.shape.rank() {
        2 => ty.shape[..] == all.shape[2..],
        4 => ty.shape.iter().zip(all.shape.iter()).all(|(ours, all)| *ours == 1 || ours == all),
        _ => false,
    };
    if !fits {
        let (t, s) = (all.shape[2], all.shape[3]);
        let what = format!(
            "attention: the mask {ty} is neither [{t},{s}], queries and keys, nor of the scores' {}, where an axis may be 1: of lengths, \
             padding_mask makes one",
            all.shape
        );
        stop(Error::new(ErrorKind::Shape, what));
    }
    match ty.dtype {
        DType::Bool => select(mask, scores, f64::NEG_INFINITY),
        dtype if dtype == all.dtype => scores + mask,
        _ => {
            let what = format!("attention: the mask is {ty}: a bool, or {} like the scores, is needed", all.dtype);
            stop(Error::new(ErrorKind::DType, what))
        }
    }
}

/// `bool[B, 1, 1, S]`: which of S places are before the end of each sequence, for [`Attention::attend`].
///
/// # Errors
/// Stops the trace if the lengths are no `i32[B]`; a length that is not from 0 to S is an error of the run.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// let mask = compile(|lengths: Var| quadric_nn::padding_mask(lengths, 3)).call(tensor![1, 3])?;
/// assert_eq!(mask.to_vec::<bool>(), [true, false, false, true, true, true]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn padding_mask(lengths: Var, length: usize) -> Var {
    LIBRARY.scope("padding_mask", || {
        let ty = lengths.ty();
        if ty.dtype != DType::I32 || ty.shape.rank() != 1 {
            stop(Error::new(ErrorKind::Shape, format!("padding_mask: the lengths are {ty}, i32[B] is needed")));
        }
        iota(DType::I32, [1, 1, 1, length], -1).lt(lengths_within(lengths, length).expand_dims(&[1, 2, 3]))
    })
}

/// Self-attention.
impl Layer for Attention<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        (self.attend(x, x, &[], mode), *state)
    }
}

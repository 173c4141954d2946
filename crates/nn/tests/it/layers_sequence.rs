//! Embeddings, positions, recurrence, attention and transformers: what must hold of every layer, and what is special to each.

use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::{
    Attention, AttentionOptions, Dense, Embedding, FeedForward, FeedForwardOptions, Gru, LayerNorm, LearnedPositions,
    Lora, Lstm, Norm, Pairing, Projection, RecurrentOptions, Rnn, Rotary, SinusoidalPositions, Stack, Stateless,
    Transformer, TransformerBlock, TransformerOptions, generator,
};
use rand_chacha::rand_core::Rng;

use crate::layer_checks::{Class, check_layer};
use crate::noisy;

const NONE: Stateless = std::marker::PhantomData;

#[test]
fn embeddings_keep_every_promise() {
    let index = Tensor::new([2, 3], &[1i32, 0, 2, 2, 3, 1]).unwrap();
    let table = Embedding::new(4, 3, DType::F64, &mut generator(1));
    check_layer("embedding", Class::Linear, &table, &NONE, &index);
    check_layer("embedding with padding", Class::Linear, &table.with_padding(2), &NONE, &index);
}

#[test]
fn positions_keep_every_promise() {
    let x = noisy(1, &[2, 3, 4]);
    let learned = LearnedPositions::new(5, 4, 1.0, DType::F64, &mut generator(1));
    check_layer("learned positions", Class::Linear, &learned, &NONE, &x);
    check_layer("sinusoidal positions", Class::Linear, &SinusoidalPositions::new(), &NONE, &x);
}

#[test]
fn rnn_and_gru_keep_every_promise() {
    let (x, rng) = (noisy(1, &[2, 3, 2]), &mut generator(1));
    check_layer("gru", Class::Mixed, &Gru::new(2, 3, DType::F64, rng), &NONE, &x);
    let options = RecurrentOptions { layers: 2, both_directions: true, bias: false, dropout: 0.3 };
    check_layer("deep rnn", Class::Mixed, &Rnn::with_options(2, 2, options, DType::F64, rng), &NONE, &x);
}

#[test]
fn lstm_keeps_every_promise() {
    let lstm = Lstm::new(2, 3, DType::F64, &mut generator(1));
    check_layer("lstm", Class::Mixed, &lstm, &NONE, &noisy(1, &[2, 3, 2]));
}

/// A key's bias adds the same to all scores of a query: where nothing turns or scales the keys its derivatives are 0, which differences
/// cannot see in the noise. PyTorch's answers have it.
fn without_key_bias(attention: Attention) -> Attention {
    let key = Projection::Dense(attention.key.base().clone().without_bias());
    Attention { key, ..attention }
}

/// Behind a norm, as it is used: the second derivative of a product of three grows like the third power of the input, and f32 ends where the
/// check's huge inputs are that. `huge_scores_are_finite_to_second_order` says how far it goes by itself.
fn normed<L: Tree<Leaf = Tensor>>(layer: L) -> (LayerNorm, L) {
    (LayerNorm::new([4], DType::F64), layer)
}

fn block(options: TransformerOptions, rng: &mut impl Rng) -> TransformerBlock {
    let block = TransformerBlock::new(options, DType::F64, rng);
    TransformerBlock { attention: without_key_bias(block.attention), ..block }
}

#[test]
fn attention_keeps_every_promise() {
    let (x, rng) = (noisy(1, &[2, 3, 4]), &mut generator(1));
    let plain = AttentionOptions::default();
    let all = [
        ("attention", 2, plain),
        ("causal", 2, AttentionOptions { causal: true, dropout: 0.2, ..plain }),
        ("grouped", 4, AttentionOptions { kv_heads: Some(2), alibi: true, ..plain }),
        ("multi-query", 2, AttentionOptions { kv_heads: Some(1), rotary: Some(Rotary::new()), bias: false, ..plain }),
        (
            "normalised",
            2,
            AttentionOptions {
                query_key_norm: true,
                rotary: Some(Rotary::new().pairing(Pairing::Neighbours).base(100.0)),
                ..plain
            },
        ),
    ];
    for (name, heads, options) in all {
        let layer = Attention::with_options(4, heads, options, DType::F64, rng);
        check_layer(name, Class::Mixed, &normed(without_key_bias(layer)), &(NONE, NONE), &x);
    }
}

#[test]
fn the_feed_forward_half_and_adapters_keep_every_promise() {
    let (x, rng) = (noisy(1, &[2, 3]), &mut generator(1));
    let mut options = FeedForwardOptions::gelu(5);
    options.dropout = 0.2;
    check_layer("gelu", Class::Mixed, &FeedForward::new(3, options, DType::F64, rng), &NONE, &x);
    check_layer(
        "swiglu",
        Class::Mixed,
        &FeedForward::new(3, FeedForwardOptions::swiglu(5), DType::F64, rng),
        &NONE,
        &x,
    );
    let mut lora = Lora::new(Dense::new(3, 4, DType::F64, rng), 2, 1.0, rng);
    lora.lora_b = noisy(3, &[2, 4]);
    check_layer("lora", Class::Multilinear, &lora, &NONE, &x);
}

#[test]
fn transformer_blocks_keep_every_promise() {
    let (x, rng) = (noisy(1, &[2, 3, 4]), &mut generator(1));
    let plain = TransformerOptions { feed_forward: FeedForwardOptions::gelu(5), ..TransformerOptions::new(4, 2) };
    check_layer("block", Class::Mixed, &block(plain.dropout(0.1), rng), &NONE, &x);
    let last = TransformerOptions { norm_first: false, rms_norm: true, ..plain.causal() };
    check_layer("norm last", Class::Mixed, &normed(block(last, rng)), &(NONE, NONE), &x);
}

/// As a loop; the other ways to run a stack are held against it in `composition` and with the models.
#[test]
fn a_transformer_keeps_every_promise() {
    let (x, rng) = (noisy(1, &[2, 3, 4]), &mut generator(1));
    let options = TransformerOptions { feed_forward: FeedForwardOptions::gelu(5), ..TransformerOptions::new(4, 2) };
    let blocks = Stack::new((0..2).map(|_| block(options, rng)).collect()).unwrap();
    let all = Transformer { blocks, norm: Some(Norm::Layer(LayerNorm::new([4], DType::F64))) };
    check_layer("transformer", Class::Mixed, &all, &NONE, &x);
}

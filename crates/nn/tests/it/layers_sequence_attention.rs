//! What is special to attention: what sees what, places, caches, rows that see nothing, and which part of the Hessian it is.

use quadric_autodiff::trace::{Var, compile, constant, cut, grad, hvp, hvps};
use quadric_autodiff::transform::Part;
use quadric_autodiff::{Arithmetic, DType, Tensor, Tree};
use quadric_nn::{
    Attention, AttentionCache, AttentionOptions, Context, FeedForwardOptions, Mode, Pairing, Projection, Rotary,
    Transformer, TransformerBlock, TransformerOptions, alibi, generator, padding_mask,
};

use crate::support::{flat, noisy, relative};

fn plain() -> AttentionOptions {
    AttentionOptions::default()
}

/// The formula, by hand, for one head without biases.
#[test]
fn one_head_is_the_formula() {
    let options = AttentionOptions { bias: false, ..plain() };
    let layer = Attention::with_options(3, 1, options, DType::F64, &mut generator(1));
    let x = noisy(1, &[1, 4, 3]);
    let got = compile(|(m, x): (Attention<Var>, Var)| m.attend(x, x, &[], Mode::Infer));
    let got = { got }.call((layer.clone(), x.clone())).unwrap().to_f64_vec();
    let product = |a: &[f64], b: &[f64], k: usize, n: usize| -> Vec<f64> {
        let at = |i: usize, j: usize| (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum();
        (0..a.len() / k * n).map(|e| at(e / n, e % n)).collect()
    };
    let weight = |p: &Projection| p.base().weight.to_f64_vec();
    let x = x.to_f64_vec();
    let [q, k, v] = [&layer.query, &layer.key, &layer.value].map(|p| product(&x, &weight(p), 3, 3));
    let mut mixed = Vec::new();
    for i in 0..4 {
        let score = |j: usize| (0..3).map(|l| q[3 * i + l] * k[3 * j + l]).sum::<f64>() / 3f64.sqrt();
        let all: Vec<f64> = (0..4).map(|j| score(j).exp()).collect();
        let sum: f64 = all.iter().sum();
        mixed.extend((0..3).map(|l| (0..4).map(|j| all[j] / sum * v[3 * j + l]).sum::<f64>()));
    }
    assert!(relative(&got, &product(&mixed, &weight(&layer.output), 3, 3)) < 1e-14);
}

/// Fewer heads of keys and values are those heads repeated.
#[test]
fn grouped_heads_are_heads_whose_keys_are_repeated() {
    let options = AttentionOptions { kv_heads: Some(2), ..plain() };
    let grouped = Attention::with_options(8, 4, options, DType::F64, &mut generator(1));
    let repeated = compile(|m: Attention<Var>| {
        let twice = |p: &Projection<Var>| {
            let Projection::Dense(layer) = p.clone() else { unreachable!() };
            let wide = |v: Var| {
                let shape = v.shape();
                let (rows, columns) = (shape.size() / 4, shape[shape.rank() - 1]);
                let heads = v.reshape([rows, 2, 1, 2]).broadcast_to([rows, 2, 2, 2]);
                heads.reshape([&shape[..shape.rank() - 1], &[2 * columns]].concat())
            };
            Projection::Dense(quadric_nn::Dense { weight: wide(layer.weight), bias: layer.bias.map(wide) })
        };
        Attention { key: twice(&m.key), value: twice(&m.value), kv_heads: 4, ..m }
    });
    let repeated = { repeated }.call(grouped.clone()).unwrap();
    assert_eq!(repeated.kv_heads, 4);
    let x = noisy(1, &[2, 5, 8]);
    let run = |layer: Attention| {
        compile(|(m, x): (Attention<Var>, Var)| m.attend(x, x, &[], Mode::Infer)).call((layer, x.clone())).unwrap()
    };
    assert!(relative(&run(grouped).to_f64_vec(), &run(repeated).to_f64_vec()) < 1e-14);
}

/// A product of a turned query and a turned key depends on how far apart they are, and a turn by 0 is none.
#[test]
fn rotary_scores_depend_on_distances_alone() {
    for pairing in [Pairing::Halves, Pairing::Neighbours] {
        let rotary = Rotary::new().pairing(pairing).base(50.0);
        let (q, k) = (noisy(1, &[1, 6]), noisy(2, &[1, 6]));
        let mut score =
            compile(move |(q, k, t, s): (Var, Var, Var, Var)| (rotary.apply(q, t) * rotary.apply(k, s)).sum());
        let mut at = |t: i32, s: i32| {
            let place = |t: i32| Tensor::from_vec(&[t]);
            score.call((q.clone(), k.clone(), place(t), place(s))).unwrap().item()
        };
        let (near, far) = (at(3, 1), at(1003, 1001));
        assert!((near - far).abs() < 1e-12 * near.abs().max(1.0), "{near} {far}");
        assert!((near - at(3, 2)).abs() > 1e-3);
    }
    let entries = |pairing| {
        let turn = compile(move |x: Var| Rotary::new().pairing(pairing).apply(x, constant(&Tensor::from_vec(&[1i32]))));
        { turn }.call(Tensor::new([1, 4], &[1.0, 0.0, 0.0, 0.0]).unwrap()).unwrap().to_f64_vec()
    };
    let (c, s) = (1f64.cos(), 1f64.sin());
    assert!(relative(&entries(Pairing::Halves), &[c, 0.0, s, 0.0]) < 1e-15);
    assert!(relative(&entries(Pairing::Neighbours), &[c, s, 0.0, 0.0]) < 1e-15);
}

/// Three heads: those of two, and the first of the additional ones of four.
#[test]
fn slopes_of_linear_biases_are_the_authors() {
    let at = Tensor::from_vec(&[0i32, 2]);
    let bias = compile(|t: Var| alibi(3, DType::F64, t, t)).call(at).unwrap().to_f64_vec();
    let slope = |h: usize| -bias[4 * h + 1] / 2.0;
    assert_eq!([slope(0), slope(1), slope(2)], [1.0 / 16.0, 1.0 / 256.0, 0.25]);
}

fn every_causal() -> Vec<AttentionOptions> {
    let causal = AttentionOptions { causal: true, ..plain() };
    vec![
        causal,
        AttentionOptions { kv_heads: Some(1), rotary: Some(Rotary::new()), query_key_norm: true, ..causal },
        AttentionOptions { alibi: true, bias: false, ..causal },
    ]
}

/// One place after the other, or in pieces, by the cache: the rows of the whole sequence.
#[test]
fn a_cache_gives_the_rows_of_the_whole_sequence() {
    for options in every_causal() {
        let layer = Attention::with_options(4, 2, options, DType::F64, &mut generator(1));
        let x = noisy(1, &[2, 6, 4]);
        let whole = compile(|(m, x): (Attention<Var>, Var)| m.attend(x, x, &[], Mode::Infer));
        let whole = { whole }.call((layer.clone(), x.clone())).unwrap().to_f64_vec();
        let mut step = compile(|(m, x, c): (Attention<Var>, Var, AttentionCache<Var>)| m.step(x, &c));
        for pieces in [vec![1; 6], vec![3, 1, 2], vec![6], vec![2, 0, 4]] {
            let (mut cache, mut rows, mut at) = (layer.cache(2, 7), Vec::new(), 0);
            for n in pieces {
                let (y, after) = step.call((layer.clone(), x.slice(1, at..at + n).unwrap(), cache)).unwrap();
                (cache, at) = (after, at + n);
                rows.push(y);
            }
            assert_eq!(cache.room(), 1);
            let got = compile(|rows: Vec<Var>| quadric_autodiff::trace::concat(&rows, 1)).call(rows).unwrap();
            assert!(relative(&got.to_f64_vec(), &whole) < 1e-14);
        }
    }
}

/// Keys beyond the end have no part, in value and derivatives; nor has what a mask of the other kind puts at −∞.
#[test]
fn what_is_masked_has_no_part_to_second_order() {
    let layer = Attention::new(4, 2, DType::F64, &mut generator(1));
    let (x, short) = (noisy(1, &[1, 3, 4]), noisy(2, &[1, 2, 4]));
    // Two keys, or three of which the last is masked and absurd.
    let mut long = short.to_f64_vec();
    long.extend([1e100, -1e100, 3.0, 0.0]);
    let long = Tensor::new([1, 3, 4], &long).unwrap();
    let to_second_order = |memory: Tensor, additive: bool, masked: bool| {
        let f = move |m: Attention<Var>, x: Var, memory: Var| {
            let lengths = constant(&Tensor::from_vec(&[2i32]));
            let mask = padding_mask(lengths, memory.shape()[1]);
            let mask =
                if additive { quadric_autodiff::trace::select(mask, x.number(0.0), f64::NEG_INFINITY) } else { mask };
            let masks: &[Var] = if masked { &[mask] } else { &[] };
            m.attend(x, memory, masks, Mode::Infer).powi(3).sum()
        };
        let mut all = compile(move |(m, x, memory): (Attention<Var>, Var, Var)| {
            let loss = |(m, x): (Attention<Var>, Var)| f(m, x, memory);
            let at = (m, x);
            (loss(at.clone()), grad(loss, &at), hvp(loss, &at, &at))
        });
        flat(&all.call((layer.clone(), x.clone(), memory)).unwrap())
    };
    let without = to_second_order(short, false, false);
    for additive in [false, true] {
        assert!(relative(&to_second_order(long.clone(), additive, true), &without) < 1e-13);
    }
}

/// A row that sees nothing gives the output's bias, and nothing but the bias has a derivative there.
#[test]
fn a_row_that_sees_nothing_is_zero_to_second_order() {
    for dtype in [DType::F32, DType::F64] {
        let layer = Attention::new(4, 2, dtype, &mut generator(1));
        let x = noisy(1, &[1, 3, 4]).to_dtype(dtype);
        let mut all = compile(|(m, x): (Attention<Var>, Var)| {
            let nothing = constant(&Tensor::from_vec(&[false, true, true])).reshape([1, 1, 3, 1]);
            let f = |(m, x): (Attention<Var>, Var)| {
                let y = m.attend(x, x, &[nothing], Mode::Infer);
                y.slice(1, 0..1).powi(2).sum()
            };
            let at = (m.clone(), x);
            let y = m.attend(x, x, &[nothing], Mode::Infer).slice(1, 0..1);
            (y, grad(f, &at), hvp(f, &at, &at.clone().scale(0.5)))
        });
        let (y, g, h) = all.call((layer, x)).unwrap();
        assert_eq!(y.to_f64_vec(), [0.0; 4]);
        assert!(flat(&g).iter().chain(&flat(&h)).all(|x| *x == 0.0), "{g:?} {h:?}");
    }
}

/// Scores of ±1e4 and far beyond are a maximum, and finite to second order.
#[test]
fn huge_scores_are_finite_to_second_order() {
    for (dtype, scale) in [(DType::F64, 1e4), (DType::F64, 1e100), (DType::F32, 1e4), (DType::F32, 1e12)] {
        let layer = Attention::new(4, 2, dtype, &mut generator(1));
        let x = Tensor::from_fn(dtype, [1, 3, 4], |i| scale * crate::noise(1, i));
        let mut all = compile(|(m, x): (Attention<Var>, Var)| {
            let f = |at: (Attention<Var>, Var)| at.0.attend(at.1, at.1, &[], Mode::Infer).sum();
            let at = (m, x);
            (grad(f, &at), hvp(f, &at, &at))
        });
        let results = flat(&all.call((layer, x)).unwrap());
        assert!(results.iter().all(|x| x.is_finite()), "{dtype} {scale:e}");
    }
}

/// No sequence of no length, and no keys: nothing is divided by.
#[test]
fn nothing_to_see_and_nobody_to_see_it() {
    let layer = Attention::new(4, 2, DType::F64, &mut generator(1));
    let mut f = compile(|(m, x, memory): (Attention<Var>, Var, Var)| {
        let loss = |m: Attention<Var>| m.attend(x, memory, &[], Mode::Infer).sum();
        (m.attend(x, memory, &[], Mode::Infer), hvp(loss, &m, &m))
    });
    for (queries, keys) in [(0, 0), (0, 2), (2, 0)] {
        let (y, h) = f.call((layer.clone(), noisy(1, &[1, queries, 4]), noisy(2, &[1, keys, 4]))).unwrap();
        assert_eq!(y.shape().to_vec(), [1, queries, 4]);
        assert!(y.to_f64_vec().iter().all(|y| *y == 0.0) && flat(&h).iter().all(|x| x.is_finite()));
    }
}

/// `tr M = 0`: the products that count as multilinear are of a weight and an activation, and no weight is shared. The trace of A is not 0, so the
/// test can fail; and scores outside of the nonlinear scope would be products of two activations made by one weight.
#[test]
fn the_multilinear_part_of_a_transformer_has_no_trace() {
    let swiglu = TransformerOptions {
        feed_forward: FeedForwardOptions::swiglu(3),
        rms_norm: true,
        attention: AttentionOptions { rotary: Some(Rotary::new()), query_key_norm: true, kv_heads: Some(1), ..plain() },
        ..TransformerOptions::new(4, 2)
    };
    let gelu =
        TransformerOptions { feed_forward: FeedForwardOptions::gelu(3), ..TransformerOptions::new(4, 2).causal() };
    for options in [gelu, swiglu] {
        let model = Transformer::new(2, options, DType::F64, &mut generator(1));
        let mut model = model;
        model.blocks = model.blocks.run(quadric_nn::Run::WrittenOut);
        let x = noisy(1, &[1, 3, 4]);
        let which = [Part::activation_nme("output"), Part::multilinear_nme("output"), Part::nme("output")];
        let mut products = compile(|(m, v, x): (Transformer<Var>, Transformer<Var>, Var)| {
            let loss = |m: Transformer<Var>| {
                let y = cut("output", m.run(x, &quadric_nn::Context::default(), Mode::Infer));
                (y.powi(2) * constant(&noisy(3, &[1, 3, 4]))).sum()
            };
            hvps(&which, loss, &m, &v).1.map(|product| v.dot(&product))
        });
        let (mut traces, mut sizes) = ([0.0; 3], [0.0f64; 3]);
        let leaves: Vec<Tensor> = model.leaves().into_iter().cloned().collect();
        for leaf in 0..leaves.len() {
            for entry in 0..leaves[leaf].size() {
                let unit = |l: usize| {
                    Tensor::from_fn(DType::F64, leaves[l].shape(), |i| f64::from(u8::from(l == leaf && i == entry)))
                };
                let v: Transformer = model.with_leaves((0..leaves.len()).map(unit));
                let parts = products.call((model.clone(), v, x.clone())).unwrap().map(|t| t.item());
                for ((trace, size), part) in traces.iter_mut().zip(&mut sizes).zip(parts) {
                    *trace += part;
                    *size = size.max(part.abs());
                }
            }
        }
        assert!(sizes[1] < 1e-13 && traces[1].abs() < 1e-13, "M has {sizes:?} on its diagonal, trace {traces:?}");
        assert!(sizes[0] > 1e-3 && (traces[0] - traces[2]).abs() < 1e-12, "{traces:?}");
    }
}

/// A decoder of width 4 that attends to a memory of width 6: only keys and values of that attention are of the memory's width.
#[test]
fn a_decoder_attends_to_a_memory_of_another_width() {
    let mut options = TransformerOptions { cross: true, ..TransformerOptions::new(4, 2).causal() };
    options.attention.memory_width = Some(6);
    let block = TransformerBlock::new(options, DType::F64, &mut generator(1));
    let widths = |p: &Projection| p.base().weight.shape().to_vec();
    let cross = block.cross.as_ref().unwrap();
    assert_eq!([&block.attention.key, &block.attention.value, &cross.query].map(widths), [[4, 4]; 3]);
    assert_eq!([&cross.key, &cross.value].map(widths), [[6, 4]; 2]);
    let mut f = compile(|(m, x, memory): (TransformerBlock<Var>, Var, Var)| {
        m.run(x, &Context { memory: Some(memory), ..Context::default() }, Mode::Infer)
    });
    let x = noisy(1, &[2, 3, 4]);
    let mut run = |seed| f.call((block.clone(), x.clone(), noisy(seed, &[2, 5, 6]))).unwrap();
    assert_eq!(run(2).shape().to_vec(), [2, 3, 4]);
    assert_ne!(run(2), run(3));
}

#[test]
fn a_decoder_is_adapted_in_both_attentions() {
    let options = TransformerOptions { cross: true, ..TransformerOptions::new(4, 2).causal() };
    let rng = &mut generator(1);
    let block = TransformerBlock::new(options, DType::F64, rng).adapted(1, 1.0, rng).unwrap();
    let new: Vec<String> = block.leaf_names().into_iter().filter(|name| name.contains("lora_a")).collect();
    assert_eq!(new, ["attention.query.lora_a", "attention.value.lora_a", "cross.query.lora_a", "cross.value.lora_a"]);
}

//! Mistakes with sequences, each by its whole text.

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor};
use quadric_nn::models::{Gpt, GptOptions, LstmLanguageModel, Sampling};
use quadric_nn::{
    Attention, AttentionCache, AttentionOptions, Context, Embedding, LearnedPositions, Lora, Lstm, Mode,
    RecurrentOptions, Rotary, SinusoidalPositions, TransformerBlock, TransformerOptions, generator, padding_mask,
};

use crate::noisy;

/// The kind and the sentence; its line is this file's.
fn told<T>(result: Result<T, Error>) -> (ErrorKind, String) {
    let error = result.err().expect("a mistake");
    assert!(error.place().unwrap().contains("tests/it/layers_sequence_mistakes.rs"), "{error}");
    let sentence = error.to_string();
    let at = sentence.rfind(" (").unwrap();
    (error.kind(), sentence[..at].to_string())
}

fn shape(what: &str) -> (ErrorKind, String) {
    (ErrorKind::Shape, what.to_string())
}

fn attend(layer: &Attention, x: Tensor, memory: Tensor, masks: Vec<Tensor>) -> Result<Tensor, Error> {
    let mut f =
        compile(|(m, x, memory, masks): (Attention<Var>, Var, Var, Vec<Var>)| m.attend(x, memory, &masks, Mode::Infer));
    f.call((layer.clone(), x, memory, masks))
}

#[test]
#[should_panic(expected = "attention: a width of 10 does not divide into 3 heads")]
fn a_width_that_does_not_divide_into_heads() {
    Attention::new(10, 3, DType::F64, &mut generator(1));
}

#[test]
#[should_panic(expected = "attention: 6 heads do not divide into groups for 4 heads of keys and values")]
fn heads_that_do_not_divide_into_groups() {
    let options = AttentionOptions { kv_heads: Some(4), ..AttentionOptions::default() };
    Attention::with_options(12, 6, options, DType::F64, &mut generator(1));
}

#[test]
#[should_panic(expected = "Lora: an adapter of rank 0 adapts nothing")]
fn an_adapter_of_rank_0() {
    let rng = &mut generator(1);
    Lora::new(quadric_nn::Dense::new(2, 2, DType::F64, rng), 0, 1.0, rng);
}

#[test]
fn attention_that_does_not_fit_what_it_is_given() {
    let layer = Attention::new(4, 2, DType::F64, &mut generator(1));
    let x = || noisy(1, &[2, 3, 4]);
    let odd = Attention { heads: 3, ..layer.clone() };
    let what = "attention: a width of 4 does not divide into 3 heads";
    assert_eq!(told(attend(&odd, x(), x(), vec![])), shape(what));

    // Of two sequences, of two heads, of the keys, of three sequences: each could be meant otherwise, or is nothing.
    for dims in [&[2, 3][..], &[2, 3, 3], &[3], &[3, 1], &[3, 1, 1, 3], &[]] {
        let mask = Tensor::from_vec(&vec![true; dims.iter().product()]).reshaped(dims);
        let what = format!(
            "attention: the mask {} is neither [3,3], queries and keys, nor of the scores' [2,2,3,3], where an axis may be 1: of lengths, \
             padding_mask makes one",
            mask.ty()
        );
        assert_eq!(told(attend(&layer, x(), x(), vec![mask])), shape(&what));
    }
    for dims in [&[3, 3][..], &[2, 1, 1, 3], &[1, 2, 3, 3], &[1, 1, 3, 1]] {
        let mask = Tensor::from_vec(&vec![true; dims.iter().product()]).reshaped(dims);
        assert_eq!(attend(&layer, x(), x(), vec![mask]), attend(&layer, x(), x(), vec![]));
    }

    let what = "attention: the mask is i32[3,3]: a bool, or f64 like the scores, is needed";
    let mask = Tensor::from_vec(&[0i32; 9]).reshaped([3, 3]);
    assert_eq!(told(attend(&layer, x(), x(), vec![mask])), (ErrorKind::DType, what.into()));

    let what = "attention: queries f64[2,3,4] and memory f64[1,3,4] are of different batches";
    assert_eq!(told(attend(&layer, x(), noisy(1, &[1, 3, 4]), vec![])), shape(what));

    let what = "attention: the input f64[3,4] is no batch of sequences [B, T, D]";
    assert_eq!(told(attend(&layer, noisy(1, &[3, 4]), x(), vec![])), shape(what));

    let what = "attention: the input is f32[2,3,4] and the parameters are f64: convert one of them";
    assert_eq!(told(attend(&layer, x().to_dtype(DType::F32), x(), vec![])), (ErrorKind::DType, what.into()));

    let what = "dense: the last axis of the input f64[2,3,5] is not the 4 inputs of the layer";
    assert_eq!(told(attend(&layer, noisy(1, &[2, 3, 5]), x(), vec![])), shape(what));

    let rotary = Attention { rotary: Some(Rotary::new()), heads: 4, kv_heads: 4, ..layer };
    let what = "rotary: the last axis of f64[2,4,3,1] is odd, and entries are turned in pairs";
    assert_eq!(told(attend(&rotary, x(), x(), vec![])), shape(what));
}

#[test]
fn caches_that_are_full_or_anothers() {
    let options = AttentionOptions { causal: true, ..AttentionOptions::default() };
    let layer = Attention::with_options(4, 2, options, DType::F64, &mut generator(1));
    let step = |layer: &Attention, n: usize, cache: AttentionCache| {
        let mut f = compile(|(m, x, c): (Attention<Var>, Var, AttentionCache<Var>)| m.step(x, &c));
        f.call((layer.clone(), noisy(1, &[1, n, 4]), cache))
    };
    let (_, full) = step(&layer, 3, layer.cache(1, 3)).unwrap();
    assert_eq!(full.room(), 0);
    let what = "attention/the cache of 3 places is full: gather: index 3 at position 0 is out of range for 3 entries";
    assert_eq!(told(step(&layer, 1, full)), (ErrorKind::Data, what.into()));

    let what = "attention: the cache f64[2,2,3,2] is not one for f64[1,1,4]: [1, 2, 3, 2]";
    assert_eq!(told(step(&layer, 1, layer.cache(2, 3))), shape(what));

    let everywhere = Attention { causal: false, ..layer.clone() };
    let what = "attention: a cache is for causal attention: what comes later would change what was";
    assert_eq!(told(step(&everywhere, 1, layer.cache(1, 3))), (ErrorKind::Arity, what.into()));

    let model = Gpt::new(GptOptions::new(5, 4, 4, 2, 1), DType::F64, 1);
    let prompt = Tensor::from_vec(&[1i32, 2]).reshaped([1, 2]);
    let what = "gpt: 2 tokens and 3 more are longer than the context of 4";
    assert_eq!(model.generate(&prompt, 3, Sampling::new(1)).unwrap_err().to_string(), what);
    let what = "gpt: the prompt is i32[2], i32[B, T] with T above 0 is needed";
    let flat = prompt.reshaped([2]);
    assert_eq!(model.generate(&flat, 1, Sampling::new(1)).unwrap_err().to_string(), what);
}

#[test]
fn tokens_and_places_that_there_are_not() {
    let table = Embedding::new(4, 2, DType::F64, &mut generator(1));
    let rows = |index: Tensor| compile(|(e, i): (Embedding<Var>, Var)| e.apply(i)).call((table.clone(), index));
    for bad in [4, -1] {
        let what = format!("embedding: gather: index {bad} at position 1 is out of range for 4 entries");
        assert_eq!(told(rows(Tensor::from_vec(&[0, bad]))), (ErrorKind::Data, what));
    }
    let what = "embedding: the indices are f64[2], i32 is needed";
    assert_eq!(told(rows(noisy(1, &[2]))), (ErrorKind::DType, what.into()));

    let logits = compile(|(e, h): (Embedding<Var>, Var)| e.attend(h)).call((table, noisy(1, &[3, 4])));
    let what = "embedding: the last axis of f64[3,4] is not the width of the table f64[4,2]";
    assert_eq!(told(logits), shape(what));

    let places = LearnedPositions::new(3, 2, 1.0, DType::F64, &mut generator(1));
    let add = |x: Tensor| compile(|(p, x): (LearnedPositions<Var>, Var)| p.apply(x)).call((places.clone(), x));
    let what = "positions: a sequence of length 4, f64[1,4,2], but there are 3 positions";
    assert_eq!(told(add(noisy(1, &[1, 4, 2]))), shape(what));
    let what = "positions: the last axis of f64[1,2,3] is not the width 2 of the positions";
    assert_eq!(told(add(noisy(1, &[1, 2, 3]))), shape(what));
    assert_eq!(told(add(noisy(1, &[2]))), shape("positions: f64[2] is no sequence […, T, D]"));
}

/// One place would broadcast over all rows, and a float is none.
#[test]
fn places_that_are_not_one_a_row() {
    let places = LearnedPositions::new(3, 2, 1.0, DType::F64, &mut generator(1));
    for bad in [Tensor::from_vec(&[1i32]), Tensor::from_vec(&[0.0, 1.0]), Tensor::from_vec(&[0i32, 1]).reshaped([2, 1])]
    {
        let told_of = |layer: &str| {
            shape(&format!("{layer}: a position, i32, for each row of f64[1,2,2] is needed, they are {}", bad.ty()))
        };
        let x = noisy(1, &[1, 2, 2]);
        let mut f = compile(|(p, x, at): (LearnedPositions<Var>, Var, Var)| p.apply_at(x, at));
        assert_eq!(told(f.call((places.clone(), x.clone(), bad.clone()))), told_of("positions"));
        let mut f = compile(|(x, at): (Var, Var)| SinusoidalPositions::new().apply_at(x, at));
        assert_eq!(told(f.call((x.clone(), bad.clone()))), told_of("positions"));
        let mut f = compile(|(x, at): (Var, Var)| Rotary::new().apply(x, at));
        assert_eq!(told(f.call((x, bad.clone()))), told_of("rotary"));
    }
}

/// Lengths are data: a bad one is an error of the run, and none of the trace.
#[test]
fn lengths_that_no_sequence_has() {
    let lstm = Lstm::new(2, 3, DType::F64, &mut generator(1));
    let mut run = compile(|(m, x, n): (Lstm<Var>, Var, Var)| m.run(x, None, n, Mode::Infer).0);
    let mut mask = compile(|n: Var| padding_mask(n, 5));
    let data = |what: String| (ErrorKind::Data, what);
    for bad in [6, -1] {
        let what = format!("lengths from 0 to 5: gather: index {bad} at position 1 is out of range for 6 entries");
        let lengths = Tensor::from_vec(&[5i32, bad]);
        let result = run.call((lstm.clone(), noisy(1, &[2, 5, 2]), lengths.clone()));
        assert_eq!(told(result), data(format!("lstm/{what}")));
        assert_eq!(told(mask.call(lengths)), data(format!("padding_mask/{what}")));
    }
    let ends = Tensor::from_vec(&[5i32, 0]);
    assert!(run.call((lstm, noisy(1, &[2, 5, 2]), ends.clone())).is_ok());
    assert_eq!(mask.call(ends).unwrap().to_vec::<bool>(), [[true; 5], [false; 5]].concat());
}

#[test]
#[should_panic(expected = "RecurrentOptions: the dropout of 0.5 is between layers, and there is but one")]
fn a_dropout_between_the_layers_of_one() {
    let options = RecurrentOptions { dropout: 0.5, ..RecurrentOptions::default() };
    Lstm::with_options(2, 3, options, DType::F64, &mut generator(1));
}

#[test]
#[should_panic(expected = "Gpt::new: the blocks are not causal, and a token would see those to come")]
fn a_language_model_that_sees_what_comes() {
    let mut options = GptOptions::new(5, 4, 4, 2, 1);
    options.block.attention.causal = false;
    Gpt::new(options, DType::F64, 1);
}

#[test]
#[should_panic(expected = "Gpt::new: the blocks attend to a memory, and a language model has none")]
fn a_language_model_with_a_memory() {
    let mut options = GptOptions::new(5, 4, 4, 2, 1);
    options.block.cross = true;
    Gpt::new(options, DType::F64, 1);
}

#[test]
#[should_panic(expected = "LstmLanguageModel::new: the rate -0.1 is not from 0 to 1")]
fn an_lstm_that_drops_less_than_nothing() {
    let options = RecurrentOptions { dropout: -0.1, ..RecurrentOptions::default() };
    LstmLanguageModel::new(5, 4, options, DType::F64, 1);
}

#[test]
#[should_panic(expected = "TransformerBlock::new: a memory of width 6 for a block that attends to none: set `cross`")]
fn the_width_of_a_memory_that_nothing_attends_to() {
    let mut options = TransformerOptions::new(4, 2);
    options.attention.memory_width = Some(6);
    TransformerBlock::new(options, DType::F64, &mut generator(1));
}

#[test]
fn draws_that_cannot_be_made() {
    let model = Gpt::new(GptOptions::new(5, 4, 4, 2, 1), DType::F64, 1);
    let prompt = Tensor::from_vec(&[1i32, 2]).reshaped([1, 2]);
    let told = |model: &Gpt, sampling| {
        let error = model.generate(&prompt, 2, sampling).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        error.to_string()
    };
    for (bad, text) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let what = format!("sampling: the temperature {text} is not from 0 to a finite number");
        assert_eq!(told(&model, Sampling::new(1).temperature(bad)), what);
    }
    let what = "sampling: of the likeliest 0 none can be drawn: top_k is 1 or more";
    assert_eq!(told(&model, Sampling::new(1).top_k(0)), what);

    // The vector of a token that the prompt has not: its logit is NaN, and no other.
    let mut broken = model;
    broken.tokens.weight = Tensor::from_fn(DType::F64, [5, 4], |i| if i == 17 { f64::NAN } else { crate::noise(1, i) });
    for sampling in [Sampling::greedy(), Sampling::new(1), Sampling::new(1).top_k(2)] {
        assert_eq!(told(&broken, sampling), "gpt: of the logits for token 2 some are NaN");
    }
}

#[test]
fn recurrence_that_does_not_fit_what_it_is_given() {
    let lstm = Lstm::new(2, 3, DType::F64, &mut generator(1));
    let run = |x: Tensor, lengths: Option<Tensor>, state: Option<Tensor>| {
        let mut f = compile(|(m, x, lengths, state): (Lstm<Var>, Var, Option<Var>, Option<Var>)| {
            let state = state.map(|s| quadric_nn::LstmState { hidden: s, cell: s });
            m.run(x, state, lengths, Mode::Infer).0
        });
        f.call((lstm.clone(), x, lengths, state))
    };
    let x = || noisy(1, &[4, 5, 2]);
    let what = "lstm: the last axis of the input f64[4,5,3] is not the 2 inputs of the layer";
    assert_eq!(told(run(noisy(1, &[4, 5, 3]), None, None)), shape(what));
    let what = "lstm: the input f64[5,2] is no batch of sequences [B, T, D]";
    assert_eq!(told(run(noisy(1, &[5, 2]), None, None)), shape(what));
    let what = "lstm: the input is f32[4,5,2] and the parameters are f64: convert one of them";
    assert_eq!(told(run(x().to_dtype(DType::F32), None, None)), (ErrorKind::DType, what.into()));
    let what = "lstm: the lengths are i32[3], i32[4] is needed";
    assert_eq!(told(run(x(), Some(Tensor::from_vec(&[1i32, 2, 3])), None)), shape(what));
    let what = "lstm: the state f64[1,2,3] is not f64[1,4,3]: layers and directions, batch, width";
    assert_eq!(told(run(x(), None, Some(noisy(1, &[1, 2, 3])))), shape(what));
}

#[test]
fn memories_that_are_missing_or_too_many() {
    let options = TransformerOptions::new(4, 2);
    let run = |options: TransformerOptions, memory: Option<Tensor>| {
        let block = TransformerBlock::new(options, DType::F64, &mut generator(1));
        let mut f = compile(|(m, x, memory): (TransformerBlock<Var>, Var, Option<Var>)| {
            m.run(x, &Context { memory, ..Context::default() }, Mode::Infer)
        });
        f.call((block, noisy(1, &[1, 3, 4]), memory))
    };
    let what = "transformer: a memory is given, and the block has no attention to one";
    assert_eq!(told(run(options, Some(noisy(1, &[1, 3, 4])))), (ErrorKind::Arity, what.into()));
    let what = "transformer: the block attends to a memory, and none is given";
    assert_eq!(told(run(TransformerOptions { cross: true, ..options }, None)), (ErrorKind::Arity, what.into()));
}

//! Language models and the vision transformer.

use quadric_autodiff::trace::{Var, compile, constant, grad, random};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::models::{Gpt, GptOptions, LstmLanguageModel, Sampler, Sampling, Vit, VitOptions};
use quadric_nn::{AttentionCache, Layer, Mode, RecurrentOptions, Run, TransformerOptions};

use crate::layer_checks::{Class, check_layer};
use crate::support::{flat, noisy, relative};

fn tokens(rows: usize, columns: usize, count: i32) -> Tensor {
    let all: Vec<i32> = (0..rows * columns).map(|i| (i as i32 * 7 + 3) % count).collect();
    Tensor::new([rows, columns], &all).unwrap()
}

/// Both kinds of position.
fn models() -> [Gpt; 2] {
    let options = GptOptions::new(6, 5, 4, 2, 2);
    [options, options.llama(5)].map(|options| Gpt::new(options, DType::F64, 1))
}

#[test]
fn models_keep_every_promise() {
    let none = std::marker::PhantomData;
    let [_, llama] = models();
    check_layer("llama", Class::Mixed, &llama, &none, &tokens(2, 3, 6));
    let model = LstmLanguageModel::new(5, 3, RecurrentOptions::default(), DType::F64, 1);
    check_layer("lstm", Class::Mixed, &model, &none, &tokens(2, 3, 5));
}

#[test]
fn a_model_reads_one_token_after_the_other_as_it_reads_all() {
    for model in models() {
        let t = tokens(2, 5, 6);
        let whole =
            compile(|(m, t): (Gpt<Var>, Var)| m.logits(t, Mode::Infer)).call((model.clone(), t.clone())).unwrap();
        let mut step = compile(|(m, t, c): (Gpt<Var>, Var, AttentionCache<Var>)| m.step(t, &c));
        let mut cache = model.transformer.cache(2, 5);
        for i in 0..5 {
            let (z, after) = step.call((model.clone(), t.slice(1, i..i + 1).unwrap(), cache)).unwrap();
            cache = after;
            let row = whole.slice(1, i..i + 1).unwrap();
            assert!(relative(&z.to_f64_vec(), &row.to_f64_vec()) < 1e-13);
        }
    }
}

/// Greedy generation takes the likeliest token after what is there, every time; so does the only one of the likeliest.
#[test]
fn greedy_generation_takes_the_likeliest() {
    for model in models() {
        let prompt = tokens(2, 2, 6);
        let all = model.generate(&prompt, 3, Sampling::greedy()).unwrap();
        assert_eq!(all.slice(1, 0..2).unwrap(), prompt);
        let mut logits = compile(|(m, t): (Gpt<Var>, Var)| m.logits(t, Mode::Infer).argmax(-1));
        let next = logits.call((model.clone(), all.slice(1, 0..4).unwrap())).unwrap();
        assert_eq!(all.slice(1, 2..5).unwrap(), next.slice(1, 1..4).unwrap());
        assert_eq!(model.generate(&prompt, 3, Sampling::new(9).top_k(1)).unwrap(), all);
        assert_eq!(model.generate(&prompt, 0, Sampling::greedy()).unwrap(), prompt);
        let drawn = |seed| model.generate(&prompt, 3, Sampling::new(seed)).unwrap();
        assert_eq!(drawn(1), drawn(1));
        assert!((2..12).any(|seed| drawn(seed) != drawn(1)));
    }
}

/// Loops, written out and checkpoints are one model, also to generate with.
#[test]
fn how_the_blocks_are_run_changes_no_number() {
    let [model, _] = models();
    let (t, key) = (tokens(2, 4, 6), random::key(1, 1));
    let run = |run: Run| {
        let mut model = Gpt::new(GptOptions::new(6, 5, 4, 2, 2).dropout(0.2), DType::F64, 1);
        model.transformer.blocks = model.transformer.blocks.run(run);
        let mut f = compile(|(m, t, key): (Gpt<Var>, Var, Var)| {
            grad(|m: Gpt<Var>| m.logits(t, Mode::Train(Some(key))).powi(2).sum(), &m)
        });
        (
            flat(&f.call((model.clone(), t.clone(), key.clone())).unwrap()),
            model.generate(&t, 1, Sampling::greedy()).unwrap(),
        )
    };
    let (g, written) = run(Run::Loop);
    assert_eq!(written, model.generate(&t, 1, Sampling::greedy()).unwrap());
    for how in [Run::WrittenOut, Run::Checkpoints] {
        let (other, words) = run(how);
        assert!(relative(&other, &g) < 1e-13 && words == written, "{how:?}");
    }
}

/// Adapters begin as nothing, are the only leaves that are new, and can be merged away.
#[test]
fn adapters_begin_as_nothing_and_can_be_merged() {
    let [model, _] = models();
    let mut adapted = model.clone().adapted(2, 4.0, 5).unwrap();
    let new: Vec<String> = adapted.leaf_names().into_iter().filter(|name| name.contains("lora_")).collect();
    let of = |p: &str, ab: &str| format!("transformer.blocks.blocks.attention.{p}.lora_{ab}");
    assert_eq!(new, [of("query", "a"), of("query", "b"), of("value", "a"), of("value", "b")]);
    let logits = |m: &Gpt| {
        let f = compile(|(m, t): (Gpt<Var>, Var)| m.logits(t, Mode::Infer));
        { f }.call((m.clone(), tokens(1, 4, 6))).unwrap().to_f64_vec()
    };
    assert_eq!(logits(&adapted), logits(&model));
    adapted = adapted
        .map_named_leaves(|name, leaf| if name.contains("lora_b") { noisy(3, leaf.shape()) } else { leaf.clone() });
    assert!(relative(&logits(&adapted), &logits(&model)) > 1e-3);
    let blocks = adapted.transformer.blocks.unstack().unwrap().into_iter().map(|mut block| {
        block.attention.query = block.attention.query.merged().unwrap();
        block.attention.value = block.attention.value.merged().unwrap();
        block
    });
    let mut merged = adapted.clone();
    merged.transformer.blocks = quadric_nn::Stack::new(blocks.collect()).unwrap();
    assert_eq!(merged.leaf_names(), model.leaf_names());
    assert!(relative(&logits(&merged), &logits(&adapted)) < 1e-13);
}

/// Weights and adapters of one seed share no numbers.
#[test]
fn adapters_of_the_seed_of_the_weights_are_drawn_anew() {
    let model = Gpt::new(GptOptions::new(6, 5, 4, 2, 1), DType::F64, 1).adapted(2, 4.0, 1).unwrap();
    let quadric_nn::Projection::Lora(query) = &model.transformer.blocks.blocks.attention.query else { panic!() };
    // Both are standard normals, scaled.
    let (a, tokens) = (query.lora_a.to_f64_vec(), model.tokens.weight.to_f64_vec());
    assert!(a.iter().zip(&tokens).all(|(a, token)| (a * 2.0 - token / 0.02).abs() > 1e-6), "{a:?} {tokens:?}");
}

/// What is drawn has the frequencies of the softmax, at every temperature and of the likeliest alone.
#[test]
fn tokens_are_drawn_with_the_frequencies_of_the_softmax() {
    let n = 4000;
    let mut model = Gpt::new(GptOptions::new(6, 2, 4, 2, 1), DType::F64, 1);
    model.tokens.weight = noisy(5, &[6, 4]); // logits that differ
    let prompt = Tensor::from_vec(&vec![2i32; n]).reshaped([n, 1]);
    let mut logits = compile(|(m, t): (Gpt<Var>, Var)| m.logits(t, Mode::Infer));
    let z = logits.call((model.clone(), prompt.slice(0, 0..1).unwrap())).unwrap().to_f64_vec();
    let mut order: Vec<usize> = (0..6).collect();
    order.sort_by(|a, b| z[*b].total_cmp(&z[*a]));
    for (temperature, k) in [(1.0, None), (0.5, None), (3.0, None), (1.0, Some(3)), (2.0, Some(2)), (1e-310, None)] {
        let sampling = Sampling { temperature, top_k: k, seed: 3 };
        let all = model.generate(&prompt, 1, sampling).unwrap().slice(1, 1..2).unwrap().to_vec::<i32>();
        let kept = &order[..k.unwrap_or(6)];
        let weight = |i: &usize| ((z[*i] - z[order[0]]) / temperature).exp();
        let total: f64 = kept.iter().map(weight).sum();
        for i in 0..6 {
            let p = if kept.contains(&i) { weight(&i) / total } else { 0.0 };
            let share = all.iter().filter(|token| **token == i as i32).count() as f64 / n as f64;
            let deviation = (p * (1.0 - p) / n as f64).sqrt();
            assert!((share - p).abs() <= 4.0 * deviation, "{sampling:?}, token {i}: {share} of {p}");
        }
    }
    assert!((z[order[0]] - z[order[5]]).abs() > 0.5, "{z:?}");
}

/// One sampler for two models, two lengths and a second time: what each says by itself.
#[test]
fn a_sampler_is_for_every_model_of_its_kind() {
    let of = |seed| Gpt::new(GptOptions::new(6, 5, 4, 2, 2), DType::F64, seed);
    let sampling = Sampling::new(3);
    let mut sampler = Sampler::new(sampling).unwrap();
    for (seed, length) in [(1, 2), (2, 2), (2, 3), (1, 2)] {
        let prompt = tokens(2, length, 6);
        assert_eq!(sampler.generate(&of(seed), &prompt, 2).unwrap(), of(seed).generate(&prompt, 2, sampling).unwrap());
    }
}

/// The options of dropout hold in any order, and every model drops what it reads: of a rate of 1 nothing gets in.
#[test]
fn models_drop_what_they_read() {
    let options = GptOptions::new(6, 5, 4, 2, 2);
    assert_eq!(options.dropout(0.3).llama(5), options.llama(5).dropout(0.3));
    assert_eq!(Gpt::new(options.dropout(0.3), DType::F64, 1).dropout, 0.3);

    let [t, other] = [tokens(2, 3, 6), Tensor::new([2, 3], &[5i32, 5, 0, 1, 1, 0]).unwrap()];
    for model in models() {
        let mut f = compile(|(m, t): (Gpt<Var>, Var)| m.logits(t, Mode::Train(None)));
        let mut both = |model: &Gpt| [&t, &other].map(|t| f.call((model.clone(), t.clone())).unwrap());
        let [a, b] = both(&model);
        assert_ne!(a, b);
        let [a, b] = both(&Gpt { dropout: 1.0, ..model });
        assert_eq!(a, b);
    }

    let block = TransformerOptions::new(4, 2);
    let options = VitOptions { image: [2, 4, 6], patch: 2, classes: 3, blocks: 1, block, class_token: true };
    assert_eq!(Vit::new(VitOptions { block: block.dropout(0.3), ..options }, DType::F64, 1).dropout, 0.3);
    let model = Vit { dropout: 1.0, ..Vit::new(options, DType::F64, 1) };
    let mut f = compile(|(m, x): (Vit<Var>, Var)| m.train(x, &m.initial_state(), None).0);
    let mut seen = |seed| f.call((model.clone(), noisy(seed, &[2, 2, 4, 6]))).unwrap();
    assert_eq!(seen(1), seen(2));

    let options = RecurrentOptions { dropout: 1.0, ..RecurrentOptions::default() };
    let model = LstmLanguageModel::new(6, 3, options, DType::F64, 1);
    let mut f = compile(|(m, t): (LstmLanguageModel<Var>, Var)| m.logits(t, None, Mode::Train(None)));
    let mut read = |t: &Tensor| f.call((model.clone(), t.clone())).unwrap();
    let ((z, state), (_, other_state)) = (read(&t), read(&other));
    assert_eq!(state, other_state); // of the tokens nothing gets in
    assert!(flat(&state).iter().any(|h| *h != 0.0));
    assert!(z.to_f64_vec().iter().all(|z| *z == 0.0)); // and nothing out, but the biases, which are 0
    let deep = RecurrentOptions { layers: 2, dropout: 0.2, ..RecurrentOptions::default() };
    assert_eq!(LstmLanguageModel::new(6, 3, deep, DType::F64, 1).lstm.dropout, 0.2);
}

/// The mean of the patches, without positions, does not know their order; a class token begins as nothing.
#[test]
fn a_vision_transformer_sees_patches() {
    let block = TransformerOptions::new(4, 2);
    for class_token in [false, true] {
        let options = VitOptions { image: [2, 4, 6], patch: 2, classes: 3, blocks: 1, block, class_token };
        let mut model = Vit::new(options, DType::F64, 1);
        assert_eq!(model.positions.weight.shape().to_vec(), [6 + usize::from(class_token), 4]);
        model.positions.weight = Tensor::zeros(model.positions.weight.ty().clone());
        let x = noisy(1, &[2, 2, 4, 6]);
        let mut f = compile(|(m, x): (Vit<Var>, Var)| {
            let halves = |x: Var| quadric_autodiff::trace::concat(&[x.slice(3, 2..6), x.slice(3, 0..2)], 3);
            (quadric_nn::Classifier::logits(&m, x), quadric_nn::Classifier::logits(&m, halves(x)))
        });
        let (z, turned) = f.call((model.clone(), x)).unwrap();
        assert!(relative(&z.to_f64_vec(), &turned.to_f64_vec()) < 1e-13);
        // Another size, and the same count of patches in another grid.
        for dims in [[2, 2, 4, 5], [2, 2, 6, 4], [2, 2, 2, 12]] {
            let x = noisy(1, &dims);
            let what = format!("vit: {} is no batch of the images [2,4,6] that the model is for (", x.ty());
            let error = compile(|(m, x): (Vit<Var>, Var)| quadric_nn::Classifier::logits(&m, x))
                .call((model.clone(), x))
                .unwrap_err();
            assert!(error.to_string().starts_with(&what), "{error}");
        }
    }
}

/// A token that only the table knows: nothing of the others' rows moves by it, but by the logits.
#[test]
fn padding_has_no_gradient() {
    let table = quadric_nn::Embedding::new(4, 3, DType::F64, &mut quadric_nn::generator(1)).with_padding(1);
    let f = |e: quadric_nn::Embedding<Var>| e.apply(constant(&Tensor::from_vec(&[0i32, 1, 1, 2]))).powi(2).sum();
    let g = grad(f, &table).unwrap().weight.to_f64_vec();
    assert!(g[3..6].iter().chain(&g[9..]).all(|g| *g == 0.0) && g[..3].iter().all(|g| *g != 0.0));
}

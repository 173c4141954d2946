//! Layers that drop parts of their input.

use quadric_autodiff::trace::{Var, compile, grad, random};
use quadric_autodiff::{DType, ErrorKind, Tensor, Tree, VarTree};
use quadric_nn::{
    Attention, AttentionOptions, ChannelDropout, Dropout, FeedForward, FeedForwardOptions, Gru, Layer, Mode,
    RecurrentOptions, Stateless, StochasticDepth, TransformerBlock, TransformerOptions, generator,
};

use crate::layer_checks::{Class, check_layer};
use crate::support::{flat, noisy};

#[test]
fn dropouts_keep_what_layers_promise() {
    let none = Stateless::<Tensor>::default();
    for rate in [0.0, 0.4, 1.0] {
        check_layer("dropout", Class::Linear, &Dropout::new(rate), &none, &noisy(1, &[3, 4]));
        check_layer("channel_dropout", Class::Linear, &ChannelDropout::new(rate), &none, &noisy(1, &[2, 3, 2]));
        check_layer("stochastic_depth", Class::Linear, &StochasticDepth::new(rate), &none, &noisy(1, &[4, 2]));
    }
}

fn train(rate: f64, key: u64, x: &Tensor) -> Tensor {
    let layer: Dropout<Var> = Dropout::new(rate);
    let mut run = compile(|(x, key): (Var, Var)| layer.train(x, &Stateless::default(), key).0);
    run.call((x.clone(), random::key(key, 0))).unwrap()
}

#[test]
fn the_share_that_is_kept_and_its_mean_are_those_of_the_rate() {
    let n = 20_000;
    let ones = Tensor::from_fn(DType::F64, [n], |_| 1.0);
    for rate in [0.1, 0.5, 0.9] {
        let y = train(rate, 1, &ones).to_f64_vec();
        let kept = y.iter().filter(|y| **y != 0.0).count() as f64 / n as f64;
        let deviation = (rate * (1.0 - rate) / n as f64).sqrt();
        assert!((kept - (1.0 - rate)).abs() < 4.0 * deviation, "{rate}: {kept}");
        assert!(y.iter().all(|y| *y == 0.0 || *y == 1.0 / (1.0 - rate)));
        assert_eq!(train(rate, 1, &ones).to_f64_vec(), y);
        assert_ne!(train(rate, 2, &ones).to_f64_vec(), y);
    }
    // 1 − 1e-12 is not all of 2³² words, nor more of them.
    assert_eq!(train(1e-12, 1, &ones).to_f64_vec(), vec![1.0 / (1.0 - 1e-12); n]);
    // 1 − 1e-17 is 1 in f64, and 2³² is no word.
    assert_eq!(train(1e-17, 1, &ones), ones);
    assert_eq!(train(1.0, 1, &ones).to_f64_vec(), vec![0.0; n]);
    assert_eq!(train(0.0, 1, &ones), ones);
}

/// What is dropped is selected away, not multiplied by zero.
#[test]
fn a_dropped_nan_does_no_harm() {
    let nans = Tensor::from_fn(DType::F64, [64], |_| f64::NAN);
    let y = train(0.5, 1, &nans).to_f64_vec();
    assert!(y.contains(&0.0) && y.iter().any(|y| y.is_nan()));
    assert_eq!(train(1.0, 1, &nans).to_f64_vec(), vec![0.0; 64]);
}

#[test]
fn the_gradient_is_dropped_where_the_value_is() {
    let layer: Dropout<Var> = Dropout::new(0.5);
    let f = |(x, key): (Var, Var)| grad(|x: Var| layer.train(x, &Stateless::default(), key).0.sum(), &x);
    let ones = Tensor::from_fn(DType::F64, [100], |_| 1.0);
    assert_eq!(compile(f).call((ones.clone(), random::key(1, 0))).unwrap(), train(0.5, 1, &ones));
}

#[test]
fn two_layers_draw_by_two_keys_and_without_one_it_is_told() {
    let two: (Dropout<Var>, ChannelDropout<Var>) = (Dropout::new(0.5), ChannelDropout::new(0.5));
    let state = (Stateless::default(), Stateless::default());
    let x = Tensor::from_fn(DType::F64, [8, 8], |_| 1.0);
    let mut run = compile(|(x, key): (Var, Var)| two.train(x, &state, key).0);
    let y = run.call((x.clone(), random::key(1, 0))).unwrap().to_f64_vec();
    // Of one key the second layer would drop what the first has dropped, and no more.
    let kept = y.iter().filter(|y| **y != 0.0).count();
    assert!(kept < 24 && kept > 6 && y.iter().all(|y| [0.0, 4.0].contains(y)), "{kept}");

    let error = compile(|x: Var| two.forward(x, &state, Mode::Train(None)).0).call(x.clone()).unwrap_err();
    let sentence = error.to_string();
    let what = "dropout: in training it is drawn what is dropped, and there is no key: train with one (crates/nn/tests/it/layers_dropout.rs:";
    assert!(sentence.starts_with(what), "{sentence}");
    assert_eq!(compile(|x: Var| two.infer(x, &state)).call(x.clone()).unwrap(), x);
}

#[test]
#[should_panic(expected = "Dropout::new: the rate 1.5 is not from 0 to 1")]
fn a_rate_that_is_no_probability_is_told() {
    let _ = Dropout::<Tensor>::new(1.5);
}

/// In training and afterwards, and the gradient of the squares in training; without a key, so nothing is drawn.
fn both_ways<M>(model: &M) -> (Vec<f64>, Vec<f64>, Vec<f64>)
where
    M: Tree<Leaf = Tensor, With<Tensor> = M>,
    M::With<Var>: Layer<State = Stateless<Var>> + VarTree<Host = M>,
{
    let mut f = compile(|(m, x): (M::With<Var>, Var)| {
        let train = |m: M::With<Var>| m.train(x, &Stateless::default(), None).0;
        (train(m.clone()), m.infer(x, &Stateless::default()), grad(|m| train(m).powi(2).sum(), &m))
    });
    let (trained, inferred, g) = f.call((model.clone(), noisy(1, &[2, 3, 4]))).unwrap();
    (trained.to_f64_vec(), inferred.to_f64_vec(), flat(&g))
}

/// Rates 0 and 1 are right inside of other layers too: all stays, or nothing does, and derivatives are numbers.
#[test]
fn layers_that_drop_in_their_middle_take_rates_0_and_1() {
    let rng = &mut generator(1);
    let plain = AttentionOptions::default();
    let mut attention = |dropout| {
        let options = AttentionOptions { dropout, ..plain };
        Attention::with_options(4, 2, options, DType::F64, rng)
    };
    let (none, all) = (both_ways(&attention(0.0)), both_ways(&attention(1.0)));
    assert_eq!(none.0, none.1);
    assert!(all.0.iter().chain(&all.2).all(|x| *x == 0.0), "{all:?}"); // its biases are 0

    let mut feed_forward = |dropout| {
        let options = FeedForwardOptions { dropout, ..FeedForwardOptions::gelu(5) };
        FeedForward::new(4, options, DType::F64, rng)
    };
    let (none, all) = (both_ways(&feed_forward(0.0)), both_ways(&feed_forward(1.0)));
    assert_eq!(none.0, none.1);
    assert!(all.0.iter().chain(&all.2).all(|x| *x == 0.0), "{all:?}");

    let mut block = |dropout| TransformerBlock::new(TransformerOptions::new(4, 2).dropout(dropout), DType::F64, rng);
    let (none, all) = (both_ways(&block(0.0)), both_ways(&block(1.0)));
    assert_eq!(none.0, none.1);
    assert_eq!(all.0, noisy(1, &[2, 3, 4]).to_f64_vec());
    assert!(all.2.iter().all(|g| *g == 0.0));

    let mut gru = |dropout| {
        let options = RecurrentOptions { layers: 2, dropout, ..RecurrentOptions::default() };
        Gru::with_options(4, 3, options, DType::F64, rng)
    };
    let (none, all) = (both_ways(&gru(0.0)), both_ways(&gru(1.0)));
    assert_eq!(none.0, none.1);
    // Of the first layer nothing arrives, whatever the sequence is.
    assert_eq!(all.0[..9], all.0[9..]);
    let first = 4 * 9 + 3 * 9 + 2 * 9;
    assert!(all.2[..first].iter().all(|g| *g == 0.0) && all.2[first..].iter().all(|g| g.is_finite()));
}

/// The fields are public, so it is the trace that finds out.
#[test]
fn a_rate_that_has_become_none_is_told_by_every_layer() {
    let x = || noisy(1, &[2, 3, 4]);
    let told = |result: Result<Tensor, quadric_autodiff::Error>, rate: &str| {
        let error = result.unwrap_err();
        let what = format!("dropout: the rate {rate} is not from 0 to 1 (crates/nn/tests/it/layers_dropout.rs:");
        assert!(error.kind() == ErrorKind::Data && error.to_string().starts_with(&what), "{error}");
    };
    let rng = &mut generator(1);
    let attention = Attention { dropout: 1.5, ..Attention::new(4, 2, DType::F64, rng) };
    let mut f = compile(|(m, x): (Attention<Var>, Var)| m.train(x, &Stateless::default(), None).0);
    told(f.call((attention, x())), "1.5");
    let half = FeedForward::new(4, FeedForwardOptions::gelu(5), DType::F64, rng);
    let mut f = compile(|(m, x): (FeedForward<Var>, Var)| m.train(x, &Stateless::default(), None).0);
    told(f.call((FeedForward { dropout: f64::NAN, ..half }, x())), "NaN");
    let block = TransformerBlock::new(TransformerOptions::new(4, 2), DType::F64, rng);
    let mut f = compile(|(m, x): (TransformerBlock<Var>, Var)| m.infer(x, &Stateless::default()));
    told(f.call((TransformerBlock { dropout: -0.5, ..block }, x())), "-0.5");
    let options = RecurrentOptions { layers: 2, ..RecurrentOptions::default() };
    let gru = Gru { dropout: 30.0, ..Gru::with_options(4, 3, options, DType::F64, rng) };
    let mut f = compile(|(m, x): (Gru<Var>, Var)| m.train(x, &Stateless::default(), None).0);
    told(f.call((gru, x())), "30");
}

#[test]
fn constructors_tell_a_rate_that_is_no_probability() {
    let told = |make: &dyn Fn()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(make)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let block = TransformerOptions::new(4, 2);
    let attention = AttentionOptions { dropout: 1.5, ..block.attention };
    let feed_forward = FeedForwardOptions { dropout: 1.5, ..block.feed_forward };
    let all: [(&str, &dyn Fn()); 4] = [
        ("Attention::with_options", &|| {
            Attention::with_options(4, 2, attention, DType::F64, &mut generator(1));
        }),
        ("FeedForward::new", &|| {
            FeedForward::new(4, feed_forward, DType::F64, &mut generator(1));
        }),
        ("TransformerBlock::new", &|| {
            TransformerBlock::new(TransformerOptions { dropout: 1.5, ..block }, DType::F64, &mut generator(1));
        }),
        ("RecurrentOptions", &|| {
            let options = RecurrentOptions { layers: 2, dropout: 1.5, ..RecurrentOptions::default() };
            Gru::with_options(4, 3, options, DType::F64, &mut generator(1));
        }),
    ];
    for (name, make) in all {
        assert_eq!(told(make), format!("{name}: the rate 1.5 is not from 0 to 1"));
    }
}

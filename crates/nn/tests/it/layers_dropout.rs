//! Layers that drop parts of their input.

use quadric_autodiff::trace::{Var, compile, grad, random};
use quadric_autodiff::{DType, Tensor};
use quadric_nn::{ChannelDropout, Dropout, Layer, Mode, Stateless, StochasticDepth};

use crate::layer_checks::{Class, check_layer};
use crate::support::noisy;

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

//! Twelve steps beside PyTorch's, on the function that the files name.

use quadric_autodiff::Tensor;
use quadric_autodiff::trace::{Var, compile, value_and_grad};
use quadric_nn::{Adadelta, Adagrad, Adam, AdamW, Adamax, AnyOptimizer, NAdam, Optimizer, RAdam, RmsProp, Sgd};

use crate::reference::Reference;

/// `Σ tanh(w A)² + 0.1 Σ w⁴ + 0.05 Σ w[:-1] w[1:]`.
pub fn function(w: Var, a: Var) -> Var {
    let rows = w.shape()[0];
    let neighbours = (w.slice(0, 0..rows - 1) * w.slice(0, 1..rows)).sum();
    w.matmul(a).tanh().powi(2).sum() + w.powi(4).sum() * 0.1 + neighbours * 0.05
}

/// A, the start, and the iterates after each step.
pub fn parts(file: &Reference) -> (Tensor, Tensor, Vec<f64>) {
    (file.tensor("a"), file.tensor("w0"), file.tensor("w").to_f64_vec())
}

/// The largest difference of iterates, over the largest entry of the reference's.
pub fn distance(seen: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(seen.len(), expected.len());
    let largest = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    seen.iter().zip(expected).fold(0.0, |m: f64, (x, y)| m.max((x - y).abs())) / largest
}

pub fn iterates(optimizer: impl Optimizer, rate: f64, a: &Tensor, w0: &Tensor) -> Vec<f64> {
    let mut step = compile(|(w, a, state, rate): (Var, Var, _, Var)| {
        let (_, d) = value_and_grad(|w: Var| function(w, a), &w);
        optimizer.update(&w, &d, &state, rate)
    });
    let (mut w, mut state) = (w0.clone(), optimizer.init(w0));
    let mut seen = vec![];
    for _ in 0..12 {
        (w, state) = step.call((w, a.clone(), state, Tensor::scalar(rate))).unwrap();
        seen.extend(w.to_f64_vec());
    }
    seen
}

#[test]
fn iterates_are_those_of_pytorch() {
    let cases: [(Reference, f64, AnyOptimizer); 9] = [
        (Reference::load("optim_sgd_momentum"), 0.05, Sgd::new().momentum(0.9).weight_decay(0.01).into()),
        (Reference::load("optim_sgd_nesterov"), 0.05, Sgd::new().nesterov(0.9).into()),
        (Reference::load("optim_adam"), 0.05, Adam::new().into()),
        (Reference::load("optim_adamw"), 0.05, AdamW::new().weight_decay(0.1).into()),
        (Reference::load("optim_amsgrad"), 0.05, Adam::new().amsgrad().into()),
        (Reference::load("optim_nadam"), 0.05, NAdam::new().into()),
        (Reference::load("optim_adamax"), 0.05, Adamax::new().into()),
        (Reference::load("optim_rmsprop"), 0.02, RmsProp::new().momentum(0.5).centered().into()),
        (Reference::load("optim_adagrad"), 0.1, Adagrad::new().into()),
    ];
    for (file, rate, optimizer) in cases {
        let (a, w0, expected) = parts(&file);
        let error = distance(&iterates(optimizer, rate, &a, &w0), &expected);
        println!("{optimizer}: {error:.1e}");
        assert!(error < 1e-12, "{optimizer}: {error:e}");
        // The comparison sees a setting: without it the iterates are far away.
        let other = distance(&iterates(optimizer, rate * 1.01, &a, &w0), &expected);
        assert!(other > 1e-4, "{optimizer}: {other:e}");
    }
}

/// The first entries of the last iterate by PyTorch 2.15, for settings that no file has.
#[test]
fn last_iterates_are_those_of_pytorch() {
    let cases: [(f64, AnyOptimizer, [f64; 4]); 6] = [
        (
            1.0,
            Adadelta::new().weight_decay(0.1).into(),
            [-0.2286889574519001, 0.09492870355007381, 0.6273705704232566, -0.47250042763950206],
        ),
        (
            0.05,
            RAdam::new().weight_decay(0.1).into(),
            [-0.13697844590984193, 0.057483314139010686, 0.18078768777747986, 0.04382538732047836],
        ),
        (
            0.05,
            RAdam::new().weight_decay(0.1).decoupled(true).into(),
            [-0.13226017133447238, 0.0554926164433748, 0.17617293285975721, 0.040450061111414595],
        ),
        (
            0.05,
            NAdam::new().weight_decay(0.1).decoupled(true).into(),
            [0.09638798857630672, -0.1596517989715419, 0.16238221066451825, -0.01705227627541505],
        ),
        (
            0.05,
            Sgd::new().momentum(0.9).dampening(0.25).into(),
            [0.05433608654434175, 0.00032955194225189167, 0.21745960646092014, -0.2646142975790404],
        ),
        (
            0.1,
            Adagrad::new().rate_decay(0.2).weight_decay(0.1).initial(0.5).into(),
            [-0.012177001315981876, -0.05895794909649901, 0.31012571183799326, -0.1513909934114492],
        ),
    ];
    let (a, w0, _) = parts(&Reference::load("optim_adam"));
    for (rate, optimizer, expected) in cases {
        let seen = iterates(optimizer, rate, &a, &w0);
        let error = distance(&seen[11 * 24..][..4], &expected);
        println!("{optimizer} {error:.1e}");
        assert!(error < 1e-12, "{optimizer}: {error:e}");
    }
}

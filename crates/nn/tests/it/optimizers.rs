//! Optimizers and schedules against their formulas in plain Rust.

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{DType, Tensor, tensor};
use quadric_nn::{Adam, AnyOptimizer, Cosine, Optimizer, Schedule, Sgd, Warmup};

/// Runs steps on `½ Σ c w²`, whose gradient is `c w`, and gives the parameters after each.
fn run(optimizer: impl Optimizer, rates: &[f64], dtype: DType) -> Vec<Vec<f64>> {
    let c = tensor![1.0, 3.0].to_dtype(dtype);
    let mut step = compile(|(w, state, c, rate): (Vec<Var>, _, Var, Var)| {
        let direction = w.iter().map(|w| *w * c).collect();
        optimizer.update(&w, &direction, &state, rate)
    });
    let mut w = vec![tensor![1.0, -2.0].to_dtype(dtype)];
    let mut state = optimizer.init(&w);
    let mut seen = vec![];
    for rate in rates {
        (w, state) = step.call((w, state, c.clone(), Tensor::scalar(*rate))).unwrap();
        seen.push(w[0].to_f64_vec());
    }
    assert_eq!(state.1.item(), rates.len() as f64);
    seen
}

const RATES: [f64; 4] = [0.1, 0.2, 0.05, 0.1];
const C: [f64; 2] = [1.0, 3.0];

#[track_caller]
fn assert_close(seen: &[Vec<f64>], expected: &[[f64; 2]], tolerance: f64) {
    for (seen, expected) in seen.iter().zip(expected) {
        assert!(seen.iter().zip(expected).all(|(a, b)| (a - b).abs() < tolerance), "{seen:?} is no {expected:?}");
    }
}

fn sgd_by_hand(momentum: f64, nesterov: bool, decay: f64) -> Vec<[f64; 2]> {
    let (mut w, mut v) = ([1.0, -2.0], [0.0; 2]);
    RATES
        .iter()
        .map(|rate| {
            for i in 0..2 {
                let d = C[i] * w[i] + decay * w[i];
                v[i] = momentum * v[i] + d;
                w[i] -= rate * if nesterov { d + momentum * v[i] } else { v[i] };
            }
            w
        })
        .collect()
}

#[test]
fn sgd_is_its_formula() {
    assert_close(&run(Sgd::new(), &RATES, DType::F64), &sgd_by_hand(0.0, false, 0.0), 1e-15);
    assert_close(&run(Sgd::new().momentum(0.9), &RATES, DType::F64), &sgd_by_hand(0.9, false, 0.0), 1e-15);
    let nesterov = Sgd::new().nesterov(0.9).weight_decay(0.1);
    assert_close(&run(nesterov, &RATES, DType::F64), &sgd_by_hand(0.9, true, 0.1), 1e-15);
    assert_close(&run(AnyOptimizer::Sgd(nesterov), &RATES, DType::F32), &sgd_by_hand(0.9, true, 0.1), 1e-6);
    assert_eq!((Sgd::new().moments(), nesterov.moments()), (0, 1));
}

#[test]
fn adam_is_its_formula() {
    let (mut w, mut m, mut s) = ([1.0, -2.0], [0.0; 2], [0.0; 2]);
    let expected: Vec<[f64; 2]> = RATES
        .iter()
        .zip(1..)
        .map(|(rate, t)| {
            for i in 0..2 {
                let d = C[i] * w[i];
                m[i] = 0.9 * m[i] + 0.1 * d;
                s[i] = 0.999 * s[i] + 0.001 * d * d;
                let (m, s) = (m[i] / (1.0 - 0.9f64.powi(t)), s[i] / (1.0 - 0.999f64.powi(t)));
                w[i] -= rate * (m / (s.sqrt() + 1e-8) + 0.1 * w[i]);
            }
            w
        })
        .collect();
    assert_close(&run(Adam::new().weight_decay(0.1), &RATES, DType::F64), &expected, 1e-13);
    assert_close(&run(AnyOptimizer::Adam(Adam::new().weight_decay(0.1)), &RATES, DType::F32), &expected, 1e-5);
}

#[test]
fn a_state_is_that_of_its_optimizer() {
    let w = vec![tensor![1.0, -2.0]];
    let step = |optimizer: AnyOptimizer, of: AnyOptimizer| {
        let state = of.init(&w);
        let mut step = compile(move |(w, state): (Vec<Var>, _)| optimizer.update(&w, &w, &state, w[0].number(0.1)).0);
        step.call((w.clone(), state)).map(|w| w[0].to_f64_vec())
    };
    let (adam, sgd) = (AnyOptimizer::Adam(Adam::new()), AnyOptimizer::Sgd(Sgd::new()));
    let momentum = AnyOptimizer::Sgd(Sgd::new().momentum(0.9));
    for (optimizer, of, what) in [
        (sgd, adam, "sgd: the state has 2 trees of moments instead of 0: it is another optimizer's"),
        (momentum, adam, "sgd: the state has 2 trees of moments instead of 1: it is another optimizer's"),
        (momentum, sgd, "sgd: the state has 0 trees of moments instead of 1: it is another optimizer's"),
        (adam, momentum, "adam: the state has 1 tree of moments instead of 2: it is another optimizer's"),
    ] {
        let error = step(optimizer, of).unwrap_err();
        assert_eq!(error.kind(), quadric_autodiff::ErrorKind::Arity);
        let text = error.to_string();
        assert!(text.starts_with(what) && text.contains("tests/it/optimizers.rs:"), "{text}");
    }
    assert_eq!(step(momentum, momentum).unwrap(), [0.9, -1.8]);
}

#[test]
fn warmup_rises_to_the_peak_and_cosine_falls_to_zero() {
    let schedule: Box<dyn Schedule> = Box::new(Warmup { steps: 5, then: Cosine { peak: 1.0, steps: 100 } });
    let rates: Vec<f64> = (0..110).map(|t| schedule.rate(t)).collect();
    assert!(rates[..5].is_sorted() && rates[4] == 1.0 && rates[5] == 1.0);
    assert!(rates[5..].iter().rev().is_sorted() && rates[105..].iter().all(|r| *r == 0.0));
}

//! The formulas once more, number by number, over twelve steps with changing rates and directions.

use quadric_autodiff::{DType, Tensor};
use quadric_nn::{Adadelta, Adagrad, Adam, AdamW, Adamax, AnyOptimizer, Lion, NAdam, Optimizer, RAdam, RmsProp, Sgd};

use super::{step_of, three};
use crate::noise;

const W0: [f64; 3] = [1.0, -2.0, 0.3];

fn rate(t: i32) -> f64 {
    [0.1, 0.05, 0.2][t as usize % 3]
}

fn direction(t: i32, i: usize) -> f64 {
    // Of one sign for a while, of very different sizes from entry to entry.
    (noise(7, 3 * t as usize + i) + 0.3) * [1.0, 30.0, 1e-3][i]
}

/// The iterates by a rule for one number: `rule(memory, w, d, t, rate)` gives the new w.
fn by_hand(mut rule: impl FnMut(&mut [f64; 3], f64, f64, i32, f64) -> f64) -> Vec<f64> {
    let (mut w, mut memory) = (W0, [[0.0; 3]; 3]);
    let mut seen = vec![];
    for t in 1..=12 {
        for i in 0..3 {
            w[i] = rule(&mut memory[i], w[i], direction(t, i), t, rate(t));
        }
        seen.extend(w);
    }
    seen
}

fn run(optimizer: impl Optimizer + 'static, dtype: DType) -> Vec<f64> {
    let mut w = vec![three(dtype, W0)];
    let mut state = optimizer.init(&w);
    let mut step = step_of(optimizer);
    let mut seen = vec![];
    for t in 1..=12 {
        let d = vec![three(dtype, [0, 1, 2].map(|i| direction(t, i)))];
        (w, state) = step.call((w, d, state, Tensor::scalar(rate(t)))).unwrap();
        seen.extend(w[0].to_f64_vec());
    }
    assert_eq!(state.step.item(), 12.0);
    seen
}

#[track_caller]
fn check(optimizer: impl Into<AnyOptimizer>, expected: &[f64]) {
    let optimizer = optimizer.into();
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 2e-5)] {
        let seen = run(optimizer, dtype);
        let worst = seen.iter().zip(expected).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs() / b.abs().max(0.1)));
        assert!(worst < tolerance, "{optimizer} in {dtype}: {worst:e}\n{seen:?}\n{expected:?}");
    }
}

#[test]
fn sgd() {
    check(Sgd::new(), &by_hand(|_, w, d, _, rate| w - rate * d));
    let expected = by_hand(|v, w, d, _, rate| {
        let d = d + 0.1 * w;
        v[0] = 0.9 * v[0] + d;
        w - rate * (d + 0.9 * v[0])
    });
    check(Sgd::new().nesterov(0.9).weight_decay(0.1), &expected);
    let expected = by_hand(|v, w, d, t, rate| {
        v[0] = if t == 1 { d } else { 0.9 * v[0] + 0.75 * d };
        w - rate * v[0]
    });
    check(Sgd::new().momentum(0.9).dampening(0.25), &expected);
}

/// Adam's step for a direction: with β 0.8 and 0.95, ε 1e-3.
fn adam_step(v: &mut [f64; 3], d: f64, t: i32, amsgrad: bool) -> f64 {
    v[0] = 0.8 * v[0] + 0.2 * d;
    v[1] = 0.95 * v[1] + 0.05 * d * d;
    v[2] = v[2].max(v[1]);
    let square = if amsgrad { v[2] } else { v[1] };
    v[0] / (1.0 - 0.8f64.powi(t)) / ((square / (1.0 - 0.95f64.powi(t))).sqrt() + 1e-3)
}

#[test]
fn adam_and_adamw() {
    for amsgrad in [false, true] {
        let coupled = by_hand(|v, w, d, t, rate| w - rate * adam_step(v, d + 0.1 * w, t, amsgrad));
        let decoupled = by_hand(|v, w, d, t, rate| w - rate * (adam_step(v, d, t, amsgrad) + 0.1 * w));
        let (adam, adamw) = (Adam::new().betas(0.8, 0.95).epsilon(1e-3), AdamW::new().betas(0.8, 0.95).epsilon(1e-3));
        let (adam, adamw) = if amsgrad { (adam.amsgrad(), adamw.amsgrad()) } else { (adam, adamw) };
        check(adam.weight_decay(0.1), &coupled);
        check(adamw.weight_decay(0.1), &decoupled);
    }
    // The maximum matters on these directions.
    let run = |amsgrad| by_hand(|v, w, d, t, rate| w - rate * adam_step(v, d, t, amsgrad));
    assert!(run(false) != run(true));
}

#[test]
fn nadam() {
    for decoupled in [false, true] {
        let mu = |t: i32| 0.8 * (1.0 - 0.5 * 0.96f64.powf(0.1 * f64::from(t)));
        let expected = by_hand(|v, w, d, t, rate| {
            let d = if decoupled { d } else { d + 0.1 * w };
            let w = if decoupled { w * (1.0 - rate * 0.1) } else { w };
            v[0] = 0.8 * v[0] + 0.2 * d;
            v[1] = 0.95 * v[1] + 0.05 * d * d;
            let now: f64 = (1..=t).map(mu).product();
            let ahead = d * (1.0 - mu(t)) / (1.0 - now) + v[0] * mu(t + 1) / (1.0 - now * mu(t + 1));
            w - rate * ahead / ((v[1] / (1.0 - 0.95f64.powi(t))).sqrt() + 1e-3)
        });
        let nadam = NAdam::new().betas(0.8, 0.95).epsilon(1e-3).momentum_decay(0.1);
        check(nadam.weight_decay(0.1).decoupled(decoupled), &expected);
    }
}

#[test]
fn radam() {
    for decoupled in [false, true] {
        let mut rectified = 0;
        let expected = by_hand(|v, w, d, t, rate| {
            let d = if decoupled { d } else { d + 0.1 * w };
            let w = if decoupled { w * (1.0 - rate * 0.1) } else { w };
            v[0] = 0.8 * v[0] + 0.2 * d;
            v[1] = 0.95 * v[1] + 0.05 * d * d;
            let m = v[0] / (1.0 - 0.8f64.powi(t));
            let (most, gathered) = (2.0 / 0.05 - 1.0, 1.0 - 0.95f64.powi(t));
            let rho = most - 2.0 * f64::from(t) * 0.95f64.powi(t) / gathered;
            if rho <= 5.0 {
                return w - rate * m;
            }
            rectified += 1;
            let r = ((rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho)).sqrt();
            w - rate * m * r * gathered.sqrt() / (v[1].sqrt() + 1e-3)
        });
        assert!(rectified > 9 && rectified < 36);
        check(RAdam::new().betas(0.8, 0.95).epsilon(1e-3).weight_decay(0.1).decoupled(decoupled), &expected);
    }
}

#[test]
fn adamax() {
    let expected = by_hand(|v, w, d, t, rate| {
        let d = d + 0.1 * w;
        v[0] = 0.8 * v[0] + 0.2 * d;
        v[1] = (0.95 * v[1]).max(d.abs() + 1e-3);
        w - rate * v[0] / v[1] / (1.0 - 0.8f64.powi(t))
    });
    check(Adamax::new().betas(0.8, 0.95).epsilon(1e-3).weight_decay(0.1), &expected);
}

#[test]
fn rmsprop() {
    for (centered, momentum) in [(false, 0.0), (true, 0.0), (false, 0.5), (true, 0.5)] {
        let expected = by_hand(|v, w, d, _, rate| {
            let d = d + 0.1 * w;
            v[0] = 0.9 * v[0] + 0.1 * d * d;
            v[1] = 0.9 * v[1] + 0.1 * d;
            let square = if centered { v[0] - v[1] * v[1] } else { v[0] };
            v[2] = momentum * v[2] + d / (square.sqrt() + 1e-3);
            w - rate * v[2]
        });
        let rmsprop = RmsProp::new().alpha(0.9).epsilon(1e-3).momentum(momentum).weight_decay(0.1);
        check(if centered { rmsprop.centered() } else { rmsprop }, &expected);
    }
}

#[test]
fn adagrad() {
    let expected = by_hand(|v, w, d, t, rate| {
        let d = d + 0.1 * w;
        v[0] += d * d;
        w - rate / (1.0 + f64::from(t - 1) * 0.2) * d / ((v[0] + 0.5).sqrt() + 1e-3)
    });
    check(Adagrad::new().epsilon(1e-3).initial(0.5).rate_decay(0.2).weight_decay(0.1), &expected);
}

#[test]
fn adadelta() {
    let expected = by_hand(|v, w, d, _, rate| {
        let d = d + 0.1 * w;
        v[0] = 0.8 * v[0] + 0.2 * d * d;
        let x = d * (v[1] + 1e-3).sqrt() / (v[0] + 1e-3).sqrt();
        v[1] = 0.8 * v[1] + 0.2 * x * x;
        w - rate * x
    });
    check(Adadelta::new().rho(0.8).epsilon(1e-3).weight_decay(0.1), &expected);
}

#[test]
fn lion() {
    let expected = by_hand(|v, w, d, _, rate| {
        let step = 0.8 * v[0] + 0.2 * d;
        v[0] = 0.95 * v[0] + 0.05 * d;
        w - rate * (step.signum() + 0.1 * w)
    });
    check(Lion::new().betas(0.8, 0.95).weight_decay(0.1), &expected);
}

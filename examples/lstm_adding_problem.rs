//! The adding problem of Hochreiter & Schmidhuber (1997, §5.4): an LSTM remembers two numbers over a long time.
//!
//! A sequence of 40 pairs holds a number in (−1, 1) and a mark; two of the numbers are marked, one in each half of the sequence. The answer after the last step
//! is their sum. Whoever remembers nothing errs by the variance of the sum, 2/3; a network that forgets the first number errs
//! by 1/3. The gradient has to come through up to 40 steps, which is what the memory cell is for.
//!
//! Prints the mean squared error every 100 steps, and that on sequences it has not seen.

use quadric::autodiff::trace::{iota, random};
use quadric::nn::{Lstm, Mode, generator};
use quadric::prelude::*;

const STEPS: usize = 40;

#[derive(Tree, Clone)]
struct Adder<T = Tensor> {
    lstm: Lstm<T>,
    head: Dense<T>,
}

impl Adder<Var> {
    fn loss(&self, x: Var, y: Var) -> Var {
        let (_, last) = self.lstm.run(x, None, None, Mode::Infer);
        (self.head.apply(last.hidden.squeeze(&[0])).squeeze(&[1]) - y).powi(2).mean()
    }
}

/// Sequences `[B, STEPS, 2]` and their answers `[B]`, drawn from a key inside the trace.
fn problem(key: Var, count: usize) -> (Var, Var) {
    let keys = random::split(key, 3);
    let numbers = random::uniform(keys[0], DType::F32, [count, STEPS]) * 2.0 - 1.0;
    let place = |key, first: usize| {
        let within = (random::uniform(key, DType::F32, [count, 1]) * (STEPS / 2) as f64).floor();
        iota(DType::F32, [count, STEPS], 1).equal(within + first as f64).convert(DType::F32)
    };
    let marks = place(keys[1], 0) + place(keys[2], STEPS / 2);
    let x = concat(&[numbers.expand_dims(&[-1]), marks.expand_dims(&[-1])], -1);
    (x, (numbers * marks).sum_axes(&[1]))
}

fn main() -> Result<(), Error> {
    let rng = &mut generator(1);
    let mut model = Adder { lstm: Lstm::new(2, 24, DType::F32, rng), head: Dense::new(24, 1, DType::F32, rng) };
    let optimizer = Adam::new();
    let mut state = optimizer.init(&model);
    let mut step = compile(|(model, state, key, rate): (Adder<Var>, _, Var, Var)| {
        let (x, y) = problem(key, 64);
        let (value, g) = value_and_grad(|m: Adder<Var>| m.loss(x, y), &model);
        let norm = g.norm();
        let (model, state) = optimizer.update(&model, &g.scale(norm.maximum(1.0).recip()), &state, rate);
        (value, model, state)
    });
    for i in 0..=1000 {
        let value;
        (value, model, state) = step.call((model, state, random::key(1, i), Tensor::scalar(5e-3f32)))?;
        if i % 100 == 0 {
            println!("step {i:4}  error {:.4}", value.item());
        }
    }
    let mut unseen = compile(|(model, key): (Adder<Var>, Var)| {
        let (x, y) = problem(key, 500);
        model.loss(x, y)
    });
    let error = unseen.call((model, random::key(2, 0)))?.item();
    println!("on unseen sequences: {error:.4} (remembering nothing: 0.667)");
    assert!(error < 0.02, "both numbers are remembered");
    Ok(())
}

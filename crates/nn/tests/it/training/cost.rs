//! What the loop costs beside the step that it runs.

use std::time::Instant;

use quadric_autodiff::DType;
use quadric_autodiff::Tensor;
use quadric_autodiff::trace::{Var, compile, random, value_and_grad_aux};
use quadric_nn::optimizers::State;
use quadric_nn::{Adam, Constant, Layer, Mode, Optimizer, cross_entropy, initial_state};

use super::{Net, NetTraining, loader, net, net_step};

/// Prints microseconds a step: a bare closure on batches that are there, with batches made by the loader, a `Step` with its metrics and its look for what is not
/// finite, and the loop with and without a record.
#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture cost"]
fn of_the_loop() {
    const STEPS: u64 = 4000;
    let data = loader(64, 1, 16).shuffled(1);
    let optimizer = Adam::new();
    let start = net(DType::F32, 0.1);
    let mut bare =
        compile(|(model, state, memory, x, y, rate, key): (Net<Var>, _, State<Net<Var>>, Var, Var, Var, Var)| {
            let loss = |m: Net<Var>| {
                let (z, state) = m.forward(x, &state, Mode::Train(Some(key)));
                (cross_entropy(z, y).mean(), state)
            };
            let ((value, state), gradient) = value_and_grad_aux(loss, &model);
            let (model, memory) = optimizer.update(&model, &gradient, &memory, rate);
            (value, model, state, memory)
        });
    let mut least = [f64::INFINITY; 5];
    let mut took = |which: usize, began: Instant| {
        least[which] = least[which].min(began.elapsed().as_secs_f64() * 1e6 / STEPS as f64);
    };
    for _ in 0..5 {
        for loads in [false, true] {
            let all: Vec<_> = data.epoch(0).map(|batch| batch.unwrap().pair().unwrap()).collect();
            let mut fresh = data.batches(Default::default()).map(|item| item.unwrap().1.pair().unwrap());
            let (mut model, mut state, mut memory) =
                (start.clone(), initial_state(&start).unwrap(), optimizer.init(&start));
            let mut sum = 0.0;
            let began = Instant::now();
            for t in 0..STEPS {
                let (x, y) = if loads { fresh.next().unwrap() } else { all[t as usize % all.len()].clone() };
                let value;
                (value, model, state, memory) =
                    bare.call((model, state, memory, x, y, Tensor::scalar(0.0), random::key(0, t))).unwrap();
                sum += value.item();
            }
            took(usize::from(loads), began);
            assert!(sum.is_finite());
        }
        let mut step = net_step(optimizer);
        let mut run = step.start_layer(start.clone()).unwrap();
        let batch = data.examples().batch(&(0..16).collect::<Vec<_>>()).unwrap();
        run = step.call(&run, batch.clone(), 0.0, 0).unwrap().0;
        let began = Instant::now();
        for t in 0..STEPS {
            run = step.call(&run, batch.clone(), 0.0, t).unwrap().0;
        }
        took(2, began);
        for (which, every) in [(3, 0), (4, 1)] {
            let training = NetTraining::of_layer(start.clone(), net_step(optimizer), Constant { rate: 0.0 });
            let mut training = training.unwrap().record_every(every);
            training.fit(&data, 1).unwrap();
            let began = Instant::now();
            training.fit(&data, 1 + STEPS / 4).unwrap();
            took(which, began);
        }
    }
    println!(
        "bare {:.1} µs, with the loader {:.1}, a step {:.1}, the loop {:.1}, with a record {:.1}",
        least[0], least[1], least[2], least[3], least[4]
    );
    assert!(least[3] < least[1] + 1000.0, "the loop costs a millisecond a step");
}

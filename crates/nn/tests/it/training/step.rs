//! One step.

use quadric_autodiff::trace::{Var, compile, cut, random, scalar, value_and_grad, value_and_grad_aux};
use quadric_autodiff::{Arithmetic, DType, Tensor, Tree, tensor};
use quadric_nn::data::Batch;
use quadric_nn::layers::Stateless;
use quadric_nn::optimizers::State;
use quadric_nn::training::Averaging;
use quadric_nn::{
    Activation, Adam, CrossEntropy, Layer, Mlp, Mode, Optimizer, Outcome, Sgd, Step, cross_entropy, initial_state,
};

use super::{Net, NetState, examples, net, net_step};
use crate::{flat, noisy, relative};

fn batch(n: usize) -> Batch {
    examples(n, 7, DType::F64).all()
}

#[test]
fn is_the_closure_that_one_would_write() {
    let optimizer = Adam::new();
    let mut step = net_step(optimizer);
    let start = net(DType::F64, 0.3);
    let mut run = step.start_layer(start.clone()).unwrap();
    let mut by_hand =
        compile(|(model, state, memory, x, y, rate, key): (Net<Var>, _, State<Net<Var>>, Var, Var, Var, Var)| {
            let key = random::split(key, 2)[0];
            let loss = |m: Net<Var>| {
                let (z, state) = m.forward(x, &state, Mode::Train(Some(key)));
                (cross_entropy(z, y).mean(), state)
            };
            let ((value, state), gradient) = value_and_grad_aux(loss, &model);
            let (model, memory) = optimizer.update(&model, &gradient, &memory, rate);
            (value, model, state, memory)
        });
    let (mut model, mut state, mut memory) = (start.clone(), initial_state(&start).unwrap(), optimizer.init(&start));
    for t in 0..5 {
        let (next, report) = step.call(&run, batch(10), 0.01, t).unwrap();
        run = next;
        let (x, y) = batch(10).pair().unwrap();
        let value;
        (value, model, state, memory) =
            by_hand.call((model, state, memory, x, y, Tensor::scalar(0.01), random::key(0, t))).unwrap();
        assert_eq!(report.metrics().get("loss"), Some(value.item()));
        assert!(run.model == model && run.state == state && model != start);
        let mine: Vec<&Tensor> = run.optimizer.moments.iter().flat_map(|tree| tree.leaves()).collect();
        assert_eq!(mine, memory.moments.iter().flat_map(|tree| tree.leaves()).collect::<Vec<_>>());
    }
}

/// SAM by hand, which runs the pass at two points.
fn sam(step: super::NetStep) -> super::NetStep {
    step.direction(|loss, params, _| {
        let (_, g) = value_and_grad(loss, params);
        value_and_grad(loss, &params.add_scaled(&g.normalized(), scalar(DType::F64, 0.5)))
    })
}

#[test]
fn the_state_is_that_of_the_first_pass() {
    let (mut plain, mut sharp) = (net_step(Sgd::new()), sam(net_step(Sgd::new())));
    let run = plain.start_layer(net(DType::F64, 0.0)).unwrap();
    let (after_plain, _) = plain.call(&run, batch(10), 0.1, 0).unwrap();
    let (after_sharp, report) = sharp.call(&run, batch(10), 0.1, 0).unwrap();
    assert!(after_plain.state == after_sharp.state && after_plain.state != run.state);
    assert!(after_plain.model != after_sharp.model);
    let results = report.metrics();
    assert!(results.get("objective").unwrap() > results.get("loss").unwrap() + 0.01);
    // One batch was counted, not one a pass.
    let state: &NetState = &after_sharp.state;
    assert_eq!(state.1.batches.item(), 1.0);
    // Of the same key, the passes drop the same entries: with radius 0 SAM is the gradient, to the bit.
    let still = net_step(Sgd::new()).direction(|loss, params, _| value_and_grad(loss, params));
    let (mut still, mut plain) = (still, net_step(Sgd::new()));
    let run = plain.start_layer(net(DType::F64, 0.5)).unwrap();
    let (a, _) = plain.call(&run, batch(10), 0.1, 4).unwrap();
    let (b, _) = still.call(&run, batch(10), 0.1, 4).unwrap();
    assert!(a.model == b.model && a.state == b.state);
    // And another key drops others.
    assert!(plain.call(&run, batch(10), 0.1, 5).unwrap().0.model != a.model);
}

type Mlps = Step<Mlp<Var>, Stateless<Var>>;

/// A network without a norm, whose loss ignores the label 1 in one half of the examples.
fn mlp_step() -> (Mlp, Mlps) {
    let pass = |m: &Mlp<Var>, s: &Stateless<Var>, batch: Batch<Var>, _: Mode| {
        let z = cut("logits", m.logits(batch.inputs));
        Outcome::new(CrossEntropy::new().ignore(7).apply(z, batch.target())).with_state(*s)
    };
    (Mlp::new(&[3, 6, 2], Activation::Gelu, DType::F64, 1), Step::new(Sgd::new(), pass))
}

fn ignoring_some(n: usize) -> Batch {
    let batch = batch(n);
    let labels: Vec<i32> = batch.targets.as_ref().unwrap().to_vec::<i32>();
    let labels: Vec<i32> = labels.iter().enumerate().map(|(i, y)| if i % 3 == 1 || i < 4 { 7 } else { *y }).collect();
    Batch { targets: Some(Tensor::from_vec(&labels)), ..batch }
}

#[test]
fn micro_batches_make_the_step_of_the_whole() {
    let (model, mut whole) = mlp_step();
    let run = whole.start(model.clone(), Stateless::default()).unwrap();
    let (expected, told) = whole.call(&run, ignoring_some(11), 0.5, 0).unwrap();
    for parts in [2, 3, 4, 11, 20] {
        let mut cut = mlp_step().1.accumulate(parts).clip_norm(1e9);
        let (got, report) = cut.call(&run, ignoring_some(11), 0.5, 0).unwrap();
        let off = relative(&flat(&got.model), &flat(&expected.model));
        assert!(off < 1e-15, "{parts} parts: {off:e}");
        let (a, b) = (report.metrics().get("loss").unwrap(), told.metrics().get("loss").unwrap());
        assert!((a - b).abs() < 1e-15, "{parts} parts: {a} and {b}");
        let mut normed = mlp_step().1.clip_norm(1e9);
        let norm = normed.call(&run, ignoring_some(11), 0.5, 0).unwrap().1.metrics().get("gradient norm").unwrap();
        assert!((report.metrics().get("gradient norm").unwrap() / norm - 1.0).abs() < 1e-14);
    }
    assert!(relative(&flat(&expected.model), &flat(&model)) > 1e-3);
    let mut cut = mlp_step().1.accumulate(2);
    let odd = Batch { weights: Some(tensor![1.0, 2.0]), ..ignoring_some(11) };
    let error = cut.call(&run, odd, 0.5, 0).err().unwrap().to_string();
    let sentence = "training: micro-batches are cut along axis 0, which must be of one size in all parts of the batch: \
                    f64[11,3], i32[11], f64[2]";
    assert!(error.starts_with(sentence), "{error}");
}

#[test]
fn a_part_is_trained_alone() {
    let mut step = net_step(Adam::new()).only("4.*");
    let run = step.start_layer(net(DType::F64, 0.0)).unwrap();
    assert_eq!(
        run.optimizer.leaf_names(),
        ["adam.0.4.weight", "adam.0.4.bias", "adam.1.4.weight", "adam.1.4.bias", "step"]
    );
    let (next, _) = step.call(&run, batch(10), 0.1, 0).unwrap();
    assert!(next.model.0 == run.model.0 && next.model.1 == run.model.1 && next.model.4 != run.model.4);
    let error = net_step(Sgd::new()).only("head.*").start_layer(net(DType::F64, 0.0)).err().unwrap().to_string();
    let sentence = "training: no parameter is trained: \"head.*\" selects none of 0.weight, 0.bias, 1.scale, 1.shift, 4.weight, 4.bias";
    assert!(error.starts_with(sentence), "{error}");
}

#[test]
fn directions_are_clipped_and_parameters_averaged() {
    let pass =
        |w: &Var, s: &Stateless<Var>, x: Var, _: Mode| Outcome::new((*w * x).sum() + x.sum() * 0.0).with_state(*s);
    let step = || Step::new(Sgd::new(), pass);
    let start = || step().start(tensor![0.0, 0.0], Stateless::default()).unwrap();
    let x = || tensor![3.0, -4.0];
    let (next, report) = step().clip_norm(1.0).call(&start(), x(), 1.0, 0).unwrap();
    assert_eq!(report.metrics().get("gradient norm"), Some(5.0));
    assert!(relative(&flat(&next.model), &[-0.6, 0.8]) < 1e-15);
    let (next, report) = step().clip_value(3.5).clip_norm(1e3).call(&start(), x(), 1.0, 0).unwrap();
    assert_eq!(next.model, tensor![-3.0, 3.5]);
    assert!((report.metrics().get("gradient norm").unwrap() - (9.0f64 + 3.5 * 3.5).sqrt()).abs() < 1e-14);

    let mut step_of = step().averaging(Averaging::Exponential(0.5));
    let mut run = step_of.start(tensor![0.0, 0.0], Stateless::default()).unwrap();
    assert_eq!(run.averaged(), tensor![0.0, 0.0]); // nothing yet
    for t in 0..3 {
        run = step_of.call(&run, x(), 1.0, t).unwrap().0;
    }
    // Parameters −3, −6, −9 with weights 1/7, 2/7, 4/7.
    assert!(relative(&flat(&run.averaged()), &[-51.0 / 7.0, 68.0 / 7.0]) < 1e-15);
    assert_eq!(run.model, tensor![-9.0, 12.0]);

    let mut step_of = step().averaging(Averaging::Epochs { from: 0 });
    let mut run = step_of.start(tensor![0.0, 0.0], Stateless::default()).unwrap();
    run = step_of.call(&run, x(), 1.0, 0).unwrap().0;
    assert_eq!(run.averaged(), tensor![-3.0, 4.0]);
    for t in 1..3 {
        run = step_of.call_at_end(&run, x(), 1.0, t).unwrap().0;
    }
    assert_eq!(run.averaged(), tensor![-7.5, 10.0]); // of −6 and −9
}

#[test]
fn mistakes_are_told_at_the_users_line() {
    let mut step = Step::new(Sgd::new(), |w: &Var, s: &Stateless<Var>, batch: Batch<Var>, _: Mode| {
        Outcome::new(*w * batch.target()).with_state(*s)
    });
    let run = step.start(tensor![1.0], Stateless::default()).unwrap();
    let error = step.call(&run, Batch::new(noisy(1, &[2])), 0.1, 0).err().unwrap().to_string();
    assert!(
        error.starts_with(
            "the targets of a batch were asked for, and it has none (crates/nn/tests/it/training/step.rs:"
        ),
        "{error}"
    );
    let error = step.start(tensor![1], Stateless::default()).err().unwrap().to_string();
    assert!(error.starts_with("training: no parameter is trained: none is of floats of "), "{error}");
}

#[test]
fn a_penalty_is_followed_and_told_with_the_loss() {
    let pass = |w: &Var, s: &Stateless<Var>, x: Var, mode: Mode| {
        let outcome = Outcome::new(*w * x).with_state(*s);
        if mode.is_training() { outcome.penalty((*w * *w).sum() * 0.5) } else { outcome }
    };
    let mut step = Step::new(Sgd::new(), pass);
    let run = step.start(tensor![2.0], Stateless::default()).unwrap();
    let (next, report) = step.call(&run, tensor![3.0, 5.0], 0.1, 0).unwrap();
    assert_eq!(report.metrics().get("loss"), Some(2.0 * 4.0 + 2.0));
    assert!((next.model.item() - (2.0 - 0.1 * (4.0 + 2.0))).abs() < 1e-15);
    let told = step.evaluate(&run.model, &run.state, tensor![3.0, 5.0]).unwrap();
    assert_eq!(told.results(), [("loss".to_string(), 8.0)]);
}

#[test]
fn the_numbers_are_the_same_on_any_number_of_threads() {
    let of = |threads: usize| {
        let mut step = net_step(Adam::new()).threads(threads);
        let run = step.start_layer(net(DType::F32, 0.3)).unwrap();
        step.call(&run, examples(64, 7, DType::F32).all(), 0.1, 3).unwrap().0.model
    };
    assert!(of(1) == of(2));
}

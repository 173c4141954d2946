//! Methods, derivatives and optimizers on a part of a model's parameters.

use quadric_autodiff::trace::{Var, compile, grad, hvp};
use quadric_autodiff::{Arithmetic, DType, Select, Selection, Tensor, Tree};
use quadric_nn::optimizers::State;
use quadric_nn::{Activation, Adam, Mlp, Optimizer, cross_entropy};
use quadric_regularization::{GradientPower, Sam};

use crate::{batch, direction, flat, network, relative, scalar};

const PART: &str = "layers.1.*";

/// What a method makes of the chosen part is what it makes of the whole model with everything else held by hand.
#[test]
fn a_method_on_a_part_is_the_method_of_the_function_of_that_part() {
    let (x, y) = batch();
    let mut on_part = compile(|(m, x, y, rho): (Mlp<Var>, Var, Var, Var)| {
        let part = m.select(PART);
        let loss = |part: Selection<Var>| cross_entropy(m.with_selected(&part).logits(x), y).mean();
        let sam = Sam { rho }.update(&loss, &part);
        let power = GradientPower { rho, power: 2.0 }.update(&loss, &part);
        (sam.direction, power.direction, sam.loss)
    });
    let mut by_hand = compile(|(m, x, y, rho): (Mlp<Var>, Var, Var, Var)| {
        let loss = |(w, b): (Var, Var)| {
            let mut m = m.clone();
            (m.layers[1].weight, m.layers[1].bias) = (w, Some(b));
            cross_entropy(m.logits(x), y).mean()
        };
        let part = (m.layers[1].weight, m.layers[1].bias.unwrap());
        let g = grad(loss, &part);
        let sam = grad(loss, &part.add_scaled(&g.normalized(), rho));
        let power = g.add_scaled(&hvp(loss, &part, &g), rho * 2.0);
        (sam, power, loss(part))
    });
    let args = (network(Activation::Gelu), x, y, scalar(0.1));
    let (ours, theirs) = (on_part.call(args.clone()).unwrap(), by_hand.call(args).unwrap());
    assert_eq!(ours.0.leaf_names(), ["layers.1.weight", "layers.1.bias"]);
    assert!(relative(&flat(&ours.0), &flat(&theirs.0)) < 1e-14);
    assert!(relative(&flat(&ours.1), &flat(&theirs.1)) < 1e-14);
    assert_eq!(ours.2, theirs.2);
}

#[test]
fn what_is_held_costs_no_product_of_the_backward_pass_and_stays() {
    let products = |pattern: &str| {
        let (x, y) = batch();
        let step = |(m, x, y): (Mlp<Var>, Var, Var)| {
            let part = m.select(pattern);
            let loss = |part: Selection<Var>| cross_entropy(m.with_selected(&part).logits(x), y).mean();
            grad(loss, &part)
        };
        let tape = quadric_autodiff::trace::trace(step, &(network(Activation::Tanh), x, y)).unwrap();
        tape.equations().iter().filter(|e| e.op.name() == "dot").count()
    };
    // Three forwards; one for each weight, and two to go back through the upper layers.
    assert_eq!((products("layers.2.*"), products("*")), (4, 8));
    let adam = Adam::new();
    let model = network(Activation::Tanh);
    let state = adam.init(&model.select(PART).unwrap());
    let mut step = compile(|(m, s, d, rate): (Mlp<Var>, State<Selection<Var>>, Mlp<Var>, Var)| {
        let (part, state) = adam.update(&m.select(PART), &d.select(PART), &s, rate);
        (m.with_selected(&part), state)
    });
    let (after, _) = step.call((model.clone(), state, direction(7, &model), Tensor::scalar(0.1))).unwrap();
    let moved: Vec<bool> = after.leaves().iter().zip(model.leaves()).map(|(a, b)| **a != *b).collect();
    assert_eq!(moved, [false, false, true, true, false, false]);
    assert_eq!(after.layers[0].weight.dtype(), DType::F64);
}

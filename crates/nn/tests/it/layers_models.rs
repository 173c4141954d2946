//! Networks that are put together from layers.

use quadric_autodiff::trace::{self, Var, compile, constant, cut, grad, hvp, jvp, random, value_and_grad_aux};
use quadric_autodiff::{Arithmetic, DType, Tensor, Tree, VarTree};
use quadric_nn::models::{ConvNet, LeNet5, ResNet, WideResNet};
use quadric_nn::{Adam, Layer, Optimizer, Run, StateOf, cross_entropy, initial_state};

use crate::support::{flat, noisy, relative};

fn parameters<H: Tree<Leaf = Tensor>>(model: &H) -> usize {
    model.leaves().iter().map(|leaf| leaf.size()).sum()
}

#[test]
fn networks_have_the_parameters_of_their_papers() {
    let f32 = DType::F32;
    assert_eq!(parameters(&LeNet5::new(10, f32, 1)), 61_706);
    assert_eq!(parameters(&ResNet::new(20, 3, 10, f32, 1)), 269_722);
    assert_eq!(parameters(&ResNet::new(32, 3, 10, f32, 1)), 464_154);
    assert_eq!(parameters(&WideResNet::new(16, 4, 3, 10, 0.0, f32, 1)), 2_748_890);
    assert_eq!(
        parameters(&ConvNet::new([1, 28, 28], &[16, 32], 10, f32, 1)),
        16 * 9 + 32 + 32 * 144 + 64 + 1568 * 10 + 10
    );
}

#[test]
fn leaves_are_named_by_what_they_are() {
    let names = ResNet::new(14, 3, 10, DType::F32, 1).leaf_names();
    let some = [
        "stem.0.weight",
        "stem.1.scale",
        "stages.0.first.0.branch.0.weight",
        "stages.0.rest.blocks.0.branch.1.shift",
        "stages.2.first.0.branch.4.scale",
        "head.1.bias",
    ];
    some.iter().for_each(|name| assert!(names.iter().any(|n| n == name), "{name} of {names:?}"));
}

/// As its parameters are: a field before it does not rename what a checkpoint holds.
#[test]
fn leaves_of_a_state_are_named_by_what_they_are() {
    let names = initial_state(&ResNet::new(14, 3, 10, DType::F32, 1)).unwrap().leaf_names();
    let some = ["stem.1.mean", "stages.0.first.0.branch.1.variance", "stages.2.rest.0.branch.4.batches"];
    some.iter().for_each(|name| assert!(names.iter().any(|n| n == name), "{name} of {names:?}"));
    let names = initial_state(&ConvNet::new([1, 4, 4], &[2], 3, DType::F64, 1)).unwrap().leaf_names();
    assert_eq!(names, ["blocks.0.1.mean", "blocks.0.1.variance", "blocks.0.1.batches"]);
}

#[test]
fn scopes_are_the_fields_and_lines_the_users() {
    let net = ConvNet::new([1, 4, 4], &[2], 3, DType::F64, 1);
    let state = initial_state(&net).unwrap();
    let f = |net: ConvNet<Var>| net.infer(constant(&noisy(1, &[2, 1, 4, 4])), &state.map_leaves(constant));
    let tape = trace::trace(f, &net).unwrap();
    let mut scopes: Vec<String> = tape.equations().iter().map(|e| e.label.scope_path()).collect();
    scopes.dedup();
    scopes.retain(|s| !s.is_empty());
    let expected = ["blocks/0/0/conv2d", "blocks/0/1/batch_norm", "blocks/0/2/relu", "blocks/0/3/max_pool2d"];
    assert_eq!(scopes, [&expected[..], &["head/0/flatten", "head/1/dense"]].concat());
    for e in tape.equations() {
        let line = e.label.user_line().unwrap().to_string();
        assert!(line.contains("tests/it/layers_models.rs"), "{line}");
    }
}

/// Value, gradient, Hessian product and what forward over forward says of it, in training.
fn to_second_order<H>(net: &H, x: &Tensor) -> (f64, Vec<f64>, Vec<f64>)
where
    H: Tree<Leaf = Tensor, With<Tensor> = H>,
    H::With<Var>: Layer + VarTree<Host = H>,
{
    let state = initial_state(net).unwrap();
    let v = {
        let mut seed = 50;
        net.map_leaves(|leaf| {
            seed += 1;
            noisy(seed, leaf.shape()).to_dtype(leaf.dtype())
        })
    };
    let labels = Tensor::from_vec(&(0..x.shape()[0] as i32).map(|i| i % 3).collect::<Vec<i32>>());
    let mut run = compile(|(net, v, x): (H::With<Var>, H::With<Var>, Var)| {
        let loss = |net: H::With<Var>| {
            let (z, _) = net.train(x, &state.map_leaves(constant), constant(&random::key(1, 2)));
            cross_entropy(cut("logits", z), constant(&labels)).mean()
        };
        let h_v = hvp(loss, &net, &v);
        let slope = |net: H::With<Var>| jvp(loss, &net, &v).1;
        (loss(net.clone()), grad(loss, &net), h_v.clone(), (h_v.dot(&v), jvp(slope, &net, &v).1))
    });
    let (value, g, h, (reverse, forward)) = run.call((net.clone(), v, x.clone())).unwrap();
    assert!((reverse.item() - forward.item()).abs() < 1e-10 * forward.item().abs(), "{reverse} {forward}");
    (value.item(), flat(&g), flat(&h))
}

#[test]
fn the_ways_to_run_equal_blocks_agree_to_second_order() {
    let x = noisy(1, &[3, 2, 8, 8]);
    let res_net = ResNet::with_width(20, 2, 2, 3, DType::F64, 1);
    let wide = WideResNet::new(16, 1, 2, 3, 0.3, DType::F64, 1);
    let expected = (to_second_order(&res_net, &x), to_second_order(&wide, &noisy(2, &[2, 2, 4, 4])));
    for run in [Run::WrittenOut, Run::Checkpoints] {
        let got = (
            to_second_order(&res_net.clone().run(run), &x),
            to_second_order(&wide.clone().run(run), &noisy(2, &[2, 2, 4, 4])),
        );
        for (got, expected) in [(got.0, &expected.0), (got.1, &expected.1)] {
            assert!((got.0 - expected.0).abs() < 1e-13, "{run:?}");
            assert!(relative(&got.1, &expected.1) < 1e-12, "{run:?}");
            assert!(relative(&got.2, &expected.2) < 1e-12, "{run:?}");
        }
    }
}

/// A deeper network of equal blocks is the same program with a longer loop.
#[test]
fn the_program_of_a_res_net_does_not_grow_with_its_depth() {
    let equations = |depth: usize| {
        let net = ResNet::with_width(depth, 2, 2, 3, DType::F64, 1);
        let state = initial_state(&net).unwrap();
        let f = |(net, state): (ResNet<Var>, <StateOf<ResNet> as Tree>::With<Var>)| {
            let loss = |net: ResNet<Var>| net.train(constant(&noisy(1, &[2, 2, 8, 8])), &state, None).0.powi(2).sum();
            hvp(loss, &net, &net)
        };
        trace::trace(f, &(net, state)).unwrap().to_string().lines().count()
    };
    assert_eq!(equations(14), equations(44));
}

#[test]
fn networks_learn_and_their_statistics_follow() {
    fn learns<H>(name: &str, net: H, x: &Tensor)
    where
        H: Tree<Leaf = Tensor, With<Tensor> = H>,
        H::With<Var>: Layer + VarTree<Host = H>,
    {
        let labels = Tensor::from_vec(&(0..x.shape()[0] as i32).map(|i| i % 3).collect::<Vec<i32>>());
        let optimizer = Adam::new();
        let (mut net, mut state, mut moments) = (net.clone(), initial_state(&net).unwrap(), optimizer.init(&net));
        let mut step = compile(|(net, state, moments, key): (H::With<Var>, <H::With<Var> as Layer>::State, _, Var)| {
            let loss = |net: H::With<Var>| {
                let (z, state) = net.train(constant(x), &state, key);
                (cross_entropy(z, constant(&labels)).mean(), state)
            };
            let ((value, state), grad) = value_and_grad_aux(loss, &net);
            let (net, moments) = optimizer.update(&net, &grad, &moments, key.number(0.0).convert(DType::F64) + 0.01);
            (value, net, state, moments)
        });
        let mut values = Vec::new();
        for i in 0..25 {
            let (value, next, after, m) = step.call((net, state, moments, random::key(1, i))).unwrap();
            (net, state, moments) = (next, after, m);
            values.push(value.item());
        }
        assert!(values[24] < 0.3 * values[0], "{name}: {values:?}");
        // What was learned is there in inference too, by the running statistics.
        let mut infer = compile(|(net, state, x): (H::With<Var>, <H::With<Var> as Layer>::State, Var)| {
            cross_entropy(net.infer(x, &state), constant(&labels)).mean()
        });
        let loss = infer.call((net, state, x.clone())).unwrap().item();
        assert!(loss < 0.7 * values[0], "{name}: {loss} of {values:?}");
    }
    let images = noisy(1, &[12, 1, 8, 8]);
    learns("conv_net", ConvNet::new([1, 8, 8], &[4, 8], 3, DType::F64, 1), &images);
    learns("res_net", ResNet::with_width(14, 4, 1, 3, DType::F64, 1), &images);
    learns("le_net", LeNet5::new(3, DType::F64, 1), &noisy(1, &[6, 1, 28, 28]));
}

#[test]
#[should_panic(expected = "ResNet: the depth 18 is not 6 n + 2")]
fn a_depth_that_is_not_of_its_kind_is_told() {
    let _ = ResNet::new(18, 3, 10, DType::F32, 1);
}

//! Layers put together: tuples, stacks, residuals, with state and keys.

use quadric_autodiff::trace::{Var, compile, grad, hvp, random};
use quadric_autodiff::{DType, ErrorKind, Tensor, Tree};
use quadric_nn::{
    Activate, Activation, BatchNorm, Dense, Dropout, Layer, Mode, Residual, Run, Stack, StateOf, generator,
    initial_state,
};

use crate::support::{flat, noisy, relative};

type Block<T = Tensor> = (Residual<Dense<T>>, BatchNorm<T>, Activate<T>, Dropout<T>);

fn blocks(n: usize) -> Vec<Block> {
    let rng = &mut generator(3);
    let block = |_| {
        let dense = Dense::new(4, 4, DType::F64, rng);
        (Residual::new(dense), BatchNorm::new(4, DType::F64), Activate::new(Activation::Tanh), Dropout::new(0.3))
    };
    (0..n).map(block).collect()
}

#[test]
fn a_stack_is_its_blocks_one_after_the_other_in_value_state_and_second_order() {
    let (x, key) = (noisy(1, &[6, 4]), random::key(1, 0));
    let one_by_one = blocks(3);
    let state = initial_state(&one_by_one).unwrap();
    type Blocks<T> = Vec<Block<T>>;
    let mut expected = compile(|(m, s, x, key): (Blocks<Var>, StateVec<Var>, Var, Var)| {
        let f = |m: Blocks<Var>| m.train(x, &s, key).0.powi(2).sum();
        (m.train(x, &s, key), grad(f, &m), hvp(f, &m, &m))
    });
    let ((y, after), g, h) = expected.call((one_by_one.clone(), state, x.clone(), key.clone())).unwrap();
    for run in [Run::Loop, Run::WrittenOut, Run::Checkpoints] {
        let stack = Stack::new(one_by_one.clone()).unwrap().run(run);
        assert_eq!(stack.unstack().unwrap(), one_by_one);
        let state = initial_state(&stack).unwrap();
        let mut ours = compile(|(m, s, x, key): (Stack<Block<Var>>, StateTuple<Var>, Var, Var)| {
            let f = |m: Stack<Block<Var>>| m.train(x, &s, key).0.powi(2).sum();
            (m.train(x, &s, key), grad(f, &m), hvp(f, &m, &m))
        });
        let ((y2, after2), g2, h2) = ours.call((stack.clone(), state, x.clone(), key.clone())).unwrap();
        assert_eq!(y2, y);
        let stacked = |parts: Vec<Block>| flat(&Stack::new(parts).unwrap());
        assert!(relative(&flat(&g2), &stacked(g.clone())) < 1e-14, "{run:?}");
        assert!(relative(&flat(&h2), &stacked(h.clone())) < 1e-14, "{run:?}");
        let rows = |i: usize| after.iter().flat_map(move |s| s.1.leaves()[i].to_f64_vec()).collect::<Vec<f64>>();
        for i in 0..3 {
            assert_eq!(after2.leaves()[i].to_f64_vec(), rows(i), "{run:?}");
        }
    }
}

type StateTuple<T> = <StateOf<Block> as Tree>::With<T>;
type StateVec<T> = Vec<StateTuple<T>>;

/// Blocks draw by keys of their own: with the key of the first in all, all would drop the same.
#[test]
fn two_blocks_of_a_stack_drop_by_two_keys() {
    for run in [Run::Loop, Run::WrittenOut, Run::Checkpoints] {
        let stack = Stack::new(blocks(2)).unwrap().run(run);
        let mut f = compile(|(m, x, key): (Stack<Block<Var>>, Var, Var)| {
            let mode = Mode::Train(Some(key));
            m.fold(x, &m.keys(mode), |block, x, keys| {
                let dropout = block.3;
                (x, dropout.forward(x, &dropout.initial_state(), mode.with_row(&keys)).0)
            })
        });
        let ones = Tensor::from_fn(DType::F64, [8, 8], |_| 1.0);
        let masks = f.call((stack, ones, random::key(1, 0))).unwrap().1.to_f64_vec();
        assert!(masks.contains(&0.0) && masks[..64] != masks[64..], "{run:?}: {masks:?}");
    }
}

#[test]
fn the_size_of_a_stacks_program_does_not_depend_on_its_depth() {
    let equations = |n: usize| {
        let stack = Stack::new(blocks(n)).unwrap();
        let state = initial_state(&stack).unwrap();
        let f = |(m, s, x, key): (Stack<Block<Var>>, StateTuple<Var>, Var, Var)| {
            let f = |m: Stack<Block<Var>>| m.train(x, &s, key).0.powi(2).sum();
            hvp(f, &m, &m)
        };
        let tape = quadric_autodiff::trace::trace(f, &(stack, state, noisy(1, &[6, 4]), random::key(1, 0))).unwrap();
        tape.to_string().lines().count()
    };
    assert_eq!(equations(3), equations(30));
}

/// Nothing counts blocks without parameters, state or keys but the stack itself.
#[test]
fn a_stack_of_blocks_without_parameters_is_run_as_often_as_it_says() {
    let x = noisy(1, &[2, 3]);
    for run in [Run::Loop, Run::WrittenOut, Run::Checkpoints] {
        let tanh = Stack::new(vec![Activate::new(Activation::Tanh); 3]).unwrap().run(run);
        let mut infer = compile(|(m, x): (Stack<Activate<Var>>, Var)| {
            let f = |x: Var| m.infer(x, &m.initial_state());
            (f(x), grad(|x: Var| f(x).sum(), &x))
        });
        let mut thrice = compile(|x: Var| {
            let f = |x: Var| x.tanh().tanh().tanh();
            (f(x), grad(|x: Var| f(x).sum(), &x))
        });
        let (ours, theirs) = (infer.call((tanh, x.clone())).unwrap(), thrice.call(x.clone()).unwrap());
        assert_eq!(ours.0, theirs.0, "{run:?}");
        assert!(relative(&flat(&ours.1), &flat(&theirs.1)) < 1e-14, "{run:?}");
        let dropouts = Stack::new(vec![Dropout::new(0.5); 2]).unwrap().run(run);
        let y = compile(|(m, x): (Stack<Dropout<Var>>, Var)| m.infer(x, &m.initial_state()));
        let mut y = y;
        assert_eq!(y.call((dropouts, x.clone())).unwrap(), x, "{run:?}");
    }
}

#[test]
fn a_stack_whose_length_is_not_its_blocks_is_told() {
    let of = |length: usize| Stack { length, ..Stack::new(blocks(3)).unwrap() };
    let told = |length: usize, run: Run| {
        let forward = |(m, x): (Stack<Block<Var>>, Var)| m.infer(x, &m.initial_state());
        let error = compile(forward).call((of(length).run(run), noisy(1, &[6, 4]))).unwrap_err().to_string();
        error.rsplit_once(" (crates/nn/tests/it/composition.rs:").expect("this file").0.to_owned()
    };
    for run in [Run::Loop, Run::WrittenOut, Run::Checkpoints] {
        for length in [2, 4] {
            let what = format!("stack: f64[3,4,4] has not a row for each of the {length} blocks");
            assert_eq!(told(length, run), what);
        }
        assert_eq!(told(0, run), "stack: there is no block");
    }
}

#[test]
fn a_stack_of_blocks_that_differ_is_told_and_so_is_one_that_cannot_go_on() {
    let rng = &mut generator(1);
    let of = |sizes: [usize; 2], rng: &mut _| Dense::new(sizes[0], sizes[1], DType::F64, rng);
    let told = |blocks: Vec<Dense>| Stack::new(blocks).unwrap_err();
    assert_eq!(told(vec![]).to_string(), "stack: there is no block");
    let error = told(vec![of([2, 2], rng), of([2, 2], rng).without_bias()]);
    assert_eq!(error.to_string(), "stack: block 1 differs from block 0 in structure or settings");
    assert_eq!(told(vec![of([2, 2], rng), of([2, 3], rng)]).kind(), ErrorKind::Shape);
    let narrowing = Stack::new(vec![of([2, 3], rng)]).unwrap();
    let error = compile(|(m, x): (Stack<Dense<Var>>, Var)| m.infer(x, &m.initial_state()))
        .call((narrowing, noisy(1, &[5, 2])))
        .unwrap_err();
    let told = error.to_string();
    let what = "stack: a block takes f64[5,2] and gives f64[5,3]: the next one cannot take it (crates/nn/tests/it/composition.rs";
    assert!(told.starts_with(what), "{told}");
}

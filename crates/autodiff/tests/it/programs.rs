//! Compiled programs: results that are shared, returned twice, or arguments themselves; donated storage; the cache.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::trace::{self, CompileOptions, Var, checkpoint, compile, constant, grad};
use quadric_autodiff::{DType, Tensor, tensor};

use super::support::{ROADS, run, run_all};

/// An argument, a constant, a result twice, a reshaped result, a moved argument.
fn odd(x: Var) -> Vec<Var> {
    let y = x.exp();
    vec![x, constant(&tensor![1.0, 2.0, 3.0]), y, y, y.reshape([2, 2]), x.reshape([2, 2]).t(), x.number(4.0), y.sum()]
}

#[test]
fn results_may_be_anything() {
    let x = tensor![0.0, 1.0, -1.0, 2.0];
    let tape = trace::trace(odd, &x).unwrap();
    for road in ROADS {
        let out = run(&tape, std::slice::from_ref(&x), road);
        assert_eq!(out[0], x);
        assert_eq!(out[1], tensor![1.0, 2.0, 3.0]);
        assert_eq!(out[2], out[3]);
        assert_eq!(out[4], out[2].reshaped([2, 2]));
        assert_eq!(out[5], tensor![[0.0, -1.0], [1.0, 2.0]]);
        assert_eq!(out[6], Tensor::scalar(4.0));
    }
}

#[test]
fn a_replay_does_not_touch_results_that_were_handed_out() {
    let x = tensor![0.0, 1.0, -1.0, 2.0];
    let tape = trace::trace(odd, &x).unwrap();
    let mut program = Program::new(&tape, &Options::default());
    let first = program.call(&[&x]).unwrap();
    let copies: Vec<Vec<f64>> = first.iter().map(Tensor::to_f64_vec).collect();
    let mut kept = Vec::new();
    for i in 0..10 {
        // Some are kept and some let go, so that pooled storage comes back in every order.
        let again = program.call(&[&tensor![f64::from(i), 0.5, 0.25, -0.5]]).unwrap();
        kept.extend(again.into_iter().skip(i as usize % 8).step_by(2));
    }
    assert_eq!(first.iter().map(Tensor::to_f64_vec).collect::<Vec<_>>(), copies);
}

#[test]
fn run_writes_into_what_it_is_given() {
    let x = tensor![0.0, 1.0, -1.0, 2.0];
    let tape = trace::trace(odd, &x).unwrap();
    let mut program = Program::new(&tape, &Options::default());
    let expected = program.call(&[&x]).unwrap();
    // Wrong types, shared storage, the last results: whatever stands there.
    let mut outputs: Vec<Tensor> = expected.iter().map(|_| Tensor::scalar(false)).collect();
    for _ in 0..3 {
        program.run(&[&x], &mut outputs).unwrap();
        assert_eq!(outputs, expected);
    }
    let shared = outputs.clone();
    program.run(&[&tensor![1.0, 1.0, 1.0, 1.0]], &mut outputs).unwrap();
    assert_eq!(shared, expected, "storage that somebody else holds is not written to");
    assert_ne!(outputs, expected);
    // An error leaves results that can be used again.
    assert!(program.run(&[&tensor![1.0]], &mut outputs).is_err());
    program.run(&[&x], &mut outputs).unwrap();
    assert_eq!(outputs, expected);
}

#[test]
fn a_clone_that_is_written_to_does_not_change_the_tensor() {
    let x = tensor![1.0, 2.0];
    let mut y = x.clone();
    y.as_mut_slice::<f64>()[0] = 5.0;
    assert_eq!((x, y), (tensor![1.0, 2.0], tensor![5.0, 2.0]));
}

#[test]
fn other_shapes_are_traced_anew_and_old_programs_go() {
    let mut calls = compile(|x: Var| (x * x).sum()).with_options(CompileOptions { cached: 2, ..Default::default() });
    for n in [1, 2, 1, 2, 3, 1] {
        let x = Tensor::from_fn(DType::F64, [n], |i| i as f64 + 1.0);
        let want: f64 = (1..=n).map(|i| (i * i) as f64).sum();
        assert_eq!(calls.call(x).unwrap(), Tensor::scalar(want));
    }
    // 3 put out 1, and 1 put out 2.
    assert_eq!(calls.evictions(), 2);
    assert_eq!(calls.call(tensor![1.0f32, 2.0]).unwrap(), Tensor::scalar(5.0f32));
}

#[test]
fn a_checkpoint_lowers_the_peak() {
    let x = Tensor::from_fn(DType::F64, [64, 64], |i| (i as f64 * 0.37).sin());
    let block = |x: Var, w: Var| (0..4).fold(x, |x, _| (x.matmul(w).tanh() + x.sin()) * 0.5);
    let plain = move |(x, w): (Var, Var)| (0..6).fold(x, |x, _| block(x, w)).sum();
    let kept = move |(x, w): (Var, Var)| (0..6).fold(x, |x, _| checkpoint(|x: Var| block(x, w), &x)).sum();
    let program = |f: &dyn Fn((Var, Var)) -> Var| {
        let tape = trace::trace(|p: (Var, Var)| grad(f, &p), &(x.clone(), x.clone())).unwrap();
        let mut program = Program::new(&tape, &Options::default());
        (program.buffer_bytes(), program.call(&[&x, &x]).unwrap())
    };
    let ((much, a), (little, b)) = (program(&plain), program(&kept));
    // What is added up within a block first is rounded in another order, and that is all.
    for (a, b) in a.iter().zip(&b) {
        for (a, b) in a.to_f64_vec().iter().zip(b.to_f64_vec()) {
            assert!((a - b).abs() < 1e-14, "{a} and {b}");
        }
    }
    assert!(little * 10 < much * 8, "with checkpoints {little} bytes, without {much}");
}

/// A loop's body may hand its input on as it is, as a state or as a result, and two states may become one: the next step
/// writes where nobody reads any more.
#[test]
fn a_loop_may_return_what_it_was_given() {
    type Body = fn((Var, Var), Var) -> ((Var, Var), Var);
    let bodies: [Body; 6] = [
        |(s, u), r| ((r, u + s), s * r),
        |(s, u), r| ((s * r, u), r),
        |(s, u), r| ((u, s), r * s),
        |(s, _), r| ((s, s), r + s),
        |(s, u), r| ((s * 2.0, u), r + 1.0),
        |(_, u), r| ((constant(&Tensor::scalar(0.5)), r), u),
    ];
    let x = tensor![0.7, -0.4, 1.1, 0.3];
    for (k, body) in bodies.iter().enumerate() {
        let summed = |((s, u), y): ((Var, Var), Var)| s + u * 2.0 + (y * y).sum();
        let rolled = |x: Var| summed(trace::scan(body, &(x.sum(), x.mean()), &x));
        let unrolled = |x: Var| {
            let (mut state, mut results) = ((x.sum(), x.mean()), Vec::new());
            for t in 0..4 {
                let (next, y) = body(state, x.slice(0, t..t + 1).sum());
                state = next;
                results.push(y.reshape([1]));
            }
            summed((state, trace::concat(&results, 0)))
        };
        for order in 0..3 {
            let run = |f: &dyn Fn(Var) -> Var| -> Vec<f64> {
                let f = |x: Var| match order {
                    0 => f(x),
                    1 => grad(f, &x),
                    _ => trace::hessian(f, &x),
                };
                let tape = trace::trace(f, &x).unwrap();
                run_all(&tape, std::slice::from_ref(&x))[0].to_f64_vec()
            };
            for (a, b) in run(&rolled).iter().zip(run(&unrolled)) {
                assert!((a - b).abs() < 1e-12, "body {k}, order {order}: {a} and {b}");
            }
        }
    }
}

/// The planner bounds its search for paths, or compiling would grow with a higher power of the length of the tape.
#[test]
fn long_tapes_compile() {
    let f = |x: Var| {
        let step = |y: Var, i: usize| if i.is_multiple_of(50) { y + y.sum() } else { (y * x).sin() };
        (0..4000).fold(x, step).sum()
    };
    let tape = trace::trace(|x: Var| grad(f, &x), &tensor![0.3, 0.4]).unwrap();
    assert!(tape.equations().len() > 20_000);
    let g = Program::new(&tape, &Options::default()).call(&[&tensor![0.3, 0.4]]).unwrap();
    assert!(g[0].to_f64_vec().iter().all(|x| x.is_finite()));
}

//! Frozen residuals: the parts of a Hessian, through everything that may lie in between, and one order higher.

use quadric_autodiff::ops::{self, Residual, op};
use quadric_autodiff::reference::Array;
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::tape::{Builder, Tape, Value};
use quadric_autodiff::trace::{
    self, Var, checkpoint, constant, custom_pointwise, cut, grad, hvp_of_part, hvps, nonlinear_scope, scan, scope, vmap,
};
use quadric_autodiff::transform::{self, Freeze, Part};
use quadric_autodiff::{Tensor, tensor};
use quadric_gradcheck as gradcheck;

use super::support::*;

fn parts() -> [Part; 6] {
    [
        Part::Hessian,
        Part::gauss_newton("z"),
        Part::nme("z"),
        Part::activation_nme("z"),
        Part::multilinear_nme("z"),
        Part::remainder("z"),
    ]
}

fn data() -> Tensor {
    tensor![[0.9, -0.3, 0.4], [-0.7, 0.8, 0.1], [0.2, 0.6, -1.1], [0.5, -0.4, 0.3]]
}

/// x · Φ(x), composed: its product is no product of the model.
fn gelu(x: Var) -> Var {
    nonlinear_scope("gelu", || x * ((x * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5)
}

/// Cross entropy of a network with one hidden layer, and a penalty on its weights. `how` wraps the hidden layer.
fn loss(how: usize) -> impl Fn((Var, Var)) -> Var {
    move |(first, second): (Var, Var)| {
        let x = constant(&data());
        let layer = |w: Var| {
            let h = x.matmul(w);
            match how {
                0 => h.tanh(),
                1 => gelu(h),
                2 => checkpoint(|w: Var| x.matmul(w).tanh(), &w),
                3 => custom_pointwise("tanh", h, Var::tanh, |x| x.tanh() * x.tanh() * -1.0 + 1.0),
                4 => vmap(|row: Var| row.reshape([1, 3]).matmul(w).tanh().reshape([2]), &x),
                _ => scan(|s: Var, row: Var| (s, row.reshape([1, 3]).matmul(w).tanh().reshape([2])), &x.sum(), &x).1,
            }
        };
        let z = cut("z", scope("hidden", || layer(first)).matmul(second));
        let shifted = z - z.max_axes(&[-1]).stop_gradient().reshape([4, 1]);
        let sum = shifted.exp().sum_axes(&[-1]).log();
        (sum - shifted.slice(1, 0..1).reshape([4])).mean() + (first * first).sum() * 0.3 + second.powi(4).sum() * 0.1
    }
}

type Weights = (Tensor, Tensor);

fn weights() -> (Weights, Weights) {
    let mut rng = Rng(3);
    let mut matrix =
        |shape: [usize; 2]| Tensor::from_fn(quadric_autodiff::DType::F64, shape, |_| rng.between(-1.0, 1.0));
    ((matrix([3, 2]), matrix([2, 3])), (matrix([3, 2]), matrix([2, 3])))
}

fn flat((a, b): &Weights) -> Vec<f64> {
    [a.to_f64_vec(), b.to_f64_vec()].concat()
}

fn shaped(x: &[f64]) -> Weights {
    let part = |range: std::ops::Range<usize>, shape: [usize; 2]| Tensor::new(shape, &x[range]).unwrap();
    (part(0..6, [3, 2]), part(6..12, [2, 3]))
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn off(a: &[f64], b: &[f64]) -> f64 {
    norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>()) / norm(b)
}

fn sum(parts: &[&Vec<f64>]) -> Vec<f64> {
    (0..parts[0].len()).map(|i| parts.iter().map(|p| p[i]).sum()).collect()
}

#[test]
fn the_parts_add_up_and_none_is_empty() {
    for how in 0..6 {
        let (w, v) = weights();
        // Each from a sweep of its own, never one from the others.
        let [h, g, n, a, m, r] = parts().map(|p| flat(&hvp_of_part(&p, loss(how), &w, &v).unwrap()));
        assert!(off(&sum(&[&g, &n, &r]), &h) < 1e-13, "{how}: H = G + N + R");
        assert!(off(&sum(&[&a, &m]), &n) < 1e-13, "{how}: N = A + M");
        for (name, part) in [("G", &g), ("N", &n), ("A", &a), ("M", &m), ("R", &r)] {
            assert!(norm(part) > 1e-2 * norm(&h), "{how}: {name} is empty");
        }
        // All at once gives the same.
        let (gradient, all) = hvps(&parts(), loss(how), &w, &v).unwrap();
        assert!(off(&flat(&gradient), &flat(&grad(loss(how), &w).unwrap())) < 1e-14);
        for (one, of_all) in [h, g, n, a, m, r].iter().zip(&all) {
            assert!(off(&flat(of_all), one) < 1e-14, "{how}");
        }
    }
}

#[test]
fn a_part_is_the_same_through_checkpoint_custom_vmap_and_scan() {
    let (w, v) = weights();
    for part in parts() {
        let plain = flat(&hvp_of_part(&part, loss(0), &w, &v).unwrap());
        for how in [2, 3, 4, 5] {
            let other = flat(&hvp_of_part(&part, loss(how), &w, &v).unwrap());
            assert!(off(&other, &plain) < 1e-13, "{part:?} through {how}: {other:?} and {plain:?}");
        }
    }
}

/// G = Jᵀ H_L J by hand, from tapes that know no freeze.
#[test]
fn gauss_newton_is_what_its_definition_says() {
    let (w, v) = weights();
    let g = flat(&hvp_of_part(&Part::gauss_newton("z"), loss(0), &w, &v).unwrap());
    let model = |(first, second): (Var, Var)| constant(&data()).matmul(first).tanh().matmul(second);
    let outer = |z: Var| {
        let sum = z.exp().sum_axes(&[-1]).log();
        (sum - z.slice(1, 0..1).reshape([4])).mean()
    };
    let (z, z_dot) = trace::jvp(model, &w, &v).unwrap();
    let h_z = trace::hvp(outer, &z, &z_dot).unwrap();
    let (_, by_hand) = trace::vjp(model, &w, &h_z).unwrap();
    assert!(off(&g, &flat(&by_hand)) < 1e-13);
    // R is the penalty's own Hessian: 0.6 v and 1.2 w² v.
    let r = flat(&hvp_of_part(&Part::remainder("z"), loss(0), &w, &v).unwrap());
    let (w, v) = (flat(&w), flat(&v));
    let expected: Vec<f64> = (0..12).map(|i| if i < 6 { 0.6 * v[i] } else { 1.2 * w[i] * w[i] * v[i] }).collect();
    assert!(off(&r, &expected) < 1e-13);
}

#[test]
fn the_multilinear_part_has_no_trace_even_where_activations_are_composed() {
    let (w, _) = weights();
    for how in [0, 1] {
        let trace_of = |part: &Part| -> f64 {
            (0..12)
                .map(|i| {
                    let e: Vec<f64> = (0..12).map(|k| f64::from(u8::from(i == k))).collect();
                    flat(&hvp_of_part(part, loss(how), &w, &shaped(&e)).unwrap())[i]
                })
                .sum()
        };
        let (m, a) = (trace_of(&Part::multilinear_nme("z")), trace_of(&Part::activation_nme("z")));
        assert!(m.abs() < 1e-14, "{how}: tr M = {m}");
        assert!(a.abs() > 1e-3, "{how}: tr A = {a}");
    }
}

/// vᵀ P(θ) v for a part P, and its gradient by reverse mode over the frozen tape.
fn quadratic(part: &Part, how: usize) -> impl Fn((Var, Var)) -> Var {
    let part = part.clone();
    let v = weights().1;
    move |w: (Var, Var)| {
        let v = (constant(&v.0), constant(&v.1));
        let (a, b) = hvp_of_part(&part, loss(how), &w, &v);
        (a * v.0).sum() + (b * v.1).sum()
    }
}

#[test]
fn a_part_can_be_differentiated_again() {
    let (w, _) = weights();
    for how in 0..6 {
        for part in parts() {
            let value = trace::compile(quadratic(&part, how));
            let value = std::cell::RefCell::new(value);
            let f = |x: &[f64]| value.borrow_mut().call(shaped(x)).unwrap().item();
            let g = |x: &[f64]| flat(&grad(quadratic(&part, how), &shaped(x)).unwrap());
            gradcheck::gradient(f, g, &flat(&w)).unwrap();
        }
    }
}

/// The vjp tape with residuals outside the part stopped instead of frozen: G by `stop_gradient`.
fn stopped(reverse: &Tape, freeze: &Freeze) -> Tape {
    let mut b = Builder::new("stopped");
    let mut map: Vec<Option<Value>> = vec![None; reverse.value_count()];
    for v in reverse.inputs() {
        map[v.index()] = Some(b.input(reverse.type_of(*v).clone()));
    }
    for e in reverse.equations() {
        let inputs: Vec<Value> = e.inputs.iter().map(|v| map[v.index()].unwrap()).collect();
        let frozen = e.op.downcast::<Residual>().is_some_and(|r| freeze.freezes(r));
        let primitive = if frozen { op(ops::StopGradient) } else { e.op.clone() };
        let outputs = b.emit_all(primitive, &inputs, e.bodies.clone()).unwrap();
        for (v, y) in e.outputs.iter().zip(outputs) {
            map[v.index()] = Some(y);
        }
    }
    b.finish(reverse.outputs().iter().map(|v| map[v.index()].unwrap()).collect()).unwrap()
}

/// The reason for freezing: a `stop_gradient` gives the same product and a wrong next derivative, silently.
#[test]
fn a_stop_gradient_in_its_place_would_be_wrong_one_order_higher() {
    let (w, v) = weights();
    let tape = trace::trace(loss(0), &w).unwrap();
    let reverse = transform::vjp(&tape, &[true, true]).unwrap();
    let one = Tensor::scalar(1.0);
    let zero = Tensor::scalar(0.0);
    for part in [Part::gauss_newton("z"), Part::nme("z")] {
        let freeze = Freeze { sweep: reverse.sweep, live: part };
        let frozen = transform::jvp_frozen(&reverse.tape, &[true, true, true], Some(&freeze)).unwrap().tape;
        let stopped = transform::jvp(&stopped(&reverse.tape, &freeze), &[true, true, true]).unwrap().tape;
        let args = [&w.0, &w.1, &one, &v.0, &v.1, &zero].map(Clone::clone);
        // Outputs: value, gradient (2), tangent of the value, product (2).
        let (right, same) = (truth(&frozen, &exact(&args)), truth(&stopped, &exact(&args)));
        for (a, b) in right.iter().zip(&same) {
            assert!(apart(a, b) < 1e-28, "the product itself is the same");
        }
        // d/dθ of ⟨v, P v⟩, by reverse mode, against differences of the right one.
        let seeds = [&zero, &Tensor::zeros(w.0.ty().clone()), &Tensor::zeros(w.1.ty().clone()), &zero, &v.0, &v.1];
        let next: Vec<Tensor> = args.iter().chain(seeds).cloned().collect();
        let gradient = |product: &Tape| -> Vec<Array<Dd>> {
            let out = truth(&backward(product), &exact(&next));
            out[6..8].to_vec()
        };
        let (frozen_next, stopped_next) = (gradient(&frozen), gradient(&stopped));
        let mut rng = Rng(9);
        let u = [direction(w.0.ty(), &mut rng), direction(w.1.ty(), &mut rng)];
        let held: Vec<Array<Dd>> = args[2..].iter().map(|t| zeros(t.ty())).collect();
        let moved = differences(&frozen, &exact(&args), &[exact(&u), held].concat());
        let expected = dot(&exact(&[v.0.clone(), v.1.clone()]), &moved[4..6]).0.to_f64();
        let along = |g: &[Array<Dd>]| dot(g, &exact(&u)).0.to_f64();
        let wrong = (along(&stopped_next) - expected) / expected;
        assert!((along(&frozen_next) / expected - 1.0).abs() < 1e-12, "{} and {expected}", along(&frozen_next));
        assert!(wrong.abs() > 0.01, "{:?}: the stopped one is off by {wrong}", freeze.live);
    }
}

/// Each part is symmetric, so reverse mode over the vjp tape, under the same freeze, gives the same product.
#[test]
fn reverse_over_reverse_freezes_the_same_part() {
    let (w, v) = weights();
    for how in 0..6 {
        let tape = trace::trace(loss(how), &w).unwrap();
        let reverse = transform::vjp(&tape, &[true, true]).unwrap();
        let one = Tensor::scalar(1.0);
        let zero = Tensor::scalar(0.0);
        for part in parts() {
            let freeze = Freeze { sweep: reverse.sweep, live: part };
            let forward = transform::jvp_frozen(&reverse.tape, &[true, true, false], Some(&freeze)).unwrap().tape;
            let twice = transform::vjp_frozen(&reverse.tape, &[true, true, false], Some(&freeze)).unwrap();
            assert_ne!(twice.sweep, reverse.sweep);
            let twice = twice.tape;
            assert_eq!(reparsed(&twice), twice);
            let args = [&w.0, &w.1, &one, &v.0, &v.1].map(Clone::clone);
            let by_forward = truth(&forward, &exact(&args));
            let seeds = [&w.0, &w.1, &one, &zero, &v.0, &v.1].map(Clone::clone);
            let by_reverse = truth(&twice, &exact(&seeds));
            for (a, b) in by_forward[4..6].iter().zip(&by_reverse[3..5]) {
                assert!(apart(a, b) < 1e-27, "{how}, {:?}", freeze.live);
            }
            // Linearised with the same freeze; and over a batch of directions at once.
            let split = transform::linearize(&reverse.tape, &[true, true, false], Some(&freeze)).unwrap();
            let residuals = &truth(&split.primal, &exact(&args[..3]))[split.outputs..];
            let linear = truth(&split.linear, &[residuals, &exact(&args[3..])].concat());
            for (a, b) in by_forward[4..6].iter().zip(&linear[1..3]) {
                assert!(apart(a, b) < 1e-28, "{how}, linearised, {:?}", freeze.live);
            }
            let flags: Vec<bool> = (0..5).map(|i| i >= 3).collect();
            let batched = transform::vmap(&forward, &flags, 2).unwrap();
            let pair = |x: &Tensor| {
                let values = x.to_f64_vec();
                Tensor::from_fn(x.dtype(), [&[2][..], x.shape()].concat(), |i| values[i % values.len()])
            };
            let both = [args[0].clone(), args[1].clone(), args[2].clone(), pair(&args[3]), pair(&args[4])];
            for (a, b) in by_forward[4..6].iter().zip(&truth(&batched, &exact(&both))[4..6]) {
                assert!(apart(a, &slice(b, 0)) < 1e-28 && apart(a, &slice(b, 1)) < 1e-28, "{how}, batched");
            }
        }
    }
}

/// Every line's share and every scope's share, which together are the whole.
#[test]
fn lines_and_scopes_have_their_shares() {
    let (w, v) = weights();
    let tape = trace::trace(loss(0), &w).unwrap();
    let reverse = transform::vjp(&tape, &[true, true]).unwrap();
    let mut lines: Vec<String> =
        reverse.tape.equations().iter().filter_map(|e| e.op.downcast::<Residual>().map(|r| r.line.clone())).collect();
    lines.sort_unstable();
    lines.dedup();
    assert!(lines.len() > 5);
    let h = flat(&hvp_of_part(&Part::Hessian, loss(0), &w, &v).unwrap());
    let shares: Vec<Vec<f64>> = lines
        .iter()
        .map(|line| {
            let part = Part::Line { line: line.clone() };
            // The closure is traced again: the same lines.
            flat(&hvp_of_part(&part, loss(0), &w, &v).unwrap())
        })
        .collect();
    assert!(off(&sum(&shares.iter().collect::<Vec<_>>()), &h) < 1e-13);
    let hidden = flat(&hvp_of_part(&Part::Scope { path: "hidden".into() }, loss(0), &w, &v).unwrap());
    assert!(norm(&hidden) > 0.0 && off(&hidden, &h) > 1e-3);
}

#[test]
fn a_loop_whose_state_passes_the_cut_is_refused() {
    let f = |x: Var| {
        let step = |s: Var, t: Var| {
            let s = trace::cut("z", (s * t).sin());
            (s, s * s)
        };
        trace::scan(step, &x.number(0.3), &x).1.sum()
    };
    let x = Tensor::from_vec(&[0.5, 0.25]);
    let error = trace::hvp_of_part(&Part::nme("z"), f, &x, &x).unwrap_err();
    assert!(error.to_string().starts_with("an equation lies both behind and before the cut \"z\""), "{error}");
    assert!(error.to_string().contains("freezing.rs"), "{error}");
}

/// A recurrent network whose loss is added up in the loop: the cut is in the body, the hidden state leads to it and the
/// sum follows it, so every part is that of the same network unrolled.
#[test]
fn a_cut_inside_a_loop_is_a_cut_in_every_step() {
    let step = |w: Var, out: Var, (h, total): (Var, Var), x: Var| {
        let h = (h.reshape([1, 2]).matmul(w).reshape([2]) + x).tanh();
        let z = cut("z", h.reshape([1, 2]).matmul(out).reshape([3]));
        // A penalty on the activations, aside; and a result beside the state.
        let loss = z.exp().sum().log() - z.slice(0, 0..1).sum();
        ((h, total + loss + (h * h).sum() * 0.1), loss * loss)
    };
    let inputs = || tensor![[0.9, -0.3], [-0.7, 0.8], [0.2, 0.6]];
    let rolled = |(w, out): (Var, Var)| {
        let xs = constant(&inputs());
        let start = (xs.number(0.0).broadcast_to([2]), xs.number(0.0));
        let ((_, total), losses) = scan(|s: (Var, Var), x: Var| step(w, out, s, x), &start, &xs);
        total + losses.sum() * 0.5
    };
    let unrolled = |(w, out): (Var, Var)| {
        let xs = constant(&inputs());
        let mut state = (xs.number(0.0).broadcast_to([2]), xs.number(0.0));
        let mut losses = xs.number(0.0);
        for t in 0..3 {
            let (next, loss) = step(w, out, state, xs.slice(0, t..t + 1).reshape([2]));
            (state, losses) = (next, losses + loss);
        }
        state.1 + losses * 0.5
    };
    let mut rng = Rng(11);
    let mut random =
        |shape: [usize; 2]| Tensor::from_fn(quadric_autodiff::DType::F64, shape, |_| rng.between(-1.0, 1.0));
    let (w, v) = ((random([2, 2]), random([2, 3])), (random([2, 2]), random([2, 3])));
    let product = |part: &Part, looped: bool| -> Vec<f64> {
        let product = if looped { hvp_of_part(part, rolled, &w, &v) } else { hvp_of_part(part, unrolled, &w, &v) };
        flat(&product.unwrap())
    };
    let mut products = Vec::new();
    for part in parts() {
        let (looped, plain) = (product(&part, true), product(&part, false));
        assert!(norm(&plain) > 1e-3, "{part:?} is empty");
        assert!(off(&looped, &plain) < 1e-13, "{part:?}: {looped:?} and {plain:?}");
        products.push(looped);
    }
    let [h, g, n, a, m, r] = &products[..] else { unreachable!() };
    assert!(off(&sum(&[g, n, r]), h) < 1e-13 && off(&sum(&[a, m]), n) < 1e-13);
}

/// The cut and all around it may be linear: its parts are zero, and a name that is not there is still an error.
#[test]
fn a_linear_function_has_parts_that_are_zero() {
    let f = |x: Var| cut("z", x * 2.0).sum();
    let x = tensor![0.5, 0.25];
    for part in parts() {
        assert_eq!(hvp_of_part(&part, f, &x, &x).unwrap(), tensor![0.0, 0.0]);
    }
    let error = hvp_of_part(&Part::nme("y"), f, &x, &x).unwrap_err();
    assert!(error.to_string().starts_with("the function has no cut named \"y\""), "{error}");
}

/// A constant of every derivative is none of the parameters: the loss may read one that is stopped.
#[test]
fn a_stopped_parameter_does_not_bend_the_loss() {
    let f = |x: Var| (cut("z", x.sin()).sum() * x.stop_gradient().sum()).exp();
    let (x, v) = (tensor![0.3, -0.4], tensor![1.0, 0.5]);
    let [h, g, n] = [Part::Hessian, Part::gauss_newton("z"), Part::nme("z")].map(|p| {
        let product = hvp_of_part(&p, f, &x, &v).unwrap();
        product.to_f64_vec()
    });
    assert!(norm(&g) > 1e-3 && norm(&n) > 1e-3);
    assert!(off(&sum(&[&g, &n]), &h) < 1e-14);
}

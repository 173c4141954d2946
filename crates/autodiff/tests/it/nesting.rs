//! Transforms in transforms: the classic examples of perturbation confusion, and every nesting of two and three.

use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::reference::{self, Array};
use quadric_autodiff::tape::Tape;
use quadric_autodiff::trace::{
    self, Var, constant, custom_pointwise, grad, hessian, hvp, jvp, linearize, scalar, value_and_grad,
    value_and_grad_aux, vjp, vmap,
};
use quadric_autodiff::transform;
use quadric_autodiff::{DType, Tensor, tensor};

use super::support::*;

fn number(x: f64) -> Tensor {
    Tensor::scalar(x)
}

/// d/dx of a scalar function, inside a trace, by the mode one asks for.
fn d(mode: usize, f: impl Fn(Var) -> Var, x: Var) -> Var {
    match mode {
        0 => grad(f, &x),
        1 => jvp(f, &x, &x.full_like(1.0)).1,
        2 => vjp(f, &x, &scalar(DType::F64, 1.0)).1,
        // Through a batch of one and of two, which must not mix up axes and levels.
        3 => vmap(|x: Var| grad(&f, &x), &x.reshape([1])).reshape([] as [usize; 0]),
        4 => {
            let (_, linear) = linearize(&f, &x);
            linear.apply(&x.full_like(1.0))
        }
        _ => vmap(|v: Var| jvp(&f, &x, &v).1, &trace::concat(&[x.full_like(1.0).reshape([1]); 2], 0)).mean(),
    }
}

const MODES: usize = 6;

fn at(x: f64, f: impl Fn(Var) -> Var) -> f64 {
    let tape = trace::trace(f, &number(x)).unwrap_or_else(|e| panic!("{e}"));
    tape.assert_valid();
    assert_eq!(reparsed(&tape), tape);
    run_all(&tape, &[number(x)])[0].item()
}

#[test]
fn perturbations_are_not_confused_two_deep() {
    for (a, b) in (0..MODES * MODES).map(|i| (i / MODES, i % MODES)) {
        // d/dx (x · d/dy (x + y)) = 1 (Siskind and Pearlmutter 2005); a confused engine says 2.
        assert_eq!(at(3.0, |x| d(a, |x| x * d(b, |y| x + y, x), x)), 1.0, "modes {a}, {b}");
        assert_eq!(at(1.0, |x| d(a, |x| x * d(b, |y| x + y, x.full_like(1.0)), x)), 1.0, "modes {a}, {b}");
        // d/dx (x · d/dy (x y)) = 2 x, at y = 2 and at y = x.
        assert_eq!(at(3.0, |x| d(a, |x| x * d(b, |y| x * y, x.full_like(2.0)), x)), 6.0, "modes {a}, {b}");
        // d/dx d/dy (x² y³) at y = x: 6 x · x² + … = d/dx (3 x² y²)|_{y=x} = 12 x³.
        assert_eq!(at(2.0, |x| d(a, |x| d(b, |y| x * x * y * y * y, x), x)), 96.0, "modes {a}, {b}");
        // The same with y held: ∂x of (3 x² y²) at (2, 5) = 6 x y² = 300.
        assert_eq!(at(2.0, |x| d(a, |x| d(b, |y| x * x * y * y * y, x.full_like(5.0)), x)), 300.0, "modes {a}, {b}");
    }
}

#[test]
fn perturbations_are_not_confused_three_deep() {
    for m in 0..MODES * MODES * MODES {
        let (a, b, c) = (m / (MODES * MODES), m / MODES % MODES, m % MODES);
        // ∂x∂y∂z (x² y³ z⁴) at (2, 3, 1) = 2x · 3y² · 4z³ = 432.
        let mixed = |x: Var| {
            let (three, one) = (x.full_like(3.0), x.full_like(1.0));
            d(a, |x| d(b, |y| d(c, |z| x.powi(2) * y.powi(3) * z.powi(4), one), three), x)
        };
        assert_eq!(at(2.0, mixed), 432.0, "modes {a}, {b}, {c}");
        // Every level captures from every outer one: d/dx x·(d/dy y·(d/dz (x y z + z²))), y = x, z = y.
        // d/dz = xy + 2z = xy + 2y; y·that = (x + 2) y², d/dy = 2 (x + 2) y; at y = x, x·that = 2x³ + 4x²; d/dx = 6x² + 8x.
        let captured = |x: Var| d(a, |x| x * d(b, |y| y * d(c, |z| x * y * z + z * z, y), x), x);
        assert_eq!(at(2.0, captured), 40.0, "modes {a}, {b}, {c}");
        // Three of the same: d³/dx³ of x⁵ = 60 x².
        assert_eq!(at(2.0, |x| d(a, |x| d(b, |x| d(c, |x| x.powi(5), x), x), x)), 240.0, "modes {a}, {b}, {c}");
    }
}

#[test]
fn a_derivative_may_be_taken_four_and_five_deep() {
    let fourth = |x: Var| d(0, |x| d(1, |x| d(0, |x| d(1, Var::sin, x), x), x), x);
    assert!((at(0.7, fourth) - 0.7f64.sin()).abs() < 1e-15);
    let fifth = |x: Var| d(0, |x| d(0, |x| d(0, |x| d(0, |x| d(0, Var::exp, x), x), x), x), x);
    assert!((at(0.7, fifth) - 0.7f64.exp()).abs() < 4e-15);
}

/// Every program of two and three transforms over a function of a matrix with everything in it, in double-double.
#[test]
fn all_nestings_of_three_transforms_agree() {
    let w = tensor![[0.3, -0.2], [0.7, 0.5], [-0.4, 0.9]];
    let f = |x: Var| {
        let w = constant(&w);
        let z = x.matmul(w).tanh();
        let soft = (z - z.max_axes(&[-1]).reshape([2, 1])).exp();
        let chosen = (soft / soft.sum_axes(&[-1]).reshape([2, 1])).log().slice(1, 0..1);
        (chosen.sum() * x.t().cumsum(0).sum_axes(&[1])).sort(0)
    };
    let x = tensor![[0.1, 0.7, -0.3], [0.9, -0.5, 0.2]];
    let tape = trace::trace(f, &x).unwrap();
    let mut rng = Rng(11);
    let ty = x.ty().clone();
    let [v, u, t]: [Array<Dd>; 3] = std::array::from_fn(|_| Array::of(&direction(&ty, &mut rng)));
    let weight: Array<Dd> = Array::of(&direction(&tape.output_types()[0], &mut rng));
    let x = Array::of(&x);
    // D³(wᵀf)[v, u, t] by its eight roads: whether each of three derivatives is taken forward (true) or in reverse.
    let mut found = Vec::new();
    for mode in 0..8 {
        let modes = [mode & 1 == 0, mode & 2 == 0, mode & 4 == 0];
        let scalar = weighted(&tape);
        let mut g = scalar;
        for forward in modes {
            g = directional(&g, forward);
        }
        g.assert_valid();
        assert_eq!(reparsed(&g), g);
        let out = truth(&g, &[x.clone(), weight.clone(), v.clone(), u.clone(), t.clone()]);
        found.push((modes, out[0].reals()[0]));
    }
    let expected = {
        let two = directional(&directional(&weighted(&tape), true), false);
        let args = [x.clone(), weight.clone(), v.clone(), u.clone()];
        let directions = [t.clone(), zeros(&weight.ty), zeros(&ty), zeros(&ty)];
        differences(&two, &args, &directions)[0].reals()[0]
    };
    for (modes, value) in found {
        let off = ((value - expected) / expected).abs().to_f64();
        assert!(off < 1e-18, "forward = {modes:?}: {} and by differences {}", value.to_f64(), expected.to_f64());
    }
}

/// `(x, w) ↦ ⟨w, f(x)⟩`.
fn weighted(tape: &Tape) -> Tape {
    use quadric_autodiff::ops::Ops;
    use quadric_autodiff::shape::Axes;
    let mut b = quadric_autodiff::tape::Builder::new("weighted");
    let x = b.input(tape.input_types()[0].clone());
    let w = b.input(tape.output_types()[0].clone());
    let y = b.inline(tape, &[x])[0];
    let product = b.mul(w, y);
    let rank = b.shape_of(product).rank();
    let sum = b.sum(product, &Axes::all(rank));
    b.finish(vec![sum]).unwrap()
}

/// From `(x, w, …) ↦ s` to `(x, w, …, v) ↦ ds[v]`: a jvp, or a vjp and an inner product.
fn directional(tape: &Tape, forward: bool) -> Tape {
    use quadric_autodiff::ops::Ops;
    use quadric_autodiff::shape::Axes;
    let n = tape.inputs().len();
    let wrt: Vec<bool> = (0..n).map(|i| i == 0).collect();
    if forward {
        return transform::jvp(tape, &wrt).unwrap().tape.with_outputs([1]);
    }
    let reverse = transform::vjp(tape, &wrt).unwrap().tape;
    let mut b = quadric_autodiff::tape::Builder::new("directional");
    let mut args: Vec<_> = tape.input_types().into_iter().map(|t| b.input(t)).collect();
    let v = b.input(tape.input_types()[0].clone());
    let one = b.constant(number(1.0));
    args.push(one);
    let x_bar = b.inline(&reverse, &args)[1];
    let product = b.mul(v, x_bar);
    let rank = b.shape_of(product).rank();
    let sum = b.sum(product, &Axes::all(rank));
    b.finish(vec![sum]).unwrap()
}

#[test]
fn the_first_examples_of_the_docs_hold() {
    let g = grad(|x: Var| (x * x).sum(), &tensor![1.0, -3.0]).unwrap();
    assert_eq!(g, tensor![2.0, -6.0]);
    let h_v = hvp(|x: Var| x.powi(3).sum(), &tensor![1.0, 2.0], &tensor![1.0, 0.0]).unwrap();
    assert_eq!(h_v, tensor![6.0, 0.0]);
    let h = hessian(|x: Var| (x * x * x).sum(), &tensor![1.0, 2.0]).unwrap();
    assert_eq!(h, tensor![[6.0, 0.0], [0.0, 12.0]]);
}

#[test]
fn an_array_may_meet_its_own_transpose() {
    // Elementwise work over one shape is fused; what is moved in between must be written out.
    let f = |x: Var| {
        let y = x.tanh();
        let z = y + y.t();
        let turned = (z * z.reverse(0)).exp();
        (turned.t() + z).sin() * turned.reverse(1) + y
    };
    let x = tensor![[0.3, -0.7, 1.1], [0.2, 0.5, -0.4], [0.9, -1.3, 0.1]];
    for tape in [trace::trace(f, &x).unwrap(), trace::trace(|x: Var| grad(|x: Var| f(x).sum(), &x), &x).unwrap()] {
        let got = run_all(&tape, std::slice::from_ref(&x));
        let want = truth(&tape, &exact(std::slice::from_ref(&x)));
        assert!(ulps(&got[0].to_f64_vec(), &want[0], f64::EPSILON) < 32.0, "{tape}");
    }
}

#[test]
fn vmap_meets_every_derivative() {
    // f_c(x) = Σ (sin(c x))², captured c; the Hessian is diagonal: 2 c² cos 2cx.
    let f = |c: Var| move |x: Var| ((x * c).sin() * (x * c).sin()).sum();
    let x = tensor![[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]];
    let second = |c: f64, x: f64| 2.0 * c * c * (2.0 * c * x).cos();
    let first = |c: f64, x: f64| c * (2.0 * c * x).sin();
    let near = |got: Tensor, want: &dyn Fn(f64) -> f64| {
        for (got, x) in got.to_f64_vec().iter().zip(x.to_f64_vec()) {
            assert!((got - want(x)).abs() < 1e-14, "{got} and {}", want(x));
        }
    };
    let run = |g: &dyn Fn(Var) -> Var| {
        let tape = trace::trace(g, &x).unwrap();
        run_all(&tape, std::slice::from_ref(&x)).swap_remove(0)
    };
    let c = |x: Var| x.number(1.5);
    near(run(&|x| vmap(|x: Var| grad(f(c(x)), &x), &x)), &|x| first(1.5, x));
    near(run(&|x| grad(|x: Var| vmap(f(c(x)), &x).sum(), &x)), &|x| first(1.5, x));
    let one = |x: Var| x.full_like(1.0);
    near(run(&|x| vmap(|x: Var| hvp(f(c(x)), &x, &one(x)), &x)), &|x| second(1.5, x));
    near(run(&|x| hvp(|x: Var| vmap(f(c(x)), &x).sum(), &x, &one(x))), &|x| second(1.5, x));
    near(run(&|x| grad(|x: Var| vmap(|x: Var| grad(f(c(x)), &x), &x).sum(), &x)), &|x| second(1.5, x));
    near(run(&|x| vmap(|x: Var| vmap(|x: Var| grad(f(c(x)), &x), &x), &x)), &|x| first(1.5, x));
    // Hessians of a batch, and the same by vmap of vmap of jvp of grad.
    let h = run(&|x| vmap(|x: Var| hessian(f(c(x)), &x), &x));
    assert_eq!(h.shape().to_vec(), [2, 3, 3]);
    for (i, got) in h.to_f64_vec().iter().enumerate() {
        let (b, r, k) = (i / 9, i / 3 % 3, i % 3);
        let want = if r == k { second(1.5, x.to_f64_vec()[b * 3 + r]) } else { 0.0 };
        assert!((got - want).abs() < 1e-14, "{i}: {got} and {want}");
    }
    // c itself is mapped, x is captured: d/dc of each, one level out.
    let cs = tensor![0.5, 1.5];
    let by_c = |cs: Var| {
        let x = constant(&x);
        vmap(|c: Var| grad(|c: Var| f(c)(x), &c), &cs)
    };
    let got = run_all(&trace::trace(by_c, &cs).unwrap(), std::slice::from_ref(&cs))[0].to_f64_vec();
    for (got, c) in got.iter().zip([0.5, 1.5]) {
        let want: f64 = x.to_f64_vec().iter().map(|x| x * (2.0 * c * x).sin()).sum();
        assert!((got - want).abs() < 1e-14);
    }
}

#[test]
fn value_and_grad_aux_carries_the_rest_along() {
    let f = |(x, y): (Var, Var)| {
        let product = x * y;
        (product.sum(), vec![product, x.floor().convert(DType::I32)])
    };
    let ((value, aux), (gx, gy)) = value_and_grad_aux(f, &(tensor![1.5, 2.5], tensor![3.0, 4.0])).unwrap();
    assert_eq!(value, number(14.5));
    assert_eq!(aux[0], tensor![4.5, 10.0]);
    assert_eq!(aux[1], tensor![1i32, 2]);
    assert_eq!((gx, gy), (tensor![3.0, 4.0], tensor![1.5, 2.5]));
    // Nothing flows through the auxiliary result, but it may be differentiated one level out.
    let outer = |x: Var| {
        let ((_, aux), g) = value_and_grad_aux(|x: Var| ((x * x).sum(), x * x * x), &x);
        (aux * g).sum() // x³ · 2x = 2 x⁴
    };
    assert_eq!(grad(outer, &tensor![1.0, 2.0]).unwrap(), tensor![8.0, 64.0]);
    let (value, g) = value_and_grad(|x: Var| (x * x).sum(), &tensor![3.0]).unwrap();
    assert_eq!((value, g), (number(9.0), tensor![6.0]));
}

#[test]
fn a_linearised_point_is_the_jvp_for_every_direction() {
    let f = |(x, y): (Var, Var)| (x.sin().matmul(y), (x * 2.0).sum(), y.stop_gradient());
    let (x, y) = (tensor![[0.3, 0.4], [0.5, -0.6]], tensor![[1.0, -1.0], [0.5, 0.25]]);
    let all = |(x, y, v, w): (Var, Var, Var, Var)| {
        let (value, linear) = linearize(f, &(x, y));
        let (again, along) = jvp(f, &(x, y), &(v, w));
        let first = linear.apply(&(v, w));
        let twice = linear.apply(&(v + v, w + w));
        (value, again, along, first, twice)
    };
    let (v, w) = (tensor![[0.7, -0.2], [0.1, 0.9]], tensor![[-0.4, 0.8], [0.6, 0.3]]);
    let tape = trace::trace(all, &(x.clone(), y.clone(), v.clone(), w.clone())).unwrap();
    let out = run_all(&tape, &[x, y, v, w]);
    assert_eq!(out[0..3], out[3..6], "the value");
    assert_eq!(out[6..9], out[9..12], "the derivative");
    assert_eq!(out[8].to_f64_vec(), vec![0.0; 4]);
    for (once, twice) in out[9..12].iter().zip(&out[12..15]) {
        let doubled: Vec<f64> = once.to_f64_vec().iter().map(|x| 2.0 * x).collect();
        assert_eq!(doubled, twice.to_f64_vec());
    }
}

/// Generic code sees that what goes in comes out.
fn along_itself<M: trace::VarTree>(f: impl Fn(M) -> M, x: &M) -> M {
    let (value, map) = linearize(&f, x);
    trace::checkpoint(|x: M| x, &map.apply(&value))
}

#[test]
fn outside_a_trace_the_same_functions_take_tensors() {
    let f = |(x, y): (Var, Var)| (x.sin() * y, y.sum());
    let point = (tensor![0.5, -1.0], tensor![2.0, 3.0]);
    let (value, map) = linearize(f, &point).unwrap();
    for k in 0..3 {
        let direction = (tensor![0.1, 0.2 * f64::from(k)], tensor![-0.3, 0.4]);
        let (again, along) = jvp(f, &point, &direction).unwrap();
        assert_eq!(value, again);
        assert_eq!(map.apply(&direction).unwrap(), along);
    }
    let pair = |(x, y): (Var, Var)| (x * y, x.sin() + y);
    let inside = trace::trace(|p: (Var, Var)| along_itself(pair, &p), &point).unwrap();
    let expected = jvp(pair, &point, &trace::checkpoint(pair, &point).unwrap()).unwrap().1;
    assert_eq!(run_all(&inside, &[point.0.clone(), point.1.clone()]), [expected.0, expected.1]);

    // Running sums of pairs, and how many there were.
    let step = |(sum, n): (Var, Var), (a, b): (Var, Var)| ((sum + a * b, n + n.number(1.0)), sum);
    let ((sum, n), before) = trace::scan(step, &(tensor![1.0].reshaped([]), Tensor::scalar(0i32)), &point).unwrap();
    assert_eq!((sum, n, before), (number(-1.0), Tensor::scalar(2i32), tensor![1.0, 2.0]));
}

#[test]
fn the_transpose_of_the_linear_part_is_the_vjp() {
    let f = |(x, y): (Var, Var)| (x.tanh().matmul(y) * y.sum(), x.gather_along(x.argsort(1), 1).cumsum(0));
    let point = (tensor![[0.3, 0.4, -1.0], [0.5, -0.6, 0.2]], tensor![[1.0], [0.5], [0.25]]);
    let tape = trace::trace(f, &point).unwrap();
    let split = transform::linearize(&tape, &[true, true], None).unwrap();
    split.primal.assert_valid();
    split.linear.assert_valid();
    let residuals = split.linear.inputs().len() - 2;
    let linear: Vec<bool> = (0..split.linear.inputs().len()).map(|i| i >= residuals).collect();
    let transposed = transform::transpose(&split.linear, &linear).unwrap();
    let mut rng = Rng(5);
    let x = exact(&[point.0, point.1]);
    let w: Vec<Array<Dd>> = tape.output_types().iter().map(|t| Array::of(&direction(t, &mut rng))).collect();
    let primal = truth(&split.primal, &x);
    let x_bar = truth(&transposed, &[&primal[split.outputs..], &w].concat());
    let want = truth(&backward(&tape), &[&x[..], &w].concat());
    for (got, want) in x_bar.iter().zip(&want[split.outputs..]) {
        assert!(apart(got, want) < 1e-28);
    }
    // And back: the transpose of the transpose is the linear map.
    let again = transform::transpose(&transposed, &(0..residuals + 2).map(|i| i >= residuals).collect::<Vec<_>>());
    let v: Vec<Array<Dd>> = tape.input_types().iter().map(|t| Array::of(&direction(t, &mut rng))).collect();
    let args = [&primal[split.outputs..], &v].concat();
    for (a, b) in truth(&again.unwrap(), &args).iter().zip(truth(&split.linear, &args)) {
        assert!(apart(a, &b) < 1e-28);
    }
}

#[test]
fn declared_derivatives_hold_in_both_modes_at_every_order() {
    // exp with a derivative that is declared wrong on purpose: 3 exp. Each order must multiply by 3 once more.
    fn triple(x: Var) -> Var {
        custom_pointwise("triple", x, Var::exp, |x| triple_or_exp(x, 2) * 3.0)
    }
    fn triple_or_exp(x: Var, depth: usize) -> Var {
        match depth {
            0 => x.exp(),
            n => custom_pointwise("triple", x, Var::exp, move |x| triple_or_exp(x, n - 1) * 3.0),
        }
    }
    for (a, b, c) in (0..27).map(|i| (i / 9, i / 3 % 3, i % 3)) {
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-14 * want, "{a} {b} {c}: {got}, {want}");
        near(at(0.3, |x| d(a, triple, x)), 3.0 * 0.3f64.exp());
        near(at(0.3, |x| d(a, |x| d(b, triple, x), x)), 9.0 * 0.3f64.exp());
        near(at(0.3, |x| d(a, |x| d(b, |x| d(c, triple, x), x), x)), 27.0 * 0.3f64.exp());
    }
}

#[test]
fn a_declared_second_derivative_is_the_start_of_all_higher_ones() {
    // sin and its true f′, but f″ := 5 x²; so f‴ = 10 x and the fourth is 10.
    let f = |x: Var| trace::declare_second_derivative("bent", x, Var::sin, |x| x * x * 5.0);
    let near = |what: &str, got: f64, want: f64| assert!((got - want).abs() < 1e-14, "{what}: {got}, {want}");
    for (a, b, c) in (0..27).map(|i| (i / 9, i / 3 % 3, i % 3)) {
        let what = format!("modes {a}, {b}, {c}");
        near(&what, at(0.3, |x| d(a, f, x)), 0.3f64.cos());
        near(&what, at(0.3, |x| d(a, |x| d(b, f, x), x)), 0.45);
        near(&what, at(0.3, |x| d(a, |x| d(b, |x| d(c, f, x), x), x)), 3.0);
        near(&what, at(0.3, |x| d(c, |x| d(a, |x| d(b, |x| d(c, f, x), x), x), x)), 10.0);
    }
}

#[test]
fn stop_gradient_is_a_constant_at_every_level() {
    assert_eq!(at(3.0, |x| d(0, |x| x * x.stop_gradient(), x)), 3.0);
    assert_eq!(at(3.0, |x| d(0, |x| d(1, |y| x.stop_gradient() * y, x) * x, x)), 3.0);
    assert_eq!(at(3.0, |x| d(1, |x| d(0, |x| x * x.stop_gradient(), x), x)), 0.0);
}

/// What an input does not reach is zero and reported, and a float32 trace stays one.
/// No derivative passes a stop, so reverse mode asks no rule of what follows it either: polygamma has none past a degree.
#[test]
fn what_follows_a_stop_needs_no_rule() {
    let tape = trace::trace(|x: Var| x.stop_gradient().polygamma(100) * x, &number(2.5)).unwrap();
    let forward = run_all(&transform::jvp(&tape, &[true]).unwrap().tape, &[number(2.5), number(1.0)]);
    let reverse = transform::vjp(&tape, &[true]).unwrap();
    let pulled = run_all(&reverse.tape, &[number(2.5), number(1.0)]);
    assert_eq!(pulled, forward);
    assert!(forward[1].item() != 0.0 && reverse.unreached.is_empty());
    // What reaches the value through stops alone is unreached, as it was.
    let stopped = trace::trace(|x: Var| x.floor().polygamma(100), &number(2.5)).unwrap();
    assert_eq!(transform::vjp(&stopped, &[true]).unwrap().unreached, [0]);
}

#[test]
fn unreached_inputs_are_reported() {
    let tape = trace::trace(
        |(x, y, z): (Var, Var, Var)| (x * 2.0, y.stop_gradient(), z.floor()),
        &(tensor![1.0f32], tensor![2.0f32], tensor![3.0f32]),
    )
    .unwrap();
    let reverse = transform::vjp(&tape, &[true; 3]).unwrap();
    assert_eq!(reverse.unreached, vec![1, 2]);
    let forward = transform::jvp(&tape, &[true; 3]).unwrap();
    assert_eq!(forward.zero, vec![false, true, true]);
    assert!(reverse.tape.equations().iter().all(|e| reverse.tape.type_of(e.outputs[0]).dtype == DType::F32));
}

/// Bodies are linear where their equations are: the transpose of a linear part with a checkpoint, a loop and a declared function in it.
#[test]
fn linear_parts_with_bodies_are_transposed() {
    let f = |x: Var| {
        let h = trace::checkpoint(|x: Var| x.sin() * x, &x);
        let h = trace::declare_second_derivative("flat", h, |x| x.tanh(), |x| x.zeros_like());
        trace::scan(|s: Var, t: Var| ((s * t).sin(), s * s), &x.number(0.3), &h).1
    };
    let x = Tensor::from_fn(DType::F64, [4], |i| (i as f64 + 0.5).cos());
    let tape = trace::trace(f, &x).unwrap();
    let split = transform::linearize(&tape, &[true], None).unwrap();
    let count = split.linear.inputs().len();
    let flags: Vec<bool> = (0..count).map(|i| i + 1 == count).collect();
    let back = transform::transpose(&split.linear, &flags).unwrap();

    let at = reference::run_f64(&split.primal, &[&x]).unwrap();
    let y_bar = Tensor::from_fn(DType::F64, [4], |i| 1.0 / (i as f64 + 1.0));
    let shapes = back.input_types();
    let residuals: Vec<Tensor> =
        at[split.outputs..].iter().zip(&shapes).map(|(values, ty)| Tensor::new(&ty.shape, values).unwrap()).collect();
    let args: Vec<&Tensor> = residuals.iter().chain([&y_bar]).collect();
    let transposed = reference::run_f64(&back, &args).unwrap();
    let reverse = transform::vjp(&tape, &[true]).unwrap().tape.with_outputs([1]);
    let expected = reference::run_f64(&reverse, &[&x, &y_bar]).unwrap();
    for (a, b) in transposed[0].iter().zip(&expected[0]) {
        assert!((a - b).abs() <= 1e-14 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn the_largest_entries_carry_the_derivative() {
    let x = tensor![[3.0, 1.0, 2.0], [0.5, 4.0, -1.0]];
    let largest = |x: Var| x.top_k(2, -1).0;
    let (y, _) = jvp(largest, &x, &x).unwrap();
    assert_eq!(y, tensor![[3.0, 2.0], [4.0, 0.5]]);
    let g = grad(|x: Var| (largest(x) * largest(x)).sum(), &x).unwrap();
    assert_eq!(g, tensor![[6.0, 0.0, 4.0], [1.0, 8.0, 0.0]]);
}

/// `ln det A = 2 Σ ln Lᵢᵢ` as a function of the lower triangle: its gradient is A⁻¹ on the diagonal and twice that below.
#[test]
fn the_gradient_of_a_log_determinant_is_the_inverse() {
    let log_det = |a: Var| {
        let l = a.cholesky();
        let identity = constant(&tensor![[1.0, 0.0], [0.0, 1.0]]);
        (l * identity).sum_axes(&[1]).log().sum() * 2.0
    };
    let g = grad(log_det, &tensor![[4.0, 2.0], [2.0, 5.0]]).unwrap().to_vec::<f64>();
    for (a, b) in g.iter().zip([5.0 / 16.0, 0.0, -4.0 / 16.0, 4.0 / 16.0]) {
        assert!((a - b).abs() < 1e-15, "{g:?}");
    }
}

/// `x ↦ x^(2ⁿ)` by squaring n times, and the sum of what it comes by: a loop without inputs, to third order.
#[test]
fn loops_of_a_number_of_steps() {
    let power = |x: Var| trace::scan_n(2, |s: Var| (s * s, s), &x).0; // x⁴
    let passed = |x: Var| trace::scan_n(3, |s: Var| (s * s * x, s), &x).1.sum_axes(&[0]); // x + x³ + x⁷
    // A counter beside the state: 1·x + 2·x + 3·x, squared at the end.
    let counted = |x: Var| {
        let step = |(s, i): (Var, Var)| ((s + x * (i + 1.0), i + 1.0), Vec::<Var>::new());
        trace::scan_n(3, step, &(x.number(0.0), x.number(0.0))).0.0.powi(2)
    };
    let x = 1.5f64;
    let expected = [
        [4.0 * x.powi(3), 12.0 * x.powi(2), 24.0 * x],
        [1.0 + 3.0 * x.powi(2) + 7.0 * x.powi(6), 6.0 * x + 42.0 * x.powi(5), 6.0 + 210.0 * x.powi(4)],
        [72.0 * x, 72.0, 0.0],
    ];
    let at = Tensor::scalar(x);
    let third = |f: &dyn Fn(Var) -> Var| {
        let second = |x: Var| grad(|x: Var| grad(|x: Var| f(x), &x), &x);
        let along = |x: Var| hvp(|x: Var| f(x), &x, &x.number(1.0));
        let forward = |x: Var| {
            jvp(
                |x: Var| jvp(|x: Var| jvp(|x: Var| f(x), &x, &x.number(1.0)).1, &x, &x.number(1.0)).1,
                &x,
                &x.number(1.0),
            )
            .1
        };
        let reverse = grad(second, &at).unwrap().item();
        let mixed = grad(along, &at).unwrap().item();
        let forward = trace::compile(forward).call(at.clone()).unwrap().item();
        (
            [grad(|x: Var| f(x), &at).unwrap().item(), hvp(|x: Var| f(x), &at, &Tensor::scalar(1.0)).unwrap().item()],
            [reverse, mixed, forward],
        )
    };
    for (f, [first, second, last]) in [&power as &dyn Fn(Var) -> Var, &passed, &counted].into_iter().zip(expected) {
        let (lower, thirds) = third(f);
        for (found, expected) in lower.into_iter().chain(thirds).zip([first, second, last, last, last]) {
            assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found}, not {expected}");
        }
    }
    // As the same steps written out, over a batch, and for no steps at all.
    let rows = |x: Var| trace::vmap(power, &x);
    assert_eq!(trace::compile(rows).call(tensor![1.0, 2.0, -1.0]).unwrap(), tensor![1.0, 16.0, 1.0]);
    let (last, none) = trace::scan_n(0, |s: Var| (s * s, s), &tensor![3.0]).unwrap();
    assert_eq!((last, none.shape().to_vec()), (tensor![3.0], vec![0, 1]));
}

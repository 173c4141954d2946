//! Random models under random losses beside random penalties: `L(θ) = loss(cut(model(θ))) + penalty(θ)`.
//!
//! The parts of its Hessian, each from a sweep that freezes, against what they are by definition, from tapes that know
//! no freeze and no cut: `G v = Jᵀ ∇²loss J v`, `N v` the Hessian of the model weighted with `∇loss`, `R v` the penalty's.
//! A few functions by hand besides, whose parts are closed forms.

use proptest::test_runner::{TestCaseError, TestError};
use quadric_autodiff::ops::{self, Ops, op};
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::reference::{Array, Data};
use quadric_autodiff::shape::Axes;
use quadric_autodiff::tape::{Builder, Tape, Value};
use quadric_autodiff::trace::{self, Var, cut, grad, hvp_of_part, jvp, scan};
use quadric_autodiff::transform::{Freeze, Part, jvp_frozen, linearize, vjp, vjp_frozen, vmap};
use quadric_autodiff::{DType, Tensor, tensor};

use super::generate::{Program, Recipe, recipes};
use super::random::{number, runner, survives};
use super::roads::{close, ensure, executed, valid};
use super::support::*;

/// Model, loss and penalty.
type Recipes = (Recipe, Recipe, Recipe);

/// A scalar function whose Hessian is to be taken apart.
struct Whole {
    tape: Tape,
    model: Tape,
    loss: Tape,
    penalty: Tape,
    /// θ
    x: Vec<Tensor>,
    kinky: bool,
    stops: bool,
}

/// The tape with its float outputs only, added up with weights that are all of one half to one.
fn summed(program: &Program, rng: &mut Rng) -> Tape {
    let mut b = Builder::new("summed");
    let inputs: Vec<Value> = program.tape.input_types().into_iter().map(|ty| b.input(ty)).collect();
    let outputs = b.inline(&program.tape, &inputs);
    let sum = weighted_sum(&mut b, &outputs, rng);
    b.finish(vec![sum]).unwrap()
}

fn weighted_sum(b: &mut Builder, values: &[Value], rng: &mut Rng) -> Value {
    let mut total = b.constant(Tensor::scalar(0.0));
    for v in values.iter().filter(|v| b.type_of(**v).dtype.is_float()).copied().collect::<Vec<_>>() {
        let weights = b.constant(direction(&b.type_of(v).clone(), rng));
        let product = b.mul(v, weights);
        let axes = Axes::all(b.shape_of(v).rank());
        let sum = b.sum(product, &axes);
        total = b.add(total, sum);
    }
    total
}

fn whole((model, loss, penalty): &Recipes) -> Whole {
    let mut rng = Rng(model.seed ^ loss.seed);
    let model = model.program(None);
    let floats: Vec<usize> =
        (0..model.tape.outputs().len()).filter(|i| model.tape.output_types()[*i].dtype == DType::F64).collect();
    let float_tape = model.tape.with_outputs(floats);
    let z: Vec<Tensor> = truth(&float_tape, &exact(&model.point))
        .iter()
        .map(|z| {
            let values = z.to_f64_vec();
            Tensor::from_fn(DType::F64, &z.ty.shape, |i| values[i])
        })
        .collect();
    let loss = loss.program_at(&z, None);
    let penalty = penalty.program_at(&model.point, None);
    let kinky = [&model, &loss, &penalty].iter().any(|p| p.is_kinky());
    let stops = [&model, &loss, &penalty].iter().any(|p| p.stops);
    let (x, loss, penalty) = (model.point, summed(&loss, &mut rng), summed(&penalty, &mut rng));

    let mut b = Builder::new("whole");
    let inputs: Vec<Value> = float_tape.input_types().into_iter().map(|ty| b.input(ty)).collect();
    let z = b.inline(&float_tape, &inputs);
    let z: Vec<Value> = z.into_iter().map(|z| b.emit_valid(op(ops::Cut { name: "z".into() }), &[z])).collect();
    let risk = b.inline(&loss, &z)[0];
    let penalised = b.inline(&penalty, &inputs)[0];
    let total = b.add(risk, penalised);
    let tape = b.finish(vec![total]).unwrap();
    Whole { tape, model: float_tape, loss, penalty, x, kinky, stops }
}

/// `∇²(wᵀ tape)(x) v` by the ordinary transforms.
fn curvature(tape: &Tape, x: &[Array<Dd>], w: &[Array<Dd>], v: &[Array<Dd>]) -> Vec<Array<Dd>> {
    let no_w: Vec<Array<Dd>> = w.iter().map(|w| zeros(&w.ty)).collect();
    let mut out = truth(&forward(&backward(tape)), &[x, w, v, &no_w].concat());
    out.split_off(out.len() - x.len())
}

fn sum(parts: &[&[Array<Dd>]]) -> Vec<Array<Dd>> {
    (0..parts[0].len())
        .map(|i| {
            let entry = |k: usize| parts.iter().fold(Dd::ZERO, |sum, p| sum + p[i].reals()[k]);
            let data = (0..parts[0][i].reals().len()).map(entry).collect();
            Array { ty: parts[0][i].ty.clone(), data: Data::Real(data) }
        })
        .collect()
}

/// What a run has seen: functions, those too near a kink, and those of which each part is more than nothing.
#[derive(Default, Debug)]
struct Seen {
    functions: usize,
    kinky: usize,
    /// G, N, R, A, M.
    present: [usize; 5],
}

fn check(recipes: &Recipes, seen: &mut Seen) -> Result<(), String> {
    let whole = whole(recipes);
    seen.functions += 1;
    if whole.kinky {
        seen.kinky += 1;
        return Ok(());
    }
    let mut rng = Rng(recipes.0.seed ^ 0xcafe);
    let f = &whole.tape;
    valid("f", f, false)?;
    let n = whole.x.len();
    let v: Vec<Tensor> = whole.x.iter().map(|x| direction(x.ty(), &mut rng)).collect();
    let (x, ve, one) = (exact(&whole.x), exact(&v), exact(&[Tensor::scalar(1.0)]));

    // By definition.
    let z = truth(&whole.model, &x);
    let z_dot = truth(&forward(&whole.model), &[&x[..], &ve].concat()).split_off(z.len());
    let z_bar = truth(&backward(&whole.loss), &[&z[..], &one].concat()).split_off(1);
    let h_z = curvature(&whole.loss, &z, &one, &z_dot);
    let g = truth(&backward(&whole.model), &[&x[..], &h_z].concat()).split_off(z.len());
    let nme = curvature(&whole.model, &x, &z_bar, &ve);
    let r = curvature(&whole.penalty, &x, &one, &ve);

    // By freezing.
    let reverse = vjp(f, &vec![true; n]).map_err(|e| e.to_string())?;
    let gradient = reverse.tape.with_outputs(1..1 + n);
    let wrt: Vec<bool> = (0..=n).map(|i| i < n).collect();
    let args = [&whole.x[..], &[Tensor::scalar(1.0)]].concat();
    let all = [&exact(&args)[..], &ve].concat();
    let mut products: Vec<Vec<Array<Dd>>> = Vec::new();
    let parts = [
        Part::Hessian,
        Part::gauss_newton("z"),
        Part::nme("z"),
        Part::remainder("z"),
        Part::activation_nme("z"),
        Part::multilinear_nme("z"),
    ];
    for part in &parts {
        let freeze = Freeze { sweep: reverse.sweep, live: part.clone() };
        let frozen = jvp_frozen(&gradient, &wrt, Some(&freeze)).map_err(|e| format!("{part:?}: {e}"))?.tape;
        valid("frozen", &frozen, false)?;
        let out = truth(&frozen, &all);
        let product = out[n..].to_vec();
        let tensors = [&args[..], &v].concat();
        executed("frozen", &frozen, &tensors, &out, &ROADS[..1])?;

        // Linearised, in reverse (every part is symmetric), over a batch.
        let split = linearize(&gradient, &wrt, Some(&freeze)).map_err(|e| format!("{part:?}: {e}"))?;
        let residuals = truth(&split.primal, &exact(&args)).split_off(split.outputs);
        close("frozen and linearised", &product, &truth(&split.linear, &[&residuals[..], &ve].concat()), 1e-22)?;
        let twice = vjp_frozen(&gradient, &wrt, Some(&freeze)).map_err(|e| format!("{part:?}: {e}"))?.tape;
        let by_reverse = truth(&twice, &all).split_off(n);
        close("frozen forward and in reverse", &product, &by_reverse, 1e-18)?;
        let flags: Vec<bool> = (0..2 * n + 1).map(|i| i > n).collect();
        let batched = vmap(&frozen, &flags, 1).map_err(|e| format!("vmap: {e}"))?;
        let lanes = [&args[..], &v.iter().map(|v| v.reshaped([&[1], &v.shape()[..]].concat())).collect::<Vec<_>>()];
        let slices: Vec<Array<Dd>> =
            truth(&batched, &exact(&lanes.concat()))[n..].iter().map(|t| slice(t, 0)).collect();
        close("frozen, and over a batch", &product, &slices, 1e-22)?;

        // One order higher: the gradient of vᵀPv, by reverse mode over the frozen tape, against differences of it.
        if !whole.stops {
            let u: Vec<Array<Dd>> = exact(&whole.x.iter().map(|x| direction(x.ty(), &mut rng)).collect::<Vec<_>>());
            let no: Vec<Array<Dd>> = out[..n].iter().map(|x| zeros(&x.ty)).collect();
            let next = truth(&backward(&frozen), &[&all[..], &no, &ve].concat());
            let along = dot(&next[2 * n..3 * n], &u).0;
            let still: Vec<Array<Dd>> = all[n..].iter().map(|x| zeros(&x.ty)).collect();
            let moved = differences(&frozen, &all, &[&u[..], &still].concat()).split_off(n);
            let (expected, size) = dot(&ve, &moved);
            let off = (along - expected).abs().to_f64();
            ensure!(off <= 1e-9 * (size + 1.0), "∇ vᵀ{part:?}v: {} and {}", along.to_f64(), expected.to_f64());
        }
        products.push(product);
    }
    let [by_h, by_g, by_n, by_r, by_a, by_m] = &products[..] else { unreachable!() };
    for (count, part) in seen.present.iter_mut().zip([by_g, by_n, by_r, by_a, by_m]) {
        *count += usize::from(part.iter().any(|x| largest(&x.to_f64_vec()) > 1e-9));
    }
    close("G v and its definition", by_g, &g, 1e-18)?;
    close("N v and its definition", by_n, &nme, 1e-18)?;
    close("R v and its definition", by_r, &r, 1e-18)?;
    close("H and G + N + R", by_h, &sum(&[by_g, by_n, by_r]), 1e-18)?;
    close("N and A + M", by_n, &sum(&[by_a, by_m]), 1e-18)
}

#[test]
fn random_hessians_come_apart_at_the_cut() {
    let count = number("QUADRIC_RANDOM_SPLITS", 400) as u32;
    let strategy = (recipes(14), recipes(12), recipes(5));
    let seen = std::cell::RefCell::new(Seen::default());
    let run = |recipes: Recipes| survives(|| check(&recipes, &mut seen.borrow_mut())).map_err(TestCaseError::fail);
    let result = runner(count, number("QUADRIC_RANDOM_SEED", 0)).run(&strategy, run);
    if let Err(TestError::Fail(why, recipes)) = result {
        let whole = whole(&recipes);
        panic!("{why}\n{}\nat {:?}\n({recipes:?})", whole.tape.to_short_text(), whole.x);
    }
    result.unwrap();
    let seen = seen.into_inner();
    println!("{seen:?}");
    let checked = seen.functions - seen.kinky;
    assert!(checked * 2 > seen.functions, "{seen:?}");
    assert!(seen.present.iter().all(|n| n * 20 > checked), "a part is hardly ever there: {seen:?}");
}

/// `(G v, N v, R v)` at a point along a direction.
fn parts(f: impl Fn(Var) -> Var + Copy, x: &Tensor, v: &Tensor) -> [Vec<f64>; 3] {
    let part = |part: Part| hvp_of_part(&part, f, x, v).unwrap_or_else(|e| panic!("{e}")).to_f64_vec();
    [part(Part::gauss_newton("z")), part(Part::nme("z")), part(Part::remainder("z"))]
}

#[track_caller]
fn assert_parts(f: impl Fn(Var) -> Var + Copy, x: &Tensor, v: &Tensor, expected: [&[f64]; 3]) {
    for ((name, found), expected) in ["G", "N", "R"].iter().zip(parts(f, x, v)).zip(expected) {
        let close = found.iter().zip(expected).all(|(x, y)| (x - y).abs() <= 1e-12 * (1.0 + y.abs()));
        assert!(found.len() == expected.len() && close, "{name} v: {found:?}, not {expected:?}");
    }
}

/// L = (Σ z² + Σ x⁴)/c with z = x³: 2 (3x²)² v/c, 12 x⁴ v/c and 12 x² v/c.
#[test]
fn a_penalty_inside_a_quotient_by_a_constant_comes_apart() {
    let (x, v) = (tensor![1.0, 2.0], tensor![1.0, -1.0]);
    let entry = |f: fn(f64) -> f64| [f(1.0) / 2.0, -f(2.0) / 2.0];
    let (g, n, r) = (entry(|x| 18.0 * x.powi(4)), entry(|x| 12.0 * x.powi(4)), entry(|x| 12.0 * x.powi(2)));
    let halved = |x: Var| ((cut("z", x.powi(3)).powi(2) + x.powi(4)) / 2.0).sum();
    let mean = |x: Var| (cut("z", x.powi(3)).powi(2) + x.powi(4)).mean();
    let behind = |x: Var| cut("z", x.powi(3)).powi(2).mean() + x.powi(4).mean();
    let by_an_array = |x: Var| ((cut("z", x.powi(3)).powi(2) + x.powi(4)) / trace::constant(&tensor![2.0, 2.0])).sum();
    assert_parts(halved, &x, &v, [&g, &n, &r]);
    assert_parts(mean, &x, &v, [&g, &n, &r]);
    assert_parts(behind, &x, &v, [&g, &n, &r]);
    assert_parts(by_an_array, &x, &v, [&g, &n, &r]);
    // In a loop that adds up.
    let in_a_loop = |x: Var| {
        let step = |sum: Var, x: Var| ((sum + (cut("z", x.powi(3)).powi(2) + x.powi(4)) / 4.0) / 1.0, x);
        scan(step, &x.number(0.0), &x).0 * 2.0
    };
    assert_parts(in_a_loop, &x, &v, [&g, &n, &r]);
    // A divisor that moves past the cut still bends what comes from it.
    let bends = |x: Var| (cut("z", x.powi(3)).powi(2) / x).sum();
    let error = hvp_of_part(&Part::gauss_newton("z"), bends, &x, &v).unwrap_err().to_string();
    assert!(error.contains("also nonlinear in a parameter that reaches it without passing the cut"), "{error}");
}

/// The model of a loss that reads tangents: values and tangents are cut alike.
#[test]
fn a_cut_inside_a_forward_derivative() {
    let (x, v) = (tensor![0.5], tensor![2.0]);
    let direction = 3.0;
    // z = x³ along 3: ż = 9x², L = eᶻ̇: G = eᶻ̇ (18x)², N = eᶻ̇ 18.
    let tangent = move |x: Var| jvp(|x: Var| cut("z", x.powi(3)), &x, &x.full_like(direction)).1.exp().sum();
    let e = 2.25f64.exp();
    assert_parts(tangent, &x, &v, [&[2.0 * e * 81.0], &[2.0 * e * 18.0], &[0.0]]);
    // The loss is inside, too: d/dε (z²) = 2 z ż = 18 x⁵ with (z, ż) = (x³, 9x²), beside a penalty.
    // G = Jᵀ [0 2; 2 0] J = 4 · 3x² · 18x; N = 2ż · 6x + 2z · 18; R = 6x.
    let both = move |x: Var| {
        let loss = |x: Var| cut("z", x.powi(3)).powi(2);
        (jvp(loss, &x, &x.full_like(direction)).1 + x.powi(3)).sum()
    };
    assert_parts(both, &x, &v, [&[2.0 * 27.0], &[2.0 * (13.5 + 4.5)], &[2.0 * 3.0]]);
    // What is cut outside is what it was.
    let outside = move |x: Var| cut("z", jvp(|x: Var| x.powi(3), &x, &x.full_like(direction)).1).exp().sum();
    assert_parts(outside, &x, &v, [&[2.0 * e * 81.0], &[2.0 * e * 18.0], &[0.0]]);
}

#[test]
fn a_cut_that_only_a_gradient_passes_says_where_to_cut() {
    let inside = |x: Var| grad(|x: Var| cut("z", x.powi(3)).sum(), &x).powi(2).sum();
    let error = hvp_of_part(&Part::gauss_newton("z"), inside, &tensor![0.5], &tensor![1.0]).unwrap_err().to_string();
    assert!(error.contains("cut the result: cut(\"z\", grad(…))"), "{error}");
    // z = 3x², L = Σ z²: G = 2 (6x)², N = 2z · 6.
    let outside = |x: Var| cut("z", grad(|x: Var| x.powi(3).sum(), &x)).powi(2).sum();
    assert_parts(outside, &tensor![0.5], &tensor![1.0], [&[18.0], &[9.0], &[0.0]]);
}

//! What is known of the parts of the Hessian (PAPER §5, claims 1-5), in f64, each operator compiled on its own.

use quadric_autodiff::trace::{Var, cut, nonlinear_scope, trace};
use quadric_autodiff::{DType, Tensor, transform};
use quadric_curvature::operators::*;
use quadric_curvature::vector::{axpy, dot, norm};
use quadric_curvature::{AtPoint, Decomposition, Gradient, LinearOperator, Probe, Problem};

use crate::nets::*;

pub const TOLERANCE: f64 = 1e-12;

pub fn dense(operator: impl LinearOperator) -> quadric_curvature::operators::Dense {
    quadric_curvature::operators::Dense::of(operator).unwrap()
}

/// `‖a − b‖ / ‖b‖`
pub fn apart(a: &[f64], b: &[f64]) -> f64 {
    let mut rest = a.to_vec();
    axpy(-1.0, b, &mut rest);
    norm(&rest) / norm(b)
}

fn cases() -> impl Iterator<Item = (Activation, Loss, Problem)> {
    Activation::all().flat_map(|a| LOSSES.map(|l| (a, l, problem(a, l))))
}

#[test]
fn h_is_g_plus_n() {
    for (activation, loss, problem) in cases() {
        let h = dense(Hessian::new(&problem).unwrap());
        let g = dense(GaussNewton::new(&problem, "logits").unwrap());
        let n = dense(Nme::new(&problem, "logits").unwrap());
        let sum = g.plus(1.0, &n).unwrap();
        assert!(apart(sum.entries(), h.entries()) < TOLERANCE, "{activation:?} {loss:?}");
        // And N is not nothing, nor is G all.
        assert!(n.frobenius_norm() > 1e-3 * h.frobenius_norm(), "{activation:?} {loss:?}");
        // Per tensor, too.
        let difference = sum.plus(-1.0, &h).unwrap();
        let dim = problem.space().dim();
        for c in problem.space().coordinates() {
            let rows =
                |m: &quadric_curvature::operators::Dense| norm(&m.entries()[c.range.start * dim..c.range.end * dim]);
            assert!(rows(&difference) <= TOLERANCE * rows(&h), "{activation:?} {loss:?} {}", c.name);
        }
        assert!(h.asymmetry() < 1e-13 && g.asymmetry() < 1e-13 && n.asymmetry() < 1e-13);
    }
}

#[test]
fn h_is_the_derivative_of_the_gradient() {
    for (activation, loss, problem) in cases().filter(|(a, ..)| SMOOTH.contains(a)) {
        let theta = problem.parameters();
        let v = &Probe::Gaussian.draw(theta.len(), 1, 3)[0];
        let mut gradient = Gradient::new(&problem).unwrap();
        let mut at = |t: f64| {
            let mut theta = theta.clone();
            axpy(t, v, &mut theta);
            gradient.set_parameters(&theta).unwrap();
            gradient.value_and_gradient().unwrap().1
        };
        // Fourth order: (8 (f(t) − f(−t)) − (f(2t) − f(−2t))) / 12 t.
        let t = 2e-4;
        let (a, b, c, d) = (at(t), at(-t), at(2.0 * t), at(-2.0 * t));
        let slope: Vec<f64> = (0..v.len()).map(|i| (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / (12.0 * t)).collect();
        let h_v = Hessian::new(&problem).unwrap().apply(v).unwrap();
        assert!(apart(&slope, &h_v) < 1e-9, "{activation:?} {loss:?} {:e}", apart(&slope, &h_v));
    }
}

#[test]
fn n_is_a_plus_m() {
    for (activation, loss, problem) in cases() {
        let n = dense(Nme::new(&problem, "logits").unwrap());
        let a = dense(ActivationNme::new(&problem, "logits").unwrap());
        let m = dense(MultilinearNme::new(&problem, "logits").unwrap());
        let sum = a.plus(1.0, &m).unwrap();
        assert!(apart(sum.entries(), n.entries()) < TOLERANCE, "{activation:?} {loss:?}");
        // tr M = 0, on composed GELU and SiLU too; no entry of its same-layer blocks either.
        assert_eq!(m.trace(), 0.0, "{activation:?} {loss:?}");
        for c in problem.space().coordinates() {
            for (i, j) in c.range.clone().flat_map(|i| c.range.clone().map(move |j| (i, j))) {
                assert_eq!(m.at(i, j), 0.0, "{activation:?} {loss:?} {}", c.name);
            }
        }
        assert!(m.frobenius_norm() > 1e-3 * n.frobenius_norm());
        if SMOOTH.contains(&activation) {
            assert!(a.frobenius_norm() > 1e-2 * n.frobenius_norm(), "{activation:?} {loss:?}");
            assert!(a.trace().abs() > 1e-4, "{activation:?} {loss:?}");
        }
    }
}

/// `Σ_u ā_u φ″(h_u) ‖∇h_u‖²` over examples and hidden units: ā from a reverse sweep to the activations' outputs, ∇h from
/// one for each unit, φ″ by hand. No second derivative is taken.
fn trace_of_n_by_nodes(activation: Activation, loss: Loss) -> f64 {
    let model = mlp(activation, DType::F64, 1);
    let (x, y) = data(DType::F64);
    let hidden: Vec<usize> = SIZES[1..SIZES.len() - 1].to_vec();
    // (model, x, y, δ after each activation) → (loss; h₀, h₁, …)
    let offsets: Vec<Tensor> = hidden.iter().map(|n| Tensor::from_fn(DType::F64, [EXAMPLES, *n], |_| 0.0)).collect();
    let leaves = 2 * model.layers.len();
    let tape = trace(
        |(model, x, y, offsets): (Mlp<Var>, Var, Var, Vec<Var>)| {
            let mut out = Vec::new();
            let mut x = x;
            for (i, layer) in model.layers.iter().enumerate() {
                let h = x.matmul(layer.weight) + layer.bias;
                if i + 1 < model.layers.len() {
                    out.push(h);
                    x = activation.apply(h) + offsets[i];
                } else {
                    x = h;
                }
            }
            out.insert(0, loss.apply(x, y));
            out
        },
        &(model.clone(), x.clone(), y.clone(), offsets.clone()),
    )
    .unwrap();
    use quadric_autodiff::Tree;
    let mut args: Vec<Tensor> = model.leaves().into_iter().cloned().collect();
    args.extend([x, y]);
    args.extend(offsets);
    let run = |tape: &quadric_autodiff::tape::Tape, more: &[Tensor]| {
        let args: Vec<&Tensor> = args.iter().chain(more).collect();
        quadric_autodiff::exec::Program::new(tape, &Default::default()).call(&args).unwrap()
    };
    let values = run(&tape, &[]);
    let is_offset: Vec<bool> = (0..args.len()).map(|i| i >= leaves + 2).collect();
    let is_parameter: Vec<bool> = (0..args.len()).map(|i| i < leaves).collect();
    let cotangents = transform::vjp(&tape.with_outputs([0]), &is_offset).unwrap().tape;
    let a_bars = run(&cotangents, &[Tensor::scalar(1.0)])[1..].to_vec();
    let mut sum = 0.0;
    for (layer, (h, a_bar)) in values[1..].iter().zip(&a_bars).enumerate() {
        let reverse = transform::vjp(&tape.with_outputs([1 + layer]), &is_parameter).unwrap().tape;
        let (h_values, a_bar) = (h.to_f64_vec(), a_bar.to_f64_vec());
        for unit in 0..h.size() {
            let seed = Tensor::from_fn(DType::F64, h.shape(), |i| f64::from(u8::from(i == unit)));
            let gradient = run(&reverse, &[seed])[1..].iter().flat_map(Tensor::to_f64_vec).collect::<Vec<_>>();
            sum += a_bar[unit] * activation.second(h_values[unit]) * dot(&gradient, &gradient);
        }
    }
    sum
}

#[test]
fn the_trace_of_n_is_the_sum_over_units() {
    for (activation, loss, problem) in cases() {
        let n = dense(Nme::new(&problem, "logits").unwrap());
        let by_nodes = trace_of_n_by_nodes(activation, loss);
        // Relative to the size of the terms of the trace, which cancel.
        let scale = norm(&n.diagonal()).max(1e-300);
        assert!((n.trace() - by_nodes).abs() <= TOLERANCE * scale, "{activation:?} {loss:?}: {by_nodes}");
        assert!(SMOOTH.contains(&activation) == (by_nodes.abs() > 1e-4), "{activation:?} {loss:?}: {by_nodes}");
    }
}

#[test]
fn without_curved_activations_n_lies_between_layers() {
    for (activation, loss, problem) in cases().filter(|(a, ..)| PIECEWISE.contains(a)) {
        let n = dense(Nme::new(&problem, "logits").unwrap());
        let (h, g) = (dense(Hessian::new(&problem).unwrap()), dense(GaussNewton::new(&problem, "logits").unwrap()));
        for layer in 0..3 {
            let block =
                Block::of_leaves(Nme::new(&problem, "logits").unwrap(), problem.space(), &format!("layers.{layer}"));
            assert_eq!(dense(block.unwrap()).frobenius_norm(), 0.0, "{activation:?} {loss:?} layer {layer}");
        }
        assert_eq!(n.trace(), 0.0);
        assert!((h.trace() - g.trace()).abs() < TOLERANCE * h.trace().abs());
        assert!(n.frobenius_norm() > 1e-2 * h.frobenius_norm(), "{activation:?} {loss:?}");
        let a = dense(ActivationNme::new(&problem, "logits").unwrap());
        assert_eq!(a.frobenius_norm(), 0.0);
    }
}

#[test]
fn g_is_semidefinite_and_n_is_not() {
    for (activation, loss, problem) in cases() {
        let g = dense(GaussNewton::new(&problem, "logits").unwrap()).eigenvalues().unwrap();
        let n = dense(Nme::new(&problem, "logits").unwrap()).eigenvalues().unwrap();
        let top = g[g.len() - 1];
        assert!(top > 0.0 && g[0] > -TOLERANCE * top, "{activation:?} {loss:?}: {}", g[0]);
        assert!(n[0] < -1e-3 && n[n.len() - 1] > 1e-3, "{activation:?} {loss:?}: {} {}", n[0], n[n.len() - 1]);
    }
}

#[test]
fn the_trace_of_g_is_the_expected_square_of_a_sampled_gradient() {
    // tr G = (1/N) Σ_n E_ŷ ‖∇ℓ_n(ŷ)‖², the classes enumerated.
    let activation = Activation::Gelu;
    let model = mlp(activation, DType::F64, 1);
    let (x, y) = data(DType::F64);
    let x = x.to_f64_vec();
    let g = dense(GaussNewton::new(&problem(activation, Loss::CrossEntropy), "logits").unwrap());
    let mut expected = 0.0;
    for n in 0..y.size() {
        let row = Tensor::new([1, SIZES[0]], &x[n * SIZES[0]..(n + 1) * SIZES[0]]).unwrap();
        for class in 0..SIZES[3] as i32 {
            let batch = vec![(row.clone(), Tensor::from_vec(&[class]))];
            let one = Problem::new(&model, loss_of(Loss::CrossEntropy), batch).unwrap();
            let (value, gradient) = Gradient::new(&one).unwrap().value_and_gradient().unwrap();
            expected += (-value).exp() * dot(&gradient, &gradient) / EXAMPLES as f64; // p_ŷ = e^{−ℓ(ŷ)}
        }
    }
    assert!((g.trace() / expected - 1.0).abs() < TOLERANCE);
}

#[test]
fn weight_decay_lands_in_the_remainder() {
    let (x, y) = data(DType::F64);
    let decay = 0.3;
    for loss in LOSSES {
        let with_decay = move |model: Mlp<Var>, x: Var, y: Var| {
            let base = loss.apply(cut("logits", model.logits(x)), y);
            model.layers.iter().fold(base, |sum, l| sum + (l.weight * l.weight).sum() * (0.5 * decay))
        };
        let model = mlp(Activation::Gelu, DType::F64, 1);
        let problem = Problem::in_batches(&model, with_decay, &x, &y, 3).unwrap();
        let h = dense(Hessian::new(&problem).unwrap());
        let g = dense(GaussNewton::new(&problem, "logits").unwrap());
        let n = dense(Nme::new(&problem, "logits").unwrap());
        let r = dense(Remainder::new(&problem, "logits").unwrap());
        let sum = g.plus(1.0, &n).unwrap().plus(1.0, &r).unwrap();
        assert!(apart(sum.entries(), h.entries()) < TOLERANCE);
        let plain = crate::nets::problem(Activation::Gelu, loss);
        assert!(apart(g.entries(), dense(GaussNewton::new(&plain, "logits").unwrap()).entries()) < TOLERANCE);
        assert!(apart(n.entries(), dense(Nme::new(&plain, "logits").unwrap()).entries()) < TOLERANCE);
        for c in problem.space().coordinates() {
            let wanted = if c.name.ends_with("weight") { decay } else { 0.0 };
            for i in c.range.clone() {
                for j in 0..problem.space().dim() {
                    let entry = if i == j { wanted } else { 0.0 };
                    assert!((r.at(i, j) - entry).abs() < 1e-14);
                }
            }
        }
        let v = &Probe::Gaussian.draw(h.dim(), 1, 1)[0];
        let parts = Decomposition::new(&problem, "logits").unwrap().decompose(v).unwrap();
        assert!(apart(&parts.r, &r.clone().apply(v).unwrap()) < TOLERANCE);
        assert!(apart(&parts.h, &h.clone().apply(v).unwrap()) < TOLERANCE);
    }
}

#[test]
fn the_parts_together_are_the_parts_one_by_one() {
    for (activation, loss, problem) in cases() {
        let block = Probe::Gaussian.draw(problem.space().dim(), 3, 5);
        let mut together = Decomposition::new(&problem, "logits").unwrap();
        let products = together.decompose_block(&block).unwrap();
        type Part = (Box<dyn LinearOperator>, fn(&quadric_curvature::Products) -> &Vec<f64>);
        let mut one_by_one: Vec<Part> = vec![
            (Box::new(Hessian::new(&problem).unwrap()), |p| &p.h),
            (Box::new(GaussNewton::new(&problem, "logits").unwrap()), |p| &p.g),
            (Box::new(Nme::new(&problem, "logits").unwrap()), |p| &p.n),
            (Box::new(ActivationNme::new(&problem, "logits").unwrap()), |p| &p.a),
            (Box::new(MultilinearNme::new(&problem, "logits").unwrap()), |p| &p.m),
        ];
        for (operator, part) in &mut one_by_one {
            for (v, p) in block.iter().zip(&products) {
                let product = operator.apply(v).unwrap();
                assert!(norm(&product) == 0.0 || apart(part(p), &product) < TOLERANCE, "{activation:?} {loss:?}");
            }
        }
        assert!(products.iter().all(|p| norm(&p.r) == 0.0));
        let (value, gradient) = together.value_and_gradient().unwrap();
        let alone = Gradient::new(&problem).unwrap().value_and_gradient().unwrap();
        assert!((value / alone.0 - 1.0).abs() < 1e-14 && apart(&gradient, &alone.1) < 1e-14);
    }
}

#[test]
fn nme_over_gn_is_the_ratio_and_ignores_length() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let (_, g) = Gradient::new(&problem).unwrap().value_and_gradient().unwrap();
    let mut parts = Decomposition::new(&problem, "logits").unwrap();
    let ratio = parts.nme_over_gn_along_gradient().unwrap();
    let n = norm(&Nme::new(&problem, "logits").unwrap().apply(&g).unwrap());
    let gn = norm(&GaussNewton::new(&problem, "logits").unwrap().apply(&g).unwrap());
    assert!((ratio / (n / gn) - 1.0).abs() < TOLERANCE);
    assert!((parts.nme_over_gn(&g).unwrap() / ratio - 1.0).abs() < TOLERANCE);
    // At another point it is another, and both ways lead there.
    let there = mlp(Activation::Gelu, DType::F64, 2);
    parts.set_point(&there).unwrap();
    let moved = parts.nme_over_gn_along_gradient().unwrap();
    assert!((moved / ratio - 1.0).abs() > 1e-3);
    parts.set_parameters(&problem.parameters()).unwrap();
    assert_eq!(parts.nme_over_gn_along_gradient().unwrap(), ratio);
}

#[test]
fn a_composed_activation_without_its_scope_would_be_half_a_product() {
    // The reason for the scope: x Φ(x) by primitive kind alone puts a product into M, and tr M is not 0.
    let (x, y) = data(DType::F64);
    let gelu = |h: Var| h * ((h * 0.5_f64.sqrt()).erf() + 1.0) * 0.5;
    let logits = move |model: &Mlp<Var>, x: Var, scoped: bool| {
        let h = x.matmul(model.layers[0].weight) + model.layers[0].bias;
        let a = if scoped { nonlinear_scope("gelu", || gelu(h)) } else { gelu(h) };
        let h = a.matmul(model.layers[1].weight) + model.layers[1].bias;
        h.matmul(model.layers[2].weight) + model.layers[2].bias
    };
    let trace_of_m = |scoped: bool| {
        let loss =
            move |model: Mlp<Var>, x: Var, y: Var| Loss::Squares.apply(cut("logits", logits(&model, x, scoped)), y);
        let model = mlp(Activation::Gelu, DType::F64, 1);
        let problem = Problem::new(&model, loss, vec![(x.clone(), y.clone())]).unwrap();
        dense(MultilinearNme::new(&problem, "logits").unwrap()).trace()
    };
    assert_eq!(trace_of_m(true), 0.0);
    assert!(trace_of_m(false).abs() > 1e-2);
}

#[test]
fn f32_parts_agree_to_single_precision() {
    let (x, y) = data(DType::F32);
    let model = mlp(Activation::Gelu, DType::F32, 1);
    let problem = Problem::in_batches(&model, loss_of(Loss::CrossEntropy), &x, &y, 3).unwrap();
    let h = dense(Hessian::new(&problem).unwrap());
    let sum = dense(GaussNewton::new(&problem, "logits").unwrap())
        .plus(1.0, &dense(Nme::new(&problem, "logits").unwrap()))
        .unwrap();
    assert!(apart(sum.entries(), h.entries()) < 1e-5);
    let mut double = Hessian::new(&crate::nets::problem(Activation::Gelu, Loss::CrossEntropy)).unwrap();
    double.set_parameters(&problem.parameters()).unwrap();
    assert!(apart(h.entries(), dense(double).entries()) < 1e-5);
}

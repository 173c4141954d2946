//! The trace penalties: third order against differences, and claims 5 and 6 with all labels enumerated.

use std::cell::RefCell;

use quadric_autodiff::Arithmetic;
use quadric_autodiff::trace::{Var, compile, constant, cut, grad, hvp, hvp_of_part, jvp, random};
use quadric_autodiff::transform::Part;
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_gradcheck as gradcheck;
use quadric_nn::{Activation, Classifier, Mlp, cross_entropy, softmax};
use quadric_regularization::{
    Classification, GaussNewtonTrace, HessianTrace, Loss, Objective, Probe, SampledTrace, probes,
};

use crate::{batch, direction, flat, inner, network, noisy, norm, on_network, parts, relative, scalar, unflat};

/// Checks the gradient of a scalar function of the network against differences of it.
fn check_gradient(activation: Activation, value: impl Fn(&Mlp<Var>, Classification) -> Var + Copy) {
    let model = network(activation);
    let (x, y) = batch();
    let problem = || Classification::new(constant(&x), constant(&y));
    let f = RefCell::new(compile(|m: Mlp<Var>| value(&m, problem())));
    let g = RefCell::new(compile(|m: Mlp<Var>| grad(|m: Mlp<Var>| value(&m, problem()), &m)));
    gradcheck::gradient(
        |p: &[f64]| f.borrow_mut().call(unflat(&model, p)).unwrap().item(),
        |p: &[f64]| flat(&g.borrow_mut().call(unflat(&model, p)).unwrap()),
        &flat(&model),
    )
    .unwrap();
}

#[test]
fn the_gradient_of_v_h_v_is_that_of_differences() {
    for activation in [Activation::Gelu, Activation::Tanh, Activation::Silu, Activation::Softplus] {
        let v = direction(5, &network(activation));
        check_gradient(activation, |m, p| HessianTrace::curvature(&p, m, &v.map_leaves(constant)));
    }
}

#[test]
fn the_gradient_of_v_g_v_is_that_of_differences() {
    for activation in [Activation::Gelu, Activation::Tanh, Activation::Silu] {
        let v = direction(5, &network(activation));
        check_gradient(activation, |m, p| GaussNewtonTrace::curvature(&p, "logits", m, &v.map_leaves(constant)));
    }
}

/// With gradients stopped where the other residuals are frozen, `vᵀGv` has the same value and its gradient is wrong: the frozen-residual
/// product is a tape of `G(θ) v`, and no stop-gradient stands in it.
#[test]
fn a_stop_gradient_in_place_of_the_freeze_would_differentiate_wrongly() {
    for activation in [Activation::Gelu, Activation::Tanh] {
        let v = direction(5, &network(activation));
        let (right, wrong, right_grad, wrong_grad) = on_network(activation, &[], |m, p, _| {
            let v = v.map_leaves(constant);
            let frozen = |m: Mlp<Var>| GaussNewtonTrace::curvature(&p, "logits", &m, &v);
            // Gv as the gradient in θ₁ of ⟨J(θ₂)ᵀ ∇ℓ(z(θ₁)), v⟩ with θ₂ stopped: what stopping the model's residuals amounts to.
            let stopped = |m: Mlp<Var>| {
                let held: Mlp<Var> = m.map_leaves(|w| w.stop_gradient());
                let slope = |theta: Mlp<Var>| {
                    let z_bar = grad(|z: Var| cross_entropy(z, p.y).mean(), &Classifier::logits(&theta, p.x));
                    let z_dot = jvp(|m: Mlp<Var>| Classifier::logits(&m, p.x), &held, &v).1;
                    z_bar.dot(&z_dot)
                };
                v.dot(&grad(slope, &m))
            };
            (frozen(m.clone()), stopped(m.clone()), grad(frozen, &m), grad(stopped, &m))
        });
        assert!((right.item() - wrong.item()).abs() < 1e-12 * right.item().abs(), "the values are the same");
        let off = relative(&flat(&wrong_grad), &flat(&right_grad));
        assert!(off > 0.05, "{activation}: the gradients should differ, and do by {off}");
    }
}

/// A method's outcome, the loss's gradient, and each probe's curvature with its gradient.
type Outcome = ((Tensor, Tensor, Mlp), Mlp, Vec<(Tensor, Mlp)>);

/// The method adds λ times the mean curvature to the loss, and its gradient to the direction.
fn is_mean(((loss, objective, got), gradient, each): &Outcome, lambda: f64) {
    let share = lambda / each.len() as f64;
    let added = share * each.iter().map(|(curvature, _)| curvature.item()).sum::<f64>();
    assert!((objective.item() - loss.item() - added).abs() < 1e-12);
    let mut expected = flat(gradient);
    for (_, g) in each {
        for (e, g) in expected.iter_mut().zip(flat(g)) {
            *e += share * g;
        }
    }
    assert!(relative(&flat(got), &expected) < 1e-12);
}

#[test]
fn penalties_are_the_mean_over_probes_and_so_are_their_gradients() {
    for distribution in [Probe::Rademacher, Probe::Gaussian] {
        for count in [1, 3] {
            let (lambda, key) = (scalar(0.2), random::key(4, 1));
            let outcome = on_network(Activation::Gelu, &[lambda.clone(), key.clone()], |m, p, a| {
                let method = HessianTrace { lambda: a[0], key: a[1], probes: count, distribution };
                let block = probes::block(distribution, a[1], &m, count);
                let each: Vec<(Var, Mlp<Var>)> = (0..count)
                    .map(|k| {
                        let v = block.zip_leaves(&m, |v, w| v.slice(0, k..k + 1).reshape(w.shape()));
                        // vᵀHv the other way round, by a Hessian product, and its gradient.
                        let curvature = |m: Mlp<Var>| v.dot(&hvp(|m: Mlp<Var>| p.loss(&m), &m, &v));
                        (curvature(m.clone()), grad(curvature, &m))
                    })
                    .collect();
                (parts(method.update(&p, &m)), grad(|m: Mlp<Var>| p.loss(&m), &m), each)
            });
            is_mean(&outcome, 0.2);

            let outcome = on_network(Activation::Gelu, &[lambda, key], |m, p, a| {
                let method = GaussNewtonTrace { lambda: a[0], key: a[1], probes: count, distribution };
                let block = probes::block(distribution, a[1], &m, count);
                let each: Vec<(Var, Mlp<Var>)> = (0..count)
                    .map(|k| {
                        let v = block.zip_leaves(&m, |v, w| v.slice(0, k..k + 1).reshape(w.shape()));
                        // vᵀGv in closed form: Σ_b (Σ_c p ż² − (Σ_c p ż)²)/B.
                        let curvature = |m: Mlp<Var>| {
                            let (z, z_dot) = jvp(|m: Mlp<Var>| Classifier::logits(&m, p.x), &m, &v);
                            let p = softmax(z);
                            let mean = (p * z_dot).sum_axes(&[-1]);
                            ((p * z_dot * z_dot).sum_axes(&[-1]) - mean * mean).mean()
                        };
                        (curvature(m.clone()), grad(curvature, &m))
                    })
                    .collect();
                (parts(method.update(&p, &m)), grad(|m: Mlp<Var>| p.loss(&m), &m), each)
            });
            is_mean(&outcome, 0.2);
        }
    }
}

/// The order of differentiation does not matter, also where φ″ is declared: `∇(vᵀHv)` is `D²(∇L)[v, v]`.
#[test]
fn both_roads_to_the_third_order_agree() {
    for activation in
        [Activation::Gelu, Activation::GeluAblated, Activation::GeluDeclared, Activation::ReluSynthetic { beta: 3.0 }]
    {
        let v = direction(5, &network(activation));
        let (forward, reverse) = on_network(activation, &[], |m, p, _| {
            let v = v.map_leaves(constant);
            (HessianTrace::slope(&p, &m, &v), grad(|m: Mlp<Var>| HessianTrace::curvature(&p, &m, &v), &m))
        });
        assert!(relative(&flat(&forward), &flat(&reverse)) < 1e-12, "{activation}");
    }
}

/// Without batch norm a piecewise-linear network has `tr N = 0`, but one probe's `vᵀNv` is not 0; summed over a whole basis it is. So over all
/// unit vectors the two penalties coincide (claim 24 in its exact form).
#[test]
fn relu_makes_both_traces_equal() {
    let model = network(Activation::Relu);
    let mut f = compile(|(m, v, x, y): (Mlp<Var>, Mlp<Var>, Var, Var)| {
        let p = Classification::new(x, y);
        (HessianTrace::curvature(&p, &m, &v), GaussNewtonTrace::curvature(&p, "logits", &m, &v))
    });
    let (x, y) = batch();
    let n = flat(&model).len();
    let (mut h, mut g) = (0.0, 0.0);
    for i in 0..n {
        let unit: Vec<f64> = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
        let (a, b) = f.call((model.clone(), unflat(&model, &unit), x.clone(), y.clone())).unwrap();
        (h, g) = (h + a.item(), g + b.item());
    }
    assert!((h - g).abs() < 1e-12 * g, "tr H = {h}, tr G = {g}");
    let v = direction(5, &model);
    let (a, b) = f.call((model, v, x, y)).unwrap();
    assert!((a.item() - b.item()).abs() > 1e-3 * b.item().abs());
}

/// All label vectors of a batch of `size` with 3 classes, as an array `[3^size, size]`.
fn all_labels(size: u32) -> Vec<Vec<i32>> {
    (0..3i32.pow(size)).map(|n| (0..size).map(|b| n / 3i32.pow(b) % 3).collect()).collect()
}

/// Claim 5 for one example, and for a batch mean `tr G = E B‖∇L(ŷ)‖²`, all labels enumerated.
#[test]
fn the_trace_of_g_is_the_expected_squared_gradient() {
    for size in [1, 3] {
        let model = network(Activation::Gelu);
        let x = noisy(8, &[size, 4]);
        let n = flat(&model).len();
        let mut product = compile(|(m, v, x): (Mlp<Var>, Mlp<Var>, Var)| {
            let labels = constant(&Tensor::from_vec(&vec![0i32; size])); // H_z does not depend on them
            let loss = |m: Mlp<Var>| cross_entropy(cut("logits", m.logits(x)), labels).mean();
            hvp_of_part(&Part::gauss_newton("logits"), loss, &m, &v)
        });
        let mut trace = 0.0;
        for i in 0..n {
            let unit: Vec<f64> = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
            trace += flat(&product.call((model.clone(), unflat(&model, &unit), x.clone())).unwrap())[i];
        }
        let mut squared = compile(|(m, x, y): (Mlp<Var>, Var, Var)| {
            let loss = |m: Mlp<Var>| cross_entropy(m.logits(x), y).mean();
            let log_p = -cross_entropy(m.logits(x), y).sum();
            (log_p.exp(), grad(loss, &m).square_norm() * size as f64)
        });
        let mut expected = 0.0;
        for labels in all_labels(size as u32) {
            let (p, value) = squared.call((model.clone(), x.clone(), Tensor::from_vec(&labels))).unwrap();
            expected += p.item() * value.item();
        }
        assert!((trace - expected).abs() < 1e-12 * trace, "batch of {size}: tr G = {trace}, E = {expected}");
    }
}

/// Claim 6: over the labels, the gradient of the sampled penalty is `2 B E[N_ŷ ∇L(ŷ)]` on average; with N = 0 that is 0. Also, the update is
/// `g + 2 λ B H_ŷ ∇L(θ, ŷ)` for each draw.
#[test]
fn the_sampled_penalty_follows_the_nme_alone() {
    let size = 3;
    let expectation = |activation: Activation, sizes: &[usize]| {
        let model = Mlp::new(sizes, activation, DType::F64, 11);
        let x = noisy(8, &[size, 4]);
        let mut f = compile(|(m, x, y, drawn, lambda): (Mlp<Var>, Var, Var, Var, Var)| {
            let p = Classification::new(x, y);
            let method = SampledTrace { lambda, key: constant(&random::key(1, 1)) };
            let update = method.update_for(&p, &m, drawn);
            let loss = |m: Mlp<Var>| p.loss_with_labels(&m, drawn);
            let g = grad(loss, &m);
            let n_g = hvp_of_part(&Part::nme("logits"), loss, &m, &g);
            let plain = grad(|m: Mlp<Var>| p.loss(&m), &m);
            let penalty = update.direction.minus(&plain);
            ((-cross_entropy(m.logits(x), drawn).sum()).exp(), penalty, n_g, hvp(loss, &m, &g))
        });
        let count = flat(&model).len();
        let (mut penalty, mut nme, mut size_of_terms) = (vec![0.0; count], vec![0.0; count], 0.0);
        let y = Tensor::from_vec(&[0i32, 1, 2]);
        for labels in all_labels(size as u32) {
            let args = (model.clone(), x.clone(), y.clone(), Tensor::from_vec(&labels), scalar(0.5));
            let (p, g, n, h) = f.call(args).unwrap();
            let (g, n, h) = (flat(&g), flat(&n), flat(&h));
            let doubled: Vec<f64> = h.iter().map(|h| 2.0 * 0.5 * size as f64 * h).collect();
            assert!(relative(&g, &doubled) < 1e-11);
            for i in 0..count {
                penalty[i] += p.item() * g[i];
                nme[i] += p.item() * 2.0 * 0.5 * size as f64 * n[i];
            }
            size_of_terms += p.item() * norm(&g);
        }
        (penalty, nme, size_of_terms)
    };
    let (penalty, nme, _) = expectation(Activation::Gelu, &[4, 6, 3]);
    assert!(relative(&penalty, &nme) < 1e-12, "{}", relative(&penalty, &nme));
    // One layer: the logits are linear in the parameters, N = 0, and every draw's push cancels in the mean.
    let (penalty, nme, size_of_terms) = expectation(Activation::Identity, &[4, 3]);
    assert!(norm(&penalty) < 1e-14 * size_of_terms && norm(&nme) == 0.0, "{}", norm(&penalty) / size_of_terms);
}

#[test]
fn the_sampled_labels_come_from_the_models_own_softmax() {
    let args = [scalar(0.3), random::key(2, 9)];
    let (drawn, given, labels, y) = on_network(Activation::Gelu, &args, |m, p, a| {
        let method = SampledTrace { lambda: a[0], key: a[1] };
        let labels = random::categorical(a[1], p.logits(&m));
        (parts(method.update(&p, &m)), parts(method.update_for(&p, &m, labels)), labels, p.y)
    });
    assert_eq!((flat(&drawn.2), drawn.1), (flat(&given.2), given.1));
    assert_ne!(labels.to_vec::<i32>(), y.to_vec::<i32>());
    assert!(inner(&flat(&drawn.2), &flat(&given.2)) > 0.0);
}

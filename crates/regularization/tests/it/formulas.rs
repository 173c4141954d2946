//! The direction of each method, composed by hand from gradients and Hessian products in plain Rust (PAPER §2).

use quadric_autodiff::Arithmetic;
use quadric_autodiff::trace::{Var, compile, grad, hvp, value_and_grad};
use quadric_autodiff::{Tensor, Tree, tensor};
use quadric_nn::{Activation, Mlp};
use quadric_regularization::{
    Asam, Classification, FisherSam, GradientNorm, GradientPower, Gsam, ImplicitGradient, LookSam, Loss, Penalized,
    PenaltySam, Plain, Sam, Usam,
};

use crate::{batch, flat, inner, minus, network, norm, on_network, parts, relative, scalar, unflat};

/// Gradient at any point and Hessian product at the network's own, on flat vectors.
struct Plainly {
    model: Mlp,
}

impl Plainly {
    fn loss_and_gradient(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let (x, y) = batch();
        let mut f = compile(|(m, x, y): (Mlp<Var>, Var, Var)| {
            value_and_grad(|m: Mlp<Var>| Classification::new(x, y).loss(&m), &m)
        });
        let (value, g) = f.call((unflat(&self.model, at), x, y)).unwrap();
        (value.item(), flat(&g))
    }

    fn h(&self, v: &[f64]) -> Vec<f64> {
        let (x, y) = batch();
        let mut f = compile(|(m, v, x, y): (Mlp<Var>, Mlp<Var>, Var, Var)| {
            hvp(|m: Mlp<Var>| Classification::new(x, y).loss(&m), &m, &v)
        });
        flat(&f.call((self.model.clone(), unflat(&self.model, v), x, y)).unwrap())
    }
}

fn plus(a: &[f64], s: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + s * b).collect()
}

/// Checks loss, objective and direction of a method.
#[track_caller]
fn check(got: (Tensor, Tensor, Mlp), loss: f64, objective: f64, direction: &[f64]) {
    assert!((got.0.item() - loss).abs() < 1e-14, "loss {} is no {loss}", got.0.item());
    assert!((got.1.item() - objective).abs() < 1e-13, "objective {} is no {objective}", got.1.item());
    let error = relative(&flat(&got.2), direction);
    assert!(error < 1e-12, "the direction is off by {error:e}");
}

const RHO: f64 = 0.3;

#[test]
fn every_direction_is_its_formula() {
    let activation = Activation::Gelu;
    let plain = Plainly { model: network(activation) };
    let w = flat(&plain.model);
    let (loss, g) = plain.loss_and_gradient(&w);
    let length = norm(&g);
    let unit: Vec<f64> = g.iter().map(|g| g / length).collect();
    let rho = [scalar(RHO)];

    check(on_network(activation, &[], |m, p, _| parts(Plain.update(&p, &m))), loss, loss, &g);

    let (sam_loss, sam) = plain.loss_and_gradient(&plus(&w, RHO, &unit));
    check(on_network(activation, &rho, |m, p, a| parts(Sam { rho: a[0] }.update(&p, &m))), loss, sam_loss, &sam);

    let (value, usam) = plain.loss_and_gradient(&plus(&w, RHO, &g));
    check(on_network(activation, &rho, |m, p, a| parts(Usam { rho: a[0] }.update(&p, &m))), loss, value, &usam);

    let bias: Vec<bool> =
        plain.model.leaves().iter().flat_map(|leaf| vec![leaf.shape().rank() == 1; leaf.size()]).collect();
    let t: Vec<f64> = w.iter().zip(&bias).map(|(w, bias)| if *bias { 1.0 } else { w.abs() + 0.01 }).collect();
    let t_g: Vec<f64> = t.iter().zip(&g).map(|(t, g)| t * g).collect();
    let along: Vec<f64> = t.iter().zip(&t_g).map(|(t, tg)| t * tg / norm(&t_g)).collect();
    let (value, asam) = plain.loss_and_gradient(&plus(&w, RHO, &along));
    check(on_network(activation, &rho, |m, p, a| parts(Asam::new(a[0]).update(&p, &m))), loss, value, &asam);
    // Told apart by name, it is the same here.
    let by_name = on_network(activation, &rho, |m, p, a| {
        parts(Asam { scaled: |name, _| name.ends_with("weight"), ..Asam::new(a[0]) }.update(&p, &m))
    });
    check(by_name, loss, value, &asam);

    let natural: Vec<f64> = g.iter().map(|g| g / (1.0 + 50.0 * g * g)).collect();
    let (value, fisher) = plain.loss_and_gradient(&plus(&w, RHO / inner(&g, &natural).sqrt(), &natural));
    let got = on_network(activation, &rho, |m, p, a| parts(FisherSam { rho: a[0], eta: 50.0 }.update(&p, &m)));
    check(got, loss, value, &fisher);

    let across = plus(&g, -inner(&g, &sam) / inner(&sam, &sam), &sam);
    let got = on_network(activation, &rho, |m, p, a| parts(Gsam { rho: a[0], alpha: 0.4 }.update(&p, &m)));
    check(got, loss, sam_loss, &plus(&sam, -0.4, &across));

    let alpha = 0.7;
    let mixed: Vec<f64> = g.iter().zip(&sam).map(|(g, s)| (1.0 - alpha) * g + alpha * s).collect();
    let got = on_network(activation, &[scalar(RHO), scalar(alpha)], |m, p, a| {
        parts(GradientNorm { r: a[0], alpha: a[1] }.update(&p, &m))
    });
    check(got, loss, (1.0 - alpha) * loss + alpha * sam_loss, &mixed);

    let psam = plus(&g, RHO, &plain.h(&unit));
    let got = on_network(activation, &rho, |m, p, a| parts(PenaltySam::new(a[0]).update(&p, &m)));
    check(got, loss, loss + RHO * length, &psam);

    for (power, bent) in [(1.0, plain.h(&unit)), (2.0, plain.h(&g)), (3.0, plain.h(&g)), (1.5, plain.h(&g))] {
        let weight = if power == 1.0 { RHO } else { RHO * power * length.powf(power - 2.0) };
        let got = on_network(activation, &rho, |m, p, a| parts(GradientPower { rho: a[0], power }.update(&p, &m)));
        check(got, loss, loss + RHO * length.powf(power), &plus(&g, weight, &bent));
    }

    let got = on_network(activation, &rho, |m, p, a| parts(ImplicitGradient { eta: a[0] }.update(&p, &m)));
    check(got, loss, loss + RHO / 4.0 * length * length, &plus(&g, RHO / 2.0, &plain.h(&g)));
}

#[test]
fn look_sam_reuses_the_sideways_part() {
    let activation = Activation::Tanh;
    let plain = Plainly { model: network(activation) };
    let w = flat(&plain.model);
    let (loss, g) = plain.loss_and_gradient(&w);
    let unit: Vec<f64> = g.iter().map(|x| x / norm(&g)).collect();
    let (sam_loss, sam) = plain.loss_and_gradient(&plus(&w, RHO, &unit));
    let sideways = plus(&sam, -inner(&sam, &unit), &unit);
    let (full, remembered, cheap) = on_network(activation, &[scalar(RHO)], |m, p, a| {
        let look = LookSam { rho: a[0], alpha: 0.7 };
        let (full, sideways) = look.full(&p, &m);
        let cheap = look.cheap(&p, &m, &sideways);
        (parts(full), sideways, parts(cheap))
    });
    check(full, loss, sam_loss, &sam);
    assert!(relative(&flat(&remembered), &sideways) < 1e-12);
    check(cheap, loss, loss, &plus(&g, 0.7 * norm(&g) / norm(&sideways), &sideways));
}

/// Reverse mode over reverse mode through the norm, against the Hessian product.
#[test]
fn the_penalty_differentiated_in_reverse_is_the_update() {
    for power in [1.0, 1.5, 2.0, 3.0] {
        let (by_product, by_reverse) = on_network(Activation::Silu, &[scalar(RHO)], |m, p, a| {
            let method = GradientPower { rho: a[0], power };
            let penalised = Penalized { loss: p, penalty: |m: Mlp<Var>| method.penalty(&p, &m) };
            (method.update(&p, &m).direction, grad(|m: Mlp<Var>| penalised.loss(&m), &m))
        });
        assert!(relative(&flat(&by_reverse), &flat(&by_product)) < 1e-12, "power {power}");
    }
}

/// At a stationary point every method adds nothing, and no NaN.
#[test]
fn where_the_gradient_is_zero_nothing_is_added() {
    let loss = |x: Var| (x * x).sum();
    let mut f = compile(|(x, rho): (Var, Var)| {
        let mut directions = vec![
            Sam { rho }.update(&loss, &x).direction,
            Usam { rho }.update(&loss, &x).direction,
            Asam::new(rho).update(&loss, &x).direction,
            FisherSam { rho, eta: 1.0 }.update(&loss, &x).direction,
            Gsam { rho, alpha: 0.4 }.update(&loss, &x).direction,
            LookSam { rho, alpha: 0.7 }.cheap(&loss, &x, &x.zeros_like()).direction,
            GradientNorm { r: rho, alpha: rho }.update(&loss, &x).direction,
            PenaltySam::new(rho).update(&loss, &x).direction,
            ImplicitGradient { eta: rho }.update(&loss, &x).direction,
        ];
        for power in [0.5, 1.0, 1.5, 2.0, 3.0] {
            let method = GradientPower { rho, power };
            directions.push(method.update(&loss, &x).direction);
            directions.push(grad(|x: Var| method.penalty(&loss, &x), &x));
        }
        directions
    });
    let found = f.call((tensor![0.0, 0.0], scalar(0.1))).unwrap();
    for (i, direction) in found.iter().enumerate() {
        assert!(direction.to_f64_vec().iter().all(|d| *d == 0.0), "{i}: {direction}");
    }
}

#[test]
fn a_nan_in_the_gradient_is_not_hidden_by_the_guard_of_the_norm() {
    let norm = compile(|x: Var| (x.norm(), x.normalized())).call(tensor![f64::NAN, 1.0]).unwrap();
    assert!(norm.0.item().is_nan() && norm.1.to_f64_vec()[1].is_nan());
}

#[test]
fn strengths_of_another_dtype_are_converted() {
    let (x, y) = batch();
    let model = network(Activation::Gelu).map_leaves(|w: &Tensor| w.to_dtype(quadric_autodiff::DType::F32));
    let x = x.to_dtype(quadric_autodiff::DType::F32);
    let mut step = compile(|(m, x, y, rho): (Mlp<Var>, Var, Var, Var)| {
        let problem = Classification::new(x, y).with_decay(rho);
        vec![
            Sam { rho }.update(&problem, &m).direction,
            Asam::new(rho).update(&problem, &m).direction,
            FisherSam { rho, eta: 1.0 }.update(&problem, &m).direction,
            GradientNorm { r: rho, alpha: rho }.update(&problem, &m).direction,
            GradientPower { rho, power: 2.0 }.update(&problem, &m).direction,
            PenaltySam::gauss_newton(rho, "logits").update(&problem, &m).direction,
        ]
    });
    for direction in step.call((model, x, y, scalar(0.1))).unwrap() {
        assert!(direction.leaves().iter().all(|d| d.dtype() == quadric_autodiff::DType::F32));
    }
    assert_eq!(minus(&[1.0], &[1.0]), [0.0]);
}

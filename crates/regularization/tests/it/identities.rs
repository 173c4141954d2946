//! What must hold between the methods: claims 7 and 9, and that the parts add up.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::trace::{Var, compile, constant, cut, grad, hvp, hvp_of_part, jvp, vjp};
use quadric_autodiff::transform::Part;
use quadric_autodiff::{Tree, tensor};
use quadric_nn::{Activation, Classifier, Mlp, cross_entropy, mse, softmax};
use quadric_regularization::{GradientNorm, PenaltySam, Plain, Sam};

use crate::{flat, minus, noisy, norm, on_network, relative, scalar};

/// Claim 9.
#[test]
fn on_a_quadratic_loss_sam_and_psam_take_the_same_step() {
    let a = noisy(3, &[5, 5]);
    let loss = |w: Vec<Var>| {
        let a = constant(&a);
        let (x, y) = (a.matmul(w[0].reshape([5, 1])), w[1]);
        x.square_norm() * 0.5 + (y * w[0]).sum() + y.square_norm() * 2.0
    };
    let mut f = compile(|(w, rho): (Vec<Var>, Var)| {
        (Sam { rho }.update(&loss, &w).direction, PenaltySam::new(rho).update(&loss, &w).direction)
    });
    let w = vec![noisy(1, &[5]), noisy(2, &[5])];
    for rho in [0.05, 1.0, 10.0] {
        let (sam, psam) = f.call((w.clone(), scalar(rho))).unwrap();
        assert!(relative(&flat(&sam), &flat(&psam)) < 1e-12, "rho {rho}");
    }
}

/// `SAM − PSAM = O(ρ²)` for a smooth activation: halving ρ divides the difference by four.
#[test]
fn sam_and_psam_differ_at_second_order_in_rho() {
    let difference = |rho: f64| {
        let (sam, psam) = on_network(Activation::Gelu, &[scalar(rho)], |m, p, a| {
            (Sam { rho: a[0] }.update(&p, &m).direction, PenaltySam::new(a[0]).update(&p, &m).direction)
        });
        norm(&minus(&flat(&sam), &flat(&psam)))
    };
    let slopes: Vec<f64> = [0.02, 0.01, 0.005].map(|rho| (difference(rho) / difference(rho / 2.0)).log2()).to_vec();
    assert!(slopes.iter().all(|s| (s - 2.0).abs() < 0.05), "{slopes:?}");
}

#[test]
fn alpha_one_is_sam_and_alpha_zero_is_the_gradient() {
    let (sam, one, plain, zero) = on_network(Activation::Gelu, &[scalar(0.2), scalar(1.0), scalar(0.0)], |m, p, a| {
        let norm = |alpha: Var| GradientNorm { r: a[0], alpha }.update(&p, &m).direction;
        (Sam { rho: a[0] }.update(&p, &m).direction, norm(a[1]), Plain.update(&p, &m).direction, norm(a[2]))
    });
    assert_eq!((flat(&one), flat(&zero)), (flat(&sam), flat(&plain)));
}

/// The parts' penalties sum to the whole: `psam = psam-gn + psam-nme − sgd`, each compiled on its own.
#[test]
fn the_partial_penalties_add_up() {
    for activation in [Activation::Gelu, Activation::Relu, Activation::Tanh, Activation::ReluSynthetic { beta: 3.0 }] {
        let rho = [scalar(0.3)];
        let whole = flat(&on_network(activation, &rho, |m, p, a| PenaltySam::new(a[0]).update(&p, &m).direction));
        let gn = flat(&on_network(activation, &rho, |m, p, a| {
            PenaltySam::gauss_newton(a[0], "logits").update(&p, &m).direction
        }));
        let nme =
            flat(&on_network(activation, &rho, |m, p, a| PenaltySam::nme(a[0], "logits").update(&p, &m).direction));
        let plain = flat(&on_network(activation, &rho, |m, p, _| Plain.update(&p, &m).direction));
        let sum: Vec<f64> = (0..whole.len()).map(|i| gn[i] + nme[i] - plain[i]).collect();
        assert!(relative(&sum, &whole) < 1e-12, "{activation}");
        assert!(norm(&minus(&gn, &plain)) > 1e-3 * norm(&plain), "{activation}: G does nothing");
        assert!(norm(&minus(&nme, &plain)) > 1e-3 * norm(&plain), "{activation}: N does nothing");
    }
}

/// Claim 7: (a) JVP, closed-form `H_z`, VJP; (b) the gradient in θ₁ of `‖J(θ₂)ᵀ ∇ℓ(z(θ₁))‖`; (c) frozen residuals. And in (b) the
/// gradient in θ₂ is `N g̃`.
#[test]
fn three_roads_lead_to_the_same_gauss_newton_product() {
    for (activation, squares) in
        [(Activation::Gelu, false), (Activation::Tanh, false), (Activation::Relu, false), (Activation::Silu, true)]
    {
        let target = noisy(9, &[crate::BATCH, 3]);
        let (a, b, c, other, n) = on_network(activation, &[target], |m, p, args| {
            let target = args[0];
            let batch = crate::BATCH as f64;
            let of_logits = |z: Var| if squares { mse(z, target).mean() } else { cross_entropy(z, p.y).mean() };
            let loss = |m: Mlp<Var>| of_logits(cut("logits", m.logits(p.x)));
            let logits = |m: Mlp<Var>| Classifier::logits(&m, p.x);
            let unit = grad(loss, &m).normalized();

            let (z, z_dot) = jvp(logits, &m, &unit);
            let bent = if squares {
                z_dot * (1.0 / batch)
            } else {
                // (diag(p) − p pᵀ) ż, by rows.
                let p = softmax(z);
                let weighted = p * z_dot;
                (weighted - p * weighted.sum_axes(&[-1]).reshape([crate::BATCH, 1])) * (1.0 / batch)
            };
            let a = vjp(logits, &m, &bent).1;

            let length = |theta1: &Mlp<Var>, theta2: &Mlp<Var>| {
                let z_bar = grad(of_logits, &logits(theta1.clone()));
                vjp(logits, theta2, &z_bar).1.norm()
            };
            let b = grad(|theta1: Mlp<Var>| length(&theta1, &m), &m);
            let other = grad(|theta2: Mlp<Var>| length(&m, &theta2), &m);

            let c = hvp_of_part(&Part::gauss_newton("logits"), loss, &m, &unit);
            let n = hvp_of_part(&Part::nme("logits"), loss, &m, &unit);
            (a, b, c, other, n)
        });
        let [a, b, c, other, n] = [a, b, c, other, n].map(|tree| flat(&tree));
        assert!(relative(&a, &c) < 1e-12, "{activation}: closed form");
        assert!(relative(&b, &c) < 1e-12, "{activation}: two arguments");
        assert!(relative(&other, &n) < 1e-12, "{activation}: the other argument");
        assert!(norm(&n) > 1e-3 * norm(&c));
    }
}

/// A selection that matches nothing would quietly turn one method into another.
#[test]
fn a_cut_that_is_not_there_stops_the_trace() {
    let loss = |x: Var| (x * x).sum();
    let mut f = compile(|(x, rho): (Var, Var)| PenaltySam::gauss_newton(rho, "logits").update(&loss, &x).direction);
    let error = f.call((tensor![1.0], scalar(0.1))).unwrap_err();
    assert_eq!(error.kind(), quadric_autodiff::ErrorKind::Selection);
    assert!(
        error.to_string().contains("no cut named \"logits\"") && error.to_string().contains("identities.rs"),
        "{error}"
    );
}

/// Methods compose with transforms: the SAM direction is a function of ρ whose derivative at 0 is `H g̃`.
#[test]
fn a_direction_can_be_differentiated_by_its_strength() {
    let (slope, bent) = on_network(Activation::Gelu, &[scalar(0.0), scalar(1.0)], |m, p, a| {
        let slope = jvp(|rho: Var| Sam { rho }.update(&p, &m).direction, &a[0], &a[1]).1;
        let loss = |m: Mlp<Var>| quadric_regularization::Loss::loss(&p, &m);
        (slope, hvp(loss, &m, &grad(loss, &m).normalized()))
    });
    assert!(relative(&flat(&slope), &flat(&bent)) < 1e-12);
    assert_eq!(slope.leaf_names(), bent.leaf_names());
}

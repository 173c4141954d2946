//! Claim 7: three ways to compute the Gauss-Newton product.

use quadric::autodiff::Tree;
use quadric::autodiff::trace::{Var, compile, grad, hvp_of_part, jvp, vjp};
use quadric::curvature::Part;
use quadric::nn::{Activation, Mlp, softmax};

use crate::failure::Failure;
use crate::report::Kind;
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, BOUND, LossKind, flat, relative, sci, square};

pub const CHECK: Check = Check {
    number: 7,
    kind: Kind::Exact,
    claim: "three roads to G g̃ agree, and the other argument of the second gives N g̃",
    measure: || {
        "relative differences: (a) jvp, closed-form H_z, vjp; (b) the gradient in θ₁ of ‖J(θ₂)ᵀ ∇ℓ(z(θ₁))‖; (c) frozen residuals; N g̃ from θ₂ against frozen residuals".into()
    },
    rule: || "reproduced if all are at most 1e-12 for gelu, tanh and relu, else contradicted".into(),
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let (x, y) = small::data(context)?;
    let mut worst = 0.0f64;
    for activation in [Activation::Gelu, Activation::Tanh, Activation::Relu] {
        let mut roads = compile(|(model, x, y): (Mlp<Var>, Var, Var)| {
            let loss = |m: Mlp<Var>| LossKind::CrossEntropy.of(&m, x, y);
            let g = grad(loss, &model);
            let norm = square(&g).sqrt();
            let along = g.map_leaves(|w: &Var| *w / norm);
            // (a) For the mean cross-entropy, H_z = (diag p − p pᵀ)/B.
            let logits = |m: Mlp<Var>| m.logits(x);
            let (z, z_dot) = jvp(logits, &model, &along);
            let p = softmax(z);
            let pz = p * z_dot;
            let total = pz.sum_axes(&[1]).reshape([z.shape()[0], 1]);
            let bent = (pz - p * total) / (z.shape()[0] as f64);
            let a = vjp(logits, &model, &bent).1;
            // (b) Two copies of the parameters: one for the loss's gradient, one for the Jacobian.
            let norm_of = |(first, second): (Mlp<Var>, Mlp<Var>)| {
                let r = grad(|z: Var| LossKind::CrossEntropy.of_logits(z, y), &first.logits(x));
                square(&vjp(logits, &second, &r).1).sqrt()
            };
            let (b, other) = grad(norm_of, &(model.clone(), model.clone()));
            let gn = hvp_of_part(&Part::gauss_newton("logits"), loss, &model, &along);
            let nme = hvp_of_part(&Part::nme("logits"), loss, &model, &along);
            ((a, b, other), gn, nme)
        });
        let ((a, b, other), gn, nme) =
            roads.call((small::model(activation, context.seeds[0]), x.clone(), y.clone()))?;
        let found =
            [relative(&flat(&a), &flat(&gn)), relative(&flat(&b), &flat(&gn)), relative(&flat(&other), &flat(&nme))];
        worst = found.into_iter().fold(worst, f64::max);
        let text = format!("a {}, b {}, N {}", sci(found[0]), sci(found[1]), sci(found[2]));
        numbers.push(pair(activation.to_string(), text));
    }
    Ok(Found::identity(numbers, None, worst <= BOUND))
}

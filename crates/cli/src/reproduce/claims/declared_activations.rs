//! Claim 8: what a declared second derivative changes.

use quadric::autodiff::Tree;
use quadric::autodiff::trace::{Var, compile, hvp_of_part, value_and_grad};
use quadric::curvature::Part;
use quadric::nn::{Activation, Mlp};

use crate::failure::Failure;
use crate::report::Kind;
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, BOUND, LossKind, flat, sci};

pub const CHECK: Check = Check {
    number: 8,
    kind: Kind::Exact,
    claim: "a declared φ″ leaves value and gradient to the bit, and changes Hv by exactly the declared Av minus the plain Av",
    measure: || "equality of the bits of loss and gradient; relative difference of (H′v − Hv) and (A′v − Av)".into(),
    rule: || {
        "reproduced if the bits are equal and the difference is at most 1e-12 for gelu-ablated, gelu-declared (against gelu) and relu-synthetic (against relu), else contradicted".into()
    },
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let (x, y) = small::data(context)?;
    let mut holds = true;
    let pairs = [
        (Activation::Gelu, Activation::GeluAblated),
        (Activation::Gelu, Activation::GeluDeclared),
        (Activation::Relu, Activation::ReluSynthetic { beta: 1.0 }),
        (Activation::Relu, Activation::ReluSynthetic { beta: 100.0 }),
    ];
    for (plain, declared) in pairs {
        let mut all = compile(|(model, v, x, y): (Mlp<Var>, Mlp<Var>, Var, Var)| {
            let loss = |m: Mlp<Var>| LossKind::CrossEntropy.of(&m, x, y);
            let (value, g) = value_and_grad(loss, &model);
            let h = hvp_of_part(&Part::Hessian, loss, &model, &v);
            let a = hvp_of_part(&Part::activation_nme("logits"), loss, &model, &v);
            ((value, g), h, a)
        });
        let base = small::model(plain, context.seeds[0]);
        // A direction of the same shapes: the weights of another seed.
        let v = small::model(plain, context.seeds[0] + 1000);
        let ((l0, g0), h0, a0) = all.call((base.clone(), v.clone(), x.clone(), y.clone()))?;
        let other = base.with_activation(declared);
        let ((l1, g1), h1, a1) = all.call((other, v.with_activation(declared), x.clone(), y.clone()))?;
        let bits = l0 == l1 && g0.leaves() == g1.leaves();
        let change = |a: &Mlp, b: &Mlp| flat(a).iter().zip(flat(b)).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let (dh, da) = (change(&h1, &h0), change(&a1, &a0));
        // Relative to the product itself: where nothing was declared to change, both differences are round-off.
        let size = flat(&h0).iter().map(|x| x * x).sum::<f64>().sqrt();
        let off = dh.iter().zip(&da).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() / size;
        let moved = dh.iter().map(|x| x * x).sum::<f64>().sqrt() / size;
        holds &= bits && off <= BOUND;
        let same = if bits { "bits equal" } else { "bits differ" };
        numbers.push(pair(
            format!("{declared} against {plain}"),
            format!("{same}; Hv moved by {moved:.3}, off by {}", sci(off)),
        ));
    }
    Ok(Found::identity(numbers, None, holds))
}

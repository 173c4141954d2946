//! Claim 6: the gradient of the sampled-label penalty.

use quadric::autodiff::Tree;
use quadric::autodiff::trace::{Var, compile, constant, grad, hvp_of_part};
use quadric::autodiff::{DType, Tensor};
use quadric::curvature::Part;
use quadric::nn::{Activation, Mlp, softmax};
use quadric::regularization::{Classification, SampledTrace};

use crate::failure::Failure;
use crate::report::Kind;
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, BOUND, LossKind, flat, one, relative, sci, square};

pub const CHECK: Check = Check {
    number: 6,
    kind: Kind::Exact,
    claim: "in expectation over the labels, the gradient of the sampled-label penalty ‖∇ℓ(ŷ)‖² is 2 E[N_ŷ ∇ℓ(ŷ)]; where N = 0 it is 0",
    measure: || {
        "labels enumerated, one example: relative difference of the two sides (gelu); the norm of the left side over the mean norm of its terms (a linear model)".into()
    },
    rule: || "reproduced if both are at most 1e-12, else contradicted".into(),
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let (x, _) = small::data(context)?;
    let x = one(&x, 0);
    let expectation = |(model, x): (Mlp<Var>, Var)| {
        let p = softmax(model.logits(x)).stop_gradient();
        let mut left = model.map_leaves(|w: &Var| w.zeros_like());
        let mut right = left.clone();
        let mut size = x.number(0.0);
        for class in 0..p.shape()[1] {
            let label = constant(&Tensor::from_vec(&[class as i32]));
            let loss = |m: Mlp<Var>| LossKind::CrossEntropy.of(&m, x, label);
            let share = p.slice(1, class..class + 1).sum();
            // The penalty's gradient as the method writes it, at λ = 1 and a batch of one, without the loss's own.
            let g = grad(loss, &model);
            let method = SampledTrace { lambda: x.number(1.0), key: constant(&Tensor::from_vec(&[0u32, 0])) };
            let whole = method.update_for(&Classification::new(x, label), &model, label).direction;
            let bent = whole.zip_leaves(&g, |a, b| a - b);
            let ng = hvp_of_part(&Part::nme("logits"), loss, &model, &g);
            size = size + share * square(&bent).sqrt();
            left = left.zip_leaves(&bent, |a, b| a + b * share);
            right = right.zip_leaves(&ng, |a, b| a + b * (share * 2.0));
        }
        (left, right, size)
    };
    let mut both = compile(expectation);
    let (left, right, _) = both.call((small::model(Activation::Gelu, context.seeds[0]), x.clone()))?;
    let difference = relative(&flat(&left), &flat(&right));
    let linear = Mlp::new(&[64, 10], Activation::Identity, DType::F64, context.seeds[0]);
    let (left, _, size) = both.call((linear, x))?;
    let rest = flat(&left).iter().map(|x| x * x).sum::<f64>().sqrt() / size.item();
    numbers.push(pair("gelu: difference of the sides", sci(difference)));
    numbers.push(pair("linear model: left side over its terms", sci(rest)));
    Ok(Found::identity(numbers, None, difference <= BOUND && rest <= BOUND))
}

//! Claim 9: SAM on an exactly quadratic loss.

use quadric::autodiff::trace::{Var, compile};
use quadric::autodiff::{DType, Tensor};
use quadric::nn::{Activation, Mlp};
use quadric::prelude::cut;
use quadric::regularization::{PenaltySam, Sam};

use crate::failure::Failure;
use crate::report::Kind;
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, BOUND, LossKind, flat, relative, sci};

pub const CHECK: Check = Check {
    number: 9,
    kind: Kind::Exact,
    claim: "on an exactly quadratic loss the SAM step and the penalty-SAM step are the same",
    measure: || {
        "relative difference of the two directions for least squares on the digits (a linear model, squared error), ρ = 0.05 and 1".into()
    },
    rule: || "reproduced if at most 1e-12, else contradicted".into(),
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let (x, y) = small::data(context)?;
    let model = Mlp::new(&[64, 10], Activation::Identity, DType::F64, context.seeds[0]);
    let mut both = compile(|(model, x, y, rho): (Mlp<Var>, Var, Var, Var)| {
        let loss = |m: Mlp<Var>| LossKind::Squared.of_logits(cut("logits", m.logits(x)), y);
        (Sam { rho }.update(&loss, &model).direction, PenaltySam::new(rho).update(&loss, &model).direction)
    });
    let mut worst = 0.0f64;
    for rho in [0.05, 1.0] {
        let (sam, penalty) = both.call((model.clone(), x.clone(), y.clone(), Tensor::scalar(rho)))?;
        let difference = relative(&flat(&sam), &flat(&penalty));
        worst = worst.max(difference);
        numbers.push(pair(format!("ρ = {rho}"), sci(difference)));
    }
    Ok(Found::identity(numbers, None, worst <= BOUND))
}

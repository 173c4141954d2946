//! Claim 3: N of a piecewise-linear network.

use quadric::curvature::Part;
use quadric::nn::Activation;

use crate::failure::Failure;
use crate::report::Kind;
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, BOUND, LossKind, dense, largest, sci, trace_of};

pub const CHECK: Check = Check {
    number: 3,
    kind: Kind::Exact,
    claim: "for a piecewise-linear φ without batch norm the same-layer blocks of N are 0 and tr N = 0, yet N ≠ 0",
    measure: || {
        "largest entry of N inside a layer's own block over the largest of N; |tr N| likewise; the largest of N over that of H".into()
    },
    rule: || {
        "reproduced if the first two are at most 1e-12 and the third at least 1e-3 for relu and leaky-relu, else contradicted".into()
    },
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let mut holds = true;
    for activation in [Activation::Relu, Activation::LeakyRelu { slope: 0.01 }] {
        let model = small::model(activation, context.seeds[0]);
        let problem = small::problem(context, &model, LossKind::CrossEntropy)?;
        let n = dense(&problem, &Part::nme("logits"))?;
        let h = dense(&problem, &Part::Hessian)?;
        let mut block = 0.0f64;
        for l in 0..model.layers.len() {
            let range = problem.space().range(&format!("layers.{l}"))?;
            for row in &n[range.clone()] {
                block = row[range.clone()].iter().fold(block, |m, x| m.max(x.abs()));
            }
        }
        let found = [block / largest(&n), trace_of(&n).abs() / largest(&n), largest(&n) / largest(&h)];
        holds &= found[0] <= BOUND && found[1] <= BOUND && found[2] >= 1e-3;
        numbers.push(pair(format!("{activation}: same-layer blocks"), sci(found[0])));
        numbers.push(pair(format!("{activation}: tr N"), sci(found[1])));
        numbers.push(pair(format!("{activation}: N over H"), format!("{:.3}", found[2])));
    }
    Ok(Found::identity(numbers, None, holds))
}

//! Claim 5: tr G as an expectation over labels.

use quadric::autodiff::Tensor;
use quadric::autodiff::trace::{Var, compile, constant, grad};
use quadric::curvature::Part;
use quadric::nn::{Activation, Mlp, softmax};

use crate::failure::Failure;
use crate::report::Kind;
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, BOUND, LossKind, dense, one, sci, square, trace_of};

pub const CHECK: Check = Check {
    number: 5,
    kind: Kind::Exact,
    claim: "tr G = E over labels drawn from the model of the squared gradient norm of one example",
    measure: || {
        "relative difference of dense tr G and the mean over examples of Σ p_c ‖∇ℓ(c)‖², classes enumerated".into()
    },
    rule: || "reproduced if at most 1e-12 for gelu, tanh and relu, else contradicted".into(),
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let (x, _) = small::data(context)?;
    let mut worst = 0.0f64;
    for activation in [Activation::Gelu, Activation::Tanh, Activation::Relu] {
        let model = small::model(activation, context.seeds[0]);
        let problem = small::problem(context, &model, LossKind::CrossEntropy)?;
        let trace = trace_of(&dense(&problem, &Part::gauss_newton("logits"))?);
        let mut expected = compile(|(model, x): (Mlp<Var>, Var)| {
            let p = softmax(model.logits(x));
            let classes = p.shape()[1];
            let terms = (0..classes).map(|class| {
                let label = constant(&Tensor::from_vec(&[class as i32]));
                let g = grad(|m: Mlp<Var>| LossKind::CrossEntropy.of(&m, x, label), &model);
                p.slice(1, class..class + 1).sum() * square(&g)
            });
            terms.reduce(|a, b| a + b).expect("a class")
        });
        let count = x.shape()[0];
        let mut sum = 0.0;
        for i in 0..count {
            sum += expected.call((model.clone(), one(&x, i)))?.item() / count as f64;
        }
        let difference = (trace - sum).abs() / sum;
        worst = worst.max(difference);
        numbers.push(pair(format!("{activation}: tr G"), format!("{trace:.6}, difference {}", sci(difference))));
    }
    Ok(Found::identity(numbers, None, worst <= BOUND))
}

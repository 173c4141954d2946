//! Claim 1: H = G + N.

use quadric::curvature::Part;

use crate::failure::Failure;
use crate::report::{Grid, Kind};
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, ACTIVATIONS, BOUND, LossKind, dense, largest, largest_difference, sci};

pub const CHECK: Check = Check {
    number: 1,
    kind: Kind::Exact,
    claim: "H = G + N, with N from frozen residuals",
    measure: || {
        "largest entry of |H − G − N| over the largest of |H|, dense; H, G and N from programs of their own".into()
    },
    rule: || "reproduced if at most 1e-12 for every activation and loss, else contradicted".into(),
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let mut worst = 0.0f64;
    let mut rows = Vec::new();
    for activation in ACTIVATIONS {
        let model = small::model(activation, context.seeds[0]);
        let mut row = vec![activation.to_string()];
        for loss in LossKind::ALL {
            let problem = small::problem(context, &model, loss)?;
            let h = dense(&problem, &Part::Hessian)?;
            let g = dense(&problem, &Part::gauss_newton("logits"))?;
            let n = dense(&problem, &Part::nme("logits"))?;
            let difference = largest_difference(&h, &[&g, &n]) / largest(&h);
            worst = worst.max(difference);
            row.push(sci(difference));
            row.push(format!("{:.2}", largest(&n) / largest(&h)));
        }
        rows.push(row);
    }
    let mut headings = vec!["activation".to_string()];
    for loss in LossKind::ALL {
        headings.push(loss.name().into());
        headings.push("max |N| / max |H|".into());
    }
    let grid = Grid { headings, rows };
    numbers.push(pair("worst", sci(worst)));
    Ok(Found::identity(numbers, Some(grid), worst <= BOUND))
}

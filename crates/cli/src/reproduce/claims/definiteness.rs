//! Claim 4: signs of the eigenvalues of G and N.

use quadric::curvature::Part;
use quadric::curvature::eigen::symmetric_eigen;
use quadric::nn::Activation;

use crate::failure::Failure;
use crate::report::{Grid, Kind};
use crate::reproduce::check::{Check, Context, Found};
use crate::reproduce::small::{self, BOUND, LossKind, dense, sci};

pub const CHECK: Check = Check {
    number: 4,
    kind: Kind::Exact,
    claim: "G is positive semidefinite, N is indefinite",
    measure: || "smallest and largest eigenvalue of dense G and N, over the largest absolute one".into(),
    rule: || {
        "reproduced if G's smallest is at least −1e-12 and N has eigenvalues below −1e-3 and above 1e-3 (all relative), for gelu, tanh and relu with both losses; else contradicted".into()
    },
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut holds = true;
    let mut rows = Vec::new();
    for activation in [Activation::Gelu, Activation::Tanh, Activation::Relu] {
        for loss in LossKind::ALL {
            let problem = small::problem(context, &small::model(activation, context.seeds[0]), loss)?;
            let ends = |part: &Part| -> Result<(f64, f64), Failure> {
                let a = dense(&problem, part)?;
                let (values, _) = symmetric_eigen(a.len(), &a.concat())?;
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let scale = low.abs().max(high.abs());
                Ok((low / scale, high / scale))
            };
            let (g, n) = (ends(&Part::gauss_newton("logits"))?, ends(&Part::nme("logits"))?);
            holds &= g.0 >= -BOUND && n.0 < -1e-3 && n.1 > 1e-3;
            rows.push(vec![
                format!("{activation}, {}", loss.name()),
                sci(g.0),
                format!("{:.3}", g.1),
                format!("{:.3}", n.0),
                format!("{:.3}", n.1),
            ]);
        }
    }
    let headings = ["network", "min G", "max G", "min N", "max N"].map(String::from).to_vec();
    let grid = Grid { headings, rows };
    Ok(Found::identity(vec![], Some(grid), holds))
}

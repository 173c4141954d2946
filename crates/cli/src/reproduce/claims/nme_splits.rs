//! Claim 2: N = A + M, and the trace of A from quantities computed on their own.

use quadric::autodiff::DType;
use quadric::autodiff::Tree;
use quadric::autodiff::trace::{Var, compile, grad, iota, vjp, vmap};
use quadric::curvature::Part;
use quadric::nn::{Activation, Mlp};

use crate::failure::Failure;
use crate::report::{Grid, Kind};
use crate::reproduce::check::{Check, Context, Found, pair};
use crate::reproduce::small::{self, ACTIVATIONS, BOUND, LossKind, dense, largest, largest_difference, sci, trace_of};

pub const CHECK: Check = Check {
    number: 2,
    kind: Kind::Exact,
    claim: "N = A + M, tr M = 0, and tr N = Σ ā φ″(h) ‖∇h‖² over examples and hidden units",
    measure: || {
        "largest entry of |N − A − M| over that of |N|; |tr M| and |tr N − Σ| over the sum of |diagonal of A| (of |N|'s largest entry if A is 0); \
         the sum from adjoints, second derivatives and Jacobians computed on their own".into()
    },
    rule: || "reproduced if all three are at most 1e-12 for every activation with its own φ″, else contradicted".into(),
    run,
};

fn run(context: &Context) -> Result<Found, Failure> {
    let mut numbers = vec![];
    let mut worst = [0.0f64; 3];
    let mut rows = Vec::new();
    // A declared φ″ is no property of the forward function, so the independent sum cannot know it.
    let own = ACTIVATIONS.iter().filter(|a| !matches!(a, Activation::GeluAblated | Activation::ReluSynthetic { .. }));
    for activation in own {
        let model = small::model(*activation, context.seeds[0]);
        let problem = small::problem(context, &model, LossKind::CrossEntropy)?;
        let n = dense(&problem, &Part::nme("logits"))?;
        let a = dense(&problem, &Part::activation_nme("logits"))?;
        let m = dense(&problem, &Part::multilinear_nme("logits"))?;
        let diagonal: f64 = a.iter().enumerate().map(|(i, row)| row[i].abs()).sum();
        let scale = if diagonal > 0.0 { diagonal } else { largest(&n) };
        let sum = activation_sum(context, &model)?;
        let found = [
            largest_difference(&n, &[&a, &m]) / largest(&n),
            trace_of(&m).abs() / scale,
            (trace_of(&n) - sum).abs() / scale,
        ];
        for (worst, x) in worst.iter_mut().zip(found) {
            *worst = worst.max(x);
        }
        let cells = found.map(sci);
        rows.push([vec![activation.to_string(), format!("{:.4}", trace_of(&n))], cells.to_vec()].concat());
    }
    let headings = ["activation", "tr N", "N − A − M", "tr M", "tr N − Σ"].map(String::from).to_vec();
    let grid = Grid { headings, rows };
    numbers.push(pair("worst", sci(worst.into_iter().fold(0.0, f64::max))));
    Ok(Found::identity(numbers, Some(grid), worst.into_iter().all(|x| x <= BOUND)))
}

/// The pre-activations of the hidden layers, and the logits, with `nudge` added to each activation's output.
fn forward(model: &Mlp<Var>, x: Var, nudges: &[Var]) -> (Vec<Var>, Var) {
    let (last, hidden) = model.layers.split_last().expect("a layer");
    let mut pre = Vec::new();
    let mut a = x;
    for (layer, nudge) in hidden.iter().zip(nudges) {
        let h = layer.apply(a);
        pre.push(h);
        a = model.activation.apply(h) + *nudge;
    }
    (pre, last.apply(a))
}

/// `Σ ā φ″(h) ‖∇_θ h‖²`: adjoints by nudging the activations' outputs, φ″ by differentiating twice along each unit,
/// ‖∇h‖² by one reverse product for each example and unit.
fn activation_sum(context: &Context, model: &Mlp) -> Result<f64, Failure> {
    let (x, y) = small::data(context)?;
    let layers = model.layers.len() - 1;
    let mut sum = compile(move |(model, x, y): (Mlp<Var>, Var, Var)| {
        let zeros: Vec<Var> = {
            let widths = model.layers[..layers].iter().map(|l| l.weight.shape()[1]);
            widths.map(|w| x.number(0.0).broadcast_to([x.shape()[0], w])).collect()
        };
        let (pre, _) = forward(&model, x, &zeros);
        let adjoints =
            grad(|nudges: Vec<Var>| LossKind::CrossEntropy.of_logits(forward(&model, x, &nudges).1, y), &zeros);
        let mut total = x.number(0.0);
        for l in 0..layers {
            let h = pre[l];
            let slope = |h: Var| grad(|h: Var| model.activation.apply(h).sum(), &h);
            let bend = grad(|h: Var| slope(h).sum(), &h);
            let (count, width) = (h.shape()[0], h.shape()[1]);
            let k = count * width;
            let index = |along| iota(DType::I32, [k, k], along);
            let seeds = index(0).equal(index(1)).convert(DType::F64).reshape([k, count, width]);
            let rows = vmap(|bar: Var| vjp(|m: Mlp<Var>| forward(&m, x, &zeros).0[l], &model, &bar).1, &seeds);
            let squares = rows.leaves().into_iter().map(|leaf| {
                let flat = leaf.reshape([k, leaf.shape().size() / k]);
                (flat * flat).sum_axes(&[1])
            });
            let squares = squares.reduce(|a, b| a + b).expect("a leaf").reshape([count, width]);
            total = total + (adjoints[l] * bend * squares).sum();
        }
        total
    });
    Ok(sum.call((model.clone(), x, y))?.item())
}

//! Claims 1 to 9: identities, to round-off.

use quadric::autodiff::trace::{Var, compile, constant, grad, hvp_of_part, iota, jvp, value_and_grad, vjp, vmap};
use quadric::autodiff::{DType, Tensor, Tree};
use quadric::curvature::Part;
use quadric::curvature::eigen::symmetric_eigen;
use quadric::nn::{Activation, Mlp, softmax};
use quadric::prelude::cut;
use quadric::regularization::{Classification, PenaltySam, Sam, SampledTrace};

use super::Context;
use super::small::{self, ACTIVATIONS, LossKind, dense, flat, largest, largest_difference, relative, trace_of};
use crate::failure::Failure;
use crate::report::{Claim, Grid, Kind, Verdict};

/// What counts as round-off, relative to the largest entry or the norm of what is compared.
const BOUND: f64 = 1e-12;

fn claim(number: u32, claim: &str, measure: &str, rule: &str) -> Claim {
    Claim {
        number,
        kind: Kind::Exact,
        claim: claim.into(),
        measure: measure.into(),
        rule: rule.into(),
        numbers: vec![],
        grid: None,
        verdict: Verdict::Inconclusive,
    }
}

/// An identity either holds or it does not.
fn decide(mut claim: Claim, holds: bool) -> Claim {
    claim.verdict = if holds { Verdict::Reproduced } else { Verdict::Contradicted };
    claim
}

fn sci(x: f64) -> String {
    format!("{x:.1e}")
}

fn number(name: &str, value: impl ToString) -> (String, String) {
    (name.to_string(), value.to_string())
}

/// Claim 1.
pub fn parts_add_up(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        1,
        "H = G + N, with N from frozen residuals",
        "largest entry of |H − G − N| over the largest of |H|, dense; H, G and N from programs of their own",
        "reproduced if at most 1e-12 for every activation and loss, else contradicted",
    );
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
    c.grid = Some(Grid { headings, rows });
    c.numbers.push(number("worst", sci(worst)));
    Ok(decide(c, worst <= BOUND))
}

/// Claim 2.
pub fn nme_splits(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        2,
        "N = A + M, tr M = 0, and tr N = Σ ā φ″(h) ‖∇h‖² over examples and hidden units",
        "largest entry of |N − A − M| over that of |N|; |tr M| and |tr N − Σ| over the sum of |diagonal of A| (of |N|'s largest entry if A is 0); \
         the sum from adjoints, second derivatives and Jacobians computed on their own",
        "reproduced if all three are at most 1e-12 for every activation with its own φ″, else contradicted",
    );
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
        let numbers = found.map(sci);
        rows.push([vec![activation.to_string(), format!("{:.4}", trace_of(&n))], numbers.to_vec()].concat());
    }
    let headings = ["activation", "tr N", "N − A − M", "tr M", "tr N − Σ"].map(String::from).to_vec();
    c.grid = Some(Grid { headings, rows });
    c.numbers.push(number("worst", sci(worst.into_iter().fold(0.0, f64::max))));
    Ok(decide(c, worst.into_iter().all(|x| x <= BOUND)))
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
    let (x, y) = small::data(context);
    let layers = model.layers.len() - 1;
    let mut sum = compile(move |(model, x, y): (Mlp<Var>, Var, Var)| {
        let zeros: Vec<Var> = {
            let widths = model.layers[..layers].iter().map(|l| l.bias.shape()[0]);
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

/// Claim 3.
pub fn piecewise_linear(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        3,
        "for a piecewise-linear φ without batch norm the same-layer blocks of N are 0 and tr N = 0, yet N ≠ 0",
        "largest entry of N inside a layer's own block over the largest of N; |tr N| likewise; the largest of N over that of H",
        "reproduced if the first two are at most 1e-12 and the third at least 1e-3 for relu and leaky-relu, else contradicted",
    );
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
        c.numbers.push(number(&format!("{activation}: same-layer blocks"), sci(found[0])));
        c.numbers.push(number(&format!("{activation}: tr N"), sci(found[1])));
        c.numbers.push(number(&format!("{activation}: N over H"), format!("{:.3}", found[2])));
    }
    Ok(decide(c, holds))
}

/// Claim 4.
pub fn definiteness(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        4,
        "G is positive semidefinite, N is indefinite",
        "smallest and largest eigenvalue of dense G and N, over the largest absolute one",
        "reproduced if G's smallest is at least −1e-12 and N has eigenvalues below −1e-3 and above 1e-3 (all relative), for gelu, tanh and relu with both losses; else contradicted",
    );
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
    c.grid = Some(Grid { headings, rows });
    Ok(decide(c, holds))
}

/// One example of a batch, as a batch of one.
fn one(x: &Tensor, i: usize) -> Tensor {
    let width = x.shape()[1];
    Tensor::new([1, width], &x.as_slice::<f64>()[i * width..(i + 1) * width]).expect("a whole row")
}

fn square(m: &Mlp<Var>) -> Var {
    m.leaves().into_iter().map(|w| (*w * *w).sum()).reduce(|a, b| a + b).expect("a leaf")
}

/// Claim 5.
pub fn trace_of_gauss_newton(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        5,
        "tr G = E over labels drawn from the model of the squared gradient norm of one example",
        "relative difference of dense tr G and the mean over examples of Σ p_c ‖∇ℓ(c)‖², classes enumerated",
        "reproduced if at most 1e-12 for gelu, tanh and relu, else contradicted",
    );
    let (x, _) = small::data(context);
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
        c.numbers.push(number(&format!("{activation}: tr G"), format!("{trace:.6}, difference {}", sci(difference))));
    }
    Ok(decide(c, worst <= BOUND))
}

/// Claim 6.
pub fn sampled_labels(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        6,
        "in expectation over the labels, the gradient of the sampled-label penalty ‖∇ℓ(ŷ)‖² is 2 E[N_ŷ ∇ℓ(ŷ)]; where N = 0 it is 0",
        "labels enumerated, one example: relative difference of the two sides (gelu); the norm of the left side over the mean norm of its terms (a linear model)",
        "reproduced if both are at most 1e-12, else contradicted",
    );
    let (x, _) = small::data(context);
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
    c.numbers.push(number("gelu: difference of the sides", sci(difference)));
    c.numbers.push(number("linear model: left side over its terms", sci(rest)));
    Ok(decide(c, difference <= BOUND && rest <= BOUND))
}

/// Claim 7.
pub fn three_roads(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        7,
        "three roads to G g̃ agree, and the other argument of the second gives N g̃",
        "relative differences: (a) jvp, closed-form H_z, vjp; (b) the gradient in θ₁ of ‖J(θ₂)ᵀ ∇ℓ(z(θ₁))‖; (c) frozen residuals; N g̃ from θ₂ against frozen residuals",
        "reproduced if all are at most 1e-12 for gelu, tanh and relu, else contradicted",
    );
    let (x, y) = small::data(context);
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
        c.numbers.push(number(&activation.to_string(), text));
    }
    Ok(decide(c, worst <= BOUND))
}

/// Claim 8.
pub fn declared_activations(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        8,
        "a declared φ″ leaves value and gradient to the bit, and changes Hv by exactly the declared Av minus the plain Av",
        "equality of the bits of loss and gradient; relative difference of (H′v − Hv) and (A′v − Av)",
        "reproduced if the bits are equal and the difference is at most 1e-12 for gelu-ablated, gelu-declared (against gelu) and relu-synthetic (against relu), else contradicted",
    );
    let (x, y) = small::data(context);
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
        c.numbers.push(number(
            &format!("{declared} against {plain}"),
            format!("{same}; Hv moved by {moved:.3}, off by {}", sci(off)),
        ));
    }
    Ok(decide(c, holds))
}

/// Claim 9.
pub fn quadratic_loss(context: &Context) -> Result<Claim, Failure> {
    let mut c = claim(
        9,
        "on an exactly quadratic loss the SAM step and the penalty-SAM step are the same",
        "relative difference of the two directions for least squares on the digits (a linear model, squared error), ρ = 0.05 and 1",
        "reproduced if at most 1e-12, else contradicted",
    );
    let (x, y) = small::data(context);
    let model = Mlp::new(&[64, 10], Activation::Identity, DType::F64, context.seeds[0]);
    let mut both = compile(|(model, x, y, rho): (Mlp<Var>, Var, Var, Var)| {
        let loss = |m: &Mlp<Var>| LossKind::Squared.of_logits(cut("logits", m.logits(x)), y);
        (Sam { rho }.update(&loss, &model).direction, PenaltySam::new(rho).update(&loss, &model).direction)
    });
    let mut worst = 0.0f64;
    for rho in [0.05, 1.0] {
        let (sam, penalty) = both.call((model.clone(), x.clone(), y.clone(), Tensor::scalar(rho)))?;
        let difference = relative(&flat(&sam), &flat(&penalty));
        worst = worst.max(difference);
        c.numbers.push(number(&format!("ρ = {rho}"), sci(difference)));
    }
    Ok(decide(c, worst <= BOUND))
}

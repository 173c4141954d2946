//! A user's program that makes every kind of mistake, and prints what it is told: `name: text`, one a line. A line that must be
//! named in the text ends in `// name` (or in several names); no other may be.

use quadric::autodiff::trace::{
    Var, checkpoint, compile, concat, custom_derivative, custom_pointwise, cut, grad, hessian, hvp, hvp_of_part, hvps,
    jacobian_forward, jacobian_reverse, jvp, linearize, scan, scope, trace, value_and_grad, vjp, vmap, vmap_axes,
};
use quadric::autodiff::transform::Part;
use quadric::autodiff::{Arithmetic, DType, Tensor, Tree, tensor};
use quadric::curvature::{Attributor, Probe, Problem};
use quadric::nn::activations::{Activation, gelu, relu};
use quadric::nn::{Classifier, Mlp, Optimizer, Sgd, cross_entropy, softmax};
use quadric::regularization::{Classification, HessianTrace, Method, Sam, probes};

fn say(name: &str, text: impl std::fmt::Display) {
    println!("{name}: {}", text.to_string().replace('\n', " "));
}

fn told<T, E: std::fmt::Display>(name: &str, result: Result<T, E>) {
    match result {
        Ok(_) => say(name, "no mistake was found"),
        Err(error) => say(name, error),
    }
}

fn in_closures(x: &Tensor, matrix: &Tensor) {
    told("shape", trace(|x: Var| x + x.t(), matrix)); // shape
    told("nested", grad(|x: Var| hvp(|x: Var| x.matmul(x).sum(), &x, &x).sum(), matrix)); // nested
    told("handed over", trace(|x: Var| Some(x).map(Var::t), x)); // handed over
    let pointer: fn(Var) -> Var = Var::t;
    told("pointer", trace(|x: Var| pointer(x), x)); // pointer
    told("number", trace(|x: Var| x * 1e300, &x.to_dtype(DType::F32))); // number
    told("concat", trace(|x: Var| concat(&[x, x.sum()], 0), x)); // concat
}

fn in_transforms(x: &Tensor, matrix: &Tensor) {
    let square = |x: Var| x * x;
    let sum = |x: Var| x.powi(3).sum();
    told("grad", grad(square, x)); // grad
    told("value_and_grad", value_and_grad(square, x)); // value_and_grad
    told("integers", grad(|x: Var| x.sum(), &tensor![1, 2])); // integers
    told("hvp", hvp(square, x, x)); // hvp
    told("hvps", hvps(&[Part::Hessian], square, x, x)); // hvps
    told("hvp_of_part", hvp_of_part(&Part::Hessian, square, x, x)); // hvp_of_part
    told("selection", hvp_of_part(&Part::nme("logits"), sum, x, x)); // selection
    told("hessian", hessian(square, x)); // hessian
    told("jacobian_forward", jacobian_forward(square, matrix)); // jacobian_forward
    told("jacobian_reverse", jacobian_reverse(square, matrix)); // jacobian_reverse
    told("jvp", jvp(square, x, matrix)); // jvp
    told("vjp", vjp(square, x, matrix)); // vjp
    told("vmap", vmap(square, &Tensor::scalar(1.0))); // vmap
    told("vmap_axes", vmap_axes(square, x, &[Some(3)], 0)); // vmap_axes
    told("vmap_axes", vmap_axes(square, x, &[], 0)); // vmap_axes
    told("scan", scan(|s: Var, x: Var| (s.sum() + x, x), x, x)); // scan
    told("checkpoint", checkpoint(|x: Var| x.t(), x)); // checkpoint
    told("apply", linearize(square, x).and_then(|(_, map)| map.apply(matrix))); // apply
    let flip = |x: Var| custom_pointwise("flip", x, |x| x.reverse(0), |x| x); // custom_pointwise
    told("custom_pointwise", trace(flip, x));
    let affine = |x: Var| custom_derivative("f", &[x], |x| x.to_vec(), |x, _| x.to_vec()); // custom_derivative
    told("custom_derivative", trace(affine, x));
    told("inside", trace(|x: Var| grad(square, &x), x)); // inside
}

fn in_libraries(x: &Tensor, matrix: &Tensor) {
    let model = Mlp::new(&[5, 4, 3], Activation::Gelu, DType::F64, 1);
    let types = (model.clone(), matrix.clone());
    told("layer", trace(|(m, x): (Mlp<Var>, Var)| m.layers[0].apply(x), &types)); // layer
    told("model", trace(|(m, x): (Mlp<Var>, Var)| m.logits(x), &types)); // model
    told("loss", trace(|z: Var| cross_entropy(z, z), matrix)); // loss
    let sam = |x: Var| Sam { rho: x.t() }.update(&|x: Var| (x * x).sum(), &x).direction; // method
    told("method", trace(sam, matrix));
    let sam = |x: Var| Sam { rho: x.sum() }.update(&|x: Var| x.matmul(x).sum(), &x).direction; // in the loss
    told("in the loss", trace(sam, matrix));
    let other = Mlp::new(&[5, 3], Activation::Relu, DType::F64, 1);
    let step = |(m, g, s, x): (Mlp<Var>, Mlp<Var>, _, Var)| Sgd::new().update(&m, &g, &s, x).0; // optimizer
    told("optimizer", trace(step, &(model.clone(), other, Sgd::new().init(&model), Tensor::scalar(1.0))));
    let wrong = |(m, x): (Mlp<Var>, Var)| {
        let problem = Classification::new(x, x);
        Method::Sam.update(&problem, &m, x.sum(), x).direction // classification
    };
    told("classification", trace(wrong, &types));
    let differ = |(a, b): (Vec<Var>, Vec<Var>)| a.dot(&b); // trees
    told("trees", trace(differ, &(vec![x.clone()], vec![x.clone(), x.clone()])));
    told("random", trace(|x: Var| probes::one(Probe::Gaussian, x, &x), x)); // random
    let slope = |x: Var| HessianTrace::slope(&|x: Var| x * x, &x, &x); // slope
    told("slope", trace(slope, x));
    let batches = vec![(matrix.clone(), matrix.clone())];
    told("problem", Problem::new(x, |w: Var, x: Var, _: Var| x.matmul(w), batches)); // problem
}

/// A model of the user's own, without a word about libraries.
#[derive(Tree, Clone)]
struct Net<T = Tensor> {
    weight: T,
}

impl Classifier for Net<Var> {
    fn logits(&self, x: Var) -> Var {
        gelu(x.matmul(self.weight)) // own model, shares
    }
}

fn at_run_time(x: &Tensor, matrix: &Tensor) {
    told("index", compile(|(x, i): (Var, Var)| x.gather(i, 0)).call((x.clone(), tensor![7]))); // index
    let mut loss = compile(|(z, y): (Var, Var)| grad(|z: Var| cross_entropy(z, y).mean(), &z)); // label
    told("label", loss.call((matrix.clone(), tensor![0, 9])));
    let mut eager = compile(|x: Var| x.cholesky().sum()); // not definite
    told("not definite", eager.call(tensor![[1.0, 2.0], [2.0, 1.0]]));
    told("own model", trace(|(m, x): (Net<Var>, Var)| Classification::new(x, x).loss_of(&m), &(net(), tensor![1.0, 2.0, 3.0])));
}

trait LossOf {
    fn loss_of(&self, model: &Net<Var>) -> Var;
}

impl LossOf for Classification {
    fn loss_of(&self, model: &Net<Var>) -> Var {
        quadric::regularization::Loss::loss(self, model)
    }
}

fn net() -> Net {
    Net { weight: tensor![[1.0, 2.0], [3.0, 4.0]] }
}

fn in_print(x: &Tensor, matrix: &Tensor) {
    let mut unused = compile(|(x, y): (Var, Var)| grad(|(x, _): (Var, Var)| x.sum(), &(x, y)).0); // note
    say("note", unused.notes(&(x.clone(), x.clone())).expect("a tape").join("; "));

    let program = |x: Var| {
        let h = scope("mine", || x * 2.0); // tape
        let h = softmax(gelu(h)); // tape
        let h = [relu as fn(Var) -> Var, gelu][1](h);
        let g = grad(|x: Var| x.norm().powi(2), &h); // tape
        Activation::GeluDeclared.apply(g) // tape
    };
    say("tape", trace(program, matrix).expect("a tape")); // tape

    let loss = |m: Net<Var>, x: Var, y: Var| {
        let z = cut("logits", m.logits(x));
        cross_entropy(z, y).mean() // shares
    };
    let problem = Problem::new(&net(), loss, vec![(matrix.clone(), tensor![0, 1])]).expect("a problem");
    let shares = Attributor::new(&problem).and_then(|mut a| a.attribute(&[1.0; 4])).expect("shares").by_line();
    let lines: Vec<&str> = shares.iter().map(|(line, _)| line.as_str()).collect();
    say("shares", lines.join(" "));
}

fn main() {
    let x = tensor![1.0, 2.0];
    let matrix = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    std::panic::set_hook(Box::new(|_| {}));
    in_closures(&x, &matrix);
    in_transforms(&x, &matrix);
    in_libraries(&x, &matrix);
    at_run_time(&x, &matrix);
    in_print(&x, &tensor![[1.0, 2.0], [3.0, 4.0]]);
}

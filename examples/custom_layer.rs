//! A layer of one's own: what it takes, and what it gets.
//!
//! A gated unit `x ↦ (x W + b) ∘ σ(x V)` is a struct of leaves and one function of `Var`s. For that it has derivatives to every order
//! (tested here to the third against finite differences of the second), stands in tuples and residuals with other layers, is stacked and run by a loop, and its
//! share of the Hessian is known by name.
//!
//! Prints the shares of `gᵀHg` by scope: those of the loop's blocks are told apart by their numbers.

use quadric::curvature::Attributor;
use quadric::nn::{Layer, Mode, Residual, Stack, Stateless, generator};
use quadric::prelude::*;
use rand_chacha::rand_core::Rng;

#[derive(Tree, Clone)]
struct Gated<T = Tensor> {
    value: Dense<T>,
    gate: Dense<T>,
}

impl Gated {
    fn new(width: usize, rng: &mut impl Rng) -> Gated {
        let mut dense = || Dense::new(width, width, DType::F64, rng);
        Gated { value: dense(), gate: dense().without_bias() }
    }
}

impl Layer for Gated<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    fn forward(&self, x: Var, state: &Stateless<Var>, _: Mode) -> (Var, Stateless<Var>) {
        // The logistic function is nonlinear; the product with it is one of the model's own, and counts as such.
        (scope("gated", || self.value.apply(x) * self.gate.apply(x).logistic()), *state)
    }
}

/// In, four gated blocks with a way around each, run by a loop, out.
type Net<T = Tensor> = (Dense<T>, Stack<Residual<Gated<T>>>, Dense<T>);

fn loss(net: Net<Var>, x: Var, y: Var) -> Var {
    let z = net.infer(x, &net.initial_state());
    cross_entropy(cut("logits", z), y).mean()
}

fn main() -> Result<(), Error> {
    // The layer by itself, against differences of its Hessian products.
    let f = |x: Var| {
        let layer = Gated::new(3, &mut generator(1)).map_leaves(constant);
        layer.infer(x.reshape([1, 3]), &layer.initial_state()).powi(2).sum()
    };
    let tensors = |a: &[f64]| Tensor::from_vec(a);
    let second = |x: &[f64], u: &[f64]| hvp(f, &tensors(x), &tensors(u)).unwrap().to_vec();
    let third = |x: &[f64], u: &[f64], v: &[f64]| {
        let along = compile(|(x, u, v): (Var, Var, Var)| jvp(|x: Var| hvp(f, &x, &u), &x, &v).1);
        let mut along = along;
        along.call((tensors(x), tensors(u), tensors(v))).unwrap().to_vec()
    };
    let (point, u, v) = ([0.3, -0.8, 1.1], [1.0, 0.5, -0.2], [-0.4, 0.9, 0.7]);
    quadric_gradcheck::third(second, third, &point, &u, &v).unwrap();

    let rng = &mut generator(2);
    // One generator for all, so that no two layers begin with the same numbers.
    let blocks = (0..4).map(|_| Residual::new(Gated::new(8, rng))).collect();
    let mut net: Net = (Dense::new(2, 8, DType::F64, rng), Stack::new(blocks)?, Dense::new(8, 2, DType::F64, rng));
    let (x, y) = (tensor![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], tensor![0, 1, 1, 0]);
    let mut step = compile(|(net, x, y): (Net<Var>, Var, Var)| {
        let (value, g) = value_and_grad(|net| loss(net, x, y), &net);
        (value, net.minus(&g.scale(0.3)), g)
    });
    let mut value = f64::INFINITY;
    let mut g = net.clone();
    for _ in 0..60 {
        let (now, next, slope) = step.call((net, x.clone(), y.clone()))?;
        (value, net, g) = (now.item(), next, slope);
    }
    println!("exclusive or after 60 steps: loss {value:.4}");
    assert!(value < 0.05, "gated blocks learn exclusive or");

    let problem = Problem::new(&net, loss, vec![(x.clone(), y.clone())]).expect("a mean loss over one batch");
    let direction = problem.space().flatten(&g).expect("a gradient of the net");
    let shares =
        Attributor::new(&problem).and_then(|mut a| a.attribute(&direction)).expect("every primitive has its rule");
    let mut by_scope = shares.by_scope();
    by_scope.sort_by(|a, b| a.0.cmp(&b.0));
    by_scope.iter().for_each(|(scope, share)| println!("{share:12.3e}  {scope}"));
    let whole = hvp(|net| loss(net, constant(&x), constant(&y)), &net, &g)?.dot(&g)?.item();
    assert!((shares.total() / whole - 1.0).abs() < 1e-12, "the shares add up to gᵀHg");
    assert!((0..4).all(|i| by_scope.iter().any(|(scope, _)| scope.contains(&format!("stack/{i}/")))));
    Ok(())
}

//! The heat equation, solved by a network that is told the equation and nothing else.
//!
//! `u_t = α u_xx` on a rod with cold ends, `u(0, t) = u(1, t) = 0`, that begins as `u(x, 0) = sin πx`. The ansatz
//! `u = sin πx + t x (1 − x) f(x, t)` has the ends and the beginning right for every network f, so the loss is the equation alone:
//! the mean square of `u_t − α u_xx` at random points. `u_t` is one forward derivative in the inputs, `u_xx` two, and training
//! differentiates all that once more in the weights: third order. The exact solution `exp(−απ²t) sin πx` is for the comparison at the end.
//!
//! Prints the loss every 200 steps and the largest error.

use quadric::autodiff::trace::random;
use quadric::prelude::*;
use std::f64::consts::PI;

const ALPHA: f64 = 0.1;

fn u(net: &Mlp<Var>, x: Var, t: Var) -> Var {
    let f = net.logits(stack(&[x, t], 1)).squeeze(&[1]);
    (x * PI).sin() + t * x * (1.0 - x) * f
}

/// `u_t − α u_xx` at each point.
fn residual(net: &Mlp<Var>, x: Var, t: Var) -> Var {
    let along_x = |x: Var| jvp(|x: Var| u(net, x, t), &x, &x.full_like(1.0)).1;
    let (_, u_xx) = jvp(along_x, &x, &x.full_like(1.0));
    let (_, u_t) = jvp(|t: Var| u(net, x, t), &t, &t.full_like(1.0));
    u_t - u_xx * ALPHA
}

fn main() -> Result<(), Error> {
    let net = Mlp::new(&[2, 16, 16, 1], Activation::Tanh, DType::F64, 1);
    let adam = Adam::new();
    let mut step = compile(|(net, state, key, rate): (Mlp<Var>, _, Var, Var)| {
        let points = random::uniform(key, DType::F64, [2, 64]);
        let (x, t) = (points.slice(0, 0..1).squeeze(&[0]), points.slice(0, 1..2).squeeze(&[0]));
        let (loss, g) = value_and_grad(|net: Mlp<Var>| residual(&net, x, t).powi(2).mean(), &net);
        let (net, state) = adam.update(&net, &g, &state, rate);
        (loss, net, state)
    });

    let (mut net, mut state) = (net.clone(), adam.init(&net));
    let steps = 1600;
    for i in 0..=steps {
        let rate = Tensor::scalar(0.01 * 0.5 * (1.0 + (PI * i as f64 / steps as f64).cos()) + 1e-5);
        let (loss, next, after) = step.call((net, state, random::key(1, i), rate))?;
        (net, state) = (next, after);
        if i % 200 == 0 {
            println!("step {i:5}   mean square of the residual {:.3e}", loss.item());
        }
    }

    let n = 21;
    let grid = |f: fn(usize, usize) -> usize| Tensor::from_fn(DType::F64, [n * n], |i| f(i, n) as f64 / (n - 1) as f64);
    let (x, t) = (grid(|i, n| i % n), grid(|i, n| i / n));
    let mut error = compile(|(net, x, t): (Mlp<Var>, Var, Var)| {
        let exact = (t * (-ALPHA * PI * PI)).exp() * (x * PI).sin();
        (u(&net, x, t) - exact).abs().max_axes(&[0])
    });
    let worst = error.call((net, x, t))?.item();
    println!("largest error on the whole rod at all times: {worst:.2e}");
    assert!(worst < 5e-3, "the network solves the heat equation");
    Ok(())
}

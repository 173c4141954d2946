//! A differential equation learned from its solution: `ẏ = f(y; θ)` with f a network.
//!
//! A spiral `ẏ = A y³` (entry by entry) is followed for three seconds. The network is trained so that the Runge-Kutta solution of its own equation,
//! from the same start, passes through the same points. The solver is a `scan`: the tape holds one step, whatever the number of steps,
//! and reverse mode keeps the states alone. At the end the learned equation is followed from a start that it has not seen.
//!
//! Prints the loss every 100 steps and both errors.

use quadric::prelude::*;

const STEPS: usize = 30;
const H: f64 = 0.1;

/// One step of the classical Runge-Kutta method.
fn step(f: impl Fn(Var) -> Var, y: Var) -> Var {
    let k1 = f(y);
    let k2 = f(y + k1 * (H / 2.0));
    let k3 = f(y + k2 * (H / 2.0));
    let k4 = f(y + k3 * H);
    y + (k1 + (k2 + k3) * 2.0 + k4) * (H / 6.0)
}

/// The states after each step: `[STEPS, B, 2]`.
fn solve(f: impl Fn(Var) -> Var, start: Var) -> Var {
    scan_n(
        STEPS,
        |y: Var| {
            let y = step(&f, y);
            (y, y)
        },
        &start,
    )
    .1
}

fn spiral(y: Var) -> Var {
    y.powi(3).matmul(constant(&tensor![[-0.1, -2.0], [2.0, -0.1]]))
}

fn main() -> Result<(), Error> {
    let seen = tensor![[1.5, 0.0], [0.0, 1.2], [-1.0, 0.6], [0.4, -1.4]];
    let unseen = tensor![[-0.9, -0.9]];
    let mut truth = compile(|start: Var| solve(spiral, start));
    let data = truth.call(seen.clone())?;

    let adam = Adam::new();
    let of = |net: Mlp<Var>, start: Var| solve(move |y: Var| net.logits(y.powi(3)), start);
    let mut train = compile(|(net, state, start, data, rate): (Mlp<Var>, _, Var, Var, Var)| {
        let (loss, g) = value_and_grad(|net: Mlp<Var>| (of(net, start) - data).powi(2).mean(), &net);
        let (net, state) = adam.update(&net, &g, &state, rate);
        (loss, net, state)
    });
    let mut net = Mlp::new(&[2, 24, 2], Activation::Tanh, DType::F64, 1);
    let mut state = adam.init(&net);
    let steps = 800;
    let mut last = f64::INFINITY;
    for i in 0..=steps {
        let rate = 0.02 * (1.0 - i as f64 / (steps as f64 + 1.0));
        let (loss, next, after) = train.call((net, state, seen.clone(), data.clone(), Tensor::scalar(rate)))?;
        (net, state, last) = (next, after, loss.item());
        if i % 100 == 0 {
            println!("step {i:4}   mean square error {last:.3e}");
        }
    }

    let expected = truth.call(unseen.clone())?;
    let mut follow = compile(|(net, start, data): (Mlp<Var>, Var, Var)| (of(net, start) - data).powi(2).mean());
    let error = follow.call((net, unseen, expected))?.item();
    println!("mean square error on the trajectories it has seen {last:.2e}, from a start it has not {error:.2e}");
    assert!(last < 5e-3 && error < 5e-2, "the learned equation goes on where the data did not");
    Ok(())
}

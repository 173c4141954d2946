//! Logistic regression by Newton's method, and how sure it is of its weights.
//!
//! `L(w, b) = mean softplus(z) − y z + (c/2)‖w‖²` with `z = X w + b` is convex, so Newton's step from the exact Hessian, three
//! numbers wide, needs no safeguard and converges in a handful of steps. At the minimum the inverse of `n H` is the covariance of the
//! parameters (Laplace's approximation): how far the data pins each one down.
//!
//! Prints the loss at each step, then each parameter with its standard deviation.

use quadric::nn::activations::softplus;
use quadric::prelude::*;

/// Two parameters of the line, and the offset.
type Line<T> = (T, T);

fn loss((w, b): Line<Var>, x: Var, y: Var) -> Var {
    let z = x.matmul(w.reshape([2, 1])).reshape([x.shape()[0]]) + b;
    (softplus(z) - y * z).mean() + (w * w).sum() * 0.005
}

fn main() -> Result<(), Error> {
    // Two overlapping clouds, one a class, by a fixed recipe.
    let n = 200;
    let wave = |i: usize, a: f64| (i as f64 * a).sin();
    let label = |i: usize| (i % 2) as f64;
    let points = |i: usize| {
        let centre = 1.2 * (label(i) - 0.5);
        [centre + 1.4 * wave(i, 1.7), 0.5 * centre + 1.4 * wave(i, 2.9)]
    };
    let x = Tensor::new([n, 2], &(0..n).flat_map(points).collect::<Vec<f64>>())?;
    let y = Tensor::from_vec(&(0..n).map(label).collect::<Vec<f64>>());

    // One program: loss, gradient and the whole Hessian, as a symmetric matrix over (w₁, w₂, b).
    let mut curvature = compile(|(model, x, y): (Line<Var>, Var, Var)| {
        let (value, (g_w, g_b)) = value_and_grad(|m| loss(m, x, y), &model);
        // Columns H e₁, H e₂, H e₃: the products with the axes.
        let axes = [([1.0, 0.0], 0.0), ([0.0, 1.0], 0.0), ([0.0, 0.0], 1.0)];
        let columns = axes.map(|(e_w, e_b)| {
            let direction = (constant(&Tensor::from_vec(&e_w)), constant(&Tensor::scalar(e_b)));
            let (h_w, h_b) = hvp(|m| loss(m, x, y), &model, &direction);
            concat(&[h_w, h_b.reshape([1])], 0).reshape([3, 1])
        });
        (value, concat(&[g_w, g_b.reshape([1])], 0), concat(&columns, 1))
    });
    // H = L Lᵀ, so H p = g is two triangular systems; the same for the columns of the inverse.
    let mut solve = compile(|(h, b): (Var, Var)| {
        let l = h.cholesky();
        l.triangular_solve(l.triangular_solve(b, true, false), true, true)
    });

    let mut model = (tensor![0.0, 0.0], Tensor::scalar(0.0));
    let mut hessian = None;
    for step in 0..8 {
        let (value, g, h) = curvature.call((model.clone(), x.clone(), y.clone()))?;
        println!("{step}  loss {:.12}  |g| {:.1e}", value.item(), g.norm()?.item());
        let p = solve.call((h.clone(), Tensor::new([3, 1], &g.to_f64_vec())?))?.to_f64_vec();
        model = model.minus(&(tensor![p[0], p[1]], Tensor::scalar(p[2])))?;
        hessian = Some(h);
    }

    let inverse =
        solve.call((hessian.expect("a step was made"), Tensor::new([3, 3], &[1., 0., 0., 0., 1., 0., 0., 0., 1.])?))?;
    let parameters = [model.0.to_f64_vec(), vec![model.1.item()]].concat();
    for (i, name) in ["w₁", "w₂", "b"].iter().enumerate() {
        let deviation = (inverse.to_f64_vec()[4 * i] / n as f64).sqrt();
        println!("{name} = {:6.3} ± {deviation:.3}", parameters[i]);
    }

    let (_, g, _) = curvature.call((model, x, y))?;
    assert!(g.norm()?.item() < 1e-14, "Newton's method has converged");
    Ok(())
}

//! A Gaussian process whose kernel is fitted by Newton's method on the exact Hessian.
//!
//! Forty noisy values of sin 3x. The negative log marginal likelihood `½ yᵀK⁻¹y + ½ ln det K + ½ n ln 2π`, with
//! `K = s² exp(−(x−x')²/2ℓ²) + σ² I`, is a function of three logarithms (ℓ, s, σ); its value comes from a Cholesky factor, its
//! gradient and Hessian from the derivatives of that factorisation. Newton's step is damped where the Hessian is not positive, and halved until
//! the likelihood grows. At the end the mean of the process is compared with the sine that it has never seen.
//!
//! Prints a row for each step and the error of the prediction.

use quadric::prelude::*;

/// `s² exp(−(a−b)²/2ℓ²)` for all pairs.
fn kernel(log: Var, a: Var, b: Var) -> Var {
    let scales = log.exp();
    let (length, size) = (scales.slice(0, 0..1), scales.slice(0, 1..2));
    let apart = (a.expand_dims(&[1]) - b.expand_dims(&[0])) / length;
    (apart * apart * -0.5).exp() * size * size
}

/// K of the data, with the noise, and its Cholesky factor.
fn factor(log: Var, x: Var) -> Var {
    let noise = log.slice(0, 2..3).exp();
    (kernel(log, x, x) + eye(DType::F64, x.shape()[0]) * (noise * noise)).cholesky()
}

/// `−ln p(y | x, ℓ, s, σ)`.
fn loss(log: Var, x: Var, y: Var) -> Var {
    let n = x.shape()[0];
    let l = factor(log, x);
    let white = l.triangular_solve(y.expand_dims(&[1]), true, false);
    (white * white).sum() * 0.5 + l.diagonal().log().sum() + 0.5 * n as f64 * (2.0 * std::f64::consts::PI).ln()
}

/// `k(x*, x) K⁻¹ y`.
fn mean(log: Var, x: Var, y: Var, at: Var) -> Var {
    let l = factor(log, x);
    let white = l.triangular_solve(y.expand_dims(&[1]), true, false);
    kernel(log, at, x).matmul(l.triangular_solve(white, true, true)).squeeze(&[1])
}

fn main() -> Result<(), Error> {
    let n = 40;
    let x = Tensor::from_fn(DType::F64, [n], |i| 4.0 * i as f64 / n as f64);
    let noise = |i: usize| 0.1 * (12.9898 * (i * i) as f64).sin();
    let y = Tensor::from_fn(DType::F64, [n], |i| (3.0 * 4.0 * i as f64 / n as f64).sin() + noise(i));

    let mut newton = compile(|(log, x, y): (Var, Var, Var)| {
        let f = |log: Var| loss(log, x, y);
        let (value, g) = value_and_grad(f, &log);
        let (bends, axes) = hessian(f, &log).eigh();
        // Along a direction that bends down, or hardly at all, a step of the gradient's size.
        let step = axes.matmul(axes.t().matmul(g) / bends.abs().maximum(1e-3));
        (value, g.norm(), bends, step)
    });
    let mut value_at = compile(|(log, x, y): (Var, Var, Var)| loss(log, x, y));

    let mut log = tensor![0.0, 0.0, -1.0];
    println!("step   -log p     |g|        eigenvalues of the Hessian");
    let mut size = f64::INFINITY;
    for i in 0..30 {
        let (value, norm, bends, step) = newton.call((log.clone(), x.clone(), y.clone()))?;
        let bends = bends.to_vec::<f64>();
        size = norm.item();
        println!("{i:4}  {:9.5}  {size:9.2e}  {:9.3} {:9.3} {:9.3}", value.item(), bends[0], bends[1], bends[2]);
        if size < 1e-9 {
            break;
        }
        let mut share = 1.0;
        loop {
            let next = log.minus(&step.scale(share)?)?;
            let there = value_at.call((next.clone(), x.clone(), y.clone()))?.item();
            // Near the end the value no longer tells: the whole step is right there.
            if there < value.item() || size < 1e-5 || share < 1e-6 {
                log = next;
                break;
            }
            share *= 0.5;
        }
    }
    assert!(size < 1e-9, "Newton's method converges quadratically at the end");

    let at = Tensor::from_fn(DType::F64, [101], |i| 3.9 * i as f64 / 100.0);
    let mut predict = compile(|(log, x, y, at): (Var, Var, Var, Var)| {
        let error = mean(log, x, y, at) - (at * 3.0).sin();
        (error * error).mean().sqrt()
    });
    let scales = log.to_vec::<f64>().iter().map(|l| l.exp()).collect::<Vec<_>>();
    let error = predict.call((log, x, y, at))?.item();
    println!(
        "length {:.3}, size {:.3}, noise {:.3}; root mean square error {error:.4}",
        scales[0], scales[1], scales[2]
    );
    assert!(error < 0.05, "the process has learned the sine through the noise");
    Ok(())
}

//! Newton's method on Rosenbrock's valley, the Hessian known by its products alone.
//!
//! `f(x) = Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²` in ten dimensions has its minimum 0 at (1, …, 1), at the end of a curved valley in which the
//! gradient is a poor guide. Each step solves `H p = −g` by conjugate gradients from exact Hessian-vector products, stops at the first
//! direction along which f bends down (Steihaug 1983), and halves the step until f falls.
//!
//! Prints a line a step: f, the norm of the gradient, the products spent.

use quadric::prelude::*;

fn f(x: Var) -> Var {
    let n = x.shape()[0];
    let (here, next) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
    ((next - here * here).powi(2) * 100.0 + (1.0 - here).powi(2)).sum()
}

fn main() -> Result<(), Error> {
    let mut x = tensor![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let mut value_and_gradient = compile(|x: Var| value_and_grad(f, &x));
    let mut product = compile(|(x, v): (Var, Var)| hvp(f, &x, &v));
    let mut spent = 0;
    for step in 0..60 {
        let (value, g) = value_and_gradient.call(x.clone())?;
        let size = g.norm()?.item();
        println!("{step:2}  f {:9.2e}  |g| {size:8.2e}  {spent:3} products", value.item());
        if size < 1e-9 {
            break;
        }

        // Conjugate gradients on H p = −g, from p = 0: the residual is r = −g − H p.
        let mut p = g.scale(0.0)?;
        let mut r = g.scale(-1.0)?;
        let mut d = r.clone();
        for _ in 0..20 {
            let h_d = product.call((x.clone(), d.clone()))?;
            spent += 1;
            let (r_r, bend) = (r.square_norm()?.item(), d.dot(&h_d)?.item());
            if bend <= 0.0 {
                // f bends down along d: follow it, or the gradient if nothing better is known.
                p = if p.norm()?.item() == 0.0 { d } else { p };
                break;
            }
            p = p.add_scaled(&d, r_r / bend)?;
            r = r.add_scaled(&h_d, -r_r / bend)?;
            let left = r.square_norm()?.item();
            if left.sqrt() < 1e-3 * size.min(size * size) {
                break;
            }
            d = r.add_scaled(&d, left / r_r)?;
        }

        let mut length = 1.0;
        loop {
            let next = x.add_scaled(&p, length)?;
            if value_and_gradient.call(next.clone())?.0.item() < value.item() || length < 1e-12 {
                x = next;
                break;
            }
            length *= 0.5;
        }
    }
    let far = x.to_f64_vec().iter().map(|x| (x - 1.0).abs()).fold(0.0, f64::max);
    println!("x is (1, …, 1) up to {far:.1e}");
    assert!(far < 1e-8);
    Ok(())
}

//! Testing another engine: `num-dual`, forward mode with (hyper-)dual numbers, at orders one, two and three.
//!
//! One generic function gives the plain values and, on dual numbers, every derivative; the checks see closures on
//! slices and do not know what computed them. Prints the three verdicts and asserts that all pass.

use num_dual::{DualNum, HyperDual64, HyperHyperDual64, gradient};
use quadric_gradcheck as gradcheck;

/// f(x) = exp(−x₀ x₁) sin x₂ + x₀² x₂ + ln(1 + x₁²)
fn f<D: DualNum<f64>>(x: &[D]) -> D {
    let (a, b, c) = (x[0].clone(), x[1].clone(), x[2].clone());
    (-a.clone() * &b).exp() * c.sin() + a.powi(2) * c + b.powi(2).ln_1p()
}

/// Order one: a dual vector, num-dual's own `gradient`.
fn grad(x: &[f64]) -> Vec<f64> {
    let x = nalgebra::DVector::from_column_slice(x);
    let (_, gradient) = gradient(|x| f(x.as_slice()), &x);
    gradient.as_slice().to_vec()
}

/// Order two: x + ε₁ v + ε₂ eᵢ, read at ε₁ε₂.
fn hessian_product(x: &[f64], v: &[f64]) -> Vec<f64> {
    let entry = |i: usize| {
        let lift = |j: usize| HyperDual64::new(x[j], v[j], f64::from(i == j), 0.0);
        f(&[lift(0), lift(1), lift(2)]).eps1eps2
    };
    (0..3).map(entry).collect()
}

/// Order three: x + ε₁ u + ε₂ v + ε₃ eᵢ, read at ε₁ε₂ε₃.
fn third_product(x: &[f64], u: &[f64], v: &[f64]) -> Vec<f64> {
    let entry = |i: usize| {
        let lift = |j: usize| HyperHyperDual64::new(x[j], u[j], v[j], f64::from(i == j), 0.0, 0.0, 0.0, 0.0);
        f(&[lift(0), lift(1), lift(2)]).eps1eps2eps3
    };
    (0..3).map(entry).collect()
}

fn main() {
    let x = [0.7, -1.1, 0.4];
    let (u, v) = ([1.0, 0.5, -0.8], [-0.6, 1.0, 0.9]);

    let first = gradcheck::gradient(f::<f64>, grad, &x);
    let second = gradcheck::hvp(grad, hessian_product, &x, &v);
    let third = gradcheck::third(hessian_product, third_product, &x, &u, &v);
    println!("order 1 {first}\norder 2 {second}\norder 3 {third}");
    assert!(first.and(second).and(third).is_passed());
}

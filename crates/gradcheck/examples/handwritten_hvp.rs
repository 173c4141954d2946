//! A hand-written Hessian-vector product: logistic regression with a ridge.
//!
//! Checks it against the gradient, against the values alone, for symmetry, and by the slopes of Taylor remainders;
//! then forgets the ridge, as one does. Prints the slopes and the message, and asserts that the forgotten term is
//! named.

use quadric_gradcheck::{Cause, gradient, hessian_symmetry, hvp, hvp_from_value, taylor_with_hvp};

const INPUTS: [[f64; 3]; 5] = [[1.0, 0.2, -1.3], [1.0, -0.7, 0.4], [1.0, 1.5, 0.9], [1.0, -1.1, -0.2], [1.0, 0.6, 2.1]];
const LABELS: [f64; 5] = [0.0, 0.0, 1.0, 0.0, 1.0];
const RIDGE: f64 = 0.1;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// L(θ) = Σ log(1 + exp zᵢ) − yᵢ zᵢ + ½ λ |θ|², with zᵢ = ⟨xᵢ, θ⟩.
fn loss(theta: &[f64]) -> f64 {
    let data = INPUTS.iter().zip(LABELS).map(|(x, y)| {
        let z = dot(x, theta);
        z.exp().ln_1p() - y * z
    });
    data.sum::<f64>() + 0.5 * RIDGE * dot(theta, theta)
}

/// ∇L = Σ (σ(zᵢ) − yᵢ) xᵢ + λ θ.
fn grad(theta: &[f64]) -> Vec<f64> {
    let mut grad: Vec<f64> = theta.iter().map(|theta| RIDGE * theta).collect();
    for (x, y) in INPUTS.iter().zip(LABELS) {
        let residual = sigmoid(dot(x, theta)) - y;
        grad.iter_mut().zip(x).for_each(|(g, x)| *g += residual * x);
    }
    grad
}

/// The data's part of H v: Σ σ'(zᵢ) ⟨xᵢ, v⟩ xᵢ.
fn data_product(theta: &[f64], v: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; theta.len()];
    for x in &INPUTS {
        let p = sigmoid(dot(x, theta));
        let weight = p * (1.0 - p) * dot(x, v);
        product.iter_mut().zip(x).for_each(|(h, x)| *h += weight * x);
    }
    product
}

/// H v = Σ σ'(zᵢ) ⟨xᵢ, v⟩ xᵢ + λ v.
fn hessian_product(theta: &[f64], v: &[f64]) -> Vec<f64> {
    let product = data_product(theta, v);
    product.iter().zip(v).map(|(h, v)| h + RIDGE * v).collect()
}

fn main() {
    let theta = [0.3, -0.8, 0.5];
    let (u, v) = ([1.0, -0.5, 0.7], [-0.6, 0.9, 1.0]);

    gradient(loss, grad, &theta).unwrap();
    hvp(grad, hessian_product, &theta, &v).unwrap();
    hvp_from_value(loss, hessian_product, &theta, &v).unwrap();
    hessian_symmetry(hessian_product, &theta, &u, &v).unwrap();
    let report = taylor_with_hvp(loss, grad, hessian_product, &theta, &v);
    println!("{report}");
    report.verdict().unwrap();

    let forgetful = hvp(grad, data_product, &theta, &v);
    println!("without the ridge: {forgetful}");
    let cause = forgetful.failure().and_then(|failure| failure.cause.clone());
    let Some(Cause::MissingTerm { factor, term: "v" }) = cause else {
        panic!("the ridge should be named: {forgetful}");
    };
    assert!((factor - RIDGE).abs() < 1e-6);
}

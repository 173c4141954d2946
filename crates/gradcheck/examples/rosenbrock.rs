//! A hand-written gradient: the banana function of Rosenbrock (1960).
//!
//! Checks the right gradient, then one in which the chain rule was forgotten once, and prints what the check says about
//! it. Asserts that the first passes and that the second is told at entry 0.

use quadric_gradcheck::{Place, gradient};

/// f(x) = (1 − x₀)² + 100 (x₁ − x₀²)²
fn rosenbrock(x: &[f64]) -> f64 {
    let valley = x[1] - x[0] * x[0];
    (1.0 - x[0]).powi(2) + 100.0 * valley.powi(2)
}

fn right(x: &[f64]) -> Vec<f64> {
    let valley = x[1] - x[0] * x[0];
    vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * valley, 200.0 * valley]
}

/// The inner derivative of x₀² is missing.
fn wrong(x: &[f64]) -> Vec<f64> {
    let valley = x[1] - x[0] * x[0];
    vec![-2.0 * (1.0 - x[0]) - 200.0 * valley, 200.0 * valley]
}

fn main() {
    let x = [-1.2, 1.0];
    let verdict = gradient(rosenbrock, right, &x);
    println!("the right gradient: {verdict}");
    verdict.unwrap();

    let verdict = gradient(rosenbrock, wrong, &x);
    println!("the wrong gradient: {verdict}");
    let failure = verdict.failure().expect("a forgotten chain rule is found");
    assert_eq!(failure.worst().map(|worst| worst.place), Some(Place::Entry(0)));
}

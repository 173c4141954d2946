//! Derivatives through training steps, against differences.

use std::cell::RefCell;

use quadric_autodiff::trace::{Var, compile, constant, grad, hvp};
use quadric_autodiff::{Tensor, Tree, tensor};
use quadric_gradcheck as gradcheck;
use quadric_nn::{Muon, Optimizer};

use super::{all, undecayed};
use crate::{noise, noisy};

/// The loss after three steps, as a function of the parameters before (a matrix of 2 × 2 and a vector of 2) and of the rate.
fn after_steps<O: Optimizer>(optimizer: &O, x: Var) -> Var {
    let state = optimizer.init(&vec![noisy(1, &[2, 2]), noisy(2, &[2])]);
    let mut state = state.map_leaves(constant);
    let mut w = vec![x.slice(0, 0..4).reshape([2, 2]), x.slice(0, 4..6)];
    let rate = x.slice(0, 6..7).reshape([]) * 0.1;
    let data = constant(&noisy(3, &[4, 2]));
    let loss = |w: Vec<Var>| ((data.matmul(w[0]) + w[1]).tanh() - 0.3).powi(2).sum() + (w[1].powi(3) * w[1]).sum();
    for _ in 0..3 {
        let d = grad(loss, &w);
        (w, state) = optimizer.update(&w, &d, &state, rate);
    }
    loss(w)
}

fn check<O: Optimizer>(optimizer: &O, words: &str) {
    let f = |x: Var| after_steps(optimizer, x);
    let value = RefCell::new(compile(f));
    let gradient = RefCell::new(compile(|x: Var| grad(f, &x)));
    let product = RefCell::new(compile(|(x, v): (Var, Var)| hvp(f, &x, &v)));
    let x: Vec<f64> = (0..7).map(|i| noise(11, i) + if i == 6 { 2.0 } else { 0.2 }).collect();
    let v: Vec<f64> = (0..7).map(|i| noise(12, i)).collect();
    let f = |x: &[f64]| value.borrow_mut().call(Tensor::from_vec(x)).unwrap().item();
    let g = |x: &[f64]| gradient.borrow_mut().call(Tensor::from_vec(x)).unwrap().to_f64_vec();
    let h = |x: &[f64], v: &[f64]| {
        product.borrow_mut().call((Tensor::from_vec(x), Tensor::from_vec(v))).unwrap().to_f64_vec()
    };
    assert!(g(&x).iter().all(|g| *g != 0.0), "{words}");
    println!("{words}");
    gradcheck::gradient(f, g, &x).unwrap();
    gradcheck::hvp(g, h, &x, &v).unwrap();
}

#[test]
fn gradients_and_hessian_products_through_steps_are_those_of_differences() {
    for optimizer in all() {
        check(&optimizer, &optimizer.to_string());
    }
    check(&Muon::new(), "muon");
}

/// A step from `w = 0` along d: `w ← −rate · d/(|d| + ε)` for Adam, which has slope `−rate/ε` at d = 0.
#[test]
fn a_gradient_that_is_zero_has_a_derivative() {
    for optimizer in undecayed() {
        let state = optimizer.init(&tensor![0.5, -1.0]);
        let moved = |d: Var| {
            let state = state.map_leaves(constant);
            let w = constant(&tensor![0.5, -1.0]);
            optimizer.update(&w, &d, &state, d.number(0.125)).0.slice(0, 0..1).sum()
        };
        let slope = grad(moved, &tensor![0.0, 1.0]).unwrap().to_f64_vec();
        assert!(slope.iter().all(|x| x.is_finite()), "{optimizer}: {slope:?}");
        if optimizer.to_string().starts_with("adam:weight") {
            assert!((slope[0] / -0.125e8 - 1.0).abs() < 1e-9, "{slope:?}");
        }
    }
}

//! What tests of networks share: numbers that look random, trees as vectors, and how far two vectors are apart.

use std::cell::RefCell;

use quadric_autodiff::trace::{Var, compile, grad, hvp};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_gradcheck::{Checker, Verdict};

/// Numbers that look random and are the same everywhere, in (−1, 1).
pub fn noise(seed: u64, i: usize) -> f64 {
    let x = (seed as f64 * 12.9898 + i as f64 * 78.233).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}

/// An array of them.
pub fn noisy(seed: u64, shape: &[usize]) -> Tensor {
    Tensor::from_fn(DType::F64, shape, |i| noise(seed, i))
}

/// The leaves of a tree, one after the other.
pub fn flat<H: Tree<Leaf = Tensor>>(tree: &H) -> Vec<f64> {
    tree.leaves().into_iter().flat_map(|leaf| leaf.to_f64_vec()).collect()
}

/// The tree with these numbers in its leaves.
pub fn unflat<H: Tree<Leaf = Tensor, With<Tensor> = H>>(like: &H, data: &[f64]) -> H {
    let mut at = 0;
    like.map_leaves(|leaf| {
        let values = &data[at..at + leaf.size()];
        at += leaf.size();
        Tensor::from_fn(leaf.dtype(), leaf.shape(), |i| values[i])
    })
}

/// ‖x‖.
pub fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// a − b.
pub fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// ‖a − b‖ / ‖b‖, and ‖a‖ where b is 0 (as is `N v` on the last bias).
pub fn relative(a: &[f64], b: &[f64]) -> f64 {
    let scale = norm(b);
    norm(&minus(a, b)) / if scale == 0.0 { 1.0 } else { scale }
}

/// The gradient of `f`, its product `H v` and the gradient of `vᵀ H v` against differences of what is one order below each.
///
/// Entries that are lost in the rounding of larger ones pass with these, if not all are.
pub fn gradcheck_to_third_order(what: &str, f: impl Fn(&[Var]) -> Var, at: &[Tensor]) {
    let like = at.to_vec();
    let point = flat(&like);
    let v: Vec<f64> = (0..point.len()).map(|i| noise(11, i)).collect();
    let direction = unflat(&like, &v);
    let f = |x: Vec<Var>| f(&x);
    let product = |x: Vec<Var>, v: Vec<Var>| hvp(f, &x, &v);
    let bend = |x: Vec<Var>, v: Vec<Var>| {
        let terms = product(x, v.clone()).into_iter().zip(v).map(|(h, v)| (h * v).sum());
        terms.reduce(|a, b| a + b).unwrap()
    };
    let value = RefCell::new(compile(f));
    let first = RefCell::new(compile(|x: Vec<Var>| grad(f, &x)));
    let second = RefCell::new(compile(|(x, v): (Vec<Var>, Vec<Var>)| product(x, v)));
    let curvature = RefCell::new(compile(|(x, v): (Vec<Var>, Vec<Var>)| bend(x, v)));
    let third = RefCell::new(compile(|(x, v): (Vec<Var>, Vec<Var>)| grad(|x: Vec<Var>| bend(x, v.clone()), &x)));

    let value = |x: &[f64]| value.borrow_mut().call(unflat(&like, x)).unwrap().item();
    let first = |x: &[f64]| flat(&first.borrow_mut().call(unflat(&like, x)).unwrap());
    let second = |x: &[f64], v: &[f64]| flat(&second.borrow_mut().call((unflat(&like, x), unflat(&like, v))).unwrap());
    let curvature = |x: &[f64]| curvature.borrow_mut().call((unflat(&like, x), direction.clone())).unwrap().item();
    let third = |x: &[f64]| flat(&third.borrow_mut().call((unflat(&like, x), direction.clone())).unwrap());

    let checker = Checker::new().allow_unresolved(true);
    let passes = |order: usize, verdict: Verdict| assert!(verdict.is_passed(), "{what}, order {order}: {verdict}");
    passes(1, checker.gradient(value, first, &point));
    passes(2, checker.hvp(first, second, &point, &v));
    passes(3, checker.gradient(curvature, third, &point));
}

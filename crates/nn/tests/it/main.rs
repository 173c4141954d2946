//! Layers, activations, losses and optimizers against formulas, differences and each other.

mod activations;
mod interventions;
mod losses;
mod models;
mod optimizers;

use quadric_autodiff::{DType, Tensor, Tree};

/// A float tensor with the numbers of a slice.
fn tensor(shape: &[usize], data: &[f64]) -> Tensor {
    Tensor::new(shape, data).unwrap()
}

/// Numbers that look random and are the same everywhere, in (−1, 1).
fn noise(seed: u64, i: usize) -> f64 {
    let x = (seed as f64 * 12.9898 + i as f64 * 78.233).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}

fn noisy(seed: u64, shape: &[usize]) -> Tensor {
    Tensor::from_fn(DType::F64, shape, |i| noise(seed, i))
}

/// The leaves of a tree, one after the other.
fn flat<H: Tree<Leaf = Tensor>>(tree: &H) -> Vec<f64> {
    tree.leaves().into_iter().flat_map(|leaf| leaf.to_f64_vec()).collect()
}

/// The tree with these numbers in its leaves.
fn unflat<H: Tree<Leaf = Tensor, With<Tensor> = H>>(like: &H, data: &[f64]) -> H {
    let mut at = 0;
    like.map_leaves(|leaf| {
        let values = &data[at..at + leaf.size()];
        at += leaf.size();
        Tensor::from_fn(leaf.dtype(), leaf.shape(), |i| values[i])
    })
}

/// ‖a − b‖ / ‖b‖.
fn relative(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

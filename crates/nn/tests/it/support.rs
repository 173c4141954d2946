//! What tests of networks share: numbers that look random, trees as vectors, and how far two vectors are apart.

use quadric_autodiff::{DType, Tensor, Tree};

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

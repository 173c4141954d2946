//! Probes and noise in the shape of the parameters, from a key ([`random`](quadric_autodiff::trace::random)). Each leaf of a tree draws
//! from a key of its own, split from the one given.

use quadric_autodiff::trace::Var;
use quadric_autodiff::trace::random::{normal, rademacher, split};
use quadric_autodiff::{DType, Shape, VarTree};
use quadric_curvature::Probe;

/// An array of independent draws.
#[track_caller]
#[must_use]
pub fn draw(distribution: Probe, key: Var, dtype: DType, shape: impl Into<Shape>) -> Var {
    match distribution {
        Probe::Gaussian => normal(key, dtype, shape),
        Probe::Rademacher => rademacher(key, dtype, shape),
    }
}

/// One probe in the shape of the parameters, each leaf from a key of its own.
#[track_caller]
#[must_use]
pub fn one<M: VarTree>(distribution: Probe, key: Var, like: &M) -> M {
    draw_tree(distribution, key, like, &[])
}

/// `count` probes as one block: every leaf has them as axis 0.
#[track_caller]
#[must_use]
pub fn block<M: VarTree>(distribution: Probe, key: Var, like: &M, count: usize) -> M {
    draw_tree(distribution, key, like, &[count])
}

#[track_caller]
fn draw_tree<M: VarTree>(distribution: Probe, key: Var, like: &M, front: &[usize]) -> M {
    let mut keys = split(key, like.leaves().len()).into_iter();
    like.map_leaves(|leaf| {
        let ty = leaf.ty();
        let shape = [front, &ty.shape[..]].concat();
        draw(distribution, keys.next().expect("a key for each leaf"), ty.dtype, shape)
    })
}

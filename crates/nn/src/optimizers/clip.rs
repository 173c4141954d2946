//! Gradients kept within bounds.

use quadric_autodiff::trace::tree::Arithmetic;
use quadric_autodiff::trace::{IntoOperand, Var, select, stop};
use quadric_autodiff::{Error, ErrorKind, VarTree};

use crate::LIBRARY;

/// The tree, shortened to norm `limit` if it is longer, and the norm that it had, over all leaves at once ([Pascanu et al. 2013]).
///
/// Norm and quotient are taken of entries over the largest one, so gradients of 1e30 in `f32` come out with norm `limit`. PyTorch's
/// `clip_grad_norm_` divides by the norm plus 1e-6; here the result is as long as it says. With a NaN in it a tree comes back as it is, and the
/// norm is NaN; an infinite entry makes the norm ∞, itself NaN and finite entries 0. Integer leaves are left out. The norm is of the float dtype of
/// most digits.
///
/// # Shapes
/// `limit` is a number or a scalar.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Arity`] if no leaf is a float, with [`ErrorKind::Shape`] if the limit is no scalar.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::clip_by_norm;
/// let mut clip = compile(|g: (Var, Var)| clip_by_norm(&g, 1.0));
/// let (g, norm) = clip.call((tensor![3.0], tensor![0.0, -4.0]))?;
/// assert_eq!(norm.item(), 5.0);
/// assert!((g.0.to_vec::<f64>()[0] - 0.6).abs() < 1e-15 && (g.1.to_vec::<f64>()[1] + 0.8).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn clip_by_norm<M: VarTree>(tree: &M, limit: impl IntoOperand) -> (M, Var) {
    LIBRARY.scope("clip_by_norm", || {
        let floats: Vec<Var> = tree.leaves().into_iter().copied().filter(|leaf| leaf.dtype().is_float()).collect();
        if floats.is_empty() {
            stop(Error::new(ErrorKind::Arity, "clip_by_norm: the tree has no leaf of floats"));
        }
        let norm = floats.norm();
        let limit = limit.into_operand(norm);
        scalar_limit("clip_by_norm", limit);
        let limit = limit.convert(norm.dtype());
        let long = norm.gt(limit);
        let mut units = floats.normalized().into_iter();
        let clipped = tree.map_leaves(|leaf| {
            if !leaf.dtype().is_float() {
                return *leaf;
            }
            let unit = units.next().expect("a unit for each leaf of floats");
            select(long, unit * limit.convert(leaf.dtype()), *leaf)
        });
        (clipped, norm)
    })
}

/// The tree with every entry moved into `[−limit, limit]`. NaN stays, and so do integer leaves.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Shape`] if the limit is no scalar.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::clip_by_value;
/// let mut clip = compile(|g: Var| clip_by_value(&g, 1.0));
/// assert_eq!(clip.call(tensor![0.5, -4.0, f64::INFINITY])?, tensor![0.5, -1.0, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn clip_by_value<M: VarTree>(tree: &M, limit: impl IntoOperand + Copy) -> M {
    LIBRARY.scope("clip_by_value", || {
        tree.map_leaves(|leaf| {
            if !leaf.dtype().is_float() {
                return *leaf;
            }
            let limit = limit.into_operand(*leaf);
            scalar_limit("clip_by_value", limit);
            let limit = limit.convert(leaf.dtype());
            leaf.clamp(-limit, limit)
        })
    })
}

#[track_caller]
fn scalar_limit(name: &str, limit: Var) {
    if limit.shape().rank() != 0 {
        stop(Error::new(ErrorKind::Shape, format!("{name}: the limit is {}, a scalar is needed", limit.ty())));
    }
}

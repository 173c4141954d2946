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
/// `limit` is a number or a scalar. With a scalar that is negative or NaN every entry is NaN.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Arity`] if no leaf is a float, with [`ErrorKind::Shape`] if the limit is no scalar, with [`ErrorKind::Data`] if
/// it is a number that is negative or not finite.
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
        let limit = limit_of("clip_by_norm", limit, norm);
        // A limit that is none is met by no norm, and makes everything NaN.
        let long = norm.gt(limit).or(limit.not_equal(limit));
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

/// The tree with every entry moved into `[−limit, limit]`. NaN stays, and so do integer leaves. With a scalar limit that is negative or NaN every
/// entry is NaN.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Shape`] if the limit is no scalar, with [`ErrorKind::Data`] if it is a number that is negative or not finite.
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
            let limit = limit_of("clip_by_value", limit, *leaf);
            leaf.clamp(-limit, limit)
        })
    })
}

/// The limit in the dtype of `like`: a number that makes sense, or a scalar, NaN where it does not.
#[track_caller]
fn limit_of(name: &str, limit: impl IntoOperand, like: Var) -> Var {
    if let Some(number) = limit.as_number() {
        if !(number >= 0.0 && number.is_finite()) {
            let what = format!("{name}: the limit is {number}; it must be finite and not below 0");
            stop(Error::new(ErrorKind::Data, what));
        }
        return limit.into_operand(like);
    }
    let limit = limit.into_operand(like);
    if limit.shape().rank() != 0 {
        stop(Error::new(ErrorKind::Shape, format!("{name}: the limit is {}, a scalar is needed", limit.ty())));
    }
    let limit = limit.convert(like.dtype());
    select(limit.ge(0.0), limit, f64::NAN)
}

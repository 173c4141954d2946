//! Gated linear units: one half of the features opens and closes for the other.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::gelu;
use crate::LIBRARY;

/// `a · σ(b)` ([Dauphin et al. 2016]): the value first and its gate second, as torch's `glu` takes the halves of its input.
///
/// [Dauphin et al. 2016]: https://arxiv.org/abs/1612.08083
///
/// # Shapes
/// `value` and `gate` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::{glu, halves};
/// let y = compile(|x: Var| {
///     let (value, gate) = halves(x, -1);
///     glu(value, gate)
/// });
/// assert_eq!({ y }.call(tensor![[2.0, 4.0, 0.0, 1000.0]])?, tensor![[1.0, 4.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn glu(value: Var, gate: Var) -> Var {
    LIBRARY.nonlinear_scope("glu", || {
        same("glu", value, gate);
        value * gate.logistic()
    })
}

/// `a · silu(b)`, the unit of LLaMA's feed-forward layers ([Shazeer 2020]): the value first and its gate second.
///
/// [Shazeer 2020]: https://arxiv.org/abs/2002.05202
///
/// # Shapes and errors
/// Those of [`glu`].
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::swiglu;
/// let mut f = compile(|(value, gate): (Var, Var)| swiglu(value, gate));
/// assert_eq!(f.call((tensor![2.0, 2.0], tensor![0.0, 1e4]))?, tensor![0.0, 2e4]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn swiglu(value: Var, gate: Var) -> Var {
    LIBRARY.nonlinear_scope("swiglu", || {
        same("swiglu", value, gate);
        value * (gate * gate.logistic())
    })
}

/// `a · gelu(b)` ([Shazeer 2020](https://arxiv.org/abs/2002.05202)): the value first and its gate second.
///
/// # Shapes and errors
/// Those of [`glu`].
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::geglu;
/// let mut f = compile(|(value, gate): (Var, Var)| geglu(value, gate));
/// assert_eq!(f.call((tensor![2.0, 2.0], tensor![0.0, 1e4]))?, tensor![0.0, 2e4]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn geglu(value: Var, gate: Var) -> Var {
    LIBRARY.nonlinear_scope("geglu", || {
        same("geglu", value, gate);
        value * gelu::composed(gate)
    })
}

/// The two halves of an array along an axis, for those whose one layer makes both value and gate.
///
/// # Errors
/// Stops the trace if there is no such axis, or its size is odd.
#[track_caller]
#[must_use]
pub fn halves(x: Var, along: isize) -> (Var, Var) {
    LIBRARY.enter(|| {
        let ty = x.ty();
        let rank = ty.shape.rank();
        let axis = if along < 0 { along + rank.cast_signed() } else { along };
        let Some(&n) = usize::try_from(axis).ok().and_then(|axis| ty.shape.get(axis)) else {
            stop(Error::new(ErrorKind::Shape, format!("halves: axis {along} is out of range for {ty}")))
        };
        if n % 2 == 1 {
            stop(Error::new(
                ErrorKind::Shape,
                format!("halves: {n} entries along axis {along} of {ty} have no halves"),
            ));
        }
        (x.slice(along, 0..n / 2), x.slice(along, n / 2..n))
    })
}

#[track_caller]
fn same(name: &str, value: Var, gate: Var) {
    if value.ty() != gate.ty() {
        let what = format!("{name}: the value is {}, its gate {}", value.ty(), gate.ty());
        stop(Error::new(ErrorKind::Shape, what));
    }
}

//! A linearised point: the value, and the linear map of directions, kept for any number of them.

use super::common::*;
use crate::LIBRARY;
use crate::shape::Type;
use crate::tape::Tape;
use crate::trace::Var;
use crate::trace::frame::inline;
use crate::trace::tree::{Leaf, Tree, VarTree};
use crate::transform;

/// The linear map `ẋ ↦ J(x) ẋ` of a function at a point; see [`linearize`].
#[derive(Debug)]
pub struct Linear<I: Tree, O: VarTree> {
    map: <I::Leaf as Leaf>::Replay,
    /// What the map needs of the point.
    residuals: Vec<I::Leaf>,
    point: Vec<Type>,
    value: O,
}

impl<I: Tree, O: VarTree> Linear<I, O> {
    /// `J(x) ẋ`: costs only the linear part.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape), [`ErrorKind::DType`](crate::ErrorKind::DType) or
    /// [`ErrorKind::Arity`](crate::ErrorKind::Arity) if the direction does not have the types of the point.
    #[track_caller]
    pub fn apply(&self, x_dot: &I) -> <I::Leaf as Leaf>::Outcome<O::With<I::Leaf>> {
        LIBRARY.enter(|| {
            let directions = x_dot.leaves();
            let given: Vec<Type> = directions.iter().map(|leaf| leaf.type_of()).collect();
            let fits = same_types("linearize", &self.point, &given);
            let args: Vec<&I::Leaf> = self.residuals.iter().chain(directions).collect();
            let y_dot = I::Leaf::replay(&self.map, fits, &args);
            I::Leaf::map(y_dot, |y_dot| self.value.with_leaves(y_dot))
        })
    }
}

/// Linearises `f` at `x`: the value, computed once, and the map `ẋ ↦ J(x) ẋ`, which costs only the linear part however
/// many directions it is applied to.
///
/// Inside a trace both are part of it. Outside, the value is computed at once, and the map is a compiled program of its own.
/// For many directions at once inside a trace: `vmap(|x_dot| map.apply(&x_dot), &directions)`.
///
/// # Errors
/// As [`jvp`](super::jvp).
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, linearize}};
/// let (value, map) = linearize(|x: Var| x.sin() * x, &tensor![0.5])?;
/// assert_eq!(value, tensor![0.5f64.sin() * 0.5]);
/// let slope = 0.5f64.cos() * 0.5 + 0.5f64.sin();
/// for v in [1.0, -2.0] {
///     assert!((map.apply(&tensor![v])?.item() - slope * v).abs() < 1e-15);
/// }
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn linearize<I: Tree, O: VarTree, F: Fn(I::With<Var>) -> O>(
    f: F,
    x: &I,
) -> <I::Leaf as Leaf>::Outcome<(O::With<I::Leaf>, Linear<I, O>)> {
    let point = x.leaves().into_iter().map(|leaf| leaf.type_of()).collect();
    let mut kept: Option<(Tape, O)> = None;
    let outcome = LIBRARY.enter(|| {
        I::Leaf::enter(x, |x: I::With<Var>| {
            check_float_leaves("linearize", &x);
            let recorded = record(&f, &x);
            check_float_outputs("linearize", &recorded.tape);
            let split = check(transform::linearize(&recorded.tape, &recorded.wrt, None));
            let out = inline(&split.primal, &recorded.args(&leaves(&x)));
            let (value, residuals) = out.split_at(split.outputs);
            let value = recorded.result.with_leaves(value.to_vec());
            kept = Some((split.linear, recorded.result));
            (value, residuals.to_vec())
        })
    });
    I::Leaf::map(outcome, |(value, residuals)| {
        let (tape, template) = kept.expect("there is an outcome, so the closure has run");
        (value, Linear { map: I::Leaf::replayable(tape), residuals, point, value: template })
    })
}

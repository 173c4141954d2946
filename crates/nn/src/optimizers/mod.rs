//! Optimizers: pure functions from (parameters, direction, state, rate) to (parameters, state), an optimizer a file.
//!
//! They run inside the trace. The rate changes from step to step and is therefore an argument; momentum, decay and the
//! like are plain numbers and constants of the compiled step. A *direction* is a gradient, or what a
//! regularizer made of one.

mod adam;
mod sgd;

pub use adam::Adam;
pub use sgd::Sgd;

use std::fmt;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree, VarTree};

/// What an optimizer remembers: some trees in the shape of the parameters, and the number of steps taken (`i32`).
///
/// The same type for all optimizers, so that a training loop need not know which one it runs.
pub type State<M> = (Vec<M>, <M as Tree>::Leaf);

/// A rule for the next parameters.
pub trait Optimizer {
    /// How many trees in the shape of the parameters it remembers.
    fn moments(&self) -> usize;

    /// The new parameters and the new state. `rate` is a scalar of any float dtype.
    ///
    /// # Errors
    /// Stops the trace with [`ErrorKind::Arity`] if the state is that of another kind of optimizer, or its trees are not in the shape of
    /// the parameters.
    fn update<M: VarTree>(&self, params: &M, direction: &M, state: &State<M>, rate: Var) -> (M, State<M>);

    /// The state before the first step: zeros.
    fn init<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, params: &H) -> State<H> {
        let zeros = || params.map_leaves(|leaf| Tensor::zeros(leaf.ty().clone()));
        ((0..self.moments()).map(|_| zeros()).collect(), Tensor::scalar(0i32))
    }
}

/// Stops the trace unless a state is what `init` of this optimizer makes: another one's has other trees in it.
#[track_caller]
fn check_moments<M>(name: &str, optimizer: &impl Optimizer, moments: &[M]) {
    let (given, needed) = (moments.len(), optimizer.moments());
    if given != needed {
        let trees = if given == 1 { "tree" } else { "trees" };
        let what =
            format!("{name}: the state has {given} {trees} of moments instead of {needed}: it is another optimizer's");
        stop(Error::new(ErrorKind::Arity, what));
    }
}

/// Any of the optimizers here, for programs that choose one at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnyOptimizer {
    /// [`Sgd`].
    Sgd(Sgd),
    /// [`Adam`].
    Adam(Adam),
}

impl Optimizer for AnyOptimizer {
    fn moments(&self) -> usize {
        match self {
            AnyOptimizer::Sgd(sgd) => sgd.moments(),
            AnyOptimizer::Adam(adam) => adam.moments(),
        }
    }

    #[track_caller]
    fn update<M: VarTree>(&self, params: &M, direction: &M, state: &State<M>, rate: Var) -> (M, State<M>) {
        match self {
            AnyOptimizer::Sgd(sgd) => sgd.update(params, direction, state, rate),
            AnyOptimizer::Adam(adam) => adam.update(params, direction, state, rate),
        }
    }
}

/// The settings, for a report.
impl fmt::Display for AnyOptimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnyOptimizer::Sgd(sgd) => sgd.fmt(f),
            AnyOptimizer::Adam(adam) => adam.fmt(f),
        }
    }
}

//! A layer beside a way around it.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Tree};

use super::{Layer, Mode};
use crate::LIBRARY;

/// `x ↦ s(x) + f(x)`, s the identity if there is no `shortcut` ([He et al. 2016]).
///
/// [He et al. 2016]: https://arxiv.org/abs/1512.03385
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tree, tensor, trace::{Var, compile}};
/// use quadric_nn::{Dense, Layer, Residual, generator};
/// let mut layer = Residual::new(Dense::new(2, 2, DType::F64, &mut generator(1)));
/// layer.branch.weight = tensor![[1.0, 0.0], [0.0, -1.0]];
/// let mut f = compile(|(layer, x): (Residual<Dense<Var>>, Var)| layer.infer(x, &layer.initial_state()));
/// assert_eq!(f.call((layer, tensor![[1.0, 2.0]]))?, tensor![[2.0, 0.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Residual<B: Tree, S: Tree<Leaf = B::Leaf> = B> {
    /// f.
    pub branch: B,
    /// s, where f changes the shape.
    pub shortcut: Option<S>,
}

impl<B: Tree> Residual<B> {
    /// `x + f(x)`.
    pub fn new(branch: B) -> Residual<B> {
        Residual { branch, shortcut: None }
    }
}

/// The state of a [`Residual`].
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct ResidualState<B: Tree, S: Tree<Leaf = B::Leaf> = B> {
    /// Of f.
    pub branch: B,
    /// Of s, where there is one.
    pub shortcut: Option<S>,
}

impl<B: Layer, S: Layer> Layer for Residual<B, S>
where
    Residual<B, S>: quadric_autodiff::VarTree,
    ResidualState<B::State, S::State>: quadric_autodiff::VarTree,
{
    type State = ResidualState<B::State, S::State>;

    fn initial_state(&self) -> Self::State {
        let shortcut = self.shortcut.as_ref().map(Layer::initial_state);
        ResidualState { branch: self.branch.initial_state(), shortcut }
    }

    /// # Errors
    /// Stops the trace if the two ways end in different shapes.
    #[track_caller]
    fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State) {
        LIBRARY.scope("residual", || {
            let modes = mode.split(2);
            let (y, branch) = LIBRARY.scope("branch", || self.branch.forward(x, &state.branch, modes[0]));
            let (around, shortcut) = match (&self.shortcut, &state.shortcut) {
                (Some(layer), Some(state)) => {
                    let (around, state) = LIBRARY.scope("shortcut", || layer.forward(x, state, modes[1]));
                    (around, Some(state))
                }
                (None, None) => (x, None),
                _ => {
                    let what = "residual: the state is that of a layer with another shortcut".to_owned();
                    stop(Error::new(ErrorKind::Arity, what))
                }
            };
            if around.ty() != y.ty() {
                let what = format!("residual: the branch gives {} and the shortcut {}", y.ty(), around.ty());
                stop(Error::new(ErrorKind::Shape, what));
            }
            (around + y, ResidualState { branch, shortcut })
        })
    }
}

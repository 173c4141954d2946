//! What an optimizer remembers between steps.

use quadric_autodiff::trace::tree::{Node, Path};
use quadric_autodiff::{Leaf, Tree};

/// What an optimizer remembers: some trees of the parameters' structure, the number of steps taken (`i32`), and whose it is.
///
/// One type for all optimizers, so that a training loop need not know which one it runs. It is a tree: it goes into a compiled step and comes out
/// of it, and is saved as a model is. The optimizer's name is in the names of the leaves (`adam.0.layers.0.weight`, and `step`), so that an archive
/// does not give one optimizer's memory to another. The leaves have the shapes that the optimizer asks for
/// ([`Optimizer::moments`](super::Optimizer::moments)), which need not be the parameters'; where it remembers less of one parameter than of
/// another, an array without entries keeps the place.
///
/// In a tree of one's own it asks that the parameter be a leaf: `struct Run<T: Leaf = Tensor> { model: Mlp<T>, state: State<Mlp<T>> }`.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tree, tensor};
/// use quadric_nn::{Adam, Optimizer, archive::Archive};
/// let optimizer = Adam::new();
/// let state = optimizer.init(&vec![tensor![1.0, 2.0]]);
/// assert_eq!(state.leaf_names(), ["adam.0.0", "adam.1.0", "step"]);
/// let mut archive = Archive::new();
/// archive.insert_tree("optimizer", &state);
/// assert_eq!(archive.tree("optimizer", &state)?, state);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct State<M: Tree> {
    pub(super) optimizer: &'static str,
    /// The trees.
    pub moments: Vec<M>,
    /// Steps taken.
    pub step: M::Leaf,
}

impl<M: Tree> State<M> {
    /// The name of the optimizer whose state it is.
    pub fn optimizer(&self) -> &'static str {
        self.optimizer
    }
}

impl<M: Tree> Tree for State<M> {
    type Leaf = M::Leaf;
    type With<L: Leaf> = State<M::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, M::Leaf>)) {
        see(path, Node::Static(&self.optimizer));
        self.moments.walk(&path.field(self.optimizer), see);
        self.step.walk(&path.field("step"), see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &M::Leaf) -> Result<L, E>,
    ) -> Result<State<M::With<L>>, E> {
        let moments = self.moments.rebuild(&path.field(self.optimizer), f)?;
        Ok(State { optimizer: self.optimizer, moments, step: f(&path.field("step"), &self.step)? })
    }
}

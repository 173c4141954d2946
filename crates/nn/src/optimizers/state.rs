//! What an optimizer remembers between steps.

use std::sync::Arc;

use quadric_autodiff::trace::tree::{Node, Path};
use quadric_autodiff::{Leaf, Tree};

/// What an optimizer remembers: some trees of the parameters' structure, the number of steps taken (`i32`), and whose it is.
///
/// One type for all optimizers, so that a training loop need not know which one it runs. It is a tree: it goes into a compiled step and comes out
/// of it, and is saved as a model is. The name of the rule that a parameter follows is in the names of its leaves (`adam.0.layers.0.weight`; behind
/// [`Groups`](super::Groups) and [`Muon`](super::Muon), too, it is the name of the rule within), beside them is `step`; so an archive does not give
/// one optimizer's memory to another. The leaves have the shapes that the optimizer asks for
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
    pub(super) rules: Rules,
    /// The trees.
    pub moments: Vec<M>,
    /// Steps taken.
    pub step: M::Leaf,
}

impl<M: Tree> State<M> {
    /// The name of the optimizer whose state it is, `groups` for one of several.
    pub fn optimizer(&self) -> &'static str {
        self.optimizer
    }
}

impl<M: Tree> Tree for State<M> {
    type Leaf = M::Leaf;
    type With<L: Leaf> = State<M::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, M::Leaf>)) {
        see(path, Node::Static(&self.optimizer));
        match &self.rules {
            Rules::One(rule) => {
                see(path, Node::Static(rule));
                self.moments.walk(&path.field(rule), see);
            }
            Rules::Each(rules) => {
                see(path, Node::Static(rules));
                let all = path.field("moments");
                see(&all, Node::Count(self.moments.len()));
                for (j, tree) in self.moments.iter().enumerate() {
                    let mut rules = rules.iter();
                    tree.walk(&Path::ROOT, &mut |at, node| {
                        let of = if let Node::Leaf(_) = node { path.field(next(&mut rules)) } else { all };
                        below(&of.index(j), &at.to_string(), |path| see(path, node));
                    });
                }
            }
        }
        self.step.walk(&path.field("step"), see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &M::Leaf) -> Result<L, E>,
    ) -> Result<State<M::With<L>>, E> {
        let moments = match &self.rules {
            Rules::One(rule) => self.moments.rebuild(&path.field(rule), f)?,
            Rules::Each(rules) => {
                let trees = self.moments.iter().enumerate().map(|(j, tree)| {
                    let mut rules = rules.iter();
                    tree.rebuild(&Path::ROOT, &mut |at, leaf| {
                        let of = path.field(next(&mut rules));
                        below(&of.index(j), &at.to_string(), |path| f(path, leaf))
                    })
                });
                trees.collect::<Result<_, E>>()?
            }
        };
        let step = f(&path.field("step"), &self.step)?;
        Ok(State { optimizer: self.optimizer, rules: self.rules.clone(), moments, step })
    }
}

/// Which rule each parameter follows, by the rules' names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rules {
    /// All the same one: the common case, in which no walk allocates a name.
    One(&'static str),
    /// Not all the same, in the order of the parameters.
    Each(Arc<[&'static str]>),
}

impl Rules {
    /// Of the names for each parameter; a tree without any is that of `optimizer`.
    pub(super) fn new(optimizer: &'static str, names: &[&'static str]) -> Rules {
        let first = names.first().copied().unwrap_or(optimizer);
        if names.iter().all(|name| *name == first) { Rules::One(first) } else { Rules::Each(names.into()) }
    }

    /// The rule of the parameter of this index.
    pub(super) fn of(&self, i: usize) -> &'static str {
        match self {
            Rules::One(rule) => rule,
            Rules::Each(rules) => rules.get(i).copied().unwrap_or("none"),
        }
    }
}

/// The rule of the next leaf on a walk.
fn next(rules: &mut std::slice::Iter<'_, &'static str>) -> &'static str {
    rules.next().copied().expect("a rule for each leaf")
}

/// Hands on the way down from `path` by a name; the name of a root is empty and no step.
fn below<R>(path: &Path<'_>, name: &str, f: impl FnOnce(&Path<'_>) -> R) -> R {
    if name.is_empty() { f(path) } else { f(&path.field(name)) }
}

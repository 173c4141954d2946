//! Parts of a tree: the leaves that a name or a predicate chooses, as a tree of their own.
//!
//! What is trained, penalised, probed or decayed is often a part of a model. A [`Selection`] is a tree like any other, so
//! every transform, optimizer, penalty and curvature operator works on it, at the price of the part; the rest of the model is
//! captured by the closure that puts the two together ([`Select::with_selected`]).

use std::collections::HashMap;

use super::{Leaf, Node, Path, Tree};
use crate::error::{Error, ErrorKind};
use crate::shape::Type;

/// Some leaves of another tree, under the names that they have there.
///
/// Two selections are of one structure if they have the same names in the same order.
///
/// # Example
/// Only the last layer is trained:
/// ```
/// use quadric_autodiff::{Arithmetic, Error, Select, Tensor, Tree, tensor, trace::{Var, compile, grad}};
///
/// #[derive(Tree, Clone)]
/// struct Net<T = Tensor> { body: T, head: T }
///
/// let mut step = compile(|(net, x): (Net<Var>, Var)| {
///     let head = net.select("head");
///     let loss = |head| { let net = net.with_selected(&head); (x * net.body * net.head).sum() };
///     let g = grad(loss, &head); // in the head alone: nothing is computed for the body
///     net.with_selected(&head.minus(&g))
/// });
/// let net = step.call((Net { body: tensor![2.0], head: tensor![1.0] }, tensor![3.0]))?;
/// assert_eq!((net.body, net.head), (tensor![2.0], tensor![-5.0]));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Selection<L> {
    leaves: Vec<(String, L)>,
}

impl<L> Selection<L> {
    /// The chosen leaves and their names, in the order of the tree.
    pub fn named_leaves(&self) -> impl Iterator<Item = (&str, &L)> {
        self.leaves.iter().map(|(name, leaf)| (name.as_str(), leaf))
    }
}

impl<T: Leaf> Tree for Selection<T> {
    type Leaf = T;
    type With<L: Leaf> = Selection<L>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, T>)) {
        see(path, Node::Count(self.leaves.len()));
        for (name, leaf) in &self.leaves {
            let path = path.field(name);
            see(&path, Node::Variant(name));
            see(&path, Node::Leaf(leaf));
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T) -> Result<L, E>,
    ) -> Result<Selection<L>, E> {
        let leaves = self.leaves.iter().map(|(name, leaf)| Ok((name.clone(), f(&path.field(name), leaf)?)));
        Ok(Selection { leaves: leaves.collect::<Result<_, E>>()? })
    }
}

/// Choosing leaves of a tree and putting them back. Inside a trace a mistake stops it, outside it is returned.
pub trait Select: Tree<With<<Self as Tree>::Leaf> = Self> {
    /// The leaves whose names the pattern [`matches()`], such as `head.*` or `*.bias`.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`] if no leaf does, with the names that there are.
    #[track_caller]
    fn select(&self, pattern: &str) -> <Self::Leaf as Leaf>::Outcome<Selection<Self::Leaf>> {
        let (chosen, _) = parted(self, |name, _| matches(pattern, name));
        Self::Leaf::outcome(found(self, chosen, &format!("{pattern:?}")))
    }

    /// The leaves for which the predicate of name and leaf holds.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`] if it holds for none.
    #[track_caller]
    fn select_where(
        &self,
        predicate: impl FnMut(&str, &Self::Leaf) -> bool,
    ) -> <Self::Leaf as Leaf>::Outcome<Selection<Self::Leaf>> {
        let (chosen, _) = parted(self, predicate);
        Self::Leaf::outcome(found(self, chosen, "the predicate"))
    }

    /// The leaves that the pattern [`matches()`] and the others: trained and held, or the other way about.
    ///
    /// # Errors
    /// As [`select`](Select::select). There may be no others.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Error, Select, Tree, tensor};
    /// let net = (tensor![1.0], (tensor![2.0], tensor![3.0]));
    /// let (trained, held) = net.partition("1.*")?;
    /// assert_eq!((trained.leaf_names(), held.leaf_names()), (vec!["1.0".into(), "1.1".into()], vec!["0".to_string()]));
    /// assert_eq!(net.with_selected(&trained)?.with_selected(&held)?, net);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    #[allow(clippy::type_complexity)] // two selections in the leaf's outcome; a name for it would be one more thing to look up
    fn partition(
        &self,
        pattern: &str,
    ) -> <Self::Leaf as Leaf>::Outcome<(Selection<Self::Leaf>, Selection<Self::Leaf>)> {
        let (chosen, others) = parted(self, |name, _| matches(pattern, name));
        Self::Leaf::outcome(found(self, chosen, &format!("{pattern:?}")).map(|chosen| (chosen, others)))
    }

    /// This tree with the leaves of the selection in their places.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`] if the tree has no leaf of one of the names, or one of another type.
    #[track_caller]
    fn with_selected(&self, selection: &Selection<Self::Leaf>) -> <Self::Leaf as Leaf>::Outcome<Self> {
        let names = self.leaf_names();
        let types: HashMap<&str, Type> =
            names.iter().map(String::as_str).zip(self.leaves().into_iter().map(Leaf::type_of)).collect();
        for (name, leaf) in selection.named_leaves() {
            let what = match types.get(name) {
                Some(ty) if *ty == leaf.type_of() => continue,
                Some(ty) => format!("with_selected: {name:?} is {}, {ty} in the tree", leaf.type_of()),
                None => format!("with_selected: there is no leaf {name:?} among {}", listed(&names)),
            };
            return Self::Leaf::outcome(Err(Error::new(ErrorKind::Selection, what)));
        }
        // By name: a selection of another tree may be in any order.
        let chosen: HashMap<&str, &Self::Leaf> = selection.named_leaves().collect();
        let tree = self.map_named_leaves(|name, leaf| (*chosen.get(name).unwrap_or(&leaf)).clone());
        Self::Leaf::outcome(Ok(tree))
    }
}

impl<M: Tree<With<<M as Tree>::Leaf> = M>> Select for M {}

/// Whether a pattern matches a whole name: `*` stands for any run of characters, dots too, `?` for any one character.
///
/// # Example
/// ```
/// use quadric_autodiff::trace::tree::matches;
/// assert!(matches("head.*", "head.0.weight") && matches("*.bias", "layers.3.bias") && matches("layers.?.bias", "layers.3.bias"));
/// assert!(!matches("head", "head.0.weight") && !matches("*.bias", "bias"));
/// ```
pub fn matches(pattern: &str, name: &str) -> bool {
    // Greedy, going back to the last `*` on a mismatch: there is no need to go back further, because what an earlier one could take
    // the last one can.
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

fn parted<M: Tree>(
    tree: &M,
    mut predicate: impl FnMut(&str, &M::Leaf) -> bool,
) -> (Selection<M::Leaf>, Selection<M::Leaf>) {
    let named = tree.leaf_names().into_iter().zip(tree.leaves());
    let (chosen, others) =
        named.map(|(name, leaf)| (name, leaf.clone())).partition(|(name, leaf)| predicate(name, leaf));
    (Selection { leaves: chosen }, Selection { leaves: others })
}

fn found<M: Tree>(tree: &M, chosen: Selection<M::Leaf>, by: &str) -> Result<Selection<M::Leaf>, Error> {
    if chosen.leaves.is_empty() {
        let what = format!("select: {by} matches no leaf of {}", listed(&tree.leaf_names()));
        return Err(Error::new(ErrorKind::Selection, what));
    }
    Ok(chosen)
}

/// The names in a sentence, the first few of many.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len() {
        0 => "a tree without leaves".to_string(),
        n if n > SHOWN => format!("{} and {} more", shown.join(", "), n - SHOWN),
        _ => shown.join(", "),
    }
}

//! Trees: the nested structures of leaves that transforms take and give back.
//!
//! A model, a pair of model and batch, a list of gradients: each is a [`Tree`], plain Rust values with [`Leaf`]s at
//! the ends. A tree knows how to stand with other leaves in the same structure ([`Tree::With`]), and that alone lets
//! one signature serve inside and outside a trace: the user hands over `Mlp<Tensor>`, the closure receives `Mlp<Var>`,
//! and the result comes back as `Mlp<Tensor>`.
//!
//! A tree is three things. The *leaves*, in the order of the declaration, each with a dotted path such as
//! `layers.0.weight`. The *structure*: lengths of vectors, `Some` or `None`, variants of enums. The *static* fields,
//! which are neither differentiated nor traced: sizes, names, the kind of an activation. The last two belong to the
//! cache key of `compile`, for the tape depends on them ([`Tree::write_static`]).
//!
//! Two walks make everything: [`Tree::walk`] reads, [`Tree::rebuild`] replaces leaves. `#[derive(Tree)]` writes these
//! two.
//!
//! Invariant: both walks meet the leaves in the same order and under the same paths.
//!
//! The bounds on `With` say that changing the leaves and changing them back is nothing at all. Without them generic
//! code such as `fn sam<M: VarTree>` could not see that the gradient of an `M` is an `M`. The compiler cannot be told
//! this for *all* leaves at once, only for the two that matter: the leaf one came from and the leaf one is at.
//!
//! Considered and set aside: `zip` as a third walk over `&Self::With<M>`. Comparing the structures first and then
//! rebuilding from two lists of leaves needs no code from the derive, and finds the first difference by its path.

mod arithmetic;
mod containers;
mod leaf;
mod node;
mod select;
mod statics;

use std::convert::Infallible;
use std::fmt::Write;

pub use arithmetic::{Arithmetic, Factor, zero_at_zero};
pub use leaf::Leaf;
pub use node::{Node, Path};
use node::{Where, structure};
pub use select::{Select, Selection, matches};
pub use statics::Static;
#[doc(hidden)]
pub use {containers::array, statics::static_part};

use crate::error::{Error, ErrorKind};
use crate::tensor::Tensor;

use super::Var;

/// A nested structure of leaves, such as a model, a tuple of arguments or a gradient.
///
/// Implemented for [`Var`] and [`Tensor`] (which are their own only leaf), `Vec`, `Option`, `Box`, arrays, tuples of
/// one to eight trees, and by `#[derive(Tree)]` for structs and enums generic over their leaf. `()` is not a tree: it
/// cannot say which leaves it has none of. `PhantomData<T>` can, and is the empty tree.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tree of `Var` or `Tensor` leaves",
    note = "a struct becomes one by `#[derive(Tree, Clone)]` and a parameter for its leaf: `struct Model<T = Tensor>`"
)]
pub trait Tree: Clone + 'static {
    /// What stands at the ends of this tree.
    type Leaf: Leaf;

    /// The same structure with other leaves: `Mlp<Tensor>` with `Var` is `Mlp<Var>`.
    type With<L: Leaf>: Tree<Leaf = L, With<Self::Leaf> = Self> + Tree<With<L> = Self::With<L>>;

    /// Shows every leaf, every piece of structure and every static field to `see`, in the order of the declaration.
    ///
    /// The reading one of the two walks that the derive writes; the other methods are made of it.
    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, Self::Leaf>));

    /// The same tree with each leaf replaced by `f(path, leaf)`; static fields are cloned.
    ///
    /// The writing one of the two walks that the derive writes. Meets the leaves in the order of [`Tree::walk`].
    ///
    /// # Errors
    /// The first error of `f`.
    #[allow(clippy::type_complexity)] // a name for this closure's type would be one more thing to look up
    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &Self::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E>;

    /// The same tree with each leaf replaced by `f(leaf)`.
    fn map_leaves<L: Leaf>(&self, mut f: impl FnMut(&Self::Leaf) -> L) -> Self::With<L> {
        let Ok(tree) = self.rebuild(&Path::ROOT, &mut |_, leaf| Ok::<L, Infallible>(f(leaf)));
        tree
    }

    /// The same tree with each leaf replaced by `f(name, leaf)`, where the name is the leaf's path, `layers.0.weight`.
    fn map_named_leaves<L: Leaf>(&self, mut f: impl FnMut(&str, &Self::Leaf) -> L) -> Self::With<L> {
        let Ok(tree) = self.rebuild(&Path::ROOT, &mut |path, leaf| Ok::<L, Infallible>(f(&path.to_string(), leaf)));
        tree
    }

    /// The same tree with each leaf replaced by `f(leaf)`, unless one fails.
    ///
    /// # Errors
    /// The first error of `f`.
    fn try_map_leaves<L: Leaf, E>(&self, mut f: impl FnMut(&Self::Leaf) -> Result<L, E>) -> Result<Self::With<L>, E> {
        self.rebuild(&Path::ROOT, &mut |_, leaf| f(leaf))
    }

    /// The same tree with its leaves taken, in order, from `leaves`.
    ///
    /// # Panics
    /// If there are more or fewer `leaves` than the tree has.
    fn with_leaves<L: Leaf>(&self, leaves: impl IntoIterator<Item = L>) -> Self::With<L> {
        let mut leaves = leaves.into_iter();
        let Ok(tree) = self.rebuild(&Path::ROOT, &mut |path, _| match leaves.next() {
            Some(leaf) => Ok::<L, Infallible>(leaf),
            None => panic!("with_leaves: no leaf is left for {}", Where(&path.to_string())),
        });
        assert!(leaves.next().is_none(), "with_leaves: more leaves than the tree has");
        tree
    }

    /// The leaves, in the order of the declaration.
    fn leaves(&self) -> Vec<&Self::Leaf> {
        let mut leaves = Vec::new();
        self.walk(&Path::ROOT, &mut |_, part| {
            if let Node::Leaf(leaf) = part {
                leaves.push(leaf);
            }
        });
        leaves
    }

    /// The leaves' paths, in the order of [`Tree::leaves`]. The path of a tree that is a leaf is empty.
    fn leaf_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.walk(&Path::ROOT, &mut |path, part| {
            if let Node::Leaf(_) = part {
                names.push(path.to_string());
            }
        });
        names
    }

    /// Joins two trees of the same structure, leaf by leaf: `w - g * 0.1`.
    ///
    /// The result has the static fields of `self`. Those of `other` are not looked at.
    ///
    /// # Errors
    /// If the structures differ, stops the trace at the caller's line with the sentence of [`Tree::first_difference`];
    /// with no trace open it panics with that sentence.
    #[track_caller]
    fn zip_leaves<O, L>(&self, other: &O, mut f: impl FnMut(&Self::Leaf, &O::Leaf) -> L) -> Self::With<L>
    where
        // Not `other: &Self::With<M>`: from a projection the compiler cannot tell what `M` is, from `O` it can.
        Self: Tree<With<O::Leaf> = O>,
        O: Tree,
        L: Leaf,
    {
        if let Some(difference) = self.first_difference(other) {
            super::stop(Error::new(ErrorKind::Arity, format!("zip_leaves: {difference}")));
        }
        let mut others = other.leaves().into_iter();
        self.map_leaves(|leaf| f(leaf, others.next().expect("equal structures have equally many leaves")))
    }

    /// Where the structures of two trees first differ, as a sentence: `the trees differ at "layers": 3 items and 2
    /// items`.
    fn first_difference<O>(&self, other: &O) -> Option<String>
    where
        Self: Tree<With<O::Leaf> = O>,
        O: Tree,
    {
        let (left, right) = (structure(self), structure(other));
        if left == right {
            return None;
        }
        // Of one type, two trees can differ first only where both have something: at a length or at a variant.
        let at = left.iter().zip(&right).position(|(left, right)| left != right)?;
        let (mut index, mut place) = (0, String::new());
        self.walk(&Path::ROOT, &mut |path, part| {
            if part.structure().is_some() {
                if index == at {
                    place = path.to_string();
                }
                index += 1;
            }
        });
        Some(format!("the trees differ at {}: {} and {}", Where(&place), left[at], right[at]))
    }

    /// Appends what a tape traced with this tree depends on besides the leaves: structure and static fields.
    ///
    /// Two trees of one type write the same text only if all of it is equal (by `Debug`). This is the static half of
    /// the cache key of `compile`; the leaves' shapes and dtypes are the other.
    fn write_static(&self, out: &mut String) {
        self.walk(&Path::ROOT, &mut |_, part| {
            let start = out.len();
            let written = match part {
                Node::Leaf(_) => Ok(()),
                Node::Count(count) => write!(out, "#{count};"),
                Node::Variant(name) => write!(out, "{name};"),
                // A `Debug` may print anything. Its length behind it keeps two fields from passing for one another.
                Node::Static(value) => write!(out, "{value:?}").and_then(|()| write!(out, ":{};", out.len() - start)),
            };
            written.expect("writing to a String does not fail");
        });
    }
}

/// A tree of [`Var`]s: what a traced closure takes and returns. Implemented for every such tree.
///
/// Generic code inside a trace asks for this one bound, `fn sam<M: VarTree>(loss: impl Fn(M) -> Var, model: &M) -> M`.
/// `compile` asks for it of a closure's argument and result, and so `call` knows its own types without annotation.
pub trait VarTree: Tree<Leaf = Var, With<Var> = Self> + Tree<With<Tensor> = <Self as VarTree>::Host> {
    /// The same tree outside the trace: `Mlp<Tensor>` for `Mlp<Var>`.
    type Host: Tree<Leaf = Tensor, With<Var> = Self>;
}

impl<T: Tree<Leaf = Var, With<Var> = T>> VarTree for T {
    type Host = T::With<Tensor>;
}

#[cfg(test)]
mod tests;

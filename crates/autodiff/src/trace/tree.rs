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

use std::convert::Infallible;
use std::fmt::{self, Debug, Display, Write};
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::exec::{Options, Program};
use crate::shape::Type;
use crate::tape::Tape;
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
    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, Self::Leaf>));

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
            None => panic!("with_leaves: no leaf is left for {}", Place(&path.to_string())),
        });
        assert!(leaves.next().is_none(), "with_leaves: more leaves than the tree has");
        tree
    }

    /// The leaves, in the order of the declaration.
    fn leaves(&self) -> Vec<&Self::Leaf> {
        let mut leaves = Vec::new();
        self.walk(&Path::ROOT, &mut |_, part| {
            if let Part::Leaf(leaf) = part {
                leaves.push(leaf);
            }
        });
        leaves
    }

    /// The leaves' paths, in the order of [`Tree::leaves`]. The path of a tree that is a leaf is empty.
    fn leaf_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.walk(&Path::ROOT, &mut |path, part| {
            if let Part::Leaf(_) = part {
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
        Some(format!("the trees differ at {}: {} and {}", Place(&place), left[at], right[at]))
    }

    /// Appends what a tape traced with this tree depends on besides the leaves: structure and static fields.
    ///
    /// Two trees of one type write the same text only if all of it is equal (by `Debug`). This is the static half of
    /// the cache key of `compile`; the leaves' shapes and dtypes are the other.
    fn write_static(&self, out: &mut String) {
        self.walk(&Path::ROOT, &mut |_, part| {
            let start = out.len();
            let written = match part {
                Part::Leaf(_) => Ok(()),
                Part::Count(count) => write!(out, "#{count};"),
                Part::Variant(name) => write!(out, "{name};"),
                // A `Debug` may print anything. Its length behind it keeps two fields from passing for one another.
                Part::Static(value) => write!(out, "{value:?}").and_then(|()| write!(out, ":{};", out.len() - start)),
            };
            written.expect("writing to a String does not fail");
        });
    }
}

/// What stands at the end of a tree: a [`Var`] inside a trace, a [`Tensor`] outside.
///
/// The leaf decides how a transform runs, and so one function serves both worlds:
/// ```text
/// pub fn grad<I: Tree, F: Fn(I::With<Var>) -> Var>(f: F, x: &I) -> <I::Leaf as Leaf>::Outcome<I>
/// ```
/// gives `I` inside a trace, where a mistake stops the trace, and `Result<I, Error>` outside. A transform is written
/// once, on `Var`s, and handed to [`Leaf::enter`].
///
/// The bounds say that a leaf is replaced by a leaf, whichever it is, and with them `Var` and `Tensor` are all there
/// are.
pub trait Leaf: Tree<Leaf = Self, With<Self> = Self> + Tree<With<Var> = Var> + Tree<With<Tensor> = Tensor> {
    /// What a transform returns in this leaf's world: `R` for [`Var`], `Result<R, Error>` for [`Tensor`].
    type Outcome<R>;

    /// A tape that is kept to be run again and again: the tape itself for [`Var`], a compiled program for [`Tensor`].
    type Replay: Debug;

    /// The outcome with what is in it replaced.
    fn map<A, B>(outcome: Self::Outcome<A>, f: impl FnOnce(A) -> B) -> Self::Outcome<B>;

    /// The leaf's type.
    fn type_of(&self) -> Type;

    /// Keeps a tape.
    fn replayable(tape: Tape) -> Self::Replay;

    /// Runs a kept tape on these leaves, unless they were found not to fit.
    #[track_caller]
    fn replay(kept: &Self::Replay, fits: Result<(), Error>, args: &[&Self]) -> Self::Outcome<Vec<Self>>;

    /// Runs `f`, which works on `Var`s, on a tree of these leaves.
    ///
    /// For `Var` that is a call. For `Tensor`, `f` is traced with one input for each leaf of `x`, and the tape is run.
    /// A function of several trees takes them as one: `Leaf::enter(&(x.clone(), v.clone()), |(x, v)| …)`.
    ///
    /// # Errors
    /// For `Tensor`, what went wrong while tracing or running. For `Var` the trace is stopped.
    #[track_caller]
    fn enter<I, R>(x: &I, f: impl FnOnce(I::With<Var>) -> R) -> Self::Outcome<R::With<Self>>
    where
        I: Tree<Leaf = Self>,
        R: Tree<Leaf = Var>;
}

impl Leaf for Var {
    type Outcome<R> = R;
    type Replay = Tape;

    fn map<A, B>(outcome: A, f: impl FnOnce(A) -> B) -> B {
        f(outcome)
    }

    fn type_of(&self) -> Type {
        self.ty()
    }

    fn replayable(tape: Tape) -> Tape {
        tape
    }

    #[track_caller]
    fn replay(kept: &Tape, fits: Result<(), Error>, args: &[&Var]) -> Vec<Var> {
        if let Err(error) = fits {
            super::stop(error);
        }
        super::frame::inline(kept, &args.iter().map(|v| **v).collect::<Vec<_>>())
    }

    #[track_caller]
    fn enter<I, R>(x: &I, f: impl FnOnce(I::With<Var>) -> R) -> R::With<Var>
    where
        I: Tree<Leaf = Var>,
        R: Tree<Leaf = Var>,
    {
        // `I::With<Var>` is `I`. The compiler is not told so here, and a `Var` is an id: copying it costs nothing.
        f(x.map_leaves(|var| *var)).map_leaves(|var| *var)
    }
}

impl Leaf for Tensor {
    type Outcome<R> = Result<R, Error>;
    type Replay = Mutex<Program>;

    fn map<A, B>(outcome: Result<A, Error>, f: impl FnOnce(A) -> B) -> Result<B, Error> {
        outcome.map(f)
    }

    fn type_of(&self) -> Type {
        self.ty().clone()
    }

    fn replayable(tape: Tape) -> Mutex<Program> {
        Mutex::new(Program::new(&tape, &Options::default()))
    }

    #[track_caller]
    fn replay(kept: &Mutex<Program>, fits: Result<(), Error>, args: &[&Tensor]) -> Result<Vec<Tensor>, Error> {
        let here = super::frame::here();
        fits.map_err(|e| e.at(here))?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).call(args)
    }

    #[track_caller]
    fn enter<I, R>(x: &I, f: impl FnOnce(I::With<Var>) -> R) -> Result<R::With<Tensor>, Error>
    where
        I: Tree<Leaf = Tensor>,
        R: Tree<Leaf = Var>,
    {
        super::run_eagerly(x, f)
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

/// A field of a tree that holds no leaf: a size, a name, the kind of an activation.
///
/// A static field is a constant of the tape and part of the cache key of `compile`, by its `Debug` form, which
/// therefore must tell unequal values apart. `Tensor` and `Var` are not static on purpose: a field `Dense` for
/// `Dense<T>` would quietly leave its weights out of the gradient.
///
/// For a type of your own: `#[derive(Static, Clone, Debug)]`, or `impl Static for Activation {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither static nor generic over the leaf",
    note = "a field with leaves names the leaf, as `Dense<T>` does for `Dense`",
    note = "a field without leaves is of a `Static` type: `#[derive(Static, Clone, Debug)]`"
)]
pub trait Static: Clone + Debug + 'static {}

/// One thing met on a walk through a tree.
pub enum Part<'a, L> {
    /// A leaf.
    Leaf(&'a L),
    /// The length of a `Vec`; its items follow.
    Count(usize),
    /// The variant of an `Option` or another enum; its fields follow.
    Variant(&'static str),
    /// A static field.
    Static(&'a dyn Debug),
}

impl<L> Part<'_, L> {
    fn structure(&self) -> Option<Structure> {
        match self {
            Part::Count(count) => Some(Structure::Count(*count)),
            Part::Variant(name) => Some(Structure::Variant(name)),
            Part::Leaf(_) | Part::Static(_) => None,
        }
    }
}

/// The parts in which two trees of one type can differ in their structure.
#[derive(PartialEq)]
enum Structure {
    Count(usize),
    Variant(&'static str),
}

impl Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Structure::Count(1) => f.write_str("1 item"),
            Structure::Count(count) => write!(f, "{count} items"),
            Structure::Variant(name) => f.write_str(name),
        }
    }
}

fn structure(tree: &impl Tree) -> Vec<Structure> {
    let mut parts = Vec::new();
    tree.walk(&Path::ROOT, &mut |_, part| parts.extend(part.structure()));
    parts
}

/// The way from the root of a tree to a part of it; prints as `layers.0.weight`.
///
/// A list that lives on the stack of the walk: nothing is allocated for a name that nobody reads.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl Path<'_> {
    /// The empty path.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Field("") };

    /// One step on, to a field.
    pub fn field(&self, name: &'static str) -> Path<'_> {
        Path { parent: Some(self), step: Step::Field(name) }
    }

    /// One step on, to an item.
    pub fn index(&self, index: usize) -> Path<'_> {
        Path { parent: Some(self), step: Step::Index(index) }
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else { return Ok(()) };
        if parent.parent.is_some() {
            write!(f, "{parent}.")?;
        }
        match self.step {
            Step::Field(name) => f.write_str(name),
            Step::Index(index) => write!(f, "{index}"),
        }
    }
}

/// A path in a sentence, where an empty one needs a word.
struct Place<'a>(&'a str);

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the root") } else { write!(f, "{:?}", self.0) }
    }
}

// ---- leaves ------------------------------------------------------------------------------------------------------

macro_rules! leaf_is_its_own_tree {
    ($leaf:ty) => {
        impl Tree for $leaf {
            type Leaf = $leaf;
            type With<L: Leaf> = L;

            fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, $leaf>)) {
                see(path, Part::Leaf(self));
            }

            fn rebuild<L: Leaf, E>(
                &self,
                path: &Path<'_>,
                f: &mut dyn FnMut(&Path<'_>, &$leaf) -> Result<L, E>,
            ) -> Result<L, E> {
                f(path, self)
            }
        }
    };
}

leaf_is_its_own_tree!(Var);
leaf_is_its_own_tree!(Tensor);

// ---- containers --------------------------------------------------------------------------------------------------

/// Items are called by their index.
impl<T: Tree> Tree for Vec<T> {
    type Leaf = T::Leaf;
    type With<L: Leaf> = Vec<T::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, T::Leaf>)) {
        see(path, Part::Count(self.len()));
        for (index, item) in self.iter().enumerate() {
            item.walk(&path.index(index), see);
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        self.iter().enumerate().map(|(index, item)| item.rebuild(&path.index(index), f)).collect()
    }
}

/// Items are called by their index.
impl<T: Tree, const N: usize> Tree for [T; N] {
    type Leaf = T::Leaf;
    type With<L: Leaf> = [T::With<L>; N];

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, T::Leaf>)) {
        for (index, item) in self.iter().enumerate() {
            item.walk(&path.index(index), see);
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        let items = self.iter().enumerate().map(|(index, item)| item.rebuild(&path.index(index), f));
        Ok(array(items.collect::<Result<_, E>>()?))
    }
}

/// Adds nothing to the path: `bias` is called `bias`, or is not there.
impl<T: Tree> Tree for Option<T> {
    type Leaf = T::Leaf;
    type With<L: Leaf> = Option<T::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, T::Leaf>)) {
        match self {
            Some(tree) => {
                see(path, Part::Variant("Some"));
                tree.walk(path, see);
            }
            None => see(path, Part::Variant("None")),
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        self.as_ref().map(|tree| tree.rebuild(path, f)).transpose()
    }
}

/// Adds nothing to the path.
impl<T: Tree> Tree for Box<T> {
    type Leaf = T::Leaf;
    type With<L: Leaf> = Box<T::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, T::Leaf>)) {
        (**self).walk(path, see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        (**self).rebuild(path, f).map(Box::new)
    }
}

/// The empty tree.
impl<T: Leaf> Tree for PhantomData<T> {
    type Leaf = T;
    type With<L: Leaf> = PhantomData<L>;

    fn walk<'a>(&'a self, _: &Path<'_>, _: &mut dyn FnMut(&Path<'_>, Part<'a, T>)) {}

    fn rebuild<L: Leaf, E>(
        &self,
        _: &Path<'_>,
        _: &mut dyn FnMut(&Path<'_>, &T) -> Result<L, E>,
    ) -> Result<PhantomData<L>, E> {
        Ok(PhantomData)
    }
}

macro_rules! tuples_are_trees {
    ($First:ident $first:tt $(, $Rest:ident $rest:tt)*) => {
        /// Members are called by their index.
        impl<$First: Tree $(, $Rest: Tree<Leaf = $First::Leaf>)*> Tree for ($First, $($Rest,)*) {
            type Leaf = $First::Leaf;
            type With<L: Leaf> = ($First::With<L>, $($Rest::With<L>,)*);

            fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Part<'a, Self::Leaf>)) {
                self.$first.walk(&path.index($first), see);
                $(self.$rest.walk(&path.index($rest), see);)*
            }

            fn rebuild<L: Leaf, E>(
                &self,
                path: &Path<'_>,
                f: &mut dyn FnMut(&Path<'_>, &Self::Leaf) -> Result<L, E>,
            ) -> Result<Self::With<L>, E> {
                Ok((self.$first.rebuild(&path.index($first), f)?, $(self.$rest.rebuild(&path.index($rest), f)?,)*))
            }
        }
    };
}

tuples_are_trees!(A 0);
tuples_are_trees!(A 0, B 1);
tuples_are_trees!(A 0, B 1, C 2);
tuples_are_trees!(A 0, B 1, C 2, D 3);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4, F6 5);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4, F6 5, G 6);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4, F6 5, G 6, H 7);

// ---- static fields -----------------------------------------------------------------------------------------------

macro_rules! plain_values_are_static {
    ($($plain:ty)*) => { $(impl Static for $plain {})* };
}

plain_values_are_static!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char String &'static str);

impl Static for () {}

impl<S: Static> Static for Vec<S> {}
impl<S: Static> Static for Option<S> {}
impl<S: Static> Static for Box<S> {}
impl<S: Static, const N: usize> Static for [S; N] {}
impl<S: Static> Static for std::ops::Range<S> {}
impl<S: 'static> Static for PhantomData<S> {}

macro_rules! tuples_are_static {
    ($($S:ident)*) => { impl<$($S: Static),*> Static for ($($S,)*) {} };
}

tuples_are_static!(A);
tuples_are_static!(A B);
tuples_are_static!(A B C);
tuples_are_static!(A B C D);
tuples_are_static!(A B C D E);
tuples_are_static!(A B C D E F);
tuples_are_static!(A B C D E F G);
tuples_are_static!(A B C D E F G H);

// ---- what the derive calls ---------------------------------------------------------------------------------------

/// A static field, for [`Part::Static`]. That its type is [`Static`] is checked here, at the field.
#[doc(hidden)]
pub fn static_part<S: Static>(field: &S) -> &dyn Debug {
    field
}

/// An array of the items, of which there are `N`.
#[doc(hidden)]
pub fn array<T, const N: usize>(items: Vec<T>) -> [T; N] {
    let Ok(items) = <[T; N]>::try_from(items) else { unreachable!("an array is rebuilt from its own items") };
    items
}

#[cfg(test)]
mod tests {
    use quadric_derive::{Static, Tree};

    use super::*;

    /// A leaf to tell from others: trees are about structure, so a number will do.
    fn leaf(x: i32) -> Tensor {
        Tensor::scalar(f64::from(x))
    }

    #[derive(Static, Clone, Debug, PartialEq)]
    enum Activation {
        Tanh,
        Elu { alpha: f64 },
    }

    #[derive(Tree, Clone, Debug, PartialEq)]
    struct Dense<T = Tensor> {
        weight: T,
        bias: Option<T>,
        activation: Activation,
    }

    #[derive(Tree, Clone, Debug, PartialEq)]
    enum Layer<T = Tensor> {
        Dense(Dense<T>),
        Scale { by: [T; 2], name: String },
        Flatten,
    }

    #[derive(Tree, Clone, Debug, PartialEq)]
    struct Model<T = Tensor> {
        layers: Vec<Layer<T>>,
        head: (Box<T>, usize),
    }

    #[derive(Tree, Clone, Debug, PartialEq)]
    struct Residual<M: Tree> {
        inner: M,
    }

    fn model() -> Model {
        let dense = Dense { weight: leaf(0), bias: Some(leaf(1)), activation: Activation::Tanh };
        let scale = Layer::Scale { by: [leaf(2), leaf(3)], name: "s".to_string() };
        Model { layers: vec![Layer::Dense(dense), scale, Layer::Flatten], head: (Box::new(leaf(4)), 7) }
    }

    fn static_text(tree: &impl Tree) -> String {
        let mut text = String::new();
        tree.write_static(&mut text);
        text
    }

    #[test]
    fn leaves_come_in_the_order_of_the_declaration_and_under_dotted_names() {
        let names = ["layers.0.weight", "layers.0.bias", "layers.1.by.0", "layers.1.by.1", "head.0"];
        assert_eq!(model().leaf_names(), names);
        assert_eq!(model().leaves(), [&leaf(0), &leaf(1), &leaf(2), &leaf(3), &leaf(4)]);
        assert_eq!(leaf(0).leaf_names(), [""]);
        assert_eq!((leaf(0), vec![leaf(1)]).leaf_names(), ["0", "1.0"]);
        assert_eq!(Residual { inner: vec![leaf(0)] }.leaf_names(), ["inner.0"]);
    }

    #[test]
    fn both_walks_meet_the_same_leaves_under_the_same_names() {
        let (mut names, mut leaves) = (Vec::new(), Vec::new());
        let copy = model().map_named_leaves(|name, leaf| {
            names.push(name.to_string());
            leaves.push(leaf.clone());
            leaf.clone()
        });
        assert_eq!(copy, model());
        assert_eq!(names, model().leaf_names());
        assert_eq!(leaves, model().leaves().into_iter().cloned().collect::<Vec<_>>());
        assert_eq!(model().with_leaves(leaves), model());
    }

    #[test]
    fn a_failing_leaf_ends_the_walk() {
        let mut visited = 0;
        let result = model().try_map_leaves(|leaf| {
            visited += 1;
            if leaf.item() < 2.0 { Ok(leaf.clone()) } else { Err(leaf.item()) }
        });
        assert_eq!((result, visited), (Err(2.0), 3));
    }

    #[test]
    fn zip_joins_leaf_by_leaf_and_keeps_the_static_fields_of_the_left() {
        let mut other = model();
        other.head.1 = 8;
        let sum = model().zip_leaves(&other, |a, b| Tensor::scalar(a.item() + b.item()));
        let doubled = model().map_leaves(|leaf| Tensor::scalar(2.0 * leaf.item()));
        assert_eq!(sum, doubled); // a model's `==` covers its static fields
    }

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let mut other = model();
        assert_eq!(model().first_difference(&other), None);
        other.layers[2] = other.layers[1].clone();
        assert_eq!(model().first_difference(&other).unwrap(), "the trees differ at \"layers.2\": Flatten and Scale");
        let Layer::Dense(dense) = &mut other.layers[0] else { unreachable!() };
        dense.bias = None;
        assert_eq!(model().first_difference(&other).unwrap(), "the trees differ at \"layers.0.bias\": Some and None");
        other.layers.truncate(1);
        assert_eq!(model().first_difference(&other).unwrap(), "the trees differ at \"layers\": 3 items and 1 item");
        let (one, none) = (vec![leaf(0)], Vec::<Tensor>::new());
        assert_eq!(one.first_difference(&none).unwrap(), "the trees differ at the root: 1 item and 0 items");
    }

    #[test]
    #[should_panic(expected = "zip_leaves: the trees differ at the root: 1 item and 2 items")]
    fn zip_refuses_trees_of_different_structure() {
        vec![leaf(0)].zip_leaves(&vec![leaf(1), leaf(2)], |a, _| a.clone());
    }

    #[test]
    fn the_static_text_tells_structure_and_static_fields() {
        assert_eq!(static_text(&model()), "#3;Dense;Some;Tanh:4;Scale;\"s\":3;Flatten;7:1;");
        let mut other = model();
        let Layer::Dense(dense) = &mut other.layers[0] else { unreachable!() };
        dense.activation = Activation::Elu { alpha: 0.5 };
        assert_ne!(static_text(&other), static_text(&model()));
        assert_eq!(static_text(&model().map_leaves(|_| leaf(9))), static_text(&model()));
    }

    #[test]
    fn a_debug_form_cannot_pass_for_two_fields() {
        #[derive(Clone)]
        struct Raw(&'static str);
        impl Debug for Raw {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        impl Static for Raw {}
        #[derive(Tree, Clone)]
        struct Two<T>(T, Raw, Raw);
        assert_ne!(static_text(&Two(leaf(0), Raw("a:1;"), Raw("b"))), static_text(&Two(leaf(0), Raw("a"), Raw("1;b"))));
        assert_ne!(
            static_text(&Two(leaf(0), Raw("a:1;b"), Raw("c"))),
            static_text(&Two(leaf(0), Raw("a"), Raw("b:1;c")))
        );
    }
}

//! The two kinds of leaf, and how a transform runs in the world of each.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use super::{Node, Path, Tree};
use crate::LIBRARY;
use crate::error::Error;
use crate::exec::{Options, Program};
use crate::shape::Type;
use crate::tape::Tape;
use crate::tensor::Tensor;
use crate::trace::Var;

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

    /// A result in this leaf's world: for `Var` an error stops the trace.
    #[track_caller]
    fn outcome<R>(result: Result<R, Error>) -> Self::Outcome<R>;

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

    #[track_caller]
    fn outcome<R>(result: Result<R, Error>) -> R {
        crate::trace::check(result)
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
            crate::trace::stop(error);
        }
        crate::trace::frame::inline(kept, &args.iter().map(|v| **v).collect::<Vec<_>>())
    }

    #[track_caller]
    fn enter<I, R>(x: &I, f: impl FnOnce(I::With<Var>) -> R) -> R::With<Var>
    where
        I: Tree<Leaf = Var>,
        R: Tree<Leaf = Var>,
    {
        // `I::With<Var>` is `I`. The compiler is not told so here, and a `Var` is an id: copying it costs nothing.
        LIBRARY.enter(|| f(x.map_leaves(|var| *var)).map_leaves(|var| *var))
    }
}

impl Leaf for Tensor {
    type Outcome<R> = Result<R, Error>;
    type Replay = Mutex<Program>;

    fn map<A, B>(outcome: Result<A, Error>, f: impl FnOnce(A) -> B) -> Result<B, Error> {
        outcome.map(f)
    }

    #[track_caller]
    fn outcome<R>(result: Result<R, Error>) -> Result<R, Error> {
        let here = crate::trace::frame::here();
        result.map_err(|e| e.at(here))
    }

    fn type_of(&self) -> Type {
        self.ty().clone()
    }

    fn replayable(tape: Tape) -> Mutex<Program> {
        Mutex::new(Program::new(&tape, &Options::default()))
    }

    #[track_caller]
    fn replay(kept: &Mutex<Program>, fits: Result<(), Error>, args: &[&Tensor]) -> Result<Vec<Tensor>, Error> {
        let here = crate::trace::frame::here();
        fits.map_err(|e| e.at(here))?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).call(args)
    }

    #[track_caller]
    fn enter<I, R>(x: &I, f: impl FnOnce(I::With<Var>) -> R) -> Result<R::With<Tensor>, Error>
    where
        I: Tree<Leaf = Tensor>,
        R: Tree<Leaf = Var>,
    {
        crate::trace::run_eagerly(x, f)
    }
}

macro_rules! leaf_is_its_own_tree {
    ($leaf:ty) => {
        impl Tree for $leaf {
            type Leaf = $leaf;
            type With<L: Leaf> = L;

            fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, $leaf>)) {
                see(path, Node::Leaf(self));
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
